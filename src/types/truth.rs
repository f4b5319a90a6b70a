//! What is known about the people in a room at one moment: the answer that a detector or a network is held against.
//!
//! Room coordinates: metres, x and y on the floor, z up. The simulator writes these types; a camera or a person with a
//! stopwatch could. Which zone somebody is in follows from the position and is left to whoever knows the zones.

use bevy_math::Vec3;
use serde::{Deserialize, Serialize};

use super::{Sex, Timestamp};

/// The joints of a person in the order of [`PersonTruth::joints`]; left and right are the person's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TruthJoint {
    /// The middle of the skull.
    Head,
    /// Between the lower ribs, in the middle of the trunk.
    Chest,
    /// Half way between the hips.
    Pelvis,
    LeftElbow,
    LeftWrist,
    RightElbow,
    RightWrist,
    LeftKnee,
    LeftAnkle,
    RightKnee,
    RightAnkle,
    LeftShoulder,
    RightShoulder,
    /// The ball of the foot.
    LeftToe,
    RightToe,
    Nose,
    Neck,
    /// The lumbar spine.
    Spine,
    LeftHip,
    RightHip,
    LeftHand,
    RightHand,
}

impl TruthJoint {
    pub const COUNT: usize = 22;

    pub const ALL: [Self; Self::COUNT] = [
        Self::Head,
        Self::Chest,
        Self::Pelvis,
        Self::LeftElbow,
        Self::LeftWrist,
        Self::RightElbow,
        Self::RightWrist,
        Self::LeftKnee,
        Self::LeftAnkle,
        Self::RightKnee,
        Self::RightAnkle,
        Self::LeftShoulder,
        Self::RightShoulder,
        Self::LeftToe,
        Self::RightToe,
        Self::Nose,
        Self::Neck,
        Self::Spine,
        Self::LeftHip,
        Self::RightHip,
        Self::LeftHand,
        Self::RightHand,
    ];

    /// The same joint of the other side; joints in the middle are their own.
    pub fn mirrored(self) -> Self {
        match self {
            Self::LeftElbow => Self::RightElbow,
            Self::RightElbow => Self::LeftElbow,
            Self::LeftWrist => Self::RightWrist,
            Self::RightWrist => Self::LeftWrist,
            Self::LeftKnee => Self::RightKnee,
            Self::RightKnee => Self::LeftKnee,
            Self::LeftAnkle => Self::RightAnkle,
            Self::RightAnkle => Self::LeftAnkle,
            Self::LeftShoulder => Self::RightShoulder,
            Self::RightShoulder => Self::LeftShoulder,
            Self::LeftHip => Self::RightHip,
            Self::RightHip => Self::LeftHip,
            Self::LeftHand => Self::RightHand,
            Self::RightHand => Self::LeftHand,
            Self::LeftToe => Self::RightToe,
            Self::RightToe => Self::LeftToe,
            middle => middle,
        }
    }
}

/// How a person holds the body, told from the body alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostureClass {
    #[default]
    Upright,
    /// The trunk leans far forward over standing legs.
    Bent,
    Sitting,
    /// On hands and knees, kneeling or squatting.
    Low,
    Lying,
}

/// What a person is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    #[default]
    Standing,
    Walking,
    Turning,
    SittingDown,
    /// Dropping into a chair: fast, and no fall.
    DroppingIntoChair,
    Sitting,
    StandingUp,
    PickingUp,
    Gesturing,
    LyingDown,
    Lying,
    GettingUp,
    Crawling,
    /// Nearly falls, and does not.
    Stumbling,
    Falling,
    /// On the floor after a fall.
    LyingAfterFall,
}

impl Activity {
    pub const ALL: [Self; 16] = [
        Self::Standing,
        Self::Walking,
        Self::Turning,
        Self::SittingDown,
        Self::DroppingIntoChair,
        Self::Sitting,
        Self::StandingUp,
        Self::PickingUp,
        Self::Gesturing,
        Self::LyingDown,
        Self::Lying,
        Self::GettingUp,
        Self::Crawling,
        Self::Stumbling,
        Self::Falling,
        Self::LyingAfterFall,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Walking => "walking",
            Self::Turning => "turning",
            Self::SittingDown => "sitting down",
            Self::DroppingIntoChair => "dropping into a chair",
            Self::Sitting => "sitting",
            Self::StandingUp => "standing up",
            Self::PickingUp => "picking up",
            Self::Gesturing => "gesturing",
            Self::LyingDown => "lying down",
            Self::Lying => "lying",
            Self::GettingUp => "getting up",
            Self::Crawling => "crawling",
            Self::Stumbling => "stumbling",
            Self::Falling => "falling",
            Self::LyingAfterFall => "lying after a fall",
        }
    }
}

/// How a fall begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallKind {
    /// A foot is caught: forward.
    Trip,
    /// The feet go away: backward.
    Slip,
    /// The legs give way: down and to a side.
    Faint,
    FromChair,
    FromBed,
}

impl FallKind {
    pub const ALL: [Self; 5] = [Self::Trip, Self::Slip, Self::Faint, Self::FromChair, Self::FromBed];
}

/// A stretch of one person's time with one activity; closed by the start of the next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivitySpan {
    /// Position among the people of the scene.
    pub person: u8,
    pub activity: Activity,
    /// How the fall began, where this is one.
    pub fall: Option<FallKind>,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// One person at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonTruth {
    /// Position among the people of the scene; stays the same while somebody is away.
    pub person: u8,
    /// In the order of [`TruthJoint::ALL`].
    pub joints_m: Vec<[f32; 3]>,
    pub sex: Sex,
    pub height_m: f32,
    pub weight_kg: f32,
    /// The pelvis over the floor.
    pub position_m: [f32; 2],
    /// Of the pelvis.
    pub velocity_m_per_s: [f32; 3],
    /// Where the pelvis faces, radians from x towards y; of a lying person, where the head points.
    pub heading_rad: f32,
    pub posture: PostureClass,
    pub activity: Activity,
    /// Breaths a minute.
    pub breathing_per_min: f32,
    /// How far the chest wall stands out from its mean now.
    pub chest_m: f32,
}

impl PersonTruth {
    pub fn joint(&self, joint: TruthJoint) -> Option<Vec3> {
        self.joints_m.get(joint as usize).copied().map(Vec3::from)
    }
}

/// Everybody who is in the scene at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SceneTruth {
    pub time: Timestamp,
    pub people: Vec<PersonTruth>,
}
