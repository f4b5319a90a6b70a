//! People who walk about a room, stop, meet on one spot, leave by the door and come back.

use nalgebra::Vector2;

use super::dice::{Dice, Purpose};

/// The simulation's own step, s.
pub(super) const STEP_SECS: f64 = 0.05;
/// Walls are kept away from, m.
const MARGIN_M: f64 = 0.4;
/// A walker starts and stops within about a second.
const ACCELERATION_M_PER_S2: f64 = 1.4;
const ARRIVED_M: f64 = 0.12;
/// A walker slows down from here, m.
const SLOWING_M: f64 = 0.5;
/// How often two people agree to meet, and how often somebody leaves, s.
const MEETING_EVERY_SECS: (f64, f64) = (8.0, 16.0);
const LEAVING_EVERY_SECS: (f64, f64) = (18.0, 35.0);

/// What somebody is like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walker {
    pub height_m: f64,
    pub stride_hz: f64,
    speed_m_per_s: f64,
    pub place: Vector2<f64>,
    pub velocity: Vector2<f64>,
    /// `None` outside.
    present: bool,
    goal: Vector2<f64>,
    then: Then,
    /// Until when they stand or are away, s.
    until_secs: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    Stand(f64),
    Leave(f64),
}

pub(super) struct Crowd {
    pub walkers: Vec<Walker>,
    room: [f64; 2],
    door: Vector2<f64>,
    dice: Dice,
    secs: f64,
    next_meeting_secs: f64,
    next_leaving_secs: f64,
}

impl Walker {
    pub fn is_present(&self) -> bool {
        self.present
    }
}

impl Crowd {
    pub fn new(seed: u64, n_people: usize, room: [f64; 2], door: [f64; 2]) -> Self {
        let mut dice = Dice::new(seed, Purpose::Agenda, 0);
        let door = Vector2::from(door);
        let walkers = (0..n_people)
            .map(|n| {
                let mut person = Dice::new(seed, Purpose::People, n as u64);
                // The last one comes in later.
                let late = n > 0 && n + 1 == n_people;
                let place = if late { door } else { anywhere(&mut person, room) };
                Walker {
                    height_m: 1.68 + 0.10 * person.normal(),
                    stride_hz: (0.90 + 0.09 * person.normal()).clamp(0.6, 1.2),
                    speed_m_per_s: (1.0 + 0.2 * person.normal()).clamp(0.5, 1.5),
                    place,
                    velocity: Vector2::zeros(),
                    present: !late,
                    goal: place,
                    then: Then::Stand(0.0),
                    until_secs: if late { person.between(3.0, 10.0) } else { person.between(0.0, 2.0) },
                }
            })
            .collect();
        let next_meeting_secs = dice.between(MEETING_EVERY_SECS.0, MEETING_EVERY_SECS.1);
        let next_leaving_secs = dice.between(LEAVING_EVERY_SECS.0, LEAVING_EVERY_SECS.1);
        Self { walkers, room, door, dice, secs: 0.0, next_meeting_secs, next_leaving_secs }
    }

    /// Lets [`STEP_SECS`] pass.
    pub fn step(&mut self) {
        self.secs += STEP_SECS;
        if self.secs >= self.next_meeting_secs {
            self.next_meeting_secs += self.dice.between(MEETING_EVERY_SECS.0, MEETING_EVERY_SECS.1);
            self.meet();
        }
        if self.secs >= self.next_leaving_secs {
            self.next_leaving_secs += self.dice.between(LEAVING_EVERY_SECS.0, LEAVING_EVERY_SECS.1);
            self.leave();
        }
        for n in 0..self.walkers.len() {
            self.move_one(n);
        }
    }

    fn present(&self) -> Vec<usize> {
        (0..self.walkers.len()).filter(|&n| self.walkers[n].present).collect()
    }

    fn meet(&mut self) {
        let present = self.present();
        if present.len() < 2 {
            return;
        }
        let first = present[self.dice.below(present.len())];
        let others: Vec<usize> = present.into_iter().filter(|&n| n != first).collect();
        let second = others[self.dice.below(others.len())];
        let spot = anywhere(&mut self.dice, self.room);
        let stay = self.dice.between(1.0, 5.0);
        let apart = Vector2::new(self.dice.between(-0.2, 0.2), self.dice.between(-0.2, 0.2));
        for (n, place) in [(first, spot + apart), (second, spot - apart)] {
            let walker = &mut self.walkers[n];
            walker.goal = place;
            walker.then = Then::Stand(stay);
            walker.until_secs = 0.0;
        }
    }

    fn leave(&mut self) {
        let present = self.present();
        if present.is_empty() {
            return;
        }
        let n = present[self.dice.below(present.len())];
        let away = self.dice.between(5.0, 20.0);
        let walker = &mut self.walkers[n];
        walker.goal = self.door;
        walker.then = Then::Leave(away);
        walker.until_secs = 0.0;
    }

    fn move_one(&mut self, n: usize) {
        let walker = &mut self.walkers[n];
        if !walker.present {
            if self.secs >= walker.until_secs {
                walker.present = true;
                walker.place = self.door;
                walker.goal = anywhere(&mut self.dice, self.room);
                walker.then = Then::Stand(self.dice.between(0.0, 3.0));
            }
            return;
        }
        let way = walker.goal - walker.place;
        let distance = way.norm();
        if distance < ARRIVED_M {
            if let Then::Leave(away) = walker.then {
                walker.present = false;
                walker.velocity = Vector2::zeros();
                walker.until_secs = self.secs + away;
                return;
            }
            if let Then::Stand(stay) = walker.then
                && stay > 0.0
            {
                walker.until_secs = self.secs + stay;
                walker.then = Then::Stand(0.0);
            }
            if self.secs >= walker.until_secs {
                walker.goal = anywhere(&mut self.dice, self.room);
                // Half of the time somebody walks on at once.
                let stay = if self.dice.chance(0.5) { self.dice.between(1.0, 8.0) } else { 0.0 };
                walker.then = Then::Stand(stay);
            }
        }
        let wanted = if distance < ARRIVED_M {
            Vector2::zeros()
        } else {
            way / distance * walker.speed_m_per_s * (distance / SLOWING_M).min(1.0)
        };
        let change = wanted - walker.velocity;
        let most = ACCELERATION_M_PER_S2 * STEP_SECS;
        walker.velocity += if change.norm() > most { change * (most / change.norm()) } else { change };
        walker.place += walker.velocity * STEP_SECS;
    }
}

fn anywhere(dice: &mut Dice, [width, depth]: [f64; 2]) -> Vector2<f64> {
    Vector2::new(dice.between(MARGIN_M, width - MARGIN_M), dice.between(MARGIN_M, depth - MARGIN_M))
}
