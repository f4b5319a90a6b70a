//! Hands: the palm detector and 21 landmarks with world coordinates.

use super::face::landmark;
use super::pose::{turned, upright_angle};
use super::ssd::{self, Detection};
use super::tensor::Tensor;
use super::warp::{Border, Roi, crop};
use super::{Error, Models, Role};
use crate::types::{LandmarkSet, Landmarks, Photo};

const N_INPUT: usize = 224;
const N_POINTS: usize = 21;

/// Below this presence there is no hand.
pub const MIN_SCORE: f32 = 0.5;

/// Palms within a square; best first.
pub fn detect(models: &Models, photo: &Photo, roi: &Roi) -> Result<Vec<Detection>, Error> {
    let detector = &ssd::PALM;
    let n = detector.n_input;
    let pixels = crop(photo, roi, n, Border::Black, 1.0 / 255.0, 0.0);
    let outputs = models.run(Role::Palms, Tensor::float32(&[1, n, n, 3], pixels))?;
    let [regressors, scores] = &outputs[..] else { return Ok(Vec::new()) };
    Ok(detector.decode(regressors.floats(), scores.floats(), roi))
}

/// The square around the whole hand, from wrist to middle knuckle upright.
pub fn detection_roi(palm: &Detection) -> Option<Roi> {
    let [wrist, _, knuckle] = *palm.keypoints.get(..3)? else { return None };
    let angle = upright_angle(wrist, knuckle);
    let bounds = &palm.bounds;
    let (sin, cos) = angle.sin_cos();
    let shift = -0.5 * bounds.height();
    let (cx, cy) = ((bounds.left + bounds.right) / 2.0, (bounds.top + bounds.bottom) / 2.0);
    let size = 2.6 * bounds.width().max(bounds.height());
    (size > 1.0).then_some(Roi { cx: cx - shift * sin, cy: cy + shift * cos, size, angle })
}

/// One hand; `score` is its presence.
#[derive(Clone, Debug, PartialEq)]
pub struct Hand {
    pub landmarks: Landmarks,
    /// The network's own idea of the side, 0..=1; it supposes a mirrored picture, so bodies decide instead where there are any.
    pub handedness: f32,
}

pub fn landmarks(models: &Models, photo: &Photo, roi: &Roi) -> Result<Option<Hand>, Error> {
    let pixels = crop(photo, roi, N_INPUT, Border::Replicate, 1.0 / 255.0, 0.0);
    let outputs = models.run(Role::Hand, Tensor::float32(&[1, N_INPUT, N_INPUT, 3], pixels))?;
    let [points, presence, handedness, world] = &outputs[..] else { return Ok(None) };
    let score = presence.floats().first().copied().unwrap_or(0.0);
    let points = points.floats().as_chunks::<3>().0.iter().map(|point| landmark(point, roi, N_INPUT, score)).collect();
    let world_m = turned(world.floats(), roi.angle, N_POINTS);
    let handedness = handedness.floats().first().copied().unwrap_or(0.5);
    Ok(Some(Hand { landmarks: Landmarks { set: LandmarkSet::Hand21, points, world_m, score }, handedness }))
}
