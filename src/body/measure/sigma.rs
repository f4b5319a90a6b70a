//! How sure measurements are: carries the posterior of a fitted shape over to them.
//!
//! The map from shape to measurements is taken as linear around the fit, with slopes from differences.

use super::super::fit::Posterior;
use super::super::model::AnnyModel;
use super::{MeasurePlan, Values, values};
use crate::types::{Evidence, Measurement, MeasurementKind, Phenotype, PhenotypeAxis};

/// How all measurements change with each axis of [`PhenotypeAxis::ALL`], per unit of the axis; 0 for axes that were not asked for.
pub type Gradient = [Values; PhenotypeAxis::ALL.len()];

/// Far enough that the tape's choice of its widest place does not jitter the slope, near enough to be one.
const STEP: f64 = 0.02;

/// Slopes around a phenotype by its chosen axes: measures one body more per axis. `None` for another model's plan.
///
/// Steps go towards the middle of the axis's range, so that they never leave it.
pub fn gradient(
    model: &AnnyModel,
    plan: &MeasurePlan,
    phenotype: &Phenotype,
    centre: &Values,
    axes: &[PhenotypeAxis],
) -> Option<Gradient> {
    let mut gradient = [Values::default(); PhenotypeAxis::ALL.len()];
    for &axis in axes {
        let (low, high) = axis.range();
        let step = if phenotype.get(axis) > (low + high) / 2.0 { -STEP } else { STEP };
        let mut other = phenotype.clone();
        other.set(axis, phenotype.get(axis) + step);
        let body = model.reference_mesh(&other);
        let beside = values(plan, &body.vertices, &body.bones)?;
        gradient[axis as usize] = std::array::from_fn(|kind| (beside[kind] - centre[kind]) / step);
    }
    Some(gradient)
}

/// Values with one standard deviation each and what decided them: whoever brought more than half of the information.
///
/// Kinds whose tape found no body are left out.
pub fn with_sigmas(values: &Values, gradient: &Gradient, posterior: &Posterior) -> Vec<Measurement> {
    let measurable = MeasurementKind::ALL
        .into_iter()
        .filter(|kind| values[*kind as usize].is_finite() && values[*kind as usize] > 0.0);
    let measured = measurable.map(|kind| {
        let slopes = std::array::from_fn(|axis| gradient[axis][kind as usize]);
        let uncertainty = posterior.uncertainty(&slopes);
        let evidence = if uncertainty.given_share > 0.5 {
            Evidence::Given
        } else if uncertainty.prior_share > 0.5 || posterior.unseen.contains(&kind) {
            Evidence::Prior
        } else {
            Evidence::Photo
        };
        Measurement { kind, value: values[kind as usize], sigma: Some(uncertainty.sigma), evidence }
    });
    measured.collect()
}
