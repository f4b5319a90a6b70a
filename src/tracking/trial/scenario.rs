//! One trial from seed to score.

use nalgebra::Vector2;
use serde::Serialize;

use super::detector::{Detector, DetectorSpec};
use super::dice::{Dice, Purpose};
use super::walk::{Crowd, STEP_SECS};
use crate::tracking::baseline::{PlainConfig, Sort};
use crate::tracking::score::{Moment, Score, score};
use crate::tracking::{Surroundings, Tracker, TrackerConfig, smooth};
use crate::types::{Detection, FloorPoint, Outline, Timestamp, TrackId};

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrialSpec {
    pub n_people: usize,
    pub n_links: usize,
    pub seed: u64,
    pub secs: f64,
    /// Mean time between frames, s; each is up to 20 % off.
    pub frame_secs: f64,
}

impl Default for TrialSpec {
    fn default() -> Self {
        Self { n_people: 3, n_links: 4, seed: 0, secs: 90.0, frame_secs: 0.2 }
    }
}

/// A moment of a trial with its truth.
#[derive(Clone, Debug)]
pub struct TrialFrame {
    pub time: Timestamp,
    pub detections: Vec<Detection>,
    /// The person behind each detection; `None` for ghosts and for two people in one.
    pub person: Vec<Option<u64>>,
    /// Who is in the room, and where.
    pub truth: Vec<(u64, [f64; 2])>,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub spec: TrialSpec,
    pub room_m: [f64; 2],
    pub door: Outline,
    pub frames: Vec<TrialFrame>,
}

/// Who follows the people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// [`Tracker`].
    Ours,
    /// [`Tracker`] that keeps names by motion alone.
    OursWithoutFeatures,
    Sort,
    NearestNeighbour,
}

impl Method {
    pub const ALL: [Self; 4] = [Self::Ours, Self::OursWithoutFeatures, Self::Sort, Self::NearestNeighbour];

    pub fn label(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursWithoutFeatures => "ours, no features",
            Self::Sort => "SORT",
            Self::NearestNeighbour => "nearest neighbour",
        }
    }
}

/// What one method made of one trial.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub score: Score,
    /// Distance of single detections from their person, metres: median.
    pub raw_error_m: Option<f64>,
    /// Distance of people from their tracks that are at least [`SETTLED_SECS`] old, metres: median.
    pub tracked_error_m: Option<f64>,
    /// The same with the future known; `None` where a method does not smooth.
    pub smoothed_error_m: Option<f64>,
    /// Share of frames with the right number of people.
    pub count_right: f64,
    /// Changes of the number of people in a minute, and true ones.
    pub count_changes_per_min: f64,
    pub true_changes_per_min: f64,
    /// Share of frames in which a person lies in the 90 % region of their track.
    pub covered_90: Option<f64>,
}

/// Tracks count for the error once they were followed for this long, s.
pub const SETTLED_SECS: f64 = 5.0;
/// A track stands for a person within this distance, m: beyond it, it is somewhere else in the room.
pub const REACH_M: f64 = 1.0;

/// A room, its people and what a detector sees of them.
pub fn scenario(spec: TrialSpec) -> Scenario {
    let mut dice = Dice::new(spec.seed, Purpose::Agenda, 1);
    // Rooms as in `spec/pose.md` section 1.
    let room_m = [dice.between(4.0, 6.0), dice.between(3.5, 5.0)];
    let door_m = [dice.between(0.8, room_m[0] - 0.8), 0.0];
    let mut crowd = Crowd::new(spec.seed, spec.n_people, room_m, door_m);
    let mut detector = Detector::new(spec.seed, DetectorSpec::of_links(spec.n_links), spec.n_people, room_m);
    let mut frames = Vec::new();
    let (mut secs, mut last_frame, mut next_frame) = (0.0, 0.0, spec.frame_secs);
    while secs < spec.secs {
        crowd.step();
        secs += STEP_SECS;
        if secs < next_frame {
            continue;
        }
        let sightings = detector.look(&crowd.walkers, secs - last_frame);
        last_frame = secs;
        next_frame += spec.frame_secs * dice.between(0.8, 1.2);
        let present = crowd.walkers.iter().enumerate().filter(|(_, walker)| walker.is_present());
        frames.push(TrialFrame {
            time: Timestamp::from_secs_f64(secs),
            person: sightings.iter().map(|one| (one.people.len() == 1).then(|| one.people[0] as u64)).collect(),
            detections: sightings.into_iter().map(|one| one.detection).collect(),
            truth: present.map(|(n, walker)| (n as u64, walker.place.into())).collect(),
        });
    }
    let [x, y] = door_m;
    let door = Outline::rectangle([x - 0.5, y - 0.2], [x + 0.5, y + 0.4]).expect("a rectangle of 1.0 by 0.6 m");
    Scenario { spec, room_m, door, frames }
}

/// A track of a moment, as it is judged.
struct Claim {
    id: u64,
    place: FloorPoint,
    followed_secs: f64,
}

