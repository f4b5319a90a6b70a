//! The body studio's panels in the window, driven by their labels, over a studio made by hand.

pub mod person;

use std::path::PathBuf;
use std::sync::Arc;

use corporeal::app::{Action, Pane, StartLayout};
use corporeal::engine::studio::{
    BatchView, BodyOrigin, ComparisonView, ModelView, ModelsView, PhotoState, Studio, StudioCommand, WorkView,
};
use corporeal::engine::{Command, Snapshot};
use corporeal::types::{Known, PhenotypeAxis, Provenance, Remark, Sex};
use egui::{Key, Modifiers, Vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use crate::app::{Bench, Dropped, Setup, open, replay};

const CTRL: Modifiers = Modifiers::COMMAND;

pub fn snapshot(studio: Studio) -> Snapshot {
    Snapshot { studio: Arc::new(studio), ..Snapshot::default() }
}

/// The window in its arrangement for bodies.
pub fn open_bodies(studio: Studio, setup: Setup) -> Bench {
    let mut bench = open(snapshot(studio), setup);
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Bodies));
    bench.harness.run();
    bench
}

fn bodies(studio: Studio) -> Bench {
    open_bodies(studio, Setup { size: Vec2::new(1440.0, 1000.0), ..Setup::default() })
}

impl Bench {
    /// What was asked of the studio since the last time.
    #[track_caller]
    fn asked(&mut self) -> Vec<StudioCommand> {
        self.take_sent()
            .into_iter()
            .map(|command| match command {
                Command::Studio(command) => command,
                other => panic!("not for the studio: {other:?}"),
            })
            .collect()
    }

    fn studio(&mut self, change: impl FnOnce(&mut Studio)) {
        self.change(|snapshot| {
            let mut studio = Studio::clone(&snapshot.studio);
            change(&mut studio);
            snapshot.studio = Arc::new(studio);
        });
    }

    fn type_into(&mut self, field: &str, text: &str) {
        self.harness.get_by_label(field).focus();
        self.harness.run();
        self.harness.get_by_label(field).type_text(text);
        self.harness.run();
    }

    fn front(&mut self, pane: Pane) {
        self.harness.state_mut().perform(Action::Show(pane));
        self.harness.run();
    }

    fn drop_files(&mut self, paths: &[&str]) {
        for path in paths {
            self.harness.input_mut().dropped_files.push(Arc::new(Dropped(PathBuf::from(path))));
        }
        self.harness.run();
    }
}

/// A photo in use, and no body yet.
fn ready() -> Studio {
    Studio { bodies: Vec::new(), ..person::fitted() }
}

/// A change of one body of the studio.
fn edit(studio: &mut Studio, n: usize, change: impl FnOnce(&mut corporeal::engine::studio::BodyView)) {
    let mut body = corporeal::engine::studio::BodyView::clone(&studio.bodies[n]);
    change(&mut body);
    studio.bodies[n] = Arc::new(body);
}

fn two_bodies() -> Studio {
    let mut studio = person::fitted();
    studio.bodies.push(Arc::new(person::body(2, "side", 1.15, &[])));
    studio
}

fn compared() -> Studio {
    let mut studio = two_bodies();
    let n = studio.bodies[0].poses[0].mesh.positions.len();
    studio.comparison = Some(Arc::new(ComparisonView {
        body: 1,
        reference: 2,
        error_m: (0..n).map(|i| 0.03 * (i as f32 / n as f32 - 0.5)).collect(),
        mean_abs_m: 0.0094,
        median_abs_m: 0.0071,
        p95_abs_m: 0.0183,
        reference_measurements: person::measurements(0.968),
    }));
    studio
}

fn fitting() -> Studio {
    let preview = person::body(9, "so far", 1.0, &[]).poses[1].mesh.clone();
    let work = WorkView {
        job: 4,
        label: "Fitting body".to_owned(),
        stages: vec!["age anchors", "whole shape", "pose"],
        stage: 1,
        progress: Some(0.55),
        figure: Some("7.1 px".to_owned()),
        preview: Some(preview),
    };
    Studio { work: Some(work), ..ready() }
}

