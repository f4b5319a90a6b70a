//! `evaluate activity`: how well activities are named ten and twenty minutes after what was learned from.

use std::path::PathBuf;

use super::super::{out, progress};
use super::conduct::{interrupt_flag, steps};
use crate::engine::evaluation::activity::{Settings, run as measure};

/// Names activities in the GEOTEC recordings: learns from D1, tests on D2 and D3.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate activity ../shared/data/csi/geotec

The widths of time that are looked at are chosen inside D1, by runs left out. Every run follows one script, so the control
`place in the run` says how far a clock alone would go.")]
pub struct Options {
    /// The folder that holds D1, D2 and D3.
    data: PathBuf,
    /// Seed of the trees.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let settings = Settings { data: options.data.clone(), seed: options.seed };
    let outcome = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let outcome = outcome?;
    if options.json {
        return out::line(serde_json::to_string_pretty(&outcome.parts)?);
    }
    out::line(outcome.report().text())
}
