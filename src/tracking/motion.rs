//! Kalman filter of one person's place on the floor.
//!
//! The velocity is nearly constant: it is pushed by random accelerations and forgets itself slowly. A detector's errors
//! are not new in each frame, since windows of radio data overlap; the part that lasts is a state of its own, so that ten
//! looks at the same data do not count as ten.

use nalgebra::{Matrix2, Matrix6, Matrix6x2, Vector2, Vector6};

use super::TrackerConfig;
use super::config::{MAX_SIGMA_M, MIN_SIGMA_M};
use crate::types::{Detection, Estimate, FloorPoint};

/// Before anything is known of it, a velocity is this uncertain along each axis, m/s: people may be walking.
const FIRST_SPEED_M_PER_S: f64 = 0.8;
/// A speed that is told more closely than this is not believed, m/s: bodies sway.
const MIN_SPEED_SIGMA: f64 = 0.03;
/// Nobody runs faster, m/s.
const MAX_SPEED: f64 = 12.0;
/// A prediction over longer than this says no more than one over this, s.
pub(super) const MAX_STEP_SECS: f64 = 60.0;

/// A detector's word on a place, ready for arithmetic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub position: Vector2<f64>,
    pub covariance: Matrix2<f64>,
    /// Lower triangular; its product with its own transpose is the covariance.
    root: Matrix2<f64>,
}

impl Look {
    /// `None` for what is no place or no covariance.
    pub fn new(point: &FloorPoint, extra_variance_m2: f64) -> Option<Self> {
        if !point.is_sound() || point.sigma_m() > MAX_SIGMA_M {
            return None;
        }
        let [[xx, xy], [_, yy]] = point.covariance_m2;
        let floor = MIN_SIGMA_M * MIN_SIGMA_M + extra_variance_m2.max(0.0);
        let covariance = Matrix2::new(xx + floor, xy, xy, yy + floor);
        let root = covariance.cholesky()?.l();
        Some(Self { position: Vector2::from(point.position_m), covariance, root })
    }
}

/// A detector's word on how somebody moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Velocity {
    velocity: Vector2<f64>,
    covariance: Matrix2<f64>,
}

impl Velocity {
    /// Of somebody who walks where they look, as far as that is known; else in any direction. `None` without a speed.
    pub fn of(detection: &Detection) -> Option<Self> {
        let speed =
            detection.speed_m_per_s.filter(|speed| speed.is_sound() && (0.0..=MAX_SPEED).contains(&speed.value))?;
        let own = Matrix2::identity() * speed.sigma.max(MIN_SPEED_SIGMA).powi(2);
        let Some(heading) = detection.pose.heading_rad.filter(Estimate::is_sound) else {
            // All directions alike: half of the square along each axis.
            let covariance = own + Matrix2::identity() * (0.5 * speed.value * speed.value);
            return Some(Self { velocity: Vector2::zeros(), covariance });
        };
        let (sin, cos) = heading.value.sin_cos();
        let (along, across) = (Vector2::new(cos, sin), Vector2::new(-sin, cos));
        // A direction that is normally spread keeps this much of its length on average; the rest goes to the sides.
        let kept = (-0.5 * heading.sigma * heading.sigma).exp();
        let sideways = across * (speed.value * (1.0 - kept * kept).sqrt());
        Some(Self { velocity: along * (speed.value * kept), covariance: own + sideways * sideways.transpose() })
    }
}

/// How a look differs from what was expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Innovation {
    /// Squared Mahalanobis distance.
    pub distance2: f64,
    /// Natural logarithm of the density of this place, 1/m².
    pub log_density: f64,
}

/// Place (m), velocity (m/s) and the lasting error (in standard deviations of the detector).
#[derive(Clone, Debug)]
pub(super) struct Motion {
    pub state: Vector6<f64>,
    pub covariance: Matrix6<f64>,
}

impl Motion {
    pub fn new(look: &Look, config: &TrackerConfig) -> Self {
        let far = 100.0;
        let speed2 = FIRST_SPEED_M_PER_S * FIRST_SPEED_M_PER_S;
        let prior = Vector6::new(far, far, speed2, speed2, 1.0, 1.0);
        let state = Vector6::new(look.position.x, look.position.y, 0.0, 0.0, 0.0, 0.0);
        let mut motion = Self { state, covariance: Matrix6::from_diagonal(&prior) };
        motion.update(look, config);
        motion
    }

    pub fn position(&self) -> Vector2<f64> {
        self.state.fixed_rows::<2>(0).into_owned()
    }

    pub fn velocity(&self) -> Vector2<f64> {
        self.state.fixed_rows::<2>(2).into_owned()
    }

    pub fn position_covariance(&self) -> Matrix2<f64> {
        self.covariance.fixed_view::<2, 2>(0, 0).into_owned()
    }

    pub fn velocity_covariance(&self) -> Matrix2<f64> {
        self.covariance.fixed_view::<2, 2>(2, 2).into_owned()
    }

    /// Moves on by a time, s; returns the transition, which a smoother needs.
    pub fn predict(&mut self, secs: f64, config: &TrackerConfig) -> Matrix6<f64> {
        let secs = secs.clamp(0.0, MAX_STEP_SECS);
        let (transition, noise) = step(secs, config);
        self.state = transition * self.state;
        self.covariance = transition * self.covariance * transition.transpose() + noise;
        transition
    }

