//! The studio's own thread: holds photos and bodies, obeys commands at once, and hands what takes long to the worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender, select};

use super::bodies::{self, Entry};
use super::compare;
use super::history::History;
use super::library::SharedModel;
use super::looking;
use super::work::{self, Job, News, Order};
use super::{
    BatchView, BodyId, BodyOrigin, JobId, ModelsView, PhotoId, PhotoState, PhotoView, Studio, StudioCommand, WorkView,
};
use crate::engine::{JobView, NoticeLevel};
use crate::types::{FocalLength, FocalSource, Known, Phenotype, PhenotypeAxis, Provenance, Sex};

/// Passes a message on, or, with `None`, only that something has changed.
pub type Say = Box<dyn Fn(Option<(NoticeLevel, String)>) + Send>;

/// A wish from the pipeline thread.
pub enum Wish {
    Do(StudioCommand),
    Cancel(JobId),
}

/// Everything that undo takes back.
#[derive(Clone, Default)]
struct Desk {
    known: Known,
    bodies: Vec<Arc<Entry>>,
    comparison: Option<(BodyId, BodyId)>,
}

/// A job that waits or runs.
struct Pending {
    view: JobView,
    cancel: Arc<AtomicBool>,
}

pub struct Keeper {
    desk: Desk,
    history: History<Desk>,
    /// The state before a drag of a slider that has not ended.
    dragging: Option<Desk>,
    photos: Vec<PhotoView>,
    pending: Vec<Pending>,
    work: Option<WorkView>,
    batch: Option<BatchView>,
    models: ModelsView,
    model: SharedModel,
    orders: Sender<Order>,
    published: Arc<ArcSwap<Studio>>,
    comparison_view: Option<Arc<super::ComparisonView>>,
    say: Say,
    next_id: u64,
    next_job: JobId,
    revision: u64,
}

impl Keeper {
    /// `say` passes a message on, or only that something has changed.
    pub fn new(model: SharedModel, orders: Sender<Order>, published: Arc<ArcSwap<Studio>>, say: Say) -> Self {
        Self {
            desk: Desk::default(),
            history: History::default(),
            dragging: None,
            photos: Vec::new(),
            pending: Vec::new(),
            work: None,
            batch: None,
            models: ModelsView::default(),
            model,
            orders,
            published,
            comparison_view: None,
            say,
            next_id: 1,
            next_job: work::FIRST_JOB,
            revision: 0,
        }
    }

    /// Runs until the engine lets go of the wishes' sender.
    pub fn run(mut self, wishes: &Receiver<Wish>, news: &Receiver<News>) {
        loop {
            select! {
                recv(wishes) -> wish => match wish {
                    Ok(wish) => self.grant(wish, wishes),
                    Err(_) => break,
                },
                recv(news) -> news => match news {
                    Ok(news) => self.hear(news),
                    Err(_) => break,
                },
            }
            while let Ok(news) = news.try_recv() {
                self.hear(news);
            }
            self.publish();
        }
        for pending in &self.pending {
            pending.cancel.store(true, Ordering::Relaxed);
        }
    }

