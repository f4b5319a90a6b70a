//! What a training wrote beside a pose network: where each answer lies among its numbers, and how far they can be trusted.
//!
//! [`Description::parse`] checks it all, so that no size or name is trusted later.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::layout::INPUT_VERSION;
use super::support::Familiarity;
use super::targets::{JOINT_NAMES, MotionClass, N_JOINTS};

/// People that a network with slots tells apart.
const N_PEOPLE: usize = 3;
/// Numbers of a slot: log odds that somebody is there, root (2), factor of the inverse covariance (3).
pub(super) const SLOT_LEN: usize = 6;
pub(super) const POSTURES: [&str; 5] = ["upright", "bent", "sitting", "low", "lying"];

/// What was measured on validation rooms for one count of links and antennas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Antennas of the weakest link: 1 to 3.
    pub antennas: usize,
    /// Holds from so many links on, until another one does.
    pub links: usize,
    /// Factors for the network's own standard deviations, so that 90 % regions hold 90 %.
    pub root_scale: f32,
    pub slot_scale: f32,
    pub heading_scale: f32,
    pub joint_scale: f32,
    /// Of the pelvis's height, metres.
    pub pelvis_sigma_m: f32,
    /// Of the speed over the floor; `None` where it was not measured and none is told.
    #[serde(default)]
    pub speed_sigma_m_per_s: Option<f32>,
    /// Of the stature's own standard deviation; `None` where statures are told no better than by the mean of adults.
    #[serde(default)]
    pub stature_scale: Option<f32>,
    pub familiarity: Familiarity,
    /// The usual squared distances of windows with several people, which lie farther off than those of one.
    pub several_distance: [f32; 2],
    pub supports: Supports,
}

/// What beat its baseline on validation rooms and may therefore be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supports {
    /// The place of one person, against the room's middle.
    pub place: bool,
    /// The places of two and more people, against the same.
    pub several: bool,
    /// The heading of somebody who walks, against chance.
    pub heading: bool,
    /// Joints, against the mean body at the true heading.
    pub body: bool,
}

/// The file beside a network, as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Written {
    what: String,
    input_version: u32,
    /// SHA-256 of the network's file, lower-case hexadecimal.
    network_sha256: String,
    n_slots: usize,
    n_features: usize,
    outputs: Vec<(String, usize)>,
    joints: Vec<String>,
    postures: Vec<String>,
    motion_classes: Vec<String>,
    calibrations: Vec<Calibration>,
}

/// A checked description: sizes fit, names are known, all numbers are finite.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// One sentence, for reports.
    pub what: String,
    pub network_sha256: String,
    /// Links that the network has room for.
    pub n_slots: usize,
    pub n_answers: usize,
    pub n_features: usize,
    pub(super) places: Places,
    calibrations: Vec<Calibration>,
}

/// Where each answer lies among the network's numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Places {
    pub(super) count: Range<usize>,
    pub(super) root: Range<usize>,
    pub(super) root_factor: Range<usize>,
    pub(super) heading: Range<usize>,
    pub(super) heading_confidence: Range<usize>,
    pub(super) pelvis_height: Range<usize>,
    pub(super) posture: Range<usize>,
    pub(super) motion: Range<usize>,
    pub(super) joints: Range<usize>,
    pub(super) joint_log_variance: Range<usize>,
    pub(super) slots: Range<usize>,
    pub(super) speed: Range<usize>,
    pub(super) stature: Range<usize>,
}

