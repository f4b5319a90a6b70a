//! Walking: a way over the floor becomes footsteps, and footsteps become poses.
//!
//! The root follows a smooth way with limited acceleration and turning. Steps are laid along it one after the other:
//! a foot stays where it was put until its swing, and is put where the body will be in the middle of its next stance.
//! Step length follows the walking speed by the walk ratio (Sekiya et al. 1996: step length over cadence is about
//! 0.0064 m per step a minute at any speed). Pelvis height is what the legs leave; arms swing against the legs.

use std::f32::consts::{PI, TAU};

use bevy_math::{Quat, Vec2, Vec3};

use super::anthropometry::Build;
use super::dice::Dice;
use super::figure::{LEFT, Pose, RIGHT, SIDES, arm, yaw};
use super::keys::Keys;

/// Metres per step a minute.
const WALK_RATIO: f32 = 0.0064;
/// Time grid of the way, and of the poses.
const WAY_SECS: f32 = 0.02;
const POSE_SECS: f32 = 0.0625;
const ACCELERATION_M_PER_S2: f32 = 1.1;
/// Turning speed while walking and on the spot, radians a second.
const CURVE_RAD_PER_S: f32 = 1.5;
const SPOT_RAD_PER_S: f32 = 1.9;
/// Share of a step's time in which its foot is in the air: 40 % of a stride of two steps is swing at a usual pace.
const SWING_SHARE: f32 = 0.78;
/// The body passes over its foot after this share of the stance.
const OVER_FOOT_SHARE: f32 = 0.38;
const STEP_SECS: (f32, f32) = (0.42, 0.8);
/// A way never takes longer: a goal that cannot be reached is given up.
const MAX_SECS: f32 = 120.0;

/// What makes one person's walk differ from another's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    step_length: f32,
    arm_swing: f32,
    pub(super) arm_bend: f32,
    pub(super) half_width: f32,
    lift: f32,
    pub(super) stoop: f32,
    lateral: f32,
    pub(super) arm_out: f32,
    hip_turn: f32,
}

impl Style {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            step_length: dice.between(0.88, 1.12),
            arm_swing: dice.between(0.35, 1.25),
            arm_bend: dice.between(0.15, 0.55),
            half_width: dice.between(0.035, 0.075),
            lift: dice.between(0.7, 1.3),
            stoop: dice.between(0.0, 0.14),
            lateral: dice.between(0.01, 0.03),
            arm_out: dice.between(0.06, 0.2),
            hip_turn: dice.between(0.4, 1.2),
        }
    }
}

/// Where the root is and where it faces at each step of the time grid.
struct Way {
    points: Vec<(Vec2, f32)>,
}

impl Way {
    /// Walks to each point in turn, then turns to a heading where one is given.
    fn new(start: Vec2, heading: f32, points: &[Vec2], end_heading: Option<f32>, speed: f32) -> Self {
        let mut way = vec![(start, heading)];
        let (mut at, mut facing, mut v, mut turning) = (start, heading, 0.0f32, 0.0f32);
        let mut turn_by = |facing: &mut f32, wanted: f32, fastest: f32| {
            // A turning speed that comes and goes smoothly and stops on the mark.
            let rest = shortest_turn(*facing, wanted);
            let wish = rest.signum() * fastest.min((2.0 * 4.0 * rest.abs()).sqrt());
            turning += (wish - turning).clamp(-4.0 * WAY_SECS, 4.0 * WAY_SECS);
            let by = (turning * WAY_SECS).clamp(-rest.abs(), rest.abs());
            *facing += by;
            rest.abs() < 0.02
        };
        let n_most = (MAX_SECS / WAY_SECS) as usize;
        for (i, &goal) in points.iter().enumerate() {
            let rest_beyond: f32 = points[i..].windows(2).map(|pair| pair[0].distance(pair[1])).sum();
            let (mut best, mut since_best) = (f32::INFINITY, 0);
            loop {
                let to_goal = goal - at;
                let distance = to_goal.length();
                if distance < best - 0.01 {
                    (best, since_best) = (distance, 0);
                } else {
                    since_best += 1;
                }
                let near = if i + 1 < points.len() { 0.3 } else { 0.004 };
                if distance < near || way.len() > n_most || since_best > (4.0 / WAY_SECS) as usize {
                    break;
                }
                let wanted = to_goal.to_angle();
                let off = shortest_turn(facing, wanted).abs();
                if v < 0.05 && off > 0.6 {
                    turn_by(&mut facing, wanted, SPOT_RAD_PER_S);
                    v = 0.0;
                } else {
                    turn_by(&mut facing, wanted, CURVE_RAD_PER_S);
                    // Slower into curves, and no faster than stopping at the goal allows.
                    let wish = speed * (1.0 - 0.75 * (off / 1.2).min(1.0));
                    let stopping = (2.0 * 0.8 * ACCELERATION_M_PER_S2 * (distance + rest_beyond)).sqrt();
                    let wish = wish.min(stopping).max(0.03);
                    v += (wish - v).clamp(-2.0 * ACCELERATION_M_PER_S2 * WAY_SECS, ACCELERATION_M_PER_S2 * WAY_SECS);
                }
                // Close to the goal the step goes straight to it: a curve might circle it.
                let direction = if distance < 0.35 { to_goal.normalize_or_zero() } else { Vec2::from_angle(facing) };
                at += direction * (v * WAY_SECS).min(distance);
                way.push((at, facing));
            }
        }
        if let Some(wanted) = end_heading {
            while way.len() <= n_most {
                let done = turn_by(&mut facing, wanted, SPOT_RAD_PER_S);
                way.push((at, facing));
                if done {
                    break;
                }
            }
        }
        Self { points: way }
    }