    /// Obeys a wish and those that wait behind it; of several positions of one slider only the last is drawn.
    fn grant(&mut self, first: Wish, wishes: &Receiver<Wish>) {
        let mut next = Some(first);
        while let Some(wish) = next {
            next = wishes.try_recv().ok();
            match (wish, &next) {
                (
                    Wish::Do(StudioCommand::SetPhenotype { body, done: false, .. }),
                    Some(Wish::Do(StudioCommand::SetPhenotype { body: newer, .. })),
                ) if body == *newer => {}
                (Wish::Do(command), _) => self.obey(command),
                (Wish::Cancel(id), _) => {
                    for pending in self.pending.iter().filter(|pending| pending.view.id == id) {
                        pending.cancel.store(true, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    fn obey(&mut self, command: StudioCommand) {
        match command {
            StudioCommand::AddPhotos(paths) => {
                for path in paths {
                    let label = bodies::file_name(&path);
                    let id = self.new_photo(label.clone());
                    self.order(format!("Reading {label}"), Job::ReadPhoto { id, path });
                }
            }
            StudioCommand::AddPhoto { label, photo } => {
                let id = self.new_id();
                let view = looking::photo_view(id, label.clone(), photo, Vec::new());
                self.photos.push(view.clone());
                self.order(format!("Looking at {label}"), Job::Look { view: Box::new(view) });
            }
            StudioCommand::RemovePhoto(id) => self.photos.retain(|photo| photo.id != id),
            StudioCommand::ChoosePerson { photo: id, person } => {
                if let Some(photo) = self.photos.iter_mut().find(|photo| photo.id == id)
                    && photo.observation.as_ref().is_some_and(|seen| person < seen.people.len())
                {
                    photo.person = Some(person);
                    let view = photo.clone();
                    self.order(format!("Outlining in {}", view.label), Job::Outline { view: Box::new(view) });
                }
            }
            StudioCommand::UsePhoto { photo: id, used } => {
                self.photos.iter_mut().filter(|photo| photo.id == id).for_each(|photo| photo.used = used);
            }
            StudioCommand::SetFocal { photo: id, px } => self.set_focal(id, px),
            StudioCommand::SetKnown(known) => {
                if known != self.desk.known {
                    self.step("Change what is known");
                    self.desk.known = known;
                }
            }
            StudioCommand::Fit => self.fit(),
            StudioCommand::AddDrawn { sex } => self.add_drawn(sex),
            StudioCommand::SetPhenotype { body, phenotype, done } => self.set_phenotype(body, phenotype, done),
            StudioCommand::ResetPhenotype(id) => {
                if let Some(fitted) = self.entry(id).and_then(|entry| entry.original.clone()) {
                    self.set_phenotype(id, fitted, true);
                }
            }
            StudioCommand::RemoveBody(id) => {
                self.step("Remove body");
                self.desk.bodies.retain(|entry| entry.id != id);
                self.compare(self.desk.comparison.filter(|(body, reference)| *body != id && *reference != id));
            }
            StudioCommand::Rename { body, name } => {
                self.step("Rename body");
                self.change(body, |entry| entry.name = name);
            }
            StudioCommand::Undo => self.travel(History::undo),
            StudioCommand::Redo => self.travel(History::redo),
            StudioCommand::OpenScans(paths) => {
                for path in paths {
                    let id = self.new_id();
                    self.order(format!("Reading {}", bodies::file_name(&path)), Job::OpenScan { id, path });
                }
            }
            StudioCommand::Register(scan) => self.register(scan),
            StudioCommand::Compare(pair) => {
                self.step("Compare");
                self.compare(pair);
            }
            StudioCommand::Export { body, path, options } => {
                if let Some(entry) = self.entry(body).cloned() {
                    let label = format!("Exporting {}", bodies::file_name(&path));
                    self.order(label, Job::Export { entry, path, options });
                }
            }
            StudioCommand::ExportSheet(path) => {
                let fitted = self.desk.bodies.iter().rev().find(|entry| matches!(entry.origin, BodyOrigin::Fitted(_)));
                let job = Job::Sheet { photos: self.photos.clone(), body: fitted.cloned(), path };
                self.order("Drawing the contact sheet".into(), job);
            }
            StudioCommand::Batch { folder, output } => {
                let known = self.desk.known;
                self.order(
                    format!("Working through {}", bodies::file_name(&folder)),
                    Job::Batch { folder, output, known },
                );
            }
            StudioCommand::ReloadModels => self.order("Looking for models".into(), Job::ReloadModels),
        }
    }

    // Photos.

    fn new_photo(&mut self, label: String) -> PhotoId {
        let id = self.new_id();
        self.photos.push(PhotoView::reading(id, label));
        id
    }

    fn set_focal(&mut self, id: PhotoId, px: Option<f64>) {
        let Some(view) = self.photos.iter_mut().find(|view| view.id == id) else { return };
        let Some(photo) = &view.photo else { return };
        view.focal = match px {
            Some(px) if px.is_finite() && px > 0.0 => {
                Some(FocalLength { px, relative_sigma: 0.02, from: FocalSource::User })
            }
            _ => Some(photo.focal.unwrap_or_else(|| FocalLength::assumed(photo.width, photo.height))),
        };
    }

    fn fit(&mut self) {
        let photos: Vec<_> = self
            .photos
            .iter()
            .filter(|photo| photo.used && photo.state == PhotoState::Ready && photo.person.is_some())
            .cloned()
            .collect();
        if photos.is_empty() {
            self.warn("Nothing to fit — add a photo with a person in it, and tick it");
            return;
        }
        if self.pending.iter().any(|pending| pending.view.label == work::FITTING) {
            return;
        }
        let id = self.new_id();
        self.order(work::FITTING.into(), Job::Fit { id, photos, known: self.desk.known });
    }

    // Bodies.

    fn entry(&self, id: BodyId) -> Option<&Arc<Entry>> {
        self.desk.bodies.iter().find(|entry| entry.id == id)
    }

    /// Changes one body and makes its view anew.
    fn change(&mut self, id: BodyId, change: impl FnOnce(&mut Entry)) {
        let model = self.model.get();
        let Some(place) = self.desk.bodies.iter().position(|entry| entry.id == id) else { return };
        let mut entry = Entry::clone(&self.desk.bodies[place]);
        change(&mut entry);
        entry.revision += 1;
        match model {
            Ok(model) => entry.make_view(&model),
            Err(why) => return self.warn(why),
        }
        self.desk.bodies[place] = Arc::new(entry);
        if self.desk.comparison.is_some_and(|(body, reference)| body == id || reference == id) {
            self.compare(self.desk.comparison);
        }
    }

    fn add(&mut self, name: &str, mut entry: Entry) {
        match self.model.get() {
            Ok(model) => entry.make_view(&model),
            Err(why) if entry.scan.is_none() => return self.warn(why),
            Err(_) => entry.make_scan_view(),
        }
        self.step(name);
        self.desk.bodies.push(Arc::new(entry));
    }

    fn add_drawn(&mut self, sex: Option<Sex>) {
        let mut phenotype = Phenotype::default();
        phenotype.set(PhenotypeAxis::Age, bodies::ADULT_AGE);
        phenotype.set(PhenotypeAxis::Height, bodies::USUAL_HEIGHT);
        match sex {
            Some(Sex::Female) => phenotype.set(PhenotypeAxis::Gender, 1.0),
            Some(Sex::Male) => phenotype.set(PhenotypeAxis::Gender, 0.0),
            None => {}
        }
        let id = self.new_id();
        let entry = Entry::drawn(id, format!("Drawn body {id}"), phenotype);
        self.add("Draw a body", entry);
    }

    fn set_phenotype(&mut self, id: BodyId, phenotype: Phenotype, done: bool) {
        let phenotype = bodies::sound(phenotype);
        if self.dragging.is_none() {
            self.dragging = Some(self.desk.clone());
        }
        self.change(id, |entry| {
            entry.edited = entry.original.as_ref() != Some(&phenotype);
            entry.phenotype = Some(phenotype);
            entry.quick = !done;
        });
        if done && let Some(before) = self.dragging.take() {
            self.history.step("Change shape", before);
        }
    }

    fn register(&mut self, id: BodyId) {
        let Some(entry) = self.entry(id).cloned() else { return };
        let Some(scan) = entry.scan.clone() else {
            return self.warn("Only a scan can be registered — open an OBJ, PLY, STL or glTF file");
        };
        let registered = self.new_id();
        let job =
            Job::Register { id: registered, scan: id, name: entry.name.clone(), mesh: scan, known: self.desk.known };
        self.order(work::REGISTERING.into(), job);
    }

    fn compare(&mut self, pair: Option<(BodyId, BodyId)>) {
        self.desk.comparison = pair;
        self.comparison_view = pair.and_then(|(body, reference)| {
            let (body, reference) = (self.entry(body)?, self.entry(reference)?);
            match compare::compare(body, reference) {
                Ok(view) => Some(Arc::new(view)),
                Err(why) => {
                    self.warn(why);
                    None
                }
            }
        });
        if self.comparison_view.is_none() {
            self.desk.comparison = None;
        }
    }

    fn step(&mut self, name: &str) {
        self.dragging = None;
        self.history.step(name, self.desk.clone());
    }

    fn travel(&mut self, how: fn(&mut History<Desk>, Desk) -> Result<Desk, Desk>) {
        self.dragging = None;
        let present = std::mem::take(&mut self.desk);
        match how(&mut self.history, present) {
            Ok(desk) => {
                self.desk = desk;
                self.compare(self.desk.comparison);
            }
            Err(desk) => self.desk = desk,
        }
    }

    // Work.

    fn order(&mut self, label: String, job: Job) {
        let id = self.next_job;
        self.next_job += 1;
        let cancel = Arc::new(AtomicBool::new(false));
        self.pending.push(Pending { view: JobView { id, label, progress: None }, cancel: Arc::clone(&cancel) });
        if self.orders.send(Order { id, cancel, job }).is_err() {
            self.pending.pop();
            self.warn("The worker has ended — start the program again");
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Progress { job, progress } => {
                for pending in self.pending.iter_mut().filter(|pending| pending.view.id == job) {
                    pending.view.progress = progress;
                }
            }
            News::Work(work) => {
                for pending in self.pending.iter_mut().filter(|pending| pending.view.id == work.job) {
                    pending.view.progress = work.progress;
                }
                self.work = Some(*work);
            }
            News::Done { job } => {
                self.pending.retain(|pending| pending.view.id != job);
                if self.work.as_ref().is_some_and(|work| work.job == job) {
                    self.work = None;
                }
            }
            News::Photo { view } => self.photo(view.id, |old| {
                // What the user decided meanwhile stays.
                let (used, focal) = (old.used, old.focal.filter(|focal| focal.from == FocalSource::User));
                *old = PhotoView { used, focal: focal.or(view.focal), ..*view };
            }),
            News::PhotoLooking { id, what } => self.photo(id, |view| view.state = PhotoState::Looking(what)),
            News::PhotoFailed { id, why } => self.photo(id, |view| view.state = PhotoState::Failed(why)),
            News::Body { name, entry } => self.add(name, *entry),
            News::Models(models) => self.models = models,
            News::Batch(batch) => self.batch = Some(batch),
            News::Said(level, text) => (self.say)(Some((level, text))),
        }
    }

    /// A photo that was removed meanwhile hears nothing.
    fn photo(&mut self, id: PhotoId, change: impl FnOnce(&mut PhotoView)) {
        if let Some(view) = self.photos.iter_mut().find(|view| view.id == id) {
            change(view);
        }
    }

    fn warn(&self, text: impl Into<String>) {
        (self.say)(Some((NoticeLevel::Warning, text.into())));
    }

    fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn publish(&mut self) {
        self.revision += 1;
        self.published.store(Arc::new(Studio {
            revision: self.revision,
            models: self.models.clone(),
            photos: self.photos.clone(),
            known: self.desk.known,
            bodies: self.desk.bodies.iter().map(|entry| Arc::clone(&entry.view)).collect(),
            work: self.work.clone(),
            undo: self.history.undo_name().map(ToOwned::to_owned),
            redo: self.history.redo_name().map(ToOwned::to_owned),
            comparison: self.comparison_view.clone(),
            batch: self.batch.clone(),
            local_change_labels: self.model.local_change_labels(),
            jobs: self.pending.iter().map(|pending| pending.view.clone()).collect(),
        }));
        (self.say)(None);
    }
}

impl Entry {
    /// A body made with the sliders: nothing was measured, so it is simulated.
    fn drawn(id: BodyId, name: String, phenotype: Phenotype) -> Self {
        Self {
            phenotype: Some(phenotype.clone()),
            original: Some(phenotype),
            ..Self::empty(id, name, BodyOrigin::Drawn, Provenance::Simulated)
        }
    }
}
