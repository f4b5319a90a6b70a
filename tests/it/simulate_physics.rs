//! The simulated channel obeys the physics that it is made of: formulas on one side, frames on the other.

use std::f32::consts::{PI, TAU};

use bevy_math::Vec3;
use corporeal::simulate::{
    Antenna, FurnitureSpec, Material, OtherFormat, PersonSpec, RadioFormat, RadioSpec, SceneOptions, Script,
    SimulatedFaults, Simulator, SimulatorSpec, Step, ThingSpec, Wall,
};
use corporeal::types::{Complex32, CsiFrame, FallKind, Room, Timestamp};
use rustfft::FftPlanner;

/// Two radios in the open: no walls, no furniture, nobody.
fn open(tx: [f32; 3], rx: [f32; 3]) -> SimulatorSpec {
    SimulatorSpec {
        room: Room { width_m: 20.0, depth_m: 20.0, height_m: 6.0 },
        radios: vec![RadioSpec { at: tx, transmits: true }, RadioSpec { at: rx, transmits: false }],
        furniture: Some(Vec::new()),
        n_reflections: 0,
        antenna: Antenna::Isotropic,
        occupied: false,
        ideal: true,
        loss: 0.0,
        rate_hz: 200.0,
        n_subcarriers: 57,
        bandwidth_mhz: 20,
        ..SimulatorSpec::default()
    }
}

fn frames(spec: &SimulatorSpec, n: usize) -> Vec<CsiFrame> {
    let mut simulator = Simulator::new(spec);
    (0..n).map(|_| simulator.next_frame()).collect()
}

fn first(spec: &SimulatorSpec) -> CsiFrame {
    frames(spec, 1).remove(0)
}

fn wavelength_m(frame: &CsiFrame) -> f32 {
    frame.channel.wavelength_m().expect("known")
}

/// The middle tone over time.
fn middle(frames: &[CsiFrame]) -> Vec<Complex32> {
    frames.iter().map(|frame| frame.values[frame.n_subcarriers() / 2 + 3]).collect()
}

/// Frequency of the strongest line, Hz, signed; the mean is taken out and the ends are faded.
fn strongest_hz(samples: &[Complex32], rate_hz: f32) -> f32 {
    let n = samples.len();
    let mean = samples.iter().sum::<Complex32>() / n as f32;
    let mut line: Vec<Complex32> = samples
        .iter()
        .enumerate()
        .map(|(i, sample)| (sample - mean) * (0.5 - 0.5 * (TAU * i as f32 / n as f32).cos()))
        .collect();
    line.resize(4 * n.next_power_of_two(), Complex32::ZERO);
    let len = line.len();
    FftPlanner::new().plan_fft_forward(len).process(&mut line);
    let peak = (0..len).max_by(|a, b| line[*a].norm().total_cmp(&line[*b].norm())).expect("not empty");
    let bin = if peak > len / 2 { peak as f32 - len as f32 } else { peak as f32 };
    bin * rate_hz / len as f32
}

/// Friis: twice the distance, 6 dB less, and at 1 m what the formula says.
#[test]
fn received_power_falls_with_the_square_of_the_distance() {
    let rssi = |metres: f32| {
        let frame = first(&open([2.0, 2.0, 2.0], [2.0 + metres, 2.0, 2.0]));
        (frame.rssi_dbm.expect("reported"), wavelength_m(&frame))
    };
    for metres in [1.0f32, 2.0, 4.0, 8.0, 16.0] {
        let (found, wavelength) = rssi(metres);
        let expected = 15.0 + 20.0 * (wavelength / (4.0 * PI * metres)).log10();
        assert!((found - expected).abs() <= 0.5, "{metres} m: {found} instead of {expected} dBm");
    }
}

