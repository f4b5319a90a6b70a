//! What the window needs from outside: where data comes from, where wishes go, where files go.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{Command, Snapshot};
use crate::types::Timestamp;

/// Where the window gets its data and sends its wishes.
pub struct Backend {
    pub snapshot: Box<dyn Fn() -> Arc<Snapshot>>,
    pub send: Box<dyn FnMut(Command)>,
    /// The wall clock, for how long ago a live link was heard.
    pub now: Box<dyn Fn() -> Timestamp>,
}

/// What is decided before the window opens.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where screenshots go; `None` takes the user's pictures folder.
    pub screenshot_folder: Option<PathBuf>,
    /// Neither reads nor writes remembered settings.
    pub forget: bool,
}
