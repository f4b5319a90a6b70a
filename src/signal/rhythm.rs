//! Rhythm of a running stream: the autocorrelation of its motion over the last seconds.
//!
//! Goes in: the moving part of packets in a few columns. Averages it to at most [`MAX_RATE_HZ`], because a breath and a
//! step lie far below, and sums the autocorrelation of the columns, so that strong columns count most.

use std::collections::VecDeque;

use super::spectrum::{add_lag_sums, normalise_by_first};
use crate::types::{Complex32, Timestamp};

/// Samples per second after averaging.
pub const MAX_RATE_HZ: f64 = 20.0;
/// What is looked at: three breaths of a slow breather.
const WINDOW_SECS: f64 = 20.0;
/// Below this there is nothing to say about a rhythm.
const MIN_WINDOW_SECS: f64 = 6.0;
/// Columns that are looked at, evenly spread.
const MAX_COLUMNS: usize = 8;

/// Autocorrelation of the recent past.
#[derive(Clone, Debug)]
pub struct Rhythm {
    step_nanos: i64,
    slot_end: Option<Timestamp>,
    sum: Vec<Complex32>,
    n_in_slot: usize,
    /// One entry per slot; slots without a packet repeat the one before.
    slots: VecDeque<Vec<Complex32>>,
}

impl Rhythm {
    /// `packet_rate_hz` bounds the sampling from above, so that no slot stays empty in a regular stream.
    pub fn new(packet_rate_hz: f64) -> Self {
        let rate = MAX_RATE_HZ.min(packet_rate_hz * 0.8).max(0.5);
        Self {
            step_nanos: Timestamp::from_secs_f64(1.0 / rate).0,
            slot_end: None,
            sum: Vec::new(),
            n_in_slot: 0,
            slots: VecDeque::new(),
        }
    }

    pub fn lag_secs(&self) -> f32 {
        self.step_nanos as f32 * 1e-9
    }

    pub fn push(&mut self, time: Timestamp, columns: &[Complex32]) {
        let mut end = *self.slot_end.get_or_insert(time.plus_nanos(self.step_nanos));
        if time.since(end) > self.step_nanos * 20 {
            // A rhythm does not survive a long pause.
            self.slots.clear();
            self.sum.clear();
            self.n_in_slot = 0;
            end = time.plus_nanos(self.step_nanos);
        }
        while time >= end && end < Timestamp::MAX {
            self.close_slot();
            end = end.plus_nanos(self.step_nanos);
        }
        self.slot_end = Some(end);
        let step = columns.len().div_ceil(MAX_COLUMNS).max(1);
        let chosen = columns.iter().step_by(step);
        self.sum.resize(chosen.len(), Complex32::ZERO);
        self.sum.iter_mut().zip(chosen).for_each(|(sum, value)| *sum += value);
        self.n_in_slot += 1;
    }

    fn close_slot(&mut self) {
        let slot = if self.n_in_slot > 0 {
            self.sum.iter().map(|sum| sum / self.n_in_slot as f32).collect()
        } else {
            self.slots.back().cloned().unwrap_or_default()
        };
        self.sum.fill(Complex32::ZERO);
        self.n_in_slot = 0;
        if !slot.is_empty() {
            self.slots.push_back(slot);
        }
        while self.slots.len() as f64 * f64::from(self.lag_secs()) > WINDOW_SECS {
            self.slots.pop_front();
        }
    }

    /// Lag 0 first, up to half of what has been seen; `None` until there is enough.
    pub fn autocorrelation(&self) -> Option<Vec<f32>> {
        let n = self.slots.len();
        if (n as f64) * f64::from(self.lag_secs()) < MIN_WINDOW_SECS {
            return None;
        }
        let n_columns = self.slots.front().map_or(0, Vec::len);
        let mut sums = Vec::new();
        for column in 0..n_columns {
            let signal: Vec<Complex32> = self.slots.iter().filter_map(|slot| slot.get(column).copied()).collect();
            add_lag_sums(&signal, n / 2, &mut sums);
        }
        let acf = normalise_by_first(sums);
        (!acf.is_empty()).then_some(acf)
    }
}
