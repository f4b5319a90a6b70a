//! What may be shown of a pose, and whether it can be a person's at all.
//!
//! Pure. [`shown`] says how much of a pose the evidence carries: a disc and a word, a direction and a template, or a
//! skeleton whose parts are drawn, greyed or left out. [`limits`] draws joints back to what bones allow.

pub mod limits;
pub mod shown;

pub use limits::limited;
pub use shown::{Evidence, Part, Refusal, Shown, shown};
