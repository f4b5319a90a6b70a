//! `simulate`: makes data where none was measured. Everything that comes out of it is SIMULATED.

pub mod chance;
pub mod radio;
mod record;
pub mod windows;
mod windows_command;

use clap::{Args, Subcommand};

/// Makes data from simulated rooms.
#[derive(Debug, Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Record(record::Options),
    Windows(windows_command::Options),
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    match &options.what {
        What::Record(options) => record::run(options),
        What::Windows(options) => windows_command::run(options),
    }
}
