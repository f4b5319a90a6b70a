//! Several people at once: MoveNet MultiPose, up to six with 17 COCO keypoints each.

use super::resize::resize_whole;
use super::tensor::Tensor;
use super::warp::Roi;
use super::{Error, Models, Role};
use crate::types::{Landmark, LandmarkSet, Landmarks, Photo, PixelBox};

/// Long side of what the network sees, for people who fill a good part of the photo: the size that it was trained for.
///
/// On the 17 test photos it finds everybody at this size; at 512 it misses half of the portraits.
pub const NEAR: usize = 256;

/// Long side for small people: on twelve labelled people of COCO (OKS) 0.83 at 512, 0.80 at 384, 0.69 at 256.
pub const FAR: usize = 512;

/// The network's input must be a multiple of this.
const STEP: usize = 32;

const N_PEOPLE: usize = 6;
const N_ROW: usize = 56;

/// One row of the network's answer, in pixels of the photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub score: f32,
    pub bounds: PixelBox,
    /// `visibility` holds the network's score of the point.
    pub keypoints: Landmarks,
}

/// All six rows, also the hopeless ones; `long_side` is a multiple of 32.
pub fn detect(models: &Models, photo: &Photo, long_side: usize) -> Result<Vec<Found>, Error> {
    let (width, height) = (photo.width as f32, photo.height as f32);
    let scale = long_side as f32 / width.max(height);
    let size = [width, height].map(|side| ((side * scale).round() as usize).max(1));
    let [padded_w, padded_h] = size.map(|side| side.div_ceil(STEP) * STEP);

    let mut pixels = vec![0_i32; padded_w * padded_h * 3];
    for (row, resized) in resize_whole(photo, size).chunks_exact(size[0] * 3).enumerate() {
        let start = row * padded_w * 3;
        for (pixel, value) in pixels[start..start + resized.len()].iter_mut().zip(resized) {
            *pixel = i32::from(*value);
        }
    }
    let outputs = models.run(Role::People, Tensor::int32(&[1, padded_h, padded_w, 3], pixels))?;
    let (to_x, to_y) = (padded_w as f32 / scale, padded_h as f32 / scale);
    let rows = outputs.first().map(Tensor::floats).unwrap_or_default().chunks_exact(N_ROW).take(N_PEOPLE);
    Ok(rows.map(|row| found(row, to_x, to_y)).collect())
}

fn found(row: &[f32], to_x: f32, to_y: f32) -> Found {
    let points = row[..51]
        .chunks_exact(3)
        .map(|point| Landmark {
            x_px: point[1] * to_x,
            y_px: point[0] * to_y,
            z_px: 0.0,
            visibility: point[2],
            presence: point[2],
        })
        .collect();
    let bounds = PixelBox { left: row[52] * to_x, top: row[51] * to_y, right: row[54] * to_x, bottom: row[53] * to_y };
    let score = row[55];
    Found { score, bounds, keypoints: Landmarks { set: LandmarkSet::Coco17, points, world_m: Vec::new(), score } }
}

/// The square in which BlazePose should look for this person: around the middle of the hips, with the body's axis upright.
///
/// Its figures are those of `../shared/spec/vision-models.md` ("Many people, BlazePose").
pub fn pose_roi(keypoints: &Landmarks) -> Option<Roi> {
    let middle = |a: usize, b: usize| {
        let (a, b) = (keypoints.points.get(a)?, keypoints.points.get(b)?);
        Some(((a.x_px + b.x_px) / 2.0, (a.y_px + b.y_px) / 2.0))
    };
    let (shoulder_x, shoulder_y) = middle(5, 6)?;
    let (cx, cy) = middle(11, 12)?;
    let trunk = (shoulder_x - cx).hypot(shoulder_y - cy);
    let farthest = keypoints
        .points
        .iter()
        .filter(|point| point.visibility > 0.2)
        .map(|point| (point.x_px - cx).hypot(point.y_px - cy))
        .fold(0.0, f32::max);
    let radius = (1.05 * farthest).max(1.6 * trunk);
    let angle = super::pose::upright_angle((cx, cy), (shoulder_x, shoulder_y));
    (radius > 1.0).then_some(Roi { cx, cy, size: 2.5 * radius, angle })
}
