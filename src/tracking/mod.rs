//! From detections to people: who is where, and is it the same one as before.
//!
//! Pure: no clock, no I/O, no threads. [`Tracker`] follows people live, [`smooth`] does it afterwards with the future
//! known too; [`zones`], [`occupancy`] and [`summary`] turn tracks into what a house wants to know; [`score`] and
//! [`trial`] say how good all of it is, beside plain trackers ([`baseline`]).

pub mod assign;
pub mod baseline;
mod config;
mod facing;
mod identity;
mod inside;
mod limbs;
mod lost;
mod motion;
pub mod occupancy;
mod person;
mod profile;
pub mod score;
mod smooth;
pub mod summary;
mod tracker;
pub mod trial;
pub mod zones;

pub use config::TrackerConfig;
pub use inside::probability_inside;
pub use smooth::{WayPoint, smooth};
pub use tracker::{Surroundings, Tracker, TrackerCounts};
