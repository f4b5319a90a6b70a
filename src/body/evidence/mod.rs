//! From what the networks saw of one person in a photo to what a fit is told, and to remarks for the user.
//!
//! In go landmarks and the outline in pixels; out come points of the body with their spread, outline points with theirs,
//! and remarks. Nothing is added that was not seen: a landmark that a network did not find, or that lies outside of
//! the picture, is left out.

mod remarks;
mod scale;

pub use remarks::remarks;
pub use scale::pixels_per_metre;

use super::fit::{
    BodyPoint, ContourPoint, DepthEvidence, DepthSample, DepthScale, FitView, LandmarkEvidence, WorldEvidence,
};
use super::silhouette::OutlinePoint;
use crate::types::{DepthMap, FocalLength, Landmark, Person};

/// Landmarks below this visibility or presence are guesses.
const MIN_VISIBILITY: f32 = 0.5;
/// MoveNet's own usual threshold is 0.11 for a box; its keypoints scatter below this score.
const MIN_KEYPOINT_SCORE: f32 = 0.3;
/// How far detectors scatter, in units of the spread of human annotators (COCO's object keypoint similarity).
///
/// The synthetic benchmark's "good detector" has 0.4; on 12 labelled people MoveNet reached a similarity of 0.83 and
/// BlazePose 0.78 (spec of the vision models, section 6), which is a spread of about 0.6.
const DETECTOR_SPREAD: f64 = 0.60;
/// BlazePose names joint centres a little differently from COCO, most of all at the hips.
const HIP_DEFINITION: f64 = 1.5;
/// An adult's stature when only the scale of the picture is wanted, metres.
const USUAL_STATURE_M: f64 = 1.7;
/// `sqrt(0.14)`: the benchmark's person scale over the height of the person's box.
const SCALE_OF_HEIGHT: f64 = 0.374;
/// Hair stands off the head by this much, one standard deviation, metres.
const HAIR_M: f64 = 0.03;
/// Shoes stand off the foot by this much, metres.
const SHOES_M: f64 = 0.02;

/// What one photo tells of one person. `outline` is this person's.
///
/// Landmarks come from both networks where both saw a point: each then counts half, because they err alike.
pub fn view(size: (u32, u32), focal: FocalLength, person: &Person, outline: &[OutlinePoint]) -> FitView {
    let mut view = FitView::new(size.0, size.1, focal);
    let px_per_m = pixels_per_metre(person);
    let person_scale_px = px_per_m * USUAL_STATURE_M * SCALE_OF_HEIGHT;
    let keypoints = person.keypoints.iter().flat_map(|keypoints| {
        keypoints.points.iter().enumerate().filter_map(|(i, landmark)| {
            let is_seen = landmark.visibility >= MIN_KEYPOINT_SCORE && is_inside(landmark, size);
            Some((BodyPoint::from_coco(i)?, *landmark)).filter(|_| is_seen)
        })
    });
    let body = person.body.iter().flat_map(|body| {
        body.points.iter().enumerate().filter_map(|(i, landmark)| {
            let is_seen = landmark.visibility.min(landmark.presence) >= MIN_VISIBILITY && is_inside(landmark, size);
            Some((BodyPoint::from_blazepose(i)?, *landmark)).filter(|_| is_seen)
        })
    });
    let keypoints: Vec<_> = keypoints.collect();
    let body: Vec<_> = body.collect();
    let count = |point: BodyPoint| {
        let n_keypoints = keypoints.iter().filter(|(other, _)| *other == point).count();
        n_keypoints + body.iter().filter(|(other, _)| *other == point).count()
    };
    for (is_blazepose, list) in [(false, &keypoints), (true, &body)] {
        for &(point, landmark) in list {
            let definition = if is_blazepose && is_hip(point) { HIP_DEFINITION } else { 1.0 };
            let sigma_px = DETECTOR_SPREAD * annotator_spread(point) * person_scale_px * definition
                / f64::from(landmark.visibility.max(0.1)).sqrt()
                * (count(point) as f64).sqrt();
            view.landmarks.push(LandmarkEvidence {
                point,
                px: [landmark.x_px.into(), landmark.y_px.into()],
                sigma_px: sigma_px.max(1.0),
            });
        }
    }
    if let Some(seen) = &person.body {
        let points = seen.points.iter().zip(&seen.world_m).enumerate();
        view.world.extend(points.filter_map(|(i, (landmark, world))| {
            let is_seen = landmark.visibility.min(landmark.presence) >= MIN_VISIBILITY;
            let [x, y, z] = world.map(f64::from);
            // The network's y runs down and its z away from the camera.
            let evidence = WorldEvidence { point: BodyPoint::from_blazepose(i)?, position_m: [x, z, -y] };
            Some(evidence).filter(|_| is_seen)
        }));
        view.yaw_hint = yaw(&view.world);
    }
    view.contour = contour(person, outline, px_per_m);
    view.mask = person.mask.clone();
    view
}

fn is_inside(landmark: &Landmark, (width, height): (u32, u32)) -> bool {
    (0.0..width as f32).contains(&landmark.x_px) && (0.0..height as f32).contains(&landmark.y_px)
}

fn is_hip(point: BodyPoint) -> bool {
    matches!(point, BodyPoint::LeftHip | BodyPoint::RightHip)
}

