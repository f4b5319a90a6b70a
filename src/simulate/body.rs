//! The simulated person: where each part of a walking body is at any time.
//!
//! A closed smooth path is walked at changing speed with pauses; arms and legs swing with the distance walked. All is
//! a function of the spec and the time, so that the truth can be asked for long after the frames were made.

use std::f64::consts::TAU;

use bevy_math::{Vec2, Vec3};

use super::SimulatorSpec;
use super::dice::{Dice, Purpose};
use crate::types::Timestamp;

/// Head, chest, pelvis; left elbow, hand; right elbow, hand; left knee, foot; right knee, foot.
pub const N_SCATTERERS: usize = 11;

/// Pairs of scatterers to draw as limbs.
pub const BONES: [(usize, usize); 10] =
    [(0, 1), (1, 2), (1, 3), (3, 4), (1, 5), (5, 6), (2, 7), (7, 8), (2, 9), (9, 10)];

/// Amplitude that each scatterer reflects, relative to the chest. Rough shares of the body's cross-section.
pub(super) const REFLECTIVITY: [f32; N_SCATTERERS] = [0.5, 1.0, 0.9, 0.3, 0.25, 0.3, 0.25, 0.4, 0.3, 0.4, 0.3];

/// The chest stands for head, chest and pelvis where these need not be told apart.
pub(super) const TRUNK: usize = 1;
/// The root of their summed powers.
pub(super) const TRUNK_REFLECTIVITY: f32 = 1.43;

/// The path keeps this far from the walls, so that swinging hands stay in the room.
const WALL_MARGIN_M: f32 = 0.65;
/// Points of the table from distance to path angle; about 5 mm apart.
const N_PATH_POINTS: usize = 2_048;
/// Seconds over which the walking speed changes.
const BLEND_SECS: f64 = 1.2;
/// Two steps of an adult at a relaxed pace.
const STRIDE_M: f64 = 1.3;
/// A quarter of a hertz, 15 breaths a minute: an adult at rest.
const BREATHING_HZ: f64 = 0.25;
/// The chest's way forward and back with a breath.
const BREATHING_M: f32 = 0.005;

/// The path, the speed schedule and the figure that walks.
#[derive(Clone, Debug)]
pub struct Body {
    start: Timestamp,
    centre: Vec2,
    radius: Vec2,
    /// Phases of the second harmonic, which makes the path no ellipse.
    harmonic: [f32; 2],
    /// Distance along the path at each of the evenly spaced angles; the last is the path's length.
    distance_at: Vec<f32>,
    stretches: Vec<Stretch>,
    cycle_secs: f64,
    cycle_m: f64,
}

/// A part of the schedule: blends from the speed before to its own, then keeps it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    start_secs: f64,
    start_m: f64,
    speed_before: f64,
    speed: f64,
}

impl Stretch {
    /// Distance walked and speed, `secs` after the stretch began.
    fn walked(&self, secs: f64) -> (f64, f64) {
        let change = self.speed - self.speed_before;
        let x = (secs / BLEND_SECS).min(1.0);
        // The integral of the smooth step 3x² - 2x³ is x³ - x⁴/2.
        let blending = BLEND_SECS * (self.speed_before * x + change * (x.powi(3) - x.powi(4) / 2.0));
        let speed = self.speed_before + change * x * x * (3.0 - 2.0 * x);
        (self.start_m + blending + self.speed * (secs - BLEND_SECS).max(0.0), speed)
    }
}

impl Body {
    pub fn new(spec: &SimulatorSpec) -> Self {
        let spec = spec.clamped();
        let mut dice = Dice::new(spec.seed, Purpose::Path, 0, 0);
        let centre = Vec2::new(spec.room.width_m, spec.room.depth_m) / 2.0;
        // The harmonic adds at most an eighth to the radius.
        let radius = (centre - Vec2::splat(WALL_MARGIN_M)) / 1.125;
        let harmonic = std::array::from_fn(|_| dice.unit() * TAU as f32);
        let mut body = Self {
            start: spec.start.unwrap_or(Timestamp::ZERO),
            centre,
            radius,
            harmonic,
            distance_at: vec![0.0],
            stretches: Vec::new(),
            cycle_secs: 0.0,
            cycle_m: 0.0,
        };
        let mut length = 0.0;
        for i in 0..N_PATH_POINTS {
            length += body.path(angle(i as f32)).0.distance(body.path(angle(i as f32 + 1.0)).0);
            body.distance_at.push(length);
        }
        body.plan_walk(&mut dice);
        body
    }

    /// About three minutes of walking and standing, then again from the beginning without a jump.
    fn plan_walk(&mut self, dice: &mut Dice) {
        let plan: Vec<(f64, f64)> = (0..24)
            .map(|i| {
                let pauses = i % 4 == 3;
                let speed = if pauses { 0.0 } else { dice.between(0.3, 1.4) };
                let secs = if pauses { dice.between(3.0, 6.0) } else { dice.between(4.0, 11.0) };
                (f64::from(secs), f64::from(speed))
            })
            .collect();
        let mut speed_before = plan.last().map_or(0.0, |last| last.1);
        for (secs, speed) in plan {
            let stretch = Stretch { start_secs: self.cycle_secs, start_m: self.cycle_m, speed_before, speed };
            self.cycle_m = stretch.walked(secs).0;
            self.cycle_secs += secs;
            self.stretches.push(stretch);
            speed_before = speed;
        }
    }

