//! Verdicts on events as the pipeline thread takes them, and what is learned from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attach::{JobEvent, panic_text};
use super::core::Core;
use super::opening::{Attached, Job};
use super::rooms::moment_of;
use super::{JobView, NoticeLevel};
use crate::analytics::evaluation::verdict::Verdict;
use crate::analytics::fall::{Labelled, Learning, Refitted, RoomEvidence, RoomModel, refit};
use crate::capture::{SourceId, SourceSpec};
use crate::export;
use crate::types::{EventId, EventVerdict, Span};

/// Beside the verdicts that it was fitted on.
const MODEL_NAME: &str = "fall-model.json";
/// The ordinary movement of this installation's room.
const LEARNING_NAME: &str = "fall-learning.json";
/// What was learned is written down this often: as much of it is lost with the power.
const KEEP_EVERY: Duration = Duration::from_secs(600);

impl Core {
    pub(super) fn judge_event(&mut self, id: EventId, verdict: Option<EventVerdict>) {
        // An event that has left the list in the meantime needs no verdict.
        let Some(event) = self.events().iter().find(|event| event.id == id).cloned() else { return };
        let tells = |attached: &&Attached| self.events_of(attached).iter().any(|event| event.id == id);
        // What happens in zones is told by all sources together: it is kept with the first.
        let source = self.attached.iter().find(tells).or(self.attached.first());
        let Some(source) = source.filter(|attached| is_recording(attached)).map(|attached| attached.id) else {
            let text = "Verdicts are kept with recordings — record, open the recording and judge there";
            self.notices.add(NoticeLevel::Warning, text);
            return;
        };
        let evidence = self.evidence_of(source, event.span);
        let written = self.verdicts.judge(source, &event, verdict, evidence);
        self.say_if_wrong(written);
    }

    pub(super) fn mark_fall(&mut self, span: Span) {
        let recording = self.attached.iter().find(|attached| is_recording(attached)).map(|attached| attached.id);
        let Some(source) = recording else {
            self.notices.add(NoticeLevel::Warning, "Falls are marked in recordings — open one first");
            return;
        };
        let evidence = self.evidence_of(source, span);
        if evidence.is_none() {
            let text = "Marked, but too little moved there on any link to learn from it";
            self.notices.add(NoticeLevel::Warning, text);
        }
        let written = self.verdicts.mark_fall(source, span, evidence);
        self.say_if_wrong(written);
    }

    /// What the links saw of a stretch: of the whole recording once it has been read.
    fn evidence_of(&self, source: SourceId, span: Span) -> Option<RoomEvidence> {
        let attached = self.attached.iter().find(|attached| attached.id == source)?;
        match attached.timeline {
            Some(_) => moment_of(&attached.moments, span).cloned(),
            None => moment_of(&self.pipeline.moments(source), span).cloned(),
        }
    }

    /// Takes up what earlier sessions have learned.
    pub(super) fn take_up_learned(&mut self) {
        let Some(folder) = self.config.verdicts_dir.clone() else { return };
        let model: Result<Option<RoomModel>, _> = stored(&folder, MODEL_NAME, "your model of falls", "refit");
        let again = "learning begins again with the next movement";
        let learning: Result<Option<Learning>, _> =
            stored(&folder, LEARNING_NAME, "what was learned of the room's movement", again);
        match model {
            Ok(model) => self.pipeline.set_fall_model(model),
            Err(why) => self.notices.add(NoticeLevel::Warning, why),
        }
        match learning {
            Ok(learning) => self.pipeline.set_learning(learning.unwrap_or_default()),
            Err(why) => self.notices.add(NoticeLevel::Warning, why),
        }
    }

    /// Writes down what was learned of the room's ordinary movement, now and then and at the end.
    pub(super) fn keep_learning(&mut self, at_the_end: bool) {
        let learning = self.pipeline.learning();
        let is_due = at_the_end || self.learning_kept.1.elapsed() >= KEEP_EVERY;
        if !is_due || learning.hours == self.learning_kept.0 {
            return;
        }
        let hours = learning.hours;
        if let Some(folder) = &self.config.verdicts_dir {
            let written = store(folder, LEARNING_NAME, learning);
            self.say_if_wrong(written);
        }
        self.learning_kept = (hours, Instant::now());
    }

