//! The posture that a fit begins with, from points in space: somebody who sits, squats or lies is out of reach of a search that
//! begins standing.

use bevy_math::{DMat3, DQuat, DVec3};

use super::input::FitView;
use super::points::BodyPoint::{self, *};
use super::prepared::N_JOINTS;

/// Points in space are good to some 15 degrees per limb. What is turned less than this begins as in the reference pose.
const MIN_TURN: f64 = 0.5;
/// A trunk that leans less than this begins upright.
const MIN_LEAN: f64 = 0.6;

/// A joint of `prepared::JOINTS` (its index), the limb that hangs on it, and the joint above it that is turned too.
struct Limb(usize, [BodyPoint; 2], Option<usize>);

/// Joints above come first.
const LIMBS: [Limb; 8] = [
    Limb(6, [LeftShoulder, LeftElbow], None),
    Limb(7, [RightShoulder, RightElbow], None),
    Limb(8, [LeftElbow, LeftWrist], Some(6)),
    Limb(9, [RightElbow, RightWrist], Some(7)),
    Limb(10, [LeftHip, LeftKnee], None),
    Limb(11, [RightHip, RightKnee], None),
    Limb(12, [LeftKnee, LeftAnkle], Some(10)),
    Limb(13, [RightKnee, RightAnkle], Some(11)),
];

fn seen(view: &FitView, point: BodyPoint) -> Option<DVec3> {
    view.world.iter().find(|w| w.point == point).map(|w| DVec3::from(w.position_m))
}

/// How the trunk is turned: about the vertical alone unless it clearly leans.
pub fn root(view: &FitView, yaw: f64) -> DMat3 {
    leaning(view).unwrap_or_else(|| DMat3::from_rotation_z(yaw))
}

fn leaning(view: &FitView) -> Option<DMat3> {
    let [left_shoulder, right_shoulder] = [seen(view, LeftShoulder)?, seen(view, RightShoulder)?];
    let [left_hip, right_hip] = [seen(view, LeftHip)?, seen(view, RightHip)?];
    let up = (left_shoulder + right_shoulder - left_hip - right_hip).try_normalize()?;
    if up.angle_between(DVec3::Z) < MIN_LEAN {
        return None;
    }
    let across = left_shoulder - right_shoulder + left_hip - right_hip;
    let left = across.reject_from(up).try_normalize()?;
    Some(DMat3::from_cols(left, up.cross(left), up)) // the body's left is +x, its back +y
}

/// The rotation vectors that turn the limbs of the reference pose (`reference`, by `BodyPoint`) to where they are seen; `None` when
/// no limb is far from there.
pub fn joints(view: &FitView, root: &DMat3, reference: &[DVec3]) -> Option<[DVec3; N_JOINTS]> {
    let mut joints = [DVec3::ZERO; N_JOINTS];
    for Limb(joint, [from, to], above) in LIMBS {
        let (Some(start), Some(end)) = (seen(view, from), seen(view, to)) else { continue };
        let carry = above.map_or(DQuat::IDENTITY, |above| DQuat::from_scaled_axis(joints[above]));
        let observed = carry.inverse() * (root.transpose() * (end - start));
        let usual = reference[to as usize] - reference[from as usize];
        let (Some(observed), Some(usual)) = (observed.try_normalize(), usual.try_normalize()) else { continue };
        let turn = DQuat::from_rotation_arc(usual, observed).to_scaled_axis();
        if turn.length() > MIN_TURN {
            joints[joint] = turn;
        }
    }
    (joints != [DVec3::ZERO; N_JOINTS]).then_some(joints)
}
