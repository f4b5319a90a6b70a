//! What a run of cases is told as: a table on the terminal, or JSON.

use serde::Serialize;
use serde_json::json;

use crate::body::synthetic::Score;
use crate::engine::evaluation::statistics::{Summary, mean, percentile, summary};
use crate::types::{Evidence, Measurement, MeasurementKind, MeasurementUnit, Provenance};

/// Said before anything else.
pub const HEADING: &str =
    "SIMULATED — bodies, poses and photos are drawn from the model that is fitted (\"inverse crime\").
Compare fitters by these figures; expect larger errors on photos of people.";

/// All cases of one condition.
pub struct Run {
    pub track: String,
    pub n_views: usize,
    /// The first seed and the one after the last that was asked for.
    pub seeds: (u64, u64),
    pub prior: &'static str,
    pub outcomes: Vec<Outcome>,
}

/// What became of one case.
pub struct Outcome {
    pub seed: u64,
    pub error: Option<String>,
    pub score: Option<Score>,
    pub baseline: Option<Score>,
    pub converged: bool,
    pub wall_secs: f64,
    pub cpu_secs: Option<f64>,
}

impl Outcome {
    pub fn failed(seed: u64, error: String) -> Self {
        Self { seed, error: Some(error), score: None, baseline: None, converged: false, wall_secs: 0.0, cpu_secs: None }
    }
}

/// One kind of measurement over all cases, in the unit of the table.
#[derive(Debug, Serialize)]
pub struct Row {
    kind: MeasurementKind,
    unit: &'static str,
    n: usize,
    mean_absolute_error: f64,
    /// Found minus true; with half the width of its 95 % interval (1.96 standard errors).
    bias: f64,
    bias_half_width: f64,
    p90: f64,
    /// Share of the cases whose truth lies within one sigma; 0.68 is honest.
    coverage: f64,
    mean_sigma: f64,
    /// Share of the cases in which the photo decided, the rest being the prior or what was given.
    from_photo: f64,
    /// Of the mean body; `None` where there is none to compare with.
    mean_body_absolute_error: Option<f64>,
}

/// Everything that is printed of a run.
#[derive(Debug, Serialize)]
struct Report {
    provenance: Provenance,
    condition: String,
    n_views: usize,
    seeds: [u64; 2],
    prior: &'static str,
    n_cases: usize,
    n_failed: usize,
    n_not_converged: usize,
    shape_pve_mm: Option<Summary>,
    expected_pve_mm: Option<Summary>,
    posed_pve_mm: Option<Summary>,
    mean_body_pve_mm: Option<Summary>,
    fit_wall_ms: Option<Summary>,
    fit_cpu_ms: Option<Summary>,
    rows: Vec<Row>,
}

impl Report {
    fn new(run: &Run) -> Self {
        let scores: Vec<&Score> = run.outcomes.iter().filter_map(|outcome| outcome.score.as_ref()).collect();
        let baselines: Vec<&Score> = run.outcomes.iter().filter_map(|outcome| outcome.baseline.as_ref()).collect();
        let fitted = || run.outcomes.iter().filter(|outcome| outcome.error.is_none());
        let thousands = |values: Vec<f64>| summary(&values.into_iter().map(|value| value * 1e3).collect::<Vec<_>>());
        Self {
            provenance: Provenance::Simulated,
            condition: run.track.clone(),
            n_views: run.n_views,
            seeds: [run.seeds.0, run.seeds.1],
            prior: run.prior,
            n_cases: run.outcomes.len(),
            n_failed: run.outcomes.iter().filter(|outcome| outcome.error.is_some()).count(),
            n_not_converged: fitted().filter(|outcome| !outcome.converged).count(),
            shape_pve_mm: thousands(scores.iter().map(|score| score.shape_pve_m).collect()),
            expected_pve_mm: thousands(scores.iter().filter_map(|score| score.expected_pve_m).collect()),
            posed_pve_mm: thousands(scores.iter().filter_map(|score| score.posed_pve_m).collect()),
            mean_body_pve_mm: thousands(baselines.iter().map(|score| score.shape_pve_m).collect()),
            fit_wall_ms: thousands(fitted().map(|outcome| outcome.wall_secs).collect()),
            fit_cpu_ms: thousands(fitted().filter_map(|outcome| outcome.cpu_secs).collect()),
            rows: MeasurementKind::ALL.into_iter().filter_map(|kind| row(kind, &scores, &baselines)).collect(),
        }
    }
}

fn row(kind: MeasurementKind, scores: &[&Score], baselines: &[&Score]) -> Option<Row> {
    let found = scores.iter().map(|score| {
        let measurement = score.measurements.iter().find(|measurement| measurement.kind == kind);
        (score.error(kind), measurement.copied())
    });
    let baseline: Vec<f64> = baselines.iter().map(|score| score.error(kind).abs()).collect();
    row_of(kind, &found.collect::<Vec<_>>(), (!baseline.is_empty()).then(|| mean(&baseline)))
}

