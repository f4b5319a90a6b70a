//! `evaluate falls --simulated --by-pose`: falls judged by the height that the pose network tells, beside controls.
//!
//! Goes in: records of rooms that are learned from and of others that are tested. Comes out: figures of the test, and the
//! model. A record's score is that of its most fall-like moment, as the running watch would have raised it.

use serde::{Deserialize, Serialize};

use super::trials::{FALL, Trial};
use super::watched::Looked;
use crate::analytics::evaluation::bootstrap::{Interval, interval};
use crate::analytics::evaluation::metrics::{Judged, RocPoint, auroc, roc, sensitivity_at};
use crate::analytics::fall::{Descent, DescentModel, Origin, Sight};
use crate::analytics::learn::Logistic;
use crate::analytics::order::quantile;

/// Penalties, chosen among 0.003 to 1 by tenfold splits of 286 training rooms (`models/falls/TESTED.md`).
const DESCENT_PENALTY: f64 = 0.1;
const DOPPLER_PENALTY: f64 = 0.03;
/// Parts of the training rooms, each scored by what the others taught.
const N_PARTS: usize = 5;
/// A record in which no moment could be judged stays below every other.
const UNJUDGED: f64 = -1e3;
/// The control without the burst leaves out so much on either side of the deepest descent, s.
const CUT_SECS: f64 = 1.0;

/// One trial as seen by the network and, unless a link gave no channel, as described by its Doppler features.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub seed: u64,
    pub links: u8,
    pub rate_hz: f32,
    /// SHA-256 of the network that looked.
    pub network: String,
    pub looks: Vec<Looked>,
    pub doppler: Option<Vec<f64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    NoMovement,
    TimingOnly,
    BurstCutOut,
    Doppler,
    Descent,
    DescentAndDoppler,
    /// The same past the gate of the running watch.
    Told,
}

