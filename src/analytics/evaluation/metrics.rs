//! How well scores tell positives from negatives.

use serde::Serialize;

use super::super::order::quantile;

/// One judged case: its score (higher is more positive) and the truth.
pub type Judged = (f64, bool);

/// Area under the receiver operating characteristic: how often a positive outscores a negative, ties counting half.
/// `None` where one kind is missing or a score is no number.
pub fn auroc(cases: &[Judged]) -> Option<f64> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n_positive = cases.iter().filter(|case| case.1).count();
    let n_negative = cases.len() - n_positive;
    if n_positive == 0 || n_negative == 0 || cases.iter().any(|case| case.0.is_nan()) {
        return None;
    }
    let (mut pairs, mut negatives_below) = (0.0, 0.0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let positives = ties.iter().filter(|case| case.1).count() as f64;
        let negatives = ties.len() as f64 - positives;
        pairs += positives * (negatives_below + negatives / 2.0);
        negatives_below += negatives;
    }
    Some(pairs / (n_positive as f64 * n_negative as f64))
}

/// One threshold: what it costs and what it finds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Share of the negatives that it alarms on.
    pub false_alarm_rate: f64,
    /// Share of the positives that it finds.
    pub sensitivity: f64,
}

/// So many points draw a curve as finely as a window shows it.
pub const MOST_ROC_POINTS: usize = 200;

/// The receiver operating characteristic from (0, 0) to (1, 1), over several tests the mean of their sensitivities at each
/// false alarm rate, so that the area under it is the mean of their [`auroc`]. Ties are a slope. At most
/// [`MOST_ROC_POINTS`] points, without those on a straight line; where more are left, every so many. Tests with one kind
/// only, or with a score that is no number, are left out; empty where none is left.
pub fn roc(tests: &[Vec<Judged>]) -> Vec<RocPoint> {
    let curves: Vec<Vec<[f64; 2]>> = tests.iter().filter_map(|cases| steps(cases)).collect();
    if curves.is_empty() {
        return Vec::new();
    }
    let mut rates: Vec<f64> = curves.iter().flatten().map(|point| point[0]).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let mut corners: Vec<[f64; 2]> = Vec::new();
    for rate in rates {
        // A curve may climb at a rate: its foot and its head there.
        let ends = curves.iter().map(|curve| climb(curve, rate)).fold([0.0; 2], |sum, [foot, head]| {
            [sum[0] + foot / curves.len() as f64, sum[1] + head / curves.len() as f64]
        });
        for end in ends {
            while let [.., before, last] = corners[..]
                && is_between(before, last, [rate, end])
            {
                corners.pop();
            }
            if corners.last() != Some(&[rate, end]) {
                corners.push([rate, end]);
            }
        }
    }
    let last = corners.len() - 1;
    let n = corners.len().min(MOST_ROC_POINTS);
    let chosen = (0..n).filter_map(|at| corners.get(at * last / (n - 1).max(1)));
    chosen.map(|&[false_alarm_rate, sensitivity]| RocPoint { false_alarm_rate, sensitivity }).collect()
}

/// False alarm rate and sensitivity of every threshold, the highest first.
fn steps(cases: &[Judged]) -> Option<Vec<[f64; 2]>> {
    let n_positive = cases.iter().filter(|case| case.1).count();
    let n_negative = cases.len() - n_positive;
    if n_positive == 0 || n_negative == 0 || cases.iter().any(|case| case.0.is_nan()) {
        return None;
    }
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut alarms) = (0, 0);
    let mut points = vec![[0.0, 0.0]];
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let positives = ties.iter().filter(|case| case.1).count();
        found += positives;
        alarms += ties.len() - positives;
        points.push([alarms as f64 / n_negative as f64, found as f64 / n_positive as f64]);
    }
    Some(points)
}

