//! What a pose network's numbers mean: places, directions and bodies come out where the geometry says, and numbers that
//! are none are refused.

use std::f64::consts::{FRAC_PI_2, PI};

use bevy_math::{Vec2, Vec3};
use corporeal::pose::support::Unsupported;
use corporeal::pose::targets::{JOINT_NAMES, MotionClass, PersonTarget};
use corporeal::pose::{Answers, Description, pose_from_pelvis};
use corporeal::simulate::{SceneOptions, Simulator, SimulatorSpec};
use corporeal::types::{Joint, PersonTruth, Pose, Posture, PostureClass, Room, Timestamp, TruthJoint};
use serde_json::{Value, json};

const ROOM: Room = Room { width_m: 5.0, depth_m: 4.0, height_m: 2.5 };
const OUTPUTS: [(&str, usize); 15] = [
    ("count", 3),
    ("root", 2),
    ("root_factor", 3),
    ("heading", 2),
    ("heading_confidence", 1),
    ("pelvis_height", 1),
    ("posture", 5),
    ("motion", 6),
    ("a_later_addition", 4),
    ("joints", 51),
    ("joint_log_variance", 17),
    ("uprightness", 1),
    ("slots", 18),
    ("stature", 2),
    ("speed", 1),
];
const N_FEATURES: usize = 2;

fn written() -> Value {
    let supports = json!({"place": true, "several": true, "heading": true, "body": true});
    let calibration = |antennas: usize, links: usize, root_scale: f32| {
        json!({
            "antennas": antennas, "links": links, "root_scale": root_scale, "slot_scale": 1.0, "heading_scale": 1.0,
            "joint_scale": 2.0, "pelvis_sigma_m": 0.1, "supports": supports, "several_distance": [1.0, 25.0],
            "familiarity": {"mean": [0.0, 0.0], "factor": [1.0, 0.0, 1.0], "distance": [0.01, 9.0], "sigma_m": 0.9},
        })
    };
    let mut written = json!({
        "what": "made up", "input_version": corporeal::pose::layout::INPUT_VERSION, "network_sha256": "ab",
        "n_slots": 16, "n_features": N_FEATURES, "outputs": OUTPUTS, "joints": JOINT_NAMES,
        "postures": ["upright", "bent", "sitting", "low", "lying"],
        "motion_classes": MotionClass::ALL.map(MotionClass::label),
        "calibrations": [calibration(3, 8, 1.0), calibration(3, 3, 2.0), calibration(1, 3, 3.0)],
    });
    // Statures were found to be told from eight links alone.
    written["calibrations"][0]["stature_scale"] = json!(1.0);
    written["calibrations"][0]["speed_sigma_m_per_s"] = json!(0.06);
    written
}

fn description() -> Description {
    Description::parse(&written().to_string()).expect("sound")
}

/// Numbers of answers, set by name.
struct Numbers(Vec<f32>);

