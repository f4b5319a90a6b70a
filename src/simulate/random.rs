//! Whole scenes made by chance or for show: rooms, radios and people drawn by a seed, and the demo's flat.

use std::f32::consts::FRAC_PI_2;

use bevy_math::Vec2;

use super::dice::{Dice, Purpose};
use super::grid::RadioFormat;
use super::material::{Material, Wall};
use super::script::{Script, Step};
use super::stories::{self, Home};
use super::{FurnitureSpec, PersonSpec, RadioSpec, SimulatedFaults, SimulatorSpec};
use crate::types::{Activity, FallKind, Room, Sex};

/// What is wanted of a scene that is drawn by chance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneOptions {
    pub n_links: u8,
    pub n_rx: u8,
    /// 0 to 4.
    pub n_people: u8,
    pub rate_hz: f32,
    pub format: RadioFormat,
    /// Length of the people's scripts.
    pub secs: f32,
    /// Whether they fall now and then.
    pub falls: bool,
    /// Width and depth of the largest floor, metres; the smallest is 3 by 3.
    pub largest_m: [f32; 2],
    /// Inner walls at most, 0 to 2, of plasterboard or brick, most with a doorway. People do not know of them and walk
    /// through.
    pub inner_walls: u8,
    /// Chance of each person to sit all the time, still or gesturing.
    pub seated: f32,
}

impl Default for SceneOptions {
    fn default() -> Self {
        Self {
            n_links: 4,
            n_rx: 1,
            n_people: 1,
            rate_hz: 100.0,
            format: RadioFormat::Atheros20,
            secs: 60.0,
            falls: true,
            largest_m: [6.0, 5.0],
            inner_walls: 0,
            seated: 0.0,
        }
    }
}

impl SimulatorSpec {
    /// A room, radios and people as nobody has seen them: for training and for tests on unseen rooms.
    ///
    /// Rooms of 3 to 6 by 3 to 5 (or as the options say) by 2.4 to 2.8 m, radios near the walls 0.8 to 2 m high, people of
    /// all builds who do one thing after the other. Clocks, noise, loss and wall materials vary too. What an option adds
    /// is drawn by dice of its own: without it a seed gives the scene that it always gave.
    pub fn random(seed: u64, options: &SceneOptions) -> Self {
        let mut dice = Dice::new(seed, Purpose::Story, 0, 0);
        let (mut spec, home) = room(seed, options, &mut dice);
        let mut seats = Dice::new(seed, Purpose::Story, 3, 0);
        spec.people = (0..options.n_people.min(4))
            .map(|_| {
                let mut script = stories::busy(&home, options.secs, options.falls, &mut dice);
                if seats.unit() < options.seated {
                    script = stories::seated(&home, options.secs, &mut seats);
                }
                PersonSpec { script: Some(script), ..person(&mut dice) }
            })
            .collect();
        spec
    }

    /// Half a minute with one fall in an unseen room; [`super::Simulator::activities`] says when.
    pub fn fall_trial(kind: FallKind, seed: u64, options: &SceneOptions) -> Self {
        Self::trial(seed, options, |home, dice| stories::fall_trial(home, kind, dice))
    }

    /// A fall in an unseen room after which the person lies on the floor for so many seconds.
    pub fn long_lie(kind: FallKind, secs: f32, seed: u64, options: &SceneOptions) -> Self {
        Self::trial(seed, options, |home, dice| stories::long_lie(home, kind, secs.clamp(1.0, 3_600.0), dice))
    }

    /// Half a minute with one activity that is no fall, in an unseen room.
    pub fn other_trial(activity: Activity, seed: u64, options: &SceneOptions) -> Self {
        Self::trial(seed, options, |home, dice| stories::other_trial(home, activity, dice))
    }

    fn trial(seed: u64, options: &SceneOptions, story: impl Fn(&Home, &mut Dice) -> Script) -> Self {
        let mut dice = Dice::new(seed, Purpose::Story, 1, 0);
        let (mut spec, home) = room(seed, options, &mut dice);
        let script = story(&home, &mut dice);
        spec.people = vec![PersonSpec { script: Some(script), ..person(&mut dice) }];
        spec
    }

