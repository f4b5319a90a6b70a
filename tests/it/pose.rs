//! What may be shown of a pose, and what bones allow.

use corporeal::pose::{Evidence, Part, Refusal, limited, shown};
use corporeal::types::{Estimate, FloorPoint, Joint, JointEstimate, Pose, Posture};
use proptest::prelude::*;

fn standing(sigma_m: f32) -> Pose {
    let mut pose = Pose::at(FloorPoint::round([2.0, 2.0], 0.2));
    pose.posture = Posture::Standing;
    pose.heading_rad = Some(Estimate::new(0.3, 0.2));
    pose.joints = Some(Box::new([JointEstimate { position_m: [0.0, 0.0, 1.0], sigma_m }; Joint::COUNT]));
    pose
}

fn good(n_links: usize) -> Evidence {
    Evidence {
        n_links,
        geometry_known: true,
        rate_hz: Some(100.0),
        longest_gap_secs: Some(0.02),
        snr_db: Some(22.0),
        ..Evidence::default()
    }
}

#[track_caller]
fn check(pose: &Pose, evidence: Evidence, expected: &str) {
    let shown = shown(pose, &evidence);
    let mut words = Vec::new();
    if shown.place {
        words.push("place");
    }
    if shown.heading_rad.is_some() {
        words.push("direction");
    }
    if shown.template {
        words.push("template");
    }
    if let Some(joints) = shown.joints {
        let part = |joint: Joint| joints[joint as usize];
        words.push("skeleton");
        if part(Joint::LeftWrist) == Part::Greyed {
            words.push("arms grey");
        }
        assert_eq!(part(Joint::LeftEye), Part::Hidden);
    }
    let refusals: Vec<String> = shown.refusals.iter().map(|refusal| format!("{refusal:?}")).collect();
    assert_eq!(format!("{} | {}", words.join(", "), refusals.join(", ")), expected);
}

#[test]
fn what_is_shown_follows_the_evidence() {
    check(&standing(0.1), good(2), "place | FewLinks");
    check(&standing(0.1), good(4), "place, direction, template | TemplateOnly");
    check(&standing(0.1), good(8), "place, direction, skeleton | ");
    check(&standing(0.2), good(8), "place, direction, skeleton, arms grey | ");
    // The user's own room, fitted and scored, raises four links.
    check(&standing(0.1), Evidence { worth_links: Some(8), ..good(4) }, "place, direction, skeleton | ");
}

#[test]
fn bad_data_show_less_and_say_why() {
    check(&standing(0.1), Evidence { geometry_known: false, ..good(8) }, " | NoGeometry");
    check(&standing(0.1), Evidence { out_of_support: true, ..good(8) }, " | OutOfSupport");
    check(&standing(0.1), Evidence { rate_hz: Some(25.0), ..good(8) }, "place | LowRate");
    check(&standing(0.1), Evidence { longest_gap_secs: Some(0.2), ..good(8) }, "place | Gaps");
    check(&standing(0.1), Evidence { snr_db: Some(f64::NAN), ..good(8) }, "place | LowSnr");
    let turned_away = Pose { heading_rad: None, ..standing(0.1) };
    check(&turned_away, good(8), "place, template | NoHeading");
    let mut nowhere = standing(0.1);
    nowhere.root.position_m[0] = f64::NAN;
    check(&nowhere, good(8), " | ");
    assert!(Refusal::LowRate.to_string().contains("raise the rate"));
}

proptest! {
    #[test]
    fn limited_bones_have_lengths_of_people(
        places in prop::collection::vec(prop::array::uniform3(-1.5..2.0f32), 17),
        height_m in 1.4..2.0f32,
    ) {
        let joints: [JointEstimate; Joint::COUNT] =
            std::array::from_fn(|n| JointEstimate { position_m: [places[n][0], places[n][1], places[n][2] + 2.0], sigma_m: 0.1 });
        let found = limited(&joints, height_m);
        let length = |a: Joint, b: Joint| {
            let (a, b) = (found[a as usize].position_m, found[b as usize].position_m);
            (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f32>().sqrt()
        };
        for (a, b, share) in [
            (Joint::LeftShoulder, Joint::LeftElbow, 0.186),
            (Joint::RightElbow, Joint::RightWrist, 0.146),
            (Joint::LeftHip, Joint::LeftKnee, 0.245),
            (Joint::RightKnee, Joint::RightAnkle, 0.246),
        ] {
            let ratio = length(a, b) / (share * height_m);
            prop_assert!((0.87..=1.13).contains(&ratio), "{a:?} to {b:?}: {ratio}");
        }
        // What fits is left as it is.
        let again = limited(&found, height_m);
        for (one, other) in found.iter().zip(&again) {
            prop_assert!((0..3).all(|axis| (one.position_m[axis] - other.position_m[axis]).abs() < 1e-4));
        }
    }

    #[test]
    fn limits_take_anything(numbers in prop::collection::vec(prop::num::f32::ANY, 51), height_m in prop::num::f32::ANY) {
        let joints: [JointEstimate; Joint::COUNT] = std::array::from_fn(|n| JointEstimate {
            position_m: [numbers[3 * n], numbers[3 * n + 1], numbers[3 * n + 2]],
            sigma_m: 0.1,
        });
        let _ = limited(&joints, height_m);
    }
}
