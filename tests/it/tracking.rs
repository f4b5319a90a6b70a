//! People followed through the front door: detections in, tracks out; and the scores that judge them.

use corporeal::tracking::assign::{Costs, assign};
use corporeal::tracking::score::{self, Moment};
use corporeal::tracking::trial::{self, Method, TrialSpec};
use corporeal::tracking::{Surroundings, Tracker, TrackerConfig, smooth};
use corporeal::types::{
    BodyFeatures, Detection, Estimate, FloorPoint, Joint, JointEstimate, Moves, Outline, Pose, Posture, Side,
    Timestamp, Track, TrackId, TrackState, mirrored,
};
use proptest::prelude::*;

const FRAME_SECS: f64 = 0.2;

/// A tracker that is shown people on known ways, five times a second.
struct Stage {
    tracker: Tracker,
    time: Timestamp,
}

impl Stage {
    fn new() -> Self {
        Self::with(TrackerConfig::default(), Surroundings::default())
    }

    fn with(config: TrackerConfig, surroundings: Surroundings) -> Self {
        Self { tracker: Tracker::new(config, surroundings), time: Timestamp::from_secs_f64(1_000.0) }
    }

    fn show(&mut self, detections: &[Detection]) -> Vec<Option<TrackId>> {
        self.time = self.time.plus_secs(FRAME_SECS);
        self.tracker.step(self.time, detections)
    }

    /// Shows people for a while; `at` gives their places at a time from 0.
    fn play(&mut self, secs: f64, at: impl Fn(f64) -> Vec<Detection>) {
        for n in 0..(secs / FRAME_SECS).round() as usize {
            self.show(&at(n as f64 * FRAME_SECS));
        }
    }

    fn ids(&self) -> Vec<u64> {
        self.tracker.people().map(|track| track.id.0).collect()
    }

    fn at(&self, place: [f64; 2]) -> &Track {
        let off = |track: &&Track| (track.position_m()[0] - place[0]).hypot(track.position_m()[1] - place[1]);
        self.tracker.people().min_by(|a, b| off(a).total_cmp(&off(b))).expect("somebody is there")
    }
}

fn seen(x: f64, y: f64) -> Detection {
    Detection::at(FloorPoint::round([x, y], 0.2), 0.9)
}

fn seen_with_height(x: f64, y: f64, height_m: f64) -> Detection {
    let features = BodyFeatures { height_m: Some(Estimate::new(height_m, 0.04)), ..BodyFeatures::default() };
    Detection { features, ..seen(x, y) }
}

// ---- assignment

/// The largest number of allowed pairs, and the least cost of so many, by trying everything.
fn by_trying(costs: &[Vec<f64>]) -> (usize, f64) {
    fn go(costs: &[Vec<f64>], row: usize, taken: &mut Vec<bool>, n: usize, sum: f64, best: &mut (usize, f64)) {
        if row == costs.len() {
            if n > best.0 || (n == best.0 && sum < best.1) {
                *best = (n, sum);
            }
            return;
        }
        go(costs, row + 1, taken, n, sum, best);
        for column in 0..taken.len() {
            if !taken[column] && costs[row][column].is_finite() {
                taken[column] = true;
                go(costs, row + 1, taken, n + 1, sum + costs[row][column], best);
                taken[column] = false;
            }
        }
    }
    let mut best = (0, f64::INFINITY);
    let n_columns = costs.first().map_or(0, Vec::len);
    go(costs, 0, &mut vec![false; n_columns], 0, 0.0, &mut best);
    if best.0 == 0 { (0, 0.0) } else { best }
}

fn check_assignment(costs: &[Vec<f64>]) {
    let n_columns = costs.first().map_or(0, Vec::len);
    let mut table = Costs::new(costs.len(), n_columns);
    for (row, values) in costs.iter().enumerate() {
        for (column, value) in values.iter().enumerate() {
            table.set(row, column, *value);
        }
    }
    let pairing = assign(&table);
    assert_eq!(pairing.len(), costs.len());
    let pairs: Vec<(usize, usize)> = pairing.iter().enumerate().filter_map(|(row, c)| Some((row, (*c)?))).collect();
    let mut columns: Vec<usize> = pairs.iter().map(|(_, column)| *column).collect();
    columns.sort_unstable();
    columns.dedup();
    assert_eq!(columns.len(), pairs.len(), "a column was given twice: {pairing:?}");
    let sum: f64 = pairs.iter().map(|(row, column)| costs[*row][*column]).sum();
    let (n, best) = by_trying(costs);
    assert_eq!(pairs.len(), n, "{costs:?}");
    assert!((sum - best).abs() < 1e-9, "{sum} instead of {best}: {costs:?}");
}

proptest! {
    #[test]
    fn assignments_are_as_good_as_by_trying_everything(
        (rows, columns) in (0usize..6, 0usize..6),
        values in prop::collection::vec(prop_oneof![4 => -10.0..10.0, 1 => Just(f64::INFINITY), 1 => Just(f64::NAN)], 36),
    ) {
        let costs: Vec<Vec<f64>> = (0..rows).map(|row| values[row * 6..row * 6 + columns].to_vec()).collect();
        check_assignment(&costs);
    }
}

