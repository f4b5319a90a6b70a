//! One body: BlazePose's detector, and its 33 landmarks with world coordinates and mask.

use super::ssd::{self, Detection};
use super::tensor::Tensor;
use super::warp::{Border, Plane, Roi, crop, normalise_angle, sigmoid};
use super::{Error, Models, Role};
use crate::types::{Landmark, LandmarkSet, Landmarks, Photo};

const N_INPUT: usize = 256;
const N_HEATMAP: usize = 64;
/// Body points, two more that give the next region, and four that nobody uses.
const N_POINTS: usize = 39;
const N_BODY: usize = 33;

/// Half of the window in which a landmark is refined from its heatmap: 9 x 9 cells.
///
/// Found by a sweep against MediaPipe's own runtime; 7 gives 0.5 to 2.7 px of mean error, no refinement 15 px.
const HALF_WINDOW: usize = 4;

/// People by hips and body axis within a square; best first.
pub fn detect(models: &Models, photo: &Photo, roi: &Roi) -> Result<Vec<Detection>, Error> {
    let detector = &ssd::POSE;
    let n = detector.n_input;
    let pixels = crop(photo, roi, n, Border::Black, 2.0 / 255.0, -1.0);
    let outputs = models.run(Role::PoseDetector, Tensor::float32(&[1, n, n, 3], pixels))?;
    let [regressors, scores] = &outputs[..] else { return Ok(Vec::new()) };
    Ok(detector.decode(regressors.floats(), scores.floats(), roi))
}

/// The rotation that turns the axis from hips to head upright.
pub fn upright_angle(hips: (f32, f32), head: (f32, f32)) -> f32 {
    normalise_angle(std::f32::consts::FRAC_PI_2 - (hips.1 - head.1).atan2(head.0 - hips.0))
}

/// The square around a detected person.
pub fn detection_roi(detection: &Detection) -> Option<Roi> {
    let [hips, rim] = *detection.keypoints.get(..2)? else { return None };
    let size = 2.5 * (rim.0 - hips.0).hypot(rim.1 - hips.1);
    (size > 1.0).then(|| Roi { cx: hips.0, cy: hips.1, size, angle: upright_angle(hips, rim) })
}

/// What the landmark network says of one square.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// `score` is the network's own "there is a person".
    pub landmarks: Landmarks,
    /// Where the person lies by these landmarks: a better square than the one that was looked at.
    pub next_roi: Option<Roi>,
    pub mask: RoiMask,
}

/// Person or not, as logits over a rotated square.
#[derive(Clone, Debug, PartialEq)]
pub struct RoiMask {
    pub roi: Roi,
    pub logits: Plane,
}

pub fn landmarks(models: &Models, photo: &Photo, roi: &Roi) -> Result<Option<Body>, Error> {
    let pixels = crop(photo, roi, N_INPUT, Border::Replicate, 1.0 / 255.0, 0.0);
    let outputs = models.run(Role::Pose, Tensor::float32(&[1, N_INPUT, N_INPUT, 3], pixels))?;
    let [points, flag, mask, heatmaps, world] = &outputs[..] else { return Ok(None) };
    let mut rows: Vec<[f32; 5]> = points.floats().as_chunks::<5>().0.to_vec();
    let score = flag.floats().first().copied().unwrap_or(0.0);
    if rows.len() != N_POINTS {
        return Ok(None);
    }
    for (i, row) in rows.iter_mut().enumerate() {
        for value in &mut row[..3] {
            *value /= N_INPUT as f32;
        }
        if let Some((x, y)) = refined(heatmaps.floats(), i, row[0], row[1]) {
            (row[0], row[1]) = (x, y);
        }
    }
    let place = |row: &[f32; 5]| {
        let (x_px, y_px) = roi.to_photo(row[0], row[1]);
        Landmark { x_px, y_px, z_px: row[2] * roi.size, visibility: sigmoid(row[3]), presence: sigmoid(row[4]) }
    };
    let (centre, rim) = (place(&rows[N_BODY]), place(&rows[N_BODY + 1]));
    let size = 2.5 * (rim.x_px - centre.x_px).hypot(rim.y_px - centre.y_px);
    let next_roi = (size > 1.0).then(|| Roi {
        cx: centre.x_px,
        cy: centre.y_px,
        size,
        angle: upright_angle((centre.x_px, centre.y_px), (rim.x_px, rim.y_px)),
    });
    let logits = Plane { width: N_INPUT, height: N_INPUT, values: mask.floats().to_vec() };
    Ok(Some(Body {
        landmarks: Landmarks {
            set: LandmarkSet::BlazePose33,
            points: rows[..N_BODY].iter().map(place).collect(),
            world_m: turned(world.floats(), roi.angle, N_BODY),
            score,
        },
        next_roi,
        mask: RoiMask { roi: *roi, logits },
    }))
}

