//! How good a fit is, and what would make it better.

use crate::types::PhenotypeAxis;

use super::evaluate::{Context, ViewReport};
use super::result::{Convergence, Fit, FitError, Flag, NotConverged, Posterior, Quality};
use super::search::Search;

pub fn finish(context: &Context<'_>, search: &Search, convergence: Convergence) -> Result<Fit, FitError> {
    let n = context.axes.len();
    let evaluation = &search.evaluation;
    let covariance = evaluation.system.covariance(n).ok_or(FitError::Numeric)?;
    let flat = |m: &nalgebra::DMatrix<f64>| -> Vec<f64> { m.transpose().iter().copied().collect() };
    let posterior = Posterior {
        axes: context.options.axes.clone(),
        covariance: flat(&covariance),
        prior_information: flat(&evaluation.prior_information),
        given_information: flat(&evaluation.given_information),
    };
    let _ = (PhenotypeAxis::Age, NotConverged::Stuck);
    let n_views = search.state.views.len();
    Ok(Fit {
        phenotype: search.state.phenotype.clone(),
        poses: (0..n_views).map(|v| search.state.pose(v, context.model, context.prepared)).collect(),
        focal_px: (0..n_views).map(|v| context.camera(v, &search.state).focal_px).collect(),
        outline_offset_px: search.state.views.iter().map(|v| v.outline_offset_px).collect(),
        posterior,
        convergence,
        quality: Quality {
            reprojection_rms_px: evaluation.views.iter().map(rms).collect(),
            silhouette_iou: vec![None; n_views],
            vertex_error_mm: Vec::new(),
            plausibility: 1.0,
            flags: vec![Flag::OneViewOnly],
        },
    })
}

/// The farthest tenth is left out: it is outliers more often than not.
fn rms(view: &ViewReport) -> f64 {
    let mut squared: Vec<f64> = view.landmark_errors.iter().map(|(px, _)| px * px).collect();
    squared.sort_by(f64::total_cmp);
    squared.truncate((squared.len() * 9).div_ceil(10));
    if squared.is_empty() { 0.0 } else { (squared.iter().sum::<f64>() / squared.len() as f64).sqrt() }
}