// ---- scores

#[test]
fn scores_equal_those_of_py_motmetrics_and_trackeval() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../data/tracking/scores.json")).expect("golden scores are JSON");
    let reach_m = golden["reach_m"].as_f64().expect("a reach");
    let cases = golden["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 6);
    for (n, case) in cases.iter().enumerate() {
        let spots = |value: &serde_json::Value| serde_json::from_value(value.clone()).expect("numbers and places");
        let moments: Vec<Moment> = case["moments"]
            .as_array()
            .expect("moments")
            .iter()
            .map(|moment| Moment { truth: spots(&moment["truth"]), tracks: spots(&moment["tracks"]) })
            .collect();
        let found = score::score(&moments, reach_m);
        let wanted = |key: &str| case[key].as_f64().unwrap_or_else(|| panic!("no {key}"));
        for (key, value) in [
            ("num_objects", Some(found.n_truth as f64)),
            ("num_misses", Some(found.n_missed as f64)),
            ("num_false_positives", Some(found.n_false as f64)),
            ("num_switches", Some(found.n_switches as f64)),
            ("idtp", Some(found.n_identity_matches as f64)),
            ("mota", found.mota()),
            ("motp", found.motp_m()),
            ("idf1", found.idf1()),
            ("hota", found.hota),
        ] {
            let value = value.expect("a figure");
            assert!((value - wanted(key)).abs() < 1e-9, "case {n}: {key} is {value}, not {}", wanted(key));
        }
    }
}

#[test]
fn nobody_and_nothing_has_no_score() {
    let score = score::score(&[Moment::default()], 1.0);
    assert_eq!((score.mota(), score.motp_m(), score.idf1(), score.hota), (None, None, None, None));
    let garbage = Moment { truth: vec![(1, [f64::NAN, 0.0])], tracks: vec![(1, [0.0, 0.0]), (1, [1.0, 0.0])] };
    assert_eq!(score::score(&[garbage], 1.0).n_false, 1);
}

// ---- following

#[test]
fn one_walker_is_one_person_from_end_to_end() {
    let mut stage = Stage::new();
    stage.play(12.0, |secs| vec![seen(0.5 + 0.8 * secs, 1.0)]);
    assert_eq!(stage.ids(), [1]);
    let track = stage.at([10.0, 1.0]);
    assert!((track.position_m()[0] - (0.5 + 0.8 * 11.8)).abs() < 0.2, "{:?}", track.position_m());
    assert!((track.velocity_m_per_s[0] - 0.8).abs() < 0.25, "{:?}", track.velocity_m_per_s);
    let heading = track.pose.heading_rad.expect("walkers face where they go");
    assert!(heading.value.abs() < 0.3 && heading.sigma < 0.5, "{heading:?}");
    assert!(track.existence > 0.95 && track.identity == 1.0);
    assert!(track.trail.len() > 20 && track.trail.len() < 80);
}

/// How far the tracker's place is off in the mean, m, and the velocity at the end, for somebody who goes along x. Places are
/// told with errors that wander to and fro within seconds, as those of a room's echoes do.
fn followed(speed_m_per_s: f64, told: impl Fn(Detection) -> Detection) -> (f64, [f64; 2]) {
    let mut stage = Stage::new();
    let (mut sum, mut n) = (0.0, 0);
    for frame in 0..60 {
        let secs = f64::from(frame) * FRAME_SECS;
        let (x, y) = (1.0 + speed_m_per_s * secs, 2.0);
        stage.show(&[told(seen(x + 0.3 * (2.1 * secs).sin(), y + 0.3 * (1.5 * secs + 1.0).sin()))]);
        if secs > 3.0 {
            let [at_x, at_y] = stage.at([x, y]).position_m();
            sum += (at_x - x).hypot(at_y - y);
            n += 1;
        }
    }
    let last = stage.tracker.people().next().expect("somebody is followed");
    (sum / f64::from(n), last.velocity_m_per_s)
}

#[test]
fn a_speed_that_is_told_steadies_the_place() {
    let speed = |value: f64| Some(Estimate::new(value, 0.06));
    let (alone, _) = followed(0.0, |one| one);
    let (stands, velocity) = followed(0.0, |one| Detection { speed_m_per_s: speed(0.0), ..one });
    assert!(stands < 0.6 * alone, "{stands} beside {alone}");
    assert!(velocity[0].hypot(velocity[1]) < 0.06, "{velocity:?}");

    let (alone, _) = followed(1.0, |one| one);
    let heading_rad = Some(Estimate::new(0.0, 0.15));
    let (walks, velocity) = followed(1.0, |one| Detection {
        speed_m_per_s: speed(1.0),
        pose: Pose { heading_rad, ..one.pose.clone() },
        ..one
    });
    assert!(walks < 0.75 * alone, "{walks} beside {alone}");
    assert!((velocity[0] - 1.0).abs() < 0.15 && velocity[1].abs() < 0.15, "{velocity:?}");
    // A speed without a direction must not hold anybody back.
    let (walks, velocity) = followed(1.0, |one| Detection { speed_m_per_s: speed(1.0), ..one });
    assert!(walks < 1.15 * alone && velocity[0] > 0.6, "{walks} beside {alone}, {velocity:?}");
    // Nor does one that is none.
    for value in [f64::NAN, -1.0, 1e300] {
        assert_eq!(followed(1.0, |one| Detection { speed_m_per_s: speed(value), ..one }).0, alone);
    }
}

