//! A detector with the faults of one that looks at radio: errors that last, misses in runs, ghosts, people who merge.
//!
//! Sizes follow `spec/pose.md` where it has them. How errors share out over time, how long ghosts live and how well bodies
//! can be told apart nobody has measured: those are assumptions, and are marked as such.

use nalgebra::Vector2;

use super::dice::{Dice, Purpose};
use super::walk::Walker;
use crate::types::{BodyFeatures, Detection, Estimate, FloorPoint};

/// What a number of links brings. Metres and shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorSpec {
    /// Of the root along each axis. The median distance is 1.177 times this.
    pub root_sigma_m: f64,
    /// Share of frames in which a walker is not detected.
    pub missed: f64,
    /// Ghosts that appear in a second.
    pub ghosts_per_sec: f64,
    /// Of a walker's heading, rad.
    pub heading_sigma_rad: f64,
    /// Of stature and stride frequency, in a window that shares no data with another (assumed).
    pub height_sigma_m: f64,
    pub stride_sigma_hz: f64,
}

impl DetectorSpec {
    /// For 2, 4 or 8 links (others: the nearest of these): root and heading as `spec/pose.md` section 9 aims at in unseen
    /// rooms (medians 0.40, 0.25, 0.18 m, which is what tracking is to improve on).
    pub fn of_links(n_links: usize) -> Self {
        match n_links {
            0..=2 => Self {
                root_sigma_m: 0.340,
                missed: 0.20,
                ghosts_per_sec: 0.12,
                heading_sigma_rad: 0.61,
                height_sigma_m: 0.10,
                stride_sigma_hz: 0.10,
            },
            3..=5 => Self {
                root_sigma_m: 0.212,
                missed: 0.12,
                ghosts_per_sec: 0.07,
                heading_sigma_rad: 0.35,
                height_sigma_m: 0.08,
                stride_sigma_hz: 0.07,
            },
            _ => Self {
                root_sigma_m: 0.153,
                missed: 0.05,
                ghosts_per_sec: 0.04,
                heading_sigma_rad: 0.21,
                height_sigma_m: 0.06,
                stride_sigma_hz: 0.05,
            },
        }
    }
}

/// People nearer than this make one detection, mostly (task's figure; the network is trained on one person).
const MERGE_M: f64 = 0.5;
const MERGED: f64 = 0.9;
/// Shares of the error's variance: of a place in the room, of a window's data, and of each frame (assumed); and how long
/// the first two last, s. The windows are 1.28 s long.
const ERROR_SHARES: [f64; 3] = [0.2, 0.55, 0.25];
const ERROR_SECS: [f64; 2] = [6.0, 0.64];
/// The spread of sizes of errors, natural logarithm: the surest third is half as far off as the least sure one
/// (`spec/pose.md` section 6).
const SIZE_SPREAD: f64 = 0.35;
/// Runs of misses last this long, s (assumed); who stands is missed twice as often.
const MISS_RUN_SECS: f64 = 0.4;
/// A ghost lives this long on average, s (assumed).
const GHOST_SECS: f64 = 0.6;
/// Slower than this somebody stands, m/s.
const STANDING_M_PER_S: f64 = 0.2;
/// A window's features repeat in the next ones for this long, s.
const WINDOW_SECS: f64 = 1.28;

/// Errors of one person that go on from frame to frame, in standard deviations.
#[derive(Clone, Copy, Default)]
struct Errors {
    lasting: [Vector2<f64>; 2],
    features: [f64; 2],
    missing: bool,
}

pub(super) struct Detector {
    spec: DetectorSpec,
    dice: Dice,
    ghost_dice: Dice,
    errors: Vec<Errors>,
    ghosts: Vec<(Vector2<f64>, f64)>,
    room: [f64; 2],
    /// How far the detector is wrong about the sizes of its own errors.
    honesty: f64,
}

/// A detection and whose it is: nobody's, one person's, or two people's.
pub(super) struct Sighting {
    pub detection: Detection,
    pub people: Vec<usize>,
}

impl Detector {
    pub fn new(seed: u64, spec: DetectorSpec, n_people: usize, room: [f64; 2]) -> Self {
        let mut dice = Dice::new(seed, Purpose::Detector, 0);
        let honesty = (0.15 * dice.normal()).exp();
        let mut errors = vec![Errors::default(); n_people];
        for one in &mut errors {
            one.lasting = [normal2(&mut dice), normal2(&mut dice)];
            one.features = [dice.normal(), dice.normal()];
        }
        Self { spec, dice, ghost_dice: Dice::new(seed, Purpose::Ghosts, 0), errors, ghosts: Vec::new(), room, honesty }
    }

