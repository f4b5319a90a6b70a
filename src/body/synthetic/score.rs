//! How far a fitted body is from the true one.

use bevy_math::{DVec3, Vec3};

use super::{Case, ViewTruth};
use crate::body::fit::Fit;
use crate::body::measure::{self, MeasurePlan, Values};
use crate::body::model::AnnyModel;
use crate::types::{Measurement, MeasurementKind, Phenotype, PhenotypeAxis};

/// One answer to a case, compared with the truth.
#[derive(Clone, Debug)]
pub struct Score {
    /// Mean distance of vertices in the reference pose, which has the root bone at the origin.
    pub shape_pve_m: f64,
    /// The same in the poses of the photos, centroids laid on each other; mean over the photos. `None` without a pose.
    pub posed_pve_m: Option<f64>,
    /// What the fit itself expects for `shape_pve_m`.
    pub expected_pve_m: Option<f64>,
    pub truth: Values,
    pub found: Values,
    /// With sigma and evidence, where the fit has them; kinds in their own order.
    pub measurements: Vec<Measurement>,
}

impl Score {
    /// Found minus true, SI.
    pub fn error(&self, kind: MeasurementKind) -> f64 {
        self.found[kind as usize] - self.truth[kind as usize]
    }
}

/// `None` when plan and model do not belong together.
pub fn score(model: &AnnyModel, plan: &MeasurePlan, case: &Case, fit: &Fit) -> Option<Score> {
    let mut score = shape_score(model, plan, &case.truth.phenotype, &fit.phenotype)?;
    let gradient = measure::gradient(model, plan, &fit.phenotype, &score.found, &fit.posterior.axes)?;
    score.measurements = measure::with_sigmas(&score.found, &gradient, &fit.posterior);
    let shape = model.shape(&fit.phenotype);
    let posed = fit.poses.iter().zip(&case.truth.views).map(|(pose, truth)| {
        let vertices = model.posed(&shape, pose).vertices;
        centred_distance(&vertices, truth)
    });
    score.posed_pve_m = mean(posed);
    score.expected_pve_m = mean(fit.quality.vertex_error_mm.iter().map(|mm| f64::from(*mm) / 1e3));
    Some(score)
}

/// What one gets without looking at any photo: the mean body, stretched to the true stature when the height is known.
pub fn mean_body(model: &AnnyModel, plan: &MeasurePlan, case: &Case) -> Option<Score> {
    let mut body = Phenotype::default();
    body.set(PhenotypeAxis::Age, 0.67);
    if case.input.known.height_m.is_some() {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..14 {
            let middle = (low + high) / 2.0;
            body.set(PhenotypeAxis::Height, middle);
            if super::case::stature(model, &model.shape(&body)) < case.truth.stature_m {
                low = middle
            } else {
                high = middle
            }
        }
    }
    shape_score(model, plan, &case.truth.phenotype, &body)
}

fn shape_score(model: &AnnyModel, plan: &MeasurePlan, truth: &Phenotype, found: &Phenotype) -> Option<Score> {
    let [truth, found] = [truth, found].map(|phenotype| model.reference_mesh(phenotype));
    let distances = truth.vertices.iter().zip(&found.vertices).map(|(a, b)| f64::from(a.distance(*b)));
    Some(Score {
        shape_pve_m: mean(distances)?,
        posed_pve_m: None,
        expected_pve_m: None,
        truth: measure::values(plan, &truth.vertices, &truth.bones)?,
        found: measure::values(plan, &found.vertices, &found.bones)?,
        measurements: Vec::new(),
    })
}

fn centred_distance(vertices: &[Vec3], truth: &ViewTruth) -> f64 {
    let n = vertices.len().max(1) as f64;
    let centre = vertices.iter().map(|v| v.as_dvec3()).sum::<DVec3>() / n;
    let true_centre = truth.vertices.iter().sum::<DVec3>() / n;
    let apart = vertices.iter().zip(&truth.vertices).map(|(v, t)| (v.as_dvec3() - centre).distance(*t - true_centre));
    apart.sum::<f64>() / n
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}
