//! Trials: people walking in a simulated room, a detector with the faults of radio, and trackers judged on the same frames.
//!
//! SIMULATED throughout. Seeds below [`FIRST_UNTOUCHED_SEED`] were looked at while the tracker was built; figures to quote
//! come from the others.

mod detector;
mod dice;
mod scenario;
mod walk;

pub use detector::DetectorSpec;
pub use scenario::{Method, Outcome, REACH_M, SETTLED_SECS, Scenario, TrialFrame, TrialSpec, evaluate, scenario};

/// From here on no seed was looked at during development.
pub const FIRST_UNTOUCHED_SEED: u64 = 1_000;
