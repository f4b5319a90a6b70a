//! How long a body takes to measure.

use corporeal::body::measure::{self, MeasurePlan};
use corporeal::body::model::{AnnyModel, Posed};
use corporeal::types::{MeasurementKind, Phenotype};

fn main() {
    divan::main();
}

struct Subject {
    plan: MeasurePlan,
    body: Posed,
}

fn subject() -> Subject {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/anny/anny_full.safetensors.zst");
    let model = AnnyModel::from_bytes(&std::fs::read(path).expect("the model")).expect("whole");
    let body = model.reference_mesh(&Phenotype::default());
    Subject { plan: MeasurePlan::new(&model).expect("every landmark"), body }
}

#[divan::bench(args = MeasurementKind::ALL)]
fn one(bencher: divan::Bencher, kind: MeasurementKind) {
    let Subject { plan, body } = subject();
    bencher.bench_local(|| measure::value(&plan, &body.vertices, &body.bones, kind));
}

#[divan::bench]
fn all(bencher: divan::Bencher) {
    let Subject { plan, body } = subject();
    bencher.bench_local(|| measure::values(&plan, &body.vertices, &body.bones));
}

#[divan::bench]
fn all_tapes(bencher: divan::Bencher) {
    let Subject { plan, body } = subject();
    bencher.bench_local(|| measure::tapes(&plan, &body.vertices, &body.bones));
}
