//! Evaluations as the window asks for them, and verdicts that outlive a session: the engine through its handle.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use corporeal::engine::evaluation::{RowKind, State, Task, masking, presence, tracking};
use corporeal::engine::{Command, Engine, EngineConfig, NoticeLevel, Snapshot};
use corporeal::types::{Provenance, Span};

use crate::golden::shared_csi;

pub fn start(dir: &Path) -> Engine {
    let config = EngineConfig {
        recordings_dir: dir.to_owned(),
        verdicts_dir: Some(dir.join("verdicts")),
        ..EngineConfig::default()
    };
    Engine::start(config, Box::new(|| {})).expect("threads can be started")
}

#[track_caller]
pub fn wait_for(engine: &Engine, what: &str, wish: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let deadline = Instant::now() + Duration::from_secs(240);
    loop {
        let snapshot = engine.snapshot();
        if wish(&snapshot) {
            return snapshot;
        }
        assert!(
            Instant::now() < deadline,
            "never saw: {what}; {:?} {:?}",
            (&snapshot.evaluations, &snapshot.jobs),
            snapshot.notices
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_done(snapshot: &Snapshot) -> bool {
    snapshot.evaluations.last().is_some_and(|one| !one.is_running())
}

#[test]
fn simulated_people_are_followed_beside_plain_trackers_and_the_report_says_simulated() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    let settings = tracking::Settings { people: vec![2], links: vec![4], seeds: [1000, 1003], secs: 20 };
    engine.send(Command::Evaluate(Task::Tracking(settings.clone())));
    let snapshot = wait_for(&engine, "the report", is_done);
    let State::Done(report) = &snapshot.evaluations[0].state else { panic!("{:?}", snapshot.evaluations) };
    assert_eq!(report.provenance, Provenance::Simulated);
    let [table] = &report.tables[..] else { panic!("{report:?}") };
    assert_eq!(table.rows.iter().filter(|row| row.kind == RowKind::Baseline).count(), 2);
    let idf1 = table.rows[0].cells[1].clone();
    assert!(idf1.value.is_some_and(|value| (0.3..=1.0).contains(&value)) && idf1.low <= idf1.value, "{idf1:?}");
    // The command line prints the same figures, because it prints the same report.
    let groups = tracking::run(&settings, &mut |_, _| true).expect("three trials");
    assert_eq!(**report, tracking::report(&settings, &groups));
    engine.send(Command::ForgetEvaluation(snapshot.evaluations[0].id));
    wait_for(&engine, "an empty list", |snapshot| snapshot.evaluations.is_empty());
}

#[test]
fn what_cannot_be_evaluated_says_what_to_give() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::Evaluate(Task::Presence(presence::Settings::new(dir.path().join("nowhere")))));
    let snapshot = wait_for(&engine, "the failure", is_done);
    let State::Failed(why) = &snapshot.evaluations[0].state else { panic!("{:?}", snapshot.evaluations) };
    assert!(why.contains("give the folder that holds baseline and movement"), "{why}");
    assert!(snapshot.notices.iter().any(|notice| notice.level == NoticeLevel::Error && notice.text == *why));
    assert!(snapshot.jobs.is_empty(), "the job has ended");
}

#[test]
fn a_cancelled_evaluation_leaves() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    let settings = tracking::Settings { seeds: [1000, 100_000], ..tracking::Settings::default() };
    engine.send(Command::Evaluate(Task::Tracking(settings)));
    let running = wait_for(&engine, "progress", |snapshot| snapshot.jobs.iter().any(|job| job.progress.is_some()));
    engine.send(Command::CancelJob(running.evaluations[0].id));
    let ended = wait_for(&engine, "the end", |snapshot| !snapshot.evaluations.iter().any(|one| one.is_running()));
    if let Some(State::Done(report)) = ended.evaluations.first().map(|one| &one.state) {
        assert!(report.tables[0].notes.iter().any(|note| note.contains("stopped after")), "{report:?}");
    }
}

#[test]
fn presence_on_real_clips_reaches_what_its_record_says() {
    let Some(folder) = shared_csi("espectre") else { return };
    let report = corporeal::engine::evaluation::run(&Task::Presence(presence::Settings::new(folder)), &mut |_, _| true);
    let report = report.expect("the clips can be read");
    assert_eq!(report.provenance, Provenance::Replay);
    let by_chip = &report.tables[0];
    assert_eq!(by_chip.rows.len(), 3, "{:?}", by_chip.rows);
    for row in &by_chip.rows {
        let f1 = row.cells[1].value.expect("measured");
        assert!(f1 >= 0.97, "{}: {f1}", row.name);
    }
}

#[test]
fn masking_on_a_table_of_ones_own_needs_records_that_are_long_enough() {
    let dir = tempfile::tempdir().expect("a folder");
    let table = dir.path().join("labels.csv");
    std::fs::write(&table, "file,start,end,label\n").expect("written");
    let why = masking::run(&masking::Settings::new(table), &mut |_, _| true).expect_err("it names nothing");
    assert!(why.to_string().contains("names no recordings"), "{why}");
}

#[test]
fn a_marked_fall_comes_back_with_its_recording_in_another_session() {
    let Some(path) = shared_csi("csikit-data/Internal/Broadcom/walk_1597159475.pcap") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let marked = {
        let engine = start(dir.path());
        engine.send(Command::Open(vec![path.clone()]));
        let snapshot = wait_for(&engine, "the index", |s| s.playback.as_ref().is_some_and(|p| p.span.is_some()));
        let start = snapshot.timeline.span.expect("indexed").start;
        let marked = Span::new(start.plus_secs(1.0), start.plus_secs(3.0));
        engine.send(Command::MarkFall(marked));
        let said = wait_for(&engine, "the mark", |s| !s.verdicts.missed.is_empty());
        assert!(said.verdicts.is_kept && said.verdicts.can_undo);
        // Nothing can be learned where no link described a burst, and that is said.
        let is_warned = said.notices.iter().any(|notice| notice.text.contains("too little moved there"));
        assert!(said.verdicts.n_falls == 1 || is_warned, "{:?}", said.notices);
        marked
    };
    let engine = start(dir.path());
    engine.send(Command::Open(vec![path]));
    let snapshot = wait_for(&engine, "the mark of the other session", |s| !s.verdicts.missed.is_empty());
    assert_eq!(snapshot.verdicts.missed, [marked]);
    engine.send(Command::CloseAll);
    wait_for(&engine, "nothing open", |s| s.verdicts.missed.is_empty());
}

#[test]
fn intervals_of_counts_are_garwood_s_however_many_there_are() {
    // Exact 95 % intervals of a Poisson mean (Garwood 1936): halves of chi-squared quantiles.
    let expected = [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390), (927, 868.28, 988.65)];
    for (n, low, high) in expected {
        let (found_low, found_high) = corporeal::engine::evaluation::statistics::poisson_interval(n);
        assert!((found_low - low).abs() < 6e-3 && (found_high - high).abs() < 6e-3, "{n}: {found_low} to {found_high}");
    }
}
