//! Scripts made by chance: hours of ordinary living, trials with one fall or one near miss, busy minutes for training.
//!
//! A home is a room with a chair or two and a bed; people walk between them, sit, lie, bend, turn and rest. Durations
//! and choices are drawn by the seed, so that no two people live alike.

use bevy_math::Vec2;

use super::dice::Dice;
use super::script::{Script, Step};
use crate::types::{Activity, FallKind};

/// A seat: where the hips rest, where one looks, how high.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seat {
    pub(super) at: Vec2,
    pub(super) heading: f32,
    pub(super) height_m: f32,
}

/// What a person finds in a room.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) size: Vec2,
    pub(super) seats: Vec<Seat>,
    pub(super) bed: Option<Seat>,
    /// Just inside the door.
    pub(super) door: Vec2,
}

/// Free floor keeps this far from the walls.
const MARGIN_M: f32 = 0.6;

impl Home {
    /// A room with one or two chairs along the walls, facing in, and a bed where there is space for one.
    pub(super) fn new(size: Vec2, dice: &mut Dice) -> Self {
        let mut walls = [0usize, 1, 2, 3];
        for i in (1..4).rev() {
            walls.swap(i, (dice.unit() * (i + 1) as f32) as usize % (i + 1));
        }
        // In from each wall, and the wall's own direction.
        let inward = |wall: usize| std::f32::consts::FRAC_PI_2 * wall as f32;
        let on_wall = |wall: usize, along: f32, inset: f32| match wall {
            0 => Vec2::new(inset, along * size.y),
            1 => Vec2::new(along * size.x, inset),
            2 => Vec2::new(size.x - inset, along * size.y),
            _ => Vec2::new(along * size.x, size.y - inset),
        };
        let n_seats = if dice.unit() < 0.5 { 1 } else { 2 };
        let seats = walls
            .iter()
            .take(n_seats)
            .map(|&wall| Seat {
                at: on_wall(wall, dice.between(0.3, 0.7), dice.between(0.35, 0.9)),
                heading: inward(wall) + dice.between(-0.4, 0.4),
                height_m: dice.between(0.38, 0.5),
            })
            .collect();
        let bed_wall = walls[2];
        let along_wall = inward(bed_wall) + std::f32::consts::FRAC_PI_2 * if dice.unit() < 0.5 { 1.0 } else { -1.0 };
        let length = if bed_wall.is_multiple_of(2) { size.y } else { size.x };
        let bed = (length > 2.6).then(|| Seat {
            at: on_wall(bed_wall, 0.5, 0.55),
            heading: along_wall,
            height_m: dice.between(0.4, 0.6),
        });
        let door = on_wall(walls[3], dice.between(0.3, 0.7), 0.45);
        Self { size, seats, bed, door }
    }

    fn place(&self, dice: &mut Dice) -> Vec2 {
        let span = (self.size - 2.0 * MARGIN_M).max(Vec2::ZERO);
        Vec2::splat(MARGIN_M) + Vec2::new(dice.unit(), dice.unit()) * span
    }

    /// The free place, of a few drawn, that is farthest from the walls: falls need room.
    fn open_place(&self, dice: &mut Dice) -> Vec2 {
        let room = |at: Vec2| at.min(self.size - at).min_element();
        let mut best = self.size / 2.0;
        let mut best_room = 0.0;
        for _ in 0..4 {
            let at = self.place(dice);
            if room(at) > best_room {
                (best, best_room) = (at, room(at));
            }
        }
        best
    }

    fn walk(&self, dice: &mut Dice) -> Step {
        let n = if dice.unit() < 0.6 { 1 } else { 2 };
        Step::Walk { to: (0..n).map(|_| self.place(dice).to_array()).collect(), speed_m_per_s: walking_speed(dice) }
    }

    fn sit(&self, dice: &mut Dice, dropping: bool) -> Option<Step> {
        let i = (dice.unit() * self.seats.len() as f32) as usize;
        let seat = self.seats.get(i)?;
        Some(Step::Sit { seat: seat.at.to_array(), heading_rad: seat.heading, seat_m: seat.height_m, dropping })
    }

    fn lie(&self) -> Step {
        match self.bed {
            Some(bed) => Step::LieOnBed { bed: bed.at.to_array(), heading_rad: bed.heading, bed_m: bed.height_m },
            None => Step::LieOnFloor { on_back: true },
        }
    }

    fn enter(&self, dice: &mut Dice) -> Step {
        let to_centre = self.size / 2.0 - self.door;
        Step::Appear { at: self.door.to_array(), heading_rad: to_centre.to_angle() + dice.between(-0.5, 0.5) }
    }
}

/// Indoors people walk at 0.4 to 1.4 m/s, most of them near 0.9.
fn walking_speed(dice: &mut Dice) -> f32 {
    (0.9 + 0.22 * dice.normal()).clamp(0.4, 1.5)
}

fn a_fall(dice: &mut Dice, kind: FallKind) -> Step {
    Step::Fall { kind, secs: dice.between(0.4, 1.0), heading_rad: dice.between(-3.1, 3.1) }
}

