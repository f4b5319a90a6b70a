//! The simulator as a source: frames appear when their host time comes, or at once for load tests.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::capture::{Batch, Error, Polled, Source, SourceId};
use crate::simulate::{Simulator, SimulatorSpec};
use crate::types::{CsiFrame, Provenance, Timestamp};

/// A source that could not run for longer than this leaves out what it missed, instead of racing after it.
const MAX_CATCH_UP: Duration = Duration::from_secs(1);
/// Frames are handed over in groups of at least this length, so that the thread sleeps between them.
const MIN_WAIT: Duration = Duration::from_millis(5);
/// Frames of one unpaced poll.
const N_UNPACED: usize = 256;

pub struct SimulatorSource {
    simulator: Simulator,
    start: Timestamp,
    pace: Pace,
    /// Made, but not yet due.
    ahead: Option<CsiFrame>,
    dropped: Duration,
}

enum Pace {
    /// As radios would: `began` is the moment of the first poll.
    RealTime { began: Option<Instant> },
    /// As fast as it is asked, up to a host time.
    Unpaced { end: Timestamp },
}

/// Opens a paced simulator; it starts now unless the spec says when.
///
/// Node numbers are those of [`Simulator::site`]: two open simulators share them, whatever their source ids.
pub fn open(spec: &SimulatorSpec, _id: SourceId) -> Box<dyn Source> {
    Box::new(SimulatorSource::new(&spec.starting(present())))
}

impl SimulatorSource {
    /// In real time from the first poll on; without a start in the spec, host times count from zero.
    pub fn new(spec: &SimulatorSpec) -> Self {
        Self::with_pace(spec, Pace::RealTime { began: None })
    }

    /// As fast as it is polled, and ends after `duration` of simulated time.
    pub fn unpaced(spec: &SimulatorSpec, duration: Duration) -> Self {
        let end = spec.start.unwrap_or(Timestamp::ZERO).plus_nanos(nanos(duration));
        Self::with_pace(spec, Pace::Unpaced { end })
    }

    fn with_pace(spec: &SimulatorSpec, pace: Pace) -> Self {
        Self {
            simulator: Simulator::new(spec),
            start: spec.start.unwrap_or(Timestamp::ZERO),
            pace,
            ahead: None,
            dropped: Duration::ZERO,
        }
    }

    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Simulated time that was left out because nobody polled.
    pub fn dropped(&self) -> Duration {
        self.dropped
    }

    /// Appends what is due at `now`; says how long it is until there is more.
    pub fn poll_at(&mut self, now: Instant, batch: &mut Batch) -> Duration {
        let Pace::RealTime { began } = &mut self.pace else { return Duration::ZERO };
        let elapsed = now.saturating_duration_since(*began.get_or_insert(now));
        let due = self.start.plus_nanos(nanos(elapsed));
        let resume = due.plus_nanos(-nanos(MAX_CATCH_UP));
        let next = self.next_time();
        if next < resume {
            self.dropped += Duration::from_nanos(resume.since(next).unsigned_abs());
            self.ahead = None;
            self.simulator.skip_to(resume);
        }
        self.take_until(due, usize::MAX, batch);
        Duration::from_nanos(self.next_time().since(due).max(0).unsigned_abs())
    }

    /// Hands over at most `n` frames with host times up to `due`.
    fn take_until(&mut self, due: Timestamp, n: usize, batch: &mut Batch) {
        for _ in 0..n {
            if self.next_time() > due {
                return;
            }
            let Some(frame) = self.ahead.take() else { return };
            batch.tally.count_frame(&frame);
            batch.frames.push(frame);
        }
    }

    /// When the next frame arrives.
    fn next_time(&mut self) -> Timestamp {
        let simulator = &mut self.simulator;
        self.ahead.get_or_insert_with(|| simulator.next_frame()).host_time.unwrap_or(self.start)
    }
}

impl Source for SimulatorSource {
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        let n_before = batch.frames.len();
        if let Pace::Unpaced { end } = self.pace {
            self.take_until(end, N_UNPACED, batch);
            return Ok(if batch.frames.len() > n_before { Polled::Running } else { Polled::Ended });
        }
        let wait = self.poll_at(Instant::now(), batch);
        if batch.frames.len() > n_before {
            return Ok(Polled::Running);
        }
        std::thread::sleep(wait.max(MIN_WAIT).min(timeout));
        self.poll_at(Instant::now(), batch);
        Ok(if batch.frames.len() > n_before { Polled::Running } else { Polled::Idle })
    }

    fn provenance(&self) -> Provenance {
        Provenance::Simulated
    }

    fn label(&self) -> String {
        let spec = self.simulator.spec();
        let plural = if spec.n_links == 1 { "" } else { "s" };
        format!("Simulator ({} link{plural}, {} Hz)", spec.n_links, spec.rate_hz)
    }
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn present() -> Timestamp {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(Timestamp::ZERO, |since| Timestamp(nanos(since)))
}
