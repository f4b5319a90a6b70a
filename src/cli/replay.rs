//! `replay`: a recording in the window, or as JSON lines of snapshots without one.

use std::path::PathBuf;
use std::sync::Arc;

use super::report::SnapshotReport;
use crate::capture::source::file::{FileReader, Stamped};
use crate::engine::pipeline::Pipeline;
use crate::engine::{EventLog, RadioNetwork, Snapshot};
use crate::signal::StreamConfig;
use crate::types::{Provenance, Site, Timestamp};

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
    let network = RadioNetwork::installed();
    for path in &options.files {
        let mut reader = FileReader::open(path, 1)?;
        let provenance = reader.provenance();
        let site = Arc::new(reader.recording_info().map(|info| info.site.clone()).unwrap_or_default());
        let mut pipeline = Pipeline::new(StreamConfig::default()).with_people(&site, &network);
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
                print_snapshot(&mut out, &pipeline, &site, provenance, last)?;
                due = Some(Timestamp(at.0.max(time.0)).plus_secs(options.every));
            }
            pipeline.ingest(1, provenance, time, clock, &frame);
            last = Some(time);
        }
        print_snapshot(&mut out, &pipeline, &site, provenance, last)?;
    }
    Ok(())
}

fn print_snapshot(
    out: &mut impl std::io::Write,
    pipeline: &Pipeline,
    site: &Arc<Site>,
    provenance: Provenance,
    time: Option<Timestamp>,
) -> anyhow::Result<()> {
    let snapshot = Snapshot {
        provenance: Some(provenance),
        time,
        links: pipeline.links(site, |_| None),
        events: EventLog::merged([pipeline.events(1), pipeline.people_events(provenance)].iter()),
        people: pipeline.people(),
        site: Arc::clone(site),
        ..Snapshot::default()
    };
    serde_json::to_writer(&mut *out, &SnapshotReport::new(&snapshot))?;
    out.write_all(b"\n")?;
    Ok(())
}
