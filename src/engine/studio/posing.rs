//! The T-pose, and tapes carried from the reference pose to another one.

use bevy_math::{DQuat, DVec3, Mat3, Vec3};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::body::{AnnyModel, Posed};
use crate::types::{BodyPose, Tape};

/// Arms straight out to the sides; everything else as in the reference pose.
pub fn t_pose(model: &AnnyModel, reference: &Posed) -> BodyPose {
    let mut pose = model.reference_pose();
    for (side, outwards) in [(".L", DVec3::X), (".R", DVec3::NEG_X)] {
        let bone = |name: &str| model.bone_index(&format!("{name}{side}"));
        let (Some(shoulder), Some(elbow), Some(wrist)) = (bone("upperarm01"), bone("lowerarm01"), bone("wrist")) else {
            continue;
        };
        let head = |bone: usize| reference.bones[bone].head;
        let upper = (head(elbow) - head(shoulder)).normalize_or_zero();
        let lower = (head(wrist) - head(elbow)).normalize_or_zero();
        if upper == DVec3::ZERO || lower == DVec3::ZERO {
            continue;
        }
        let raise = DQuat::from_rotation_arc(upper, outwards);
        // The forearm follows the upper arm, so that it only has to turn by what is left.
        let straighten = DQuat::from_rotation_arc(lower, raise.inverse() * outwards);
        pose.rotations[shoulder] = raise.to_scaled_axis();
        pose.rotations[elbow] = straighten.to_scaled_axis();
    }
    pose
}

/// Each point of each tape bound to the frame of the nearest vertex's face, so that it follows the skin.
///
/// Girths bridge hollows, so points may lie off the skin; their offset turns with the face.
pub struct TapeBinding<'a> {
    tapes: &'a [Tape],
    faces: &'a [[u32; 3]],
    /// Per tape and point: the face, and the offset from its first corner in the face's own axes.
    bound: Vec<Vec<(u32, Vec3)>>,
}

impl<'a> TapeBinding<'a> {
    pub fn new(reference: &Posed, faces: &'a [[u32; 3]], tapes: &'a [Tape]) -> Self {
        let corners = faces.iter().enumerate().filter_map(|(face, corners)| {
            let centre = corners.iter().map(|&i| reference.vertices[i as usize]).sum::<Vec3>() / 3.0;
            centre.is_finite().then(|| GeomWithData::new(centre.to_array(), face as u32))
        });
        let nearest = RTree::bulk_load(corners.collect());
        let bind = |point: &Vec3| {
            let face = nearest.nearest_neighbor(point.to_array()).map_or(0, |found| found.data);
            let (origin, axes) = frame(&reference.vertices, faces[face as usize]);
            (face, axes.transpose() * (*point - origin))
        };
        let bound = tapes.iter().map(|tape| tape.points.iter().map(bind).collect()).collect();
        Self { tapes, faces, bound }
    }

    /// The tapes on the same mesh in another pose.
    pub fn on(&self, vertices: &[Vec3]) -> Vec<Tape> {
        let carry = |&(face, offset): &(u32, Vec3)| {
            let (origin, axes) = frame(vertices, self.faces[face as usize]);
            origin + axes * offset
        };
        let tapes = self.tapes.iter().zip(&self.bound);
        tapes.map(|(tape, bound)| Tape { points: bound.iter().map(carry).collect(), ..*tape }).collect()
    }
}

/// First corner and right-handed axes of a face: along its first edge, across it, and its normal.
fn frame(vertices: &[Vec3], face: [u32; 3]) -> (Vec3, Mat3) {
    let [a, b, c] = face.map(|i| vertices[i as usize]);
    let along = (b - a).normalize_or(Vec3::X);
    let normal = along.cross(c - a).try_normalize().unwrap_or_else(|| along.any_orthonormal_vector());
    (a, Mat3::from_cols(along, normal.cross(along), normal))
}
