//! Packet intervals of the recent past: how fast, how regular, how interrupted.
//!
//! Goes in: ascending times. Comes out: rates in Hz that ignore gaps, and the spread of the intervals.

use std::collections::VecDeque;

use super::amplitude::{MAD_TO_SIGMA, median};
use crate::types::Timestamp;

/// The shortest pause that is called a gap, seconds; with five median intervals the larger counts.
pub const MIN_GAP_SECS: f32 = 0.2;
const GAP_INTERVALS: f32 = 5.0;
/// So many gaps that take up most of the time are the pauses of bursty traffic.
const MIN_BURSTS: usize = 4;

/// Steps of a uniform grid that a straight line between two packets may bridge.
pub const MAX_STEPS: f32 = 3.5;
/// Share of the time in which packets must lie close enough to be bridged.
const COVERED: f32 = 0.9;

/// The intervals between the packets of the last few seconds.
#[derive(Clone, Debug)]
pub struct RecentIntervals {
    intervals_secs: VecDeque<f32>,
    /// Sum of `intervals_secs`.
    span_secs: f64,
    max_span_secs: f64,
    max_len: usize,
    last: Option<Timestamp>,
}

/// What the intervals say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateFigures {
    /// Packets per second between gaps; over all time where gaps are the rule.
    pub mean_hz: f32,
    /// The rate of a uniform grid that the packets can fill: the mean, or less where they come in bunches.
    pub grid_hz: f32,
    pub median_interval_secs: f32,
    /// Robust spread of the intervals over their median.
    pub jitter: f32,
    /// Pauses longer than this are gaps.
    pub gap_secs: f32,
}

impl RecentIntervals {
    pub fn new(max_span_secs: f64, max_len: usize) -> Self {
        Self { intervals_secs: VecDeque::new(), span_secs: 0.0, max_span_secs, max_len, last: None }
    }

    /// The interval since the last packet, seconds; times that do not ascend are taken as zero.
    pub fn push(&mut self, time: Timestamp) -> Option<f32> {
        let last = self.last.replace(time)?;
        let interval = time.secs_since(last).max(0.0);
        self.intervals_secs.push_back(interval as f32);
        self.span_secs += interval;
        // At least a few intervals stay, so that a gap longer than the span does not leave nothing.
        while self.intervals_secs.len() > self.max_len
            || (self.span_secs > self.max_span_secs && self.intervals_secs.len() > 8)
        {
            self.span_secs -= f64::from(self.intervals_secs.pop_front().unwrap_or(0.0));
        }
        Some(interval as f32)
    }

    pub fn len(&self) -> usize {
        self.intervals_secs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.intervals_secs.is_empty()
    }

    pub fn span_secs(&self) -> f64 {
        self.span_secs
    }

    /// `None` with fewer than two intervals, or where time stands still.
    pub fn figures(&self) -> Option<RateFigures> {
        if self.len() < 2 {
            return None;
        }
        let mut sorted: Vec<f32> = self.intervals_secs.iter().copied().collect();
        let middle = median(&mut sorted)?;
        let gap_secs = MIN_GAP_SECS.max(GAP_INTERVALS * middle);
        let (mut n, mut span) = (0_usize, 0.0_f64);
        for &interval in self.intervals_secs.iter().filter(|interval| **interval <= gap_secs) {
            n += 1;
            span += f64::from(interval);
        }
        if self.len() - n >= MIN_BURSTS && 2.0 * span < self.span_secs {
            // Bursts with pauses between them: the packets inside a burst are no rate that anything can be sampled at.
            (n, span) = (self.len(), self.span_secs);
        }
        let mean_hz = (n as f64 / span) as f32;
        let covering = covering_interval(&mut sorted, gap_secs.max(span as f32 / n.max(1) as f32));
        sorted.iter_mut().for_each(|interval| *interval = (*interval - middle).abs());
        let spread = MAD_TO_SIGMA * median(&mut sorted)?;
        (span > 0.0).then(|| RateFigures {
            mean_hz,
            grid_hz: covering
                .filter(|interval| *interval > 0.0)
                .map_or(mean_hz, |interval| mean_hz.min(MAX_STEPS / interval)),
            median_interval_secs: middle,
            jitter: if middle > 0.0 { spread / middle } else { spread * mean_hz },
            gap_secs,
        })
    }
}

/// The interval up to which intervals fill [`COVERED`] of the time outside gaps. Sorts its input.
fn covering_interval(intervals: &mut [f32], gap_secs: f32) -> Option<f32> {
    intervals.sort_by(f32::total_cmp);
    let total: f32 = intervals.iter().filter(|interval| **interval <= gap_secs).sum();
    let mut sum = 0.0;
    intervals.iter().copied().find(|interval| {
        sum += interval;
        sum >= COVERED * total
    })
}
