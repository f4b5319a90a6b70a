//! What a network is taught about one person: place, direction, posture, and 17 joints in the body's own frame.
//!
//! The body's frame: origin at the pelvis, x the way it faces, y to its left, z up; a lying person faces where the head
//! points. The 17 joints are those of COCO, in its order, because pose estimators for pictures speak it. Eyes and ears
//! are not among the simulator's joints: they are set on the skull from head, nose and neck.

use bevy_math::{Vec2, Vec3};

use crate::types::{Activity, PersonTruth, PostureClass, Room, TruthJoint};

pub const N_JOINTS: usize = 17;

/// COCO's names and order.
pub const JOINT_NAMES: [&str; N_JOINTS] = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
];

/// The joints from shoulders to ankles are the simulator's own.
const OWN: [TruthJoint; 12] = [
    TruthJoint::LeftShoulder,
    TruthJoint::RightShoulder,
    TruthJoint::LeftElbow,
    TruthJoint::RightElbow,
    TruthJoint::LeftWrist,
    TruthJoint::RightWrist,
    TruthJoint::LeftHip,
    TruthJoint::RightHip,
    TruthJoint::LeftKnee,
    TruthJoint::RightKnee,
    TruthJoint::LeftAnkle,
    TruthJoint::RightAnkle,
];

/// Shares of stature: pupils 63 mm apart and ears 154 mm apart in adults of 1.7 m (ANSUR II means of both sexes,
/// rounded); eyes nearly as far forward as the nose's root.
const EYE: [f32; 3] = [0.050, 0.0185, 0.012];
const EAR: [f32; 3] = [-0.005, 0.045, 0.0];

/// Kinds of motion that results are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MotionClass {
    /// Walking, with turns and stumbles.
    Walk,
    /// Sitting down, standing up, picking up: upright or nearly.
    Change,
    /// Anything on the way to the floor or a bed, on it, or up from it.
    Floor,
    Gesture,
    Sit,
    Stand,
}

impl MotionClass {
    pub const ALL: [Self; 6] = [Self::Walk, Self::Change, Self::Floor, Self::Gesture, Self::Sit, Self::Stand];

    pub fn label(self) -> &'static str {
        match self {
            Self::Walk => "walk",
            Self::Change => "change",
            Self::Floor => "floor",
            Self::Gesture => "gesture",
            Self::Sit => "sit",
            Self::Stand => "stand",
        }
    }
}

impl From<Activity> for MotionClass {
    fn from(activity: Activity) -> Self {
        match activity {
            Activity::Walking | Activity::Turning | Activity::Stumbling => Self::Walk,
            Activity::SittingDown | Activity::DroppingIntoChair | Activity::StandingUp | Activity::PickingUp => {
                Self::Change
            }
            Activity::LyingDown
            | Activity::Lying
            | Activity::GettingUp
            | Activity::Crawling
            | Activity::Falling
            | Activity::LyingAfterFall => Self::Floor,
            Activity::Gesturing => Self::Gesture,
            Activity::Sitting => Self::Sit,
            Activity::Standing => Self::Stand,
        }
    }
}

/// The answers about one person.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonTarget {
    /// Pelvis from the middle of the floor, metres.
    pub root: Vec2,
    pub pelvis_height_m: f32,
    /// Unit vector of the heading.
    pub heading: Vec2,
    /// Whether the heading means facing: not of a lying person.
    pub facing: bool,
    pub posture: PostureClass,
    pub activity: Activity,
    /// How far the ankles are apart along the heading, metres; which leg leads is left out.
    pub stride_m: f32,
    /// Of the pelvis over the floor.
    pub velocity: Vec2,
    /// Vertical part of the trunk's direction: 1 upright, 0 level.
    pub uprightness: f32,
    /// In the body's frame, metres, in the order of [`JOINT_NAMES`].
    pub joints: [Vec3; N_JOINTS],
    /// Of the person standing.
    pub stature_m: f32,
}

/// Numbers of [`PersonTarget::numbers`]: a mark that somebody is there, 14 facts, the joints, the stature.
pub const N_TARGET: usize = 15 + 3 * N_JOINTS + 1;

impl PersonTarget {
    /// `None` where joints are missing.
    pub fn new(person: &PersonTruth, room: Room) -> Option<Self> {
        let joint = |joint: TruthJoint| person.joint(joint).filter(|at| at.is_finite());
        let pelvis = joint(TruthJoint::Pelvis)?;
        let heading = Vec2::from_angle(person.heading_rad);
        let to_body = |at: Vec3| {
            let way = at - pelvis;
            Vec3::new(heading.dot(way.truncate()), heading.perp_dot(way.truncate()), way.z)
        };
        let (head, nose, neck) = (joint(TruthJoint::Head)?, joint(TruthJoint::Nose)?, joint(TruthJoint::Neck)?);
        let forward = (nose - head).normalize_or(heading.extend(0.0));
        let raised = head - neck;
        let up = (raised - forward * raised.dot(forward)).normalize_or(Vec3::Z);
        let left = up.cross(forward);
        let on_skull = |[ahead, aside, above]: [f32; 3], sign: f32| {
            head + (forward * ahead + left * (sign * aside) + up * above) * person.height_m
        };
        let mut joints = [Vec3::ZERO; N_JOINTS];
        let face = [nose, on_skull(EYE, 1.0), on_skull(EYE, -1.0), on_skull(EAR, 1.0), on_skull(EAR, -1.0)];
        for (to, at) in joints.iter_mut().zip(face) {
            *to = to_body(at);
        }
        for (to, own) in joints.iter_mut().skip(face.len()).zip(OWN) {
            *to = to_body(joint(own)?);
        }
        let ankles = joint(TruthJoint::LeftAnkle)? - joint(TruthJoint::RightAnkle)?;
        let [vx, vy, _] = person.velocity_m_per_s;
        Some(Self {
            root: pelvis.truncate() - room.size().truncate() / 2.0,
            pelvis_height_m: pelvis.z,
            heading,
            facing: person.posture != PostureClass::Lying,
            posture: person.posture,
            activity: person.activity,
            stride_m: heading.dot(ankles.truncate()).abs(),
            velocity: Vec2::new(vx, vy),
            uprightness: (neck - pelvis).normalize_or(Vec3::Z).z,
            joints,
            stature_m: person.height_m,
        })
    }

    /// As a record of training holds it: there (1), root x and y, pelvis height, heading cosine and sine, facing,
    /// posture, activity and motion class as positions in their lists, stride, velocity x and y, speed, uprightness,
    /// then the joints, and last the stature.
    pub fn numbers(&self) -> [f32; N_TARGET] {
        let mut numbers = [0.0; N_TARGET];
        let class = MotionClass::from(self.activity);
        let place = |found: Option<usize>| found.unwrap_or(0) as f32;
        let facts = [
            1.0,
            self.root.x,
            self.root.y,
            self.pelvis_height_m,
            self.heading.x,
            self.heading.y,
            if self.facing { 1.0 } else { 0.0 },
            self.posture as u8 as f32,
            place(Activity::ALL.iter().position(|activity| *activity == self.activity)),
            place(MotionClass::ALL.iter().position(|other| *other == class)),
            self.stride_m,
            self.velocity.x,
            self.velocity.y,
            self.velocity.length(),
            self.uprightness,
        ];
        let joints = self.joints.iter().flat_map(|joint| joint.to_array());
        for (number, value) in numbers.iter_mut().zip(facts.into_iter().chain(joints).chain([self.stature_m])) {
            *number = value;
        }
        numbers
    }
}
