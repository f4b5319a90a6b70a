//! `evaluate mesh`: lays bodies on posed meshes whose parameters are known, and prints what is left between them.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::{out, progress};
use super::conduct::{Seeds, Stopwatch, interrupt_flag};
use super::table::{figures_heading, figures_line};
use crate::body::measure::{self, Values};
use crate::body::register::{self, Convergence};
use crate::body::synthetic::{self, MeshCase};
use crate::engine::evaluation::statistics::{Summary, summary};
use crate::engine::studio::{BodyModel, SharedModel};
use crate::types::{MeasurementKind, Phenotype, Provenance};

/// Lays bodies on posed meshes of known bodies and prints the errors (SIMULATED).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: corporeal evaluate mesh --seeds 0..100")]
pub struct Options {
    /// Which bodies: the first seed and the one after the last.
    #[arg(long, default_value = "0..100")]
    seeds: Seeds,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One mesh and what was laid on it.
#[derive(Debug, Serialize)]
struct Outcome {
    seed: u64,
    error: Option<String>,
    converged: bool,
    /// Mean distance of the vertices in the pose of the mesh, and of those of the two bodies in the reference pose.
    posed_pve_m: Option<f64>,
    shape_pve_m: Option<f64>,
    height_error_m: Option<f64>,
    waist_error_m: Option<f64>,
    mass_error_kg: Option<f64>,
    wall_secs: f64,
    cpu_secs: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report {
    provenance: Provenance,
    seeds: [u64; 2],
    n_failed: usize,
    n_not_converged: usize,
    /// The figures of the table, in the unit of their name.
    figures: Vec<(&'static str, Option<Summary>)>,
    cases: Vec<Outcome>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let model = SharedModel::default().get().map_err(anyhow::Error::msg)?;
    let Seeds { first, end } = options.seeds;
    let mut outcomes = Vec::new();
    for seed in first..end {
        progress::step(format_args!("mesh · seed {seed}"));
        match outcome(&model, seed, &interrupted) {
            Some(outcome) => outcomes.push(outcome),
            None => break,
        }
    }
    progress::clear();
    let report = report(options.seeds, outcomes);
    if options.json {
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    out::line(text(&report))
}

/// `None` when somebody interrupted.
fn outcome(model: &BodyModel, seed: u64, interrupted: &AtomicBool) -> Option<Outcome> {
    let case = synthetic::mesh_case(&model.anny, seed);
    let watch = Stopwatch::start();
    let found = register::to_topology(&model.anny, &case.mesh, &mut |_| !interrupted.load(Ordering::Relaxed));
    let (wall_secs, cpu_secs) = watch.read();
    let failed = |error: String| Outcome {
        seed,
        error: Some(error),
        converged: false,
        posed_pve_m: None,
        shape_pve_m: None,
        height_error_m: None,
        waist_error_m: None,
        mass_error_kg: None,
        wall_secs,
        cpu_secs,
    };
    let found = match found {
        Ok(found) => found,
        Err(register::Error::Cancelled) => return None,
        Err(error) => return Some(failed(error.to_string())),
    };
    let posed = found.mesh.positions.iter().zip(case.mesh.positions.iter()).map(|(a, b)| f64::from(a.distance(*b)));
    let n = case.mesh.positions.len().max(1) as f64;
    let posed_pve_m = posed.sum::<f64>() / n;
    let (shape_pve_m, errors) = shape_errors(model, &case, &found.phenotype);
    let error = |kind: MeasurementKind| errors.map(|errors| errors[kind as usize].abs());
    Some(Outcome {
        seed,
        error: None,
        converged: found.convergence == Convergence::Converged,
        posed_pve_m: Some(posed_pve_m),
        shape_pve_m: Some(shape_pve_m),
        height_error_m: error(MeasurementKind::Height),
        waist_error_m: error(MeasurementKind::Waist),
        mass_error_kg: error(MeasurementKind::Mass),
        wall_secs,
        cpu_secs,
    })
}

/// Mean distance of vertices in the reference pose, and found minus true measurements.
fn shape_errors(model: &BodyModel, case: &MeshCase, found: &Phenotype) -> (f64, Option<Values>) {
    let [truth, found] = [&case.phenotype, found].map(|phenotype| model.anny.reference_mesh(phenotype));
    let apart = truth.vertices.iter().zip(&found.vertices).map(|(a, b)| f64::from(a.distance(*b)));
    let pve_m = apart.sum::<f64>() / truth.vertices.len().max(1) as f64;
    let values = [&truth, &found].map(|body| measure::values(&model.plan, &body.vertices, &body.bones));
    let errors = match values {
        [Some(truth), Some(found)] => Some(std::array::from_fn(|kind| found[kind] - truth[kind])),
        _ => None,
    };
    (pve_m, errors)
}

fn report(seeds: Seeds, cases: Vec<Outcome>) -> Report {
    let of = |value: fn(&Outcome) -> Option<f64>, factor: f64| {
        summary(
            &cases.iter().filter(|case| case.error.is_none()).filter_map(value).map(|v| v * factor).collect::<Vec<_>>(),
        )
    };
    let figures = vec![
        ("posed error, mm", of(|case| case.posed_pve_m, 1e3)),
        ("shape error, mm", of(|case| case.shape_pve_m, 1e3)),
        ("  height, mm", of(|case| case.height_error_m, 1e3)),
        ("  waist, mm", of(|case| case.waist_error_m, 1e3)),
        ("  mass, kg", of(|case| case.mass_error_kg, 1.0)),
        ("time per mesh, ms", of(|case| Some(case.wall_secs), 1e3)),
        ("  of the processor", of(|case| case.cpu_secs, 1e3)),
    ];
    Report {
        provenance: Provenance::Simulated,
        seeds: [seeds.first, seeds.end],
        n_failed: cases.iter().filter(|case| case.error.is_some()).count(),
        n_not_converged: cases.iter().filter(|case| case.error.is_none() && !case.converged).count(),
        figures,
        cases,
    }
}

fn text(report: &Report) -> String {
    let [first, end] = report.seeds;
    let mut text = format!(
        "SIMULATED — the meshes are the model's own, so a perfect answer exists.\n\nmesh · seeds {first}..{end} · {} meshes",
        report.cases.len()
    );
    if (report.cases.len() as u64) < end - first {
        text += &format!(" (interrupted, {} were asked for)", end - first);
    }
    if report.n_failed + report.n_not_converged > 0 {
        text += &format!("\n  {} without a body, {} not converged", report.n_failed, report.n_not_converged);
    }
    text += "\n";
    text += &figures_heading();
    for (name, figures) in &report.figures {
        if let Some(figures) = figures {
            text += &figures_line(name, figures);
        }
    }
    text.trim_end().to_owned()
}
