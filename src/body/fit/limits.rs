//! How far joints go: penalties beyond the range of motion.
//!
//! Ranges are those of the American Academy of Orthopaedic Surgeons (Joint Motion, 1965), taken from the reference pose: its elbows
//! are bent by 42 degrees, its knees by 9, its upper arms stand off by 42. Spine and neck share theirs between two joints.

use bevy_math::{DMat3, DVec3};

use super::normal::Normal;
use super::prepared::N_JOINTS;

/// From and to in degrees about a bone's own axes: x the hinge, y along the bone, z across both.
type Range = [(f64, f64); 3];

const BACK: Range = [(-20.0, 45.0), (-25.0, 25.0), (-20.0, 20.0)];
const NECK: Range = [(-35.0, 35.0), (-45.0, 45.0), (-25.0, 25.0)];
const CLAVICLE: Range = [(-30.0, 30.0), (-30.0, 30.0), (-20.0, 45.0)];
const SHOULDER: Range = [(-70.0, 140.0), (-90.0, 90.0), (-70.0, 140.0)];
const ELBOW: Range = [(-50.0, 108.0), (-90.0, 90.0), (-10.0, 10.0)];
const HIP: Range = [(-125.0, 30.0), (-45.0, 45.0), (-50.0, 35.0)];
const KNEE: Range = [(-12.0, 140.0), (-30.0, 30.0), (-8.0, 8.0)];
const ANKLE: Range = [(-30.0, 50.0), (-30.0, 30.0), (-35.0, 35.0)];

/// In the order of `prepared::JOINTS`, left before right.
const RANGES: [Range; N_JOINTS] = [
    BACK,
    BACK,
    NECK,
    NECK,
    CLAVICLE,
    mirrored(CLAVICLE),
    SHOULDER,
    mirrored(SHOULDER),
    ELBOW,
    mirrored(ELBOW),
    HIP,
    mirrored(HIP),
    KNEE,
    mirrored(KNEE),
    ANKLE,
    mirrored(ANKLE),
];

/// The other side's bones turn the same way about x, the other way about z.
const fn mirrored([x, y, (low, high)]: Range) -> Range {
    [x, y, (-high, -low)]
}

/// Standard deviation of where a person's range ends.
const SIGMA: f64 = 0.1;

/// Adds what the joints are beyond their ranges. `frames` are the joints' bones in the reference pose; the unknowns start at `first`.
pub fn add_limits(common: &mut Normal, first: usize, joints: &[DVec3; N_JOINTS], frames: &[DMat3]) {
    let weight = 1.0 / (SIGMA * SIGMA);
    for (joint, ((turn, frame), range)) in joints.iter().zip(frames).zip(RANGES).enumerate() {
        let axes = [frame.x_axis, frame.y_axis, frame.z_axis];
        for (axis, (low, high)) in axes.into_iter().zip(range) {
            let angle = turn.dot(axis);
            let beyond = angle - angle.clamp(low.to_radians(), high.to_radians());
            if beyond != 0.0 {
                common.cost += 0.5 * weight * beyond * beyond;
                common.add_block(first + 3 * joint, axis.to_array(), beyond, weight);
            }
        }
    }
}
