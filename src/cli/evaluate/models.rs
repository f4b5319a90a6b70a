//! `evaluate models`: versions of the network that sees people, side by side on one recording.

use std::path::PathBuf;

use super::super::{out, progress};
use super::conduct::{interrupt_flag, steps};
use crate::engine::evaluation::models::{Settings, run as measure};

/// Asks one or more versions of the network who is where in a recording, and compares what they say.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate models room.mcap
  corporeal evaluate models room.mcap --against my-models

The recording must say in which room it was made. Where it knows who truly was where (simulated recordings do), the errors stand
beside those of guessing the room's centre; else the versions are held against each other only. A version is a folder with a
models.toml that names a network of the role radio_pose and its description.")]
pub struct Options {
    /// A recording of this program (.mcap).
    recording: PathBuf,
    /// Folders of other versions; the installed one comes first.
    #[arg(long, value_name = "FOLDER", num_args = 1..=4)]
    against: Vec<PathBuf>,
    /// Print JSON with every look.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let others = options.against.iter().cloned().map(Some);
    let models = std::iter::once(None).chain(others).collect();
    let settings = Settings { recording: options.recording.clone(), models };
    let outcome = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let outcome = outcome?;
    if options.json {
        return out::line(serde_json::to_string_pretty(&outcome)?);
    }
    out::line(outcome.report().text())
}
