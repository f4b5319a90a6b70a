//! The work on one stream after its bins have been chosen: clean, decompose, follow the rate, and fill the tables.
//!
//! Goes in: frames' values in time order. Comes out: rows in [`Products`]. Chooses no bins and decides no restarts;
//! [`super::stream`] does.

use super::amplitude::AmplitudeTracker;
use super::bins::BinChoice;
use super::doppler::{ColumnGroups, Doppler};
use super::gauge::{GaugeTracker, MIN_COHERENCE, dynamic_part};
use super::pca::StreamingPca;
use super::quarter_turns::has_quarter_turns;
use super::rate::RecentIntervals;
use super::rhythm::Rhythm;
use super::spectrum::motion_energy;
use super::{Products, QualityMeter, StreamConfig};
use crate::types::{Complex32, Hardware, Rows, Timestamp};

/// Times between the slower kinds of work, in stream time.
const MOTION_SECS: f64 = 0.2;
const RHYTHM_SECS: f64 = 0.5;
const RATE_CHECK_SECS: f64 = 0.25;
/// The packet rate counts as known after this much.
const MIN_RATE_SECS: f64 = 1.5;
const MIN_RATE_INTERVALS: usize = 16;
/// Below this no spectrogram is worth its name.
const MIN_GRID_HZ: f32 = 4.0;
const MAX_GRID_HZ: f32 = 2_000.0;
/// The grid follows when the rate has been off by this share for this long.
const MAX_RATE_CHANGE: f32 = 0.2;
const RATE_CHANGE_SECS: f64 = 3.0;
/// Directions should outlive a step but not a change of furniture; the rate is not known at first, so rows are counted.
const PCA_MEMORY_ROWS: f32 = 2_000.0;

/// What the chain has to know of the frames.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub n_chains: usize,
    pub n_tx: usize,
    pub hardware: Hardware,
    pub amplitude_only: bool,
}

/// Everything that hangs on one choice of bins.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    usable: Vec<u16>,
    n_subcarriers: usize,
    amplitude_only: bool,
    doppler_rows: usize,
    cleaner: Cleaner,
    groups: ColumnGroups,
    pca: StreamingPca,
    intervals: RecentIntervals,
    last_rate_check: Option<Timestamp>,
    rate_off_since: Option<Timestamp>,
    doppler: Option<Doppler>,
    rhythm: Option<Rhythm>,
    last_rhythm: Option<Timestamp>,
    motion_sum: f32,
    n_motion: u32,
    motion_start: Option<Timestamp>,
    scratch: Scratch,
}

#[derive(Clone, Debug)]
enum Cleaner {
    Complex(GaugeTracker),
    Amplitude(AmplitudeTracker),
}

#[derive(Clone, Debug, Default)]
struct Scratch {
    gathered: Vec<Complex32>,
    clean: Vec<Complex32>,
    amplitude: Vec<f32>,
    normalised: Vec<f32>,
    mean: Vec<Complex32>,
    dynamic: Vec<Complex32>,
    columns: Vec<Complex32>,
    scores: Vec<f32>,
}

impl Chain {
    /// Starts on the first frames' values; `None` where they carry no energy.
    pub fn start(
        config: &StreamConfig,
        shape: Shape,
        choice: &BinChoice,
        n_subcarriers: usize,
        first: &[&[Complex32]],
    ) -> Option<Self> {
        let gathered: Vec<Vec<Complex32>> = first
            .iter()
            .map(|values| {
                let mut row = Vec::new();
                gather(values, n_subcarriers, &choice.usable, &mut row);
                row
            })
            .collect();
        let cleaner = if shape.amplitude_only {
            let amplitudes: Vec<Vec<f32>> =
                gathered.iter().map(|row| row.iter().map(|v| v.norm()).collect::<Vec<f32>>()).collect();
            Cleaner::Amplitude(AmplitudeTracker::start(&amplitudes, config.follow_secs)?)
        } else {
            let turning_n_tx = has_quarter_turns(shape.hardware).then_some(shape.n_tx);
            Cleaner::Complex(GaugeTracker::start(&choice.numbers, &gathered, config.follow_secs, turning_n_tx)?)
        };
        let n_usable = choice.usable.len();
        Some(Self {
            usable: choice.usable.clone(),
            n_subcarriers,
            amplitude_only: shape.amplitude_only,
            doppler_rows: config.doppler_rows,
            cleaner,
            groups: ColumnGroups::new(shape.n_chains, n_usable),
            pca: StreamingPca::new(shape.n_chains * n_usable, config.n_components, PCA_MEMORY_ROWS),
            intervals: RecentIntervals::new(5.0, 2_048),
            last_rate_check: None,
            rate_off_since: None,
            doppler: None,
            rhythm: None,
            last_rhythm: None,
            motion_sum: 0.0,
            n_motion: 0,
            motion_start: None,
            scratch: Scratch::default(),
        })
    }

