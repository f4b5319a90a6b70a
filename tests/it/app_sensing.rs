//! Events with their evidence and verdicts, evaluations, detectors and summaries in the window, driven by their labels.

use std::path::PathBuf;
use std::sync::Arc;

use corporeal::analytics::evaluation::bootstrap::Interval;
use corporeal::analytics::evaluation::metrics::RocPoint;
use corporeal::analytics::evaluation::verdict::Verdict;
use corporeal::analytics::fall::Unsupported;
use corporeal::app::{Action, Pane, StartLayout};
use corporeal::engine::evaluation::{
    Cell, Evaluation, Plot, Report, Row, RowKind, State, Table, Task, falls, tracking,
};
use corporeal::engine::{Command, Detectors, Snapshot};
use corporeal::inference::{Detector, DetectorKind};
use corporeal::types::{
    Confidence, Event, EventId, EventKind, EventVerdict, Figure, LinkId, Provenance, Severity, Span, Stage, StageKind,
};
use egui::{Key, Modifiers, Vec2};
use egui_kittest::SnapshotResults;
use egui_kittest::kittest::Queryable as _;

use crate::app::{Bench, START, Setup, lab, open, replay};

fn figure(name: &str, value: f64) -> Figure {
    Figure { name: name.to_owned(), value }
}

/// A fall at `secs` with all its stages, as a detector tells it.
fn fall(link: LinkId, secs: f64) -> Event {
    let at = |after: f64| START.plus_secs(secs + after);
    let stage = |kind, from: f64, to: f64, confidence: f64, figures: &[(&str, f64)]| Stage {
        kind,
        span: Span::new(at(from), at(to)),
        confidence: Confidence::clamped(confidence),
        figures: figures.iter().map(|(name, value)| figure(name, *value)).collect(),
    };
    let stages = vec![
        stage(StageKind::EventGate, 0.0, 1.2, 0.9, &[("movement over the quiet floor, dB", 19.4)]),
        stage(
            StageKind::DescentBurst,
            0.0,
            0.7,
            0.63,
            &[("score, log-odds", 0.81), ("score above the threshold", 0.53), ("energy 2 s after over peak, ln", 0.44)],
        ),
        stage(StageKind::Impact, 0.7, 1.2, 0.71, &[("fall of the energy within 0.3 s of the peak, dB", 7.1)]),
        stage(StageKind::Stillness, 1.2, 3.2, 0.8, &[("energy of the 2 s after, against the peak, dB", -16.2)]),
        stage(StageKind::TimeOnFloor, 1.2, 7.4, 0.2, &[("without movement, s", 6.2)]),
        stage(StageKind::Recovery, 7.4, 7.4, 1.0, &[("movement came back after, s", 6.2)]),
    ];
    Event {
        id: EventId::of(EventKind::Fall, link, at(0.0)),
        kind: EventKind::Fall,
        severity: Severity::Alert,
        span: Span::new(at(0.0), at(7.4)),
        link: Some(link),
        zone: None,
        track: None,
        confidence: Confidence::clamped(0.63),
        stages,
        revision: 2,
    }
}

fn plain(kind: EventKind, link: LinkId, from: f64, to: f64) -> Event {
    let start = START.plus_secs(from);
    Event {
        id: EventId::of(kind, link, start),
        kind,
        severity: if kind == EventKind::Masking { Severity::Notice } else { Severity::Info },
        span: Span::new(start, START.plus_secs(to)),
        link: Some(link),
        zone: None,
        track: None,
        confidence: Confidence::clamped(0.8),
        stages: Vec::new(),
        revision: 1,
    }
}

