//! Opening and closing what frames come from: live sources, recordings with their player, and the jobs that read them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Sender, unbounded};

use super::attach::{self, file_name};
use super::core::{Core, present};
use super::feed::Feed;
use super::live_timeline::LiveTimeline;
use super::pipeline::RateMeter;
use super::player::{PlayerCommand, SharedView};
use super::{Command, JobView, NoticeLevel, PlaybackView, SourceView, Timeline};
use crate::analytics::fall::RoomEvidence;
use crate::capture::{SourceId, SourceSpec, source};
use crate::simulate::Simulator;
use crate::types::{Event, Provenance, Site, SourceState, Timestamp};

/// An open source, as the pipeline thread sees it.
pub(super) struct Attached {
    pub(super) id: SourceId,
    pub(super) spec: SourceSpec,
    pub(super) feed: Arc<Feed>,
    pub(super) thread: Option<JoinHandle<()>>,
    pub(super) rate: RateMeter,
    pub(super) last_frame: Instant,
    /// The worst latency of the frames in the newest snapshot.
    pub(super) latency_secs: Option<f32>,
    pub(super) said: Option<SourceState>,
    /// The site that its source told of, since it has been taken for the window's.
    pub(super) site: Option<Arc<Site>>,
    pub(super) simulator: Option<Simulator>,
    pub(super) timeline: Option<Timeline>,
    /// What detectors found in the whole recording; empty until it has been read, and for live sources.
    pub(super) events: Arc<Vec<Event>>,
    /// What its links saw of each moment in which something moved.
    pub(super) moments: Vec<RoomEvidence>,
}

/// A whole recording being read.
pub(super) struct Job {
    pub(super) view: JobView,
    /// Whether it ends with the recordings that are open.
    pub(super) of_recordings: bool,
    pub(super) cancel: Arc<AtomicBool>,
    pub(super) thread: Option<JoinHandle<()>>,
}