/// One kind from its errors (found minus true, SI), each with the measurement as the fit states it. `None` without any.
pub fn row_of(kind: MeasurementKind, found: &[(f64, Option<Measurement>)], mean_body: Option<f64>) -> Option<Row> {
    if found.is_empty() {
        return None;
    }
    let (factor, unit) = match kind.unit() {
        MeasurementUnit::Metres => (1e3, "mm"),
        MeasurementUnit::CubicMetres => (1e3, "l"),
        MeasurementUnit::Kilograms => (1.0, "kg"),
        MeasurementUnit::KilogramsPerSquareMetre => (1.0, "kg/m²"),
    };
    let errors: Vec<f64> = found.iter().map(|(error, _)| error * factor).collect();
    let mut absolute: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
    absolute.sort_unstable_by(f64::total_cmp);
    let bias = mean(&errors);
    let spread = errors.iter().map(|error| (error - bias).powi(2)).sum::<f64>() / (errors.len().max(2) - 1) as f64;
    let measured: Vec<(f64, Measurement)> = found.iter().filter_map(|(error, m)| Some((*error, (*m)?))).collect();
    let share = |n: usize| n as f64 / measured.len().max(1) as f64;
    let covered = measured.iter().filter(|(error, m)| m.sigma.is_some_and(|sigma| error.abs() <= sigma));
    let by_photo = measured.iter().filter(|(_, m)| m.evidence == Evidence::Photo);
    let sigmas: Vec<f64> = measured.iter().filter_map(|(_, m)| m.sigma).map(|sigma| sigma * factor).collect();
    Some(Row {
        kind,
        unit,
        n: errors.len(),
        mean_absolute_error: mean(&absolute),
        bias,
        bias_half_width: 1.96 * (spread / errors.len() as f64).sqrt(),
        p90: percentile(&absolute, 0.9),
        coverage: share(covered.count()),
        mean_sigma: mean(&sigmas),
        from_photo: share(by_photo.count()),
        mean_body_absolute_error: mean_body.map(|error| error * factor),
    })
}

pub fn text(run: &Run) -> String {
    let report = Report::new(run);
    let mut text = format!(
        "\n{} · {} view{} · seeds {}..{} · {} case{} · prior {}\n",
        report.condition,
        report.n_views,
        if report.n_views == 1 { "" } else { "s" },
        report.seeds[0],
        report.seeds[1],
        report.n_cases,
        if report.n_cases == 1 { "" } else { "s" },
        report.prior
    );
    let asked = (report.seeds[1] - report.seeds[0]) as usize;
    if report.n_cases < asked {
        text += &format!("  interrupted after {} of {asked} cases\n", report.n_cases);
    }
    if report.n_failed + report.n_not_converged > 0 {
        text += &format!("  {} without a body, {} not converged\n", report.n_failed, report.n_not_converged);
    }
    text += &figures_heading();
    for (name, figures) in [
        ("shape error, mm", report.shape_pve_mm),
        ("  expected by the fit", report.expected_pve_mm),
        ("  of the mean body", report.mean_body_pve_mm),
        ("posed error, mm", report.posed_pve_mm),
        ("time per fit, ms", report.fit_wall_ms),
        ("  of the processor", report.fit_cpu_ms),
    ] {
        if let Some(figures) = figures {
            text += &figures_line(name, &figures);
        }
    }
    text += &rows_text(&report.rows);
    text.trim_end().to_owned()
}

/// Kinds of measurements as lines under their heading.
pub fn rows_text(rows: &[Row]) -> String {
    let mut text = format!(
        "  {:<22}{:>8}  {:<17}{:>8}{:>8}{:>9}{:>8}{:>11}\n",
        "", "|error|", "bias", "p90", "sigma", "covered", "photo", "mean body"
    );
    for row in rows {
        let name = format!("{}, {}", row.kind.label(), row.unit);
        let bias = format!("{:+.1} ± {:.1}", row.bias, row.bias_half_width);
        let mean_body = row.mean_body_absolute_error.map_or_else(|| "no data".into(), |error| format!("{error:.1}"));
        text += &format!(
            "  {name:<22}{:>8.1}  {bias:<17}{:>8.1}{:>8.1}{:>7.0} %{:>6.0} %{mean_body:>11}\n",
            row.mean_absolute_error,
            row.p90,
            row.mean_sigma,
            row.coverage * 100.0,
            row.from_photo * 100.0,
        );
    }
    text
}

pub fn figures_heading() -> String {
    format!("  {:<22}{:>8}  {:<17}{:>8}{:>8}{:>8}\n", "", "mean", "95 % interval", "median", "p90", "max")
}

/// One sample as a line under [`figures_heading`].
pub fn figures_line(name: &str, figures: &Summary) -> String {
    let Summary { mean, mean_low, mean_high, median, p90, max, .. } = figures;
    let digits = if *max < 1.0 { 3 } else { 1 };
    let interval = format!("{mean_low:.digits$} … {mean_high:.digits$}");
    format!("  {name:<22}{mean:>8.digits$}  {interval:<17}{median:>8.digits$}{p90:>8.digits$}{max:>8.digits$}\n")
}

/// The report with every case.
pub fn json(run: &Run) -> serde_json::Value {
    let case = |outcome: &Outcome| {
        let score = outcome.score.as_ref();
        let errors = score.map(|score| {
            let of = |kind: MeasurementKind| (kind.key().to_owned(), json!(score.error(kind)));
            MeasurementKind::ALL.into_iter().map(of).collect::<serde_json::Map<_, _>>()
        });
        json!({
            "seed": outcome.seed,
            "error": outcome.error,
            "converged": outcome.converged,
            "shape_pve_m": score.map(|score| score.shape_pve_m),
            "posed_pve_m": score.and_then(|score| score.posed_pve_m),
            "wall_secs": outcome.wall_secs,
            "cpu_secs": outcome.cpu_secs,
            "errors": errors,
            "measurements": score.map(|score| &score.measurements),
        })
    };
    json!({
        "report": Report::new(run),
        "cases": run.outcomes.iter().map(case).collect::<Vec<_>>(),
    })
}
