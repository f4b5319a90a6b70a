//! Presence, breathing and activity: on made-up channels, and on the recordings beside the checkout.

use corporeal::analytics::activity::order::Order;
use corporeal::analytics::activity::{ActivityModel, Contexts, Sequence, steps};
use corporeal::analytics::breathing;
use corporeal::analytics::clean::clean;
use corporeal::analytics::evaluation::metrics::Counts;
use corporeal::analytics::fall;
use corporeal::analytics::presence::{self, MotionWindow, QuietBaseline};
use corporeal::analytics::series::AmplitudeSeries;
use corporeal::analytics::watch::{Presence, Watch};
use corporeal::capture::labelled::{espectre, geotec, numpy};
use corporeal::types::{EventKind, LinkId};

use super::golden::shared_csi;
use super::moving_channel::Channel;

fn windows(series: &AmplitudeSeries) -> Vec<MotionWindow> {
    presence::windows(&clean(series).expect("a channel"))
}

#[test]
fn movement_is_found_at_any_level_with_one_setting() {
    for (gain, noise) in [(1.0, 0.002), (1e-3, 0.01), (1e5, 0.03)] {
        let quiet = windows(&Channel { gain, noise, ..Channel::default() }.series());
        let baseline = QuietBaseline::learn(&quiet).expect("enough");
        let other = Channel { gain, noise, seed: 9, ..Channel::default() };
        assert!(presence::moving(&windows(&other.series()), &baseline).iter().all(|moving| !moving), "quiet at {gain}");
        let moved = Channel { bursts: vec![(5.0, 4.0, 0.15)], ..other };
        let found = presence::moving(&windows(&moved.series()), &baseline);
        assert!(found.iter().filter(|moving| **moving).count() > 12, "moved at {gain}: {found:?}");
    }
    assert!(QuietBaseline::learn(&[]).is_none());
}

#[test]
fn somebody_who_leaves_during_calibration_does_not_spoil_it() {
    let leaving = windows(&Channel { bursts: vec![(0.5, 1.0, 0.3)], ..Channel::default() }.series());
    let quiet = windows(&Channel::default().series());
    let (with, without) =
        (QuietBaseline::learn(&leaving).expect("enough"), QuietBaseline::learn(&quiet).expect("enough"));
    assert!((with.threshold() - without.threshold()).abs() < 0.1, "{with:?} {without:?}");
}

#[test]
fn movement_is_found_on_every_chip() {
    let Some(folder) = shared_csi("espectre") else { return };
    let clips = espectre::read(&folder).expect("the clips are whole");
    assert_eq!(clips.len(), 12);
    for chip in ["c3", "esp32", "s3"] {
        let mut counts = Counts::default();
        let of = |class: &str| -> Vec<_> {
            clips.iter().filter(|clip| clip.label.device == chip && clip.label.class == class).collect()
        };
        for (quiet, movement) in of(espectre::QUIET).into_iter().zip(of(espectre::MOVEMENT)) {
            assert_eq!(quiet.label.device, movement.label.device);
            let (calibration, test) =
                (windows(&quiet.series.between(0.0, 5.0)), windows(&quiet.series.between(5.0, 60.0)));
            let baseline = QuietBaseline::learn(&calibration).expect("five seconds");
            presence::moving(&test, &baseline).into_iter().for_each(|found| counts.add(found, false));
            presence::moving(&windows(&movement.series), &baseline)
                .into_iter()
                .for_each(|found| counts.add(found, true));
        }
        assert!(counts.f1().expect("clips") >= 0.97, "{chip}: {counts:?}");
        assert!(counts.specificity().expect("clips") >= 0.9, "{chip}: {counts:?}");
    }
}

#[track_caller]
fn check_breath(channel: &Channel, wanted: Option<f64>) {
    let found = breathing::rate(&clean(&channel.series()).expect("a channel"));
    match (found, wanted) {
        (None, None) => {}
        (Some((rate, quality)), Some(wanted)) => {
            assert!((rate - wanted).abs() < 1.0, "{rate} breaths a minute instead of {wanted}");
            assert!((0.5..=1.0).contains(&quality), "{quality}");
        }
        other => panic!("{other:?} {:?}", breathing::strongest(&clean(&channel.series()).expect("a channel"))),
    }
}

#[test]
fn breathing_is_told_or_left_blank() {
    let still = Channel { secs: 30.0, rate_hz: 50.0, ..Channel::default() };
    for per_min in [8.0, 15.0, 24.0, 29.0] {
        check_breath(&Channel { breath: Some((per_min, 0.01)), ..still.clone() }, Some(per_min));
    }
    check_breath(&still, None);
    check_breath(&Channel { breath: Some((40.0, 0.01)), ..still.clone() }, None);
    check_breath(&Channel { secs: 8.0, breath: Some((15.0, 0.01)), ..still.clone() }, None);
    check_breath(
        &Channel { bursts: vec![(9.0, 1.5, 0.3), (17.0, 2.0, 0.3)], breath: Some((15.0, 0.01)), ..still },
        None,
    );
}

