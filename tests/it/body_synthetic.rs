//! The synthetic photos against the reference generator's, which numpy, scipy and Pillow made (`make_synthetic.py`).

use corporeal::body::fit::FitView;
use corporeal::body::synthetic::{Case, Condition, Framing, case};
use corporeal::types::PhenotypeAxis;
use serde_json::Value;

use crate::body_measure::{data, model};

fn drawn(seed: u64, condition: Condition) -> Case {
    case(model(), seed, &condition)
}

#[track_caller]
fn check_close(what: &str, found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().expect("a number");
    assert!((found - expected).abs() <= tolerance, "{what}: {found} instead of {expected}");
}

fn check_view(view: &FitView, expected: &Value) {
    assert_eq!(view.landmarks.len(), 23);
    for (landmark, pixel) in view.landmarks.iter().zip(expected["keypoints"].as_array().expect("a list")) {
        check_close("landmark x", landmark.px[0], &pixel[0], 1e-3);
        check_close("landmark y", landmark.px[1], &pixel[1], 1e-3);
    }
    for (landmark, sigma) in view.landmarks.iter().zip(expected["sigma"].as_array().expect("a list")) {
        check_close("sigma", landmark.sigma_px, sigma, 1e-4);
    }
    let points = expected["contour"]["point"].as_array().expect("a list");
    assert_eq!(view.contour.len(), points.len(), "the outline has another number of points");
    for (point, expected) in view.contour.iter().zip(points) {
        check_close("outline x", point.px[0], &expected[0], 1e-3);
        check_close("outline y", point.px[1], &expected[1], 1e-3);
    }
}

#[test]
fn a_seed_names_the_same_body_and_photos_as_in_the_reference() {
    for expected in data("synthetic.json")["cases"].as_array().expect("a list") {
        let views = expected["views"].as_array().expect("a list");
        let seed = expected["seed"].as_u64().expect("a seed");
        let found = drawn(seed, Condition { n_views: views.len(), ..Condition::default() });
        for (axis, value) in PhenotypeAxis::ALL.iter().zip(expected["phenotype"].as_array().expect("six axes")) {
            check_close(axis.label(), found.truth.phenotype.get(*axis), value, 1e-12);
        }
        check_close("stature", found.truth.stature_m, &expected["height"], 1e-5);
        check_close("stated height", found.input.known.height_m.expect("known"), &expected["height_given"], 1e-5);
        for ((view, truth), expected) in found.input.views.iter().zip(&found.truth.views).zip(views) {
            check_close("focal length", truth.focal_px, &expected["focal"], 1e-6);
            check_view(view, expected);
        }
    }
}

#[test]
fn a_condition_changes_what_it_names_and_nothing_else() {
    let reference = drawn(1000, Condition::default());
    let [view] = &reference.input.views[..] else { panic!("one view") };
    let exact = drawn(1000, Condition { noise: 0.0, ..Condition::default() });
    assert_eq!(exact.truth.phenotype, reference.truth.phenotype);
    assert_eq!(exact.truth.views[0].pose, reference.truth.views[0].pose);
    assert_ne!(exact.input.views[0].landmarks, view.landmarks);

    let unknown = drawn(1000, Condition { height_known: false, ..Condition::default() });
    assert_eq!(unknown.input.known.height_m, None);
    assert_eq!(&unknown.input.views[0], view);

    let clothed = drawn(1000, Condition { clothed: true, ..Condition::default() });
    assert_eq!(clothed.input.views[0].landmarks, view.landmarks);
    let moved: Vec<f64> = clothed.input.views[0]
        .contour
        .iter()
        .zip(&view.contour)
        .map(|(to, from)| (to.px[0] - from.px[0]).hypot(to.px[1] - from.px[1]))
        .filter(|distance| *distance > 0.0)
        .collect();
    assert!(moved.len() > 10 && moved.len() < 150, "{} points of the trunk wear clothes", moved.len());
    assert!(moved.iter().all(|distance| (10.0..=30.0).contains(distance)), "{moved:?}");

    let loose = drawn(1000, Condition { loose_focal: true, ..Condition::default() });
    let factor = loose.truth.views[0].focal_px / reference.truth.views[0].focal_px;
    assert!(factor != 1.0 && (0.85..=1.15).contains(&factor), "{factor}");

    let child = drawn(1000, Condition { age: (0.0, 0.4), ..Condition::default() });
    assert!((0.0..=0.4).contains(&child.truth.phenotype.get(PhenotypeAxis::Age)));
}

#[test]
fn a_picture_without_feet_ends_above_them() {
    let reference = drawn(1000, Condition::default());
    let cut = drawn(1000, Condition { framing: Framing::FeetMissing, ..Condition::default() });
    let (whole, part) = (&reference.input.views[0], &cut.input.views[0]);
    assert!(part.height < whole.height, "the picture is cut");
    let labels: Vec<&str> = model().keypoint_labels.iter().map(String::as_str).collect();
    for landmark in &part.landmarks {
        let label = labels[landmark.point as usize];
        assert!(!label.ends_with("heel") && !label.ends_with("toe"), "{label} is below the picture");
        assert!(landmark.px[1] < f64::from(part.height));
    }
    assert!(part.contour.len() < whole.contour.len());
    assert!(part.contour.iter().all(|point| point.px[1] < f64::from(part.height)));
}
