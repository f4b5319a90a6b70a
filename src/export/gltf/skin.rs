//! Fewer influences per vertex than the body model has, and what that costs.

use bevy_math::{DMat3, DVec3};

use super::SkinnedBody;

/// How many bones may move a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Influences {
    /// What every program reads; centimetres off in strong poses.
    Four,
    /// Two sets of four: a few tenths of a millimetre off at most.
    Eight,
}

impl Influences {
    pub fn n(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// How far the cut skin is from the whole one, in the captured pose.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct InfluenceCut {
    pub largest_error_m: f64,
    pub mean_error_m: f64,
}

pub(super) struct CutSkin {
    /// The heaviest first, summing to 1.
    pub influences: Vec<Vec<(u8, f32)>>,
    pub cut: InfluenceCut,
}

pub(super) fn cut(body: &SkinnedBody, n: Influences) -> CutSkin {
    let maps: Vec<(DMat3, DVec3)> = body
        .bones
        .iter()
        .map(|bone| {
            let linear = bone.captured.rotation * bone.rest.rotation.transpose();
            (linear, bone.captured.head - linear * bone.rest.head)
        })
        .collect();
    let mut cut = InfluenceCut::default();
    let influences: Vec<Vec<(u8, f32)>> = body
        .influences
        .iter()
        .zip(&body.rest)
        .map(|(all, rest)| {
            let kept = kept(all, n.n());
            let posed = |influences: &[(u8, f32)]| {
                let weight: f64 = influences.iter().map(|(_, w)| f64::from(*w)).sum();
                let sum: DVec3 = influences
                    .iter()
                    .map(|&(bone, w)| {
                        let (linear, shift) = maps[usize::from(bone)];
                        (linear * rest.as_dvec3() + shift) * f64::from(w)
                    })
                    .sum();
                sum / weight.max(1e-12)
            };
            let error = posed(&kept).distance(posed(all));
            cut.largest_error_m = cut.largest_error_m.max(error);
            cut.mean_error_m += error / body.rest.len() as f64;
            kept
        })
        .collect();
    CutSkin { influences, cut }
}

/// The heaviest influences, brought to a sum of 1; a vertex without any hangs on the root.
fn kept(all: &[(u8, f32)], n: usize) -> Vec<(u8, f32)> {
    let mut kept: Vec<(u8, f32)> = all.iter().copied().filter(|(_, w)| *w > 0.0).collect();
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    kept.truncate(n);
    let sum: f64 = kept.iter().map(|(_, w)| f64::from(*w)).sum();
    if sum <= 0.0 {
        return vec![(0, 1.0)];
    }
    for (_, w) in &mut kept {
        *w = (f64::from(*w) / sum) as f32;
    }
    kept
}
