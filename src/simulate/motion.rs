//! A script played by one body: the pose at any time, and what it is doing then.
//!
//! Idle time is alive: a standing body sways, a sitting or lying one shifts, and the chest breathes.

use std::f32::consts::TAU;

use bevy_math::{Quat, Vec3};

use super::anthropometry::Build;
use super::dice::Dice;
use super::figure::Pose;
use super::keys::Keys;
use crate::types::{Activity, FallKind, PostureClass, TruthJoint};

/// A stretch of the script with one activity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doing {
    pub(super) start_secs: f64,
    pub(super) activity: Activity,
    pub(super) fall: Option<FallKind>,
    pub(super) present: bool,
}

/// Slow wander of a body at rest: three sines whose periods have no common multiple.
#[derive(Clone, Copy, Debug)]
struct Sway {
    hz: [f32; 3],
    phase: [f32; 3],
    metres: f32,
}

/// Poses over time, repeated or held at the end.
#[derive(Clone, Debug)]
pub(super) struct Motion {
    pub(super) keys: Keys,
    pub(super) doings: Vec<Doing>,
    pub(super) repeats: bool,
    sway: [Sway; 2],
    breath: Breath,
}

/// Breathing of one person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breath {
    pub(super) per_min: f32,
    /// Way of the chest wall between in and out.
    pub(super) chest_m: f32,
    phase: f32,
}

impl Breath {
    /// Rates of 6 to 30 a minute and ways of 4 to 12 mm; values out of range are brought into it.
    pub(super) fn new(per_min: f32, chest_mm: f32, dice: &mut Dice) -> Self {
        let within = |value: f32, low: f32, high: f32, usual: f32| {
            if value.is_finite() { value.clamp(low, high) } else { usual }
        };
        Self {
            per_min: within(per_min, 6.0, 30.0, 15.0),
            chest_m: within(chest_mm, 0.0, 12.0, 7.0) / 1_000.0,
            phase: dice.unit(),
        }
    }

    /// How far the chest stands out from its mean. Breathing in takes 40 % of a breath, out the rest.
    pub(super) fn out_m(&self, secs: f64) -> f32 {
        let breaths = secs * f64::from(self.per_min) / 60.0 + f64::from(self.phase);
        let x = breaths.fract() as f32;
        let half_turns = if x < 0.4 { x / 0.4 } else { 1.0 + (x - 0.4) / 0.6 };
        -0.5 * self.chest_m * (half_turns * TAU / 2.0).cos()
    }
}

impl Motion {
    pub(super) fn new(keys: Keys, doings: Vec<Doing>, repeats: bool, breath: Breath, dice: &mut Dice) -> Self {
        let mut sway = |metres: f32| Sway {
            hz: [dice.between(0.08, 0.2), dice.between(0.25, 0.45), dice.between(0.5, 0.9)],
            phase: [dice.unit(), dice.unit(), dice.unit()],
            metres: metres * dice.between(0.6, 1.5),
        };
        // Postural sway of quiet standing moves the trunk by some millimetres (root mean square 4 to 6 mm).
        let sway = [sway(0.005), sway(0.004)];
        Self { keys, doings, repeats, sway, breath }
    }

    pub(super) fn breath(&self) -> &Breath {
        &self.breath
    }

    pub(super) fn secs(&self) -> f64 {
        self.keys.end_secs()
    }

    /// Time within the script, and how often it has been played before.
    pub(super) fn in_script(&self, secs: f64) -> (f64, f64) {
        let length = self.secs();
        if !self.repeats || length <= 0.0 {
            return (secs, 0.0);
        }
        let rounds = (secs / length).floor();
        (secs - rounds * length, rounds)
    }

    pub(super) fn doing(&self, secs: f64) -> Doing {
        let (at, _) = self.in_script(secs);
        let next = self.doings.partition_point(|doing| doing.start_secs <= at).max(1);
        let away = Doing { start_secs: 0.0, activity: Activity::Standing, fall: None, present: false };
        self.doings.get(next - 1).copied().unwrap_or(away)
    }

    /// `None` while the person is away.
    pub(super) fn pose(&self, secs: f64) -> Option<Pose> {
        if !self.doing(secs).present {
            return None;
        }
        let mut pose = self.keys.at(self.in_script(secs).0)?;
        // Sway grows with the height over the floor: a lying body does not sway.
        let height = (pose.pelvis.z / 0.9).clamp(0.0, 1.0).powi(2);
        let [ahead, aside] = self.sway.map(|sway| sway.metres * sway.at(secs));
        let turn = pose.pelvis_turn;
        pose.pelvis += (turn * Vec3::new(0.5 * ahead, 0.5 * aside, 0.0) * height).with_z(0.0);
        pose.chest_turn *= Quat::from_rotation_y(2.0 * ahead * height) * Quat::from_rotation_x(1.5 * aside * height);
        pose.head_turn *= Quat::from_rotation_y(3.0 * aside) * Quat::from_rotation_z(6.0 * ahead);
        Some(pose)
    }
}

impl Sway {
    /// About -1.5 to 1.5.
    fn at(&self, secs: f64) -> f32 {
        let wave = |hz: f32, phase: f32| ((secs * f64::from(hz) + f64::from(phase)).fract() as f32 * TAU).sin();
        let [a, b, c] = [0, 1, 2].map(|i| wave(self.hz[i], self.phase[i]));
        a + 0.5 * b + 0.2 * c
    }
}

/// How a body holds itself, told from its joints alone.
pub(super) fn posture(joints: &[Vec3; TruthJoint::COUNT], build: &Build) -> PostureClass {
    let at = |joint: TruthJoint| joints[joint as usize];
    let trunk = at(TruthJoint::Neck) - at(TruthJoint::Pelvis);
    let upright = trunk.normalize_or(Vec3::Z).z;
    let pelvis = at(TruthJoint::Pelvis).z / build.standing_pelvis();
    let knees = (at(TruthJoint::LeftKnee).z + at(TruthJoint::RightKnee).z) / 2.0;
    let thighs_level = (at(TruthJoint::Pelvis).z - knees).abs() < 0.45 * build.thigh;
    let legs_level = (at(TruthJoint::LeftAnkle).z + at(TruthJoint::RightAnkle).z) / 2.0 > knees - 0.4 * build.shank;
    if upright < 0.45 && legs_level && thighs_level {
        PostureClass::Lying
    } else if pelvis > 0.72 {
        if upright < 0.7 { PostureClass::Bent } else { PostureClass::Upright }
    } else if upright > 0.45 && thighs_level && at(TruthJoint::Pelvis).z > 0.3 {
        PostureClass::Sitting
    } else {
        PostureClass::Low
    }
}