    fn secs(&self) -> f32 {
        (self.points.len() - 1) as f32 * WAY_SECS
    }

    fn at(&self, secs: f32) -> (Vec2, f32) {
        let place = (secs / WAY_SECS).max(0.0);
        let i = (place as usize).min(self.points.len() - 1);
        let k = (i + 1).min(self.points.len() - 1);
        let share = (place - i as f32).clamp(0.0, 1.0);
        let ((a, facing_a), (b, facing_b)) = (self.points[i], self.points[k]);
        (a.lerp(b, share), facing_a + (facing_b - facing_a) * share)
    }

    fn speed(&self, secs: f32) -> f32 {
        let half = 0.15;
        self.at(secs + half).0.distance(self.at(secs - half).0) / (2.0 * half)
    }

    fn turning(&self, secs: f32) -> f32 {
        let half = 0.15;
        (self.at(secs + half).1 - self.at(secs - half).1).abs() / (2.0 * half)
    }
}

/// A foot on the floor: the ankle's place over it, and where it points.
#[derive(Clone, Copy)]
struct Print {
    place: Vec2,
    heading: f32,
}

struct Step {
    side: usize,
    start: f32,
    lands: f32,
    from: Print,
    to: Print,
}

/// Walks through the points from a standing pose. Poses follow `keys`, whose last pose must be the standing one.
///
/// `points` are where the root goes, `end_heading` where it faces at the end. Speed in metres a second.
pub(super) fn walk(
    keys: &mut Keys,
    build: &Build,
    style: &Style,
    points: &[Vec2],
    end_heading: Option<f32>,
    speed: f32,
    dice: &mut Dice,
) {
    let Some(first) = keys.last() else { return };
    let start_secs = keys.end_secs();
    let start = first.pelvis.truncate();
    let heading = heading_of(first.pelvis_turn);
    let way = Way::new(start, heading, points, end_heading, speed.clamp(0.15, 2.2));
    let prints =
        [LEFT, RIGHT].map(|side| Print { place: first.ankles[side].truncate(), heading: heading_of(first.feet[side]) });
    let steps = steps(&way, build, style, prints, dice);
    let end = steps.iter().map(|step| step.lands).fold(way.secs(), f32::max) + 0.25;
    let n = (end / POSE_SECS).ceil() as usize;
    let mut scratch = Vec::with_capacity(n);
    for i in 1..=n {
        let secs = i as f32 * POSE_SECS;
        scratch.push(pose_at(secs, &way, &steps, prints, build, style));
    }
    settle_heights(&mut scratch, build);
    // The last pose is a rest, from the first one the body eases in.
    for (i, pose) in scratch.iter().enumerate() {
        let eased = ((i + 1) as f32 * POSE_SECS / 0.3).min(1.0);
        let upper = first.mixed(pose, eased);
        let pose = Pose {
            arms: upper.arms,
            elbows: upper.elbows,
            chest_turn: upper.chest_turn,
            head_turn: upper.head_turn,
            ..*pose
        };
        keys.push(start_secs + f64::from((i + 1) as f32 * POSE_SECS), &pose);
    }
}

