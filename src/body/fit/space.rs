//! What points in space and depths add to a look: directions of limbs, and how far away landmarks are.

use bevy_math::DVec3;

use super::evaluate::{Context, Points};
use super::input::{DepthScale, FitView};
use super::normal::Normal;
use super::points::BodyPoint;
use super::robust::student;

/// Standard deviation of the direction between neighbouring world points, per component.
const WORLD_SIGMA: f64 = 0.3;

/// How far joints lie under the skin that a depth map sees, metres.
const SKIN_DEPTH_SIGMA_M: f64 = 0.04;

/// Neighbours whose direction world points give.
const LIMBS: [(BodyPoint, BodyPoint); 10] = [
    (BodyPoint::LeftShoulder, BodyPoint::LeftElbow),
    (BodyPoint::LeftElbow, BodyPoint::LeftWrist),
    (BodyPoint::RightShoulder, BodyPoint::RightElbow),
    (BodyPoint::RightElbow, BodyPoint::RightWrist),
    (BodyPoint::LeftHip, BodyPoint::LeftKnee),
    (BodyPoint::LeftKnee, BodyPoint::LeftAnkle),
    (BodyPoint::RightHip, BodyPoint::RightKnee),
    (BodyPoint::RightKnee, BodyPoint::RightAnkle),
    (BodyPoint::RightHip, BodyPoint::LeftHip),
    (BodyPoint::RightShoulder, BodyPoint::LeftShoulder),
];

impl Context<'_> {
    pub(super) fn add_world(&self, seen: &FitView, points: &Points, normal: &mut Normal) {
        let find = |point| seen.world.iter().find(|w| w.point == point).map(|w| DVec3::from(w.position_m));
        let mut row = vec![0.0; normal.n];
        let weight = 1.0 / (WORLD_SIGMA * WORLD_SIGMA);
        for (from, to) in LIMBS {
            let (Some(a), Some(b)) = (find(from), find(to)) else { continue };
            let Some(observed) = (b - a).try_normalize() else { continue };
            let limb = points.positions[to as usize] - points.positions[from as usize];
            let length = limb.length();
            if length < 1e-3 {
                continue;
            }
            let direction = limb / length;
            let residual = direction - observed;
            let (cost, trust) = student(residual.length_squared() * weight, 4.0, 3.0);
            normal.cost += cost;
            for (axis, value) in residual.to_array().into_iter().enumerate() {
                // The derivative of a unit vector: what of the motion lies across it.
                let across = (DVec3::AXES[axis] - direction * direction[axis]) / length;
                points.fill(&mut row, to as usize, across);
                let ends = row.clone();
                points.fill(&mut row, from as usize, across);
                for (r, end) in row.iter_mut().zip(ends) {
                    *r = end - *r;
                }
                normal.add_row(&row, value, weight * trust);
            }
        }
    }

    pub(super) fn add_depth(&self, seen: &FitView, points: &Points, normal: &mut Normal) {
        let Some(depth) = &seen.depth else { return };
        let usable: Vec<_> = depth
            .samples
            .iter()
            .filter(|s| s.value.is_finite() && points.positions[s.point as usize].y > 0.2)
            .collect();
        let (scale, shift) = match depth.scale {
            DepthScale::Metric => (1.0, 0.0),
            DepthScale::AffineInverse => {
                // Scale and shift that make the network's inverse depths the body's: a line through the samples.
                let pairs = usable.iter().map(|s| (s.value, 1.0 / points.positions[s.point as usize].y));
                match line(pairs) {
                    Some(line) if usable.len() >= 4 => line,
                    _ => return,
                }
            }
        };
        let mut rows = Vec::with_capacity(usable.len());
        for sample in &usable {
            let y = points.positions[sample.point as usize].y;
            let (residual, by_y, skin) = match depth.scale {
                DepthScale::Metric => (y - sample.value, 1.0, SKIN_DEPTH_SIGMA_M),
                DepthScale::AffineInverse => {
                    (1.0 / y - (scale * sample.value + shift), -1.0 / (y * y), SKIN_DEPTH_SIGMA_M / (y * y))
                }
            };
            let weight = 1.0 / ((scale * sample.sigma).powi(2) + skin * skin).max(1e-12);
            let (cost, trust) = student(residual * residual * weight, 4.0, 1.0);
            normal.cost += cost;
            let mut row = vec![0.0; normal.n];
            points.fill(&mut row, sample.point as usize, DVec3::Y * by_y);
            rows.push((row, residual, weight * trust));
        }
        if depth.scale == DepthScale::AffineInverse {
            // The line follows the body as it moves: what of a motion it takes along costs nothing.
            for at in 0..normal.n {
                let pairs = usable.iter().zip(&rows).map(|(sample, row)| (sample.value, row.0[at]));
                let Some((slope, offset)) = line(pairs) else { continue };
                for (sample, row) in usable.iter().zip(&mut rows) {
                    row.0[at] -= slope * sample.value + offset;
                }
            }
        }
        for (row, residual, weight) in rows {
            normal.add_row(&row, residual, weight);
        }
    }
}

/// Scale and shift of the line that is nearest in the second coordinate.
fn line(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<(f64, f64)> {
    let n = pairs.clone().count() as f64;
    let (mx, my) = pairs.clone().fold((0.0, 0.0), |(x, y), p| (x + p.0 / n, y + p.1 / n));
    let (xx, xy) = pairs.fold((0.0, 0.0), |(xx, xy), p| (xx + (p.0 - mx).powi(2), xy + (p.0 - mx) * (p.1 - my)));
    (xx > 1e-12).then(|| (xy / xx, my - xy / xx * mx))
}
