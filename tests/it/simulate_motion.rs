//! Simulated people move as people do: lengths stay, planted feet stay, falls fall, and nothing jumps.

use std::f32::consts::PI;

use bevy_math::{Vec2, Vec3};
use corporeal::simulate::{PersonSpec, SceneOptions, Script, Simulator, SimulatorSpec, Step};
use corporeal::types::message::truth;
use corporeal::types::{Activity, FallKind, PersonTruth, PostureClass, Room, Sex, Timestamp, TruthJoint};

const STEP_SECS: f64 = 0.02;

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(secs)
}

/// The only person of a simulator over the whole script, every 20 ms.
fn played(spec: &SimulatorSpec) -> (Simulator, Vec<PersonTruth>) {
    let simulator = Simulator::new(spec);
    let n = (simulator.script_end().secs_f64() / STEP_SECS) as usize;
    let truths = (0..n).filter_map(|i| simulator.scene_truth(at(i as f64 * STEP_SECS)).people.pop()).collect();
    (simulator, truths)
}

fn scene(steps: Vec<Step>) -> SimulatorSpec {
    SimulatorSpec {
        room: Room { width_m: 8.0, depth_m: 7.0, height_m: 2.5 },
        people: vec![PersonSpec { script: Some(Script { steps, repeats: false }), ..PersonSpec::default() }],
        ..SimulatorSpec::default()
    }
}

fn start() -> Step {
    Step::Appear { at: [2.0, 3.5], heading_rad: 0.0 }
}

/// TruthJoint pairs that one bone joins.
const BONES: [(TruthJoint, TruthJoint); 13] = [
    (TruthJoint::Pelvis, TruthJoint::Spine),
    (TruthJoint::Chest, TruthJoint::Neck),
    (TruthJoint::Chest, TruthJoint::LeftShoulder),
    (TruthJoint::LeftShoulder, TruthJoint::LeftElbow),
    (TruthJoint::LeftElbow, TruthJoint::LeftWrist),
    (TruthJoint::RightShoulder, TruthJoint::RightElbow),
    (TruthJoint::RightElbow, TruthJoint::RightWrist),
    (TruthJoint::LeftHip, TruthJoint::LeftKnee),
    (TruthJoint::LeftKnee, TruthJoint::LeftAnkle),
    (TruthJoint::RightHip, TruthJoint::RightKnee),
    (TruthJoint::RightKnee, TruthJoint::RightAnkle),
    (TruthJoint::LeftAnkle, TruthJoint::LeftToe),
    (TruthJoint::RightAnkle, TruthJoint::RightToe),
];

fn joint(truth: &PersonTruth, joint: TruthJoint) -> Vec3 {
    truth.joint(joint).expect("every joint is there")
}

#[test]
fn bones_keep_their_lengths_and_nothing_goes_under_the_floor_or_out_of_the_room() {
    for seed in 0..12 {
        let options = SceneOptions { secs: 90.0, ..SceneOptions::default() };
        let spec = SimulatorSpec::random(seed, &options);
        let (simulator, truths) = played(&spec);
        let size = simulator.spec().room.size();
        for (a, b) in BONES {
            let lengths = truths.iter().map(|truth| joint(truth, a).distance(joint(truth, b)));
            let (low, high) = lengths.fold((f32::INFINITY, 0.0f32), |(low, high), l| (low.min(l), high.max(l)));
            assert!(high - low < 2e-3, "seed {seed}: {a:?} to {b:?} is {low} to {high} m");
        }
        for truth in &truths {
            for (place, name) in truth.joints_m.iter().zip(TruthJoint::ALL) {
                let place = Vec3::from(*place);
                assert!(
                    place.is_finite() && place.z > 0.0,
                    "seed {seed}: {name:?} at {place} while {:?}",
                    truth.activity
                );
                // Arms may reach over a wall's line beside a bed; the trunk may not.
                let beyond = (-place).max(place - size).max_element();
                assert!(beyond < 0.7, "seed {seed}: {name:?} at {place} of {size} while {:?}", truth.activity);
            }
        }
    }
}

