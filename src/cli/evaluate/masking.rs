//! `evaluate masking`: whether the gate recognises a machine that masks movement, and how often it cries wolf.

use std::path::PathBuf;

use super::super::{out, progress};
use super::conduct::{interrupt_flag, steps};
use crate::engine::evaluation::masking::{Settings, report, run as measure};

/// Looks for machines that mask movement, session by session.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate masking ../shared/data/csi/fition/compact_dev_u1-3.npz

Nobody wrote down which sessions of Fition had a fan; user 3's falls and getting into bed are taken to be masked because a
periodic disturbance runs through them (spec/falls.md section 2). How long it must persist was chosen on all of user 1 and
user 3's falls; the rest was not looked at for that.")]
pub struct Options {
    /// The compact arrays or the folder of pcaps of Fition, or a table of your own recordings.
    data: PathBuf,
    /// Sessions that are masked, by name; default those of Fition.
    #[arg(long, value_delimiter = ',', default_value = "falling_user3_rm3,getintobed_user3_rm3")]
    masked: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let settings = Settings { data: options.data.clone(), masked: options.masked.clone() };
    let sessions = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let sessions = sessions?;
    if options.json {
        return out::line(serde_json::to_string_pretty(&sessions)?);
    }
    out::line(report(&settings, &sessions).text())
}
