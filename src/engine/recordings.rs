//! Recordings of what is live: begun and ended by commands.

use super::core::{Core, present};
use super::opening::Attached;
use super::recorder::Recording;
use super::{NoticeLevel, RecordingSpec};
use crate::capture::SourceSpec;
use crate::types::{RecordedSource, RecordingInfo};

impl Core {
    pub(super) fn start_recording(&mut self, spec: RecordingSpec) {
        if self.recording.is_some() {
            return;
        }
        let live: Vec<&Attached> =
            self.attached.iter().filter(|attached| !matches!(attached.spec, SourceSpec::File { .. })).collect();
        if live.is_empty() {
            self.notices.add(NoticeLevel::Warning, "Nothing live to record — connect a source first");
            return;
        }
        let path = spec.path.unwrap_or_else(|| {
            let name = jiff::Zoned::now().strftime("corporeal-%Y%m%d-%H%M%S.mcap").to_string();
            self.config.recordings_dir.join(name)
        });
        let sources = live.iter().map(|attached| {
            let status = attached.feed.status();
            RecordedSource { id: attached.id, label: status.label.clone(), provenance: status.provenance }
        });
        let info = RecordingInfo {
            notes: spec.notes,
            started_at: Some(present()),
            site: (*self.site).clone(),
            sources: sources.collect(),
            ..RecordingInfo::of_this_program()
        };
        self.recording_error_said = false;
        match Recording::start(self.tap.clone(), path, info) {
            Ok(recording) => self.recording = Some(recording),
            Err(error) => self.notices.add(NoticeLevel::Error, error.to_string()),
        }
    }

    pub(super) fn stop_recording(&mut self) {
        let Some(recording) = self.recording.take() else { return };
        let view = recording.stop();
        match view.error {
            Some(error) => self.notices.add(NoticeLevel::Error, error),
            None => {
                let text = format!(
                    "Recorded {} frames in {:.0} s: {:?}",
                    view.n_frames,
                    view.duration.as_secs_f64(),
                    view.path
                );
                self.notices.add(NoticeLevel::Info, text);
            }
        }
    }
}
