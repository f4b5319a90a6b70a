//! Recorded motion played on the floor of the room: where it begins, and how the body comes into it and out of it.

use bevy_math::Vec2;

use super::super::figure::Pose;
use super::super::gait::heading_of;
use super::super::recorded::{RecordedMotion, placed, poses};
use super::{Director, MARGIN_M, Rest};

/// A pelvis below this share of its height in standing is near the floor.
const LOW: f32 = 0.6;
/// Directions that are tried until a clip fits into the room.
const N_DIRECTIONS: usize = 16;
/// Longer clips are cut, s.
const MAX_SECS: f32 = 12.0;

impl Director<'_> {
    /// Plays a clip where it fits; one that is longer than the room is cut where it leaves it.
    pub(super) fn recorded(&mut self, motion: &RecordedMotion) {
        let frame_secs = motion.clip.frame_secs.clamp(0.005, 0.2);
        let mut poses = poses(&motion.clip, self.build);
        poses.truncate((MAX_SECS / frame_secs) as usize);
        let (Some(first), standing) = (poses.first(), self.build.standing_pelvis()) else { return };
        let begins_low = first.pelvis.z < LOW * standing;
        if begins_low {
            let on_back = (first.chest_turn * bevy_math::Vec3::X).z > 0.0;
            self.stand();
            self.lie_on_floor(on_back);
        } else {
            self.stand();
        }
        let here = self.pose();
        // Lying bodies are told apart by where the head points, others by where they face.
        let direction = |pose: &Pose| {
            if begins_low {
                (pose.pelvis_turn * bevy_math::Vec3::Z).truncate().to_angle()
            } else {
                heading_of(pose.pelvis_turn)
            }
        };
        let straight = direction(&here) - direction(first);
        let tries = if begins_low { 1 } else { N_DIRECTIONS };
        let placed_by =
            |turn: f32| -> Vec<Pose> { poses.iter().map(|pose| placed(pose, turn, here.pelvis.truncate())).collect() };
        let n_inside = |poses: &[Pose]| poses.iter().take_while(|pose| self.is_inside(pose)).count();
        let turns = (0..tries).map(|n| straight + n as f32 * std::f32::consts::TAU / N_DIRECTIONS as f32);
        // The first direction of those that have most room.
        let mut best: (usize, f32, Vec<Pose>) = (0, straight, Vec::new());
        for turn in turns {
            let placed = placed_by(turn);
            let n = n_inside(&placed);
            if n > best.0 {
                best = (n, turn, placed);
            }
        }
        let (n, turn, mut poses) = best;
        poses.truncate(n);
        // Less than half a second is no motion.
        if (n as f32) * frame_secs < 0.5 {
            return;
        }
        if !begins_low && turn != straight {
            self.turn(poses.first().map_or(0.0, |pose| heading_of(pose.pelvis_turn)));
        }
        self.begin(motion.activity);
        let mut step = INTO_SECS;
        for pose in &poses {
            self.to(step, pose);
            step = frame_secs;
        }
        self.come_out();
    }

    /// From the last pose of a clip to one that the next step knows how to go on from.
    fn come_out(&mut self) {
        let last = self.pose();
        let (at, heading) = (self.inside(last.pelvis.truncate()), heading_of(last.pelvis_turn));
        if last.pelvis.z < LOW * self.build.standing_pelvis() {
            let fours = self.postures().all_fours(at, heading, 0.0);
            self.to(OUT_SECS, &fours);
            self.rest = Rest::AllFours { at, heading };
        } else {
            let standing = self.postures().standing(at, heading);
            self.to(OUT_SECS, &standing);
            self.rest = Rest::Standing;
        }
        self.after_fall = false;
        self.begin(self.resting_activity());
    }

    fn is_inside(&self, pose: &Pose) -> bool {
        let within = |at: Vec2| at.cmpge(Vec2::splat(MARGIN_M)).all() && at.cmple(self.size - MARGIN_M).all();
        within(pose.pelvis.truncate())
    }
}

/// Time to come into a clip's first pose, and out of its last one, s.
const INTO_SECS: f32 = 0.6;
const OUT_SECS: f32 = 0.9;
