//! The sources themselves.

pub mod simulator;
