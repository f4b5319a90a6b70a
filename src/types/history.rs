//! The recent past of a stream as rows in time order, cheap to share with readers.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Span, Timestamp};

/// Rows per shared block: what a snapshot may have to copy when the pipeline goes on writing.
const ROWS_PER_BLOCK: usize = 64;

/// A bounded, append-only table of rows of equal width, each at a time.
///
/// Cloning copies a list of `Arc`s, never the rows, so a snapshot of it is a picture that never changes.
/// Rows are numbered from the first ever pushed, so a reader knows which ones are new to it.
#[derive(Clone, Debug, Default)]
pub struct Rows<T> {
    width: usize,
    max_rows: usize,
    /// Number of the oldest row that is still here.
    first_row: u64,
    n_rows: usize,
    blocks: VecDeque<Arc<Block<T>>>,
}

#[derive(Clone, Debug, Default)]
struct Block<T> {
    times: Vec<Timestamp>,
    values: Vec<T>,
}

/// One row: its number since the start, its time and its values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a, T> {
    pub number: u64,
    pub time: Timestamp,
    pub values: &'a [T],
}

impl<T: Copy> Rows<T> {
    /// Keeps at least the newest `max_rows` rows, and at most one block more.
    pub fn new(width: usize, max_rows: usize) -> Self {
        Self { width, max_rows, first_row: 0, n_rows: 0, blocks: VecDeque::new() }
    }

    /// Appends a row; a row of the wrong width is refused and answers `false`.
    pub fn push(&mut self, time: Timestamp, values: &[T]) -> bool {
        if values.len() != self.width {
            return false;
        }
        if self.blocks.back().is_none_or(|block| block.times.len() >= ROWS_PER_BLOCK) {
            self.blocks.push_back(Arc::new(Block {
                times: Vec::with_capacity(ROWS_PER_BLOCK),
                values: Vec::with_capacity(ROWS_PER_BLOCK * self.width),
            }));
        }
        let last = self.blocks.back_mut().map(|block| {
            // A snapshot may hold the open block: then it is copied with room to go on.
            if Arc::get_mut(block).is_none() {
                let mut copy = Block {
                    times: Vec::with_capacity(ROWS_PER_BLOCK),
                    values: Vec::with_capacity(ROWS_PER_BLOCK * values.len()),
                };
                copy.times.extend_from_slice(&block.times);
                copy.values.extend_from_slice(&block.values);
                *block = Arc::new(copy);
            }
            block
        });
        if let Some(block) = last.and_then(Arc::get_mut) {
            block.times.push(time);
            block.values.extend_from_slice(values);
            self.n_rows += 1;
        }
        while let Some(oldest) = self.blocks.front() {
            let n_oldest = oldest.times.len();
            if self.n_rows < self.max_rows + n_oldest {
                break;
            }
            self.n_rows -= n_oldest;
            self.first_row += n_oldest as u64;
            self.blocks.pop_front();
        }
        true
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn len(&self) -> usize {
        self.n_rows
    }

    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// Number of the oldest row kept.
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// Number that the next row will get.
    pub fn end_row(&self) -> u64 {
        self.first_row + self.n_rows as u64
    }

    pub fn span(&self) -> Option<Span> {
        let start = *self.blocks.front()?.times.first()?;
        let end = *self.blocks.back()?.times.last()?;
        Some(Span::new(start, end))
    }

    pub fn last(&self) -> Option<Row<'_, T>> {
        self.get(self.end_row().checked_sub(1)?)
    }

    pub fn get(&self, number: u64) -> Option<Row<'_, T>> {
        let at = usize::try_from(number.checked_sub(self.first_row)?).ok()?;
        let block = self.blocks.get(at / ROWS_PER_BLOCK)?;
        let in_block = at % ROWS_PER_BLOCK;
        let time = *block.times.get(in_block)?;
        Some(Row { number, time, values: &block.values[in_block * self.width..(in_block + 1) * self.width] })
    }

    /// All rows from number `from` on (or from the oldest kept), in order.
    pub fn iter_from(&self, from: u64) -> impl Iterator<Item = Row<'_, T>> + '_ {
        (from.max(self.first_row)..self.end_row()).filter_map(|number| self.get(number))
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Row<'_, T>> + '_ {
        (self.first_row..self.end_row()).filter_map(|number| self.get(number))
    }

    /// Number of the first row at or after `t`; `end_row` where there is none. Times must ascend.
    pub fn row_at(&self, t: Timestamp) -> u64 {
        let (mut low, mut high) = (self.first_row, self.end_row());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle) {
                Some(row) if row.time < t => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(n: u64) -> Rows<u64> {
        let mut rows = Rows::new(2, 100);
        for i in 0..n {
            assert!(rows.push(Timestamp(i as i64), &[i, i * 2]));
        }
        rows
    }

    #[test]
    fn old_rows_leave_in_whole_blocks_and_numbers_go_on() {
        let rows = filled(1_000);
        assert_eq!(rows.end_row(), 1_000);
        assert!((100..100 + 2 * ROWS_PER_BLOCK).contains(&rows.len()));
        let numbers: Vec<_> = rows.iter().map(|row| row.values[0]).collect();
        assert_eq!(numbers, (rows.first_row()..1_000).collect::<Vec<_>>());
        assert_eq!(rows.get(rows.first_row().saturating_sub(1)), None);
    }

    #[test]
    fn a_clone_never_changes() {
        let mut rows = filled(70);
        let before = rows.clone();
        rows.push(Timestamp(70), &[70, 140]);
        assert_eq!((before.len(), rows.len()), (70, 71));
        assert_eq!(before.last().map(|row| row.number), Some(69));
    }

    #[test]
    fn a_time_finds_its_row() {
        let rows = filled(90);
        assert_eq!(rows.row_at(Timestamp(42)), 42);
        assert_eq!(rows.row_at(Timestamp(-5)), 0);
        assert_eq!(rows.row_at(Timestamp(1_000)), 90);
        let mut rows = rows;
        assert!(!rows.push(Timestamp(91), &[1]), "a row of the wrong width");
    }
}
