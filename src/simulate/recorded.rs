//! Recorded motion as steps of a script: clips enrich what people do beyond the motion that the program makes itself.
//!
//! A clip's joints become poses of the person's own size. Clips have no head and no hands: the head goes with the chest.

use bevy_math::{Quat, Vec2, Vec3};
use serde::{Deserialize, Serialize};

use super::anthropometry::Build;
use super::clip::{Clip, LEG_M};
use super::dice::{Dice, Purpose};
use super::figure::{LEFT, Pose, RIGHT, facing};
use super::script::Step;
use super::spec::SimulatorSpec;
use crate::types::{Activity, TruthJoint};

/// A clip with the name of what is done in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedMotion {
    pub name: String,
    pub activity: Activity,
    pub clip: Clip,
}

impl RecordedMotion {
    /// A clip that is told by its name: `None` for motions that no daily life holds (flips, kicks, dances) and for
    /// text that is no clip.
    pub fn new(name: &str, text: &str) -> Option<Self> {
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let activity = if is(&["walk", "run", "jog"]) {
            Activity::Walking
        } else if is(&["crawl", "roll"]) {
            // Movement on the floor that is no fall.
            Activity::Crawling
        } else if is(&["getup"]) {
            Activity::GettingUp
        } else {
            return None;
        };
        Some(Self { name: name.to_owned(), activity, clip: Clip::parse(text)? })
    }
}

/// The pose in each frame, of a body of this build; the first pelvis stands at the origin.
pub(super) fn poses(clip: &Clip, build: &Build) -> Vec<Pose> {
    let scale = build.leg() / LEG_M;
    let mut start = None;
    clip.frames()
        .map(|joint| {
            let pelvis = joint(TruthJoint::Pelvis) * scale;
            let start = *start.get_or_insert(pelvis.with_z(0.0));
            pose(&|of| joint(of) * scale - start)
        })
        .collect()
}

fn pose(joint: &dyn Fn(TruthJoint) -> Vec3) -> Pose {
    let sides = |left: TruthJoint| [joint(left), joint(left.mirrored())];
    let turn = |[left, right]: [Vec3; 2], up: Vec3| {
        let aside = left - right;
        facing(aside.cross(up), up)
    };
    let (pelvis, chest, neck) = (joint(TruthJoint::Pelvis), joint(TruthJoint::Chest), joint(TruthJoint::Neck));
    let (hips, shoulders) = (sides(TruthJoint::LeftHip), sides(TruthJoint::LeftShoulder));
    let pelvis_turn = turn(hips, chest - pelvis);
    let chest_turn = turn(shoulders, neck - chest);
    let (knees, ankles) = (sides(TruthJoint::LeftKnee), sides(TruthJoint::LeftAnkle));
    let (elbows, wrists) = (sides(TruthJoint::LeftElbow), sides(TruthJoint::LeftWrist));
    let upper = |side: usize| (elbows[side] - shoulders[side]).normalize_or(Vec3::NEG_Z);
    let forearm = |side: usize| (wrists[side] - elbows[side]).normalize_or(Vec3::NEG_Z);
    let bend = |side: usize| upper(side).angle_between(forearm(side));
    let arm = |side: usize| -> Quat {
        // A straight arm does not tell where its elbow points: forward of the chest.
        let forward = if bend(side) > STRAIGHT_RAD { forearm(side) } else { chest_turn * Vec3::X };
        (chest_turn.inverse() * facing(forward, -upper(side))).normalize()
    };
    Pose {
        pelvis,
        ankles,
        pelvis_turn,
        chest_turn,
        head_turn: chest_turn,
        feet: [LEFT, RIGHT].map(|side| facing(pelvis_turn * Vec3::X, knees[side] - ankles[side])),
        arms: [LEFT, RIGHT].map(arm),
        elbows: [LEFT, RIGHT].map(bend),
    }
}

/// An elbow that is bent less is straight, radians.
const STRAIGHT_RAD: f32 = 0.1;

/// The same pose turned about the vertical through the origin, then moved.
pub(super) fn placed(pose: &Pose, turn: f32, by: Vec2) -> Pose {
    let turn = Quat::from_rotation_z(turn);
    Pose {
        pelvis: turn * pose.pelvis,
        ankles: pose.ankles.map(|ankle| turn * ankle),
        pelvis_turn: (turn * pose.pelvis_turn).normalize(),
        chest_turn: (turn * pose.chest_turn).normalize(),
        head_turn: (turn * pose.head_turn).normalize(),
        feet: pose.feet.map(|foot| (turn * foot).normalize()),
        ..*pose
    }
    .moved(by.extend(0.0))
}

impl SimulatorSpec {
    /// Puts recorded motion between the steps of everybody's script: after every third step one, drawn by the seed.
    pub fn with_recorded(mut self, motions: &[RecordedMotion]) -> Self {
        if motions.is_empty() {
            return self;
        }
        let mut dice = Dice::new(self.seed, Purpose::Story, 3, 0);
        for script in self.people.iter_mut().filter_map(|person| person.script.as_mut()) {
            let mut steps = Vec::with_capacity(script.steps.len() * 4 / 3);
            for (n, step) in script.steps.drain(..).enumerate() {
                steps.push(step);
                if n % 3 == 2 {
                    let drawn = ((dice.unit() * motions.len() as f32) as usize).min(motions.len() - 1);
                    steps.extend(motions.get(drawn).cloned().map(|motion| Step::Recorded { motion }));
                }
            }
            script.steps = steps;
        }
        self
    }
}
