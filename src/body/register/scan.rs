//! Any surface to phenotype and pose: no vertex corresponds, parts may be missing, the arms may be anywhere.
//!
//! First the body is stood into the scan (facing, place, size, arms) by trying; then nearest points are paired both ways,
//! over and over, and the body moved towards them along its normals, far pairs counting less and less. Shape and pose are
//! held by priors where the scan says nothing. What is no body ends as [`Error::NotABody`].

use bevy_math::{DVec3, Vec3};

use super::pairs::{Pairing, pair};
use super::placing::{Placing, placings};
use super::solver::{Freedom, Solver};
use super::surface::{Sample, Surface};
use super::system::State;
use super::{Convergence, Distances, Error, Progress, Registration, Stage, Statistics};
use crate::body::AnnyModel;
use crate::body::fit::anny_age;
use crate::types::{Known, Mesh, PhenotypeAxis, Sex};

/// Fewer triangles than this are no scan of a person.
const MIN_TRIANGLES: usize = 200;

/// Ages that are started from when the user gives none: child, adolescent, adult, old.
const AGES: [f64; 4] = [0.75, 0.5, 0.3, 0.95];

/// A part of the body farther from the scan than this has no counterpart there.
const REACH_M: f32 = 0.05;

/// Beyond this a point of the scan is not explained by the body.
const FAR_M: f64 = 0.03;

/// What is left on a scan that is no body; see `tests/it/register.rs`: people stay below half of each, boxes, balls and
/// furniture above.
const MAX_FAR_SHARE: f64 = 0.3;
const MAX_MEDIAN_M: f64 = 0.015;

