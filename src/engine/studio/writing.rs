//! Bodies, measurements and contact sheets to files. A file appears whole or not at all.

use std::path::Path;

use bevy_math::DVec2;

use super::bodies::{self, Entry};
use super::library::{BodyModel, Library};
use super::work::{Desk, News};
use super::{BodyFormat, BodyOrigin, ExportOptions, PhotoView, PoseChoice, PosedView};
use crate::engine::NoticeLevel;
use crate::export::body_info::{BodyInfo, QualityFigure};
use crate::export::gltf::{self, Influences, SkinnedBody};
use crate::export::mesh_file::{self, UvMap};
use crate::export::{measurements, sheet};
use crate::types::{Mesh, Provenance};

/// Writes one body; the answer says what was written, for the user.
pub fn write_body(library: &mut Library, entry: &Entry, path: &Path, options: ExportOptions) -> Result<String, String> {
    let format = options.format.map_or_else(|| format_of(path), Ok)?;
    let said = |what: String| format!("{what}: {}", path.display());
    let info = info(library, entry);
    match format {
        BodyFormat::Glb | BodyFormat::Gltf => {
            let model = library.model.get()?;
            let document = skinned(&model, entry, &info, options)?;
            if format == BodyFormat::Glb {
                write_whole(path, &document.glb())?;
            } else {
                let buffer = path.with_extension("bin");
                let (json, bin) = document.gltf(&bodies::file_name(&buffer)).map_err(|error| error.to_string())?;
                write_whole(&buffer, &bin)?;
                write_whole(path, &json)?;
            }
            let cut = document.cut;
            let (largest_mm, mean_mm) = (cut.largest_error_m * 1e3, cut.mean_error_m * 1e3);
            Ok(said(format!(
                "Skinned body, {} influences (at most {largest_mm:.2} mm off in the captured pose, {mean_mm:.3} mm on average)",
                options.max_influences
            )))
        }
        BodyFormat::Obj | BodyFormat::Ply => {
            let posed = pose(entry, options.pose).ok_or("the body has no mesh in that pose")?;
            let comments = comments(&info);
            let bytes = if format == BodyFormat::Ply {
                let errors = (posed.mesh.positions.len() == entry.view.sigma_m.len()).then_some(&*entry.view.sigma_m);
                mesh_file::ply(&posed.mesh, errors, &comments)
            } else {
                let model = library.model.get().ok().filter(|_| entry.phenotype.is_some());
                let uv =
                    model.as_ref().map(|model| UvMap { coordinates: &model.anny.uv, triangles: &model.anny.face_uv });
                mesh_file::obj(&posed.mesh, uv, &comments)
            };
            write_whole(path, &bytes)?;
            Ok(said("Mesh".into()))
        }
        BodyFormat::MeasurementsCsv => {
            write_whole(path, &measurements::csv(&info).map_err(|error| error.to_string())?)?;
            Ok(said("Measurements".into()))
        }
        BodyFormat::MeasurementsJson => {
            write_whole(path, &measurements::json(&info).map_err(|error| error.to_string())?)?;
            Ok(said("Measurements".into()))
        }
    }
}

/// What the ending of a file's name asks for.
pub fn format_of(path: &Path) -> Result<BodyFormat, String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    Ok(match ending.as_str() {
        "glb" => BodyFormat::Glb,
        "gltf" => BodyFormat::Gltf,
        "obj" => BodyFormat::Obj,
        "ply" => BodyFormat::Ply,
        "csv" => BodyFormat::MeasurementsCsv,
        "json" => BodyFormat::MeasurementsJson,
        _ => {
            return Err(format!(
                "cannot tell the format — end the name in .glb, .gltf, .obj, .ply, .csv or .json: {path:?}"
            ));
        }
    })
}