/// A direct ray and one off a single point: the sum is known at every tone.
#[test]
fn two_rays_interfere_as_the_formula_says() {
    let (tx, rx, point) = (Vec3::new(4.0, 4.0, 2.0), Vec3::new(9.0, 4.0, 2.0), Vec3::new(6.0, 9.0, 2.5));
    let cross_section_m2 = 8.0;
    let mut spec = open(tx.to_array(), rx.to_array());
    spec.furniture = Some(vec![FurnitureSpec { at: point.to_array(), cross_section_m2 }]);
    for format in [RadioFormat::Plain, RadioFormat::Intel5300Ht40, RadioFormat::Nexmon80, RadioFormat::FeitHe20] {
        spec.format = format;
        let frame = first(&spec);
        let (d, d1, d2) = (tx.distance(rx), tx.distance(point), point.distance(rx));
        let scattered = (cross_section_m2 / (4.0 * PI)).sqrt() / (d1 * d2);
        let expected: Vec<f64> = frame
            .subcarriers
            .index
            .iter()
            .map(|&k| {
                let hz =
                    f64::from(frame.channel.centre_mhz) * 1e6 + f64::from(k) * f64::from(frame.subcarriers.spacing_hz);
                let turns = hz / 299_792_458.0 * f64::from(d1 + d2 - d) * std::f64::consts::TAU;
                let (a, b) = (f64::from(1.0 / d), f64::from(scattered));
                (a * a + b * b + 2.0 * a * b * turns.cos()).sqrt()
            })
            .collect();
        let live = |value: &Complex32| value.norm() > 0.0;
        let scale: f64 = frame
            .values
            .iter()
            .zip(&expected)
            .filter(|(v, _)| live(v))
            .map(|(v, e)| f64::from(v.norm()) / e)
            .sum::<f64>()
            / frame.values.iter().filter(|v| live(v)).count() as f64;
        for (value, expected) in frame.values.iter().zip(&expected).filter(|(value, _)| live(value)) {
            let found = f64::from(value.norm()) / scale;
            assert!((found / expected - 1.0).abs() < 2e-3, "{format:?}: {found} instead of {expected}");
        }
    }
}

/// The carrier's phase turns by one cycle per wavelength of the whole way.
#[test]
fn a_mover_of_known_speed_has_its_doppler() {
    for (speed, ends) in [(1.0, [12.0, 7.0]), (0.5, [7.0, 12.0]), (1.5, [13.0, 6.0])] {
        // On the line behind the receiver: the way changes by twice the speed.
        let mut spec = open([4.0, 10.0, 1.5], [5.0, 10.0, 1.5]);
        let sphere = |x: f32| [x, 10.0, 1.5];
        let [from, to] = ends;
        spec.things =
            vec![ThingSpec::Sphere { from: sphere(from), to: sphere(to), speed_m_per_s: speed, cross_section_m2: 1.0 }];
        let frames = frames(&spec, 400);
        let found = strongest_hz(&middle(&frames), spec.rate_hz);
        // Coming nearer is a positive shift.
        let expected = if to < from { 2.0 } else { -2.0 } * speed / wavelength_m(&frames[0]);
        assert!((found - expected).abs() < 0.6, "{found} instead of {expected} Hz at {speed} m/s");
    }
}

/// Somebody who walks towards a link shows the Doppler of the trunk.
#[test]
fn a_walker_has_the_doppler_of_the_trunk() {
    let mut spec = open([5.0, 10.0, 1.2], [6.0, 10.0, 1.2]);
    let walk = Step::Walk { to: vec![[8.0, 10.0]], speed_m_per_s: 1.0 };
    spec.occupied = true;
    spec.people = vec![PersonSpec {
        script: Some(Script { steps: vec![Step::Appear { at: [15.0, 10.0], heading_rad: PI }, walk], repeats: false }),
        ..PersonSpec::default()
    }];
    let mut simulator = Simulator::new(&spec);
    simulator.skip_to(Timestamp::from_secs_f64(2.0));
    let frames: Vec<_> = (0..600).map(|_| simulator.next_frame()).collect();
    let found = strongest_hz(&middle(&frames), spec.rate_hz);
    let place = |secs: f64| simulator.scene_truth(Timestamp::from_secs_f64(secs)).people[0].position_m[0];
    let speed = (place(2.0) - place(5.0)) / 3.0;
    let expected = 2.0 * speed / wavelength_m(&frames[0]);
    assert!((found / expected - 1.0).abs() < 0.12, "{found} instead of {expected} Hz at {speed} m/s");
}

/// Crossing a link's middle at right angles passes as many Fresnel zones as the way shortens by half wavelengths.
#[test]
fn fresnel_zones_are_crossed_one_by_one() {
    let mut spec = open([7.0, 10.0, 1.5], [13.0, 10.0, 1.5]);
    let (far, near) = (4.0f32, 0.4f32);
    spec.things = vec![ThingSpec::Sphere {
        from: [10.0, 10.0 + far, 1.5],
        to: [10.0, 10.0 + near, 1.5],
        speed_m_per_s: 0.6,
        cross_section_m2: 0.5,
    }];
    let secs = (far - near) / 0.6;
    let frames = frames(&spec, (secs * spec.rate_hz) as usize);
    let power: Vec<f32> = middle(&frames).iter().map(|value| value.norm_sqr()).collect();
    // Turning points of the power are zone borders: extremes over windows much shorter than a zone takes.
    let extremes = power.windows(3).filter(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0).count();
    let way = |aside: f32| 2.0 * (3.0f32.powi(2) + aside * aside).sqrt();
    let expected = (way(far) - way(near)) / (wavelength_m(&frames[0]) / 2.0);
    assert!((extremes as f32 - expected).abs() <= 2.0, "{extremes} instead of {expected}");
}