/// The player of the open recordings.
pub(super) struct Playing {
    pub(super) control: Sender<PlayerCommand>,
    pub(super) view: SharedView,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Core {
    pub(super) fn open_files(&mut self, paths: Vec<PathBuf>, follow: bool) {
        self.close(|attached| is_replaced_by_real_data(&attached.spec));
        if paths.is_empty() {
            return;
        }
        self.run += 1;
        let mut files = Vec::new();
        for path in &paths {
            let spec = SourceSpec::File { path: path.clone(), follow };
            let attached = self.attach(spec, file_name(path), Provenance::Replay);
            files.push((attached.id, path.clone(), Arc::clone(&attached.feed)));
        }
        for (id, path, _) in &files {
            if let Err(why) = self.verdicts.open(*id, path) {
                self.notices.add(NoticeLevel::Warning, why);
            }
            if !follow {
                self.start_index(*id, path.clone());
            }
        }
        let view = SharedView::new(PlaybackView {
            paths,
            span: None,
            position: Timestamp::ZERO,
            playing: true,
            speed: 1.0,
            looping: None,
            at_end: false,
        });
        let (control, received) = unbounded();
        match attach::spawn_player(files, view.clone(), received, follow) {
            Ok(thread) => self.playing = Some(Playing { control, view, thread: Some(thread) }),
            Err(error) => self.notices.add(NoticeLevel::Error, format!("cannot start the player: {error}")),
        }
    }

    pub(super) fn start_index(&mut self, source: SourceId, path: PathBuf) {
        let id = self.next_job;
        self.next_job += 1;
        let cancel = Arc::new(AtomicBool::new(false));
        let view = JobView { id, label: format!("Reading {}", file_name(&path)), progress: None };
        match attach::spawn_index(
            id,
            source,
            path,
            self.network.clone(),
            self.pipeline.calibration(),
            Arc::clone(&cancel),
            self.job_events.0.clone(),
        ) {
            Ok(thread) => self.jobs.push(Job { view, of_recordings: true, cancel, thread: Some(thread) }),
            Err(error) => self.notices.add(NoticeLevel::Error, format!("cannot start reading: {error}")),
        }
    }

    pub(super) fn connect(&mut self, spec: SourceSpec) {
        let is_simulator = matches!(spec, SourceSpec::Simulator(_));
        // The demo makes way for real data, and simulated data never mixes with it.
        self.close(|attached| is_simulator || matches!(attached.spec, SourceSpec::Simulator(_)));
        let spec = match spec {
            // The start is fixed here, so that the window's ground truth and the source's frames share it.
            SourceSpec::Simulator(spec) => SourceSpec::Simulator(spec.starting(present())),
            other => other,
        };
        if self.attached.is_empty() {
            self.run += 1;
            self.live_timeline = LiveTimeline::default();
        }
        let provenance = if is_simulator { Provenance::Simulated } else { Provenance::Live };
        let label = source::label(&spec);
        let simulator = match &spec {
            SourceSpec::Simulator(spec) => Some(Simulator::new(spec)),
            _ => None,
        };
        let tap = self.tap.clone();
        let attached = self.attach(spec, label, provenance);
        attached.feed.status().site = simulator.as_ref().map(|simulator| Arc::new(simulator.site().clone()));
        attached.simulator = simulator;
        match attach::spawn_live(attached.id, attached.spec.clone(), Arc::clone(&attached.feed), tap) {
            Ok(thread) => attached.thread = Some(thread),
            Err(error) => attached.feed.set_state(SourceState::Failed(format!("cannot start a thread: {error}"))),
        }
    }

    fn attach(&mut self, spec: SourceSpec, label: String, provenance: Provenance) -> &mut Attached {
        let id = self.next_source;
        self.next_source = self.next_source.wrapping_add(1).max(1);
        let at = self.attached.len();
        self.attached.push(Attached {
            id,
            spec,
            feed: Arc::new(Feed::new(label, provenance, self.wake.0.clone())),
            thread: None,
            rate: RateMeter::default(),
            last_frame: Instant::now(),
            latency_secs: None,
            said: None,
            site: None,
            simulator: None,
            timeline: None,
            events: Arc::default(),
            moments: Vec::new(),
        });
        &mut self.attached[at]
    }

    pub(super) fn restart(&mut self, id: SourceId) {
        let Some(spec) = self.attached.iter().find(|attached| attached.id == id).map(|attached| attached.spec.clone())
        else {
            return;
        };
        self.close(|attached| attached.id == id);
        // The device must be free before it can be opened again.
        self.join_closing();
        self.obey(Command::Connect(spec));
    }

    pub(super) fn join_closing(&mut self) {
        for thread in self.closing.drain(..) {
            thread.join().ok(); // its panic has been turned into a state
        }
    }

    /// Stops the sources that match, and the player with its last file.
    pub(super) fn close(&mut self, matches: impl Fn(&Attached) -> bool) {
        let mut n_closed = 0;
        for attached in std::mem::take(&mut self.attached) {
            if !matches(&attached) {
                self.attached.push(attached);
                continue;
            }
            n_closed += 1;
            attached.feed.stop();
            self.pipeline.close(attached.id);
            self.verdicts.close(attached.id);
            self.closing.extend(attached.thread);
        }
        self.closing.retain(|thread| !thread.is_finished());
        let any_file = self.attached.iter().any(|attached| matches!(attached.spec, SourceSpec::File { .. }));
        if !any_file && let Some(playing) = self.playing.take() {
            self.closing.extend(playing.thread);
            for job in self.jobs.iter().filter(|job| job.of_recordings) {
                job.cancel.store(true, Ordering::Relaxed);
            }
        }
        if n_closed > 0 && self.attached.is_empty() {
            self.live_timeline = LiveTimeline::default();
        }
        self.timeline = Arc::new(self.make_timeline());
    }
}

impl Attached {
    pub(super) fn view(&self) -> SourceView {
        let status = self.feed.status();
        SourceView {
            id: self.id,
            spec: self.spec.clone(),
            label: status.label.clone(),
            provenance: status.provenance,
            state: status.state.clone(),
            tally: status.tally.clone(),
            n_dropped: self.feed.n_dropped(),
            rate_hz: self.rate.rate_hz(),
        }
    }
}

/// Opening a recording replaces the one before and the demo; attached radios stay.
fn is_replaced_by_real_data(spec: &SourceSpec) -> bool {
    matches!(spec, SourceSpec::File { .. } | SourceSpec::Simulator(_))
}
