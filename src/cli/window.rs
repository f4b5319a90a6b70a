//! Opening the window, or, where there is no display, doing the same job on the terminal.

use std::path::PathBuf;

use crate::engine::Command;

/// Opens the window on recordings, or on the demo scene when there are none.
pub fn open(files: Vec<PathBuf>) -> anyhow::Result<()> {
    let first = if files.is_empty() { Command::OpenDemo } else { Command::Open(files) };
    open_with(vec![first])
}

/// Opens the window and obeys `commands` first.
pub fn open_with(commands: Vec<Command>) -> anyhow::Result<()> {
    let _ = commands;
    anyhow::bail!("no window yet")
}
