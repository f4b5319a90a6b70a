//! Verdicts on events as the pipeline thread takes them, and what is learned from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;

use super::attach::{JobEvent, panic_text};
use super::core::Core;
use super::opening::{Attached, Job};
use super::rooms::moment_of;
use super::{JobView, NoticeLevel};
use crate::analytics::evaluation::verdict::Verdict;
use crate::analytics::fall::{Labelled, Refitted, RoomEvidence, RoomModel, refit};
use crate::capture::{SourceId, SourceSpec};
use crate::export;
use crate::types::{EventId, EventVerdict, Span};

/// Beside the verdicts that it was fitted on.
const MODEL_NAME: &str = "fall-model.json";

impl Core {
    pub(super) fn judge_event(&mut self, id: EventId, verdict: Option<EventVerdict>) {
        let found = self.attached.iter().find_map(|attached| {
            let events = self.events_of(attached);
            let event = events.iter().find(|event| event.id == id)?;
            Some((attached.id, is_recording(attached), event.clone()))
        });
        // An event that has left the list in the meantime needs no verdict.
        let Some((source, is_recording, event)) = found else { return };
        if !is_recording {
            let text = "Verdicts are kept with recordings — record, open the recording and judge there";
            self.notices.add(NoticeLevel::Warning, text);
            return;
        }
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
                let written = store(folder, &refitted.model);
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

fn store(folder: &Path, model: &RoomModel) -> Result<(), String> {
    let failed = |why: String| format!("the model is not kept on disk — {why}");
    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    let text = serde_json::to_vec(model).map_err(|error| failed(error.to_string()))?;
    export::save(&folder.join(MODEL_NAME), &text).map(drop).map_err(|error| failed(error.to_string()))
}

/// The model that an earlier session fitted; an error says why it cannot be used.
pub fn stored_model(folder: &Path) -> Result<Option<RoomModel>, String> {
    let path = folder.join(MODEL_NAME);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| format!("your model of falls is damaged — refit, or remove the file ({error}): {path:?}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("your model of falls cannot be read — {error}")),
    }
}
