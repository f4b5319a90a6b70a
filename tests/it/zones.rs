//! Zones, maps and summaries through the front door: tracks in, what a house wants to know out.

use corporeal::tracking::occupancy::{FloorMap, OccupancyTimeline};
use corporeal::tracking::probability_inside;
use corporeal::tracking::summary::{BreathingReading, CareInputs, DayLog, Figure, Flow, care, security, shop};
use corporeal::tracking::zones::{ZoneEvent, ZoneEventKind, ZoneWatch};
use corporeal::types::{
    Estimate, FloorPoint, Outline, OutlineError, Pose, Posture, Span, Timestamp, Track, TrackId, TrackState, Zone,
    ZoneId, ZoneKind, ZoneLimits,
};
use proptest::prelude::*;

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(1_000.0 + secs)
}

fn track(id: u64, time: Timestamp, x: f64, y: f64, sigma_m: f64) -> Track {
    Track {
        id: TrackId(id),
        state: TrackState::Confirmed,
        born: time,
        time,
        last_seen: time,
        pose: Pose::at(FloorPoint::round([x, y], sigma_m)),
        velocity_m_per_s: [0.0, 0.0],
        velocity_covariance: [[0.01, 0.0], [0.0, 0.01]],
        existence: 1.0,
        identity: 1.0,
        shared: false,
        trail: Default::default(),
    }
}

fn zone(id: u32, kind: ZoneKind, from: [f64; 2], to: [f64; 2]) -> Zone {
    Zone {
        id: ZoneId(id),
        name: format!("zone {id}"),
        outline: Outline::rectangle(from, to).expect("a rectangle"),
        kind,
        limits: ZoneLimits::default(),
    }
}

// ---- outlines

#[track_caller]
fn check_outline(corners: &[[f64; 2]], expected: Result<f64, OutlineError>) {
    let found = Outline::new(corners.to_vec()).map(|outline| (outline.area_m2() * 1e6).round() / 1e6);
    assert_eq!(found, expected, "{corners:?}");
}

#[test]
fn outlines_are_simple_polygons_or_say_what_is_wrong() {
    use OutlineError::*;
    check_outline(&[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]], Ok(2.0));
    // Clockwise is turned round.
    check_outline(&[[0.0, 1.0], [2.0, 1.0], [2.0, 0.0], [0.0, 0.0]], Ok(2.0));
    check_outline(&[[0.0, 0.0], [4.0, 0.0], [4.0, 3.0], [2.0, 1.0], [0.0, 3.0]], Ok(8.0));
    // A corner in the middle of a straight side is no fault.
    check_outline(&[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [2.0, 1.0]], Ok(1.0));
    check_outline(&[], Err(TooFew));
    check_outline(&[[0.0, 0.0], [1.0, 0.0]], Err(TooFew));
    check_outline(&vec![[0.0, 0.0]; 300], Err(TooMany));
    check_outline(&[[0.0, 0.0], [f64::NAN, 0.0], [1.0, 1.0]], Err(NotAPlace));
    check_outline(&[[0.0, 0.0], [f64::INFINITY, 0.0], [1.0, 1.0]], Err(NotAPlace));
    check_outline(&[[0.0, 0.0], [1e9, 0.0], [1.0, 1.0]], Err(NotAPlace));
    check_outline(&[[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]], Err(Repeated));
    // A bow tie, a needle back onto itself, two triangles that touch in a corner.
    check_outline(&[[0.0, 0.0], [2.0, 2.0], [2.0, 0.0], [0.0, 2.0]], Err(Crossing));
    check_outline(&[[0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 1.0]], Err(Crossing));
    check_outline(&[[0.0, 0.0], [2.0, 0.0], [1.0, 1.0], [2.0, 2.0], [0.0, 2.0], [1.0, 1.0]], Err(Crossing));
    check_outline(&[[0.0, 0.0], [1.0, 0.0], [0.5, 0.001]], Err(NoArea));
}

