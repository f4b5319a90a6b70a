//! From verdicts to a model of one's own, through the engine's front door: a recording is opened, people say what its events
//! were, the fall detector is refitted, and what comes next is judged by the new model.
//!
//! The room is made up so that its falls and its gestures can be told apart; that nothing is learned where they cannot is in
//! `falls_room`. What a refit is worth in other rooms is not measured here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use corporeal::analytics::evaluation::verdict::Verdict;
use corporeal::analytics::fall::{Origin, RoomModel};
use corporeal::engine::{Command, Engine, NoticeLevel, Snapshot};
use corporeal::export::mcap::Recorder;
use corporeal::simulate::{PersonSpec, RadioFormat, Script, Simulator, SimulatorSpec, Step};
use corporeal::types::{
    Activity, ActivitySpan, Event, EventId, EventKind, EventVerdict, FallKind, LinkId, Provenance, RecordedSource,
    RecordingInfo, Span, StageKind, Timestamp,
};

use crate::evaluation::{start, wait_for};

/// Falls among gestures and things that are picked up, with stillness in between.
fn scene(seed: u64, n_rounds: u8) -> SimulatorSpec {
    let places = [[3.2, 2.2], [1.4, 2.4], [3.4, 1.2], [1.2, 1.1], [2.4, 1.8]];
    let hold = |secs: f32| Step::Hold { secs };
    let mut steps = vec![Step::Appear { at: [1.5, 1.5], heading_rad: 0.0 }];
    for round in 0..n_rounds {
        let kind = if round % 8 < 4 { FallKind::Trip } else { FallKind::Slip };
        let at = places[usize::from(round * 3 + round / 5) % places.len()];
        steps.extend(match (round * 3) % 4 {
            0 => vec![
                Step::Walk { to: vec![at], speed_m_per_s: 0.9 },
                hold(6.0),
                Step::Fall { kind, secs: 0.6, heading_rad: f32::from(round) },
                hold(7.0),
                Step::GetUp,
            ],
            3 => vec![hold(4.0), Step::PickUp { squat: 0.5 }],
            _ => vec![hold(4.0), Step::Gesture { secs: 1.5, vigour: 0.9 }],
        });
        steps.push(hold(6.0));
    }
    let person = PersonSpec { script: Some(Script { steps, repeats: false }), ..PersonSpec::default() };
    SimulatorSpec {
        seed,
        n_links: 3,
        rate_hz: 50.0,
        format: RadioFormat::Nexmon20,
        snr_db: [38.0, 42.0],
        people: vec![person],
        ..SimulatorSpec::default()
    }
}

/// Writes a scene to a file as a recording without its room, and gives what was done in it.
fn record(path: &Path, spec: &SimulatorSpec) -> Vec<ActivitySpan> {
    let mut simulator = Simulator::new(spec);
    let end = simulator.script_end();
    let source = RecordedSource { id: 1, label: "a made-up room".to_owned(), provenance: Provenance::Simulated };
    let mut recorder = Recorder::create(path, RecordingInfo::of_this_program()).expect("begins");
    loop {
        let frame = simulator.next_frame();
        let time = frame.host_time.expect("the simulator has a clock");
        if time >= end {
            break;
        }
        recorder.write(time, &source, &frame).expect("writes");
    }
    recorder.finish().expect("closes");
    simulator.activities(end)
}

#[track_caller]
fn open(engine: &Engine, path: &Path) -> Arc<Snapshot> {
    engine.send(Command::Open(vec![path.to_owned()]));
    let is_read = |snapshot: &Snapshot| {
        let playback = snapshot.playback.as_ref().filter(|playback| playback.paths == [path]);
        playback.is_some_and(|playback| playback.span.is_some()) && snapshot.jobs.is_empty()
    };
    wait_for(engine, "the index", is_read)
}

fn said(snapshot: &Snapshot, level: NoticeLevel, text: &str) -> bool {
    snapshot.notices.iter().any(|notice| notice.level == level && notice.text.contains(text))
}

/// When each moment was, and its score.
fn scores(events: &[Event]) -> Vec<(Timestamp, f64)> {
    let figures = |event: &Event| event.stages.iter().flat_map(|stage| stage.figures.clone()).collect::<Vec<_>>();
    let score = |event: &Event| figures(event).into_iter().find(|figure| figure.name == "score, log-odds");
    events.iter().filter_map(|event| Some((event.span.start, score(event)?.value))).collect()
}