/// Spread of human annotators over the person's scale (COCO's object keypoint similarity); feet and hands as in the
/// synthetic benchmark, and 0.06 for points of the hand, which COCO does not have.
fn annotator_spread(point: BodyPoint) -> f64 {
    use BodyPoint::*;
    match point {
        Nose => 0.026,
        LeftEye | RightEye | LeftEyeInner | RightEyeInner | LeftEyeOuter | RightEyeOuter => 0.025,
        LeftMouth | RightMouth => 0.026,
        LeftEar | RightEar => 0.035,
        LeftShoulder | RightShoulder => 0.079,
        LeftElbow | RightElbow => 0.072,
        LeftWrist | RightWrist => 0.062,
        LeftHip | RightHip => 0.107,
        LeftKnee | RightKnee => 0.087,
        LeftAnkle | RightAnkle => 0.089,
        LeftBigToe | RightBigToe | LeftSmallToe | RightSmallToe | LeftHeel | RightHeel => 0.08,
        LeftPinky | RightPinky | LeftIndex | RightIndex | LeftThumb | RightThumb => 0.06,
    }
}

/// How far the body is turned about the vertical, from shoulders and hips in space; `None` when neither pair was seen.
fn yaw(world: &[WorldEvidence]) -> Option<f64> {
    use BodyPoint::{LeftHip, LeftShoulder, RightHip, RightShoulder};
    let find = |point| world.iter().find(|evidence| evidence.point == point).map(|evidence| evidence.position_m);
    let pairs = [(LeftShoulder, RightShoulder), (LeftHip, RightHip)];
    let (mut x, mut y) = (0.0, 0.0);
    for (left, right) in pairs {
        if let (Some(left), Some(right)) = (find(left), find(right)) {
            x += left[0] - right[0];
            y += left[1] - right[1];
        }
    }
    (x.hypot(y) > 1e-3).then(|| y.atan2(x))
}

/// Outline points with their spread: cloth makes all of them one-sided, hair and shoes make theirs weak.
fn contour(person: &Person, outline: &[OutlinePoint], px_per_m: f64) -> Vec<ContourPoint> {
    let head = head(person);
    let feet: Vec<[f64; 2]> = points(person, &[27, 28, 29, 30, 31, 32]);
    let near_feet = |px: [f64; 2]| feet.iter().any(|foot| distance(px, *foot) < 0.12 * px_per_m);
    outline
        .iter()
        .map(|point| {
            let px = point.position.to_array();
            let extra_m = match &head {
                Some(head) if head.is_hair(px) => HAIR_M,
                _ if near_feet(px) => SHOES_M,
                _ => 0.0,
            };
            let sigma_px = point.sigma_px.hypot(extra_m * px_per_m);
            ContourPoint { px, normal: point.normal.to_array(), sigma_px, one_sided: true }
        })
        .collect()
}

/// Where the head is and which way is up along it.
struct Head {
    centre: [f64; 2],
    up: [f64; 2],
    /// Above the centre by this much begins the hair.
    brow: f64,
    radius: f64,
}

impl Head {
    fn is_hair(&self, px: [f64; 2]) -> bool {
        let offset = [px[0] - self.centre[0], px[1] - self.centre[1]];
        let above = offset[0] * self.up[0] + offset[1] * self.up[1];
        above > self.brow && offset[0].hypot(offset[1]) < self.radius
    }
}

/// From ears, nose and shoulders of the 33 landmarks; `None` when they were not seen.
fn head(person: &Person) -> Option<Head> {
    let ears = points(person, &[7, 8, 0]);
    let shoulders = points(person, &[11, 12]);
    if ears.is_empty() || shoulders.is_empty() {
        return None;
    }
    let (centre, base) = (mean(&ears), mean(&shoulders));
    let length = distance(centre, base);
    if length < 1.0 {
        return None;
    }
    let up = [(centre[0] - base[0]) / length, (centre[1] - base[1]) / length];
    Some(Head { centre, up, brow: 0.0, radius: 1.2 * length })
}

fn points(person: &Person, indices: &[usize]) -> Vec<[f64; 2]> {
    let Some(body) = &person.body else { return Vec::new() };
    let seen = indices.iter().filter_map(|i| body.points.get(*i));
    seen.filter(|landmark| landmark.visibility >= MIN_VISIBILITY)
        .map(|landmark| [landmark.x_px.into(), landmark.y_px.into()])
        .collect()
}

fn mean(points: &[[f64; 2]]) -> [f64; 2] {
    let n = points.len().max(1) as f64;
    [points.iter().map(|p| p[0]).sum::<f64>() / n, points.iter().map(|p| p[1]).sum::<f64>() / n]
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Depth at the landmarks of the torso and the head, from a depth network that the user installed.
pub fn depth(map: &DepthMap, view: &FitView, size: (u32, u32)) -> Option<DepthEvidence> {
    let scale = if map.metric { DepthScale::Metric } else { DepthScale::AffineInverse };
    let at = |px: [f64; 2]| {
        let column = (px[0] / f64::from(size.0.max(1)) * f64::from(map.width)) as usize;
        let row = (px[1] / f64::from(size.1.max(1)) * f64::from(map.height)) as usize;
        let (width, height) = (map.width as usize, map.height as usize);
        (column < width && row < height).then(|| map.values.get(row * width + column).copied()).flatten()
    };
    let samples: Vec<DepthSample> = view
        .landmarks
        .iter()
        .filter_map(|landmark| {
            let value = f64::from(at(landmark.px)?);
            // Depth networks err by a few percent within one body; of the value, so that it holds for either scale.
            let sample = DepthSample { point: landmark.point, value, sigma: (0.03 * value.abs()).max(1e-6) };
            value.is_finite().then_some(sample)
        })
        .collect();
    (samples.len() >= 4).then_some(DepthEvidence { scale, samples })
}