#[test]
fn an_empty_studio_teaches_and_offers_the_next_step() {
    let mut bench = bodies(Studio::default());
    for words in ["Measure a person from photos", "Add a photo of a person", "Provenance NO PHOTO"] {
        assert!(bench.shows(words), "{words}");
    }
    assert!(bench.shows_part("Nothing leaves this machine") && bench.shows_part("Needs a photo"));
    assert!(!bench.shows("Timeline") && !bench.shows("Record"), "radio has no place here");
    bench.harness.query_all_by_label("Draw a body").next().expect("an empty stage offers it").click();
    bench.harness.run();
    assert_eq!(bench.asked(), [StudioCommand::AddDrawn { sex: None }]);
    bench.front(Pane::Models);
    bench.click("Look for models");
    assert_eq!(bench.asked(), [StudioCommand::ReloadModels]);
}

#[test]
fn dropped_files_go_to_those_who_read_them() {
    let mut bench = open(Snapshot::default(), Setup::default());
    bench.drop_files(&["/data/front.JPG", "/data/walk.pcap", "/data/scan.obj", "/data/side.webp"]);
    let path = |text: &str| PathBuf::from(text);
    assert_eq!(
        bench.take_sent(),
        [
            Command::Studio(StudioCommand::AddPhotos(vec![path("/data/front.JPG"), path("/data/side.webp")])),
            Command::Studio(StudioCommand::OpenScans(vec![path("/data/scan.obj")])),
            Command::Open(vec![path("/data/walk.pcap")]),
        ]
    );
    assert_eq!(bench.harness.state().settings().layout, StartLayout::Bodies);
    assert_eq!(bench.harness.state().settings().recent, [path("/data/walk.pcap")], "photos are not remembered");
    let stored = bench.harness.state().stored().expect("settings can be written");
    assert!(!stored.contains("front.JPG") && !stored.contains("side.webp"));
}

#[test]
fn a_height_in_feet_is_converted_and_an_impossible_one_refused_with_a_sentence() {
    let mut bench = bodies(ready());
    bench.type_into("Height", "5'11\"");
    assert!(bench.shows("1.80 m"), "what was understood is said");
    bench.key(Modifiers::NONE, Key::Enter);
    let asked = bench.asked();
    let [StudioCommand::SetKnown(known)] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(known.height_m.is_some_and(|m| (m - 1.8034).abs() < 1e-9) && known.weight_kg.is_none());

    let mut bench = bodies(ready());
    bench.type_into("Height", "17.8 m");
    bench.key(Modifiers::NONE, Key::Enter);
    assert!(bench.shows_part("taller than anybody alive"));
    bench.key(CTRL, Key::Enter);
    assert!(!bench.asked().contains(&StudioCommand::Fit), "nothing is fitted to a slip of the finger");
    assert!(bench.shows_part("The height cannot be used"));
}

#[test]
fn fitting_counts_what_was_typed_and_says_what_it_needs() {
    let mut bench = bodies(ready());
    bench.type_into("Weight", "160 lb");
    bench.click("Male");
    bench.harness.get_all_by_label("Fit body").next().expect("the panel has it").click();
    bench.harness.run();
    let asked = bench.asked();
    assert_eq!(asked.last(), Some(&StudioCommand::Fit));
    let known =
        asked.iter().rev().find_map(|c| if let StudioCommand::SetKnown(known) = c { Some(known) } else { None });
    let known = known.expect("the figures go first");
    assert_eq!(known.sex, Some(Sex::Male));
    assert!(known.weight_kg.is_some_and(|kg| (kg - 72.57).abs() < 0.01));

    let no_one = Studio { photos: vec![person::photo(1, "wall.jpg", 0)], ..Studio::default() };
    let unused = Studio {
        photos: vec![corporeal::engine::studio::PhotoView { used: false, ..person::photo(1, "front.jpg", 1) }],
        ..Studio::default()
    };
    let broken = Studio {
        models: ModelsView { error: Some("the models folder is missing".to_owned()), ..ModelsView::default() },
        ..ready()
    };
    for (studio, reason) in [
        (Studio::default(), "Needs a photo"),
        (no_one, "No person is chosen"),
        (unused, "No photo is in use"),
        (broken, "cannot be used"),
        (fitting(), "A fit is running"),
    ] {
        let mut bench = bodies(studio);
        bench.key(CTRL, Key::Enter);
        assert_eq!(bench.asked(), [], "{reason}");
        assert!(bench.shows_part(&format!("Fit body: {reason}")) || bench.shows_part(reason), "{reason}");
    }
}

#[test]
fn figures_that_change_elsewhere_appear_in_the_form() {
    let mut bench = bodies(ready());
    bench.studio(|studio| studio.known = Known { height_m: Some(1.62), age_years: Some(34.0), ..Known::default() });
    assert!(bench.shows("1.62 m") && bench.shows("34 years"));
    assert_eq!(bench.asked(), [], "reading is not writing");
}

