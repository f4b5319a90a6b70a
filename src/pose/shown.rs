//! How much of a pose may be drawn.
//!
//! The figures are those of `spec/pose.md`: 2 links tell a place and a posture and no skeleton, 4 a direction and a
//! template of the posture, 8 torso and legs, and arms where they are surer than 15 cm (section 9); below three links,
//! 80 packets a second, 15 dB, or across gaps of 50 ms nothing beyond a place is claimed (section 6).

use std::ops::RangeInclusive;

use serde::Serialize;

use super::support::MIN_LINKS_FOR_BODIES;
use crate::types::{BodyPart, Estimate, Joint, Pose, Posture};

/// What a pose rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    pub n_links: usize,
    /// Whether the radios' places are known.
    pub geometry_known: bool,
    /// Of the slowest link that counts, packets a second; `None` when not measured.
    pub rate_hz: Option<f64>,
    pub longest_gap_secs: Option<f64>,
    pub snr_db: Option<f64>,
    /// A test found the data unlike anything that the network was trained on.
    pub out_of_support: bool,
    /// The room was calibrated, and a skeleton scored well there: as good as this many links elsewhere.
    pub worth_links: Option<usize>,
}

/// Why less is shown than was asked for, in words for the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    #[error("the radios are not placed — set up the room, so that a place in it means something")]
    NoGeometry,
    #[error("the data are unlike any that the network knows — calibrate the room, or look at the links' quality")]
    OutOfSupport,
    #[error("fewer than three links — add links for more than a place")]
    FewLinks,
    #[error("fewer than 80 packets a second — raise the rate of the links")]
    LowRate,
    #[error("gaps of more than 50 ms — find out why packets are lost")]
    Gaps,
    #[error("less than 15 dB of signal over noise — move the radios nearer")]
    LowSnr,
    #[error("fewer than eight links — a template of the posture is shown, no limbs")]
    TemplateOnly,
    #[error("no direction is known — a skeleton is shown once the person walks")]
    NoHeading,
}

/// One joint of a skeleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Drawn,
    /// There, but not sure enough to be read: grey.
    Greyed,
    Hidden,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// A disc of the place's own sigma; false where even a place means nothing.
    pub place: bool,
    pub posture: Posture,
    pub heading_rad: Option<Estimate>,
    /// A standing, sitting or lying figure that stands for the posture and claims no limb.
    pub template: bool,
    /// How to draw each joint, in the order of [`Joint::ALL`]; `None`: no skeleton.
    pub joints: Option<[Part; Joint::COUNT]>,
    /// The most severe first.
    pub refusals: Vec<Refusal>,
}

const SKELETON_LINKS: usize = 8;
const MIN_RATE_HZ: f64 = 80.0;
const MAX_GAP_SECS: f64 = 0.05;
const MIN_SNR_DB: f64 = 15.0;
/// Arms are drawn where they are surer than this, metres.
const MAX_ARM_SIGMA_M: f32 = 0.15;
/// A leg or torso less sure than half a step is no better than the template.
const MAX_SIGMA_M: f32 = 0.25;

/// What may be shown of a pose, given what it rests on.
pub fn shown(pose: &Pose, evidence: &Evidence) -> Shown {
    let n_links = evidence.worth_links.unwrap_or(0).max(evidence.n_links);
    let mut refusals = Vec::new();
    let mut check = |wrong: bool, refusal: Refusal| {
        if wrong {
            refusals.push(refusal);
        }
    };
    check(!evidence.geometry_known, Refusal::NoGeometry);
    check(evidence.out_of_support, Refusal::OutOfSupport);
    check(n_links < MIN_LINKS_FOR_BODIES, Refusal::FewLinks);
    // What was not measured refuses nothing; NaN lies in no range and does.
    let outside = |value: Option<f64>, range: RangeInclusive<f64>| value.is_some_and(|value| !range.contains(&value));
    check(outside(evidence.rate_hz, MIN_RATE_HZ..=f64::INFINITY), Refusal::LowRate);
    check(outside(evidence.longest_gap_secs, 0.0..=MAX_GAP_SECS), Refusal::Gaps);
    check(outside(evidence.snr_db, MIN_SNR_DB..=f64::INFINITY), Refusal::LowSnr);
    let place = evidence.geometry_known && !evidence.out_of_support && evidence.n_links > 0 && pose.root.is_sound();
    let body = place && refusals.is_empty();
    let heading_rad = pose.heading_rad.filter(|heading| body && heading.is_sound());
    let mut joints = None;
    if body {
        if n_links < SKELETON_LINKS {
            refusals.push(Refusal::TemplateOnly);
        } else if heading_rad.is_none() {
            refusals.push(Refusal::NoHeading);
        } else if let Some(estimates) = &pose.joints {
            joints = Some(Joint::ALL.map(|joint| part(joint, estimates[joint as usize].sigma_m)));
        }
    }
    Shown {
        place,
        posture: if evidence.out_of_support { Posture::Unknown } else { pose.posture },
        heading_rad,
        template: body && joints.is_none() && pose.posture != Posture::Unknown,
        joints,
        refusals,
    }
}

fn part(joint: Joint, sigma_m: f32) -> Part {
    match joint.part() {
        // Eyes and ears were never modelled; the nose marks the head.
        BodyPart::Head if joint != Joint::Nose => Part::Hidden,
        BodyPart::Arm if sigma_m < MAX_ARM_SIGMA_M => Part::Drawn,
        BodyPart::Head | BodyPart::Torso | BodyPart::Leg if sigma_m < MAX_SIGMA_M => Part::Drawn,
        _ => Part::Greyed,
    }
}
