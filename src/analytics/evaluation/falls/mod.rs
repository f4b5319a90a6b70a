//! The protocol for falls: fits each method on the training part of each fold, scores the rest, and sets the three controls
//! beside it.
//!
//! Goes in: one [`Sheet`] and one [`Label`] per record. Comes out: a [`Row`] per split and method. Choices (the penalty,
//! the threshold) are made inside the training part only; nothing is chosen on a tested record.

mod methods;
mod sheet;
mod table;

use super::super::learn::NetworkOptions;
use super::metrics::{Judged, rates};
use super::split::{Label, Split, folds};
pub use methods::Method;
pub use sheet::{MAX_SECS, Sheet, is_event, room_sheet, sheet, sheet_of};
pub use table::{OfClass, Row};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Whether masked records are left out of both parts, as the detector leaves them out.
    pub gates: bool,
    /// Networks whose probabilities are averaged; none leaves that method out.
    pub n_networks: usize,
    pub n_epochs: usize,
    /// Records that a kernel learns from at most, the first of each class: its cost grows with their cube.
    pub most_for_kernel: usize,
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { gates: true, n_networks: 0, n_epochs: NetworkOptions::default().n_epochs, most_for_kernel: 700, seed: 0 }
    }
}

/// A scored record.
struct Scored {
    fold: usize,
    record: usize,
    score: f64,
    positive: bool,
}

/// Runs all methods on one split; an error says why the split cannot be made. `progress` is told each step and answers
/// whether to go on.
pub fn run(
    sheets: &[Sheet],
    labels: &[Label],
    positive: &str,
    split: Split,
    options: &Options,
    progress: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<Row>, String> {
    let kept: Vec<usize> = (0..sheets.len().min(labels.len()))
        .filter(|at| !options.gates || sheets.get(*at).is_some_and(|sheet| !sheet.masked))
        .collect();
    let sheets: Vec<&Sheet> = kept.iter().filter_map(|at| sheets.get(*at)).collect();
    let labels: Vec<Label> = kept.iter().filter_map(|at| labels.get(*at)).cloned().collect();
    let folds = folds(&labels, positive, split, options.seed)?;
    let task = Task { sheets: &sheets, labels: &labels, positive, options };
    let mut rows: Vec<Row> = Vec::new();
    let is_wanted = |method: &Method| match method {
        Method::Network | Method::BurstCutOutNetwork => options.n_networks > 0,
        // Whoever asks may have chosen the rooms that it was fitted on.
        Method::Shipped => split != Split::SimulatedRooms,
        _ => true,
    };
    for method in Method::ORDER.into_iter().filter(is_wanted) {
        let (mut scored, mut own) = (Vec::new(), Vec::new());
        for (number, fold) in folds.iter().enumerate() {
            if !progress(&format!("{} · {} · {}", split.label(), method.label(), fold.name)) {
                return Err("interrupted".to_owned());
            }
            let (scores, threshold) = task.scores(method, fold);
            let cases: Vec<Scored> = fold
                .test
                .iter()
                .zip(scores)
                .map(|(record, score)| Scored {
                    fold: number,
                    record: *record,
                    score,
                    positive: task.is_positive(*record),
                })
                .collect();
            own.extend(threshold.map(|threshold| rates(&judged(cases.iter()), threshold)));
            scored.extend(cases);
        }
        let controls: Vec<Row> = rows.iter().filter(|row| row.method.is_control()).cloned().collect();
        rows.extend(task.row(split, method, &folds, &scored, &own, &controls));
    }
    Ok(rows)
}

fn judged<'a>(cases: impl Iterator<Item = &'a Scored>) -> Vec<Judged> {
    cases.map(|case| (case.score, case.positive)).collect()
}

struct Task<'a> {
    sheets: &'a [&'a Sheet],
    labels: &'a [Label],
    positive: &'a str,
    options: &'a Options,
}

impl Task<'_> {
    fn is_positive(&self, at: usize) -> bool {
        self.labels.get(at).is_some_and(|label| label.class == self.positive)
    }

    fn table(&self, part: &[usize], columns: fn(&Sheet) -> &[f64]) -> Vec<Vec<f64>> {
        part.iter().filter_map(|at| self.sheets.get(*at)).map(|sheet| columns(sheet).to_vec()).collect()
    }

    fn truths(&self, part: &[usize]) -> Vec<bool> {
        part.iter().map(|at| self.is_positive(*at)).collect()
    }
}
