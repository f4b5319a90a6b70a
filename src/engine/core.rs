//! The pipeline thread: obeys commands and drains the feeds into the pipeline. What it tells is made in [`super::publishing`].

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, bounded, select, unbounded};

use super::attach::{self, JobEvent};
use super::dense;
use super::detectors::{self, Detectors};
use super::evaluation::Evaluations;
use super::feed::{Item, TimedFrame};
use super::latency::LatencyMeter;
use super::live_timeline::LiveTimeline;
use super::notices::Notices;
use super::opening::{Attached, Job, Playing};
use super::pipeline::Pipeline;
use super::player::PlayerCommand;
use super::radio_network::RadioNetwork;
use super::recorder::{Recording, Tap};
use super::sensing::EventLog;
use super::studio;
use super::verdicts::Verdicts;
use super::{Command, EngineConfig, NoticeLevel, Snapshot, Timeline};
use crate::analytics::fall::Refitted;
use crate::capture::{SourceId, SourceSpec};
use crate::simulate::SimulatorSpec;
use crate::types::{Event, Provenance, Site, Timestamp};

/// The least time between two snapshots: news is never older than this when it is published.
const PUBLISH_EVERY: Duration = Duration::from_millis(5);
/// States and ages change without frames too.
pub(super) const IDLE_EVERY: Duration = Duration::from_millis(250);
/// Frames taken from one feed before the others get their turn and a snapshot may be published.
const MAX_BURST: usize = 512;

/// The state of the pipeline thread. [`super::opening`] holds its methods for sources, [`super::publishing`] those for snapshots.
pub struct Core {
    pub(super) config: EngineConfig,
    pub(super) site: Arc<Site>,
    /// Whether `site` is this installation's and not a recording's or the simulator's.
    pub(super) is_own_site: bool,
    pub(super) snapshot: Arc<ArcSwap<Snapshot>>,
    pub(super) repaint: Box<dyn Fn() + Send + Sync>,
    pub(super) wake: (Sender<()>, Receiver<()>),
    pub(super) job_events: (Sender<JobEvent>, Receiver<JobEvent>),
    pub(super) attached: Vec<Attached>,
    /// Threads of closed sources that have not ended yet: a connection attempt may take seconds.
    pub(super) closing: Vec<JoinHandle<()>>,
    pub(super) playing: Option<Playing>,
    pub(super) jobs: Vec<Job>,
    pub(super) next_job: u64,
    pub(super) evaluations: Evaluations,
    pub(super) verdicts: Verdicts,
    pub(super) detectors: Arc<Detectors>,
    /// The newest fit to verdicts.
    pub(super) refitted: Option<Arc<Refitted>>,
    pub(super) next_source: SourceId,
    pub(super) pipeline: Pipeline,
    pub(super) network: RadioNetwork,
    pub(super) live_timeline: LiveTimeline,
    pub(super) timeline: Arc<Timeline>,
    pub(super) timeline_made: Instant,
    pub(super) tap: Tap,
    pub(super) recording: Option<Recording>,
    pub(super) recording_error_said: bool,
    pub(super) notices: Notices,
    pub(super) studio: studio::handle::Handle,
    pub(super) dense: dense::Handle,
    pub(super) latency: LatencyMeter,
    /// Arrivals of the frames that the next snapshot will show first.
    pub(super) arrivals: Vec<(SourceId, Instant)>,
    pub(super) run: u64,
    pub(super) number: u64,
    pub(super) dirty: bool,
    pub(super) last_publish: Instant,
    pub(super) last_repaint: Instant,
    pub(super) n_evicted_said: u64,
    /// Hours of the room's movement that are on disk, and since when.
    pub(super) learning_kept: (f64, Instant),
}

impl Core {
    pub fn new(config: EngineConfig, snapshot: Arc<ArcSwap<Snapshot>>, repaint: Box<dyn Fn() + Send + Sync>) -> Self {
        let now = Instant::now();
        let (site, network) = (Arc::new(config.site.clone()), RadioNetwork::installed());
        let studio = studio::handle::Handle::default();
        Self {
            pipeline: Pipeline::new(config.stream).with_people(&site, &network),
            site,
            is_own_site: true,
            network,
            verdicts: Verdicts::new(config.verdicts_dir.clone()),
            config,
            snapshot,
            repaint,
            wake: bounded(1),
            job_events: unbounded(),
            attached: Vec::new(),
            closing: Vec::new(),
            playing: None,
            jobs: Vec::new(),
            next_job: 1,
            evaluations: Evaluations::default(),
            detectors: detectors::read(),
            refitted: None,
            next_source: 1,
            live_timeline: LiveTimeline::default(),
            timeline: Arc::default(),
            timeline_made: now,
            tap: Tap::default(),
            recording: None,
            recording_error_said: false,
            notices: Notices::default(),
            dense: dense::Handle::new(studio.model()),
            studio,
            latency: LatencyMeter::default(),
            arrivals: Vec::new(),
            run: 0,
            number: 0,
            dirty: true,
            last_publish: now,
            last_repaint: now,
            n_evicted_said: 0,
            learning_kept: (0.0, now),
        }
    }

