//! The state of everything at one moment, immutable: what the window draws and what headless runs print.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bevy_math::Vec3;

use super::dense::Dense;
use super::detectors::Detectors;
use super::evaluation::Evaluation;
use super::people::People;
use super::sensing::Sensed;
use super::verdicts::VerdictsView;
use crate::analytics::fall::Refitted;
use crate::capture::{SourceId, SourceSpec};
use crate::signal::Products;
use crate::tracking::summary::BreathingReading;
use crate::types::{
    Channel, Event, Hardware, LinkHealth, Provenance, Site, SourceState, Span, StreamId, Tally, Timestamp,
};

#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Counts up when sources are opened anew, so that results of a stopped run can be told apart.
    pub run: u64,
    /// Counts up with every published snapshot.
    pub number: u64,
    /// The least direct of all sources: simulated before replay before live. `None` when nothing is open.
    pub provenance: Option<Provenance>,
    /// Time of the newest frame that has been processed; the playhead of a replay.
    pub time: Option<Timestamp>,
    pub sources: Vec<SourceView>,
    /// By stream, in a stable order.
    pub links: Vec<LinkView>,
    /// The open recording's transport; `None` when only live sources are open.
    pub playback: Option<PlaybackView>,
    pub timeline: Arc<Timeline>,
    /// In order of their beginning: of a recording, all that its whole length holds.
    pub events: Arc<Vec<Event>>,
    /// What people have said of events.
    pub verdicts: Arc<VerdictsView>,
    /// Breathing rates that links have told while somebody was still, in order of time.
    pub breathing: Arc<Vec<BreathingReading>>,
    pub detectors: Arc<Detectors>,
    /// What the newest fit of falls to verdicts is worth; `None` while nobody has asked for one.
    pub refitted: Option<Arc<Refitted>>,
    pub recording: Option<RecordingView>,
    pub jobs: Vec<JobView>,
    /// What has been asked of the evaluation harness, oldest first.
    pub evaluations: Arc<Vec<Evaluation>>,
    /// The newest messages, oldest first; numbered, so that a reader knows which are new.
    pub notices: Arc<Vec<Notice>>,
    pub site: Arc<Site>,
    /// Who is followed in the room, and why nobody is where that cannot be told.
    pub people: Arc<People>,
    /// Their bodies, while somebody looks at them; a moment behind `people`.
    pub dense: Arc<Dense>,
    /// Where the simulator put its body's scatterers at `time`, room coordinates, metres. Empty for real data.
    pub simulated_body: Arc<[Vec3]>,
    /// Which of them are joined by limbs, as pairs of positions in `simulated_body`.
    pub simulated_bones: &'static [(usize, usize)],
    /// Photos and bodies.
    pub studio: Arc<super::studio::Studio>,
    /// From arrival to snapshot over the whole run; `None` before the first live frame.
    pub latency: Option<super::Latency>,
}

#[derive(Clone, Debug)]
pub struct SourceView {
    pub id: SourceId,
    pub spec: SourceSpec,
    pub label: String,
    pub provenance: Provenance,
    pub state: SourceState,
    pub tally: Tally,
    /// Frames given up by the full inbox; the recording still has them.
    pub n_dropped: u64,
    /// Frames a second over the last seconds.
    pub rate_hz: Option<f32>,
}

#[derive(Clone, Debug)]
pub struct LinkView {
    pub stream: StreamId,
    pub source: SourceId,
    pub provenance: Provenance,
    /// Short and unique, for tables and legends, e.g. `24:a7:… → source 1 · 80 MHz`.
    pub name: String,
    pub hardware: Hardware,
    pub channel: Channel,
    pub health: LinkHealth,
    /// 0..=1: how much this link is worth looking at among its receiver's; the reason gives the figures.
    pub worth: f64,
    pub worth_reason: String,
    pub sensed: Sensed,
    pub products: Products,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlaybackView {
    pub paths: Vec<PathBuf>,
    /// First to last frame; `None` until the recording has been indexed.
    pub span: Option<Span>,
    pub position: Timestamp,
    pub playing: bool,
    pub speed: f32,
    pub looping: Option<Span>,
    pub at_end: bool,
}

/// The overview strip: how much came when, how much moved, and where nothing came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What the buckets cover; `None` when there is nothing yet.
    pub span: Option<Span>,
    /// Frames in each bucket of equal length.
    pub density: Vec<u32>,
    /// Largest motion energy in each bucket; `None` where it was not computed.
    pub activity: Vec<Option<f32>>,
    /// Stretches of more than half a second in which no link sent anything.
    pub gaps: Vec<Span>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RecordingView {
    pub path: PathBuf,
    pub duration: Duration,
    pub n_bytes: u64,
    pub n_frames: u64,
    /// What went wrong (disk full, drive gone); what was written until then is kept.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    pub id: u64,
    pub label: String,
    /// 0..=1; `None` while the amount of work is unknown.
    pub progress: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}

/// A message for a toast and for the log.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub number: u64,
    pub level: NoticeLevel,
    pub text: String,
}
