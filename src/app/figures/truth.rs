//! The simulator's own people: they are the truth and no estimate, and are drawn so that nobody takes one for the other.

use bevy_math::Vec3;
use egui::lerp;

use super::rgba;
use crate::app::theme::{self, Theme};
use crate::engine::Snapshot;
use crate::render::{Capsule, Rgba, Scene, ScenePoint};

/// The simulated body begins with head, chest and pelvis ([`crate::simulate::BONES`]); radii of its parts, metres.
const HEAD: usize = 0;
const N_TRUNK: usize = 3;
const HEAD_M: f32 = 0.11;
const NECK_M: f32 = 0.05;
const TRUNK_M: f32 = 0.13;
const LIMB_M: f32 = 0.05;

/// Limb by limb; what no limb joins is drawn as a ball.
pub fn add_truth(scene: &mut Scene, snapshot: &Snapshot, theme: &Theme) {
    let body = &snapshot.simulated_body;
    let color = color(theme);
    for &(from, to) in snapshot.simulated_bones {
        let (Some(&a), Some(&b)) = (body.get(from), body.get(to)) else { continue };
        let radius = |end: usize| if end < N_TRUNK { TRUNK_M } else { LIMB_M };
        let (radius_a, radius_b) = if from == HEAD { (NECK_M, NECK_M) } else { (radius(from), radius(to)) };
        scene.capsules.push(Capsule { a, b, radius_a, radius_b, color });
    }
    let joined = |i: usize| snapshot.simulated_bones.iter().any(|&(from, to)| i != HEAD && (from == i || to == i));
    let balls = body.iter().enumerate().filter(|&(i, _)| !joined(i));
    scene.points.extend(balls.map(|(_, &position)| ScenePoint { position, radius: HEAD_M, color }));
}

/// Where its label hangs: above the highest point.
pub fn truth_head(snapshot: &Snapshot) -> Option<Vec3> {
    let finite = snapshot.simulated_body.iter().filter(|point| point.is_finite());
    finite.copied().max_by(|a, b| a.z.total_cmp(&b.z)).map(|point| point + Vec3::Z * 1.6 * HEAD_M)
}

/// Of the mannequin, with as much of the colour of simulated data as to be told from estimates.
fn color(theme: &Theme) -> Rgba {
    let (grey, amber) = (rgba(theme.mannequin), rgba(theme.simulated));
    std::array::from_fn(|i| lerp(f32::from(grey[i])..=f32::from(amber[i]), theme::TRUTH_TINT).round() as u8)
}
