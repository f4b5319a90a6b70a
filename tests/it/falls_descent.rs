//! Falls by the height of a person: alarms for what falls, none for what sits and lies down, and none out of nothing.

use corporeal::analytics::fall::{Descent, DescentLook, DescentModel, DescentUnsupported, DescentWatch, Sight};
use corporeal::types::{
    Detection, Estimate, Event, FloorPoint, Pose, Posture, Provenance, Severity, StageKind, Timestamp, Track, TrackId,
    TrackState,
};

const STEP_SECS: f64 = 0.25;
/// A window of the network sees the mean of so much, s.
const WINDOW_SECS: f64 = 1.28;
const SEVEN: TrackId = TrackId(7);

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(secs)
}

fn person(height_m: f64, place_sigma_m: f64, posture: Posture) -> Detection {
    let variance = place_sigma_m * place_sigma_m / 2.0;
    let root = FloorPoint { position_m: [2.0, 3.0], covariance_m2: [[variance, 0.0], [0.0, variance]] };
    let pose = Pose { pelvis_height_m: Some(Estimate::new(height_m, 0.08)), posture, ..Pose::at(root) };
    Detection { pose, ..Detection::at(root, 1.0) }
}

fn followed(time: Timestamp) -> Track {
    Track {
        id: SEVEN,
        state: TrackState::Confirmed,
        born: at(0.0),
        time,
        last_seen: time,
        pose: person(0.9, 0.3, Posture::Standing).pose,
        velocity_m_per_s: [0.0; 2],
        velocity_covariance: [[0.01, 0.0], [0.0, 0.01]],
        existence: 1.0,
        identity: 1.0,
        shared: false,
        trail: Default::default(),
    }
}

/// A pelvis that goes from one height to another from `start` on within `secs`: evenly faster, as what falls, or evenly
/// faster and slower, as what is held.
#[derive(Clone, Copy)]
struct Move {
    start: f64,
    secs: f64,
    to_m: f64,
    falls: bool,
}

fn fall(start: f64) -> Move {
    // From 0.9 m: an inverted pendulum of that length reaches the floor some 0.6 s after it is past balance.
    Move { start, secs: 0.6, to_m: 0.15, falls: true }
}

fn held(start: f64, secs: f64, to_m: f64) -> Move {
    Move { start, secs, to_m, falls: false }
}

fn true_height(moves: &[Move], secs: f64) -> f64 {
    moves.iter().fold(0.9, |height, step| {
        let share = ((secs - step.start) / step.secs).clamp(0.0, 1.0);
        let done = if step.falls { share * share } else { share * share * (3.0 - 2.0 * share) };
        height + done * (step.to_m - height)
    })
}

/// What the network says in the middle of a window: the mean height; whoever lies still fades and has no sure place.
fn look(moves: &[Move], secs: f64) -> (Detection, [f64; 3]) {
    let heights = (0..=32).map(|i| true_height(moves, secs + WINDOW_SECS * (f64::from(i) / 32.0 - 0.5)));
    let height = heights.sum::<f64>() / 33.0;
    let (posture, sigma, nobody) = match height {
        h if h < 0.35 => (Posture::OnFloor, 1.2, 0.4),
        h if h < 0.65 => (Posture::Sitting, 0.7, 0.05),
        _ => (Posture::Standing, 0.6, 0.0),
    };
    (person(height, sigma, posture), [nobody, 1.0 - nobody, 0.0])
}

/// Dopplers of somebody who moves, and of nobody.
const MOVED_DB: f32 = 20.0;
const STILL_DB: f32 = 7.0;

/// What moves in a window, as links see it.
fn movement_db(moves: &[Move], secs: f64) -> f32 {
    let [from, to] = [-0.5, 0.5].map(|share| true_height(moves, secs + WINDOW_SECS * share));
    if (to - from).abs() > 0.05 { MOVED_DB } else { STILL_DB }
}

fn see(
    watch: &mut DescentWatch,
    secs: f64,
    (lone, count): (Option<&Detection>, [f64; 3]),
    movement_db: f32,
    resting: &[TrackId],
) -> Vec<Event> {
    watch.look(&DescentLook::of(at(secs), lone, count, movement_db, &[followed(at(secs))], resting))
}