/// Lays the body on a scan in metres, z up, the person roughly upright. What is known of the person helps.
pub fn to_scan(
    model: &AnnyModel,
    scan: &Mesh,
    known: Known,
    progress: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Registration, Error> {
    if !scan.positions.iter().all(|p| p.is_finite()) {
        return Err(Error::NotFinite);
    }
    if scan.triangles.len() < MIN_TRIANGLES {
        return Err(Error::TooSmall { n_triangles: scan.triangles.len() });
    }
    let mut tell = |stage, fraction, rms_m| {
        if progress(&Progress { stage, fraction, rms_m }) { Ok(()) } else { Err(Error::Cancelled) }
    };
    tell(Stage::Align, 0.0, f64::NAN)?;
    let surface = Surface::new(scan);
    let coarse = surface.samples(scan, 400);
    let placings = placings(model, scan, &coarse, &known);

    // Each placing is followed a few steps; the two best go on.
    let mut followed: Vec<(State, f64)> = Vec::new();
    let n_placings = placings.len().max(1) as f32;
    for (i, Placing { state, .. }) in placings.into_iter().enumerate() {
        tell(Stage::Align, 0.2 * i as f32 / n_placings, f64::NAN)?;
        let mut solver = Solver::new(model, state, Freedom::Limbs, &known);
        for reach in [0.2, 0.15, 0.12, 0.1, 0.08, 0.08] {
            solver.step(&pair(model, &solver.state, &surface, &coarse, 12, reach));
        }
        let rms = rms(model, &solver.state, &surface, &coarse);
        followed.push((solver.state, rms));
    }
    followed.sort_by(|a, b| a.1.total_cmp(&b.1));
    followed.truncate(2);

    let middle = surface.samples(scan, 1000);
    let ages = known.age_years.map_or(AGES.to_vec(), |years| vec![anny_age(years)]);
    let mut best: Option<(State, f64)> = None;
    let n_starts = (followed.len() * ages.len()).max(1) as f32;
    for (i, (start, _)) in followed.iter().enumerate() {
        for (j, &age) in ages.iter().enumerate() {
            let mut state = start.clone();
            let height = stature(model, &state);
            state.phenotype.set(PhenotypeAxis::Age, age);
            super::placing::set_height(model, &mut state.phenotype, height);
            // An adult of that height cannot be a child, nor the other way round.
            if (stature(model, &state) - height).abs() > 0.05 * height {
                continue;
            }
            let mut solver = Solver::new(model, state, Freedom::Body, &known);
            for reach in [0.1, 0.08, 0.06, 0.05, 0.05, 0.04, 0.04, 0.03] {
                let fraction = 0.2 + 0.4 * (i * ages.len() + j) as f32 / n_starts;
                tell(Stage::Anchors, fraction, solver.rms_m())?;
                solver.step(&pair(model, &solver.state, &surface, &middle, 8, reach));
            }
            let rms = rms(model, &solver.state, &surface, &middle);
            if best.as_ref().is_none_or(|(_, known)| rms < *known) {
                best = Some((solver.state, rms));
            }
        }
    }
    let Some((state, _)) = best.or_else(|| followed.into_iter().next()) else {
        return Err(Error::TooSmall { n_triangles: scan.triangles.len() });
    };

    let fine = surface.samples(scan, 4000);
    let mut solver = Solver::new(model, state, Freedom::Whole, &known);
    let mut convergence = Convergence::StepsUsedUp;
    const N_STEPS: usize = 25;
    for i in 0..N_STEPS {
        tell(Stage::Refine, 0.6 + 0.4 * i as f32 / N_STEPS as f32, solver.rms_m())?;
        let reach = 0.04 * 0.5_f32.powf(i as f32 / 6.0);
        let moved_m = solver.step(&pair(model, &solver.state, &surface, &fine, 4, reach.max(0.01)));
        if moved_m < 1e-4 && i > 12 {
            convergence = Convergence::Converged;
            break;
        }
    }
    finished(model, solver.state, scan, &surface, convergence)
}

fn stature(model: &AnnyModel, state: &State) -> f64 {
    super::placing::stature(model, &state.phenotype)
}

/// Root mean square distance from the scan to the body; what is farther than 10 cm counts as 10 cm.
fn rms(model: &AnnyModel, state: &State, surface: &Surface, samples: &[Sample]) -> f64 {
    let Pairing { scan_to_body_m, .. } = pair(model, state, surface, samples, 40, 0.1);
    let sum: f64 = scan_to_body_m.iter().map(|d| f64::from(d.min(0.1)).powi(2)).sum();
    (sum / scan_to_body_m.len().max(1) as f64).sqrt()
}

fn finished(
    model: &AnnyModel,
    state: State,
    scan: &Mesh,
    surface: &Surface,
    convergence: Convergence,
) -> Result<Registration, Error> {
    let vertices = model.posed(&model.shape(&state.phenotype), &state.pose).vertices;
    let mesh = model.mesh(&vertices);
    let body_surface = Surface::new(&mesh);
    let from_scan: Vec<f64> = surface
        .samples(scan, 10_000)
        .iter()
        .filter_map(|sample| body_surface.nearest(sample.point))
        .map(|near| f64::from(near.distance))
        .collect();
    let mesh_to_body = Distances::of(from_scan.iter().copied());
    let n = from_scan.len().max(1) as f64;
    let far_share = from_scan.iter().filter(|d| **d > FAR_M).count() as f64 / n;
    let residual_m = (from_scan.iter().map(|d| d * d).sum::<f64>() / n).sqrt();
    if far_share > MAX_FAR_SHARE || mesh_to_body.median_m > MAX_MEDIAN_M {
        return Err(Error::NotABody { residual_m, far_share });
    }
    let normals = mesh.normals();
    let per_vertex_error_m: Vec<f32> =
        vertices.iter().zip(&normals).map(|(&vertex, &normal)| error_at(surface, vertex, normal)).collect();
    let known_errors = per_vertex_error_m.iter().filter(|e| e.is_finite());
    let coverage = known_errors.clone().count() as f64 / per_vertex_error_m.len().max(1) as f64;
    let body_to_mesh = Distances::of(known_errors.map(|&e| f64::from(e)));
    Ok(Registration {
        phenotype: state.phenotype,
        pose: state.pose,
        mesh,
        per_vertex_error_m,
        statistics: Statistics { body_to_mesh, mesh_to_body, coverage },
        convergence,
    })
}

/// How far the scan lies outside the body at a vertex; NaN where it has nothing near that faces the same way.
fn error_at(surface: &Surface, vertex: Vec3, normal: Vec3) -> f32 {
    match surface.nearest(vertex) {
        Some(near) if near.distance < REACH_M && !near.on_rim && near.normal.dot(normal) > 0.0 => {
            near.distance.copysign((near.point - vertex).dot(normal))
        }
        _ => f32::NAN,
    }
}

/// The gender to start from.
pub(super) fn gender(known: &Known) -> f64 {
    match known.sex {
        Some(Sex::Female) => 1.0,
        Some(Sex::Male) => 0.0,
        None => 0.5,
    }
}

/// The middle of points.
pub(super) fn centre(points: impl Iterator<Item = Vec3>) -> DVec3 {
    let (sum, n) = points.fold((DVec3::ZERO, 0.0), |(sum, n), p| (sum + p.as_dvec3(), n + 1.0));
    sum / f64::max(n, 1.0)
}
