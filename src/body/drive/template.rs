//! How somebody is held of whom only the posture is known: one figure per posture, of the body's own lengths.
//!
//! The directions are drawings of usual postures and no estimates of anything. Who lies does so on their back with the
//! head where the heading points, as the networks' training has it (`pose::targets`).

use bevy_math::{DMat3, DVec3};

use crate::types::{Joint, Posture};

/// How high a mattress is, and the pelvis's middle above what it lies on, metres.
const BED_M: f64 = 0.5;
const LYING_M: f64 = 0.11;
const USUAL_STATURE_M: f64 = 1.7;

/// Lengths of one body in the reference pose, metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Lengths {
    half_hips: f64,
    half_shoulders: f64,
    trunk: f64,
    upper_arm: f64,
    forearm: f64,
    thigh: f64,
    shank: f64,
    /// The ankle above the sole.
    ankle: f64,
    /// The nose seen from between the shoulders: left, back, up.
    nose: DVec3,
}

impl Lengths {
    /// From the joints of the reference pose and the height of its lowest vertex.
    pub fn new(joints: &[DVec3; Joint::COUNT], lowest_m: f64) -> Self {
        let at = |joint: Joint| joints[joint as usize];
        let apart = |a: Joint, b: Joint| at(a).distance(at(b));
        let hips = (at(Joint::LeftHip) + at(Joint::RightHip)) / 2.0;
        let shoulders = (at(Joint::LeftShoulder) + at(Joint::RightShoulder)) / 2.0;
        Self {
            half_hips: apart(Joint::LeftHip, Joint::RightHip) / 2.0,
            half_shoulders: apart(Joint::LeftShoulder, Joint::RightShoulder) / 2.0,
            trunk: hips.distance(shoulders),
            upper_arm: apart(Joint::LeftShoulder, Joint::LeftElbow),
            forearm: apart(Joint::LeftElbow, Joint::LeftWrist),
            thigh: apart(Joint::LeftHip, Joint::LeftKnee),
            shank: apart(Joint::LeftKnee, Joint::LeftAnkle),
            ankle: at(Joint::LeftAnkle).z - lowest_m,
            nose: at(Joint::Nose) - shoulders,
        }
    }
}

impl Lengths {
    /// Of somebody of this stature, where no body model is at hand: shares after Drillis and Contini (Body segment
    /// parameters, 1966), hip and shoulder joints within the breadths that they give, the nose as on usual skulls.
    fn of_stature(height_m: f64) -> Self {
        let share = |share: f64| share * height_m;
        Self {
            half_hips: share(0.055),
            half_shoulders: share(0.110),
            trunk: share(0.288),
            upper_arm: share(0.186),
            forearm: share(0.146),
            thigh: share(0.245),
            shank: share(0.246),
            ankle: share(0.039),
            nose: DVec3::new(0.0, share(-0.06), share(0.115)),
        }
    }
}

/// The figure of a posture for a stature (1.7 m where it is none that people have), without a body model: joints in the
/// frame of the body, metres.
pub fn stick_figure(posture: Posture, height_m: Option<f64>, pelvis_height_m: Option<f64>) -> [DVec3; Joint::COUNT] {
    let height = height_m.filter(|height| (0.5..=2.5).contains(height)).unwrap_or(USUAL_STATURE_M);
    let pelvis = pelvis_height_m.filter(|height| super::PELVIS_M.contains(height));
    joints(posture, &Lengths::of_stature(height), pelvis)
}

/// Directions: outwards, backwards, up; left limb, then right.
struct Figure {
    /// Of the trunk.
    up: DVec3,
    left: DVec3,
    upper_arms: [[f64; 3]; 2],
    forearms: [[f64; 3]; 2],
    thighs: [[f64; 3]; 2],
    shanks: [[f64; 3]; 2],
}

fn both(direction: [f64; 3]) -> [[f64; 3]; 2] {
    [direction, direction]
}