fn watch(watch: &mut DescentWatch, moves: &[Move], from: f64, until: f64, resting: &[TrackId]) -> Vec<Event> {
    let n = ((until - from) / STEP_SECS) as usize;
    let step = |i: usize| {
        let secs = from + i as f64 * STEP_SECS;
        let (lone, count) = look(moves, secs);
        see(watch, secs, (Some(&lone), count), movement_db(moves, secs), resting)
    };
    (0..n).flat_map(step).collect()
}

fn alarms(events: &[Event]) -> usize {
    events.iter().filter(|event| event.revision == 0).count()
}

#[test]
fn the_program_comes_with_its_model() {
    let model = DescentModel::simulated().expect("models/falls/descent.json");
    assert_eq!(model.logistic.weights.len(), corporeal::analytics::fall::descent::NAMES.len());
    assert!(model.above_95.is_finite() && model.both_above_95.is_some());
}

#[test]
fn a_fall_raises_one_alarm_that_grows_until_the_person_is_up_again() {
    let events = watch(&mut DescentWatch::new(), &[fall(5.0), held(20.0, 3.0, 0.9)], 0.0, 30.0, &[]);
    assert_eq!(alarms(&events), 1, "{events:#?}");
    let (first, last) = (&events[0], &events[events.len() - 1]);
    assert!((6.5..8.5).contains(&first.span.end.secs_f64()), "told {:?}", first.span);
    assert_eq!((first.track, first.link, first.zone), (Some(SEVEN), None, None));
    assert!(events.iter().all(|event| event.id == first.id));
    assert!(events.windows(2).all(|pair| pair[1].revision == pair[0].revision + 1));
    let kinds: Vec<StageKind> = last.stages.iter().map(|stage| stage.kind).collect();
    let wanted = [
        StageKind::EventGate,
        StageKind::DescentBurst,
        StageKind::Stillness,
        StageKind::TimeOnFloor,
        StageKind::Recovery,
    ];
    assert_eq!(kinds, wanted);
    let low_secs = last.stages[3].figures[0].value;
    assert!((14.0..19.0).contains(&low_secs), "low for {low_secs} s");
}

#[test]
fn what_is_held_is_no_fall() {
    let cases: [(&str, Vec<Move>); 5] = [
        ("standing", vec![]),
        ("sitting down on a chair", vec![held(5.0, 1.5, 0.5)]),
        ("lying down on a bed", vec![held(5.0, 3.0, 0.5)]),
        ("picking something up", vec![held(5.0, 1.0, 0.6), held(6.2, 1.0, 0.9)]),
        ("getting up from the floor", vec![held(-9.0, 1.0, 0.15), held(5.0, 2.5, 0.9)]),
    ];
    for (name, moves) in cases {
        let events = watch(&mut DescentWatch::new(), &moves, 0.0, 15.0, &[]);
        assert!(events.is_empty(), "{name}: {events:#?}");
    }
}

#[test]
fn a_fall_scores_above_lying_down_on_the_floor_slowly() {
    let best = |moves: &[Move]| {
        let mut slow = DescentWatch::new();
        watch(&mut slow, moves, 0.0, 15.0, &[]);
        slow.best_score().expect("moments were judged")
    };
    assert!(best(&[fall(5.0)]) > best(&[held(4.0, 4.0, 0.15)]) + 0.5);
}

#[test]
fn whoever_rests_raises_no_alarm() {
    assert!(watch(&mut DescentWatch::new(), &[fall(5.0)], 0.0, 15.0, &[SEVEN]).is_empty());
}

#[test]
fn only_simulated_people_raise_alerts() {
    let cases = [
        (Provenance::Simulated, Severity::Alert),
        (Provenance::Live, Severity::Notice),
        (Provenance::Replay, Severity::Notice),
    ];
    for (provenance, severity) in cases {
        let events = watch(&mut DescentWatch::of(provenance), &[fall(5.0)], 0.0, 15.0, &[]);
        assert_eq!(alarms(&events), 1);
        assert!(events.iter().all(|event| event.severity == severity), "{provenance:?}");
    }
}

