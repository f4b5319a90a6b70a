//! How well falls are told from everything else in labelled recordings, beside what the same records give away without
//! movement.

use std::path::PathBuf;

use serde::Serialize;

use super::{Cell, Error, GoOn, Plot, Report, Row, RowKind, Table, data, name_of};
use crate::analytics::evaluation::falls::{self, Row as Scores, Sheet, is_event};
use crate::analytics::evaluation::split::{Label, Split};
use crate::capture::labelled::{LabelledSeries, fition};
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The compact arrays or the folder of pcaps of Fition, or a table of one's own recordings.
    pub data: PathBuf,
    /// What is unseen in the tested records.
    pub splits: Vec<Split>,
    pub protocol: falls::Options,
    /// The class that is to be found.
    pub class: String,
}

impl Settings {
    pub fn new(data: PathBuf) -> Self {
        Self { data, splits: Self::claims(), protocol: falls::Options::default(), class: fition::FALL.to_owned() }
    }

    /// All splits that may claim something.
    pub fn claims() -> Vec<Split> {
        Split::ALL.into_iter().filter(|split| *split != Split::Random).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub n_records: usize,
    pub n_without_sheet: usize,
    pub gates: bool,
    pub seed: u64,
    pub rows: Vec<Scores>,
    /// Splits that the records do not allow, and why.
    pub left_out: Vec<(Split, String)>,
    #[serde(skip)]
    title: String,
    #[serde(skip)]
    facts: Vec<String>,
    #[serde(skip)]
    interrupted: bool,
    /// Whether the study's figures are of the same records.
    #[serde(skip)]
    of_the_study: bool,
}

pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Outcome, Error> {
    go_on(None, "reading recordings");
    let records = data::read(&settings.data)?;
    let n_records = records.len();
    let (labels, sheets) = sheets(records, go_on)?;
    let mut outcome = Outcome {
        n_records,
        n_without_sheet: n_records - sheets.len(),
        gates: settings.protocol.gates,
        seed: settings.protocol.seed,
        rows: Vec::new(),
        left_out: Vec::new(),
        title: format!("{} told from everything else · {}", settings.class, name_of(&settings.data)),
        facts: facts(&labels, &sheets, &settings.class, settings.protocol.gates),
        interrupted: false,
        of_the_study: settings.data.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("csv")),
    };
    let n_splits = settings.splits.len().max(1) as f32;
    for (number, split) in settings.splits.iter().enumerate() {
        let share = FEATURES_SHARE + (1.0 - FEATURES_SHARE) * number as f32 / n_splits;
        let mut stopped = false;
        let mut progress = |step: &str| {
            stopped = !go_on(Some(share), step);
            !stopped
        };
        let result = falls::run(&sheets, &labels, &settings.class, *split, &settings.protocol, &mut progress);
        if stopped {
            outcome.interrupted = true;
            break;
        }
        match result {
            Ok(rows) => outcome.rows.extend(rows),
            Err(why) => outcome.left_out.push((*split, why)),
        }
    }
    if outcome.interrupted && outcome.rows.is_empty() { Err(Error::Cancelled) } else { Ok(outcome) }
}

/// Computing features is about so much of the work.
const FEATURES_SHARE: f32 = 0.6;

/// Computes the sheets; records without one (too short, no channel) are left out.
fn sheets(records: Vec<LabelledSeries>, go_on: GoOn<'_>) -> Result<(Vec<Label>, Vec<Sheet>), Error> {
    let n = records.len().max(1);
    let (mut labels, mut sheets) = (Vec::new(), Vec::new());
    for (at, record) in records.into_iter().enumerate() {
        let words = format!("features of record {} of {n}", at + 1);
        if !go_on(Some(FEATURES_SHARE * at as f32 / n as f32), &words) {
            return Err(Error::Cancelled);
        }
        if let Some(sheet) = falls::sheet(&record.series) {
            labels.push(record.label);
            sheets.push(sheet);
        }
    }
    Ok((labels, sheets))
}

