//! How sure measurements are: carries the covariance of a fitted shape over to them.
//!
//! The map from shape to measurements is taken as linear around the fit: `sigma² = g' C g` with `g` from differences.
//! What the prior contributed is judged per measurement, in its own direction: the prior alone leaves `g' P g`, the
//! fit leaves `g' C g`, and information is one over variance, so the prior's share of it is their quotient.

use super::Values;
use crate::types::{Evidence, Measurement, MeasurementKind};

/// How all measurements change with each shape parameter: one row of [`Values`] per parameter.
pub type Gradient = Vec<Values>;

/// The spread of a fitted shape. Square matrices over the shape parameters, rows after rows.
#[derive(Clone, Copy, Debug)]
pub struct Spread<'a> {
    /// After the photos and everything that is known.
    pub posterior: &'a [f64],
    /// What was believed before any photo.
    pub prior: &'a [f64],
}

/// Differences of values at shapes that are each one step away in one parameter. Zero steps give zero slope.
pub fn gradient(centre: &Values, stepped: &[(f64, Values)]) -> Gradient {
    let slope = |(step, values): &(f64, Values)| {
        std::array::from_fn(|kind| if *step == 0.0 { 0.0 } else { (values[kind] - centre[kind]) / step })
    };
    stepped.iter().map(slope).collect()
}

/// Values with one standard deviation each and what decided them. `given` names what the user gave.
///
/// `None` when the matrices are not square over as many parameters as the gradient has.
pub fn sigmas(
    values: &Values,
    gradient: &Gradient,
    spread: &Spread<'_>,
    given: &[MeasurementKind],
) -> Option<Vec<Measurement>> {
    let n = gradient.len();
    if spread.posterior.len() != n * n || spread.prior.len() != n * n {
        return None;
    }
    let measured = MeasurementKind::ALL.into_iter().enumerate().map(|(at, kind)| {
        let slope: Vec<f64> = gradient.iter().map(|row| row[at]).collect();
        let after = quadratic(spread.posterior, &slope);
        let before = quadratic(spread.prior, &slope);
        let evidence = if given.contains(&kind) {
            Evidence::Given
        } else if after > 0.5 * before {
            Evidence::Prior
        } else {
            Evidence::Photo
        };
        Measurement { kind, value: values[at], sigma: Some(after.max(0.0).sqrt()), evidence }
    });
    Some(measured.collect())
}

/// `g' M g` of a square matrix that is stored row after row.
fn quadratic(matrix: &[f64], g: &[f64]) -> f64 {
    let row_product = |row: &[f64]| row.iter().zip(g).map(|(m, g)| m * g).sum::<f64>();
    matrix.chunks_exact(g.len().max(1)).zip(g).map(|(row, g)| g * row_product(row)).sum()
}