#[test]
fn a_ghost_of_half_a_second_is_nobody() {
    let mut stage = Stage::new();
    stage.play(4.0, |secs| if (1.0..1.6).contains(&secs) { vec![seen(2.0, 2.0)] } else { vec![] });
    assert!(stage.ids().is_empty());
    assert_eq!(stage.tracker.tracks().len(), 0, "it is forgotten too");
}

#[test]
fn the_count_stays_the_same_through_misses() {
    let mut stage = Stage::new();
    stage.play(3.0, |_| vec![seen(1.0, 1.0), seen(4.0, 3.0)]);
    for n in 0..100 {
        // Every third frame the one, every fourth the other is missed.
        let one = (n % 3 != 0).then(|| seen(1.0, 1.0));
        let other = (n % 4 != 0).then(|| seen(4.0, 3.0));
        stage.show(&one.into_iter().chain(other).collect::<Vec<_>>());
        assert_eq!(stage.ids(), [1, 2], "in frame {n}");
    }
}

#[test]
fn somebody_who_is_not_seen_is_kept_for_a_while_and_then_lost() {
    let mut stage = Stage::new();
    stage.play(4.0, |_| vec![seen(2.0, 2.0)]);
    stage.play(1.0, |_| vec![]);
    assert_eq!(stage.at([2.0, 2.0]).state, TrackState::Coasting);
    stage.play(6.0, |_| vec![]);
    assert!(stage.ids().is_empty());
    assert_eq!(
        stage.tracker.lost().map(|track| (track.id.0, track.state)).collect::<Vec<_>>(),
        [(1, TrackState::Lost)]
    );
}

#[test]
fn who_cannot_have_moved_is_held_and_not_across_a_gap() {
    let mut stage = Stage::new();
    stage.play(4.0, |secs| vec![seen(2.0 + 0.5 * secs, 3.0)]);
    let before = stage.at([4.0, 3.0]).clone();
    for _ in 0..300 {
        stage.time = stage.time.plus_secs(FRAME_SECS);
        stage.tracker.hold(stage.time, None, 0.3);
    }
    let held = stage.at([4.0, 3.0]).clone();
    assert_eq!((held.id, held.state), (before.id, TrackState::Still));
    assert_eq!((held.pose.root, held.velocity_m_per_s), (before.pose.root, [0.0; 2]), "after a minute without a look");
    assert_eq!(held.last_seen, before.last_seen, "no look was made up");
    // Where little moves, a place elsewhere is no news of them, and of nobody who is followed it is.
    for _ in 0..20 {
        stage.time = stage.time.plus_secs(FRAME_SECS);
        stage.tracker.look(stage.time, Moves::Little, &[seen(0.5, 0.5)], None, 0.1);
    }
    assert_eq!((stage.ids(), stage.at([4.0, 3.0]).state), (vec![before.id.0], TrackState::Still));
    let mut empty = Stage::new();
    for _ in 0..20 {
        empty.time = empty.time.plus_secs(FRAME_SECS);
        empty.tracker.look(empty.time, Moves::Little, &[seen(0.5, 0.5)], None, 0.1);
    }
    assert_eq!(empty.ids().len(), 1);
    // Off they go again, under the same name.
    stage.play(2.0, |secs| vec![seen(4.0 + 0.5 * secs, 3.0)]);
    assert_eq!((stage.at([5.0, 3.0]).id, stage.at([5.0, 3.0]).state), (before.id, TrackState::Confirmed));
    // Who is likely gone is let go within seconds.
    let mut gone = stage.tracker.clone();
    for n in 1..=60 {
        gone.hold(stage.time.plus_secs(FRAME_SECS * f64::from(n)), None, 0.97);
    }
    assert_eq!((gone.people().count(), gone.lost().count()), (0, 1));
    // Who could have left unseen is not held.
    stage.time = stage.time.plus_secs(20.0);
    stage.tracker.hold(stage.time, None, 0.3);
    stage.play(6.0, |_| vec![]);
    assert!(stage.ids().is_empty());
    assert_eq!(stage.tracker.counts().n_clock_resets, 0);
}

/// Two seconds in which nothing moves and a network takes the room for empty.
fn stage_hold_unseen(stage: &mut Stage, one: &Detection) {
    for _ in 0..10 {
        stage.time = stage.time.plus_secs(FRAME_SECS);
        stage.tracker.hold(stage.time, Some(one), 0.6);
    }
}

