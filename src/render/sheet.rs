//! Translucent triangles of a scene: sheets that lie on the floor, and shells around what is only roughly known.
//!
//! Sheets on the floor are drawn over the ground in their order and under everything else; shells hide nothing.

use std::f32::consts::{PI, TAU};

use bevy_math::{Vec2, Vec3};
use bytemuck::{Pod, Zeroable};

use super::scene::Rgba;

/// Corners around an ellipse, a ball or a limb; at 48 a disc of a metre has no edges to be seen.
const N_ROUND: usize = 48;
const N_BALL: (usize, usize) = (14, 8);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SheetCorner {
    pub position: Vec3,
    /// Of length one for a shell, which is fainter where it is seen straight; zero for an even sheet.
    pub normal: Vec3,
    pub color: Rgba,
}

/// One triangle; shells are counter-clockwise seen from outside.
pub type SheetTriangle = [SheetCorner; 3];

/// An ellipse on the floor: where its middle is, and its two half axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloorEllipse {
    pub centre: Vec2,
    pub half_axes: [Vec2; 2],
}

impl FloorEllipse {
    /// Of a covariance in square metres, `scale` standard deviations large; `None` where it is none.
    pub fn of_covariance(centre_m: [f64; 2], [[xx, xy], [_, yy]]: [[f64; 2]; 2], scale: f64) -> Option<Self> {
        let (mean, half_gap) = (0.5 * (xx + yy), (0.25 * (xx - yy) * (xx - yy) + xy * xy).sqrt());
        let (large, small) = (mean + half_gap, mean - half_gap);
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        let along = Vec2::new(angle.cos() as f32, angle.sin() as f32);
        let [a, b] = [large, small].map(|variance| (scale * variance.max(0.0).sqrt()) as f32);
        let centre = Vec2::new(centre_m[0] as f32, centre_m[1] as f32);
        let sound = centre.is_finite() && a.is_finite() && b.is_finite() && along.is_finite();
        sound.then_some(Self { centre, half_axes: [along * a, along.perp() * b] })
    }

    fn at(&self, turn: f32) -> Vec3 {
        let (sin, cos) = turn.sin_cos();
        (self.centre + self.half_axes[0] * cos + self.half_axes[1] * sin).extend(0.0)
    }

    /// The rim, for a line.
    pub fn rim(&self) -> Vec<Vec3> {
        (0..N_ROUND).map(|i| self.at(TAU * i as f32 / N_ROUND as f32)).collect()
    }

    pub fn fill(&self, color: Rgba) -> Vec<SheetTriangle> {
        let rim = self.rim();
        let centre = self.centre.extend(0.0);
        (0..N_ROUND).map(|i| flat([centre, rim[i], rim[(i + 1) % N_ROUND]], color)).collect()
    }
}

/// An even triangle.
pub fn flat(corners: [Vec3; 3], color: Rgba) -> SheetTriangle {
    corners.map(|position| SheetCorner { position, normal: Vec3::ZERO, color })
}

/// An upright rectangle on the floor between two corners.
pub fn rectangle(low: Vec2, high: Vec2, color: Rgba) -> [SheetTriangle; 2] {
    let [a, b, c, d] = [low, Vec2::new(high.x, low.y), high, Vec2::new(low.x, high.y)].map(|corner| corner.extend(0.0));
    [flat([a, b, c], color), flat([a, c, d], color)]
}

/// The inside of a simple polygon on the floor, counter-clockwise; what is not one gives what could be cut off it.
pub fn polygon(corners: &[Vec2], color: Rgba) -> Vec<SheetTriangle> {
    let mut left: Vec<Vec2> = corners.to_vec();
    let mut triangles = Vec::new();
    while left.len() >= 3 {
        let n = left.len();
        let ear = (0..n).find(|&i| {
            let [a, b, c] = [left[(i + n - 1) % n], left[i], left[(i + 1) % n]];
            let inside =
                |p: Vec2| [(a, b), (b, c), (c, a)].into_iter().all(|(from, to)| (to - from).perp_dot(p - from) >= 0.0);
            (b - a).perp_dot(c - b) > 0.0 && !left.iter().any(|p| ![a, b, c].contains(p) && inside(*p))
        });
        // Corners in one line are no ears and cover nothing.
        let at = ear.unwrap_or(0);
        let [a, b, c] = [left[(at + n - 1) % n], left[at], left[(at + 1) % n]];
        if ear.is_some() {
            triangles.push(flat([a, b, c].map(|corner| corner.extend(0.0)), color));
        }
        left.remove(at);
    }
    triangles
}

/// A slice of a disc on the floor, from one direction counter-clockwise to another (radians), its edge fading away.
pub fn fan(centre: Vec2, radius: f32, from: f32, to: f32, color: Rgba) -> Vec<SheetTriangle> {
    let n = (((to - from).abs() / TAU * N_ROUND as f32).ceil() as usize).clamp(1, N_ROUND);
    let at = |i: usize| {
        let angle = from + (to - from) * i as f32 / n as f32;
        (centre + Vec2::from_angle(angle) * radius).extend(0.0)
    };
    let faded = [color[0], color[1], color[2], 0];
    let corner = |position, color| SheetCorner { position, normal: Vec3::ZERO, color };
    let centre = centre.extend(0.0);
    (0..n).map(|i| [corner(centre, color), corner(at(i), faded), corner(at(i + 1), faded)]).collect()
}

/// The shell of a limb: the hull of two balls. A ball is a limb without length.
pub fn limb(a: Vec3, b: Vec3, radius_a: f32, radius_b: f32, color: Rgba) -> Vec<SheetTriangle> {
    let along = (b - a).normalize_or(Vec3::Z);
    let (side, other) = along.any_orthonormal_pair();
    let (n_round, n_rings) = N_BALL;
    let corner = |ring: usize, round: usize| {
        // Rings go from the far pole of `a` to that of `b`; the middle one stands twice, once at each end.
        let (centre, radius, latitude) = if ring <= n_rings / 2 {
            (a, radius_a, -PI / 2.0 + PI * ring as f32 / n_rings as f32)
        } else {
            (b, radius_b, -PI / 2.0 + PI * (ring - 1) as f32 / n_rings as f32)
        };
        let (sin, cos) = (TAU * (round % n_round) as f32 / n_round as f32).sin_cos();
        let normal = (side * cos + other * sin) * latitude.cos() + along * latitude.sin();
        SheetCorner { position: centre + normal * radius, normal, color }
    };
    let mut triangles = Vec::with_capacity(2 * n_round * (n_rings + 1));
    for ring in 0..=n_rings {
        for round in 0..n_round {
            let [a, b, c, d] =
                [corner(ring, round), corner(ring, round + 1), corner(ring + 1, round + 1), corner(ring + 1, round)];
            triangles.extend([[a, b, c], [a, c, d]]);
        }
    }
    triangles
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct SheetVertex {
    position: [f32; 3],
    normal: [f32; 3],
    color: Rgba,
}

/// What is drawn of a list of triangles; those that are no numbers are left out.
pub fn vertices(triangles: &[SheetTriangle]) -> Vec<SheetVertex> {
    let sound = |triangle: &&SheetTriangle| triangle.iter().all(|c| c.position.is_finite() && c.normal.is_finite());
    triangles
        .iter()
        .filter(sound)
        .flatten()
        .map(|corner| SheetVertex {
            position: corner.position.to_array(),
            normal: corner.normal.to_array(),
            color: corner.color,
        })
        .collect()
}
