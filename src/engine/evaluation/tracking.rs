//! People walk and meet in simulated rooms; trackers follow them, ours beside plain ones (SIMULATED).

use serde::Serialize;

use super::statistics::{Summary, summary};
use super::{Cell, Error, GoOn, Plot, Report, Row, RowKind, Table};
use crate::tracking::TrackerConfig;
use crate::tracking::trial::{self, DetectorSpec, FIRST_UNTOUCHED_SEED, Method, Outcome, REACH_M, TrialSpec};
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many people come and go; one table for each number of people and links.
    pub people: Vec<u8>,
    /// How many links the detector has: its errors are those of 2, 4 or 8.
    pub links: Vec<u8>,
    /// The first seed and the one after the last.
    pub seeds: [u64; 2],
    /// How long each is followed, s.
    pub secs: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { people: vec![2, 3, 4], links: vec![2, 4, 8], seeds: [1000, 1100], secs: 90 }
    }
}

/// All trials of one number of people and links with one method.
#[derive(Clone, Debug, Serialize)]
pub struct Scores {
    pub provenance: Provenance,
    pub n_people: u8,
    pub n_links: u8,
    pub seeds: [u64; 2],
    pub secs: u16,
    pub method: Method,
    pub n_trials: usize,
    pub mota: Option<Summary>,
    pub idf1: Option<Summary>,
    pub hota: Option<Summary>,
    pub motp_m: Option<Summary>,
    pub switches: Option<Summary>,
    /// Shares of the true people.
    pub missed: Option<Summary>,
    pub false_tracks: Option<Summary>,
    pub count_right: Option<Summary>,
    pub count_changes_per_min: Option<Summary>,
    pub true_changes_per_min: Option<Summary>,
    pub raw_error_m: Option<Summary>,
    pub tracked_error_m: Option<Summary>,
    pub smoothed_error_m: Option<Summary>,
    pub covered_90: Option<Summary>,
    pub trials: Vec<Outcome>,
}

/// The scores of all methods, for each number of people and links.
pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Vec<Vec<Scores>>, Error> {
    let mut groups = Vec::new();
    let [first, end] = settings.seeds;
    let pairs: Vec<(u8, u8)> =
        settings.people.iter().flat_map(|people| settings.links.iter().map(|links| (*people, *links))).collect();
    let n_trials = (pairs.len() as u64 * end.saturating_sub(first)).max(1);
    let mut n_done = 0;
    for (n_people, n_links) in pairs {
        let mut outcomes: Vec<Vec<Outcome>> = vec![Vec::new(); Method::ALL.len()];
        let mut stopped = false;
        for seed in first..end {
            let words = format!("{n_people} people · {n_links} links · seed {seed}");
            stopped = !go_on(Some(n_done as f32 / n_trials as f32), &words);
            if stopped {
                break;
            }
            n_done += 1;
            let spec = TrialSpec {
                n_people: usize::from(n_people),
                n_links: usize::from(n_links),
                seed,
                secs: f64::from(settings.secs),
                ..TrialSpec::default()
            };
            let scenario = trial::scenario(spec);
            for (method, outcomes) in Method::ALL.into_iter().zip(&mut outcomes) {
                outcomes.push(trial::evaluate(&scenario, method, &TrackerConfig::default()));
            }
        }
        if outcomes.iter().any(|trials| !trials.is_empty()) {
            let methods = Method::ALL.into_iter().zip(outcomes);
            groups.push(methods.map(|(method, trials)| scores(settings, n_people, n_links, method, trials)).collect());
        }
        if stopped {
            break;
        }
    }
    if groups.is_empty() { Err(Error::Cancelled) } else { Ok(groups) }
}

