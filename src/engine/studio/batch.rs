//! A folder of photos, each of another person: bodies and one table of measurements into another folder.

use std::path::Path;

use super::bodies;
use super::fitting::fit_photos;
use super::library::Library;
use super::looking::{look_at, photo_view, read_photo};
use super::work::{Desk, News};
use super::writing::{write_body, write_whole};
use super::{BatchView, ExportOptions};
use crate::engine::NoticeLevel;
use crate::types::{Known, MeasurementKind};

/// The table's name in the output folder.
const TABLE: &str = "measurements.csv";

pub fn run(library: &mut Library, folder: &Path, output: &Path, known: Known, desk: &Desk<'_>) {
    let photos = match crate::photo::photos_in_folder(folder) {
        Ok(photos) if !photos.is_empty() => photos,
        Ok(_) => return desk.fail(format!("no photos in the folder — JPEG, PNG, WebP and TIFF are read: {folder:?}")),
        Err(error) => return desk.fail(error.to_string()),
    };
    if let Err(error) = std::fs::create_dir_all(output) {
        return desk.fail(format!("cannot make the folder — {error}: {output:?}"));
    }
    let mut view = BatchView {
        job: desk.job,
        folder: bodies::file_name(folder),
        n_done: 0,
        n_failed: 0,
        n_total: photos.len(),
        lines: Vec::new(),
    };
    // What is known of one person is not known of a whole folder: only what fits everybody stays.
    let known = Known { height_m: None, weight_kg: None, ..known };
    let mut table = header();
    for (number, path) in photos.iter().enumerate() {
        desk.tell(News::Batch(view.clone()));
        if !desk.progress(number as f32 / photos.len() as f32) {
            break;
        }
        let label = bodies::file_name(path);
        let outcome = one(library, path, &label, output, known, desk, &mut table);
        view.n_done += 1;
        view.n_failed += usize::from(outcome.is_err());
        view.lines.push((label, outcome));
    }
    desk.tell(News::Batch(view.clone()));
    match write_whole(&output.join(TABLE), table.as_bytes()) {
        Ok(()) => desk.tell(News::Said(
            NoticeLevel::Info,
            format!("{} of {} photos fitted: {}", view.n_done - view.n_failed, view.n_total, output.display()),
        )),
        Err(why) => desk.fail(why),
    }
}

fn header() -> String {
    let kinds = MeasurementKind::ALL.map(|kind| format!("{0},{0}_sigma,{0}_evidence", kind.key())).join(",");
    format!("photo,{kinds},overlap,converged,remarks\n")
}

fn one(
    library: &mut Library,
    path: &Path,
    label: &str,
    output: &Path,
    known: Known,
    desk: &Desk<'_>,
    table: &mut String,
) -> Result<String, String> {
    let (photo, remarks) = read_photo(path)?;
    let view = photo_view(1, label.to_owned(), photo, remarks);
    let view = look_at(library, view, &mut |_, _| desk.goes_on())?.ok_or("stopped")?;
    let entry =
        fit_photos(library, 1, std::slice::from_ref(&view), known, &mut |_| desk.goes_on())?.ok_or("stopped")?;
    // With the photo's own ending, so that a.jpg and a.png do not share one.
    let body = output.join(format!("{label}.glb"));
    write_body(library, &entry, &body, ExportOptions::default())?;
    let mut row = vec![field(label)];
    for kind in MeasurementKind::ALL {
        match entry.fitted.iter().find(|measurement| measurement.kind == kind) {
            Some(measurement) => {
                let sigma = measurement.sigma.map_or_else(String::new, |sigma| format!("{sigma:.5}"));
                let evidence = super::figures::evidence(measurement.evidence);
                row.extend([format!("{:.5}", measurement.value), sigma, field(evidence)]);
            }
            None => row.extend([String::new(), String::new(), String::new()]),
        }
    }
    let quality = entry.quality.as_ref().ok_or("the fit says nothing of its quality")?;
    row.push(quality.overlap.map_or_else(String::new, |overlap| format!("{overlap:.3}")));
    row.push(quality.converged.is_ok().to_string());
    let said: Vec<_> = view.remarks.iter().chain(&quality.remarks).map(|remark| remark.text.clone()).collect();
    row.push(field(&said.join("; ")));
    *table += &row.join(",");
    table.push('\n');
    Ok(format!("expected error {:.0} mm", quality.expected_error_mm))
}

/// In quotes where CSV wants them.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
