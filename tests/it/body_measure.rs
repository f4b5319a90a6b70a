//! Measurements against an independent implementation (`measure_np.py`), and what they carry.

use std::path::PathBuf;
use std::sync::OnceLock;

use corporeal::body::fit::Posterior;
use corporeal::body::measure::{self, MeasurePlan};
use corporeal::body::model::AnnyModel;
use corporeal::types::{Evidence, MeasurementKind, Phenotype, PhenotypeAxis};
use serde_json::Value;

/// The model that the program ships.
pub fn model() -> &'static AnnyModel {
    static MODEL: OnceLock<AnnyModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/anny/anny_full.safetensors.zst");
        AnnyModel::from_bytes(&std::fs::read(path).expect("the model is in the repository"))
            .expect("the model is whole")
    })
}

pub fn plan() -> &'static MeasurePlan {
    static PLAN: OnceLock<MeasurePlan> = OnceLock::new();
    PLAN.get_or_init(|| MeasurePlan::new(model()).expect("the model has every landmark"))
}

/// A file of `tests/data/body`.
pub fn data(file: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/body").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).expect("the file is in the repository")).expect("JSON")
}

fn phenotype(case: &Value) -> Phenotype {
    let mut phenotype = Phenotype::default();
    for axis in PhenotypeAxis::ALL {
        phenotype.set(axis, case["phenotype"][axis.label()].as_f64().expect("every axis"));
    }
    for (label, value) in case["local_changes"].as_object().expect("labels and values") {
        let index = model().local_change_labels.iter().position(|l| l == label).expect("a label of the model");
        phenotype.set_local_change(index as u16, value.as_f64().expect("a number"));
    }
    phenotype
}

fn values(phenotype: &Phenotype) -> measure::Values {
    let body = model().reference_mesh(phenotype);
    measure::values(plan(), &body.vertices, &body.bones).expect("a body of the model")
}

/// The reference's name of a kind; none for those that it does not have.
fn reference_key(kind: MeasurementKind) -> Option<&'static str> {
    match kind {
        MeasurementKind::UpperArm => Some("upperarm"),
        MeasurementKind::Mass | MeasurementKind::BodyMassIndex => None,
        _ => Some(kind.key()),
    }
}

#[track_caller]
fn check_measures(case: &Value, expected: &Value, kinds: &[MeasurementKind]) {
    let values = values(&phenotype(case));
    for &kind in kinds {
        let Some(key) = reference_key(kind) else { continue };
        let (found, expected) = (values[kind as usize], expected[key].as_f64().expect("a number"));
        // Half a millimetre is asked for; both sides are rounded to a micrometre.
        assert!((found - expected).abs() < 5e-6, "{kind:?}: {found} instead of {expected}");
    }
}

#[test]
fn tapes_measure_what_the_independent_reference_measures() {
    for case in data("measures.json").as_array().expect("a list") {
        check_measures(case, &case["measures"], &MeasurementKind::ALL);
    }
}

#[test]
fn tapes_measure_what_the_golden_bodies_measure() {
    let root = std::env::var_os("CORPOREAL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(root.join("reference/body/golden.json")) else {
        println!("SKIPPED: needs ../shared/reference/body/golden.json, which is not on this machine");
        return;
    };
    // The golden inseam ends at another vertex; measures.json has ours.
    let kinds: Vec<_> = MeasurementKind::ALL.into_iter().filter(|kind| *kind != MeasurementKind::Inseam).collect();
    let golden: Value = serde_json::from_str(&text).expect("golden.json is JSON");
    for case in golden["cases"].as_array().expect("a list") {
        check_measures(case, &case["iso_measurements_m"], &kinds);
    }
}

#[test]
fn mass_and_body_mass_index_follow_from_volume_and_height() {
    let values = values(&Phenotype::default());
    let of = |kind: MeasurementKind| values[kind as usize];
    let mass = 980.0 * of(MeasurementKind::Volume);
    assert!((of(MeasurementKind::Mass) - mass).abs() < 1e-9);
    assert!((of(MeasurementKind::BodyMassIndex) - mass / of(MeasurementKind::Height).powi(2)).abs() < 1e-9);
}