/// A chest that moves by d in front of a link turns the echo's phase by 4π d / λ times the cosine of the half angle.
#[test]
fn a_still_persons_breath_is_in_the_phase_of_the_echo() {
    for (per_min, chest_mm) in [(12.0f32, 5.0f32), (20.0, 10.0)] {
        let mut spec = open([8.0, 10.0, 1.25], [8.0, 10.6, 1.25]);
        spec.occupied = true;
        let steps = vec![Step::Appear { at: [10.0, 10.3], heading_rad: PI }, Step::Hold { secs: 90.0 }];
        spec.people = vec![PersonSpec {
            script: Some(Script { steps, repeats: false }),
            breaths_per_min: per_min,
            chest_mm,
            ..PersonSpec::default()
        }];
        spec.rate_hz = 20.0;
        let held = |chest_mm: f32| {
            let mut spec = spec.clone();
            spec.people[0].chest_mm = chest_mm;
            middle(&frames(&spec, 1_200))
        };
        // Sway is the same in both: what differs is the breath.
        let (breathing, still) = (held(chest_mm), held(0.0));
        let moved: Vec<Complex32> = breathing.iter().zip(&still).map(|(a, b)| a - b).collect();
        let found = strongest_hz(&moved, spec.rate_hz).abs() * 60.0;
        let harmonic = (found / per_min).round().max(1.0);
        assert!((found / per_min - harmonic).abs() < 0.15 && harmonic <= 2.0, "{found} instead of {per_min} a minute");
        // Depth: the echo of the front changes by at most its own size times the phase it turns through.
        let direct = still.iter().map(|value| value.norm()).sum::<f32>() / still.len() as f32;
        let depth = moved.iter().map(|value| value.norm()).fold(0.0, f32::max) / direct;
        let turn = 4.0 * PI * chest_mm / 1_000.0 / 0.0579;
        assert!(depth > 1e-4 && depth < 0.2 * turn, "{depth} of the direct path, the phase turns by {turn}");
    }
}

#[test]
fn deeper_breaths_make_deeper_changes() {
    let depth = |chest_mm: f32| {
        let mut spec = open([8.0, 10.0, 1.25], [8.0, 10.6, 1.25]);
        spec.occupied = true;
        let steps = vec![Step::Appear { at: [10.0, 10.3], heading_rad: PI }, Step::Hold { secs: 20.0 }];
        let script = Some(Script { steps, repeats: false });
        spec.people = vec![PersonSpec { script, chest_mm, ..PersonSpec::default() }];
        let still = {
            let mut spec = spec.clone();
            spec.people[0].chest_mm = 0.0;
            middle(&frames(&spec, 2_000))
        };
        middle(&frames(&spec, 2_000)).iter().zip(&still).map(|(a, b)| (a - b).norm_sqr()).sum::<f32>().sqrt()
    };
    let (shallow, deep) = (depth(4.0), depth(8.0));
    assert!((1.5..2.3).contains(&(deep / shallow)), "{}", deep / shallow);
}

/// One crossing at right angles costs what the slab's formula says; loss and passing add up with the reflection.
#[test]
fn walls_take_what_their_material_takes() {
    for material in Material::ALL {
        let mut spec = open([4.0, 10.0, 2.0], [8.0, 10.0, 2.0]);
        let free = first(&spec).rssi_dbm.expect("reported");
        spec.walls = vec![Wall { from: [6.0, 4.0], to: [6.0, 16.0], material }];
        let behind = first(&spec).rssi_dbm.expect("reported");
        let expected = material.loss_db(5.18e9);
        if expected < 40.0 {
            assert!(
                (free - behind - expected).abs() <= 1.01,
                "{material:?}: {} instead of {expected} dB",
                free - behind
            );
        } else {
            assert!(free - behind > 35.0, "{material:?}: {} dB", free - behind);
        }
        // A wall that ends before the line does nothing.
        spec.walls = vec![Wall { from: [6.0, 4.0], to: [6.0, 9.5], material }];
        let beside = first(&spec).rssi_dbm.expect("reported");
        assert!((free - beside).abs() <= 0.01, "{material:?}: {} dB", free - beside);
    }
    // Orders of magnitude of ITU-R P.2040 and of measurements in homes at 5 GHz.
    let loss = |material: Material| material.loss_db(5.18e9);
    assert!(loss(Material::Plasterboard) < 3.0 && loss(Material::Wood) < 6.0 && loss(Material::Glass) < 6.0);
    assert!((5.0..40.0).contains(&loss(Material::Concrete)) && loss(Material::Metal) > 60.0);
}

