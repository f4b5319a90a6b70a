//! `inspect`: what is in a recording, which streams it holds and what they are good for.

use std::path::PathBuf;

use serde_json::json;

use super::out;
use super::report::{LinkReport, link_text};
use crate::engine::RadioNetwork;
use crate::engine::index::{Index, index};
use crate::types::{FrameFlags, Tally};

/// Says what is in recordings of any format, and what each link's data is good for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal inspect walk.pcap
  corporeal inspect *.dat --json | jq '.[].links[].quality.verdicts'")]
pub struct Options {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON list, an entry per file.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut n_failed = 0;
    let mut reports = Vec::new();
    for path in &options.files {
        match index(path, 1, &RadioNetwork::installed(), Default::default(), |_| true) {
            Ok(Some(index)) if options.json => reports.push(json_report(&index)),
            Ok(Some(index)) => out::line(text_report(&index))?,
            Ok(None) => {}
            Err(error) if options.json => {
                n_failed += 1;
                reports.push(json!({ "path": path, "error": error.to_string() }));
            }
            Err(error) => {
                n_failed += 1;
                out::line(format_args!("{}\n  {error}\n", path.display()))?;
            }
        }
    }
    if options.json {
        out::line(serde_json::to_string_pretty(&reports)?)?;
    }
    anyhow::ensure!(n_failed == 0, "{n_failed} of {} files could not be read", options.files.len());
    Ok(())
}

fn json_report(index: &Index) -> serde_json::Value {
    let links: Vec<LinkReport<'_>> = index.links.iter().map(LinkReport::new).collect();
    json!({
        "path": index.path,
        "format": index.format,
        "provenance": index.provenance,
        "span": index.span(),
        "n_gaps": index.timeline.gaps.len(),
        "tally": index.tally,
        "clocks": index.clocks.iter().map(|(node, clock)| json!({ "node": node.to_string(), "clock": clock })).collect::<Vec<_>>(),
        "recording": index.info.as_ref().map(|info| info.to_table()),
        "warning": index.warning,
        "links": links,
    })
}

fn text_report(index: &Index) -> String {
    let mut text = format!("{}\n  {} · {}", index.path.display(), index.format.label(), index.provenance.label());
    if let Some(span) = index.span() {
        text += &format!(" · {:.1} s", span.secs());
        if span.start.is_wall_clock()
            && let Ok(start) = jiff::Timestamp::from_nanosecond(i128::from(span.start.0))
        {
            text += &format!(" from {}", start.strftime("%Y-%m-%d %H:%M:%S UTC"));
        }
    }
    text += "\n";
    text += &tally_text(&index.tally);
    if let Some(info) = &index.info {
        text += &format!("  recorded by {}", info.software);
        if !info.notes.is_empty() {
            text += &format!(" — {}", info.notes);
        }
        text += "\n";
    }
    if let Some(warning) = &index.warning {
        text += &format!("  {warning}\n");
    }
    for link in &index.links {
        text += &link_text(link);
        text += "\n";
    }
    if index.links.is_empty() {
        text += "  no CSI in it\n";
    }
    text
}

/// Everything that was read, kept, flagged and skipped.
pub fn tally_text(tally: &Tally) -> String {
    let mut text = format!("  {} frames", tally.n_frames);
    if tally.n_records != tally.n_frames {
        text += &format!(" from {} records", tally.n_records);
    }
    text += &format!(", {} bytes", tally.n_bytes);
    for (other, n) in &tally.others {
        text += &format!(", {n} {}", other.label());
    }
    text += "\n";
    for (reason, n) in &tally.skipped {
        text += &format!("  skipped {n}: {}\n", reason.label());
    }
    for (&flag, n) in &tally.flagged {
        for label in FrameFlags(flag).labels() {
            text += &format!("  kept {n} odd: {label}\n");
        }
    }
    text
}
