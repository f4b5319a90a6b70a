//! Joints of one person, smoothed in the body frame, and the side that they are held to.
//!
//! A window of radio data fits a pose and its mirror image alike. Each new pose is taken the way round that agrees with
//! what was held before; evidence of the true side, where a detector has any, is gathered and may turn the whole body.

use crate::types::{BodyPart, Joint, JointEstimate, Side, mirrored};

/// How fast a joint's place in the body frame becomes unknown, m²/s: squared speed times the time it lasts. Walking feet
/// pass the pelvis at about 1 m/s and hands at half of that, for a quarter of a second (`spec/pose.md` section 5: walking
/// feet exceed 2.9 m/s of path rate in 5.5 % of samples).
const fn drift_m2_per_s(part: BodyPart) -> f64 {
    match part {
        BodyPart::Head => 0.01,
        BodyPart::Torso => 0.005,
        BodyPart::Arm => 0.08,
        BodyPart::Leg => 0.15,
    }
}

/// Errors of a pose's joints go together: seventeen of them are worth about this many independent ones.
const INDEPENDENT_JOINTS: f64 = 4.0;
/// No single pose decides about the side.
const MAX_EVIDENCE: f64 = 2.0;
/// Evidence of sidedness fades over this time, s: in a symmetric stance the sides may be exchanged unseen.
const HOLD_SECS: f64 = 5.0;
/// Natural logarithm of odds: 20 to 1.
const SURE: f64 = 3.0;
const MAX_LOG_ODDS: f64 = 8.0;
/// Joints farther from the pelvis than this are garbage: nobody's hand reaches three metres.
const MAX_REACH_M: f32 = 3.0;
const MIN_SIGMA_M: f64 = 0.005;
/// However fast poses come, each tells at least this much.
const MIN_SHARE: f64 = 0.02;

/// One coordinate of a joint: mean and variance.
#[derive(Clone, Copy, Debug, Default)]
struct Coordinate {
    mean: f64,
    variance: f64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Limbs {
    joints: Option<Box<[[Coordinate; 3]; Joint::COUNT]>>,
    /// How well sides could be told apart of late.
    held: f64,
    /// Log odds that the held side is the true one.
    truth: f64,
    side: Side,
}

impl Limbs {
    pub fn predict(&mut self, secs: f64) {
        let Some(joints) = &mut self.joints else { return };
        for (coordinates, joint) in joints.iter_mut().zip(Joint::ALL) {
            for coordinate in coordinates {
                coordinate.variance = (coordinate.variance + drift_m2_per_s(joint.part()) * secs).min(1.0);
            }
        }
        self.held *= (-secs / HOLD_SECS).exp();
        if self.held < 1.0 {
            self.truth *= (-secs / HOLD_SECS).exp();
        }
    }

    /// Takes a pose in. `side_log_odds` speaks for left and right as they are in it; `share` of it is news.
    pub fn update(&mut self, pose: &[JointEstimate; Joint::COUNT], side_log_odds: f64, share: f64) {
        if !is_sound(pose) {
            return;
        }
        let side_log_odds = if side_log_odds.is_finite() { side_log_odds * share } else { 0.0 };
        let Some(joints) = &mut self.joints else {
            let first = pose.map(|joint| {
                let variance = variance(&joint);
                joint.position_m.map(|value| Coordinate { mean: f64::from(value), variance })
            });
            self.joints = Some(Box::new(first));
            self.truth = side_log_odds.clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS);
            return;
        };
        let other = mirrored(pose);
        let evidence = 0.5 * (distance2(joints, &other) - distance2(joints, pose)) * INDEPENDENT_JOINTS
            / (3.0 * Joint::COUNT as f64);
        let (taken, sign) = if evidence < 0.0 { (&other, -1.0) } else { (pose, 1.0) };
        for (coordinates, joint) in joints.iter_mut().zip(taken) {
            let variance = variance(joint) / share.clamp(MIN_SHARE, 1.0);
            for (coordinate, value) in coordinates.iter_mut().zip(joint.position_m) {
                let gain = coordinate.variance / (coordinate.variance + variance);
                coordinate.mean += gain * (f64::from(value) - coordinate.mean);
                coordinate.variance *= 1.0 - gain;
            }
        }
        self.held = (self.held + evidence.abs().min(MAX_EVIDENCE) * share).min(MAX_LOG_ODDS);
        self.truth = (self.truth + sign * side_log_odds).clamp(-MAX_LOG_ODDS, MAX_LOG_ODDS);
        if self.truth < -SURE {
            self.turn();
        }
        self.settle();
    }

    pub fn side(&self) -> Side {
        self.side
    }

    pub fn joints(&self) -> Option<Box<[JointEstimate; Joint::COUNT]>> {
        let joints = self.joints.as_ref()?;
        Some(Box::new(joints.map(|coordinates| JointEstimate {
            position_m: coordinates.map(|coordinate| coordinate.mean as f32),
            sigma_m: (coordinates.iter().map(|one| one.variance).sum::<f64>() / 3.0).sqrt() as f32,
        })))
    }

    /// Exchanges left and right for good.
    fn turn(&mut self) {
        let Some(joints) = &mut self.joints else { return };
        let before = **joints;
        for (coordinates, joint) in joints.iter_mut().zip(Joint::ALL) {
            *coordinates = before[joint.mirrored() as usize];
            coordinates[0].mean = -coordinates[0].mean;
        }
        self.truth = -self.truth;
    }

    /// A side once called is kept until the evidence is down to a third.
    fn settle(&mut self) {
        let sure = |score: f64, already: bool| score > if already { SURE / 3.0 } else { SURE };
        self.side = if sure(self.truth, self.side == Side::Resolved) {
            Side::Resolved
        } else if sure(self.held, self.side != Side::Unresolved) {
            Side::Held
        } else {
            Side::Unresolved
        };
    }
}

fn is_sound(pose: &[JointEstimate; Joint::COUNT]) -> bool {
    pose.iter().all(|joint| {
        // NaN fails both comparisons.
        joint.position_m.iter().all(|value| value.abs() <= MAX_REACH_M) && joint.sigma_m > 0.0 && joint.sigma_m < 10.0
    })
}

fn variance(joint: &JointEstimate) -> f64 {
    f64::from(joint.sigma_m).max(MIN_SIGMA_M).powi(2)
}

fn distance2(joints: &[[Coordinate; 3]; Joint::COUNT], pose: &[JointEstimate; Joint::COUNT]) -> f64 {
    let of_joint = |(coordinates, joint): (&[Coordinate; 3], &JointEstimate)| {
        let variance = variance(joint);
        let squares = coordinates.iter().zip(joint.position_m);
        squares.map(|(one, value)| (f64::from(value) - one.mean).powi(2) / (one.variance + variance)).sum::<f64>()
    };
    joints.iter().zip(pose).map(of_joint).sum()
}