#[test]
fn nothing_jumps() {
    for seed in 20..32 {
        let spec = SimulatorSpec::random(seed, &SceneOptions { secs: 90.0, ..SceneOptions::default() });
        let (_, truths) = played(&spec);
        for pair in truths.windows(2) {
            for name in TruthJoint::ALL {
                let speed = joint(&pair[0], name).distance(joint(&pair[1], name)) / STEP_SECS as f32;
                // Hands fly when somebody falls.
                let limit = if pair[0].activity == Activity::Falling { 11.0 } else { 7.5 };
                assert!(speed < limit, "seed {seed}: {name:?} at {speed} m/s while {:?}", pair[0].activity);
            }
        }
    }
}

/// The foot that carries the weight does not slide.
#[test]
fn a_walking_body_stands_on_a_foot_that_stays() {
    let mut slides = Vec::new();
    for (seed, speed_m_per_s) in [(1, 0.5), (2, 0.8), (3, 1.0), (4, 1.2), (5, 1.4), (6, 1.0), (7, 1.3)] {
        let mut spec = scene(vec![
            start(),
            Step::Walk { to: vec![[6.5, 3.5], [6.5, 5.5], [1.5, 5.0], [1.5, 1.5], [6.5, 1.5]], speed_m_per_s },
        ]);
        spec.people[0].seed = seed;
        let (_, truths) = played(&spec);
        let walking: Vec<_> = truths.iter().filter(|truth| truth.activity == Activity::Walking).collect();
        for pair in walking.windows(2) {
            let slide = [TruthJoint::LeftToe, TruthJoint::RightToe]
                .map(|toe| joint(pair[0], toe).truncate().distance(joint(pair[1], toe).truncate()) / STEP_SECS as f32);
            slides.push(slide[0].min(slide[1]));
        }
        let ways =
            walking.windows(2).map(|pair| Vec2::from(pair[0].position_m).distance(Vec2::from(pair[1].position_m)));
        let fastest = walking.iter().map(|truth| Vec3::from(truth.velocity_m_per_s).length()).fold(0.0, f32::max);
        assert!(ways.sum::<f32>() > 14.0, "walks the whole way");
        assert!((fastest / speed_m_per_s - 1.0).abs() < 0.45, "{fastest} instead of {speed_m_per_s} m/s");
    }
    slides.sort_by(f32::total_cmp);
    let share = |q: f32| slides[((slides.len() - 1) as f32 * q) as usize];
    assert!(share(0.5) < 0.03 && share(0.95) < 0.15, "median {}, 95 % {} m/s", share(0.5), share(0.95));
}

/// Cadence and step length of a walk at 1.2 m/s are those of adults: 95 to 125 steps a minute.
#[test]
fn steps_come_at_an_adults_cadence() {
    let walk = Step::Walk { to: vec![[7.4, 3.5]], speed_m_per_s: 1.2 };
    let spec = scene(vec![Step::Appear { at: [0.6, 3.5], heading_rad: 0.0 }, walk]);
    let (_, truths) = played(&spec);
    let lead: Vec<f32> = truths
        .iter()
        .map(|truth| joint(truth, TruthJoint::LeftAnkle).x - joint(truth, TruthJoint::RightAnkle).x)
        .collect();
    let middle = &lead[60..lead.len() - 75];
    let crossings = middle.windows(2).filter(|pair| (pair[0] > 0.0) != (pair[1] > 0.0)).count();
    let per_minute = crossings as f64 / (middle.len() as f64 * STEP_SECS) * 60.0;
    assert!((90.0..130.0).contains(&per_minute), "{per_minute} steps a minute");
    let longest = middle.iter().fold(0.0f32, |most, lead| most.max(lead.abs()));
    assert!((0.5..0.9).contains(&longest), "steps of {longest} m");
}

