//! Latency of every network and of the whole look at a photo, by engine and threads: `cargo bench --bench inference`.
//!
//! Photos lie beside the checkout (see `tests/it/inference.rs`); without them only the networks are measured.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use corporeal::inference::{EngineChoice, Models, Options, Role, observe};
use corporeal::types::Photo;
use divan::Bencher;

/// How a program might run.
#[derive(Clone, Copy)]
struct Way {
    engine: EngineChoice,
    n_threads: usize,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.engine {
            EngineChoice::BuiltIn => f.write_str("tract"),
            _ => write!(f, "native, {} thread(s)", self.n_threads),
        }
    }
}

const BUILT_IN: Way = Way { engine: EngineChoice::BuiltIn, n_threads: 1 };

fn open(way: Way) -> Models {
    let folders = Some(vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")]);
    let options = Options { folders, engine: way.engine, n_threads: Some(way.n_threads) };
    Models::with(&options).expect("the shipped models open")
}

/// tract, and native ONNX Runtime with one and two threads where it is there.
fn ways() -> Vec<Way> {
    let native = [1, 2].map(|n_threads| Way { engine: EngineChoice::Native, n_threads });
    let found = open(native[0]).engine().why_not_native.is_none();
    [BUILT_IN].into_iter().chain(native.into_iter().filter(|_| found)).collect()
}

fn main() {
    divan::main();
}

/// One run of a network that is loaded.
#[divan::bench(args = Role::ALL.into_iter().filter(|role| role.is_network() && *role != Role::Depth).flat_map(|role| ways().into_iter().map(move |way| Case { role, way })), max_time = Duration::from_secs(2))]
fn network(bencher: Bencher<'_, '_>, case: &Case) {
    let models = open(case.way);
    models.exercise(case.role, 1).expect("it runs");
    bencher.bench_local(|| models.exercise(case.role, 1));
}

struct Case {
    role: Role,
    way: Way,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.role.label(), self.way)
    }
}

fn photo(file: &str) -> Option<Photo> {
    let shared = std::env::var_os("CORPOREAL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let image = image::open(shared.join("models/photos").join(file)).ok()?.into_rgb8();
    Photo::new(image.width(), image.height(), image.into_raw(), None)
}

/// The first photo of a program: loading included.
#[divan::bench(args = ways(), sample_count = 5, sample_size = 1)]
fn first_look_at_a_skier(bencher: Bencher<'_, '_>, way: &Way) {
    let Some(photo) = photo("coco_000000000785.jpg") else { return };
    bencher.with_inputs(|| open(*way)).bench_local_values(|models| observe(&models, &photo, &mut |_, _| true));
}

/// Every further photo.
#[divan::bench(args = ways(), sample_count = 5, sample_size = 1)]
fn next_look_at_a_skier(bencher: Bencher<'_, '_>, way: &Way) {
    let Some(photo) = photo("coco_000000000785.jpg") else { return };
    let models = open(*way);
    observe(&models, &photo, &mut |_, _| true).expect("it runs");
    bencher.bench_local(|| observe(&models, &photo, &mut |_, _| true));
}

#[divan::bench(args = ways(), sample_count = 5, sample_size = 1)]
fn next_look_at_four_people(bencher: Bencher<'_, '_>, way: &Way) {
    let Some(photo) = photo("group4.jpg") else { return };
    let models = open(*way);
    observe(&models, &photo, &mut |_, _| true).expect("it runs");
    bencher.bench_local(|| observe(&models, &photo, &mut |_, _| true));
}
