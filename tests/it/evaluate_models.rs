//! Versions of the network that sees people, held against each other on one recording.

use std::path::{Path, PathBuf};

use corporeal::engine::evaluation::models::{Settings, run};
use corporeal::export::mcap::Recorder;
use corporeal::simulate::{RadioFormat, SceneOptions, Simulator, SimulatorSpec};
use corporeal::types::{Provenance, RecordedSource, RecordingInfo, Site, Timestamp};

/// A room that no training saw, as `simulate record` writes it.
fn record(path: &Path, secs: f64, with_site: bool, with_truth: bool) {
    let scene = SceneOptions {
        n_links: 8,
        n_rx: 3,
        n_people: 1,
        format: RadioFormat::Intel5300Ht40,
        secs: 40.0,
        falls: false,
        ..SceneOptions::default()
    };
    let spec = SimulatorSpec {
        start: Some(Timestamp::from_secs_f64(86_400.0)),
        ..SimulatorSpec::random((3 << 40) + 21, &scene)
    };
    let mut simulator = Simulator::new(&spec);
    let source = RecordedSource { id: 1, label: "trial".to_owned(), provenance: Provenance::Simulated };
    let site = if with_site { simulator.site().clone() } else { Site::default() };
    let info = RecordingInfo { site, sources: vec![source.clone()], ..RecordingInfo::of_this_program() };
    let mut recorder = Recorder::create(path, info).expect("begins");
    let start = Timestamp::from_secs_f64(86_400.0);
    let mut next_truth = start;
    loop {
        let frame = simulator.next_frame();
        let time = frame.host_time.expect("a clock");
        while with_truth && next_truth <= time {
            recorder.write_truth(&simulator.scene_truth(next_truth)).expect("written");
            next_truth = next_truth.plus_secs(0.1);
        }
        if time.secs_since(start) > secs {
            break;
        }
        recorder.write(time, &source, &frame).expect("written");
    }
    recorder.finish().expect("closed");
}

fn settings(recording: PathBuf, models: Vec<Option<PathBuf>>) -> Settings {
    Settings { recording, models }
}

#[test]
fn a_version_against_itself_differs_by_nothing_and_beats_the_rooms_centre() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("room.mcap");
    record(&path, 14.0, true, true);
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
    let outcome = run(&settings(path, vec![None, Some(own)]), &mut |_, _| true).expect("measured");
    assert!(outcome.moments.len() >= 8, "{}", outcome.moments.len());
    assert!(outcome.moments.iter().all(|moment| moment.n_people == Some(1)), "the truth is read back");
    let report = outcome.report();
    assert_eq!(report.provenance, Provenance::Simulated);
    let [each, _refusals, pair] = &report.tables[..] else { panic!("{report:?}") };
    let [centre, first, second] = &each.rows[..] else { panic!("{each:?}") };
    let value = |row: &corporeal::engine::evaluation::Row| row.cells[0].value.expect("a figure");
    println!("{}", report.text());
    assert!(value(first) < value(centre), "{} against {}", value(first), value(centre));
    assert_eq!(first.cells[0], second.cells[0]);
    assert_eq!(pair.rows[1].cells[0].value, Some(0.0), "the same places");
}

#[test]
fn without_truth_versions_are_only_held_against_each_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("room.mcap");
    record(&path, 5.0, true, false);
    let outcome = run(&settings(path, vec![None]), &mut |_, _| true).expect("measured");
    let report = outcome.report();
    assert!(outcome.moments.iter().all(|moment| moment.n_people.is_none()));
    assert!(report.facts.iter().any(|fact| fact.contains("does not say who was where")), "{report:?}");
    assert!(!report.tables[0].columns.iter().any(|column| column.contains("place off")), "{report:?}");
}

#[test]
fn what_cannot_be_compared_says_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let roomless = dir.path().join("roomless.mcap");
    record(&roomless, 2.5, false, true);
    let why = |settings: Settings| run(&settings, &mut |_, _| true).expect_err("nothing to compare").to_string();
    let said = why(settings(roomless.clone(), vec![None]));
    assert!(said.contains("in which room it was made"), "{said}");
    let said = why(settings(roomless, vec![None, Some(dir.path().join("nothing here"))]));
    assert!(said.contains("nothing here"), "{said}");
    let said = why(settings(dir.path().join("gone.mcap"), vec![None]));
    assert!(said.contains("no such file"), "{said}");
}