    /// Takes one frame's values. A frame without energy leaves no row.
    pub fn push(&mut self, time: Timestamp, values: &[Complex32], products: &mut Products, quality: &mut QualityMeter) {
        gather(values, self.n_subcarriers, &self.usable, &mut self.scratch.gathered);
        let Some(coherence) = self.cleaner.clean(time, &mut self.scratch) else { return };
        let scratch = &mut self.scratch;
        products.clean.push(time, &scratch.clean);
        scratch.amplitude.clear();
        scratch.amplitude.extend(scratch.clean.iter().map(|v| v.norm()));
        if coherence >= MIN_COHERENCE {
            quality.push_clean(&scratch.amplitude);
        }
        self.pca.push(&scratch.amplitude, &mut scratch.scores);
        products.pca.push(time, &scratch.scores);
        self.intervals.push(time);
        if self.last_rate_check.is_none_or(|last| time.secs_since(last) >= RATE_CHECK_SECS) {
            self.last_rate_check = Some(time);
            self.follow_rate(time, products);
        }
        if coherence >= MIN_COHERENCE {
            self.measure_motion(time, products);
            self.follow_movement(time, products);
        }
    }

    /// Spectrogram and rhythm of the moving part.
    fn follow_movement(&mut self, time: Timestamp, products: &mut Products) {
        let scratch = &mut self.scratch;
        dynamic_part(&scratch.clean, &scratch.mean, &mut scratch.dynamic);
        self.groups.average(&scratch.dynamic, &mut scratch.columns);
        if let Some(doppler) = &mut self.doppler {
            doppler.push(time, &scratch.columns, |at, row| {
                products.doppler.push(at, row);
            });
        }
        let Some(rhythm) = &mut self.rhythm else { return };
        rhythm.push(time, &scratch.columns);
        if self.last_rhythm.is_none_or(|last| time.secs_since(last) >= RHYTHM_SECS) {
            self.last_rhythm = Some(time);
            products.autocorrelation = rhythm.autocorrelation().unwrap_or_default().into();
            products.lag_secs = rhythm.lag_secs();
        }
    }

    /// Starts the spectrogram when the packet rate is known, and again when it has changed for good.
    fn follow_rate(&mut self, time: Timestamp, products: &mut Products) {
        if self.intervals.len() < MIN_RATE_INTERVALS || self.intervals.span_secs() < MIN_RATE_SECS {
            return;
        }
        let Some(rate_hz) = self.intervals.figures().map(|figures| figures.grid_hz) else { return };
        if self.rhythm.is_none() {
            self.rhythm = Some(Rhythm::new(f64::from(rate_hz)));
        }
        if self.amplitude_only || !(MIN_GRID_HZ..=MAX_GRID_HZ).contains(&rate_hz) {
            return;
        }
        if let Some(doppler) = &self.doppler {
            let change = (rate_hz / doppler.rate_hz() as f32 - 1.0).abs();
            if change <= MAX_RATE_CHANGE {
                self.rate_off_since = None;
                return;
            }
            if time.secs_since(*self.rate_off_since.get_or_insert(time)) < RATE_CHANGE_SECS {
                return;
            }
            products.generation = products.generation.wrapping_add(1);
            self.rhythm = Some(Rhythm::new(f64::from(rate_hz)));
        }
        self.rate_off_since = None;
        let doppler = Doppler::new(f64::from(rate_hz));
        products.doppler = Rows::new(doppler.n_frequencies(), self.doppler_rows);
        products.doppler_hz = doppler.frequencies_hz();
        self.doppler = Some(doppler);
    }

    fn measure_motion(&mut self, time: Timestamp, products: &mut Products) {
        if let Some(energy) = motion_energy(&self.scratch.clean, &self.scratch.mean) {
            self.motion_sum += energy;
            self.n_motion += 1;
        }
        let start = *self.motion_start.get_or_insert(time);
        if time.secs_since(start) >= MOTION_SECS && self.n_motion > 0 {
            products.motion.push(time, &[self.motion_sum / self.n_motion as f32]);
            self.motion_start = Some(time);
            self.motion_sum = 0.0;
            self.n_motion = 0;
        }
    }
}

impl Cleaner {
    /// Writes `clean` and `mean` from `gathered`; the answer is how well the packet fits, 0..=1.
    fn clean(&mut self, time: Timestamp, scratch: &mut Scratch) -> Option<f32> {
        match self {
            Self::Complex(tracker) => {
                let gauge = tracker.push(time, &scratch.gathered, &mut scratch.clean)?;
                scratch.mean.clear();
                scratch.mean.extend_from_slice(tracker.mean());
                Some(gauge.coherence)
            }
            Self::Amplitude(tracker) => {
                scratch.amplitude.clear();
                scratch.amplitude.extend(scratch.gathered.iter().map(|v| v.norm()));
                tracker.push(time, &scratch.amplitude, &mut scratch.normalised)?;
                let real = |a: &f32| Complex32::new(*a, 0.0);
                scratch.clean.clear();
                scratch.clean.extend(scratch.normalised.iter().map(real));
                scratch.mean.clear();
                scratch.mean.extend(tracker.mean().iter().map(real));
                Some(1.0)
            }
        }
    }
}

/// The usable bins of all chains, `[chain][usable]`.
fn gather(values: &[Complex32], n_subcarriers: usize, usable: &[u16], out: &mut Vec<Complex32>) {
    out.clear();
    for chain in values.chunks_exact(n_subcarriers.max(1)) {
        out.extend(usable.iter().filter_map(|&i| chain.get(usize::from(i)).copied()));
    }
}
