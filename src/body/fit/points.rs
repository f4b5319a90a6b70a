//! The points of the body that networks name, and where they are on the model.

/// A point of the body. The first 23 are Anny's regressed keypoints, in the model's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BodyPoint {
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
    LeftBigToe,
    RightBigToe,
    LeftSmallToe,
    RightSmallToe,
    LeftHeel,
    RightHeel,
    LeftEyeInner,
    LeftEyeOuter,
    RightEyeInner,
    RightEyeOuter,
    LeftMouth,
    RightMouth,
    LeftPinky,
    RightPinky,
    LeftIndex,
    RightIndex,
    LeftThumb,
    RightThumb,
}

use BodyPoint::*;

impl BodyPoint {
    pub const ALL: [Self; 35] = [
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
        LeftBigToe,
        RightBigToe,
        LeftSmallToe,
        RightSmallToe,
        LeftHeel,
        RightHeel,
        LeftEyeInner,
        LeftEyeOuter,
        RightEyeInner,
        RightEyeOuter,
        LeftMouth,
        RightMouth,
        LeftPinky,
        RightPinky,
        LeftIndex,
        RightIndex,
        LeftThumb,
        RightThumb,
    ];

    /// How many of them the model regresses from its vertices.
    pub const N_REGRESSED: usize = 23;

    /// By the order of COCO's 17 keypoints.
    pub fn from_coco(index: usize) -> Option<Self> {
        Self::ALL[..17].get(index).copied()
    }

    /// By the order of BlazePose's 33 landmarks; its foot index is the big toe.
    pub fn from_blazepose(index: usize) -> Option<Self> {
        const ORDER: [BodyPoint; 33] = [
            Nose,
            LeftEyeInner,
            LeftEye,
            LeftEyeOuter,
            RightEyeInner,
            RightEye,
            RightEyeOuter,
            LeftEar,
            RightEar,
            LeftMouth,
            RightMouth,
            LeftShoulder,
            RightShoulder,
            LeftElbow,
            RightElbow,
            LeftWrist,
            RightWrist,
            LeftPinky,
            RightPinky,
            LeftIndex,
            RightIndex,
            LeftThumb,
            RightThumb,
            LeftHip,
            RightHip,
            LeftKnee,
            RightKnee,
            LeftAnkle,
            RightAnkle,
            LeftHeel,
            RightHeel,
            LeftBigToe,
            RightBigToe,
        ];
        ORDER.get(index).copied()
    }

    /// How the model finds it.
    pub(super) fn place(self) -> Place {
        match self {
            LeftEyeInner => Place::Vertex(6831),
            LeftEyeOuter => Place::Vertex(6789),
            RightEyeInner => Place::Vertex(63),
            RightEyeOuter => Place::Vertex(21),
            LeftMouth => Place::Vertex(7112),
            RightMouth => Place::Vertex(368),
            LeftPinky => Place::BoneHead("finger5-1.L"),
            RightPinky => Place::BoneHead("finger5-1.R"),
            LeftIndex => Place::BoneHead("finger2-1.L"),
            RightIndex => Place::BoneHead("finger2-1.R"),
            LeftThumb => Place::BoneHead("finger1-2.L"),
            RightThumb => Place::BoneHead("finger1-2.R"),
            regressed => Place::Regressed(regressed as usize),
        }
    }
}

/// Where on the model a point is (`spec/body-model.md` section 7).
pub(super) enum Place {
    /// Index into the model's keypoints.
    Regressed(usize),
    /// A vertex of Anny's topology.
    Vertex(u16),
    BoneHead(&'static str),
}