/// Whether one of these activities went on when the links saw most, or ended up to a second before.
fn is_during(event: &Event, spans: &[ActivitySpan], wanted: &[Activity]) -> bool {
    let burst = event.stages.iter().find(|stage| stage.kind == StageKind::DescentBurst);
    let Some(peak) = burst.map(|burst| burst.span.end) else { return false };
    let near = |span: &ActivitySpan| peak.secs_since(span.start) >= -0.5 && peak.secs_since(span.end) <= 1.0;
    spans.iter().any(|span| wanted.contains(&span.activity) && near(span))
}

/// Says of each fall and of each gesture in a recording what it was, as somebody who was there would.
fn judge(engine: &Engine, events: &[Event], spans: &[ActivitySpan]) -> (usize, usize) {
    let (mut n_falls, mut n_others) = (0, 0);
    for event in events.iter().filter(|event| !event.stages.is_empty()) {
        let is_alarm = event.kind == EventKind::Fall;
        let verdict = if is_during(event, spans, &[Activity::Falling]) {
            n_falls += 1;
            if is_alarm { EventVerdict::Confirmed } else { EventVerdict::MissedFall }
        } else if is_during(event, spans, &[Activity::Gesturing, Activity::PickingUp]) {
            n_others += 1;
            if is_alarm { EventVerdict::FalseAlarm } else { EventVerdict::Confirmed }
        } else {
            continue;
        };
        engine.send(Command::JudgeEvent { event: event.id, verdict: Some(verdict) });
    }
    (n_falls, n_others)
}

#[test]
fn verdicts_on_a_recording_become_the_model_that_judges_the_next_one() {
    let dir = tempfile::tempdir().expect("a folder");
    let (first, next) = (dir.path().join("first.mcap"), dir.path().join("next.mcap"));
    let spans = record(&first, &scene(11, 48));
    record(&next, &scene(12, 2));
    let engine = start(dir.path());

    let before = open(&engine, &next);
    let by_the_shipped = scores(&before.events);
    assert!(!by_the_shipped.is_empty(), "{:?}", before.events);

    let opened = open(&engine, &first);
    // A verdict on what is not there changes nothing, and too few teach nothing.
    let nowhere = EventId::of(EventKind::Fall, LinkId::default(), Timestamp::from_secs_f64(1e6));
    engine.send(Command::JudgeEvent { event: nowhere, verdict: Some(EventVerdict::Confirmed) });
    engine.send(Command::RefitFalls);
    let early = wait_for(&engine, "that more are needed", |s| said(s, NoticeLevel::Warning, "are needed at least"));
    assert_eq!((early.verdicts.n_falls, early.verdicts.n_others), (0, 0));
    assert!(early.refitted.is_none() && !early.verdicts.can_undo);

    let judged = judge(&engine, &opened.events, &spans);
    assert!(judged.0 >= 5 && judged.1 >= 15, "{judged:?}");
    let told = wait_for(&engine, "all verdicts", |s| (s.verdicts.n_falls, s.verdicts.n_others) == judged);
    assert!(told.verdicts.is_kept);
    engine.send(Command::RefitFalls);
    let refitted = wait_for(&engine, "the refit", |s| s.refitted.is_some() && s.jobs.is_empty());
    let report = refitted.refitted.clone().expect("waited for");
    assert_eq!((report.n_falls, report.n_others), judged);
    let names: Vec<&str> = report.controls.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["no movement", "hour and day"]);
    assert_eq!(report.verdict, Verdict::Supported, "{report:#?}");
    assert!(report.controls.iter().all(|(_, control)| report.auroc.is_above(control)), "{:?}", report.controls);
    println!("{} falls, {} others: {}", report.n_falls, report.n_others, report.text);
    assert!(said(&refitted, NoticeLevel::Info, "judged anew from your verdicts"), "{:?}", refitted.notices);

    // Kept, and the same that now scores the recording.
    let kept = std::fs::read_to_string(dir.path().join("verdicts/fall-model.json")).expect("kept on disk");
    let kept: RoomModel = serde_json::from_str(&kept).expect("a model");
    // Files of text may lose the last bit of a number.
    assert_eq!(format!("{kept:.9?}"), format!("{:.9?}", report.model));
    assert_eq!(kept.origin, Origin::OwnLabels { n_falls: judged.0, n_others: judged.1 });
    let old = scores(&opened.events);
    let renewed = wait_for(&engine, "new scores", |s| s.jobs.is_empty() && scores(&s.events) != old);
    let times = |scores: &[(Timestamp, f64)]| scores.iter().map(|(time, _)| *time).collect::<Vec<_>>();
    assert_eq!(times(&scores(&renewed.events)), times(&old), "the same moments");

    // The next recording, and the same one in another session.
    let after = scores(&open(&engine, &next).events);
    assert_eq!(times(&after), times(&by_the_shipped));
    assert!(after.iter().zip(&by_the_shipped).all(|((_, new), (_, old))| new != old), "{after:?} {by_the_shipped:?}");
    drop(engine);
    let later = start(dir.path());
    let later = scores(&open(&later, &next).events);
    assert_eq!(format!("{later:.9?}"), format!("{after:.9?}"));
}

