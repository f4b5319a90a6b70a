//! The model from its file. Every index and length is checked here, so that the rest of the model can trust them.

use bevy_math::{DMat3, DVec3};
use safetensors::Dtype;
use serde::Deserialize;

use super::coefficients::RowLabels;
use super::rows::ShapeRows;
use super::skin::Skin;
use super::tensors::{Tensors, unpack};
use super::{AnnyModel, rest};

/// Why bytes are not the body model.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("the body model is not a Zstandard file; install anny_full.safetensors.zst again")]
    NotZstandard,
    #[error("the body model claims to unpack to {claimed_bytes} bytes, far more than it can have")]
    TooLarge { claimed_bytes: u64 },
    #[error("the body model is not a safetensors file: {0}")]
    NotSafetensors(#[from] safetensors::SafeTensorError),
    #[error("the body model's description is not what this version reads: {0}")]
    Metadata(#[from] serde_json::Error),
    #[error("the body model lacks {0}")]
    Missing(&'static str),
    #[error("the body model's array {name} has the wrong type or shape: {found}")]
    Shape { name: &'static str, found: String },
    #[error("the body model's array {name} has values that cannot be")]
    Values { name: &'static str },
}

/// What the header says in JSON.
#[derive(Deserialize)]
struct Metadata {
    form: String,
    bone_labels: Vec<String>,
    local_change_labels: Vec<String>,
    phenotype_labels: Vec<String>,
    phenotype_rows: usize,
    keypoint_labels: Vec<String>,
    shape_grid_m: f64,
}

/// Number of columns of the phenotype mask: three races and the anchors of the eight other axes.
const N_MASK_COLUMNS: usize = 26;

/// Vertices are addressed by `u16` in the file.
const MAX_VERTICES: usize = 1 << 16;
const MAX_BONES: usize = 128; // sets of bones are bits of a u128

pub fn from_bytes(bytes: &[u8]) -> Result<AnnyModel, LoadError> {
    let unpacked = unpack(bytes)?;
    let tensors = Tensors::parse(&unpacked)?;
    let meta: Metadata = serde_json::from_str(&tensors.metadata)?;
    let ours = crate::types::PhenotypeAxis::ALL.map(|axis| axis.label());
    if meta.form != "full" || meta.phenotype_labels != ours {
        return Err(LoadError::Values { name: "metadata" });
    }

    let template = tensors.f32("template_vertices", &[None, Some(3)])?;
    let n_vertices = template.len() / 3;
    let n_bones = meta.bone_labels.len();
    let n_rows = meta.phenotype_rows.saturating_add(meta.local_change_labels.len().saturating_mul(2));
    if n_vertices == 0 || n_vertices > MAX_VERTICES || n_bones == 0 || n_bones > MAX_BONES {
        return Err(LoadError::Values { name: "template_vertices" });
    }

    let faces = triples(&tensors.u16("faces", &[None, Some(3)])?, n_vertices, "faces")?;
    let uv = pairs(&tensors.f32("uv", &[None, Some(2)])?);
    let face_uv = triples(&tensors.u16("face_uv", &[Some(faces.len()), Some(3)])?, uv.len(), "face_uv")?;
    let base_index = tensors.u16("base_index", &[Some(n_vertices)])?;
    let waist_loop = below(tensors.u16("waist_loop", &[None])?, n_vertices, "waist_loop")?;

    let bone_parents = parents(&tensors.i16("bone_parent", &[Some(n_bones)])?)?;
    let bone_heads = vectors(&tensors.f32("bone_head", &[Some(n_bones), Some(3)])?);
    let bone_covariances = matrices(&tensors.f32("bone_cov", &[Some(n_bones), Some(3), Some(3)])?);
    let bone_references = matrices(&tensors.f32("bone_ref", &[Some(n_bones), Some(3), Some(3)])?)
        .into_iter()
        .map(|m| super::nearest_rotation(&m)) // stored as f32: made orthonormal again in f64
        .collect();
    let head_shapes = tensors.f32("head_shapes", &[Some(n_rows), Some(n_bones), Some(3)])?;
    let covariance_shapes = tensors.f32("cov_shapes", &[Some(n_rows), Some(n_bones), Some(3), Some(3)])?;

    let mask = tensors.u8("pheno_mask", &[Some(meta.phenotype_rows), Some(N_MASK_COLUMNS)])?;
    let labels = RowLabels::from_mask(mask, N_MASK_COLUMNS).ok_or(LoadError::Values { name: "pheno_mask" })?;

    let pointers = tensors.u32("shape_ptr", &[Some(n_rows + 1)])?;
    let vertices = tensors.words("shape_vertex", Dtype::U16, &[None])?;
    let deltas = tensors.words("shape_delta", Dtype::I16, &[Some(vertices.len()), Some(3)])?;
    let newborn = tensors.i16("newborn_source", &[Some(n_rows)])?;
    if !(meta.shape_grid_m.is_finite() && meta.shape_grid_m > 0.0) {
        return Err(LoadError::Values { name: "shape_grid_m" });
    }
    let rows = ShapeRows::new(n_vertices, meta.shape_grid_m, &pointers, vertices, deltas, &newborn)
        .ok_or(LoadError::Values { name: "shape_ptr" })?;

    let skin_index = tensors.u8("skin_index", &[Some(n_vertices), None])?;
    let n_influences = skin_index.len() / n_vertices;
    let skin_weight = tensors.f32("skin_weight", &[Some(n_vertices), Some(n_influences)])?;
    let skin =
        Skin::new(n_vertices, n_bones, skin_index, &skin_weight).ok_or(LoadError::Values { name: "skin_index" })?;

    let keypoint_terms = keypoints(&tensors, meta.keypoint_labels.len(), n_vertices)?;
    Ok(AnnyModel {
        bone_is_shaped: rest::shaped_bones(n_bones, &covariance_shapes),
        faces: faces.into(),
        bone_labels: meta.bone_labels,
        bone_parents,
        local_change_labels: meta.local_change_labels,
        uv,
        face_uv,
        base_index,
        waist_loop,
        keypoint_labels: meta.keypoint_labels,
        keypoint_terms,
        template,
        rows,
        labels,
        bone_heads,
        bone_covariances,
        bone_references,
        head_shapes,
        covariance_shapes,
        skin,
        prepared: std::sync::OnceLock::new(),
    })
}

fn keypoints(tensors: &Tensors<'_>, n: usize, n_vertices: usize) -> Result<Vec<Vec<(u16, f32)>>, LoadError> {
    let rows = tensors.u8("kp_row", &[None])?;
    let columns = below(tensors.u16("kp_col", &[Some(rows.len())])?, n_vertices, "kp_col")?;
    let values = tensors.f32("kp_val", &[Some(rows.len())])?;
    let mut terms = vec![Vec::new(); n];
    for ((row, column), value) in rows.iter().zip(columns).zip(values) {
        terms.get_mut(usize::from(*row)).ok_or(LoadError::Values { name: "kp_row" })?.push((column, value));
    }
    Ok(terms)
}

/// A parent comes before its children; the first bone, the root, has none.
fn parents(parents: &[i16]) -> Result<Vec<usize>, LoadError> {
    let wrong = LoadError::Values { name: "bone_parent" };
    let mut checked = vec![0];
    for (bone, parent) in parents.iter().enumerate().skip(1) {
        match usize::try_from(*parent) {
            Ok(parent) if parent < bone => checked.push(parent),
            _ => return Err(wrong),
        }
    }
    Ok(checked)
}

fn below(indices: Vec<u16>, n: usize, name: &'static str) -> Result<Vec<u16>, LoadError> {
    if indices.iter().all(|i| usize::from(*i) < n) { Ok(indices) } else { Err(LoadError::Values { name }) }
}

fn triples(indices: &[u16], n: usize, name: &'static str) -> Result<Vec<[u32; 3]>, LoadError> {
    if indices.iter().any(|i| usize::from(*i) >= n) {
        return Err(LoadError::Values { name });
    }
    Ok(indices.as_chunks::<3>().0.iter().map(|t| t.map(u32::from)).collect())
}

fn pairs(values: &[f32]) -> Vec<[f32; 2]> {
    values.as_chunks::<2>().0.to_vec()
}

fn vectors(values: &[f32]) -> Vec<DVec3> {
    values.as_chunks::<3>().0.iter().map(|v| DVec3::from(v.map(f64::from))).collect()
}

/// Row-major in the file.
fn matrices(values: &[f32]) -> Vec<DMat3> {
    values.as_chunks::<9>().0.iter().map(|m| DMat3::from_cols_array(&m.map(f64::from)).transpose()).collect()
}
