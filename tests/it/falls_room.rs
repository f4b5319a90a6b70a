//! Falls in a room: several links judged together, alarms only where they are allowed, and learning from verdicts.

use corporeal::analytics::evaluation::verdict::Verdict;
use corporeal::analytics::fall::features::NAMES;
use corporeal::analytics::fall::{
    Alarms, Config, Judged, Labelled, Learning, LinkEvidence, Origin, Room, RoomEvidence, RoomModel, Threshold, refit,
};
use corporeal::analytics::gain::without_steps;
use corporeal::analytics::learn::Logistic;
use corporeal::types::{EventKind, LinkId, NodeId, Span, Timestamp};

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(secs)
}

/// What a link saw: `value` is its first feature, which is all that the models below look at.
fn seen(node: u16, secs: f64, contrast_db: f32, value: f32) -> LinkEvidence {
    let mut features = vec![0.0; NAMES.len()];
    features[0] = value;
    LinkEvidence {
        link: LinkId { tx: NodeId::Number(0), rx: NodeId::Number(node) },
        peak: at(secs),
        span: Span::new(at(secs - 0.5), at(secs + 0.5)),
        contrast_db,
        features,
        background: vec![0.5; 4],
    }
}

/// Scores by the first feature alone: 1 is a fall, -1 is none.
fn model(origin: Origin, threshold: Option<f64>) -> RoomModel {
    let rows: Vec<Vec<f64>> = (0..40)
        .map(|i| {
            let mut row = vec![0.0; NAMES.len()];
            row[0] = if i % 2 == 0 { 1.0 } else { -1.0 };
            row
        })
        .collect();
    let truths: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
    let threshold = threshold.map(|score| Threshold {
        score,
        alarms_per_day: 1.0,
        n_events: 500,
        hours: 24.0,
        extrapolated: false,
    });
    let logistic = Logistic::fit(&rows, &truths, 1.0).expect("fits");
    RoomModel { logistic, origin, threshold, above_95: None, alarms_per_day: None }
}

fn run(room: &mut Room, until_secs: u32, evidence: &[LinkEvidence]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for second in 0..=until_secs {
        let new = evidence.iter().filter(|link| {
            let told = link.peak.secs_f64() + 3.0;
            told > f64::from(second) - 1.0 && told <= f64::from(second)
        });
        judged.extend(room.take(at(f64::from(second)), new.cloned()));
    }
    judged
}

#[test]
fn links_that_see_one_moment_are_judged_together() {
    let model = model(Origin::SimulatedRooms, Some(0.0));
    let mut room = Room::new(model.clone(), true, Config::default(), Learning::default());
    let evidence =
        [seen(1, 10.0, 20.0, 1.0), seen(2, 10.8, 14.0, 0.4), seen(3, 9.5, 13.0, 0.7), seen(1, 40.0, 15.0, -1.0)];
    let judged = run(&mut room, 60, &evidence);
    assert_eq!(judged.iter().map(|moment| moment.evidence.links.len()).collect::<Vec<_>>(), [3, 1]);
    // A linear model scores the mean of the links with the mean of their scores.
    let alone =
        |link: &LinkEvidence| model.score(&RoomEvidence { links: vec![link.clone()] }).expect("of this version").score;
    let mean = evidence[..3].iter().map(alone).sum::<f64>() / 3.0;
    assert!((judged[0].scored.score - mean).abs() < 1e-6, "{} {mean}", judged[0].scored.score);
    let alarm = judged[0].alarm.as_ref().expect("above the threshold");
    let rx = alarm.link.map(|link| link.rx);
    assert_eq!((alarm.kind, rx), (EventKind::Fall, Some(NodeId::Number(1))), "told at the link that saw most");
    assert_eq!(alarm.stages[0].figures.len(), 3, "one figure a link");
    assert!(judged[1].alarm.is_none());
    assert!(room.origin().text().contains("not proven on real"));
}

#[test]
fn a_simulated_model_raises_no_alarm_on_real_data_before_the_room_is_learned() {
    let mut room = Room::new(
        model(Origin::SimulatedRooms, Some(0.0)),
        false,
        Config::default(),
        Learning { needed_hours: 0.1, ..Learning::default() },
    );
    let ordinary: Vec<LinkEvidence> =
        (0..25_u8).map(|i| seen(1, 10.0 + 12.0 * f64::from(i), 15.0, -0.8 + 0.01 * f32::from(i))).collect();
    let first = run(&mut room, 340, &[ordinary.clone(), vec![seen(1, 320.0, 20.0, 1.0)]].concat());
    assert_eq!(first.len(), 26);
    assert!(first.iter().all(|moment| moment.alarm.is_none()), "scores are shown, nothing alarms");
    let state = room.alarms();
    assert!(matches!(state, Alarms::Learning { n_events: 26, .. }), "{state:?}");
    assert!(state.text().contains("learning: 0.1 of 0 hours"), "{}", state.text());
    // Somebody says that the last was a fall: it must not raise the threshold.
    room.confirm_fall(&first[25].evidence);
    let stored = serde_json::to_string(room.learning()).expect("plain data");
    let learning: Learning = serde_json::from_str(&stored).expect("plain data");
    assert_eq!(&learning, room.learning());
    let mut later = Room::new(model(Origin::SimulatedRooms, Some(0.0)), false, Config::default(), learning);
    let next = run(&mut later, 60, &[seen(1, 30.0, 20.0, 1.0)]);
    assert!(matches!(later.alarms(), Alarms::On(threshold) if threshold.n_events == 25 && threshold.extrapolated));
    assert!(next[0].alarm.is_some(), "above everything ordinary");
}

