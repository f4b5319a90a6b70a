//! `evaluate doppler`: whether recordings tell approach from retreat at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::super::out;
use crate::capture::source::file::{FileReader, Stamped};
use crate::signal::direction::{Direction, DirectionEvidence, DirectionMeter};
use crate::signal::{StreamConfig, StreamProcessor};
use crate::types::{Complex32, Hardware, StreamId, Timestamp};

/// Says of recordings whether the sign of the Doppler shift is in them.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each packet's gain, phase and delay slope are fitted out against the mean channel; what is left is looked at in
windows of 0.64 s in which something moves. \"side\" is how far one side of the spectrum stands over the other, \"agreement\" how well
two halves of the data with independent noise (receive chains, else every other subcarrier) agree on the side, with its 95 % interval,
\"persistence\" how well one window predicts the next. From an agreement of 0.5 at the lower end on, the direction is shown where the sides
differ by 2 dB, and weak from 1 dB.

Examples:
  corporeal evaluate doppler walk.dat
  corporeal evaluate doppler --pool fition/raw/*/*.pcap"
)]
pub struct Options {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// One line for all files of a folder, for short recordings.
    #[arg(long)]
    pool: bool,
    /// Print one JSON list.
    #[arg(long)]
    json: bool,
}

/// What is said in one line.
struct Line {
    name: String,
    hardware: Hardware,
    /// Receive chains times transmit streams, and usable bins of each.
    shape: [usize; 2],
    rate_hz: f64,
    meter: DirectionMeter,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut lines: Vec<Line> = Vec::new();
    let mut n_failed = 0;
    for path in &options.files {
        match read(path) {
            Ok(streams) => {
                streams.into_iter().for_each(|line| add(&mut lines, line, options.pool.then(|| folder(path))))
            }
            Err(error) => {
                n_failed += 1;
                eprintln!("{error}: {}", path.display());
            }
        }
    }
    if options.json {
        let reports: Vec<_> = lines.iter().map(report).collect();
        out::line(serde_json::to_string_pretty(&reports)?)?;
    } else {
        out::line(format_args!(
            "{:<44} {:>9} {:>7} {:>7} {:>6} {:>7}  {:<20} {:>11}  direction",
            "recording", "chains", "rate", "windows", "moving", "side", "agreement", "persistence"
        ))?;
        for line in &lines {
            out::line(text(line))?;
        }
    }
    anyhow::ensure!(n_failed == 0, "{n_failed} of {} files could not be read", options.files.len());
    Ok(())
}

fn folder(path: &Path) -> String {
    path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

/// Puts a stream on a line of its own, or on that of its folder.
fn add(lines: &mut Vec<Line>, line: Line, folder: Option<String>) {
    let name = folder.unwrap_or_else(|| line.name.clone());
    match lines.iter_mut().find(|other| other.name == name && other.shape[0] == line.shape[0]) {
        Some(known) => known.meter.absorb(&line.meter),
        None => lines.push(Line { name, ..line }),
    }
}

/// One line per stream with at least a window of data.
fn read(path: &Path) -> Result<Vec<Line>, crate::capture::Error> {
    let mut reader = FileReader::open(path, 1)?;
    let mut streams: BTreeMap<StreamId, Stream> = BTreeMap::new();
    loop {
        let next = match reader.next_frame()? {
            Some(next) => Some(next),
            None => reader.finish(),
        };
        let Some(Stamped { time, frame, .. }) = next else { break };
        let stream = streams.entry(frame.stream()).or_insert_with(|| Stream {
            hardware: frame.hardware,
            shape: [frame.n_chains(), 0],
            processor: StreamProcessor::new(StreamConfig::default(), &frame),
            generation: 0,
            next_row: 0,
            rows: Vec::new(),
        });
        stream.processor.push(time, &frame);
        stream.take_rows();
    }
    let stem = format!("{}/{}", folder(path), path.file_stem().unwrap_or_default().to_string_lossy());
    let many = streams.len() > 1;
    let name = |id: StreamId| if many { format!("{stem} {} {}", id.link.tx, id.link.rx) } else { stem.clone() };
    Ok(streams.into_iter().filter_map(|(id, stream)| stream.line(name(id))).collect())
}

/// One stream while it is read.
struct Stream {
    hardware: Hardware,
    shape: [usize; 2],
    processor: StreamProcessor,
    generation: u32,
    next_row: u64,
    rows: Vec<(Timestamp, Vec<Complex32>)>,
}

impl Stream {
    /// Keeps new clean rows. Other bins mean other columns: then the earlier rows are given up.
    fn take_rows(&mut self) {
        let products = self.processor.products();
        if products.generation != self.generation {
            self.generation = products.generation;
            self.next_row = 0;
            self.rows.clear();
        }
        self.shape[1] = products.usable.len();
        for row in products.clean.iter_from(self.next_row) {
            self.rows.push((row.time, row.values.to_vec()));
        }
        self.next_row = products.clean.end_row();
    }

    fn line(self, name: String) -> Option<Line> {
        let mut steps: Vec<f64> = self.rows.windows(2).map(|pair| pair[1].0.secs_since(pair[0].0)).collect();
        steps.sort_by(f64::total_cmp);
        let rate_hz = 1.0 / steps.get(steps.len() / 2).copied().filter(|secs| *secs > 0.0)?;
        let mut meter = DirectionMeter::new(rate_hz, self.shape[0]);
        for (time, row) in &self.rows {
            meter.push(*time, row);
        }
        let Self { hardware, shape, .. } = self;
        (meter.n_windows() > 0).then(|| Line { name, hardware, shape, rate_hz, meter })
    }
}

fn verdict(evidence: Option<&DirectionEvidence>) -> &'static str {
    match evidence {
        None => "too little moves",
        Some(evidence) => match evidence.direction() {
            Direction::Shown => "shown",
            Direction::Weak => "weak",
            Direction::NotShown => "not shown",
        },
    }
}

fn text(line: &Line) -> String {
    let Line { name, shape: [chains, bins], rate_hz, meter, .. } = line;
    let evidence = meter.evidence();
    let figures = evidence.map_or_else(String::new, |e| {
        let (r, [low, high]) = e.agreement;
        let persistence = e.persistence.map_or_else(|| "—".to_owned(), |p| format!("{p:+.2}"));
        format!("{:>4.1} dB  {:<20} {persistence:>11}", e.side_db, format!("{r:+.2} [{low:+.2}, {high:+.2}]"))
    });
    format!(
        "{name:<44} {:>9} {rate_hz:>4.0} Hz {:>7} {:>6} {figures:<41}  {}",
        format!("{chains}x{bins}"),
        meter.n_windows(),
        meter.n_moving(),
        verdict(evidence.as_ref())
    )
}

fn report(line: &Line) -> serde_json::Value {
    let evidence = line.meter.evidence();
    json!({
        "recording": line.name,
        "hardware": line.hardware,
        "n_chains": line.shape[0],
        "n_bins": line.shape[1],
        "rate_hz": line.rate_hz,
        "n_windows": line.meter.n_windows(),
        "n_moving": line.meter.n_moving(),
        "side_db": evidence.map(|e| e.side_db),
        "agreement": evidence.map(|e| e.agreement.0),
        "agreement_interval": evidence.map(|e| e.agreement.1),
        "persistence": evidence.and_then(|e| e.persistence),
        "direction": verdict(evidence.as_ref()),
    })
}
