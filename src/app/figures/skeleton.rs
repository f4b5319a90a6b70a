//! Seventeen joints and how sure they are: bones in the person's colour, grey where they cannot be read.

use bevy_math::Vec3;

use super::{Colours, Stand};
use crate::app::theme;
use crate::engine::ShownPerson;
use crate::pose::Part;
use crate::render::{Capsule, Rgba, Scene, ScenePoint, sheet};
use crate::types::Joint;

/// Radii of bones, joints and the ball that stands for the head, metres.
const BONE_M: f32 = 0.022;
const JOINT_M: f32 = 0.032;
const HEAD_M: f32 = 0.08;
/// A shell larger than this says no more than that nothing is known, metres.
const MAX_SHELL_M: f32 = 0.5;

/// COCO's bones without the face, which radio does not see.
const BONES: [(Joint, Joint); 12] = [
    (Joint::LeftShoulder, Joint::RightShoulder),
    (Joint::LeftHip, Joint::RightHip),
    (Joint::LeftShoulder, Joint::LeftHip),
    (Joint::RightShoulder, Joint::RightHip),
    (Joint::LeftShoulder, Joint::LeftElbow),
    (Joint::LeftElbow, Joint::LeftWrist),
    (Joint::RightShoulder, Joint::RightElbow),
    (Joint::RightElbow, Joint::RightWrist),
    (Joint::LeftHip, Joint::LeftKnee),
    (Joint::LeftKnee, Joint::LeftAnkle),
    (Joint::RightHip, Joint::RightKnee),
    (Joint::RightKnee, Joint::RightAnkle),
];

/// A joint in the room.
struct Seen {
    at: Vec3,
    sigma_m: f32,
    part: Part,
}

/// Whether there was a skeleton to draw.
pub fn add(scene: &mut Scene, person: &ShownPerson, colours: &Colours) -> bool {
    let (Some(parts), Some(heading)) = (&person.shown.joints, person.shown.heading_rad) else { return false };
    let Some(joints) = person.track.pose.joints.as_deref().filter(|_| heading.is_sound()) else { return false };
    let stand = Stand::new(person, heading);
    let seen = Joint::ALL.map(|joint| {
        let (estimate, part) = (joints[joint as usize], parts[joint as usize]);
        let at = stand.to_room(Vec3::from(estimate.position_m));
        let is_sound = at.is_finite() && estimate.sigma_m.is_finite() && estimate.sigma_m > 0.0;
        (is_sound && part != Part::Hidden).then_some(Seen { at, sigma_m: estimate.sigma_m, part })
    });
    let of = |joint: Joint| seen[joint as usize].as_ref();
    let color = |part: Part| if part == Part::Drawn { colours.hue } else { colours.grey };
    let worse = |a: Part, b: Part| if a == Part::Drawn { b } else { a };
    let mut bone = |a: Vec3, b: Vec3, color: Rgba| {
        scene.capsules.push(Capsule { a, b, radius_a: BONE_M, radius_b: BONE_M, color });
    };
    for (from, to) in BONES {
        if let (Some(a), Some(b)) = (of(from), of(to)) {
            bone(a.at, b.at, color(worse(a.part, b.part)));
        }
    }
    if let (Some(nose), Some(left), Some(right)) = (of(Joint::Nose), of(Joint::LeftShoulder), of(Joint::RightShoulder))
    {
        bone((left.at + right.at) / 2.0, nose.at, color(worse(nose.part, worse(left.part, right.part))));
    }
    for (joint, seen) in Joint::ALL.into_iter().zip(&seen) {
        let Some(Seen { at, sigma_m, part }) = seen else { continue };
        let radius = if joint == Joint::Nose { HEAD_M } else { JOINT_M };
        scene.points.push(ScenePoint { position: *at, radius, color: color(*part) });
        let shell = sigma_m.min(MAX_SHELL_M);
        let share = if *part == Part::Drawn { theme::SHELL } else { 0.6 * theme::SHELL };
        scene.veils.extend(sheet::limb(*at, *at, shell, shell, super::faded(color(*part), share * colours.presence)));
    }
    true
}
