//! How good a fit is, and what would make it better.

use bevy_math::Vec3;
use nalgebra::DMatrix;

use crate::body::model::Posed;
use crate::types::{FocalSource, Mask, PhenotypeAxis};

use super::age;
use super::camera::Camera;
use super::evaluate::{Context, Evaluation, ViewReport};
use super::input::{FitView, ShapePrior};
use super::known;
use super::outline::Silhouette;
use super::points::BodyPoint;
use super::prior;
use super::result::{Convergence, Fit, FitError, Flag, NotConverged, Posterior, Quality};
use super::search::Search;
use super::state::State;
use super::unseen::unseen;

/// The photos are trusted less than their points' own standard deviations say: points share errors, and there are other valleys.
/// Standard deviations that the photos alone would leave are multiplied by this; what the user gave and the prior are not.
/// Chosen on seeds 1000 to 1049 and 5000 to 5099 of the synthetic benchmark, where one standard deviation then holds the truth in 73
/// of 100 measurements with one view and in 67 with two; `corporeal evaluate body` prints how often it does.
const PHOTO_INFLATION: f64 = 1.35;

/// Landmarks that scatter by their own standard deviations are this far off in units of these, root mean square of both coordinates
/// without the worst tenth. Where they are farther, the body cannot follow them, and what they say is trusted less by as much (the Birge
/// ratio).
const USUAL_STRAIN: f64 = 1.3;

/// Landmarks farther than this many of their standard deviations, root mean square without the worst tenth, are not followed.
const HIGH_RESIDUAL: f64 = 2.5;

/// An overlap below this is not that of a person in ordinary clothes.
const LOW_OVERLAP: f64 = 0.8;

pub fn finish(context: &Context<'_>, search: &Search, rested: bool) -> Result<Fit, FitError> {
    let state = &search.state;
    let evaluation = &search.evaluation;
    let n_views = state.views.len();
    let covariance = evaluation.system.covariance(context.axes.len()).ok_or(FitError::Numeric)?;
    let poses: Vec<_> = (0..n_views).map(|v| state.pose(v, context.model, context.prepared)).collect();
    let shape = context.model.shape(&state.phenotype);
    let overlaps: Vec<Option<f64>> = (0..n_views)
        .map(|v| {
            let mask = context.input.views[v].mask.as_ref()?;
            overlap(context, &context.model.posed(&shape, &poses[v]), &context.camera(v, state), mask)
        })
        .collect();
    let strain: Vec<f64> =
        evaluation.views.iter().map(|v| trimmed_rms(v.landmark_errors.iter().map(|e| e.1))).collect();
    let worst = strain.iter().copied().fold(0.0, f64::max);
    let factor = PHOTO_INFLATION * (worst / USUAL_STRAIN).max(1.0);
    let mut covariance = inflated(evaluation, covariance, factor).ok_or(FitError::Numeric)?;
    if context.input.known.height_m.is_none() && context.options.prior == ShapePrior::Population {
        spread_stature(context, state, &mut covariance);
    }
    let convergence = match (strain.iter().any(|s| *s > 2.0 * HIGH_RESIDUAL), rested) {
        (true, _) => Convergence::NotConverged(NotConverged::Stuck),
        (false, true) => Convergence::Converged,
        (false, false) => Convergence::NotConverged(NotConverged::StillMoving),
    };
    let plausibility = plausibility(context, state.phenotype.axes);
    let mut quality = Quality {
        reprojection_rms_px: evaluation
            .views
            .iter()
            .map(|v| trimmed_rms(v.landmark_errors.iter().map(|e| e.0)))
            .collect(),
        silhouette_iou: overlaps,
        vertex_error_mm: vertex_errors(context, search, &covariance),
        plausibility,
        flags: Vec::new(),
    };
    quality.flags = flags(context, search, &quality, &strain);
    Ok(Fit {
        phenotype: state.phenotype.clone(),
        poses,
        focal_px: (0..n_views).map(|v| context.camera(v, state).focal_px).collect(),
        outline_offset_px: state.views.iter().map(|v| v.outline_offset_px).collect(),
        cloth_px: (state.views.iter().zip(&context.input.views))
            .map(|(own, seen)| seen.contour.iter().any(|c| c.one_sided).then_some(own.cloth_px))
            .collect(),
        posterior: Posterior {
            axes: context.options.axes.clone(),
            covariance: row_major(&covariance),
            prior_information: row_major(&evaluation.prior_information),
            given_information: row_major(&evaluation.given_information),
            unseen: unseen(&context.input.views),
        },
        convergence,
        quality,
    })
}