#[test]
fn a_clock_that_is_set_back_judges_nothing_twice() {
    let mut room = Room::new(model(Origin::SimulatedRooms, Some(0.0)), true, Config::default(), Learning::default());
    room.take(at(1_000.0), [seen(1, 999.0, 20.0, 1.0)]);
    assert!(room.take(at(10.0), []).is_empty());
    assert!((11..60).all(|second| room.take(at(f64::from(second)), []).is_empty()), "it was never completed");
    let hours = room.learning().hours;
    assert!((hours - 49.0 / 3_600.0).abs() < 1e-9, "{hours}");
}

#[test]
fn evidence_of_another_version_is_left_out() {
    let mut odd = seen(1, 10.0, 20.0, 1.0);
    odd.features.pop();
    let evidence = RoomEvidence { links: vec![odd] };
    assert!(evidence.pooled().is_empty());
    assert_eq!(model(Origin::SimulatedRooms, None).score(&evidence), None);
}

/// Events a minute apart; falls differ by their movement, by when they come, or by nothing.
fn labelled(n: u32, by_movement: f32, by_hour: bool) -> Vec<Labelled> {
    (0..n)
        .map(|i| {
            let is_fall = i % 3 == 0;
            // Numbers without a pattern, always the same.
            let chance = ((i.wrapping_mul(2_654_435_761) >> 8) % 1_000) as f32 / 1_000.0;
            let other = ((i.wrapping_mul(40_503) >> 3) % 1_000) as f32 / 1_000.0;
            let secs = if by_hour && is_fall { 40_000.0 } else { 0.0 } + 60.0 * f64::from(i);
            let mut link = seen(1, secs, 15.0, chance + if is_fall { by_movement } else { 0.0 });
            link.background = vec![other, chance * other];
            Labelled { evidence: RoomEvidence { links: vec![link] }, is_fall }
        })
        .collect()
}

#[test]
fn verdicts_become_a_model_that_says_what_it_is_worth() {
    let good = refit(&labelled(90, 1.2, false)).expect("enough of both");
    assert_eq!((good.n_falls, good.n_others, good.verdict), (30, 60, Verdict::Supported), "{good:#?}");
    assert!(good.auroc.value > 0.95 && good.text.contains("of the falls are found"), "{}", good.text);
    assert_eq!(good.model.origin, Origin::OwnLabels { n_falls: 30, n_others: 60 });
    let score = |event: &Labelled| good.model.score(&event.evidence).expect("of this version").score;
    let events = labelled(90, 1.2, false);
    assert!(score(&events[0]) > score(&events[1]));
    let nothing = refit(&labelled(90, 0.0, false)).expect("enough of both");
    assert_eq!(nothing.verdict, Verdict::NoEvidence, "{nothing:#?}");
    // Falls that were all played at one hour: the hour tells as much as the movement.
    let played = refit(&labelled(90, 1.2, true)).expect("enough of both");
    assert_eq!(played.verdict, Verdict::NoEvidence, "{played:#?}");
    assert!(played.text.contains("hour and day"), "{}", played.text);
}

#[test]
fn too_few_verdicts_say_how_many_are_missing() {
    let said = refit(&labelled(12, 1.0, false)).expect_err("too few");
    assert!(said.contains("4 falls and 8 other events") && said.contains("5 and 15 are needed"), "{said}");
    assert!(refit(&[]).is_err());
}

#[test]
fn the_model_that_comes_with_the_program_is_whole() {
    let model = RoomModel::simulated().expect("part of the program");
    assert_eq!(model.origin, Origin::SimulatedRooms);
    assert_eq!(model.logistic.weights.len(), NAMES.len());
    // On simulated sources it tells what may be a fall and wakes nobody; on real ones it learns the room first.
    let room = |is_simulated| Room::new(model.clone(), is_simulated, Config::default(), Learning::default());
    let alarms = room(true).alarms();
    assert!(matches!(alarms, Alarms::OnSimulated { alarms_per_day: Some(_), .. }), "{alarms:?}");
    assert!(alarms.text().contains("a day are told in simulated ordinary living"), "{}", alarms.text());
    assert!(matches!(room(false).alarms(), Alarms::Learning { .. }));
}

#[test]
fn a_switch_of_the_gain_goes_and_what_a_body_does_stays() {
    let levels = |switched: f64| -> Vec<f64> {
        (0..400)
            .map(|i| {
                let secs = f64::from(i) / 100.0;
                let noise = 0.004 * f64::from((i * 7_919) % 11 - 5) / 5.0;
                let body = 1.0 + 0.15 * (std::f64::consts::TAU * 1.5 * secs).sin();
                40.0 * body * (1.0 + noise) * if i >= 230 { switched } else { 1.0 }
            })
            .collect()
    };
    let plain = without_steps(&levels(1.0));
    let range =
        |values: &[f64]| values.iter().copied().fold(0.0, f64::max) - values.iter().copied().fold(9.0, f64::min);
    assert!((0.25..0.35).contains(&range(&plain)), "the body stays: {}", range(&plain));
    for switched in [0.7, 1.3, 1.8] {
        let steady = without_steps(&levels(switched));
        // The median of the stretch may lie elsewhere by the little that the body moved during the switch.
        let worst = plain.iter().zip(&steady).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 0.04, "{worst} after a switch by {switched}");
    }
    assert!(without_steps(&[]).is_empty());
    assert_eq!(without_steps(&[f64::NAN, 0.0, 1.0]).len(), 3);
}
