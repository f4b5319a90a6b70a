//! How long the tracker takes for a moment with people in it.

use corporeal::tracking::trial::{self, Scenario, TrialSpec};
use corporeal::tracking::zones::ZoneWatch;
use corporeal::tracking::{Surroundings, Tracker, TrackerConfig};
use corporeal::types::{Detection, Joint, JointEstimate, Outline, Timestamp, Zone, ZoneId, ZoneKind, ZoneLimits};

fn main() {
    divan::main();
}

/// People of a trial with whole bodies, and a tracker that has followed them for half a minute.
fn busy(n_people: usize) -> (Tracker, Vec<(Timestamp, Vec<Detection>)>) {
    let spec = TrialSpec { n_people, n_links: 8, seed: 1, ..TrialSpec::default() };
    let Scenario { frames, room_m, door, .. } = trial::scenario(spec);
    let joint = JointEstimate { position_m: [0.1, 0.0, 1.0], sigma_m: 0.12 };
    let mut frames: Vec<(Timestamp, Vec<Detection>)> =
        frames.into_iter().map(|frame| (frame.time, frame.detections)).collect();
    for (_, detections) in &mut frames {
        for detection in detections {
            detection.pose.joints = Some(Box::new([joint; Joint::COUNT]));
        }
    }
    let mut tracker =
        Tracker::new(TrackerConfig::default(), Surroundings { room_m: Some(room_m), entrances: vec![door] });
    for (time, detections) in frames.iter().take(150) {
        tracker.step(*time, detections);
    }
    (tracker, frames.split_off(150))
}

#[divan::bench(args = [1, 2, 4, 8])]
fn step(bencher: divan::Bencher, n_people: usize) {
    let (mut tracker, frames) = busy(n_people);
    let mut next = 0;
    // The same quarter of a minute over and over, at times that go on.
    let mut time = frames[0].0;
    bencher.bench_local(|| {
        time = time.plus_secs(0.2);
        next = (next + 1) % 75;
        tracker.step(time, &frames[next].1)
    });
}

#[divan::bench]
fn zones_of_four(bencher: divan::Bencher) {
    let (mut tracker, frames) = busy(4);
    let zone = |n: u32| Zone {
        id: ZoneId(n),
        name: String::new(),
        outline: Outline::rectangle([0.0, 0.0], [1.0 + f64::from(n), 2.0]).expect("a rectangle"),
        kind: ZoneKind::Ordinary,
        limits: ZoneLimits::default(),
    };
    let mut watch = ZoneWatch::new((0..8).map(zone).collect());
    tracker.step(frames[0].0, &frames[0].1);
    let mut time = frames[0].0;
    bencher.bench_local(|| {
        time = time.plus_secs(0.2);
        watch.step(time, tracker.tracks())
    });
}
