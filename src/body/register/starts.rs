//! Where to start from on a mesh of the body model's own topology: shapes whose chords are like the mesh's.
//!
//! The phenotype is piecewise multilinear, and a descent can end on the wrong side of a kink: above all of age, then of
//! muscle and weight, which can stand in for each other. So several ages are started from, and from the best that they
//! lead to, the other sides of average muscle and weight. What finds the mesh's chords exactly ends the search.

use super::chords::{self, Chords};
use crate::body::AnnyModel;
use crate::types::{Phenotype, PhenotypeAxis};

/// Ages that are started from: the anchors of the model's age axis that the specification names, the first a little
/// above the kink at the baby.
const AGES: [f64; 4] = [0.67, 0.33, 1.0, 0.05];

/// The middles of the segments of muscle and weight.
const SIDES: [(f64, f64); 4] = [(0.25, 0.25), (0.25, 0.75), (0.75, 0.25), (0.75, 0.75)];

/// How often the other sides are tried, each time from the best so far.
const N_ROUNDS: usize = 3;

/// At most so many starts are told.
const N_STARTS: usize = 4;

const N_STEPS: usize = 12;

/// Phenotypes, the most promising first, and none that is nearly another; at least one. `go_on` is asked before each try
/// and told how much of all tries was made; what it fails with ends the search.
pub fn starts<E>(
    model: &AnnyModel,
    chords: &Chords,
    mut go_on: impl FnMut(f32) -> Result<(), E>,
) -> Result<Vec<Phenotype>, E> {
    let mut found: Vec<(Phenotype, f64)> = Vec::new();
    let n_tries = (AGES.len() + N_ROUNDS * SIDES.len()) as f32;
    // Says whether the search is over.
    let mut follow = |start: Phenotype, found: &mut Vec<(Phenotype, f64)>| {
        go_on(found.len() as f32 / n_tries)?;
        let end = chords.fit(model, start, &PhenotypeAxis::ALL, N_STEPS);
        let at = found.partition_point(|(_, cost)| *cost <= end.1);
        let is_exact = end.1 < chords::EXACT;
        found.insert(at, end);
        Ok(is_exact)
    };
    for age in AGES {
        let mut start = Phenotype::default();
        start.set(PhenotypeAxis::Age, age);
        if follow(start, &mut found)? {
            return Ok(distinct(found));
        }
    }
    for _ in 0..N_ROUNDS {
        let (best, cost) = found[0].clone();
        for (muscle, weight) in SIDES {
            let mut start = best.clone();
            start.set(PhenotypeAxis::Muscle, muscle);
            start.set(PhenotypeAxis::Weight, weight);
            if is_same_cell(&start, &best) {
                continue;
            }
            if follow(start, &mut found)? {
                return Ok(distinct(found));
            }
        }
        if found[0].1 > 0.5 * cost {
            break;
        }
    }
    Ok(distinct(found))
}

fn is_same_cell(a: &Phenotype, b: &Phenotype) -> bool {
    [PhenotypeAxis::Muscle, PhenotypeAxis::Weight].iter().all(|&axis| (a.get(axis) < 0.5) == (b.get(axis) < 0.5))
}

fn distinct(found: Vec<(Phenotype, f64)>) -> Vec<Phenotype> {
    const NEAR: f64 = 0.03;
    const TELLING: [PhenotypeAxis; 5] = [
        PhenotypeAxis::Gender,
        PhenotypeAxis::Age,
        PhenotypeAxis::Muscle,
        PhenotypeAxis::Weight,
        PhenotypeAxis::Height,
    ];
    // Nothing is better than what is exact.
    let n = if found.first().is_some_and(|(_, cost)| *cost < chords::EXACT) { 1 } else { N_STARTS };
    let mut kept: Vec<Phenotype> = Vec::new();
    for (phenotype, _) in found {
        let is_near = |other: &Phenotype| TELLING.iter().all(|&a| (phenotype.get(a) - other.get(a)).abs() < NEAR);
        if kept.len() < n && !kept.iter().any(is_near) {
            kept.push(phenotype);
        }
    }
    kept
}
