//! Draws joints back to where bones of a person can put them.

use bevy_math::Vec3;

use crate::types::{Joint, JointEstimate};

/// Bones from the trunk outwards: parent, child, and the child's distance over stature.
///
/// Shares of stature after Drillis and Contini (Body segment parameters, 1966; as in Winter, Biomechanics and Motor Control
/// of Human Movement, figure 4.1): upper arm 0.186, forearm 0.146, thigh 0.245, shank 0.246.
const BONES: [(Joint, Joint, f32); 8] = [
    (Joint::LeftShoulder, Joint::LeftElbow, 0.186),
    (Joint::LeftElbow, Joint::LeftWrist, 0.146),
    (Joint::RightShoulder, Joint::RightElbow, 0.186),
    (Joint::RightElbow, Joint::RightWrist, 0.146),
    (Joint::LeftHip, Joint::LeftKnee, 0.245),
    (Joint::LeftKnee, Joint::LeftAnkle, 0.246),
    (Joint::RightHip, Joint::RightKnee, 0.245),
    (Joint::RightKnee, Joint::RightAnkle, 0.246),
];

/// Bones of people of one stature differ by about this much, so that shorter and longer ones pass.
const TOLERANCE: f32 = 0.12;

/// The same joints with bones of lengths that a person of this stature has, and none below the floor; metres.
///
/// A bone of a wrong length is stretched or shortened along its own direction; what hangs on it moves along. Joints that
/// are no numbers come back as they were: there is nothing to draw them back from.
pub fn limited(joints: &[JointEstimate; Joint::COUNT], height_m: f32) -> [JointEstimate; Joint::COUNT] {
    let mut limited = *joints;
    let height_m = if height_m.is_finite() { height_m.clamp(0.5, 2.5) } else { 1.68 };
    for (bone, (parent, child, share)) in BONES.into_iter().enumerate() {
        let from = Vec3::from(limited[parent as usize].position_m);
        let to = Vec3::from(limited[child as usize].position_m);
        let length = from.distance(to);
        let allowed = length.clamp(share * height_m * (1.0 - TOLERANCE), share * height_m * (1.0 + TOLERANCE));
        // A bone without a direction has none to be stretched along.
        if !length.is_finite() || length < 1e-6 || length == allowed {
            continue;
        }
        let moved = from + (to - from) * (allowed / length);
        let shift = moved - to;
        limited[child as usize].position_m = moved.into();
        if let Some((_, tip, _)) = BONES.get(bone + 1).filter(|(next, ..)| *next == child) {
            let tip = &mut limited[*tip as usize].position_m;
            *tip = (Vec3::from(*tip) + shift).into();
        }
    }
    for joint in &mut limited {
        if joint.position_m[2] < 0.0 {
            joint.position_m[2] = 0.0;
        }
    }
    limited
}
