//! Speed of the decoders on real recordings in memory: `cargo bench --bench decode`.
//!
//! The recordings lie beside the checkout (see `tests/it/golden.rs`); those that are absent are left out.

use std::path::PathBuf;

use corporeal::capture::format::{self, Context};
use corporeal::types::NodeId;
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const FILES: [&str; 12] = [
    "csikit/esp32/example_fast2_100hz_pitraffic.csv",
    "csikit/intel/example.dat",
    "csikit-history/intel/activity/sleeping_post_1597163585.dat",
    "csikit-history/atheros/example_bigEndian.dat",
    "csikit/nexmon/example_43455c0.pcap",
    "csikit/nexmon/example_4339.pcap",
    "csikit/nexmon/example_4358.pcap",
    "csikit/nexmon/example_4366c0.pcap",
    "csikit/pico/picoscenes_ax200_agcdemo.csi",
    "csikit/pico/picoscenes_iwl5300_example2.csi",
    "csikit/feitcsi/HESU80_5500.csi",
    "csikit/feitcsi/HESU160_5500.csi",
];

fn main() {
    divan::main();
}

fn path(file: &str) -> PathBuf {
    let shared = std::env::var_os("CORPOREAL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    shared.join("data/csi").join(file)
}

#[divan::bench(args = FILES.into_iter().filter(|file| path(file).exists()))]
fn recording(bencher: Bencher<'_, '_>, file: &str) {
    let bytes = std::fs::read(path(file)).expect("the file is readable");
    let format = format::detect(&bytes[..bytes.len().min(format::DETECT_LEN)]).expect("a known format");
    let run = || {
        let mut frames = Vec::new();
        let context = Context { receiver: NodeId::Source(1), arrival: None };
        let mut decoder = format::decoder(format).expect("no container");
        format::decode_all(decoder.as_mut(), &bytes, &context, |frame| frames.push(frame));
        frames
    };
    let n_frames = run().len();
    bencher.counter(BytesCount::new(bytes.len())).counter(ItemsCount::new(n_frames)).bench(run);
}
