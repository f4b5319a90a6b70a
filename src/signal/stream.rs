//! One running stream: frames in, [`Products`] out.
//!
//! Frames of one [`crate::types::StreamId`] go in, in ascending time. The usable bins are chosen after a few frames and
//! looked at again from time to time. Memory is bounded. Opens nothing, waits for nothing, knows no wall clock.

use std::collections::VecDeque;
use std::sync::Arc;

use super::amplitude::AmplitudeTracker;
use super::bins::{BinChoice, MIN_USABLE, N_PROBE_FRAMES, choose_bins};
use super::doppler::{ColumnGroups, Doppler};
use super::gauge::{GaugeTracker, dynamic_part};
use super::pca::StreamingPca;
use super::rate::RecentIntervals;
use super::rhythm::Rhythm;
use super::spectrum::motion_energy;
use super::{Products, QualityMeter};
use crate::types::{Complex32, CsiFrame, FrameFlags, Hardware, Rows, Timestamp};

/// How much to keep and how fast to follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamConfig {
    /// Rows kept in each of the tables with one row per frame.
    pub history_rows: usize,
    /// Bound for `raw` and `clean` together; with wide frames fewer rows are kept.
    pub history_bytes: usize,
    /// Spectrogram rows kept, about thirty a second.
    pub doppler_rows: usize,
    /// Motion values kept, five a second.
    pub motion_rows: usize,
    pub n_components: usize,
    /// How long the static channel takes to follow a change.
    pub follow_secs: f32,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            history_rows: 6_000,
            history_bytes: 12 << 20,
            doppler_rows: 1_000,
            motion_rows: 3_000,
            n_components: 3,
            follow_secs: 5.0,
        }
    }
}

/// Times between the slower kinds of work, in stream time.
const MOTION_SECS: f64 = 0.2;
const RHYTHM_SECS: f64 = 0.5;
const QUALITY_SECS: f64 = 0.5;
const RATE_CHECK_SECS: f64 = 0.25;
const PROBE_SECS: f64 = 0.3;
const BIN_CHECK_SECS: f64 = 10.0;
/// The first choice of bins does not wait longer than this for its frames.
const MAX_PROBE_SECS: f64 = 2.0;
const MIN_PROBE_FRAMES: usize = 8;
/// The packet rate counts as known after this much.
const MIN_RATE_SECS: f64 = 1.5;
const MIN_RATE_INTERVALS: usize = 16;
/// Below this no spectrogram is worth its name.
const MIN_GRID_HZ: f32 = 4.0;
const MAX_GRID_HZ: f32 = 2_000.0;
/// The grid follows when the rate has been off by this share for this long.
const MAX_RATE_CHANGE: f32 = 0.2;
const RATE_CHANGE_SECS: f64 = 3.0;
/// Frames that come at most this late are left out; an earlier one means that time was set back.
const MAX_LATE_SECS: f64 = 0.25;
/// Share of the bins that must differ before they are chosen anew.
const BIN_CHANGE: f32 = 0.15;
/// A packet that fits the static channel worse than this is no sample of motion (a collision, another format).
const MIN_COHERENCE: f32 = 0.3;

/// Turns the frames of one stream into tables.
#[derive(Clone, Debug)]
pub struct StreamProcessor {
    config: StreamConfig,
    hardware: Hardware,
    amplitude_only: bool,
    n_chains: usize,
    products: Products,
    quality: QualityMeter,
    state: State,
    /// Recent frames to look at when bins are chosen, thinned out in time.
    probe: VecDeque<(Timestamp, Vec<Complex32>)>,
    last_time: Option<Timestamp>,
    last_quality: Option<Timestamp>,
    last_bin_check: Option<Timestamp>,
    /// A choice of bins that differs from the one in use, waiting to be confirmed.
    pending: Option<BinChoice>,
    /// Frames of another shape than the first, left out.
    n_misfits: u64,
    /// How often time stepped back and the tables were started again.
    n_restarts: u64,
    scratch: Scratch,
}

#[derive(Clone, Debug)]
enum State {
    /// Collecting frames for the choice of bins.
    Probing,
    Running(Box<Running>),
}