    /// What is detected now, `secs` after the last time; in no order that tells anything.
    pub fn look(&mut self, walkers: &[Walker], secs: f64) -> Vec<Sighting> {
        let mut seen = Vec::new();
        let mut merged = vec![false; walkers.len()];
        for (n, walker) in walkers.iter().enumerate() {
            self.go_on(n, walker, secs);
        }
        for n in 0..walkers.len() {
            if merged[n] || !walkers[n].is_present() {
                continue;
            }
            let mut people = vec![n];
            for other in n + 1..walkers.len() {
                let near = (walkers[n].place - walkers[other].place).norm() < MERGE_M;
                if walkers[other].is_present() && !merged[other] && near && self.dice.chance(MERGED) {
                    merged[other] = true;
                    people.push(other);
                }
            }
            if people.iter().all(|&person| self.errors[person].missing) {
                continue;
            }
            seen.push(self.sight(walkers, people));
        }
        seen.extend(self.haunt(secs));
        for last in (1..seen.len()).rev() {
            let other = self.dice.below(last + 1);
            seen.swap(last, other);
        }
        seen
    }

    fn go_on(&mut self, n: usize, walker: &Walker, secs: f64) {
        let errors = &mut self.errors[n];
        for (error, memory) in errors.lasting.iter_mut().zip(ERROR_SECS) {
            let kept = (-secs / memory).exp();
            *error = *error * kept + normal2(&mut self.dice) * (1.0 - kept * kept).sqrt();
        }
        let kept = (-secs / (0.5 * WINDOW_SECS)).exp();
        for error in &mut errors.features {
            *error = *error * kept + self.dice.normal() * (1.0 - kept * kept).sqrt();
        }
        let standing = walker.velocity.norm() < STANDING_M_PER_S;
        let share = (self.spec.missed * if standing { 2.0 } else { 1.0 }).min(0.5);
        let leave = (secs / MISS_RUN_SECS).min(1.0);
        let enter = (leave * share / (1.0 - share)).min(1.0);
        errors.missing = if errors.missing { !self.dice.chance(leave) } else { self.dice.chance(enter) };
    }

    fn sight(&mut self, walkers: &[Walker], people: Vec<usize>) -> Sighting {
        let n = people.len() as f64;
        let place: Vector2<f64> = people.iter().map(|&one| walkers[one].place).sum::<Vector2<f64>>() / n;
        let velocity: Vector2<f64> = people.iter().map(|&one| walkers[one].velocity).sum::<Vector2<f64>>() / n;
        let errors = self.errors[people[0]];
        let sigma = self.spec.root_sigma_m * (SIZE_SPREAD * self.dice.normal() - 0.5 * SIZE_SPREAD * SIZE_SPREAD).exp();
        let fresh = normal2(&mut self.dice);
        let error = errors.lasting[0] * ERROR_SHARES[0].sqrt()
            + errors.lasting[1] * ERROR_SHARES[1].sqrt()
            + fresh * ERROR_SHARES[2].sqrt();
        let walking = velocity.norm() > STANDING_M_PER_S;
        let mut detection = Detection::at(
            FloorPoint::round((place + error * sigma).into(), sigma * self.honesty),
            self.dice.between(0.6, 0.98),
        );
        if walking {
            let sigma = self.spec.heading_sigma_rad;
            let heading = velocity.y.atan2(velocity.x) + sigma * self.dice.normal();
            detection.pose.heading_rad = Some(Estimate::new(heading, sigma));
        }
        let mean = |of: fn(&Walker) -> f64| people.iter().map(|&one| of(&walkers[one])).sum::<f64>() / n;
        let DetectorSpec { height_sigma_m, stride_sigma_hz, .. } = self.spec;
        detection.features = BodyFeatures {
            height_m: Some(Estimate::new(
                mean(|one| one.height_m) + height_sigma_m * errors.features[0],
                height_sigma_m,
            )),
            stride_hz: walking.then(|| {
                Estimate::new(mean(|one| one.stride_hz) + stride_sigma_hz * errors.features[1], stride_sigma_hz)
            }),
            embedding: Vec::new(),
        };
        Sighting { detection, people }
    }

    fn haunt(&mut self, secs: f64) -> Vec<Sighting> {
        let dice = &mut self.ghost_dice;
        self.ghosts.retain_mut(|(_, left)| {
            *left -= secs;
            *left > 0.0
        });
        if dice.chance(self.spec.ghosts_per_sec * secs) {
            let place = Vector2::new(dice.between(0.0, self.room[0]), dice.between(0.0, self.room[1]));
            let lives = -GHOST_SECS * (1.0 - dice.unit()).ln();
            self.ghosts.push((place, lives));
        }
        let sigma = self.spec.root_sigma_m;
        let appear = |place: &Vector2<f64>, dice: &mut Dice| {
            let place = place + normal2(dice) * (0.5 * sigma);
            let mut detection = Detection::at(FloorPoint::round(place.into(), sigma), dice.between(0.4, 0.9));
            detection.features.height_m = Some(Estimate::new(1.68 + 0.1 * dice.normal(), self.spec.height_sigma_m));
            Sighting { detection, people: Vec::new() }
        };
        self.ghosts.iter().map(|(place, _)| appear(place, dice)).collect()
    }
}

fn normal2(dice: &mut Dice) -> Vector2<f64> {
    Vector2::new(dice.normal(), dice.normal())
}
