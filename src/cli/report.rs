//! What the terminal and scripts are told of a link: the same facts as the link table.

use serde::Serialize;

use super::report_people::PeopleReport;
use crate::analytics::fall::Unsupported;
use crate::analytics::watch::Presence;
use crate::engine::{LinkView, Snapshot};
use crate::types::{Channel, ClockHealth, Event, Hardware, LinkQuality, Provenance, Timestamp};

/// One stream, for JSON.
#[derive(Debug, Serialize)]
pub struct LinkReport<'a> {
    pub name: &'a str,
    pub tx: String,
    pub rx: String,
    pub provenance: Provenance,
    pub hardware: Hardware,
    pub channel: Channel,
    pub n_rx: usize,
    pub n_tx: usize,
    pub n_subcarriers: usize,
    pub n_usable_bins: usize,
    pub n_frames: u64,
    pub rate_hz: Option<f32>,
    /// Dynamic over static power in the newest row.
    pub motion: Option<f32>,
    /// `null` until an empty room has been learned, which a replay without a window never does.
    pub presence: Option<&'static str>,
    /// Whether a machine masks movement.
    pub masked: Option<bool>,
    /// Why falls are not judged; `null` where they are.
    pub falls_unsupported: Option<String>,
    pub clock: Option<ClockHealth>,
    pub quality: &'a LinkQuality,
}

impl<'a> LinkReport<'a> {
    pub fn new(link: &'a LinkView) -> Self {
        let products = &link.products;
        Self {
            name: &link.name,
            tx: link.stream.link.tx.to_string(),
            rx: link.stream.link.rx.to_string(),
            provenance: link.provenance,
            hardware: link.hardware,
            channel: link.channel,
            n_rx: products.n_rx,
            n_tx: products.n_tx,
            n_subcarriers: products.subcarriers.index.len(),
            n_usable_bins: products.usable.len(),
            n_frames: link.health.n_frames,
            rate_hz: link.health.rate_hz,
            motion: products.motion.last().and_then(|row| row.values.first().copied()),
            presence: match link.sensed.presence {
                Presence::NotCalibrated => None,
                Presence::Moving => Some("moving"),
                Presence::Still { .. } => Some("still"),
                Presence::Quiet => Some("quiet"),
            },
            masked: link.sensed.has_machine,
            falls_unsupported: link.sensed.falls.err().map(Unsupported::text),
            clock: link.health.clock,
            quality: &products.quality,
        }
    }
}

/// A snapshot, for one JSON line.
#[derive(Debug, Serialize)]
pub struct SnapshotReport<'a> {
    pub time: Option<Timestamp>,
    pub provenance: Option<Provenance>,
    pub links: Vec<LinkReport<'a>>,
    pub people: PeopleReport<'a>,
    /// So far, in order of their beginning.
    pub events: &'a [Event],
}

impl<'a> SnapshotReport<'a> {
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self {
            time: snapshot.time,
            provenance: snapshot.provenance,
            links: snapshot.links.iter().map(LinkReport::new).collect(),
            people: PeopleReport::new(&snapshot.people),
            events: &snapshot.events,
        }
    }
}

/// One link in a few lines of plain text.
pub fn link_text(link: &LinkView) -> String {
    let report = LinkReport::new(link);
    let quality = report.quality;
    let shape = format!("{}×{}×{}", report.n_rx, report.n_tx, report.n_subcarriers);
    let mut text = format!("  {}\n    {} · {}", report.name, report.hardware.label(), shape);
    if report.channel.centre_mhz > 0 {
        text += &format!(" · {} MHz", report.channel.centre_mhz);
    }
    if report.channel.bandwidth_mhz > 0 {
        text += &format!(" · {} MHz wide", report.channel.bandwidth_mhz);
    }
    text += &format!("\n    {} frames in {:.1} s", report.n_frames, quality.duration_secs);
    text += &number(" · ", quality.rate_hz, 1, " packets/s");
    text += &number(" · loss ", quality.loss.map(|loss| loss * 100.0), 1, " %");
    if report.n_usable_bins == 0 {
        text += "\n    bins not chosen: too little data";
    } else {
        text += &format!(
            "\n    bins {} usable, {} dead, {} saturated of {} · {} gaps (longest {:.2} s) · {} gain jumps",
            report.n_usable_bins,
            quality.n_dead_bins,
            quality.n_saturated_bins,
            quality.n_bins,
            quality.n_gaps,
            quality.longest_gap_secs,
            quality.n_agc_jumps
        );
    }
    for verdict in &quality.verdicts {
        text += &format!("\n    {:<10} {:<10} {}", verdict.purpose.label(), verdict.grade.label(), verdict.reason);
    }
    if quality.verdicts.is_empty() {
        text += "\n    no verdict: too little data";
    }
    text
}

fn number(before: &str, value: Option<f64>, digits: usize, unit: &str) -> String {
    value.map_or_else(String::new, |value| format!("{before}{value:.digits$}{unit}"))
}
