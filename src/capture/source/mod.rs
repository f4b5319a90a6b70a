//! The sources themselves.

pub mod simulator;
pub mod clocks;
pub mod file;
