//! The time slots of a waterfall in memory: which stretch of a table is held, and what of it has changed.
//!
//! Slot `n` covers the time from `n * slot_nanos` on and lives in row `n mod n_slots`, so that the picture's time axis is
//! even however unevenly rows came. Pure: the GPU's copy is made by [`super::Waterfall`].

use std::ops::Range;

use crate::types::{Rows, Span, Timestamp};

use super::waterfall::Texel;

pub struct Ring<T> {
    n_bins: usize,
    n_slots: i64,
    slot_nanos: i64,
    values: Vec<T>,
    /// The slots that are held, at most `n_slots` of them.
    held: Range<i64>,
    newest_time: Timestamp,
    /// Number of the first row of the table that has not been looked at.
    next_row: u64,
    /// Slots written since they were last taken.
    changed: Range<i64>,
}

impl<T: Texel> Ring<T> {
    pub fn new(n_bins: usize, n_slots: usize, slot_nanos: i64) -> Self {
        Self {
            n_bins,
            n_slots: n_slots as i64,
            slot_nanos: slot_nanos.max(1),
            values: vec![T::GAP; n_bins * n_slots],
            held: 0..0,
            newest_time: Timestamp::ZERO,
            next_row: 0,
            changed: 0..0,
        }
    }

    pub fn clear(&mut self) {
        (self.held, self.changed, self.next_row) = (0..0, 0..0, 0);
    }

    pub fn held(&self) -> Range<i64> {
        self.held.clone()
    }

    /// A time in slots, counted from `slot`; a fraction, and exact however large the timestamps are.
    pub fn slots_since(&self, time: Timestamp, slot: i64) -> f64 {
        let nanos = i128::from(time.0) - i128::from(slot) * i128::from(self.slot_nanos);
        nanos as f64 / self.slot_nanos as f64
    }

    /// Row of the ring that a slot lives in.
    pub fn ring_row(&self, slot: i64) -> usize {
        slot.rem_euclid(self.n_slots) as usize
    }

    /// Takes over what `window` needs of `rows`; answers how many rows were read.
    pub fn sync(&mut self, rows: &Rows<T>, columns: &[usize], hold_nanos: i64, window: Span) -> usize {
        let Some(all) = rows.span() else {
            self.clear();
            return 0;
        };
        let (data_start, data_end) = (self.slot(all.start), self.slot(all.end));
        let window_end = self.slot(window.end).min(data_end);
        // Of a window that is longer than the ring, the newest part.
        let window_start = self.slot(window.start).max(data_start).max(window_end - self.n_slots + 1);
        let started_anew = rows.end_row() < self.next_row;
        let scrolled_back = window_start < self.held.start && window_start <= data_end;
        let jumped_ahead = window_start > self.held.end + self.n_slots;
        if self.held.is_empty() || started_anew || scrolled_back || jumped_ahead {
            self.clear();
            // Some slots to the left, so that scrolling back a little needs nothing new.
            let slack = (self.n_slots - (window_end - window_start).clamp(0, self.n_slots)) / 4;
            let start = (window_start - slack).max(window_end - self.n_slots + 1);
            // One row earlier, because it may stand up to the first.
            self.next_row = rows.row_at(Timestamp(start.saturating_mul(self.slot_nanos))).saturating_sub(1);
        }
        let mut n_read = 0;
        for row in rows.iter_from(self.next_row) {
            let slot = self.slot(row.time);
            // Further rows would push out what the window shows: they wait until it moves.
            if slot > window_end && slot - self.n_slots >= window_start {
                break;
            }
            self.put(slot, row.time, row.values, columns, hold_nanos);
            self.next_row = row.number + 1;
            n_read += 1;
        }
        n_read
    }

    /// The rows of the ring that have changed since the last call, as contiguous runs with their values.
    pub fn take_changes(&mut self) -> Vec<(usize, &[T])> {
        let changed = self.changed.start.max(self.held.start)..self.changed.end;
        self.changed = 0..0;
        if changed.is_empty() {
            return Vec::new();
        }
        let (first, last) = (self.ring_row(changed.start), self.ring_row(changed.end - 1));
        let run = |from: usize, to: usize| (from, &self.values[from * self.n_bins..to * self.n_bins]);
        if first <= last {
            vec![run(first, last + 1)]
        } else {
            vec![run(first, self.n_slots as usize), run(0, last + 1)]
        }
    }

    fn slot(&self, time: Timestamp) -> i64 {
        time.0.div_euclid(self.slot_nanos)
    }

    fn put(&mut self, slot: i64, time: Timestamp, row: &[T], columns: &[usize], hold_nanos: i64) {
        if self.held.is_empty() {
            self.held = slot..slot;
        } else if slot + 1 < self.held.end {
            // Tables ascend; a row out of order has no place.
            return;
        } else {
            let source = (time.since(self.newest_time) <= hold_nanos).then_some(self.held.end - 1);
            for between in self.held.end.max(slot - self.n_slots)..slot {
                self.copy_slot(source, between);
            }
        }
        let at = self.place(slot);
        for (bin, value) in self.values[at].iter_mut().enumerate() {
            let column = columns.get(bin).and_then(|&column| row.get(column)).copied();
            *value = column.filter(|value| value.is_finite()).unwrap_or(T::GAP);
        }
        let first_changed = if self.changed.is_empty() { slot.min(self.held.end) } else { self.changed.start };
        self.changed = first_changed..slot + 1;
        self.held = self.held.start.max(slot + 1 - self.n_slots)..slot + 1;
        self.newest_time = time;
    }

    /// Lets a slot repeat another one's values, or makes it a gap.
    fn copy_slot(&mut self, source: Option<i64>, slot: i64) {
        let to = self.place(slot);
        match source.map(|source| self.place(source)) {
            Some(from) => self.values.copy_within(from, to.start),
            None => self.values[to].fill(T::GAP),
        }
    }

    fn place(&self, slot: i64) -> Range<usize> {
        let row = self.ring_row(slot);
        row * self.n_bins..(row + 1) * self.n_bins
    }
}
