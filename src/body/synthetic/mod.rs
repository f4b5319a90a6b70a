//! Photos of bodies that are known exactly: draws a body, how it stands and what a detector would see of it.
//!
//! For measuring fitters against the truth. SIMULATED, and kind to them: the truth comes from the very model that they
//! fit ("inverse crime"), naked, with errors of the kind that they expect. Figures compare fitters; they promise nothing
//! about real photos.

pub mod case;
mod condition;
mod numpy;
pub mod outline;
mod raster;

pub use condition::Condition;
