//! Joints to how far each bone has turned from the reference pose.
//!
//! Trunk first, then what hangs on it. A limb of two bones has a hinge: when it is clearly bent, its plane tells how the
//! upper bone is twisted; when it is straight, nothing does, and the bone keeps the twist of what carries it.

use bevy_math::{DMat3, DQuat, DVec3};

use crate::types::Joint;

/// A bone that is turned; all others follow what carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Root,
    Loins,
    Chest,
    Neck,
    Head,
    LeftUpperArm,
    LeftForearm,
    RightUpperArm,
    RightForearm,
    LeftThigh,
    LeftShank,
    LeftFoot,
    RightThigh,
    RightShank,
    RightFoot,
}

impl Turn {
    pub const COUNT: usize = 15;
    pub const ALL: [Self; Self::COUNT] = [
        Self::Root,
        Self::Loins,
        Self::Chest,
        Self::Neck,
        Self::Head,
        Self::LeftUpperArm,
        Self::LeftForearm,
        Self::RightUpperArm,
        Self::RightForearm,
        Self::LeftThigh,
        Self::LeftShank,
        Self::LeftFoot,
        Self::RightThigh,
        Self::RightShank,
        Self::RightFoot,
    ];
    /// The model's bones, in the same order.
    pub const LABELS: [&str; Self::COUNT] = [
        "root",
        "spine04",
        "spine02",
        "neck01",
        "head",
        "upperarm01.L",
        "lowerarm01.L",
        "upperarm01.R",
        "lowerarm01.R",
        "upperleg01.L",
        "lowerleg01.L",
        "foot.L",
        "upperleg01.R",
        "lowerleg01.R",
        "foot.R",
    ];

    /// The nearest turned bone that carries this one.
    pub fn carrier(self) -> Option<Self> {
        Some(match self {
            Self::Root => return None,
            Self::Loins | Self::LeftThigh | Self::RightThigh => Self::Root,
            Self::Chest => Self::Loins,
            Self::Neck | Self::LeftUpperArm | Self::RightUpperArm => Self::Chest,
            Self::Head => Self::Neck,
            Self::LeftForearm => Self::LeftUpperArm,
            Self::RightForearm => Self::RightUpperArm,
            Self::LeftShank => Self::LeftThigh,
            Self::RightShank => Self::RightThigh,
            Self::LeftFoot => Self::LeftShank,
            Self::RightFoot => Self::RightShank,
        })
    }
}

/// How far each bone has turned from the reference pose, in the frame of the body.
#[derive(Clone, Debug, PartialEq)]
pub struct Turns([DQuat; Turn::COUNT]);

impl Turns {
    pub fn of(&self, turn: Turn) -> DQuat {
        self.0[turn as usize]
    }

    fn set(&mut self, turn: Turn, to: DQuat) {
        self.0[turn as usize] = if to.is_finite() { to.normalize() } else { DQuat::IDENTITY };
    }

    /// Turned against its carrier as in `held`, or not at all.
    fn follow(&mut self, turn: Turn, held: Option<&Self>) {
        let Some(carrier) = turn.carrier() else { return self.set(turn, held.map_or(DQuat::IDENTITY, |h| h.of(turn))) };
        let local = held.map_or(DQuat::IDENTITY, |held| held.of(carrier).inverse() * held.of(turn));
        self.set(turn, self.of(carrier) * local);
    }
}

type Joints = [Option<DVec3>; Joint::COUNT];

/// A limb of two bones: the bones, their three joints, and how far its hinge may be twisted, radians.
struct Limb {
    bones: [Turn; 2],
    joints: [Joint; 3],
    /// Knees bend backwards about the body's left; elbows as they are bent in the reference pose.
    is_leg: bool,
    max_twist: f64,
}

const LIMBS: [Limb; 4] = [
    Limb {
        bones: [Turn::LeftUpperArm, Turn::LeftForearm],
        joints: [Joint::LeftShoulder, Joint::LeftElbow, Joint::LeftWrist],
        is_leg: false,
        max_twist: 1.6,
    },
    Limb {
        bones: [Turn::RightUpperArm, Turn::RightForearm],
        joints: [Joint::RightShoulder, Joint::RightElbow, Joint::RightWrist],
        is_leg: false,
        max_twist: 1.6,
    },
    Limb {
        bones: [Turn::LeftThigh, Turn::LeftShank],
        joints: [Joint::LeftHip, Joint::LeftKnee, Joint::LeftAnkle],
        is_leg: true,
        max_twist: 0.8,
    },
    Limb {
        bones: [Turn::RightThigh, Turn::RightShank],
        joints: [Joint::RightHip, Joint::RightKnee, Joint::RightAnkle],
        is_leg: true,
        max_twist: 0.8,
    },
];
/// Bends between which the plane of a limb begins to tell its twist, radians.
const BEND: (f64, f64) = (0.25, 0.7);
/// A head turns no farther than this from the trunk, radians.
const MAX_NOD: f64 = 0.9;