#[test]
fn falls_take_their_time_and_end_on_the_floor() {
    for kind in FallKind::ALL {
        for seed in 0..8 {
            let spec = SimulatorSpec::fall_trial(kind, seed, &SceneOptions::default());
            let (simulator, truths) = played(&spec);
            let falls: Vec<_> = simulator
                .activities(simulator.script_end())
                .into_iter()
                .filter(|span| span.activity == Activity::Falling)
                .collect();
            assert_eq!(falls.len(), 1, "{kind:?} {seed}");
            let fall = &falls[0];
            let secs = fall.end.secs_since(fall.start);
            assert!((0.39..=1.01).contains(&secs), "{kind:?} {seed}: {secs} s");
            let index = |time: Timestamp| ((time.secs_f64() / STEP_SECS) as usize).min(truths.len() - 1);
            let trunk = |truth: &PersonTruth| {
                (joint(truth, TruthJoint::Head).z
                    + joint(truth, TruthJoint::Chest).z
                    + joint(truth, TruthJoint::Pelvis).z)
                    / 3.0
            };
            let (before, after) = (trunk(&truths[index(fall.start)]), trunk(&truths[index(fall.end) + 15]));
            let least = if kind == FallKind::FromBed { 0.3 } else { 0.45 };
            assert!(before - after > least, "{kind:?} {seed}: from {before} to {after} m");
            let falling = &truths[index(fall.start)..index(fall.end)];
            let fastest = falling
                .windows(2)
                .map(|pair| (trunk(&pair[0]) - trunk(&pair[1])) / STEP_SECS as f32)
                .fold(0.0, f32::max);
            assert!((0.9..5.2).contains(&fastest), "{kind:?} {seed}: {fastest} m/s");
            let lying = &truths[index(fall.end) + 60];
            assert_eq!(lying.posture, PostureClass::Lying, "{kind:?} {seed}");
            assert_eq!(lying.activity, Activity::LyingAfterFall);
        }
    }
}

#[test]
fn the_ordinary_is_no_fall() {
    for activity in [Activity::DroppingIntoChair, Activity::LyingDown, Activity::PickingUp, Activity::Stumbling] {
        for seed in 0..6 {
            let simulator = Simulator::new(&SimulatorSpec::other_trial(activity, seed, &SceneOptions::default()));
            let spans = simulator.activities(simulator.script_end());
            assert!(spans.iter().all(|span| span.activity != Activity::Falling && span.fall.is_none()));
            assert!(spans.iter().any(|span| span.activity == activity), "{activity:?} {seed} never happens: {spans:?}");
        }
    }
}

#[test]
fn postures_are_what_was_asked_for() {
    let spec = scene(vec![
        start(),
        Step::Hold { secs: 2.0 },
        Step::Sit { seat: [5.0, 3.0], heading_rad: 1.0, seat_m: 0.45, dropping: false },
        Step::Hold { secs: 2.0 },
        Step::LieOnBed { bed: [3.0, 5.5], heading_rad: PI, bed_m: 0.5 },
        Step::Hold { secs: 2.0 },
        Step::GetUp,
        Step::LieOnFloor { on_back: true },
        Step::Hold { secs: 2.0 },
        Step::Crawl { to: [5.0, 3.0] },
        Step::GetUp,
        Step::Hold { secs: 2.0 },
    ]);
    let (simulator, truths) = played(&spec);
    let rests: Vec<_> = simulator
        .activities(simulator.script_end())
        .into_iter()
        .filter(|span| span.end.secs_since(span.start) > 1.9)
        .filter_map(|span| {
            let truth = &truths[((span.end.secs_f64() - 0.5) / STEP_SECS) as usize];
            matches!(span.activity, Activity::Standing | Activity::Sitting | Activity::Lying | Activity::Crawling)
                .then_some((span.activity, truth.posture))
        })
        .collect();
    let expected = [
        (Activity::Standing, PostureClass::Upright),
        (Activity::Sitting, PostureClass::Sitting),
        (Activity::Lying, PostureClass::Lying),
        (Activity::Lying, PostureClass::Lying),
        (Activity::Crawling, PostureClass::Low),
        (Activity::Standing, PostureClass::Upright),
    ];
    let mut found = rests.clone();
    found.dedup();
    let mut expected = expected.to_vec();
    expected.dedup();
    // Sitting on the bed's edge before lying down is a rest of its own, and a short one.
    found.retain(|rest| *rest != (Activity::Sitting, PostureClass::Sitting) || expected.contains(rest));
    assert_eq!(found, expected, "{rests:?}");
}

