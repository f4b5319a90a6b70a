//! `evaluate tracking`: people walk and meet in simulated rooms; trackers follow them, ours beside plain ones.

use super::super::{out, progress};
use super::conduct::{Seeds, interrupt_flag, steps};
use crate::engine::evaluation::tracking::{Settings, report, run as measure};

/// Follows simulated people with this tracker, SORT and nearest neighbour, and prints how well (SIMULATED).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate tracking
  corporeal evaluate tracking --people 4 --links 2,8 --seeds 1000..1200
  corporeal evaluate tracking --json > tracking.json

Seeds below 1000 were looked at while the tracker was built; for a figure to quote take others.")]
pub struct Options {
    /// How many people come and go.
    #[arg(long, value_delimiter = ',', default_value = "2,3,4", value_parser = clap::value_parser!(u8).range(1..=12))]
    people: Vec<u8>,
    /// How many links the detector has: its errors are those of 2, 4 or 8.
    #[arg(long, value_delimiter = ',', default_value = "2,4,8", value_parser = clap::value_parser!(u8).range(1..=16))]
    links: Vec<u8>,
    /// Which rooms and people: the first seed and the one after the last.
    #[arg(long, default_value = "1000..1100")]
    seeds: Seeds,
    /// How long each is followed, s.
    #[arg(long, default_value = "90", value_parser = clap::value_parser!(u16).range(10..=3600))]
    secs: u16,
    /// Print one JSON list with every trial.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let settings = Settings {
        people: options.people.clone(),
        links: options.links.clone(),
        seeds: [options.seeds.first, options.seeds.end],
        secs: options.secs,
    };
    let groups = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let groups = groups?;
    if options.json {
        return out::line(serde_json::to_string_pretty(&groups.concat())?);
    }
    out::line(report(&settings, &groups).text())
}
