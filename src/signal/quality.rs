//! Measures one stream as it runs: rate, gaps, loss, clock, gain steps, bins; [`super::verdict`] draws the conclusions.
//!
//! Goes in: every frame with its time. Comes out: [`LinkQuality`]. Counts cover the whole stream; rate and jitter the
//! last seconds. Time is the caller's; a stamp that stands still or steps back is counted, never a failure.

use std::collections::VecDeque;

use super::amplitude::median;
use super::bins::BinChoice;
use super::rate::RecentIntervals;
use super::verdict::{Circumstances, verdicts};
use crate::types::{Channel, CsiFrame, DeviceTime, FrameFlags, LinkQuality, Timestamp};

/// Running measurement of one stream.
#[derive(Clone, Debug)]
pub struct QualityMeter {
    n_frames: u64,
    n_untimed: u64,
    n_amplitude_only: u64,
    n_still: u64,
    n_back: u64,
    n_device_back: u64,
    n_wraps: u32,
    n_transmitters: usize,
    channel: Channel,
    n_bins: usize,
    bins: Option<BinChoice>,
    last_time: Option<Timestamp>,
    last_device: Option<DeviceTime>,
    duration_nanos: i64,
    intervals: RecentIntervals,
    /// Refreshed every few frames, because a median of thousands is not for every packet.
    gap_secs: Option<f32>,
    n_gaps: u32,
    longest_gap_secs: f32,
    recent_gaps: VecDeque<(Timestamp, f32)>,
    sequence: SequenceMeter,
    gain: GainMeter,
    still: StillnessMeter,
}

/// Rate and jitter are those of the last seconds.
const RATE_SPAN_SECS: f64 = 20.0;
const MAX_INTERVALS: usize = 2_048;
const GAP_REFRESH_FRAMES: u64 = 64;
const MIN_INTERVALS: usize = 8;
/// Verdicts look at the gaps of this last stretch.
const GAP_MEMORY_SECS: f64 = 60.0;
const MAX_RECENT_GAPS: usize = 256;

impl Default for QualityMeter {
    fn default() -> Self {
        Self {
            n_frames: 0,
            n_untimed: 0,
            n_amplitude_only: 0,
            n_still: 0,
            n_back: 0,
            n_device_back: 0,
            n_wraps: 0,
            n_transmitters: 0,
            channel: Channel::default(),
            n_bins: 0,
            bins: None,
            last_time: None,
            last_device: None,
            duration_nanos: 0,
            intervals: RecentIntervals::new(RATE_SPAN_SECS, MAX_INTERVALS),
            gap_secs: None,
            n_gaps: 0,
            longest_gap_secs: 0.0,
            recent_gaps: VecDeque::new(),
            sequence: SequenceMeter::default(),
            gain: GainMeter::default(),
            still: StillnessMeter::default(),
        }
    }
}

