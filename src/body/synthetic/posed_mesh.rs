//! Meshes of known bodies in known poses, for measuring registration.

use bevy_math::DVec3;

use super::numpy::Numpy;
use crate::body::model::AnnyModel;
use crate::types::{BodyPose, Mesh, Phenotype, PhenotypeAxis};

/// A posed mesh in the model's topology, and what it was made from.
#[derive(Clone, Debug)]
pub struct MeshCase {
    pub seed: u64,
    pub mesh: Mesh,
    pub phenotype: Phenotype,
    pub pose: BodyPose,
}

/// Six phenotype axes drawn evenly from 0..1, every bone turned by 0.25 rad (normal, per axis) and the whole body by
/// 1 rad and 1 m: the peer's own trial (body-model spec, section 3), with the body anywhere.
pub fn mesh_case(model: &AnnyModel, seed: u64) -> MeshCase {
    let mut numpy = Numpy::new(seed);
    let mut phenotype = Phenotype::default();
    for axis in &PhenotypeAxis::ALL[..6] {
        phenotype.set(*axis, numpy.unit());
    }
    let mut pose = model.reference_pose();
    for (bone, rotation) in pose.rotations.iter_mut().enumerate() {
        *rotation = DVec3::from_array(numpy.normals()) * if bone == 0 { 1.0 } else { 0.25 };
    }
    pose.root_translation_m = DVec3::from_array(numpy.normals());
    let mesh = model.mesh(&model.posed(&model.shape(&phenotype), &pose).vertices);
    MeshCase { seed, mesh, phenotype, pose }
}
