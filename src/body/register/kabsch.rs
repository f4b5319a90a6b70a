//! A first pose: each bone turned as the vertices that hang on it are turned, bone by bone from the root outwards.

use bevy_math::{DMat3, DQuat, DVec3};

use super::sampled::Sampled;
use super::system::on_bone;
use crate::body::AnnyModel;
use crate::body::model::{ShapeJacobian, nearest_rotation};
use crate::types::BodyPose;

/// The pose that brings a shape near a mesh of the same topology: `bones` and `rest` are the shape's, `target` is where the
/// sampled vertices are on the mesh. Bones with too few vertices keep their reference orientation.
pub fn pose_towards(
    model: &AnnyModel,
    sampled: &Sampled,
    bones: &ShapeJacobian,
    rest: &[DVec3],
    target: &[DVec3],
) -> BodyPose {
    let n = model.n_bones();
    let mut sums = vec![Sums::EMPTY; n];
    for ((vertex, from), to) in sampled.vertices.iter().zip(rest).zip(target) {
        for &(bone, w) in model.influences(usize::from(*vertex)) {
            // Vertices that hang on several bones say less of each: the square of the share counts.
            sums[usize::from(bone)].add(*from, *to, f64::from(w * w));
        }
    }
    // In the reference pose a bone's frame is its reference orientation.
    let mut pose = model.reference_pose();
    let (reference, _) = model.pose_bones(bones, &pose);
    let mut world: Vec<DMat3> = Vec::with_capacity(n);
    for bone in 0..n {
        let parent = model.bone_parents[bone];
        let carry = if bone == 0 { DMat3::IDENTITY } else { world[parent] * reference[parent].rotation.transpose() };
        let own = match sums[bone].rotation() {
            Some(turn) => turn * bones.rotations[bone],
            None => carry * reference[bone].rotation,
        };
        let relative = carry.transpose() * own * reference[bone].rotation.transpose();
        pose.rotations[bone] = DQuat::from_mat3(&nearest_rotation(&relative)).normalize().to_scaled_axis();
        world.push(own);
    }
    // The whole body's place: the mean over the vertices.
    let (_, maps) = model.pose_bones(bones, &pose);
    let mut shift = DVec3::ZERO;
    for ((vertex, from), to) in sampled.vertices.iter().zip(rest).zip(target) {
        shift += *to;
        for &(bone, w) in model.influences(usize::from(*vertex)) {
            shift -= on_bone(&maps[usize::from(bone)], *from) * f64::from(w);
        }
    }
    pose.root_translation_m += shift / target.len().max(1) as f64;
    pose
}

/// Weighted moments of two point sets.
#[derive(Clone, Copy, Debug)]
struct Sums {
    weight: f64,
    from: DVec3,
    to: DVec3,
    cross: DMat3,
    spread: f64,
}

impl Sums {
    const EMPTY: Self = Self { weight: 0.0, from: DVec3::ZERO, to: DVec3::ZERO, cross: DMat3::ZERO, spread: 0.0 };

    fn add(&mut self, from: DVec3, to: DVec3, w: f64) {
        self.weight += w;
        self.from += from * w;
        self.to += to * w;
        self.cross += DMat3::from_cols(to * from.x, to * from.y, to * from.z) * w;
        self.spread += from.length_squared() * w;
    }

    /// `None` where there is too little to tell a rotation from.
    fn rotation(&self) -> Option<DMat3> {
        if self.weight < 1e-3 {
            return None;
        }
        let (from, to) = (self.from / self.weight, self.to / self.weight);
        let spread = self.spread / self.weight - from.length_squared();
        if spread < 1e-6 {
            return None; // within a millimetre
        }
        let mean = DMat3::from_cols(to * from.x, to * from.y, to * from.z) * self.weight;
        Some(nearest_rotation(&(self.cross - mean)))
    }
}
