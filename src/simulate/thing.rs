//! What moves and is nobody: fans, and spheres on rails.

use std::f32::consts::TAU;

use bevy_math::{Vec2, Vec3};

use super::ThingSpec;
use super::scatter::Scatterer;

/// The points of a thing at a time, appended to `points`.
pub(super) fn points(thing: &ThingSpec, secs: f64, points: &mut Vec<Scatterer>) {
    let strength = |area: f32| (area / (4.0 * std::f32::consts::PI)).sqrt();
    match *thing {
        ThingSpec::Fan { at, axis_heading_rad, radius_m, n_blades, turns_per_sec, cross_section_m2 } => {
            let across = Vec2::from_angle(axis_heading_rad).perp().extend(0.0);
            let turned = (secs * f64::from(turns_per_sec)).fract() as f32;
            // The cross-section is shared by two points on each blade.
            let n_points = 2 * u16::from(n_blades.max(1));
            let amplitude = strength(cross_section_m2 / f32::from(n_points));
            for blade in 0..n_blades {
                let angle = TAU * (turned + f32::from(blade) / f32::from(n_blades.max(1)));
                let outward = across * angle.cos() + Vec3::Z * angle.sin();
                for share in [0.55, 1.0] {
                    let at = Vec3::from(at) + outward * (radius_m * share);
                    points.push(Scatterer { at, normal: Vec3::ZERO, amplitude });
                }
            }
        }
        ThingSpec::Sphere { from, to, speed_m_per_s, cross_section_m2 } => {
            let (from, to) = (Vec3::from(from), Vec3::from(to));
            let length = f64::from(from.distance(to));
            let gone = secs.max(0.0) * f64::from(speed_m_per_s);
            // To and fro: a triangle wave of the way gone.
            let share = if length > 0.0 { 1.0 - ((gone / length).rem_euclid(2.0) - 1.0).abs() } else { 0.0 };
            let at = from.lerp(to, share as f32);
            points.push(Scatterer { at, normal: Vec3::ZERO, amplitude: strength(cross_section_m2) });
        }
    }
}
