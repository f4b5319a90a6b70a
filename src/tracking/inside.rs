//! The probability that an uncertain place lies inside a zone.

use std::f64::consts::TAU;

use nalgebra::{Matrix2, Vector2};

use crate::types::{FloorPoint, Outline};

/// Beyond this many standard deviations a normal distribution is nothing: exp(-8²/2) = 1e-14.
const FAR: f64 = 8.0;
/// Pieces of a side are integrated over no more than this many standard deviations at once.
const PIECE: f64 = 1.0;
/// Places and weights of Gauss and Legendre's rule with five points, on -1..1 (Abramowitz and Stegun, table 25.4).
const NODES: [(f64, f64); 5] = [
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
];

/// 0..=1; 0 for a place that is none.
///
/// Green's theorem turns the integral of the density over the zone into one along its sides: with the place as origin and
/// lengths in standard deviations, a side at distance h adds `h (1 - exp(-r²/2)) / (2π r²)` for each unit of its length.
pub fn probability_inside(outline: &Outline, place: &FloorPoint) -> f64 {
    if !place.is_sound() {
        return 0.0;
    }
    let [[xx, xy], [_, yy]] = place.covariance_m2;
    let Some(factor) = Matrix2::new(xx, xy, xy, yy).cholesky() else { return 0.0 };
    let root = factor.l();
    let middle = Vector2::from(place.position_m);
    let standard = |corner: &[f64; 2]| root.solve_lower_triangular(&(Vector2::from(*corner) - middle));
    let corners: Option<Vec<Vector2<f64>>> = outline.corners_m().iter().map(standard).collect();
    let Some(corners) = corners else { return 0.0 };
    let sides = corners.iter().enumerate().map(|(n, from)| along(*from, corners[(n + 1) % corners.len()]));
    let probability: f64 = sides.sum();
    if probability.is_finite() { probability.clamp(0.0, 1.0) } else { 0.0 }
}

/// What one side adds.
fn along(from: Vector2<f64>, to: Vector2<f64>) -> f64 {
    let way = to - from;
    let length = way.norm();
    if length < 1e-12 {
        return 0.0;
    }
    let along = way / length;
    // From the foot of the perpendicular: the side runs from `start` to `end` at a signed distance.
    let distance = from.x * along.y - from.y * along.x;
    let (start, end) = (from.dot(&along), to.dot(&along));
    // Far out only the angle counts, since the density is used up there.
    let near = (FAR * FAR - distance * distance).max(0.0).sqrt();
    let (near_start, near_end) = (start.max(-near).min(end.max(-near)), end.min(near).max(start.min(near)));
    // Both ends lie on one side of the foot, or the foot is far away: no division by nothing, no jump of the angle.
    let angle = |from: f64, to: f64| if to > from { (to / distance).atan() - (from / distance).atan() } else { 0.0 };
    if near_end <= near_start {
        return angle(start, end) / TAU;
    }
    let far = angle(start, near_start) + angle(near_end, end);
    let n_pieces = ((near_end - near_start) / PIECE).ceil().max(1.0);
    let half = 0.5 * (near_end - near_start) / n_pieces;
    let mut sum = 0.0;
    for piece in 0..n_pieces as usize {
        let middle = near_start + (2.0 * piece as f64 + 1.0) * half;
        for (node, weight) in NODES {
            let at = middle + half * node;
            sum += weight * half * share(distance * distance + at * at);
        }
    }
    (far + distance * sum) / TAU
}

/// `(1 - exp(-r²/2)) / r²` of the squared radius, which is 1/2 at the centre.
fn share(radius2: f64) -> f64 {
    if radius2 < 1e-8 { 0.5 - radius2 / 8.0 } else { -(-0.5 * radius2).exp_m1() / radius2 }
}
