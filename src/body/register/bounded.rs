//! Damped steps that stay within bounds.

use super::skyline::Skyline;
use crate::types::{Phenotype, PhenotypeAxis};

/// How far one unknown may move.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub place: usize,
    pub down: f64,
    pub up: f64,
}

/// Steps end this far beyond a kink, so that the next one sees the slopes of the other side.
const BEYOND: f64 = 1e-6;

impl Bounds {
    /// The room that an axis has, or, `within_cell`, that it has until the next kink of the model.
    pub fn of(place: usize, axis: PhenotypeAxis, phenotype: &Phenotype, within_cell: bool) -> Self {
        let value = phenotype.get(axis);
        let (mut low, mut high) = axis.range();
        if within_cell {
            for &kink in kinks(axis) {
                if kink < value - 2.0 * BEYOND {
                    low = low.max(kink - BEYOND);
                }
                if kink > value + 2.0 * BEYOND {
                    high = high.min(kink + BEYOND);
                }
            }
        }
        Self { place, down: low - value, up: high - value }
    }
}

/// Where the model's derivative by an axis jumps: the inner anchors (`spec/body-model.md` 2.2).
fn kinks(axis: PhenotypeAxis) -> &'static [f64] {
    match axis {
        PhenotypeAxis::Age => &[0.0, 1.0 / 3.0, 2.0 / 3.0],
        PhenotypeAxis::Muscle | PhenotypeAxis::Weight | PhenotypeAxis::Cupsize | PhenotypeAxis::Firmness => &[0.5],
        _ => &[],
    }
}

/// The step that solves `(A + damping diag A + floor) x = b` with the bounded unknowns within their bounds.
///
/// Unknowns that want beyond are put on their bound and the others solved for again, so that these make up for it.
pub fn solve_within(matrix: &Skyline, right: &[f64], damping: f64, floor: f64, bounds: &[Bounds]) -> Option<Vec<f64>> {
    let mut damped = matrix.clone();
    for i in 0..damped.n() {
        let diagonal = damped.diagonal(i);
        *damped.at(i, i) = diagonal * (1.0 + damping) + floor;
    }
    let mut right = right.to_vec();
    let mut held: Vec<Option<f64>> = vec![None; bounds.len()];
    for _ in 0..=bounds.len() {
        let mut step = damped.clone().solve(&right)?;
        let mut more = false;
        for (bound, held) in bounds.iter().zip(&mut held) {
            let wanted = step[bound.place];
            if held.is_none() && (wanted < bound.down || wanted > bound.up) {
                let at = wanted.clamp(bound.down.min(bound.up), bound.up);
                *held = Some(at);
                damped.column(bound.place, |i, a| right[i] -= a * at);
                damped.isolate(bound.place);
                right[bound.place] = at;
                more = true;
            }
        }
        if !more {
            for (bound, held) in bounds.iter().zip(&held) {
                if let Some(at) = held {
                    step[bound.place] = *at;
                }
            }
            return Some(step);
        }
    }
    None
}
