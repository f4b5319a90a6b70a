//! The body studio's panels: photos with what was seen in them, the body and its measurements, sliders, comparisons.
//!
//! In goes the engine's [`Studio`], out come [`StudioCommand`]s. What the panels remember between frames (selection,
//! typed text, zoom of a photo) is here; bodies and photos belong to the engine, and pixels are never kept by the window.

mod batch;
mod body;
mod bones;
mod compare;
mod confirm;
mod export;
mod figures;
pub mod incoming;
mod inputs;
mod known;
mod labels;
mod legend;
mod measurements;
mod models;
mod overlay;
mod paste;
mod photo_view;
mod photos;
mod quality;
mod scene;
mod shape;
mod textures;
mod viewport;
mod work;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use batch::batch_ui;
pub use body::body_ui;
pub use compare::compare_ui;
pub use confirm::{Confirm, confirm_ui};
pub use export::{Form as ExportForm, export_ui, extension};
pub use figures::Units;
pub use models::models_ui;
pub use paste::{from_clipboard, from_picture};
pub use photos::photos_ui;
pub use shape::shape_ui;
pub use viewport::bodies_ui;

use crate::engine::studio::{BodyId, BodyView, PhotoId, PhotoView, PoseChoice, Studio, StudioCommand};
use crate::types::{MeasurementKind, Provenance};

/// How bodies are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Show {
    #[default]
    Mesh,
    Wireframe,
    Skeleton,
    Tapes,
    Uncertainty,
    Error,
}

impl Show {
    pub const ALL: [Self; 6] =
        [Self::Mesh, Self::Wireframe, Self::Skeleton, Self::Tapes, Self::Uncertainty, Self::Error];

    pub fn label(self) -> &'static str {
        match self {
            Self::Mesh => "Mesh",
            Self::Wireframe => "Wireframe",
            Self::Skeleton => "Skeleton",
            Self::Tapes => "Tapes",
            Self::Uncertainty => "Uncertainty",
            Self::Error => "Error",
        }
    }
}

/// In which pose bodies are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stance {
    #[default]
    APose,
    Captured,
    TPose,
}

impl Stance {
    pub const ALL: [Self; 3] = [Self::APose, Self::Captured, Self::TPose];

    pub fn label(self) -> &'static str {
        match self {
            Self::APose => "A-pose",
            Self::Captured => "Captured",
            Self::TPose => "T-pose",
        }
    }
}

/// One layer over a photo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    pub on: bool,
    /// 0..=1.
    pub opacity: f32,
}

/// What of the studio's panels is remembered from one start to the next. Photos are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub units: Units,
    pub show: Show,
    pub stance: Stance,
    /// All bodies beside each other, else the selected one.
    pub together: bool,
    /// A change of the left side goes to the right one, too.
    pub symmetric: bool,
    pub landmarks: Layer,
    pub outline: Layer,
    pub mesh: Layer,
    pub folders: Folders,
}

impl Default for Options {
    fn default() -> Self {
        let layer = |opacity| Layer { on: true, opacity };
        Self {
            units: Units::default(),
            show: Show::default(),
            stance: Stance::default(),
            together: false,
            symmetric: true,
            landmarks: layer(0.9),
            outline: layer(0.9),
            mesh: layer(0.5),
            folders: Folders::default(),
        }
    }
}

/// Where the dialogs begin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Folders {
    pub photos: Option<PathBuf>,
    pub scans: Option<PathBuf>,
    pub export: Option<PathBuf>,
    pub batch: Option<PathBuf>,
}

/// What the panels remember between frames.
#[derive(Default)]
pub struct State {
    pub options: Options,
    pub photo: Option<PhotoId>,
    pub body: Option<BodyId>,
    /// The newest that were seen: what comes after them is shown at once.
    newest: (PhotoId, BodyId),
    pub inputs: inputs::Inputs,
    /// Whose row the pointer is on, in this frame and in the one before.
    hovered_tape: Option<MeasurementKind>,
    hovered_tape_next: Option<MeasurementKind>,
    pinned_tapes: Vec<MeasurementKind>,
    textures: textures::Textures,
    overlay: overlay::Overlay,
    eye: photo_view::Eye,
    shape: shape::State,
    compare: compare::State,
    batch: batch::State,
    renaming: Option<(BodyId, String)>,
    pub export: Option<ExportForm>,
    pub confirm: Option<Confirm>,
    scene: scene::Cache,
}