/// An ordinary day without a fall: mostly rest, some walking, a dozen or two changes of posture an hour.
pub(super) fn living(home: &Home, secs: f32, dice: &mut Dice) -> Script {
    let mut steps = vec![home.enter(dice)];
    let mut spent = 0.0;
    while spent < secs {
        let walk = home.walk(dice);
        steps.push(walk);
        // What a stay costs in time is what it waits; walks and changes take some ten seconds.
        spent += 10.0;
        let pick = dice.unit();
        let rest = if pick < 0.3 {
            let dropping = dice.unit() < 0.25;
            steps.extend(home.sit(dice, dropping));
            if dice.unit() < 0.4 {
                steps.push(Step::Gesture { secs: dice.between(3.0, 15.0), vigour: dice.between(0.2, 0.7) });
                spent += 8.0;
            }
            dice.exponential(420.0) + 10.0
        } else if pick < 0.4 {
            steps.push(home.lie());
            dice.exponential(900.0) + 20.0
        } else if pick < 0.55 {
            for _ in 0..1 + (dice.unit() * 3.0) as usize {
                steps.push(Step::PickUp { squat: dice.unit() });
                spent += 4.0;
            }
            dice.exponential(4.0)
        } else if pick < 0.75 {
            steps.push(Step::Gesture { secs: dice.between(4.0, 40.0), vigour: dice.between(0.2, 0.9) });
            spent += 20.0;
            dice.exponential(15.0)
        } else if pick < 0.78 {
            steps.push(Step::Stumble);
            dice.exponential(5.0)
        } else if pick < 0.9 {
            dice.exponential(20.0)
        } else {
            steps.push(Step::Walk { to: vec![home.door.to_array()], speed_m_per_s: walking_speed(dice) });
            steps.push(Step::Leave);
            steps.push(Step::Wait { secs: dice.exponential(400.0) + 5.0 });
            steps.push(home.enter(dice));
            dice.exponential(3.0)
        };
        spent += rest;
        steps.push(Step::Wait { secs: rest.min(3_600.0) });
    }
    Script { steps, repeats: false }
}

/// One activity after the other with little rest, falls among them where wanted: for training.
pub(super) fn busy(home: &Home, secs: f32, falls: bool, dice: &mut Dice) -> Script {
    let mut steps = vec![Step::Appear { at: home.place(dice).to_array(), heading_rad: dice.between(-3.1, 3.1) }];
    let mut spent = 0.0;
    while spent < secs {
        let pick = dice.unit();
        let took = if pick < 0.38 {
            steps.push(home.walk(dice));
            4.0
        } else if pick < 0.5 {
            let dropping = dice.unit() < 0.35;
            steps.extend(home.sit(dice, dropping));
            steps.push(Step::Wait { secs: dice.between(0.5, 4.0) });
            8.0
        } else if pick < 0.6 {
            steps.push(Step::Gesture { secs: dice.between(2.0, 6.0), vigour: dice.between(0.2, 1.0) });
            4.0
        } else if pick < 0.68 {
            steps.push(Step::PickUp { squat: dice.unit() });
            4.0
        } else if pick < 0.73 {
            steps.push(home.lie());
            steps.push(Step::Wait { secs: dice.between(0.5, 4.0) });
            14.0
        } else if pick < 0.77 {
            steps.push(Step::LieOnFloor { on_back: dice.unit() < 0.5 });
            steps.push(Step::Wait { secs: dice.between(0.5, 3.0) });
            14.0
        } else if pick < 0.81 {
            steps.push(Step::Crawl { to: home.place(dice).to_array() });
            9.0
        } else if pick < 0.86 {
            steps.push(Step::Stumble);
            4.0
        } else if pick < 0.9 {
            steps.push(Step::Turn { heading_rad: dice.between(-3.1, 3.1) });
            2.0
        } else if pick < 0.95 && falls {
            let kind = FallKind::ALL[(dice.unit() * 3.0) as usize % 3];
            steps.push(a_fall(dice, kind));
            steps.push(Step::Wait { secs: dice.between(0.5, 6.0) });
            steps.push(Step::GetUp);
            14.0
        } else {
            let rest = dice.between(0.5, 4.0);
            steps.push(Step::Wait { secs: rest });
            rest
        };
        spent += took;
    }
    Script { steps, repeats: false }
}

/// Sits down and stays: still, or gesturing now and then. For training, because who sits hardly moves.
pub(super) fn seated(home: &Home, secs: f32, dice: &mut Dice) -> Script {
    let mut steps: Vec<Step> = Vec::new();
    // Appears in front of the seat, so that the window's start already has somebody who sits.
    if let Some(Step::Sit { seat, heading_rad, seat_m, dropping }) = home.sit(dice, false) {
        let front = Vec2::from(seat) + Vec2::from_angle(heading_rad) * 0.45;
        steps.push(Step::Appear { at: front.to_array(), heading_rad });
        steps.push(Step::Sit { seat, heading_rad, seat_m, dropping });
    }
    let mut spent = 0.0;
    while spent < secs {
        let took = dice.between(3.0, 12.0);
        steps.push(if dice.unit() < 0.3 {
            Step::Gesture { secs: took, vigour: dice.between(0.1, 0.8) }
        } else {
            Step::Wait { secs: took }
        });
        spent += took;
    }
    Script { steps, repeats: false }
}

