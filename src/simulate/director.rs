//! Plays a script with one body: every step becomes poses over time and a stretch of activity.
//!
//! What the script leaves out is put in: one stands up before walking and turns round before sitting down. Places are
//! kept inside the floor; a fall is turned until there is room for it.

mod down;
mod recorded;
mod up;

use bevy_math::{Quat, Vec2};

use super::anthropometry::Build;
use super::dice::Dice;
use super::figure::{LEFT, Pose, RIGHT, arm};
use super::gait::{Style, heading_of, shortest_turn, walk};
use super::keys::Keys;
use super::motion::{Breath, Doing, Motion};
use super::postures::{Lying, Postures};
use super::script::{Script, Step};
use crate::types::{Activity, FallKind};

/// The root stays this far from the walls.
const MARGIN_M: f32 = 0.35;
/// A lying head or foot stays this far from them.
const LYING_MARGIN_M: f32 = 0.1;
/// Run-up of a trip or a stumble, metres and metres a second.
const RUN_UP_M: f32 = 1.5;
const RUN_UP_M_PER_S: f32 = 1.15;
/// The longest script, and the most poses of one, so that no list of steps can fill the memory.
const MAX_SECS: f64 = 48.0 * 3_600.0;
const MAX_POSES: usize = 1_000_000;

/// What the body rests on.
#[derive(Clone, Copy)]
enum Rest {
    Standing,
    Seated { standing: Pose, heading: f32, seat_m: f32 },
    OnBed { seated: Pose, standing: Pose, out: f32, seat_m: f32 },
    OnFloor { pelvis: Vec2, heading: f32, lying: Lying },
    AllFours { at: Vec2, heading: f32 },
}

struct Director<'a> {
    build: &'a Build,
    style: &'a Style,
    size: Vec2,
    keys: Keys,
    doings: Vec<Doing>,
    rest: Rest,
    present: bool,
    after_fall: bool,
    dice: Dice,
}

/// The motion of a body that follows a script on a floor of the given size.
pub(super) fn direct(
    script: &Script,
    build: &Build,
    style: &Style,
    size: Vec2,
    breath: Breath,
    mut dice: Dice,
) -> Motion {
    let mut sway = dice.fork();
    let mut director = Director {
        build,
        style,
        size,
        keys: Keys::default(),
        doings: Vec::new(),
        rest: Rest::Standing,
        present: false,
        after_fall: false,
        dice,
    };
    let starts = matches!(script.steps.first(), Some(Step::Appear { .. } | Step::Wait { .. } | Step::WaitUntil { .. }));
    if !starts {
        director.appear(size / 2.0, 0.0);
    }
    for step in &script.steps {
        if director.keys.end_secs() > MAX_SECS || director.keys.len() > MAX_POSES {
            break;
        }
        director.play(step);
    }
    director.close(script.repeats);
    Motion::new(director.keys, director.doings, script.repeats, breath, &mut sway)
}

