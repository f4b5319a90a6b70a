//! Fits of bodies to evidence that is odd, missing or wrong.

use bevy_math::DVec3;
use corporeal::body::fit::{
    BodyPoint, Convergence, DepthEvidence, DepthSample, DepthScale, Fit, FitError, FitInput, FitOptions, FitView, Flag,
    LandmarkEvidence, ShapePrior, WorldEvidence, fit, outliers, years_of,
};
use corporeal::body::measure::{self, Values};
use corporeal::body::synthetic::{self, Case, Condition, Framing};
use corporeal::types::{
    BodyPose, Evidence, FocalLength, FocalSource, Known, Mask, MeasurementKind, Phenotype, PhenotypeAxis,
};
use proptest::prelude::*;

use crate::body_measure::{model, plan};

fn drawn(condition: Condition) -> Case {
    synthetic::case(model(), 1007, &condition)
}

fn uniform() -> FitOptions {
    FitOptions { prior: ShapePrior::Uniform, ..FitOptions::default() }
}

fn fitted(input: &FitInput) -> Fit {
    let found = fit(model(), input, &uniform(), &mut |_| true).expect("a body");
    check_finite(&found);
    found
}

fn check_finite(found: &Fit) {
    assert!(found.phenotype.axes.iter().all(|axis| axis.is_finite()));
    for pose in &found.poses {
        assert!(pose.root_translation_m.is_finite() && pose.rotations.iter().all(|turn| turn.is_finite()));
    }
    assert!(found.posterior.covariance.iter().all(|c| c.is_finite()));
    assert!(found.quality.vertex_error_mm.iter().all(|mm| mm.is_finite()));
    assert!((0.0..=1.0).contains(&found.quality.plausibility));
}

fn values(phenotype: &Phenotype) -> Values {
    let body = model().reference_mesh(phenotype);
    measure::values(plan(), &body.vertices, &body.bones).expect("measured")
}

fn shape_error_mm(found: &Fit, truth: &Phenotype) -> f64 {
    let [a, b] = [&found.phenotype, truth].map(|phenotype| model().reference_mesh(phenotype).vertices);
    1e3 * a.iter().zip(&b).map(|(a, b)| f64::from(a.distance(*b))).sum::<f64>() / a.len() as f64
}

/// How many degrees a joint is turned about its own hinge.
fn hinge_degrees(pose: &BodyPose, label: &str) -> f64 {
    let bone = model().bone_index(label).expect("a bone");
    pose.rotations[bone].dot(model().bone_reference(bone).x_axis).to_degrees()
}

/// Landmarks in the picture and in space of a body three metres before a camera, without errors.
fn photo_of(phenotype: &Phenotype, turns: &[(&str, DVec3)]) -> FitView {
    const FOCAL_PX: f64 = 1500.0;
    let mut pose = model().reference_pose();
    for (label, turn) in turns {
        pose.rotations[model().bone_index(label).expect("a bone")] = *turn;
    }
    pose.root_translation_m = DVec3::new(0.0, 3.0, 0.0);
    let points = model().keypoints(&model().posed(&model().shape(phenotype), &pose).vertices);
    let hips = (points[BodyPoint::LeftHip as usize] + points[BodyPoint::RightHip as usize]) / 2.0;
    let focal = FocalLength { px: FOCAL_PX, relative_sigma: 0.02, from: FocalSource::User };
    let mut view = FitView::new(1080, 1920, focal);
    for (point, p) in BodyPoint::ALL.into_iter().zip(points) {
        let px = [540.0 + FOCAL_PX * p.x / p.y, 960.0 - FOCAL_PX * p.z / p.y];
        view.landmarks.push(LandmarkEvidence { point, px, sigma_px: 5.0 });
        view.world.push(WorldEvidence { point, position_m: (p - hips).to_array() });
    }
    view
}

fn adult() -> Phenotype {
    let mut phenotype = Phenotype::default();
    phenotype.set(PhenotypeAxis::Age, 0.7);
    phenotype.set(PhenotypeAxis::Height, 0.4);
    phenotype
}

const SITTING: [(&str, DVec3); 4] = [
    ("upperleg01.L", DVec3::new(-1.5, 0.0, 0.0)),
    ("upperleg01.R", DVec3::new(-1.4, 0.0, 0.0)),
    ("lowerleg01.L", DVec3::new(1.5, 0.0, 0.0)),
    ("lowerleg01.R", DVec3::new(1.4, 0.0, 0.0)),
];

