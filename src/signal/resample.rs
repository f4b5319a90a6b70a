//! Packets at irregular times onto a uniform grid, with gaps marked instead of bridged.
//!
//! Goes in: rows of complex values at ascending times. Comes out: rows on the grid, linearly interpolated, or `None`
//! where the neighbours lie further apart than the allowed gap. Does not filter: choose the grid near the packet rate.

use crate::types::{Complex32, NANOS_PER_SEC, Timestamp};

/// Puts a running stream onto a grid that starts at its first row.
#[derive(Clone, Debug)]
pub struct GridResampler {
    rate_hz: f64,
    max_gap_nanos: i64,
    origin: Option<Timestamp>,
    /// Number of the next grid point.
    next: i64,
    last: Option<(Timestamp, Vec<Complex32>)>,
    row: Vec<Complex32>,
}

/// After a longer gap the grid is not filled with invalid points any more: it goes on at the next row.
const MAX_FILLED_NANOS: i64 = 2 * NANOS_PER_SEC;

impl GridResampler {
    pub fn new(rate_hz: f64, max_gap_secs: f64) -> Self {
        Self {
            rate_hz: rate_hz.max(1e-3),
            max_gap_nanos: Timestamp::from_secs_f64(max_gap_secs).0,
            origin: None,
            next: 0,
            last: None,
            row: Vec::new(),
        }
    }

    /// Takes a row and hands out every grid point up to its time. A row that is not later than the last is left out.
    pub fn push(&mut self, time: Timestamp, row: &[Complex32], mut sink: impl FnMut(Timestamp, Option<&[Complex32]>)) {
        let origin = *self.origin.get_or_insert(time);
        let Some((last_time, last_row)) = &mut self.last else {
            self.last = Some((time, row.to_vec()));
            self.next = 1;
            sink(time, Some(row));
            return;
        };
        let interval = time.since(*last_time);
        if interval <= 0 {
            return;
        }
        let bridged = interval <= self.max_gap_nanos;
        let fill_until = last_time.plus_nanos(if bridged { interval } else { interval.min(MAX_FILLED_NANOS) });
        loop {
            let at = origin.plus_nanos((self.next as f64 / self.rate_hz * NANOS_PER_SEC as f64).round() as i64);
            // At the end of time the grid point saturates and would never pass the row.
            if at > time || at == Timestamp::MAX {
                break;
            }
            if bridged || at == time {
                let share = at.since(*last_time) as f32 / interval as f32;
                self.row.clear();
                self.row.extend(last_row.iter().zip(row).map(|(a, b)| a + (b - a) * share));
                sink(at, Some(&self.row));
            } else if at <= fill_until {
                sink(at, None);
            } else {
                // Long silence: the first grid point at or after this row comes next.
                let elapsed_secs = time.secs_since(origin);
                self.next = self.next.max((elapsed_secs * self.rate_hz).floor() as i64);
            }
            self.next += 1;
        }
        *last_time = time;
        last_row.clear();
        last_row.extend_from_slice(row);
    }
}

/// A stretch on a uniform grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uniform {
    pub times: Vec<Timestamp>,
    /// Rows one after the other; invalid rows hold zeros.
    pub rows: Vec<Complex32>,
    pub valid: Vec<bool>,
}

/// Resamples a whole stretch; `rows` holds `width` values for each of `times`.
pub fn resample(times: &[Timestamp], rows: &[Complex32], width: usize, rate_hz: f64, max_gap_secs: f64) -> Uniform {
    let mut uniform = Uniform::default();
    let mut resampler = GridResampler::new(rate_hz, max_gap_secs);
    for (&time, row) in times.iter().zip(rows.chunks_exact(width.max(1))) {
        resampler.push(time, row, |at, row| {
            uniform.times.push(at);
            uniform.valid.push(row.is_some());
            match row {
                Some(row) => uniform.rows.extend_from_slice(row),
                None => uniform.rows.extend(std::iter::repeat_n(Complex32::ZERO, width)),
            }
        });
    }
    uniform
}
