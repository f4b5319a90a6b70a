//! The overview strip of a live session: one bucket a second, the last hour.

use std::collections::VecDeque;

use super::Timeline;
use crate::types::{NANOS_PER_SEC, Span, Timestamp};

const MAX_BUCKETS: usize = 3_600;
/// A stretch without any frame is a gap from this length on.
pub const GAP_NANOS: i64 = NANOS_PER_SEC / 2;

#[derive(Default)]
pub struct LiveTimeline {
    start: Option<Timestamp>,
    last: Timestamp,
    density: VecDeque<u32>,
    activity: VecDeque<Option<f32>>,
    gaps: VecDeque<Span>,
}

impl LiveTimeline {
    /// Counts a frame of any source.
    pub fn push(&mut self, time: Timestamp) {
        let Some(start) = self.start else {
            self.start = Some(time);
            self.last = time;
            self.density.push_back(1);
            self.activity.push_back(None);
            return;
        };
        if time.since(self.last) > GAP_NANOS {
            self.gaps.push_back(Span::new(self.last, time));
        }
        self.last = self.last.max(time);
        let Ok(bucket) = usize::try_from(time.since(start) / NANOS_PER_SEC) else { return };
        if bucket >= self.density.len() + MAX_BUCKETS {
            // The clock jumped by more than the strip is long: it starts again.
            *self = Self::default();
            return self.push(time);
        }
        while self.density.len() <= bucket {
            self.density.push_back(0);
            self.activity.push_back(None);
        }
        if let Some(count) = self.density.get_mut(bucket) {
            *count += 1;
        }
        self.trim();
    }

    /// Notes how much moves now.
    pub fn note_motion(&mut self, motion: f32) {
        if let Some(bucket) = self.activity.back_mut() {
            *bucket = Some(bucket.map_or(motion, |largest| largest.max(motion)));
        }
    }

    pub fn timeline(&self) -> Timeline {
        Timeline {
            span: self.start.map(|start| Span::new(start, start.plus_nanos(self.density.len() as i64 * NANOS_PER_SEC))),
            density: self.density.iter().copied().collect(),
            activity: self.activity.iter().copied().collect(),
            gaps: self.gaps.iter().copied().collect(),
        }
    }

    fn trim(&mut self) {
        while self.density.len() > MAX_BUCKETS {
            self.density.pop_front();
            self.activity.pop_front();
            self.start = self.start.map(|start| start.plus_nanos(NANOS_PER_SEC));
        }
        while self.gaps.front().zip(self.start).is_some_and(|(gap, start)| gap.end < start) {
            self.gaps.pop_front();
        }
    }
}