/// More reflections change the channel by less each time, and walls never give back more than came.
#[test]
fn reflections_add_no_energy_that_was_not_sent() {
    for seed in 0..10 {
        let spec = SimulatorSpec { seed, n_links: 1, occupied: false, ideal: true, ..SimulatorSpec::default() };
        let power = |n_reflections: u8| {
            let frame = first(&SimulatorSpec { n_reflections, furniture: Some(Vec::new()), ..spec.clone() });
            10f32.powf(frame.rssi_dbm.expect("reported") / 10.0)
        };
        let (direct, once, twice) = (power(0), power(1), power(2));
        // Six perfect mirrors at the same distance could give 49 times the power; lossy farther ones stay far below.
        assert!(once < 12.0 * direct && once > 0.05 * direct, "seed {seed}: {}", once / direct);
        assert!(twice < 6.0 * once && twice > 0.1 * once, "seed {seed}: {}", twice / once);
    }
}

#[test]
fn somebody_on_the_line_takes_the_direct_path_and_nobody_beside_it_does() {
    let blocked = |aside: f32| {
        let mut spec = open([7.0, 10.0, 1.1], [12.0, 10.0, 1.1]);
        let empty = middle(&frames(&spec, 1))[0].norm();
        spec.occupied = true;
        let steps = vec![Step::Appear { at: [9.5, 10.0 + aside], heading_rad: 0.0 }, Step::Hold { secs: 20.0 }];
        spec.people = vec![PersonSpec { script: Some(Script { steps, repeats: false }), ..PersonSpec::default() }];
        let values = middle(&frames(&spec, 200));
        let mean = values.iter().sum::<Complex32>() / values.len() as f32;
        -20.0 * (mean.norm() / empty).log10()
    };
    assert!(blocked(0.0) > 4.0, "{} dB", blocked(0.0));
    assert!(blocked(1.5).abs() < 3.0, "{} dB", blocked(1.5));
}

#[test]
fn every_format_has_its_tones_and_its_scale() {
    for format in RadioFormat::ALL {
        let spec = SimulatorSpec { format, n_rx: 2, loss: 0.0, ..SimulatorSpec::default() };
        let frame = frames(&spec, 8).remove(5);
        assert_eq!(frame.values.len(), frame.n_subcarriers() * 2, "{format:?}");
        let index = &frame.subcarriers.index;
        let n_live = frame.values.iter().filter(|value| value.norm() > 0.0).count() / 2;
        let expected = match format {
            RadioFormat::Plain => (64, 40..65),
            RadioFormat::Esp32Legacy => (64, 50..53),
            RadioFormat::Esp32Ht20 => (128, 100..109),
            RadioFormat::Esp32C6 => (64, 50..57),
            RadioFormat::Intel5300Ht20 | RadioFormat::Intel5300Ht40 => (30, 28..31),
            RadioFormat::Nexmon20 => (64, 54..57),
            RadioFormat::Nexmon40 => (128, 110..115),
            RadioFormat::Nexmon80 => (256, 236..243),
            RadioFormat::Atheros20 | RadioFormat::IntelAx20 => (56, 54..57),
            RadioFormat::Atheros40 => (114, 110..115),
            RadioFormat::FeitHe20 => (242, 236..243),
            RadioFormat::FeitHe80 => (996, 980..997),
        };
        assert_eq!(index.len(), expected.0, "{format:?}");
        assert!(expected.1.contains(&n_live), "{format:?}: {n_live} tones carry something");
        assert!(frame.values.iter().all(|value| value.re.fract() == 0.0 && value.im.fract() == 0.0));
        assert!(wavelength_m(&frame) > 0.05 && wavelength_m(&frame) < 0.13);
    }
}

