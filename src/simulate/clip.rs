//! Recorded motion: joint-angle clips of the DeepMimic humanoid (Peng et al. 2018, MIT licence) to joint positions.
//!
//! Pure: takes the file's text. The clips check the motion that the program makes itself; it runs without them. Frame:
//! metres, z up, x forward, y left, as everywhere here; the file's y is up and its z points right.

use bevy_math::{Quat, Vec3};
use serde::{Deserialize, Serialize};

use crate::types::TruthJoint;

/// A clip as positions of joints over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    pub frame_secs: f32,
    /// Whether the end joins the beginning.
    pub wraps: bool,
    frames: Vec<[[f32; 3]; N_JOINTS]>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "Loop", default)]
    wraps: String,
    #[serde(rename = "Frames")]
    frames: Vec<Vec<f32>>,
}

/// What a frame holds: its length in seconds, the root's place and turn, then the joints' turns.
const N_NUMBERS: usize = 44;
const N_JOINTS: usize = 15;
/// Longer clips are cut: the longest of the set has some 4 000 frames.
const MAX_FRAMES: usize = 100_000;
const JOINTS: [TruthJoint; N_JOINTS] = [
    TruthJoint::Pelvis,
    TruthJoint::Chest,
    TruthJoint::Neck,
    TruthJoint::LeftHip,
    TruthJoint::LeftKnee,
    TruthJoint::LeftAnkle,
    TruthJoint::RightHip,
    TruthJoint::RightKnee,
    TruthJoint::RightAnkle,
    TruthJoint::LeftShoulder,
    TruthJoint::LeftElbow,
    TruthJoint::LeftWrist,
    TruthJoint::RightShoulder,
    TruthJoint::RightElbow,
    TruthJoint::RightWrist,
];
/// Bone lengths of the humanoid, metres: the attachment points of its description file.
const SPINE_M: f32 = 0.236;
const THORAX_M: f32 = 0.224;
const HALF_HIPS_M: f32 = 0.085;
const THIGH_M: f32 = 0.4215;
const SHANK_M: f32 = 0.41;
/// A straight leg of the humanoid.
pub(super) const LEG_M: f32 = THIGH_M + SHANK_M;
const SHOULDER_M: Vec3 = Vec3::new(-0.024, 0.2435, 0.183);
const UPPER_ARM_M: f32 = 0.275;
const FOREARM_M: f32 = 0.259;

impl Clip {
    /// `None` where the text is no such clip.
    pub fn parse(text: &str) -> Option<Self> {
        let file: File = serde_json::from_str(text).ok()?;
        let frame_secs = *file.frames.first()?.first()?;
        let whole = |frame: &&Vec<f32>| frame.len() == N_NUMBERS && frame.iter().all(|value| value.is_finite());
        let frames: Vec<_> = file
            .frames
            .iter()
            .take(MAX_FRAMES)
            .take_while(whole)
            .filter_map(|frame| positions(frame))
            .map(|frame| frame.map(|at| at.to_array()))
            .collect();
        (frame_secs > 0.0 && frames.len() >= 2).then(|| Self { frame_secs, wraps: file.wraps == "wrap", frames })
    }

    pub fn n_frames(&self) -> usize {
        self.frames.len()
    }

    /// Where the joints are, frame by frame; those that the humanoid does not have are at its pelvis.
    pub(super) fn frames(&self) -> impl Iterator<Item = impl Fn(TruthJoint) -> Vec3> {
        self.frames.iter().map(|frame| {
            move |joint: TruthJoint| {
                let at = JOINTS.iter().position(|own| *own == joint).unwrap_or_default();
                frame.get(at).copied().map_or(Vec3::ZERO, Vec3::from)
            }
        })
    }

    /// Where a joint is in each frame; `None` for joints that the humanoid does not have.
    pub fn path(&self, joint: TruthJoint) -> Option<impl Iterator<Item = Vec3> + '_> {
        let at = JOINTS.iter().position(|own| *own == joint)?;
        Some(self.frames.iter().map(move |frame| Vec3::from(frame[at])))
    }
}

/// Reads a frame's numbers one after the other.
struct Numbers<'a>(&'a [f32]);

impl Numbers<'_> {
    fn next(&mut self) -> Option<f32> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn place(&mut self) -> Option<Vec3> {
        Some(Vec3::new(self.next()?, self.next()?, self.next()?))
    }

    fn turn(&mut self) -> Option<Quat> {
        let w = self.next()?;
        let turn = Quat::from_xyzw(self.next()?, self.next()?, self.next()?, w);
        (turn.length_squared() > 1e-6).then(|| turn.normalize())
    }

    /// Knees and elbows turn about one axis.
    fn hinge(&mut self) -> Option<Quat> {
        Some(Quat::from_rotation_z(self.next()?))
    }
}

fn positions(frame: &[f32]) -> Option<[Vec3; N_JOINTS]> {
    let mut numbers = Numbers(frame);
    numbers.next()?;
    let pelvis = numbers.place()?;
    let root = numbers.turn()?;
    let chest_turn = root * numbers.turn()?;
    numbers.turn()?;
    let chest = pelvis + root * Vec3::Y * SPINE_M;
    let neck = chest + chest_turn * Vec3::Y * THORAX_M;
    let mut half = |side: f32| -> Option<[Vec3; 6]> {
        let hip = pelvis + root * Vec3::Z * (side * HALF_HIPS_M);
        let thigh = root * numbers.turn()?;
        let knee = hip - thigh * Vec3::Y * THIGH_M;
        let shank = thigh * numbers.hinge()?;
        let ankle = knee - shank * Vec3::Y * SHANK_M;
        numbers.turn()?;
        let shoulder = chest + chest_turn * (SHOULDER_M * Vec3::new(1.0, 1.0, side));
        let upper = chest_turn * numbers.turn()?;
        let elbow = shoulder - upper * Vec3::Y * UPPER_ARM_M;
        let wrist = elbow - upper * numbers.hinge()? * Vec3::Y * FOREARM_M;
        Some([hip, knee, ankle, shoulder, elbow, wrist])
    };
    // The file gives the right side first, which is +z.
    let right = half(1.0)?;
    let left = half(-1.0)?;
    let [left_hip, left_knee, left_ankle, left_shoulder, left_elbow, left_wrist] = left;
    let [right_hip, right_knee, right_ankle, right_shoulder, right_elbow, right_wrist] = right;
    let all = [
        pelvis,
        chest,
        neck,
        left_hip,
        left_knee,
        left_ankle,
        right_hip,
        right_knee,
        right_ankle,
        left_shoulder,
        left_elbow,
        left_wrist,
        right_shoulder,
        right_elbow,
        right_wrist,
    ];
    Some(all.map(|place| Vec3::new(place.x, -place.z, place.y)))
}
