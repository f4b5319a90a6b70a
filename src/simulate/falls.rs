//! How falls go: from the pose that a body is in to the pose in which it lies, in 0.4 to 1.0 s.
//!
//! The descent speeds up as a toppling body does until the floor stops it within centiseconds; a short rebound and the
//! limbs' settling follow. Which pose is half way tells a trip from a slip from a faint.

use bevy_math::{Quat, Vec2, Vec3};

use super::dice::Dice;
use super::figure::{LEFT, Pose, RIGHT, arm, yaw};
use super::keys::Keys;
use super::postures::{Lying, Postures};
use crate::types::FallKind;

/// From losing balance to impact. Chosen, not measured: free toppling of a rod of 1.7 m from 15 degrees takes 0.9 s, and
/// nothing that begins on a chair or a bed is faster than a free drop from there.
pub(super) const DESCENT_SECS: (f32, f32) = (0.4, 1.0);
/// Nothing falls faster than free: a trunk that drops 1.3 m needs half a second, and a toppling one longer.
const LEAST_STANDING_SECS: f32 = 0.6;
/// Off a bed one rolls half around, with arms that go past the head; faster than this the hands would be thrown.
/// Chosen, not measured.
const LEAST_ROLLING_SECS: f32 = 0.6;
/// Poses of a descent.
const N_POSES: usize = 9;
/// The share of the way at which the half-way pose is reached.
const HALF_WAY: f32 = 0.33;
/// Way over time: nothing at first, fastest just before the floor.
const TOPPLE_POWER: f32 = 1.5;
/// The floor, and what is soft of a body, take the speed away in this time. Chosen, not measured.
const STOPPING_SECS: f32 = 0.06;

/// Where a fall ends.
pub(super) struct Fallen {
    pub(super) pelvis: Vec2,
    /// Where the head points.
    pub(super) heading: f32,
    pub(super) lying: Lying,
}

/// The ends of a fall in a direction, without playing it: so that the caller can look whether there is room.
pub(super) fn landing(kind: FallKind, from: &Pose, heading: f32, aside: f32, postures: &Postures<'_>) -> Fallen {
    let at = from.pelvis.truncate();
    let forward = Vec2::from_angle(heading);
    let left = forward.perp() * aside;
    let leg = postures.build.leg();
    let side = if aside > 0.0 { Lying::LeftSide } else { Lying::RightSide };
    let quarter = std::f32::consts::FRAC_PI_2 * aside;
    match kind {
        FallKind::Trip => {
            let feet = (from.ankles[LEFT] + from.ankles[RIGHT]).truncate() / 2.0;
            Fallen { pelvis: feet + forward * (0.98 * leg), heading, lying: Lying::Prone }
        }
        FallKind::Slip => {
            Fallen { pelvis: at - forward * 0.22, heading: heading + std::f32::consts::PI, lying: Lying::Supine }
        }
        FallKind::Faint => Fallen { pelvis: at + left * 0.28, heading: heading + quarter, lying: side },
        FallKind::FromChair => {
            Fallen { pelvis: at + forward * 0.42 + left * 0.12, heading: heading + 0.6 * quarter, lying: side }
        }
        // Off the bed's edge: the heading is that of the way out, the body stays along the bed.
        FallKind::FromBed => Fallen {
            pelvis: at + forward * 0.85,
            heading: {
                let axis = (from.pelvis_turn * Vec3::Z).truncate();
                if axis.length_squared() > 0.1 { axis.to_angle() } else { heading + quarter }
            },
            lying: if aside > 0.0 { Lying::Prone } else { Lying::Supine },
        },
    }
}

/// Plays a fall; the keys end at rest on the floor. Returns the second of the impact.
pub(super) fn fall(
    keys: &mut Keys,
    kind: FallKind,
    heading: f32,
    aside: f32,
    secs: f32,
    postures: &Postures<'_>,
    dice: &mut Dice,
) -> f64 {
    let Some(from) = keys.last() else { return keys.end_secs() };
    let start = keys.end_secs();
    let least = match kind {
        FallKind::Trip | FallKind::Slip | FallKind::Faint => {
            LEAST_STANDING_SECS * (postures.build.height / 1.75).sqrt()
        }
        FallKind::FromChair => DESCENT_SECS.0,
        FallKind::FromBed => LEAST_ROLLING_SECS,
    };
    let secs = secs.clamp(least, DESCENT_SECS.1);
    let end = landing(kind, &from, heading, aside, postures);
    let floor = end.pelvis.extend(0.0);
    let curl = if matches!(end.lying, Lying::LeftSide | Lying::RightSide) { dice.between(0.3, 0.8) } else { 0.0 };
    let impact = postures.lying(floor, end.heading, end.lying, curl, 1.0);
    let rest = postures.lying(floor, end.heading, end.lying, curl, dice.between(0.0, 0.6));
    let half = half_way(kind, &from, &impact, heading, aside, postures);
    // A walking body goes on moving while it topples.
    let before = keys.at(start - 0.1).unwrap_or(from);
    let velocity = ((from.pelvis - before.pelvis) / 0.1).with_z(0.0);
    let stopping = STOPPING_SECS / secs;
    let half_time = HALF_WAY.powf(1.0 / TOPPLE_POWER);
    for time in (1..=N_POSES).map(|i| (1.0 - stopping) * i as f32 / N_POSES as f32).chain([1.0 - stopping / 2.0, 1.0]) {
        let way = way(time, stopping);
        let mut pose = if way < HALF_WAY {
            // Arms are thrown at once and evenly; they have the longest way.
            let thrown = (time / half_time).min(1.0);
            let arms = [LEFT, RIGHT].map(|side| from.arms[side].slerp(half.arms[side], thrown));
            Pose { arms, ..from.mixed(&half, way / HALF_WAY) }
        } else {
            half.mixed(&impact, (way - HALF_WAY) / (1.0 - HALF_WAY))
        };
        pose.pelvis += velocity * secs * (time - 2.0 * time * time + time.powi(3));
        keys.push(start + f64::from(time * secs), &pose);
    }
    let hit = start + f64::from(secs);
    let rebound = dice.between(0.01, 0.04);
    let loose = impact.mixed(&rest, 0.4).moved(Vec3::Z * rebound);
    keys.push(hit + 0.09, &loose);
    keys.push(hit + 0.22, &impact.mixed(&rest, 0.75));
    keys.push(hit + 0.5, &rest);
    keys.push(hit + 0.6, &rest);
    hit
}