    /// Hours of one person's ordinary living without a fall.
    pub fn daily_living(seed: u64, hours: f32, options: &SceneOptions) -> Self {
        let mut dice = Dice::new(seed, Purpose::Story, 2, 0);
        let (mut spec, home) = room(seed, options, &mut dice);
        let secs = if hours.is_finite() { hours.clamp(0.01, 24.0) * 3_600.0 } else { 3_600.0 };
        let script = stories::living(&home, secs, &mut dice);
        spec.people = vec![PersonSpec { script: Some(script), ..person(&mut dice) }];
        spec
    }

    /// Two minutes in a flat, over and over: somebody comes in, sits, stands up, falls, lies, gets up; a visitor comes.
    pub fn demo() -> Self {
        let wall = |from, to, material| Wall { from, to, material };
        let radio = |x, y, z, transmits| RadioSpec { at: [x, y, z], transmits };
        let piece = |x, y, z, cross_section_m2| FurnitureSpec { at: [x, y, z], cross_section_m2 };
        Self {
            seed: 4,
            rate_hz: 100.0,
            n_subcarriers: 56,
            // With three antennas a link tells directions, and with them where people are.
            n_rx: 3,
            room: Room { width_m: 7.6, depth_m: 4.8, height_m: 2.5 },
            // The bedroom lies beyond a plasterboard wall with a doorway, the bathroom behind brick in a corner of it.
            walls: vec![
                wall([4.7, 0.0], [4.7, 3.3], Material::Plasterboard),
                wall([4.7, 4.2], [4.7, 4.8], Material::Plasterboard),
                wall([4.7, 1.3], [7.6, 1.3], Material::Brick),
            ],
            outer_walls: Some(Material::Brick),
            furniture: Some(vec![
                piece(0.4, 1.2, 0.8, 2.0),
                piece(2.2, 0.4, 0.4, 1.5),
                piece(4.3, 0.5, 1.2, 2.5),
                piece(6.9, 2.9, 0.4, 2.0),
                piece(5.1, 4.5, 1.0, 1.5),
            ]),
            radios: vec![
                radio(0.2, 2.6, 1.4, true),
                radio(7.4, 4.0, 1.6, true),
                radio(2.4, 4.6, 1.2, false),
                radio(4.5, 2.2, 1.0, false),
                radio(2.6, 0.2, 1.5, false),
                radio(6.2, 1.5, 1.3, false),
            ],
            people: vec![resident(), visitor()],
            ..Self::default()
        }
    }
}

/// Who lives in the demo's flat.
fn resident() -> PersonSpec {
    let walk = |to: &[[f32; 2]], speed_m_per_s| Step::Walk { to: to.to_vec(), speed_m_per_s };
    let steps = vec![
        Step::Appear { at: [0.6, 4.3], heading_rad: -FRAC_PI_2 },
        walk(&[[1.2, 3.2], [2.6, 2.6]], 0.95),
        Step::Sit { seat: [3.6, 1.0], heading_rad: 2.4, seat_m: 0.45, dropping: false },
        Step::Gesture { secs: 5.0, vigour: 0.4 },
        Step::WaitUntil { secs: 27.0 },
        Step::StandUp,
        Step::PickUp { squat: 0.4 },
        walk(&[[2.4, 3.4], [1.0, 2.4]], 0.9),
        Step::Turn { heading_rad: 0.0 },
        Step::WaitUntil { secs: 43.0 },
        Step::Fall { kind: FallKind::Trip, secs: 0.65, heading_rad: 0.0 },
        Step::WaitUntil { secs: 66.0 },
        Step::GetUp,
        Step::WaitUntil { secs: 80.0 },
        walk(&[[3.9, 3.75], [5.4, 3.75]], 0.7),
        Step::LieOnBed { bed: [6.5, 2.2], heading_rad: 0.0, bed_m: 0.5 },
        Step::WaitUntil { secs: 103.0 },
        Step::GetUp,
        walk(&[[5.2, 3.75], [3.9, 3.75], [0.6, 4.3]], 1.1),
        Step::Leave,
        Step::WaitUntil { secs: 120.0 },
    ];
    PersonSpec {
        sex: Sex::Female,
        height_m: 1.66,
        weight_kg: 68.0,
        seed: 1,
        breaths_per_min: 16.0,
        chest_mm: 8.0,
        script: Some(Script { steps, repeats: true }),
    }
}