#[test]
fn who_is_held_does_not_walk_and_is_held_as_they_came_to_rest() {
    let posed = |secs: f64, posture: Posture| {
        let mut detection = with_joints(figure(0.5, 0.1), 0.0);
        detection.pose.root = seen(2.0 + 0.5 * secs, 3.0).pose.root;
        detection.pose.posture = posture;
        detection
    };
    let walked = || {
        let mut stage = Stage::new();
        stage.play(4.0, |secs| vec![posed(secs, Posture::Walking)]);
        assert_eq!(stage.at([4.0, 3.0]).pose.posture, Posture::Walking);
        stage
    };
    let hold = |stage: &mut Stage, one: Option<&Detection>| {
        for _ in 0..15 {
            stage.time = stage.time.plus_secs(FRAME_SECS);
            stage.tracker.hold(stage.time, one, 0.3);
        }
        let track = stage.at([4.0, 3.0]);
        assert!(track.pose.joints.is_none(), "limbs of before may lie anywhere");
        track.pose.posture
    };
    assert_eq!(hold(&mut walked(), None), Posture::Standing);
    assert_eq!(hold(&mut walked(), Some(&posed(0.0, Posture::OnFloor))), Posture::OnFloor);
    // A fall is sooner over than a posture is called: the last two looks tell, where they agree.
    let fell = |last: [Posture; 2]| {
        let mut stage = walked();
        last.into_iter().for_each(|posture| {
            stage.show(&[posed(4.0, posture)]);
        });
        assert_eq!(stage.at([4.0, 3.0]).pose.posture, Posture::Walking);
        hold(&mut stage, None)
    };
    assert_eq!(fell([Posture::OnFloor; 2]), Posture::OnFloor);
    assert_eq!(fell([Posture::Crouching, Posture::OnFloor]), Posture::Unknown);
    // What a network says while nothing moves at all changes nothing.
    let mut still = walked();
    for _ in 0..15 {
        still.time = still.time.plus_secs(FRAME_SECS);
        still.tracker.look(still.time, Moves::Nothing, &[], Some(&posed(0.0, Posture::Sitting)), 0.3);
    }
    assert_eq!(still.at([4.0, 3.0]).pose.posture, Posture::Standing);
    // Of somebody whom the network does not see it tells no posture.
    let mut unseen = walked();
    stage_hold_unseen(&mut unseen, &posed(0.0, Posture::Sitting));
    assert_eq!(unseen.at([4.0, 3.0]).pose.posture, Posture::Standing);
    // Whose posture that is, is not known of two.
    let mut two = walked();
    two.play(4.0, |_| vec![posed(4.0, Posture::Walking), seen(1.0, 1.0)]);
    assert_eq!(hold(&mut two, Some(&posed(0.0, Posture::OnFloor))), Posture::Standing);
}

#[test]
fn people_leave_through_doors_sooner_than_they_vanish() {
    let door = Outline::rectangle([0.0, 0.0], [1.0, 0.5]).expect("a door");
    let surroundings = Surroundings { room_m: Some([6.0, 5.0]), entrances: vec![door] };
    let gone_after = |place: [f64; 2]| {
        let mut stage = Stage::with(TrackerConfig::default(), surroundings.clone());
        stage.play(4.0, |_| vec![seen(place[0], place[1])]);
        let mut secs = 0.0;
        while !stage.ids().is_empty() && secs < 60.0 {
            stage.show(&[]);
            secs += FRAME_SECS;
        }
        secs
    };
    assert!(gone_after([0.5, 0.4]) < 2.0, "{}", gone_after([0.5, 0.4]));
    assert!(gone_after([4.0, 3.0]) > 3.5, "{}", gone_after([4.0, 3.0]));
}

#[test]
fn who_is_outside_of_the_room_is_counted_and_not_followed() {
    let surroundings = Surroundings { room_m: Some([4.0, 3.0]), entrances: vec![] };
    let mut stage = Stage::with(TrackerConfig::default(), surroundings);
    stage.play(4.0, |_| vec![seen(7.0, 1.0)]);
    assert!(stage.ids().is_empty());
    assert_eq!(stage.tracker.counts().n_outside, 20);
}

#[test]
fn two_people_on_one_spot_stay_two_and_part_as_two() {
    let mut stage = Stage::new();
    // They walk towards each other, stand on one spot for three seconds as one detection, and go on.
    stage.play(12.0, |secs| {
        if secs < 4.5 {
            vec![seen(0.5 + 0.5 * secs, 2.0), seen(5.0 - 0.5 * secs, 2.0)]
        } else if secs < 7.5 {
            vec![seen(2.75, 2.0)]
        } else {
            vec![seen(2.75 - 0.5 * (secs - 7.5), 1.8), seen(2.75 + 0.5 * (secs - 7.5), 2.2)]
        }
    });
    let mut ids = stage.ids();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2]);
    assert!(stage.at([0.6, 1.8]).identity < 0.95, "nothing tells the two apart: {}", stage.at([0.6, 1.8]).identity);
}