impl Description {
    /// Reads and checks; the error says in one line what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if written.input_version != INPUT_VERSION {
            return Err(format!(
                "it takes inputs of version {}, this program makes version {INPUT_VERSION}",
                written.input_version
            ));
        }
        if !written.joints.iter().map(String::as_str).eq(JOINT_NAMES) {
            return Err("its joints are not the 17 of COCO".into());
        }
        if !written.postures.iter().map(String::as_str).eq(POSTURES) {
            return Err("its postures are not those that this program knows".into());
        }
        if !written.motion_classes.iter().map(String::as_str).eq(MotionClass::ALL.map(MotionClass::label)) {
            return Err("its kinds of motion are not those that this program knows".into());
        }
        if !(1..=64).contains(&written.n_slots) || !(1..=4_096).contains(&written.n_features) {
            return Err(format!("{} links and {} features make no network", written.n_slots, written.n_features));
        }
        let mut places = Places::default();
        let mut n_answers = 0_usize;
        for (name, len) in &written.outputs {
            let range = n_answers..n_answers.saturating_add(*len);
            n_answers = range.end;
            if n_answers > 4_096 {
                return Err("it answers with too many numbers".into());
            }
            let (place, expected) = match name.as_str() {
                "count" => (&mut places.count, 3),
                "root" => (&mut places.root, 2),
                "root_factor" => (&mut places.root_factor, 3),
                "heading" => (&mut places.heading, 2),
                "heading_confidence" => (&mut places.heading_confidence, 1),
                "pelvis_height" => (&mut places.pelvis_height, 1),
                "posture" => (&mut places.posture, POSTURES.len()),
                "motion" => (&mut places.motion, MotionClass::ALL.len()),
                "joints" => (&mut places.joints, 3 * N_JOINTS),
                "joint_log_variance" => (&mut places.joint_log_variance, N_JOINTS),
                "slots" => (&mut places.slots, SLOT_LEN * N_PEOPLE),
                "stature" => (&mut places.stature, 2),
                "speed" => (&mut places.speed, 1),
                // Taught beside the rest, and of no use here.
                _ => continue,
            };
            if *len != expected {
                return Err(format!("{name} has {len} numbers instead of {expected}"));
            }
            if place.end > 0 {
                return Err(format!("{name} is there twice"));
            }
            *place = range;
        }
        let needed = [
            ("count", &places.count),
            ("root", &places.root),
            ("root_factor", &places.root_factor),
            ("heading", &places.heading),
            ("heading_confidence", &places.heading_confidence),
            ("pelvis_height", &places.pelvis_height),
            ("posture", &places.posture),
            ("motion", &places.motion),
            ("joints", &places.joints),
            ("joint_log_variance", &places.joint_log_variance),
        ];
        if let Some((missing, _)) = needed.iter().find(|(_, place)| place.is_empty()) {
            return Err(format!("it does not answer {missing}"));
        }
        let mut calibrations = written.calibrations;
        if calibrations.is_empty() {
            return Err("it was never calibrated".into());
        }
        for calibration in &calibrations {
            let Calibration { root_scale, slot_scale, heading_scale, joint_scale, pelvis_sigma_m, .. } = *calibration;
            let scales = [root_scale, slot_scale, heading_scale, joint_scale, pelvis_sigma_m];
            if !scales.iter().all(|scale| scale.is_finite() && *scale > 0.0) {
                return Err(format!("the calibration for {} links holds no usable factors", calibration.links));
            }
            let further = [calibration.stature_scale, calibration.speed_sigma_m_per_s];
            if further.into_iter().flatten().any(|scale| !(scale.is_finite() && scale > 0.0)) {
                return Err(format!("the calibration for {} links holds no usable factors", calibration.links));
            }
            let [near, far] = calibration.several_distance;
            if !(near.is_finite() && far.is_finite() && near <= far) {
                return Err(format!("the calibration for {} links holds no usable distances", calibration.links));
            }
            let familiarity = calibration.familiarity.clone().checked();
            if familiarity.is_none_or(|familiarity| familiarity.mean.len() != written.n_features) {
                return Err(format!("the calibration for {} links does not fit the features", calibration.links));
            }
        }
        calibrations.sort_by_key(|calibration| (calibration.antennas, calibration.links));
        Ok(Self {
            what: written.what,
            network_sha256: written.network_sha256,
            n_slots: written.n_slots,
            n_answers,
            n_features: written.n_features,
            places,
            calibrations,
        })
    }

    /// The same without limits: nothing is hidden. Only for measuring what limits are worth.
    pub fn unguarded(&self) -> Self {
        let mut free = self.clone();
        for calibration in &mut free.calibrations {
            calibration.supports = Supports { place: true, several: true, heading: true, body: true };
            calibration.familiarity.distance = [f32::MIN, f32::MAX];
            calibration.several_distance = [f32::MIN, f32::MAX];
            calibration.familiarity.sigma_m = f32::MAX;
        }
        free
    }

    /// What was measured for most antennas and links that are no more than these; `None` for fewer links than any.
    pub fn calibration(&self, n_links: usize, n_antennas: usize) -> Option<&Calibration> {
        let antennas = self.calibrations.iter().map(|one| one.antennas).filter(|n| *n <= n_antennas).max()?;
        let mut own = self.calibrations.iter().filter(|one| one.antennas == antennas);
        own.rfind(|one| one.links <= n_links)
    }
}
