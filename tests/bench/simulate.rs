//! Speed of the simulator: how much faster than real time one core makes frames and truth.

use corporeal::simulate::{RadioFormat, SceneOptions, Simulator, SimulatorSpec};
use corporeal::types::Timestamp;
use divan::Bencher;

fn main() {
    divan::main();
}

/// The measure: 4 links at 100 Hz with 56 subcarriers.
fn scene(n_people: u8, n_rx: u8) -> SimulatorSpec {
    let options = SceneOptions {
        n_links: 4,
        n_rx,
        n_people,
        rate_hz: 100.0,
        format: RadioFormat::Atheros20,
        secs: 600.0,
        falls: true,
        ..SceneOptions::default()
    };
    SimulatorSpec::random(1, &options)
}

/// One simulated second; 20 times real time is 50 ms.
#[divan::bench(args = [(0, 1), (1, 1), (2, 1), (4, 1), (1, 3)])]
fn one_second_of_four_links(bencher: Bencher<'_, '_>, (n_people, n_rx): (u8, u8)) {
    let mut simulator = Simulator::new(&scene(n_people, n_rx));
    let n_links = simulator.links().count();
    bencher.bench_local(|| {
        for _ in 0..n_links * 100 {
            divan::black_box(simulator.next_frame());
        }
    });
}

#[divan::bench]
fn truth_of_one_moment(bencher: Bencher<'_, '_>) {
    let simulator = Simulator::new(&scene(1, 1));
    let mut time = Timestamp::ZERO;
    bencher.bench_local(|| {
        time = time.plus_nanos(10_000_000);
        simulator.scene_truth(time)
    });
}

/// A new room with new people and a minute of motion: what a training set begins each of its pieces with.
#[divan::bench]
fn a_new_scene(bencher: Bencher<'_, '_>) {
    let mut seed = 0;
    bencher.bench_local(|| {
        seed += 1;
        Simulator::new(&SimulatorSpec::random(seed, &SceneOptions::default()))
    });
}

#[divan::bench]
fn eight_hours_of_living(bencher: Bencher<'_, '_>) {
    let mut seed = 0;
    bencher.bench_local(|| {
        seed += 1;
        Simulator::new(&SimulatorSpec::daily_living(seed, 8.0, &SceneOptions::default()))
    });
}
