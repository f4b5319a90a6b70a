//! When to try again: soon at first, then less and less often.

use std::time::{Duration, Instant};

const FIRST_DELAY: Duration = Duration::from_millis(100);

/// Delays double from a tenth of a second to a maximum.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    delay: Duration,
    max_delay: Duration,
    due: Instant,
}

impl Backoff {
    pub fn new(max_delay: Duration) -> Self {
        Self { delay: FIRST_DELAY, max_delay, due: Instant::now() }
    }

    /// The next attempt may come soon again.
    pub fn reset(&mut self) {
        *self = Self::new(self.max_delay);
    }

    /// An attempt has failed.
    pub fn failed(&mut self) {
        self.due = Instant::now() + self.delay;
        self.delay = (self.delay * 2).min(self.max_delay);
    }

    /// Sleeps until the next attempt is due, but not longer than `timeout`; tells whether it is due.
    pub fn wait(&self, timeout: Duration) -> bool {
        let left = self.due.saturating_duration_since(Instant::now());
        std::thread::sleep(left.min(timeout));
        left <= timeout
    }
}