#[test]
fn a_zone_survives_a_file_and_a_wrong_one_does_not_come_out_of_it() {
    let zone = zone(3, ZoneKind::Bed, [0.0, 0.0], [2.0, 1.0]);
    let text = serde_json::to_string(&zone).expect("zones are written");
    assert_eq!(serde_json::from_str::<Zone>(&text).expect("and read"), zone);
    let crossing = text.replace("[2.0,0.0],[2.0,1.0]", "[2.0,1.0],[2.0,0.0]");
    assert_ne!(crossing, text);
    let error = serde_json::from_str::<Zone>(&crossing).expect_err("two sides cross").to_string();
    assert!(error.contains("move a corner"), "{error}");
}

#[test]
fn distance_and_centre_of_an_outline() {
    let outline = Outline::rectangle([101.0, 50.0], [103.0, 51.0]).expect("a rectangle");
    assert_eq!(outline.centroid_m(), [102.0, 50.5]);
    assert_eq!(outline.distance_m([102.0, 50.2]), 0.0);
    assert!((outline.distance_m([104.0, 52.0]) - 2f64.sqrt()).abs() < 1e-12);
    assert!((outline.distance_m([102.0, 47.0]) - 3.0).abs() < 1e-12);
}

// ---- probability

/// Integral of the standard normal density, by Simpson's rule.
fn normal_between(from: f64, to: f64) -> f64 {
    let (from, to) = (from.clamp(-9.0, 9.0), to.clamp(-9.0, 9.0));
    let n = 2000;
    let step = (to - from) / f64::from(n);
    let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    let weight = |k: i32| {
        if k == 0 || k == n {
            1.0
        } else if k % 2 == 1 {
            4.0
        } else {
            2.0
        }
    };
    (0..=n).map(|k| weight(k) * density(from + f64::from(k) * step)).sum::<f64>() * step / 3.0
}

