//! The body that stands like somebody who is followed: joints in, a posed body out.

use bevy_math::{DQuat, DVec3};
use corporeal::body::drive::{Driver, N_PARTS, Stance, part_label};
use corporeal::types::{BodyPose, Joint, Phenotype, PhenotypeAxis, Posture};

use crate::body_measure::model;

fn driver() -> Driver {
    Driver::new(model()).expect("the model has every bone")
}

fn phenotypes() -> [Phenotype; 3] {
    let mut tall = Phenotype::default();
    tall.set(PhenotypeAxis::Height, 0.9);
    tall.set(PhenotypeAxis::Gender, 0.0);
    let mut heavy = Phenotype::default();
    heavy.set(PhenotypeAxis::Weight, 0.9);
    heavy.set(PhenotypeAxis::Height, 0.2);
    [Phenotype::default(), tall, heavy]
}

/// Turns of bones in degrees about left, back and up.
type Turns = Vec<(&'static str, [f64; 3])>;

/// What somebody does who walks, sits, waves, bends.
fn poses() -> Vec<(&'static str, Turns)> {
    vec![
        ("as the reference", vec![]),
        ("turned about", vec![("root", [0.0, 0.0, 130.0])]),
        (
            "striding",
            vec![
                ("upperleg01.L", [-35.0, 0.0, 0.0]),
                ("upperleg01.R", [20.0, 0.0, 0.0]),
                ("lowerleg01.R", [40.0, 0.0, 0.0]),
                ("upperarm01.L", [25.0, 0.0, 0.0]),
                ("upperarm01.R", [-25.0, 0.0, 0.0]),
            ],
        ),
        (
            "sitting",
            vec![
                ("upperleg01.L", [-85.0, 0.0, 8.0]),
                ("upperleg01.R", [-85.0, 0.0, -8.0]),
                ("lowerleg01.L", [80.0, 0.0, 0.0]),
                ("lowerleg01.R", [80.0, 0.0, 0.0]),
            ],
        ),
        (
            "bent and twisted",
            vec![("root", [35.0, 0.0, -40.0]), ("spine02", [0.0, 0.0, 25.0]), ("neck01", [15.0, 0.0, 0.0])],
        ),
        ("waving", vec![("upperarm01.R", [-30.0, 60.0, 0.0]), ("lowerarm01.R", [-70.0, 20.0, 0.0])]),
        ("lying", vec![("root", [-90.0, 0.0, 0.0])]),
    ]
}

fn pose_of(turns: &[(&str, [f64; 3])]) -> BodyPose {
    let mut pose = model().reference_pose();
    for (bone, degrees) in turns {
        let [left, back, up] = degrees.map(f64::to_radians);
        let turn = DQuat::from_rotation_z(up) * DQuat::from_rotation_y(back) * DQuat::from_rotation_x(left);
        pose.rotations[model().bone_index(bone).expect("a bone")] = turn.to_scaled_axis();
    }
    pose.root_translation_m = DVec3::new(0.0, 0.0, 0.95);
    pose
}

/// Joints that the model's own forward pass makes, driven back into the same body: forward kinematics tells where they are.
#[test]
fn joints_of_the_model_itself_are_met_within_centimetres() {
    let driver = driver();
    let mut worst = [0.0f64; 2];
    for phenotype in phenotypes() {
        let build = driver.build(model(), &phenotype);
        for (name, turns) in poses() {
            let posed = model().posed(&model().shape(&phenotype), &pose_of(&turns));
            let joints = driver.joints(&posed);
            let stance = Stance { joints, posture: Posture::Unknown, pelvis_height_m: None };
            let found = model().posed(&model().shape(&phenotype), &driver.pose(model(), &build, &stance));
            for (joint, (found, wanted)) in Joint::ALL.into_iter().zip(driver.joints(&found).into_iter().zip(joints)) {
                let (Some(found), Some(wanted)) = (found, wanted) else { continue };
                let off = found.distance(wanted);
                let (kind, limit) = if joint == Joint::Nose { (1, 0.06) } else { (0, 0.03) };
                worst[kind] = worst[kind].max(off);
                assert!(off < limit, "{name}: {joint:?} is {:.1} cm off", 100.0 * off);
            }
        }
    }
    println!("worst joint {:.1} cm, nose {:.1} cm", 100.0 * worst[0], 100.0 * worst[1]);
    assert!(worst[0] > 0.0, "nothing was driven");
}

#[test]
fn a_stranger_of_another_size_is_met_in_angle() {
    let driver = driver();
    let [usual, tall, _] = phenotypes();
    let posed = model().posed(&model().shape(&tall), &pose_of(&poses()[2].1));
    let joints = driver.joints(&posed);
    let build = driver.build(model(), &usual);
    let stance = Stance { joints, posture: Posture::Walking, pelvis_height_m: None };
    let found = driver.joints(&driver.posed(model(), &build, &stance));
    let along = |joints: &[Option<DVec3>; 17], a: Joint, b: Joint| {
        joints[b as usize].expect("a limb") - joints[a as usize].expect("a limb")
    };
    for (a, b) in [
        (Joint::LeftHip, Joint::LeftKnee),
        (Joint::RightKnee, Joint::RightAnkle),
        (Joint::LeftShoulder, Joint::LeftElbow),
        (Joint::RightElbow, Joint::RightWrist),
    ] {
        let angle = along(&found, a, b).angle_between(along(&joints, a, b)).to_degrees();
        assert!(angle < 1.0, "{a:?} to {b:?} is {angle:.1} degrees off");
    }
}

#[test]
fn joints_that_are_no_numbers_leave_the_template() {
    let driver = driver();
    let build = driver.build(model(), &Phenotype::default());
    let nan = DVec3::splat(f64::NAN);
    let wrong = [nan, DVec3::splat(f64::INFINITY), DVec3::splat(1e30), DVec3::ZERO];
    for posture in
        [Posture::Unknown, Posture::Walking, Posture::Sitting, Posture::Crouching, Posture::OnFloor, Posture::Lying]
    {
        let template = driver.posed(model(), &build, &Stance::of_posture(posture));
        assert!(template.vertices.iter().all(|vertex| vertex.is_finite()), "{posture:?}");
        let low = template.vertices.iter().map(|vertex| vertex.z).fold(f32::INFINITY, f32::min);
        assert!(if posture == Posture::Lying { low > 0.3 } else { low.abs() < 1e-4 }, "{posture:?} begins at {low} m");
        for bad in wrong {
            let stance = Stance { joints: [Some(bad); 17], posture, pelvis_height_m: Some(f64::NAN) };
            let posed = driver.posed(model(), &build, &stance);
            assert!(posed.vertices.iter().all(|vertex| vertex.is_finite()), "{posture:?} with {bad}");
        }
        // One arm that cannot be believed hangs as the template has it, and does not move the rest.
        let mut joints = driver.joints(&template);
        joints[Joint::LeftWrist as usize] = Some(nan);
        joints[Joint::LeftElbow as usize] = None;
        let stance = Stance { joints, posture, pelvis_height_m: None };
        let posed = model().posed(&model().shape(&Phenotype::default()), &driver.pose(model(), &build, &stance));
        for joint in [Joint::LeftWrist, Joint::RightWrist, Joint::LeftAnkle] {
            let [is, was] = [&posed, &template].map(|body| driver.joints(body)[joint as usize].expect("a limb"));
            assert!(is.distance(was) < 0.05, "{posture:?}: {joint:?} {is} was {was}");
        }
    }
}

#[test]
fn a_template_has_the_posture_it_stands_for() {
    let driver = driver();
    let build = driver.build(model(), &driver.neutral(model(), None));
    let top = |posture| {
        let posed = driver.posed(model(), &build, &Stance::of_posture(posture));
        posed.vertices.iter().map(|vertex| vertex.z).fold(0.0, f32::max)
    };
    let standing = top(Posture::Standing);
    assert!((f64::from(standing) - build.stature_m).abs() < 0.03, "{standing} m of {}", build.stature_m);
    assert!(top(Posture::Sitting) < 0.85 * standing && top(Posture::Sitting) > 0.6 * standing);
    assert!(top(Posture::Crouching) < top(Posture::Sitting));
    assert!(top(Posture::OnFloor) < 0.4);
    // The head lies where the heading points, and the face is up.
    let lying = driver.joints(&driver.posed(model(), &build, &Stance::of_posture(Posture::OnFloor)));
    let at = |joint: Joint| lying[joint as usize].expect("a joint");
    assert!(at(Joint::Nose).y < at(Joint::LeftHip).y - 0.4, "{} {}", at(Joint::Nose), at(Joint::LeftHip));
    assert!(at(Joint::Nose).z > at(Joint::LeftShoulder).z);
}

#[test]
fn a_known_stature_is_met() {
    let driver = driver();
    for height_m in [1.5, 1.7, 1.9] {
        let build = driver.build(model(), &driver.neutral(model(), Some(height_m)));
        // In the reference pose feet stand apart: a centimetre or two are lost.
        assert!((build.stature_m - height_m).abs() < 0.03, "{} for {height_m}", build.stature_m);
    }
    assert_eq!(driver.neutral(model(), Some(f64::NAN)), driver.neutral(model(), None));
}

#[test]
fn every_vertex_has_a_part_of_its_own_side_and_a_place_in_the_texture() {
    let driver = driver();
    let reference = model().reference_mesh(&Phenotype::default());
    assert_eq!(driver.parts.len(), reference.vertices.len());
    let mut n_of = [0usize; N_PARTS + 1];
    for (part, at) in driver.parts.iter().zip(&reference.vertices) {
        n_of[usize::from(*part)] += 1;
        let label = part_label(*part).expect("a part");
        assert!(!label.contains("left") || at.x > 0.0, "{label} at {at}");
        assert!(!label.contains("right") || at.x <= 0.0, "{label} at {at}");
    }
    assert_eq!(n_of[0], 0);
    assert!(n_of[1..].iter().all(|n| *n > 20), "{n_of:?}");
    assert_eq!((part_label(0), part_label(25)), (None, None));
    let mean_z = |part: u8| {
        let of_part = driver.parts.iter().zip(&reference.vertices).filter(|(other, _)| **other == part);
        let heights: Vec<f32> = of_part.map(|(_, at)| at.z).collect();
        heights.iter().sum::<f32>() / heights.len() as f32
    };
    assert!(mean_z(5) < mean_z(12) && mean_z(12) < mean_z(8) && mean_z(8) < mean_z(2) && mean_z(2) < mean_z(24));
    assert_eq!(driver.uv.len(), reference.vertices.len());
    assert!(driver.uv.iter().flatten().all(|value| (0.0..=1.0).contains(value)));
}