#[test]
fn a_mix_of_formats_has_its_shares_and_makes_streams_of_their_own() {
    let other = OtherFormat { format: RadioFormat::Nexmon20, share: 0.27 };
    let spec = SimulatorSpec {
        format: RadioFormat::Nexmon80,
        other_format: Some(other),
        n_links: 1,
        loss: 0.0,
        ..SimulatorSpec::default()
    };
    let frames = frames(&spec, 2_000);
    let n_other = frames.iter().filter(|frame| frame.channel.bandwidth_mhz == 20).count();
    assert!((480..600).contains(&n_other), "{n_other} of 2 000");
    let mut streams: Vec<_> = frames.iter().map(CsiFrame::stream).collect();
    streams.sort();
    streams.dedup();
    assert_eq!(streams.len(), 2);
}

#[test]
fn outages_and_jitter_come_as_often_and_as_long_as_asked_for() {
    let faults =
        SimulatedFaults { outages_per_min: 6.0, outage_secs: 1.0, jitter_secs: 0.002, ..SimulatedFaults::default() };
    let spec =
        SimulatorSpec { faults, n_links: 1, rate_hz: 100.0, loss: 0.0, occupied: false, ..SimulatorSpec::default() };
    let frames = frames(&spec, 20_000);
    let times: Vec<f64> = frames.iter().map(|frame| frame.host_time.expect("stamped").secs_f64()).collect();
    let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let minutes = times[times.len() - 1] / 60.0;
    let n_long = gaps.iter().filter(|gap| **gap > 0.1).count() as f64 / minutes;
    assert!((4.0..7.0).contains(&n_long), "{n_long} a minute");
    let short: Vec<f64> = gaps.into_iter().filter(|gap| *gap < 0.015).collect();
    let mean = short.iter().sum::<f64>() / short.len() as f64;
    let spread = (short.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / short.len() as f64).sqrt();
    assert!((0.0012..0.0032).contains(&spread), "{spread} s");
}

/// A fan's lines are at whole multiples of its turns times blades, and stay.
#[test]
fn a_fan_makes_lines_at_its_blades_rate() {
    let mut spec = open([4.0, 10.0, 1.5], [8.0, 10.0, 1.5]);
    spec.things = vec![ThingSpec::Fan {
        at: [6.0, 11.0, 1.5],
        axis_heading_rad: 0.3,
        radius_m: 0.015,
        n_blades: 3,
        turns_per_sec: 4.0,
        cross_section_m2: 0.05,
    }];
    let found = strongest_hz(&middle(&frames(&spec, 2_000)), spec.rate_hz).abs();
    let lines = found / 12.0;
    assert!((lines - lines.round()).abs() < 0.02 && lines > 0.5, "{found} Hz");
}

#[test]
fn random_scenes_can_be_simulated_differ_and_come_again() {
    let options = SceneOptions { n_links: 5, n_rx: 3, n_people: 2, secs: 20.0, ..SceneOptions::default() };
    let one = SimulatorSpec::random(7, &options);
    assert!(one.walls.is_empty(), "rooms have inner walls where they are asked for");
    let walled = |seed| SimulatorSpec::random(seed, &SceneOptions { inner_walls: 2, largest_m: [8.0, 6.0], ..options });
    let walls: Vec<usize> = (0..20).map(|seed| walled(seed).walls.len()).collect();
    // A closed wall is one, one with a doorway two.
    assert!(walls.contains(&0) && walls.contains(&2) && walls.iter().all(|n| *n <= 4), "{walls:?}");
    for spec in (0..20).map(walled) {
        let inside = |[x, y]: [f32; 2]| {
            (-1e-3..spec.room.width_m + 1e-3).contains(&x) && (-1e-3..spec.room.depth_m + 1e-3).contains(&y)
        };
        assert!(spec.walls.iter().all(|wall| inside(wall.from) && inside(wall.to)), "{:?}", spec.walls);
    }
    assert_eq!(one, SimulatorSpec::random(7, &options));
    assert_ne!(one.room, SimulatorSpec::random(8, &options).room);
    assert_eq!(frames(&one, 300), frames(&one, 300));
    for seed in 0..20 {
        let spec = SimulatorSpec::random(seed, &options);
        let mut simulator = Simulator::new(&spec);
        assert!((1..=5).contains(&simulator.links().count()));
        for _ in 0..50 {
            let frame = simulator.next_frame();
            assert!(frame.values.iter().all(|value| value.is_finite()) && frame.n_rx == 3);
        }
    }
    let text = serde_json::to_string(&one).expect("plain data");
    assert_eq!(serde_json::from_str::<SimulatorSpec>(&text).expect("reads its own"), one);
}

