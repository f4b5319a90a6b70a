//! The stream of training windows is seeded, has the shape that it announces, and its answers fit the people in it.

use bevy_math::Vec3;
use corporeal::cli::simulate::windows::{Example, WindowOptions, Windows, fields, record_len};
use corporeal::pose::layout::N_TOKENS;
use corporeal::pose::targets::{MotionClass, N_JOINTS, N_TARGET, PersonTarget};
use corporeal::simulate::{SceneOptions, Simulator, SimulatorSpec};
use corporeal::types::{PostureClass, Timestamp, TruthJoint};

fn few(options: WindowOptions, n: usize) -> Vec<Example> {
    Windows::new(WindowOptions { windows_per_room: 2, n_links: 3, n_antennas: 2, ..options }).take(n).collect()
}

fn one_person() -> WindowOptions {
    WindowOptions { people: [0.0, 1.0, 0.0, 0.0], ..WindowOptions::default() }
}

fn records(examples: &[Example]) -> Vec<Vec<f32>> {
    examples.iter().map(|example| example.numbers(3)).collect()
}

#[test]
fn a_room_s_number_decides_its_windows() {
    let first = records(&few(one_person(), 4));
    assert_eq!(first, records(&few(one_person(), 4)));
    let second_room = records(&few(WindowOptions { first_room: 1, ..one_person() }, 2));
    assert_eq!(first[2..], second_room[..], "where the stream begins does not change a room");
    assert_ne!(first[..2], second_room[..]);
}

#[test]
fn records_have_the_announced_shape_and_finite_numbers() {
    let options = WindowOptions { people: [1.0, 1.0, 1.0, 1.0], single_too: true, ..WindowOptions::default() };
    let examples = few(options, 16);
    let mut counts = std::collections::BTreeSet::new();
    for example in &examples {
        let numbers = example.numbers(3);
        assert_eq!(numbers.len(), record_len(3));
        assert!(numbers.iter().all(|number| number.is_finite()));
        // Padding to more links changes nothing but the length.
        assert_eq!(example.numbers(5).len(), record_len(5));
        assert_eq!(example.people.len(), example.n_people);
        counts.insert(example.n_people);
    }
    assert!(counts.len() > 1, "{counts:?}");
    let names: Vec<_> = fields(3).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), names.iter().collect::<std::collections::BTreeSet<_>>().len());
    assert_eq!(fields(3).iter().find(|(name, _)| *name == "tokens").map(|(_, shape)| shape[1]), Some(N_TOKENS));
}

#[test]
fn each_window_comes_again_as_a_single_antenna_sees_it() {
    let options = WindowOptions { single_too: true, ..one_person() };
    for pair in few(options, 8).chunks_exact(2) {
        assert_eq!((pair[0].n_antennas, pair[1].n_antennas), (2, 1));
        assert_eq!(pair[0].people, pair[1].people);
        assert!(pair[1].links.iter().all(|link| link.n_antennas == 1));
        assert_ne!(pair[0].links[0].values, pair[1].links[0].values);
    }
}

#[test]
fn three_antennas_come_again_as_one_and_as_two() {
    let options = WindowOptions { single_too: true, pair_too: true, n_antennas: 3, ..one_person() };
    let options = WindowOptions { windows_per_room: 2, n_links: 3, ..options };
    let examples: Vec<Example> = Windows::new(options).take(6).collect();
    let antennas: Vec<usize> = examples.iter().map(|example| example.n_antennas).collect();
    assert_eq!(antennas, [3, 1, 2, 3, 1, 2]);
    assert!(examples[2].links.iter().all(|link| link.n_antennas == 2));
    // The first two antennas' middle is a quarter of a wavelength off the middle of all.
    let off = |i: usize| examples[0].links[0].geometry[i] - examples[2].links[0].geometry[i];
    assert!((off(3).hypot(off(4)) - 0.0145).abs() < 5e-4 && off(0) == 0.0, "{} {}", off(3), off(4));
}

