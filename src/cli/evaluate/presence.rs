//! `evaluate presence`: whether movement is told from quiet on every chip with one setting.

use std::path::PathBuf;

use super::super::{out, progress};
use super::conduct::{interrupt_flag, steps};
use crate::engine::evaluation::presence::{Settings, report, run as measure};

/// Tells movement from quiet, after a few quiet seconds of each link.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate presence ../shared/data/csi/espectre

The first seconds of each session's quiet clip are its calibration; the rest of that clip and the movement clip are the
test. The setting was made on the first session of each chip.")]
pub struct Options {
    /// The folder that holds baseline and movement.
    data: PathBuf,
    /// Seconds of quiet to calibrate on.
    #[arg(long, default_value_t = 5.0)]
    calibration_secs: f64,
    /// Calibrate on the chip's other session instead, and test on all of this one.
    #[arg(long)]
    other_session: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let Options { data, calibration_secs, other_session, json } = options;
    let settings = Settings { data: data.clone(), calibration_secs: *calibration_secs, other_session: *other_session };
    let outcomes = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let outcomes = outcomes?;
    if *json {
        return out::line(serde_json::to_string_pretty(&outcomes)?);
    }
    out::line(report(&settings, &outcomes).text())
}