/// Half a minute in which one fall happens after some ordinary movement; half of those who fall get up again.
pub(super) fn fall_trial(home: &Home, kind: FallKind, dice: &mut Dice) -> Script {
    let mut steps = before_falling(home, kind, dice);
    steps.push(a_fall(dice, kind));
    steps.push(Step::Wait { secs: dice.between(5.0, 14.0) });
    if dice.unit() < 0.5 {
        steps.push(Step::GetUp);
        steps.push(home.walk(dice));
    }
    steps.push(Step::Wait { secs: 4.0 });
    Script { steps, repeats: false }
}

/// A fall like those of trials, after which nobody comes and nobody gets up for so long.
pub(super) fn long_lie(home: &Home, kind: FallKind, secs: f32, dice: &mut Dice) -> Script {
    let mut steps = before_falling(home, kind, dice);
    steps.push(a_fall(dice, kind));
    steps.push(Step::Wait { secs });
    Script { steps, repeats: false }
}

/// Up to the moment in which somebody falls.
fn before_falling(home: &Home, kind: FallKind, dice: &mut Dice) -> Vec<Step> {
    let mut steps = before(home, dice);
    match kind {
        FallKind::FromChair => {
            steps.extend(home.sit(dice, false));
            steps.push(Step::Wait { secs: dice.between(1.5, 6.0) });
        }
        FallKind::FromBed => {
            steps.push(home.lie());
            steps.push(Step::Wait { secs: dice.between(1.5, 6.0) });
        }
        _ => {
            let at = home.open_place(dice).to_array();
            steps.push(Step::Walk { to: vec![at], speed_m_per_s: walking_speed(dice) });
            if dice.unit() < 0.5 {
                steps.push(Step::Wait { secs: dice.between(0.2, 3.0) });
            }
        }
    }
    steps
}

/// The same half minute with an ordinary activity in the place of the fall: what a fall detector must let pass.
pub(super) fn other_trial(home: &Home, activity: Activity, dice: &mut Dice) -> Script {
    let mut steps = before(home, dice);
    let rest = |dice: &mut Dice| Step::Wait { secs: dice.between(2.0, 10.0) };
    match activity {
        Activity::SittingDown | Activity::Sitting => steps.extend(home.sit(dice, false)),
        Activity::DroppingIntoChair => steps.extend(home.sit(dice, true)),
        Activity::StandingUp => {
            steps.extend(home.sit(dice, false));
            steps.push(rest(dice));
            steps.push(Step::StandUp);
        }
        Activity::PickingUp => steps.extend([Step::PickUp { squat: dice.unit() }, Step::PickUp { squat: dice.unit() }]),
        Activity::Gesturing => steps.push(Step::Gesture { secs: dice.between(4.0, 10.0), vigour: dice.unit() }),
        Activity::LyingDown | Activity::Lying => {
            let on_floor = dice.unit() < 0.4;
            steps.push(if on_floor { Step::LieOnFloor { on_back: dice.unit() < 0.5 } } else { home.lie() });
        }
        Activity::GettingUp => {
            steps.push(home.lie());
            steps.push(rest(dice));
            steps.push(Step::GetUp);
        }
        Activity::Crawling => steps.push(Step::Crawl { to: home.place(dice).to_array() }),
        Activity::Stumbling => {
            let at = home.open_place(dice).to_array();
            steps.extend([Step::Walk { to: vec![at], speed_m_per_s: walking_speed(dice) }, Step::Stumble]);
        }
        Activity::Turning => steps.push(Step::Turn { heading_rad: dice.between(-3.1, 3.1) }),
        Activity::Standing => steps.push(rest(dice)),
        Activity::Walking | Activity::Falling | Activity::LyingAfterFall => {
            steps.extend([home.walk(dice), home.walk(dice)]);
        }
    }
    steps.push(rest(dice));
    if dice.unit() < 0.5 {
        steps.push(home.walk(dice));
    }
    steps.push(Step::Wait { secs: 4.0 });
    Script { steps, repeats: false }
}

/// Some ordinary movement before what a trial is about, so that its moment tells nothing.
fn before(home: &Home, dice: &mut Dice) -> Vec<Step> {
    let mut steps = vec![Step::Appear { at: home.place(dice).to_array(), heading_rad: dice.between(-3.1, 3.1) }];
    steps.push(Step::Wait { secs: dice.between(1.0, 5.0) });
    for _ in 0..1 + (dice.unit() * 2.0) as usize {
        steps.push(home.walk(dice));
        if dice.unit() < 0.3 {
            steps.push(Step::Gesture { secs: dice.between(1.6, 4.0), vigour: dice.unit() });
        }
    }
    steps.push(Step::Wait { secs: dice.between(0.3, 2.0) });
    steps
}