#[test]
fn a_seat_and_a_bed_carry_at_their_height() {
    let sit = Step::Sit { seat: [5.0, 3.0], heading_rad: 1.0, seat_m: 0.45, dropping: true };
    let (_, truths) = played(&scene(vec![start(), sit, Step::Hold { secs: 2.0 }]));
    let seated = truths.last().expect("sits at the end");
    let pelvis = joint(seated, TruthJoint::Pelvis);
    assert!((0.47..0.6).contains(&pelvis.z), "{pelvis}");
    assert!(Vec2::new(5.0, 3.0).distance(pelvis.truncate()) < 0.1, "sits on the seat: {pelvis}");
    assert!((seated.heading_rad - 1.0).abs() < 0.1);
    let bed = Step::LieOnBed { bed: [3.0, 5.0], heading_rad: 0.0, bed_m: 0.5 };
    let (_, truths) = played(&scene(vec![start(), bed, Step::Hold { secs: 2.0 }]));
    let lying = truths.last().expect("lies at the end");
    for name in [TruthJoint::Head, TruthJoint::Pelvis, TruthJoint::LeftKnee, TruthJoint::RightAnkle] {
        assert!((0.5..0.8).contains(&joint(lying, name).z), "{name:?} {}", joint(lying, name));
    }
    assert!(
        joint(lying, TruthJoint::Head).x > joint(lying, TruthJoint::Pelvis).x + 0.5,
        "the head points where it was told"
    );
}

#[test]
fn breath_has_its_rate_and_depth() {
    for (per_min, chest_mm) in [(6.0, 4.0), (15.0, 8.0), (30.0, 12.0)] {
        let mut spec = scene(vec![start(), Step::Hold { secs: 60.0 }]);
        spec.people[0].breaths_per_min = per_min;
        spec.people[0].chest_mm = chest_mm;
        let (_, truths) = played(&spec);
        let out: Vec<f32> = truths.iter().map(|truth| truth.chest_m).collect();
        let span =
            out.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b)) - out.iter().fold(f32::INFINITY, |a, b| a.min(*b));
        assert!((span * 1_000.0 - chest_mm).abs() < 0.05 * chest_mm, "{span} m");
        let breaths = out.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((breaths as f32 - per_min).abs() <= 1.0, "{breaths} breaths in a minute");
    }
}

#[test]
fn builds_follow_height_weight_and_sex() {
    let height_of = |height_m: f32| {
        let mut spec = scene(vec![start(), Step::Hold { secs: 1.0 }]);
        spec.people[0] = PersonSpec { height_m, weight_kg: 22.0 * height_m * height_m, ..spec.people[0].clone() };
        let truth = Simulator::new(&spec).scene_truth(at(0.5)).people.remove(0);
        joint(&truth, TruthJoint::Head).z
    };
    // The middle of the head is at 93 % of the stature.
    for height_m in [1.2, 1.6, 1.9, 2.1] {
        assert!((height_of(height_m) / height_m - 0.93).abs() < 0.03, "{} of {height_m}", height_of(height_m));
    }
    let mut spec = scene(vec![start(), Step::Hold { secs: 1.0 }]);
    spec.people[0] =
        PersonSpec { height_m: f32::NAN, weight_kg: f32::INFINITY, sex: Sex::Female, ..spec.people[0].clone() };
    let truth = Simulator::new(&spec).scene_truth(at(0.5)).people.remove(0);
    assert!(truth.height_m.is_finite() && truth.weight_kg.is_finite());
}

