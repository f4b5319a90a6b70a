//! A long run at full rate: 8 simulated links of 200 packets/s through capture, pipeline and snapshots.
//!
//! `cargo bench --bench load -- [SECONDS [LINKS [RATE_HZ [ANTENNAS]]]]` prints latency, processor time by thread, memory and who is
//! followed as JSON lines, one every tenth of the run, so that growth in the second half shows. A frame that ends a window of people is
//! in its snapshot once the network has answered, so that their latency is in these figures. Linux only: it reads /proc.

use std::time::{Duration, Instant};

use corporeal::capture::SourceSpec;
use corporeal::engine::{Command, Engine, EngineConfig};
use corporeal::simulate::SimulatorSpec;

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<f64>().ok());
    let seconds = numbers.next().unwrap_or(10.0);
    let n_links = numbers.next().unwrap_or(8.0) as u8;
    let rate_hz = numbers.next().unwrap_or(200.0) as f32;
    let n_rx = numbers.next().unwrap_or(1.0) as u8;
    let engine = Engine::start(EngineConfig::default(), Box::new(|| {})).expect("threads can be started");
    engine.send(Command::Connect(SourceSpec::Simulator(SimulatorSpec {
        n_links,
        rate_hz,
        n_rx,
        ..SimulatorSpec::default()
    })));
    let started = Instant::now();
    for step in 1..=10 {
        let due = Duration::from_secs_f64(seconds * f64::from(step) / 10.0);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
        let snapshot = engine.snapshot();
        let latency = snapshot.latency.unwrap_or_default();
        let elapsed_secs = started.elapsed().as_secs_f64();
        let report = serde_json::json!({
            "elapsed_secs": elapsed_secs,
            "n_links": snapshot.links.len(),
            "n_frames": latency.n_frames,
            "frames_per_sec": latency.n_frames as f64 / elapsed_secs,
            "n_dropped": snapshot.sources.iter().map(|source| source.n_dropped).sum::<u64>(),
            "n_snapshots": snapshot.number,
            "p50_ms": latency.p50_secs * 1e3,
            "p99_ms": latency.p99_secs * 1e3,
            "max_ms": latency.max_secs * 1e3,
            "n_people": snapshot.people.persons.len(),
            "blank": snapshot.people.blank.iter().map(|blank| blank.reason.as_str()).collect::<Vec<_>>(),
            "network": snapshot.people.network,
            "network_ms": snapshot.people.network_ms,
            "core_share_by_thread": thread_shares(elapsed_secs),
            "resident_mb": resident_mb(),
        });
        println!("{report}");
    }
}

/// Processor seconds of each thread over the elapsed seconds, by thread name.
fn thread_shares(elapsed_secs: f64) -> serde_json::Map<String, serde_json::Value> {
    /// The kernel's clock ticks a second; fixed on Linux for every user program.
    const TICKS_PER_SEC: f64 = 100.0;
    let mut shares = serde_json::Map::new();
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return shares };
    for task in tasks.flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let Some((name, rest)) = stat.split_once('(').and_then(|(_, text)| text.rsplit_once(") ")) else { continue };
        // The fields after the name begin with the state, field 3; user and system time are fields 14 and 15.
        let ticks: f64 = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        shares.insert(name.to_owned(), (ticks / TICKS_PER_SEC / elapsed_secs).into());
    }
    shares
}

fn resident_mb() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib / 1024.0)
}
