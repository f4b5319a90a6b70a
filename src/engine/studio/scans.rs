//! Scans: reading mesh files, and laying the parametric body on them.

use std::path::Path;

use super::bodies::{self, Entry};
use super::library::Library;
use super::work::{Desk, News, REGISTERING};
use super::{BodyId, BodyOrigin, WorkView};
use crate::body::AnnyModel;
use crate::body::register::{self, Progress, Registration, Stage};
use crate::engine::NoticeLevel;
use crate::scan;
use crate::types::{Known, Mesh, Provenance};

pub fn open(id: BodyId, path: &Path, desk: &Desk<'_>) {
    match scan::open(path, &scan::Options::default()) {
        Ok(read) => {
            let label = bodies::file_name(path);
            let origin = BodyOrigin::Scan { label: label.clone() };
            let mut entry =
                Entry { scan: Some(read.mesh), ..Entry::empty(id, label.clone(), origin, Provenance::Replay) };
            entry.make_scan_view();
            desk.tell(News::Said(NoticeLevel::Info, format!("{label}: {}", sentence(&read.info))));
            desk.tell(News::Body { name: "Open scan", entry: Box::new(entry) });
        }
        Err(error) => desk.fail(error.to_string()),
    }
}

/// What was understood and guessed, for the user to check.
pub fn sentence(info: &scan::ScanInfo) -> String {
    let dropped = match info.n_dropped_vertices + info.n_dropped_triangles {
        0 => String::new(),
        n => format!("; {n} broken vertices or triangles left out"),
    };
    format!(
        "{}, {} triangles; {}; {}{dropped}",
        info.format.label(),
        info.n_triangles,
        info.unit_reason,
        info.up_reason
    )
}

/// Lays the body model on a mesh: exactly where it is one of the model's own, else as a surface.
pub fn lay_on(
    model: &AnnyModel,
    mesh: &Mesh,
    known: Known,
    go_on: &mut dyn FnMut(&Progress) -> bool,
) -> Result<Registration, register::Error> {
    match register::recognise(model, mesh) {
        Some(own) => register::to_topology(model, &own, go_on),
        None => register::to_scan(model, mesh, known, go_on),
    }
}

pub fn register(
    library: &mut Library,
    id: BodyId,
    scan: BodyId,
    name: &str,
    mesh: &Mesh,
    known: Known,
    desk: &Desk<'_>,
) {
    let model = match library.model.get() {
        Ok(model) => model,
        Err(why) => return desk.fail(why),
    };
    let mut go_on = |progress: &Progress| {
        desk.tell(News::Work(Box::new(WorkView {
            job: desk.job,
            label: REGISTERING.into(),
            stages: vec!["Alignment", "Age anchors", "Refinement"],
            stage: match progress.stage {
                Stage::Align => 0,
                Stage::Anchors => 1,
                Stage::Refine => 2,
            },
            progress: Some(progress.fraction),
            figure: progress.rms_m.is_finite().then(|| format!("{:.1} mm", progress.rms_m * 1e3)),
            preview: None,
        })));
        desk.goes_on()
    };
    match lay_on(&model.anny, mesh, known, &mut go_on) {
        Ok(found) => {
            let mut entry = entry(id, scan, name, found);
            entry.make_view(&model);
            desk.tell(News::Body { name: "Register scan", entry: Box::new(entry) });
        }
        Err(register::Error::Cancelled) => {}
        Err(error) => desk.fail(error.to_string()),
    }
}

fn entry(id: BodyId, scan: BodyId, name: &str, found: Registration) -> Entry {
    let origin = BodyOrigin::Registered { scan };
    Entry {
        phenotype: Some(found.phenotype.clone()),
        original: Some(found.phenotype),
        captured: vec![found.pose].into(),
        // The registration says how far the scan lies outside of the body; the comparison asks for the other side.
        error_to_scan_m: found.per_vertex_error_m.iter().map(|error| -error).collect(),
        ..Entry::empty(id, format!("{name}, registered"), origin, Provenance::Replay)
    }
}
