//! What a pose network answers, read by the description that its training wrote beside it.
//!
//! Goes in: the network's numbers for one window, and the checked [`Description`]. Comes out: people as [`Detection`]s with
//! calibrated spreads, how many there are, and why the answer must not be believed. Bodies leave the frame of training
//! ([`super::targets`]: origin at the pelvis, x forward, y left) for that of [`Pose`] here.

use std::ops::Range;

use super::description::{Calibration, Description, POSTURES, Places, SLOT_LEN};
use super::stature::stature;
use super::support::Unsupported;
use super::targets::MotionClass;
use crate::types::{BodyFeatures, Detection, Estimate, FloorPoint, Joint, JointEstimate, Pose, Posture, Room};

/// Factors are cut to this on both sides, as in training: standard deviations of 2 cm to 55 m.
const MAX_LOG_SCALE: f64 = 4.0;
/// A posture that is less probable is none.
const MIN_POSTURE: f64 = 0.5;
/// A heading less sure than this is anybody's guess: the most that a quarter turn is told apart by, radians.
const MAX_HEADING_SIGMA: f64 = 0.8;
/// A pelvis of somebody who lies on a bed or a sofa is higher, of somebody on the floor lower: half a seat's height.
const BED_HEIGHT_M: f64 = 0.3;

/// What a network said of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// People whose places may be used; empty where anything speaks against them.
    pub detections: Vec<Detection>,
    /// Probabilities of nobody, one, and two or more people.
    pub count: [f64; 3],
    pub refusals: Vec<Unsupported>,
}

impl Answers {
    /// Nothing can be said, for this reason.
    pub fn refused(reason: Unsupported) -> Self {
        Self { detections: Vec::new(), count: [1.0 / 3.0; 3], refusals: vec![reason] }
    }

    /// What the network says of one person, whether or not it thinks that there is one; `None` where that is no number.
    pub fn one(
        answers: &[f32],
        description: &Description,
        [n_links, n_antennas]: [usize; 2],
        room: Room,
    ) -> Option<Detection> {
        if answers.len() != description.n_answers || !answers.iter().all(|value| value.is_finite()) {
            return None;
        }
        let calibration = description.calibration(n_links, n_antennas)?;
        let places = &description.places;
        let of = |range: &Range<usize>| answers.get(range.clone()).unwrap_or_default();
        let count: [f64; 3] = softmax(of(&places.count));
        let root = floor_point(of(&places.root), of(&places.root_factor), calibration.root_scale, middle_of(room))?;
        let pose = pose(answers, places, calibration, root);
        let upright = matches!(pose.posture, Posture::Standing | Posture::Walking);
        let height_m = if upright {
            calibration.stature_scale.and_then(|scale| stature(of(&places.stature), scale))
        } else {
            None
        };
        let features = BodyFeatures { height_m, ..BodyFeatures::default() };
        let speed = of(&places.speed).first().zip(calibration.speed_sigma_m_per_s);
        // Beside the training an answer may lie a little below zero.
        let speed_m_per_s = speed.map(|(speed, sigma)| Estimate::new(f64::from(speed.max(0.0)), f64::from(sigma)));
        Some(Detection { pose, features, speed_m_per_s, ..Detection::at(root, 1.0 - count[0]) })
    }

    /// Of a window from so many links, of which the weakest has so many antennas.
    pub fn read(
        answers: &[f32],
        features: &[f32],
        description: &Description,
        [n_links, n_antennas]: [usize; 2],
        room: Room,
    ) -> Self {
        let sound = |numbers: &[f32], n: usize| numbers.len() == n && numbers.iter().all(|value| value.is_finite());
        if !sound(answers, description.n_answers) || !sound(features, description.n_features) {
            return Self::refused(Unsupported::Broken);
        }
        let Some(calibration) = description.calibration(n_links, n_antennas) else {
            return Self::refused(Unsupported::Untaught { n_links, n_antennas });
        };
        let of = |range: &Range<usize>| answers.get(range.clone()).unwrap_or_default();
        let places = &description.places;
        let count: [f64; 3] = softmax(of(&places.count));
        let Some(one) = Self::one(answers, description, [n_links, n_antennas], room) else {
            return Self::refused(Unsupported::Broken);
        };
        let mut refusals = Vec::new();
        let mut detections = Vec::new();
        let supports = calibration.supports;
        if count[0] > 0.5 {
            // Nobody: the place means nothing, and neither does how sure it is.
            return Self { detections, count, refusals };
        }
        if !supports.place {
            refusals.push(Unsupported::Untaught { n_links, n_antennas });
        }
        refusals.extend(calibration.familiarity.judge(features, one.pose.root.sigma_m() as f32));
        if count[2] > count[1] {
            if places.slots.is_empty() || !supports.several {
                refusals.push(Unsupported::Crowd);
            }
            // How sure one place is says nothing about several, and several people look unlike one.
            refusals.retain(|reason| !matches!(reason, Unsupported::Uncertain { .. } | Unsupported::Strange { .. }));
            let [near, far] = calibration.several_distance;
            let distance = calibration.familiarity.distance_squared(features).unwrap_or(f32::NAN);
            if !(near..=far).contains(&distance) {
                refusals.push(Unsupported::Strange { too_far: distance > far });
            }
            if refusals.is_empty() {
                let slots = of(&places.slots).chunks_exact(SLOT_LEN);
                detections.extend(slots.filter_map(|slot| {
                    let (presence, place) = slot.split_first()?;
                    let confidence = 1.0 / (1.0 + (-f64::from(*presence)).exp());
                    let root = floor_point(place.get(..2)?, place.get(2..)?, calibration.slot_scale, middle_of(room))?;
                    (confidence > 0.5).then(|| Detection::at(root, confidence))
                }));
            }
        } else if refusals.is_empty() {
            detections.push(one);
        }
        Self { detections, count, refusals }
    }
}

