//! The body studio through the engine's handle: photos and scans in, bodies, tapes and files out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use corporeal::engine::studio::{BodyOrigin, BodyView, ExportOptions, PhotoState, PoseChoice, Studio, StudioCommand};
use corporeal::engine::{Command, Engine, EngineConfig};
use corporeal::types::{Evidence, Known, MeasurementKind, PhenotypeAxis, Provenance, Sex};

fn start() -> Engine {
    Engine::start(EngineConfig::default(), Box::new(|| {})).expect("threads can be started")
}

fn send(engine: &Engine, command: StudioCommand) {
    engine.send(Command::Studio(command));
}

/// The first state that fulfils the wish; fails with what is known after a minute (networks on a busy machine).
#[track_caller]
fn wait_for(engine: &Engine, what: &str, wish: impl Fn(&Studio) -> bool) -> Arc<Studio> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let snapshot = engine.snapshot();
        if wish(&snapshot.studio) {
            return Arc::clone(&snapshot.studio);
        }
        if Instant::now() > deadline {
            let photos: Vec<_> = snapshot.studio.photos.iter().map(|photo| (&photo.label, &photo.state)).collect();
            panic!("never saw: {what}; {photos:?}, {} bodies, {:?}", snapshot.studio.bodies.len(), snapshot.notices);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A photo of the shared material, or a printed reason why the test is skipped.
fn shared_photo(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/models/photos").join(name);
    if !path.exists() {
        println!("skipped: no {name} in ../shared");
    }
    path.exists().then_some(path)
}

fn value(body: &BodyView, kind: MeasurementKind) -> f64 {
    body.measurements.iter().find(|measurement| measurement.kind == kind).expect("measured").value
}

#[test]
fn a_photo_becomes_a_body_with_measurements_and_a_file() {
    let Some(photo) = shared_photo("coco_000000000785.jpg") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start();
    send(&engine, StudioCommand::SetKnown(Known { height_m: Some(1.75), ..Known::default() }));
    send(&engine, StudioCommand::AddPhotos(vec![photo]));
    let studio = wait_for(&engine, "the photo looked at", |studio| {
        // The engine is told of right after the photo.
        studio.photos.first().is_some_and(|photo| photo.state == PhotoState::Ready) && !studio.models.engine.is_empty()
    });
    let photo = &studio.photos[0];
    assert_eq!(photo.label, "coco_000000000785.jpg", "a name, not a path");
    assert_eq!(photo.person, Some(0));
    assert!(!photo.outline.is_empty());

    send(&engine, StudioCommand::Fit);
    let studio = wait_for(&engine, "a body", |studio| studio.bodies.len() == 1 && studio.work.is_none());
    let body = &studio.bodies[0];
    assert_eq!(body.provenance, Provenance::Replay);
    assert_eq!(body.origin, BodyOrigin::Fitted(vec![photo.id]));
    let height = body.measurements.iter().find(|m| m.kind == MeasurementKind::Height).expect("a height");
    assert!((height.value - 1.75).abs() < 0.03, "{height:?}");
    assert_eq!(height.evidence, Evidence::Given);
    assert!(body.measurements.iter().all(|m| m.sigma.is_some_and(|sigma| sigma.is_finite() && sigma > 0.0)));
    let poses: Vec<_> = body.poses.iter().map(|posed| posed.pose).collect();
    assert_eq!(poses, [PoseChoice::APose, PoseChoice::TPose, PoseChoice::Captured(0)]);
    for posed in &body.poses {
        let lowest = posed.mesh.positions.iter().map(|v| v.z).fold(f32::INFINITY, f32::min);
        assert!(lowest.abs() < 1e-4, "{:?} stands on the floor: {lowest}", posed.pose);
        assert!(!posed.tapes.is_empty());
    }
    assert!(body.in_photos[0].overlap.is_none_or(|overlap| overlap > 0.7), "{:?}", body.in_photos[0].overlap);

    let path = dir.path().join("body.glb");
    let options = ExportOptions::default();
    send(&engine, StudioCommand::Export { body: body.id, path: path.clone(), options });
    wait_for(&engine, "the export done", |studio| path.exists() && studio.jobs.is_empty());
    let (document, ..) = gltf::import(&path).expect("a glTF file");
    assert_eq!(document.skins().next().expect("a skin").joints().count(), 104);
    let left: Vec<_> = std::fs::read_dir(dir.path()).expect("the folder").collect();
    assert_eq!(left.len(), 1, "nothing but the file that was asked for");
}

#[test]
fn a_photo_without_a_person_says_so_and_offers_no_body() {
    let Some(photo) = shared_photo("noperson_coffee.png") else { return };
    let engine = start();
    send(&engine, StudioCommand::AddPhotos(vec![photo]));
    let studio = wait_for(&engine, "the photo looked at", |studio| {
        studio.photos.first().is_some_and(|photo| photo.state == PhotoState::Ready)
    });
    assert_eq!(studio.photos[0].person, None);
    assert!(studio.photos[0].remarks.iter().any(|remark| remark.serious && remark.text.contains("No person")));
    send(&engine, StudioCommand::Fit);
    send(&engine, StudioCommand::AddDrawn { sex: None });
    let studio = wait_for(&engine, "the drawn body", |studio| !studio.bodies.is_empty());
    assert_eq!(studio.bodies.len(), 1, "the drawn one alone");
    assert!(engine.snapshot().notices.iter().any(|notice| notice.text.contains("Nothing to fit")));
}

#[test]
fn a_file_that_is_no_photo_fails_with_advice_and_leaves_the_studio_alive() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("letter.jpg");
    std::fs::write(&path, "dear sir or madam").expect("written");
    let engine = start();
    send(&engine, StudioCommand::AddPhotos(vec![path]));
    let studio = wait_for(&engine, "a failed photo", |studio| {
        studio.photos.first().is_some_and(|photo| matches!(photo.state, PhotoState::Failed(_)))
    });
    send(&engine, StudioCommand::RemovePhoto(studio.photos[0].id));
    wait_for(&engine, "no photo", |studio| studio.photos.is_empty());
}

