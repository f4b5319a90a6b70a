//! Whether a stream's Doppler has a direction: does anything tell approach from retreat?
//!
//! Goes in: gauge-fixed rows `[chain][bin]` in ascending time. Comes out: how far the two sides of the spectrum differ while
//! something moves, and whether halves of the data whose noise is independent (receive chains, else every other bin) agree on the side.
//! A recording whose phases carry nothing, or amplitudes alone, has a symmetric spectrum, and its halves agree on nothing. Decides
//! nothing about where anybody is.

use super::resample::GridResampler;
use super::spectrum::PowerSpectrum;
use crate::types::{Complex32, Timestamp};

/// Long enough to tell 2 Hz from standing still, short enough for one direction of a step.
const WINDOW_SECS: f64 = 0.64;
/// Slower than this is sway and the static channel; faster is not walking at 5 GHz (peers: 1 m/s of path is 17 Hz).
const BAND_HZ: (f32, f32) = (2.0, 40.0);
/// In the band over the quietest fifth of the frequencies, dB: below it nothing moves that could have a direction.
const MOVING_DB: f32 = 6.0;
/// Packets farther apart than this many steps of the grid are a gap.
const MAX_STEPS: f64 = 3.0;
/// Fewer windows with movement say nothing.
const MIN_WINDOWS: usize = 12;
/// Agreement of the halves from which a direction counts as shown, at the lower end of its interval.
const SHOWN: f32 = 0.5;

/// One window in which something moved: the sides' ratio in dB over all data, and over each half.
#[derive(Clone, Copy, Debug)]
struct Sides {
    whole_db: f32,
    halves_db: [f32; 2],
    /// Directly after the window before it.
    follows: bool,
}

/// Collects windows of one stream.
#[derive(Clone, Debug)]
pub struct DirectionMeter {
    rate_hz: f64,
    n_chains: usize,
    resampler: GridResampler,
    transform: PowerSpectrum,
    window: Vec<Complex32>,
    n_windows: usize,
    moving: Vec<Sides>,
    last_moved: bool,
}

/// What a stream shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DirectionEvidence {
    /// Windows without gaps, and those of them in which something moved.
    pub n_windows: usize,
    pub n_moving: usize,
    /// Median of how far one side stands over the other, dB.
    pub side_db: f32,
    /// Correlation between the halves' sides with its 95 % interval (Fisher's transform).
    pub agreement: (f32, [f32; 2]),
    /// Correlation of a window's side with the next one's: a walker keeps a direction for longer than a window.
    pub persistence: Option<f32>,
}

impl DirectionEvidence {
    pub fn is_shown(&self) -> bool {
        self.agreement.1[0] >= SHOWN
    }
}

impl DirectionMeter {
    /// For rows of `n_chains` chains that come at about `rate_hz`.
    pub fn new(rate_hz: f64, n_chains: usize) -> Self {
        let len = ((rate_hz * WINDOW_SECS).round() as usize).max(16);
        Self {
            rate_hz,
            n_chains: n_chains.max(1),
            resampler: GridResampler::new(rate_hz, MAX_STEPS / rate_hz.max(1e-3)),
            transform: PowerSpectrum::new(len),
            window: Vec::new(),
            n_windows: 0,
            moving: Vec::new(),
            last_moved: false,
        }
    }

    pub fn push(&mut self, time: Timestamp, row: &[Complex32]) {
        let mut ready = Vec::new();
        self.resampler.push(time, row, |_, row| ready.push(row.map(<[Complex32]>::to_vec)));
        for row in ready {
            let Some(row) = row else {
                self.window.clear();
                self.last_moved = false;
                continue;
            };
            self.window.extend_from_slice(&row);
            if self.window.len() >= self.transform.len() * row.len() {
                self.look(row.len());
                self.window.clear();
            }
        }
    }

    /// Adds the windows of another recording, so that short ones can be judged together.
    pub fn absorb(&mut self, other: &Self) {
        self.n_windows += other.n_windows;
        self.moving.extend(&other.moving);
        self.last_moved = false;
    }

