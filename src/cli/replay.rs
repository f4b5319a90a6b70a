//! `replay`: a recording in the window, or as JSON lines of snapshots without one.

use std::path::PathBuf;

use super::report::SnapshotReport;
use crate::capture::source::file::{FileReader, Stamped};
use crate::engine::Snapshot;
use crate::engine::pipeline::Pipeline;
use crate::signal::StreamConfig;
use crate::types::{Site, Timestamp};

/// Plays recordings in the window; with --headless prints snapshots as JSON lines, as fast as possible.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal replay walk.pcap
  corporeal replay walk.pcap --headless --every 0.5 | jq .links[0].motion")]
pub struct Options {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// No window: one JSON line per snapshot on standard output.
    #[arg(long)]
    headless: bool,
    /// Seconds of the recording's time between two snapshots.
    #[arg(long, default_value_t = 1.0)]
    every: f64,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    if !options.headless {
        return super::window::open(options.files.clone());
    }
    anyhow::ensure!(options.every > 0.0, "--every must be more than 0 s");
    let mut out = std::io::stdout().lock();
    for path in &options.files {
        let mut reader = FileReader::open(path, 1)?;
        let provenance = reader.provenance();
        let mut pipeline = Pipeline::new(StreamConfig::default());
        let mut due: Option<Timestamp> = None;
        let mut last = None;
        loop {
            let next = match reader.next_frame()? {
                Some(next) => Some(next),
                None => reader.finish(),
            };
            let Some(Stamped { time, clock, frame }) = next else { break };
            let at = *due.get_or_insert_with(|| time.plus_secs(options.every));
            if time >= at {
                print_snapshot(&mut out, &pipeline, provenance, last)?;
                due = Some(Timestamp(at.0.max(time.0)).plus_secs(options.every));
            }
            pipeline.ingest(1, provenance, time, clock, &frame);
            last = Some(time);
        }
        print_snapshot(&mut out, &pipeline, provenance, last)?;
    }
    Ok(())
}

fn print_snapshot(
    out: &mut impl std::io::Write,
    pipeline: &Pipeline,
    provenance: crate::types::Provenance,
    time: Option<Timestamp>,
) -> anyhow::Result<()> {
    let snapshot = Snapshot {
        provenance: Some(provenance),
        time,
        links: pipeline.links(&Site::default(), |_| None),
        events: pipeline.events(1),
        ..Snapshot::default()
    };
    serde_json::to_writer(&mut *out, &SnapshotReport::new(&snapshot))?;
    out.write_all(b"\n")?;
    Ok(())
}
