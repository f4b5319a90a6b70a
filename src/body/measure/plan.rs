//! What measuring needs of the model and no shape changes: which edges belong to the trunk and to each leg, which
//! vertices are landmarks, which bones carry the limbs. Built once, used for every body.

use crate::types::MeasurementKind;

/// The arrays of the body model that a plan is made from. Indices are the model's own, 0-based.
#[derive(Clone, Copy, Debug)]
pub struct PlanParts<'a> {
    pub n_vertices: usize,
    pub triangles: &'a [[u16; 3]],
    /// For every vertex its index in MakeHuman's base mesh, which landmarks are named in.
    pub base_index: &'a [u16],
    /// Bones that move each vertex, with their weights (same shape; unused places have weight 0).
    pub skin_index: &'a [[u8; 9]],
    pub skin_weight: &'a [[f32; 9]],
    pub bone_names: &'a [String],
    /// The vertices of the waist, in order around the body.
    pub waist_loop: &'a [u16],
}

/// Everything about the mesh that tapes need; valid for every shape of one model.
#[derive(Clone, Debug)]
pub struct MeasurePlan {
    pub(super) n_vertices: usize,
    pub(super) triangles: Vec<[u16; 3]>,
    /// Edges of all triangles; of the trunk (head included, arms not); of the left and right leg.
    pub(super) all: Vec<[u16; 2]>,
    pub(super) torso: Vec<[u16; 2]>,
    pub(super) legs: [Vec<[u16; 2]>; 2],
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
const LEG: [&str; 4] = ["upperleg", "lowerleg", "foot", "toe"];

impl MeasurePlan {
    /// `None` when the arrays do not fit together or lack a landmark or bone: not the model that we know.
    pub fn new(parts: &PlanParts<'_>) -> Option<Self> {
        let n = parts.n_vertices;
        let fits = parts.base_index.len() == n
            && parts.skin_index.len() == n
            && parts.skin_weight.len() == n
            && parts.triangles.iter().flatten().chain(parts.waist_loop).all(|&vertex| usize::from(vertex) < n)
            && parts.skin_index.iter().flatten().all(|&bone| usize::from(bone) < parts.bone_names.len());
        if !fits {
            return None;
        }
        let vertex_of_base = |base: u16| {
            let at = parts.base_index.iter().position(|&index| index == base)?;
            u16::try_from(at).ok()
        };
        let pair = |left, right| Some([vertex_of_base(left)?, vertex_of_base(right)?]);
        let edges = |weight: &[f32], keep: fn(f32) -> bool| {
            let whole = |t: &&[u16; 3]| t.iter().all(|&vertex| keep(weight[usize::from(vertex)]));
            edges_of(parts.triangles.iter().filter(whole))
        };
        let arm = weight_on(parts, |bone| ARM.iter().any(|part| bone.contains(part)));
        let leg = |side: &str| weight_on(parts, |bone| bone.ends_with(side) && LEG.iter().any(|p| bone.contains(p)));
        Some(Self {
            n_vertices: n,
            triangles: parts.triangles.to_vec(),
            all: edges_of(parts.triangles.iter()),
            torso: edges(&arm, |weight| weight < 0.5),
            legs: [edges(&leg(".L"), |weight| weight > 0.5), edges(&leg(".R"), |weight| weight > 0.5)],
            waist: parts.waist_loop.to_vec(),
            nipples: NIPPLES.into_iter().flatten().filter_map(vertex_of_base).collect(),
            hips: HIPS.into_iter().map(vertex_of_base).collect::<Option<_>>()?,
            acromia: pair(8235, 1557)?,
            nape: vertex_of_base(858)?,
            perineum: pair(6335, 12932)?,
            bones: Bones::find(parts.bone_names)?,
        })
    }

    /// Whether vertices and bone heads are of the model that the plan was made for.
    pub(super) fn fits(&self, n_vertices: usize, n_heads: usize) -> bool {
        n_vertices == self.n_vertices && n_heads == self.bones.n_bones
    }

    /// How many values a body has: one per kind of measurement.
    pub const N_KINDS: usize = MeasurementKind::ALL.len();
}

impl Bones {
    fn find(names: &[String]) -> Option<Self> {
        let find = |name: &str| names.iter().position(|bone| bone == name);
        let pair = |name: &str| Some([find(&format!("{name}.L"))?, find(&format!("{name}.R"))?]);
        Some(Self {
            n_bones: names.len(),
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
fn weight_on(parts: &PlanParts<'_>, chosen: impl Fn(&str) -> bool) -> Vec<f32> {
    let chosen: Vec<bool> = parts.bone_names.iter().map(|name| chosen(name)).collect();
    let on = |(bones, weights): (&[u8; 9], &[f32; 9])| {
        bones.iter().zip(weights).filter(|(bone, _)| chosen[usize::from(**bone)]).map(|(_, weight)| weight).sum()
    };
    parts.skin_index.iter().zip(parts.skin_weight).map(on).collect()
}

/// Every edge once.
fn edges_of<'a>(triangles: impl Iterator<Item = &'a [u16; 3]>) -> Vec<[u16; 2]> {
    // As one number each, because numbers sort several times faster than pairs.
    let key = |[p, q]: [u16; 2]| u32::from(p.min(q)) << 16 | u32::from(p.max(q));
    let mut keys: Vec<u32> = triangles.flat_map(|&[a, b, c]| [[a, b], [b, c], [c, a]].map(key)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(|key| [(key >> 16) as u16, key as u16]).collect()
}