impl Numbers {
    /// One person for sure, who stands somewhere, sigma 20 cm.
    fn one_person() -> Self {
        let mut numbers = Self(vec![0.0; OUTPUTS.iter().map(|(_, len)| len).sum()]);
        numbers.set("count", &[-9.0, 9.0, -9.0]);
        let factor = 5.0_f32.ln();
        numbers.set("root_factor", &[factor, 0.0, factor]);
        numbers.set("heading", &[1.0, 0.0]);
        numbers.set("heading_confidence", &[4.0]);
        numbers.set("pelvis_height", &[0.95]);
        numbers.set("posture", &[9.0, 0.0, 0.0, 0.0, 0.0]);
        numbers.set("motion", &[9.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        numbers
    }

    fn set(&mut self, name: &str, values: &[f32]) {
        let mut start = 0;
        for (other, len) in OUTPUTS {
            if other == name {
                assert_eq!(values.len(), len, "{name}");
                self.0[start..start + len].copy_from_slice(values);
                return;
            }
            start += len;
        }
        panic!("no answer {name}");
    }

    fn read(&self, n_links: usize, n_antennas: usize) -> Answers {
        Answers::read(&self.0, &[1.0, 1.0], &description(), [n_links, n_antennas], ROOM)
    }

    fn pose(&self) -> Pose {
        let answers = self.read(8, 3);
        assert_eq!(answers.refusals, []);
        assert_eq!(answers.detections.len(), 1);
        answers.detections[0].pose.clone()
    }
}

#[test]
fn a_person_taught_to_the_network_comes_back_where_they_were() {
    let scene = SceneOptions { n_links: 1, n_people: 1, secs: 60.0, ..SceneOptions::default() };
    let mut n_turned = 0;
    for seed in 0..12 {
        let spec = SimulatorSpec { room: ROOM, ..SimulatorSpec::random(seed, &scene) };
        let simulator = Simulator::new(&spec);
        for secs in [3.0, 17.0, 31.0, 45.0] {
            let truth = simulator.scene_truth(Timestamp::from_secs_f64(secs));
            let person = &truth.people[0];
            let target = PersonTarget::new(person, ROOM).expect("whole");
            let mut numbers = Numbers::one_person();
            numbers.set("root", &target.root.to_array());
            numbers.set("heading", &target.heading.to_array());
            numbers.set("pelvis_height", &[target.pelvis_height_m]);
            numbers.set("joints", &target.joints.iter().flat_map(|joint| joint.to_array()).collect::<Vec<_>>());
            check_joints(&numbers.pose(), person);
            n_turned += usize::from(person.heading_rad.abs() > 0.5);
        }
    }
    assert!(n_turned > 12, "people face all ways");
}

/// The joints of a pose, put into the room by its own rule, must be the person's own there: that rule and the truth's
/// joints know nothing of the network's frame.
#[track_caller]
fn check_joints(pose: &Pose, person: &PersonTruth) {
    let joints = pose.joints.as_ref().expect("a body");
    for (joint, own) in [
        (Joint::LeftWrist, TruthJoint::LeftWrist),
        (Joint::RightWrist, TruthJoint::RightWrist),
        (Joint::LeftAnkle, TruthJoint::LeftAnkle),
        (Joint::RightKnee, TruthJoint::RightKnee),
        (Joint::RightShoulder, TruthJoint::RightShoulder),
        (Joint::Nose, TruthJoint::Nose),
    ] {
        let [x, y, z] = pose.room_from_body(joints[joint as usize].position_m).expect("a heading");
        let found = Vec3::new(x as f32, y as f32, z as f32);
        let truth = person.joint(own).expect("there");
        assert!(found.distance(truth) < 2e-3, "{joint:?}: {found} instead of {truth}");
    }
}

#[test]
fn the_pelvis_frame_turns_into_the_frame_of_poses() {
    // What lies ahead in one frame lies ahead in the other: a body of a pose faces -y and has its left at +x.
    assert_eq!(pose_from_pelvis([1.0, 0.0, 0.0], 0.9), [0.0, -1.0, 0.9]);
    assert_eq!(pose_from_pelvis([0.0, 1.0, 0.0], 0.9), [1.0, 0.0, 0.9]);
    assert_eq!(pose_from_pelvis([0.0, 0.0, 0.5], 0.9), [0.0, 0.0, 1.4]);
    // Somebody at (2.5, 2) who faces along the room's y axis and stretches the left hand out points along -x.
    let mut numbers = Numbers::one_person();
    numbers.set("heading", &[0.0, 1.0]);
    let mut joints = [0.0; 51];
    let at = 3 * Joint::LeftWrist as usize;
    joints[at..at + 3].copy_from_slice(&[0.0, 0.7, 0.4]);
    numbers.set("joints", &joints);
    let pose = numbers.pose();
    assert!((pose.heading_rad.expect("walks").value - FRAC_PI_2).abs() < 1e-6);
    let wrist = pose.joints.as_ref().expect("a body")[Joint::LeftWrist as usize];
    let [x, y, z] = pose.room_from_body(wrist.position_m).expect("a heading");
    assert!((x - 1.8).abs() < 1e-5 && (y - 2.0).abs() < 1e-5 && (z - 1.35).abs() < 1e-5, "{x} {y} {z}");
    // Spreads of exp(0) = 1 m, by the factor of the calibration.
    assert!((wrist.sigma_m - 2.0).abs() < 1e-6);
}

#[test]
fn the_covariance_is_the_inverse_of_the_factor_s_square() {
    let mut numbers = Numbers::one_person();
    let (a, b, c) = (1.2_f32, 0.8_f32, 1.9_f32);
    numbers.set("root_factor", &[a, b, c]);
    for (n_links, scale) in [(8, 1.0), (12, 1.0), (5, 2.0), (3, 2.0)] {
        let answers = numbers.read(n_links, 3);
        let [[xx, xy], [yx, yy]] = answers.detections[0].pose.root.covariance_m2;
        assert_eq!(xy, yx);
        // C times FᵀF must be the identity, by the calibration's square.
        let (ea, ec, b) = (f64::from(a).exp(), f64::from(c).exp(), f64::from(b));
        let (pxx, pxy, pyy) = (ea * ea, ea * b, b * b + ec * ec);
        let identity = [xx * pxx + xy * pxy, xx * pxy + xy * pyy, yx * pxx + yy * pxy, yx * pxy + yy * pyy];
        let expected = [scale * scale, 0.0, 0.0, scale * scale];
        for (got, wanted) in identity.iter().zip(expected) {
            assert!((got - wanted).abs() < 1e-5, "{n_links} links: {identity:?}");
        }
    }
    // Fewer links than any that were measured tell nothing.
    assert_eq!(numbers.read(2, 3).refusals, [Unsupported::Untaught { n_links: 2, n_antennas: 3 }]);
    // One antenna has an entry of its own; two have none here and count as one.
    let sigma = |n_antennas| numbers.read(8, n_antennas).detections.first().map(|one| one.pose.root.sigma_m());
    let (three, two, one) = (sigma(3), sigma(2), sigma(1));
    assert!((one.expect("seen") / three.expect("seen") - 3.0).abs() < 1e-6 && one == two, "{one:?} {two:?} {three:?}");
}

#[test]
fn headings_are_given_to_people_who_walk_and_are_sure() {
    let heading = |change: fn(&mut Numbers)| {
        let mut numbers = Numbers::one_person();
        numbers.set("heading", &[-0.2, -0.2]);
        change(&mut numbers);
        numbers.pose().heading_rad
    };
    let sure = heading(|_| ()).expect("walks");
    assert!((sure.value + 0.75 * PI).abs() < 1e-6 && (0.1..0.3).contains(&sure.sigma), "{sure:?}");
    assert_eq!(heading(|numbers| numbers.set("heading_confidence", &[0.0])), None);
    assert_eq!(heading(|numbers| numbers.set("motion", &[0.0, 0.0, 0.0, 0.0, 0.0, 9.0])), None);
    assert_eq!(heading(|numbers| numbers.set("heading", &[0.0, 0.0])), None);
    assert_eq!(
        heading(|numbers| numbers.set("posture", &[0.0, 0.0, 0.0, 0.0, 9.0])),
        None,
        "lying people face nowhere"
    );
}

#[test]
fn postures_follow_from_class_motion_and_height() {
    let posture = |class: PostureClass, walks: bool, pelvis: f32| {
        let mut numbers = Numbers::one_person();
        let mut postures = [0.0; 5];
        postures[class as usize] = 9.0;
        numbers.set("posture", &postures);
        numbers.set("motion", &if walks { [9.0, 0.0, 0.0, 0.0, 0.0, 0.0] } else { [0.0, 0.0, 0.0, 0.0, 0.0, 9.0] });
        numbers.set("pelvis_height", &[pelvis]);
        numbers.pose().posture
    };
    assert_eq!(posture(PostureClass::Upright, true, 0.9), Posture::Walking);
    assert_eq!(posture(PostureClass::Upright, false, 0.9), Posture::Standing);
    assert_eq!(posture(PostureClass::Bent, false, 0.8), Posture::Crouching);
    assert_eq!(posture(PostureClass::Sitting, false, 0.5), Posture::Sitting);
    assert_eq!(posture(PostureClass::Low, false, 0.3), Posture::Crouching);
    assert_eq!(posture(PostureClass::Lying, false, 0.15), Posture::OnFloor);
    assert_eq!(posture(PostureClass::Lying, false, 0.55), Posture::Lying);
    let mut unsure = Numbers::one_person();
    unsure.set("posture", &[1.0; 5]);
    assert_eq!(unsure.pose().posture, Posture::Unknown);
}

#[test]
fn statures_are_told_of_people_who_stand_where_they_are_worth_it() {
    let height = |n_links: usize, change: fn(&mut Numbers)| {
        let mut numbers = Numbers::one_person();
        // 1.73 m are likeliest, give or take 1.9 cm.
        numbers.set("stature", &[0.5, -1.5]);
        change(&mut numbers);
        numbers.read(n_links, 3).detections[0].features.height_m
    };
    let told = height(8, |_| ()).expect("stands");
    // A likelihood beside which people's own spread (1.685 m, 9.6 cm) gives back what the network said.
    let (people, read) = (0.096_f64.powi(-2), told.sigma.powi(-2));
    let likeliest = (1.685 * people + told.value * read) / (people + read);
    let sigma = (people + read).powf(-0.5);
    assert!((likeliest - 1.73).abs() < 1e-6 && (sigma - (-4.0_f64).exp()).abs() < 1e-6, "{told:?}");
    assert_eq!(height(3, |_| ()), None, "not measured to be worth it");
    assert_eq!(height(8, |numbers| numbers.set("posture", &[0.0, 0.0, 9.0, 0.0, 0.0])), None, "sits");
    assert_eq!(height(8, |numbers| numbers.set("stature", &[0.5, 0.5])), None, "no surer than any adult's");
}

#[test]
fn speeds_are_told_where_their_spread_was_measured() {
    let speed = |n_links: usize, value: f32| {
        let mut numbers = Numbers::one_person();
        numbers.set("speed", &[value]);
        numbers.read(n_links, 3).detections[0].speed_m_per_s
    };
    let told = speed(8, 0.75).expect("measured");
    assert!((told.value - 0.75).abs() < 1e-9 && (told.sigma - 0.06).abs() < 1e-6, "{told:?}");
    assert_eq!(speed(8, -0.02).map(|speed| speed.value), Some(0.0), "nobody is slower than who stands");
    assert_eq!(speed(3, 0.75), None);
}

#[test]
fn nobody_and_several_are_told_from_one() {
    let mut numbers = Numbers::one_person();
    numbers.set("count", &[9.0, 0.0, 0.0]);
    let nobody = numbers.read(8, 3);
    assert!(nobody.detections.is_empty() && nobody.refusals.is_empty() && nobody.count[0] > 0.99);
    numbers.set("count", &[0.0, 0.0, 9.0]);
    let factor = 4.0_f32.ln();
    let mut slots = [0.0; 18];
    slots[..6].copy_from_slice(&[5.0, -1.0, 0.5, factor, 0.0, factor]);
    slots[6..12].copy_from_slice(&[-5.0, 9.0, 9.0, factor, 0.0, factor]);
    slots[12..].copy_from_slice(&[2.0, 1.5, -1.0, factor, 0.0, factor]);
    numbers.set("slots", &slots);
    let several = numbers.read(8, 3);
    let places: Vec<_> = several.detections.iter().map(|one| one.pose.root.position_m).collect();
    assert_eq!(places, [[1.5, 2.5], [4.0, 1.0]]);
    assert!((several.detections[0].pose.root.sigma_m() - 0.25).abs() < 1e-6);
    // Several people may lie farther from what is usual than one may.
    let read = |features: [f32; 2]| Answers::read(&numbers.0, &features, &description(), [8, 3], ROOM);
    assert_eq!(read([4.0, 0.0]).detections.len(), 2);
    assert_eq!(read([5.5, 0.0]).refusals, [Unsupported::Strange { too_far: true }]);
    assert_eq!(read([0.5, 0.0]).refusals, [Unsupported::Strange { too_far: false }]);
    assert!(several.detections.iter().all(|one| one.pose.joints.is_none() && one.pose.heading_rad.is_none()));
}

#[test]
fn what_is_not_supported_is_refused_with_its_reason() {
    let with = |change: fn(&mut Value)| {
        let mut written = written();
        change(&mut written);
        Description::parse(&written.to_string()).expect("sound")
    };
    let read = |numbers: &Numbers, description: &Description, features: [f32; 2]| {
        Answers::read(&numbers.0, &features, description, [8, 3], ROOM)
    };
    let one = Numbers::one_person();
    let blind = with(|written| written["calibrations"][0]["supports"]["place"] = json!(false));
    let refused = read(&one, &blind, [1.0, 1.0]);
    assert_eq!(refused.refusals, [Unsupported::Untaught { n_links: 8, n_antennas: 3 }]);
    assert!(refused.detections.is_empty());
    let bodiless = with(|written| written["calibrations"][0]["supports"]["body"] = json!(false));
    assert_eq!(read(&one, &bodiless, [1.0, 1.0]).detections[0].pose.joints, None);
    for (features, too_far) in [([3.0, 1.0], true), ([0.05, 0.05], false)] {
        let strange = read(&one, &description(), features);
        assert_eq!(strange.refusals, [Unsupported::Strange { too_far }]);
        assert!(strange.detections.is_empty());
    }
    let mut wide = Numbers::one_person();
    wide.set("root_factor", &[0.0, 0.0, 0.0]);
    assert!(matches!(read(&wide, &description(), [1.0, 1.0]).refusals[..], [Unsupported::Uncertain { .. }]));
    let mut several = Numbers::one_person();
    several.set("count", &[0.0, 0.0, 9.0]);
    let alone = with(|written| written["calibrations"][0]["supports"]["several"] = json!(false));
    assert_eq!(read(&several, &alone, [1.0, 1.0]).refusals, [Unsupported::Crowd]);
}

#[test]
fn numbers_that_are_none_are_refused() {
    let broken = |answers: &[f32], features: &[f32]| {
        let answers = Answers::read(answers, features, &description(), [8, 3], ROOM);
        answers.detections.is_empty() && answers.refusals == [Unsupported::Broken]
    };
    let one = Numbers::one_person().0;
    for i in 0..one.len() {
        for bad in [f32::NAN, f32::INFINITY] {
            let mut answers = one.clone();
            answers[i] = bad;
            assert!(broken(&answers, &[1.0, 1.0]), "number {i}");
        }
    }
    assert!(broken(&one[1..], &[1.0, 1.0]));
    assert!(broken(&one, &[1.0]));
    assert!(broken(&one, &[f32::NAN, 1.0]));
    assert!(broken(&[], &[]));
    // Large numbers are numbers: no place beyond the floor's own covariance, and nothing panics.
    let mut large = Numbers::one_person();
    large.set("root", &[1e30, -1e30]);
    large.set("root_factor", &[1e30, -1e30, 1e30]);
    large.set("joints", &[1e30; 51]);
    large.read(8, 3);
}

#[track_caller]
fn check_refused(change: impl Fn(&mut Value), expected: &str) {
    let mut written = written();
    change(&mut written);
    let error = Description::parse(&written.to_string()).expect_err(expected);
    assert!(error.contains(expected), "{error}");
}

#[test]
fn a_description_that_does_not_fit_is_refused() {
    check_refused(|written| written["input_version"] = json!(1), "inputs of version 1");
    check_refused(|written| written["outputs"][1] = json!(["root", 3]), "root has 3 numbers instead of 2");
    check_refused(|written| written["outputs"][0] = json!(["counts", 3]), "does not answer count");
    check_refused(|written| written["outputs"][8] = json!(["root", 2]), "there twice");
    check_refused(|written| written["outputs"][8] = json!(["more", usize::MAX]), "too many");
    check_refused(|written| written["joints"][3] = json!("left_toe"), "17 of COCO");
    check_refused(|written| written["postures"][0] = json!("floating"), "postures");
    check_refused(|written| written["motion_classes"][0] = json!("swim"), "kinds of motion");
    check_refused(|written| written["calibrations"] = json!([]), "never calibrated");
    check_refused(|written| written["calibrations"][1]["root_scale"] = json!(0.0), "usable factors");
    check_refused(|written| written["calibrations"][0]["speed_sigma_m_per_s"] = json!(-1.0), "usable factors");
    check_refused(|written| written["calibrations"][1]["familiarity"]["mean"] = json!([0.0]), "does not fit");
    check_refused(|written| written["calibrations"][1]["several_distance"] = json!([2.0, 1.0]), "usable distances");
    check_refused(|written| written["n_slots"] = json!(0), "make no network");
    assert!(Description::parse("{}").is_err());
    assert!(Description::parse("").is_err());
}

#[test]
fn places_lie_from_the_middle_of_the_floor() {
    let mut numbers = Numbers::one_person();
    numbers.set("root", &[-2.0, 1.5]);
    let at = numbers.pose().root.position_m;
    assert_eq!(Vec2::new(at[0] as f32, at[1] as f32), Vec2::new(0.5, 3.5));
}
