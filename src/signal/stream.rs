//! One running stream: frames in, [`Products`] out.
//!
//! Frames of one [`crate::types::StreamId`] go in, in ascending time. The usable bins are chosen after a few frames and
//! looked at again from time to time. Memory is bounded. Opens nothing, waits for nothing, knows no wall clock.

use std::collections::VecDeque;
use std::sync::Arc;

use super::bins::{BinChoice, MIN_USABLE, N_PROBE_FRAMES, choose_bins};
use super::chain::{Chain, Shape};
use super::{Products, QualityMeter};
use crate::types::{Complex32, CsiFrame, FrameFlags, Hardware, Rows, Timestamp};

/// How much to keep and how fast to follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamConfig {
    /// Rows kept in each of the tables with one row per frame.
    pub history_rows: usize,
    /// Bound for `raw` and `clean` together, which leaves the rest some room below 12 MiB; wide frames keep fewer rows.
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
            history_bytes: 10 << 20,
            doppler_rows: 1_000,
            motion_rows: 3_000,
            n_components: 3,
            follow_secs: 5.0,
        }
    }
}

/// Times between the slower kinds of work, in stream time.
const QUALITY_SECS: f64 = 0.5;
const PROBE_SECS: f64 = 0.3;
const BIN_CHECK_SECS: f64 = 10.0;
/// The first choice of bins does not wait longer than this for its frames.
const MAX_PROBE_SECS: f64 = 2.0;
const MIN_PROBE_FRAMES: usize = 8;
/// Frames that come at most this late are left out; an earlier one means that time was set back.
const MAX_LATE_SECS: f64 = 0.25;
/// Share of the bins that must differ before they are chosen anew.
const BIN_CHANGE: f32 = 0.15;

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
}

#[derive(Clone, Debug)]
enum State {
    /// Collecting frames for the choice of bins.
    Probing,
    Running(Box<Chain>),
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
        let shape = Shape {
            n_chains: self.n_chains,
            n_tx: self.products.n_tx,
            hardware: self.hardware,
            amplitude_only: self.amplitude_only,
        };
        let first: Vec<&[Complex32]> = rows.iter().map(|(_, values)| values.as_slice()).collect();
        let Some(chain) = Chain::start(&self.config, shape, &choice, self.products.subcarriers.index.len(), &first)
        else {
            self.probe = rows.into();
            return;
        };
        let width = self.n_chains * choice.usable.len();
        self.products.usable = choice.usable.into();
        self.products.clean = Rows::new(width, self.max_rows());
        self.products.pca = Rows::new(self.config.n_components.min(width), self.config.history_rows);
        self.products.motion = Rows::new(1, self.config.motion_rows);
        self.state = State::Running(Box::new(chain));
        for (time, values) in rows.iter().filter(|_| replay) {
            self.run(*time, values);
        }
        self.probe = rows.into();
        self.last_bin_check = self.last_time;
    }

    fn run(&mut self, time: Timestamp, values: &[Complex32]) {
        if let State::Running(chain) = &mut self.state {
            chain.push(time, values, &mut self.products, &mut self.quality);
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
            self.quality.set_bin_counts(choice.n_dead, choice.n_saturated);
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

/// Whether two choices of bins differ by more than a few.
fn differs(a: &[u16], b: &[u16]) -> bool {
    let n_common = a.iter().filter(|i| b.contains(i)).count();
    let n_changed = (a.len() - n_common) + (b.len() - n_common);
    n_changed as f32 > BIN_CHANGE * b.len() as f32
}
