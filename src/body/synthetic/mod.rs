//! Photos of bodies that are known exactly: draws a body, how it stands and what a detector would see of it.
//!
//! For measuring fitters against the truth. SIMULATED, and kind to them: the truth comes from the very model that they
//! fit ("inverse crime"), naked, with errors of the kind that they expect. Figures compare fitters; they promise nothing
//! about real photos.

mod case;
mod condition;
mod numpy;
mod outline;
mod posed_mesh;
mod raster;
mod score;

use bevy_math::{DVec2, DVec3};

use super::fit::{BodyPoint, ContourPoint, FitInput, FitView, LandmarkEvidence};
use super::model::AnnyModel;
use crate::types::{BodyPose, FocalLength, FocalSource, Known, Phenotype, PhenotypeAxis, Sex};
use case::{Drawn, DrawnView, FOCAL_PX, PICTURE};

pub use condition::{Condition, Framing};
pub use posed_mesh::{MeshCase, mesh_case};
pub use score::{Score, mean_body, score};

/// What a fitter is given, and what it should find.
#[derive(Clone, Debug)]
pub struct Case {
    pub seed: u64,
    pub input: FitInput,
    pub truth: Truth,
}

#[derive(Clone, Debug)]
pub struct Truth {
    pub phenotype: Phenotype,
    /// Of the reference pose, over the vertices that the reference generator measures it over.
    pub stature_m: f64,
    pub views: Vec<ViewTruth>,
}

/// One photo, in its camera's frame: at the origin, looking along +y, x to the right, z up.
#[derive(Clone, Debug)]
pub struct ViewTruth {
    pub focal_px: f64,
    pub pose: BodyPose,
    /// Of the posed mesh, metres.
    pub vertices: Vec<DVec3>,
}

/// How points scatter around the outline. That whole outlines are off by 2 px, fitters have to find out.
const CONTOUR_SIGMA_PX: f64 = 1.5;

/// The case that a seed names under a condition. The same seed gives the same case, always.
pub fn case(model: &AnnyModel, seed: u64, condition: &Condition) -> Case {
    let Drawn { phenotype, stature_m, stated_stature_m, stated_weight_kg, age_years, views } =
        case::draw(model, seed, condition);
    let sex = if phenotype.get(PhenotypeAxis::Gender) < 0.5 { Sex::Male } else { Sex::Female };
    let known = Known {
        height_m: condition.height_known.then_some(stated_stature_m),
        weight_kg: condition.states_weight.then_some(stated_weight_kg),
        sex: condition.states_sex.then_some(sex),
        age_years: condition.states_age.then_some(age_years),
    };
    let input = FitInput { views: views.iter().map(|view| photo(view, condition)).collect(), known };
    let truths =
        views.into_iter().map(|view| ViewTruth { focal_px: view.focal_px, pose: view.pose, vertices: view.vertices });
    Case { seed, input, truth: Truth { phenotype, stature_m, views: truths.collect() } }
}

/// What the networks would hand to the fitter.
fn photo(view: &DrawnView, condition: &Condition) -> FitView {
    // A picture without feet is cut above and below alike, so that its centre stays the lens's.
    let cut = if condition.framing == Framing::FeetMissing {
        (PICTURE[1] - view.ankle_y_px).clamp(0.0, PICTURE[1] / 2.0 - 1.0).floor()
    } else {
        0.0
    };
    let height = PICTURE[1] - 2.0 * cut;
    let inside = |point: DVec2| {
        let moved = DVec2::new(point.x, point.y - cut);
        let is_inside = |margin_px: f64| moved.y > margin_px && moved.y < height - margin_px;
        let is_seen = match condition.framing {
            Framing::Whole => true,
            Framing::FeetMissing => is_inside(1.0),
            // Where the picture ends, the bitmap's outline runs along its border.
            Framing::HalfBody => is_inside(4.0),
        };
        is_seen.then_some(moved)
    };
    let focal = if condition.loose_focal {
        // Even within 15 % is 0.15 / sqrt(3), beside the usual 2 %.
        FocalLength { px: FOCAL_PX, relative_sigma: 0.089, from: FocalSource::Exif35mm }
    } else {
        FocalLength { px: FOCAL_PX, relative_sigma: 0.02, from: FocalSource::User }
    };
    let mut photo = FitView::new(PICTURE[0] as u32, height as u32, focal);
    photo.yaw_hint = Some(view.yaw);
    let seen = BodyPoint::ALL.into_iter().zip(view.keypoints.iter().zip(&view.sigmas_px));
    photo.landmarks = seen
        .filter_map(|(point, (pixel, sigma_px))| {
            Some(LandmarkEvidence { point, px: inside(*pixel)?.to_array(), sigma_px: *sigma_px })
        })
        .collect();
    photo.contour = view
        .contour
        .iter()
        .filter_map(|point| {
            Some(ContourPoint {
                px: inside(point.position)?.to_array(),
                normal: point.normal.to_array(),
                sigma_px: CONTOUR_SIGMA_PX,
                one_sided: condition.clothed,
            })
        })
        .collect();
    photo
}