#[test]
fn a_drawn_body_follows_its_sliders_and_undo_takes_them_back() {
    let engine = start();
    send(&engine, StudioCommand::AddDrawn { sex: Some(Sex::Female) });
    let studio = wait_for(&engine, "a body", |studio| studio.bodies.len() == 1);
    let body = Arc::clone(&studio.bodies[0]);
    assert_eq!(body.provenance, Provenance::Simulated, "nobody was measured");
    assert_eq!(studio.local_change_labels.len(), 254);
    assert!(!body.edited);

    let mut phenotype = body.phenotype.clone().expect("a shape");
    for step in 1..=20 {
        phenotype.set(PhenotypeAxis::Height, 0.36 + 0.01 * f64::from(step));
        let done = step == 20;
        send(&engine, StudioCommand::SetPhenotype { body: body.id, phenotype: phenotype.clone(), done });
    }
    let height = value(&body, MeasurementKind::Height);
    let studio = wait_for(&engine, "a taller body", |studio| {
        studio.bodies[0].edited && value(&studio.bodies[0], MeasurementKind::Height) > height + 0.1
    });
    assert_eq!(studio.undo.as_deref(), Some("Change shape"));
    send(&engine, StudioCommand::Undo);
    let studio = wait_for(&engine, "the body as it was", |studio| !studio.bodies[0].edited);
    assert!((value(&studio.bodies[0], MeasurementKind::Height) - height).abs() < 1e-9);
    assert_eq!(studio.redo.as_deref(), Some("Change shape"));
    send(&engine, StudioCommand::Undo);
    wait_for(&engine, "an empty stage", |studio| studio.bodies.is_empty());
    send(&engine, StudioCommand::Redo);
    send(&engine, StudioCommand::Redo);
    wait_for(&engine, "the tall body again", |studio| studio.bodies.first().is_some_and(|body| body.edited));
}

#[test]
fn a_body_written_as_a_mesh_comes_back_as_a_scan_and_is_registered() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("scan.ply");
    let engine = start();
    send(&engine, StudioCommand::AddDrawn { sex: Some(Sex::Male) });
    let studio = wait_for(&engine, "a body", |studio| studio.bodies.len() == 1);
    let drawn = Arc::clone(&studio.bodies[0]);
    let options = ExportOptions::default();
    send(&engine, StudioCommand::Export { body: drawn.id, path: path.clone(), options });
    wait_for(&engine, "the export done", |studio| path.exists() && studio.jobs.is_empty());
    send(&engine, StudioCommand::OpenScans(vec![path]));
    let studio = wait_for(&engine, "the scan", |studio| studio.bodies.len() == 2);
    let scan = Arc::clone(&studio.bodies[1]);
    assert!(matches!(scan.origin, BodyOrigin::Scan { .. }));
    send(&engine, StudioCommand::Register(scan.id));
    let studio = wait_for(&engine, "the registered body", |studio| studio.bodies.len() == 3);
    let registered = Arc::clone(&studio.bodies[2]);
    let apart = value(&registered, MeasurementKind::Height) - value(&drawn, MeasurementKind::Height);
    assert!(apart.abs() < 0.005, "{apart}");
    send(&engine, StudioCommand::Compare(Some((registered.id, scan.id))));
    let studio = wait_for(&engine, "the comparison", |studio| studio.comparison.is_some());
    let comparison = studio.comparison.as_ref().expect("just seen");
    assert!(comparison.mean_abs_m < 0.005, "{}", comparison.mean_abs_m);
    send(&engine, StudioCommand::RemoveBody(scan.id));
    let studio = wait_for(&engine, "the scan gone", |studio| studio.bodies.len() == 2);
    assert!(studio.comparison.is_none());
}
