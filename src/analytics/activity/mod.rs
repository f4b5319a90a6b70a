//! What somebody is doing, half a second at a time: walking, sitting down, standing up, turning, seated.
//!
//! Goes in: labelled stretches of clean amplitudes to learn from, a stretch to name. Comes out: an activity per step. The
//! features hold no mean channel: where furniture stands is gone ten minutes later, how things move is not. What follows
//! what is learned as well ([`order`]); an evaluation must say how far the order alone would go.

mod features;
pub mod order;

pub use features::{Contexts, steps};

use order::Order;

use super::clean::Clean;
use super::learn::{Forest, ForestOptions};

/// Time from one named step to the next, and the length of a step.
pub const STEP_SECS: f64 = 0.25;
pub const WINDOW_SECS: f64 = 0.5;

/// A stretch with the class of each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    pub features: Vec<Vec<f64>>,
    pub classes: Vec<usize>,
}

/// A fitted model of activities.
#[derive(Clone, Debug, PartialEq)]
pub struct ActivityModel {
    pub contexts: Contexts,
    forest: Forest,
    order: Order,
}

impl ActivityModel {
    /// Fits to stretches; `seed` decides the trees.
    pub fn fit(sequences: &[Sequence], n_classes: usize, contexts: Contexts, seed: u64) -> Self {
        let rows: Vec<Vec<f64>> = sequences.iter().flat_map(|sequence| sequence.features.iter().cloned()).collect();
        let classes: Vec<usize> = sequences.iter().flat_map(|sequence| sequence.classes.iter().copied()).collect();
        let options = ForestOptions { n_trees: 400, min_leaf: 2, seed };
        let forest = Forest::fit(&rows, &classes, n_classes, &options);
        let order = Order::learn(sequences.iter().map(|sequence| sequence.classes.as_slice()), n_classes);
        Self { contexts, forest, order }
    }

    /// Probability of each class for each step on its own.
    pub fn probabilities(&self, features: &[Vec<f64>]) -> Vec<Vec<f64>> {
        features.iter().map(|row| self.forest.probabilities(row)).collect()
    }

    /// The most likely class of each step, on its own.
    pub fn each(&self, features: &[Vec<f64>]) -> Vec<usize> {
        self.probabilities(features).iter().map(|shares| largest(shares)).collect()
    }

    /// The most likely course of a whole stretch, by what each step looks like and by what follows what.
    pub fn course(&self, features: &[Vec<f64>]) -> Vec<usize> {
        self.order.most_likely(&self.probabilities(features))
    }

    /// Names the steps of a stretch as [`ActivityModel::course`] does.
    pub fn name(&self, clean: &Clean) -> Vec<usize> {
        self.course(&steps(clean, self.contexts))
    }
}

/// The first of the largest.
pub fn largest(shares: &[f64]) -> usize {
    (0..shares.len())
        .reduce(|best, at| {
            let of = |at: usize| shares.get(at).copied().unwrap_or(0.0);
            if of(at) > of(best) { at } else { best }
        })
        .unwrap_or(0)
}
