//! The worker: one job after another, each with progress and a cancel flag; a panic in one is a message, not the end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};

use super::bodies::Entry;
use super::library::{Library, SharedModel};
use super::{
    BatchView, BodyId, ExportOptions, JobId, ModelsView, PhotoId, PhotoView, WorkView, batch, fitting, looking, scans,
    writing,
};
use crate::engine::{NoticeLevel, attach};
use crate::types::{Known, Mesh};

/// Jobs of recordings count from 1; those of the studio from here, so that one number names one job.
pub const FIRST_JOB: JobId = 1 << 32;
pub const FITTING: &str = "Fitting a body";
pub const REGISTERING: &str = "Registering a scan";

/// One job, with the flag that ends it early.
pub struct Order {
    pub id: JobId,
    pub cancel: Arc<AtomicBool>,
    pub job: Job,
}

pub enum Job {
    ReadPhoto {
        id: PhotoId,
        path: PathBuf,
    },
    Look {
        view: Box<PhotoView>,
    },
    /// The outline of another person in a photo that has been looked at.
    Outline {
        view: Box<PhotoView>,
    },
    Fit {
        id: BodyId,
        photos: Vec<PhotoView>,
        known: Known,
    },
    OpenScan {
        id: BodyId,
        path: PathBuf,
    },
    Register {
        id: BodyId,
        scan: BodyId,
        name: String,
        mesh: Mesh,
        known: Known,
    },
    Export {
        entry: Arc<Entry>,
        path: PathBuf,
        options: ExportOptions,
    },
    Sheet {
        photos: Vec<PhotoView>,
        body: Option<Arc<Entry>>,
        path: PathBuf,
    },
    Batch {
        folder: PathBuf,
        output: PathBuf,
        known: Known,
    },
    ReloadModels,
}

/// What the worker tells the studio.
pub enum News {
    Progress {
        job: JobId,
        progress: Option<f32>,
    },
    Work(Box<WorkView>),
    Done {
        job: JobId,
    },
    /// What has become of a photo: read, or looked at.
    Photo {
        view: Box<PhotoView>,
    },
    PhotoLooking {
        id: PhotoId,
        what: String,
    },
    PhotoFailed {
        id: PhotoId,
        why: String,
    },
    /// A new body, with the name of the step that undo takes back.
    Body {
        name: &'static str,
        entry: Box<Entry>,
    },
    Models(ModelsView),
    Batch(BatchView),
    Said(NoticeLevel, String),
}

/// What a job gets: where to tell its news and whether to go on.
pub struct Desk<'a> {
    pub job: JobId,
    pub cancel: &'a AtomicBool,
    pub news: &'a Sender<News>,
}

impl Desk<'_> {
    pub fn tell(&self, news: News) {
        // A studio that has gone wants no news.
        self.news.send(news).ok();
    }

    pub fn fail(&self, why: impl Into<String>) {
        self.tell(News::Said(NoticeLevel::Error, why.into()));
    }

    pub fn goes_on(&self) -> bool {
        !self.cancel.load(Ordering::Relaxed)
    }

    pub fn progress(&self, progress: f32) -> bool {
        self.tell(News::Progress { job: self.job, progress: Some(progress) });
        self.goes_on()
    }
}

pub struct Worker {
    library: Library,
    news: Sender<News>,
}

impl Worker {
    pub fn new(model: SharedModel, news: Sender<News>) -> Self {
        Self { library: Library::new(model), news }
    }

    /// Runs until the studio lets go of the orders' sender.
    pub fn run(mut self, orders: &Receiver<Order>) {
        while let Ok(Order { id, cancel, job }) = orders.recv() {
            let desk = Desk { job: id, cancel: &cancel, news: &self.news };
            if desk.goes_on() {
                let work = AssertUnwindSafe(|| work(&mut self.library, job, &desk));
                if let Err(panic) = catch_unwind(work) {
                    desk.fail(format!("The studio's work {}", attach::panic_text(panic.as_ref())));
                }
            }
            desk.tell(News::Done { job: id });
        }
    }
}

fn work(library: &mut Library, job: Job, desk: &Desk<'_>) {
    match job {
        Job::ReadPhoto { id, path } => looking::read(library, id, &path, desk),
        Job::Look { view } => looking::look(library, *view, desk),
        Job::Outline { view } => looking::outline(*view, desk),
        Job::Fit { id, photos, known } => fitting::fit(library, id, &photos, known, desk),
        Job::OpenScan { id, path } => scans::open(id, &path, desk),
        Job::Register { id, scan, name, mesh, known } => scans::register(library, id, scan, &name, &mesh, known, desk),
        Job::Export { entry, path, options } => writing::export(library, &entry, &path, options, desk),
        Job::Sheet { photos, body, path } => writing::sheet(&photos, body.as_deref(), &path, desk),
        Job::Batch { folder, output, known } => batch::run(library, &folder, &output, known, desk),
        Job::ReloadModels => looking::reload(library, desk),
    }
}