/// The turns that bring the joints of the reference pose to where they are wanted. What is not wanted is held as in `held`.
pub fn turns(reference: &[DVec3; Joint::COUNT], wanted: &Joints, held: Option<&Turns>) -> Turns {
    let mut turns = Turns([DQuat::IDENTITY; Turn::COUNT]);
    let at = |joint: Joint| wanted[joint as usize];
    let rest = reference.map(Some);
    match (trunk(&rest), trunk(wanted)) {
        (Some(rest), Some(wanted)) => {
            // Both turn the trunk's axis to the same place, and so does everything between them.
            let pelvis = DQuat::from_mat3(&(wanted[0] * rest[0].transpose()));
            let chest = DQuat::from_mat3(&(wanted[1] * rest[1].transpose()));
            turns.set(Turn::Root, pelvis);
            turns.set(Turn::Loins, pelvis.slerp(chest, 0.5));
            turns.set(Turn::Chest, chest);
        }
        _ => [Turn::Root, Turn::Loins, Turn::Chest].into_iter().for_each(|turn| turns.follow(turn, held)),
    }
    match nod(&rest, wanted, turns.of(Turn::Chest)) {
        Some(head) => {
            turns.set(Turn::Neck, turns.of(Turn::Chest).slerp(head, 0.5));
            turns.set(Turn::Head, head);
        }
        None => [Turn::Neck, Turn::Head].into_iter().for_each(|turn| turns.follow(turn, held)),
    }
    for Limb { bones: [upper, lower], joints: [from, middle, to], is_leg, max_twist } in LIMBS {
        let carrier = upper.carrier().map_or(DQuat::IDENTITY, |carrier| turns.of(carrier));
        let along = |joints: &Joints, a: Joint, b: Joint| (joints[b as usize]? - joints[a as usize]?).try_normalize();
        let (Some(rest_upper), Some(rest_lower)) = (along(&rest, from, middle), along(&rest, middle, to)) else {
            continue;
        };
        let rest_hinge = if is_leg { DVec3::X } else { rest_upper.cross(rest_lower) };
        let (wants_upper, wants_lower) = (along(wanted, from, middle), along(wanted, middle, to));
        match wants_upper {
            Some(wish) => {
                let swung = swing(carrier, rest_upper, wish);
                let twist = wants_lower.map_or(0.0, |lower| twist(swung * rest_hinge, wish, lower, max_twist));
                turns.set(upper, DQuat::from_axis_angle(wish, twist) * swung);
            }
            None => turns.follow(upper, held),
        }
        match wants_lower {
            Some(wish) => turns.set(lower, swing(turns.of(upper), rest_lower, wish)),
            None => turns.follow(lower, held),
        }
    }
    for (foot, shank, ankle) in
        [(Turn::LeftFoot, Turn::LeftShank, Joint::LeftAnkle), (Turn::RightFoot, Turn::RightShank, Joint::RightAnkle)]
    {
        match at(ankle) {
            Some(_) => turns.set(foot, levelled(turns.of(shank))),
            None => turns.follow(foot, held),
        }
    }
    turns
}

/// Axes of pelvis and chest as columns: to the left, backwards, up the trunk.
fn trunk(joints: &Joints) -> Option<[DMat3; 2]> {
    let at = |joint: Joint| joints[joint as usize];
    let [left_hip, right_hip] = [at(Joint::LeftHip)?, at(Joint::RightHip)?];
    let [left_shoulder, right_shoulder] = [at(Joint::LeftShoulder)?, at(Joint::RightShoulder)?];
    let up = (left_shoulder + right_shoulder - left_hip - right_hip).try_normalize()?;
    let axes = |across: DVec3| {
        let left = across.reject_from(up).try_normalize()?;
        Some(DMat3::from_cols(left, up.cross(left), up))
    };
    Some([axes(left_hip - right_hip)?, axes(left_shoulder - right_shoulder)?])
}

/// How the head is turned, from where the nose is seen from between the shoulders.
fn nod(rest: &Joints, wanted: &Joints, chest: DQuat) -> Option<DQuat> {
    let towards = |joints: &Joints| {
        let [left, right] = [joints[Joint::LeftShoulder as usize]?, joints[Joint::RightShoulder as usize]?];
        (joints[Joint::Nose as usize]? - (left + right) / 2.0).try_normalize()
    };
    let arc = DQuat::from_rotation_arc(chest * towards(rest)?, towards(wanted)?);
    let (axis, angle) = arc.to_axis_angle();
    Some(DQuat::from_axis_angle(axis, angle.min(MAX_NOD)) * chest)
}

/// The shortest further turn that brings a direction of the reference pose to where it is wanted.
fn swing(carrier: DQuat, rest: DVec3, wanted: DVec3) -> DQuat {
    DQuat::from_rotation_arc((carrier * rest).normalize_or(wanted), wanted) * carrier
}

/// How far the bone must turn about itself so that its hinge stands across the plane of a bent limb.
fn twist(hinge: DVec3, upper: DVec3, lower: DVec3, most: f64) -> f64 {
    let bend = ((upper.angle_between(lower) - BEND.0) / (BEND.1 - BEND.0)).clamp(0.0, 1.0);
    let across = upper.cross(lower);
    let (Some(is), Some(should)) = (hinge.reject_from(upper).try_normalize(), across.try_normalize()) else {
        return 0.0;
    };
    let angle = is.cross(should).dot(upper).atan2(is.dot(should));
    bend * angle.clamp(-most, most)
}

/// A foot under an upright shank stands level; under a lying one it is held as on a standing leg.
fn levelled(shank: DQuat) -> DQuat {
    let upright = ((shank * DVec3::Z).z - 0.3) / 0.4;
    let front = shank * DVec3::NEG_Y;
    let Some(front) = front.with_z(0.0).try_normalize() else { return shank };
    let level = DQuat::from_rotation_z(front.x.atan2(-front.y));
    shank.slerp(level, upright.clamp(0.0, 1.0))
}
