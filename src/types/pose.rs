//! Where one person is and how they stand, as an estimate: every figure has its standard deviation or is absent.
//!
//! Nothing here says where an estimate came from: a network, a tracker and a simulator speak in the same words. Figures
//! are plain and may be wrong (a network can emit NaN); `tracking` checks what it is given.

use serde::{Deserialize, Serialize};

/// A figure and its standard deviation, in the unit that the field's name or text tells.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub sigma: f64,
}

impl Estimate {
    pub fn new(value: f64, sigma: f64) -> Self {
        Self { value, sigma }
    }

    /// Finite, with a positive standard deviation.
    pub fn is_sound(&self) -> bool {
        self.value.is_finite() && self.sigma.is_finite() && self.sigma > 0.0
    }
}

/// The 17 points of COCO, in its order: left before right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joint {
    Nose,
    LeftEye,
    RightEye,
    LeftEar,
    RightEar,
    LeftShoulder,
    RightShoulder,
    LeftElbow,
    RightElbow,
    LeftWrist,
    RightWrist,
    LeftHip,
    RightHip,
    LeftKnee,
    RightKnee,
    LeftAnkle,
    RightAnkle,
}

/// What a joint belongs to: these differ in what radio can tell of them and in how fast they move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyPart {
    Head,
    Torso,
    Arm,
    Leg,
}

impl Joint {
    pub const COUNT: usize = 17;
    pub const ALL: [Self; Self::COUNT] = [
        Self::Nose,
        Self::LeftEye,
        Self::RightEye,
        Self::LeftEar,
        Self::RightEar,
        Self::LeftShoulder,
        Self::RightShoulder,
        Self::LeftElbow,
        Self::RightElbow,
        Self::LeftWrist,
        Self::RightWrist,
        Self::LeftHip,
        Self::RightHip,
        Self::LeftKnee,
        Self::RightKnee,
        Self::LeftAnkle,
        Self::RightAnkle,
    ];

    /// The same joint of the other side; the nose is its own.
    pub fn mirrored(self) -> Self {
        match self as usize {
            0 => Self::Nose,
            // Left joints have odd places, and their right twins follow.
            odd if odd % 2 == 1 => Self::ALL[odd + 1],
            even => Self::ALL[even - 1],
        }
    }

    pub fn part(self) -> BodyPart {
        match self {
            Self::Nose | Self::LeftEye | Self::RightEye | Self::LeftEar | Self::RightEar => BodyPart::Head,
            Self::LeftShoulder | Self::RightShoulder | Self::LeftHip | Self::RightHip => BodyPart::Torso,
            Self::LeftElbow | Self::RightElbow | Self::LeftWrist | Self::RightWrist => BodyPart::Arm,
            Self::LeftKnee | Self::RightKnee | Self::LeftAnkle | Self::RightAnkle => BodyPart::Leg,
        }
    }
}

/// One joint in the body frame of [`Pose`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JointEstimate {
    /// x towards the body's left, y backwards, z up from the floor; metres.
    pub position_m: [f32; 3],
    /// Standard deviation along each axis, metres.
    pub sigma_m: f32,
}

/// How a person holds themselves, as coarse as radio can tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posture {
    #[default]
    Unknown,
    Standing,
    Walking,
    Sitting,
    /// Squatting, bending or kneeling.
    Crouching,
    /// Lying, crawling or sitting on the floor.
    OnFloor,
    /// Lying above the floor: on a bed or a sofa.
    Lying,
}

impl Posture {
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "posture unknown",
            Self::Standing => "standing",
            Self::Walking => "walking",
            Self::Sitting => "sitting",
            Self::Crouching => "crouching",
            Self::OnFloor => "on the floor",
            Self::Lying => "lying",
        }
    }
}

/// How far left and right can be told apart.
///
/// One radio window looks the same for a pose and its mirror image. A tracker can keep the choice the same from window to
/// window; which of the two it is needs evidence from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The choice of this moment may differ from that of the next.
    #[default]
    Unresolved,
    /// The same side for some time, which may be the wrong one for all of it.
    Held,
    /// Left is left.
    Resolved,
}

/// A place on the floor with its covariance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FloorPoint {
    /// x and y in the room, metres.
    pub position_m: [f64; 2],
    /// Square metres, symmetric, positive definite.
    pub covariance_m2: [[f64; 2]; 2],
}

