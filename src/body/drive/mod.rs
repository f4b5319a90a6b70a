//! Puts the body model into the pose of somebody who is followed: joints or a posture in, a posed body out.
//!
//! Bones keep the lengths of the phenotype, so that joints are met in angle and not in place: what is drawn is a template
//! that stands like the person, never a measured body. Limbs whose joints are missing hang as the posture's template has
//! them. Everything is in the body's frame of [`crate::types::Pose`]: origin on the floor under the pelvis, x to the left,
//! facing -y, z up, metres. No joint, however wrong, makes a figure that is not finite.

mod parts;
mod solve;
mod template;

use std::sync::Arc;

use bevy_math::{DMat3, DVec3, Vec3};

use super::model::{AnnyModel, BoneFrame, Posed, Shape};
use crate::types::{BodyPose, Joint, Phenotype, PhenotypeAxis, Posture};

pub use parts::{N_PARTS, Part, part_label};
use solve::{Turn, Turns};
use template::Lengths;
pub use template::stick_figure;

/// Anny's age of somebody of about 25 years, and its height parameter of a usual stature (`engine::studio` draws with the
/// same; shape calibration of Anny 0.6.2).
const ADULT_AGE: f64 = 0.78;
const USUAL_HEIGHT: f64 = 0.36;
/// Joints farther from the pelvis than this are no joints of a person, metres.
const MAX_REACH_M: f64 = 3.0;
/// Heights between which a pelvis may be, metres.
const PELVIS_M: std::ops::RangeInclusive<f64> = 0.05..=1.6;

/// What driving needs to know of a body model.
#[derive(Clone, Debug)]
pub struct Driver {
    /// The bone of each [`Turn`].
    bones: [usize; Turn::COUNT],
    wrists: [usize; 2],
    /// Turns the axes that poses are given about to those of posed bodies.
    room_from_pose: DMat3,
    nose: Vec<(u16, f32)>,
    /// Body part of each vertex.
    pub parts: Arc<[Part]>,
    /// Texture coordinates of each vertex; on a seam, where a vertex has several, those of the first face that uses it.
    pub uv: Arc<[[f32; 2]]>,
}

/// One phenotype, ready to be posed.
#[derive(Clone, Debug)]
pub struct Build {
    shape: Shape,
    /// Heads of all bones in the reference pose.
    heads: Vec<DVec3>,
    nose: DVec3,
    lengths: Lengths,
    /// From sole to crown in the reference pose, metres.
    pub stature_m: f64,
}

/// How somebody stands, as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Stance {
    /// In the order of [`Joint::ALL`]; `None` for those that must not be believed.
    pub joints: [Option<DVec3>; Joint::COUNT],
    /// Decides how the rest is held.
    pub posture: Posture,
    /// Of somebody who lies; who stands or sits has their feet on the floor.
    pub pelvis_height_m: Option<f64>,
}

impl Stance {
    /// The template of a posture, no joint of it measured.
    pub fn of_posture(posture: Posture) -> Self {
        Self { joints: [None; Joint::COUNT], posture, pelvis_height_m: None }
    }
}

impl Driver {
    /// `None` for a model that lacks a bone or the nose.
    pub fn new(model: &AnnyModel) -> Option<Self> {
        let mut bones = [0; Turn::COUNT];
        for (bone, label) in bones.iter_mut().zip(Turn::LABELS) {
            *bone = model.bone_index(label)?;
        }
        let wrists = [model.bone_index("wrist.L")?, model.bone_index("wrist.R")?];
        let nose = model.keypoint_labels.iter().position(|label| label == "nose")?;
        let mut uv = vec![None; model.n_vertices()];
        for (face, corners) in model.faces.iter().zip(&model.face_uv) {
            for (vertex, corner) in face.iter().zip(corners) {
                let known = uv.get_mut(*vertex as usize)?;
                *known = known.or(model.uv.get(*corner as usize).copied());
            }
        }
        Some(Self {
            bones,
            wrists,
            room_from_pose: model.bone_reference(0).transpose(),
            nose: model.keypoint_terms.get(nose)?.clone(),
            parts: parts::parts(model).into(),
            uv: uv.into_iter().map(Option::unwrap_or_default).collect(),
        })
    }

    /// A grown-up of no sex in particular, of this stature where one is known.
    pub fn neutral(&self, model: &AnnyModel, height_m: Option<f64>) -> Phenotype {
        let with = |height: f64| {
            let mut phenotype = Phenotype::default();
            phenotype.set(PhenotypeAxis::Age, ADULT_AGE);
            phenotype.set(PhenotypeAxis::Height, height);
            phenotype
        };
        let usual = with(USUAL_HEIGHT);
        let Some(wanted) = height_m.filter(|height| (0.5..=2.5).contains(height)) else { return usual };
        // Vertices are linear in an axis of two anchors, so that two bodies tell of all between them.
        let [low, high] = [0.0, 1.0].map(|height| self.build(model, &with(height)).stature_m);
        let share = (wanted - low) / (high - low);
        if share.is_finite() { with(share.clamp(0.0, 1.0)) } else { usual }
    }

    /// Some 10 ms: keep it as long as the phenotype stays.
    pub fn build(&self, model: &AnnyModel, phenotype: &Phenotype) -> Build {
        let shape = model.shape(phenotype);
        let reference = model.posed(&shape, &model.reference_pose());
        let heads: Vec<DVec3> = reference.bones.iter().map(|bone| bone.head).collect();
        let nose = self.nose_of(&reference.vertices);
        let (low, high) = extent(&reference.vertices);
        let lengths = Lengths::new(&self.joints_at(&reference.bones, nose), f64::from(low));
        Build { shape, heads, nose, lengths, stature_m: f64::from(high - low) }
    }

