//! Follows people: detections of each moment in, named tracks out.
//!
//! Time comes from the frames. The same frames always give the same tracks. What cannot be used is counted and left out.

mod pairing;

use super::TrackerConfig;
use super::config::{MAX_COORDINATE_M, MAX_DETECTIONS};
use super::identity::Meetings;
use super::lost::LostPeople;
use super::motion::Look;
use super::person::Person;
use crate::types::{Detection, Moves, Outline, Timestamp, Track, TrackId, TrackState};

/// What is known of the place. Without any of it people are followed all the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// Width along x and depth along y; the corner is the origin. Metres.
    pub room_m: Option<[f64; 2]>,
    /// Where people come and go.
    pub entrances: Vec<Outline>,
}

/// Everything that was given to a tracker, by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackerCounts {
    pub n_frames: u64,
    pub n_detections: u64,
    /// Left out: a place, covariance or confidence that is none.
    pub n_garbage: u64,
    /// Left out: certainly not in the room.
    pub n_outside: u64,
    /// Left out: more than can be people, the least sure ones.
    pub n_excess: u64,
    /// Frames with the time of the one before; left out.
    pub n_repeated: u64,
    /// Times that ran backwards: all tracks ended and following started anew.
    pub n_clock_resets: u64,
    /// Names exchanged after a meeting.
    pub n_exchanged: u64,
    /// People who came back and were known again.
    pub n_returned: u64,
}

/// A detection that passed.
struct Seen<'a> {
    detection: &'a Detection,
    look: Look,
    log_clutter: f64,
    index: usize,
}

#[derive(Clone, Debug)]
pub struct Tracker {
    config: TrackerConfig,
    surroundings: Surroundings,
    time: Option<Timestamp>,
    people: Vec<Person>,
    lost: LostPeople,
    meetings: Meetings,
    tracks: Vec<Track>,
    counts: TrackerCounts,
    next_id: u64,
    next_body: u64,
}

/// Farther than this out of the room, beyond twice the deviation, nobody is in it, m.
const WALL_MARGIN_M: f64 = 0.5;
/// A last place this near to an entrance is one from which people leave, m.
const DOOR_REACH_M: f64 = 0.7;
/// New people away from any known entrance need this many times the evidence.
const AWAY_FROM_DOOR: f64 = 1.5;
/// ... and where somebody is missed, this many times.
const EXPECTED: f64 = 0.5;
/// Who shares a detection may be away from it for as long as that goes on, at this speed, m/s, and this far at once, m.
const ASTRAY_M_PER_S: f64 = 1.5;
const ASTRAY_M: f64 = 1.2;
/// A single missed frame leads nobody astray, s.
const ASTRAY_SECS: f64 = 0.1;

impl Tracker {
    pub fn new(config: TrackerConfig, surroundings: Surroundings) -> Self {
        Self {
            config,
            surroundings,
            time: None,
            people: Vec::new(),
            lost: LostPeople::default(),
            meetings: Meetings::default(),
            tracks: Vec::new(),
            counts: TrackerCounts::default(),
            next_id: 1,
            next_body: 1,
        }
    }

    /// All that are followed: present people by name, then those that may become some.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The people who are here.
    pub fn people(&self) -> impl Iterator<Item = &Track> {
        self.tracks.iter().filter(|track| track.state.is_present())
    }

    /// Those that left or were lost, the latest last; with the place where they were seen last.
    pub fn lost(&self) -> impl Iterator<Item = &Track> {
        self.lost.tracks()
    }

    pub fn counts(&self) -> TrackerCounts {
        self.counts
    }

    pub fn config(&self) -> &TrackerConfig {
        &self.config
    }

    /// Takes the detections of a moment, in any order. Returns the track that each was taken for.
    pub fn step(&mut self, time: Timestamp, detections: &[Detection]) -> Vec<Option<TrackId>> {
        self.counts.n_detections += detections.len() as u64;
        let mut taken_for = vec![None; detections.len()];
        let Some(secs) = self.go_on(time) else { return taken_for };
        for person in &mut self.people {
            person.predict(secs, &self.config);
        }
        let seen = self.check(detections);
        let share = self.share(secs);
        let bodies = self.pair(time, &seen, secs, share);
        self.change_states(time, secs);
        self.counts.n_exchanged += self.meetings.settle(&mut self.people, secs);
        self.know_again(time);
        for (one, body) in seen.iter().zip(bodies) {
            let person = self.people.iter().find(|person| Some(person.body) == body && person.state.is_present());
            taken_for[one.index] = person.map(|person| person.identity.id);
        }
        self.publish(time);
        taken_for
    }

