//! Simulated beside real: how far apart quiet, walking and falling are in amplitude, and how far real rooms are from each
//! other. Prints the table (`cargo test --test it simulate_reality -- --nocapture`); it holds only what must not get worse.
//!
//! Printed on fition/raw (6 records a class) and 24 simulated rooms: variation, spectrum, correlation distance, and in brackets
//! those of two halves of the real records. Quiet 0.24 0.25 0.48 (0.18 0.18 0.08), walking 0.28 0.07 0.19 (0.16 0.15 0.11),
//! falling 1.07 0.06 0.19 (0.23 0.30 0.26). Real quiet drifts slowly, simulated quiet is white noise: nobody is in it.

use corporeal::simulate::reality::{Likeness, distances, likeness};
use corporeal::simulate::{RadioFormat, SceneOptions, SimulatedFaults, Simulator, SimulatorSpec};
use corporeal::types::{Activity, CsiFrame, FallKind};

use crate::golden::{decode_shared, shared_csi};

/// Real records of one class: the stream with the most frames of every capture.
fn real(class: &str) -> Option<Vec<Vec<CsiFrame>>> {
    let root = shared_csi("fition/raw")?;
    let mut records = Vec::new();
    let mut folders: Vec<_> = std::fs::read_dir(root).expect("readable").flatten().map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with(&format!("{class}_")) {
            continue;
        }
        let mut files: Vec<_> =
            std::fs::read_dir(&folder).expect("readable").flatten().map(|entry| entry.file_name()).collect();
        files.sort();
        for file in files {
            let file = file.to_string_lossy().into_owned();
            if !file.ends_with(".pcap") {
                continue;
            }
            let (frames, _) = decode_shared(&format!("fition/raw/{name}/{file}"))?;
            let mut streams = std::collections::HashMap::<_, Vec<CsiFrame>>::new();
            for frame in frames {
                streams.entry(frame.stream()).or_default().push(frame);
            }
            let mut streams: Vec<_> = streams.into_values().collect();
            streams.sort_by_key(Vec::len);
            records.extend(streams.pop());
        }
    }
    Some(records)
}

/// Ten seconds of one link in a random room, as the real ones are: 48.8 Hz, 20 MHz.
fn simulated(spec: SimulatorSpec, from_secs: f64) -> Vec<CsiFrame> {
    let faults = SimulatedFaults::measured(RadioFormat::Nexmon20);
    let mut simulator = Simulator::new(&SimulatorSpec { faults, loss: 0.002, ..spec });
    simulator.skip_to(corporeal::types::Timestamp::from_secs_f64(from_secs));
    (0..500).map(|_| simulator.next_frame()).collect()
}

fn options() -> SceneOptions {
    SceneOptions { n_links: 1, rate_hz: 48.8, format: RadioFormat::Nexmon20, secs: 30.0, ..SceneOptions::default() }
}

fn all(records: impl IntoIterator<Item = Vec<CsiFrame>>) -> Vec<Likeness> {
    records.into_iter().filter_map(|frames| likeness(&frames)).collect()
}

fn print(name: &str, group: &[Likeness]) {
    let mut variations: Vec<f32> = group.iter().map(|record| record.variation).collect();
    variations.sort_by(f32::total_cmp);
    let middle = variations[variations.len() / 2];
    let mean = |part: &dyn Fn(&Likeness) -> Vec<f32>| {
        let mut sum = Vec::new();
        for record in group {
            let part = part(record);
            sum.resize(part.len(), 0.0f32);
            sum.iter_mut().zip(part).for_each(|(sum, value)| *sum += value / group.len() as f32);
        }
        sum.iter().map(|value| format!("{value:5.2}")).collect::<Vec<_>>().join(" ")
    };
    println!(
        "{name:18} n {:3}  variation {middle:.4} ({:.4} to {:.4})  bands {}  correlation {}",
        group.len(),
        variations[0],
        variations[variations.len() - 1],
        mean(&|record| record.bands.to_vec()),
        mean(&|record| record.correlation.to_vec()),
    );
}

#[test]
fn simulated_records_are_set_beside_real_ones() {
    let (Some(quiet), Some(walking), Some(falling)) = (real("nm"), real("walking"), real("falling")) else { return };
    let real = [("quiet", all(quiet)), ("walking", all(walking)), ("falling", all(falling))];
    let n = 24;
    let simulated = [
        all((0..n).map(|seed| {
            let spec = SimulatorSpec::other_trial(Activity::Standing, seed, &options());
            simulated(SimulatorSpec { occupied: false, ..spec }, 0.0)
        })),
        all((0..n).map(|seed| {
            simulated(SimulatorSpec { people: Vec::new(), ..SimulatorSpec::random(seed, &options()) }, 2.0)
        })),
        all((0..n).map(|seed| {
            let spec = SimulatorSpec::fall_trial(FallKind::ALL[seed as usize % 3], seed, &options());
            let simulator = Simulator::new(&spec);
            let spans = simulator.activities(simulator.script_end());
            let fall = spans.iter().find(|span| span.activity == Activity::Falling).expect("falls");
            simulated(spec, (fall.start.secs_f64() - 4.5).max(0.0))
        })),
    ];
    for ((name, real), simulated) in real.iter().zip(&simulated) {
        print(&format!("real {name}"), real);
        print(&format!("simulated {name}"), simulated);
        let apart = distances(real, simulated).expect("both have records");
        let (one, other) = real.split_at(real.len() / 2);
        let among = distances(one, other).expect("both have records");
        println!("  distance {apart:?}\n  of two halves of the real ones {among:?}");
        assert!(apart.variation < 2.3 && apart.spectrum < 0.6 && apart.correlation < 0.6, "{name}: {apart:?}");
    }
    // Movement stands out in both by a like factor.
    let middle = |group: &[Likeness]| {
        let mut all: Vec<f32> = group.iter().map(|record| record.variation).collect();
        all.sort_by(f32::total_cmp);
        all[all.len() / 2]
    };
    let stands_out = |groups: [&[Likeness]; 2]| middle(groups[1]) / middle(groups[0]);
    let (in_real, in_simulated) = (stands_out([&real[0].1, &real[1].1]), stands_out([&simulated[0], &simulated[1]]));
    println!("walking over quiet: real {in_real:.1}, simulated {in_simulated:.1}");
    assert!(in_real > 1.1 && in_simulated > 1.1);
}
