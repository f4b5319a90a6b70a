//! What measuring needs of the model and no shape changes: which edges belong to the trunk and to each leg, which
//! vertices are landmarks, which bones carry the limbs. Built once, used for every body.

use std::sync::Arc;

use super::super::model::AnnyModel;

/// Everything about the mesh that tapes need; valid for every shape of one model.
#[derive(Clone, Debug)]
pub struct MeasurePlan {
    pub(super) n_vertices: usize,
    pub(super) triangles: Arc<[[u32; 3]]>,
    /// Edges of the trunk (head included, arms not); of the left and right leg.
    pub(super) torso: Vec<[u16; 2]>,
    pub(super) legs: [Vec<[u16; 2]>; 2],
    /// Edges that may be within reach of a tape around the upper arm (the trunk beside it too) and above the wrist.
    pub(super) upper_arms: [Vec<[u16; 2]>; 2],
    pub(super) forearms: [Vec<[u16; 2]>; 2],
    pub(super) waist: Vec<u16>,
    /// Rings around the nipples, whose mean height is the chest's.
    pub(super) nipples: Vec<u16>,
    /// Ring around the hips, whose mean height is where the widest girth is looked for.
    pub(super) hips: Vec<u16>,
    /// Acromion, left and right; the seventh cervical vertebra; the two vertices of the perineum.
    pub(super) acromia: [u16; 2],
    pub(super) nape: u16,
    pub(super) perineum: [u16; 2],
    pub(super) bones: Bones,
}

/// Indices of the bones whose heads measurements are taken at; pairs are left, right.
#[derive(Clone, Debug)]
pub(super) struct Bones {
    pub n_bones: usize,
    pub hip: [usize; 2],
    pub thigh: [usize; 2],
    pub knee: [usize; 2],
    pub ankle: [usize; 2],
    pub shoulder: [usize; 2],
    pub elbow: [usize; 2],
    pub wrist: [usize; 2],
    pub neck: [usize; 2],
    pub head: usize,
}

/// Base-mesh vertices around the hips (spec section 4, from `measure_np.py`).
const HIPS: [u16; 28] = [
    4296, 4295, 4291, 4292, 4336, 4339, 4331, 4359, 10983, 10958, 10965, 10962, 10922, 10921, 10925, 10926, 10923,
    10924, 10860, 10867, 10853, 10854, 4218, 4217, 4233, 4225, 4294, 4293,
];

/// Base-mesh vertices 1762..=1777 and 8434..=8449 ring the nipples, which the topology itself leaves out.
const NIPPLES: [std::ops::RangeInclusive<u16>; 2] = [1762..=1777, 8434..=8449];

const ARM: [&str; 6] = ["shoulder01", "upperarm", "lowerarm", "wrist", "finger", "metacarpal"];
const UPPER_ARM: [&str; 5] = ["clavicle", "shoulder01", "upperarm", "lowerarm", "breast"];
const FOREARM: [&str; 3] = ["lowerarm", "wrist", "metacarpal"];
const LEG: [&str; 4] = ["upperleg", "lowerleg", "foot", "toe"];

impl MeasurePlan {
    /// `None` when the model lacks a landmark or a bone, or has too many vertices: not the model that we know.
    pub fn new(model: &AnnyModel) -> Option<Self> {
        let n_vertices = model.n_vertices();
        u16::try_from(n_vertices).ok()?;
        let vertex_of_base = |base: u16| model.vertex_of_base(base).map(|vertex| vertex as u16);
        let pair = |left, right| Some([vertex_of_base(left)?, vertex_of_base(right)?]);
        let edges = |weight: &[f32], keep: fn(f32) -> bool| {
            edges_of(model.faces.iter().filter(|face| face.iter().all(|&vertex| keep(weight[vertex as usize]))))
        };
        let arm = weight_on(model, |bone| ARM.iter().any(|part| bone.contains(part)));
        let leg = |side: &str| weight_on(model, |bone| bone.ends_with(side) && LEG.iter().any(|p| bone.contains(p)));
        Some(Self {
            n_vertices,
            triangles: Arc::clone(&model.faces),
            torso: edges(&arm, |weight| weight < 0.5),
            legs: [".L", ".R"].map(|side| edges(&leg(side), |weight| weight > 0.5)),
            upper_arms: [".L", ".R"].map(|side| {
                let near = weight_on(model, |bone| {
                    bone.contains("spine") || (bone.ends_with(side) && UPPER_ARM.iter().any(|part| bone.contains(part)))
                });
                edges(&near, |weight| weight > 0.0)
            }),
            forearms: [".L", ".R"].map(|side| {
                let near =
                    weight_on(model, |bone| bone.ends_with(side) && FOREARM.iter().any(|part| bone.contains(part)));
                edges(&near, |weight| weight > 0.0)
            }),
            waist: model.waist_loop.clone(),
            nipples: NIPPLES.into_iter().flatten().filter_map(vertex_of_base).collect(),
            hips: HIPS.into_iter().map(vertex_of_base).collect::<Option<_>>()?,
            acromia: pair(8235, 1557)?,
            nape: vertex_of_base(858)?,
            perineum: pair(6335, 12932)?,
            bones: Bones::find(model)?,
        })
    }

    /// Whether vertices and bone heads are of the model that the plan was made for.
    pub(super) fn fits(&self, n_vertices: usize, n_heads: usize) -> bool {
        n_vertices == self.n_vertices && n_heads == self.bones.n_bones
    }
}

impl Bones {
    fn find(model: &AnnyModel) -> Option<Self> {
        let find = |name: &str| model.bone_index(name);
        let pair = |name: &str| Some([find(&format!("{name}.L"))?, find(&format!("{name}.R"))?]);
        Some(Self {
            n_bones: model.n_bones(),
            hip: pair("upperleg01")?,
            thigh: pair("upperleg02")?,
            knee: pair("lowerleg01")?,
            ankle: pair("foot")?,
            shoulder: pair("upperarm01")?,
            elbow: pair("lowerarm01")?,
            wrist: pair("wrist")?,
            neck: [find("neck01")?, find("neck02")?],
            head: find("head")?,
        })
    }
}

/// For every vertex, how much of it moves with the chosen bones.
fn weight_on(model: &AnnyModel, chosen: impl Fn(&str) -> bool) -> Vec<f32> {
    let chosen: Vec<bool> = model.bone_labels.iter().map(|name| chosen(name)).collect();
    let on = |vertex| {
        model.influences(vertex).iter().filter(|(bone, _)| chosen[usize::from(*bone)]).map(|(_, weight)| weight).sum()
    };
    (0..model.n_vertices()).map(on).collect()
}

/// Every edge once.
fn edges_of<'a>(triangles: impl Iterator<Item = &'a [u32; 3]>) -> Vec<[u16; 2]> {
    // As one number each, because numbers sort several times faster than pairs.
    let key = |[p, q]: [u32; 2]| p.min(q) << 16 | p.max(q);
    let mut keys: Vec<u32> = triangles.flat_map(|&[a, b, c]| [[a, b], [b, c], [c, a]].map(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(|key| [(key >> 16) as u16, key as u16]).collect()
}