/// Everything that hangs on one choice of bins.
#[derive(Clone, Debug)]
struct Running {
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

impl StreamProcessor {
    /// Takes the shape from `first`, which still has to be pushed.
    pub fn new(config: StreamConfig, first: &CsiFrame) -> Self {
        let products = Products {
            subcarriers: first.subcarriers.clone(),
            n_rx: usize::from(first.n_rx),
            n_tx: usize::from(first.n_tx),
            ..Products::default()
        };
        let mut processor = Self {
            config,
            hardware: first.hardware,
            amplitude_only: first.flags.contains(FrameFlags::AMPLITUDE_ONLY),
            n_chains: first.n_chains(),
            products,
            quality: QualityMeter::default(),
            state: State::Probing,
            probe: VecDeque::new(),
            last_time: None,
            last_quality: None,
            last_bin_check: None,
            pending: None,
            n_misfits: 0,
            n_restarts: 0,
            scratch: Scratch::default(),
        };
        processor.products.raw = Rows::new(first.n_chains() * first.n_subcarriers(), processor.max_rows());
        processor
    }

    /// Processes one frame; `time` is its place on the shared time axis.
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame) {
        self.quality.push(time, frame);
        let width = self.n_chains * self.products.subcarriers.index.len();
        if frame.values.len() != width || width == 0 {
            self.n_misfits += 1;
            return;
        }
        if let Some(last) = self.last_time {
            let late_secs = last.secs_since(time);
            if late_secs > MAX_LATE_SECS {
                self.n_restarts += 1;
                self.restart();
            } else if late_secs > 0.0 {
                return;
            }
        }
        self.last_time = Some(time);
        self.products.raw.push(time, &frame.values);
        self.amplitude_only |= frame.flags.contains(FrameFlags::AMPLITUDE_ONLY);
        match self.state {
            State::Probing => self.probe_frame(time, &frame.values),
            State::Running(_) => {
                self.run(time, &frame.values);
                self.recheck_bins(time, &frame.values);
            }
        }
        if self.last_quality.is_none_or(|last| time.secs_since(last) >= QUALITY_SECS) {
            self.last_quality = Some(time);
            self.products.quality = Arc::new(self.quality.quality());
        }
    }

    /// A picture of everything so far; shares the tables.
    pub fn products(&self) -> Products {
        self.products.clone()
    }

    /// The newest motion energy, dynamic over static power.
    pub fn motion(&self) -> Option<f32> {
        self.products.motion.last().and_then(|row| row.values.first().copied())
    }

    /// Forgets everything, quality included: the next frame is the first.
    pub fn reset(&mut self) {
        self.quality = QualityMeter::default();
        self.last_quality = None;
        self.products.quality = Arc::default();
        self.restart();
    }

    /// The meter, for what only the caller knows (number of transmitters).
    pub fn quality_mut(&mut self) -> &mut QualityMeter {
        &mut self.quality
    }

    /// Frames left out because their shape differs from the first one's.
    pub fn n_misfits(&self) -> u64 {
        self.n_misfits
    }

    /// How often the tables were started again because time had stepped back.
    pub fn n_restarts(&self) -> u64 {
        self.n_restarts
    }

    /// Starts all tables again.
    fn restart(&mut self) {
        let width = self.products.raw.width();
        self.products.raw = Rows::new(width, self.max_rows());
        self.clear_clean();
        self.probe.clear();
        self.last_time = None;
        self.last_quality = None;
        self.last_bin_check = None;
        self.pending = None;
    }

    /// Empties what hangs on the choice of bins and goes back to probing.
    fn clear_clean(&mut self) {
        self.state = State::Probing;
        self.products = Products {
            subcarriers: self.products.subcarriers.clone(),
            n_rx: self.products.n_rx,
            n_tx: self.products.n_tx,
            generation: self.products.generation.wrapping_add(1),
            raw: self.products.raw.clone(),
            quality: self.products.quality.clone(),
            ..Products::default()
        };
    }

    fn max_rows(&self) -> usize {
        let row_bytes = 2 * self.n_chains * self.products.subcarriers.index.len() * size_of::<Complex32>();
        // A table may hold one block of 64 rows more than it was asked for.
        let affordable = self.config.history_bytes / row_bytes.max(1);
        affordable.saturating_sub(64).max(64).min(self.config.history_rows)
    }

