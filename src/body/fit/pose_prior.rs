//! How people stand when they are asked to: near the reference pose, upright, knees not bent backwards, alike in all photos.
//!
//! Student's t throughout: tight for who does as asked, cheap for who does otherwise.

use bevy_math::{DMat3, DVec3};

use super::normal::{Normal, ViewBlock};
use super::prepared::N_JOINTS;
use super::robust::student;

/// Standard deviation of a joint's rotation about each axis, radians, and degrees of freedom.
const JOINT_SIGMA: f64 = 0.15;
const JOINT_FREEDOM: f64 = 5.0;

/// The same for how far a photo departs from the pose common to all.
const DEPARTURE_SIGMA: f64 = 0.05;
const DEPARTURE_FREEDOM: f64 = 4.0;

/// The same for how far the body's axis is from the camera's vertical, which also holds a tilted camera.
const TILT_SIGMA: f64 = 0.06;
const TILT_FREEDOM: f64 = 3.0;

fn spring(x: f64, sigma: f64, freedom: f64) -> (f64, f64, f64) {
    let (cost, trust) = student((x / sigma).powi(2), freedom, 1.0);
    let curvature = trust / (sigma * sigma);
    (cost, curvature * x, curvature)
}

/// The pose common to all photos; its unknowns start at `first`.
pub fn add_common(common: &mut Normal, first: usize, joints: &[DVec3; N_JOINTS]) {
    for (at, x) in joints.iter().flat_map(|joint| joint.to_array()).enumerate() {
        let (cost, slope, curvature) = spring(x, JOINT_SIGMA, JOINT_FREEDOM);
        common.add_scalar(first + at, cost, slope, curvature);
    }
}

/// A photo's departures, which are the first of its own unknowns. Returns their cost.
pub fn add_departures(block: &mut ViewBlock, departures: &[DVec3; N_JOINTS]) -> f64 {
    let mut total = 0.0;
    for (at, x) in departures.iter().flat_map(|joint| joint.to_array()).enumerate() {
        let (cost, slope, curvature) = spring(x, DEPARTURE_SIGMA, DEPARTURE_FREEDOM);
        block.own[(at, at)] += curvature;
        block.gradient[at] += slope;
        total += cost;
    }
    total
}

/// The root's rotation, whose three unknowns start at `first`.
pub fn add_tilt(normal: &mut Normal, first: usize, root: &DMat3) {
    let up = root.z_axis;
    let squared = (up.x * up.x + up.y * up.y) / (TILT_SIGMA * TILT_SIGMA);
    let (cost, trust) = student(squared, TILT_FREEDOM, 2.0);
    normal.cost += cost;
    let mut row = vec![0.0; normal.n];
    // A rotation about `r` moves `up` by `r × up`.
    for (value, by) in [(up.x, DVec3::new(0.0, up.z, -up.y)), (up.y, DVec3::new(-up.z, 0.0, up.x))] {
        row[first..first + 3].copy_from_slice(&by.to_array());
        normal.add_row(&row, value, trust / (TILT_SIGMA * TILT_SIGMA));
    }
}