#[test]
fn of_several_people_one_is_chosen_by_number_or_in_the_photo() {
    let studio = Studio { photos: vec![person::photo(1, "group.jpg", 3)], ..Studio::default() };
    let mut bench = bodies(studio);
    assert!(bench.shows("Photo group.jpg, person 1 of 3, in use"));
    bench.click("Measure person 3 of 3");
    bench.click("Person 2 of 3 in the photo");
    let choose = |person| StudioCommand::ChoosePerson { photo: 1, person };
    assert_eq!(bench.asked(), [choose(2), choose(1)]);
    bench.studio(|studio| studio.photos[0].person = None);
    assert!(bench.shows("Photo group.jpg, 3 people, in use"));
}

#[test]
fn a_photo_says_its_state_its_remarks_and_why_it_failed() {
    let mut studio = person::fitted();
    studio.photos[0].remarks = vec![Remark {
        serious: true,
        text: "The feet are cut off".to_owned(),
        advice: Some("Step back until the floor is seen".to_owned()),
    }];
    let mut reading = person::photo(2, "side.jpg", 0);
    (reading.state, reading.photo, reading.observation) = (PhotoState::Reading, None, None);
    let mut looking = person::photo(3, "back.jpg", 0);
    (looking.state, looking.observation) = (PhotoState::Looking("finding people".to_owned()), None);
    let mut failed = person::photo(4, "huge.png", 0);
    failed.state = PhotoState::Failed("30000 × 30000 px is too large — save it smaller".to_owned());
    (failed.photo, failed.observation) = (None, None);
    studio.photos.extend([reading, looking, failed]);
    let mut bench = bodies(studio);
    for card in [
        "Photo front.jpg, see remarks, in use",
        "Photo side.jpg, reading, in use",
        "Photo back.jpg, finding people, in use",
        "Photo huge.png, failed, in use",
    ] {
        assert!(bench.shows(card), "{card}");
    }
    bench.click("Photo front.jpg, see remarks, in use");
    assert!(bench.shows("The feet are cut off") && bench.shows("Step back until the floor is seen"));
    bench.click("Photo huge.png, failed, in use");
    assert!(bench.shows("30000 × 30000 px is too large — save it smaller"));
}

#[test]
fn photos_are_used_or_not_and_removed_after_one_question() {
    let mut bench = bodies(person::fitted());
    bench.click("Use");
    assert_eq!(bench.asked(), [StudioCommand::UsePhoto { photo: 1, used: false }]);
    bench.click("Remove front.jpg");
    assert!(bench.shows("Remove photo front.jpg?") && bench.shows_part("wiped from memory"));
    bench.click("Keep");
    assert_eq!(bench.asked(), []);
    bench.click("Remove front.jpg");
    bench.click("Remove");
    assert_eq!(bench.asked(), [StudioCommand::RemovePhoto(1)]);
    assert!(!bench.shows("Remove photo front.jpg?"), "it asks once");
}

#[test]
fn a_pasted_picture_becomes_a_photo() {
    let mut bench = open(Snapshot::default(), Setup::default());
    let picture = egui::ColorImage::filled([48, 40], egui::Color32::from_rgb(10, 20, 30));
    bench.harness.event(egui::Event::PasteImage(Arc::new(picture)));
    bench.harness.run();
    let asked = bench.asked();
    let [StudioCommand::AddPhoto { label, photo }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((label.as_str(), photo.width, photo.height, photo.pixel(47, 39)), ("Clipboard", 48, 40, [10, 20, 30]));
    assert_eq!(bench.harness.state().settings().layout, StartLayout::Bodies);
}

#[test]
fn a_running_fit_shows_its_stages_and_can_be_cancelled() {
    let mut bench = bodies(fitting());
    for words in ["Stage 1 of 3 done", "Stage 2 of 3 running", "Stage 3 of 3 to come", "7.1 px"] {
        assert!(bench.shows(words), "{words}");
    }
    bench.click("Cancel Fitting body");
    assert_eq!(bench.take_sent(), [Command::CancelJob(4)]);
    bench.harness.state_mut().perform(Action::CancelWork);
    bench.harness.run();
    assert_eq!(bench.take_sent(), [Command::CancelJob(4)]);
}

#[test]
fn measurements_carry_unit_spread_and_evidence_and_rows_light_their_tape() {
    let mut bench = bodies(person::fitted());
    for row in [
        "Height 178.0 cm ± 1.0, given",
        "Waist 84.2 cm ± 1.1, photo",
        "Chest 98 cm ± 2, photo",
        "Upper arm 30.1 cm ± 1.7, not observed",
        "Volume 72 L ± 2, photo",
        "Body mass index 22.9 kg/m² ± 0.7, photo",
    ] {
        assert!(bench.shows(row), "{row}");
    }
    let waist = "Waist 84.2 cm ± 1.1, photo";
    bench.click(waist);
    assert!(bench.shows("Unpin"), "a click keeps the tape lit");
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows("Unpin"), "and Esc puts it out");
    bench.click("in");
    assert!(bench.shows("Waist 33.1 in ± 0.4, photo") && !bench.shows(waist));
    let stored = bench.harness.state().stored().expect("settings can be written");
    let again = open(
        snapshot(person::fitted()),
        Setup { stored: Some(stored), size: Vec2::new(1440.0, 1000.0), ..Setup::default() },
    );
    assert!(again.shows("Waist 33.1 in ± 0.4, photo"), "the unit is remembered");
}