/// Lets a method follow the people of a trial.
pub fn evaluate(scenario: &Scenario, method: Method, config: &TrackerConfig) -> Outcome {
    let (claims, smoothed_error_m) = match method {
        Method::Ours => follow(scenario, config),
        Method::OursWithoutFeatures => follow(scenario, &TrackerConfig { use_features: false, ..*config }),
        Method::Sort | Method::NearestNeighbour => (follow_plainly(scenario, method), None),
    };
    let moments: Vec<Moment> = scenario
        .frames
        .iter()
        .zip(&claims)
        .map(|(frame, claims)| Moment {
            truth: frame.truth.clone(),
            tracks: claims.iter().map(|claim| (claim.id, claim.place.position_m)).collect(),
        })
        .collect();
    let mut tracked = Vec::new();
    let (mut n_covered, mut n_judged) = (0u32, 0u32);
    for (frame, claims) in scenario.frames.iter().zip(&claims) {
        for claim in claims.iter().filter(|claim| claim.followed_secs >= SETTLED_SECS) {
            let nearest = frame.truth.iter().map(|(_, place)| apart(*place, claim.place.position_m));
            let Some(error) = nearest.min_by(f64::total_cmp).filter(|error| *error <= REACH_M) else { continue };
            tracked.push(error);
            let person = frame.truth.iter().find(|(_, place)| apart(*place, claim.place.position_m) == error);
            n_judged += 1;
            n_covered += u32::from(person.is_some_and(|(_, place)| covers_90(&claim.place, *place)));
        }
    }
    let minutes = scenario.spec.secs / 60.0;
    let changes = |counts: Vec<usize>| counts.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64 / minutes;
    let n_right = moments.iter().filter(|moment| moment.truth.len() == moment.tracks.len()).count();
    Outcome {
        score: score(&moments, REACH_M),
        raw_error_m: median(raw_errors(scenario)),
        tracked_error_m: median(tracked),
        smoothed_error_m,
        count_right: n_right as f64 / moments.len().max(1) as f64,
        count_changes_per_min: changes(moments.iter().map(|moment| moment.tracks.len()).collect()),
        true_changes_per_min: changes(moments.iter().map(|moment| moment.truth.len()).collect()),
        covered_90: (n_judged > 0 && matches!(method, Method::Ours | Method::OursWithoutFeatures))
            .then(|| f64::from(n_covered) / f64::from(n_judged)),
    }
}

fn follow(scenario: &Scenario, config: &TrackerConfig) -> (Vec<Vec<Claim>>, Option<f64>) {
    let surroundings = Surroundings { room_m: Some(scenario.room_m), entrances: vec![scenario.door.clone()] };
    let mut tracker = Tracker::new(*config, surroundings);
    let mut seen: std::collections::BTreeMap<TrackId, Vec<(Timestamp, FloorPoint)>> = Default::default();
    let mut claims = Vec::new();
    for frame in &scenario.frames {
        let taken = tracker.step(frame.time, &frame.detections);
        for (detection, track) in frame.detections.iter().zip(taken) {
            if let Some(track) = track {
                seen.entry(track).or_default().push((frame.time, detection.pose.root));
            }
        }
        let claim = |track: &crate::types::Track| Claim {
            id: track.id.0,
            place: track.pose.root,
            followed_secs: track.age_secs(),
        };
        claims.push(tracker.people().map(claim).collect());
    }
    let mut errors = Vec::new();
    for of_track in seen.values() {
        for point in smooth(of_track, config) {
            let frame = scenario.frames.binary_search_by_key(&point.time, |frame| frame.time);
            let truth = frame.ok().map(|frame| &scenario.frames[frame].truth);
            let places = truth.into_iter().flatten().map(|(_, place)| apart(*place, point.place.position_m));
            errors.extend(places.min_by(f64::total_cmp).filter(|error| *error <= REACH_M));
        }
    }
    (claims, median(errors))
}

fn follow_plainly(scenario: &Scenario, method: Method) -> Vec<Vec<Claim>> {
    let sigma_m = DetectorSpec::of_links(scenario.spec.n_links).root_sigma_m;
    let config = PlainConfig { sigma_m, ..PlainConfig::default() };
    let mut sort = if method == Method::Sort { Sort::new(config) } else { Sort::nearest_neighbour(config) };
    let mut first = std::collections::BTreeMap::new();
    let mut before: Option<Timestamp> = None;
    let mut claims = Vec::new();
    for frame in &scenario.frames {
        let secs = before.map_or(0.0, |before| frame.time.secs_since(before));
        before = Some(frame.time);
        let places: Vec<[f64; 2]> = frame.detections.iter().map(|one| one.pose.root.position_m).collect();
        let of_frame = sort.step(secs, &places).into_iter().map(|(id, place)| Claim {
            id,
            place: FloorPoint::round(place, sigma_m),
            followed_secs: frame.time.secs_since(*first.entry(id).or_insert(frame.time)),
        });
        claims.push(of_frame.collect());
    }
    claims
}

fn raw_errors(scenario: &Scenario) -> Vec<f64> {
    let of_frame = |frame: &TrialFrame| {
        let pairs = frame.detections.iter().zip(&frame.person);
        let errors = pairs.filter_map(|(detection, person)| {
            let (_, place) = frame.truth.iter().find(|(id, _)| Some(*id) == *person)?;
            Some(apart(*place, detection.pose.root.position_m))
        });
        errors.collect::<Vec<f64>>()
    };
    scenario.frames.iter().flat_map(of_frame).collect()
}

fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
    (Vector2::from(a) - Vector2::from(b)).norm()
}

/// 4.605 is the 90 % point of the chi-square distribution with two degrees of freedom.
fn covers_90(place: &FloorPoint, truth: [f64; 2]) -> bool {
    let [[xx, xy], [_, yy]] = place.covariance_m2;
    let [dx, dy] = [truth[0] - place.position_m[0], truth[1] - place.position_m[1]];
    let determinant = xx * yy - xy * xy;
    determinant > 0.0 && (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / determinant <= 4.605
}

fn median(mut sample: Vec<f64>) -> Option<f64> {
    sample.sort_by(f64::total_cmp);
    let middle = sample.len() / 2;
    let upper = *sample.get(middle)?;
    Some(if sample.len() % 2 == 1 { upper } else { 0.5 * (upper + sample[middle - 1]) })
}
