//! Opening the window, or, where there is no display, doing the same job on the terminal.

use std::path::PathBuf;

use anyhow::Context as _;

use super::{headless, out};
use crate::app::{self, Options};
use crate::engine::{Command, EngineConfig};

/// Opens the window on recordings, photos and scans, or on the demo scene when there are none.
pub fn open(files: Vec<PathBuf>) -> anyhow::Result<()> {
    if !has_display() {
        out::line("no display: the same job without a window")?;
        return headless::run(&files);
    }
    let first = if files.is_empty() { vec![Command::OpenDemo] } else { app::commands_for(files.clone()) };
    match open_with(first) {
        Ok(()) => Ok(()),
        Err(error) => {
            out::line(format_args!("no window ({error:#}): the same job without one"))?;
            headless::run(&files)
        }
    }
}

/// Opens the window and obeys `commands` first.
pub fn open_with(commands: Vec<Command>) -> anyhow::Result<()> {
    anyhow::ensure!(has_display(), "no display — add --headless to run on the terminal");
    let config =
        EngineConfig { recordings_dir: recordings_dir(), verdicts_dir: verdicts_dir(), ..EngineConfig::default() };
    app::run(config, Options::default(), commands)
        .context("the window could not be opened — a graphics driver with Vulkan, Metal or DirectX 12 is needed")
}

fn has_display() -> bool {
    // Elsewhere than on X11 and Wayland systems a display is always there.
    let by_variable = cfg!(all(unix, not(target_os = "macos")));
    !by_variable
        || ["WAYLAND_DISPLAY", "DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Beside the window's settings; `None` where the system names no place for a user's data.
fn verdicts_dir() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "corporeal")?.data_dir().join("verdicts"))
}

/// The user's documents folder, or the current one.
fn recordings_dir() -> PathBuf {
    directories::UserDirs::new()
        .and_then(|dirs| dirs.document_dir().map(ToOwned::to_owned))
        .filter(|dir| dir.is_dir())
        .or_else(|| std::env::current_dir().ok())
        .unwrap_or_default()
}
