//! What a fit answers: a body, how sure it is, and what would make it better.

use crate::types::{BodyPose, MeasurementKind, Phenotype, PhenotypeAxis};

/// A fitted body.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    pub phenotype: Phenotype,
    /// The pose in each photo, in its camera's frame.
    pub poses: Vec<BodyPose>,
    /// The focal length that fits best, per photo.
    pub focal_px: Vec<f64>,
    /// How far the outline lies outside of the body by the segmenter's habit, per photo.
    pub outline_offset_px: Vec<f64>,
    /// How far cloth hangs off the trunk and off the limbs, per photo; `None` where the outline is not taken for cloth.
    pub cloth_px: Vec<Option<[f64; 2]>>,
    pub posterior: Posterior,
    pub convergence: Convergence,
    pub quality: Quality,
}

/// Where a fit is in its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FitStage {
    /// A start at each age, the best kept.
    AgeAnchors,
    /// All phenotypes with the poses.
    Phenotype,
    /// The poses, with tighter limits against outliers.
    Pose,
}

impl FitStage {
    pub const ALL: [Self; 3] = [Self::AgeAnchors, Self::Phenotype, Self::Pose];

    /// For screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::AgeAnchors => "Age anchors",
            Self::Phenotype => "Full phenotype",
            Self::Pose => "Pose refinement",
        }
    }
}

/// Sent after every iteration; the body so far can be shown from it.
#[derive(Clone, Copy, Debug)]
pub struct FitProgress<'a> {
    pub stage: FitStage,
    /// Counts from 0 over all stages.
    pub iteration: usize,
    /// 0..=1 of the whole fit, roughly.
    pub fraction: f64,
    /// Root mean square of the landmark residuals.
    pub rms_px: f64,
    pub phenotype: &'a Phenotype,
    pub poses: &'a [BodyPose],
}

/// Whether the search came to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Convergence {
    Converged,
    NotConverged(NotConverged),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotConverged {
    /// The steps were still large when the iterations ran out.
    StillMoving,
    /// No step made the error smaller although it is large.
    Stuck,
}

impl NotConverged {
    pub fn message(self) -> &'static str {
        match self {
            Self::StillMoving => "the fit was still moving when it ran out of steps",
            Self::Stuck => "the fit found no body that agrees with the photo",
        }
    }
}

/// Why there is no fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    #[error("cancelled")]
    Cancelled,
    #[error("there is no photo to fit to; add one")]
    NoViews,
    #[error(
        "too little of the body is seen in photo {view}: {n_landmarks} points, at least 6 are needed; use a photo that shows more of the body"
    )]
    TooFewLandmarks { view: usize, n_landmarks: usize },
    #[error("the points in photo {view} lie too close together to be a body; use a larger or sharper photo")]
    TooSmall { view: usize },
    #[error("what is known of the person cannot be: {0}")]
    Impossible(&'static str),
    #[error("the computation broke down; use another photo")]
    Numeric,
}

/// How good a fit is.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// Root mean square distance of the landmarks from the body's, per photo; the farthest tenth left out.
    pub reprojection_rms_px: Vec<f64>,
    /// Intersection over union of the person's pixels and the body's, per photo; `None` without a mask.
    pub silhouette_iou: Vec<Option<f64>>,
    /// Expected distance of each vertex of the reference pose from the truth, millimetres.
    pub vertex_error_mm: Vec<f32>,
    /// 0..=1: how usual the body is against the population; below 0.05 something is wrong more often than not.
    pub plausibility: f64,
    pub flags: Vec<Flag>,
}

/// Something the user should know, with what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    HeightUnknown,
    OneViewOnly,
    NoOutline,
    ArmsHideWaist,
    FeetCutOff,
    HeadCutOff,
    LegsCutOff,
    FocalUnknown,
    HighResidual,
    OutlineDisagrees,
    Implausible,
    HeightDisagrees,
    Child,
    ViewsDisagree,
    AgeUnseen,
}

impl Flag {
    /// What is the matter and what to do, for screen.
    pub fn advice(self) -> &'static str {
        match self {
            Self::HeightUnknown => "The height is a guess: give the height",
            Self::OneViewOnly => "Depth of the body is inferred from one view: add a side view",
            Self::NoOutline => "No outline was found, so girths rest on the landmarks: use a plainer background",
            Self::ArmsHideWaist => "Arms hide the waist: hold them away from the body",
            Self::FeetCutOff => "Feet are cut off: lengths of the legs rest on the prior",
            Self::HeadCutOff => "The head is cut off: show the whole body",
            Self::LegsCutOff => "Legs are not seen: measurements of the legs rest on the prior",
            Self::FocalUnknown => "The lens is unknown: give the focal length, or use a photo with its metadata",
            Self::HighResidual => "The body does not follow the landmarks well: check the photo for occlusion",
            Self::OutlineDisagrees => {
                "The body does not fill the outline well: loose clothes, or something else in the outline"
            }
            Self::Implausible => "The body is an unusual one: check height, weight and age",
            Self::HeightDisagrees => "The given height does not fit the other evidence: check it",
            Self::Child => "This looks like a child: give the age, the proportions depend on it",
            Self::AgeUnseen => {
                "The photo shows neither age nor stature, so a grown-up of usual height was fitted: give the height"
            }
            Self::ViewsDisagree => "The photos do not agree with each other: check that they show one person",
        }
    }
}

/// What is known of the phenotype after the fit: a normal distribution around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    /// The axes that were estimated; matrices below are square over them, row by row.
    pub axes: Vec<PhenotypeAxis>,
    pub covariance: Vec<f64>,
    /// The part of the information that the population prior brought.
    pub prior_information: Vec<f64>,
    /// The part of the information that the user's figures brought.
    pub given_information: Vec<f64>,
    /// Measurements of parts of the body that no photo shows: the rest of the body and the prior decide them.
    pub unseen: Vec<MeasurementKind>,
}

/// How sure a scalar of the body is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Uncertainty {
    pub sigma: f64,
    /// 0..=1: the part of the information on it that is the prior's.
    pub prior_share: f64,
    /// 0..=1: the part of the information on it that the user gave.
    pub given_share: f64,
}

impl Posterior {
    /// The uncertainty of a scalar from its gradient by every axis of `PhenotypeAxis::ALL`.
    ///
    /// With `s = Σ g`, the variance is `gᵀ s = sᵀ (prior + given + photo) s`, which splits it among the sources.
    pub fn uncertainty(&self, gradient: &[f64; 11]) -> Uncertainty {
        let n = self.axes.len();
        let g: Vec<f64> = self.axes.iter().map(|axis| gradient[*axis as usize]).collect();
        let times = |matrix: &[f64], v: &[f64]| -> Vec<f64> {
            matrix.chunks_exact(n.max(1)).map(|row| row.iter().zip(v).map(|(a, b)| a * b).sum()).collect()
        };
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
        let s = times(&self.covariance, &g);
        let variance = dot(&g, &s).max(0.0);
        if variance == 0.0 {
            return Uncertainty::default();
        }
        let share = |information: &[f64]| (dot(&s, &times(information, &s)) / variance).clamp(0.0, 1.0);
        Uncertainty {
            sigma: variance.sqrt(),
            prior_share: share(&self.prior_information),
            given_share: share(&self.given_information),
        }
    }
}
