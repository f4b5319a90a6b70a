//! Falls: from a burst of movement to an event whose evidence is kept stage by stage.
//!
//! [`features`] describes a burst, [`model`] scores it, [`threshold`] says from what score on a place raises an alarm,
//! [`chain`] collects what speaks for and against, and [`detector`] does all of it on a running link. A place that has not
//! been calibrated raises no alarm: scores do not carry over from one room to another (`models/falls/TESTED.md`).

pub mod chain;
pub mod detector;
pub mod features;
pub mod model;
pub mod threshold;

pub use detector::{Config, Detector, Unsupported};
pub use model::{Choice, FallModel};
pub use threshold::Threshold;