/// Share of the way at a share of the time, both from 0 to 1: a topple that is stopped evenly during the last `stopping`.
///
/// A way that ran at full speed to its end would have to be cut off there, and the smooth curve through the poses would make
/// up for the standstill by running a third too fast just before it.
fn way(time: f32, stopping: f32) -> f32 {
    let toppling = 1.0 - stopping;
    let (reached, speed) = (toppling.powf(TOPPLE_POWER), TOPPLE_POWER * toppling.powf(TOPPLE_POWER - 1.0));
    let whole = reached + 0.5 * speed * stopping;
    let late = time - toppling;
    let gone =
        if late <= 0.0 { time.powf(TOPPLE_POWER) } else { reached + speed * late * (1.0 - 0.5 * late / stopping) };
    gone / whole
}

fn half_way(kind: FallKind, from: &Pose, impact: &Pose, heading: f32, aside: f32, postures: &Postures<'_>) -> Pose {
    let leg = postures.build.leg();
    let forward = Vec2::from_angle(heading).extend(0.0);
    let left = Vec2::from_angle(heading).perp().extend(0.0) * aside;
    let upright = yaw(heading);
    let mut pose = *from;
    match kind {
        FallKind::Trip => {
            let feet = (from.ankles[LEFT] + from.ankles[RIGHT]) / 2.0;
            pose.pelvis = (feet + forward * (0.55 * leg)).with_z(0.78 * postures.build.standing_pelvis());
            pose.pelvis_turn = upright * Quat::from_rotation_y(0.7);
            pose.chest_turn = upright * Quat::from_rotation_y(0.95);
            pose.head_turn = upright * Quat::from_rotation_y(0.3);
            pose.feet = from.feet.map(|_| upright * Quat::from_rotation_y(0.6));
            // Ahead of the trunk in any lean, so that the hands do not dig into the floor.
            pose.arms = [LEFT, RIGHT].map(|side| arm(side, 2.4, 0.25));
            pose.elbows = [0.3, 0.3];
        }
        FallKind::Slip => {
            pose.pelvis = (from.pelvis - forward * 0.05).with_z(0.62 * postures.build.standing_pelvis());
            pose.pelvis_turn = upright * Quat::from_rotation_y(-0.55);
            pose.chest_turn = upright * Quat::from_rotation_y(-0.45);
            pose.head_turn = upright * Quat::from_rotation_y(-0.05);
            pose.ankles = from.ankles.map(|ankle| ankle + forward * (0.5 * leg) + Vec3::Z * 0.12);
            pose.feet = from.feet.map(|_| upright * Quat::from_rotation_y(-0.5));
            pose.arms = [LEFT, RIGHT].map(|side| arm(side, 0.9, 0.9));
            pose.elbows = [0.4, 0.4];
        }
        FallKind::Faint => {
            pose.pelvis = (from.pelvis + left * 0.1 - forward * 0.08).with_z(0.55 * postures.build.standing_pelvis());
            let roll = Quat::from_rotation_x(-0.45 * aside);
            pose.pelvis_turn = upright * Quat::from_rotation_y(0.1) * roll;
            pose.chest_turn = upright * Quat::from_rotation_y(0.45) * roll;
            pose.head_turn = upright * Quat::from_rotation_y(0.8) * roll;
            pose.arms = [LEFT, RIGHT].map(|side| arm(side, 0.15, 0.1));
            pose.elbows = [0.25, 0.25];
        }
        FallKind::FromChair => {
            pose.pelvis = from.pelvis + forward * 0.25 + left * 0.05 - Vec3::Z * (0.12 * leg);
            let roll = Quat::from_rotation_x(-0.7 * aside);
            pose.pelvis_turn = upright * roll;
            pose.chest_turn = upright * Quat::from_rotation_y(0.35) * roll;
            pose.head_turn = upright * roll;
            pose.arms = [LEFT, RIGHT].map(|side| arm(side, 0.6, 0.5));
        }
        FallKind::FromBed => {
            pose = from.mixed(impact, 0.45);
            pose.pelvis.z = from.pelvis.z;
            pose.ankles = pose.ankles.map(|ankle| ankle.with_z(from.pelvis.z - 0.1));
        }
    }
    pose
}