impl State {
    /// Keeps the selection on something that is there, and moves it to what has just come.
    pub fn begin_frame(&mut self, studio: &Studio, gpu: Option<&egui_wgpu::RenderState>) {
        let newest = (
            studio.photos.iter().map(|photo| photo.id).max().unwrap_or_default(),
            studio.bodies.iter().map(|body| body.id).max().unwrap_or_default(),
        );
        let first_new = studio.photos.iter().find(|photo| photo.id > self.newest.0).map(|photo| photo.id);
        self.photo = first_new
            .or(self.photo.filter(|id| studio.photos.iter().any(|photo| photo.id == *id)))
            .or(studio.photos.last().map(|photo| photo.id));
        if newest.1 > self.newest.1 {
            self.body = Some(newest.1);
        }
        self.body = self
            .body
            .filter(|id| studio.bodies.iter().any(|body| body.id == *id))
            .or(studio.bodies.last().map(|body| body.id));
        self.newest = (self.newest.0.max(newest.0), self.newest.1.max(newest.1));
        self.hovered_tape = self.hovered_tape_next.take();
        self.inputs.follow(&studio.known);
        self.textures.forget(studio, gpu);
        self.scene.forget(studio);
    }

    pub fn photo<'a>(&self, studio: &'a Studio) -> Option<&'a PhotoView> {
        studio.photos.iter().find(|photo| Some(photo.id) == self.photo)
    }

    pub fn body<'a>(&self, studio: &'a Studio) -> Option<&'a BodyView> {
        studio.bodies.iter().find(|body| Some(body.id) == self.body).map(AsRef::as_ref)
    }

    /// Whether the typed figures can be used; the first that cannot says why.
    pub fn inputs_error(&self) -> Option<&'static str> {
        self.inputs.error()
    }

    /// Which files the batch panel offers to work through.
    pub fn offer_batch(&mut self, folder: PathBuf) {
        self.options.folders.batch = Some(folder.clone());
        self.batch.offer(folder);
    }

    /// Puts out the tapes that were kept lit; says whether there were any.
    pub fn unpin(&mut self) -> bool {
        let any = !self.pinned_tapes.is_empty();
        self.pinned_tapes.clear();
        any
    }

    /// How often a photo overlay has been drawn since the start.
    pub fn n_overlays_drawn(&self) -> u64 {
        self.overlay.n_drawn()
    }
}

/// The least direct of all bodies: drawn ones before those of photos and scans.
pub fn provenance(studio: &Studio) -> Option<Provenance> {
    let of_photos = studio.photos.first().map(|_| Provenance::Replay);
    let simulated = studio.bodies.iter().any(|body| body.provenance == Provenance::Simulated);
    if simulated { Some(Provenance::Simulated) } else { studio.bodies.first().map(|b| b.provenance).or(of_photos) }
}

/// Why a body cannot be fitted now.
pub fn cannot_fit(studio: &Studio) -> Option<&'static str> {
    use crate::engine::studio::PhotoState;
    if studio.work.is_some() {
        return Some("A fit is running");
    }
    if studio.models.error.is_some() {
        return Some("The networks or the body model cannot be used: the Models panel says why");
    }
    if studio.photos.is_empty() {
        return Some("Needs a photo: add one");
    }
    let used = || studio.photos.iter().filter(|photo| photo.used);
    if used().next().is_none() {
        return Some("No photo is in use: tick one");
    }
    if !used().any(|photo| photo.state == PhotoState::Ready && photo.person.is_some()) {
        return Some("No person is chosen in any photo in use");
    }
    None
}

/// The pose to draw: the one asked for, else the first there is.
fn posed(body: &BodyView, stance: Stance, photo: Option<PhotoId>) -> Option<&crate::engine::studio::PosedView> {
    let wanted = match stance {
        Stance::APose => PoseChoice::APose,
        Stance::TPose => PoseChoice::TPose,
        Stance::Captured => {
            let of_photo = body.in_photos.iter().position(|place| Some(place.photo) == photo);
            PoseChoice::Captured(of_photo.unwrap_or(0))
        }
    };
    let captured = |pose: &PoseChoice| matches!(pose, PoseChoice::Captured(_));
    body.poses
        .iter()
        .find(|posed| posed.pose == wanted)
        .or_else(|| body.poses.iter().find(|posed| captured(&wanted) && captured(&posed.pose)))
        .or(body.poses.first())
}

impl super::cx::Cx<'_> {
    fn studio_command(&mut self, command: StudioCommand) {
        self.send(crate::engine::Command::Studio(command));
    }
}