proptest! {
    #[test]
    fn the_probability_of_a_rectangle_is_the_product_of_its_sides(
        (x, y) in (-3.0..6.0f64, -3.0..6.0f64),
        (sigma_x, sigma_y) in (0.05..3.0f64, 0.05..3.0f64),
        (width, depth) in (0.2..5.0f64, 0.2..5.0f64),
    ) {
        let outline = Outline::rectangle([0.0, 0.0], [width, depth]).expect("a rectangle");
        let place = FloorPoint { position_m: [x, y], covariance_m2: [[sigma_x * sigma_x, 0.0], [0.0, sigma_y * sigma_y]] };
        let exact = normal_between(-x / sigma_x, (width - x) / sigma_x) * normal_between(-y / sigma_y, (depth - y) / sigma_y);
        let found = probability_inside(&outline, &place);
        prop_assert!((found - exact).abs() < 1e-6, "{found} instead of {exact}");
    }

    #[test]
    fn two_halves_of_a_bent_zone_add_up(
        (x, y) in (-1.0..5.0f64, -1.0..5.0f64),
        (xx, yy, share) in (0.01..2.0f64, 0.01..2.0f64, -0.95..0.95f64),
    ) {
        let xy = share * (xx * yy).sqrt();
        let place = FloorPoint { position_m: [x, y], covariance_m2: [[xx, xy], [xy, yy]] };
        let of = |corners: &[[f64; 2]]| probability_inside(&Outline::new(corners.to_vec()).expect("simple"), &place);
        let whole = of(&[[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [3.0, 4.0], [3.0, 1.0], [0.0, 1.0]]);
        let halves = of(&[[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [0.0, 1.0]]) + of(&[[3.0, 1.0], [4.0, 1.0], [4.0, 4.0], [3.0, 4.0]]);
        prop_assert!((whole - halves).abs() < 1e-6, "{whole} instead of {halves}");
        prop_assert!((0.0..=1.0).contains(&whole));
    }
}

#[test]
fn a_place_on_a_corner_or_a_side_is_a_quarter_or_a_half_inside() {
    let outline = Outline::rectangle([0.0, 0.0], [50.0, 50.0]).expect("a rectangle");
    for (place, wanted) in [([0.0, 0.0], 0.25), ([25.0, 0.0], 0.5), ([25.0, 25.0], 1.0), ([-30.0, 25.0], 0.0)] {
        let found = probability_inside(&outline, &FloorPoint::round(place, 0.5));
        assert!((found - wanted).abs() < 1e-9, "{place:?}: {found}");
    }
    assert_eq!(probability_inside(&outline, &FloorPoint::round([f64::NAN, 0.0], 0.5)), 0.0);
}

// ---- zones

/// Steps of a fifth of a second; `way` gives each person's place.
fn watch(zone: &Zone, secs: f64, way: impl Fn(f64) -> Vec<Track>) -> Vec<ZoneEvent> {
    let mut watch = ZoneWatch::new(vec![zone.clone()]);
    let mut events = Vec::new();
    for n in 0..(secs * 5.0) as usize {
        let secs = 0.2 * n as f64;
        events.extend(watch.step(at(secs), &way(secs)));
    }
    events
}

fn words(events: &[ZoneEvent]) -> Vec<String> {
    let word = |event: &ZoneEvent| match event.kind {
        ZoneEventKind::Entered => "entered".to_owned(),
        ZoneEventKind::Left { dwell_secs } => format!("left after {dwell_secs:.0} s"),
        ZoneEventKind::Intrusion => "intrusion".to_owned(),
        ZoneEventKind::DwellExceeded { .. } => "too long".to_owned(),
        ZoneEventKind::Crowded { n_people } => format!("crowded by {n_people}"),
    };
    events.iter().map(word).collect()
}

#[track_caller]
fn check_events(zone: &Zone, secs: f64, way: impl Fn(f64) -> Vec<Track>, expected: &[&str]) {
    assert_eq!(words(&watch(zone, secs, way)), expected);
}

#[test]
fn walking_through_a_zone_enters_and_leaves_it_once() {
    let ordinary = zone(1, ZoneKind::Ordinary, [2.0, 0.0], [4.0, 3.0]);
    check_events(
        &ordinary,
        10.0,
        |secs| vec![track(1, at(secs), 0.7 * secs, 1.5, 0.2)],
        &["entered", "left after 3 s"],
    );
}

#[test]
fn standing_on_a_border_does_not_flicker() {
    let ordinary = zone(1, ZoneKind::Ordinary, [2.0, 0.0], [4.0, 3.0]);
    let mut dice = 1u64;
    let places: Vec<f64> = (0..3_000)
        .map(|_| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            2.0 + 0.15 * ((dice >> 40) as f64 / 8_388_608.0 - 1.0)
        })
        .collect();
    let events =
        watch(&ordinary, 600.0, |secs| vec![track(1, at(secs), places[(secs * 5.0).round() as usize], 1.5, 0.2)]);
    assert!(events.len() <= 1, "{:?}", words(&events));
}

#[test]
fn a_restricted_zone_reports_an_intrusion_with_who_and_how_sure() {
    let vault = zone(7, ZoneKind::Restricted, [2.0, 0.0], [4.0, 3.0]);
    let events = watch(&vault, 8.0, |secs| vec![track(5, at(secs), (0.7 * secs).min(3.0), 1.5, 0.2)]);
    assert_eq!(words(&events), ["entered", "intrusion"]);
    assert_eq!((events[1].zone, events[1].track), (ZoneId(7), Some(TrackId(5))));
    assert!(events[1].probability > 0.7);
}

#[test]
fn staying_too_long_is_told_once_a_stay() {
    let mut bath = zone(1, ZoneKind::Bath, [0.0, 0.0], [3.0, 3.0]);
    bath.limits.max_dwell_secs = Some(20);
    check_events(&bath, 60.0, |secs| vec![track(1, at(secs), 1.5, 1.5, 0.2)], &["entered", "too long"]);
}

#[test]
fn a_crowd_is_told_once_until_it_is_gone() {
    let mut hall = zone(1, ZoneKind::Ordinary, [0.0, 0.0], [5.0, 5.0]);
    hall.limits.max_people = Some(2);
    let people = |secs: f64| {
        let n = if (5.0..10.0).contains(&secs) || secs >= 20.0 { 3 } else { 2 };
        (1..=n).map(|id| track(id, at(secs), 1.0 + id as f64, 2.5, 0.2)).collect()
    };
    let crowds = watch(&hall, 30.0, people);
    let n_crowded = words(&crowds).iter().filter(|word| *word == "crowded by 3").count();
    assert_eq!(n_crowded, 2, "{:?}", words(&crowds));
}

#[test]
fn a_moment_without_a_track_is_no_leaving_and_a_longer_one_is() {
    let ordinary = zone(1, ZoneKind::Ordinary, [0.0, 0.0], [3.0, 3.0]);
    let gone_from = |from: f64, until: f64| {
        move |secs: f64| if (from..until).contains(&secs) { vec![] } else { vec![track(1, at(secs), 1.5, 1.5, 0.2)] }
    };
    check_events(&ordinary, 20.0, gone_from(5.0, 6.5), &["entered"]);
    check_events(&ordinary, 20.0, gone_from(5.0, 9.0), &["entered", "left after 5 s", "entered"]);
}

#[test]
fn a_zone_that_is_small_beside_the_uncertainty_is_not_judged() {
    let chair = zone(1, ZoneKind::Seat, [1.0, 1.0], [1.5, 1.5]);
    let mut watch = ZoneWatch::new(vec![chair]);
    for n in 0..50 {
        let time = at(0.2 * f64::from(n));
        assert!(watch.step(time, &[track(1, time, 1.25, 1.25, 0.4)]).is_empty());
    }
    assert!(!watch.states()[0].judged);
    assert_eq!(watch.states()[0].count.n_people, 0);
    assert!(watch.states()[0].count.mean > 0.1, "but somebody may be there");
    watch.step(at(10.2), &[track(1, at(10.2), 1.25, 1.25, 0.1)]);
    assert!(watch.states()[0].judged);
}

#[test]
fn counts_carry_their_uncertainty_and_a_clock_reset_ends_stays() {
    let ordinary = zone(1, ZoneKind::Ordinary, [0.0, 0.0], [3.0, 3.0]);
    let mut watch = ZoneWatch::new(vec![ordinary]);
    for n in 0..20 {
        let time = at(0.2 * f64::from(n));
        watch.step(time, &[track(1, time, 1.5, 1.5, 0.2), track(2, time, 3.0, 1.5, 0.2)]);
    }
    let count = watch.states()[0].count;
    assert_eq!(count.n_people, 1);
    assert!((count.mean - 1.5).abs() < 0.01 && (count.sigma - 0.5).abs() < 0.01, "{count:?}");
    assert!(watch.step(at(-500.0), &[]).is_empty());
    assert!(watch.states()[0].inside.is_empty());
}

// ---- maps

#[test]
fn every_watched_second_of_a_person_is_on_the_map_or_beyond_the_walls() {
    let mut map = FloorMap::new([5.0, 4.0], 0.25, None).expect("a floor");
    for n in 0..=100 {
        let time = at(0.2 * f64::from(n));
        map.step(time, &[track(1, time, 2.5, 2.0, 0.3), track(2, time, 0.0, 2.0, 0.3)]);
    }
    let inside: f64 = map.secs.iter().sum();
    assert!((inside + map.outside_secs - 40.0).abs() < 1e-6, "{inside} and {}", map.outside_secs);
    assert!((map.outside_secs - 10.0).abs() < 0.5, "half of the second one: {}", map.outside_secs);
    assert!((map.watched_secs - 20.0).abs() < 1e-6);
    let (here, there) = (map.at([2.5, 2.0]).expect("inside"), map.at([4.5, 0.5]).expect("inside"));
    assert!(here > 1.0 && there < 1e-3, "{here} {there}");
    assert_eq!(map.at([5.5, 1.0]), None);
}

#[test]
fn a_gap_is_no_presence_and_old_presence_fades() {
    let mut map = FloorMap::new([5.0, 4.0], 0.5, Some(10.0)).expect("a floor");
    map.step(at(0.0), &[track(1, at(0.0), 2.5, 2.0, 0.2)]);
    map.step(at(1.0), &[track(1, at(1.0), 2.5, 2.0, 0.2)]);
    assert!((map.secs.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    map.step(at(11.0), &[track(1, at(11.0), 2.5, 2.0, 0.2)]);
    assert!(
        (map.secs.iter().sum::<f64>() - 0.5).abs() < 1e-9,
        "ten seconds later half is left, and the gap adds nothing"
    );
}

#[test]
fn a_room_without_geometry_has_no_map() {
    for (room, cell, half_life) in [
        ([0.0, 4.0], 0.2, None),
        ([f64::NAN, 4.0], 0.2, None),
        ([5.0, 4.0], 0.0, None),
        ([5.0, 4.0], 1e-4, None),
        ([5.0, 4.0], 0.2, Some(-1.0)),
        ([f64::INFINITY, 4.0], 0.2, None),
    ] {
        assert_eq!(FloorMap::new(room, cell, half_life), None, "{room:?} {cell} {half_life:?}");
    }
}

#[test]
fn people_over_time_know_what_nobody_watched() {
    let mut timeline = OccupancyTimeline::new(10.0);
    for n in 0..=100 {
        let secs = 0.2 * f64::from(n);
        let mut people = vec![track(1, at(secs), 1.0, 1.0, 0.2)];
        people.extend((secs >= 10.0).then(|| track(2, at(secs), 3.0, 1.0, 0.2)));
        timeline.step(at(secs), &people);
    }
    timeline.step(at(95.0), &[]);
    timeline.step(at(95.2), &[]);
    let means: Vec<f64> = timeline.bins.iter().map(|bin| bin.mean().expect("watched").mean.round()).collect();
    assert_eq!(means, [1.0, 2.0, 2.0, 0.0]);
    assert_eq!(timeline.bins[1].most, 2);
    assert!((timeline.bins[0].watched_secs - 9.8).abs() < 1e-6, "{}", timeline.bins[0].watched_secs);
    assert!(timeline.bins[3].watched_secs < 0.3, "the gap was not watched");
}

proptest! {
    #[test]
    fn maps_zones_and_logs_take_any_tracks_and_stay_finite(
        steps in prop::collection::vec((any::<i64>(), prop::array::uniform6(prop::num::f64::ANY)), 1..20),
    ) {
        let mut map = FloorMap::new([5.0, 4.0], 0.25, Some(60.0)).expect("a floor");
        let mut timeline = OccupancyTimeline::new(60.0);
        let mut watch = ZoneWatch::new(vec![zone(1, ZoneKind::Bed, [0.0, 0.0], [2.0, 2.0])]);
        let mut log = DayLog::default();
        let mut time = at(0.0);
        for (nanos, numbers) in steps {
            time = time.plus_nanos(nanos % 2_000_000_000);
            let mut person = track(1, time, numbers[0], numbers[1], 0.2);
            person.pose.root.covariance_m2 = [[numbers[2], numbers[3]], [numbers[3], numbers[4]]];
            person.existence = numbers[5];
            let people = [person, track(2, time, 1.0, 1.0, 0.2)];
            map.step(time, &people);
            timeline.step(time, &people);
            let events = watch.step(time, &people);
            log.step(time, &people, &events, &[]);
        }
        prop_assert!(map.secs.iter().all(|secs| secs.is_finite() && *secs >= 0.0) && map.outside_secs.is_finite());
        for state in watch.states() {
            prop_assert!((0.0..=2.0).contains(&state.count.mean), "{:?}", state.count);
        }
        let summary = care(&log, watch.zones(), &CareInputs::default());
        for figure in [summary.gait_speed_m_per_s, summary.longest_still_secs, summary.floor_secs] {
            prop_assert!(figure.value().is_none_or(f64::is_finite));
        }
    }
}

// ---- summaries

/// A day of steps of a fifth of a second.
struct Day {
    log: DayLog,
    watch: ZoneWatch,
}

impl Day {
    fn new(zones: Vec<Zone>) -> Self {
        Self { log: DayLog::default(), watch: ZoneWatch::new(zones) }
    }

    fn live(&mut self, from_secs: f64, to_secs: f64, people: impl Fn(f64) -> Vec<Track>) {
        for n in (from_secs * 5.0) as usize..(to_secs * 5.0) as usize {
            let secs = 0.2 * n as f64;
            let people = people(secs);
            let events = self.watch.step(at(secs), &people);
            let resting: Vec<TrackId> = self
                .watch
                .states()
                .iter()
                .zip(self.watch.zones())
                .filter(|(_, zone)| matches!(zone.kind, ZoneKind::Bed | ZoneKind::Seat))
                .flat_map(|(state, _)| state.inside.iter().map(|(id, _)| *id))
                .collect();
            self.log.step(at(secs), &people, &events, &resting);
        }
    }
}

fn why(figure: Figure) -> &'static str {
    match figure {
        Figure::Unknown { why } => why,
        Figure::Known { .. } => "",
    }
}

#[test]
fn a_day_that_nobody_watched_has_no_figures_and_says_why() {
    let log = DayLog::default();
    let summary = care(&log, &[], &CareInputs { falls: Some(vec![]), breathing: None });
    for figure in [summary.watched_secs, summary.falls, summary.gait_speed_m_per_s, summary.bed_exits] {
        assert!(why(figure).contains("nobody was watching"), "{figure:?}");
    }
    assert!(why(summary.breathing_per_min).contains("not measured"));
    assert!(why(shop(&log, &[]).visitors).contains("nobody was watching"));
    assert!(why(security(&log, &[], Some(&[])).out_of_hours).contains("nobody was watching"));
}

#[test]
fn care_tells_gait_bed_exits_floor_and_stillness() {
    let bed = zone(1, ZoneKind::Bed, [0.0, 0.0], [2.0, 2.0]);
    let mut day = Day::new(vec![bed]);
    // In bed, out for a walk to and fro at 0.8 m/s, still for a minute, on the floor for half a minute, back in bed.
    day.live(0.0, 20.0, |secs| vec![track(1, at(secs), 1.0, 1.0, 0.1)]);
    day.live(20.0, 60.0, |secs| {
        let way = 0.8 * (secs - 20.0);
        let lap = way % 12.0;
        vec![track(1, at(secs), 3.0 + if lap < 6.0 { lap } else { 12.0 - lap }, 3.0, 0.1)]
    });
    day.live(60.0, 120.0, |secs| vec![track(1, at(secs), 5.0, 3.0, 0.1)]);
    day.live(120.0, 150.0, |secs| {
        let mut person = track(1, at(secs), 5.0, 3.0, 0.1);
        person.pose.posture = Posture::OnFloor;
        vec![person]
    });
    day.live(150.0, 170.0, |secs| vec![track(1, at(secs), 1.0, 1.0, 0.1)]);
    let readings = (0..12).map(|n| BreathingReading {
        time: at(600.0 * f64::from(n)),
        per_min: Estimate::new(14.0 + 0.1 * f64::from(n), 0.5),
    });
    let inputs = CareInputs { falls: Some(vec![at(120.0)]), breathing: Some(readings.collect()) };
    let summary = care(&day.log, day.watch.zones(), &inputs);
    let value = |figure: Figure| figure.value().unwrap_or_else(|| panic!("{figure:?}"));
    assert_eq!(value(summary.falls), 1.0);
    assert!((value(summary.gait_speed_m_per_s) - 0.8).abs() < 0.1, "{:?}", summary.gait_speed_m_per_s);
    assert!((value(summary.floor_secs) - 30.0).abs() < 1.0, "{:?}", summary.floor_secs);
    assert_eq!(value(summary.bed_exits), 1.0);
    assert!((value(summary.longest_out_of_bed_secs) - 130.0).abs() < 5.0, "{:?}", summary.longest_out_of_bed_secs);
    assert!((60.0..105.0).contains(&value(summary.longest_still_secs)), "{:?}", summary.longest_still_secs);
    assert!((value(summary.breathing_trend_per_hour) - 0.6).abs() < 1e-6, "{:?}", summary.breathing_trend_per_hour);
}

#[test]
fn care_without_beds_postures_or_walks_says_so() {
    let mut day = Day::new(vec![]);
    day.live(0.0, 30.0, |secs| vec![track(1, at(secs), 1.0, 1.0, 0.1)]);
    let summary = care(&day.log, &[], &CareInputs::default());
    assert_eq!(why(summary.falls), "falls were not looked for");
    assert_eq!(why(summary.bed_exits), "no bed is drawn");
    assert_eq!(why(summary.floor_secs), "postures were not told apart");
    assert!(why(summary.gait_speed_m_per_s).contains("fewer than five walks"));
}

#[test]
fn a_shop_counts_visitors_stays_and_ways() {
    let shelf = zone(1, ZoneKind::Ordinary, [0.0, 0.0], [2.0, 4.0]);
    let till = zone(2, ZoneKind::Ordinary, [4.0, 0.0], [6.0, 4.0]);
    let mut day = Day::new(vec![shelf, till]);
    for id in 1..=3 {
        let start = 40.0 * (id - 1) as f64;
        day.live(start, start + 40.0, |secs| {
            // From the shelf to the till; the third one only looks.
            let x = if secs - start < 20.0 || id == 3 { 1.0 } else { 5.0 };
            vec![track(id, at(secs), x, 2.0, 0.2)]
        });
    }
    day.live(120.0, 125.0, |_| vec![]);
    let summary = shop(&day.log, day.watch.zones());
    assert_eq!(summary.visitors, Figure::Known { value: 3.0, sigma: Some(0.0) });
    assert_eq!(summary.most_at_once.value(), Some(1.0));
    assert_eq!(summary.flows, [Flow { from: ZoneId(1), to: ZoneId(2), n: 2 }]);
    assert_eq!(summary.zones.iter().map(|zone| zone.n_stays).collect::<Vec<_>>(), [3, 2]);
    assert!((summary.zones[1].dwell_secs.value().expect("two stays") - 20.0).abs() < 2.0);
    assert_eq!(shop(&day.log, &[]).zones_unknown, Some("no zones are drawn"));
}

#[test]
fn a_guard_is_told_of_intrusions_hours_and_blind_times() {
    let vault = zone(1, ZoneKind::Restricted, [0.0, 0.0], [2.0, 2.0]);
    let mut day = Day::new(vec![vault]);
    day.live(0.0, 20.0, |secs| vec![track(1, at(secs), if secs < 10.0 { 4.0 } else { 1.0 }, 1.0, 0.2)]);
    day.live(60.0, 80.0, |secs| vec![track(2, at(secs), 4.0, 1.0, 0.2)]);
    let night = Span::new(at(50.0), at(100.0));
    let summary = security(&day.log, day.watch.zones(), Some(&[night]));
    assert_eq!(summary.restricted_entries.value(), Some(1.0));
    assert_eq!(summary.out_of_hours.value(), Some(1.0));
    let who: Vec<_> = summary.intrusions.iter().map(|one| (one.track, one.zone)).collect();
    assert_eq!(who, [(Some(TrackId(1)), Some(ZoneId(1))), (Some(TrackId(2)), None)]);
    assert_eq!(summary.n_gaps, 1);
    assert!(why(security(&day.log, &[], None).restricted_entries).contains("no restricted zone"));
}