impl QualityMeter {
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame) {
        self.n_frames += 1;
        self.n_bins = self.n_bins.max(frame.n_subcarriers());
        self.channel = frame.channel;
        self.n_untimed += u64::from(frame.host_time.is_none() && frame.device_time.is_none());
        self.n_amplitude_only += u64::from(frame.flags.contains(FrameFlags::AMPLITUDE_ONLY));
        if let Some(sequence) = frame.sequence {
            self.sequence.push(sequence);
        }
        self.watch_device_clock(frame.device_time);
        self.watch_time(time);
        if let Some(bins) = &self.bins {
            self.gain.push(frame, &bins.usable);
        }
    }

    /// Tells which bins were found usable; without it nothing is said about bins and gain steps.
    pub fn set_bins(&mut self, bins: &BinChoice) {
        if self.bins.as_ref() != Some(bins) {
            self.bins = Some(bins.clone());
            self.gain.previous_db.clear();
            self.still = StillnessMeter::default();
        }
    }

    /// Refreshes the counts while the choice of usable bins stays.
    pub fn set_bin_counts(&mut self, n_dead: usize, n_saturated: usize) {
        if let Some(bins) = &mut self.bins {
            (bins.n_dead, bins.n_saturated) = (n_dead, n_saturated);
        }
    }

    /// Takes the gain-normalised amplitudes of one frame, for the stillness figure.
    pub fn push_clean(&mut self, amplitudes: &[f32]) {
        self.still.push(amplitudes);
    }

    /// How many transmitters the receiver hears on this channel; only the caller sees them all.
    pub fn set_transmitters(&mut self, n_transmitters: usize) {
        self.n_transmitters = n_transmitters;
    }

    /// Wraps that the caller's clock fit found; the larger of its count and ours is shown.
    pub fn set_clock_wraps(&mut self, n_wraps: u32) {
        self.n_wraps = self.n_wraps.max(n_wraps);
    }

    pub fn quality(&self) -> LinkQuality {
        let figures = self.intervals.figures();
        let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let bins = self.bins.as_ref();
        let mut quality = LinkQuality {
            n_frames: self.n_frames,
            duration_secs: self.duration_nanos as f64 * 1e-9,
            rate_hz: figures.map(|figures| f64::from(figures.mean_hz)),
            jitter: figures.map(|figures| f64::from(figures.jitter)),
            n_gaps: self.n_gaps,
            longest_gap_secs: f64::from(self.longest_gap_secs),
            loss: self.sequence.loss(),
            n_bins: self.n_bins,
            n_dead_bins: bins.map_or(0, |bins| bins.n_dead),
            n_saturated_bins: bins.map_or(0, |bins| bins.n_saturated),
            n_agc_jumps: self.gain.n_jumps,
            n_transmitters: self.n_transmitters,
            n_clock_wraps: self.n_wraps,
            n_clock_faults: clip(self.n_still + self.n_back + self.n_device_back),
            static_snr_db: self.still.snr_db(),
            verdicts: Vec::new(),
        };
        let share = |n: u64| n as f32 / self.n_frames.max(1) as f32;
        quality.verdicts = verdicts(
            &quality,
            &Circumstances {
                centre_mhz: self.channel.centre_mhz,
                wavelength_m: self.channel.wavelength_m(),
                n_usable_bins: bins.map(|bins| bins.usable.len()),
                untimed_share: share(self.n_untimed),
                still_share: share(self.n_still),
                amplitude_only: share(self.n_amplitude_only) > 0.5,
                n_recent_gaps: self.recent_gaps.len(),
                recent_secs: quality.duration_secs.min(GAP_MEMORY_SECS),
                longest_recent_gap_secs: self.recent_gaps.iter().map(|(_, gap)| *gap).fold(0.0, f32::max),
            },
        );
        quality
    }

    fn watch_time(&mut self, time: Timestamp) {
        let Some(last) = self.last_time.replace(time) else {
            self.intervals.push(time);
            return;
        };
        let nanos = time.since(last);
        self.n_still += u64::from(nanos == 0);
        self.n_back += u64::from(nanos < 0);
        self.duration_nanos = self.duration_nanos.saturating_add(nanos.max(0));
        let Some(interval) = self.intervals.push(time) else { return };
        if self.intervals.len() >= MIN_INTERVALS
            && (self.gap_secs.is_none() || self.n_frames.is_multiple_of(GAP_REFRESH_FRAMES))
        {
            self.gap_secs = self.intervals.figures().map(|figures| figures.gap_secs).or(self.gap_secs);
        }
        while self.recent_gaps.front().is_some_and(|(at, _)| {
            self.recent_gaps.len() > MAX_RECENT_GAPS || time.secs_since(*at) > GAP_MEMORY_SECS || time < *at
        }) {
            self.recent_gaps.pop_front();
        }
        if self.gap_secs.is_some_and(|gap_secs| interval > gap_secs) {
            self.n_gaps = self.n_gaps.saturating_add(1);
            self.longest_gap_secs = self.longest_gap_secs.max(interval);
            self.recent_gaps.push_back((time, interval));
        }
    }

    fn watch_device_clock(&mut self, device: Option<DeviceTime>) {
        let Some(now) = device else { return };
        let Some(last) = self.last_device.replace(now) else { return };
        if now.nanos >= last.nanos {
            return;
        }
        // A counter that falls from its last quarter into its first has wrapped; any other fall is a fault.
        let wrapped = now.wraps_at_nanos.is_some_and(|period| last.nanos > period / 4 * 3 && now.nanos < period / 4);
        if wrapped {
            self.n_wraps = self.n_wraps.saturating_add(1);
        } else {
            self.n_device_back += 1;
        }
    }
}

/// Counts packets that the sender numbered and nobody received.
#[derive(Clone, Debug, Default)]
struct SequenceMeter {
    last: Option<u32>,
    largest: u32,
    n_received: u64,
    n_missing: u64,
    n_repeated: u64,
}

/// A larger step is a new start of the sender, not a loss.
const MAX_STEP: u64 = 1_000;
/// Fewer numbered packets say nothing about loss.
const MIN_NUMBERED: u64 = 50;

impl SequenceMeter {
    fn push(&mut self, sequence: u32) {
        self.largest = self.largest.max(sequence);
        let Some(last) = self.last.replace(sequence) else {
            self.n_received = 1;
            return;
        };
        // 802.11 counts to 4 095, others to 2^16 or 2^32: the smallest that holds every number seen so far.
        let modulus: u64 = match self.largest {
            0..=0xfff => 1 << 12,
            0x1000..=0xffff => 1 << 16,
            _ => 1 << 32,
        };
        let step = (u64::from(sequence) + modulus - u64::from(last)) % modulus;
        match step {
            0 => self.n_repeated += 1,
            1..=MAX_STEP => {
                self.n_received += 1;
                self.n_missing += step - 1;
            }
            // A packet that was overtaken had been counted as missing.
            _ if modulus - step <= 16 => {
                self.n_missing = self.n_missing.saturating_sub(1);
                self.n_received += 1;
                self.last = Some(last);
            }
            _ => self.n_received += 1,
        }
    }

