//! What a detector is worth, and what of it the movement explains.
//!
//! Pure: labelled records in, tables out. [`falls`] is the protocol for falls; its three controls see no movement, the
//! stretch with its burst cut out, and nothing but times. A score counts as evidence only above all of them
//! ([`verdict`]).

pub mod bootstrap;
pub mod controls;
pub mod falls;
pub mod metrics;
pub mod split;
pub mod verdict;