#[test]
fn the_length_of_each_tape_is_the_measurement() {
    let body = model().reference_mesh(&Phenotype::default());
    let values = values(&Phenotype::default());
    let tapes = measure::tapes(plan(), &body.vertices, &body.bones).expect("a body of the model");
    for kind in MeasurementKind::ALL {
        let lengths: Vec<f32> = tapes
            .iter()
            .filter(|tape| tape.kind == kind)
            .map(|tape| {
                let closing =
                    if tape.closed { tape.points[0].distance(tape.points[tape.points.len() - 1]) } else { 0.0 };
                closing + tape.points.windows(2).map(|pair| pair[0].distance(pair[1])).sum::<f32>()
            })
            .collect();
        if matches!(kind, MeasurementKind::Volume | MeasurementKind::Mass | MeasurementKind::BodyMassIndex) {
            assert!(lengths.is_empty(), "no tape measures {kind:?}");
            continue;
        }
        let mean = f64::from(lengths.iter().sum::<f32>()) / lengths.len() as f64;
        assert!((mean - values[kind as usize]).abs() < 1e-4, "{kind:?}: tapes of {lengths:?}");
    }
}

#[test]
fn a_body_of_another_model_is_refused_and_a_broken_one_does_no_harm() {
    let mut body = model().reference_mesh(&Phenotype::default());
    assert_eq!(measure::values(plan(), &body.vertices[1..], &body.bones), None);
    assert_eq!(measure::values(plan(), &body.vertices, &body.bones[1..]), None);
    body.vertices.fill(bevy_math::Vec3::NAN);
    let broken = measure::values(plan(), &body.vertices, &body.bones).expect("as many vertices as the model");
    assert!(measure::of_mesh(&broken).iter().all(|m| m.value.is_finite()));
    body.vertices.fill(bevy_math::Vec3::ZERO);
    measure::values(plan(), &body.vertices, &body.bones).expect("as many vertices as the model");
}

#[test]
fn sigma_follows_the_posterior_and_whoever_decides_is_named() {
    let body = Phenotype::default();
    let centre = values(&body);
    let axes = vec![PhenotypeAxis::Weight, PhenotypeAxis::Height];
    let gradient = measure::gradient(model(), plan(), &body, &centre, &axes).expect("the model's own plan");
    // Photos say all of the height axis (sigma 0.02) and next to nothing of the weight axis (sigma 0.2).
    let posterior = Posterior {
        axes: axes.clone(),
        covariance: vec![0.04, 0.0, 0.0, 0.0004],
        prior_information: vec![24.0, 0.0, 0.0, 16.0],
        unseen: Vec::new(),
        given_information: vec![0.0; 4],
    };
    let found = measure::with_sigmas(&centre, &gradient, &posterior);
    let of = |kind: MeasurementKind| found[kind as usize];
    assert_eq!(of(MeasurementKind::Waist).evidence, Evidence::Prior);
    assert_eq!(of(MeasurementKind::Height).evidence, Evidence::Photo);
    let slope = gradient[PhenotypeAxis::Height as usize][MeasurementKind::Height as usize];
    let sigma = of(MeasurementKind::Height).sigma.expect("known");
    assert!((sigma - 0.02 * slope).abs() < 0.01 * sigma, "{sigma} for a slope of {slope}");

    let given =
        Posterior { given_information: vec![24.0, 0.0, 0.0, 0.0], prior_information: vec![0.0; 4], ..posterior };
    let found = measure::with_sigmas(&centre, &gradient, &given);
    assert_eq!(found[MeasurementKind::Waist as usize].evidence, Evidence::Given);
}

#[test]
fn slopes_agree_with_a_body_that_is_a_little_different() {
    let mut body = Phenotype::default();
    body.set(PhenotypeAxis::Weight, 0.6);
    let centre = values(&body);
    let gradient = measure::gradient(model(), plan(), &body, &centre, &[PhenotypeAxis::Weight]).expect("the own plan");
    body.set(PhenotypeAxis::Weight, 0.57);
    let beside = values(&body);
    for kind in [MeasurementKind::Waist, MeasurementKind::Hip, MeasurementKind::Thigh, MeasurementKind::Mass] {
        let (predicted, found) = (
            -0.03 * gradient[PhenotypeAxis::Weight as usize][kind as usize],
            beside[kind as usize] - centre[kind as usize],
        );
        assert!((predicted - found).abs() < 0.05 * found.abs(), "{kind:?}: {predicted} instead of {found}");
    }
}