impl Method {
    const ALL: [Self; 7] = [
        Self::NoMovement,
        Self::TimingOnly,
        Self::BurstCutOut,
        Self::Doppler,
        Self::Descent,
        Self::DescentAndDoppler,
        Self::Told,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::NoMovement => "control: medians of the record",
            Self::TimingOnly => "control: timing only",
            Self::BurstCutOut => "descent cut out (2 s)",
            Self::Doppler => "Doppler features of all links",
            Self::Descent => "height of the pelvis",
            Self::DescentAndDoppler => "height and Doppler, log-odds added",
            Self::Told => "the same past the gate of the watch",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub method: Method,
    pub auroc: Interval,
    pub sensitivity_at_95: Interval,
    /// Share of falls, and of others, above the threshold that was set inside the training rooms.
    pub alarmed: [f64; 2],
    /// Kind of fall or class of the others; number; AUROC against all of the other side; share alarmed at 95 %.
    pub parts: Vec<(String, usize, f64, f64)>,
    /// The curve under which `auroc` is the area.
    pub roc: Vec<RocPoint>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub provenance: &'static str,
    pub n_learned: usize,
    pub n_tested: usize,
    pub n_without_a_judged_moment: usize,
    pub rows: Vec<Row>,
}

fn is_fall(record: &Record) -> bool {
    Trial::of(record.seed).class() == FALL
}

fn sights(record: &Record) -> Vec<Sight> {
    let of = |look: &Looked| Sight::of(look.time, look.lone.as_ref()?, look.count[0], look.movement_db);
    record.looks.iter().filter_map(of).collect()
}

/// What a method may choose from in a record, one row per moment; a single one where it sees the record as a whole.
fn moments(record: &Record, method: Method) -> Vec<Vec<f64>> {
    let seen = sights(record);
    let rows = |of: Vec<Descent>| of.into_iter().map(|descent| descent.features).collect();
    let deepest = Descent::deepest(&seen);
    match method {
        Method::Descent | Method::DescentAndDoppler => rows(Descent::all(&seen)),
        Method::Told => rows(Descent::all(&seen).into_iter().filter(Descent::is_event).collect()),
        Method::Doppler => record.doppler.clone().into_iter().collect(),
        Method::NoMovement => {
            let middle = |value: fn(&Sight) -> f64| quantile(seen.iter().map(value).collect(), 0.5).unwrap_or(0.0);
            let on_floor = seen.iter().filter(|sight| sight.is_on_floor).count() * 2 > seen.len();
            let (height, x, y) = (middle(|s| s.height_m), middle(|s| s.place_m[0]), middle(|s| s.place_m[1]));
            let (sigma, nobody) = (middle(|s| s.place_sigma_m), middle(|s| s.nobody));
            let movement_db = middle(|s| f64::from(s.movement_db)) as f32;
            let still = seen.iter().map(|sight| Sight {
                movement_db,
                height_m: height,
                is_on_floor: on_floor,
                place_m: [x, y],
                place_sigma_m: sigma,
                nobody,
                ..*sight
            });
            rows(Descent::deepest(&still.collect::<Vec<_>>()).into_iter().collect())
        }
        Method::TimingOnly => {
            let when = deepest.and_then(|descent| Some(descent.time.secs_since(seen.first()?.time)));
            when.map(|secs| vec![secs, seen.len() as f64]).into_iter().collect()
        }
        Method::BurstCutOut => deepest
            .and_then(|descent| {
                let away = |sight: &&Sight| sight.time.secs_since(descent.time).abs() > CUT_SECS;
                let left: Vec<Sight> = seen.iter().filter(away).copied().collect();
                Descent::at(&left, descent.time)
            })
            .map(|descent| descent.features)
            .into_iter()
            .collect(),
    }
}

/// The row that is learned from: where there are several, that of the deepest descent.
fn learned(record: &Record, method: Method) -> Option<Vec<f64>> {
    match method {
        Method::Descent | Method::DescentAndDoppler | Method::Told => {
            Descent::deepest(&sights(record)).map(|descent| descent.features)
        }
        _ => moments(record, method).into_iter().next(),
    }
}

fn fit(records: &[&Record], method: Method) -> Option<Logistic> {
    let penalty = if method == Method::Doppler { DOPPLER_PENALTY } else { DESCENT_PENALTY };
    let (rows, truths): (Vec<_>, Vec<_>) =
        records.iter().filter_map(|record| Some((learned(record, method)?, is_fall(record)))).unzip();
    Logistic::fit(&rows, &truths, penalty)
}

/// Each tested record's score by what the others teach; `None` where one kind is missing.
fn scores(learned: &[&Record], tested: &[&Record], method: Method) -> Option<Vec<f64>> {
    if matches!(method, Method::DescentAndDoppler | Method::Told) {
        let height = heights(learned, tested, method)?;
        let doppler = scores(learned, tested, Method::Doppler)?;
        // Without a Doppler burst the height speaks alone.
        let both = height.iter().zip(doppler).map(|(h, d)| if d > UNJUDGED { h + d } else { *h });
        return Some(both.collect());
    }
    heights(learned, tested, method)
}

/// The same by one model alone.
fn heights(learned: &[&Record], tested: &[&Record], method: Method) -> Option<Vec<f64>> {
    let model = fit(learned, method)?;
    let best = |record: &&Record| moments(record, method).iter().map(|row| model.score(row)).fold(UNJUDGED, f64::max);
    Some(tested.iter().map(best).collect())
}

/// What 95 of 100 others among the training rooms stay below, each scored without its part.
fn above_95(records: &[&Record], method: Method) -> Option<f64> {
    let mut others = Vec::new();
    for part in 0..N_PARTS {
        // By threes, so that each part has falls and others.
        let is_held = |record: &&&Record| (record.seed / 3) as usize % N_PARTS == part;
        let held: Vec<&Record> = records.iter().filter(is_held).copied().filter(|record| !is_fall(record)).collect();
        let known: Vec<&Record> = records.iter().filter(|record| !is_held(record)).copied().collect();
        others.extend(scores(&known, &held, method)?);
    }
    quantile(others, 0.95)
}

/// The model that comes with the program, from the training rooms alone.
pub fn model(training: &[Record]) -> Option<DescentModel> {
    let records: Vec<&Record> = training.iter().collect();
    Some(DescentModel {
        logistic: fit(&records, Method::Descent)?,
        origin: Origin::SimulatedRooms,
        above_95: above_95(&records, Method::Descent)?,
        doppler: fit(&records, Method::Doppler),
        both_above_95: above_95(&records, Method::Told),
        raised: 0.0,
        alarms_per_day: None,
    })
}

/// Judges the tested records by what the others teach.
pub fn judge(training: &[Record], tested: &[Record], seed: u64) -> Report {
    let (known, records): (Vec<&Record>, Vec<&Record>) = (training.iter().collect(), tested.iter().collect());
    let row = |method: Method| -> Option<Row> {
        let scores = scores(&known, &records, method)?;
        let limit = above_95(&known, method)?;
        row(method, &records, &scores, limit, seed)
    };
    Report {
        provenance: "SIMULATED",
        n_learned: training.len(),
        n_tested: tested.len(),
        n_without_a_judged_moment: tested.iter().filter(|one| Descent::deepest(&sights(one)).is_none()).count(),
        rows: Method::ALL.into_iter().filter_map(row).collect(),
    }
}

fn part(record: &Record) -> String {
    match Trial::of(record.seed) {
        Trial::Fall(kind) => format!("fall: {kind:?}"),
        Trial::Other(_, name) => name.to_owned(),
    }
}

fn row(method: Method, records: &[&Record], scores: &[f64], limit: f64, seed: u64) -> Option<Row> {
    let cases: Vec<Judged> = records.iter().zip(scores).map(|(record, score)| (*score, is_fall(record))).collect();
    let names: Vec<String> = records.iter().map(|record| part(record)).collect();
    let mut kinds = names.clone();
    kinds.sort();
    kinds.dedup();
    // Rooms are redrawn among those of their class; each holds one record.
    let strata: Vec<usize> = names.iter().map(|name| kinds.binary_search(name).unwrap_or(0)).collect();
    let drawn = |places: &[usize]| -> Vec<Judged> { places.iter().filter_map(|at| cases.get(*at).copied()).collect() };
    let share = |is_fall: bool| {
        let of: Vec<&Judged> = cases.iter().filter(|case| case.1 == is_fall).collect();
        of.iter().filter(|case| case.0 > limit).count() as f64 / of.len().max(1) as f64
    };
    let at_95 = quantile(cases.iter().filter(|case| !case.1).map(|case| case.0).collect(), 0.95)?;
    let parts = kinds.iter().filter_map(|kind| {
        let of: Vec<Judged> =
            cases.iter().zip(&names).filter(|(_, name)| *name == kind).map(|(case, _)| *case).collect();
        let falls = of.first()?.1;
        let against = cases.iter().filter(|case| case.1 != falls).copied();
        let area = auroc(&of.iter().copied().chain(against).collect::<Vec<_>>())?;
        let alarmed = of.iter().filter(|case| case.0 > at_95).count() as f64 / of.len() as f64;
        Some((kind.clone(), of.len(), area, alarmed))
    });
    Some(Row {
        method,
        auroc: interval(&strata, seed, |places| auroc(&drawn(places)))?,
        sensitivity_at_95: interval(&strata, seed, |places| sensitivity_at(&drawn(places), 0.95))?,
        alarmed: [share(true), share(false)],
        parts: parts.collect(),
        roc: roc(&[cases]),
    })
}

/// The report as a table.
pub fn text(report: &Report) -> String {
    let mut text = format!(
        "{} · {} rooms tested, {} of them without a judged moment · learned from {} other rooms\n\n{:<36}{:<22}{:<22}{}\n",
        report.provenance,
        report.n_tested,
        report.n_without_a_judged_moment,
        report.n_learned,
        "",
        "AUROC [95 %]",
        "sensitivity at 95 %",
        "inside threshold: falls, others alarmed"
    );
    for row in &report.rows {
        let Interval { value, low, high } = row.auroc;
        let area = format!("{value:.3} [{low:.2}, {high:.2}]");
        let Interval { value, low, high } = row.sensitivity_at_95;
        let at_95 = format!("{:.0} % [{:.0}, {:.0}]", 100.0 * value, 100.0 * low, 100.0 * high);
        let [falls, others] = row.alarmed.map(|share| 100.0 * share);
        text += &format!("{:<36}{area:<22}{at_95:<22}{falls:.0} %, {others:.0} %\n", row.method.label());
    }
    for row in report
        .rows
        .iter()
        .filter(|row| matches!(row.method, Method::Descent | Method::DescentAndDoppler | Method::Told))
    {
        text += &format!("\n{}\n{:<24}{:>5}{:>9}   alarmed at 95 %\n", row.method.label(), "", "n", "AUROC");
        for (name, n, area, alarmed) in &row.parts {
            text += &format!("{name:<24}{n:>5}{area:>9.3}   {:.0} %\n", 100.0 * alarmed);
        }
    }
    text
}