fn skinned(
    model: &BodyModel,
    entry: &Entry,
    info: &BodyInfo,
    options: ExportOptions,
) -> Result<gltf::Document, String> {
    let phenotype = entry.phenotype.as_ref().ok_or("a scan has no bones — register it first, then export that body")?;
    let shape = model.anny.shape(phenotype);
    let captured = match options.pose {
        PoseChoice::Captured(i) => entry.captured.get(i),
        _ => entry.captured.first(),
    };
    let pose = captured.cloned().unwrap_or_else(|| model.anny.reference_pose());
    let influences = if options.max_influences < 8 { Influences::Four } else { Influences::Eight };
    let body = SkinnedBody::new(&model.anny, &shape, &pose);
    gltf::document(&body, info, gltf::Options { influences, ..Default::default() }).map_err(|error| error.to_string())
}

fn pose(entry: &Entry, choice: PoseChoice) -> Option<&PosedView> {
    let poses = &entry.view.poses;
    poses.iter().find(|posed| posed.pose == choice).or_else(|| poses.first())
}

/// What the file says about the body. Nothing in it names a photo.
fn info(library: &mut Library, entry: &Entry) -> BodyInfo {
    let provenance = match (&entry.origin, entry.provenance) {
        (BodyOrigin::Fitted(photos), _) => format!("fitted to {} photo(s)", photos.len()),
        (BodyOrigin::Registered { .. }, _) => "registered to a scan".into(),
        (BodyOrigin::Scan { .. }, _) => "a scan as it was read".into(),
        (BodyOrigin::Drawn, Provenance::Simulated) => "set by hand: nobody was measured".into(),
        (BodyOrigin::Drawn, _) => "set by hand".into(),
    };
    let edited = if entry.edited { ", then changed by hand: the figures are the drawing's" } else { "" };
    let phenotype = entry.phenotype.clone().unwrap_or_default();
    let labels = library.model.local_change_labels();
    let local_changes = phenotype
        .local_changes
        .iter()
        .filter_map(|(index, value)| Some((labels.get(usize::from(*index))?.clone(), *value)))
        .collect();
    let quality = entry.quality.as_ref().filter(|_| !entry.edited);
    BodyInfo {
        provenance: provenance + edited,
        phenotype,
        local_changes,
        measurements: entry.view.measurements.to_vec(),
        quality: quality.map(figures).unwrap_or_default(),
        flags: quality.map(flags).unwrap_or_default(),
    }
}

fn figures(quality: &super::QualityView) -> Vec<QualityFigure> {
    let figure = |name: &str, value: f32, unit: &str| QualityFigure {
        name: name.into(),
        value: value.into(),
        unit: unit.into(),
    };
    let mut figures = vec![
        figure("reprojection_error", quality.reprojection_px, "px"),
        figure("expected_vertex_error", quality.expected_error_mm, "mm"),
        figure("plausibility", quality.plausibility, "1"),
        figure("converged", if quality.converged.is_ok() { 1.0 } else { 0.0 }, "1"),
    ];
    figures.extend(quality.overlap.map(|overlap| figure("silhouette_overlap", overlap, "1")));
    figures
}

fn flags(quality: &super::QualityView) -> Vec<String> {
    let unsettled = quality.converged.as_ref().err().cloned();
    let remarks = quality.remarks.iter().map(|remark| match &remark.advice {
        Some(advice) => format!("{}: {advice}", remark.text),
        None => remark.text.clone(),
    });
    unsettled.into_iter().chain(remarks).collect()
}

fn comments(info: &BodyInfo) -> Vec<String> {
    let mut comments = vec![format!("{}; {}", crate::export::body_info::generator(), info.provenance)];
    comments.extend(crate::export::body_info::LICENCES.iter().map(|line| (*line).to_owned()));
    comments
}

/// Into a new file beside it first, so that a full disk leaves the old one as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), String> {
    crate::export::save(path, bytes).map(drop).map_err(|error| error.to_string())
}