/// Who comes to help.
fn visitor() -> PersonSpec {
    let walk = |to: &[[f32; 2]], speed_m_per_s| Step::Walk { to: to.to_vec(), speed_m_per_s };
    let steps = vec![
        Step::WaitUntil { secs: 60.0 },
        Step::Appear { at: [0.6, 4.2], heading_rad: -FRAC_PI_2 },
        walk(&[[1.2, 3.4]], 1.2),
        Step::PickUp { squat: 0.8 },
        Step::Gesture { secs: 5.0, vigour: 0.6 },
        Step::WaitUntil { secs: 82.0 },
        Step::Sit { seat: [3.6, 1.0], heading_rad: 2.4, seat_m: 0.45, dropping: true },
        Step::WaitUntil { secs: 98.0 },
        Step::StandUp,
        walk(&[[1.4, 3.2], [0.6, 4.2]], 1.1),
        Step::Leave,
        Step::WaitUntil { secs: 120.0 },
    ];
    PersonSpec {
        sex: Sex::Male,
        height_m: 1.82,
        weight_kg: 84.0,
        seed: 2,
        breaths_per_min: 13.0,
        chest_mm: 6.0,
        script: Some(Script { steps, repeats: true }),
    }
}

/// A room with its radios and its hardware, without people.
fn room(seed: u64, options: &SceneOptions, dice: &mut Dice) -> (SimulatorSpec, Home) {
    let [width, depth] = options.largest_m.map(|side| if side.is_nan() { 3.0 } else { side.clamp(3.0, 30.0) });
    let room =
        Room { width_m: dice.between(3.0, width), depth_m: dice.between(3.0, depth), height_m: dice.between(2.4, 2.8) };
    let size = Vec2::new(room.width_m, room.depth_m);
    let walls = inner_walls(size, options.inner_walls, &mut Dice::new(seed, Purpose::Story, 4, 0));
    let n_transmitters = (1 + (dice.unit() * 3.0) as usize).min(usize::from(options.n_links.max(1)));
    let radios = radios(room, n_transmitters, usize::from(options.n_links.clamp(1, 16)), &walls, dice);
    let n_furniture = 3 + (dice.unit() * 6.0) as usize;
    let furniture = (0..n_furniture)
        .map(|_| FurnitureSpec {
            at: [
                dice.between(0.05, 0.95) * room.width_m,
                dice.between(0.05, 0.95) * room.depth_m,
                dice.between(0.1, 1.9),
            ],
            cross_section_m2: 0.2 * 15f32.powf(dice.unit()),
        })
        .collect();
    let spec = SimulatorSpec {
        seed,
        n_links: options.n_links,
        n_rx: options.n_rx,
        rate_hz: options.rate_hz,
        format: options.format,
        room,
        walls,
        radios,
        furniture: Some(furniture),
        occupied: options.n_people > 0,
        loss: dice.exponential(0.01).min(0.1),
        max_drift_ppm: 20.0,
        snr_db: options.format.usual_snr_db(),
        faults: SimulatedFaults::measured(options.format),
        ..SimulatorSpec::default()
    };
    (spec, Home::new(size, dice))
}

