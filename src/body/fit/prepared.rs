//! What every fit with a model needs and no photo changes. Built at the first fit, kept with the model.

use bevy_math::DMat3;
use safetensors::{Dtype, SafeTensors};

use crate::body::model::AnnyModel;
use crate::types::{Phenotype, PhenotypeAxis};

use super::basis::PointBasis;
use super::outline::Edges;
use super::points::{BodyPoint, Place};

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
    /// In the order of [`BodyPoint::ALL`]; about 4 MB.
    pub landmarks: PointBasis,
    pub edges: Edges,
    /// [`AnnyModel::carriers`].
    pub carriers: Vec<u128>,
    /// The bones of [`JOINTS`].
    pub joints: Vec<usize>,
    /// How they are turned in the reference pose.
    pub joint_frames: Vec<DMat3>,
    /// Vertices that mostly move with the trunk, where clothes hang.
    pub is_trunk: Vec<bool>,
    /// Vertices among which the highest and the lowest of any body are.
    pub extremes: PointBasis,
    /// A lighter model for searches over [`LIGHT_AXES`].
    pub light: Option<Box<(AnnyModel, Prepared)>>,
}

/// The axes of the lighter model: those that fits estimate unless told otherwise.
pub const LIGHT_AXES: [PhenotypeAxis; 6] = [
    PhenotypeAxis::Gender,
    PhenotypeAxis::Age,
    PhenotypeAxis::Muscle,
    PhenotypeAxis::Weight,
    PhenotypeAxis::Height,
    PhenotypeAxis::Proportions,
];

/// Fewer triangles over the model's vertices, made by `models/anny/outline_mesh.py`.
const OUTLINE_MESH: &[u8] = include_bytes!("../../../models/anny/outline_mesh.safetensors");

/// Per vertex, whether most of its weight is on bones of the trunk.
fn trunk(model: &AnnyModel) -> Vec<bool> {
    let is_trunk = |bone: u8| {
        let label = &model.bone_labels[usize::from(bone)];
        ["root", "pelvis", "spine", "clavicle", "breast"].iter().any(|part| label.starts_with(part))
    };
    let share = |vertex| -> f32 {
        let influences = model.influences(vertex).iter();
        influences.filter(|(bone, _)| is_trunk(*bone)).map(|(_, weight)| weight).sum()
    };
    (0..model.n_vertices()).map(|vertex| share(vertex) > 0.5).collect()
}

/// `None` when the array is not there: fits are slower then, not wrong.
fn outline_faces() -> Option<Vec<[u16; 3]>> {
    let file = SafeTensors::deserialize(OUTLINE_MESH).ok()?;
    let faces = file.tensor("faces").ok()?;
    let words = faces.data().as_chunks::<2>().0.iter().map(|word| u16::from_le_bytes(*word));
    (faces.dtype() == Dtype::U16).then(|| words.collect::<Vec<_>>().as_chunks::<3>().0.to_vec())
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
        let extremes = lowest.chain(highest).map(|(_, vertex)| Place::Vertex(*vertex));
        let joints: Vec<usize> = JOINTS.iter().filter_map(|label| model.bone_index(label)).collect();
        let mut prepared = Self {
            landmarks: PointBasis::new(model, BodyPoint::ALL.into_iter().map(BodyPoint::place)),
            extremes: PointBasis::new(model, extremes),
            edges: Edges::new(&model.faces),
            carriers: model.carriers(),
            joint_frames: joints.iter().map(|bone| model.bone_reference(*bone)).collect(),
            joints,
            is_trunk: trunk(model),
            light: None,
        };
        prepared.light = prepared.lighter(model);
        prepared
    }

    fn lighter(&self, model: &AnnyModel) -> Option<Box<(AnnyModel, Self)>> {
        let axes = LIGHT_AXES.map(|axis| axis as usize);
        let (light, merging) = model.condensed(&axes, &outline_faces()?)?;
        let n_rows = light.n_phenotype_rows();
        let prepared = Self {
            landmarks: self.landmarks.merged(&merging, n_rows),
            extremes: self.extremes.merged(&merging, n_rows),
            edges: Edges::new(&light.faces),
            carriers: self.carriers.clone(),
            joints: self.joints.clone(),
            joint_frames: self.joint_frames.clone(),
            is_trunk: trunk(&light),
            light: None,
        };
        Some(Box::new((light, prepared)))
    }
}
