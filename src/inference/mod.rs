//! ONNX networks behind one trait, on native ONNX Runtime or on tract; manifest and hash check.
//!
//! Photos in, observations out: [`Models`] loads what is asked for, [`observe`] fills an
//! [`Observation`](crate::types::Observation); windows of radio in, answers about people out ([`RadioPose`]). Knows nothing of bodies, files of photos, or windows.
//! The modules of the single networks are public for tests, benchmarks and later callers.

mod candidates;
mod cutout;
mod engine;
mod error;
mod folder;
mod library;
mod manifest;
mod models;
mod native;
mod observe;
mod parts;
mod pure;
mod refine;
mod resize;
mod role;
mod session;
mod tensor;

pub mod depth;
pub mod face;
pub mod hand;
pub mod identity;
pub mod matte;
pub mod objects;
pub mod people;
pub mod pose;
pub mod radio;
pub mod ssd;
pub mod warp;

pub use engine::{EngineChoice, EngineInfo};
pub use error::Error;
pub use folder::{MODELS_VARIABLE, detectors, sha256};
pub use library::LIBRARY_VARIABLE;
pub use manifest::{DepthConvention, Detector, DetectorKind, Entry, Manifest};
pub use models::{ModelInfo, ModelState, Models, Options, user_models_folder};
pub use native::NO_TELEMETRY_VARIABLE;
pub use observe::observe;
pub use radio::RadioPose;
pub use role::Role;
pub use tensor::{ElementType, Elements, Model, Port, Tensor};