    /// Where the scatterers are at a host time, metres in room coordinates, in the order of [`N_SCATTERERS`].
    pub fn scatterers(&self, time: Timestamp) -> [Vec3; N_SCATTERERS] {
        self.scatterers_at(time.secs_since(self.start))
    }

    pub(super) fn scatterers_at(&self, secs: f64) -> [Vec3; N_SCATTERERS] {
        let (distance_m, speed) = self.walked(secs);
        let (ground, heading) = self.path(self.angle_at(distance_m));
        let gait = (distance_m / STRIDE_M).fract() * TAU;
        let vigour = (speed as f32 / 0.9).min(1.0);
        let breath = BREATHING_M * ((secs * BREATHING_HZ).fract() * TAU).sin() as f32;
        let sway = 0.004 * ((secs * 0.31).fract() * TAU).sin() as f32;
        figure(ground, heading, gait as f32, vigour, breath, sway)
    }

    /// Distance walked since the start, metres, and present speed.
    fn walked(&self, secs: f64) -> (f64, f64) {
        let n_cycles = (secs / self.cycle_secs).floor();
        let in_cycle = secs - n_cycles * self.cycle_secs;
        let at = self.stretches.partition_point(|stretch| stretch.start_secs <= in_cycle).max(1) - 1;
        let stretch = &self.stretches[at];
        let (metres, speed) = stretch.walked(in_cycle - stretch.start_secs);
        (n_cycles * self.cycle_m + metres, speed)
    }

    /// The path's angle after walking a distance.
    fn angle_at(&self, distance_m: f64) -> f32 {
        let length = self.distance_at[N_PATH_POINTS];
        let along = distance_m.rem_euclid(f64::from(length)) as f32;
        let at = self.distance_at.partition_point(|&d| d <= along).clamp(1, N_PATH_POINTS) - 1;
        let (before, after) = (self.distance_at[at], self.distance_at[at + 1]);
        angle(at as f32 + (along - before) / (after - before).max(f32::MIN_POSITIVE))
    }

    /// Point and direction of the path at an angle.
    fn path(&self, angle: f32) -> (Vec2, Vec2) {
        let [hx, hy] = self.harmonic;
        let point =
            Vec2::new(angle.cos() + 0.125 * (2.0 * angle + hx).cos(), angle.sin() + 0.125 * (2.0 * angle + hy).sin());
        let direction =
            Vec2::new(-angle.sin() - 0.25 * (2.0 * angle + hx).sin(), angle.cos() + 0.25 * (2.0 * angle + hy).cos());
        (self.centre + self.radius * point, (self.radius * direction).normalize_or(Vec2::X))
    }
}

/// The angle of a place in the path table.
fn angle(place: f32) -> f32 {
    place * (TAU as f32 / N_PATH_POINTS as f32)
}

/// An adult of 1.75 m who stands on `ground`; `vigour` 0 stands with hanging arms, 1 walks briskly.
fn figure(ground: Vec2, heading: Vec2, gait: f32, vigour: f32, breath: f32, sway: f32) -> [Vec3; N_SCATTERERS] {
    let forward = heading.extend(0.0);
    let left = Vec3::new(-heading.y, heading.x, 0.0);
    let at = |ahead: f32, aside: f32, height: f32| ground.extend(height) + forward * ahead + left * (aside + sway);
    let bob = 0.02 * vigour * (2.0 * gait).cos();

    let arm = |side: f32| {
        let swing = -0.45 * vigour * gait.sin() * side;
        let bend = swing + 0.25 + 0.2 * vigour;
        let elbow = (0.30 * swing.sin(), 1.42 - 0.30 * swing.cos());
        let hand = (elbow.0 + 0.30 * bend.sin(), elbow.1 - 0.30 * bend.cos());
        [at(elbow.0, 0.24 * side, elbow.1 + bob), at(hand.0, 0.26 * side, hand.1 + bob)]
    };
    let leg = |side: f32| {
        let swing = 0.45 * vigour * gait.sin() * side;
        // The knee bends while the leg swings forward.
        let bend = 0.8 * vigour * (gait.cos() * side).max(0.0);
        let knee = (0.44 * swing.sin(), 0.94 - 0.44 * swing.cos());
        let foot = (knee.0 + 0.44 * (swing - bend).sin(), knee.1 - 0.44 * (swing - bend).cos());
        [at(knee.0, 0.10 * side, knee.1 + bob), at(foot.0, 0.10 * side, (foot.1 + bob).max(0.03))]
    };
    let ([l_elbow, l_hand], [r_elbow, r_hand]) = (arm(1.0), arm(-1.0));
    let ([l_knee, l_foot], [r_knee, r_foot]) = (leg(1.0), leg(-1.0));
    let head = at(0.02, 0.0, 1.65 + bob);
    let chest = at(0.05 + breath, 0.0, 1.30 + bob);
    let pelvis = at(0.0, 0.0, 0.96 + bob);
    [head, chest, pelvis, l_elbow, l_hand, r_elbow, r_hand, l_knee, l_foot, r_knee, r_foot]
}
