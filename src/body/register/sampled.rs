//! Chosen vertices at rest, many times over: their blend shapes gathered side by side, the other vertices left out.

use bevy_math::DVec3;

use crate::body::model::wide;
use crate::body::{AnnyModel, Coefficients};

/// Some vertices and what the phenotype's blend shapes do to them.
pub struct Sampled {
    /// Rising.
    pub vertices: Vec<u16>,
    template: Vec<DVec3>,
    /// Row after row, three components per vertex, metres.
    deltas: Vec<f32>,
}

impl Sampled {
    /// `vertices` rise.
    pub fn new(model: &AnnyModel, vertices: Vec<u16>) -> Self {
        let width = 3 * vertices.len();
        let mut deltas = vec![0.0; width * model.n_phenotype_rows()];
        for (row, own) in deltas.chunks_exact_mut(width.max(1)).enumerate() {
            model.visit_row(row as u16, &vertices, |at, delta| {
                for (sum, d) in own[3 * at..3 * at + 3].iter_mut().zip(delta) {
                    *sum += d;
                }
            });
        }
        let template = vertices.iter().map(|v| model.template_vertex(usize::from(*v))).collect();
        Self { vertices, template, deltas }
    }

    /// Where the vertices are at rest. Local changes are left out.
    pub fn rest(&self, coefficients: &Coefficients) -> Vec<DVec3> {
        let mut sum = vec![0.0; 3 * self.vertices.len()];
        for (&row, &value) in coefficients.rows.iter().zip(&coefficients.values) {
            self.add(row, value, &mut sum);
        }
        self.template.iter().zip(points(&sum)).map(|(template, moved)| *template + moved).collect()
    }

    /// How they change with some axes (indices into `PhenotypeAxis::ALL`): one list per axis.
    pub fn rest_by(&self, coefficients: &Coefficients, axes: &[usize]) -> Vec<Vec<DVec3>> {
        let mut sums = vec![vec![0.0; 3 * self.vertices.len()]; axes.len()];
        for (&row, by_axis) in coefficients.rows.iter().zip(&coefficients.by_axis) {
            for (sum, axis) in sums.iter_mut().zip(axes) {
                self.add(row, by_axis[*axis], sum);
            }
        }
        sums.iter().map(|sum| points(sum).collect()).collect()
    }

    fn add(&self, row: u16, weight: f64, sum: &mut [f32]) {
        let from = usize::from(row) * sum.len();
        let Some(deltas) = self.deltas.get(from..from + sum.len()) else { return };
        if weight != 0.0 {
            let weight = weight as f32;
            wide(|| {
                for (s, d) in sum.iter_mut().zip(deltas) {
                    *s += weight * d;
                }
            });
        }
    }
}

fn points(components: &[f32]) -> impl Iterator<Item = DVec3> {
    components.as_chunks::<3>().0.iter().map(|p| DVec3::from_array(p.map(f64::from)))
}
