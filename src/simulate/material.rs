//! What walls are made of, and how much of a wave they let through and throw back.
//!
//! Permittivity and conductivity are those of Recommendation ITU-R P.2040-2, table 3; a wall is a single slab after its
//! section 2.2.2.2, so that loss and reflection come from the thickness and the angle and are not chosen freely.

use bevy_math::Vec3;
use serde::{Deserialize, Serialize};

use crate::types::Complex32;

/// A wall's material with its usual thickness in homes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// 20 cm.
    Concrete,
    /// 11.5 cm.
    #[default]
    Brick,
    /// 2.5 cm: two boards on a frame.
    Plasterboard,
    /// 4 cm: doors, cupboards.
    Wood,
    /// 6 mm.
    Glass,
    /// 1 mm sheet: a lift, a fire door, foil behind insulation.
    Metal,
}

/// Which way the field points at a surface: across the plane of incidence, or in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Polarisation {
    Across,
    Within,
}

impl Material {
    pub const ALL: [Self; 6] = [Self::Concrete, Self::Brick, Self::Plasterboard, Self::Wood, Self::Glass, Self::Metal];

    /// The table's a, c and d (its b is zero for all of these): permittivity a, conductivity c f^d with f in GHz.
    fn constants(self) -> (f64, f64, f64) {
        match self {
            Self::Concrete => (5.24, 0.0462, 0.7822),
            Self::Brick => (3.91, 0.0238, 0.16),
            Self::Plasterboard => (2.73, 0.0085, 0.9395),
            Self::Wood => (1.99, 0.0047, 1.0718),
            Self::Glass => (6.31, 0.0036, 1.3394),
            Self::Metal => (1.0, 1e7, 0.0),
        }
    }

    pub fn thickness_m(self) -> f64 {
        match self {
            Self::Concrete => 0.2,
            Self::Brick => 0.115,
            Self::Plasterboard => 0.025,
            Self::Wood => 0.04,
            Self::Glass => 0.006,
            Self::Metal => 0.001,
        }
    }

    /// Loss of one crossing at right angles, dB.
    pub fn loss_db(self, frequency_hz: f64) -> f32 {
        -20.0 * self.slab(frequency_hz, 1.0, Polarisation::Across).1.norm().max(1e-9).log10()
    }

    /// Reflected and passed share of the amplitude; `cos_incidence` 1 is at right angles to the wall.
    pub(super) fn slab(self, frequency_hz: f64, cos_incidence: f32, field: Polarisation) -> (Complex32, Complex32) {
        use num_complex::Complex64;
        let (a, c, d) = self.constants();
        let ghz = frequency_hz / 1e9;
        let permittivity = Complex64::new(a, -17.98 * c * ghz.powf(d) / ghz);
        let cos = f64::from(cos_incidence).clamp(0.02, 1.0);
        let root = (permittivity - (1.0 - cos * cos)).sqrt();
        let edge = match field {
            Polarisation::Across => (cos - root) / (cos + root),
            Polarisation::Within => (permittivity * cos - root) / (permittivity * cos + root),
        };
        let wavelength = 299_792_458.0 / frequency_hz;
        let q = std::f64::consts::TAU * self.thickness_m() / wavelength * root;
        let minus_j = Complex64::new(0.0, -1.0);
        let once = (minus_j * q).exp();
        let twice = once * once;
        let below = 1.0 - edge * edge * twice;
        let reflected = edge * (1.0 - twice) / below;
        let passed = (1.0 - edge * edge) * once / below;
        let narrow = |value: Complex64| Complex32::new(value.re as f32, value.im as f32);
        (narrow(reflected), narrow(passed))
    }
}

/// An inner wall over the whole height of the room, between two points on the floor; a doorway is a gap between walls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wall {
    pub from: [f32; 2],
    pub to: [f32; 2],
    pub material: Material,
}

/// A wall prepared for one carrier.
#[derive(Clone, Copy, Debug)]
pub(super) struct Partition {
    from: bevy_math::Vec2,
    along: bevy_math::Vec2,
    length: f32,
    /// Amplitude that passes at right angles.
    passed: f32,
    material: Material,
}

/// A wave bends around a wall's edge over about this way.
const EDGE_M: f32 = 0.12;

impl Partition {
    pub(super) fn new(wall: &Wall, frequency_hz: f64) -> Option<Self> {
        let (from, to) = (bevy_math::Vec2::from(wall.from), bevy_math::Vec2::from(wall.to));
        let length = from.distance(to);
        if !(length.is_finite() && length > 0.05) {
            return None;
        }
        let passed = wall.material.slab(frequency_hz, 1.0, Polarisation::Across).1.norm();
        Some(Self { from, along: (to - from) / length, length, passed, material: wall.material })
    }

    /// Share of the amplitude that gets from `a` to `b`; 1 where the wall does not stand between.
    pub(super) fn share(&self, a: Vec3, b: Vec3) -> f32 {
        let normal = self.along.perp();
        let (from_a, from_b) = (a.truncate() - self.from, b.truncate() - self.from);
        let (side_a, side_b) = (from_a.dot(normal), from_b.dot(normal));
        if side_a * side_b >= 0.0 {
            return 1.0;
        }
        let crossing = from_a.lerp(from_b, side_a / (side_a - side_b)).dot(self.along);
        // How far inside the wall's ends the crossing lies.
        let inside = crossing.min(self.length - crossing);
        let covered = (inside / EDGE_M * 0.5 + 0.5).clamp(0.0, 1.0);
        1.0 - (1.0 - self.passed) * covered * covered * (3.0 - 2.0 * covered)
    }

    /// Where a node appears to be in the wall, and the amplitude of that reflection towards another node; `None` where
    /// the wall does not reflect between them.
    pub(super) fn reflection(&self, a: Vec3, b: Vec3, frequency_hz: f64) -> Option<(Vec3, Complex32)> {
        let normal = self.along.perp();
        let side = |point: Vec3| (point.truncate() - self.from).dot(normal);
        let (side_a, side_b) = (side(a), side(b));
        if side_a * side_b <= 0.0 {
            return None;
        }
        let image = a - (normal * (2.0 * side_a)).extend(0.0);
        let crossing = (image.truncate() - self.from).lerp(b.truncate() - self.from, side_a / (side_a + side_b));
        let place = crossing.dot(self.along);
        if place < 0.0 || place > self.length {
            return None;
        }
        let cos = (side_a + side_b).abs() / image.distance(b).max(1e-3);
        Some((image, self.material.slab(frequency_hz, cos, Polarisation::Across).0))
    }
}
