//! One line of the table: figures over the folds, their intervals, the threshold of the place, and the verdict.

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use serde::Serialize;

use super::super::super::order::quantile;
use super::super::bootstrap::{Interval, interval};
use super::super::metrics::{Judged, RocPoint, auroc, rates, roc, sensitivity_at};
use super::super::split::{Fold, Split};
use super::super::verdict::{Verdict, verdict};
use super::{Method, Scored, Task, judged};

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub split: Split,
    pub method: Method,
    pub n_positive: usize,
    pub n_negative: usize,
    /// Means over the folds.
    pub auroc: Interval,
    pub sensitivity_at_95: Interval,
    /// Sensitivity and specificity at the threshold from inside the training part; only where that is cheap.
    pub own_threshold: Option<(f64, f64)>,
    /// Sensitivity, specificity and false alarms an hour at the threshold from 20 other records of the tested place.
    pub place_threshold: Option<(f64, f64, f64)>,
    /// AUROC of each fold.
    pub folds: Vec<(String, f64)>,
    /// The curve under which `auroc` is the area.
    pub roc: Vec<RocPoint>,
    /// Only where rooms were drawn by chance: of each other class, how well falls are told from it.
    pub classes: Vec<OfClass>,
    /// `None` for controls. Supported only where no fold does worse than one of its controls.
    pub verdict: Option<Verdict>,
}

/// How well the wanted class is told from one other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfClass {
    pub class: String,
    pub n: usize,
    pub auroc: f64,
    /// Share of its records above the score that 95 % of all others stay below.
    pub alarmed: f64,
}

/// Negatives from which a place's threshold is set, and how often they are drawn.
const N_PLACE_NEGATIVES: usize = 20;
const N_DRAWS: usize = 20;

