//! What every fit with a model needs and no photo changes. Built at the first fit, kept with the model.

use crate::body::model::AnnyModel;
use crate::types::Phenotype;

use super::basis::LandmarkBasis;
use super::outline::Edges;

/// The bones that a fit turns, besides the root. Twist bones, hands, toes and the face stay as the reference has them.
pub const JOINTS: [&str; 16] = [
    "spine04",
    "spine02",
    "neck01",
    "head",
    "clavicle.L",
    "clavicle.R",
    "upperarm01.L",
    "upperarm01.R",
    "lowerarm01.L",
    "lowerarm01.R",
    "upperleg01.L",
    "upperleg01.R",
    "lowerleg01.L",
    "lowerleg01.R",
    "foot.L",
    "foot.R",
];
pub const N_JOINTS: usize = JOINTS.len();

/// See the module.
pub struct Prepared {
    pub landmarks: LandmarkBasis,
    pub edges: Edges,
    /// [`AnnyModel::carriers`].
    pub carriers: Vec<u128>,
    /// The bones of [`JOINTS`].
    pub joints: Vec<usize>,
    /// Vertices among which the highest and the lowest of any body are; they rise.
    pub stature_vertices: Vec<u16>,
}

impl Prepared {
    pub fn new(model: &AnnyModel) -> Self {
        let mut by_height: Vec<(f32, u16)> = model
            .reference_mesh(&Phenotype::default())
            .vertices
            .iter()
            .enumerate()
            .map(|(vertex, p)| (p.z, vertex as u16))
            .collect();
        by_height.sort_by(|a, b| a.0.total_cmp(&b.0));
        let lowest = by_height.iter().take(150).step_by(2);
        let highest = by_height.iter().rev().take(60).step_by(2);
        let mut stature_vertices: Vec<u16> = lowest.chain(highest).map(|(_, vertex)| *vertex).collect();
        stature_vertices.sort_unstable();
        stature_vertices.dedup();
        Self {
            landmarks: LandmarkBasis::new(model),
            edges: Edges::new(&model.faces),
            carriers: model.carriers(),
            joints: JOINTS.iter().filter_map(|label| model.bone_index(label)).collect(),
            stature_vertices,
        }
    }
}