#[test]
fn two_people_who_turned_back_on_one_spot_are_told_apart_by_height() {
    let mut stage = Stage::new();
    // The tall one comes from the left and, after a meeting, goes back to the left.
    let meet = |secs: f64| {
        if secs < 4.5 {
            vec![seen_with_height(0.5 + 0.5 * secs, 2.0, 1.90), seen_with_height(5.0 - 0.5 * secs, 2.0, 1.55)]
        } else if secs < 7.5 {
            vec![seen_with_height(2.75, 2.0, 1.72)]
        } else {
            let gone = 0.5 * (secs - 7.5);
            vec![seen_with_height(2.75 - gone, 2.0, 1.90), seen_with_height(2.75 + gone, 2.0, 1.55)]
        }
    };
    stage.play(4.0, meet);
    let (tall, short) = (stage.at([0.5, 2.0]).id, stage.at([5.0, 2.0]).id);
    assert_ne!(tall, short);
    let mut stage = Stage::new();
    stage.play(16.0, meet);
    assert_eq!(stage.at([-1.5, 2.0]).id, tall);
    assert_eq!(stage.at([7.0, 2.0]).id, short);
    assert!(stage.at([7.0, 2.0]).identity > 0.9, "{}", stage.at([7.0, 2.0]).identity);
}

#[test]
fn who_comes_back_is_known_by_height_and_a_stranger_is_not() {
    let come_back = |height_m: f64| {
        let mut stage = Stage::new();
        stage.play(20.0, |secs| vec![seen_with_height(1.0 + 0.2 * secs, 2.0, 1.92), seen_with_height(1.0, 4.0, 1.60)]);
        stage.play(30.0, |_| vec![seen_with_height(1.0, 4.0, 1.60)]);
        assert_eq!(stage.ids(), [2]);
        stage.play(8.0, |secs| {
            vec![seen_with_height(1.0, 4.0, 1.60), seen_with_height(5.0 - 0.2 * secs, 2.0, height_m)]
        });
        (stage.ids(), stage.tracker.counts().n_returned)
    };
    assert_eq!(come_back(1.92), (vec![1, 2], 1));
    assert_eq!(come_back(1.50), (vec![2, 3], 0));
}

// ---- bad input

#[test]
fn a_clock_that_goes_back_starts_anew_with_other_names() {
    let mut stage = Stage::new();
    stage.play(4.0, |_| vec![seen(2.0, 2.0)]);
    assert_eq!(stage.ids(), [1]);
    stage.time = Timestamp::from_secs_f64(5.0);
    stage.show(&[seen(2.0, 2.0)]);
    assert!(stage.ids().is_empty());
    stage.play(4.0, |_| vec![seen(2.0, 2.0)]);
    assert_eq!(stage.ids(), [2]);
    let counts = stage.tracker.counts();
    assert_eq!((counts.n_clock_resets, counts.n_returned, counts.n_repeated), (1, 0, 0));
}

#[test]
fn a_frame_that_comes_twice_counts_once() {
    let mut stage = Stage::new();
    stage.play(4.0, |_| vec![seen(2.0, 2.0)]);
    let before = stage.tracker.tracks().to_vec();
    for _ in 0..50 {
        assert_eq!(stage.tracker.step(stage.time, &[seen(2.0, 2.0), seen(5.0, 5.0)]), [None, None]);
    }
    assert_eq!(stage.tracker.tracks(), before);
    assert_eq!(stage.tracker.counts().n_repeated, 50);
}

#[test]
fn garbage_is_counted_and_left_out() {
    let good = seen(2.0, 2.0);
    let with = |change: &dyn Fn(&mut Detection)| {
        let mut detection = good.clone();
        change(&mut detection);
        detection
    };
    let garbage = [
        with(&|one| one.pose.root.position_m[0] = f64::NAN),
        with(&|one| one.pose.root.position_m[1] = 1e30),
        with(&|one| one.pose.root.covariance_m2 = [[0.0, 0.0], [0.0, 0.0]]),
        with(&|one| one.pose.root.covariance_m2 = [[0.04, 0.04], [0.04, 0.04]]),
        with(&|one| one.pose.root.covariance_m2 = [[-1.0, 0.0], [0.0, 1.0]]),
        with(&|one| one.pose.root.covariance_m2[0][1] = f64::INFINITY),
        with(&|one| one.confidence = f64::NAN),
        with(&|one| one.confidence = 1.5),
    ];
    for detection in garbage {
        let mut stage = Stage::new();
        stage.play(4.0, |_| vec![detection.clone(), seen(4.0, 4.0)]);
        assert_eq!(stage.tracker.counts().n_garbage, 20, "{detection:?}");
        assert_eq!(stage.ids(), [1]);
    }
    let mut stage = Stage::new();
    stage.play(4.0, |_| (0..100).map(|n| seen(3.0 * f64::from(n % 10), 3.0 * f64::from(n / 10))).collect());
    assert_eq!(stage.tracker.counts().n_excess, 20 * 36);
}

