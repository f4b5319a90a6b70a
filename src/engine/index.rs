//! The job that reads a whole recording once: its span, its gaps, how much moved when, and what its links are good for.
//!
//! It is the same pass for the window's timeline and for `inspect`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::live_timeline::GAP_NANOS;
use super::pipeline::{Calibration, Pipeline};
use super::radio_network::RadioNetwork;
use super::sensing::EventLog;
use super::{LinkView, Timeline};
use crate::analytics::fall::RoomEvidence;
use crate::capture::format::Format;
use crate::capture::source::file::{FileReader, Stamped};
use crate::capture::{Error, SourceId};
use crate::signal::StreamConfig;
use crate::types::{ClockHealth, Event, NodeId, Provenance, RecordingInfo, Span, Tally, Timestamp};

/// Buckets of the overview strip: about one per pixel of a wide window.
const N_BUCKETS: usize = 1_024;
/// Frames between two looks at the cancel flag.
const CHECK_EVERY: u64 = 512;

/// What a whole recording holds.
pub struct Index {
    pub path: PathBuf,
    pub format: Format,
    pub provenance: Provenance,
    pub tally: Tally,
    pub timeline: Timeline,
    /// One per stream, over the whole recording.
    pub links: Vec<LinkView>,
    /// What detectors found in it, in order of the events' beginning.
    pub events: Arc<Vec<Event>>,
    /// What the links saw of each moment in which something moved, for verdicts.
    pub moments: Vec<RoomEvidence>,
    pub clocks: Vec<(NodeId, ClockHealth)>,
    pub info: Option<RecordingInfo>,
    pub warning: Option<String>,
}

impl Index {
    pub fn span(&self) -> Option<Span> {
        self.timeline.span
    }
}

/// Reads the recording to its end. `go_on` gets the share done and answers whether to continue; `None` when it did not.
///
/// People, and falls by their height, are looked for where the recording brings the room that it was made in.
pub fn index(
    path: &Path,
    id: SourceId,
    network: &RadioNetwork,
    calibration: Calibration,
    mut go_on: impl FnMut(f32) -> bool,
) -> Result<Option<Index>, Error> {
    let mut reader = FileReader::open(path, id)?;
    let provenance = reader.provenance();
    let site = Arc::new(reader.recording_info().map(|info| info.site.clone()).unwrap_or_default());
    let mut pipeline = Pipeline::new(StreamConfig::default());
    pipeline.calibrate(calibration);
    if site.room.is_some() {
        pipeline = pipeline.with_people(&site, network);
    }
    let mut times: Vec<Timestamp> = Vec::new();
    let mut motion: Vec<(Timestamp, f32)> = Vec::new();
    let mut n_frames = 0;
    loop {
        let next = match reader.next_frame()? {
            Some(next) => Some(next),
            None => reader.finish(),
        };
        let Some(Stamped { time, clock, frame }) = next else { break };
        pipeline.ingest(id, provenance, time, clock, &frame);
        times.push(time);
        if let Some(energy) = pipeline.motion(id) {
            motion.push((time, energy));
        }
        n_frames += 1;
        if n_frames % CHECK_EVERY == 0 && !go_on(reader.progress()) {
            return Ok(None);
        }
    }
    Ok(Some(Index {
        path: path.to_owned(),
        format: reader.format(),
        provenance,
        tally: reader.tally(),
        timeline: timeline(&times, &motion),
        links: pipeline.links(&site, |_| None),
        events: EventLog::merged([pipeline.events(id), pipeline.people_events(provenance)].iter()),
        moments: pipeline.moments(id),
        clocks: reader.clocks(),
        info: reader.recording_info().cloned(),
        warning: reader.warning(),
    }))
}

fn timeline(times: &[Timestamp], motion: &[(Timestamp, f32)]) -> Timeline {
    let Some((&start, &end)) = times.iter().min().zip(times.iter().max()) else { return Timeline::default() };
    let span = Span::new(start, end);
    let n_buckets = if span.nanos() == 0 { 1 } else { N_BUCKETS };
    let bucket_of = |time: Timestamp| {
        let share = time.since(start) as f64 / span.nanos().max(1) as f64;
        ((share * n_buckets as f64) as usize).min(n_buckets - 1)
    };
    let mut density = vec![0; n_buckets];
    let mut activity: Vec<Option<f32>> = vec![None; n_buckets];
    for &time in times {
        density[bucket_of(time)] += 1;
    }
    for &(time, energy) in motion {
        let bucket = &mut activity[bucket_of(time)];
        *bucket = Some(bucket.map_or(energy, |largest: f32| largest.max(energy)));
    }
    let gaps = times
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if b.since(*a) > GAP_NANOS => Some(Span::new(*a, *b)),
            _ => None,
        })
        .collect();
    Timeline { span: Some(span), density, activity, gaps }
}

/// One timeline for several recordings that are open together, on the union of their spans.
pub fn merged(timelines: &[&Timeline]) -> Timeline {
    if let [only] = timelines {
        return (*only).clone();
    }
    let Some(span) = timelines.iter().filter_map(|timeline| timeline.span).reduce(Span::union) else {
        return Timeline::default();
    };
    let mut merged =
        Timeline { span: Some(span), density: vec![0; N_BUCKETS], activity: vec![None; N_BUCKETS], gaps: Vec::new() };
    for timeline in timelines {
        let Some(own) = timeline.span else { continue };
        let n_own = timeline.density.len().max(1);
        for (i, &count) in timeline.density.iter().enumerate() {
            let time = own.start.plus_nanos((own.nanos() as f64 * (i as f64 + 0.5) / n_own as f64) as i64);
            let share = time.since(span.start) as f64 / span.nanos().max(1) as f64;
            let bucket = ((share * N_BUCKETS as f64) as usize).min(N_BUCKETS - 1);
            merged.density[bucket] += count;
            if let Some(energy) = timeline.activity.get(i).copied().flatten() {
                let largest = merged.activity[bucket].map_or(energy, |largest| largest.max(energy));
                merged.activity[bucket] = Some(largest);
            }
        }
        merged.gaps.extend(&timeline.gaps);
    }
    merged.gaps.sort_by_key(|gap| gap.start);
    merged
}
