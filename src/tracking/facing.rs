//! Where one person faces: from the way they walk, and from what a detector says of it.

use std::f64::consts::{PI, TAU};

use nalgebra::{Matrix2, Vector2};

use crate::types::Estimate;

/// People turn by about a quarter turn every five seconds indoors: (π/2)² / 5 s, rounded. rad²/s.
const TURN_RAD2_PER_S: f64 = 0.5;
/// A walk is looked at over this time, s: about two steps.
pub(super) const WALK_SECS: f64 = 1.5;
/// A shorter way says nothing of the body's front, m.
const MIN_WAY_M: f64 = 0.5;
/// ... nor one of fewer standard deviations.
const MIN_WAY_SIGMAS: f64 = 2.0;
/// Walkers look and turn a little off their way, rad.
const OFF_WAY_RAD: f64 = 0.2;
/// A heading less sure than 60 degrees is no heading.
const MAX_SIGMA_RAD: f64 = PI / 3.0;
/// ... and no heading is surer than a degree.
const MIN_SIGMA_RAD: f64 = PI / 180.0;
/// Readings farther off than this many standard deviations are believed less, not more.
const MAX_SIGMAS: f64 = 3.0;

/// An angle with its variance; `None` before anything is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Facing(Option<(f64, f64)>);

impl Facing {
    pub fn predict(&mut self, secs: f64) {
        if let Some((_, variance)) = &mut self.0 {
            *variance = (*variance + TURN_RAD2_PER_S * secs).min(TAU * TAU);
        }
    }

    /// `share`: how much of the reading is news.
    pub fn read(&mut self, heading: Estimate, share: f64) {
        if !heading.is_sound() || heading.sigma > TAU || share <= 0.0 {
            return;
        }
        let value = wrap(heading.value);
        let variance = heading.sigma.max(MIN_SIGMA_RAD).powi(2) / share.clamp(0.01, 1.0);
        let Some((angle, spread)) = &mut self.0 else {
            self.0 = Some((value, variance));
            return;
        };
        let off = wrap(value - *angle);
        // Student's weights, in short: what lies far off comes with a larger variance of its own.
        let strain = (off * off / (*spread + variance) / (MAX_SIGMAS * MAX_SIGMAS)).max(1.0);
        let gain = *spread / (*spread + variance * strain);
        *angle = wrap(*angle + gain * off);
        *spread *= 1.0 - gain;
    }

    /// Takes the direction of a walk: the way that somebody went of late, with the sum of the covariances of its ends.
    ///
    /// It rests on much of what it rested on a moment ago, so it is not averaged with what is held: the surer one counts.
    pub fn walk(&mut self, way: Vector2<f64>, covariance: &Matrix2<f64>) {
        let length = way.norm();
        if length < MIN_WAY_M {
            return;
        }
        let along = way / length;
        let across = Vector2::new(-along.y, along.x);
        let variance_along = along.dot(&(covariance * along)).max(0.0);
        let variance_across = across.dot(&(covariance * across)).max(0.0);
        if length < MIN_WAY_SIGMAS * variance_along.sqrt() {
            return;
        }
        let variance = variance_across / (length * length) + OFF_WAY_RAD * OFF_WAY_RAD;
        if self.0.is_none_or(|(_, held)| variance < held) {
            self.0 = Some((way.y.atan2(way.x), variance));
        }
    }

    pub fn estimate(&self) -> Option<Estimate> {
        let (angle, variance) = self.0?;
        let sigma = variance.sqrt();
        (sigma <= MAX_SIGMA_RAD).then_some(Estimate::new(angle, sigma))
    }
}

/// The same angle in -π..=π.
pub(super) fn wrap(angle: f64) -> f64 {
    let turned = (angle + PI).rem_euclid(TAU) - PI;
    if turned.is_finite() { turned } else { 0.0 }
}
