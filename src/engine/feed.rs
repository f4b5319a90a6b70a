//! The way from one source's thread to the pipeline: a bounded queue, and what the source says of itself.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::Sender;
use crossbeam_queue::ArrayQueue;

use crate::types::{ClockHealth, CsiFrame, NodeId, Provenance, Site, SourceState, Tally, Timestamp};

/// Two and a half seconds at 8 links of 200 frames/s: enough for a hiccup, and never far from the present.
const FEED_CAPACITY: usize = 4_096;

/// What flows to the pipeline, in order.
#[derive(Debug)]
pub enum Item {
    Frame(TimedFrame),
    /// The source jumps: everything computed from its earlier frames is void.
    Reset,
}

/// A frame on the shared time axis.
#[derive(Clone, Debug)]
pub struct TimedFrame {
    pub time: Timestamp,
    /// When the program got it, for the latency figure; `None` for replayed frames, which were never late.
    pub arrival: Option<Instant>,
    pub clock: Option<ClockHealth>,
    /// Shared with the recorder.
    pub frame: Arc<CsiFrame>,
}

/// What a source's thread tells about its source.
#[derive(Clone, Debug)]
pub struct Status {
    pub state: SourceState,
    pub provenance: Provenance,
    pub label: String,
    pub tally: Tally,
    pub clocks: Vec<(NodeId, ClockHealth)>,
    /// The place that its data come from, where the source knows it.
    pub site: Option<Arc<Site>>,
}

/// One source's queue and status, shared by its thread and the pipeline.
pub struct Feed {
    queue: ArrayQueue<Item>,
    n_dropped: AtomicU64,
    stop: AtomicBool,
    status: Mutex<Status>,
    /// Wakes the pipeline; holds at most one token.
    wake: Sender<()>,
}

impl Feed {
    pub fn new(label: String, provenance: Provenance, wake: Sender<()>) -> Self {
        let state = SourceState::Starting;
        let status = Status { state, provenance, label, tally: Tally::default(), clocks: Vec::new(), site: None };
        Self {
            queue: ArrayQueue::new(FEED_CAPACITY),
            n_dropped: AtomicU64::new(0),
            stop: AtomicBool::new(false),
            status: Mutex::new(status),
            wake,
        }
    }

    /// Never blocks: a full queue gives up its oldest item, because a live view wants the present.
    pub fn push_newest(&self, item: Item) {
        if self.queue.force_push(item).is_some() {
            self.n_dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Hands the item back when the queue is full: a replay can wait, and loses nothing.
    pub fn push_waiting(&self, item: Item) -> Result<(), Item> {
        self.queue.push(item)
    }

    pub fn pop(&self) -> Option<Item> {
        self.queue.pop()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Tells the pipeline that there is something to do.
    pub fn wake(&self) {
        // A token that is already there wakes it just as well; a pipeline that has gone needs no waking.
        self.wake.try_send(()).ok();
    }

    pub fn n_dropped(&self) -> u64 {
        self.n_dropped.load(Ordering::Relaxed)
    }

    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The status, for a short look or change. A thread that panicked while holding it left plain data behind.
    pub fn status(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_state(&self, state: SourceState) {
        self.status().state = state;
        self.wake();
    }
}