/// The covariance with the photos' part of the information made weaker by a factor on its standard deviations; `None` where it is
/// not finite.
fn inflated(evaluation: &Evaluation, covariance: DMatrix<f64>, factor: f64) -> Option<DMatrix<f64>> {
    let sure = &evaluation.prior_information + &evaluation.given_information;
    let photos = covariance.try_inverse()? - &sure;
    let information = sure + photos / (factor * factor);
    let covariance = nalgebra::Cholesky::new(information)?.inverse();
    covariance.iter().all(|v| v.is_finite()).then_some(covariance)
}

/// People of the same proportions differ in stature, which the model's height axis does not know: it ties the two. Adults of one sex
/// spread by 4 % (ANSUR II: men 1.756 ± 0.069 m, women 1.629 ± 0.064 m), and no photo without a scale tells it.
const STATURE_SPREAD: f64 = 0.04;

/// Adds [`STATURE_SPREAD`] along the height axis.
fn spread_stature(context: &Context<'_>, state: &State, covariance: &mut DMatrix<f64>) {
    let Some(at) = context.options.axes.iter().position(|axis| *axis == PhenotypeAxis::Height) else { return };
    let coefficients = context.model.coefficients(&state.phenotype);
    let bones = context.model.shape_jacobian(&coefficients, &context.options.axes);
    let (stature_m, slopes) = known::stature(context, &coefficients, &bones);
    if slopes[at].abs() > 1e-3 {
        covariance[(at, at)] += (STATURE_SPREAD * stature_m / slopes[at]).powi(2);
    }
}

fn row_major(matrix: &DMatrix<f64>) -> Vec<f64> {
    matrix.transpose().iter().copied().collect()
}

/// Root mean square of all but the largest tenth: those are outliers more often than not.
fn trimmed_rms(values: impl Iterator<Item = f64>) -> f64 {
    let mut squared: Vec<f64> = values.map(|v| v * v).collect();
    squared.sort_by(f64::total_cmp);
    squared.truncate((squared.len() * 9).div_ceil(10));
    if squared.is_empty() { 0.0 } else { (squared.iter().sum::<f64>() / squared.len() as f64).sqrt() }
}

/// Root mean square distance of each vertex of the reference pose from the truth: `trace(J Σ Jᵀ)` per vertex.
fn vertex_errors(context: &Context<'_>, search: &Search, covariance: &DMatrix<f64>) -> Vec<f32> {
    let phenotype = &search.state.phenotype;
    let model = context.model;
    let shape = model.shape(phenotype);
    let jacobian = model.jacobian(phenotype, &shape, &model.reference_pose(), &context.options.axes, &[]);
    let n = jacobian.by_axis.len();
    (0..model.n_vertices())
        .map(|vertex| {
            let mut variance = 0.0;
            for i in 0..n {
                for j in 0..n {
                    let shared: Vec3 = jacobian.by_axis[i][vertex] * jacobian.by_axis[j][vertex];
                    variance += covariance[(i, j)] * f64::from(shared.element_sum());
                }
            }
            (1e3 * variance.max(0.0).sqrt()) as f32
        })
        .collect()
}

/// How likely a body as unusual as this one is, from the squared distance of its axes under the population's prior.
fn plausibility(context: &Context<'_>, axes: [f64; 11]) -> f64 {
    let excess: f64 = (0..context.axes.len())
        .map(|at| {
            let (cost, ..) = prior::shape_cost(context.options.prior, &context.input.known, context.axis(at), &axes);
            (cost - prior::usual_cost(context.options.prior, &context.input.known, context.axis(at), &axes)).max(0.0)
        })
        .sum();
    (-0.5 * excess).exp().clamp(0.0, 1.0)
}

/// Intersection over union of the person's pixels and the body's, on a grid of about a hundred thousand points.
fn overlap(context: &Context<'_>, posed: &Posed, camera: &Camera, mask: &Mask) -> Option<f64> {
    let n_pixels = (mask.width as usize).checked_mul(mask.height as usize)?;
    if n_pixels == 0 || mask.probability.len() != n_pixels {
        return None;
    }
    let silhouette = Silhouette::new(&posed.vertices, &context.model.faces, &context.prepared.edges, camera)?;
    let step = ((n_pixels as f64 / 1e5).sqrt() as usize).max(1);
    let (mut both, mut either) = (0u32, 0u32);
    for y in (0..mask.height as usize).step_by(step) {
        for x in (0..mask.width as usize).step_by(step) {
            if mask.depth_inside([x as f64 + 0.5, y as f64 + 0.5]) < 0.0 {
                continue;
            }
            let person = mask.probability[y * mask.width as usize + x] >= 128;
            let body = silhouette.cover.at([x as f32 + 0.5, y as f32 + 0.5]);
            both += u32::from(person && body);
            either += u32::from(person || body);
        }
    }
    (either > 0).then(|| f64::from(both) / f64::from(either))
}

