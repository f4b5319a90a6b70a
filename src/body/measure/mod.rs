//! Measurements of a body as tapes on its mesh: in go the vertices and bones of a body in the reference pose, out
//! come values, and the paths that the tapes take.
//!
//! The definitions follow ISO 8559-1 as far as a mesh allows (body-model spec, section 4). Nothing here knows photos or
//! fits; [`with_sigmas`] only carries a fit's covariance over to measurements.

mod girth;
mod plan;
mod sigma;
mod sites;

use bevy_math::DVec3;

pub use plan::MeasurePlan;
pub use sigma::{Gradient, gradient, with_sigmas};
use sites::Figure;

use super::model::BoneFrame;
use crate::types::{Evidence, Measurement, MeasurementKind, Tape};

/// One value per kind, in the order of [`MeasurementKind::ALL`], SI. A tape that finds no body measures 0.
pub type Values = [f64; MeasurementKind::ALL.len()];

/// All measurements of one body. `None` when the slices are not of the plan's model.
///
/// `vertices` (f32 or f64) and `bones` are of the reference pose, metres.
pub fn values<P: Copy + Into<DVec3>>(plan: &MeasurePlan, vertices: &[P], bones: &[BoneFrame]) -> Option<Values> {
    let figure = Figure::new(plan, vertices, bones)?;
    Some(figure.values())
}

/// One measurement alone.
pub fn value<P: Copy + Into<DVec3>>(
    plan: &MeasurePlan,
    vertices: &[P],
    bones: &[BoneFrame],
    kind: MeasurementKind,
) -> Option<f64> {
    Some(Figure::new(plan, vertices, bones)?.value(kind))
}

/// The paths of all tapes, for drawing: two (left, right) for limbs, none for volume, mass and body mass index.
pub fn tapes<P: Copy + Into<DVec3>>(plan: &MeasurePlan, vertices: &[P], bones: &[BoneFrame]) -> Option<Vec<Tape>> {
    let figure = Figure::new(plan, vertices, bones)?;
    let mut tapes = Vec::new();
    for kind in MeasurementKind::ALL {
        for line in figure.lines(kind) {
            let points = line.points.iter().map(|point| point.as_vec3()).collect();
            tapes.push(Tape { kind, closed: line.closed, points });
        }
    }
    Some(tapes)
}

/// Measurements of a mesh that nobody estimated: no sigma. Kinds whose tape found no body are left out.
pub fn of_mesh(values: &Values) -> Vec<Measurement> {
    let measurable =
        MeasurementKind::ALL.into_iter().zip(values).filter(|(_, value)| value.is_finite() && **value > 0.0);
    measurable.map(|(kind, &value)| Measurement { kind, value, sigma: None, evidence: Evidence::Mesh }).collect()
}
