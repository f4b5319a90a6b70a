//! Whether photos can tell age and stature at all.
//!
//! People differ in size, which one photo does not show, and in proportions. Half a body, or one that sits, in clothes and with hair,
//! shows proportions so badly that misfits would decide; then the person is taken for a grown-up of usual stature.

use crate::types::PhenotypeAxis;

use super::input::{FitInput, FitOptions, FitView, ShapePrior};
use super::points::BodyPoint::*;

/// From here on the model is a grown-up (15 years).
const GROWN_UP: f64 = 0.6;

/// Around the means of Anny's tables for grown men (0.39) and women (0.35).
const USUAL_HEIGHT: (f64, f64) = (0.33, 0.41);

/// Hip to ankle over shoulder to hip in the picture: some 1.7 of an adult who stands, 1.1 of a baby, 0.8 of an adult who sits.
const MIN_LEGS_OF_TRUNK: f64 = 0.9;

/// Whether the age may be anything.
pub fn is_told(input: &FitInput) -> bool {
    input.known.age_years.is_some() || input.known.height_m.is_some() || input.views.iter().any(stands)
}

/// How far each axis may go.
pub fn bounds(input: &FitInput, options: &FitOptions) -> [(f64, f64); 11] {
    let is_told = is_told(input);
    PhenotypeAxis::ALL.map(|axis| match axis {
        PhenotypeAxis::Age if !is_told => (GROWN_UP, axis.range().1),
        PhenotypeAxis::Height if !is_told && options.prior == ShapePrior::Population => USUAL_HEIGHT,
        _ => axis.range(),
    })
}

/// From head to ankles, and upright.
fn stands(view: &FitView) -> bool {
    let find = |point| view.landmarks.iter().find(|l| l.point == point).map(|l| l.px);
    let middle = |left, right| match (find(left), find(right)) {
        (Some(a), Some(b)) => Some([0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]),
        (one, other) => one.or(other),
    };
    let (Some(shoulders), Some(hips)) = (middle(LeftShoulder, RightShoulder), middle(LeftHip, RightHip)) else {
        return false;
    };
    let (Some(_), Some(ankles)) = (find(Nose), middle(LeftAnkle, RightAnkle)) else { return false };
    let length = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    length(hips, ankles) > MIN_LEGS_OF_TRUNK * length(shoulders, hips)
}
