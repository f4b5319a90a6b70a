//! Landmarks, outline and what the user knows to measurements, an Anny phenotype, a pose and a mesh.
//!
//! Pure: no clock, no I/O, no threads. The model's arrays come in as bytes.
//!
//! Frames: a body stands in metres, z up, facing -y, its left towards +x, the root bone at the origin. A camera sits at
//! its own origin and looks along +y, x to the right, z up, so an unrotated body at `(0, d, 0)` faces it.

pub mod drive;
pub mod evidence;
pub mod fit;
pub mod measure;
pub mod model;
pub mod register;
pub mod silhouette;
pub mod synthetic;

pub use model::{AnnyModel, BodyJacobian, Coefficients, LoadError, Posed, Shape};