fn figure(posture: Posture) -> Figure {
    let standing = Figure {
        up: DVec3::Z,
        left: DVec3::X,
        upper_arms: both([0.14, 0.06, -1.0]),
        forearms: both([0.06, -0.2, -1.0]),
        thighs: both([0.03, -0.02, -1.0]),
        shanks: both([0.02, 0.03, -1.0]),
    };
    match posture {
        Posture::Unknown | Posture::Standing => standing,
        Posture::Walking => Figure {
            upper_arms: [[0.12, 0.4, -1.0], [0.12, -0.3, -1.0]],
            forearms: [[0.04, 0.1, -1.0], [0.0, -0.8, -1.0]],
            thighs: [[0.02, -0.4, -1.0], [0.02, 0.25, -1.0]],
            shanks: [[0.0, -0.1, -1.0], [0.0, 0.6, -1.0]],
            ..standing
        },
        Posture::Sitting => Figure {
            upper_arms: both([0.12, -0.25, -1.0]),
            forearms: both([-0.1, -1.0, -0.35]),
            thighs: both([0.12, -1.0, -0.06]),
            shanks: both([0.0, 0.02, -1.0]),
            ..standing
        },
        Posture::Crouching => Figure {
            up: DVec3::new(0.0, -0.55, 0.84),
            upper_arms: both([0.15, -0.5, -1.0]),
            forearms: both([-0.05, -0.9, -0.5]),
            thighs: both([0.25, -1.0, 0.1]),
            shanks: both([0.0, 0.55, -1.0]),
            ..standing
        },
        Posture::OnFloor | Posture::Lying => Figure {
            up: DVec3::NEG_Y,
            left: DVec3::NEG_X,
            upper_arms: both([0.35, 1.0, -0.05]),
            forearms: both([0.15, 1.0, 0.05]),
            thighs: both([0.1, 1.0, 0.02]),
            shanks: both([0.05, 1.0, -0.02]),
        },
    }
}

/// The joints of a posture's figure in the frame of the body, metres. Eyes and ears are where the nose is.
pub fn joints(posture: Posture, lengths: &Lengths, pelvis_height_m: Option<f64>) -> [DVec3; Joint::COUNT] {
    let figure = figure(posture);
    let trunk = DMat3::from_cols(figure.left, figure.up.cross(figure.left), figure.up);
    let limb = |side: usize, [out, back, up]: [f64; 3], length: f64| {
        let outwards = if side == 0 { figure.left } else { -figure.left };
        (outwards * out + DVec3::Y * back + DVec3::Z * up).normalize_or_zero() * length
    };
    let shoulders = figure.up * lengths.trunk;
    let mut joints = [shoulders + trunk * lengths.nose; Joint::COUNT];
    let sides = [
        [Joint::LeftShoulder, Joint::LeftElbow, Joint::LeftWrist, Joint::LeftHip, Joint::LeftKnee, Joint::LeftAnkle],
        [
            Joint::RightShoulder,
            Joint::RightElbow,
            Joint::RightWrist,
            Joint::RightHip,
            Joint::RightKnee,
            Joint::RightAnkle,
        ],
    ];
    for (side, [shoulder, elbow, wrist, hip, knee, ankle]) in sides.into_iter().enumerate() {
        let outwards = if side == 0 { figure.left } else { -figure.left };
        joints[shoulder as usize] = shoulders + outwards * lengths.half_shoulders;
        joints[elbow as usize] = joints[shoulder as usize] + limb(side, figure.upper_arms[side], lengths.upper_arm);
        joints[wrist as usize] = joints[elbow as usize] + limb(side, figure.forearms[side], lengths.forearm);
        joints[hip as usize] = outwards * lengths.half_hips;
        joints[knee as usize] = joints[hip as usize] + limb(side, figure.thighs[side], lengths.thigh);
        joints[ankle as usize] = joints[knee as usize] + limb(side, figure.shanks[side], lengths.shank);
    }
    let height = match posture {
        Posture::Lying => pelvis_height_m.unwrap_or(BED_M + LYING_M),
        Posture::OnFloor => pelvis_height_m.unwrap_or(LYING_M),
        _ => {
            let lowest = joints[Joint::LeftAnkle as usize].z.min(joints[Joint::RightAnkle as usize].z);
            lengths.ankle - lowest
        }
    };
    joints.map(|joint| joint + DVec3::Z * height)
}