/// How many records there are, and which of them cannot be judged.
pub fn facts(labels: &[Label], sheets: &[Sheet], class: &str, gates: bool) -> Vec<String> {
    let count = |wanted: &dyn Fn(&Label, &Sheet) -> bool| {
        labels.iter().zip(sheets).filter(|(label, sheet)| wanted(label, sheet)).count()
    };
    let n_falls = count(&|label, _| label.class == class);
    let masked = |is_fall: bool| count(&|label, sheet| (label.class == class) == is_fall && sheet.masked);
    let still = |is_fall: bool| count(&|label, sheet| (label.class == class) == is_fall && !is_event(sheet));
    vec![
        format!("{} records, {n_falls} of them {class}", labels.len()),
        format!(
            "masked by a machine: {} {class}, {} other{} · without an event: {} {class}, {} other",
            masked(true),
            masked(false),
            if gates { " (left out)" } else { " (judged all the same)" },
            still(true),
            still(false),
        ),
    ]
}

impl Outcome {
    pub fn report(&self) -> Report {
        let mut splits: Vec<Split> = self.rows.iter().map(|row| row.split).collect();
        splits.dedup();
        let mut tables: Vec<Table> = splits.into_iter().map(|split| self.table(split)).collect();
        tables.extend(self.left_out.iter().map(|(split, why)| Table {
            title: split.label().to_owned(),
            notes: vec![format!("not possible: {why}")],
            ..Table::default()
        }));
        let mut remarks = vec![
            "Supported only where the AUROC lies 0.1 above each of the controls, which see no movement, with intervals that do \
             not overlap, for each part left out. Intervals redraw records and say nothing of other people and rooms."
                .to_owned(),
        ];
        if self.n_without_sheet > 0 {
            remarks
                .push(format!("{} records are too short or hold no channel and were left out", self.n_without_sheet));
        }
        if self.interrupted {
            remarks.push("Stopped early: what had been measured by then".to_owned());
        }
        let (title, facts) = (self.title.clone(), self.facts.clone());
        Report { title, provenance: Provenance::Replay, facts, tables, remarks }
    }

    fn table(&self, split: Split) -> Table {
        let rows: Vec<&Scores> = self.rows.iter().filter(|row| row.split == split).collect();
        let notes = study(split).iter().filter(|_| self.of_the_study).map(|line| format!("study: {line}"));
        Table { notes: notes.collect(), ..table(split, &rows) }
    }
}

/// The rows of one split, controls first.
pub fn table(split: Split, rows: &[&Scores]) -> Table {
    let mut title = split.label().to_owned();
    if let Some(row) = rows.first() {
        title += &format!(" · {} positive, {} negative, {} folds", row.n_positive, row.n_negative, row.folds.len());
    }
    let columns = [
        "AUROC [95 % interval]",
        "sensitivity at 95 % specificity",
        "inside threshold, sens / spec",
        "threshold from 20 records of the place, sens / spec / false alarms an hour",
    ];
    Table {
        title,
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.iter().map(|scores| row(scores)).collect(),
        plot: Some(Plot { column: 0, low: 0.0, high: 1.0, chance: Some(0.5) }),
        notes: Vec::new(),
    }
}

fn row(scores: &Scores) -> Row {
    let own = scores.own_threshold.map(|(sens, spec)| format!("{:.1} / {:.1} %", 100.0 * sens, 100.0 * spec));
    let place = scores
        .place_threshold
        .map(|(sens, spec, alarms)| format!("{:.1} / {:.1} % / {alarms:.1}", 100.0 * sens, 100.0 * spec));
    let is_control = scores.method.is_control();
    let folds: Vec<String> = scores.folds.iter().map(|(name, area)| format!("{name} {area:.3}")).collect();
    Row {
        name: scores.method.label().to_owned(),
        kind: if is_control { RowKind::Control } else { RowKind::Score },
        cells: vec![
            Cell::interval(&scores.auroc),
            Cell::percent_interval(&scores.sensitivity_at_95),
            Cell::text(own.unwrap_or_default()),
            Cell::text(place.unwrap_or_default()),
        ],
        verdict: scores.verdict,
        detail: (!is_control).then(|| format!("by what is left out: {}", folds.join(" · "))),
        roc: scores.roc.clone(),
    }
}

/// What the study behind `spec/falls.md` reached on the same records (its sections 1 and 4; all records judged).
fn study(split: Split) -> &'static [&'static str] {
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