    /// `None` without numbers, or with numbers that do not count (control frames all carry zero).
    fn loss(&self) -> Option<f64> {
        let counts = self.n_received >= MIN_NUMBERED && self.n_repeated < self.n_received;
        counts.then(|| self.n_missing as f64 / (self.n_missing + self.n_received) as f64)
    }
}

/// Finds steps of the automatic gain control: all bins up or down together from one frame to the next.
#[derive(Clone, Debug, Default)]
struct GainMeter {
    previous_db: Vec<f32>,
    current_db: Vec<f32>,
    scratch: Vec<f32>,
    n_jumps: u32,
}

/// A smaller step is within what transmit power and fading do.
const MIN_JUMP_DB: f32 = 3.0;
/// Bins may differ by this much around the common step (robust spread), or by a third of it.
const MAX_JUMP_SPREAD_DB: f32 = 1.0;
/// Bins that are looked at.
const MAX_GAIN_BINS: usize = 48;

impl GainMeter {
    fn push(&mut self, frame: &CsiFrame, usable: &[u16]) {
        let n = frame.n_subcarriers().max(1);
        let step = (usable.len() * frame.n_chains()).div_ceil(MAX_GAIN_BINS).max(1);
        self.current_db.clear();
        let positions = frame.values.chunks_exact(n).flat_map(|chain| usable.iter().map(move |&i| (chain, i)));
        for (chain, i) in positions.step_by(step) {
            let power = chain.get(usize::from(i)).map_or(0.0, |value| value.norm_sqr());
            // 10·log10(x) = 3.0103·log2(x).
            self.current_db.push(3.010_3 * power.max(1e-12).log2());
        }
        if self.current_db.len() == self.previous_db.len() {
            self.scratch.clear();
            self.scratch.extend(self.current_db.iter().zip(&self.previous_db).map(|(now, before)| now - before));
            if let Some(jump) = median(&mut self.scratch).filter(|jump| jump.abs() > MIN_JUMP_DB) {
                self.scratch.iter_mut().for_each(|change| *change = (*change - jump).abs());
                let spread = median(&mut self.scratch).unwrap_or(f32::MAX);
                self.n_jumps =
                    self.n_jumps.saturating_add(u32::from(spread <= MAX_JUMP_SPREAD_DB.max(jump.abs() / 3.0)));
            }
        }
        std::mem::swap(&mut self.previous_db, &mut self.current_db);
    }
}

/// Mean amplitude of bins over the spread between successive frames.
#[derive(Clone, Debug, Default)]
struct StillnessMeter {
    mean: Vec<f32>,
    /// Mean absolute difference of successive frames: a few odd packets move it less than a mean square.
    change: Vec<f32>,
    previous: Vec<f32>,
    n_frames: u32,
}

const MAX_STILL_BINS: usize = 32;
const STILL_MEMORY_FRAMES: u32 = 500;
const MIN_STILL_FRAMES: u32 = 20;

impl StillnessMeter {
    fn push(&mut self, amplitudes: &[f32]) {
        let step = amplitudes.len().div_ceil(MAX_STILL_BINS).max(1);
        let sampled = || amplitudes.iter().step_by(step);
        if self.previous.len() != sampled().len() {
            *self = Self { mean: vec![0.0; sampled().len()], change: vec![0.0; sampled().len()], ..Self::default() };
            self.previous.extend(sampled());
            return;
        }
        self.n_frames = (self.n_frames + 1).min(STILL_MEMORY_FRAMES);
        let share = 1.0 / self.n_frames as f32;
        let slots = self.mean.iter_mut().zip(&mut self.change).zip(&mut self.previous);
        for (((mean, change), previous), &value) in slots.zip(sampled()) {
            *mean += (value - *mean) * share;
            *change += ((value - *previous).abs() - *change) * share;
            *previous = value;
        }
    }

    fn snr_db(&self) -> Option<f64> {
        if self.n_frames < MIN_STILL_FRAMES {
            return None;
        }
        // Normal noise of deviation σ changes by 2σ/√π on average from one frame to the next.
        const SIGMA_FROM_CHANGE: f32 = 0.886_226_9;
        let bins = self.mean.iter().zip(&self.change).filter(|(mean, change)| **mean > 0.0 && **change > 0.0);
        let mut ratios: Vec<f32> =
            bins.map(|(mean, change)| 20.0 * (mean / (SIGMA_FROM_CHANGE * change)).log10()).collect();
        median(&mut ratios).map(f64::from)
    }
}