#[test]
fn noise_breathes_in_hardly_any_room() {
    let alarms = (0..60)
        .filter(|seed| {
            let channel = Channel { secs: 30.0, rate_hz: 50.0, seed: 1000 + seed, ..Channel::default() };
            breathing::rate(&clean(&channel.series()).expect("a channel")).is_some()
        })
        .count();
    assert!(alarms <= 1, "{alarms} of 60 empty rooms breathe");
}

#[test]
fn a_link_tells_moving_still_and_quiet_apart() {
    let run = |channel: &Channel| {
        let mut watch = Watch::new(LinkId::default(), fall::Config::default());
        let quiet =
            QuietBaseline::learn(&windows(&Channel { rate_hz: 60.0, ..Channel::default() }.series())).expect("enough");
        watch.set_quiet(quiet);
        let events: Vec<_> = channel.frames().iter().flat_map(|(time, frame)| watch.push(*time, frame)).collect();
        (watch.presence(), events)
    };
    let quiet = Channel { secs: 32.0, rate_hz: 60.0, ..Channel::default() };
    assert_eq!(run(&quiet).0, Presence::Quiet);
    let (state, events) = run(&Channel { bursts: vec![(30.0, 5.0, 0.2)], ..quiet.clone() });
    assert_eq!(state, Presence::Moving);
    assert_eq!(events.iter().filter(|event| event.kind == EventKind::Movement).count(), 1, "{events:?}");
    let (state, _) = run(&Channel { breath: Some((15.0, 0.008)), ..quiet });
    assert!(
        matches!(state, Presence::Still { breaths_per_min, .. } if (breaths_per_min - 15.0).abs() < 1.5),
        "{state:?}"
    );
}

#[test]
fn the_most_likely_course_is_the_best_of_all_courses() {
    let learned: [&[usize]; 2] = [&[0, 0, 1, 1, 2], &[0, 1, 1, 2, 2]];
    let order = Order::learn(learned.into_iter(), 3);
    // Each step on its own says 0, 2, 1, 2; nothing was ever seen to go from 2 back to 1.
    let shares = vec![vec![0.8, 0.1, 0.1], vec![0.1, 0.4, 0.5], vec![0.2, 0.6, 0.2], vec![0.1, 0.2, 0.7]];
    assert_eq!(order.most_likely(&shares), [0, 1, 1, 2]);
    assert!(order.most_likely(&[]).is_empty());
}

#[test]
fn activities_are_named_ten_minutes_later() {
    let Some(folder) = shared_csi("geotec") else { return };
    let read = |part: &str| geotec::read_part(&folder.join(part)).expect("the runs are whole");
    let names = ["seated", "standing_up", "walking", "turn", "sitting_down"];
    let sequences = |runs: Vec<geotec::LabelledRun>| -> Vec<Sequence> {
        runs.iter()
            .map(|run| {
                let features = steps(&clean(&run.series).expect("a channel"), Contexts::Short);
                let class = |step: usize| {
                    let label = run.labels[(step * 25 + 25).min(run.labels.len() - 1)].to_lowercase();
                    names.iter().position(|name| label.starts_with(name)).expect("a known activity")
                };
                let classes = (0..features.len()).map(class).collect();
                Sequence { features, classes }
            })
            .collect()
    };
    let model = ActivityModel::fit(&sequences(read("D1")), names.len(), Contexts::Short, 0);
    for (part, wanted) in [("D2", 0.85), ("D3", 0.80)] {
        let tests = sequences(read(part));
        let (mut n, mut right) = (0, 0);
        for run in &tests {
            n += run.classes.len();
            right += model.course(&run.features).iter().zip(&run.classes).filter(|(a, b)| a == b).count();
        }
        assert!(right as f64 >= wanted * n as f64, "{part}: {right} of {n}");
    }
}

#[test]
fn damaged_arrays_are_refused() {
    let header = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let mut good = header("{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }");
    good.extend([0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b]);
    let array = numpy::parse(&good).expect("whole");
    assert_eq!(array.numbers(), Some([1.0, -2.0, 65504.0].as_slice()));
    for len in 0..good.len() {
        assert!(numpy::parse(&good[..len]).is_err(), "cut at {len}");
    }
    for text in [
        "{'descr': '<f2', 'fortran_order': True, 'shape': (3,), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (1,), }",
    ] {
        assert!(numpy::parse(&header(text)).is_err(), "{text}");
    }
}