#[test]
fn the_demo_tells_its_story_and_begins_again_without_a_jump() {
    let simulator = Simulator::new(&SimulatorSpec::demo());
    let spans = simulator.activities(at(119.0));
    let did = |person: u8, activity: Activity| {
        spans.iter().find(|span| (span.person, span.activity) == (person, activity)).map(|span| span.start.secs_f64())
    };
    let story =
        [Activity::Walking, Activity::Sitting, Activity::StandingUp, Activity::Falling, Activity::LyingAfterFall]
            .map(|activity| did(0, activity).unwrap_or_else(|| panic!("{activity:?} is missing: {spans:?}")));
    assert!(story.is_sorted(), "{story:?}");
    let up = did(0, Activity::GettingUp).expect("gets up");
    let visit = did(1, Activity::Standing).expect("is visited");
    assert!(story[3] < visit && visit < up && up < 75.0, "{story:?}, visit {visit}, up {up}");
    let n_at = |secs: f64| simulator.scene_truth(at(secs)).people.len();
    assert_eq!([n_at(30.0), n_at(70.0), n_at(119.0)], [1, 2, 0]);
    assert_eq!(simulator.scene_truth(at(30.0)).people, {
        let mut later = simulator.scene_truth(at(150.0)).people;
        // A new round has the same motion and another breath.
        for (later, now) in later.iter_mut().zip(simulator.scene_truth(at(30.0)).people) {
            later.chest_m = now.chest_m;
            let same = later.joints_m.iter().zip(&now.joints_m);
            assert!(same.clone().all(|(a, b)| Vec3::from(*a).distance(Vec3::from(*b)) < 0.05));
            later.joints_m = now.joints_m;
            later.position_m = now.position_m;
            later.velocity_m_per_s = now.velocity_m_per_s;
            later.heading_rad = now.heading_rad;
        }
        later
    });
}

#[test]
fn an_hour_of_living_has_rest_and_movement_and_no_fall() {
    let simulator = Simulator::new(&SimulatorSpec::daily_living(3, 1.0, &SceneOptions::default()));
    let secs = simulator.script_end().secs_f64();
    assert!((3_000.0..9_000.0).contains(&secs), "{secs}");
    let mut share = std::collections::BTreeMap::<Activity, f64>::new();
    for span in simulator.activities(simulator.script_end()) {
        *share.entry(span.activity).or_default() += span.end.secs_since(span.start) / secs;
    }
    let of = |activity: Activity| share.get(&activity).copied().unwrap_or(0.0);
    assert_eq!(of(Activity::Falling), 0.0);
    assert!(of(Activity::Walking) > 0.01 && of(Activity::Walking) < 0.5, "{share:?}");
    assert!(of(Activity::Sitting) + of(Activity::Lying) > 0.2, "{share:?}");
}

#[test]
fn the_truth_is_written_and_read_back_bit_for_bit() {
    let simulator = Simulator::new(&SimulatorSpec::demo());
    for secs in [5.0, 30.0, 48.0, 70.0, 119.0] {
        let written = simulator.scene_truth(at(secs));
        let mut bytes = Vec::new();
        truth::encode(&written, &mut bytes);
        assert_eq!(truth::decode(&bytes), Ok(written), "{secs} s");
        for len in 0..bytes.len() {
            assert!(truth::decode(&bytes[..len]).is_err(), "{len} of {} bytes", bytes.len());
        }
        for changed in 0..bytes.len() {
            let mut odd = bytes.clone();
            odd[changed] = odd[changed].wrapping_add(0x41);
            // Whatever comes out, it is a whole answer or none.
            if let Ok(read) = truth::decode(&odd) {
                assert!(read.people.iter().all(|person| person.joints_m.len() == TruthJoint::COUNT));
            }
        }
    }
}