#[test]
fn quality_is_said_in_figures_and_words_with_advice() {
    let bench = bodies(person::fitted());
    for words in ["4.2 px", "91 %", "9.8 mm", "62 %", "142 ms", "usable", "Add a view from the side"] {
        assert!(bench.shows(words), "{words}");
    }
    let mut studio = person::fitted();
    edit(&mut studio, 0, |body| {
        if let Some(quality) = &mut body.quality {
            quality.converged = Err("the landmarks contradict each other".to_owned());
        }
    });
    let bench = bodies(studio);
    assert!(bench.shows("not usable") && bench.shows("the landmarks contradict each other"));
}

#[test]
fn an_edited_body_says_so_and_keeps_its_provenance() {
    let mut studio = person::fitted();
    edit(&mut studio, 0, |body| body.edited = true);
    let mut bench = bodies(studio);
    assert!(bench.shows("Body front, from 1 photo, edited, REPLAY"));
    assert!(bench.shows("Edited — figures are the drawing's, not the person's"));
    bench.front(Pane::Shape);
    bench.click("Reset");
    assert_eq!(bench.asked(), [StudioCommand::ResetPhenotype(1)]);

    let mut drawn = person::body(1, "drawn woman", 1.0, &[]);
    (drawn.origin, drawn.provenance, drawn.quality) = (BodyOrigin::Drawn, Provenance::Simulated, None);
    let bench = bodies(Studio { bodies: vec![Arc::new(drawn)], ..Studio::default() });
    assert!(bench.shows("Provenance SIMULATED") && bench.shows("Body drawn woman, drawn, SIMULATED"));
}

