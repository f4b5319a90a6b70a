//! Detectors beside the pipeline: an empty room is learned, somebody comes in, and events are told once.

use corporeal::analytics::watch::Presence;
use corporeal::engine::pipeline::Pipeline;
use corporeal::signal::StreamConfig;
use corporeal::simulate::{PersonSpec, Script, Simulator, SimulatorSpec, Step};
use corporeal::types::{EventKind, Provenance, Timestamp};

const COMES_SECS: f32 = 14.0;

/// Nobody for 14 seconds, then somebody who walks to and fro.
fn scene(seed: u64) -> SimulatorSpec {
    let walk = |to: [f32; 2]| Step::Walk { to: vec![to], speed_m_per_s: 1.0 };
    let steps = vec![
        Step::WaitUntil { secs: COMES_SECS },
        Step::Appear { at: [1.0, 1.0], heading_rad: 0.0 },
        walk([3.5, 2.5]),
        walk([1.0, 2.5]),
        walk([3.5, 1.0]),
        walk([1.0, 1.0]),
    ];
    let person = PersonSpec { script: Some(Script { steps, repeats: false }), ..PersonSpec::default() };
    SimulatorSpec { seed, n_links: 3, rate_hz: 100.0, people: vec![person], ..SimulatorSpec::default() }
}

/// Feeds the scene from one second to another.
fn feed(pipeline: &mut Pipeline, simulator: &mut Simulator, until_secs: f64) -> Timestamp {
    loop {
        let frame = simulator.next_frame();
        let time = frame.host_time.expect("the simulator has a clock");
        pipeline.ingest(1, Provenance::Simulated, time, None, &frame);
        if time >= Timestamp::from_secs_f64(until_secs) {
            return time;
        }
    }
}

fn presences(pipeline: &Pipeline, simulator: &Simulator) -> Vec<Presence> {
    pipeline.links(simulator.site(), |_| None).iter().map(|link| link.sensed.presence).collect()
}

#[test]
fn somebody_who_comes_into_a_learned_room_is_told_once_a_link() {
    let mut simulator = Simulator::new(&scene(3));
    let mut pipeline = Pipeline::new(StreamConfig::default());
    feed(&mut pipeline, &mut simulator, 11.0);
    assert!(presences(&pipeline, &simulator).iter().all(|p| *p == Presence::NotCalibrated), "nothing was learned yet");
    assert_eq!(pipeline.learn_quiet(), 3);
    feed(&mut pipeline, &mut simulator, 13.5);
    assert!(presences(&pipeline, &simulator).iter().all(|p| *p == Presence::Quiet), "nobody is there yet");
    assert!(pipeline.events(1).is_empty());
    feed(&mut pipeline, &mut simulator, 16.2);
    // Links may be blind for seconds, so that one of three has to be enough.
    let n_moving = presences(&pipeline, &simulator).iter().filter(|p| **p == Presence::Moving).count();
    assert!(n_moving >= 1, "no link sees it");
    let events = pipeline.events(1);
    let movements: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Movement).collect();
    let links: std::collections::BTreeSet<_> = movements.iter().map(|event| event.link).collect();
    assert!(links.len() == movements.len() && links.len() >= n_moving, "one a link: {events:?}");
    for event in movements {
        let began = event.span.start.secs_since(Timestamp::ZERO);
        assert!((f64::from(COMES_SECS)..f64::from(COMES_SECS) + 3.0).contains(&began), "{began} s");
    }
}

#[test]
fn the_same_frames_tell_the_same_events() {
    let told = || {
        let mut simulator = Simulator::new(&scene(5));
        let mut pipeline = Pipeline::new(StreamConfig::default());
        feed(&mut pipeline, &mut simulator, 11.0);
        pipeline.learn_quiet();
        feed(&mut pipeline, &mut simulator, 30.0);
        pipeline.events(1)
    };
    let first = told();
    assert!(!first.is_empty());
    assert_eq!(first, told());
}

#[test]
fn a_jump_forgets_what_was_seen_and_keeps_what_the_room_is_like() {
    let mut simulator = Simulator::new(&scene(7));
    let mut pipeline = Pipeline::new(StreamConfig::default());
    feed(&mut pipeline, &mut simulator, 11.0);
    assert_eq!(pipeline.learn_quiet(), 3);
    pipeline.forget(1);
    assert!(pipeline.links(simulator.site(), |_| None).is_empty());
    feed(&mut pipeline, &mut simulator, 24.0);
    assert!(presences(&pipeline, &simulator).iter().all(|p| *p != Presence::NotCalibrated));
}
