//! Steps that lead to the bed or the floor: lying down, crawling, stumbling, falling, and the room that they need.

use std::f32::consts::{FRAC_PI_2, PI};

use bevy_math::{Quat, Vec2};

use super::super::falls::{self, fall};
use super::super::figure::{LEFT, RIGHT, arm, yaw};
use super::super::gait::{heading_of, shortest_turn};
use super::super::postures::{Lying, Postures};
use super::{Director, LYING_MARGIN_M, MARGIN_M, RUN_UP_M, RUN_UP_M_PER_S, Rest, over_the_edge};
use crate::types::{Activity, FallKind};

impl Director<'_> {
    pub(super) fn lie_on_bed(&mut self, bed: Vec2, heading: f32, bed_m: f32) {
        self.stand();
        let bed_m = if bed_m.is_finite() { bed_m.clamp(0.25, 0.7) } else { 0.5 };
        let across = Vec2::from_angle(heading).perp();
        let side = if (self.pose().pelvis.truncate() - bed).dot(across) < 0.0 { -1.0 } else { 1.0 };
        let out = (across * side).to_angle();
        self.sit(bed + across * side * 0.2, out, bed_m, false);
        let Rest::Seated { standing, .. } = self.rest else { return };
        let seated = self.postures().seated(&standing, out, bed_m, 0.0);
        // The seated hips may be off the wished place where the floor ends; the bed moves along with them.
        let middle = seated.pelvis.truncate() - across * side * 0.2;
        let lying = self.postures().lying(middle.extend(bed_m), heading, Lying::Supine, 0.0, 0.3);
        self.begin(Activity::LyingDown);
        let secs = self.dice.between(2.2, 4.2);
        self.to(0.3, &seated);
        self.to(0.5 * secs, &over_the_edge(&lying, &seated));
        self.to(0.5 * secs, &lying);
        self.rest = Rest::OnBed { seated, standing, out, seat_m: bed_m };
        self.begin(Activity::Lying);
        self.to(0.3, &lying);
    }

    pub(super) fn lie_on_floor(&mut self, on_back: bool) {
        self.stand();
        let standing = self.pose();
        let at = standing.pelvis.truncate();
        let heading = self.roomy(at, heading_of(standing.pelvis_turn), |at, heading| at + heading * 0.35);
        self.turn(heading);
        let forward = Vec2::from_angle(heading);
        self.begin(Activity::LyingDown);
        let up = usize::from(self.dice.unit() < 0.5);
        let kneeling = self.postures().kneeling(at - forward * 0.1, heading, up);
        let fours = self.postures().all_fours(at, heading, 0.1);
        let pelvis = at + forward * 0.12;
        let front = self.postures().lying(pelvis.extend(0.0), heading, Lying::Prone, 0.0, 0.5);
        let [a, b, c] = std::array::from_fn(|_| self.dice.between(0.9, 1.8));
        self.to(a, &kneeling);
        self.to(b, &fours);
        self.to(c, &front);
        let mut lying = Lying::Prone;
        if on_back {
            for (next, curl) in [(Lying::LeftSide, 0.3), (Lying::Supine, 0.0)] {
                let pose = self.postures().lying(pelvis.extend(0.0), heading, next, curl, 0.3);
                let secs = self.dice.between(0.8, 1.5);
                self.to(secs, &pose);
                lying = next;
            }
        }
        self.rest = Rest::OnFloor { pelvis, heading, lying };
        self.after_fall = false;
        self.begin(Activity::Lying);
    }

    pub(super) fn crawl(&mut self, to: Vec2) {
        let to = self.inside(to);
        let (mut at, mut heading) = match self.rest {
            Rest::AllFours { at, heading } => (at, heading),
            Rest::OnFloor { pelvis, heading, lying } => {
                self.begin(Activity::GettingUp);
                self.roll_over(pelvis, heading, lying);
                (self.inside(pelvis), heading)
            }
            _ => {
                self.stand();
                let standing = self.pose();
                let heading = heading_of(standing.pelvis_turn);
                self.begin(Activity::LyingDown);
                let kneeling = self.postures().kneeling(standing.pelvis.truncate(), heading, LEFT);
                let secs = self.dice.between(0.9, 1.6);
                self.to(secs, &kneeling);
                (standing.pelvis.truncate(), heading)
            }
        };
        let fours = self.postures().all_fours(at, heading, 0.0);
        let secs = self.dice.between(0.8, 1.5);
        self.to(secs, &fours);
        self.begin(Activity::Crawling);
        let speed = self.dice.between(0.3, 0.65);
        let stride_m = self.dice.between(0.45, 0.6);
        let mut crawled = 0.0f32;
        let step_secs = 0.1;
        for _ in 0..600 {
            let rest = to - at;
            if rest.length() < 0.05 {
                break;
            }
            let off = shortest_turn(heading, rest.to_angle());
            heading += off.clamp(-1.2 * step_secs, 1.2 * step_secs);
            let forward = rest.normalize_or_zero() * (speed * step_secs).min(rest.length());
            // Turning comes first; what way is left is crawled straight.
            let share = (1.0 - off.abs() / 0.8).clamp(0.1, 1.0);
            at += forward * share;
            crawled += forward.length() * share + off.abs().min(1.2 * step_secs) * 0.2;
            let stride = (crawled / stride_m * std::f32::consts::TAU).sin();
            let pose = self.postures().all_fours(at, heading, stride);
            self.to(step_secs, &pose);
        }
        let fours = self.postures().all_fours(at, heading, 0.0);
        self.to(0.4, &fours);
        self.rest = Rest::AllFours { at, heading };
    }

    pub(super) fn stumble(&mut self) {
        self.stand();
        let (heading, running) = self.run_up(None);
        let forward = Vec2::from_angle(heading);
        self.begin(Activity::Stumbling);
        let caught = self.pose();
        let at = caught.pelvis.truncate();
        let reach = if running { 0.45 } else { 0.1 };
        let standing = self.postures().standing(self.inside(at + forward * reach), heading);
        let lead = usize::from(self.dice.unit() < 0.5);
        let (lean, drop) = (self.dice.between(0.4, 0.8), self.dice.between(0.05, 0.16));
        let mut lunge = caught.mixed(&standing, 0.55);
        lunge.pelvis.z = self.build.standing_pelvis() - drop;
        lunge.ankles = caught.ankles;
        lunge.ankles[lead] = standing.ankles[lead];
        lunge.feet = [yaw(heading), yaw(heading)];
        lunge.pelvis_turn = yaw(heading) * Quat::from_rotation_y(0.4 * lean);
        lunge.chest_turn = yaw(heading) * Quat::from_rotation_y(lean);
        lunge.arms = [LEFT, RIGHT].map(|side| arm(side, 1.0, 0.7));
        let lunge = lunge.within_reach(self.build);
        let (a, b, c) = (self.dice.between(0.28, 0.4), self.dice.between(0.3, 0.5), self.dice.between(0.3, 0.6));
        self.to(a, &lunge);
        self.to(b, &lunge.mixed(&standing, 0.7));
        self.to(c, &standing);
        self.begin(Activity::Standing);
        self.to(0.3, &standing);
    }

    /// Walks a little and is cut off in mid-step; where there is no room for that, stays. The heading taken.
    fn run_up(&mut self, wanted: Option<f32>) -> (f32, bool) {
        let pose = self.pose();
        let at = pose.pelvis.truncate();
        let wanted = wanted.unwrap_or_else(|| heading_of(pose.pelvis_turn));
        let heading = self.roomy(at, wanted, |at, forward| at + forward * (RUN_UP_M + 0.6));
        let goal = at + Vec2::from_angle(heading) * (RUN_UP_M + 0.9);
        if !self.holds(goal, MARGIN_M) {
            self.turn(heading);
            return (heading, false);
        }
        self.turn(heading);
        let start = self.now();
        self.walk(&[goal], None, RUN_UP_M_PER_S);
        let cut = start + f64::from(RUN_UP_M / RUN_UP_M_PER_S + self.dice.between(0.3, 0.7));
        self.keys.cut(cut.min(self.now()));
        (heading, true)
    }

    pub(super) fn fall(&mut self, kind: FallKind, secs: f32, heading: f32) {
        let secs = if secs.is_finite() { secs } else { 0.7 };
        let aside = if self.dice.unit() < 0.5 { 1.0 } else { -1.0 };
        let kind = match (kind, self.rest) {
            (FallKind::FromChair, Rest::Seated { .. }) | (FallKind::FromBed, Rest::OnBed { .. }) => kind,
            // Nobody falls off what they are not on.
            (FallKind::FromChair | FallKind::FromBed, _) => FallKind::Faint,
            _ => kind,
        };
        let heading = match (kind, self.rest) {
            (FallKind::FromChair, Rest::Seated { heading, .. }) => heading,
            (FallKind::FromBed, Rest::OnBed { out, .. }) => out,
            _ => {
                self.stand();
                if kind == FallKind::Faint {
                    heading_of(self.pose().pelvis_turn)
                } else {
                    let (heading, _) = self.run_up(Some(heading));
                    heading
                }
            }
        };
        let pose = self.pose();
        let candidates = [aside, -aside];
        let aside = candidates
            .into_iter()
            .find(|&aside| self.has_room(&falls::landing(kind, &pose, heading, aside, &self.postures())))
            .unwrap_or(aside);
        let fallen = falls::landing(kind, &pose, heading, aside, &self.postures());
        self.begin_at(self.now(), Activity::Falling, Some(kind));
        let postures = Postures { build: self.build, style: self.style };
        let hit = fall(&mut self.keys, kind, heading, aside, secs, &postures, &mut self.dice);
        self.rest = Rest::OnFloor { pelvis: fallen.pelvis, heading: fallen.heading, lying: fallen.lying };
        self.after_fall = true;
        self.begin_at(hit, Activity::LyingAfterFall, None);
    }

    fn holds(&self, point: Vec2, margin: f32) -> bool {
        point.cmpge(Vec2::splat(margin)).all() && point.cmple(self.size - margin).all()
    }

    fn has_room(&self, fallen: &falls::Fallen) -> bool {
        let axis = Vec2::from_angle(fallen.heading);
        let (head, feet) = (0.5 * self.build.height, 0.55 * self.build.height);
        self.holds(fallen.pelvis + axis * head, LYING_MARGIN_M)
            && self.holds(fallen.pelvis - axis * feet, LYING_MARGIN_M)
    }

    /// The heading nearest to the wish in which both ends of a body that goes down there lie inside.
    fn roomy(&self, at: Vec2, wanted: f32, far: impl Fn(Vec2, Vec2) -> Vec2) -> f32 {
        let turns = [0.0, 0.4, -0.4, 0.8, -0.8, 1.2, -1.2, FRAC_PI_2, -FRAC_PI_2, 2.1, -2.1, 2.6, -2.6, PI];
        let fits = |turn: &&f32| {
            let forward = Vec2::from_angle(wanted + **turn);
            let head = far(at, forward) + forward * (0.5 * self.build.height);
            self.holds(head, LYING_MARGIN_M)
        };
        let to_centre = (self.size / 2.0 - at).to_angle();
        turns.iter().find(fits).map_or(to_centre, |turn| wanted + turn)
    }
}