impl FloorPoint {
    /// A round uncertainty: `sigma_m` along every axis.
    pub fn round(position_m: [f64; 2], sigma_m: f64) -> Self {
        Self { position_m, covariance_m2: [[sigma_m * sigma_m, 0.0], [0.0, sigma_m * sigma_m]] }
    }

    /// Finite, with a covariance that is one.
    pub fn is_sound(&self) -> bool {
        let [[xx, xy], [yx, yy]] = self.covariance_m2;
        let finite = [self.position_m[0], self.position_m[1], xx, xy, yx, yy].iter().all(|value| value.is_finite());
        let asymmetry = (xy - yx).abs();
        finite && xx > 0.0 && yy > 0.0 && asymmetry <= 1e-6 * (xx + yy) && xx * yy - xy * yx > 1e-12 * xx * yy
    }

    /// Root of the mean of the two variances: the radius to draw a disc with, metres.
    pub fn sigma_m(&self) -> f64 {
        (0.5 * (self.covariance_m2[0][0] + self.covariance_m2[1][1])).max(0.0).sqrt()
    }
}

/// One person at one moment.
///
/// The body frame stands in metres with its origin on the floor below the pelvis, z up; the body faces -y and its left is
/// +x, as in `body`. [`Pose::room_from_body`] takes a point of it to the room.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// The pelvis, dropped to the floor.
    pub root: FloorPoint,
    /// Where the body faces: radians from the room's x axis towards its y axis, -π..=π; `None` when it is anybody's guess.
    pub heading_rad: Option<Estimate>,
    #[serde(default)]
    pub posture: Posture,
    pub pelvis_height_m: Option<Estimate>,
    /// In the order of [`Joint::ALL`]; `None` when the data cannot carry a skeleton.
    pub joints: Option<Box<[JointEstimate; Joint::COUNT]>>,
    #[serde(default)]
    pub side: Side,
}

impl Pose {
    /// Somebody is there, and no more is known.
    pub fn at(root: FloorPoint) -> Self {
        Self {
            root,
            heading_rad: None,
            posture: Posture::Unknown,
            pelvis_height_m: None,
            joints: None,
            side: Side::Unresolved,
        }
    }

    /// A point of the body frame in the room; `None` without a heading.
    pub fn room_from_body(&self, point_m: [f32; 3]) -> Option<[f64; 3]> {
        // The body faces -y, which lies a quarter turn clockwise of its x axis.
        let turn = self.heading_rad?.value + std::f64::consts::FRAC_PI_2;
        let (sin, cos) = turn.sin_cos();
        let [x, y, z] = point_m.map(f64::from);
        let [root_x, root_y] = self.root.position_m;
        Some([root_x + cos * x - sin * y, root_y + sin * x + cos * y, z])
    }
}

/// The same body with left and right exchanged.
pub fn mirrored(joints: &[JointEstimate; Joint::COUNT]) -> [JointEstimate; Joint::COUNT] {
    Joint::ALL.map(|joint| {
        let JointEstimate { position_m: [x, y, z], sigma_m } = joints[joint.mirrored() as usize];
        JointEstimate { position_m: [-x, y, z], sigma_m }
    })
}

/// What tells people apart whatever they do; each figure with the standard deviation of this one reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BodyFeatures {
    /// Stature.
    pub height_m: Option<Estimate>,
    /// Strides (two steps) a second while walking.
    pub stride_hz: Option<Estimate>,
    /// Learnt features, each scaled to zero mean and unit variance over the people it was learnt from.
    #[serde(default)]
    pub embedding: Vec<Estimate>,
}

/// One person as one window of radio data shows them, before anybody asks who it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    pub pose: Pose,
    /// 0..=1: how sure the detector is that somebody is there.
    pub confidence: f64,
    #[serde(default)]
    pub features: BodyFeatures,
    /// Natural logarithm of the odds that left and right are as in `pose` and not exchanged; 0 when nothing tells.
    #[serde(default)]
    pub side_log_odds: f64,
    /// How fast the pelvis goes over the floor, m/s.
    #[serde(default)]
    pub speed_m_per_s: Option<Estimate>,
}

impl Detection {
    /// A detection of which only the place is known.
    pub fn at(root: FloorPoint, confidence: f64) -> Self {
        Self {
            pose: Pose::at(root),
            confidence,
            features: BodyFeatures::default(),
            side_log_odds: 0.0,
            speed_m_per_s: None,
        }
    }
}