#[test]
fn somebody_who_sits_is_found_sitting() {
    let truth = adult();
    let input = FitInput { views: vec![photo_of(&truth, &SITTING)], known: Known::default() };
    let found = fitted(&input);
    for (label, expected) in [("upperleg01.L", -86.0), ("upperleg01.R", -80.0), ("lowerleg01.L", 86.0)] {
        let degrees = hinge_degrees(&found.poses[0], label);
        assert!((degrees - expected).abs() < 20.0, "{label} is turned by {degrees:.0} degrees");
    }
    let height = |phenotype: &Phenotype| values(phenotype)[MeasurementKind::Height as usize];
    let error_m = height(&found.phenotype) - height(&truth);
    assert!(error_m.abs() < 0.15, "the height is off by {error_m:.2} m, unknown as it is");
}

#[test]
fn somebody_who_lies_is_found_lying() {
    let truth = adult();
    let input = FitInput {
        views: vec![photo_of(&truth, &[("root", DVec3::new(0.0, 1.5, 0.0))])],
        known: Known { height_m: Some(values(&truth)[MeasurementKind::Height as usize]), ..Known::default() },
    };
    let found = fitted(&input);
    assert_eq!(found.convergence, Convergence::Converged);
    assert!(found.quality.reprojection_rms_px[0] < 5.0, "{:?}", found.quality.reprojection_rms_px);
}

#[test]
fn knees_and_elbows_do_not_bend_backwards() {
    let broken = [
        ("lowerleg01.L", DVec3::new(-1.0, 0.0, 0.0)),
        ("lowerleg01.R", DVec3::new(-1.0, 0.0, 0.0)),
        ("lowerarm01.L", DVec3::new(1.2, 0.1, 1.1)),
    ];
    let found = fitted(&FitInput { views: vec![photo_of(&adult(), &broken)], known: Known::default() });
    for label in ["lowerleg01.L", "lowerleg01.R"] {
        let degrees = hinge_degrees(&found.poses[0], label);
        assert!(degrees > -25.0, "{label} is bent backwards by {degrees:.0} degrees");
    }
    assert!(hinge_degrees(&found.poses[0], "lowerarm01.L") > -65.0);
}

#[test]
fn a_few_wrong_landmarks_do_not_decide() {
    let case = drawn(Condition::default());
    let honest = shape_error_mm(&fitted(&case.input), &case.truth.phenotype);
    let mut input = case.input.clone();
    for point in [BodyPoint::LeftKnee, BodyPoint::RightWrist, BodyPoint::Nose] {
        let landmark = input.views[0].landmarks.iter_mut().find(|l| l.point == point).expect("seen");
        landmark.px[0] += 250.0;
    }
    let misled = shape_error_mm(&fitted(&input), &case.truth.phenotype);
    assert!(misled < honest + 6.0, "{misled:.1} mm instead of {honest:.1}");
}

/// The case with what a depth network without errors would tell of its first photo.
/// Three photos of one body, of which the second is replaced by one of another body; the height is not told.
#[test]
fn a_photo_of_somebody_else_is_outvoted_by_the_others() {
    let views = |seed| synthetic::case(model(), seed, &Condition { n_views: 4, ..Condition::default() }).input.views;
    let left_out = |views: Vec<FitView>| {
        let input = FitInput { views, ..FitInput::default() };
        outliers(model(), &input, &uniform(), &mut |_| true).expect("an answer")
    };
    for seed in [1009, 1010] {
        let own: Vec<FitView> = views(seed).into_iter().take(3).collect();
        assert_eq!(left_out(own.clone()), Vec::<usize>::new(), "seed {seed}: photos of one body agree");
        let mut mixed = own.clone();
        mixed[1] = views(seed + 10_000).swap_remove(1);
        assert_eq!(left_out(mixed.clone()), [1], "seed {seed}");
        mixed.truncate(2);
        assert_eq!(left_out(mixed), Vec::<usize>::new(), "two photos cannot outvote each other");
    }
}

fn with_depth(case: &Case, scale: DepthScale) -> FitInput {
    let vertices: Vec<_> = case.truth.views[0].vertices.iter().map(|v| v.as_vec3()).collect();
    let points = model().keypoints(&vertices);
    let mut input = case.input.clone();
    let samples = input.views[0].landmarks.iter().map(|landmark| {
        let depth_m = points[landmark.point as usize].y;
        let value = match scale {
            DepthScale::Metric => depth_m,
            // Some scale and shift that no fit can know.
            DepthScale::AffineInverse => 40.0 / depth_m + 7.0,
        };
        DepthSample { point: landmark.point, value, sigma: 0.003 * value }
    });
    let samples = samples.collect();
    input.views[0].depth = Some(DepthEvidence { scale, samples });
    input
}

