//! Measurements and remarks as lines of text, for the terminal, contact sheets and tables.

use super::bodies::Entry;
use super::{QualityView, Remark};
use crate::types::{Evidence, Measurement, MeasurementUnit};

/// All measurements of a body with their spread and what decided them, then its quality.
pub fn table(entry: &Entry) -> String {
    let measurements = if entry.fitted.is_empty() { &entry.view.measurements } else { &entry.fitted };
    let mut text = String::new();
    for measurement in measurements.iter() {
        text += &format!(
            "  {:<18} {:<20} {}\n",
            measurement.kind.label(),
            value(measurement),
            evidence(measurement.evidence)
        );
    }
    if let Some(quality) = &entry.quality {
        text += &quality_text(quality);
    }
    text.trim_end().to_owned()
}

/// As `84.2 cm ± 1.1`: no more digits than the spread carries.
pub fn value(measurement: &Measurement) -> String {
    let (factor, unit, digits) = match measurement.kind.unit() {
        MeasurementUnit::Metres => (100.0, "cm", 1),
        MeasurementUnit::CubicMetres => (1000.0, "l", 1),
        MeasurementUnit::Kilograms => (1.0, "kg", 1),
        MeasurementUnit::KilogramsPerSquareMetre => (1.0, "kg/m²", 1),
    };
    let value = measurement.value * factor;
    match measurement.sigma.map(|sigma| sigma * factor) {
        // Three digits that the data do not carry are not printed.
        Some(sigma) if sigma >= 3.0 => format!("{value:.0} {unit} ± {sigma:.0}"),
        Some(sigma) => format!("{value:.digits$} {unit} ± {sigma:.digits$}"),
        None => format!("{value:.digits$} {unit}"),
    }
}

/// What decided a measurement, in a word.
pub fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Photo => "photo",
        Evidence::Given => "given",
        Evidence::Prior => "not observed (prior)",
        Evidence::Mesh => "mesh",
    }
}

fn quality_text(quality: &QualityView) -> String {
    let mut text = format!("  reprojection {:.1} px", quality.reprojection_px);
    if let Some(overlap) = quality.overlap {
        text += &format!(" · outline overlap {:.0} %", overlap * 100.0);
    }
    text += &format!(
        " · expected error {:.0} mm · plausibility {:.2} · {:.2} s\n",
        quality.expected_error_mm, quality.plausibility, quality.fit_secs
    );
    if let Err(why) = &quality.converged {
        text += &format!("  ! did not settle: {why}\n");
    }
    for remark in &quality.remarks {
        text += &self::remark(remark);
        text.push('\n');
    }
    text
}

/// One line, with a mark when the result must not be relied upon.
pub fn remark(remark: &Remark) -> String {
    let mark = if remark.serious { "!" } else { "·" };
    match &remark.advice {
        Some(advice) => format!("  {mark} {} — {advice}", remark.text),
        None => format!("  {mark} {}", remark.text),
    }
}
