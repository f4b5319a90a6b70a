//! `evaluate falls`: how well falls are told from everything else, beside what the same records give away without movement.

mod by_pose;
mod hours;
mod hours_by_pose;
mod living;
mod living_by_pose;
mod simulated;
mod trials;
mod watched;

use std::path::PathBuf;

use super::super::{out, progress};
use super::conduct::{interrupt_flag, steps};
use crate::analytics::evaluation::falls;
use crate::analytics::evaluation::split::Split;
use crate::capture::labelled::fition;
use crate::engine::evaluation::falls::{Settings, run as measure};

/// Tells falls from everything else in labelled recordings, and prints the controls beside every score.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate falls ../shared/data/csi/fition/compact_dev_u1-3.npz
  corporeal evaluate falls ../shared/data/csi/fition/compact_dev_u1-3.npz --split person-in-room --all-records
  corporeal evaluate falls my-recordings/labels.csv --json > scores.json
  corporeal evaluate falls --simulated --links 3 --networks 3
  corporeal evaluate falls --simulated --hours 10
  corporeal evaluate falls --simulated --by-pose --links 4
  corporeal evaluate falls --simulated --by-pose --links 4 --hours 2

A score is called supported only when its AUROC lies 0.1 above each of three controls that see no movement, with
intervals that do not overlap. Intervals redraw records and say nothing about other people and rooms.")]
pub struct Options {
    /// The compact arrays or the folder of pcaps of Fition, or a table of your own recordings.
    #[arg(required_unless_present = "simulated")]
    data: Option<PathBuf>,
    #[command(flatten)]
    simulated: simulated::SimulatedOptions,
    /// What is unseen in the tested records; default all but random.
    #[arg(long, value_delimiter = ',')]
    split: Vec<SplitName>,
    /// Judge masked records too, as the study did; else they are left out, as the detector does.
    #[arg(long)]
    all_records: bool,
    /// Networks whose probabilities are averaged, minutes for all splits; without any the method is left out.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=50))]
    networks: u8,
    /// Passes over the training records.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=1000))]
    epochs: u16,
    /// Seed of networks, forests and draws.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The class that is to be found.
    #[arg(long, default_value = fition::FALL)]
    class: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SplitName {
    PersonInRoom,
    Person,
    Room,
    Session,
    Device,
    Random,
}

impl SplitName {
    fn split(self) -> Split {
        match self {
            Self::PersonInRoom => Split::PersonInRoom,
            Self::Person => Split::Person,
            Self::Room => Split::Room,
            Self::Session => Split::Session,
            Self::Device => Split::Device,
            Self::Random => Split::Random,
        }
    }
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let protocol = falls::Options {
        gates: !options.all_records,
        n_networks: usize::from(options.networks),
        n_epochs: usize::from(options.epochs),
        seed: options.seed,
        ..falls::Options::default()
    };
    let Some(data) = &options.data else {
        return simulated::run(&options.simulated, &protocol, options.json, &interrupted);
    };
    let splits = if options.split.is_empty() {
        Settings::claims()
    } else {
        options.split.iter().map(|name| name.split()).collect()
    };
    let settings = Settings { data: data.clone(), splits, protocol, class: options.class.clone() };
    let outcome = measure(&settings, &mut steps(&interrupted));
    progress::clear();
    let outcome = outcome?;
    if options.json {
        return out::line(serde_json::to_string_pretty(&outcome)?);
    }
    out::line(outcome.report().text())
}