#[test]
fn radios_may_be_measured_exactly() {
    let exact = WindowOptions { place_error_m: 0.0, axis_error_rad: 0.0, ..one_person() };
    let [exact, usual] = [exact, one_person()].map(|options| few(options, 1).remove(0));
    for (exact, usual) in exact.links.iter().zip(&usual.links) {
        // The simulator's arrays are square to the direction of the room's centre, which geometry counts from.
        let square = |geometry: &[f32]| (geometry[3] * geometry[6] + geometry[4] * geometry[7]).abs();
        assert!(square(&exact.geometry) < 1e-3 && square(&usual.geometry) > 1e-3, "{:?}", usual.geometry);
        assert_eq!(exact.values, usual.values, "what radios hear does not depend on a tape measure");
    }
}

#[test]
fn rooms_may_be_larger_and_have_other_radios_and_usual_ones_stay() {
    let usual = records(&few(one_person(), 2));
    let none = WindowOptions { large: 0.0, other_formats: 0.0, seated: 0.0, ..one_person() };
    assert_eq!(records(&few(none, 2)), usual);
    let wide = |room: u64| {
        let options = WindowOptions { large: 1.0, other_formats: 1.0, seated: 1.0, first_room: room, ..one_person() };
        few(options, 1).remove(0)
    };
    let many: Vec<Example> = (0..12).map(wide).collect();
    assert!(many.iter().any(|example| example.size_m.x > 6.0) && many.iter().all(|example| example.size_m.x <= 8.0));
    let n_seated = many.iter().filter(|example| example.people[0].posture == PostureClass::Sitting).count();
    assert!(n_seated >= 9, "{n_seated} of 12 sit");
}

#[test]
fn a_body_s_frame_keeps_its_sizes_and_its_sides() {
    let options = SceneOptions { secs: 40.0, ..SceneOptions::default() };
    let mut classes = std::collections::BTreeSet::new();
    for seed in 0..6 {
        let simulator = Simulator::new(&SimulatorSpec::random(seed, &options));
        for second in 1..40 {
            let scene = simulator.scene_truth(Timestamp::from_secs_f64(f64::from(second)));
            let Some(person) = scene.people.first() else { continue };
            let target = PersonTarget::new(person, simulator.spec().room).expect("all joints are there");
            classes.insert(MotionClass::from(target.activity));
            let own = |joint: TruthJoint| person.joint(joint).expect("there");
            let pairs = [
                (5, TruthJoint::LeftShoulder),
                (10, TruthJoint::RightWrist),
                (13, TruthJoint::LeftKnee),
                (16, TruthJoint::RightAnkle),
            ];
            for (i, joint) in pairs {
                let away = own(joint).distance(own(TruthJoint::Pelvis));
                assert!((target.joints[i].length() - away).abs() < 1e-4, "turning changes no length");
            }
            if person.posture == PostureClass::Upright {
                assert!(target.joints[11].y > 0.03 && target.joints[12].y < -0.03, "hips lie left and right");
                assert!(target.joints[15].z < -0.4, "feet are below the hips");
                assert!(target.joints[0].z > 0.4, "the nose is above them");
            }
            // Eyes and ears stay on the head.
            for face in target.joints.iter().take(5) {
                let head = own(TruthJoint::Head) - own(TruthJoint::Pelvis);
                assert!((face.length() - head.length()).abs() < 0.15);
            }
            assert!((target.heading.length() - 1.0).abs() < 1e-4);
            assert!(target.stride_m >= 0.0 && target.stride_m < 1.6);
            let numbers = target.numbers();
            assert_eq!(numbers.len(), N_TARGET);
            assert_eq!(Vec3::new(numbers[15], numbers[16], numbers[17]), target.joints[0]);
            assert_eq!((N_TARGET, numbers[N_TARGET - 1]), (16 + 3 * N_JOINTS, person.height_m));
        }
    }
    assert!(classes.len() >= 5, "{classes:?}");
}