/// The lowest and the highest sensitivity of a curve at a rate in 0..=1.
fn climb(curve: &[[f64; 2]], rate: f64) -> [f64; 2] {
    let mut there = curve.iter().filter(|point| point[0] == rate);
    if let Some(foot) = there.next() {
        return [foot[1], there.next_back().unwrap_or(foot)[1]];
    }
    let after = curve.partition_point(|point| point[0] < rate);
    let ([x, y], [to_x, to_y]) = match (after.checked_sub(1).and_then(|at| curve.get(at)), curve.get(after)) {
        (Some(from), Some(to)) => (*from, *to),
        _ => return [0.0; 2],
    };
    [y + (to_y - y) * (rate - x) / (to_x - x); 2]
}

/// Whether the middle one lies on the straight line between the others.
fn is_between([x, y]: [f64; 2], [mid_x, mid_y]: [f64; 2], [to_x, to_y]: [f64; 2]) -> bool {
    ((mid_x - x) * (to_y - y) - (mid_y - y) * (to_x - x)).abs() < 1e-12
}

/// Share of the positives above the score that `specificity` of the negatives stay at or below (linear between two).
pub fn sensitivity_at(cases: &[Judged], specificity: f64) -> Option<f64> {
    let negatives = cases.iter().filter(|case| !case.1).map(|case| case.0).collect();
    let threshold = quantile(negatives, specificity)?;
    rates(cases, threshold).0
}

/// Sensitivity and specificity at a threshold; an alarm is a score above it. `None` where there is no such case.
pub fn rates(cases: &[Judged], threshold: f64) -> (Option<f64>, Option<f64>) {
    let share = |positive: bool| {
        let n = cases.iter().filter(|case| case.1 == positive).count();
        let alarms = cases.iter().filter(|case| case.1 == positive && case.0 > threshold).count();
        (n > 0).then(|| alarms as f64 / n as f64)
    };
    (share(true), share(false).map(|alarms| 1.0 - alarms))
}

/// Counts of a yes-or-no detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub true_positive: usize,
    pub false_positive: usize,
    pub true_negative: usize,
    pub false_negative: usize,
}

impl Counts {
    pub fn add(&mut self, found: bool, truth: bool) {
        match (found, truth) {
            (true, true) => self.true_positive += 1,
            (true, false) => self.false_positive += 1,
            (false, false) => self.true_negative += 1,
            (false, true) => self.false_negative += 1,
        }
    }

    /// Harmonic mean of precision and sensitivity; `None` where nothing was there and nothing was found.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2 * self.true_positive;
        let all = twice + self.false_positive + self.false_negative;
        (all > 0).then(|| twice as f64 / all as f64)
    }

    pub fn sensitivity(&self) -> Option<f64> {
        let n = self.true_positive + self.false_negative;
        (n > 0).then(|| self.true_positive as f64 / n as f64)
    }

    pub fn specificity(&self) -> Option<f64> {
        let n = self.true_negative + self.false_positive;
        (n > 0).then(|| self.true_negative as f64 / n as f64)
    }
}

/// Rows are truths, columns are answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    pub fn new(n_classes: usize) -> Self {
        Self { counts: vec![vec![0; n_classes]; n_classes] }
    }

    pub fn add(&mut self, truth: usize, answer: usize) {
        if let Some(count) = self.counts.get_mut(truth).and_then(|row| row.get_mut(answer)) {
            *count += 1;
        }
    }

    /// Share of right answers.
    pub fn accuracy(&self) -> Option<f64> {
        let n: usize = self.counts.iter().flatten().sum();
        let right: usize = self.counts.iter().enumerate().filter_map(|(at, row)| row.get(at)).sum();
        (n > 0).then(|| right as f64 / n as f64)
    }

    /// Mean over the classes that occur of their F1.
    pub fn macro_f1(&self) -> Option<f64> {
        let scores: Vec<f64> = (0..self.counts.len())
            .filter_map(|class| {
                let right = *self.counts.get(class)?.get(class)?;
                let truths: usize = self.counts.get(class)?.iter().sum();
                let answers: usize = self.counts.iter().filter_map(|row| row.get(class)).sum();
                (truths > 0).then(|| 2.0 * right as f64 / (truths + answers).max(1) as f64)
            })
            .collect();
        (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
    }
}
