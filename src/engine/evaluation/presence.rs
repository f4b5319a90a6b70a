//! Whether movement is told from quiet on every chip with one setting: pairs of a quiet and a movement clip.

use std::path::PathBuf;

use serde::Serialize;

use super::{Cell, Error, GoOn, Plot, Report, Row, RowKind, Table, name_of};
use crate::analytics::clean::{RATE_HZ, clean};
use crate::analytics::evaluation::bootstrap::interval;
use crate::analytics::evaluation::metrics::Counts;
use crate::analytics::presence::{self, MotionWindow, QuietBaseline};
use crate::capture::labelled::LabelledSeries;
use crate::capture::labelled::espectre::{self, MOVEMENT, QUIET};
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder that holds baseline and movement.
    pub data: PathBuf,
    /// Seconds of quiet to calibrate on.
    pub calibration_secs: f64,
    /// Calibrate on the chip's other session instead, and test on all of this one.
    pub other_session: bool,
}

impl Settings {
    pub fn new(data: PathBuf) -> Self {
        Self { data, calibration_secs: 5.0, other_session: false }
    }
}

/// What was told of one pair of clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub chip: String,
    pub clip: String,
    /// The setting was made on this pair.
    pub development: bool,
    pub threshold: f64,
    pub true_positive: usize,
    pub false_positive: usize,
    pub true_negative: usize,
    pub false_negative: usize,
    pub f1: Option<f64>,
}

impl Outcome {
    fn counts(&self) -> Counts {
        let Self { true_positive, false_positive, true_negative, false_negative, .. } = *self;
        Counts { true_positive, false_positive, true_negative, false_negative }
    }
}

/// A quiet clip and the movement clip that follows it.
struct Pair {
    chip: String,
    name: String,
    quiet: Vec<MotionWindow>,
    movement: Vec<MotionWindow>,
}

pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Vec<Outcome>, Error> {
    go_on(None, "reading clips");
    let pairs = pairs(&espectre::read(&settings.data)?, go_on)?;
    let mut outcomes = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let development = pairs.iter().take(at).all(|other| other.chip != pair.chip);
        let source = if settings.other_session {
            pairs.iter().enumerate().find(|(other, p)| *other != at && p.chip == pair.chip).map(|(_, p)| p)
        } else {
            Some(pair)
        };
        let Some(source) = source else { continue };
        let (calibration, rest): (Vec<MotionWindow>, Vec<MotionWindow>) = if settings.other_session {
            (source.quiet.clone(), pair.quiet.clone())
        } else {
            // A window that straddles the end of the calibration belongs to neither.
            let begins = |w: &MotionWindow| w.start as f64 / RATE_HZ;
            let before = pair.quiet.iter().filter(|w| presence::end_secs(w) <= settings.calibration_secs).copied();
            let after = pair.quiet.iter().filter(|w| begins(w) >= settings.calibration_secs).copied();
            (before.collect(), after.collect())
        };
        let too_little = || {
            let name = &pair.name;
            Error::Unfit(format!("too little quiet to calibrate on — calibrate on 5 s or more: {name}"))
        };
        let baseline = QuietBaseline::learn(&calibration).ok_or_else(too_little)?;
        let mut counts = Counts::default();
        presence::moving(&rest, &baseline).into_iter().for_each(|found| counts.add(found, false));
        presence::moving(&pair.movement, &baseline).into_iter().for_each(|found| counts.add(found, true));
        let Counts { true_positive, false_positive, true_negative, false_negative } = counts;
        outcomes.push(Outcome {
            chip: pair.chip.clone(),
            clip: pair.name.clone(),
            development,
            threshold: baseline.threshold(),
            true_positive,
            false_positive,
            true_negative,
            false_negative,
            f1: counts.f1(),
        });
    }
    Ok(outcomes)
}

