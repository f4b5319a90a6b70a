//! A first pose: each bone turned as the vertices that hang on it are turned, bone by bone from the root outwards.

use bevy_math::{DMat3, DQuat, DVec3};

use crate::body::model::nearest_rotation;
use crate::body::{AnnyModel, Shape};
use crate::types::BodyPose;

/// The pose that brings a shape near a mesh of the same topology. Bones with too few vertices keep their reference
/// orientation.
pub fn pose_towards(model: &AnnyModel, shape: &Shape, target: &[DVec3]) -> BodyPose {
    let n = model.n_bones();
    let mut sums = vec![Sums::EMPTY; n];
    for (vertex, to) in target.iter().enumerate() {
        let from = shape.rest_vertices[vertex].as_dvec3();
        for &(bone, w) in model.influences(vertex) {
            // Vertices that hang on several bones say less of each: the square of the share counts.
            sums[usize::from(bone)].add(from, *to, f64::from(w * w));
        }
    }
    // In the reference pose a bone's frame is its reference orientation.
    let mut pose = model.reference_pose();
    let reference = model.bone_frames(shape, &pose);
    let mut world: Vec<DMat3> = Vec::with_capacity(n);
    for bone in 0..n {
        let parent = model.bone_parents[bone];
        let carry = if bone == 0 { DMat3::IDENTITY } else { world[parent] * reference[parent].rotation.transpose() };
        let own = match sums[bone].rotation() {
            Some(turn) => turn * shape.rotations[bone],
            None => carry * reference[bone].rotation,
        };
        let relative = carry.transpose() * own * reference[bone].rotation.transpose();
        pose.rotations[bone] = DQuat::from_mat3(&nearest_rotation(&relative)).normalize().to_scaled_axis();
        world.push(own);
    }
    // The whole body's place: the mean over the vertices.
    let posed = model.posed(shape, &pose);
    let n = target.len().max(1) as f64;
    let shift: DVec3 = target.iter().zip(&posed.vertices).map(|(to, from)| *to - from.as_dvec3()).sum();
    pose.root_translation_m += shift / n;
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
        if self.weight < 0.5 {
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