fn steps(way: &Way, build: &Build, style: &Style, prints: [Print; 2], dice: &mut Dice) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut prints = prints;
    let mut secs = 0.0;
    // The foot on the side of the first turn goes first, so that legs do not cross.
    let first_turn = shortest_turn(way.at(0.0).1, way.at(0.8).1);
    let mut side = if first_turn.abs() > 0.1 { usize::from(first_turn < 0.0) } else { usize::from(dice.unit() < 0.5) };
    let end = way.secs();
    let mut n_idle = 0;
    while secs < end + 3.0 && n_idle < 2 {
        let (v, w) = (way.speed(secs + 0.3), way.turning(secs + 0.3));
        let length = (WALK_RATIO * 60.0 * v).sqrt() * style.step_length * (build.height / 1.72).sqrt();
        let by_speed = if v > 0.05 { length / v } else { STEP_SECS.1 };
        // A step turns by at most half a radian.
        let by_turning = if w > 0.3 { 0.5 / w } else { STEP_SECS.1 };
        let period = by_speed.min(by_turning).clamp(STEP_SECS.0, STEP_SECS.1) * dice.between(0.97, 1.03);
        let lands = secs + SWING_SHARE * period;
        // Planted where the body will be a little before the middle of the coming stance: the heel rises at its end.
        let (root, facing) = way.at(lands + OVER_FOOT_SHARE * (2.0 - SWING_SHARE) * period);
        let to = print(root, facing, side, build, style);
        let from = prints[side];
        let moves = from.place.distance(to.place) > 0.015 || shortest_turn(from.heading, to.heading).abs() > 0.06;
        if moves {
            steps.push(Step { side, start: secs, lands, from, to });
            prints[side] = to;
            n_idle = 0;
            secs += period;
        } else if secs >= end - 0.2 {
            n_idle += 1;
        } else {
            secs += 0.1;
            n_idle = 0;
        }
        side = 1 - side;
    }
    steps
}

/// Where a foot stands under a root at rest.
fn print(root: Vec2, facing: f32, side: usize, build: &Build, style: &Style) -> Print {
    let out = Vec2::from_angle(facing).perp() * SIDES[side] * (style.half_width + 0.3 * build.half_hips);
    let ahead = Vec2::from_angle(facing) * -0.02;
    Print { place: root + out + ahead, heading: facing + SIDES[side] * 0.1 }
}

fn pose_at(secs: f32, way: &Way, steps: &[Step], prints: [Print; 2], build: &Build, style: &Style) -> Pose {
    let (root, facing) = way.at(secs);
    let forward = Vec2::from_angle(facing);
    let speed = way.speed(secs);
    let vigour = (speed / 1.2).clamp(0.0, 1.3);
    let mut ankles = [Vec3::ZERO; 2];
    let mut feet = [Quat::IDENTITY; 2];
    let mut loads = [1.0f32; 2];
    for side in [LEFT, RIGHT] {
        let (ankle, foot, load) = foot_at(secs, side, steps, prints[side], build, style);
        (ankles[side], feet[side], loads[side]) = (ankle, foot, load);
    }
    // How far the left foot is ahead of the right, as a share of a long step.
    let lead = (ankles[LEFT] - ankles[RIGHT]).truncate().dot(forward) / (0.42 * build.height);
    let lead = lead.clamp(-1.2, 1.2);
    let shift = forward.perp() * style.lateral * (loads[LEFT] - loads[RIGHT]);
    let stoop = style.stoop + 0.05 * vigour;
    let pelvis_turn = yaw(facing - 0.12 * style.hip_turn * lead);
    let chest_turn = yaw(facing + 0.1 * style.hip_turn * lead) * Quat::from_rotation_y(stoop);
    let swing = 0.42 * style.arm_swing * lead;
    Pose {
        pelvis: (root + shift).extend(build.standing_pelvis()),
        ankles,
        pelvis_turn,
        chest_turn,
        head_turn: yaw(facing) * Quat::from_rotation_y(0.5 * style.stoop),
        feet,
        arms: [arm(LEFT, -swing - stoop + 0.03, style.arm_out), arm(RIGHT, swing - stoop + 0.03, style.arm_out)],
        elbows: [
            style.arm_bend + (0.3 * style.arm_swing * -lead).max(0.0),
            style.arm_bend + (0.3 * style.arm_swing * lead).max(0.0),
        ],
    }
}