#[test]
fn broken_joints_and_figures_leave_the_place_usable() {
    let mut stage = Stage::new();
    stage.play(4.0, |_| {
        let mut detection = seen(2.0, 2.0);
        let joint = JointEstimate { position_m: [f32::NAN, 0.0, 1.0], sigma_m: 0.1 };
        detection.pose.joints = Some(Box::new([joint; Joint::COUNT]));
        detection.pose.heading_rad = Some(Estimate::new(f64::NAN, 0.1));
        detection.pose.pelvis_height_m = Some(Estimate::new(1.0, -1.0));
        detection.side_log_odds = f64::NAN;
        detection.features.height_m = Some(Estimate::new(f64::INFINITY, 0.1));
        vec![detection]
    });
    let track = stage.at([2.0, 2.0]);
    assert_eq!((track.id.0, &track.pose.joints, track.pose.pelvis_height_m), (1, &None, None));
}

fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -5.0..10.0f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(0.0),
        1 => prop::num::f64::ANY,
    ]
}

fn any_detection() -> impl Strategy<Value = Detection> {
    let numbers = prop::collection::vec(any_number(), 14);
    (numbers, prop::option::of((any_number(), any_number())), 0usize..7).prop_map(|(n, heading, posture)| {
        let mut detection =
            Detection::at(FloorPoint { position_m: [n[0], n[1]], covariance_m2: [[n[2], n[3]], [n[3], n[4]]] }, n[5]);
        detection.pose.heading_rad = heading.map(|(value, sigma)| Estimate::new(value, sigma));
        detection.pose.posture = [
            Posture::Unknown,
            Posture::Standing,
            Posture::Walking,
            Posture::Sitting,
            Posture::Crouching,
            Posture::OnFloor,
            Posture::Lying,
        ][posture];
        detection.pose.pelvis_height_m = Some(Estimate::new(n[6], n[7]));
        detection.side_log_odds = n[8];
        detection.speed_m_per_s = Some(Estimate::new(n[12], n[13]));
        detection.features.height_m = Some(Estimate::new(n[9], n[10]));
        detection.features.embedding = vec![Estimate::new(n[11], n[10]); 3];
        let joint = JointEstimate { position_m: [n[6] as f32, n[7] as f32, n[8] as f32], sigma_m: n[9] as f32 };
        detection.pose.joints = Some(Box::new([joint; Joint::COUNT]));
        detection
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn nothing_panics_and_no_nan_comes_out_whatever_comes_in(
        frames in prop::collection::vec(
            (prop_oneof![8 => 0i64..1_000_000_000, 1 => any::<i64>()], prop::collection::vec(any_detection(), 0..6)),
            1..40,
        ),
    ) {
        let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
        let mut time = Timestamp::ZERO;
        for (nanos, detections) in &frames {
            time = time.plus_nanos(*nanos);
            let taken = tracker.step(time, detections);
            prop_assert_eq!(taken.len(), detections.len());
            for track in tracker.tracks() {
                prop_assert!(track.pose.root.is_sound(), "{:?}", track.pose.root);
                prop_assert!(track.velocity_m_per_s.iter().all(|value| value.is_finite()));
                prop_assert!((0.0..=1.0).contains(&track.existence) && (0.0..=1.0).contains(&track.identity));
                prop_assert!(track.pose.heading_rad.is_none_or(|one| one.is_sound()));
                prop_assert!(track.pose.pelvis_height_m.is_none_or(|one| one.is_sound()));
                for joint in track.pose.joints.iter().flat_map(|joints| joints.iter()) {
                    prop_assert!(joint.position_m.iter().all(|value| value.is_finite()) && joint.sigma_m > 0.0);
                }
            }
        }
    }

    #[test]
    fn the_same_frames_give_the_same_tracks(seed in 0u64..1_000) {
        let run = || {
            let scenario = trial::scenario(TrialSpec { seed, secs: 10.0, ..TrialSpec::default() });
            let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
            for frame in &scenario.frames {
                tracker.step(frame.time, &frame.detections);
            }
            tracker.tracks().to_vec()
        };
        prop_assert_eq!(run(), run());
    }
}

// ---- bodies

/// A walker in the body frame, left foot forward by `stride_m`, right hand raised.
fn figure(stride_m: f32, sigma_m: f32) -> Box<[JointEstimate; Joint::COUNT]> {
    let place = |joint: Joint| -> [f32; 3] {
        let side = match joint as usize {
            0 => 0.0,
            odd if odd % 2 == 1 => 1.0,
            _ => -1.0,
        };
        match joint {
            Joint::Nose => [0.0, -0.1, 1.6],
            Joint::LeftEye | Joint::RightEye => [0.03 * side, -0.08, 1.65],
            Joint::LeftEar | Joint::RightEar => [0.07 * side, 0.0, 1.62],
            Joint::LeftShoulder | Joint::RightShoulder => [0.18 * side, 0.0, 1.4],
            Joint::LeftElbow | Joint::RightElbow => [0.22 * side, 0.0, 1.1],
            Joint::LeftWrist => [0.22, 0.05, 0.85],
            Joint::RightWrist => [-0.22, -0.3, 1.3],
            Joint::LeftHip | Joint::RightHip => [0.09 * side, 0.0, 0.9],
            Joint::LeftKnee | Joint::RightKnee => [0.09 * side, -0.4 * side * stride_m, 0.5],
            Joint::LeftAnkle | Joint::RightAnkle => [0.09 * side, -side * stride_m, 0.08],
        }
    };
    Box::new(Joint::ALL.map(|joint| JointEstimate { position_m: place(joint), sigma_m }))
}

fn with_joints(joints: Box<[JointEstimate; Joint::COUNT]>, side_log_odds: f64) -> Detection {
    let mut detection = seen(2.0, 2.0);
    detection.pose.joints = Some(joints);
    detection.side_log_odds = side_log_odds;
    detection
}

fn wrist_height(stage: &Stage, joint: Joint) -> f32 {
    let joints = stage.at([2.0, 2.0]).pose.joints.as_ref().expect("joints");
    joints[joint as usize].position_m[2]
}

#[test]
fn a_pose_that_comes_mirrored_now_and_then_is_held_to_one_side() {
    let mut stage = Stage::new();
    for n in 0..60 {
        let pose = figure(0.3, 0.1);
        let pose = if n % 3 == 1 { Box::new(mirrored(&pose)) } else { pose };
        stage.show(&[with_joints(pose, 0.0)]);
    }
    assert_eq!(stage.at([2.0, 2.0]).pose.side, Side::Held, "nothing said which side is the true one");
    assert!(wrist_height(&stage, Joint::RightWrist) > 1.2 && wrist_height(&stage, Joint::LeftWrist) < 0.95);
}

#[test]
fn evidence_of_the_true_side_turns_the_body_once() {
    let mut stage = Stage::new();
    for _ in 0..20 {
        stage.show(&[with_joints(Box::new(mirrored(&figure(0.3, 0.1))), 0.0)]);
    }
    assert!(wrist_height(&stage, Joint::LeftWrist) > 1.2, "held to the wrong side, as it was shown");
    for _ in 0..60 {
        // The detector still shows the mirror image, and says that it is one.
        stage.show(&[with_joints(Box::new(mirrored(&figure(0.3, 0.1))), -1.0)]);
    }
    assert_eq!(stage.at([2.0, 2.0]).pose.side, Side::Resolved);
    assert!(wrist_height(&stage, Joint::RightWrist) > 1.2);
}

#[test]
fn a_symmetric_stance_has_no_side() {
    let mut still = figure(0.0, 0.1);
    still[Joint::RightWrist as usize].position_m = [-0.22, 0.05, 0.85];
    let mut stage = Stage::new();
    for _ in 0..60 {
        stage.show(&[with_joints(still.clone(), 0.0)]);
    }
    assert_eq!(stage.at([2.0, 2.0]).pose.side, Side::Unresolved);
}

#[test]
fn smoothed_joints_are_surer_than_single_ones() {
    let mut stage = Stage::new();
    stage.play(6.0, |_| vec![with_joints(figure(0.2, 0.15), 0.0)]);
    let joints = stage.at([2.0, 2.0]).pose.joints.clone().expect("joints");
    assert!(joints[Joint::LeftHip as usize].sigma_m < 0.11, "{}", joints[Joint::LeftHip as usize].sigma_m);
    assert!(joints[Joint::LeftHip as usize].sigma_m < joints[Joint::LeftWrist as usize].sigma_m);
}

#[test]
fn the_body_frame_turns_with_the_heading() {
    let mut pose = Pose::at(FloorPoint::round([3.0, 4.0], 0.1));
    assert_eq!(pose.room_from_body([0.0, -1.0, 1.0]), None);
    // Facing along the room's x axis, the left hand points along y.
    pose.heading_rad = Some(Estimate::new(0.0, 0.1));
    let near = |found: Option<[f64; 3]>, wanted: [f64; 3]| {
        found.expect("a heading").iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
    };
    assert!(near(pose.room_from_body([0.0, -1.0, 0.5]), [4.0, 4.0, 0.5]));
    assert!(near(pose.room_from_body([1.0, 0.0, 0.5]), [3.0, 5.0, 0.5]));
}

#[test]
fn postures_do_not_flicker() {
    let mut stage = Stage::new();
    let mut words = Vec::new();
    for n in 0..100 {
        let mut detection = seen(2.0, 2.0);
        // One word in three is wrong.
        detection.pose.posture = if n % 3 == 2 { Posture::Crouching } else { Posture::Standing };
        stage.show(&[detection]);
        if n > 10 {
            words.push(stage.at([2.0, 2.0]).pose.posture);
        }
    }
    assert!(words.iter().all(|word| *word == Posture::Standing), "{words:?}");
}

// ---- afterwards

#[test]
fn a_smoothed_way_equals_the_least_squares_solution_of_the_whole() {
    use nalgebra::{DMatrix, DVector};
    // Without lasting errors the model is a plain random walk of velocities, which one large linear system solves.
    let config = TrackerConfig { error_shared: 0.0, ..TrackerConfig::default() };
    let times = [0.0, 0.3, 0.5, 1.4, 1.6];
    let places = [[0.0, 0.0], [0.4, 0.1], [0.3, 0.3], [1.2, 0.8], [1.5, 0.9]];
    let sigmas = [0.2, 0.4, 0.1, 0.3, 0.2];
    let seen: Vec<(Timestamp, FloorPoint)> =
        (0..5).map(|n| (Timestamp::from_secs_f64(times[n]), FloorPoint::round(places[n], sigmas[n]))).collect();
    let way = smooth(&seen, &config);
    assert_eq!(way.len(), 5);
    let (memory, density) = (config.velocity_memory_secs, config.acceleration_m2_per_s3);
    for axis in [0, 1] {
        // Unknowns: place and speed at each time. Rows: first guess, looks, and steps; each over its deviation.
        let mut information = DMatrix::<f64>::zeros(10, 10);
        let mut right = DVector::<f64>::zeros(10);
        // The filter starts at the first look with a speed of 0 ± 0.8 m/s and a place known to 10 m.
        information[(0, 0)] += 1.0 / 100.0;
        right[0] += places[0][axis] / 100.0;
        information[(1, 1)] += 1.0 / 0.64;
        for n in 0..5 {
            let weight = 1.0 / (sigmas[n] * sigmas[n] + 1e-4);
            information[(2 * n, 2 * n)] += weight;
            right[2 * n] += weight * places[n][axis];
        }
        for n in 0..4 {
            let secs = times[n + 1] - times[n];
            // Noise of the step by summing small ones, apart from the closed form under test.
            let mut noise = DMatrix::<f64>::zeros(2, 2);
            let steps = 4000;
            for small in 0..steps {
                let left = secs * (f64::from(small) + 0.5) / f64::from(steps);
                let push = DVector::from_vec(vec![memory * (1.0 - (-left / memory).exp()), (-left / memory).exp()]);
                noise += &push * push.transpose() * (density * secs / f64::from(steps));
            }
            let kept = (-secs / memory).exp();
            let transition = DMatrix::from_row_slice(2, 2, &[1.0, memory * (1.0 - kept), 0.0, kept]);
            let weight = noise.try_inverse().expect("it has full rank");
            let mut row = DMatrix::<f64>::zeros(2, 10);
            row.view_mut((0, 2 * n), (2, 2)).copy_from(&transition);
            row.view_mut((0, 2 * n + 2), (2, 2)).copy_from(&(-DMatrix::<f64>::identity(2, 2)));
            information += row.transpose() * weight * row;
        }
        let covariance = information.try_inverse().expect("everything is seen");
        let solution = &covariance * right;
        for n in 0..5 {
            let point = &way[n];
            assert!((point.place.position_m[axis] - solution[2 * n]).abs() < 1e-5, "{n}: {point:?} {solution}");
            assert!((point.velocity_m_per_s[axis] - solution[2 * n + 1]).abs() < 1e-5, "{n}: {point:?}");
            assert!((point.place.covariance_m2[axis][axis] - covariance[(2 * n, 2 * n)]).abs() < 1e-5);
        }
    }
}

#[test]
fn smoothing_leaves_out_what_is_no_place_and_no_time() {
    let at = |secs: f64, place: [f64; 2]| (Timestamp::from_secs_f64(secs), FloorPoint::round(place, 0.2));
    assert!(smooth(&[], &TrackerConfig::default()).is_empty());
    let seen =
        [at(1.0, [0.0, 0.0]), at(1.0, [5.0, 0.0]), at(0.5, [5.0, 0.0]), at(2.0, [f64::NAN, 0.0]), at(3.0, [1.0, 0.0])];
    assert_eq!(smooth(&seen, &TrackerConfig::default()).len(), 2);
}

// ---- trials

#[test]
fn names_are_kept_better_than_by_sort_on_untouched_seeds() {
    let (mut ours, mut sort, mut n) = (0.0, 0.0, 0.0);
    let (mut raw, mut tracked, mut smoothed) = (0.0, 0.0, 0.0);
    for seed in trial::FIRST_UNTOUCHED_SEED..trial::FIRST_UNTOUCHED_SEED + 12 {
        let scenario = trial::scenario(TrialSpec { n_people: 3, n_links: 8, seed, ..TrialSpec::default() });
        let outcome = trial::evaluate(&scenario, Method::Ours, &TrackerConfig::default());
        ours += outcome.score.idf1().expect("people");
        sort += trial::evaluate(&scenario, Method::Sort, &TrackerConfig::default()).score.idf1().expect("people");
        raw += outcome.raw_error_m.expect("people");
        tracked += outcome.tracked_error_m.expect("people");
        smoothed += outcome.smoothed_error_m.expect("people");
        n += 1.0;
    }
    let (ours, sort) = (ours / n, sort / n);
    assert!(ours > sort + 0.15, "IDF1 {ours:.3} against {sort:.3}");
    assert!(smoothed < tracked && tracked < 0.95 * raw, "{smoothed} {tracked} {raw}");
}