/// A recording of a minute whose last half minute has been played: a masked stretch before it, movement, then a fall.
fn reviewed() -> Snapshot {
    let mut snapshot = replay(2, 50.0, 30.0);
    let link = snapshot.links[0].stream.link;
    let other = snapshot.links[1].stream.link;
    snapshot.events = Arc::new(vec![
        plain(EventKind::Masking, other, 4.0, 21.0),
        plain(EventKind::Movement, link, 36.0, 44.0),
        fall(link, 46.0),
    ]);
    snapshot.links[1].sensed.falls = Err(Unsupported::Masked { shaken_share: 0.9 });
    snapshot.links[0].sensed.falls = Err(Unsupported::NotCalibrated);
    snapshot
}

fn review(snapshot: Snapshot, setup: Setup) -> Bench {
    let mut bench = open(snapshot, setup);
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Review));
    bench.harness.run();
    bench
}

fn row(bench: &mut Bench, part: &str) {
    bench.harness.get_by_label_contains(part).click();
    bench.harness.run();
}

/// How far these commands play on, nanoseconds; none of them may be a jump.
#[track_caller]
fn played(sent: &[Command]) -> i64 {
    let nanos = |command: &Command| match command {
        Command::SeekBy { nanos } if *nanos <= 2_500_000_000 => *nanos,
        other => panic!("{other:?}"),
    };
    sent.iter().map(nanos).sum()
}

#[test]
fn a_chosen_event_is_played_up_to_and_shows_its_stages_with_figures_and_doubts() {
    let mut bench = review(reviewed(), Setup::default());
    assert!(bench.shows("Choose an event in the list or on the timeline"));
    row(&mut bench, "fall · 7.4 s");
    let sent = bench.take_sent();
    // To before it, then played through to past its end, so that its signals have come when it is shown.
    let Command::Seek(from) = sent[0] else { panic!("{sent:?}") };
    assert_eq!(from, START.plus_secs(45.0));
    let played = played(&sent[1..]);
    assert!((9.4..=11.0).contains(&(played as f64 / 1e9)), "{sent:?}");
    for words in ["1 event gate", "2 descent burst", "6 recovery", "Signals around the event"] {
        assert!(bench.shows(words), "{words}");
    }
    for part in ["movement over the quiet floor 19.4 dB", "without movement 6.20 s", "the detector is 63 % sure"] {
        assert!(bench.shows_part(part), "{part}");
    }
    assert!(bench.shows_part("Now on this link: Not calibrated for falls"), "what is not judged now stays visible");
}

#[test]
fn signals_that_were_not_played_are_asked_for_and_not_made_up() {
    let mut bench = review(reviewed(), Setup::default());
    row(&mut bench, "masked by a machine · 17.0 s");
    assert!(bench.shows("Play the recording around this moment to see the signals"));
    assert!(!bench.shows("Signals around the event"));
    bench.take_sent();
    bench.click("Go there");
    let sent = bench.take_sent();
    assert!(matches!(sent[0], Command::Seek(_)) && played(&sent[1..]) > 0, "{sent:?}");
    assert!(bench.shows_part("movement and falls are not judged meanwhile"));
}

#[test]
fn keys_walk_through_events_and_judge_them() {
    let mut bench = review(reviewed(), Setup::default());
    let ids: Vec<EventId> = reviewed().events.iter().map(|event| event.id).collect();
    let verdict = |event: EventId, verdict| Command::JudgeEvent { event, verdict: Some(verdict) };
    // The playhead stands behind all events: the first comes first.
    for (key, at) in [(Key::J, 0), (Key::J, 1), (Key::J, 2), (Key::J, 2), (Key::K, 1)] {
        bench.key(Modifiers::NONE, key);
        bench.take_sent();
        bench.key(Modifiers::NONE, Key::U);
        assert_eq!(bench.take_sent(), [verdict(ids[at], EventVerdict::Unsure)]);
    }
    for (key, said) in [(Key::C, EventVerdict::Confirmed), (Key::X, EventVerdict::FalseAlarm)] {
        bench.key(Modifiers::NONE, key);
        assert_eq!(bench.take_sent(), [verdict(ids[1], said)]);
    }
    bench.key(Modifiers::NONE, Key::M);
    assert!(matches!(bench.take_sent()[..], [Command::MarkFall(span)] if (span.secs() - 4.0).abs() < 1e-6));
    bench.click("It was a fall");
    assert_eq!(bench.take_sent(), [verdict(ids[1], EventVerdict::MissedFall)]);
}