    fn look(&mut self, width: usize) {
        self.n_windows += 1;
        let n_bins = width / self.n_chains;
        let half_of = |column: usize| if self.n_chains > 1 { (column / n_bins.max(1)) % 2 } else { column % 2 };
        let len = self.transform.len();
        let mut power = [vec![0.0; len], vec![0.0; len]];
        for column in 0..width {
            let samples = || self.window.iter().skip(column).step_by(width);
            let mean = samples().sum::<Complex32>() / len as f32;
            let relative = samples().map(|y| Some((y - mean) * mean.conj()));
            self.transform.add_power(relative, &mut power[half_of(column)]);
        }
        let frequencies = self.transform.frequencies_hz(self.rate_hz);
        let sums = |powers: &[f32]| {
            let (mut toward, mut away) = (f32::MIN_POSITIVE, f32::MIN_POSITIVE);
            for (hz, p) in frequencies.iter().zip(powers) {
                if (BAND_HZ.0..=BAND_HZ.1).contains(&hz.abs()) {
                    *(if *hz > 0.0 { &mut toward } else { &mut away }) += p;
                }
            }
            (toward, away)
        };
        let whole: Vec<f32> = power[0].iter().zip(&power[1]).map(|(a, b)| a + b).collect();
        let n_band = frequencies.iter().filter(|hz| (BAND_HZ.0..=BAND_HZ.1).contains(&hz.abs())).count();
        let mut sorted = whole.clone();
        sorted.sort_by(f32::total_cmp);
        let floor = sorted.get(len / 5).copied().unwrap_or(0.0).max(f32::MIN_POSITIVE);
        let (toward, away) = sums(&whole);
        let decibels = |ratio: f32| 10.0 * ratio.log10();
        let moves = decibels((toward + away) / (n_band.max(1) as f32 * floor)) >= MOVING_DB;
        if moves {
            let side = |powers: &[f32]| {
                let (toward, away) = sums(powers);
                decibels(toward / away)
            };
            let halves_db = [side(&power[0]), side(&power[1])];
            let sides = Sides { whole_db: decibels(toward / away), halves_db, follows: self.last_moved };
            if sides.halves_db.iter().all(|db| db.is_finite()) {
                self.moving.push(sides);
            }
        }
        self.last_moved = moves;
    }

    /// `None` while too little has moved to say anything.
    pub fn evidence(&self) -> Option<DirectionEvidence> {
        if self.moving.len() < MIN_WINDOWS {
            return None;
        }
        let mut sizes: Vec<f32> = self.moving.iter().map(|sides| sides.whole_db.abs()).collect();
        sizes.sort_by(f32::total_cmp);
        let r = correlation(self.moving.iter().map(|sides| sides.halves_db));
        let half_width = 1.96 / (self.moving.len() as f32 - 3.0).sqrt();
        let z = r.clamp(-0.9999, 0.9999).atanh();
        let pairs =
            self.moving.windows(2).filter(|pair| pair[1].follows).map(|pair| [pair[0].whole_db, pair[1].whole_db]);
        Some(DirectionEvidence {
            n_windows: self.n_windows,
            n_moving: self.moving.len(),
            side_db: sizes[sizes.len() / 2],
            agreement: (r, [(z - half_width).tanh(), (z + half_width).tanh()]),
            persistence: (pairs.clone().count() >= MIN_WINDOWS).then(|| correlation(pairs)),
        })
    }

    /// Windows without gaps so far.
    pub fn n_windows(&self) -> usize {
        self.n_windows
    }

    /// Windows in which something moved so far.
    pub fn n_moving(&self) -> usize {
        self.moving.len()
    }
}

/// Pearson's; zero where one of the two does not vary.
fn correlation(pairs: impl Iterator<Item = [f32; 2]> + Clone) -> f32 {
    let n = pairs.clone().count().max(1) as f64;
    let mean = |k: usize| pairs.clone().map(|pair| f64::from(pair[k])).sum::<f64>() / n;
    let means = [mean(0), mean(1)];
    let (mut both, mut squares) = (0.0, [0.0; 2]);
    for pair in pairs {
        let off = [f64::from(pair[0]) - means[0], f64::from(pair[1]) - means[1]];
        both += off[0] * off[1];
        squares[0] += off[0] * off[0];
        squares[1] += off[1] * off[1];
    }
    let scale = (squares[0] * squares[1]).sqrt();
    if scale > 0.0 { (both / scale) as f32 } else { 0.0 }
}
