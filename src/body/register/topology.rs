//! A mesh with the body model's own topology to phenotype and pose.
//!
//! Vertices correspond, so this is one least-squares problem. First phenotypes come from lengths that no pose changes
//! ([`Chords`]), each with a first pose bone by bone. Then all phenotypes and all bones are solved for at once on few
//! vertices, and on more of them where the mesh is not exactly a body of the model.

use bevy_math::DVec3;

use super::chords::Chords;
use super::search::{Free, Goal, Search, Step};
use super::starts::starts;
use super::system::State;
use super::{Convergence, Distances, Error, Progress, Registration, Stage, Statistics};
use crate::body::AnnyModel;
use crate::types::Mesh;

/// Root mean square below which there is nothing left to find: a thousandth of a millimetre.
const EXACT_M: f64 = 1e-6;

/// Root mean square below which no other start is tried.
const GOOD_M: f64 = 2e-4;

/// A descent that leaves more than this share of the cost in a step has arrived: among several starts, and at the end.
const ARRIVED: f64 = 0.98;
const SETTLED: f64 = 0.995;

/// A start that is behind another and leaves more than this share of the cost in a step is given up.
const BEHIND: f64 = 0.6;

const N_STEPS: usize = 15;

/// Lays the body on a mesh whose vertices are the body model's, in the same order.
pub fn to_topology(
    model: &AnnyModel,
    target: &Mesh,
    progress: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Registration, Error> {
    let n = model.n_vertices();
    if target.positions.len() != n {
        return Err(Error::OtherTopology { found: target.positions.len(), expected: n });
    }
    if !target.positions.iter().all(|p| p.is_finite()) {
        return Err(Error::NotFinite);
    }
    let mut tell = |stage, fraction, rms_m| {
        if progress(&Progress { stage, fraction, rms_m }) { Ok(()) } else { Err(Error::Cancelled) }
    };
    let to: Vec<DVec3> = target.positions.iter().map(|p| p.as_dvec3()).collect();
    let chords = Chords::of(model, &to);
    let starts = starts(model, &chords, |part| tell(Stage::Anchors, 0.4 * part, f64::NAN))?;

    let goal = Goal::new(model, &to, 4, 60);
    let n_starts = starts.len().max(1) as f32;
    let mut best: Option<(State, f64)> = None;
    for (i, phenotype) in starts.into_iter().enumerate() {
        let mut search = Search::new(&goal, goal.posed(phenotype));
        let known = best.as_ref().map_or(f64::INFINITY, |(_, rms)| *rms);
        for step in 0..N_STEPS {
            let part = (i as f32 + step as f32 / N_STEPS as f32) / n_starts;
            tell(Stage::Refine, 0.4 + 0.4 * part, search.rms_m())?;
            if step == 0 {
                // A phenotype that is right already would be thrown off by what is wrong with the first pose.
                search.step(Free::Untold);
                continue;
            }
            let enough = if step > 2 && search.rms_m() > known { BEHIND } else { ARRIVED };
            match search.step(Free::All) {
                Step::Better(left) if left < enough && search.rms_m() > EXACT_M => {}
                _ => break,
            }
        }
        let rms = search.rms_m();
        if rms < known {
            best = Some((search.state, rms));
        }
        if rms < GOOD_M {
            break;
        }
    }
    // There is a start, so there is a best.
    let Some((state, rms)) = best else { return Err(Error::NotFinite) };
    if rms < EXACT_M {
        return Ok(finished(model, state, target, Convergence::Converged));
    }

    let goal = Goal::new(model, &to, 8, 20);
    let mut search = Search::new(&goal, state);
    let mut convergence = Convergence::StepsUsedUp;
    for step in 0..N_STEPS {
        tell(Stage::Refine, 0.8 + 0.2 * step as f32 / N_STEPS as f32, search.rms_m())?;
        match search.step(Free::All) {
            Step::Better(left) if left < SETTLED && search.rms_m() > EXACT_M => {}
            _ => {
                convergence = Convergence::Converged;
                break;
            }
        }
    }
    Ok(finished(model, search.state, target, convergence))
}

fn finished(model: &AnnyModel, state: State, target: &Mesh, convergence: Convergence) -> Registration {
    let posed = model.posed(&model.shape(&state.phenotype), &state.pose);
    let per_vertex_error_m: Vec<f32> =
        posed.vertices.iter().zip(target.positions.iter()).map(|(a, b)| a.distance(*b)).collect();
    let distances = Distances::of(per_vertex_error_m.iter().map(|&d| f64::from(d)));
    Registration {
        phenotype: state.phenotype,
        pose: state.pose,
        mesh: model.mesh(&posed.vertices),
        per_vertex_error_m,
        statistics: Statistics { body_to_mesh: distances, mesh_to_body: distances, coverage: 1.0 },
        convergence,
    }
}
