//! Measurements of a body as a table (CSV) and as an object (JSON). SI units; a dot as the decimal sign.
//!
//! The table has one row per measurement and repeats on each what is true of all of them, so that rows of several
//! people can be put under each other.

use super::Error;
use super::body_info::{BodyInfo, LICENCES, generator, unit_symbol};

/// The columns of the table. `sigma` is one standard deviation, empty where it is not known; `flags` and `licences` are
/// separated by " | ".
pub const COLUMNS: [&str; 10] =
    ["measurement", "label", "value", "unit", "sigma", "evidence", "provenance", "flags", "generator", "licences"];

pub fn csv(info: &BodyInfo) -> Result<Vec<u8>, Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let failed = |message: String| Error::Format { message };
    table.write_record(COLUMNS).map_err(|error| failed(error.to_string()))?;
    for measurement in &info.measurements {
        let evidence = serde_json::to_value(measurement.evidence).map_err(|error| failed(error.to_string()))?;
        let row = [
            measurement.kind.key().to_owned(),
            measurement.kind.label().to_owned(),
            measurement.value.to_string(),
            unit_symbol(measurement.kind.unit()).to_owned(),
            measurement.sigma.map(|sigma| sigma.to_string()).unwrap_or_default(),
            evidence.as_str().unwrap_or_default().to_owned(),
            info.provenance.clone(),
            info.flags.join(" | "),
            generator(),
            LICENCES.join(" | "),
        ];
        table.write_record(&row).map_err(|error| failed(error.to_string()))?;
    }
    table.into_inner().map_err(|error| failed(error.to_string()))
}

/// The object of [`BodyInfo::to_json`], indented.
pub fn json(info: &BodyInfo) -> Result<Vec<u8>, Error> {
    let mut text =
        serde_json::to_vec_pretty(&info.to_json()).map_err(|error| Error::Format { message: error.to_string() })?;
    text.push(b'\n');
    Ok(text)
}
