//! A first shape without a pose: lengths between vertices that hang on one bone alone, which no pose changes.
//!
//! A third of the vertices follow a single bone rigidly. The distances between them depend on the phenotype only, so the
//! phenotype can be fitted to a mesh's before anything is known of how the body stands.

use bevy_math::DVec3;

use super::bounded::{Bounds, solve_within};
use super::sampled::Sampled;
use super::skyline::Skyline;
use crate::body::AnnyModel;
use crate::types::{Phenotype, PhenotypeAxis};

/// Vertices that count as rigid: all but this share of their weight on one bone.
const RIGID: f32 = 0.999;
const PER_BONE: usize = 16;

/// Mean square of relative lengths below which a shape is the mesh's; what rounding leaves is a tenth of it.
pub const EXACT: f64 = 1e-10;

/// A step that leaves more than this share of the cost is the last.
const SLOW: f64 = 0.99;

/// Pairs of rigid vertices of one bone.
pub struct Chords {
    sampled: Sampled,
    pairs: Vec<(u32, u32)>,
    length_m: Vec<f64>,
}

impl Chords {
    /// The chords of a mesh with the model's topology.
    pub fn of(model: &AnnyModel, target: &[DVec3]) -> Self {
        let mut of_bone: Vec<Vec<u16>> = vec![Vec::new(); model.n_bones()];
        for vertex in 0..model.n_vertices() {
            if let Some(&(bone, w)) = model.influences(vertex).first()
                && w >= RIGID
            {
                of_bone[usize::from(bone)].push(vertex as u16);
            }
        }
        let mut of_vertex = Vec::new();
        for own in &of_bone {
            let step = (own.len() / PER_BONE).max(1);
            let own: Vec<u16> = own.iter().copied().step_by(step).take(PER_BONE).collect();
            let n = own.len();
            for stride in [1, n / 4, n / 2] {
                for i in 0..n {
                    if stride > 0 && i + stride < n {
                        of_vertex.push((own[i], own[i + stride]));
                    }
                }
            }
        }
        of_vertex.sort_unstable();
        of_vertex.dedup();
        let mut vertices: Vec<u16> = of_vertex.iter().flat_map(|&(a, b)| [a, b]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let place = |vertex: u16| vertices.partition_point(|&v| v < vertex) as u32;
        let length = |&(a, b): &(u16, u16)| target[usize::from(a)].distance(target[usize::from(b)]);
        Self {
            length_m: of_vertex.iter().map(length).collect(),
            pairs: of_vertex.iter().map(|&(a, b)| (place(a), place(b))).collect(),
            sampled: Sampled::new(model, vertices),
        }
    }

    /// The phenotype near a start whose chords are most like these, and the mean square of what is left, relative.
    pub fn fit(&self, model: &AnnyModel, start: Phenotype, axes: &[PhenotypeAxis], n_steps: usize) -> (Phenotype, f64) {
        let indices: Vec<usize> = axes.iter().map(|&axis| axis as usize).collect();
        let mut phenotype = start;
        let mut damping = 1e-3;
        let mut cost = self.cost(model, &phenotype);
        for _ in 0..n_steps {
            let coefficients = model.coefficients(&phenotype);
            let rest = self.sampled.rest(&coefficients);
            let by = self.sampled.rest_by(&coefficients, &indices);
            let n = axes.len();
            let mut matrix = Skyline::new(vec![0; n]);
            let mut right = vec![0.0; n];
            let mut row = vec![0.0; n];
            for (&(a, b), &length) in self.pairs.iter().zip(&self.length_m) {
                let (a, b) = (a as usize, b as usize);
                let weight = weight(length);
                let along = (rest[a] - rest[b]).normalize_or_zero();
                let off = (rest[a].distance(rest[b]) - length) * weight;
                for (slot, by) in row.iter_mut().zip(&by) {
                    *slot = along.dot(by[a] - by[b]) * weight;
                }
                for i in 0..n {
                    right[i] -= row[i] * off;
                    for j in 0..=i {
                        *matrix.at(i, j) += row[i] * row[j];
                    }
                }
            }
            let mut accepted = false;
            for attempt in 0..6 {
                let bounds: Vec<Bounds> =
                    axes.iter().enumerate().map(|(i, &axis)| Bounds::of(i, axis, &phenotype, attempt > 0)).collect();
                let Some(step) = solve_within(&matrix, &right, damping, 1e-9, &bounds) else { break };
                let mut moved = phenotype.clone();
                for (i, &axis) in axes.iter().enumerate() {
                    moved.set(axis, phenotype.get(axis) + step[i]);
                }
                let new_cost = self.cost(model, &moved);
                if new_cost < cost {
                    accepted = new_cost < SLOW * cost;
                    (phenotype, cost) = (moved, new_cost);
                    damping = (damping * 0.1).max(1e-9);
                    break;
                }
                if attempt > 0 {
                    damping *= 10.0;
                }
            }
            if !accepted || cost < EXACT {
                break;
            }
        }
        (phenotype, cost)
    }

    fn cost(&self, model: &AnnyModel, phenotype: &Phenotype) -> f64 {
        let rest = self.sampled.rest(&model.coefficients(phenotype));
        let sum: f64 = self
            .pairs
            .iter()
            .zip(&self.length_m)
            .map(|(&(a, b), &length)| ((rest[a as usize].distance(rest[b as usize]) - length) * weight(length)).powi(2))
            .sum();
        sum / self.pairs.len().max(1) as f64
    }
}

/// Relative errors, but a millimetre on a fingertip is not a tenth of it.
fn weight(length: f64) -> f64 {
    1.0 / (length + 0.02)
}
