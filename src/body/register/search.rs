//! Levenberg-Marquardt steps in all phenotypes and all bones at once, against the places of some vertices.

use bevy_math::DVec3;

use super::bounded::{Bounds, solve_within};
use super::kabsch::pose_towards;
use super::sampled::Sampled;
use super::system::{Body, Plan, State, Wish};
use crate::body::AnnyModel;
use crate::types::{Phenotype, PhenotypeAxis};

/// Vertices of the model and where each should be.
pub struct Goal<'a> {
    model: &'a AnnyModel,
    sampled: Sampled,
    plan: Plan,
    wishes: Vec<Wish>,
}

impl<'a> Goal<'a> {
    /// Some vertices of every bone and every so many of all, on a mesh of the model's topology.
    pub fn new(model: &'a AnnyModel, mesh: &[DVec3], per_bone: usize, every: usize) -> Self {
        let sampled = Sampled::new(model, sample(model, per_bone, every));
        let bones: Vec<usize> = (0..model.n_bones()).collect();
        let plan = Plan::new(model, &PhenotypeAxis::ALL, &bones, sampled.vertices.clone());
        let targets = sampled.vertices.iter().map(|vertex| mesh[usize::from(*vertex)]);
        let wish = |(at, target)| Wish { at: at as u32, target, normal: None, weight: 1.0 };
        let wishes = targets.enumerate().map(wish).collect();
        Self { model, sampled, plan, wishes }
    }

    /// The phenotype in the pose that brings it near.
    pub fn posed(&self, phenotype: Phenotype) -> State {
        let coefficients = self.model.coefficients(&phenotype);
        let bones = self.model.shape_jacobian(&coefficients, &[]);
        let target: Vec<DVec3> = self.wishes.iter().map(|wish| wish.target).collect();
        let pose = pose_towards(self.model, &self.sampled, &bones, &self.sampled.rest(&coefficients), &target);
        State { phenotype, pose }
    }

    fn body(&self, state: &State) -> Body {
        Body::new(self.model, state, |coefficients| self.sampled.rest(coefficients))
    }
}

/// Some vertices of every bone, those that hang on it most, and every so many of all; rising.
fn sample(model: &AnnyModel, per_bone: usize, every: usize) -> Vec<u16> {
    let mut of_bone: Vec<Vec<u16>> = vec![Vec::new(); model.n_bones()];
    for vertex in 0..model.n_vertices() {
        if let Some(&(bone, _)) = model.influences(vertex).first() {
            of_bone[usize::from(bone)].push(vertex as u16);
        }
    }
    let mut chosen: Vec<u16> = (0..model.n_vertices()).step_by(every).map(|vertex| vertex as u16).collect();
    for own in &of_bone {
        // Evenly over what the bone moves, in the order of the mesh, which runs along the body.
        let step = (own.len() / per_bone).max(1);
        chosen.extend(own.iter().step_by(step).take(per_bone));
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Axes that move no vertex which hangs on one bone alone, so that [`super::chords`] cannot tell them.
const HIDDEN: [PhenotypeAxis; 2] = [PhenotypeAxis::Cupsize, PhenotypeAxis::Firmness];

/// What a step may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Free {
    /// The pose, and of the phenotype what chords do not tell.
    Untold,
    All,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// This share of the cost is left.
    Better(f64),
    /// There is nothing better to be found.
    Stuck,
}

/// A descent towards a goal.
pub struct Search<'a> {
    goal: &'a Goal<'a>,
    pub state: State,
    body: Body,
    cost: f64,
    damping: f64,
}

impl<'a> Search<'a> {
    pub fn new(goal: &'a Goal<'a>, state: State) -> Self {
        let body = goal.body(&state);
        let cost = body.cost(goal.model, &goal.plan, &goal.wishes);
        Self { goal, state, body, cost, damping: 1e-4 }
    }

    /// Root of the mean square distance of the goal's vertices.
    pub fn rms_m(&self) -> f64 {
        (self.cost / self.goal.wishes.len().max(1) as f64).sqrt()
    }

    /// One accepted step, or none.
    pub fn step(&mut self, what: Free) -> Step {
        let Goal { model, sampled, plan, wishes } = self.goal;
        let axes: Vec<usize> = plan.axes.iter().map(|&axis| axis as usize).collect();
        let rest_by = sampled.rest_by(&self.body.coefficients, &axes);
        let linear = plan.linearise(model, &self.state, &self.body, &rest_by, wishes);
        let right: Vec<f64> = linear.gradient.iter().map(|g| -g).collect();
        let mut damping = self.damping;
        for attempt in 0..8 {
            let axes = plan.axes.iter().enumerate();
            // A step that fails is tried again up to the next kink of the model: beyond it the slopes are others.
            let bounds: Vec<Bounds> = axes
                .map(|(i, &axis)| match (plan.axis_place(i), what) {
                    (place, Free::Untold) if !HIDDEN.contains(&axis) => Bounds { place, down: 0.0, up: 0.0 },
                    (place, _) => Bounds::of(place, axis, &self.state.phenotype, attempt > 0),
                })
                .collect();
            // The floor holds still what no vertex feels.
            if let Some(step) = solve_within(&linear.matrix, &right, damping, 1e-10, &bounds) {
                let state = plan.moved(&self.state, &step);
                let body = self.goal.body(&state);
                let cost = body.cost(model, plan, wishes);
                if cost < self.cost {
                    let left = cost / self.cost;
                    (self.state, self.body, self.cost) = (state, body, cost);
                    self.damping = (damping * 0.1).max(1e-10);
                    return Step::Better(left);
                }
            }
            if attempt > 0 {
                damping = damping.max(1e-7) * 10.0;
            }
        }
        Step::Stuck
    }
}
