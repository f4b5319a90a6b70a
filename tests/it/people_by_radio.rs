//! From frames to people, end to end: simulated rooms that no training has seen, through the pipeline with the installed network.

use std::sync::Arc;

use corporeal::engine::pipeline::Pipeline;
use corporeal::engine::{People, RadioNetwork};
use corporeal::pose::Refusal;
use corporeal::signal::StreamConfig;
use corporeal::simulate::{PersonSpec, RadioFormat, SceneOptions, Script, Simulator, SimulatorSpec, Step};
use corporeal::types::{
    EventKind, Outline, Provenance, Site, Timestamp, TrackState, TruthJoint, Zone, ZoneId, ZoneKind, ZoneLimits,
};

/// Rooms of the network's own test set begin here (`models/pose/TESTED.md`): none was ever trained on.
const TEST_ROOMS: u64 = 3 << 40;

/// Somebody who walks to and fro in a room of its own.
fn walk(room: u64, n_links: u8) -> SimulatorSpec {
    let options =
        SceneOptions { n_links, n_rx: 3, format: RadioFormat::Intel5300Ht40, secs: 20.0, ..SceneOptions::default() };
    let mut spec = SimulatorSpec::random(TEST_ROOMS + room, &options);
    let (w, d) = (spec.room.width_m, spec.room.depth_m);
    let at = |x: f32, y: f32| [x * w, y * d];
    let steps = vec![
        Step::Appear { at: at(0.25, 0.3), heading_rad: 0.0 },
        Step::Walk { to: vec![at(0.75, 0.7), at(0.25, 0.7), at(0.75, 0.3), at(0.25, 0.3)], speed_m_per_s: 1.0 },
    ];
    spec.people = vec![PersonSpec { script: Some(Script { steps, repeats: true }), ..PersonSpec::default() }];
    spec
}

struct Run {
    pipeline: Pipeline,
    simulator: Simulator,
}

impl Run {
    fn new(spec: &SimulatorSpec, change: impl FnOnce(&mut Site)) -> Self {
        let simulator = Simulator::new(spec);
        let mut site = simulator.site().clone();
        change(&mut site);
        let pipeline = Pipeline::new(StreamConfig::default()).with_people(&Arc::new(site), &RadioNetwork::installed());
        Self { pipeline, simulator }
    }

    /// Everything that was told of people until so many seconds, a moment each.
    fn until(&mut self, secs: f64) -> Vec<Arc<People>> {
        self.until_keeping(secs, |_| true)
    }

    fn until_keeping(&mut self, secs: f64, keep: impl Fn(&corporeal::types::CsiFrame) -> bool) -> Vec<Arc<People>> {
        let mut told: Vec<Arc<People>> = Vec::new();
        loop {
            let frame = self.simulator.next_frame();
            let time = frame.host_time.expect("the simulator has a clock");
            if time >= Timestamp::from_secs_f64(secs) {
                return told;
            }
            if !keep(&frame) {
                continue;
            }
            self.pipeline.ingest(1, Provenance::Simulated, time, None, &frame);
            let people = self.pipeline.people();
            if people.time.is_some() && told.last().is_none_or(|last| last.time != people.time) {
                told.push(people);
            }
        }
    }

