//! Verdicts on events as the pipeline thread takes them, and what is learned from them.

use super::NoticeLevel;
use super::core::Core;
use super::opening::Attached;
use crate::capture::SourceSpec;
use crate::types::{EventId, EventVerdict, Span};

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
        let written = self.verdicts.judge(source, &event, verdict);
        self.say_if_wrong(written);
    }

    pub(super) fn mark_fall(&mut self, span: Span) {
        let recording = self.attached.iter().find(|attached| is_recording(attached)).map(|attached| attached.id);
        let Some(source) = recording else {
            self.notices.add(NoticeLevel::Warning, "Falls are marked in recordings — open one first");
            return;
        };
        let written = self.verdicts.mark_fall(source, span);
        self.say_if_wrong(written);
    }

    pub(super) fn say_if_wrong(&mut self, result: Result<(), String>) {
        if let Err(why) = result {
            self.notices.add(NoticeLevel::Error, why);
        }
    }

    pub(super) fn refit_falls(&mut self) {
        let view = self.verdicts.view();
        let text = format!(
            "{} falls and {} others are judged: refitting the fall detector is not part of this build yet",
            view.n_falls, view.n_others
        );
        self.notices.add(NoticeLevel::Warning, text);
    }
}

fn is_recording(attached: &Attached) -> bool {
    matches!(attached.spec, SourceSpec::File { .. })
}
