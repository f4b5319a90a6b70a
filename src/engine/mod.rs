//! The only module that spawns threads: wires sources to the pipeline, runs jobs, owns the [`Snapshot`], obeys [`Command`]s.

mod command;
mod snapshot;

pub use command::{Command, RecordingSpec};
pub use snapshot::{
    JobView, LinkView, Notice, NoticeLevel, PlaybackView, RecordingView, Snapshot, SourceView, Timeline,
};
