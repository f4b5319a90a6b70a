//! Anny's body model: phenotype and pose in, a mesh with bones out, with exact derivatives.
//!
//! After `spec/body-model.md` section 2: blend shapes weighted by products of hat functions, joints by linear regression and
//! nearest rotation, forward kinematics in the `local-ref` parameterisation, linear blend skinning with all influences.
//! Does not read files and knows nothing of photos or measurements.

mod coefficients;
mod condensed;
mod jacobian;
mod load;
mod points;
mod pose;
mod rest;
mod rotation;
mod rows;
mod skin;
mod tensors;
mod wide;

use std::sync::{Arc, OnceLock};

use bevy_math::{DMat3, DVec3, Vec3};

use crate::body::fit::Prepared;
use crate::types::{BodyPose, Mesh, Phenotype};

pub use coefficients::Coefficients;
pub use condensed::{Merging, merge};
pub use jacobian::{BodyJacobian, ShapeJacobian};
pub use load::LoadError;
pub use points::{Moment, PointSet, PointsJacobian};
pub use pose::{BoneFrame, BoneMap, PoseColumn};
pub use rotation::{nearest_rotation, nearest_rotation_derivative};
pub(in crate::body) use wide::wide;

use rows::ShapeRows;
use skin::Skin;

/// The loaded model: constant arrays only, about 40 MB. Share it behind an `Arc`.
pub struct AnnyModel {
    /// Triangles, counter-clockwise seen from outside.
    pub faces: Arc<[[u32; 3]]>,
    /// The names of the bones, parents before children.
    pub bone_labels: Vec<String>,
    /// The parent of each bone; the root is its own.
    pub bone_parents: Vec<usize>,
    /// The names of the local changes; [`Phenotype::local_changes`] indexes them.
    pub local_change_labels: Vec<String>,
    /// Texture coordinates; more of them than vertices, because of the seams.
    pub uv: Vec<[f32; 2]>,
    /// The texture coordinates of each face's corners.
    pub face_uv: Vec<[u32; 3]>,
    /// The vertex of MakeHuman's base mesh that each vertex is.
    pub base_index: Vec<u16>,
    /// The closed loop of vertices around the waist.
    pub waist_loop: Vec<u16>,
    /// The names of the regressed keypoints: COCO's 17 and 6 of the feet.
    pub keypoint_labels: Vec<String>,
    /// Vertex and weight of every term of each keypoint.
    pub keypoint_terms: Vec<Vec<(u16, f32)>>,
    template: Vec<f32>,
    rows: ShapeRows,
    labels: coefficients::RowLabels,
    bone_heads: Vec<DVec3>,
    bone_covariances: Vec<DMat3>,
    /// Orientation of each bone in the reference pose.
    bone_references: Vec<DMat3>,
    head_shapes: Vec<f32>,
    covariance_shapes: Vec<f32>,
    bone_is_shaped: Vec<bool>,
    skin: Skin,
    /// What fits need of the model; built at the first one.
    prepared: OnceLock<Prepared>,
}

/// A body at rest: everything that depends on the phenotype alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The unposed vertices, metres. This is the bind pose of skinning, not the reference pose.
    pub rest_vertices: Vec<Vec3>,
    /// The heads of the bones in the same frame.
    pub heads: Vec<DVec3>,
    /// The orientation of each bone at rest, by nearest rotation.
    pub rotations: Vec<DMat3>,
}

/// A body in a pose.
#[derive(Clone, Debug, PartialEq)]
pub struct Posed {
    /// Metres, in the frame of the pose.
    pub vertices: Vec<Vec3>,
    /// Where each bone's head is and how the bone is turned.
    pub bones: Vec<BoneFrame>,
}

impl AnnyModel {
    /// Reads `anny_full.safetensors.zst`. Malformed bytes are an error, never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        load::from_bytes(bytes)
    }

    pub fn n_vertices(&self) -> usize {
        self.template.len() / 3
    }

    pub fn n_bones(&self) -> usize {
        self.bone_parents.len()
    }

    pub fn bone_index(&self, label: &str) -> Option<usize> {
        self.bone_labels.iter().position(|l| l == label)
    }

    /// The vertex of this topology that is the given vertex of MakeHuman's base mesh.
    pub fn vertex_of_base(&self, base: u16) -> Option<usize> {
        self.base_index.binary_search(&base).ok().or_else(|| self.base_index.iter().position(|b| *b == base))
    }

    /// The bones that move a vertex, with their weights (which sum to 1), the heaviest first.
    pub fn influences(&self, vertex: usize) -> &[(u8, f32)] {
        self.skin.influences(vertex)
    }

    /// How a bone is turned in the reference pose.
    pub fn bone_reference(&self, bone: usize) -> DMat3 {
        self.bone_references[bone]
    }

    /// The reference pose: an A-pose, the same limb directions for every shape, the root bone at the origin.
    pub fn reference_pose(&self) -> BodyPose {
        BodyPose { rotations: vec![DVec3::ZERO; self.n_bones()], root_translation_m: DVec3::ZERO }
    }

    /// What fits need of the model. The first call takes some 20 ms.
    pub fn prepared(&self) -> &Prepared {
        self.prepared.get_or_init(|| Prepared::new(self))
    }

    /// The body at rest for a phenotype. Values beyond their range count as its ends; NaN counts as 0.5.
    pub fn shape(&self, phenotype: &Phenotype) -> Shape {
        self.shape_of(&self.coefficients(phenotype))
    }

    /// Poses a shape. Bones that the pose does not name keep their reference orientation.
    pub fn posed(&self, shape: &Shape, pose: &BodyPose) -> Posed {
        let bones = self.bone_frames(shape, pose);
        let vertices = self.skinned(shape, &bones);
        Posed { vertices, bones }
    }

    /// The mesh in the reference pose, on which bodies are measured.
    pub fn reference_mesh(&self, phenotype: &Phenotype) -> Posed {
        self.posed(&self.shape(phenotype), &self.reference_pose())
    }

    /// Vertices of a pose with this model's faces.
    pub fn mesh(&self, vertices: &[Vec3]) -> Mesh {
        Mesh { positions: vertices.into(), triangles: Arc::clone(&self.faces) }
    }
}

impl std::fmt::Debug for AnnyModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AnnyModel({} vertices, {} bones)", self.n_vertices(), self.n_bones())
    }
}