    /// Takes a moment as a network saw it: by its detections where people move, else by [`Tracker::hold`]. Where nothing moves
    /// at all, what it says of their posture is a guess: right of one in two who lie (`models/pose/TESTED.md`).
    pub fn look(
        &mut self,
        time: Timestamp,
        moves: Moves,
        detections: &[Detection],
        one: Option<&Detection>,
        nobody: f64,
    ) {
        let is_held = match moves {
            Moves::Nothing => true,
            Moves::Little => self.people().next().is_some(),
            Moves::Much => false,
        };
        if is_held {
            self.hold(time, one.filter(|_| moves == Moves::Little), nobody);
        } else {
            self.step(time, detections);
        }
    }

    /// A moment in which somebody may be there, but nobody moves from their place: the people who are followed stay where
    /// they are, for as long as that lasts. Across a gap in which they could have left unseen they are missed instead. `one`:
    /// what is said of the posture of the only person, where anything is; left out where several are followed. `nobody`: how likely it is that
    /// there is nobody at all, 0..=1; who is held ends when that has been likely for long enough.
    pub fn hold(&mut self, time: Timestamp, one: Option<&Detection>, nobody: f64) {
        if self.time.is_some_and(|before| time.secs_since(before) > self.config.lost_after_secs) {
            self.step(time, &[]);
            return;
        }
        let Some(secs) = self.go_on(time) else { return };
        let share = self.share(secs);
        // Nor of somebody whom it does not see: without movement, how they were held when they were seen still holds.
        let one = one.filter(|_| nobody <= 0.5 && self.people().count() == 1);
        for person in &mut self.people {
            match person.state {
                TrackState::Confirmed | TrackState::Still => person.hold(time, secs, one, nobody, share),
                // Who was not seen just before may be anywhere.
                TrackState::Birth | TrackState::Coasting | TrackState::Lost => {
                    person.predict(secs, &self.config);
                    person.miss(share, &self.config);
                }
            }
        }
        self.change_states(time, secs);
        self.publish(time);
    }

    /// How much of a look is news, so long after the one before.
    fn share(&self, secs: f64) -> f64 {
        (secs / (2.0 * self.config.error_memory_secs).max(1e-6)).clamp(0.0, 1.0)
    }

    /// Seconds since the moment before; `None` for the same moment again.
    fn go_on(&mut self, time: Timestamp) -> Option<f64> {
        self.counts.n_frames += 1;
        let secs = match self.time.map(|before| time.secs_since(before)) {
            Some(0.0) => {
                self.counts.n_repeated += 1;
                return None;
            }
            Some(secs) if secs < 0.0 => {
                self.restart();
                0.0
            }
            Some(secs) => secs,
            None => 0.0,
        };
        self.time = Some(time);
        Some(secs)
    }

    /// Ends all tracks; names go on counting, so that none is given twice.
    fn restart(&mut self) {
        self.counts.n_clock_resets += 1;
        self.people.clear();
        self.lost.clear();
        self.meetings.clear();
    }

