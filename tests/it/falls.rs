//! Falls: the gates, the learners against independent ones, the running detector, and the harness that says "no evidence".

use corporeal::analytics::burst;
use corporeal::analytics::clean::clean;
use corporeal::analytics::evaluation::bootstrap::{Interval, interval};
use corporeal::analytics::evaluation::falls::{self, Method, sheet};
use corporeal::analytics::evaluation::metrics::{
    Confusion, MOST_ROC_POINTS, RocPoint, auroc, rates, roc, sensitivity_at,
};
use corporeal::analytics::evaluation::split::{Label, Split, folds};
use corporeal::analytics::evaluation::verdict::{Verdict, verdict};
use corporeal::analytics::fall::features::NAMES;
use corporeal::analytics::fall::{self, Choice, Detector, FallModel, Threshold, Unsupported};
use corporeal::analytics::learn::{Forest, ForestOptions, Kernel, KernelOptions, Logistic, Network, NetworkOptions};
use corporeal::analytics::masking;
use corporeal::analytics::watch::Watch;
use corporeal::capture::labelled::{fition, table};
use corporeal::types::{Event, EventKind, LinkId, Severity, StageKind, Timestamp};
use serde_json::Value;

use super::golden::shared_csi;
use super::moving_channel::Channel;

fn golden() -> Value {
    serde_json::from_str(include_str!("../data/analytics/golden.json")).expect("golden.json is JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    value.as_array().expect("a list").iter().map(|v| v.as_bool().expect("a flag")).collect()
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    let golden = golden();
    for ranking in golden["rankings"].as_array().expect("a list") {
        let cases: Vec<(f64, bool)> = numbers(&ranking["scores"]).into_iter().zip(flags(&ranking["truth"])).collect();
        let near = |a: Option<f64>, b: &Value| (a.expect("defined") - b.as_f64().expect("a number")).abs() < 1e-12;
        assert!(near(auroc(&cases), &ranking["auroc"]), "{:?} {}", auroc(&cases), ranking["auroc"]);
        assert!(near(sensitivity_at(&cases, 0.95), &ranking["sensitivity_at_95"]));
    }
    let mut confusion = Confusion::new(3);
    for (truth, answer) in numbers(&golden["truths"]).into_iter().zip(numbers(&golden["answers"])) {
        confusion.add(truth as usize, answer as usize);
    }
    assert!((confusion.accuracy().expect("cases") - golden["accuracy"].as_f64().expect("a number")).abs() < 1e-12);
    assert!((confusion.macro_f1().expect("cases") - golden["macro_f1"].as_f64().expect("a number")).abs() < 1e-12);
}

fn area_under(curve: &[RocPoint]) -> f64 {
    let strip = |from: &RocPoint, to: &RocPoint| {
        (to.false_alarm_rate - from.false_alarm_rate) * (from.sensitivity + to.sensitivity) / 2.0
    };
    curve.iter().zip(curve.iter().skip(1)).map(|(from, to)| strip(from, to)).sum()
}

#[track_caller]
fn check_curve(tests: &[Vec<(f64, bool)>], tolerance: f64) {
    let curve = roc(tests);
    let mean = tests.iter().filter_map(|cases| auroc(cases)).sum::<f64>() / tests.len() as f64;
    assert!((area_under(&curve) - mean).abs() <= tolerance, "{} for {mean}", area_under(&curve));
    let ends = curve.first().zip(curve.last()).expect("points");
    let corner = |at: f64| RocPoint { false_alarm_rate: at, sensitivity: at };
    assert_eq!(ends, (&corner(0.0), &corner(1.0)));
    assert!(curve.len() <= MOST_ROC_POINTS, "{} points", curve.len());
    let climbs = curve
        .windows(2)
        .all(|pair| pair[0].false_alarm_rate <= pair[1].false_alarm_rate && pair[0].sensitivity <= pair[1].sensitivity);
    assert!(climbs, "a curve never falls");
}

#[test]
fn curves_have_the_area_that_is_told_and_few_points() {
    let golden = golden();
    let rankings = golden["rankings"].as_array().expect("a list").iter();
    let tests: Vec<Vec<(f64, bool)>> = rankings
        .map(|ranking| numbers(&ranking["scores"]).into_iter().zip(flags(&ranking["truth"])).collect())
        .collect();
    for cases in &tests {
        check_curve(std::slice::from_ref(cases), 1e-3);
    }
    // Of several tests, the mean: scores of one are not compared with those of another.
    let shifted = |by: f64| [(1.0, true), (0.5, false), (2.0, true), (1.5, false)].map(|(s, t)| (s + by, t)).to_vec();
    check_curve(&[shifted(0.0), shifted(100.0), vec![(0.3, true), (0.3, false)]], 1e-12);
    let long: Vec<(f64, bool)> = (0..5000_u32).map(|at| (f64::from(at * 7919 % 4999), at % 3 == 0)).collect();
    check_curve(&[long], 2e-3);
    assert_eq!(roc(&[vec![(1.0, true)], vec![(f64::NAN, true), (0.0, false)]]), []);
    let perfect: Vec<[f64; 2]> = roc(&[vec![(1.0, true), (0.0, false), (0.9, true)]])
        .iter()
        .map(|point| [point.false_alarm_rate, point.sensitivity])
        .collect();
    assert_eq!(perfect, [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
}

#[test]
fn figures_that_do_not_exist_are_not_made_up() {
    assert_eq!(auroc(&[(1.0, true)]), None);
    assert_eq!(auroc(&[(f64::NAN, true), (0.0, false)]), None);
    assert_eq!(sensitivity_at(&[(1.0, true)], 0.95), None);
    assert_eq!(rates(&[(1.0, true)], 0.0), (Some(1.0), None));
}

#[test]
fn the_regression_is_that_of_scikit_learn() {
    let golden = golden();
    let rows: Vec<Vec<f64>> = golden["rows"].as_array().expect("a list").iter().map(numbers).collect();
    for fit in golden["fits"].as_array().expect("a list") {
        let model =
            Logistic::fit(&rows, &flags(&golden["positive"]), fit["c"].as_f64().expect("a number")).expect("fits");
        for (found, wanted) in model.weights.iter().zip(numbers(&fit["weights"])) {
            assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
        }
        assert!((model.offset - fit["offset"].as_f64().expect("a number")).abs() < 1e-5);
        let sum: f64 = model.contributions(&rows[0]).iter().sum();
        assert!((sum + model.offset - model.score(&rows[0])).abs() < 1e-12);
    }
    assert!(Logistic::fit(&rows, &vec![true; rows.len()], 1.0).is_none(), "one class only");
    assert!(Logistic::fit(&[vec![1.0], vec![1.0, 2.0]], &[true, false], 1.0).is_none(), "unequal rows");
}

#[test]
fn the_forest_learns_what_no_straight_line_separates() {
    let rows: Vec<Vec<f64>> = (0..200).map(|i| vec![f64::from(i % 20) - 9.5, f64::from(i / 20) - 4.5]).collect();
    let classes: Vec<usize> = rows.iter().map(|row| usize::from(row[0] * row[1] > 0.0)).collect();
    let forest = Forest::fit(&rows, &classes, 2, &ForestOptions::default());
    let right = rows.iter().zip(&classes).filter(|(row, class)| forest.probabilities(row)[**class] > 0.5).count();
    assert!(right > 190, "{right} of 200");
    assert_eq!(forest, Forest::fit(&rows, &classes, 2, &ForestOptions::default()), "one seed gives one forest");
}

fn picture(kind: usize, number: u64) -> Vec<f32> {
    (0..16 * 28)
        .map(|at| {
            let (row, column) = (at / 28, at % 28);
            let wave = ((row * (kind + 1) + column * (3 - kind) + number as usize) % 7) as f32 / 7.0;
            wave + if row / 6 == kind { 0.4 } else { 0.0 }
        })
        .collect()
}

#[test]
fn the_networks_gradients_are_those_of_differences() {
    let pictures: Vec<Vec<f32>> = (0..6).map(|i| picture(i % 3, i as u64)).collect();
    let rows: Vec<&[f32]> = pictures.iter().map(Vec::as_slice).collect();
    let classes = [0, 1, 2, 0, 1, 2];
    let mut network = Network::new(3, 5);
    let (_, gradient) = network.loss_gradient(&rows, &classes, None, false);
    let largest = gradient.iter().fold(0.0_f32, |a, g| a.max(g.abs()));
    let n = gradient.len();
    let mut n_checked = 0;
    for at in (0..n).step_by(n / 60) {
        let step = 2e-3;
        let mut loss_at = |change: f32| {
            let before = network.parameters()[at];
            network.parameters_mut()[at] = before + change;
            let loss = f64::from(network.loss_gradient(&rows, &classes, None, false).0);
            network.parameters_mut()[at] = before;
            loss
        };
        let difference = ((loss_at(step) - loss_at(-step)) / (2.0 * f64::from(step))) as f32;
        assert!(
            (difference - gradient[at]).abs() < 0.05 * largest.min(1.0) + 0.1 * gradient[at].abs(),
            "{at}: {difference} {}",
            gradient[at]
        );
        n_checked += usize::from(gradient[at].abs() > 0.02 * largest);
    }
    assert!(n_checked > 10, "next to no gradient was large enough to be checked");
}

#[test]
fn one_seed_gives_one_network_and_it_learns() {
    let pictures: Vec<Vec<f32>> = (0..48).map(|i| picture(i % 3, i as u64)).collect();
    let rows: Vec<&[f32]> = pictures.iter().map(Vec::as_slice).collect();
    let classes: Vec<usize> = (0..48).map(|i| i % 3).collect();
    let options = NetworkOptions { n_epochs: 12, batch: 16, ..NetworkOptions::default() };
    let network = Network::fit(&rows, &classes, 3, &options).expect("fits");
    let unseen = (0..3).filter(|kind| network.probabilities(&picture(*kind, 99))[*kind] > 0.6).count();
    assert_eq!(unseen, 3);
    assert_eq!(Some(&network), Network::fit(&rows, &classes, 3, &options).as_ref());
    assert!(Network::fit(&rows, &classes, 2, &options).is_none(), "a class that does not exist");
    assert!(network.probabilities(&[0.0; 7]).is_empty(), "a picture of another size");
}

#[test]
fn the_kernel_learns_and_refuses_what_it_cannot() {
    let pictures: Vec<Vec<f32>> = (0..30).map(|i| picture(i % 3, i as u64)).collect();
    let rows: Vec<&[f32]> = pictures.iter().map(Vec::as_slice).collect();
    let classes: Vec<usize> = (0..30).map(|i| i % 3).collect();
    let options = KernelOptions { max_shift: 1, ..KernelOptions::default() };
    let kernel = Kernel::fit(&rows, &classes, 3, &options).expect("fits");
    for kind in 0..3 {
        let scores = kernel.scores(&picture(kind, 98));
        let others = (0..3).filter(|other| *other != kind).map(|other| scores[other]).fold(f64::MIN, f64::max);
        assert!(scores[kind] > others + 0.2, "{kind}: {scores:?}");
    }
    assert!(Kernel::fit(&rows, &classes, 2, &options).is_none(), "a class that does not exist");
    assert!(Kernel::fit(&[], &[], 2, &options).is_none());
    assert!(kernel.scores(&[1.0]).is_empty(), "a picture of another size");
}

#[test]
fn a_score_is_supported_only_above_all_controls() {
    let interval = |value: f64, half: f64| Interval { value, low: value - half, high: value + half };
    let score = interval(0.9, 0.04);
    for (controls, wanted) in [
        (vec![interval(0.6, 0.05), interval(0.7, 0.05)], Verdict::Supported),
        (vec![interval(0.6, 0.05), interval(0.82, 0.01)], Verdict::NoEvidence),
        (vec![interval(0.78, 0.09)], Verdict::NoEvidence),
        (vec![], Verdict::NoEvidence),
    ] {
        assert_eq!(verdict(&score, &controls), wanted, "{controls:?}");
    }
}

#[test]
fn intervals_hold_their_figure_and_shrink_with_records() {
    let width = |n: usize| {
        let strata: Vec<usize> = (0..n).map(|at| at % 2).collect();
        let found = interval(&strata, 3, |drawn| Some(drawn.iter().map(|at| (at % 10) as f64).sum::<f64>() / n as f64));
        let Interval { value, low, high } = found.expect("defined");
        assert!(low <= value && value <= high);
        high - low
    };
    assert!(width(400) < 0.7 * width(100));
}

#[test]
fn splits_leave_out_what_they_say() {
    let label = |person: &str, room: &str, class: &str| Label {
        class: class.into(),
        person: person.into(),
        room: room.into(),
        session: format!("{person}{class}"),
        ..Label::default()
    };
    let labels: Vec<Label> = [("a", "1"), ("b", "1"), ("c", "2")]
        .into_iter()
        .flat_map(|(p, r)| ["fall", "walk"].into_iter().cycle().take(10).map(move |c| label(p, r, c)))
        .collect();
    let in_room = folds(&labels, "fall", Split::PersonInRoom, 0).expect("two people share a room");
    assert_eq!(in_room.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(in_room.iter().all(|fold| fold.train.iter().all(|at| labels[*at].room == "1")));
    assert_eq!(folds(&labels, "fall", Split::Person, 0).expect("three people").len(), 3);
    assert_eq!(folds(&labels, "fall", Split::Room, 0).expect("two rooms").len(), 2);
    assert_eq!(folds(&labels, "fall", Split::Random, 0).expect("always").len(), 5);
    let why = folds(&labels, "fall", Split::Session, 0).expect_err("each session has one class");
    assert!(why.contains("session"), "{why}");
    assert!(folds(&labels, "fall", Split::Device, 0).expect_err("one device").contains("device"));
}

#[test]
fn a_day_that_gives_the_class_away_is_no_evidence() {
    // Falls were recorded on one day and walks on another: the still channels differ, the movement does not.
    let (mut sheets, mut labels) = (Vec::new(), Vec::new());
    for person in 0..2_u64 {
        for number in 0..12_u64 {
            let is_fall = number % 2 == 0;
            let channel = Channel {
                place: if is_fall { 11 } else { 12 },
                seed: 100 * person + number,
                rate_hz: 50.0,
                ..Channel::burst(4.0 + 0.1 * number as f64, 0.8, 0.2)
            };
            sheets.push(sheet(&channel.series()).expect("long enough"));
            labels.push(Label {
                class: if is_fall { "falling" } else { "walking" }.into(),
                person: format!("p{person}"),
                ..Label::default()
            });
        }
    }
    let options = falls::Options { n_networks: 1, n_epochs: 2, ..falls::Options::default() };
    let rows = falls::run(&sheets, &labels, "falling", Split::Person, &options, &mut |_| true).expect("two people");
    let no_movement = rows.iter().find(|row| row.method == Method::NoMovement).expect("a control");
    assert!((area_under(&no_movement.roc) - no_movement.auroc.value).abs() < 2e-3, "controls have their curve too");
    assert!(no_movement.auroc.value > 0.95, "the still channel tells the day: {:?}", no_movement.auroc);
    for row in rows.iter().filter(|row| !row.method.is_control()) {
        assert_eq!(row.verdict, Some(Verdict::NoEvidence), "{:?}", row.method);
    }
    assert!(falls::run(&sheets, &labels, "falling", Split::Person, &options, &mut |_| false).is_err(), "interrupted");
}

#[track_caller]
fn check_gates(channel: &Channel, is_event: bool, is_masked: bool) {
    let clean = clean(&channel.series()).expect("a channel");
    let burst = burst::find(&clean).expect("long enough");
    assert_eq!(burst.is_event(), is_event, "{:.1} dB", burst.contrast_db);
    let masking = masking::judge(&clean).expect("long enough");
    assert_eq!(masking.masked, is_masked, "{masking:?}");
}

#[test]
fn quiet_is_no_event_and_a_fan_is_no_fall() {
    check_gates(&Channel::default(), false, false);
    check_gates(&Channel::burst(5.0, 0.7, 0.3), true, false);
    check_gates(&Channel { rate_hz: 50.0, ..Channel::burst(5.0, 0.7, 0.3) }, true, false);
    check_gates(&Channel { fan: 0.05, ..Channel::default() }, false, true);
    check_gates(&Channel { gain: 0.001, ..Channel::burst(5.0, 0.7, 0.3) }, true, false);
}

#[test]
fn the_burst_is_where_the_movement_was() {
    let clean = clean(&Channel::burst(6.0, 0.6, 0.3).series()).expect("a channel");
    let burst = burst::find(&clean).expect("long enough");
    assert!(burst.peak.abs_diff(300) < 30, "{}", burst.peak);
    assert!(burst.start < burst.peak && burst.peak < burst.end && burst.secs() < 4.0);
    assert!(burst::find(&Default::default()).is_none());
}

#[test]
fn features_do_not_know_gain_and_are_all_there() {
    let of =
        |gain: f64| sheet(&Channel { gain, ..Channel::burst(5.0, 0.7, 0.3) }.series()).expect("long enough").features;
    let (soft, loud) = (of(0.01), of(1e4));
    assert_eq!(soft.len(), NAMES.len());
    for (name, (a, b)) in NAMES.iter().zip(soft.iter().zip(&loud)) {
        assert!(a.is_finite() && (a - b).abs() < 1e-2 * (1.0 + a.abs()), "{name}: {a} {b}");
    }
    assert!(sheet(&Channel { secs: 2.0, ..Channel::default() }.series()).is_none(), "too short to judge");
    assert!(clean(&Default::default()).is_none());
}

#[test]
fn packets_of_two_formats_become_one_channel() {
    // Every fourth packet leaves the outermost subcarriers empty and has a tilted shape, as legacy packets have.
    let mut series = Channel { rate_hz: 50.0, ..Channel::default() }.series();
    let n = series.n_columns();
    for row in series.rows.chunks_exact_mut(n).step_by(4) {
        for (at, value) in row.iter_mut().enumerate() {
            let k = series.numbers[at];
            *value *= if k.abs() > 26 { 0.01 } else { 1.0 + 0.005 * f32::from(k) };
        }
    }
    let mixed = clean(&series).expect("a channel");
    assert!((mixed.bookkeeping.legacy_share - 0.25).abs() < 0.02, "{:?}", mixed.bookkeeping);
    let single = clean(&Channel { rate_hz: 50.0, ..Channel::default() }.series()).expect("a channel");
    assert!(mixed.bookkeeping.noise < 1.3 * single.bookkeeping.noise, "{:?}", mixed.bookkeeping);
}

#[test]
fn thresholds_keep_to_the_budget() {
    let scores: Vec<f64> = (0..100).map(f64::from).collect();
    // 100 events in 24 hours, 5 alarms a day: five lie above.
    let plain = Threshold::for_budget(&scores, 24.0, 5.0).expect("enough events");
    assert_eq!(scores.iter().filter(|score| **score > plain.score).count(), 5);
    assert!(!plain.extrapolated && (plain.alarms_per_day - 5.0).abs() < 1e-9);
    // An alarm a week cannot be seen in a day: above everything seen, and said so.
    let rare = Threshold::for_budget(&scores, 24.0, 1.0 / 7.0).expect("enough events");
    assert!(rare.extrapolated && rare.score > 99.0);
    assert!(Threshold::for_budget(&scores[..19], 24.0, 5.0).is_none(), "too few events");
    assert!(Threshold::for_budget(&scores, 0.0, 5.0).is_none());
    assert!(Threshold::for_budget(&[f64::NAN; 40], 24.0, 5.0).is_none());
}

/// Short strong bursts are falls, long weak ones are not.
fn model() -> FallModel {
    let (mut features, mut classes) = (Vec::new(), Vec::new());
    for number in 0..24_u64 {
        let is_fall = number % 2 == 0;
        let width = if is_fall { 0.4 } else { 1.8 } + 0.01 * number as f64;
        let channel = Channel { seed: number, rate_hz: 50.0, ..Channel::burst(5.0, width, 0.25) };
        features.push(sheet(&channel.series()).expect("long enough").features);
        classes.push(if is_fall { "fall" } else { "other" });
    }
    FallModel::fit(&features, &[], &classes, "fall", 0.3, &Choice::FeaturesOnly).expect("fits")
}

fn at_zero() -> Threshold {
    Threshold { score: 0.0, alarms_per_day: 1.0, n_events: 20, hours: 24.0, extrapolated: false }
}

/// All events of a stretch, as the front door tells them.
fn watch(channel: &Channel, calibrated: bool) -> (Watch, Vec<Event>) {
    let mut watch = Watch::new(LinkId::default(), fall::Config::default());
    if calibrated {
        watch.fall_detector().calibrate(model(), at_zero());
    }
    let events = channel.frames().iter().flat_map(|(time, frame)| watch.push(*time, frame)).collect();
    (watch, events)
}

#[test]
fn a_fall_raises_one_alert_with_its_stages_and_is_followed() {
    let channel =
        Channel { secs: 40.0, rate_hz: 60.0, bursts: vec![(12.0, 0.4, 0.25), (31.0, 1.0, 0.25)], ..Channel::default() };
    let (_, events) = watch(&channel, true);
    let falls: Vec<&Event> = events.iter().filter(|event| event.kind == EventKind::Fall).collect();
    let first = falls.first().expect("the fall is found");
    assert!((first.span.start.secs_f64() - 11.4).abs() < 0.8, "{:?}", first.span);
    assert_eq!((first.severity, first.revision), (Severity::Alert, 0));
    let kinds: Vec<StageKind> = first.stages.iter().map(|stage| stage.kind).collect();
    assert_eq!(kinds, [StageKind::EventGate, StageKind::DescentBurst, StageKind::Impact, StageKind::Stillness]);
    assert!(first.stages[1].figures.len() > 4, "the reasons of the regression are kept");
    let last = falls.last().expect("not empty");
    assert!(falls.iter().all(|event| event.id == first.id), "one fall, told again with more known");
    assert!(last.stages.iter().any(|stage| stage.kind == StageKind::Recovery), "{:?}", last.stages);
    let floor = last.stages.iter().find(|stage| stage.kind == StageKind::TimeOnFloor).expect("kept");
    assert!((floor.span.secs() - 17.0).abs() < 3.0, "{:?}", floor.span);
}

#[test]
fn replaying_gives_the_same_events_bit_for_bit() {
    let channel = Channel { secs: 25.0, rate_hz: 60.0, ..Channel::burst(12.0, 0.4, 0.25) };
    let (_, first) = watch(&channel, true);
    assert!(!first.is_empty());
    assert_eq!(first, watch(&channel, true).1);
}

#[test]
fn alarms_cannot_flood() {
    let bursts = (0..15).map(|i| (12.0 + 11.0 * f64::from(i), 0.4, 0.25)).collect();
    let (mut watch, events) = watch(&Channel { secs: 175.0, rate_hz: 60.0, bursts, ..Channel::default() }, true);
    let alarms = events.iter().filter(|event| event.kind == EventKind::Fall && event.revision == 0).count();
    assert!((1..=3).contains(&alarms), "{alarms} alarms in three minutes of falling all the time");
    let n_suppressed = watch.fall_detector().n_suppressed();
    assert!(n_suppressed > 5, "{n_suppressed} kept back");
}

#[test]
fn what_cannot_be_judged_says_why() {
    let fall = Channel { secs: 20.0, rate_hz: 60.0, ..Channel::burst(12.0, 0.4, 0.25) };
    let check = |channel: &Channel, calibrated: bool, wanted: fn(Unsupported) -> bool, words: &str| {
        let (watch, events) = watch(channel, calibrated);
        assert!(events.iter().all(|event| event.kind != EventKind::Fall), "{words}: judged all the same");
        let why = watch.falls_supported().expect_err(words);
        assert!(wanted(why) && why.text().contains(words), "{why:?}: {}", why.text());
    };
    check(&fall, false, |why| why == Unsupported::NotCalibrated, "Not calibrated");
    check(&Channel { fan: 0.08, ..fall.clone() }, true, |why| matches!(why, Unsupported::Masked { .. }), "machine");
    check(
        &Channel { rate_hz: 20.0, ..fall.clone() },
        true,
        |why| matches!(why, Unsupported::TooSlow { .. }),
        "too few",
    );
    check(
        &Channel { gap: Some((11.5, 13.0)), ..fall.clone() },
        true,
        |why| matches!(why, Unsupported::Gap { .. }),
        "missing",
    );
    check(&Channel { secs: 4.0, bursts: Vec::new(), ..fall }, true, |why| why == Unsupported::Warming, "ten seconds");
}

#[test]
fn a_clock_that_jumps_starts_the_link_again() {
    let mut watch = Watch::new(LinkId::default(), fall::Config::default());
    let frames = Channel { secs: 12.0, rate_hz: 60.0, ..Channel::default() }.frames();
    for offset_secs in [0.0, 1e6, 0.0] {
        for (time, frame) in &frames {
            watch.push(time.plus_secs(offset_secs), frame);
        }
        assert_eq!(watch.falls_supported(), Err(Unsupported::NotCalibrated));
    }
    let mut detector = Detector::new(LinkId::default(), fall::Config::default());
    assert!(detector.look(Timestamp::ZERO, &Default::default(), None).is_empty());
}

#[test]
fn raw_captures_give_the_features_of_the_compact_arrays() {
    let (Some(raw), Some(compact)) = (shared_csi("fition/raw"), shared_csi("fition/compact_dev_u1-3.npz")) else {
        return;
    };
    let compact = fition::read_compact(&compact).expect("the arrays are whole");
    assert_eq!(compact.len(), 590);
    let raw = fition::read_raw(&raw).expect("the captures are whole");
    assert_eq!(raw.len(), 36);
    let (mut n_events, mut n_pictures, mut n_features) = (0, 0, 0);
    for record in raw {
        let twin = compact.iter().find(|other| other.label.name == record.label.name).expect("in both");
        assert_eq!(record.label, twin.label);
        let (a, b) = (sheet(&record.series).expect("whole"), sheet(&twin.series).expect("whole"));
        assert_eq!(a.masked, b.masked, "{:?}", record.label);
        let books = |series| clean(series).expect("whole").bookkeeping;
        let (raw, arrays) = (books(&record.series), books(&twin.series));
        assert!((raw.legacy_share - arrays.legacy_share).abs() < 0.01, "{:?}", record.label);
        assert!((raw.log_level - arrays.log_level).abs() < 0.01, "{:?}", record.label);
        // The arrays hold half floats and whole milliseconds, so of two peaks of like height another may win.
        if !falls::is_event(&a) {
            continue;
        }
        n_events += 1;
        let off = a.picture.iter().zip(&b.picture).map(|(a, b)| (a - b).abs()).sum::<f32>() / a.picture.len() as f32;
        n_pictures += usize::from(off < 0.05);
        let near = a.features.iter().zip(&b.features).filter(|(a, b)| (*a - *b).abs() < 0.05 * (1.0 + a.abs())).count();
        n_features += usize::from(near >= 40);
    }
    assert!(
        n_events > 20 && 10 * n_pictures >= 8 * n_events && 10 * n_features >= 7 * n_events,
        "{n_events} {n_pictures} {n_features}"
    );
}

#[test]
fn a_table_of_own_recordings_is_read_or_refused_with_what_to_write() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("labels.csv");
    for (text, reason) in [
        ("file,start,end,label\n", "names no recordings"),
        ("file,start,end,label\na.pcap,5,2,fall\n", "line 2: the end must lie behind the start"),
        ("file,start,end,label\na.pcap,x,2,fall\n", "line 2"),
        ("file,start,end,label\nmissing.pcap,,,fall\n", "no such file"),
    ] {
        std::fs::write(&path, text).expect("written");
        let said = table::read(&path).expect_err(reason).to_string();
        assert!(said.contains(reason), "{said}");
    }
    let Some(raw) = shared_csi("fition/raw/falling_user1_rm1/falling_user1_rm1_1.pcap") else { return };
    let raw = raw.canonicalize().expect("there");
    std::fs::write(&path, format!("file,start,end,label,person,room\n{},1,8,fall,ann,kitchen\n", raw.display()))
        .expect("written");
    let records = table::read(&path).expect("read");
    assert_eq!((records[0].label.class.as_str(), records[0].label.person.as_str()), ("fall", "ann"));
    assert!((records[0].series.secs() - 7.0).abs() < 0.2);
}
