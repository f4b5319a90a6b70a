//! The poses that activities are made of: standing, seated, bent, on all fours, kneeling, lying.

use std::f32::consts::FRAC_PI_2;

use bevy_math::{Quat, Vec2, Vec3};

use super::anthropometry::Build;
use super::figure::{LEFT, Pose, RIGHT, SIDES, arm, facing, yaw};
use super::gait::Style;

/// Which side of a lying body is up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lying {
    Supine,
    Prone,
    LeftSide,
    RightSide,
}

/// One body's own way of holding itself.
#[derive(Clone, Copy)]
pub(super) struct Postures<'a> {
    pub(super) build: &'a Build,
    pub(super) style: &'a Style,
}

impl Postures<'_> {
    /// On both feet, arms hanging.
    pub(super) fn standing(&self, at: Vec2, heading: f32) -> Pose {
        let forward = Vec2::from_angle(heading);
        let stoop = self.style.stoop;
        let place = |side: usize| {
            at + forward * -0.02 + forward.perp() * SIDES[side] * (self.style.half_width + 0.3 * self.build.half_hips)
        };
        Pose {
            pelvis: at.extend(self.build.standing_pelvis()),
            ankles: [LEFT, RIGHT].map(|side| place(side).extend(self.build.ankle)),
            pelvis_turn: yaw(heading),
            chest_turn: yaw(heading) * Quat::from_rotation_y(stoop),
            head_turn: yaw(heading) * Quat::from_rotation_y(0.5 * stoop),
            feet: SIDES.map(|sign| yaw(heading + 0.1 * sign)),
            arms: [LEFT, RIGHT].map(|side| arm(side, 0.03 - stoop, self.style.arm_out)),
            elbows: [self.style.arm_bend; 2],
        }
        .within_reach(self.build)
    }

    /// On a seat whose front the person has walked to; the feet stay as they are in `standing`.
    pub(super) fn seated(&self, standing: &Pose, heading: f32, seat_m: f32, recline: f32) -> Pose {
        let forward = Vec2::from_angle(heading);
        let feet = (standing.ankles[LEFT] + standing.ankles[RIGHT]).truncate() / 2.0;
        let height = seat_m + 0.8 * self.build.radius.thigh;
        let back = self.seat_depth(seat_m);
        let upright = yaw(heading) * Quat::from_rotation_y(-recline);
        Pose {
            pelvis: (feet - forward * back).extend(height),
            pelvis_turn: upright,
            chest_turn: yaw(heading) * Quat::from_rotation_y(0.08 - 0.6 * recline),
            head_turn: yaw(heading),
            arms: [LEFT, RIGHT].map(|side| arm(side, 0.35, 0.12)),
            elbows: [1.1, 1.1],
            ..*standing
        }
    }

    /// How far the hips are behind the ankles on a seat.
    pub(super) fn seat_depth(&self, seat_m: f32) -> f32 {
        let height = seat_m + 0.8 * self.build.radius.thigh - self.build.ankle;
        // Thighs about level, shanks upright, but no farther than the legs reach.
        let reach = (0.96 * self.build.leg()).powi(2) - height.powi(2);
        self.build.thigh.min(reach.max(0.01).sqrt())
    }

    /// Half way between seat and stand: the weight comes over the feet.
    pub(super) fn rising(&self, standing: &Pose, heading: f32, seat_m: f32, share: f32) -> Pose {
        let seated = self.seated(standing, heading, seat_m, 0.0);
        let mut pose = seated.mixed(standing, share);
        let lean = 0.75 * (1.0 - (2.0 * share - 0.7).abs()).clamp(0.0, 1.0);
        pose.pelvis += (Vec2::from_angle(heading) * 0.06).extend(0.0) * (1.0 - share);
        pose.pelvis_turn = yaw(heading) * Quat::from_rotation_y(0.5 * lean);
        pose.chest_turn = yaw(heading) * Quat::from_rotation_y(lean + self.style.stoop);
        pose.arms = [LEFT, RIGHT].map(|side| arm(side, 0.5 + 0.3 * lean, 0.12));
        pose.elbows = [0.5, 0.5];
        pose.within_reach(self.build)
    }

    /// Bent forward over the feet with one hand or both near the floor; `squat` 0 bends the back, 1 the knees.
    pub(super) fn bent(&self, standing: &Pose, heading: f32, squat: f32, hands: [bool; 2]) -> Pose {
        let forward = Vec2::from_angle(heading);
        let lean = 1.35 - 0.55 * squat;
        let drop = 0.1 + 0.3 * squat;
        Pose {
            pelvis: standing.pelvis - (forward * (0.16 + 0.08 * squat)).extend(drop * self.build.leg()),
            pelvis_turn: yaw(heading) * Quat::from_rotation_y(0.55 * lean),
            chest_turn: yaw(heading) * Quat::from_rotation_y(lean),
            head_turn: yaw(heading) * Quat::from_rotation_y(0.6 * lean),
            arms: [LEFT, RIGHT].map(|side| arm(side, if hands[side] { lean + 0.1 } else { 0.4 }, 0.1)),
            elbows: [0.2, 0.2],
            ..*standing
        }
        .within_reach(self.build)
    }

    /// One knee on the floor, trunk upright.
    pub(super) fn kneeling(&self, at: Vec2, heading: f32, up: usize) -> Pose {
        let build = self.build;
        let forward = Vec2::from_angle(heading);
        let aside = |side: usize| forward.perp() * SIDES[side] * 0.1;
        let height = build.thigh * 0.97 + 0.8 * build.radius.shank;
        let mut ankles = [LEFT, RIGHT].map(|side| (at + aside(side) - forward * build.shank).extend(0.6 * build.ankle));
        let mut feet = [yaw(heading) * Quat::from_rotation_y(1.2); 2];
        ankles[up] = (at + aside(up) + forward * 0.36).extend(build.ankle);
        feet[up] = yaw(heading);
        Pose {
            pelvis: at.extend(height),
            ankles,
            pelvis_turn: yaw(heading) * Quat::from_rotation_y(0.1),
            chest_turn: yaw(heading) * Quat::from_rotation_y(0.35),
            head_turn: yaw(heading),
            feet,
            arms: [LEFT, RIGHT].map(|side| arm(side, if side == up { 0.9 } else { 0.3 }, 0.15)),
            elbows: [0.6, 0.6],
        }
    }

    /// Hands and knees; `stride` -1 to 1 moves opposite hands and knees forward.
    pub(super) fn all_fours(&self, at: Vec2, heading: f32, stride: f32) -> Pose {
        let build = self.build;
        let forward = Vec2::from_angle(heading);
        let level = facing(Vec3::new(0.0, 0.0, -1.0), (forward * 1.0).extend(0.12));
        let hip = build.thigh * 0.95 + 0.8 * build.radius.shank;
        let ankle = |side: usize| {
            let step = 0.13 * stride * SIDES[side];
            (at + forward * (step - build.shank) + forward.perp() * SIDES[side] * 0.1).extend(0.6 * build.ankle)
        };
        let reach = FRAC_PI_2 - 0.15;
        Pose {
            pelvis: at.extend(hip),
            ankles: [ankle(LEFT), ankle(RIGHT)],
            pelvis_turn: level,
            chest_turn: facing(Vec3::NEG_Z, forward.extend(0.02)),
            head_turn: facing((forward * 0.5).extend(-1.0), forward.extend(0.3)),
            feet: [yaw(heading) * Quat::from_rotation_y(1.3); 2],
            arms: [LEFT, RIGHT].map(|side| arm(side, reach - 0.3 * stride * SIDES[side], 0.05)),
            elbows: [0.12, 0.12],
        }
    }

    /// Stretched out; `pelvis` is the middle of the hips at the height of what lies under the body, `heading` where
    /// the head points. `curl` bends hips and knees.
    pub(super) fn lying(&self, pelvis: Vec3, heading: f32, lying: Lying, curl: f32, ease: f32) -> Pose {
        let build = self.build;
        let axis = Vec2::from_angle(heading).extend(0.0);
        let forward = match lying {
            Lying::Supine => Vec3::Z,
            Lying::Prone => Vec3::NEG_Z,
            // Turned so that the left, or the right, side is down.
            Lying::LeftSide => axis.cross(Vec3::Z),
            Lying::RightSide => Vec3::Z.cross(axis),
        };
        let turn = facing(forward, axis);
        let on_side = matches!(lying, Lying::LeftSide | Lying::RightSide);
        let half = if on_side { build.radius.trunk_half_width } else { build.radius.trunk_half_depth };
        let middle = pelvis + Vec3::Z * (0.85 * half);
        let straight = build.leg() * (0.985 - 0.3 * curl);
        let left = turn * Vec3::Y;
        let ankle = |side: usize| {
            let apart = if on_side { 0.4 } else { 1.6 };
            let at = middle - axis * straight
                + left * (SIDES[side] * build.half_hips * apart)
                + forward * (0.45 * curl * build.leg());
            Vec3::new(at.x, at.y, (pelvis.z + 0.55 * build.ankle).max(if on_side { at.z } else { 0.0 }))
        };
        let foot = match lying {
            Lying::Prone => turn * Quat::from_rotation_y(1.2),
            _ => turn * Quat::from_rotation_y(0.5),
        };
        let (raise, out, bend) = match lying {
            Lying::Supine => (0.1, 0.3 + 0.3 * ease, 0.3 + 0.6 * ease),
            // Stretched past the head: bent down or ahead they would prop the trunk up.
            Lying::Prone => (2.95, 0.3 + 0.3 * ease, 0.15),
            _ => (0.7 + 0.5 * ease, 0.1, 0.9),
        };
        Pose {
            pelvis: middle,
            ankles: [ankle(LEFT), ankle(RIGHT)],
            pelvis_turn: turn,
            chest_turn: turn * Quat::from_rotation_y(0.15 * curl),
            head_turn: turn * Quat::from_rotation_y(if lying == Lying::Prone { -0.1 } else { 0.15 }),
            feet: [foot, foot],
            arms: [arm(LEFT, raise, out), arm(RIGHT, raise + 0.2 * ease, out)],
            elbows: [bend, bend * 0.8],
        }
    }
}