fn scores(settings: &Settings, n_people: u8, n_links: u8, method: Method, trials: Vec<Outcome>) -> Scores {
    let of = |value: &dyn Fn(&Outcome) -> Option<f64>| summary(&trials.iter().filter_map(value).collect::<Vec<_>>());
    let share =
        |n: fn(&Outcome) -> u64| of(&|one| (one.score.n_truth > 0).then(|| n(one) as f64 / one.score.n_truth as f64));
    Scores {
        provenance: Provenance::Simulated,
        n_people,
        n_links,
        seeds: settings.seeds,
        secs: settings.secs,
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

pub fn report(settings: &Settings, groups: &[Vec<Scores>]) -> Report {
    let mut facts = vec![
        "People, rooms and detections are thrown by chance; sizes of errors are those of simulated radio, and how they last, \
         how ghosts live and how well bodies differ are assumptions. Expect worse of real rooms."
            .to_owned(),
        format!(
            "A track stands for a person within {REACH_M:.1} m. Errors are medians of those of each trial; in brackets the \
             95 % interval of the mean over trials."
        ),
    ];
    if settings.seeds[0] < FIRST_UNTOUCHED_SEED {
        let text = "Some of these seeds were looked at while the tracker was built: no figures to quote";
        facts.push(text.to_owned());
    }
    let [first, end] = settings.seeds;
    Report {
        title: format!("people followed · seeds {first}..{end} · {} s each", settings.secs),
        provenance: Provenance::Simulated,
        facts,
        tables: groups.iter().filter_map(|group| table(settings, group)).collect(),
        remarks: Vec::new(),
    }
}

fn table(settings: &Settings, group: &[Scores]) -> Option<Table> {
    let first = group.first()?;
    let sigma = DetectorSpec::of_links(usize::from(first.n_links));
    let value = |figures: &Option<Summary>| figures.map_or_else(|| "no data".into(), |one| format!("{:.2}", one.mean));
    let mut notes = vec![format!(
        "single detections {} m off, {:.0} % missed; {} true changes of the number a minute",
        value(&first.raw_error_m),
        100.0 * sigma.missed,
        value(&first.true_changes_per_min)
    )];
    let n_wanted = settings.seeds[1].saturating_sub(settings.seeds[0]);
    if (first.n_trials as u64) < n_wanted {
        notes.push(format!("stopped after {} of {n_wanted} trials", first.n_trials));
    }
    let columns = [
        "MOTA",
        "IDF1",
        "HOTA",
        "switches",
        "missed",
        "false",
        "count right",
        "changes a min",
        "error, m",
        "afterwards, m",
        "in 90 %",
    ];
    Some(Table {
        title: format!("{} people · {} links · {} trials", first.n_people, first.n_links, first.n_trials),
        columns: columns.map(str::to_owned).to_vec(),
        rows: group.iter().map(row).collect(),
        plot: Some(Plot { column: 1, low: 0.0, high: 1.0, chance: None }),
        notes,
    })
}

fn row(scores: &Scores) -> Row {
    let spread = |figures: &Option<Summary>| match figures {
        Some(Summary { mean, mean_low, mean_high, .. }) => Cell {
            text: format!("{mean:.3} [{mean_low:.2}, {mean_high:.2}]"),
            value: Some(*mean),
            low: Some(*mean_low),
            high: Some(*mean_high),
        },
        None => Cell::none(),
    };
    let plain = |figures: &Option<Summary>, digits: usize| {
        figures.map_or_else(|| Cell::text("–"), |figures| Cell::number(figures.mean, digits))
    };
    let percent =
        |figures: &Option<Summary>| figures.map_or_else(|| Cell::text("–"), |figures| Cell::percent(figures.mean, 1));
    let is_plain = matches!(scores.method, Method::Sort | Method::NearestNeighbour);
    Row {
        name: scores.method.label().to_owned(),
        kind: if is_plain { RowKind::Baseline } else { RowKind::Score },
        cells: vec![
            spread(&scores.mota),
            spread(&scores.idf1),
            plain(&scores.hota, 3),
            plain(&scores.switches, 1),
            percent(&scores.missed),
            percent(&scores.false_tracks),
            percent(&scores.count_right),
            plain(&scores.count_changes_per_min, 1),
            plain(&scores.tracked_error_m, 3),
            plain(&scores.smoothed_error_m, 3),
            percent(&scores.covered_90),
        ],
        ..Row::default()
    }
}
