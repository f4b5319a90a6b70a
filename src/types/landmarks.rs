//! What the networks see of people in one photo, in that photo's pixels.

use std::sync::Arc;

use serde::Serialize;

/// Which points a list of landmarks names, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LandmarkSet {
    /// 17 points of COCO: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles (left first).
    Coco17,
    /// 33 points of BlazePose.
    BlazePose33,
    /// 468 points of MediaPipe's face mesh.
    FaceMesh468,
    /// 21 points of MediaPipe's hand, wrist first.
    Hand21,
}

/// One point. `z_px` has the scale of x and grows away from the camera; 0 where the network gives none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Landmark {
    pub x_px: f32,
    pub y_px: f32,
    pub z_px: f32,
    /// 0..=1: how sure the network is that the point is seen (MoveNet's score, BlazePose's visibility).
    pub visibility: f32,
    /// 0..=1: how sure it is that the point lies inside the picture.
    pub presence: f32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Landmarks {
    pub set: LandmarkSet,
    pub points: Vec<Landmark>,
    /// Metres, hip-centred (hands: wrist-centred), x right, y down, z away from the camera; empty where not given.
    pub world_m: Vec<[f32; 3]>,
    /// 0..=1: the network's own score for the whole.
    pub score: f32,
}

/// Axis-aligned box in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PixelBox {
    pub left: f32,
    pub top: f32,
    pub right: f32,
    pub bottom: f32,
}

impl PixelBox {
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// Intersection over union, 0..=1.
    pub fn iou(&self, other: &Self) -> f32 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        let shared = width.max(0.0) * height.max(0.0);
        shared / (self.width() * self.height() + other.width() * other.height() - shared).max(1e-9)
    }
}

/// Probability of "person" for every pixel of the photo; 255 is certain.
#[derive(Clone, PartialEq)]
pub struct Mask {
    pub width: u32,
    pub height: u32,
    pub probability: Arc<[u8]>,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mask({} x {})", self.width, self.height)
    }
}

/// One person in one photo. Parts that the networks did not find are absent, never guessed.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    pub bounds: PixelBox,
    /// 0..=1, of the person detector.
    pub score: f32,
    /// From the multi-person detector.
    pub keypoints: Option<Landmarks>,
    /// 33 points with world coordinates.
    pub body: Option<Landmarks>,
    pub face: Option<Landmarks>,
    pub left_hand: Option<Landmarks>,
    pub right_hand: Option<Landmarks>,
    /// This person's pixels.
    pub mask: Option<Mask>,
}

/// Something else that the object detector named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Object {
    pub label: &'static str,
    pub score: f32,
    pub bounds: PixelBox,
}

/// Depth along the camera's axis for every pixel, from a model that the user installed.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthMap {
    pub width: u32,
    pub height: u32,
    /// Rows from the top. Metres when `metric`, else affine-invariant inverse depth (MiDaS: larger is nearer).
    pub values: Arc<[f32]>,
    pub metric: bool,
}

/// Everything the networks see in one photo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observation {
    /// The largest first.
    pub people: Vec<Person>,
    pub objects: Vec<Object>,
    /// The matte of all people together.
    pub matte: Option<Mask>,
    pub depth: Option<DepthMap>,
    /// Why the depth model that the user installed gave nothing, and what to do.
    pub depth_refused: Option<String>,
}