    fn check<'a>(&mut self, detections: &'a [Detection]) -> Vec<Seen<'a>> {
        let mut seen = Vec::with_capacity(detections.len().min(MAX_DETECTIONS));
        for (index, detection) in detections.iter().enumerate() {
            let root = &detection.pose.root;
            let near = root.position_m.iter().all(|value| value.abs() <= MAX_COORDINATE_M);
            let sure = (0.0..=1.0).contains(&detection.confidence);
            let Some(look) = Look::new(root, 0.0).filter(|_| near && sure) else {
                self.counts.n_garbage += 1;
                continue;
            };
            if self.is_outside(root.position_m, WALL_MARGIN_M + 2.0 * root.sigma_m()) {
                self.counts.n_outside += 1;
                continue;
            }
            // A detector that is half sure says nothing; one that is surer makes clutter rarer.
            let confidence = detection.confidence.clamp(0.05, 0.95);
            let log_clutter = (self.config.clutter_per_m2.max(1e-9) * (1.0 - confidence) / confidence).ln();
            seen.push(Seen { detection, look, log_clutter, index });
        }
        if seen.len() > MAX_DETECTIONS {
            self.counts.n_excess += (seen.len() - MAX_DETECTIONS) as u64;
            seen.sort_by(|a, b| a.log_clutter.total_cmp(&b.log_clutter).then(a.index.cmp(&b.index)));
            seen.truncate(MAX_DETECTIONS);
        }
        seen
    }

    fn is_outside(&self, [x, y]: [f64; 2], margin_m: f64) -> bool {
        let inside = |value: f64, length: f64| (-margin_m..=length + margin_m).contains(&value);
        self.surroundings.room_m.is_some_and(|[width, depth]| !inside(x, width) || !inside(y, depth))
    }

    fn near_door(&self, position_m: [f64; 2]) -> bool {
        let at_entrance =
            self.surroundings.entrances.iter().any(|outline| outline.distance_m(position_m) < DOOR_REACH_M);
        at_entrance || self.is_outside(position_m, 0.0)
    }

    fn change_states(&mut self, time: Timestamp, secs: f64) {
        let config = self.config;
        for at in 0..self.people.len() {
            let at_door = self.near_door(self.people[at].motion.position().into());
            let missing = self.astray(at).is_some();
            let person = &mut self.people[at];
            let unseen = person.secs_unseen(time);
            match person.state {
                TrackState::Birth => {
                    // Somebody is missed, so that a newcomer is expected.
                    let away = match () {
                        () if missing => EXPECTED,
                        () if self.surroundings.entrances.is_empty() || at_door => 1.0,
                        () => AWAY_FROM_DOOR,
                    };
                    let share = f64::from(person.n_seen) / f64::from(person.n_frames.max(1));
                    let sure = person.log_odds >= config.confirm_log_odds * away.min(1.0)
                        && time.secs_since(person.first_seen) >= config.confirm_secs * away
                        && share >= config.confirm_share
                        && unseen == 0.0;
                    if sure {
                        self.confirm(at);
                    } else if unseen > config.birth_patience_secs || person.log_odds < -4.0 {
                        person.state = TrackState::Lost;
                    }
                }
                TrackState::Confirmed | TrackState::Still | TrackState::Coasting => {
                    // A gap in the frames is no absence: patience is for frames that did not show somebody.
                    let patience = if at_door { config.lost_at_door_secs } else { config.lost_after_secs };
                    let over = person.shared_secs > config.shared_patience_secs;
                    let is_nobody = person.is_held(time) && person.log_odds < 0.0;
                    person.state = if over || is_nobody || unseen > patience + secs {
                        TrackState::Lost
                    } else if unseen > config.coast_after_secs {
                        TrackState::Coasting
                    } else if person.is_held(time) {
                        TrackState::Still
                    } else {
                        TrackState::Confirmed
                    };
                }
                TrackState::Lost => {}
            }
        }
        let mut stay = Vec::with_capacity(self.people.len());
        for mut person in std::mem::take(&mut self.people) {
            if person.state != TrackState::Lost {
                stay.push(person);
            } else if person.identity.id != TrackId(0) {
                person.identity.certainty *= self.meetings.certainty(person.body);
                let identity = person.identity.certainty;
                let track = person.track(time, identity);
                self.lost.remember(track, person.identity, person.motion);
            }
        }
        self.people = stay;
        self.lost.forget(time, &config);
    }

    /// Makes a newcomer a person: one who was thought to share another's detection, if there is one, else a new one.
    fn confirm(&mut self, at: usize) {
        let Some(sharer) = self.astray(at) else {
            let person = &mut self.people[at];
            person.state = TrackState::Confirmed;
            person.identity.id = TrackId(self.next_id);
            self.next_id += 1;
            return;
        };
        let [shared, newcomer] = [&self.people[sharer], &self.people[at]];
        if self.config.use_features {
            self.meetings.weigh_newcomer(&self.people, shared, newcomer);
        }
        let (body, identity, open) = (shared.body, shared.identity.clone(), shared.open);
        let person = &mut self.people[at];
        person.state = TrackState::Confirmed;
        (person.body, person.identity, person.open) = (body, identity, open);
        self.people[sharer].state = TrackState::Lost;
        self.people[sharer].identity.id = TrackId(0);
    }

    /// The person who is thought to share another's detection but may be this newcomer.
    fn astray(&self, at: usize) -> Option<usize> {
        let newcomer = &self.people[at];
        if newcomer.state != TrackState::Birth {
            return None;
        }
        let sharers = (0..self.people.len()).filter(|&other| {
            let person = &self.people[other];
            let reach = ASTRAY_M + ASTRAY_M_PER_S * person.shared_secs;
            person.state.is_present() && person.shared_secs > ASTRAY_SECS && person.distance_m(newcomer) < reach
        });
        sharers.min_by(|a, b| self.people[*a].distance_m(newcomer).total_cmp(&self.people[*b].distance_m(newcomer)))
    }

    /// Gives people who came back their old name.
    fn know_again(&mut self, time: Timestamp) {
        for person in &mut self.people {
            if !person.open || !person.state.is_present() || self.meetings.is_open(person.body) {
                continue;
            }
            self.counts.n_returned += u64::from(self.lost.know_again(person, time, &self.config));
        }
    }

    fn publish(&mut self, time: Timestamp) {
        self.tracks.clear();
        for person in &mut self.people {
            let identity = person.identity.certainty * self.meetings.certainty(person.body);
            self.tracks.push(person.track(time, identity));
        }
        self.tracks.sort_by_key(|track| (!track.state.is_present(), track.id));
    }
}
