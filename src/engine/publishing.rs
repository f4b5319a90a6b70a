//! What the pipeline thread tells: snapshots with everything in them, the timeline, changes of state in words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::attach::JobEvent;
use super::core::{Core, IDLE_EVERY};
use super::opening::Attached;
use super::recorder::Recording;
use super::{Dense, NoticeLevel, People, Snapshot, Timeline, index, studio};
use crate::capture::{SourceSpec, source};
use crate::types::SourceState;

/// The least time between two repaints.
const REPAINT_EVERY: Duration = Duration::from_millis(33);
/// While nothing changes, what is on screen only ages: rates, and how long ago something was.
const QUIET_REPAINT_EVERY: Duration = Duration::from_secs(1);
/// A live source that says nothing for this long gets a hint on screen.
const SILENT_AFTER: Duration = Duration::from_secs(3);

impl Core {
    pub(super) fn publish(&mut self) {
        self.say_what_changed();
        self.keep_learning(false);
        if self.playing.is_none() && self.timeline_made.elapsed() >= IDLE_EVERY {
            self.timeline_made = Instant::now();
            self.timeline = Arc::new(self.make_timeline());
        }
        let provenance = self
            .attached
            .iter()
            .map(|attached| attached.feed.status())
            .filter(|status| !matches!(status.state, SourceState::Failed(_)))
            .map(|status| status.provenance)
            .max();
        let playback = self.playing.as_ref().map(|playing| playing.view.lock().clone());
        let time = match &playback {
            Some(playback) => Some(playback.position),
            None => self.pipeline.newest(None),
        };
        let studio = self.studio.studio();
        let people = self.pipeline.people();
        let dense = self.bodies_of(&people, &studio.bodies);
        let attached = &self.attached;
        let mut links =
            self.pipeline.links(&self.site, |id| attached.iter().find(|source| source.id == id)?.latency_secs);
        for link in &mut links {
            if let Some(source) = attached.iter().find(|source| source.id == link.source) {
                link.health.n_dropped = source.feed.n_dropped();
            }
        }
        let body = attached.iter().find_map(|source| source.simulator.as_ref()).zip(time);
        self.number += 1;
        let snapshot = Snapshot {
            run: self.run,
            number: self.number,
            provenance,
            time,
            sources: attached.iter().map(Attached::view).collect(),
            links,
            playback,
            timeline: Arc::clone(&self.timeline),
            events: self.events(),
            verdicts: self.verdicts.view(),
            breathing: self.pipeline.breathing(),
            detectors: Arc::clone(&self.detectors),
            refitted: self.refitted.clone(),
            recording: self.recording.as_ref().map(Recording::view),
            jobs: self.jobs.iter().map(|job| &job.view).chain(&studio.jobs).cloned().collect(),
            evaluations: self.evaluations.list(),
            notices: self.notices.list(),
            site: Arc::clone(&self.site),
            people,
            dense,
            simulated_body: body.map_or_else(Default::default, |(simulator, time)| simulator.truth(time).into()),
            simulated_bones: body.map_or(&[], |(simulator, _)| simulator.bones()),
            studio: Arc::clone(&studio),
            latency: self.latency.latency(),
        };
        let is_news = self.dirty || has_changed(&self.snapshot.load(), &snapshot);
        self.snapshot.store(Arc::new(snapshot));
        self.last_publish = Instant::now();
        self.dirty = false;
        self.measure_latency();
        if self.last_repaint.elapsed() >= if is_news { REPAINT_EVERY } else { QUIET_REPAINT_EVERY } {
            self.last_repaint = Instant::now();
            (self.repaint)();
        }
    }

    /// The people's bodies as far as they have been posed.
    fn bodies_of(&mut self, people: &Arc<People>, bodies: &[Arc<studio::BodyView>]) -> Arc<Dense> {
        let events = self.job_events.0.clone();
        // An engine that has gone wants no news.
        let say = move || drop(events.send(JobEvent::Studio(None)));
        self.dense.next(people, bodies, say).unwrap_or_else(|error| {
            self.dense.set_wanted(false);
            self.notices.add(NoticeLevel::Error, format!("cannot start posing bodies: {error}"));
            Arc::default()
        })
    }

    /// Every frame that the new snapshot is the first to show has now been on its way for its latency.
    fn measure_latency(&mut self) {
        if self.arrivals.is_empty() {
            return;
        }
        for attached in &mut self.attached {
            attached.latency_secs = None;
        }
        for (id, arrival) in self.arrivals.drain(..) {
            let secs = self.last_publish.duration_since(arrival).as_secs_f32();
            self.latency.push(secs);
            if let Some(attached) = self.attached.iter_mut().find(|attached| attached.id == id) {
                attached.latency_secs = Some(attached.latency_secs.map_or(secs, |worst| worst.max(secs)));
            }
        }
    }

    /// Turns changes of state into messages, once each.
    fn say_what_changed(&mut self) {
        for attached in &mut self.attached {
            let (state, label) = {
                let mut status = attached.feed.status();
                let is_silent = attached.last_frame.elapsed() > SILENT_AFTER;
                let is_live = !matches!(attached.spec, SourceSpec::File { .. });
                if is_live && is_silent && status.state == SourceState::Running {
                    status.state = SourceState::Silent(source::silence_hint(&attached.spec));
                }
                (status.state.clone(), status.label.clone())
            };
            let text = match &state {
                SourceState::Failed(why) => Some((NoticeLevel::Error, why.clone())),
                SourceState::Reconnecting(why) => Some((NoticeLevel::Warning, format!("{label}: {why}"))),
                SourceState::Silent(why) => Some((NoticeLevel::Warning, format!("{label}: {why}"))),
                SourceState::Starting | SourceState::Running | SourceState::Paused | SourceState::Ended => None,
            };
            let is_new = attached.said.as_ref().map(std::mem::discriminant) != Some(std::mem::discriminant(&state));
            if is_new {
                if let Some((level, text)) = text {
                    self.notices.add(level, text);
                }
                attached.said = Some(state);
            }
        }
        let n_evicted = self.pipeline.n_streams_evicted;
        if n_evicted > 0 && self.n_evicted_said == 0 {
            self.n_evicted_said = n_evicted;
            self.notices
                .add(NoticeLevel::Warning, "More transmitters than the table holds — the quietest ones are left out");
        }
        let error = self.recording.as_ref().and_then(|recording| recording.view().error);
        if let Some(error) = error
            && !self.recording_error_said
        {
            self.recording_error_said = true;
            self.notices.add(NoticeLevel::Error, error);
        }
    }

    pub(super) fn make_timeline(&self) -> Timeline {
        let of_files: Vec<&Timeline> = self.attached.iter().filter_map(|attached| attached.timeline.as_ref()).collect();
        if of_files.is_empty() { self.live_timeline.timeline() } else { index::merged(&of_files) }
    }
}

/// Whether other threads changed something that no command, frame or job told the core of: players and captures.
fn has_changed(old: &Snapshot, new: &Snapshot) -> bool {
    old.playback != new.playback
        || old.sources.len() != new.sources.len()
        || old.sources.iter().zip(&new.sources).any(|(old, new)| old.state != new.state)
        || !Arc::ptr_eq(&old.notices, &new.notices)
}
