//! `evaluate falls`: how well falls are told from everything else, beside what the same records give away without movement.

mod living;
mod simulated;
mod trials;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::out;
use super::conduct::interrupt_flag;
use crate::analytics::evaluation::bootstrap::Interval;
use crate::analytics::evaluation::falls::{self, Row, Sheet, is_event};
use crate::analytics::evaluation::split::{Label, Split};
use crate::capture::labelled::{LabelledSeries, fition};

/// Tells falls from everything else in labelled recordings, and prints the controls beside every score.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate falls ../shared/data/csi/fition/compact_dev_u1-3.npz
  corporeal evaluate falls ../shared/data/csi/fition/compact_dev_u1-3.npz --split person-in-room --all-records
  corporeal evaluate falls my-recordings/labels.csv --json > scores.json
  corporeal evaluate falls --simulated --links 3 --networks 3
  corporeal evaluate falls --simulated --hours 10

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

#[derive(Debug, Serialize)]
struct Report {
    n_records: usize,
    n_without_sheet: usize,
    gates: bool,
    seed: u64,
    rows: Vec<Row>,
    /// Splits that the records do not allow, and why.
    left_out: Vec<(Split, String)>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let settings = falls::Options {
        gates: !options.all_records,
        n_networks: usize::from(options.networks),
        n_epochs: usize::from(options.epochs),
        seed: options.seed,
        ..falls::Options::default()
    };
    let Some(data) = &options.data else {
        return simulated::run(&options.simulated, &settings, options.json, &interrupted);
    };
    let records = super::data::read(data)?;
    let n_records = records.len();
    let (labels, sheets) = sheets(records, &interrupted);
    let n_without_sheet = n_records - sheets.len();
    let splits: Vec<Split> = if options.split.is_empty() {
        Split::ALL.into_iter().filter(|split| *split != Split::Random).collect()
    } else {
        options.split.iter().map(|name| name.split()).collect()
    };
    let mut report = Report {
        n_records,
        n_without_sheet,
        gates: settings.gates,
        seed: options.seed,
        rows: Vec::new(),
        left_out: Vec::new(),
    };
    if !options.json {
        out::line(summary("REPLAY", &labels, &sheets, &options.class, settings.gates))?;
        out::line(HEADING)?;
    }
    for split in splits {
        let mut progress = |step: &str| {
            eprint!("\r\x1b[K{step} ");
            !interrupted.load(Ordering::Relaxed)
        };
        let result = falls::run(&sheets, &labels, &options.class, split, &settings, &mut progress);
        eprint!("\r\x1b[K");
        match result {
            Ok(rows) => {
                if !options.json {
                    out::line(block(split, &rows))?;
                }
                report.rows.extend(rows);
            }
            Err(why) => {
                if !options.json {
                    out::line(format_args!("\n{}\n  not possible: {why}", split.label()))?;
                }
                report.left_out.push((split, why));
            }
        }
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
    }
    if options.json {
        out::line(serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

/// Computes the sheets; records without one (too short, no channel) are left out.
fn sheets(records: Vec<LabelledSeries>, interrupted: &AtomicBool) -> (Vec<Label>, Vec<Sheet>) {
    let n = records.len();
    records
        .into_iter()
        .enumerate()
        .take_while(|_| !interrupted.load(Ordering::Relaxed))
        .inspect(|(at, _)| eprint!("\r\x1b[Kfeatures of record {} of {n} ", at + 1))
        .filter_map(|(_, record)| Some((record.label, falls::sheet(&record.series)?)))
        .unzip()
}

const HEADING: &str = "
                                    AUROC               sensitivity at        inside threshold   threshold from 20 records of the place
                                    [95 % interval]     95 % specificity      sens / spec        sens / spec / false alarms an hour";

fn summary(provenance: &str, labels: &[Label], sheets: &[Sheet], class: &str, gates: bool) -> String {
    let count = |wanted: &dyn Fn(&Label, &Sheet) -> bool| {
        labels.iter().zip(sheets).filter(|(label, sheet)| wanted(label, sheet)).count()
    };
    let n_falls = count(&|label, _| label.class == class);
    let masked = |is_fall: bool| count(&|label, sheet| (label.class == class) == is_fall && sheet.masked);
    let still = |is_fall: bool| count(&|label, sheet| (label.class == class) == is_fall && !is_event(sheet));
    format!(
        "{provenance} · {} records, {n_falls} of them {class}\n\
         masked by a machine: {} {class}, {} other{} · without an event: {} {class}, {} other",
        labels.len(),
        masked(true),
        masked(false),
        if gates { " (left out)" } else { " (judged all the same)" },
        still(true),
        still(false),
    )
}

fn block(split: Split, rows: &[Row]) -> String {
    let mut text = format!("\n{}", split.label());
    if let Some(row) = rows.first() {
        text += &format!(" · {} positive, {} negative, {} folds", row.n_positive, row.n_negative, row.folds.len());
    }
    for row in rows {
        let Interval { value, low, high } = row.auroc;
        let auroc = format!("{value:.3} [{low:.2}, {high:.2}]");
        let Interval { value, low, high } = row.sensitivity_at_95;
        let at_95 = format!("{:.1} % [{:.0}, {:.0}]", 100.0 * value, 100.0 * low, 100.0 * high);
        let own = row.own_threshold.map_or_else(String::new, |(a, b)| format!("{:.1} / {:.1} %", 100.0 * a, 100.0 * b));
        let place = row
            .place_threshold
            .map_or_else(String::new, |(a, b, c)| format!("{:.1} / {:.1} % / {c:.1}", 100.0 * a, 100.0 * b));
        let verdict = row.verdict.map_or("", |verdict| verdict.label());
        text += &format!("\n  {:<34}{auroc:<20}{at_95:<22}{own:<19}{place:<26}{verdict}", row.method.label());
        if !row.method.is_control() {
            let folds: Vec<String> = row.folds.iter().map(|(name, area)| format!("{name} {area:.3}")).collect();
            text += &format!("\n    by what is left out: {}", folds.join(" · "));
        }
    }
    for line in baseline(split) {
        text += &format!("\n  study: {line}");
    }
    text
}

/// What the study behind `spec/falls.md` reached on the same records (its sections 1 and 4; all records judged).
fn baseline(split: Split) -> &'static [&'static str] {
    match split {
        Split::PersonInRoom => &[
            "network, room A: AUROC 0.940 [.92, .96], 63 % at 95 % · its control without the burst 0.610",
            "features, logistic regression 0.846, 32 % · 88 simple features 0.803, 27 %",
        ],
        Split::Person => &[
            "network 0.881 [.85, .91], 41 % at 95 % · its control without the burst 0.787",
            "features, logistic regression 0.661, 17 % · random forest on 88 features 0.730, 5 %",
        ],
        Split::Room => &[
            "network 0.663 [.62, .71], 8 % at 95 % · its control without the burst 0.765: no evidence",
            "features, logistic regression 0.371, 1 % · random forest on 88 features 0.671, 2 %",
        ],
        Split::Random => &["no movement at all 0.996, 98 % · network 0.983, 95 %: a session fingerprint"],
        Split::Session | Split::Device | Split::SimulatedRooms => &[],
    }
}