/// Ankle, turn of the foot and the share of weight on it.
fn foot_at(secs: f32, side: usize, steps: &[Step], print: Print, build: &Build, style: &Style) -> (Vec3, Quat, f32) {
    // A person takes a few hundred steps on a way at most; the step in question is found from the end.
    let current = steps.partition_point(|step| step.start <= secs);
    let own = steps[..current].iter().rev().find(|step| step.side == side);
    let next = steps[current..].iter().find(|step| step.side == side);
    if let Some(step) = own.filter(|step| secs < step.lands) {
        let x = (secs - step.start) / (step.lands - step.start);
        let far = (step.from.place.distance(step.to.place) / 0.7).min(1.2);
        let place = step.from.place.lerp(step.to.place, smooth(x));
        let heading = step.from.heading + shortest_turn(step.from.heading, step.to.heading) * smooth(x);
        // Toe-off pitch falls to a lifted toe at landing.
        let pitch = far * (TOE_OFF_RAD * (1.0 - smooth((x / 0.6).min(1.0))) - 0.28 * smooth(x));
        let toe_lift = toe_off_lift(far * TOE_OFF_RAD, build);
        let lift = (0.04 + 0.05 * far) * style.lift * (PI * x).sin().powi(2) + toe_lift.y * (1.0 - x).powi(2);
        let ahead = Vec2::from_angle(step.from.heading) * toe_lift.x * (1.0 - x).powi(2);
        let ankle = (place + ahead).extend(build.ankle + lift);
        return (ankle, yaw(heading) * Quat::from_rotation_y(pitch), 0.0);
    }
    let at = own.map_or(print, |step| step.to);
    let landed = own.map_or(f32::NEG_INFINITY, |step| step.lands);
    let mut pitch = 0.0;
    let mut ankle = at.place.extend(build.ankle);
    if let Some(step) = own {
        // The lifted toe comes down after landing.
        let far = (step.from.place.distance(step.to.place) / 0.7).min(1.2);
        pitch = -0.28 * far * (1.0 - smooth(((secs - landed) / 0.12).min(1.0)));
    }
    let mut load = smooth((secs - landed) / LOADING_SECS);
    if let Some(next) = next {
        let far = (next.from.place.distance(next.to.place) / 0.7).min(1.2);
        let until = next.start - secs;
        let rise = (1.0 - until / HEEL_RISE_SECS).clamp(0.0, 1.0).powi(2);
        let up = far * TOE_OFF_RAD * rise;
        let lift = toe_off_lift(up, build);
        ankle += (Vec2::from_angle(at.heading) * lift.x).extend(lift.y);
        pitch += up;
        load = load.min(smooth(until / LOADING_SECS));
    }
    (ankle, yaw(at.heading) * Quat::from_rotation_y(pitch), load)
}

/// Weight goes from foot to foot in this time.
const LOADING_SECS: f32 = 0.25;
/// The heel's pitch when the toe leaves the ground after a long step, and the time it takes to rise.
const TOE_OFF_RAD: f32 = 0.85;
const HEEL_RISE_SECS: f32 = 0.24;

/// How far the ankle goes forward (x) and up (y) when the foot pitches about its ball.
fn toe_off_lift(pitch: f32, build: &Build) -> Vec2 {
    let toe = Vec3::new(build.foot, 0.0, -0.8 * build.ankle);
    let turned = Quat::from_rotation_y(pitch) * toe;
    Vec2::new(toe.x - turned.x, toe.z - turned.z)
}

/// Lets the pelvis ride as high as the legs reach, without edges.
fn settle_heights(poses: &mut [Pose], build: &Build) {
    let reach: Vec<f32> = poses.iter().map(|pose| pose.within_reach(build).pelvis.z).collect();
    let around = |values: &[f32], i: usize| values[i.saturating_sub(1)..(i + 2).min(values.len())].to_vec();
    // The lowest of the neighbours, then the mean of those: smooth, and nowhere above what the legs reach.
    let low: Vec<f32> = (0..reach.len()).map(|i| around(&reach, i).into_iter().fold(f32::INFINITY, f32::min)).collect();
    for (i, pose) in poses.iter_mut().enumerate() {
        let near = around(&low, i);
        pose.pelvis.z = near.iter().sum::<f32>() / near.len() as f32;
    }
}

/// The heading of an upright turn.
pub(super) fn heading_of(turn: Quat) -> f32 {
    (turn * Vec3::X).truncate().to_angle()
}

/// From one heading to another, -π to π.
pub(super) fn shortest_turn(from: f32, to: f32) -> f32 {
    (to - from + PI).rem_euclid(TAU) - PI
}

fn smooth(x: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    x * x * x * (x * (x * 6.0 - 15.0) + 10.0)
}
