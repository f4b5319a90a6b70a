//! A lighter model of the same bodies, for fits that look at many: fewer vertices, and the rows of the blend shapes merged over the
//! axes that a fit leaves at their default.

use std::sync::{Arc, OnceLock};

use super::{AnnyModel, rest, rows::ShapeRows};

/// How the phenotype's rows of a model were put together: for each, the row it went to and its factor.
pub type Merging = Vec<Option<(usize, f64)>>;

impl AnnyModel {
    /// The model with the vertices that `faces` use alone, for phenotypes whose other axes (indices into `PhenotypeAxis::ALL`) are at
    /// their default. It has bones and a skin, but no keypoints, texture or local changes; its vertices have their own indices.
    ///
    /// `None` when a face names no vertex of this model.
    pub fn condensed(&self, axes: &[usize], faces: &[[u16; 3]]) -> Option<(Self, Merging)> {
        let mut vertices: Vec<u16> = faces.iter().flatten().copied().collect();
        vertices.sort_unstable();
        vertices.dedup();
        if usize::from(*vertices.last()?) >= self.n_vertices() {
            return None;
        }
        let own = |vertex: u16| vertices.binary_search(&vertex).unwrap_or(0) as u32;
        let faces: Arc<[[u32; 3]]> = faces.iter().map(|face| face.map(own)).collect();

        let (labels, merging) = self.labels.merged(axes);
        let mut rows = vec![vec![0.0f32; 3 * vertices.len()]; labels.len()];
        for (row, (target, factor)) in merged_rows(&merging) {
            let sums = &mut rows[target];
            self.visit_row(row as u16, &vertices, |at, delta| {
                for (sum, d) in sums[3 * at..3 * at + 3].iter_mut().zip(delta) {
                    *sum += factor as f32 * d;
                }
            });
        }
        let n_bones = self.n_bones();
        let covariance_shapes = merge(&self.covariance_shapes, 9 * n_bones, &merging, labels.len());
        let template = vertices.iter().flat_map(|v| {
            let from = 3 * usize::from(*v);
            self.template[from..from + 3].iter().copied()
        });
        let condensed = Self {
            faces,
            bone_labels: self.bone_labels.clone(),
            bone_parents: self.bone_parents.clone(),
            local_change_labels: Vec::new(),
            uv: Vec::new(),
            face_uv: Vec::new(),
            base_index: vertices.iter().map(|v| self.base_index[usize::from(*v)]).collect(),
            waist_loop: Vec::new(),
            keypoint_labels: Vec::new(),
            keypoint_terms: Vec::new(),
            template: template.collect(),
            rows: ShapeRows::whole(vertices.len(), &rows),
            bone_heads: self.bone_heads.clone(),
            bone_covariances: self.bone_covariances.clone(),
            bone_references: self.bone_references.clone(),
            head_shapes: merge(&self.head_shapes, 3 * n_bones, &merging, labels.len()),
            bone_is_shaped: rest::shaped_bones(n_bones, &covariance_shapes),
            covariance_shapes,
            labels,
            skin: self.skin.of(&vertices),
            prepared: OnceLock::new(),
        };
        Some((condensed, merging))
    }
}

fn merged_rows(merging: &Merging) -> impl Iterator<Item = (usize, (usize, f64))> {
    merging.iter().enumerate().filter_map(|(row, target)| Some((row, (*target)?)))
}

/// The sums of rows of `width` values.
pub fn merge(values: &[f32], width: usize, merging: &Merging, n_merged: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width * n_merged];
    for (row, (target, factor)) in merged_rows(merging) {
        let part = &values[row * width..(row + 1) * width];
        for (sum, value) in sums[target * width..].iter_mut().zip(part) {
            *sum += factor as f32 * value;
        }
    }
    sums
}