#[test]
fn live_events_are_shown_but_not_judged() {
    let mut snapshot = lab(Provenance::Live, 2, 50.0, 20.0);
    snapshot.events = Arc::new(vec![fall(snapshot.links[0].stream.link, 46.0)]);
    let mut bench = review(snapshot, Setup::default());
    row(&mut bench, "fall · 7.4 s");
    assert!(bench.shows("Signals around the event"));
    bench.key(Modifiers::NONE, Key::C);
    bench.click("False alarm");
    assert!(bench.take_sent().is_empty(), "verdicts need a recording");
}

#[test]
fn a_mark_on_the_timeline_chooses_its_event() {
    let mut bench = review(reviewed(), Setup::default());
    let strip = bench.harness.get_by_label("Timeline").rect();
    // The strip is inset by 8 points; the fall is at 46 of 60 s, its mark 10 points below the top.
    let at = egui::pos2(strip.left() + 8.0 + (strip.width() - 16.0) * 46.0 / 60.0, strip.top() + 10.0);
    bench.harness.hover_at(at);
    bench.harness.run();
    bench.harness.drag_at(at);
    bench.harness.drop_at(at);
    bench.harness.run();
    assert!(bench.shows("1 event gate"), "the evidence of the fall is shown");
}

/// A curve of about this area: two normal distributions would bend more.
fn curve(auroc: f64) -> Vec<RocPoint> {
    let power = (1.0 - auroc) / auroc;
    let rates = (0..=50).map(|n| f64::from(n) / 50.0);
    rates.map(|rate| RocPoint { false_alarm_rate: rate, sensitivity: rate.powf(power) }).collect()
}

fn report() -> Report {
    let interval = |value: f64| Interval { value, low: value - 0.05, high: (value + 0.04).min(1.0) };
    let scored = |name: &str, kind, auroc: f64, verdict| Row {
        name: name.to_owned(),
        kind,
        cells: vec![
            Cell::interval(&interval(auroc)),
            Cell::percent_interval(&interval(0.8 * auroc)),
            Cell::text(""),
            Cell::text(if kind == RowKind::Score { "77.2 / 92.0 % / 31.0" } else { "" }),
        ],
        verdict,
        detail: (kind == RowKind::Score).then(|| "by what is left out: u1 0.980 · u2 0.892".to_owned()),
        roc: curve(auroc),
    };
    let columns = [
        "AUROC [95 % interval]",
        "sensitivity at 95 % specificity",
        "inside threshold, sens / spec",
        "threshold of the place",
    ];
    let table = |title: &str, kernel: f64, verdict| Table {
        title: title.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: vec![
            scored("control: no movement", RowKind::Control, 0.646, None),
            scored("control: burst cut out", RowKind::Control, 0.522, None),
            scored("control: timing only", RowKind::Control, 0.571, None),
            scored("features, logistic regression", RowKind::Score, 0.703, Some(Verdict::NoEvidence)),
            scored("burst picture, kernel", RowKind::Score, kernel, Some(verdict)),
        ],
        plot: Some(Plot { column: 0, low: 0.0, high: 1.0, chance: Some(0.5) }),
        notes: vec!["study: network 0.881 [.85, .91], 41 % at 95 %".to_owned()],
    };
    Report {
        title: "falling told from everything else · labels.csv".to_owned(),
        provenance: Provenance::Replay,
        facts: vec!["384 records, 60 of them falling".to_owned()],
        tables: vec![
            table("new person, same room · 60 positive, 216 negative, 2 folds", 0.936, Verdict::Supported),
            table("new person · 60 positive, 324 negative, 2 folds", 0.720, Verdict::NoEvidence),
            Table {
                title: "new room".to_owned(),
                notes: vec!["not possible: all records are of one room".to_owned()],
                ..Table::default()
            },
        ],
        remarks: vec!["Intervals redraw records and say nothing of other people and rooms".to_owned()],
    }
}

