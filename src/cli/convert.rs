//! `convert`: any recording to MCAP, CSV or NumPy.

use std::path::PathBuf;

use anyhow::Context as _;

use super::inspect::tally_text;
use super::out;
use crate::capture::source::file::{FileReader, Stamped};
use crate::export::Exporter;
use crate::types::RecordingInfo;

/// Converts a recording; the ending of OUT says to what: .mcap, .csv or .npz.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal convert walk.pcap walk.mcap
  corporeal convert walk.pcap walk.npz     then in Python: numpy.load('walk.npz')")]
pub struct Options {
    input: PathBuf,
    output: PathBuf,
    /// Replace OUT when it exists.
    #[arg(long)]
    force: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    anyhow::ensure!(
        options.force || !options.output.exists(),
        "the file exists already — choose another name or add --force: {:?}",
        options.output
    );
    let mut reader = FileReader::open(&options.input, 1)?;
    let provenance = reader.provenance();
    let info = reader.recording_info().cloned().unwrap_or_else(|| RecordingInfo {
        provenance: Some(provenance),
        notes: format!("converted from {} ({})", options.input.display(), reader.format().label()),
        ..RecordingInfo::of_this_program()
    });
    let mut exporter = Exporter::create(&options.output, info)?;
    loop {
        let next = match reader.next_frame()? {
            Some(next) => Some(next),
            None => reader.finish(),
        };
        let Some(Stamped { time, frame, .. }) = next else { break };
        exporter.write(time, provenance, &frame).with_context(|| format!("writing {:?}", options.output))?;
    }
    exporter.finish().with_context(|| format!("writing {:?}", options.output))?;
    let (input, output) = (options.input.display(), options.output.display());
    out::line(format_args!("{input} → {output}\n{}", tally_text(&reader.tally()).trim_end()))
}