    fn probe_frame(&mut self, time: Timestamp, values: &[Complex32]) {
        // With no usable bin at all the oldest frames make room, so that probing goes on with what is new.
        if self.probe.len() >= 2 * N_PROBE_FRAMES {
            self.probe.drain(..N_PROBE_FRAMES);
        }
        self.probe.push_back((time, values.to_vec()));
        let waited = self.probe.front().map_or(0.0, |(first, _)| time.secs_since(*first));
        let n = self.probe.len();
        if n != N_PROBE_FRAMES && n != 2 * N_PROBE_FRAMES && !(n >= MIN_PROBE_FRAMES && waited >= MAX_PROBE_SECS) {
            return;
        }
        let choice = self.choose();
        self.quality.set_bins(&choice);
        if choice.usable.len() < MIN_USABLE.min(self.products.subcarriers.index.len()) || choice.usable.len() < 2 {
            return;
        }
        self.start(choice, true);
    }

    fn choose(&self) -> BinChoice {
        let frames: Vec<&[Complex32]> = self.probe.iter().map(|(_, values)| values.as_slice()).collect();
        choose_bins(&self.products.subcarriers, self.hardware, self.amplitude_only, &frames)
    }

    /// Starts the chain on a choice of bins. `replay` feeds it the frames seen while probing: not when they are thinned.
    fn start(&mut self, choice: BinChoice, replay: bool) {
        let rows: Vec<(Timestamp, Vec<Complex32>)> = std::mem::take(&mut self.probe).into();
        let mut gathered = Vec::with_capacity(rows.len());
        for (_, values) in &rows {
            let mut row = Vec::new();
            gather(values, self.products.subcarriers.index.len(), &choice.usable, &mut row);
            gathered.push(row);
        }
        let cleaner = if self.amplitude_only {
            let amplitudes: Vec<Vec<f32>> =
                gathered.iter().map(|row| row.iter().map(|v| v.norm()).collect::<Vec<f32>>()).collect();
            AmplitudeTracker::start(&amplitudes, self.config.follow_secs).map(Cleaner::Amplitude)
        } else {
            GaugeTracker::start(&choice.numbers, &gathered, self.config.follow_secs).map(Cleaner::Complex)
        };
        let Some(cleaner) = cleaner else {
            self.probe = rows.into();
            return;
        };
        let width = self.n_chains * choice.usable.len();
        self.products.usable = choice.usable.into();
        self.products.clean = Rows::new(width, self.max_rows());
        self.products.pca = Rows::new(self.config.n_components.min(width), self.config.history_rows);
        self.products.motion = Rows::new(1, self.config.motion_rows);
        // Directions should outlive a step but not a change of furniture; the rate is not known yet, so count rows.
        const PCA_MEMORY_ROWS: f32 = 2_000.0;
        self.state = State::Running(Box::new(Running {
            cleaner,
            groups: ColumnGroups::new(self.n_chains, self.products.usable.len()),
            pca: StreamingPca::new(width, self.config.n_components, PCA_MEMORY_ROWS),
            intervals: RecentIntervals::new(5.0, 2_048),
            last_rate_check: None,
            rate_off_since: None,
            doppler: None,
            rhythm: None,
            last_rhythm: None,
            motion_sum: 0.0,
            n_motion: 0,
            motion_start: None,
        }));
        for (time, values) in rows.iter().filter(|_| replay) {
            self.run(*time, values);
        }
        self.probe = rows.into();
        self.last_bin_check = self.last_time;
    }