#[test]
fn silly_scenes_are_brought_into_what_can_be_simulated() {
    let nan = f32::NAN;
    let steps = vec![
        Step::Walk { to: vec![[nan, 1e30], [-5.0, 2.0]], speed_m_per_s: nan },
        Step::Sit { seat: [1e9, nan], heading_rad: f32::INFINITY, seat_m: -3.0, dropping: true },
        Step::LieOnBed { bed: [nan, nan], heading_rad: nan, bed_m: nan },
        Step::Fall { kind: FallKind::FromBed, secs: nan, heading_rad: nan },
        Step::Crawl { to: [nan, 0.0] },
        Step::Wait { secs: -1.0 },
        Step::Gesture { secs: 1e30, vigour: nan },
        Step::Leave,
        Step::Turn { heading_rad: 0.0 },
        Step::Appear { at: [nan, 1e30], heading_rad: nan },
        Step::Stumble,
    ];
    let person = PersonSpec {
        height_m: -1.0,
        weight_kg: nan,
        breaths_per_min: 1e9,
        chest_mm: nan,
        script: Some(Script { steps, repeats: true }),
        ..PersonSpec::default()
    };
    let spec = SimulatorSpec {
        room: Room { width_m: 0.0, depth_m: nan, height_m: 1e9 },
        people: vec![person; 9],
        things: vec![
            ThingSpec::Fan {
                at: [nan; 3],
                axis_heading_rad: nan,
                radius_m: nan,
                n_blades: 0,
                turns_per_sec: nan,
                cross_section_m2: nan
            };
            40
        ],
        walls: vec![Wall { from: [nan, 0.0], to: [1.0, 1.0], material: Material::Metal }; 200],
        furniture: Some(vec![FurnitureSpec { at: [1e30, nan, -1.0], cross_section_m2: -4.0 }]),
        radios: vec![RadioSpec { at: [nan; 3], transmits: true }; 3],
        snr_db: [nan, -10.0],
        n_reflections: 255,
        other_format: Some(OtherFormat { format: RadioFormat::FeitHe80, share: nan }),
        ..SimulatorSpec::default()
    };
    let mut simulator = Simulator::new(&spec);
    for _ in 0..40 {
        assert!(simulator.next_frame().values.iter().all(|value| value.is_finite()));
    }
    assert!(simulator.scene_truth(Timestamp::from_secs_f64(3.0)).people.len() <= 4);
}

#[test]
fn a_receiver_s_chains_turn_what_every_transmitter_sends_alike() {
    let (transmitters, receivers) = ([[3.0, 4.0, 2.0], [16.0, 9.0, 2.5]], [[10.0, 17.0, 1.5], [8.0, 2.0, 1.0]]);
    let at = |place: [f32; 3], transmits| RadioSpec { at: place, transmits };
    let mut spec = open(transmitters[0], receivers[0]);
    spec.radios =
        transmitters.map(|place| at(place, true)).into_iter().chain(receivers.map(|place| at(place, false))).collect();
    (spec.n_links, spec.n_rx, spec.format, spec.snr_db) = (4, 3, RadioFormat::Plain, [60.0, 60.0]);
    let ideal = frames(&spec, 4);
    let real = frames(&SimulatorSpec { ideal: false, ..spec }, 4);
    // What a chain adds to the second and third antenna beside the first.
    let turns: Vec<_> = ideal
        .iter()
        .zip(&real)
        .map(|(ideal, real)| {
            let of = |rx| {
                let pairs = real.chain(rx, 0).unwrap_or_default().iter().zip(ideal.chain(rx, 0).unwrap_or_default());
                pairs.map(|(real, ideal)| real * ideal.conj()).sum::<Complex32>()
            };
            (ideal.link, [1, 2].map(|rx| (of(rx) * of(0).conj()).arg()))
        })
        .collect();
    let off = |a: f32, b: f32| Complex32::cis(a - b).arg().abs();
    let (mut n_alike, mut n_other) = (0, 0);
    for (i, (one, a)) in turns.iter().enumerate() {
        for (other, b) in &turns[i + 1..] {
            let most = off(a[0], b[0]).max(off(a[1], b[1]));
            if one.rx == other.rx {
                assert!(one.tx != other.tx && most < 0.05, "{one:?} and {other:?}: {most} rad");
                n_alike += 1;
            } else {
                assert!(most > 0.1, "{one:?} and {other:?}: {most} rad");
                n_other += 1;
            }
        }
    }
    assert_eq!((n_alike, n_other), (2, 4));
}
