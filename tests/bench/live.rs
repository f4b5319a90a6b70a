//! Cost of what a live view does for each frame: `cargo bench --bench live`.
//!
//! The default scene sends 1 600 frames a second, so 1 µs a frame is 0.16 % of a core.

use corporeal::signal::clock::ClockAligner;
use corporeal::signal::{StreamConfig, StreamProcessor};
use corporeal::simulate::{Simulator, SimulatorSpec};
use corporeal::types::{Complex32, CsiFrame, Rows, Timestamp};
use divan::{Bencher, black_box};

/// Links, antennas, subcarriers, MHz.
type Shape = (u8, u8, u16, u16);

const SHAPES: [Shape; 4] = [(8, 1, 64, 20), (8, 3, 30, 40), (8, 3, 128, 40), (16, 3, 512, 40)];

fn main() {
    divan::main();
}

fn simulator((n_links, n_rx, n_subcarriers, bandwidth_mhz): Shape) -> Simulator {
    let spec = SimulatorSpec { n_links, n_rx, n_subcarriers, bandwidth_mhz, ..SimulatorSpec::default() };
    Simulator::new(&spec)
}

fn one_link(shape: Shape, n: usize) -> Vec<CsiFrame> {
    let mut simulator = simulator(shape);
    let link = simulator.links().next();
    std::iter::repeat_with(|| simulator.next_frame()).filter(|frame| Some(frame.link) == link).take(n).collect()
}

#[divan::bench(args = SHAPES, sample_size = 20)]
fn simulated_frame(bencher: Bencher<'_, '_>, shape: Shape) {
    let mut simulator = simulator(shape);
    bencher.bench_local(|| simulator.next_frame());
}

#[divan::bench]
fn body_truth(bencher: Bencher<'_, '_>) {
    let simulator = simulator(SHAPES[0]);
    let mut time = Timestamp::ZERO;
    bencher.bench_local(|| {
        time = time.plus_nanos(33_000_000);
        simulator.truth(time)
    });
}

#[divan::bench(sample_size = 1_000)]
fn clock_frame(bencher: Bencher<'_, '_>) {
    let frames = one_link(SHAPES[0], 12_000);
    let mut aligner = ClockAligner::default();
    let mut n = 0;
    bencher.bench_local(|| {
        n += 1;
        if n % frames.len() == 0 {
            aligner = ClockAligner::default();
        }
        aligner.align_frame(&frames[n % frames.len()])
    });
}

/// Everything that is computed for a frame of one stream; the tables are warm.
#[divan::bench(args = SHAPES, sample_size = 20)]
fn processed_frame(bencher: Bencher<'_, '_>, shape: Shape) {
    let frames = one_link(shape, 4_000);
    let mut processor = StreamProcessor::new(StreamConfig::default(), &frames[0]);
    for frame in &frames[..2_000] {
        processor.push(frame.host_time.unwrap_or_default(), frame);
    }
    // The rest goes round and round, each time later.
    let lap = frames[3_999].host_time.unwrap_or_default().since(frames[1_999].host_time.unwrap_or_default());
    let mut n = 0;
    bencher.bench_local(|| {
        let frame = &frames[2_000 + n % 2_000];
        let time = frame.host_time.unwrap_or_default().plus_nanos(lap * (n / 2_000) as i64);
        n += 1;
        processor.push(time, black_box(frame));
    });
}

/// What a snapshot takes from a stream, and the next frame after it.
#[divan::bench(args = SHAPES, sample_size = 20)]
fn products_then_frame(bencher: Bencher<'_, '_>, shape: Shape) {
    let frames = one_link(shape, 4_000);
    let mut processor = StreamProcessor::new(StreamConfig::default(), &frames[0]);
    for frame in &frames {
        processor.push(frame.host_time.unwrap_or_default(), frame);
    }
    let mut time = frames[3_999].host_time.unwrap_or_default();
    bencher.bench_local(|| {
        let products = processor.products();
        time = time.plus_nanos(5_000_000);
        processor.push(time, black_box(&frames[0]));
        products
    });
}

/// One row into a table of a minute, as each frame does.
#[divan::bench(args = [64, 512])]
fn row_push(bencher: Bencher<'_, '_>, width: usize) {
    let mut rows = Rows::new(width, 12_000);
    let row = vec![Complex32::ONE; width];
    let mut time = Timestamp::ZERO;
    bencher.bench_local(|| {
        time = time.plus_nanos(5_000_000);
        rows.push(time, black_box(&row))
    });
}

/// A snapshot of a full table, then one row more: the push pays for copying the open block.
#[divan::bench(args = [64, 512])]
fn snapshot_then_push(bencher: Bencher<'_, '_>, width: usize) {
    let mut rows = Rows::new(width, 12_000);
    let row = vec![Complex32::ONE; width];
    for n in 0..12_000 {
        rows.push(Timestamp(n), &row);
    }
    let mut time = Timestamp(12_000);
    bencher.bench_local(|| {
        let snapshot = rows.clone();
        time = time.plus_nanos(1);
        rows.push(time, black_box(&row));
        snapshot
    });
}
