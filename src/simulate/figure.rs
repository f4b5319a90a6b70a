//! A held body: what a pose is made of, how poses are mixed, and where the joints are in one.
//!
//! Feet are placed and knees follow (two-bone inverse kinematics), because a planted foot must not slide; arms, trunk
//! and head are turned. Local axes of every part: x forward, y left, z up. All parts keep their lengths in any pose.

use bevy_math::{Mat3, Quat, Vec3};

use super::anthropometry::Build;
use crate::types::TruthJoint;

pub(super) const LEFT: usize = 0;
pub(super) const RIGHT: usize = 1;
/// +1 for the left side, -1 for the right.
pub(super) const SIDES: [f32; 2] = [1.0, -1.0];
/// Numbers of a pose.
pub(super) const N_NUMBERS: usize = 39;
/// Where the rotations begin in them: after three positions.
const FIRST_TURN: usize = 9;
const N_TURNS: usize = 7;

/// A body in room coordinates, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    /// Half way between the hips.
    pub(super) pelvis: Vec3,
    /// Where the ankles should be; a leg that is too short points there.
    pub(super) ankles: [Vec3; 2],
    /// Room from pelvis, chest and head axes.
    pub(super) pelvis_turn: Quat,
    pub(super) chest_turn: Quat,
    pub(super) head_turn: Quat,
    /// Room from foot axes.
    pub(super) feet: [Quat; 2],
    /// Chest from upper-arm axes; identity hangs down the trunk.
    pub(super) arms: [Quat; 2],
    /// Radians; zero is a straight arm.
    pub(super) elbows: [f32; 2],
}

/// TruthJoint positions in the order of [`TruthJoint::ALL`] and the axes that the surface needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Figure {
    pub(super) joints: [Vec3; TruthJoint::COUNT],
    pub(super) pelvis_turn: Quat,
    pub(super) chest_turn: Quat,
}

impl Figure {
    pub(super) fn joint(&self, joint: TruthJoint) -> Vec3 {
        self.joints[joint as usize]
    }
}

impl Pose {
    pub(super) fn numbers(&self) -> [f32; N_NUMBERS] {
        let mut numbers = [0.0; N_NUMBERS];
        let positions = [self.pelvis, self.ankles[0], self.ankles[1]];
        for (to, from) in numbers.chunks_exact_mut(3).zip(positions) {
            to.copy_from_slice(&from.to_array());
        }
        let turns =
            [self.pelvis_turn, self.chest_turn, self.head_turn, self.feet[0], self.feet[1], self.arms[0], self.arms[1]];
        for (to, from) in numbers[FIRST_TURN..].chunks_exact_mut(4).zip(turns) {
            to.copy_from_slice(&from.to_array());
        }
        numbers[FIRST_TURN + 4 * N_TURNS..].copy_from_slice(&self.elbows);
        numbers
    }

