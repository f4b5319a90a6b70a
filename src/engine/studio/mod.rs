//! The body studio: photos to bodies, sliders, scans, comparisons and exports, on threads of its own.

mod view;

pub use view::*;
