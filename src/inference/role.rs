//! What a model is there for. The code asks for a role; the manifest says which file plays it.

use serde::{Deserialize, Serialize};

/// One job in the chain from photo to observation, or from radio to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Up to six people with 17 keypoints each.
    People,
    /// COCO objects; of use here: person, cell phone, cup.
    Objects,
    /// One or more people by hips and body axis.
    PoseDetector,
    /// 33 landmarks, world coordinates and mask of one person.
    Pose,
    FaceNear,
    FaceFar,
    /// 468 points of one face.
    FaceMesh,
    Palms,
    /// 21 points of one hand.
    Hand,
    /// All people against the background.
    Matte,
    FaceEmbedding,
    Liveness,
    /// Depth of every pixel; nothing is shipped for it.
    Depth,
    /// The Anny body model: not a network.
    Body,
    /// People by radio instead of by photo.
    RadioPose,
    /// What the answers of [`Self::RadioPose`] mean, and where they may be believed: not a network.
    RadioPoseDescription,
}

impl Role {
    pub const ALL: [Self; 16] = [
        Self::People,
        Self::Objects,
        Self::PoseDetector,
        Self::Pose,
        Self::FaceNear,
        Self::FaceFar,
        Self::FaceMesh,
        Self::Palms,
        Self::Hand,
        Self::Matte,
        Self::FaceEmbedding,
        Self::Liveness,
        Self::Depth,
        Self::Body,
        Self::RadioPose,
        Self::RadioPoseDescription,
    ];

    /// For screen and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Objects => "objects",
            Self::PoseDetector => "pose detector",
            Self::Pose => "body landmarks",
            Self::FaceNear => "near faces",
            Self::FaceFar => "far faces",
            Self::FaceMesh => "face mesh",
            Self::Palms => "palms",
            Self::Hand => "hand landmarks",
            Self::Matte => "matte",
            Self::FaceEmbedding => "face embedding",
            Self::Liveness => "liveness",
            Self::Depth => "depth",
            Self::Body => "body model",
            Self::RadioPose => "people by radio",
            Self::RadioPoseDescription => "description of people by radio",
        }
    }

    /// The same as the serialised form, for files.
    pub fn key(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Objects => "objects",
            Self::PoseDetector => "pose_detector",
            Self::Pose => "pose",
            Self::FaceNear => "face_near",
            Self::FaceFar => "face_far",
            Self::FaceMesh => "face_mesh",
            Self::Palms => "palms",
            Self::Hand => "hand",
            Self::Matte => "matte",
            Self::FaceEmbedding => "face_embedding",
            Self::Liveness => "liveness",
            Self::Depth => "depth",
            Self::Body => "body",
            Self::RadioPose => "radio_pose",
            Self::RadioPoseDescription => "radio_pose_description",
        }
    }

    /// Whether it is a network that an engine runs.
    pub fn is_network(self) -> bool {
        !matches!(self, Self::Body | Self::RadioPoseDescription)
    }

    /// What to tell somebody who lacks it.
    pub fn how_to_install(self) -> &'static str {
        match self {
            Self::Depth => {
                "put a MiDaS or Depth-Anything ONNX file as depth.onnx into your models folder (`corporeal models` names it); \
                 for metric depth add a models.toml beside it, see models/README.md"
            }
            _ => "install Corporeal again",
        }
    }
}