fn pairs(clips: &[LabelledSeries], go_on: GoOn<'_>) -> Result<Vec<Pair>, Error> {
    // Clips of a chip are in order of time, so the n-th quiet one belongs to the n-th with movement.
    let of = |class: &str| {
        let mut chosen: Vec<_> = clips.iter().filter(|clip| clip.label.class == class).collect();
        let key =
            |clip: &&LabelledSeries| (clip.label.device.clone(), clip.label.session.clone(), clip.label.room.clone());
        chosen.sort_by_key(key);
        chosen
    };
    let (quiet, movement) = (of(QUIET), of(MOVEMENT));
    if quiet.len() != movement.len() {
        let (n, m) = (quiet.len(), movement.len());
        return Err(Error::Unfit(format!("each quiet clip needs a movement clip — the folders hold {n} and {m}")));
    }
    let windows = |series| clean(series).map(|clean| presence::windows(&clean)).unwrap_or_default();
    let n = quiet.len();
    let mut pairs = Vec::with_capacity(n);
    for (at, (q, m)) in quiet.iter().zip(&movement).enumerate() {
        if !go_on(Some(at as f32 / n as f32), &q.label.name) {
            return Err(Error::Cancelled);
        }
        pairs.push(Pair {
            chip: q.label.device.clone(),
            name: q.label.name.clone(),
            quiet: windows(&q.series),
            movement: windows(&m.series),
        });
    }
    Ok(pairs)
}

pub fn report(settings: &Settings, outcomes: &[Outcome]) -> Report {
    let clip = |o: &Outcome| Row {
        name: o.clip.clone(),
        cells: vec![
            Cell::number(o.threshold, 2),
            Cell::of(o.true_positive, o.true_positive + o.false_negative),
            Cell::of(o.true_negative, o.true_negative + o.false_positive),
            o.f1.map_or_else(Cell::none, |f1| Cell::number(f1, 3)),
            Cell::text(if o.development { "development" } else { "" }),
        ],
        ..Row::default()
    };
    let columns = ["threshold", "movement found", "quiet kept", "F1", "used for"].map(str::to_owned);
    let calibration = if settings.other_session {
        "Calibrated on the chip's other session".to_owned()
    } else {
        format!("Calibrated on the first {:.1} s of each quiet clip", settings.calibration_secs)
    };
    Report {
        title: format!("movement told from quiet · {}", name_of(&settings.data)),
        provenance: Provenance::Replay,
        facts: vec![
            calibration,
            "The setting was made on the first session of each chip; intervals redraw clips and say nothing of other rooms"
                .to_owned(),
        ],
        tables: vec![
            by_chip(outcomes),
            Table {
                title: "by quiet clip".to_owned(),
                columns: columns.to_vec(),
                rows: outcomes.iter().map(clip).collect(),
                ..Table::default()
            },
        ],
        remarks: vec![
            "ESPectre's own claim on its pairs: F1 above 0.96".to_owned(),
            "No control stands beside these: a pair was recorded within a minute, so that a clock could tell its clips apart"
                .to_owned(),
        ],
    }
}

fn by_chip(outcomes: &[Outcome]) -> Table {
    let mut chips: Vec<&str> = outcomes.iter().map(|o| o.chip.as_str()).collect();
    chips.sort_unstable();
    chips.dedup();
    let f1 = |chosen: &[&Outcome]| {
        let strata = vec![0; chosen.len()];
        let figure = |drawn: &[usize]| {
            let mut sum = Counts::default();
            for counts in drawn.iter().filter_map(|at| chosen.get(*at)).map(|o| o.counts()) {
                sum.true_positive += counts.true_positive;
                sum.false_positive += counts.false_positive;
                sum.true_negative += counts.true_negative;
                sum.false_negative += counts.false_negative;
            }
            sum.f1()
        };
        interval(&strata, 0, figure).map_or_else(Cell::none, |f1| Cell::interval(&f1))
    };
    let row = |chip: &&str| {
        let all: Vec<&Outcome> = outcomes.iter().filter(|o| o.chip == **chip).collect();
        let fresh: Vec<&Outcome> = all.iter().filter(|o| !o.development).copied().collect();
        Row {
            name: (*chip).to_owned(),
            kind: RowKind::Score,
            cells: vec![f1(&fresh), f1(&all), Cell::count(fresh.len()), Cell::count(all.len())],
            ..Row::default()
        }
    };
    let columns = ["F1, sessions that nothing was set on", "F1, all", "of clips", "of all clips"].map(str::to_owned);
    Table {
        title: "by chip".to_owned(),
        columns: columns.to_vec(),
        rows: chips.iter().map(row).collect(),
        plot: Some(Plot { column: 1, low: 0.0, high: 1.0, chance: None }),
        notes: Vec::new(),
    }
}
