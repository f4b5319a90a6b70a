//! The body studio: photos to bodies, sliders, scans, comparisons and exports, on threads of its own.
//!
//! | thread | does |
//! |---|---|
//! | `studio` | holds photos, bodies and undo; obeys commands at once; publishes [`Studio`] |
//! | `studio work` | one job after another: reading, networks, fits, registrations, files |
//!
//! The command line calls the same steps one by one, without the threads.

mod batch;
mod bodies;
mod compare;
pub mod figures;
mod fitting;
pub(super) mod handle;
mod history;
mod keeper;
mod library;
mod looking;
mod posing;
mod scans;
mod view;
mod work;
mod writing;

pub use bodies::{Entry, file_name};
pub use fitting::fit_photos;
pub use library::{BodyModel, Library, SharedModel};
pub use looking::{choose, look_at, models_view, people, photo_view, read_photo};
pub use scans::{lay_on, sentence as scan_sentence};
pub use view::*;
pub use writing::{format_of, write_body, write_sheet};

pub use crate::types::Remark;
