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
    /// Corners of the square that was looked at, in pixels and in order around it; what lies outside is unknown rather than empty.
    /// `None` where all of the photo was.
    pub seen: Option<[[f32; 2]; 4]>,
}

impl Mask {
    /// How far a place lies within what was looked at, as a part of the square's side; negative outside, infinite where all was.
    pub fn depth_inside(&self, [x, y]: [f64; 2]) -> f64 {
        let Some(corners) = self.seen.map(|corners| corners.map(|corner| corner.map(f64::from))) else {
            return f64::INFINITY;
        };
        let cross = |a: [f64; 2], b: [f64; 2]| a[0] * b[1] - a[1] * b[0];
        let from_to = |from: [f64; 2], to: [f64; 2]| [to[0] - from[0], to[1] - from[1]];
        let depths = (0..4).map(|i| {
            let (corner, side) = (corners[i], from_to(corners[i], corners[(i + 1) % 4]));
            let inward = cross(side, from_to(corner, corners[(i + 2) % 4])).signum();
            inward * cross(side, from_to(corner, [x, y])) / (side[0] * side[0] + side[1] * side[1]).max(1e-12)
        });
        depths.fold(f64::INFINITY, f64::min)
    }
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