#[test]
fn sliders_change_the_body_and_both_sides_together() {
    let mut bench = bodies(person::fitted());
    bench.front(Pane::Shape);
    bench.harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Muscle").focus();
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::ArrowRight);
    let asked = bench.asked();
    let [StudioCommand::SetPhenotype { body: 1, phenotype, done: true }] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert!(phenotype.get(PhenotypeAxis::Muscle) > 0.5 && phenotype.local_changes.is_empty());

    bench.type_into("Search sliders", "lower arm");
    assert!(bench.shows("Lower arm depth") && !bench.shows("Muscle") && !bench.shows("Waist girth"));
    bench.harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Lower arm depth").focus();
    bench.harness.run();
    bench.key(Modifiers::NONE, Key::ArrowRight);
    let asked = bench.asked();
    let [StudioCommand::SetPhenotype { phenotype, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let [(0, left), (1, right)] = phenotype.local_changes.as_slice() else { panic!("{phenotype:?}") };
    assert!(left == right && *left > 0.0);
    bench.click("Both sides");
    assert!(bench.shows("Left lower arm depth") && bench.shows("Right lower arm depth"));
}

#[test]
fn undo_and_redo_name_what_they_do() {
    let mut bench = bodies(person::fitted());
    bench.key(CTRL, Key::Z);
    assert_eq!(bench.asked(), []);
    assert!(bench.shows_part("Nothing to undo"));
    bench.studio(|studio| {
        studio.undo = Some("change of muscle".to_owned());
        studio.redo = Some("change of waist girth".to_owned());
    });
    bench.key(CTRL, Key::Z);
    bench.key(Modifiers { shift: true, ..CTRL }, Key::Z);
    assert_eq!(bench.asked(), [StudioCommand::Undo, StudioCommand::Redo]);
}

#[test]
fn two_bodies_are_compared_in_figures() {
    let mut bench = bodies(two_bodies());
    bench.front(Pane::Compare);
    bench.click("Compare two bodies");
    bench.harness.get_all_by_label("Compare").last().expect("the panel has it").click();
    bench.harness.run();
    assert_eq!(bench.asked(), [StudioCommand::Compare(Some((2, 1)))]);
    let mut bench = bodies(compared());
    bench.front(Pane::Compare);
    for words in [
        "9.4 mm",
        "7.1 mm",
        "18 mm",
        "Waist 84.2 cm 96.8 cm −12.6 cm",
        "Distance from the reference from −20 mm to 20 mm",
    ] {
        assert!(bench.shows(words), "{words}");
    }
    bench.click("Side by side");
    bench.click("End");
    assert_eq!(bench.asked(), [StudioCommand::Compare(None)]);
    let mut bench = bodies(person::fitted());
    bench.front(Pane::Compare);
    assert!(bench.shows_part("Needs two bodies"));
}

#[test]
fn a_scan_is_registered_before_it_has_sliders() {
    let mut scan = person::body(3, "scan", 1.0, &[]);
    (scan.origin, scan.phenotype) = (BodyOrigin::Scan { label: "scan.obj".to_owned() }, None);
    (scan.quality, scan.measurements) = (None, Arc::from([]));
    let mut bench = bodies(Studio { bodies: vec![Arc::new(scan)], ..Studio::default() });
    assert!(bench.shows("Body scan, scan scan.obj, REPLAY"));
    bench.front(Pane::Shape);
    bench.click("Register scan");
    assert_eq!(bench.asked(), [StudioCommand::Register(3)]);
    bench.key(CTRL, Key::E);
    assert!(bench.shows("Export scan") && bench.shows_part("read by nearly everything"));
    bench.click("Cancel");
    assert!(!bench.shows("Export scan"));
}

#[test]
fn the_export_form_states_what_is_lost() {
    let mut bench = bodies(person::fitted());
    bench.key(CTRL, Key::E);
    assert!(bench.shows("Export front") && bench.shows_part("at most 0.3 mm") && bench.shows_part("up to 29 mm"));
    bench.click("PLY");
    assert!(bench.shows("Captured") && !bench.shows_part("29 mm"));
    bench.click("JSON");
    assert!(bench.shows_part("17 measurements in SI units"));
    bench.key(Modifiers::NONE, Key::Escape);
    assert!(!bench.shows("Export front"));
    assert_eq!(bench.asked(), []);
}

#[test]
fn bodies_are_selected_renamed_and_removed() {
    let mut bench = bodies(two_bodies());
    let row = "Body front, from 1 photo, REPLAY";
    bench.click(row);
    assert!(bench.harness.get_by_label(row).accesskit_node().toggled() == Some(egui::accesskit::Toggled::True));
    bench.click("Remove side");
    bench.click("Remove");
    assert_eq!(bench.asked(), [StudioCommand::RemoveBody(2)]);
    assert!(!bench.shows("Remove body side?"));
}

#[test]
fn models_say_their_engine_latency_and_what_is_not_installed() {
    let model = |role: &str, name: Option<&str>, latency_ms, note: Option<&str>| ModelView {
        role: role.to_owned(),
        name: name.map(ToOwned::to_owned),
        latency_ms,
        note: note.map(ToOwned::to_owned),
    };
    let models = ModelsView {
        engine: "tract 0.23 (built in)".to_owned(),
        n_threads: 1,
        models: vec![
            model("33 body landmarks", Some("pose_landmark_full 0.10.14"), Some(48.2), None),
            model("depth", None, None, Some("drop a MiDaS or Depth-Anything ONNX file into the models folder")),
        ],
        error: Some("face_mesh.onnx has another hash than the manifest says — install the models anew".to_owned()),
    };
    let mut bench = bodies(Studio { models, ..Studio::default() });
    bench.front(Pane::Models);
    for words in [
        "tract 0.23 (built in)",
        "1 thread",
        "33 body landmarks: pose_landmark_full 0.10.14, last run 48 ms",
        "depth: not installed, last run no data",
        "models cannot be used",
    ] {
        assert!(bench.shows(words), "{words}");
    }
    assert!(bench.shows_part("has another hash") && bench.shows("Copy"), "errors can be copied");
    bench.click("Reload");
    assert_eq!(bench.asked(), [StudioCommand::ReloadModels]);
}

#[test]
fn a_dropped_folder_is_offered_as_a_batch() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut bench = bodies(Studio::default());
    bench.drop_files(&[dir.path().to_str().expect("a plain path")]);
    assert_eq!(bench.asked(), []);
    bench.click("Start");
    let (folder, output) = (dir.path().to_owned(), dir.path().join("bodies"));
    assert_eq!(bench.asked(), [StudioCommand::Batch { folder, output }]);
    bench.studio(|studio| {
        studio.batch = Some(BatchView {
            job: 6,
            folder: "study".to_owned(),
            n_done: 1,
            n_failed: 1,
            n_total: 5,
            lines: vec![
                ("a.jpg".to_owned(), Ok("waist 84.2 cm ± 1.1".to_owned())),
                ("b.jpg".to_owned(), Err("no person was found".to_owned())),
            ],
        });
    });
    assert!(bench.shows("1 of 5 done, 1 failed") && bench.shows("no person was found"));
    bench.click("Cancel");
    assert_eq!(bench.take_sent(), [Command::CancelJob(6)]);
}