/// Draws photo, landmarks, outline and body side by side, one row a photo; the body is the one fitted to that photo.
pub fn write_sheet(rows: &[(PhotoView, Option<Entry>)], path: &Path) -> Result<u64, String> {
    let projected: Vec<Option<Projected<'_>>> =
        rows.iter().map(|(photo, entry)| Projected::new(photo, entry.as_ref()?)).collect();
    let rows: Vec<sheet::SheetRow<'_>> = rows
        .iter()
        .zip(&projected)
        .filter_map(|((view, entry), projected)| {
            let observation = view.observation.as_ref();
            Some(sheet::SheetRow {
                photo: view.photo.as_deref()?,
                title: &view.label,
                person: observation.and_then(|observation| observation.people.get(view.person?)),
                mesh: projected.as_ref().map(Projected::as_mesh),
                table: entry.as_ref().map(table).unwrap_or_default(),
                warnings: warnings(view, entry.as_ref()),
            })
        })
        .collect();
    if rows.is_empty() {
        return Err("nothing to draw — add a photo first".into());
    }
    sheet::write(path, &rows).map_err(|error| error.to_string())
}

fn table(entry: &Entry) -> Vec<(String, String)> {
    let mut rows: Vec<_> = entry
        .view
        .measurements
        .iter()
        .map(|measurement| (measurement.kind.label().to_owned(), super::figures::value(measurement)))
        .collect();
    if let Some(quality) = &entry.quality {
        let overlap =
            quality.overlap.map_or_else(|| "no outline".into(), |overlap| format!("{:.0} %", overlap * 100.0));
        rows.push(("Overlap".into(), overlap));
        rows.push(("Reprojection".into(), format!("{:.1} px", quality.reprojection_px)));
    }
    rows
}

fn warnings(view: &PhotoView, entry: Option<&Entry>) -> Vec<String> {
    let of_fit = entry.and_then(|entry| entry.quality.as_ref()).map(flags).unwrap_or_default();
    view.remarks.iter().map(|remark| remark.text.clone()).chain(of_fit).collect()
}

/// A body's vertices in one photo.
struct Projected<'a> {
    mesh: &'a Mesh,
    vertices_px: Vec<DVec2>,
    depth_m: Vec<f64>,
    focal_px: f64,
    principal_px: DVec2,
}

impl<'a> Projected<'a> {
    fn new(view: &PhotoView, entry: &'a Entry) -> Option<Self> {
        let photo = view.photo.as_ref()?;
        let placed = entry.in_photos.iter().find(|placed| placed.photo == view.id)?;
        let principal_px = DVec2::new(f64::from(photo.width), f64::from(photo.height)) / 2.0;
        let vertices = placed.mesh.positions.iter().map(|v| v.as_dvec3());
        Some(Self {
            mesh: &placed.mesh,
            vertices_px: vertices
                .clone()
                .map(|v| principal_px + DVec2::new(v.x, -v.z) * (placed.focal_px / v.y.max(1e-3)))
                .collect(),
            depth_m: vertices.map(|v| v.y).collect(),
            focal_px: placed.focal_px,
            principal_px,
        })
    }

    fn as_mesh(&self) -> sheet::ProjectedMesh<'_> {
        sheet::ProjectedMesh {
            vertices_px: &self.vertices_px,
            depth_m: &self.depth_m,
            triangles: &self.mesh.triangles,
            focal_px: self.focal_px,
            principal_px: self.principal_px,
        }
    }
}

pub fn export(library: &mut Library, entry: &Entry, path: &Path, options: ExportOptions, desk: &Desk<'_>) {
    match write_body(library, entry, path, options) {
        Ok(said) => desk.tell(News::Said(NoticeLevel::Info, said)),
        Err(why) => desk.fail(why),
    }
}

pub fn sheet(photos: &[PhotoView], body: Option<&Entry>, path: &Path, desk: &Desk<'_>) {
    let rows: Vec<_> = photos.iter().map(|photo| (photo.clone(), body.cloned())).collect();
    match write_sheet(&rows, path) {
        Ok(_) => desk.tell(News::Said(NoticeLevel::Info, format!("Contact sheet: {}", path.display()))),
        Err(why) => desk.fail(why),
    }
}
