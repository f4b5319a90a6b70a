//! A mesh with the body model's own topology to phenotype and pose.
//!
//! Vertices correspond, so this is one least-squares problem. A first phenotype comes from lengths that no pose changes
//! ([`Chords`]), from several ages, because the phenotype is piecewise multilinear with kinks, above all in age. Then a
//! first pose bone by bone, and Levenberg-Marquardt steps in all phenotypes and all bones at once, with exact derivatives
//! on a sample of the vertices.

use bevy_math::DVec3;

use super::bounded::{Bounds, solve_within};
use super::chords::Chords;
use super::kabsch::pose_towards;
use super::sampled::Sampled;
use super::system::{Body, Plan, State, Wish};
use super::{Convergence, Distances, Error, Progress, Registration, Stage, Statistics};
use crate::body::AnnyModel;
use crate::types::{Mesh, Phenotype, PhenotypeAxis};

/// Ages that are started from: the anchors of the model's age axis that the specification names, the first a little
/// above the kink at the baby.
const AGE_STARTS: [f64; 4] = [0.67, 0.33, 1.0, 0.05];

/// Root mean square below which there is nothing left to find: a hundredth of a millimetre.
const EXACT_M: f64 = 1e-5;

/// Root mean square below which no other start is tried.
const GOOD_M: f64 = 2e-4;

/// Mean square of relative lengths below which a shape is the mesh's.
const EXACT_CHORDS: f64 = 1e-9;

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
    let to: Vec<DVec3> = target.positions.iter().map(|p| p.as_dvec3()).collect();
    let chords = Chords::of(model, &to);
    let mut starts = Vec::new();
    for (i, age) in AGE_STARTS.into_iter().enumerate() {
        let fraction = 0.1 * i as f32;
        if !progress(&Progress { stage: Stage::Anchors, fraction, rms_m: f64::NAN }) {
            return Err(Error::Cancelled);
        }
        let mut start = Phenotype::default();
        start.set(PhenotypeAxis::Age, age);
        starts.push(chords.fit(model, start, &PhenotypeAxis::ALL, 12));
        if starts[i].1 < EXACT_CHORDS {
            break;
        }
    }
    starts.sort_by(|a, b| a.1.total_cmp(&b.1));
    let bones: Vec<usize> = (0..model.n_bones()).collect();
    let sampled = Sampled::new(model, sample(model, 4, 60));
    let plan = Plan::new(model, &PhenotypeAxis::ALL, &bones, sampled.vertices.clone());
    let places: Vec<DVec3> = sampled.vertices.iter().map(|v| to[usize::from(*v)]).collect();
    let mut best: Option<(State, f64, Convergence)> = None;
    for (i, (phenotype, _)) in starts.into_iter().enumerate() {
        let coefficients = model.coefficients(&phenotype);
        let shape = model.shape_jacobian(&coefficients, &[]);
        let pose = pose_towards(model, &sampled, &shape, &sampled.rest(&coefficients), &places);
        let mut search = Search::new(model, &sampled, &plan, &places, State { phenotype, pose });
        let mut convergence = Convergence::StepsUsedUp;
        for step in 0..15 {
            let fraction = 0.4 + 0.15 * i as f32 + 0.01 * step as f32;
            if !progress(&Progress { stage: Stage::Refine, fraction, rms_m: search.rms_m() }) {
                return Err(Error::Cancelled);
            }
            if search.step() || search.rms_m() < 0.1 * EXACT_M {
                convergence = Convergence::Converged;
                break;
            }
        }
        let rms = search.rms_m();
        if best.as_ref().is_none_or(|(_, known, _)| rms < *known) {
            best = Some((search.state, rms, convergence));
        }
        if rms < GOOD_M {
            break;
        }
    }
    // There is a start, so there is a best.
    let Some((state, _, convergence)) = best else { return Err(Error::NotFinite) };
    Ok(finished(model, state, target, convergence))
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

/// Some vertices of every bone, those that hang on it most, and every so many of all; rising.
fn sample(model: &AnnyModel, per_bone: usize, every: usize) -> Vec<u16> {
    let mut of_bone: Vec<Vec<(f32, u16)>> = vec![Vec::new(); model.n_bones()];
    for vertex in 0..model.n_vertices() {
        if let Some(&(bone, w)) = model.influences(vertex).first() {
            of_bone[usize::from(bone)].push((w, vertex as u16));
        }
    }
    let mut chosen: Vec<u16> = (0..model.n_vertices()).step_by(every).map(|vertex| vertex as u16).collect();
    for own in &mut of_bone {
        // Evenly over what the bone moves, in the order of the mesh, which runs along the body.
        let step = (own.len() / per_bone).max(1);
        chosen.extend(own.iter().step_by(step).take(per_bone).map(|(_, vertex)| *vertex));
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Levenberg-Marquardt on one plan.
struct Search<'a> {
    model: &'a AnnyModel,
    sampled: &'a Sampled,
    plan: &'a Plan,
    wishes: Vec<Wish>,
    state: State,
    body: Body,
    cost: f64,
    damping: f64,
}

impl<'a> Search<'a> {
    fn new(model: &'a AnnyModel, sampled: &'a Sampled, plan: &'a Plan, target: &[DVec3], state: State) -> Self {
        let wish = |(at, &target): (usize, &DVec3)| Wish { at: at as u32, target, normal: None, weight: 1.0 };
        let wishes: Vec<Wish> = target.iter().enumerate().map(wish).collect();
        let body = Body::new(model, &state, |coefficients| sampled.rest(coefficients));
        let cost = body.cost(model, plan, &wishes);
        Self { model, sampled, plan, wishes, state, body, cost, damping: 1e-4 }
    }

    fn rms_m(&self) -> f64 {
        (self.cost / self.wishes.len().max(1) as f64).sqrt()
    }

    /// One accepted step, or none; true when nothing better is to be found.
    fn step(&mut self) -> bool {
        let axes: Vec<usize> = self.plan.axes.iter().map(|&axis| axis as usize).collect();
        let rest_by = self.sampled.rest_by(&self.body.coefficients, &axes);
        let linear = self.plan.linearise(self.model, &self.state, &self.body, &rest_by, &self.wishes);
        let right: Vec<f64> = linear.gradient.iter().map(|g| -g).collect();
        for attempt in 0..8 {
            let axes = self.plan.axes.iter().enumerate();
            // A step that fails is tried again up to the next kink of the model: beyond it the slopes are others.
            let bounds: Vec<Bounds> = axes
                .map(|(i, &axis)| Bounds::of(self.plan.axis_place(i), axis, &self.state.phenotype, attempt > 0))
                .collect();
            // The floor holds still what no vertex feels.
            if let Some(step) = solve_within(&linear.matrix, &right, self.damping, 1e-10, &bounds) {
                let state = self.plan.moved(&self.state, &step);
                let body = Body::new(self.model, &state, |coefficients| self.sampled.rest(coefficients));
                let cost = body.cost(self.model, self.plan, &self.wishes);
                if cost < self.cost {
                    let small = cost > 0.9999 * self.cost;
                    (self.state, self.body, self.cost) = (state, body, cost);
                    self.damping = (self.damping * 0.1).max(1e-10);
                    return small;
                }
            }
            if attempt > 0 {
                self.damping = self.damping.max(1e-7) * 10.0;
            }
        }
        true
    }
}
