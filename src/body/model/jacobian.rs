//! Exact derivatives of the whole posed body by the phenotype, and of chosen points by phenotype and pose.

use bevy_math::{DMat3, DVec3, Vec3};

use crate::types::{BodyPose, Phenotype, PhenotypeAxis};

use super::pose::{BoneMap, PoseColumn};
use super::rest::BonesBy;
use super::rotation::nearest_rotation;
use super::skin::Columns;
use super::{AnnyModel, BoneFrame, Coefficients, Shape};

/// How the bones of one body in one pose move with the phenotype: what every derivative by shape starts from.
pub struct ShapeJacobian {
    /// Indices into [`PhenotypeAxis::ALL`].
    pub axes: Vec<usize>,
    pub heads: Vec<DVec3>,
    pub rotations: Vec<DMat3>,
    by: BonesBy,
}

/// Derivatives of a posed body's vertices.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyJacobian {
    /// Per axis asked for, per vertex: metres per unit of the axis.
    pub by_axis: Vec<Vec<Vec3>>,
    /// One per rotation parameter asked for; [`AnnyModel::vertex_by_pose`] turns it into a vertex's motion.
    pub pose_columns: Vec<PoseColumn>,
}

impl AnnyModel {
    /// The bones at rest with their derivatives by some axes.
    pub fn shape_jacobian(&self, coefficients: &Coefficients, axes: &[PhenotypeAxis]) -> ShapeJacobian {
        let axes: Vec<usize> = axes.iter().map(|axis| *axis as usize).collect();
        let (heads, covariances) = self.bones_at_rest(coefficients);
        let rotations: Vec<DMat3> = covariances.iter().map(nearest_rotation).collect();
        let by = self.bones_by(coefficients, &rotations, &covariances, &axes);
        ShapeJacobian { axes, heads, rotations, by }
    }

    /// Per axis and bone: how the bone's map changes in a pose.
    pub fn bone_maps_by(&self, shape: &ShapeJacobian, frames: &[BoneFrame]) -> Vec<Vec<BoneMap>> {
        self.maps_by(&shape.heads, &shape.rotations, frames, &shape.by)
    }

    /// The frames and maps of the bones in a pose, without the vertices.
    pub fn pose_bones(&self, shape: &ShapeJacobian, pose: &BodyPose) -> (Vec<BoneFrame>, Vec<BoneMap>) {
        let frames = self.frames_of(&shape.heads, &shape.rotations, pose);
        let maps = Self::maps_of(&shape.heads, &shape.rotations, &frames);
        (frames, maps)
    }

    /// The derivatives of every vertex by some axes, and the columns of the pose for some bones.
    ///
    /// `shape` is the shape of `phenotype`.
    pub fn jacobian(
        &self,
        phenotype: &Phenotype,
        shape: &Shape,
        pose: &BodyPose,
        axes: &[PhenotypeAxis],
        bones: &[usize],
    ) -> BodyJacobian {
        let coefficients = self.coefficients(phenotype);
        let bones_by = self.shape_jacobian(&coefficients, axes);
        let frames = self.bone_frames(shape, pose);
        let maps: Vec<Columns> = self.bone_maps(shape, &frames).iter().map(Columns::new).collect();
        let maps_by = self.bone_maps_by(&bones_by, &frames);
        let rest_by = self.rest_vertices_by(&coefficients, &bones_by.axes);
        let by_axis = self.skinned_by(&shape.rest_vertices, &rest_by, &maps, &maps_by);
        BodyJacobian { by_axis, pose_columns: self.pose_columns(&frames, pose, bones) }
    }

    /// How one vertex moves with a parameter of the pose: metres per radian.
    pub fn vertex_by_pose(
        &self,
        rest: Vec3,
        vertex: usize,
        maps: &[BoneMap],
        carriers: &[u128],
        column: &PoseColumn,
    ) -> DVec3 {
        let mut sum = DVec3::ZERO;
        for &(bone, weight) in self.influences(vertex) {
            let bone = usize::from(bone);
            if carriers[bone] & (1 << column.bone) != 0 {
                let here = maps[bone].linear * rest.as_dvec3() + maps[bone].shift;
                sum += (here - column.pivot) * f64::from(weight);
            }
        }
        column.axis.cross(sum)
    }
}