impl Director<'_> {
    fn postures(&self) -> Postures<'_> {
        Postures { build: self.build, style: self.style }
    }

    fn play(&mut self, step: &Step) {
        let waits = matches!(step, Step::Wait { .. } | Step::WaitUntil { .. } | Step::Hold { .. });
        let steps_of_the_present = !waits && !matches!(step, Step::Appear { .. });
        if steps_of_the_present && !self.present {
            return;
        }
        match *step {
            Step::Appear { at, heading_rad } => self.appear(Vec2::from(at), finite(heading_rad)),
            Step::Leave => {
                self.present = false;
                self.begin(Activity::Standing);
            }
            Step::Wait { secs } => self.wait(duration(secs)),
            Step::WaitUntil { secs } => {
                let left = f64::from(finite(secs)) - self.now();
                if left > 0.0 {
                    self.wait(duration(left as f32));
                }
            }
            Step::Hold { secs } => self.hold(duration(secs)),
            Step::Walk { ref to, speed_m_per_s } => {
                let points: Vec<Vec2> = to.iter().map(|&point| self.inside(Vec2::from(point))).collect();
                self.stand();
                self.walk(&points, None, speed_m_per_s);
            }
            Step::Turn { heading_rad } => {
                self.stand();
                self.turn(finite(heading_rad));
            }
            Step::Gesture { secs, vigour } => self.gesture(duration(secs), vigour),
            Step::Sit { seat, heading_rad, seat_m, dropping } => {
                self.sit(Vec2::from(seat), finite(heading_rad), seat_m, dropping);
            }
            Step::StandUp | Step::GetUp => self.stand(),
            Step::PickUp { squat } => self.pick_up(squat),
            Step::LieOnBed { bed, heading_rad, bed_m } => self.lie_on_bed(Vec2::from(bed), finite(heading_rad), bed_m),
            Step::LieOnFloor { on_back } => self.lie_on_floor(on_back),
            Step::Crawl { to } => self.crawl(Vec2::from(to)),
            Step::Stumble => self.stumble(),
            Step::Recorded { ref motion } => self.recorded(motion),
            Step::Fall { kind, secs, heading_rad } => self.fall(kind, secs, finite(heading_rad)),
        }
    }

    /// A script that repeats ends in the pose in which it begins, so that nothing jumps.
    fn close(&mut self, repeats: bool) {
        if let (true, true, Some(first)) = (repeats, self.present, self.keys.at(0.0)) {
            self.stand();
            self.to(0.5, &first);
        }
    }

    fn now(&self) -> f64 {
        self.keys.end_secs()
    }

    fn pose(&self) -> Pose {
        self.keys.last().unwrap_or_else(|| self.postures().standing(self.size / 2.0, 0.0))
    }

    fn to(&mut self, secs: f32, pose: &Pose) {
        self.keys.push(self.now() + f64::from(secs), pose);
    }

    fn begin(&mut self, activity: Activity) {
        self.begin_at(self.now(), activity, None);
    }

    fn begin_at(&mut self, start_secs: f64, activity: Activity, fall: Option<FallKind>) {
        self.doings.push(Doing { start_secs, activity, fall, present: self.present });
    }

    fn inside(&self, point: Vec2) -> Vec2 {
        let point = if point.is_finite() { point } else { self.size / 2.0 };
        point.clamp(Vec2::splat(MARGIN_M), (self.size - MARGIN_M).max(Vec2::splat(MARGIN_M)))
    }

    fn appear(&mut self, at: Vec2, heading: f32) {
        let pose = self.postures().standing(self.inside(at), heading);
        if self.keys.last().is_some() {
            self.to(0.002, &pose);
        } else {
            self.keys.push(0.0, &pose);
        }
        self.rest = Rest::Standing;
        self.present = true;
        self.after_fall = false;
        self.begin(Activity::Standing);
    }

    fn resting_activity(&self) -> Activity {
        match self.rest {
            Rest::Standing => Activity::Standing,
            Rest::Seated { .. } => Activity::Sitting,
            Rest::OnBed { .. } => Activity::Lying,
            Rest::OnFloor { .. } => {
                if self.after_fall {
                    Activity::LyingAfterFall
                } else {
                    Activity::Lying
                }
            }
            Rest::AllFours { .. } => Activity::Crawling,
        }
    }

    fn hold(&mut self, secs: f32) {
        let pose = self.pose();
        if self.keys.last().is_none() {
            self.keys.push(0.0, &pose);
        }
        self.begin(self.resting_activity());
        self.to(secs, &pose);
    }

    /// Rests; every few seconds to a minute something shifts a little.
    fn wait(&mut self, secs: f32) {
        if !self.present {
            self.hold(secs);
            return;
        }
        let base = self.pose();
        self.begin(self.resting_activity());
        let calm = if self.after_fall { 3.0 } else { 1.0 };
        let mut left = secs;
        while left > 0.0 {
            let still =
                self.dice.exponential(calm * if matches!(self.rest, Rest::Standing) { 5.0 } else { 12.0 }) + 1.0;
            let shift = self.dice.between(0.6, 1.6);
            if still + shift >= left {
                self.to(left, &self.pose());
                return;
            }
            self.to(still, &self.pose());
            let shifted = self.shifted(&base);
            self.to(shift, &shifted);
            left -= still + shift;
        }
    }

    /// Nearly the same pose: other arms, head and lean.
    fn shifted(&mut self, base: &Pose) -> Pose {
        let mut small = |range: f32| self.dice.between(-range, range);
        let mut pose = *base;
        pose.head_turn *= Quat::from_rotation_z(small(0.5)) * Quat::from_rotation_y(small(0.2));
        pose.chest_turn *= Quat::from_rotation_y(small(0.08)) * Quat::from_rotation_z(small(0.1));
        for side in [LEFT, RIGHT] {
            pose.arms[side] *= Quat::from_rotation_y(small(0.2)) * Quat::from_rotation_x(small(0.12));
            pose.elbows[side] = (pose.elbows[side] + small(0.35)).clamp(0.05, 2.3);
        }
        pose
    }

    fn walk(&mut self, points: &[Vec2], end_heading: Option<f32>, speed: f32) {
        let speed = if speed.is_finite() { speed } else { 1.0 };
        self.begin(Activity::Walking);
        walk(&mut self.keys, self.build, self.style, points, end_heading, speed, &mut self.dice);
    }

    fn turn(&mut self, heading: f32) {
        if shortest_turn(heading_of(self.pose().pelvis_turn), heading).abs() < 0.05 {
            return;
        }
        self.begin(Activity::Turning);
        walk(&mut self.keys, self.build, self.style, &[], Some(heading), 0.5, &mut self.dice);
    }

    fn gesture(&mut self, secs: f32, vigour: f32) {
        let vigour = if vigour.is_finite() { vigour.clamp(0.1, 1.0) } else { 0.5 };
        let base = self.pose();
        self.begin(Activity::Gesturing);
        let end = self.now() + f64::from(secs);
        while self.now() + 1.5 < end {
            let mut pose = base;
            for side in [LEFT, RIGHT] {
                if self.dice.unit() < 0.65 {
                    let raise = self.dice.between(0.1, 2.2) * (0.4 + 0.6 * vigour);
                    let out = self.dice.between(0.0, 0.9) * vigour;
                    pose.arms[side] = arm(side, raise, out);
                    pose.elbows[side] = self.dice.between(0.1, 1.9);
                }
            }
            pose.chest_turn *= Quat::from_rotation_z(self.dice.between(-0.2, 0.2));
            let secs = self.dice.between(0.45, 1.2) / (0.5 + 0.7 * vigour);
            self.to(secs, &pose);
        }
        self.to(0.8, &base);
        self.begin(self.resting_activity());
    }
}

/// Half way between lying on a bed and sitting on its edge: on one elbow, legs over the edge.
fn over_the_edge(lying: &Pose, seated: &Pose) -> Pose {
    let mut pose = lying.mixed(seated, 0.5);
    pose.ankles = pose.ankles.map(|ankle| ankle.with_z(ankle.z.max(lying.pelvis.z)));
    pose.pelvis.z = lying.pelvis.z.max(seated.pelvis.z);
    pose
}

fn finite(value: f32) -> f32 {
    if value.is_finite() { value } else { 0.0 }
}

/// A stretch of time from a script: at least a moment, at most a day.
fn duration(secs: f32) -> f32 {
    if secs.is_finite() { secs.clamp(0.01, 86_400.0) } else { 1.0 }
}
