//! Work beside the pipeline: evaluations are begun, and what jobs tell of themselves is taken in.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::attach::JobEvent;
use super::core::Core;
use super::evaluation::{self, Task, Told};
use super::opening::Job;
use super::{JobView, NoticeLevel};

impl Core {
    pub(super) fn evaluate(&mut self, task: Task) {
        let id = self.next_job;
        self.next_job += 1;
        let cancel = Arc::new(AtomicBool::new(false));
        self.evaluations.begin(id, task.clone());
        let events = self.job_events.0.clone();
        // An engine that has gone wants no news.
        let say = move |told| drop(events.send(JobEvent::Evaluation { id, told }));
        let view = JobView { id, label: format!("Evaluating {}", task.label().to_lowercase()), progress: None };
        match evaluation::spawn(task, Arc::clone(&cancel), say) {
            Ok(thread) => self.jobs.push(Job { view, of_recordings: false, cancel, thread: Some(thread) }),
            Err(error) => {
                self.evaluations.tell(id, Told::Done(Err(format!("cannot start an evaluation: {error}"))));
            }
        }
    }

    pub(super) fn note_job(&mut self, event: JobEvent) {
        self.dirty = true;
        let (done, id) = match event {
            JobEvent::Progress { id, progress } => {
                for job in self.jobs.iter_mut().filter(|job| job.view.id == id) {
                    job.view.progress = Some(progress);
                }
                (false, id)
            }
            JobEvent::Indexed { id, source, index } => {
                if let Some(attached) = self.attached.iter_mut().find(|attached| attached.id == source) {
                    attached.timeline = Some(index.timeline);
                    attached.events = index.events;
                    attached.moments = index.moments;
                }
                self.timeline = Arc::new(self.make_timeline());
                if let Some(playing) = &self.playing {
                    playing.view.lock().span = self.timeline.span;
                }
                (true, id)
            }
            JobEvent::Failed { id, message } => {
                self.notices.add(NoticeLevel::Error, message);
                (true, id)
            }
            JobEvent::Cancelled { id } => (true, id),
            JobEvent::Refitted { id, refitted } => {
                self.note_refitted(refitted);
                (true, id)
            }
            JobEvent::Evaluation { id, told } => {
                if let Told::Step { progress, .. } = &told {
                    for job in self.jobs.iter_mut().filter(|job| job.view.id == id) {
                        job.view.progress = *progress;
                    }
                }
                if let Told::Done(Err(why)) = &told {
                    self.notices.add(NoticeLevel::Error, why.clone());
                }
                (self.evaluations.tell(id, told), id)
            }
            JobEvent::Studio(said) => {
                if let Some((level, text)) = said {
                    self.notices.add(level, text);
                }
                return;
            }
        };
        if done {
            for mut job in self.jobs.extract_if(.., |job| job.view.id == id) {
                if let Some(thread) = job.thread.take() {
                    thread.join().ok(); // its panic has been turned into a message
                }
            }
        }
    }
}
