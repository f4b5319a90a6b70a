//! What a fit is told: evidence from each photo, and what the user knows.
//!
//! Pixels are those of the photo: the centre of the first is at (0.5, 0.5), y runs down. The principal point is the
//! picture's centre: `u = width / 2 + f x / y`, `v = height / 2 − f z / y` with the camera looking along +y, z up.

use crate::types::{FocalLength, Known, Mask, PhenotypeAxis};

use super::BodyPoint;

/// Everything a fit may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitInput {
    /// Photos of one person; one is enough.
    pub views: Vec<FitView>,
    pub known: Known,
}

/// The evidence of one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct FitView {
    pub width: u32,
    pub height: u32,
    pub focal: FocalLength,
    /// Points the networks saw. What they did not see is absent.
    pub landmarks: Vec<LandmarkEvidence>,
    /// Points in space, hip-centred, metres, in the camera's axes of this module (x right, y away, z up). Weak: only the directions
    /// between neighbouring points are used.
    pub world: Vec<WorldEvidence>,
    /// Points on the outline of the person, in any order; 150 to 300 spread over the whole outline are plenty.
    pub contour: Vec<ContourPoint>,
    /// Depths at landmarks, where a depth network or sensor is there.
    pub depth: Option<DepthEvidence>,
    /// This person's pixels: only to state the overlap with the fitted body.
    pub mask: Option<Mask>,
    /// How far the body is turned about the vertical, radians: 0 faces the camera, positive counter-clockwise seen from above.
    pub yaw_hint: Option<f64>,
}

impl FitView {
    /// A photo without evidence yet.
    pub fn new(width: u32, height: u32, focal: FocalLength) -> Self {
        Self {
            width,
            height,
            focal,
            landmarks: Vec::new(),
            world: Vec::new(),
            contour: Vec::new(),
            depth: None,
            mask: None,
            yaw_hint: None,
        }
    }
}

/// Where a point of the body is in the photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LandmarkEvidence {
    pub point: BodyPoint,
    pub px: [f64; 2],
    /// One standard deviation of each coordinate.
    pub sigma_px: f64,
}

/// Where a point of the body is in space, as a network guesses it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorldEvidence {
    pub point: BodyPoint,
    pub position_m: [f64; 3],
}

/// A point on the outline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContourPoint {
    pub px: [f64; 2],
    /// Unit vector out of the person, in pixels (y down).
    pub normal: [f64; 2],
    /// One standard deviation along the normal.
    pub sigma_px: f64,
    /// The outline is cloth: the body may lie inside of it.
    pub one_sided: bool,
}

/// Depths along the camera's axis at landmarks of the body's surface.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthEvidence {
    pub scale: DepthScale,
    pub samples: Vec<DepthSample>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepthScale {
    /// Metres.
    Metric,
    /// Inverse depth up to an unknown scale and shift, larger is nearer (MiDaS).
    AffineInverse,
}

/// The depth at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthSample {
    pub point: BodyPoint,
    pub value: f64,
    /// One standard deviation, in the unit of the value.
    pub sigma: f64,
}

/// What the population is taken to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShapePrior {
    /// The distributions that ship with Anny, by sex and age, each mixed with a uniform part so that an unusual body is not bent
    /// towards the mean.
    #[default]
    Population,
    /// Every phenotype about equally likely, adults: for bodies that were not drawn from a population.
    Uniform,
}

/// How to fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitOptions {
    /// The axes that are estimated; the others stay at their default of 0.5.
    pub axes: Vec<PhenotypeAxis>,
    pub prior: ShapePrior,
    /// The most iterations of each stage.
    pub max_iterations: usize,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self { axes: PhenotypeAxis::ALL[..6].to_vec(), prior: ShapePrior::default(), max_iterations: 24 }
    }
}