/// Up to `most` walls: the first across the room, the second from it to an outer wall, each with a doorway or closed.
fn inner_walls(size: Vec2, most: u8, dice: &mut Dice) -> Vec<Wall> {
    let n = (dice.unit() * (f32::from(most.min(2)) + 1.0)) as usize;
    let mut walls = Vec::new();
    let mut add = |from: Vec2, to: Vec2, dice: &mut Dice| {
        let material = if dice.unit() < 0.65 { Material::Plasterboard } else { Material::Brick };
        let length = from.distance(to);
        let door = dice.between(0.8, 1.2).min(0.6 * length) / length;
        let at = dice.between(0.05, 0.95 - door);
        let mut part = |from: Vec2, to: Vec2| walls.push(Wall { from: from.into(), to: to.into(), material });
        if dice.unit() < 0.8 {
            part(from, from.lerp(to, at));
            part(from.lerp(to, at + door), to);
        } else {
            part(from, to);
        }
    };
    // Along the depth, or turned by a quarter.
    let turned = dice.unit() < 0.3;
    let size = if turned { Vec2::new(size.y, size.x) } else { size };
    let point = |x: f32, y: f32| if turned { Vec2::new(y, x) } else { Vec2::new(x, y) };
    let (x, y) = (dice.between(0.3, 0.7) * size.x, dice.between(0.25, 0.75) * size.y);
    if n > 0 {
        add(point(x, 0.0), point(x, size.y), dice);
    }
    if n > 1 {
        let end = if dice.unit() < 0.5 { 0.0 } else { size.x };
        add(point(x, y), point(end, y), dice);
    }
    walls
}

/// Share of the radios that stand at inner walls, where there are any.
const AT_INNER_WALLS: f32 = 0.3;

/// Radios near the walls, receivers at least 1.5 m from a transmitter where a few tries find such a place.
///
/// `n_links` may be no multiple of the transmitters: the spec then takes the first ones.
fn radios(room: Room, n_transmitters: usize, n_links: usize, walls: &[Wall], dice: &mut Dice) -> Vec<RadioSpec> {
    let place = |dice: &mut Dice| {
        if !walls.is_empty() && dice.unit() < AT_INNER_WALLS {
            let wall = walls[(dice.unit() * walls.len() as f32) as usize % walls.len()];
            let (from, to) = (Vec2::from(wall.from), Vec2::from(wall.to));
            let side = if dice.unit() < 0.5 { 1.0 } else { -1.0 };
            let off = (to - from).normalize_or(Vec2::X).perp() * (side * dice.between(0.05, 0.35));
            let at = from.lerp(to, dice.between(0.05, 0.95)) + off;
            let within = |x: f32, most: f32| x.clamp(0.05, most - 0.05);
            return [within(at.x, room.width_m), within(at.y, room.depth_m), dice.between(0.8, 2.0)];
        }
        let (along, inset) = (dice.between(0.05, 0.95), dice.between(0.05, 0.35));
        let (w, d) = (room.width_m, room.depth_m);
        let [x, y] = match (dice.unit() * 4.0) as u8 {
            0 => [inset, along * d],
            1 => [w - inset, along * d],
            2 => [along * w, inset],
            _ => [along * w, d - inset],
        };
        [x, y, dice.between(0.8, 2.0)]
    };
    let transmitters: Vec<[f32; 3]> = (0..n_transmitters).map(|_| place(dice)).collect();
    let distance = |a: [f32; 3], b: [f32; 3]| Vec2::new(a[0], a[1]).distance(Vec2::new(b[0], b[1]));
    let mut radios: Vec<RadioSpec> = transmitters.iter().map(|&at| RadioSpec { at, transmits: true }).collect();
    for _ in 0..n_links.div_ceil(n_transmitters.max(1)) {
        let mut at = place(dice);
        for _ in 0..30 {
            if transmitters.iter().all(|&transmitter| distance(transmitter, at) > 1.5) {
                break;
            }
            at = place(dice);
        }
        radios.push(RadioSpec { at, transmits: false });
    }
    radios
}

/// Somebody: stature and build of adults (NHANES 2015-2018: women 1.62 ± 0.07, men 1.75 ± 0.07 m), any breath.
fn person(dice: &mut Dice) -> PersonSpec {
    let sex = if dice.unit() < 0.5 { Sex::Female } else { Sex::Male };
    let mean = if sex == Sex::Female { 1.62 } else { 1.75 };
    let height_m = mean + 0.07 * dice.normal();
    let bmi = (26.0 * (0.18 * dice.normal()).exp()).clamp(17.0, 42.0);
    PersonSpec {
        sex,
        height_m,
        weight_kg: bmi * height_m * height_m,
        seed: (dice.unit() * 1e6) as u64,
        breaths_per_min: (15.0 + 4.0 * dice.normal()).clamp(6.0, 30.0),
        chest_mm: dice.between(4.0, 12.0),
        script: None,
    }
}