#[test]
fn alarms_cool_down() {
    let near = [fall(5.0), held(12.0, 2.0, 0.9), fall(20.0), held(27.0, 2.0, 0.9)];
    assert_eq!(alarms(&watch(&mut DescentWatch::new(), &near, 0.0, 35.0, &[])), 1);
    let far = [fall(5.0), held(12.0, 2.0, 0.9), fall(50.0)];
    assert_eq!(alarms(&watch(&mut DescentWatch::new(), &far, 0.0, 60.0, &[])), 2);
}

#[test]
fn a_descent_that_nobody_saw_is_not_judged() {
    let mut gap = DescentWatch::new();
    let mut events = watch(&mut gap, &[fall(5.0)], 0.0, 4.5, &[]);
    assert_eq!(gap.state(), Ok(()));
    events.extend(watch(&mut gap, &[fall(5.0)], 7.0, 8.0, &[]));
    assert_eq!(gap.state(), Err(DescentUnsupported::NoLooks));
    events.extend(watch(&mut gap, &[fall(5.0)], 8.0, 15.0, &[]));
    assert!(events.is_empty(), "{events:#?}");
}

#[test]
fn without_looks_with_two_people_or_without_a_model_it_says_why() {
    let mut none = DescentWatch::new();
    for i in 0..40 {
        let nothing = DescentLook::of(at(f64::from(i) * STEP_SECS), None, [0.0; 3], STILL_DB, &[], &[]);
        let events = none.look(&nothing);
        assert!(events.is_empty());
    }
    assert_eq!(none.state(), Err(DescentUnsupported::NoLooks));
    let (lone, _) = look(&[], 1.0);
    none.look(&DescentLook::of(at(11.0), Some(&lone), [0.0, 0.1, 0.9], MOVED_DB, &[], &[]));
    assert_eq!(none.state(), Err(DescentUnsupported::SeveralPeople));
    let without = DescentWatch::with(None, Default::default());
    assert_eq!(without.state(), Err(DescentUnsupported::NoModel));
}

#[test]
fn what_is_no_number_is_left_out() {
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e9] {
        assert_eq!(Sight::of(at(0.0), &person(bad, 0.3, Posture::OnFloor), 0.1, STILL_DB), None);
        assert_eq!(Sight::of(at(0.0), &person(0.9, bad * bad * bad, Posture::OnFloor), f64::NAN, STILL_DB), None);
        let mut watched = DescentWatch::new();
        let mut events = Vec::new();
        for i in 0..80 {
            let secs = f64::from(i) * STEP_SECS;
            let (mut lone, count) = look(&[], secs);
            if i % 3 == 0 {
                lone = person(bad, 0.3, Posture::OnFloor);
            }
            events.extend(see(&mut watched, secs, (Some(&lone), count), movement_db(&[], secs), &[]));
        }
        assert!(events.is_empty(), "{bad}: {events:#?}");
        assert_eq!((watched.state(), watched.best_score()), (Ok(()), None), "nothing went down");
    }
}

#[test]
fn a_clock_that_goes_back_begins_anew() {
    let mut watched = DescentWatch::new();
    watch(&mut watched, &[], 100.0, 110.0, &[]);
    let events = watch(&mut watched, &[fall(5.0)], 0.0, 15.0, &[]);
    assert_eq!(alarms(&events), 1, "{events:#?}");
    assert!(events.iter().all(|event| event.span.start.secs_f64() > 3.0));
}

#[test]
fn the_same_windows_give_the_same_events() {
    let run = || watch(&mut DescentWatch::new(), &[fall(5.0), held(12.0, 2.0, 0.9)], 0.0, 20.0, &[]);
    assert_eq!(run(), run());
}

#[test]
fn a_descent_needs_looks_on_both_sides() {
    let sights: Vec<Sight> = (0..40)
        .filter_map(|i| {
            let secs = f64::from(i) * STEP_SECS;
            let (lone, count) = look(&[fall(5.0)], secs);
            Sight::of(at(secs), &lone, count[0], movement_db(&[fall(5.0)], secs))
        })
        .collect();
    assert_eq!(Descent::at(&sights, at(0.5)), None);
    assert_eq!(Descent::at(&sights, at(9.5)), None);
    assert_eq!(Descent::at(&[], at(5.0)), None);
    let deepest = Descent::deepest(&sights).expect("a descent");
    assert!((4.5..6.0).contains(&deepest.time.secs_f64()));
    assert!(deepest.drop_m() > 0.6 && deepest.lowest_m() < 0.2);
}
