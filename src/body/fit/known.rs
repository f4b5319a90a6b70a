//! The figures a user gives, as functions of the shape with exact derivatives.

use bevy_math::{DVec3, Vec3};

use crate::body::model::{Coefficients, ShapeJacobian};

use super::evaluate::Context;

/// How well people know their height, metres.
pub const HEIGHT_SIGMA_M: f64 = 0.01;

/// How well their weight fits the volume of a model without clothes, as a part of it.
pub const WEIGHT_SIGMA: f64 = 0.025;

/// Kilograms per cubic metre, as Anny's own anthropometry has it.
pub const DENSITY: f64 = 980.0;

/// Stature in the reference pose, and its derivatives by the fitted axes.
pub fn stature(context: &Context<'_>, coefficients: &Coefficients, bones: &ShapeJacobian) -> (f64, Vec<f64>) {
    let model = context.model;
    let set = context.prepared.extremes.points(coefficients, &context.axes);
    let (frames, maps) = model.pose_bones(bones, &model.reference_pose());
    let maps_by = model.bone_maps_by(bones, &frames);
    let positions = set.positions(&maps);
    let by = set.jacobian(&maps, &maps_by, &[], &context.prepared.carriers).by_axis;
    let (mut lowest, mut highest) = (0, 0);
    for (at, p) in positions.iter().enumerate() {
        if p.z < positions[lowest].z {
            lowest = at;
        }
        if p.z > positions[highest].z {
            highest = at;
        }
    }
    let stature = positions.get(highest).map_or(0.0, |p| p.z) - positions.get(lowest).map_or(0.0, |p| p.z);
    (stature, by.iter().map(|axis: &Vec<DVec3>| axis[highest].z - axis[lowest].z).collect())
}

/// Mass in kilograms and its derivatives by the fitted axes.
pub fn mass(context: &Context<'_>, coefficients: &Coefficients, rest: &[Vec3]) -> (f64, Vec<f64>) {
    let mut volume = 0.0;
    let mut slope = vec![Vec3::ZERO; rest.len()];
    for face in context.model.faces.iter() {
        let [a, b, c] = face.map(|v| rest[v as usize]);
        volume += f64::from(a.cross(b).dot(c)) / 6.0;
        slope[face[0] as usize] += b.cross(c) / 6.0;
        slope[face[1] as usize] += c.cross(a) / 6.0;
        slope[face[2] as usize] += a.cross(b) / 6.0;
    }
    let by = context.model.rest_dot(coefficients, &context.axes, &slope);
    let density = DENSITY * volume.signum();
    (density * volume, by.into_iter().map(|d| density * d).collect())
}
