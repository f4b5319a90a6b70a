//! The body studio: photos to bodies, sliders, scans, comparisons and exports, on threads of its own.
//!
//! | thread | does |
//! |---|---|
//! | `studio` | holds photos, bodies and undo; obeys commands at once; publishes `Studio` |
//! | `studio work` | one job after another: reading, networks, fits, registrations, files |

mod view;

pub use view::*;
pub use crate::types::Remark;
