//! Faces: near and far detectors, and the mesh of 468 points.

use super::ssd::{self, Detection, Detector};
use super::tensor::Tensor;
use super::warp::{Border, Roi, crop, normalise_angle, sigmoid};
use super::{Error, Models, Role};
use crate::types::{Landmark, LandmarkSet, Landmarks, Photo};

const N_INPUT: usize = 192;

/// Below this score the mesh is no face.
pub const MIN_MESH_SCORE: f32 = 0.5;

/// Faces within a square by the detector for arm's length.
pub fn detect_near(models: &Models, photo: &Photo, roi: &Roi) -> Result<Vec<Detection>, Error> {
    detect(models, photo, roi, Role::FaceNear, &ssd::FACE_NEAR)
}

/// Faces within a square by the detector for groups and distance.
pub fn detect_far(models: &Models, photo: &Photo, roi: &Roi) -> Result<Vec<Detection>, Error> {
    detect(models, photo, roi, Role::FaceFar, &ssd::FACE_FAR)
}

fn detect(models: &Models, photo: &Photo, roi: &Roi, role: Role, detector: &Detector) -> Result<Vec<Detection>, Error> {
    let n = detector.n_input;
    let pixels = crop(photo, roi, n, Border::Black, 2.0 / 255.0, -1.0);
    let outputs = models.run(role, Tensor::float32(&[1, n, n, 3], pixels))?;
    let [regressors, scores] = &outputs[..] else { return Ok(Vec::new()) };
    Ok(detector.decode(regressors.floats(), scores.floats(), roi))
}

/// The square around a detected face, eyes level.
pub fn detection_roi(detection: &Detection) -> Option<Roi> {
    let [right_eye, left_eye] = *detection.keypoints.get(..2)? else { return None };
    let bounds = &detection.bounds;
    let size = 1.5 * bounds.width().max(bounds.height());
    let angle = normalise_angle(-(right_eye.1 - left_eye.1).atan2(left_eye.0 - right_eye.0));
    let (cx, cy) = ((bounds.left + bounds.right) / 2.0, (bounds.top + bounds.bottom) / 2.0);
    (size > 1.0).then_some(Roi { cx, cy, size, angle })
}

/// The mesh within a square; its score tells whether there is a face at all.
pub fn mesh(models: &Models, photo: &Photo, roi: &Roi) -> Result<Option<Landmarks>, Error> {
    let pixels = crop(photo, roi, N_INPUT, Border::Replicate, 1.0 / 255.0, 0.0);
    let outputs = models.run(Role::FaceMesh, Tensor::float32(&[1, N_INPUT, N_INPUT, 3], pixels))?;
    let [points, flag] = &outputs[..] else { return Ok(None) };
    let score = flag.floats().first().map_or(0.0, |logit| sigmoid(*logit));
    let points = points.floats().as_chunks::<3>().0.iter().map(|point| landmark(point, roi, N_INPUT, score)).collect();
    Ok(Some(Landmarks { set: LandmarkSet::FaceMesh468, points, world_m: Vec::new(), score }))
}

/// A point in pixels of an `n` x `n` crop, put back into the photo.
pub fn landmark(point: &[f32; 3], roi: &Roi, n: usize, score: f32) -> Landmark {
    let [x, y, z] = point.map(|value| value / n as f32);
    let (x_px, y_px) = roi.to_photo(x, y);
    Landmark { x_px, y_px, z_px: z * roi.size, visibility: score, presence: score }
}
