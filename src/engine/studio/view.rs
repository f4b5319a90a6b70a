//! What the body studio shows: photos, what was seen in them, bodies, and the work in progress. Immutable, like every snapshot.

use std::path::PathBuf;
use std::sync::Arc;

use bevy_math::Vec3;

use crate::body::silhouette::Outline;
use crate::engine::JobView;
use crate::types::{
    FocalLength, Known, Measurement, Mesh, Observation, Phenotype, Photo, Provenance, Remark, Sex, Tape,
};

/// Names a photo of the studio for its lifetime.
pub type PhotoId = u64;
/// Names a body of the studio for its lifetime.
pub type BodyId = u64;
/// Names a job, apart from those of recordings.
pub type JobId = u64;

#[derive(Clone, Debug, Default)]
pub struct Studio {
    /// Counts up with every change.
    pub revision: u64,
    pub models: ModelsView,
    /// In the order in which they were added.
    pub photos: Vec<PhotoView>,
    pub known: Known,
    /// The oldest first.
    pub bodies: Vec<Arc<BodyView>>,
    /// The fit or registration that is running.
    pub work: Option<WorkView>,
    /// Names of what Undo and Redo would do; `None` when there is nothing.
    pub undo: Option<String>,
    pub redo: Option<String>,
    /// Two bodies held against each other.
    pub comparison: Option<Arc<ComparisonView>>,
    /// The folder being worked through.
    pub batch: Option<BatchView>,
    /// Labels of the model's 254 local changes; empty until the body model has been read.
    pub local_change_labels: Arc<[String]>,
    /// What waits or runs; also in the snapshot's list of jobs.
    pub jobs: Vec<JobView>,
}

/// Which engine runs the networks, and how each of them is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelsView {
    /// E.g. "ONNX Runtime 1.31.1, CPU" or "tract 0.23 (built in)"; empty until the first use.
    pub engine: String,
    pub n_threads: usize,
    pub models: Vec<ModelView>,
    /// Why the networks or the body model cannot be used; says what to do.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ModelView {
    /// E.g. "33 body landmarks".
    pub role: String,
    /// E.g. "pose_landmark_full 0.10.14"; `None` for an empty slot: "not installed".
    pub name: Option<String>,
    /// Of the last run, milliseconds.
    pub latency_ms: Option<f32>,
    /// What a user must know, e.g. "advisory: its author does not state the training data".
    pub note: Option<String>,
}

#[derive(Clone, Debug)]
pub struct PhotoView {
    pub id: PhotoId,
    /// File name or "Clipboard"; never a path.
    pub label: String,
    pub state: PhotoState,
    pub photo: Option<Arc<Photo>>,
    /// The focal length in use, with where it comes from.
    pub focal: Option<FocalLength>,
    pub observation: Option<Arc<Observation>>,
    /// The sub-pixel outlines of the chosen person as lines in pixels; whole loops end where they begin.
    pub outline: Arc<[Vec<[f32; 2]>]>,
    /// The same with normals and spread, for the fit.
    pub contour: Arc<Outline>,
    /// Which of the people is measured, as a place in the observation's list.
    pub person: Option<usize>,
    /// Whether the next fit uses it.
    pub used: bool,
    /// What is wrong or could be better, in plain words with advice.
    pub remarks: Vec<Remark>,
    /// Those of them that are about the file.
    pub file_remarks: Vec<Remark>,
}

impl PhotoView {
    /// Whether the next fit uses it, as far as is known: a photo without a person adds nothing, whatever its tick says.
    pub fn counts(&self) -> bool {
        self.used
            && match self.state {
                PhotoState::Failed(_) => false,
                PhotoState::Ready => self.person.is_some(),
                _ => true,
            }
    }

