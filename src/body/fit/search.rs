//! Levenberg-Marquardt over the evidence: steps that lower the cost are taken, others are shortened.

use crate::types::PhenotypeAxis;

use super::age;
use super::evaluate::{Context, Evaluation, Looking};
use super::state::State;

/// A start and how far it has come.
pub struct Search {
    pub state: State,
    pub evaluation: Evaluation,
    /// How far each axis may go.
    pub bounds: [(f64, f64); 11],
    damping: f64,
    /// Size of the last step that was taken, in the units of [`step_size`].
    pub last_step: f64,
    pub n_refused: usize,
    /// The costs of the last steps that were taken.
    recent: Vec<f64>,
    best: Option<(State, f64)>,
}

/// A step may be worse than the last, but not than the worst of this many before: outline points that change their match make
/// the cost jump, and a search that never goes up gets caught by that.
const MEMORY: usize = 2;

const DAMPING_START: f64 = 1e-3;
const DAMPING_MIN: f64 = 1e-7;
const DAMPING_MAX: f64 = 1e3;

impl Search {
    pub fn new(context: &Context<'_>, state: State, looking: &Looking) -> Self {
        let evaluation = context.evaluate(&state, looking);
        let bounds = age::bounds(context.input, context.options);
        Self {
            state,
            evaluation,
            bounds,
            damping: DAMPING_START,
            last_step: f64::MAX,
            n_refused: 0,
            recent: Vec::new(),
            best: None,
        }
    }

    /// Looks again from the same place in another way.
    pub fn relook(&mut self, context: &Context<'_>, looking: &Looking) {
        self.evaluation = context.evaluate(&self.state, looking);
        self.damping = DAMPING_START;
        self.n_refused = 0;
        self.recent.clear();
        self.best = None;
    }

    /// Goes back to the best place since the last look in a new way.
    pub fn settle(&mut self, context: &Context<'_>, looking: &Looking) {
        if let Some((state, cost)) = self.best.take()
            && cost < self.cost()
        {
            self.state = state;
            self.evaluation = context.evaluate(&self.state, looking);
        }
    }

    pub fn cost(&self) -> f64 {
        self.evaluation.system.cost()
    }

    /// One trial step. False when there is nothing left to try.
    pub fn step(&mut self, context: &Context<'_>, looking: &Looking, fixed: &[PhenotypeAxis]) -> bool {
        let axes = &context.options.axes;
        let mut frozen = vec![false; axes.len()];
        for (at, axis) in axes.iter().enumerate() {
            frozen[at] = fixed.contains(axis);
        }
        let Some(mut step) = self.evaluation.system.step(self.damping, &frozen) else {
            self.damping = (self.damping * 10.0).max(1e-6);
            return self.damping < DAMPING_MAX;
        };
        // Axes at their end that would go beyond stay there, and the others move without them.
        let mut bound = false;
        for (at, axis) in axes.iter().enumerate() {
            let (low, high) = self.bounds[*axis as usize];
            let value = self.state.phenotype.get(*axis);
            if (value <= low && step[at] < 0.0) || (value >= high && step[at] > 0.0) {
                frozen[at] = true;
                bound = true;
            }
        }
        if bound {
            match self.evaluation.system.step(self.damping, &frozen) {
                Some(bounded) => step = bounded,
                None => return false,
            }
        }
        let next = self.state.moved(axes, &self.bounds, &step);
        let evaluation = context.evaluate(&next, looking);
        let before = self.recent.iter().copied().fold(self.cost(), f64::max);
        let after = evaluation.system.cost();
        if next.is_finite() && after.is_finite() && after < before + 1e-9 {
            self.last_step = step_size(axes.len(), &step);
            if self.recent.len() == MEMORY {
                self.recent.remove(0);
            }
            self.recent.push(self.cost());
            let own = self.cost();
            if self.best.as_ref().is_none_or(|(_, cost)| own < *cost) && own < after {
                self.best = Some((self.state.clone(), own));
            }
            self.state = next;
            self.evaluation = evaluation;
            self.damping = (self.damping * 0.2).max(DAMPING_MIN);
            self.n_refused = 0;
            true
        } else {
            self.damping *= 8.0;
            self.n_refused += 1;
            self.damping < DAMPING_MAX
        }
    }
}

/// The largest change of an axis or a joint.
fn step_size(n_axes: usize, step: &[f64]) -> f64 {
    step[..(n_axes + super::state::N_POSE).min(step.len())].iter().fold(0.0, |m, d| m.max(d.abs()))
}