/// World coordinates come out in the frame of the crop; turns them back into the photo's.
pub fn turned(world: &[f32], angle: f32, n_points: usize) -> Vec<[f32; 3]> {
    let (sin, cos) = angle.sin_cos();
    world.as_chunks::<3>().0.iter().take(n_points).map(|[x, y, z]| [x * cos - y * sin, x * sin + y * cos, *z]).collect()
}

/// The centre of mass of a landmark's heatmap around its first guess; `None` where the heatmap is not sure.
fn refined(heatmaps: &[f32], landmark: usize, x: f32, y: f32) -> Option<(f32, f32)> {
    let n = N_HEATMAP;
    // Truncation towards zero, as MediaPipe does: a guess just outside still belongs to the first cell.
    let (col, row) = ((x * n as f32) as i32, (y * n as f32) as i32);
    let (col, row) = (usize::try_from(col).ok()?, usize::try_from(row).ok()?);
    if col >= n || row >= n {
        return None;
    }
    let (mut sum, mut sum_x, mut sum_y, mut best) = (0.0, 0.0, 0.0, 0.0_f32);
    for v in row.saturating_sub(HALF_WINDOW)..(row + HALF_WINDOW + 1).min(n) {
        for u in col.saturating_sub(HALF_WINDOW)..(col + HALF_WINDOW + 1).min(n) {
            let heat = sigmoid(*heatmaps.get((v * n + u) * N_POINTS + landmark)?);
            best = best.max(heat);
            sum += heat;
            sum_x += heat * u as f32;
            sum_y += heat * v as f32;
        }
    }
    (best >= 0.5 && sum > 0.0).then(|| (sum_x / n as f32 / sum, sum_y / n as f32 / sum))
}

impl RoiMask {
    /// Logit at a pixel index of the photo; `None` outside of the square that was looked at.
    pub fn logit_map(&self) -> impl Fn(f32, f32) -> Option<f32> {
        let inverse = self.roi.photo_from_crop(N_INPUT).inverse();
        move |x, y| {
            let (u, v) = inverse?.apply(f64::from(x), f64::from(y));
            let (u, v) = (u as f32, v as f32);
            self.logits.covers(u, v).then(|| self.logits.at(u, v))
        }
    }

    /// Probability per pixel of a photo of this size; zero outside of the square.
    pub fn pasted(&self, width: u32, height: u32) -> Plane {
        let probabilities =
            Plane { values: self.logits.values.iter().map(|logit| sigmoid(*logit)).collect(), ..self.logits.clone() };
        let inverse = self.roi.photo_from_crop(N_INPUT).inverse();
        let mut values = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                let inside = inverse.map(|map| map.apply(f64::from(x), f64::from(y)));
                let inside = inside.map(|(u, v)| (u as f32, v as f32)).filter(|(u, v)| probabilities.covers(*u, *v));
                values.push(inside.map_or(0.0, |(u, v)| probabilities.at(u, v)));
            }
        }
        Plane { width: width as usize, height: height as usize, values }
    }
}
