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
/// Neighbouring bins share a movement and not their noise: the share of their power in the band that their mean keeps. Noise alone keeps
/// one over [`GROUP`].
const MOVING: f32 = 0.5;
const GROUP: usize = 6;
/// Packets farther apart than this many steps of the grid are a gap.
const MAX_STEPS: f64 = 3.0;
/// Fewer windows with movement say nothing.
const MIN_WINDOWS: usize = 12;
/// From this agreement of the halves on, at the lower end of its interval, the sides differ for a reason that both share.
const MIN_AGREEMENT: f32 = 0.5;
/// One antenna at 20 MHz leaves about 2 dB of a walker's direction after its gauge has been fixed (simulated); three leave more than 6.
/// What is left of a packet's gain and phase makes halves agree as well, but on less than 1 dB.
const SHOWN_DB: f32 = 2.0;
const WEAK_DB: f32 = 1.0;

/// One window in which something moved: the sides' ratio in dB over all data, and over each half.
#[derive(Clone, Copy, Debug)]
struct Sides {
    whole_db: f32,
    halves_db: [f32; 2],
    /// The window that begins where this one ends.
    next: Option<usize>,
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
    /// Positions in `moving` of the last two windows, which overlap by half.
    before: [Option<usize>; 2],
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

/// Whether the spectrum's sides tell approach from retreat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    NotShown,
    Weak,
    Shown,
}

impl DirectionEvidence {
    pub fn direction(&self) -> Direction {
        match (self.agreement.1[0] >= MIN_AGREEMENT, self.side_db) {
            (true, db) if db >= SHOWN_DB => Direction::Shown,
            (true, db) if db >= WEAK_DB => Direction::Weak,
            _ => Direction::NotShown,
        }
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
            before: [None; 2],
        }
    }

    pub fn push(&mut self, time: Timestamp, row: &[Complex32]) {
        let mut ready = Vec::new();
        self.resampler.push(time, row, |_, row| ready.push(row.map(<[Complex32]>::to_vec)));
        for row in ready {
            let Some(row) = row else {
                self.window.clear();
                self.before = [None; 2];
                continue;
            };
            self.window.extend_from_slice(&row);
            if self.window.len() >= self.transform.len() * row.len() {
                self.look(row.len());
                self.window.drain(..self.transform.len().div_ceil(2) * row.len());
            }
        }
    }

    /// Adds the windows of another recording, so that short ones can be judged together.
    pub fn absorb(&mut self, other: &Self) {
        let n = self.moving.len();
        self.n_windows += other.n_windows;
        self.moving.extend(other.moving.iter().map(|own| Sides { next: own.next.map(|at| at + n), ..*own }));
        self.before = [None; 2];
    }

    fn look(&mut self, width: usize) {
        self.n_windows += 1;
        let n_bins = (width / self.n_chains).max(1);
        let len = self.transform.len();
        let mut halves = [vec![0.0; len], vec![0.0; len]];
        // Of means over neighbours, and what they would be if neighbours had everything in common.
        let (mut shared, mut most) = (vec![0.0; len], 0.0);
        let frequencies = self.transform.frequencies_hz(self.rate_hz);
        let in_band = |hz: &f32| (BAND_HZ.0..=BAND_HZ.1).contains(&hz.abs());
        let band_sum = |power: &[f32]| -> f32 {
            frequencies.iter().zip(power).filter(|(hz, _)| in_band(hz)).map(|(_, power)| power).sum()
        };
        for start in (0..width).step_by(n_bins).flat_map(|chain| (chain..chain + n_bins).step_by(GROUP)) {
            let group = start..(start + GROUP).min(start / n_bins * n_bins + n_bins).min(width);
            let mut mean_of_group = vec![Complex32::ZERO; len];
            let mut own = vec![0.0; len];
            for column in group.clone() {
                let samples = || self.window.iter().skip(column).step_by(width);
                let mean = samples().sum::<Complex32>() / len as f32;
                let moving: Vec<Complex32> = samples().map(|y| (y - mean) * mean.conj()).collect();
                own.fill(0.0);
                self.transform.add_power(moving.iter().copied().map(Some), &mut own);
                let half = if self.n_chains > 1 { column / n_bins } else { column } % 2;
                halves[half].iter_mut().zip(&own).for_each(|(sum, power)| *sum += power);
                most += band_sum(&own) / group.len() as f32;
                mean_of_group.iter_mut().zip(&moving).for_each(|(sum, y)| *sum += y / group.len() as f32);
            }
            self.transform.add_power(mean_of_group.into_iter().map(Some), &mut shared);
        }
        let moves = most > 0.0 && band_sum(&shared) >= MOVING * most;
        let side_db = |power: &mut dyn Iterator<Item = (&f32, f32)>| {
            let (mut toward, mut away) = (f32::MIN_POSITIVE, f32::MIN_POSITIVE);
            for (hz, power) in power.filter(|(hz, _)| in_band(hz)) {
                *(if *hz > 0.0 { &mut toward } else { &mut away }) += power;
            }
            10.0 * (toward / away).log10()
        };
        let [a, b] = &halves;
        let halves_db = [a, b].map(|half| side_db(&mut frequencies.iter().zip(half.iter().copied())));
        let whole_db = side_db(&mut frequencies.iter().zip(a.iter().zip(b).map(|(a, b)| a + b)));
        let here = (moves && whole_db.is_finite() && halves_db.iter().all(|db| db.is_finite())).then(|| {
            self.moving.push(Sides { whole_db, halves_db, next: None });
            self.moving.len() - 1
        });
        if let Some(earlier) = self.before[0].and_then(|at| self.moving.get_mut(at)) {
            earlier.next = here;
        }
        self.before = [self.before[1], here];
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
        let next_of = |sides: &Sides| Some([sides.whole_db, self.moving.get(sides.next?)?.whole_db]);
        let pairs = self.moving.iter().filter_map(next_of);
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