fn flags(context: &Context<'_>, search: &Search, quality: &Quality, strain: &[f64]) -> Vec<Flag> {
    let input = context.input;
    let known = &input.known;
    let views = &input.views;
    let mut flags = Vec::new();
    let mut add = |condition: bool, flag: Flag| {
        if condition {
            flags.push(flag);
        }
    };
    add(known.height_m.is_none(), Flag::HeightUnknown);
    add(views.len() == 1, Flag::OneViewOnly);
    add(views.iter().all(|v| v.contour.len() < 20), Flag::NoOutline);
    add(views.iter().any(arms_hide_waist), Flag::ArmsHideWaist);
    let nobody_sees = |points: &[BodyPoint]| views.iter().all(|v| points.iter().all(|p| !sees(v, *p)));
    add(!views.iter().any(has_feet), Flag::FeetCutOff);
    add(nobody_sees(&[BodyPoint::LeftKnee, BodyPoint::RightKnee]), Flag::LegsCutOff);
    add(
        nobody_sees(&[
            BodyPoint::Nose,
            BodyPoint::LeftEye,
            BodyPoint::RightEye,
            BodyPoint::LeftEar,
            BodyPoint::RightEar,
        ]),
        Flag::HeadCutOff,
    );
    add(views.iter().any(|v| v.focal.from == FocalSource::Assumed), Flag::FocalUnknown);
    add(strain.iter().any(|s| *s > HIGH_RESIDUAL), Flag::HighResidual);
    let disagrees = |report: &ViewReport, view: &FitView| {
        let lost = report.n_outline_lost * 4 > view.contour.len();
        let sigma = view.contour.iter().map(|c| c.sigma_px).fold(0.0, f64::max);
        lost || trimmed_rms(report.outline_errors.iter().copied()) > 3.0 * sigma
    };
    let low = quality.silhouette_iou.iter().flatten().any(|iou| *iou < LOW_OVERLAP);
    let reports = search.evaluation.views.iter().zip(views);
    add(low || reports.into_iter().any(|(r, v)| !v.contour.is_empty() && disagrees(r, v)), Flag::OutlineDisagrees);
    add(quality.plausibility < 0.05, Flag::Implausible);
    if let Some(height) = known.height_m {
        let coefficients = context.model.coefficients(&search.state.phenotype);
        let bones = context.model.shape_jacobian(&coefficients, &context.options.axes);
        let stature = known::stature(context, &coefficients, &bones).0;
        add((stature - height).abs() > 3.0 * known::HEIGHT_SIGMA_M, Flag::HeightDisagrees);
    }
    let years = prior::years_of(search.state.phenotype.get(PhenotypeAxis::Age));
    add(years < 12.0 && known.age_years.is_none(), Flag::Child);
    add(!age::is_told(input), Flag::AgeUnseen);
    let spread = search.state.views.iter().flat_map(|v| v.departures).map(|d| d.length_squared()).sum::<f64>();
    let n = (search.state.views.len() * search.state.joints.len()).max(1) as f64;
    add((spread / n).sqrt() > 0.25, Flag::ViewsDisagree);
    flags
}

/// An ankle with room for a foot below it.
fn has_feet(view: &FitView) -> bool {
    let heights = view.landmarks.iter().map(|l| l.px[1]);
    let extent = heights.clone().fold(f64::MIN, f64::max) - heights.fold(f64::MAX, f64::min);
    let mut ankles = view.landmarks.iter().filter(|l| matches!(l.point, BodyPoint::LeftAnkle | BodyPoint::RightAnkle));
    ankles.any(|ankle| ankle.px[1] < f64::from(view.height) - 0.03 * extent)
}

fn sees(view: &FitView, point: BodyPoint) -> bool {
    view.landmarks.iter().any(|l| l.point == point)
}

/// A wrist before or beside the trunk between shoulders and hips, closer to it than a hand's breadth.
fn arms_hide_waist(view: &FitView) -> bool {
    let find = |point| view.landmarks.iter().find(|l| l.point == point).map(|l| l.px);
    let (Some(ls), Some(rs), Some(lh), Some(rh)) = (
        find(BodyPoint::LeftShoulder),
        find(BodyPoint::RightShoulder),
        find(BodyPoint::LeftHip),
        find(BodyPoint::RightHip),
    ) else {
        return false;
    };
    let (top, bottom) = (0.5 * (ls[1] + rs[1]), 0.5 * (lh[1] + rh[1]));
    let centre = 0.25 * (ls[0] + rs[0] + lh[0] + rh[0]);
    let half = 0.5 * (ls[0] - rs[0]).abs().max((lh[0] - rh[0]).abs());
    let is_frontal = half > 0.15 * (bottom - top).abs();
    is_frontal
        && [BodyPoint::LeftWrist, BodyPoint::RightWrist, BodyPoint::LeftElbow, BodyPoint::RightElbow].iter().any(|p| {
            find(*p).is_some_and(|w| w[1] > top && w[1] < bottom + 0.1 * (bottom - top) && (w[0] - centre).abs() < half)
        })
}
