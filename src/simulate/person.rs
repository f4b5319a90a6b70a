//! A person in the scene: a build, a way of walking, a script, and at any time a body and the truth about it.

use bevy_math::{Vec2, Vec3};

use super::anthropometry::Build;
use super::dice::{Dice, Purpose};
use super::director::direct;
use super::figure::Figure;
use super::gait::{Style, heading_of};
use super::motion::{Breath, Motion, posture};
use super::scatter::{Body, Strengths};
use super::script::{Script, Step};
use super::{PersonSpec, SimulatorSpec};
use crate::types::{ActivitySpan, PersonTruth, PostureClass, Timestamp, TruthJoint};

pub(super) struct Person {
    build: Build,
    strengths: Strengths,
    motion: Motion,
}

/// Speeds are measured over this long.
const SPEED_SECS: f64 = 0.04;

impl Person {
    pub(super) fn new(person: &PersonSpec, scene: &SimulatorSpec, idx: usize) -> Self {
        let mut dice = Dice::new(scene.seed ^ person.seed.rotate_left(32), Purpose::Person, idx as u64, 0);
        let build = Build::new(person.sex, person.height_m, person.weight_kg);
        let style = Style::new(&mut dice);
        let strengths = Strengths::new(&build, &mut dice);
        let breath = Breath::new(person.breaths_per_min, person.chest_mm, &mut dice);
        let size = Vec2::new(scene.room.width_m, scene.room.depth_m);
        let mut script_dice = dice.fork();
        let wandering;
        let script = match &person.script {
            Some(script) => script,
            None => {
                wandering = wander(size, &mut script_dice);
                &wandering
            }
        };
        let motion = direct(script, &build, &style, size, breath, dice);
        Self { build, strengths, motion }
    }

    /// `None` while the person is away.
    pub(super) fn figure(&self, secs: f64) -> Option<Figure> {
        Some(self.motion.pose(secs)?.figure(&self.build))
    }

    pub(super) fn body(&self, secs: f64) -> Option<Body> {
        let figure = self.figure(secs)?;
        Some(Body::new(&figure, &self.build, &self.strengths, self.motion.breath().out_m(secs)))
    }

    pub(super) fn truth(&self, idx: usize, secs: f64) -> Option<PersonTruth> {
        let figure = self.figure(secs)?;
        let doing = self.motion.doing(secs);
        let pelvis = |secs: f64| self.figure(secs).map(|figure| figure.joint(TruthJoint::Pelvis));
        let (before, after) = (pelvis(secs - SPEED_SECS / 2.0), pelvis(secs + SPEED_SECS / 2.0));
        let velocity = match (before, after) {
            (Some(before), Some(after)) => (after - before) / SPEED_SECS as f32,
            _ => Vec3::ZERO,
        };
        let posture = posture(&figure.joints, &self.build);
        let up = (figure.pelvis_turn * Vec3::Z).truncate();
        let heading = if posture == PostureClass::Lying { up.to_angle() } else { heading_of(figure.pelvis_turn) };
        Some(PersonTruth {
            person: idx as u8,
            joints_m: figure.joints.iter().map(|joint| joint.to_array()).collect(),
            sex: self.build.sex,
            height_m: self.build.height,
            weight_kg: self.build.weight_kg,
            position_m: figure.joint(TruthJoint::Pelvis).truncate().to_array(),
            velocity_m_per_s: velocity.to_array(),
            heading_rad: heading,
            posture,
            activity: doing.activity,
            breathing_per_min: self.motion.breath().per_min,
            chest_m: self.motion.breath().out_m(secs),
        })
    }

    /// The script's activities from its start up to a time, each round of a repeated one anew. Away is left out.
    pub(super) fn activities(&self, idx: usize, start: Timestamp, until_secs: f64) -> Vec<ActivitySpan> {
        let mut spans: Vec<ActivitySpan> = Vec::new();
        let length = self.motion.secs();
        let rounds = if self.motion.repeats && length > 0.0 { (until_secs / length).ceil() as usize } else { 1 };
        for round in 0..rounds {
            let offset = round as f64 * length;
            let doings = &self.motion.doings;
            for (i, doing) in doings.iter().enumerate() {
                let begin = offset + doing.start_secs;
                let own_end = match doings.get(i + 1) {
                    Some(next) => offset + next.start_secs,
                    None if self.motion.repeats => offset + length,
                    None => until_secs,
                };
                let end = own_end.min(until_secs);
                if !doing.present || end <= begin {
                    continue;
                }
                let joins = |last: &ActivitySpan| {
                    last.activity == doing.activity && doing.fall.is_none() && last.end == start.plus_secs(begin)
                };
                match spans.last_mut() {
                    Some(last) if joins(last) => last.end = start.plus_secs(end),
                    _ => spans.push(ActivitySpan {
                        person: idx as u8,
                        activity: doing.activity,
                        fall: doing.fall,
                        start: start.plus_secs(begin),
                        end: start.plus_secs(end),
                    }),
                }
            }
        }
        spans
    }

    /// Length of the script, seconds; of a repeated one, of one round.
    pub(super) fn script_secs(&self) -> f64 {
        self.motion.secs()
    }
}

/// Whoever has no script walks from place to place, with a rest now and then, and ends where it began.
fn wander(size: Vec2, dice: &mut Dice) -> Script {
    // Curves run wide of the points, and arms reach beyond the trunk.
    const MARGIN_M: f32 = 0.9;
    const N_WALKS: usize = 24;
    let span = (size - 2.0 * MARGIN_M).max(Vec2::ZERO);
    let place = |dice: &mut Dice| (Vec2::splat(MARGIN_M) + Vec2::new(dice.unit(), dice.unit()) * span).to_array();
    let home = place(dice);
    let heading_rad = dice.between(-3.0, 3.0);
    let mut steps = vec![Step::Appear { at: home, heading_rad }];
    for i in 0..N_WALKS {
        let to = if i + 1 < N_WALKS { vec![place(dice), place(dice)] } else { vec![home] };
        steps.push(Step::Walk { to, speed_m_per_s: dice.between(0.4, 1.4) });
        if i % 3 == 2 {
            steps.push(Step::Wait { secs: dice.between(3.0, 6.0) });
        }
    }
    steps.push(Step::Turn { heading_rad });
    Script { steps, repeats: true }
}