/// Over some people: the mean errors of shape (mm) and stature (m) without depth, and with it.
fn errors_without_and_with(scale: DepthScale, height_known: bool) -> [(f64, f64); 2] {
    let mut sums = [(0.0, 0.0); 2];
    const SEEDS: std::ops::Range<u64> = 1000..1010;
    for seed in SEEDS {
        let mut case = synthetic::case(model(), seed, &Condition::default());
        if !height_known {
            case.input.known.height_m = None;
        }
        for (sum, input) in sums.iter_mut().zip([case.input.clone(), with_depth(&case, scale)]) {
            let found = fitted(&input);
            let height = |phenotype| values(phenotype)[MeasurementKind::Height as usize];
            sum.0 += shape_error_mm(&found, &case.truth.phenotype);
            sum.1 += (height(&found.phenotype) - height(&case.truth.phenotype)).abs();
        }
    }
    let n = SEEDS.count() as f64;
    sums.map(|(shape_mm, height_m)| (shape_mm / n, height_m / n))
}

#[test]
fn depth_in_metres_tells_the_stature_that_nobody_gave() {
    let [without, with] = errors_without_and_with(DepthScale::Metric, false);
    assert!(with.1 < 0.6 * without.1, "{with:?} instead of {without:?}");
    assert!(with.0 < without.0, "{with:?} instead of {without:?}");
}

#[test]
fn relative_depth_that_is_right_does_little_harm() {
    let [without, with] = errors_without_and_with(DepthScale::AffineInverse, true);
    assert!(with.0 < without.0 + 0.5, "{with:?} instead of {without:?}");
}

#[test]
fn clothes_do_not_become_girth() {
    assert!(fitted(&drawn(Condition::default()).input).cloth_px[0].is_none());
    let case = drawn(Condition { clothed: true, ..Condition::default() });
    let found = fitted(&case.input);
    assert!(found.cloth_px[0].is_some_and(|px| px.iter().all(|px| *px >= 0.0)));
    let score = synthetic::score(model(), plan(), &case, &found).expect("a score");
    let waist = score.measurements.iter().find(|m| m.kind == MeasurementKind::Waist).expect("a waist");
    let (error_m, sigma_m) = (score.error(MeasurementKind::Waist), waist.sigma.expect("a sigma"));
    assert!(error_m.abs() < 2.5 * sigma_m, "the waist is off by {error_m} m, sigma {sigma_m}");
}

#[test]
fn without_feet_the_fit_says_so_and_still_gives_a_body() {
    let case = drawn(Condition { framing: Framing::FeetMissing, ..Condition::default() });
    let found = fitted(&case.input);
    assert!(found.quality.flags.contains(&Flag::FeetCutOff), "{:?}", found.quality.flags);
    assert!(shape_error_mm(&found, &case.truth.phenotype) < 25.0);
}

#[test]
fn half_a_body_rests_on_the_prior_below_and_says_so() {
    let mut case = drawn(Condition::default());
    let view = &mut case.input.views[0];
    let hips = view.landmarks.iter().find(|l| l.point == BodyPoint::LeftHip).expect("seen").px[1];
    view.landmarks.retain(|l| l.px[1] < hips + 5.0);
    view.contour.retain(|c| c.px[1] < hips);
    case.input.known.height_m = None;
    let found = fitted(&case.input);
    assert!(found.quality.flags.contains(&Flag::LegsCutOff), "{:?}", found.quality.flags);
    assert!(found.quality.flags.contains(&Flag::HeightUnknown));
    assert!(found.quality.flags.contains(&Flag::AgeUnseen));
    assert!(years_of(found.phenotype.get(PhenotypeAxis::Age)) > 14.0, "half a body tells no age");
    let score = synthetic::score(model(), plan(), &case, &found).expect("a score");
    let calf = score.measurements.iter().find(|m| m.kind == MeasurementKind::Calf).expect("a calf");
    assert_eq!(calf.evidence, Evidence::Prior, "nobody saw it");
}

