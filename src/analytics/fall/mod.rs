//! Falls: from a burst of movement to an event whose evidence is kept stage by stage.
//!
//! [`features`] describes a burst, [`model`] scores it, [`threshold`] says from what score on a place raises an alarm,
//! [`chain`] collects what speaks for and against, and [`detector`] does all of it on a running link; [`room`] judges what
//! several links saw of one moment, [`learning`] sets its threshold and [`refit`] learns from verdicts. [`descent`] and
//! [`descent_watch`] judge the height of a person whom the pose network follows instead. A place that has not
//! been calibrated raises no alarm: scores do not carry over from one room to another (`models/falls/TESTED.md`).

pub mod chain;
mod cool_down;
pub mod descent;
mod descent_look;
mod descent_stages;
pub mod descent_watch;
pub mod detector;
pub mod evidence;
pub mod features;
pub mod learning;
pub mod model;
pub mod refit;
pub mod room;
pub mod threshold;

pub use descent::{Descent, DescentModel, Sight};
pub use descent_look::DescentLook;
pub use descent_watch::{DescentUnsupported, DescentWatch};
pub use detector::{Config, Detector, Unsupported};
pub use evidence::{LinkEvidence, RoomEvidence};
pub use learning::Learning;
pub use model::{Choice, FallModel};
pub use refit::{Labelled, Refitted, refit};
pub use room::{Alarms, Judged, Origin, Room, RoomModel};
pub use threshold::Threshold;