impl Task<'_> {
    pub(super) fn row(
        &self,
        split: Split,
        method: Method,
        folds: &[Fold],
        scored: &[Scored],
        own: &[(Option<f64>, Option<f64>)],
        controls: &[Row],
    ) -> Option<Row> {
        let mut kinds: Vec<(&str, &str)> = Vec::new();
        let strata: Vec<usize> = scored
            .iter()
            .map(|case| {
                let kind = self.labels.get(case.record).map_or(("", ""), |l| (l.person.as_str(), l.class.as_str()));
                kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                    kinds.push(kind);
                    kinds.len() - 1
                })
            })
            .collect();
        // Random parts are one test together; other folds are tests of their own, whose figures are averaged.
        let of_folds = |drawn: &[usize], figure: fn(&[Judged]) -> Option<f64>| -> Option<f64> {
            let cases = |fold: Option<usize>| {
                judged(drawn.iter().filter_map(|at| scored.get(*at)).filter(|case| fold.is_none_or(|f| case.fold == f)))
            };
            if split == Split::Random {
                return figure(&cases(None));
            }
            let figures: Vec<f64> = (0..folds.len()).filter_map(|fold| figure(&cases(Some(fold)))).collect();
            (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
        };
        let tests = |fold: usize| judged(scored.iter().filter(|case| split == Split::Random || case.fold == fold));
        let curve = roc(&(0..if split == Split::Random { 1 } else { folds.len() }).map(tests).collect::<Vec<_>>());
        let seed = self.options.seed;
        let area = interval(&strata, seed, |drawn| of_folds(drawn, auroc))?;
        let at_95 = interval(&strata, seed, |drawn| of_folds(drawn, |cases| sensitivity_at(cases, 0.95)))?;
        let by_fold = folds.iter().enumerate().filter_map(|(number, fold)| {
            Some((fold.name.clone(), auroc(&judged(scored.iter().filter(|case| case.fold == number)))?))
        });
        let by_fold: Vec<(String, f64)> = by_fold.collect();
        let is_score = !method.is_control();
        let areas: Vec<Interval> = controls.iter().map(|row| row.auroc).collect();
        // A mean must not hide somebody, or some room, for whom a control does better.
        let is_best = |(name, area): &(String, f64)| {
            let mut same = controls.iter().flat_map(|row| &row.folds).filter(|(other, _)| other == name);
            same.all(|(_, control)| area > control)
        };
        let verdict = match verdict(&area, &areas) {
            Verdict::Supported if by_fold.iter().all(is_best) => Verdict::Supported,
            _ => Verdict::NoEvidence,
        };
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Some(Row {
            split,
            method,
            n_positive: scored.iter().filter(|case| case.positive).count(),
            n_negative: scored.iter().filter(|case| !case.positive).count(),
            auroc: area,
            sensitivity_at_95: at_95,
            own_threshold: (!own.is_empty()).then(|| {
                (mean(own.iter().filter_map(|r| r.0).collect()), mean(own.iter().filter_map(|r| r.1).collect()))
            }),
            place_threshold: if is_score && !matches!(split, Split::Random | Split::SimulatedRooms) {
                self.at_place(folds, scored)
            } else {
                None
            },
            folds: by_fold,
            roc: curve,
            classes: if is_score && split == Split::SimulatedRooms { self.of_classes(scored) } else { Vec::new() },
            verdict: is_score.then_some(verdict),
        })
    }

    fn of_classes(&self, scored: &[Scored]) -> Vec<OfClass> {
        let class = |case: &&Scored| self.labels.get(case.record).map_or("", |label| label.class.as_str());
        let negatives = scored.iter().filter(|case| !case.positive);
        let mut names: Vec<&str> = negatives.clone().map(|case| class(&case)).collect();
        names.sort_unstable();
        names.dedup();
        let threshold = quantile(negatives.map(|case| case.score).collect(), 0.95);
        let of = |name: &&str| {
            let kept = || scored.iter().filter(|case| case.positive || class(case) == *name);
            let n = kept().filter(|case| !case.positive).count();
            let alarms = kept().filter(|case| !case.positive && threshold.is_some_and(|t| case.score > t)).count();
            let alarmed = alarms as f64 / n.max(1) as f64;
            Some(OfClass { class: (*name).to_owned(), n, auroc: auroc(&judged(kept()))?, alarmed })
        };
        names.iter().filter_map(of).collect()
    }

    /// With the threshold set where the detector is to work: just above the second highest of 20 negatives from there, drawn
    /// evenly from its classes; the rest is tested. Means over draws and folds.
    fn at_place(&self, folds: &[Fold], scored: &[Scored]) -> Option<(f64, f64, f64)> {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(self.options.seed);
        let (mut sensitivities, mut specificities, mut alarms_per_hour) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..folds.len() {
            let cases: Vec<&Scored> = scored.iter().filter(|case| case.fold == number).collect();
            for _ in 0..N_DRAWS {
                let drawn = self.draw_evenly(&cases, &mut dice);
                let mut scores: Vec<f64> = drawn.iter().map(|at| cases[*at].score).collect();
                scores.sort_by(|a, b| b.total_cmp(a));
                let threshold = *scores.get(1)?;
                let rest = || cases.iter().enumerate().filter(|(at, _)| !drawn.contains(at)).map(|(_, case)| *case);
                // Where the threshold uses all others up, nothing is left to test it on.
                let (Some(sensitivity), Some(specificity)) = rates(&judged(rest()), threshold) else { return None };
                let n_alarms = rest().filter(|case| !case.positive && case.score > threshold).count();
                let secs: f64 = rest()
                    .filter(|case| !case.positive)
                    .filter_map(|c| self.sheets.get(c.record))
                    .map(|s| s.secs)
                    .sum();
                sensitivities.push(sensitivity);
                specificities.push(specificity);
                alarms_per_hour.push(n_alarms as f64 * 3600.0 / secs.max(1.0));
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        (!sensitivities.is_empty()).then(|| (mean(&sensitivities), mean(&specificities), mean(&alarms_per_hour)))
    }

    /// Places among the cases of about 20 negatives, as many of each class.
    fn draw_evenly(&self, cases: &[&Scored], dice: &mut Xoshiro256PlusPlus) -> Vec<usize> {
        let class = |case: &Scored| self.labels.get(case.record).map_or("", |label| label.class.as_str());
        let mut classes: Vec<&str> = cases.iter().filter(|case| !case.positive).map(|case| class(case)).collect();
        classes.sort_unstable();
        classes.dedup();
        let each = N_PLACE_NEGATIVES.div_ceil(classes.len().max(1));
        let mut drawn = Vec::new();
        for name in classes {
            let mut members: Vec<usize> = (0..cases.len()).filter(|at| class(cases[*at]) == name).collect();
            members.shuffle(dice);
            drawn.extend(members.into_iter().take(each));
        }
        drawn
    }
}
