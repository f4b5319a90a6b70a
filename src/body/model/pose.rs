//! Forward kinematics in Anny's `local-ref` parameterisation, and how bones move with shape and pose.
//!
//! A bone's rotation turns it about the world-aligned axes of the reference pose, carried along by its parent.

use bevy_math::{DMat3, DVec3};

use crate::types::BodyPose;

use super::rest::BonesBy;
use super::rotation::{left_jacobian, rotation_of};
use super::{AnnyModel, Shape};

/// Where a bone is in the pose: x lateral, y along the bone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoneFrame {
    pub rotation: DMat3,
    pub head: DVec3,
}

/// Takes rest coordinates to posed ones for what hangs on one bone alone: `linear * v + shift`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoneMap {
    pub linear: DMat3,
    pub shift: DVec3,
}

/// One parameter of a pose: it turns a bone and all that hangs on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PoseColumn {
    pub bone: usize,
    /// The angular velocity per unit of the parameter, in the frame of the pose.
    pub axis: DVec3,
    /// The point that stays.
    pub pivot: DVec3,
}

impl AnnyModel {
    pub fn bone_frames(&self, shape: &Shape, pose: &BodyPose) -> Vec<BoneFrame> {
        self.frames_of(&shape.heads, &shape.rotations, pose)
    }

    pub(super) fn frames_of(&self, heads: &[DVec3], rotations: &[DMat3], pose: &BodyPose) -> Vec<BoneFrame> {
        let reference = &self.bone_references;
        let shift = if pose.root_translation_m.is_finite() { pose.root_translation_m } else { DVec3::ZERO };
        let mut frames: Vec<BoneFrame> = Vec::with_capacity(self.n_bones());
        for (bone, parent) in self.bone_parents.iter().enumerate() {
            let turn = rotation_of(pose.rotations.get(bone).copied().unwrap_or_default()) * reference[bone];
            frames.push(if bone == 0 {
                let back = reference[0].transpose();
                BoneFrame { rotation: back * turn, head: back * shift }
            } else {
                let above = frames[*parent];
                let carry = above.rotation * reference[*parent].transpose();
                let offset = self.aligned(*parent, rotations) * (heads[bone] - heads[*parent]);
                BoneFrame { rotation: carry * turn, head: above.head + carry * offset }
            });
        }
        frames
    }

    /// Takes directions at rest to the reference pose, for what hangs on a bone.
    fn aligned(&self, bone: usize, rotations: &[DMat3]) -> DMat3 {
        if bone == 0 { DMat3::IDENTITY } else { self.bone_references[bone] * rotations[bone].transpose() }
    }

    pub fn bone_maps(&self, shape: &Shape, frames: &[BoneFrame]) -> Vec<BoneMap> {
        Self::maps_of(&shape.heads, &shape.rotations, frames)
    }

    pub(super) fn maps_of(heads: &[DVec3], rotations: &[DMat3], frames: &[BoneFrame]) -> Vec<BoneMap> {
        let each = frames.iter().zip(rotations.iter().zip(heads));
        each.map(|(frame, (rotation, head))| {
            let linear = frame.rotation * rotation.transpose();
            BoneMap { linear, shift: frame.head - linear * *head }
        })
        .collect()
    }

    /// How the bones' maps change with each axis of `by`. A shape change turns no posed bone, it only moves and re-binds them.
    pub(super) fn maps_by(
        &self,
        heads: &[DVec3],
        rotations: &[DMat3],
        frames: &[BoneFrame],
        by: &BonesBy,
    ) -> Vec<Vec<BoneMap>> {
        let reference = &self.bone_references;
        let per_axis = by.heads.iter().zip(&by.rotations).map(|(d_heads, d_rotations)| {
            let mut d_posed: Vec<DVec3> = Vec::with_capacity(frames.len());
            let mut maps = Vec::with_capacity(frames.len());
            for (bone, parent) in self.bone_parents.iter().copied().enumerate() {
                let d_head = if bone == 0 {
                    DVec3::ZERO
                } else {
                    let mut d_offset = self.aligned(parent, rotations) * (d_heads[bone] - d_heads[parent]);
                    if parent != 0 {
                        d_offset +=
                            reference[parent] * (d_rotations[parent].transpose() * (heads[bone] - heads[parent]));
                    }
                    d_posed[parent] + frames[parent].rotation * (reference[parent].transpose() * d_offset)
                };
                d_posed.push(d_head);
                let linear = frames[bone].rotation * d_rotations[bone].transpose();
                let still = frames[bone].rotation * (rotations[bone].transpose() * d_heads[bone]);
                maps.push(BoneMap { linear, shift: d_head - linear * heads[bone] - still });
            }
            maps
        });
        per_axis.collect()
    }

    /// The three parameters of each of `bones`: what an infinitesimal change of its rotation vector does.
    pub fn pose_columns(&self, frames: &[BoneFrame], pose: &BodyPose, bones: &[usize]) -> Vec<PoseColumn> {
        let mut columns = Vec::with_capacity(3 * bones.len());
        for &bone in bones {
            let carry = if bone == 0 {
                self.bone_references[0].transpose()
            } else {
                let parent = self.bone_parents[bone];
                frames[parent].rotation * self.bone_references[parent].transpose()
            };
            let axes = carry * left_jacobian(pose.rotations.get(bone).copied().unwrap_or_default());
            for axis in [axes.x_axis, axes.y_axis, axes.z_axis] {
                columns.push(PoseColumn { bone, axis, pivot: frames[bone].head });
            }
        }
        columns
    }

    /// For every bone the set of bones that carry it, itself included, as bits.
    pub fn carriers(&self) -> Vec<u128> {
        let mut sets: Vec<u128> = Vec::with_capacity(self.n_bones());
        for (bone, parent) in self.bone_parents.iter().enumerate() {
            let above = if bone == 0 { 0 } else { sets[*parent] };
            sets.push(above | 1 << bone);
        }
        sets
    }
}