    /// Whoever does not move has no velocity; how they will set off is as unknown as at the first sight of them.
    pub fn stop(&mut self) {
        for axis in 2..4 {
            self.state[axis] = 0.0;
            self.covariance.row_mut(axis).fill(0.0);
            self.covariance.column_mut(axis).fill(0.0);
            self.covariance[(axis, axis)] = FIRST_SPEED_M_PER_S * FIRST_SPEED_M_PER_S;
        }
    }

    /// Takes what a detector says of the velocity. `share`: how much of that is news, 0..=1; what overlapping windows say
    /// again counts for less.
    pub fn update_velocity(&mut self, told: &Velocity, share: f64) {
        let mut observe = Matrix6x2::zeros();
        observe.fixed_view_mut::<2, 2>(2, 0).copy_from(&Matrix2::identity());
        let spread = told.covariance / share.clamp(0.01, 1.0);
        self.correct(&observe, &spread, told.velocity - self.velocity());
    }

    pub fn innovation(&self, look: &Look, config: &TrackerConfig) -> Option<Innovation> {
        let (_, _, spread) = self.observed(look, config);
        let factor = spread.cholesky()?;
        let off = look.position - self.expected(look, config);
        let distance2 = off.dot(&factor.solve(&off));
        let log_determinant = 2.0 * factor.l().diagonal().map(f64::ln).sum();
        let log_density = -0.5 * (distance2 + log_determinant) - std::f64::consts::TAU.ln();
        (distance2.is_finite() && log_density.is_finite()).then_some(Innovation { distance2, log_density })
    }

    pub fn update(&mut self, look: &Look, config: &TrackerConfig) {
        let (observe, fresh, _) = self.observed(look, config);
        self.correct(&observe, &fresh, look.position - self.expected(look, config));
    }

    /// Kalman's correction by two numbers that are off by `off`, with what is new in them spread by `fresh`.
    fn correct(&mut self, observe: &Matrix6x2<f64>, fresh: &Matrix2<f64>, off: Vector2<f64>) {
        let spread = observe.transpose() * self.covariance * observe + fresh;
        let Some(factor) = spread.cholesky() else { return };
        let gain: Matrix6x2<f64> = factor.solve(&(observe.transpose() * self.covariance)).transpose();
        let state = self.state + gain * off;
        // Joseph's form keeps the covariance positive whatever is rounded.
        let keep = Matrix6::identity() - gain * observe.transpose();
        let covariance = keep * self.covariance * keep.transpose() + gain * fresh * gain.transpose();
        if state.iter().chain(covariance.iter()).all(|value| value.is_finite()) {
            self.state = state;
            self.covariance = (covariance + covariance.transpose()) * 0.5;
        }
    }

    fn expected(&self, look: &Look, config: &TrackerConfig) -> Vector2<f64> {
        self.position() + lasting(look, config) * self.state.fixed_rows::<2>(4)
    }

    /// The transposed observation matrix, the covariance of what is new in the look, and that of the whole innovation.
    fn observed(&self, look: &Look, config: &TrackerConfig) -> (Matrix6x2<f64>, Matrix2<f64>, Matrix2<f64>) {
        let mut observe = Matrix6x2::zeros();
        observe.fixed_view_mut::<2, 2>(0, 0).copy_from(&Matrix2::identity());
        observe.fixed_view_mut::<2, 2>(4, 0).copy_from(&lasting(look, config).transpose());
        let fresh = look.covariance * (1.0 - config.error_shared.clamp(0.0, 0.99));
        (observe, fresh, observe.transpose() * self.covariance * observe + fresh)
    }
}

/// Metres of error for each unit of the lasting error.
fn lasting(look: &Look, config: &TrackerConfig) -> Matrix2<f64> {
    look.root * config.error_shared.clamp(0.0, 0.99).sqrt()
}

/// Transition and noise over a time: an Ornstein-Uhlenbeck velocity, its integral, and a first-order error.
pub(super) fn step(secs: f64, config: &TrackerConfig) -> (Matrix6<f64>, Matrix6<f64>) {
    let memory = config.velocity_memory_secs.max(1e-3);
    let density = config.acceleration_m2_per_s3.max(0.0);
    let kept = (-secs / memory).exp();
    let lost = 1.0 - kept;
    let (mut transition, mut noise) = (Matrix6::identity(), Matrix6::zeros());
    // For steps much shorter than the memory, the exact integral below is a small difference of large numbers.
    let place = if secs < 1e-3 * memory {
        density * secs.powi(3) / 3.0
    } else {
        density * memory * memory * (secs - 2.0 * memory * lost + 0.5 * memory * (1.0 - kept * kept))
    };
    let error_kept = (-secs / config.error_memory_secs.max(1e-6)).exp();
    for axis in 0..2 {
        let (place_at, speed_at, error_at) = (axis, axis + 2, axis + 4);
        transition[(place_at, speed_at)] = memory * lost;
        transition[(speed_at, speed_at)] = kept;
        transition[(error_at, error_at)] = error_kept;
        noise[(place_at, place_at)] = place.max(0.0);
        noise[(place_at, speed_at)] = 0.5 * density * memory * memory * lost * lost;
        noise[(speed_at, place_at)] = noise[(place_at, speed_at)];
        noise[(speed_at, speed_at)] = 0.5 * density * memory * (1.0 - kept * kept);
        noise[(error_at, error_at)] = 1.0 - error_kept * error_kept;
    }
    (transition, noise)
}
