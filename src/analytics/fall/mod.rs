//! Falls.
pub mod features;