/// The one file of verdicts in a folder.
fn verdicts_file(dir: &Path) -> PathBuf {
    let files = std::fs::read_dir(dir.join("verdicts")).expect("verdicts were kept");
    let mut names = files.map(|file| file.expect("readable").path());
    names.find(|path| !path.ends_with("fall-learning.json")).expect("one recording was judged")
}

#[test]
fn verdicts_that_fit_no_event_teach_all_the_same_and_unknown_ones_are_left_as_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("short.mcap");
    record(&path, &scene(12, 2));
    let engine = start(dir.path());
    let opened = open(&engine, &path);
    let event = opened.events.iter().find(|event| !event.stages.is_empty()).expect("something moved").clone();
    engine.send(Command::JudgeEvent { event: event.id, verdict: Some(EventVerdict::MissedFall) });
    wait_for(&engine, "the verdict", |s| s.verdicts.of(&event) == Some(EventVerdict::MissedFall));
    // No link saw anything long after the end: marked, and said to teach nothing.
    let nothing = Span::new(Timestamp::from_secs_f64(5e5), Timestamp::from_secs_f64(5e5 + 2.0));
    engine.send(Command::MarkFall(nothing));
    let marked = wait_for(&engine, "the mark", |s| s.verdicts.missed == [nothing]);
    assert!(said(&marked, NoticeLevel::Warning, "too little moved there"), "{:?}", marked.notices);
    assert_eq!((marked.verdicts.n_falls, marked.verdicts.n_others), (1, 0));
    drop(engine);

    // A detector of another version tells the event elsewhere: the verdict stands beside no event, and still teaches.
    let file = verdicts_file(dir.path());
    let text = std::fs::read_to_string(&file).expect("kept");
    let mut stored: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for one in stored["verdicts"].as_array_mut().expect("a list") {
        one["kind"] = "masking".into();
    }
    std::fs::write(&file, stored.to_string()).expect("written");
    let engine = start(dir.path());
    let opened = open(&engine, &path);
    assert_eq!(opened.verdicts.of(&event), None);
    assert_eq!(opened.verdicts.n_falls, 1);
    drop(engine);

    // A word that no version knows: said, nothing is lost, and nothing new is written over it.
    let unknown = text.replace("missed_fall", "perhaps");
    assert_ne!(unknown, text);
    std::fs::write(&file, &unknown).expect("written");
    let engine = start(dir.path());
    let opened = open(&engine, &path);
    assert!(said(&opened, NoticeLevel::Warning, "damaged") || said(&opened, NoticeLevel::Error, "damaged"));
    assert_eq!((opened.verdicts.n_falls, opened.verdicts.is_kept), (0, false));
    engine.send(Command::JudgeEvent { event: event.id, verdict: Some(EventVerdict::Unsure) });
    wait_for(&engine, "the verdict", |s| s.verdicts.of(&event) == Some(EventVerdict::Unsure));
    engine.send(Command::RefitFalls);
    wait_for(&engine, "that more are needed", |s| said(s, NoticeLevel::Warning, "are needed at least"));
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), unknown);
}