    pub(super) fn say_if_wrong(&mut self, result: Result<(), String>) {
        if let Err(why) = result {
            self.notices.add(NoticeLevel::Error, why);
        }
    }

    /// Learns from all verdicts that are kept, on a thread of its own.
    pub(super) fn refit_falls(&mut self) {
        let id = self.next_job;
        self.next_job += 1;
        let events = self.job_events.0.clone();
        let say = move |refitted| drop(events.send(JobEvent::Refitted { id, refitted }));
        match spawn(self.verdicts.labelled(), say) {
            Ok(thread) => {
                let view = JobView { id, label: "Refitting falls".to_owned(), progress: None };
                let cancel = Arc::new(AtomicBool::new(false));
                self.jobs.push(Job { view, of_recordings: false, cancel, thread: Some(thread) });
            }
            Err(error) => self.notices.add(NoticeLevel::Error, format!("cannot start refitting: {error}")),
        }
    }

    /// Takes a new model where it beats its controls; else says what it is worth and keeps the old one.
    pub(super) fn note_refitted(&mut self, refitted: Result<Box<Refitted>, String>) {
        let refitted = match refitted {
            Ok(refitted) => refitted,
            Err(why) => return self.notices.add(NoticeLevel::Warning, format!("Falls were not refitted: {why}")),
        };
        if refitted.verdict == Verdict::Supported {
            let text = format!("Falls are judged anew from your verdicts. {}", refitted.text);
            self.notices.add(NoticeLevel::Info, text);
            self.pipeline.set_fall_model(Some(refitted.model.clone()));
            if let Some(folder) = &self.config.verdicts_dir {
                let written = store(folder, MODEL_NAME, &refitted.model);
                self.say_if_wrong(written);
            }
            self.read_again();
        } else {
            let text = format!("The fall detector is unchanged. {}", refitted.text);
            self.notices.add(NoticeLevel::Warning, text);
        }
        self.refitted = Some(Arc::new(*refitted));
    }

    /// Reads the open recordings anew: what detectors make of them has changed.
    pub(super) fn read_again(&mut self) {
        let files: Vec<(SourceId, PathBuf)> = (self.attached.iter())
            .filter_map(|attached| match &attached.spec {
                SourceSpec::File { path, follow: false } => Some((attached.id, path.clone())),
                _ => None,
            })
            .collect();
        for (id, path) in files {
            self.start_index(id, path);
        }
    }
}

fn is_recording(attached: &Attached) -> bool {
    matches!(attached.spec, SourceSpec::File { .. })
}

fn spawn(
    labelled: Vec<Labelled>,
    say: impl FnOnce(Result<Box<Refitted>, String>) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("jobs".into()).spawn(move || {
        let fit = std::panic::AssertUnwindSafe(|| refit(&labelled));
        let refitted = std::panic::catch_unwind(fit).unwrap_or_else(|panic| Err(panic_text(panic.as_ref())));
        say(refitted.map(Box::new));
    })
}

fn store(folder: &Path, name: &str, what: &impl Serialize) -> Result<(), String> {
    let failed = |why: String| format!("what was learned of falls is not kept on disk — {why}");
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let text = serde_json::to_vec(what).map_err(|error| failed(error.to_string()))?;
    export::save(&folder.join(name), &text).map(drop).map_err(|error| failed(error.to_string()))
}

/// What an earlier session has kept; an error says why it cannot be used.
fn stored<T: DeserializeOwned>(folder: &Path, name: &str, what: &str, remedy: &str) -> Result<Option<T>, String> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| format!("{what} is damaged — {remedy}, or remove the file ({error}): {path:?}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{what} cannot be read — {error}")),
    }
}
