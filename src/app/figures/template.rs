//! The figure of a posture: a ghost, so that nobody takes it for something that was seen.
//!
//! Without a direction it is a pawn that looks the same from all sides, for a figure that faces somewhere would claim one.

use bevy_math::Vec3;

use super::{Colours, Stand, foot};
use crate::app::theme;
use crate::body::drive::stick_figure;
use crate::engine::ShownPerson;
use crate::render::{Scene, sheet};
use crate::types::{Joint, Posture};

const USUAL_STATURE_M: f32 = 1.7;
const HEAD_M: f32 = 0.11;
/// The skull's middle behind and above the nose, metres.
const SKULL_M: Vec3 = Vec3::new(0.0, 0.09, 0.02);

/// Limbs of the ghost with their radii at both ends, metres.
const LIMBS: [(Joint, Joint, f32, f32); 8] = [
    (Joint::LeftShoulder, Joint::LeftElbow, 0.05, 0.04),
    (Joint::LeftElbow, Joint::LeftWrist, 0.04, 0.03),
    (Joint::RightShoulder, Joint::RightElbow, 0.05, 0.04),
    (Joint::RightElbow, Joint::RightWrist, 0.04, 0.03),
    (Joint::LeftHip, Joint::LeftKnee, 0.075, 0.055),
    (Joint::LeftKnee, Joint::LeftAnkle, 0.055, 0.04),
    (Joint::RightHip, Joint::RightKnee, 0.075, 0.055),
    (Joint::RightKnee, Joint::RightAnkle, 0.055, 0.04),
];

/// Whether there was a template to draw.
pub fn add(scene: &mut Scene, person: &ShownPerson, colours: &Colours) -> bool {
    if !person.shown.template {
        return false;
    }
    let color = colours.clear(theme::GHOST);
    let posture = person.shown.posture;
    let Some(heading) = person.shown.heading_rad.filter(|heading| heading.is_sound()) else {
        let height = person.height_m.map_or(USUAL_STATURE_M, |height| height as f32);
        for (low, high, radius_low, radius_high) in pawn(posture) {
            let at = |share: f32| foot(person) + Vec3::Z * share * height;
            scene.veils.extend(sheet::limb(at(low), at(high), radius_low, radius_high, color));
        }
        return true;
    };
    let pelvis = person.track.pose.pelvis_height_m.filter(|height| height.is_sound()).map(|height| height.value);
    let stand = Stand::new(person, heading);
    let body = stick_figure(posture, person.height_m, pelvis).map(|joint| joint.as_vec3());
    let at = |joint: Joint| stand.to_room(body[joint as usize]);
    let middle = |a: Joint, b: Joint| (at(a) + at(b)) / 2.0;
    for (from, to, radius_from, radius_to) in LIMBS {
        scene.veils.extend(sheet::limb(at(from), at(to), radius_from, radius_to, color));
    }
    let hips = middle(Joint::LeftHip, Joint::RightHip);
    let shoulders = middle(Joint::LeftShoulder, Joint::RightShoulder);
    scene.veils.extend(sheet::limb(hips, shoulders, 0.13, 0.15, color));
    let lies = matches!(posture, Posture::Lying | Posture::OnFloor);
    let skull = if lies { Vec3::new(0.0, 0.0, -0.09) } else { SKULL_M };
    let head = stand.to_room(body[Joint::Nose as usize] + skull);
    scene.veils.extend(sheet::limb(head, head, HEAD_M, HEAD_M, color));
    true
}

/// Parts of a figure without a direction: from and to in shares of stature, radii in metres.
fn pawn(posture: Posture) -> Vec<(f32, f32, f32, f32)> {
    match posture {
        Posture::Unknown | Posture::Standing | Posture::Walking => {
            vec![(0.1, 0.5, 0.1, 0.14), (0.5, 0.78, 0.14, 0.17), (0.92, 0.92, HEAD_M, HEAD_M)]
        }
        Posture::Sitting => vec![(0.15, 0.3, 0.22, 0.2), (0.3, 0.55, 0.15, 0.17), (0.7, 0.7, HEAD_M, HEAD_M)],
        Posture::Crouching => vec![(0.12, 0.35, 0.24, 0.17), (0.5, 0.5, HEAD_M, HEAD_M)],
        Posture::OnFloor => vec![(0.08, 0.08, 0.14, 0.14)],
        Posture::Lying => vec![(0.36, 0.36, 0.14, 0.14)],
    }
}