    /// The chain for one frame.
    fn run(&mut self, time: Timestamp, values: &[Complex32]) {
        let Self { state: State::Running(running), products, scratch, quality, .. } = self else { return };
        gather(values, products.subcarriers.index.len(), &products.usable, &mut scratch.gathered);
        let Some(coherence) = running.cleaner.clean(time, scratch) else { return };
        products.clean.push(time, &scratch.clean);
        scratch.amplitude.clear();
        scratch.amplitude.extend(scratch.clean.iter().map(|v| v.norm()));
        quality.push_clean(&scratch.amplitude);
        running.pca.push(&scratch.amplitude, &mut scratch.scores);
        products.pca.push(time, &scratch.scores);

        running.intervals.push(time);
        if running.last_rate_check.is_none_or(|last| time.secs_since(last) >= RATE_CHECK_SECS) {
            running.last_rate_check = Some(time);
            running.follow_rate(time, self.config.doppler_rows, self.amplitude_only, products);
        }
        if coherence < MIN_COHERENCE {
            return;
        }
        running.measure_motion(time, scratch, products);
        dynamic_part(&scratch.clean, &scratch.mean, &mut scratch.dynamic);
        running.groups.average(&scratch.dynamic, &mut scratch.columns);
        if let Some(doppler) = &mut running.doppler {
            doppler.push(time, &scratch.columns, |at, row| {
                products.doppler.push(at, row);
            });
        }
        if let Some(rhythm) = &mut running.rhythm {
            rhythm.push(time, &scratch.columns);
            if running.last_rhythm.is_none_or(|last| time.secs_since(last) >= RHYTHM_SECS) {
                running.last_rhythm = Some(time);
                products.autocorrelation = rhythm.autocorrelation().unwrap_or_default().into();
                products.lag_secs = rhythm.lag_secs();
            }
        }
    }

    /// Keeps a thinned record of recent frames and chooses the bins anew when the choice has clearly changed twice.
    fn recheck_bins(&mut self, time: Timestamp, values: &[Complex32]) {
        if self.probe.back().is_some_and(|(last, _)| time.secs_since(*last) < PROBE_SECS) {
            return;
        }
        if self.probe.len() >= 2 * N_PROBE_FRAMES {
            self.probe.pop_front();
        }
        self.probe.push_back((time, values.to_vec()));
        let due = self.last_bin_check.is_none_or(|last| time.secs_since(last) >= BIN_CHECK_SECS);
        if !due || self.probe.len() < N_PROBE_FRAMES {
            return;
        }
        self.last_bin_check = Some(time);
        let choice = self.choose();
        if !differs(&choice.usable, &self.products.usable) || choice.usable.len() < MIN_USABLE {
            self.quality.set_bins(&choice);
            self.pending = None;
            return;
        }
        match self.pending.take() {
            Some(pending) if !differs(&pending.usable, &choice.usable) => {
                self.quality.set_bins(&choice);
                self.clear_clean();
                // Only the newest frames belong to the new state of things; the thinned ones are too far apart.
                let newest = self.probe.split_off(self.probe.len().saturating_sub(N_PROBE_FRAMES));
                self.probe = newest;
                self.start(choice, false);
            }
            _ => self.pending = Some(choice),
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

impl Running {
    /// Starts the spectrogram when the packet rate is known, and again when it has changed for good.
    fn follow_rate(&mut self, time: Timestamp, doppler_rows: usize, amplitude_only: bool, products: &mut Products) {
        if self.intervals.len() < MIN_RATE_INTERVALS || self.intervals.span_secs() < MIN_RATE_SECS {
            return;
        }
        let Some(rate_hz) = self.intervals.figures().map(|figures| figures.mean_hz) else { return };
        if self.rhythm.is_none() {
            self.rhythm = Some(Rhythm::new(f64::from(rate_hz)));
        }
        if amplitude_only || !(MIN_GRID_HZ..=MAX_GRID_HZ).contains(&rate_hz) {
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
        products.doppler = Rows::new(doppler.n_frequencies(), doppler_rows);
        products.doppler_hz = doppler.frequencies_hz();
        self.doppler = Some(doppler);
    }

    fn measure_motion(&mut self, time: Timestamp, scratch: &Scratch, products: &mut Products) {
        if let Some(energy) = motion_energy(&scratch.clean, &scratch.mean) {
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

/// The usable bins of all chains, `[chain][usable]`.
fn gather(values: &[Complex32], n_subcarriers: usize, usable: &[u16], out: &mut Vec<Complex32>) {
    out.clear();
    for chain in values.chunks_exact(n_subcarriers.max(1)) {
        out.extend(usable.iter().filter_map(|&i| chain.get(usize::from(i)).copied()));
    }
}

/// Whether two choices of bins differ by more than a few.
fn differs(a: &[u16], b: &[u16]) -> bool {
    let n_common = a.iter().filter(|i| b.contains(i)).count();
    let n_changed = (a.len() - n_common) + (b.len() - n_common);
    n_changed as f32 > BIN_CHANGE * b.len() as f32
}