#[test]
fn bodies_and_room_share_the_stage_by_choice() {
    let mut bench = open(replay(1, 20.0, 2.0), Setup::default());
    assert!(bench.shows("Room view") && !bench.shows("Body view"));
    bench.change(|snapshot| snapshot.studio = Arc::new(person::fitted()));
    assert!(bench.shows("Room view"), "a body does not push the room away");
    bench.click("Bodies");
    assert!(bench.shows("Body view") && !bench.shows("Room view"));
    let mut bench = open(snapshot(person::fitted()), Setup::default());
    assert!(bench.shows("Body view"), "where there is no room, bodies stand");
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Bodies));
    bench.harness.run();
    assert!(bench.shows("Body view"));
}

#[test]
fn each_layout_comes_back_as_it_was_left() {
    let mut bench = open(snapshot(person::fitted()), Setup::default());
    bench.front(Pane::Photos);
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Bodies));
    bench.harness.run();
    assert!(bench.shows("Stage 1") || bench.shows("Stage"));
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Lab));
    bench.harness.run();
    assert!(bench.shows("Photo front.jpg, 1 person, in use"), "the panel that was added is still there");
    bench.harness.state_mut().perform(Action::ResetLayout);
    bench.harness.run();
    assert!(!bench.shows("Photo front.jpg, 1 person, in use"));
}

#[test]
fn every_action_can_be_done_with_bodies() {
    for studio in [person::fitted(), fitting(), compared()] {
        let dialogs = [Action::Open, Action::AddPhotos, Action::OpenScan, Action::BatchFolder, Action::ExportSheet];
        for action in Action::all().filter(|action| !dialogs.contains(action) && *action != Action::PastePhoto) {
            let mut bench = open_bodies(studio.clone(), Setup::default());
            bench.harness.state_mut().perform(action);
            bench.harness.run_steps(3);
        }
    }
}

#[test]
fn the_stage_and_overlays_are_drawn_only_when_something_changed() {
    let mut bench = open_bodies(person::fitted(), Setup { wgpu: true, ..Setup::default() });
    let state = |bench: &Bench| (bench.harness.state().n_rooms_drawn(), bench.harness.state().n_overlays_drawn());
    let before = state(&bench);
    assert!(before.0 > 0 && before.1 > 0, "{before:?}");
    bench.harness.run_steps(5);
    bench.change(|snapshot| snapshot.number += 1);
    assert_eq!(state(&bench), before);
    bench.studio(|studio| edit(studio, 0, |body| body.revision += 1));
    let after = state(&bench);
    assert!(after.0 > before.0 && after.1 > before.1, "{after:?}");
}

/// What a reader must see, in both themes.
#[test]
fn the_studio_looks_as_it_should() {
    let mut results = SnapshotResults::new();
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let setup = Setup { theme, size: Vec2::new(1100.0, 700.0), wgpu: true, ..Setup::default() };
        let mut bench = open_bodies(person::fitted(), setup.clone());
        bench.harness.snapshot(format!("bodies_{name}"));
        results.extend_harness(&mut bench.harness);
        let mut bench = open_bodies(Studio::default(), setup);
        bench.harness.snapshot(format!("bodies_empty_{name}"));
        results.extend_harness(&mut bench.harness);
    }
}