    /// Distance of the nearest followed person from the true one.
    fn error_m(&self, people: &People) -> Option<f64> {
        let truth = self.simulator.scene_truth(people.time?);
        let pelvis = truth.people.first()?.joint(TruthJoint::Pelvis)?;
        let away = |at: [f64; 2]| (at[0] - f64::from(pelvis.x)).hypot(at[1] - f64::from(pelvis.y));
        people.persons.iter().map(|person| away(person.track.position_m())).reduce(f64::min)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn somebody_who_walks_is_followed_nearer_than_a_guess_in_rooms_never_seen() {
    let (mut errors, mut guesses, mut n_told, mut n_shown) = (Vec::new(), Vec::new(), 0, 0);
    for room in 0..4 {
        let mut run = Run::new(&walk(room, 8), |_| {});
        let told = run.until(12.0);
        // The tracker waits a second before it believes.
        for people in told.iter().filter(|people| people.time > Some(Timestamp::from_secs_f64(3.0))) {
            n_told += 1;
            assert_eq!(people.provenance, Some(Provenance::Simulated));
            assert!(people.persons.len() <= 2, "one walks: {people:?}");
            if let Some(error) = run.error_m(people) {
                n_shown += 1;
                errors.push(error);
                let centre = run.simulator.spec().room.size() / 2.0;
                let truth = run.simulator.scene_truth(people.time.expect("a time"));
                let pelvis = truth.people[0].joint(TruthJoint::Pelvis).expect("a pelvis");
                guesses.push(f64::from(pelvis.truncate().distance(centre.truncate())));
            }
        }
    }
    assert!(4 * n_shown > 3 * n_told, "followed in {n_shown} of {n_told} moments");
    let (error, guess) = (median(errors), median(guesses));
    assert!(error < 0.5 * guess, "median {error:.2} m; the room's middle is {guess:.2} m off");
}

#[test]
fn who_does_not_move_stays_where_they_were_and_is_not_placed_before_they_have_moved() {
    let mut spec = walk(1, 8);
    let (w, d) = (spec.room.width_m, spec.room.depth_m);
    let lie = |secs| [Step::LieOnFloor { on_back: true }, Step::Hold { secs }];
    let steps = [Step::Appear { at: [0.25 * w, 0.3 * d], heading_rad: 0.0 }]
        .into_iter()
        .chain([Step::Walk { to: vec![[0.6 * w, 0.6 * d]], speed_m_per_s: 0.8 }])
        .chain(lie(30.0));
    let script = Script { steps: steps.collect(), repeats: false };
    spec.people = vec![PersonSpec { script: Some(script), ..PersonSpec::default() }];
    let lies_from = {
        let simulator = Simulator::new(&spec);
        simulator.script_end().plus_secs(-28.0)
    };
    let until = lies_from.plus_secs(20.0).secs_f64();

    let mut run = Run::new(&spec, |_| {});
    let told = run.until(until);
    let lying: Vec<_> = told.iter().filter(|people| people.time > Some(lies_from)).collect();
    let held = |people: &&&Arc<People>| people.persons.iter().any(|person| person.track.state == TrackState::Still);
    let n_held = lying.iter().filter(held).count();
    assert!(2 * n_held > lying.len(), "held in {n_held} of {} moments", lying.len());
    for people in lying.iter().filter(held) {
        assert!(people.blank.is_empty() && people.persons.len() == 1, "{people:?}");
        let error = run.error_m(people).expect("somebody is followed");
        assert!(error < 0.8, "{error:.2} m off where they lay down");
    }

    // The same, to a program that was started while they lay: nobody has been seen to move.
    let mut late = Run::new(&spec, |_| {});
    late.simulator.skip_to(lies_from);
    let told = late.until(until);
    let is_still = |people: &&Arc<People>| people.blank.iter().any(|blank| blank.reason.contains("nobody moves"));
    assert!(2 * told.iter().filter(is_still).count() > told.len(), "{:?}", told.last());
    assert!(told.iter().filter(is_still).all(|people| people.persons.is_empty()));
}

#[test]
fn the_same_frames_show_the_same_people() {
    let told = || {
        let mut run = Run::new(&walk(9, 4), |_| {});
        let told = run.until(6.0);
        told.iter()
            .map(|people| format!("{:?} {:?} {:?}", people.time, people.persons, people.blank))
            .collect::<Vec<_>>()
    };
    let first = told();
    assert!(first.len() > 12);
    assert_eq!(first, told());
}

#[test]
fn without_places_or_a_room_or_enough_links_nobody_is_shown_and_the_reason_is() {
    let blank = |n_links: u8, change: fn(&mut Site)| {
        let mut run = Run::new(&walk(2, n_links), change);
        let told = run.until(5.0);
        assert!(!told.is_empty());
        assert!(told.iter().all(|people| people.persons.is_empty()), "nobody may be shown");
        let last = told.last().expect("a moment");
        last.blank.iter().map(|blank| format!("{} — {}", blank.reason, blank.remedy)).collect::<Vec<_>>().join("; ")
    };
    let no_room = blank(4, |site| site.room = None);
    assert!(no_room.contains("room"), "{no_room}");
    let nowhere = blank(4, |site| site.nodes.iter_mut().for_each(|node| node.position_m = None));
    assert!(nowhere.contains("place"), "{nowhere}");
    let few = blank(1, |_| {});
    assert!(few.contains("only 1 link"), "{few}");
}

#[test]
fn two_links_show_a_place_and_a_posture_and_no_body() {
    let mut run = Run::new(&walk(4, 2), |_| {});
    let told = run.until(12.0);
    let persons: Vec<_> = told.iter().flat_map(|people| &people.persons).collect();
    assert!(persons.len() > 10, "followed {} times", persons.len());
    for person in persons {
        let shown = &person.shown;
        assert!(shown.place && shown.joints.is_none() && !shown.template && shown.heading_rad.is_none(), "{shown:?}");
        assert_eq!(shown.refusals, [Refusal::FewLinks]);
    }
    let last = told.last().expect("a moment");
    assert_eq!(last.n_links, 2);
}

#[test]
fn a_link_that_dies_is_left_out_and_the_others_go_on() {
    let mut run = Run::new(&walk(3, 8), |_| {});
    run.until(5.0);
    let dead = run.simulator.links().next().expect("links");
    let told = run.until_keeping(9.0, |frame| frame.link != dead);
    let last = told.last().expect("a moment");
    assert_eq!(last.n_links, 7, "{:?}", last.blank);
}

#[test]
fn a_clock_that_is_set_back_begins_anew() {
    let mut run = Run::new(&walk(3, 4), |_| {});
    run.until(4.0);
    let mut again = Simulator::new(&walk(3, 4));
    let mut n_told = 0;
    let mut last = None;
    while n_told < 8 {
        let frame = again.next_frame();
        let time = frame.host_time.expect("a clock").plus_secs(-3_600.0);
        assert!(time < Timestamp::from_secs_f64(-3_590.0), "the windows of the new axis are looked at");
        run.pipeline.ingest(1, Provenance::Simulated, time, None, &frame);
        let people = run.pipeline.people();
        if people.time != last && people.time.is_some_and(|time| time < Timestamp::ZERO) {
            (last, n_told) = (people.time, n_told + 1);
        }
    }
}

#[test]
fn who_walks_into_a_restricted_zone_raises_an_alarm_and_stays_are_told() {
    let spec = walk(1, 8);
    let mut run = Run::new(&spec, |site| {
        let room = site.room.expect("a room");
        let (w, d) = (f64::from(room.width_m), f64::from(room.depth_m));
        let half = |x0: f64, x1: f64| Outline::rectangle([x0 * w, 0.0], [x1 * w, d]).expect("a rectangle");
        let zone = |id, outline, kind| Zone {
            id: ZoneId(id),
            name: format!("zone {id}"),
            outline,
            kind,
            limits: ZoneLimits::default(),
        };
        site.zones = vec![zone(1, half(0.0, 0.5), ZoneKind::Ordinary), zone(2, half(0.5, 1.0), ZoneKind::Restricted)];
    });
    let told = run.until(16.0);
    let events = run.pipeline.people_events(Provenance::Simulated);
    let n = |kind: EventKind| events.iter().filter(|event| event.kind == kind).count();
    assert!(n(EventKind::Stay) >= 2 && n(EventKind::Intrusion) >= 1, "{events:?}");
    for event in events.iter() {
        assert!(event.zone.is_some() && event.track.is_some() && event.link.is_none());
        assert!(event.confidence.get() > 0.5);
    }
    let last = told.last().expect("a moment");
    assert_eq!(last.zones.len(), 2);
    let floor = last.floor.as_ref().expect("a map of the floor");
    assert!(floor.watched_secs > 8.0 && floor.secs.iter().sum::<f64>() > 5.0);
    assert!(last.log.stays.len() + last.log.visits.len() > 0);
}
