//! Extremely randomised trees (Geurts, Ernst & Wehenkel, Machine Learning 2006): the strongest cheap learner for small
//! tables, and therefore the one that controls of an evaluation use.
//!
//! Each node draws √width columns and one cut between the column's extremes for each, and takes the one that leaves the
//! purest children (Gini, classes weighted to equal totals). Deterministic by seed.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForestOptions {
    pub n_trees: usize,
    /// Rows that a leaf has at least.
    pub min_leaf: usize,
    pub seed: u64,
}

impl Default for ForestOptions {
    fn default() -> Self {
        Self { n_trees: 150, min_leaf: 1, seed: 0 }
    }
}

/// A fitted forest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    trees: Vec<Vec<Node>>,
    n_classes: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Rows whose column is at most the cut go to the first child.
    Split {
        column: usize,
        cut: f64,
        children: [usize; 2],
    },
    Leaf(Vec<f64>),
}

/// Deeper trees than this only tell single rows apart.
const MAX_DEPTH: usize = 40;

impl Forest {
    /// `classes` are 0..`n_classes`; rows without a class are left out.
    pub fn fit(rows: &[Vec<f64>], classes: &[usize], n_classes: usize, options: &ForestOptions) -> Self {
        let mut counts = vec![0.0; n_classes];
        classes.iter().filter_map(|class| counts.get_mut(*class).map(|n: &mut f64| *n += 1.0)).for_each(drop);
        let weight: Vec<f64> = counts.iter().map(|n| 1.0 / n.max(1.0)).collect();
        let usable: Vec<usize> =
            (0..rows.len()).filter(|at| classes.get(*at).is_some_and(|class| *class < n_classes)).collect();
        let width = rows.first().map_or(0, Vec::len);
        let data = Data { rows, classes, weight: &weight, n_classes, width };
        let trees = (0..options.n_trees).map(|tree| {
            let mut dice = Xoshiro256PlusPlus::seed_from_u64(options.seed.wrapping_mul(1_000_003) + tree as u64);
            let mut nodes = Vec::new();
            data.grow(usable.clone(), 0, options.min_leaf.max(1), &mut dice, &mut nodes);
            nodes
        });
        Self { trees: trees.collect(), n_classes }
    }

    /// Probability of each class.
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_classes];
        for tree in &self.trees {
            let mut at = 0;
            while let Some(Node::Split { column, cut, children: [low, high] }) = tree.get(at) {
                at = if row.get(*column).copied().unwrap_or(0.0) <= *cut { *low } else { *high };
            }
            if let Some(Node::Leaf(shares)) = tree.get(at) {
                sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share / self.trees.len() as f64);
            }
        }
        sums
    }
}

struct Data<'a> {
    rows: &'a [Vec<f64>],
    classes: &'a [usize],
    weight: &'a [f64],
    n_classes: usize,
    width: usize,
}

impl Data<'_> {
    fn value(&self, row: usize, column: usize) -> f64 {
        self.rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0)
    }

    fn totals(&self, rows: &[usize]) -> Vec<f64> {
        let mut totals = vec![0.0; self.n_classes];
        for class in rows.iter().filter_map(|row| self.classes.get(*row)) {
            if let Some(total) = totals.get_mut(*class) {
                *total += self.weight.get(*class).copied().unwrap_or(0.0);
            }
        }
        totals
    }

    /// Adds the node of these rows and what is below it; the answer is its place.
    fn grow(
        &self,
        rows: Vec<usize>,
        depth: usize,
        min_leaf: usize,
        dice: &mut Xoshiro256PlusPlus,
        nodes: &mut Vec<Node>,
    ) -> usize {
        let place = nodes.len();
        let totals = self.totals(&rows);
        let sum: f64 = totals.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        nodes.push(Node::Leaf(totals.iter().map(|total| total / sum).collect()));
        let is_pure = totals.iter().filter(|total| **total > 0.0).count() < 2;
        if is_pure || depth >= MAX_DEPTH || rows.len() < 2 * min_leaf {
            return place;
        }
        let Some((column, cut)) = self.best_split(&rows, min_leaf, dice) else { return place };
        let (low, high): (Vec<usize>, Vec<usize>) = rows.into_iter().partition(|row| self.value(*row, column) <= cut);
        let low = self.grow(low, depth + 1, min_leaf, dice, nodes);
        let high = self.grow(high, depth + 1, min_leaf, dice, nodes);
        if let Some(node) = nodes.get_mut(place) {
            *node = Node::Split { column, cut, children: [low, high] };
        }
        place
    }

    fn best_split(&self, rows: &[usize], min_leaf: usize, dice: &mut Xoshiro256PlusPlus) -> Option<(usize, f64)> {
        let n_tries = (self.width as f64).sqrt().round().max(1.0) as usize;
        let mut columns: Vec<usize> = (0..self.width).collect();
        let mut best: Option<(f64, usize, f64)> = None;
        let mut n_tried = 0;
        // Columns that do not change within the node are no try.
        while n_tried < n_tries && !columns.is_empty() {
            let column = columns.swap_remove(below(dice, columns.len()));
            let values = || rows.iter().map(|row| self.value(*row, column));
            let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            if low >= high {
                continue;
            }
            n_tried += 1;
            let drawn = low + (high - low) * unit(dice);
            let cut = if drawn < high { drawn } else { low };
            let (below, above): (Vec<usize>, Vec<usize>) =
                rows.iter().partition(|row| self.value(**row, column) <= cut);
            if below.len() < min_leaf || above.len() < min_leaf {
                continue;
            }
            let impurity = gini_mass(&self.totals(&below)) + gini_mass(&self.totals(&above));
            if best.is_none_or(|(least, _, _)| impurity < least) {
                best = Some((impurity, column, cut));
            }
        }
        best.map(|(_, column, cut)| (column, cut))
    }
}

/// Gini impurity times the weight of a node.
fn gini_mass(totals: &[f64]) -> f64 {
    let sum: f64 = totals.iter().sum();
    if sum <= 0.0 { 0.0 } else { sum - totals.iter().map(|t| t * t).sum::<f64>() / sum }
}

/// A whole number below `n`, even enough for the few that are drawn here.
fn below(dice: &mut Xoshiro256PlusPlus, n: usize) -> usize {
    (((dice.next_u64() >> 32) * n as u64) >> 32) as usize
}

/// 0..1.
fn unit(dice: &mut Xoshiro256PlusPlus) -> f64 {
    (dice.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}
