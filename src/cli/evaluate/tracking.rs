//! `evaluate tracking`: people walk and meet in simulated rooms; trackers follow them, ours beside plain ones.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use serde::Serialize;

use super::super::out;
use super::conduct::{Seeds, interrupt_flag};
use super::statistics::{Summary, summary};
use crate::tracking::TrackerConfig;
use crate::tracking::trial::{self, DetectorSpec, FIRST_UNTOUCHED_SEED, Method, Outcome, REACH_M, TrialSpec};
use crate::types::Provenance;

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

/// All trials of one number of people and links with one method.
#[derive(Debug, Serialize)]
struct Report {
    provenance: Provenance,
    n_people: u8,
    n_links: u8,
    seeds: [u64; 2],
    secs: u16,
    method: Method,
    n_trials: usize,
    mota: Option<Summary>,
    idf1: Option<Summary>,
    hota: Option<Summary>,
    motp_m: Option<Summary>,
    switches: Option<Summary>,
    /// Shares of the true people.
    missed: Option<Summary>,
    false_tracks: Option<Summary>,
    count_right: Option<Summary>,
    count_changes_per_min: Option<Summary>,
    true_changes_per_min: Option<Summary>,
    raw_error_m: Option<Summary>,
    tracked_error_m: Option<Summary>,
    smoothed_error_m: Option<Summary>,
    covered_90: Option<Summary>,
    trials: Vec<Outcome>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    if !options.json {
        out::line(heading(options.seeds))?;
    }
    let mut reports = Vec::new();
    'all: for &n_people in &options.people {
        for &n_links in &options.links {
            if interrupted.load(Ordering::Relaxed) {
                break 'all;
            }
            let mut outcomes: BTreeMap<usize, Vec<Outcome>> = BTreeMap::new();
            for seed in options.seeds.first..options.seeds.end {
                if interrupted.load(Ordering::Relaxed) {
                    break;
                }
                eprint!("\r{n_people} people · {n_links} links · seed {seed} ");
                let spec = TrialSpec {
                    n_people: usize::from(n_people),
                    n_links: usize::from(n_links),
                    seed,
                    secs: f64::from(options.secs),
                    ..TrialSpec::default()
                };
                let scenario = trial::scenario(spec);
                for (place, method) in Method::ALL.into_iter().enumerate() {
                    let outcome = trial::evaluate(&scenario, method, &TrackerConfig::default());
                    outcomes.entry(place).or_default().push(outcome);
                }
            }
            eprintln!();
            let of_methods: Vec<Report> = Method::ALL
                .into_iter()
                .zip(outcomes.into_values())
                .map(|(method, trials)| report(options, n_people, n_links, method, trials))
                .collect();
            if !options.json {
                out::line(text(&of_methods))?;
            }
            reports.extend(of_methods);
        }
    }
    if options.json {
        out::line(serde_json::to_string_pretty(&reports)?)?;
    }
    Ok(())
}

fn report(options: &Options, n_people: u8, n_links: u8, method: Method, trials: Vec<Outcome>) -> Report {
    let of = |value: &dyn Fn(&Outcome) -> Option<f64>| summary(&trials.iter().filter_map(value).collect::<Vec<_>>());
    let share =
        |n: fn(&Outcome) -> u64| of(&|one| (one.score.n_truth > 0).then(|| n(one) as f64 / one.score.n_truth as f64));
    Report {
        provenance: Provenance::Simulated,
        n_people,
        n_links,
        seeds: [options.seeds.first, options.seeds.end],
        secs: options.secs,
        method,
        n_trials: trials.len(),
        mota: of(&|one| one.score.mota()),
        idf1: of(&|one| one.score.idf1()),
        hota: of(&|one| one.score.hota),
        motp_m: of(&|one| one.score.motp_m()),
        switches: of(&|one| Some(one.score.n_switches as f64)),
        missed: share(|one| one.score.n_missed),
        false_tracks: share(|one| one.score.n_false),
        count_right: of(&|one| Some(one.count_right)),
        count_changes_per_min: of(&|one| Some(one.count_changes_per_min)),
        true_changes_per_min: of(&|one| Some(one.true_changes_per_min)),
        raw_error_m: of(&|one| one.raw_error_m),
        tracked_error_m: of(&|one| one.tracked_error_m),
        smoothed_error_m: of(&|one| one.smoothed_error_m),
        covered_90: of(&|one| one.covered_90),
        trials,
    }
}

fn heading(seeds: Seeds) -> String {
    let looked_at = if seeds.first < FIRST_UNTOUCHED_SEED {
        "\nSome of these seeds were looked at while the tracker was built: no figures to quote."
    } else {
        ""
    };
    format!(
        "SIMULATED — people, rooms and detections are thrown by chance; sizes of errors are those of simulated radio, and how
they last, how ghosts live and how well bodies differ are assumptions. Expect worse of real rooms.
A track stands for a person within {REACH_M:.1} m. Errors are medians of those of each trial; in brackets the 95 % interval
of the mean over trials.{looked_at}"
    )
}

fn text(reports: &[Report]) -> String {
    let Some(first) = reports.first() else { return String::new() };
    let Report { n_people, n_links, seeds: [from, to], secs, n_trials, .. } = first;
    let sigma = DetectorSpec::of_links(usize::from(*n_links));
    let mut text = format!(
        "\n{n_people} people · {n_links} links · seeds {from}..{to} · {n_trials} trials of {secs} s · {:.0} % missed\n",
        sigma.missed * 100.0
    );
    if (*n_trials as u64) < to - from {
        text += &format!("  interrupted after {n_trials} of {} trials\n", to - from);
    }
    text += &format!(
        "  {:<18}{:<20}{:<20}{:>6}{:>10}{:>8}{:>8}{:>8}{:>9}{:>8}{:>8}{:>8}\n",
        "", "MOTA", "IDF1", "HOTA", "switches", "missed", "false", "count", "changes", "error", "after", "in 90 %"
    );
    for report in reports {
        text += &line(report);
    }
    let value = |figures: &Option<Summary>| figures.map_or_else(|| "no data".into(), |one| format!("{:.2}", one.mean));
    text += &format!(
        "  single detections {} m off; {} true changes of the number a minute\n",
        value(&first.raw_error_m),
        value(&first.true_changes_per_min)
    );
    text.trim_end().to_owned()
}

fn line(report: &Report) -> String {
    let spread = |figures: &Option<Summary>| match figures {
        Some(Summary { mean, mean_low, mean_high, .. }) => format!("{mean:.3} ({mean_low:.3}…{mean_high:.3})"),
        None => "no data".into(),
    };
    let plain = |figures: &Option<Summary>, digits: usize| {
        figures.map_or_else(|| "–".into(), |figures| format!("{:.digits$}", figures.mean))
    };
    let percent = |figures: &Option<Summary>| {
        figures.map_or_else(|| "–".into(), |figures| format!("{:.1} %", figures.mean * 100.0))
    };
    format!(
        "  {:<18}{:<20}{:<20}{:>6}{:>10}{:>8}{:>8}{:>8}{:>9}{:>8}{:>8}{:>8}\n",
        report.method.label(),
        spread(&report.mota),
        spread(&report.idf1),
        plain(&report.hota, 3),
        plain(&report.switches, 1),
        percent(&report.missed),
        percent(&report.false_tracks),
        percent(&report.count_right),
        plain(&report.count_changes_per_min, 1),
        plain(&report.tracked_error_m, 3),
        plain(&report.smoothed_error_m, 3),
        percent(&report.covered_90),
    )
}