fn evaluated(state: State) -> Snapshot {
    let task = Task::Falls(falls::Settings::new(PathBuf::from("mine/labels.csv")));
    let detectors = Detectors { known: known(), error: None };
    Snapshot {
        evaluations: Arc::new(vec![Evaluation { id: 7, task, state }]),
        detectors: Arc::new(detectors),
        ..Snapshot::default()
    }
}

fn known() -> Vec<Detector> {
    let one = |kind, name: &str, scores: &[&str]| Detector {
        kind,
        name: name.to_owned(),
        fitted_on: "Nothing is shipped: each link learns its own empty room".to_owned(),
        scores: scores.iter().map(|score| (*score).to_owned()).collect(),
        tested: "falls/TESTED.md".to_owned(),
    };
    vec![
        one(DetectorKind::Presence, "Movement against a link's own quiet baseline", &["F1 1.000 on ESP32, S3 and C3"]),
        one(
            DetectorKind::Falls,
            "Falls, stage by stage",
            &["New person, same room: AUROC 0.936", "New room: no evidence"],
        ),
        one(DetectorKind::Pose, "People with position and posture", &[]),
    ]
}

fn evaluating(snapshot: Snapshot, setup: Setup) -> Bench {
    let mut bench = open(snapshot, setup);
    bench.harness.state_mut().perform(Action::Layout(StartLayout::Evaluate));
    bench.harness.run();
    bench
}

#[test]
fn an_evaluation_is_asked_for_followed_cancelled_and_its_failure_said() {
    let mut bench = evaluating(Snapshot::default(), Setup::default());
    bench.click("Start");
    assert!(bench.take_sent().is_empty(), "no recordings are named yet");
    bench.click("Tracking");
    bench.click("Start");
    let sent = bench.take_sent();
    let [Command::Evaluate(Task::Tracking(tracking::Settings { seeds: [1000, 1020], .. }))] = sent[..] else {
        panic!("{sent:?}")
    };
    let running = State::Running { step: "features of record 12 of 590".to_owned(), progress: Some(0.2) };
    bench.change(|s| *s = evaluated(running));
    assert!(bench.shows("features of record 12 of 590"));
    bench.click("Cancel");
    assert_eq!(bench.take_sent(), [Command::CancelJob(7)]);
    bench.change(|s| *s = evaluated(State::Failed("no recordings here — give the folder".to_owned())));
    assert!(bench.shows_part("no recordings here — give the folder"));
    bench.click("Remove");
    assert_eq!(bench.take_sent(), [Command::ForgetEvaluation(7)]);
}

#[test]
fn scores_stand_beside_their_controls_with_the_verdict_in_words() {
    let mut bench = evaluating(evaluated(State::Done(Arc::new(report()))), Setup::default());
    for words in [
        "supported",
        "no evidence",
        "control: no movement: 0.646 [0.60, 0.69]",
        "burst picture, kernel: 0.936 [0.89, 0.98]",
    ] {
        assert!(bench.shows(words), "{words}");
    }
    assert!(bench.shows("not possible: all records are of one room"));
    assert!(bench.shows_part("ROC curves of control: no movement, control: burst cut out"), "the curves are drawn");
    bench.harness.get_by_label("Copy CSV").click();
    bench.harness.step();
    let copied = bench.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("the table was copied");
    assert_eq!(copied, report().csv());
    assert!(copied.lines().any(|line| line.contains("control: timing only") && line.contains("0.571")), "{copied}");
}

