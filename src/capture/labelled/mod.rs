//! Labelled recordings: the public data sets that evaluations use, and tables of users' own.
//!
//! Everything becomes [`LabelledSeries`]: amplitudes of one link with what is known of them. Data sets are read where they
//! lie; nothing of them is part of the program.

pub mod espectre;
pub mod fition;
pub mod geotec;
pub mod numpy;
pub mod table;

use std::path::PathBuf;

use crate::analytics::evaluation::split::Label;
use crate::analytics::series::AmplitudeSeries;

/// A record with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSeries {
    pub label: Label,
    pub series: AmplitudeSeries,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Array(#[from] numpy::Error),
    #[error(transparent)]
    Capture(#[from] super::Error),
    #[error("no recordings here — {hint}: {path:?}")]
    Missing { path: PathBuf, hint: &'static str },
    #[error("{reason}: {path:?}")]
    Table { path: PathBuf, reason: String },
}