fn middle_of(room: Room) -> [f64; 2] {
    [f64::from(room.width_m) / 2.0, f64::from(room.depth_m) / 2.0]
}

fn pose(answers: &[f32], places: &Places, calibration: &Calibration, root: FloorPoint) -> Pose {
    let of = |range: &Range<usize>| answers.get(range.clone()).unwrap_or_default();
    let first = |range: &Range<usize>| of(range).first().copied().unwrap_or(f32::NAN);
    let postures: [f64; POSTURES.len()] = softmax(of(&places.posture));
    let motions: [f64; MotionClass::ALL.len()] = softmax(of(&places.motion));
    let walks = motions[MotionClass::Walk as usize] > 0.5;
    let height_m = f64::from(first(&places.pelvis_height)).clamp(0.05, 1.4);
    let posture = posture(postures, walks, height_m);
    let lies = matches!(posture, Posture::Lying | Posture::OnFloor);
    let heading_rad = match of(&places.heading) {
        [cos, sin] if cos.hypot(*sin) > 1e-3 && calibration.supports.heading && walks && !lies => {
            // The training makes exp(-confidence) the mean of 1 - cos, which is half a small angle's variance.
            let spread = (2.0 * (-f64::from(first(&places.heading_confidence)).clamp(-4.0, 4.0)).exp()).sqrt();
            let heading = Estimate::new(f64::from(sin.atan2(*cos)), spread * f64::from(calibration.heading_scale));
            (heading.is_sound() && heading.sigma < MAX_HEADING_SIGMA).then_some(heading)
        }
        _ => None,
    };
    let joints = calibration.supports.body.then(|| {
        let (at, spread) = (of(&places.joints), of(&places.joint_log_variance));
        Box::new(Joint::ALL.map(|joint| {
            let i = joint as usize;
            let [forward, left, up] =
                at.get(3 * i..3 * i + 3).and_then(|at| at.try_into().ok()).unwrap_or([f32::NAN; 3]);
            let log_variance = spread.get(i).map_or(f32::NAN, |value| value.clamp(-9.0, 2.0));
            JointEstimate {
                position_m: pose_from_pelvis([forward, left, up], height_m as f32),
                sigma_m: (log_variance / 2.0).exp() * calibration.joint_scale,
            }
        }))
    });
    Pose {
        heading_rad,
        posture,
        pelvis_height_m: Some(Estimate::new(height_m, f64::from(calibration.pelvis_sigma_m))),
        joints,
        ..Pose::at(root)
    }
}

/// A point of the frame of [`super::targets`] (pelvis; x forward, y left, z up) in that of [`Pose`] (the floor below the
/// pelvis; x left, y backwards, z up).
pub fn pose_from_pelvis([forward, left, up]: [f32; 3], pelvis_height_m: f32) -> [f32; 3] {
    [left, -forward, up + pelvis_height_m]
}

fn posture(probabilities: [f64; POSTURES.len()], walks: bool, pelvis_height_m: f64) -> Posture {
    let best = probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    match best.filter(|(_, probability)| **probability >= MIN_POSTURE) {
        Some((0, _)) if walks => Posture::Walking,
        Some((0, _)) => Posture::Standing,
        Some((1 | 3, _)) => Posture::Crouching,
        Some((2, _)) => Posture::Sitting,
        Some((4, _)) if pelvis_height_m > BED_HEIGHT_M => Posture::Lying,
        Some((4, _)) => Posture::OnFloor,
        _ => Posture::Unknown,
    }
}

/// A place from the middle of the floor with `F` in `C⁻¹ = FᵀF`, F = [[eᵃ, b], [0, eᶜ]]; `None` where it is none.
fn floor_point(root: &[f32], factor: &[f32], scale: f32, centre: [f64; 2]) -> Option<FloorPoint> {
    let (&[x, y], &[a, b, c]) = (root, factor) else { return None };
    let [a, c] = [a, c].map(|value| f64::from(value).clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE));
    // F⁻¹ = [[e⁻ᵃ, -b·e⁻ᵃ⁻ᶜ], [0, e⁻ᶜ]], and C = F⁻¹·F⁻ᵀ.
    let (p, q, r) = ((-a).exp(), -f64::from(b) * (-a - c).exp(), (-c).exp());
    let variance = f64::from(scale) * f64::from(scale);
    let cross = variance * q * r;
    let point = FloorPoint {
        position_m: [centre[0] + f64::from(x), centre[1] + f64::from(y)],
        covariance_m2: [[variance * (p * p + q * q), cross], [cross, variance * r * r]],
    };
    point.is_sound().then_some(point)
}

/// Probabilities from logits; all equal where there are not as many logits.
fn softmax<const N: usize>(logits: &[f32]) -> [f64; N] {
    let Ok(logits) = <[f32; N]>::try_from(logits) else { return [1.0 / N as f64; N] };
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers = logits.map(|logit| f64::from(logit - largest).exp());
    let sum: f64 = powers.iter().sum();
    powers.map(|power| power / sum)
}
