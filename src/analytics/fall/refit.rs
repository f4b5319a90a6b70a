//! Learns from verdicts: events whose evidence was kept and of which somebody has said what they were.
//!
//! Goes in: [`Labelled`] events. Comes out: a model for this room and what it is worth, each event judged by a model that has
//! not seen it, beside two controls on the same events: the links' background without movement, and the hour and the day.
//! The third control of [`super::super::evaluation`], the burst cut out, needs the frames, which are not kept.

use serde::{Deserialize, Serialize};

use super::super::evaluation::bootstrap::{Interval, interval};
use super::super::evaluation::metrics::{Judged as Case, auroc, rates};
use super::super::evaluation::verdict::{Verdict, verdict};
use super::super::learn::{Forest, ForestOptions, Logistic};
use super::super::order::quantile;
use super::evidence::{RoomEvidence, mean};
use super::room::{Origin, RoomModel};

/// An event and what it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Labelled {
    pub evidence: RoomEvidence,
    pub is_fall: bool,
}

/// A model and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refitted {
    pub model: RoomModel,
    pub n_falls: usize,
    pub n_others: usize,
    /// Events of other versions of the program, whose features are others.
    pub n_left_out: usize,
    /// Each event judged by a model that was fitted without it.
    pub auroc: Interval,
    /// Sensitivity where 95 % of the other events stay silent, by the same scores.
    pub sensitivity_at_95: Option<f64>,
    /// Name and AUROC of what judges the same events without their movement.
    pub controls: Vec<(String, Interval)>,
    pub verdict: Verdict,
    /// For a person.
    pub text: String,
}

/// Fewer of a kind cannot be told from chance: five falls among twenty others bring intervals of ±0.2.
pub const MIN_FALLS: usize = 5;
pub const MIN_OTHERS: usize = 15;
/// Penalties among which the left-out events choose (`spec/falls.md` section 3.5).
const PENALTIES: [f64; 3] = [0.003, 0.03, 0.3];
/// Events are left out one by one up to this many, beyond in so many parts: seconds either way.
const MAX_PARTS: usize = 60;
const SEED: u64 = 0;

/// Fits to labelled events; an error says what is missing.
pub fn refit(labelled: &[Labelled]) -> Result<Refitted, String> {
    let (rows, kept): (Vec<Vec<f64>>, Vec<&Labelled>) = labelled
        .iter()
        .map(|event| (event.evidence.pooled(), event))
        .filter(|(row, _)| !row.is_empty() && row.iter().all(|v| v.is_finite()))
        .unzip();
    let truths: Vec<bool> = kept.iter().map(|event| event.is_fall).collect();
    let n_falls = truths.iter().filter(|truth| **truth).count();
    let n_others = truths.len() - n_falls;
    if n_falls < MIN_FALLS || n_others < MIN_OTHERS {
        return Err(format!(
            "{n_falls} falls and {n_others} other events are labelled — {MIN_FALLS} and {MIN_OTHERS} are needed at least"
        ));
    }
    let parts = parts(&truths);
    let held_out = |c: f64| {
        scores(&rows, &truths, &parts, |rows, truths| {
            let model = Logistic::fit(rows, truths, c);
            move |row: &[f64]| model.as_ref().map_or(0.0, |model| model.score(row))
        })
    };
    let (mut best, mut best_c, mut best_area) = (Vec::new(), PENALTIES[1], f64::NEG_INFINITY);
    for c in PENALTIES {
        let cases = held_out(c);
        let area = auroc(&cases).unwrap_or(0.0);
        if area > best_area {
            (best, best_c, best_area) = (cases, c, area);
        }
    }
    let logistic = Logistic::fit(&rows, &truths, best_c).ok_or("the events cannot be told apart at all")?;
    let area = figure(&best).ok_or("the events cannot be told apart at all")?;
    let background: Vec<Vec<f64>> = kept.iter().map(|event| background(&event.evidence)).collect();
    let clock: Vec<Vec<f64>> = kept.iter().map(|event| clock(&event.evidence)).collect();
    let controls: Vec<(String, Interval)> = [("no movement", background), ("hour and day", clock)]
        .into_iter()
        .filter_map(|(name, rows)| Some((name.to_owned(), figure(&scores(&rows, &truths, &parts, forest))?)))
        .collect();
    let intervals: Vec<Interval> = controls.iter().map(|(_, interval)| *interval).collect();
    let verdict = verdict(&area, &intervals);
    let silent = quantile(best.iter().filter(|case| !case.1).map(|case| case.0).collect(), 0.95);
    let sensitivity_at_95 = silent.and_then(|threshold| rates(&best, threshold).0);
    Ok(Refitted {
        model: RoomModel {
            logistic,
            origin: Origin::OwnLabels { n_falls, n_others },
            threshold: None,
            above_95: None,
            alarms_per_day: None,
        },
        n_falls,
        n_others,
        n_left_out: labelled.len() - kept.len(),
        text: text(&area, &controls, verdict, sensitivity_at_95),
        auroc: area,
        sensitivity_at_95,
        controls,
        verdict,
    })
}

