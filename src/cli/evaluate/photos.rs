//! `evaluate photos`: fits a folder of the user's own photos of people who were measured with a tape, and prints the errors.
//!
//! The only check against real people; nothing of it leaves the machine, and no such photos come with the program.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use serde::Serialize;

use super::super::{out, progress};
use super::conduct::interrupt_flag;
use super::table::{Row, row_of, rows_text};
use crate::engine::studio::{self, Library};
use crate::types::{
    Known, Measurement, MeasurementKind, MeasurementUnit, Provenance, Sex, parse_age_years, parse_height_m,
    parse_weight_kg,
};

/// Fits your own photos of people who were measured with a tape, and prints the errors.
#[derive(Debug, clap::Args)]
#[command(after_help = "The folder holds the photos and truth.csv, one line per person:
  photos,height,weight,sex,age,chest_cm,waist_cm,hip_cm,mass_kg
  ann-front.jpg;ann-side.jpg,1.68,,f,34,92.5,74,99,61.2
What stands under height, weight, sex and age is told to the fit; columns that end in _cm or _kg are what it is compared
with, under the names that measurements have in CSV files. Every cell but the photos may be empty.")]
pub struct Options {
    folder: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One line of the table of truths.
#[derive(Debug, PartialEq)]
struct Person {
    photos: Vec<String>,
    known: Known,
    /// SI.
    truth: Vec<(MeasurementKind, f64)>,
}

/// What became of one person.
#[derive(Debug, Serialize)]
struct Outcome {
    photos: Vec<String>,
    error: Option<String>,
    measurements: Vec<Measurement>,
    /// Found minus true, SI.
    errors: Vec<(MeasurementKind, f64)>,
}

#[derive(Debug, Serialize)]
struct Report {
    provenance: Provenance,
    n_failed: usize,
    rows: Vec<Row>,
    people: Vec<Outcome>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let table = options.folder.join("truth.csv");
    let text = std::fs::read_to_string(&table)
        .with_context(|| format!("the folder needs a table of what was measured, see --help: {}", table.display()))?;
    let people = people(&text)?;
    let mut library = Library::default();
    let mut outcomes = Vec::new();
    for person in &people {
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        progress::step(person.photos.join(" + "));
        match fit(&mut library, &options.folder, person, &interrupted) {
            Ok(Some(measurements)) => outcomes.push(outcome(person, measurements)),
            Ok(None) => break,
            Err(why) => {
                eprintln!("· {why}");
                let photos = person.photos.clone();
                outcomes.push(Outcome { photos, error: Some(why), measurements: Vec::new(), errors: Vec::new() });
            }
        }
    }
    progress::clear();
    let report = report(outcomes);
    if options.json {
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    let n_failed = report.n_failed;
    out::line(format_args!(
        "{} · {} people · {n_failed} without a body",
        report.provenance.label(),
        report.people.len()
    ))?;
    out::line(rows_text(&report.rows).trim_end())
}

fn outcome(person: &Person, measurements: Vec<Measurement>) -> Outcome {
    let errors = person.truth.iter().filter_map(|(kind, truth)| {
        let found = measurements.iter().find(|measurement| measurement.kind == *kind)?;
        Some((*kind, found.value - truth))
    });
    Outcome { photos: person.photos.clone(), error: None, errors: errors.collect(), measurements }
}

/// `None` when somebody interrupted.
fn fit(
    library: &mut Library,
    folder: &Path,
    person: &Person,
    interrupted: &AtomicBool,
) -> Result<Option<Vec<Measurement>>, String> {
    let mut views = Vec::new();
    for (number, name) in person.photos.iter().enumerate() {
        let (photo, remarks) = studio::read_photo(&folder.join(name))?;
        let view = studio::photo_view(number as u64 + 1, name.clone(), photo, remarks);
        let goes_on = &mut |_: &str, _: f32| !interrupted.load(Ordering::Relaxed);
        match studio::look_at(library, view, goes_on)? {
            Some(view) => views.push(view),
            None => return Ok(None),
        }
    }
    let entry = studio::fit_photos(library, 1, &views, person.known, &mut |_| !interrupted.load(Ordering::Relaxed))?;
    Ok(entry.map(|entry| entry.fitted.to_vec()))
}

fn report(people: Vec<Outcome>) -> Report {
    let row = |kind: MeasurementKind| {
        let found = people.iter().filter_map(|person| {
            let (_, error) = person.errors.iter().find(|(of, _)| *of == kind)?;
            Some((*error, person.measurements.iter().find(|measurement| measurement.kind == kind).copied()))
        });
        row_of(kind, &found.collect::<Vec<_>>(), None)
    };
    Report {
        provenance: Provenance::Replay,
        n_failed: people.iter().filter(|person| person.error.is_some()).count(),
        rows: MeasurementKind::ALL.into_iter().filter_map(row).collect(),
        people,
    }
}

/// Reads the table; an error names the line and says what to write.
fn people(text: &str) -> anyhow::Result<Vec<Person>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns: Vec<String> = reader.headers()?.iter().map(str::to_lowercase).collect();
    anyhow::ensure!(columns.iter().any(|column| column == "photos"), "truth.csv needs a column named photos");
    let mut people = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let mut person = Person { photos: Vec::new(), known: Known::default(), truth: Vec::new() };
        for (column, cell) in columns.iter().zip(record?.iter()).filter(|(_, cell)| !cell.is_empty()) {
            // The heading is line 1.
            person.fill(column, cell).map_err(|why| anyhow::anyhow!("truth.csv, line {}: {why}", number + 2))?;
        }
        if !person.photos.is_empty() {
            people.push(person);
        }
    }
    anyhow::ensure!(!people.is_empty(), "truth.csv names no photos");
    Ok(people)
}

impl Person {
    fn fill(&mut self, column: &str, cell: &str) -> Result<(), String> {
        match column {
            "photos" => self.photos = cell.split(';').map(|name| name.trim().to_owned()).collect(),
            "height" => self.known.height_m = Some(parse_height_m(cell)?),
            "weight" => self.known.weight_kg = Some(parse_weight_kg(cell)?),
            "age" => self.known.age_years = Some(parse_age_years(cell)?),
            "sex" => {
                self.known.sex = Some(match cell.to_lowercase().as_str() {
                    "f" | "female" => Sex::Female,
                    "m" | "male" => Sex::Male,
                    _ => return Err(format!("write f or m under sex, not {cell:?}")),
                });
            }
            _ => self.truth.push(truth(column, cell)?),
        }
        Ok(())
    }
}

/// `waist_cm` or `mass_kg` with its value, as SI.
fn truth(column: &str, cell: &str) -> Result<(MeasurementKind, f64), String> {
    let named = |key: &str, unit: MeasurementUnit| {
        MeasurementKind::ALL.into_iter().find(|kind| kind.key() == key && kind.unit() == unit)
    };
    let metres = column.strip_suffix("_cm").and_then(|key| named(key, MeasurementUnit::Metres));
    let kilograms = column.strip_suffix("_kg").and_then(|key| named(key, MeasurementUnit::Kilograms));
    let (kind, factor) = match (metres, kilograms) {
        (Some(kind), _) => (kind, 0.01),
        (None, Some(kind)) => (kind, 1.0),
        (None, None) => return Err(format!("nothing is measured as {column:?}; see --help for the names")),
    };
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok((kind, value * factor)),
        _ => Err(format!("write a positive number under {column}, not {cell:?}")),
    }
}