    pub(super) fn from_numbers(numbers: &[f32; N_NUMBERS]) -> Self {
        let place = |i: usize| Vec3::new(numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]);
        let turn = |i: usize| {
            let at = FIRST_TURN + 4 * i;
            let raw = Quat::from_xyzw(numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]);
            if raw.length_squared() > 1e-6 { raw.normalize() } else { Quat::IDENTITY }
        };
        let elbows = FIRST_TURN + 4 * N_TURNS;
        Self {
            pelvis: place(0),
            ankles: [place(1), place(2)],
            pelvis_turn: turn(0),
            chest_turn: turn(1),
            head_turn: turn(2),
            feet: [turn(3), turn(4)],
            arms: [turn(5), turn(6)],
            elbows: [numbers[elbows], numbers[elbows + 1]],
        }
    }

    /// Between two poses: 0 is `self`, 1 the other. Turns go the short way.
    pub(super) fn mixed(&self, other: &Self, share: f32) -> Self {
        let a = self.numbers();
        let mut b = other.numbers();
        align_turns(&a, &mut b);
        let mut mixed = a;
        for (mixed, b) in mixed.iter_mut().zip(b) {
            *mixed += (b - *mixed) * share;
        }
        Self::from_numbers(&mixed)
    }

    /// The same pose elsewhere.
    pub(super) fn moved(mut self, by: Vec3) -> Self {
        self.pelvis += by;
        self.ankles = self.ankles.map(|ankle| ankle + by);
        self
    }

    /// Joints of a body in this pose; lifted where it would go through the floor.
    pub(super) fn figure(&self, build: &Build) -> Figure {
        let mut joints = [Vec3::ZERO; TruthJoint::COUNT];
        let mut put = |joint: TruthJoint, at: Vec3| joints[joint as usize] = at;
        let up_pelvis = self.pelvis_turn * Vec3::Z;
        let spine = self.pelvis + up_pelvis * build.lumbar;
        let bend = (self.pelvis_turn * same_half(self.chest_turn, self.pelvis_turn)).normalize();
        let chest = spine + bend * Vec3::Z * build.thorax;
        let neck = chest + self.chest_turn * Vec3::Z * build.upper_thorax;
        let head = neck + self.head_turn * Vec3::new(0.12 * build.neck, 0.0, build.neck);
        put(TruthJoint::Pelvis, self.pelvis);
        put(TruthJoint::Spine, spine);
        put(TruthJoint::Chest, chest);
        put(TruthJoint::Neck, neck);
        put(TruthJoint::Head, head);
        put(TruthJoint::Nose, head + self.head_turn * Vec3::new(0.062, 0.0, -0.012) * build.height);
        let knee_hint = self.pelvis_turn * Vec3::X;
        for (side, sign) in SIDES.into_iter().enumerate() {
            let pick = |left: TruthJoint| if side == LEFT { left } else { left.mirrored() };
            let shoulder = chest + self.chest_turn * Vec3::new(0.0, sign * build.half_shoulders, build.shoulder_rise);
            let arm = self.chest_turn * self.arms[side];
            let elbow = shoulder - arm * Vec3::Z * build.upper_arm;
            let (sin, cos) = self.elbows[side].sin_cos();
            let forearm = arm * Vec3::new(sin, 0.0, -cos);
            let wrist = elbow + forearm * build.forearm;
            put(pick(TruthJoint::LeftShoulder), shoulder);
            put(pick(TruthJoint::LeftElbow), elbow);
            put(pick(TruthJoint::LeftWrist), wrist);
            put(pick(TruthJoint::LeftHand), wrist + forearm * build.hand);
            let hip = self.pelvis + self.pelvis_turn * Vec3::new(0.0, sign * build.half_hips, 0.0);
            let (knee, ankle) = leg(hip, self.ankles[side], knee_hint, build);
            put(pick(TruthJoint::LeftHip), hip);
            put(pick(TruthJoint::LeftKnee), knee);
            put(pick(TruthJoint::LeftAnkle), ankle);
            put(
                pick(TruthJoint::LeftToe),
                ankle + self.feet[side] * Vec3::new(build.foot, 0.0, TOE_DROP * build.ankle),
            );
        }
        let lowest = TruthJoint::ALL
            .into_iter()
            .map(|joint| joints[joint as usize].z - clearance(joint, build))
            .fold(f32::INFINITY, f32::min);
        if lowest < 0.0 {
            for joint in &mut joints {
                joint.z -= lowest;
            }
        }
        Figure { joints, pelvis_turn: self.pelvis_turn, chest_turn: self.chest_turn }
    }

    /// Moves the pelvis down as far as the legs need to reach both ankles with knees bent at least a little.
    pub(super) fn within_reach(mut self, build: &Build) -> Self {
        let reach = 0.995 * build.leg();
        for (side, sign) in SIDES.into_iter().enumerate() {
            let hip = self.pelvis + self.pelvis_turn * Vec3::new(0.0, sign * build.half_hips, 0.0);
            let apart = hip - self.ankles[side];
            let level = apart.truncate().length_squared();
            let highest = (reach * reach - level).max(0.0).sqrt();
            if apart.z > highest {
                self.pelvis.z -= apart.z - highest;
            }
        }
        self
    }
}

