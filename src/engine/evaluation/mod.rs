//! The evaluation harness as the command line and the window run it: a [`Task`] in, a [`Report`] out.
//!
//! The protocols are those of [`crate::analytics::evaluation`] and [`crate::tracking::trial`]; here recordings are read,
//! progress is told, and outcomes become tables, so that a figure on the terminal and one in the window are the same.

pub mod activity;
pub mod compared;
pub mod data;
pub mod falls;
mod job;
pub mod masking;
pub mod models;
pub mod presence;
mod report;
pub mod statistics;
pub mod tracking;

use std::path::{Path, PathBuf};

pub use job::{Evaluation, State};
pub(super) use job::{Evaluations, Told, spawn};
pub use report::{Cell, Plot, Report, Row, RowKind, Table};

use crate::capture::labelled;

/// Told how much is done (0..=1, `None` while unknown) and what is being done; answers whether to go on.
pub type GoOn<'a> = &'a mut dyn FnMut(Option<f32>, &str) -> bool;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Data(#[from] labelled::Error),
    #[error("{0}")]
    Unfit(String),
    #[error("stopped before anything was measured")]
    Cancelled,
}

/// What to evaluate, on what.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    Falls(falls::Settings),
    Presence(presence::Settings),
    Activity(activity::Settings),
    Masking(masking::Settings),
    Models(models::Settings),
    Tracking(tracking::Settings),
}

impl Task {
    pub fn label(&self) -> &'static str {
        match self {
            Self::Falls(_) => "Falls",
            Self::Presence(_) => "Presence",
            Self::Activity(_) => "Activity",
            Self::Masking(_) => "Masking",
            Self::Models(_) => "People",
            Self::Tracking(_) => "Tracking",
        }
    }

    /// The recordings it reads; `None` where it simulates.
    pub fn data(&self) -> Option<&Path> {
        match self {
            Self::Falls(settings) => Some(&settings.data),
            Self::Presence(settings) => Some(&settings.data),
            Self::Activity(settings) => Some(&settings.data),
            Self::Masking(settings) => Some(&settings.data),
            Self::Models(settings) => Some(&settings.recording),
            Self::Tracking(_) => None,
        }
    }
}

/// Runs a task to its end, or to where `go_on` says stop: then what has been measured is reported, and said to be partial.
pub fn run(task: &Task, go_on: GoOn<'_>) -> Result<Report, Error> {
    match task {
        Task::Falls(settings) => falls::run(settings, go_on).map(|outcome| outcome.report()),
        Task::Presence(settings) => {
            presence::run(settings, go_on).map(|outcomes| presence::report(settings, &outcomes))
        }
        Task::Activity(settings) => activity::run(settings, go_on).map(|outcome| outcome.report()),
        Task::Masking(settings) => masking::run(settings, go_on).map(|sessions| masking::report(settings, &sessions)),
        Task::Models(settings) => models::run(settings, go_on).map(|outcome| outcome.report()),
        Task::Tracking(settings) => tracking::run(settings, go_on).map(|groups| tracking::report(settings, &groups)),
    }
}

/// The last part of a path, for titles: folders above it are nobody's business.
fn name_of(path: &Path) -> String {
    let last: PathBuf = path.components().next_back().iter().collect();
    last.display().to_string()
}