#[test]
fn a_detector_says_what_it_is_worth_and_why_it_cannot_judge_here() {
    let mut snapshot = reviewed();
    snapshot.detectors = Arc::new(Detectors { known: known(), error: None });
    let mut bench = open(snapshot, Setup::default());
    bench.harness.state_mut().perform(Action::Show(Pane::Detectors));
    bench.harness.run();
    for part in [
        "the empty room has not been learned",
        "Not calibrated for falls",
        "no network is installed",
        "New room: no evidence",
        "no figure is quoted",
    ] {
        assert!(bench.shows_part(part), "{part}");
    }
}

#[test]
fn a_summary_gives_reasons_where_it_has_no_figures() {
    let mut bench = open(reviewed(), Setup::default());
    bench.harness.state_mut().perform(Action::Show(Pane::Summaries));
    bench.harness.run();
    assert!(bench.shows_part("unknown: nobody was watching"));
    assert!(bench.shows_part("unknown: no bed is drawn") || bench.shows_part("unknown: nobody was watching"));
    bench.click("Security");
    assert!(bench.shows("unknown: no restricted zone is drawn"));
    bench.click("Shop");
    assert!(bench.shows("unknown: no zones are drawn"));
    assert!(!bench.shows("0"), "nothing is a zero that nobody has counted");
}

/// What a reader must see. With `CORPOREAL_PICTURES` naming a folder, larger pictures are left there to look at.
#[test]
fn the_panels_of_events_and_evaluations_look_as_they_should() {
    let mut results = SnapshotResults::new();
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        let setup = Setup { theme, wgpu: true, ..Setup::default() };
        let mut bench = review(reviewed(), setup.clone());
        row(&mut bench, "fall · 7.4 s");
        bench.harness.snapshot(format!("evidence_{name}"));
        results.extend_harness(&mut bench.harness);
        let mut bench = evaluating(evaluated(State::Done(Arc::new(report()))), setup);
        bench.harness.snapshot(format!("evaluation_{name}"));
        results.extend_harness(&mut bench.harness);
    }
    let Some(folder) = std::env::var_os("CORPOREAL_PICTURES").map(PathBuf::from) else { return };
    for (theme, name) in [(egui::Theme::Dark, "dark"), (egui::Theme::Light, "light")] {
        for size in [Vec2::new(1280.0, 800.0), Vec2::new(1920.0, 1080.0)] {
            let setup = Setup { theme, size, wgpu: true, ..Setup::default() };
            let save = |bench: &mut Bench, what: &str| {
                let image = bench.harness.render().expect("the window can be drawn");
                image.save(folder.join(format!("{what}_{name}_{}.png", size.x))).expect("written");
            };
            let mut bench = review(reviewed(), setup.clone());
            save(&mut bench, "review_none");
            row(&mut bench, "fall · 7.4 s");
            save(&mut bench, "review_fall");
            row(&mut bench, "movement · 8.0 s");
            save(&mut bench, "review_movement");
            row(&mut bench, "masked by a machine");
            save(&mut bench, "review_masked");
            bench.harness.state_mut().perform(Action::Show(Pane::Summaries));
            bench.harness.run();
            save(&mut bench, "review_summaries");
            let mut bench = evaluating(evaluated(State::Done(Arc::new(report()))), setup.clone());
            save(&mut bench, "evaluate_done");
            bench.change(|s| *s = evaluated(State::Failed("no recordings here — give the folder".to_owned())));
            save(&mut bench, "evaluate_failed");
            let mut bench = evaluating(
                Snapshot { detectors: Arc::new(Detectors { known: known(), error: None }), ..reviewed() },
                setup.clone(),
            );
            save(&mut bench, "evaluate_empty");
            let mut bench = open(reviewed(), setup);
            bench.harness.state_mut().perform(Action::Show(Pane::Events));
            bench.harness.run();
            row(&mut bench, "fall · 7.4 s");
            save(&mut bench, "lab_fall");
        }
    }
}
