//! The thread of one live source: opens the device, polls it, puts frames on the shared time axis, tees them to the
//! recorder and hands them to the pipeline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::feed::{Feed, Item, TimedFrame};
use super::recorder::Tap;
use crate::capture::source::clocks::NodeClocks;
use crate::capture::{Batch, Error, Polled, Source, SourceId};
use crate::types::{RecordedSource, SourceState};

/// How long a poll may wait: the longest time that closing a source takes.
const POLL_TIMEOUT: Duration = Duration::from_millis(100);
/// Status texts need no more than this.
const STATUS_EVERY: Duration = Duration::from_millis(200);

/// Runs until the source ends, fails or is stopped. `open` runs here, because connecting may take seconds.
pub fn run(id: SourceId, feed: &Feed, tap: &Tap, open: impl FnOnce() -> Result<Box<dyn Source>, Error>) {
    let mut source = match open() {
        Ok(source) => source,
        Err(error) => return feed.set_state(SourceState::Failed(error.to_string())),
    };
    {
        let mut status = feed.status();
        status.label = source.label();
        status.provenance = source.provenance();
        status.state = SourceState::Running;
    }
    let recorded = Arc::new(RecordedSource { id, label: source.label(), provenance: source.provenance() });
    let mut clocks = NodeClocks::default();
    let mut batch = Batch::default();
    let mut next_status = Instant::now();
    while !feed.is_stopped() {
        let polled = source.poll(POLL_TIMEOUT, &mut batch);
        let arrival = Instant::now();
        let any_frames = !batch.frames.is_empty();
        for frame in batch.frames.drain(..) {
            let (time, clock) = clocks.align(&frame);
            let timed = TimedFrame { time, arrival: Some(arrival), clock: Some(clock), frame: Arc::new(frame) };
            tap.record(&recorded, &timed);
            feed.push_newest(Item::Frame(timed));
        }
        let state = match polled {
            Ok(Polled::Running | Polled::Idle) => SourceState::Running,
            Ok(Polled::Reconnecting(why)) => SourceState::Reconnecting(why),
            Ok(Polled::Ended) => SourceState::Ended,
            Err(error) => SourceState::Failed(error.to_string()),
        };
        let over = matches!(state, SourceState::Ended | SourceState::Failed(_));
        if over || arrival >= next_status || !batch.tally.is_empty() && !any_frames {
            next_status = arrival + STATUS_EVERY;
            let mut status = feed.status();
            status.tally.add(&std::mem::take(&mut batch.tally));
            status.clocks = clocks.health();
            status.state = state;
        }
        if any_frames || over {
            feed.wake();
        }
        if over {
            return;
        }
    }
}
