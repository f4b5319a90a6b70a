//! Points of the model prepared for fitting: what each of them hangs on every bone, as a linear function of the weights of the
//! blend shapes. With it a step that looks at landmarks alone costs a tenth of a posed body.

use bevy_math::DVec3;

use crate::body::model::{AnnyModel, Coefficients, Merging, Moment, PointSet, merge, wide};

use super::points::Place;

/// Regression weights below this are left out, the others scaled up for them. At rest that moves no keypoint by more than 0.3 mm.
const LIGHTEST: f32 = 1e-4;

/// Constant for a model.
pub struct PointBasis {
    /// Where each point's moments start; one more at the end.
    first: Vec<u32>,
    template: Vec<Moment>,
    /// Per phenotype row: three components per moment.
    rows: Vec<f32>,
}

impl PointBasis {
    pub(super) fn new(model: &AnnyModel, places: impl Iterator<Item = Place>) -> Self {
        let mut slots =
            Slots { first: vec![0], bones: Vec::new(), masses: Vec::new(), terms: Vec::new(), heads: Vec::new() };
        for place in places {
            match place {
                Place::Regressed(index) => {
                    let terms = model.keypoint_terms.get(index).map_or(&[][..], Vec::as_slice);
                    let heavy = terms.iter().filter(|(_, w)| w.abs() > LIGHTEST);
                    let kept: f64 = heavy.clone().map(|(_, w)| f64::from(*w)).sum();
                    slots.add_mixture(model, heavy.map(|(v, w)| (usize::from(*v), f64::from(*w) / kept)));
                }
                Place::Vertex(vertex) => {
                    let vertex = usize::from(vertex);
                    slots.add_mixture(model, (vertex < model.n_vertices()).then_some((vertex, 1.0)).into_iter());
                }
                Place::BoneHead(label) => slots.add_head(model.bone_index(label)),
            }
        }
        slots.terms.sort_unstable_by_key(|(vertex, ..)| *vertex);
        let mut vertices: Vec<u16> = slots.terms.iter().map(|(vertex, ..)| *vertex).collect();
        vertices.dedup();
        // Where the terms of each vertex start.
        let mut starts: Vec<usize> =
            vertices.iter().map(|v| slots.terms.partition_point(|(vertex, ..)| vertex < v)).collect();
        starts.push(slots.terms.len());

        let n = slots.bones.len();
        let mut template: Vec<Moment> = slots
            .bones
            .iter()
            .zip(&slots.masses)
            .map(|(bone, mass)| Moment { bone: *bone, first: DVec3::ZERO, mass: *mass })
            .collect();
        for (vertex, slot, mass) in &slots.terms {
            template[*slot].first += model.template_vertex(usize::from(*vertex)) * *mass;
        }
        for (slot, bone) in &slots.heads {
            template[*slot].first += model.template_head(*bone);
        }
        let n_rows = model.n_phenotype_rows();
        let mut rows = vec![0.0; n_rows * 3 * n];
        for row in 0..n_rows {
            let out = &mut rows[row * 3 * n..(row + 1) * 3 * n];
            model.visit_row(row as u16, &vertices, |at, delta| {
                for (_, slot, mass) in &slots.terms[starts[at]..starts[at + 1]] {
                    for axis in 0..3 {
                        out[3 * slot + axis] += delta[axis] * *mass as f32;
                    }
                }
            });
            for (slot, bone) in &slots.heads {
                let delta = model.head_delta(row, *bone);
                for axis in 0..3 {
                    out[3 * slot + axis] += delta[axis];
                }
            }
        }
        Self { first: slots.first, template, rows }
    }

    /// For a model whose rows were merged.
    pub(super) fn merged(&self, merging: &Merging, n_merged: usize) -> Self {
        Self {
            first: self.first.clone(),
            template: self.template.clone(),
            rows: merge(&self.rows, 3 * self.template.len(), merging, n_merged),
        }
    }

    /// The points of a shape, with derivatives by some axes (indices into `PhenotypeAxis::ALL`).
    pub fn points(&self, coefficients: &Coefficients, axes: &[usize]) -> PointSet {
        let n = 3 * self.template.len();
        let mut sums = vec![vec![0.0f32; n]; 1 + axes.len()];
        for ((row, value), by_axis) in coefficients.rows.iter().zip(&coefficients.values).zip(&coefficients.by_axis) {
            let from = usize::from(*row) * n;
            let Some(part) = self.rows.get(from..from + n) else { continue };
            let weights = std::iter::once(*value).chain(axes.iter().map(|axis| by_axis[*axis]));
            for (sum, weight) in sums.iter_mut().zip(weights).filter(|(_, weight)| *weight != 0.0) {
                wide(|| {
                    for (s, p) in sum.iter_mut().zip(part) {
                        *s += weight as f32 * p;
                    }
                });
            }
        }
        let vectors = |sum: &[f32]| sum.as_chunks::<3>().0.iter().map(|d| DVec3::from(d.map(f64::from))).collect();
        let moved: Vec<DVec3> = vectors(&sums[0]);
        let mut moments = self.template.clone();
        for (moment, d) in moments.iter_mut().zip(moved) {
            moment.first += d;
        }
        let by_axis = sums[1..].iter().map(|sum| vectors(sum)).collect();
        PointSet::from_parts(self.first.clone(), moments, by_axis)
    }
}

/// Moments under construction.
struct Slots {
    first: Vec<u32>,
    bones: Vec<u8>,
    masses: Vec<f64>,
    /// Vertex, slot, mass.
    terms: Vec<(u16, usize, f64)>,
    /// Slots that are the head of a bone.
    heads: Vec<(usize, usize)>,
}

impl Slots {
    fn add_mixture(&mut self, model: &AnnyModel, mixture: impl Iterator<Item = (usize, f64)>) {
        let start = self.bones.len();
        for (vertex, share) in mixture {
            for &(bone, weight) in model.influences(vertex) {
                let slot = match self.bones[start..].iter().position(|b| *b == bone) {
                    Some(at) => start + at,
                    None => {
                        self.bones.push(bone);
                        self.masses.push(0.0);
                        self.bones.len() - 1
                    }
                };
                let mass = share * f64::from(weight);
                self.masses[slot] += mass;
                self.terms.push((vertex as u16, slot, mass));
            }
        }
        self.first.push(self.bones.len() as u32);
    }

    fn add_head(&mut self, bone: Option<usize>) {
        if let Some(bone) = bone {
            self.heads.push((self.bones.len(), bone));
            self.bones.push(bone as u8);
            self.masses.push(1.0);
        }
        self.first.push(self.bones.len() as u32);
    }
}