/// The ball of the foot lies this share of the ankle's height below the ankle.
const TOE_DROP: f32 = -0.8;

/// How far a joint stays above the floor: the flesh around it.
fn clearance(joint: TruthJoint, build: &Build) -> f32 {
    let r = &build.radius;
    match joint {
        TruthJoint::Head => r.head,
        TruthJoint::Pelvis | TruthJoint::Spine | TruthJoint::Chest => 0.8 * r.trunk_half_depth,
        TruthJoint::Neck => 0.6 * r.head,
        TruthJoint::LeftShoulder | TruthJoint::RightShoulder | TruthJoint::LeftElbow | TruthJoint::RightElbow => {
            0.8 * r.upper_arm
        }
        TruthJoint::LeftHip | TruthJoint::RightHip => 0.8 * r.thigh,
        TruthJoint::LeftKnee | TruthJoint::RightKnee => 0.8 * r.shank,
        TruthJoint::LeftAnkle | TruthJoint::RightAnkle => 0.5 * build.ankle,
        TruthJoint::LeftToe | TruthJoint::RightToe => 0.15 * build.ankle,
        TruthJoint::Nose
        | TruthJoint::LeftWrist
        | TruthJoint::RightWrist
        | TruthJoint::LeftHand
        | TruthJoint::RightHand => 0.5 * r.forearm,
    }
}

/// Knee and ankle of a leg that starts at the hip, bends forward, and ends at the ankle wished for or points there.
fn leg(hip: Vec3, ankle: Vec3, forward: Vec3, build: &Build) -> (Vec3, Vec3) {
    let apart = ankle - hip;
    let distance = apart.length().clamp((build.thigh - build.shank).abs() + 1e-3, build.leg() - 1e-4);
    let along = apart.normalize_or(Vec3::NEG_Z);
    let ankle = hip + along * distance;
    let bend = (forward - along * forward.dot(along)).normalize_or(along.any_orthonormal_vector());
    // The law of cosines: how far down the line the knee lies, and how far off it.
    let down = (distance * distance + build.thigh.powi(2) - build.shank.powi(2)) / (2.0 * distance);
    let off = (build.thigh.powi(2) - down * down).max(0.0).sqrt();
    (hip + along * down + bend * off, ankle)
}

/// `b`'s half turn on the way from `a`: the square root of the turn between them, the short way.
fn same_half(b: Quat, a: Quat) -> Quat {
    let between = a.inverse() * b;
    let between = if between.w < 0.0 { -between } else { between };
    // The half-angle formula: the sum with the identity points half way.
    Quat::from_xyzw(between.x, between.y, between.z, between.w + 1.0).normalize()
}

/// Flips the turns of `b` that would go the long way from `a`; a turn and its negative are the same.
pub(super) fn align_turns(a: &[f32; N_NUMBERS], b: &mut [f32; N_NUMBERS]) {
    let turns = FIRST_TURN..FIRST_TURN + 4 * N_TURNS;
    for (a, b) in a[turns.clone()].chunks_exact(4).zip(b[turns].chunks_exact_mut(4)) {
        let dot: f32 = a.iter().zip(b.iter()).map(|(a, b)| a * b).sum();
        if dot < 0.0 {
            b.iter_mut().for_each(|part| *part = -*part);
        }
    }
}

/// The turn whose x axis points `forward` and whose z axis points `up` as nearly as that allows.
pub(super) fn facing(forward: Vec3, up: Vec3) -> Quat {
    let z = up.normalize_or(Vec3::Z);
    let x = (forward - z * forward.dot(z)).normalize_or(z.any_orthonormal_vector());
    Quat::from_mat3(&Mat3::from_cols(x, z.cross(x), z)).normalize()
}

/// An upright turn about z.
pub(super) fn yaw(heading: f32) -> Quat {
    Quat::from_rotation_z(heading)
}

/// An arm raised forward and out to its side, radians.
pub(super) fn arm(side: usize, forward: f32, outward: f32) -> Quat {
    Quat::from_rotation_x(SIDES[side] * outward) * Quat::from_rotation_y(-forward)
}
