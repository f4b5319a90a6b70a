//! What a track of the benchmark changes about the reference's photos.

use bevy_math::DVec2;

use super::numpy::Numpy;
use super::outline::EdgePoint;
use crate::body::model::AnnyModel;

/// How the synthetic photos are taken, and of whom. The default is the reference: one frontal view of an adult.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// 1 to 4: front, then the subject's right side, back and left side.
    pub n_views: usize,
    /// Whether the subject says their height, with an error of 1 cm.
    pub height_known: bool,
    /// Anny's age is drawn evenly from this range.
    pub age: (f64, f64),
    /// Height, weight and muscle come from Anny's tables of the population instead of evenly from 0.15 to 0.85.
    pub population: bool,
    /// Factor on the errors of landmarks and outline. The fitter is told the errors of factor 1 all the same.
    pub noise: f64,
    /// Clothes push the outline of the trunk outwards by 10 to 30 pixels, the same in a whole view.
    pub clothed: bool,
    /// The lens is off by up to 15 % (evenly drawn) beyond the usual 2 %.
    pub loose_focal: bool,
    pub framing: Framing,
    /// Which figures the subject states beside the height. Weight comes with an error of 2.5 %, sex and age are right.
    pub states_weight: bool,
    pub states_sex: bool,
    pub states_age: bool,
}

/// How much of the body is in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Whole,
    /// The picture ends above the ankles.
    FeetMissing,
    /// From half the distance, and the picture ends below the hips.
    HalfBody,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            n_views: 1,
            height_known: true,
            age: (0.45, 0.95),
            population: false,
            noise: 1.0,
            clothed: false,
            loose_focal: false,
            framing: Framing::Whole,
            states_weight: false,
            states_sex: false,
            states_age: false,
        }
    }
}

impl Condition {
    /// Factor on the true focal length, which the fitter is not told.
    pub(super) fn lens(&self, extra: &mut Numpy) -> f64 {
        if self.loose_focal { extra.uniform(0.85, 1.15) } else { 1.0 }
    }

    /// Puts clothes on the trunk: points whose nearest vertex moves mostly with its bones go outwards.
    pub(super) fn dress(&self, model: &AnnyModel, pixels: &[DVec2], contour: &mut [EdgePoint], extra: &mut Numpy) {
        if !self.clothed {
            return;
        }
        let thickness_px = extra.uniform(10.0, 30.0);
        let is_trunk = |bone: u8| {
            let label = model.bone_labels.get(usize::from(bone)).map_or("", String::as_str);
            ["root", "pelvis", "spine", "clavicle", "breast"].iter().any(|part| label.starts_with(part))
        };
        for point in contour {
            let distance = |vertex: usize| pixels[vertex].distance_squared(point.position);
            let nearest = (0..pixels.len()).min_by(|a, b| distance(*a).total_cmp(&distance(*b)));
            let trunk: f32 = nearest.map_or(0.0, |vertex| {
                model.influences(vertex).iter().filter(|(bone, _)| is_trunk(*bone)).map(|(_, weight)| weight).sum()
            });
            if trunk > 0.5 {
                point.position += point.normal * thickness_px;
            }
        }
    }
}
