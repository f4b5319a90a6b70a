//! `live` and `record`: attached sources in the window, as JSON lines, or straight to a file.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::SourceArg;
use super::report::SnapshotReport;
use super::source_arg;
use crate::engine::{Command, Engine, EngineConfig, NoticeLevel, RecordingSpec};
use crate::types::SourceState;

/// Watches live sources in the window, or with --headless as JSON lines.
#[derive(Debug, clap::Args)]
#[command(after_help = source_arg::HELP)]
pub struct LiveOptions {
    #[arg(required = true)]
    sources: Vec<SourceArg>,
    /// No window: one JSON line a second on standard output.
    #[arg(long)]
    headless: bool,
    /// Stop after this many seconds.
    #[arg(long)]
    seconds: Option<f64>,
    /// Print latency, frame counts and memory at the end (with --headless).
    #[arg(long)]
    stats: bool,
}

/// Records live sources to an MCAP file until interrupted.
#[derive(Debug, clap::Args)]
#[command(after_help = source_arg::HELP)]
pub struct RecordOptions {
    #[arg(required = true)]
    sources: Vec<SourceArg>,
    /// The file to write; a name with date and time when not given.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Stop after this many seconds.
    #[arg(long)]
    seconds: Option<f64>,
    /// Written into the recording.
    #[arg(long, default_value = "")]
    notes: String,
}

pub fn run(options: LiveOptions) -> anyhow::Result<()> {
    let specs: Vec<_> = options.sources.into_iter().map(|source| source.0).collect();
    if !options.headless {
        return super::window::open_with(specs.into_iter().map(Command::Connect).collect());
    }
    let engine = Engine::start(EngineConfig::default(), Box::new(|| {}))?;
    for spec in specs {
        engine.send(Command::Connect(spec));
    }
    let mut out = std::io::stdout().lock();
    watch(&engine, options.seconds, Duration::from_secs(1), |snapshot| {
        serde_json::to_writer(&mut out, &SnapshotReport::new(snapshot))?;
        out.write_all(b"\n")?;
        out.flush()?;
        Ok(())
    })?;
    if options.stats {
        let snapshot = engine.snapshot();
        let n_frames: u64 = snapshot.sources.iter().map(|source| source.tally.n_frames).sum();
        let n_dropped: u64 = snapshot.sources.iter().map(|source| source.n_dropped).sum();
        eprintln!("frames {n_frames}, dropped {n_dropped}");
        if let Some(latency) = snapshot.latency {
            eprintln!(
                "arrival to snapshot: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms over {} frames",
                latency.p50_secs * 1e3,
                latency.p99_secs * 1e3,
                latency.max_secs * 1e3,
                latency.n_frames
            );
        }
    }
    Ok(())
}

pub fn record(options: RecordOptions) -> anyhow::Result<()> {
    let recordings_dir = std::env::current_dir()?;
    let engine = Engine::start(EngineConfig { recordings_dir, ..EngineConfig::default() }, Box::new(|| {}))?;
    for source in options.sources {
        engine.send(Command::Connect(source.0));
    }
    engine.send(Command::StartRecording(RecordingSpec { path: options.output, notes: options.notes }));
    let mut failure = None;
    watch(&engine, options.seconds, Duration::from_secs(1), |snapshot| {
        if let Some(recording) = &snapshot.recording {
            super::progress::step(format_args!(
                "{:.0} s, {} frames, {} bytes",
                recording.duration.as_secs_f64(),
                recording.n_frames,
                recording.n_bytes
            ));
            failure = recording.error.clone();
        }
        anyhow::ensure!(failure.is_none(), "{}", failure.clone().unwrap_or_default());
        Ok(())
    })?;
    super::progress::clear();
    engine.send(Command::StopRecording);
    let deadline = Instant::now() + Duration::from_secs(30);
    while engine.snapshot().recording.is_some() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    if let Some(notice) = engine.snapshot().notices.last() {
        super::out::line(&notice.text)?;
    }
    Ok(())
}

/// Calls `each` at the given pace until the time is over, every source has ended or somebody interrupts (Ctrl+C), so that
/// a recording can be closed; messages go to standard error.
fn watch(
    engine: &Engine,
    seconds: Option<f64>,
    every: Duration,
    mut each: impl FnMut(&crate::engine::Snapshot) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))?;
    }
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.max(0.0)));
    let mut n_said = 0;
    loop {
        let due = Instant::now() + every;
        let due = end.map_or(due, |end| due.min(end));
        while Instant::now() < due && !all_over(&engine.snapshot()) && !interrupted.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let snapshot = engine.snapshot();
        let n_said_before = n_said;
        for notice in snapshot.notices.iter().filter(|notice| notice.number > n_said_before) {
            n_said = notice.number;
            let level = if notice.level == NoticeLevel::Info { "" } else { "warning: " };
            eprintln!("{level}{}", notice.text);
        }
        each(&snapshot)?;
        if all_over(&snapshot) {
            let failed =
                snapshot.sources.iter().filter(|source| matches!(source.state, SourceState::Failed(_))).count();
            anyhow::ensure!(failed == 0, "{failed} of {} sources failed", snapshot.sources.len());
            return Ok(());
        }
        if end.is_some_and(|end| Instant::now() >= end) || interrupted.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}

fn all_over(snapshot: &crate::engine::Snapshot) -> bool {
    let over = |state: &SourceState| matches!(state, SourceState::Ended | SourceState::Failed(_));
    !snapshot.sources.is_empty() && snapshot.sources.iter().all(|source| over(&source.state))
}