    /// Runs until the engine's handle is dropped.
    pub fn run(mut self, commands: &Receiver<Command>) {
        self.take_up_learned();
        let woken = self.wake.1.clone();
        let job_events = self.job_events.1.clone();
        loop {
            let wait = if self.dirty { PUBLISH_EVERY.saturating_sub(self.last_publish.elapsed()) } else { IDLE_EVERY };
            select! {
                recv(commands) -> command => match command {
                    Ok(command) => self.obey(command),
                    Err(_) => break,
                },
                recv(job_events) -> event => if let Ok(event) = event {
                    self.note_job(event);
                },
                recv(woken) -> _ => {}
                default(wait) => {}
            }
            self.follow_sites();
            self.drain_feeds();
            if self.dirty && self.last_publish.elapsed() >= PUBLISH_EVERY || self.last_publish.elapsed() >= IDLE_EVERY {
                self.publish();
            }
        }
        self.shut_down();
    }

    pub(super) fn obey(&mut self, command: Command) {
        self.dirty = true;
        match command {
            Command::Open(paths) => self.open_files(paths, false),
            Command::OpenDemo => self.connect(SourceSpec::Simulator(SimulatorSpec::demo())),
            Command::Connect(SourceSpec::File { path, follow }) => self.open_files(vec![path], follow),
            Command::Connect(spec) => self.connect(spec),
            Command::Close(id) => self.close(|attached| attached.id == id),
            Command::CloseAll => self.close(|_| true),
            Command::Restart(id) => self.restart(id),
            Command::Play => self.control(PlayerCommand::Play),
            Command::Pause => self.control(PlayerCommand::Pause),
            Command::TogglePlay => self.control(PlayerCommand::TogglePlay),
            Command::Seek(time) => self.control(PlayerCommand::Seek(time)),
            Command::SeekBy { nanos } => self.control(PlayerCommand::SeekBy { nanos }),
            Command::StepFrames(n) => self.control(PlayerCommand::StepFrames(n)),
            Command::SetSpeed(speed) => self.control(PlayerCommand::SetSpeed(speed)),
            Command::SetLoop(span) => self.control(PlayerCommand::SetLoop(span)),
            Command::FollowLive => self.control(PlayerCommand::End),
            Command::StartRecording(spec) => self.start_recording(spec),
            Command::StopRecording => self.stop_recording(),
            Command::Studio(command) => {
                let events = self.job_events.0.clone();
                // An engine that has gone wants no news.
                let say = move |said| drop(events.send(JobEvent::Studio(said)));
                if let Err(error) = self.studio.send(command, say) {
                    self.notices.add(NoticeLevel::Error, format!("cannot start the studio: {error}"));
                }
            }
            Command::LearnQuiet => self.learn_quiet(),
            Command::SetSite(site) => self.set_site(site),
            Command::PoseBodies(wanted) => self.dense.set_wanted(wanted),
            Command::AssignBody { track, body } => self.dense.assign(track, body),
            Command::JudgeEvent { event, verdict } => self.judge_event(event, verdict),
            Command::MarkFall(span) => self.mark_fall(span),
            Command::UndoVerdict => {
                let written = self.verdicts.undo();
                self.say_if_wrong(written);
            }
            Command::RedoVerdict => {
                let written = self.verdicts.redo();
                self.say_if_wrong(written);
            }
            Command::RefitFalls => self.refit_falls(),
            Command::SaveText { path, text } => match crate::export::save(&path, text.as_bytes()) {
                Ok(_) => self.notices.add(NoticeLevel::Info, format!("Saved {}", path.display())),
                Err(error) => self.notices.add(NoticeLevel::Error, error.to_string()),
            },
            Command::Evaluate(task) => self.evaluate(task),
            Command::ForgetEvaluation(id) => self.evaluations.forget(id),
            Command::CancelJob(id) => {
                self.studio.cancel(id);
                for job in self.jobs.iter().filter(|job| job.view.id == id) {
                    job.cancel.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// What somebody changes about a recording's or the simulator's place stays with it; else it is this installation's.
    fn set_site(&mut self, site: Site) {
        if self.attached.iter().all(|attached| attached.site.is_none()) {
            self.config.site = site.clone();
        }
        self.site = Arc::new(site);
    }

    /// Takes the place that a source has told of for the window's, and gives it back when the source is closed.
    fn follow_sites(&mut self) {
        for attached in self.attached.iter_mut().filter(|attached| attached.site.is_none()) {
            attached.site = attached.feed.status().site.clone();
            if let Some(site) = &attached.site {
                (self.site, self.is_own_site) = (Arc::clone(site), false);
            }
        }
        if !self.is_own_site && self.attached.iter().all(|attached| attached.site.is_none()) {
            (self.site, self.is_own_site) = (Arc::new(self.config.site.clone()), true);
        }
    }

    fn learn_quiet(&mut self) {
        let (n_learned, n_links) = (self.pipeline.learn_quiet(), self.pipeline.n_streams());
        if n_learned == 0 {
            let text = "Ten seconds of an empty room are needed first — wait, and press again";
            self.notices.add(NoticeLevel::Warning, text);
        } else {
            let text = format!("Learned the empty room on {n_learned} of {n_links} links");
            self.notices.add(NoticeLevel::Info, text);
            self.read_again();
        }
    }

    /// Of recordings from their whole length once that has been read, else what has been seen so far.
    pub(super) fn events(&self) -> Arc<Vec<Event>> {
        let mut of_each: Vec<Arc<Vec<Event>>> = self.attached.iter().map(|attached| self.events_of(attached)).collect();
        let unread = self.attached.iter().filter(|attached| attached.timeline.is_none());
        let provenances: BTreeSet<Provenance> = unread.map(|attached| attached.feed.status().provenance).collect();
        of_each.extend(provenances.into_iter().map(|provenance| self.pipeline.people_events(provenance)));
        EventLog::merged(of_each.iter())
    }

    pub(super) fn events_of(&self, attached: &Attached) -> Arc<Vec<Event>> {
        match attached.timeline {
            Some(_) => Arc::clone(&attached.events),
            None => self.pipeline.events(attached.id),
        }
    }

    fn control(&mut self, command: PlayerCommand) {
        if let Some(playing) = &self.playing {
            // A player that has ended shows so in its state.
            playing.control.send(command).ok();
        }
    }

    fn drain_feeds(&mut self) {
        let pipeline = &mut self.pipeline;
        pipeline.set_site(&self.site);
        let mut panicked = None;
        for attached in &mut self.attached {
            let provenance = attached.feed.status().provenance;
            let is_file = matches!(attached.spec, SourceSpec::File { .. });
            for _ in 0..MAX_BURST {
                let Some(item) = attached.feed.pop() else { break };
                self.dirty = true;
                let TimedFrame { time, arrival, clock, frame } = match item {
                    Item::Frame(timed) => timed,
                    Item::Reset => {
                        pipeline.forget(attached.id);
                        continue;
                    }
                };
                let ingest = AssertUnwindSafe(|| pipeline.ingest(attached.id, provenance, time, clock, &frame));
                if let Err(panic) = catch_unwind(ingest) {
                    panicked = Some(attach::panic_text(panic.as_ref()));
                }
                attached.rate.push(time);
                attached.last_frame = Instant::now();
                if let Some(arrival) = arrival {
                    self.arrivals.push((attached.id, arrival));
                }
                if !is_file {
                    self.live_timeline.push(time);
                }
            }
            if !attached.feed.is_empty() {
                attached.feed.wake();
            }
            if !is_file && let Some(motion) = pipeline.motion(attached.id) {
                self.live_timeline.note_motion(motion);
            }
        }
        if let Some(text) = panicked {
            self.pipeline = Pipeline::new(self.config.stream).with_people(&self.site, &self.network);
            self.take_up_learned();
            self.notices.add(NoticeLevel::Error, format!("The pipeline {text} — it has been restarted"));
        }
    }

    fn shut_down(&mut self) {
        self.close(|_| true);
        self.keep_learning(true);
        self.join_closing();
        self.recording = None;
        self.studio.shut_down();
        self.dense.shut_down();
        for job in &mut self.jobs {
            job.cancel.store(true, Ordering::Relaxed);
            if let Some(thread) = job.thread.take() {
                thread.join().ok(); // nobody is left to hear of its panic
            }
        }
    }
}

/// The wall clock.
pub(super) fn present() -> Timestamp {
    Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}
