//! Steps that lead to a chair, to the ground with the hands, and back to standing.

use bevy_math::Vec2;

use super::super::figure::Pose;
use super::super::gait::heading_of;
use super::super::postures::Lying;
use super::{Director, Rest, over_the_edge};
use crate::types::Activity;

impl Director<'_> {
    /// From whatever the body rests on to standing.
    pub(super) fn stand(&mut self) {
        match self.rest {
            Rest::Standing => {}
            Rest::Seated { standing, heading, seat_m } => {
                self.begin(Activity::StandingUp);
                let secs = self.dice.between(1.1, 2.3);
                let rising =
                    |director: &Self, share: f32| director.postures().rising(&standing, heading, seat_m, share);
                let (low, high) = (rising(self, 0.08), rising(self, 0.55));
                self.to(0.35 * secs, &low);
                self.to(0.3 * secs, &high);
                self.to(0.35 * secs, &standing);
            }
            Rest::OnBed { seated, standing, out, seat_m } => {
                self.begin(Activity::GettingUp);
                let lying = self.pose();
                let secs = self.dice.between(2.2, 4.0);
                self.to(0.5 * secs, &over_the_edge(&lying, &seated));
                self.to(0.5 * secs, &seated);
                self.to(0.5, &seated);
                self.rest = Rest::Seated { standing, heading: out, seat_m };
                self.stand();
                return;
            }
            Rest::OnFloor { pelvis, heading, lying } => {
                self.begin(Activity::GettingUp);
                self.roll_over(pelvis, heading, lying);
                self.rise_from_all_fours(pelvis - Vec2::from_angle(heading) * 0.1, heading, true);
            }
            Rest::AllFours { at, heading } => {
                self.begin(Activity::GettingUp);
                self.rise_from_all_fours(at, heading, false);
            }
        }
        self.rest = Rest::Standing;
        self.after_fall = false;
        self.begin(Activity::Standing);
        let settled = self.pose();
        let secs = self.dice.between(0.3, 1.0);
        self.to(secs, &settled);
    }

    /// To the front, from which one can get on one's knees.
    pub(super) fn roll_over(&mut self, pelvis: Vec2, heading: f32, lying: Lying) {
        let floor = pelvis.extend(0.0);
        if lying == Lying::Supine {
            let side = if self.dice.unit() < 0.5 { Lying::LeftSide } else { Lying::RightSide };
            let pose = self.postures().lying(floor, heading, side, 0.4, 0.5);
            let secs = self.dice.between(0.9, 1.8);
            self.to(secs, &pose);
        }
        if lying != Lying::Prone {
            let pose = self.postures().lying(floor, heading, Lying::Prone, 0.0, 0.4);
            let secs = self.dice.between(0.8, 1.5);
            self.to(secs, &pose);
        }
    }

    pub(super) fn rise_from_all_fours(&mut self, at: Vec2, heading: f32, from_floor: bool) {
        let at = self.inside(at);
        if from_floor {
            let pose = self.postures().all_fours(at, heading, 0.2);
            let secs = self.dice.between(1.0, 2.2);
            self.to(secs, &pose);
        }
        let up = usize::from(self.dice.unit() < 0.5);
        let kneeling = self.postures().kneeling(at, heading, up);
        let foot = self.inside(at + Vec2::from_angle(heading) * 0.3);
        let standing = self.postures().standing(foot, heading);
        let (a, b) = (self.dice.between(0.9, 1.8), self.dice.between(1.0, 1.9));
        self.to(a, &kneeling);
        self.to(b, &standing);
    }

    pub(super) fn sit(&mut self, seat: Vec2, heading: f32, seat_m: f32, dropping: bool) {
        self.stand();
        let seat_m = if seat_m.is_finite() { seat_m.clamp(0.25, 0.7) } else { 0.45 };
        let forward = Vec2::from_angle(heading);
        let spot = self.inside(seat + forward * (self.postures().seat_depth(seat_m) + 0.02));
        if self.pose().pelvis.truncate().distance(spot) > 0.12 {
            let speed = self.dice.between(0.6, 1.1);
            self.walk(&[spot], Some(heading), speed);
        } else {
            self.turn(heading);
        }
        let standing = self.postures().standing(spot, heading);
        let settle = self.dice.between(0.25, 0.6);
        self.to(settle, &standing);
        let recline = self.dice.between(0.0, 0.25);
        let seated = self.postures().seated(&standing, heading, seat_m, recline);
        let rising = |director: &Self, share: f32| director.postures().rising(&standing, heading, seat_m, share);
        if dropping {
            self.begin(Activity::DroppingIntoChair);
            // The last part is free: the seat is hit at more than a metre a second.
            let secs = self.dice.between(0.65, 1.0);
            let high = rising(self, 0.72);
            let low = rising(self, 0.3);
            self.to(0.5 * secs, &high);
            self.to(0.25 * secs, &low);
            self.to(0.25 * secs, &seated);
            let bounce = seated.mixed(&high, 0.06);
            self.to(0.12, &Pose { ankles: standing.ankles, ..bounce });
            self.to(0.25, &seated);
        } else {
            self.begin(Activity::SittingDown);
            let secs = self.dice.between(1.3, 2.5);
            let (high, low) = (rising(self, 0.6), rising(self, 0.12));
            self.to(0.4 * secs, &high);
            self.to(0.35 * secs, &low);
            self.to(0.25 * secs, &seated);
        }
        self.rest = Rest::Seated { standing, heading, seat_m };
        self.begin(Activity::Sitting);
        self.to(0.3, &seated);
    }

    pub(super) fn pick_up(&mut self, squat: f32) {
        self.stand();
        let squat = if squat.is_finite() { squat.clamp(0.0, 1.0) } else { 0.5 };
        let standing = self.pose();
        let heading = heading_of(standing.pelvis_turn);
        let hands = if self.dice.unit() < 0.5 { [true, true] } else { [self.dice.unit() < 0.5, true] };
        let bent = self.postures().bent(&standing, heading, squat, hands);
        self.begin(Activity::PickingUp);
        let (down, hold, up) = (self.dice.between(0.7, 1.5), self.dice.between(0.2, 0.9), self.dice.between(0.8, 1.6));
        self.to(down, &bent);
        self.to(hold, &bent);
        self.to(up, &standing);
        self.begin(Activity::Standing);
        self.to(0.3, &standing);
    }
}