/// The part in which each event is left out, falls and others spread evenly.
fn parts(truths: &[bool]) -> Vec<usize> {
    let n_parts = truths.len().min(MAX_PARTS);
    let (mut falls, mut others) = (0, 0);
    let n_falls = truths.iter().filter(|truth| **truth).count();
    truths
        .iter()
        .map(|is_fall| {
            let place = if *is_fall { &mut falls } else { &mut others };
            let part = (*place + if *is_fall { 0 } else { n_falls }) % n_parts;
            *place += 1;
            part
        })
        .collect()
}

/// Scores of all events, each by what was fitted without its part.
fn scores<F: Fn(&[f64]) -> f64>(
    rows: &[Vec<f64>],
    truths: &[bool],
    parts: &[usize],
    fit: impl Fn(&[Vec<f64>], &[bool]) -> F,
) -> Vec<Case> {
    let mut cases = vec![(0.0, false); rows.len()];
    let n_parts = parts.iter().max().map_or(0, |part| part + 1);
    for left_out in 0..n_parts {
        let inside = || rows.iter().zip(truths).zip(parts).filter(|(_, part)| **part != left_out);
        let known: Vec<Vec<f64>> = inside().map(|((row, _), _)| row.clone()).collect();
        let score = fit(&known, &inside().map(|((_, truth), _)| *truth).collect::<Vec<bool>>());
        for (((case, row), truth), part) in cases.iter_mut().zip(rows).zip(truths).zip(parts) {
            if *part == left_out {
                *case = (score(row), *truth);
            }
        }
    }
    cases
}

fn forest(rows: &[Vec<f64>], truths: &[bool]) -> impl Fn(&[f64]) -> f64 + use<> {
    let classes: Vec<usize> = truths.iter().map(|truth| usize::from(*truth)).collect();
    let forest = Forest::fit(rows, &classes, 2, &ForestOptions { n_trees: 60, seed: SEED, ..ForestOptions::default() });
    move |row| forest.probabilities(row).last().copied().unwrap_or(0.0)
}

fn figure(cases: &[Case]) -> Option<Interval> {
    let strata: Vec<usize> = cases.iter().map(|case| usize::from(case.1)).collect();
    interval(&strata, SEED, |drawn| auroc(&drawn.iter().filter_map(|at| cases.get(*at)).copied().collect::<Vec<_>>()))
}

/// The mean background of the links.
fn background(evidence: &RoomEvidence) -> Vec<f64> {
    let rows: Vec<Vec<f64>> =
        evidence.links.iter().map(|link| link.background.iter().map(|v| f64::from(*v)).collect()).collect();
    mean(rows.iter().map(Vec::as_slice))
}

/// Hour of the day as a point on a circle, and the day.
fn clock(evidence: &RoomEvidence) -> Vec<f64> {
    const DAY_SECS: f64 = 86_400.0;
    let secs = evidence.leader().map_or(0.0, |leader| leader.peak.secs_f64());
    let (sin, cos) = (secs / DAY_SECS * std::f64::consts::TAU).sin_cos();
    vec![sin, cos, secs / DAY_SECS]
}

fn text(area: &Interval, controls: &[(String, Interval)], verdict: Verdict, at_95: Option<f64>) -> String {
    let best = controls.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let share = 100.0 * area.value;
    let control = best.map_or_else(String::new, |(name, control)| {
        format!("; by {name} alone it would be {:.0} of 100", 100.0 * control.value)
    });
    match verdict {
        Verdict::Supported => format!(
            "A fall outscores another event in {share:.0} of 100 pairs{control}. {:.0} % of the falls are found where 5 % of \
             the other events alarm",
            100.0 * at_95.unwrap_or(0.0)
        ),
        Verdict::NoEvidence => format!(
            "No evidence that falls are told by their movement: a fall outscores another event in {share:.0} of 100 \
             pairs{control}. Label more events, on several days"
        ),
    }
}