    /// The pose of the body model that meets a stance.
    pub fn pose(&self, model: &AnnyModel, build: &Build, stance: &Stance) -> BodyPose {
        let joints = stance.joints.map(|joint| joint.filter(|at| at.is_finite() && at.length() <= MAX_REACH_M));
        let pelvis = stance.pelvis_height_m.filter(|height| PELVIS_M.contains(height));
        let template = template::joints(stance.posture, &build.lengths, pelvis);
        let reference = self.reference_joints(build);
        let held = solve::turns(&reference, &template.map(Some), None);
        let turns = solve::turns(&reference, &joints, Some(&held));
        let hips = |joints: &[Option<DVec3>; Joint::COUNT]| {
            Some((joints[Joint::LeftHip as usize]? + joints[Joint::RightHip as usize]?) / 2.0)
        };
        let wanted = hips(&joints).or_else(|| hips(&template.map(Some))).unwrap_or(DVec3::Z);
        let at_rest = hips(&reference.map(Some)).unwrap_or_default();
        let head = wanted - turns.of(Turn::Root) * at_rest;
        self.to_pose(model, &turns, head)
    }

    /// The body in a stance, at least on the floor. Without any joint whoever does not lie on a bed has touched it.
    pub fn posed(&self, model: &AnnyModel, build: &Build, stance: &Stance) -> Posed {
        let mut posed = model.posed(&build.shape, &self.pose(model, build, stance));
        let (low, _) = extent(&posed.vertices);
        let is_template = stance.joints.iter().all(Option::is_none) && stance.posture != Posture::Lying;
        if low < 0.0 || (is_template && low.is_finite()) {
            for vertex in &mut posed.vertices {
                vertex.z -= low;
            }
            for bone in &mut posed.bones {
                bone.head.z -= f64::from(low);
            }
        }
        posed
    }

    /// Where the body's joints are in a pose: heads of bones, and the nose as it is regressed. Eyes and ears are `None`.
    pub fn joints(&self, posed: &Posed) -> [Option<DVec3>; Joint::COUNT] {
        let at = self.joints_at(&posed.bones, self.nose_of(&posed.vertices));
        Joint::ALL.map(|joint| Some(at[joint as usize]).filter(|_| is_driven(joint)))
    }

    fn nose_of(&self, vertices: &[Vec3]) -> DVec3 {
        let at = |vertex: u16| vertices.get(usize::from(vertex)).copied().unwrap_or_default().as_dvec3();
        self.nose.iter().map(|(vertex, weight)| at(*vertex) * f64::from(*weight)).sum()
    }

    fn reference_joints(&self, build: &Build) -> [DVec3; Joint::COUNT] {
        self.joints_by(|bone| build.heads[bone], build.nose)
    }

    fn joints_at(&self, bones: &[BoneFrame], nose: DVec3) -> [DVec3; Joint::COUNT] {
        self.joints_by(|bone| bones[bone].head, nose)
    }

    fn joints_by(&self, head: impl Fn(usize) -> DVec3, nose: DVec3) -> [DVec3; Joint::COUNT] {
        let of = |turn: Turn| head(self.bones[turn as usize]);
        Joint::ALL.map(|joint| match joint {
            Joint::LeftShoulder => of(Turn::LeftUpperArm),
            Joint::RightShoulder => of(Turn::RightUpperArm),
            Joint::LeftElbow => of(Turn::LeftForearm),
            Joint::RightElbow => of(Turn::RightForearm),
            Joint::LeftWrist => head(self.wrists[0]),
            Joint::RightWrist => head(self.wrists[1]),
            Joint::LeftHip => of(Turn::LeftThigh),
            Joint::RightHip => of(Turn::RightThigh),
            Joint::LeftKnee => of(Turn::LeftShank),
            Joint::RightKnee => of(Turn::RightShank),
            Joint::LeftAnkle => of(Turn::LeftFoot),
            Joint::RightAnkle => of(Turn::RightFoot),
            // The face is one thing here.
            Joint::Nose | Joint::LeftEye | Joint::RightEye | Joint::LeftEar | Joint::RightEar => nose,
        })
    }

    /// Turns of bones against the reference pose, as the model wants them: each against what carries it.
    fn to_pose(&self, model: &AnnyModel, turns: &Turns, root_head: DVec3) -> BodyPose {
        let pose_from_room = self.room_from_pose.transpose();
        let mut pose = model.reference_pose();
        for turn in Turn::ALL {
            let own = turns.of(turn);
            let local = match turn.carrier() {
                Some(carrier) => turns.of(carrier).inverse() * own,
                None => own,
            };
            let rotation = pose_from_room * local.to_scaled_axis();
            if rotation.is_finite() {
                pose.rotations[self.bones[turn as usize]] = rotation;
            }
        }
        pose.root_translation_m = pose_from_room * root_head;
        pose
    }
}

fn is_driven(joint: Joint) -> bool {
    !matches!(joint, Joint::LeftEye | Joint::RightEye | Joint::LeftEar | Joint::RightEar)
}

/// The lowest and the highest vertex.
fn extent(vertices: &[Vec3]) -> (f32, f32) {
    let heights = vertices.iter().map(|vertex| vertex.z);
    heights.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), z| (low.min(z), high.max(z)))
}