    pub fn reading(id: PhotoId, label: String) -> Self {
        Self {
            id,
            label,
            state: PhotoState::Reading,
            photo: None,
            focal: None,
            observation: None,
            outline: Arc::default(),
            contour: Arc::default(),
            person: None,
            used: true,
            remarks: Vec::new(),
            file_remarks: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum PhotoState {
    Reading,
    /// The networks are at work; what they do just now.
    Looking(String),
    Ready,
    /// Says what to do next.
    Failed(String),
}

/// A body on the stage.
#[derive(Clone, Debug)]
pub struct BodyView {
    pub id: BodyId,
    pub name: String,
    pub origin: BodyOrigin,
    /// Replay for photos and scans from disk, simulated for the built-in example.
    pub provenance: Provenance,
    /// Counts up when the meshes change.
    pub revision: u64,
    /// `None` for a scan that has not been registered.
    pub phenotype: Option<Phenotype>,
    /// Whether somebody moved a slider after the fit: then the figures are the drawing's, not the person's.
    pub edited: bool,
    /// Feet on the floor (z = 0) around the origin, facing -y; all with the same vertices and faces.
    pub poses: Vec<PosedView>,
    pub measurements: Arc<[Measurement]>,
    /// `None` for bodies that were not fitted.
    pub quality: Option<QualityView>,
    /// Expected error of every vertex, metres (one standard deviation); empty when not known.
    pub sigma_m: Arc<[f32]>,
    /// One per photo that went into the fit.
    pub in_photos: Vec<InPhoto>,
}

/// The same body in one pose.
#[derive(Clone, Debug)]
pub struct PosedView {
    pub pose: PoseChoice,
    pub mesh: Mesh,
    pub normals: Arc<[Vec3]>,
    /// Joint positions and which of them are joined.
    pub joints: Arc<[Vec3]>,
    pub bones: Arc<[(u16, u16)]>,
    /// Tape paths of the measurements on this mesh.
    pub tapes: Arc<[Tape]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PoseChoice {
    /// Anny's reference pose, in which measurements are taken.
    APose,
    TPose,
    /// As in the photo of this place among the fit's photos, or as scanned.
    Captured(usize),
}

#[derive(Clone, Debug, PartialEq)]
pub enum BodyOrigin {
    /// From these photos.
    Fitted(Vec<PhotoId>),
    Scan {
        /// File name, never a path.
        label: String,
    },
    /// The parametric body that was fitted to a scan.
    Registered { scan: BodyId },
    /// Made with the sliders.
    Drawn,
}

/// Where the fitted body is in one photo.
#[derive(Clone, Debug)]
pub struct InPhoto {
    pub photo: PhotoId,
    /// Vertices in the camera's frame: x right, y away, z up, metres; the camera is at the origin, principal point in the middle.
    pub mesh: Mesh,
    pub focal_px: f64,
    pub reprojection_px: Option<f32>,
    /// Intersection over union of the outline, 0..=1.
    pub overlap: Option<f32>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QualityView {
    /// `Err` says why the fit did not settle.
    pub converged: Result<(), String>,
    /// Root mean square distance of landmarks, pixels.
    pub reprojection_px: f32,
    /// Mean over photos of intersection over union, 0..=1; `None` without a silhouette.
    pub overlap: Option<f32>,
    /// Mean expected error over vertices, millimetres.
    pub expected_error_mm: f32,
    /// 0..=1: how usual the proportions are under the population prior; low is odd.
    pub plausibility: f32,
    pub remarks: Vec<Remark>,
    /// Seconds that the fit took, without reading and networks.
    pub fit_secs: f32,
}

/// Something that takes its time.
#[derive(Clone, Debug)]
pub struct WorkView {
    /// For [`crate::engine::Command::CancelJob`].
    pub job: u64,
    pub label: String,
    /// Names of all stages in order, and which one runs.
    pub stages: Vec<&'static str>,
    pub stage: usize,
    /// 0..=1 within everything; `None` while unknown.
    pub progress: Option<f32>,
    /// E.g. "7.1 px".
    pub figure: Option<String>,
    /// How the body looks so far, feet on the floor.
    pub preview: Option<Mesh>,
}

/// `error_m[i]` is how far vertex `i` of `body` lies outside (+) or inside (-) of `reference`.
#[derive(Clone, Debug)]
pub struct ComparisonView {
    pub body: BodyId,
    pub reference: BodyId,
    pub error_m: Arc<[f32]>,
    /// Metres: mean of the absolute values, median of them, 95th percentile.
    pub mean_abs_m: f32,
    pub median_abs_m: f32,
    pub p95_abs_m: f32,
    /// Measurements of both, in the same order as the body's.
    pub reference_measurements: Arc<[Measurement]>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BatchView {
    pub job: u64,
    pub folder: String,
    pub n_done: usize,
    pub n_failed: usize,
    pub n_total: usize,
    /// What happened to each file so far: name and outcome.
    pub lines: Vec<(String, Result<String, String>)>,
}

/// What the studio obeys.
#[derive(Clone, Debug, PartialEq)]
pub enum StudioCommand {
    AddPhotos(Vec<PathBuf>),
    /// From the clipboard: pixels that are already decoded.
    AddPhoto {
        label: String,
        photo: Arc<Photo>,
    },
    RemovePhoto(PhotoId),
    ChoosePerson {
        photo: PhotoId,
        person: usize,
    },
    UsePhoto {
        photo: PhotoId,
        used: bool,
    },
    /// Pixels; `None` goes back to what the photo says.
    SetFocal {
        photo: PhotoId,
        px: Option<f64>,
    },
    SetKnown(Known),
    /// Fits one body to the photos in use.
    Fit,
    /// A body to play with; also what an empty studio offers.
    AddDrawn {
        sex: Option<Sex>,
    },
    /// Moves sliders; ends of a drag are one step of undo each (`done`).
    SetPhenotype {
        body: BodyId,
        phenotype: Phenotype,
        done: bool,
    },
    /// Back to what was fitted.
    ResetPhenotype(BodyId),
    RemoveBody(BodyId),
    Rename {
        body: BodyId,
        name: String,
    },
    Undo,
    Redo,
    OpenScans(Vec<PathBuf>),
    /// Fits the parametric body to a scan.
    Register(BodyId),
    /// `None` ends the comparison.
    Compare(Option<(BodyId, BodyId)>),
    Export {
        body: BodyId,
        path: PathBuf,
        options: ExportOptions,
    },
    /// Contact sheet of all photos in use with the newest fit.
    ExportSheet(PathBuf),
    /// Fits every photo of a folder on its own and writes bodies and a table into `output`.
    Batch {
        folder: PathBuf,
        output: PathBuf,
    },
    /// Looks for new model files.
    ReloadModels,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExportOptions {
    /// By the path's extension when `None`.
    pub format: Option<BodyFormat>,
    /// For skinned formats: 8, or 4 for programs that read no more.
    pub max_influences: u8,
    /// For static formats.
    pub pose: PoseChoice,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self { format: None, max_influences: 8, pose: PoseChoice::APose }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    Glb,
    Gltf,
    Obj,
    Ply,
    MeasurementsCsv,
    MeasurementsJson,
}