/// Adults of one sex spread by 4 % (ANSUR II), and a photo without a scale cannot tell.
#[test]
fn half_a_body_of_unknown_height_gets_a_usual_stature_and_an_honest_spread() {
    let case = drawn(Condition { framing: Framing::HalfBody, height_known: false, ..Condition::default() });
    assert!(case.input.views[0].landmarks.iter().all(|l| l.point != BodyPoint::LeftAnkle), "the legs are out of sight");
    let population = FitOptions { prior: ShapePrior::Population, ..FitOptions::default() };
    let found = fit(model(), &case.input, &population, &mut |_| true).expect("a body");
    let score = synthetic::score(model(), plan(), &case, &found).expect("a score");
    let height = score.measurements.iter().find(|m| m.kind == MeasurementKind::Height).expect("a height");
    assert!((1.55..1.85).contains(&height.value), "{height:?}");
    assert!(height.sigma.is_some_and(|sigma| sigma > 0.06), "{height:?}");
    assert_eq!(height.evidence, Evidence::Prior);
}

#[test]
fn an_overlap_is_that_of_the_pixels() {
    let case = drawn(Condition::default());
    let mut input = case.input.clone();
    let (width, height) = (input.views[0].width, input.views[0].height);
    let whole = Mask { width, height, probability: vec![255; (width * height) as usize].into(), seen: None };
    input.views[0].mask = Some(whole);
    let found = fitted(&input);
    let overlap = found.quality.silhouette_iou[0].expect("a mask was given");
    assert!((0.02..0.5).contains(&overlap), "a person fills no picture: {overlap}");
    assert!(found.quality.flags.contains(&Flag::OutlineDisagrees));
}

#[test]
fn an_impossible_person_is_implausible_or_refused() {
    let case = drawn(Condition::default());
    for (known, words) in [
        (Known { height_m: Some(5.9), ..Known::default() }, "feet"),
        (Known { height_m: Some(178.0), ..Known::default() }, "centimetres"),
        (Known { height_m: Some(0.2), ..Known::default() }, "height"),
        (Known { weight_kg: Some(1e6), ..Known::default() }, "weight"),
        (Known { age_years: Some(-3.0), ..Known::default() }, "age"),
    ] {
        let refused = fit(model(), &FitInput { known, ..case.input.clone() }, &uniform(), &mut |_| true);
        let message = refused.expect_err("impossible").to_string();
        assert!(message.contains(words), "{message}");
    }
    // A giant's height for an ordinary picture: given, fitted, and doubted.
    let known = Known { height_m: Some(2.5), weight_kg: Some(30.0), ..Known::default() };
    let found = fit(model(), &FitInput { known, ..case.input }, &FitOptions::default(), &mut |_| true).expect("a body");
    check_finite(&found);
    let doubts = [Flag::Implausible, Flag::HeightDisagrees, Flag::HighResidual];
    assert!(doubts.iter().any(|flag| found.quality.flags.contains(flag)), "{:?}", found.quality.flags);
}

#[test]
fn too_little_evidence_is_refused_with_what_to_do() {
    let case = drawn(Condition::default());
    let attempt = |input: FitInput| fit(model(), &input, &uniform(), &mut |_| true).expect_err("refused");
    assert_eq!(attempt(FitInput::default()), FitError::NoViews);
    let mut few = case.input.clone();
    few.views[0].landmarks.truncate(5);
    assert_eq!(attempt(few), FitError::TooFewLandmarks { view: 0, n_landmarks: 5 });
    let mut nan = case.input.clone();
    for landmark in &mut nan.views[0].landmarks {
        landmark.px[1] = f64::NAN;
    }
    assert_eq!(attempt(nan), FitError::TooFewLandmarks { view: 0, n_landmarks: 0 });
    let mut speck = case.input.clone();
    for landmark in &mut speck.views[0].landmarks {
        landmark.px = landmark.px.map(|p| 500.0 + p / 1e3);
    }
    assert_eq!(attempt(speck), FitError::TooSmall { view: 0 });
    let mut steps = 0;
    let cancelled = fit(model(), &case.input, &uniform(), &mut |_| {
        steps += 1;
        steps < 10
    });
    assert_eq!((cancelled.expect_err("cancelled"), steps), (FitError::Cancelled, 10));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn landmarks_anywhere_give_a_finite_body_or_an_error(
        points in prop::collection::vec((0usize..35, -500.0..2500.0f64, -500.0..2500.0f64), 6..30),
        sigma_px in 0.01..50.0f64,
        height_m in prop::option::of(0.4..2.6f64),
    ) {
        let mut view = FitView::new(1080, 1920, FocalLength::assumed(1080, 1920));
        for (at, x, y) in points {
            view.landmarks.push(LandmarkEvidence { point: BodyPoint::ALL[at], px: [x, y], sigma_px });
        }
        let input = FitInput { views: vec![view], known: Known { height_m, ..Known::default() } };
        if let Ok(found) = fit(model(), &input, &FitOptions::default(), &mut |_| true) {
            check_finite(&found);
        }
    }
}
