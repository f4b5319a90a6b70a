//! Follows people: detections of each moment in, named tracks out.
//!
//! Time comes from the frames. The same frames always give the same tracks. What cannot be used is counted and left out.

use super::TrackerConfig;
use super::assign::{Costs, assign};
use super::config::{MAX_COORDINATE_M, MAX_DETECTIONS, MAX_TRACKS};
use super::identity::Meetings;
use super::lost::LostPeople;
use super::motion::Look;
use super::person::Person;
use super::profile::Reading;
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
/// How likely names are mixed up in each second that two people make one detection.
const MIX_PER_SEC: f64 = 0.5;

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

    /// Takes a moment as a network saw it: by its detections where people move, else by [`Tracker::hold`].
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
            self.hold(time, one, nobody);
        } else {
            self.step(time, detections);
        }
    }

    /// A moment in which somebody may be there, but nothing moves from its place: the people who are followed stay where
    /// they are, for as long as that lasts. Across a gap in which they could have left unseen they are missed instead. `one`:
    /// what is said of the posture of the only person; left out where several are followed. `nobody`: how likely it is that
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

    /// Pairs detections with people, present ones first, and lets both learn. Returns the body of each detection.
    fn pair(&mut self, time: Timestamp, seen: &[Seen<'_>], secs: f64, share: f64) -> Vec<Option<u64>> {
        let mut body_of = vec![None; seen.len()];
        let present: Vec<usize> = (0..self.people.len()).filter(|&i| self.people[i].state.is_present()).collect();
        let births: Vec<usize> = (0..self.people.len()).filter(|&i| !self.people[i].state.is_present()).collect();
        let mut readings = Vec::new();
        for group in [&present, &births] {
            let free: Vec<usize> = (0..seen.len()).filter(|&one| body_of[one].is_none()).collect();
            let (costs, log_ratios) = self.costs(group, &free, seen);
            let pairing = assign_or_miss(&costs, group.len(), free.len());
            self.mix_neighbours(group, &costs, &pairing);
            let shared = self.shared(group, &free, &costs, &pairing);
            for (row, &at) in group.iter().enumerate() {
                let Some(column) = pairing[row] else {
                    match shared[row] {
                        Some(column) => self.see_shared(at, time, &seen[free[column]], secs),
                        None => self.people[at].miss(share, &self.config),
                    }
                    continue;
                };
                let one = &seen[free[column]];
                body_of[free[column]] = Some(self.people[at].body);
                if shared.contains(&Some(column)) {
                    self.see_shared(at, time, one, secs);
                    continue;
                }
                let person = &mut self.people[at];
                let ratio = log_ratios.get(row, column) * share.max(0.1);
                person.see(time, &one.look, one.detection, ratio, share, &self.config);
                readings.push((person.body, person.reading(one.detection)));
            }
        }
        self.learn(&readings, share);
        for (one, body) in seen.iter().zip(&mut body_of) {
            if body.is_none() && self.people.len() < MAX_TRACKS {
                let person = Person::new(self.next_body, time, &one.look, one.detection, &self.config);
                self.next_body += 1;
                *body = Some(person.body);
                self.people.push(person);
            }
        }
        body_of
    }

    /// Cost of each pair of a person and a free detection, below zero where the pair is likelier than a miss and clutter;
    /// and how much likelier the detection is with this person there.
    fn costs(&self, group: &[usize], free: &[usize], seen: &[Seen<'_>]) -> (Costs, Costs) {
        let mut costs = Costs::new(group.len(), free.len());
        let mut log_ratios = Costs::new(group.len(), free.len());
        let detected = self.config.detection_probability.clamp(0.01, 0.99);
        for (row, &at) in group.iter().enumerate() {
            let person = &self.people[at];
            for (column, &one) in free.iter().enumerate() {
                let one = &seen[one];
                let Some(innovation) = person.motion.innovation(&one.look, &self.config) else { continue };
                if innovation.distance2 > self.config.gate {
                    continue;
                }
                let ratio = detected.ln() + innovation.log_density - one.log_clutter;
                let body = if self.config.use_features {
                    person.identity.profile.log_ratio(&person.reading(one.detection)).clamp(-2.0, 2.0)
                } else {
                    0.0
                };
                costs.set(row, column, (1.0 - detected).ln() - ratio - body);
                log_ratios.set(row, column, ratio);
            }
        }
        (costs, log_ratios)
    }

    /// Two people whose detections could as well have been exchanged may have been.
    fn mix_neighbours(&mut self, group: &[usize], costs: &Costs, pairing: &[Option<usize>]) {
        for row in 0..group.len() {
            for other in row + 1..group.len() {
                let (Some(a), Some(b)) = (pairing[row], pairing[other]) else { continue };
                let dearer = costs.get(row, b) + costs.get(other, a) - costs.get(row, a) - costs.get(other, b);
                let (person, neighbour) = (&self.people[group[row]], &self.people[group[other]]);
                if dearer.is_finite() && person.state.is_present() && neighbour.state.is_present() {
                    self.meetings.mix(person.body, neighbour.body, 1.0 / (1.0 + dearer.max(0.0).exp()));
                }
            }
        }
    }

    /// For each person without a detection: the one of a neighbour that may stand for both.
    fn shared(&self, group: &[usize], free: &[usize], costs: &Costs, pairing: &[Option<usize>]) -> Vec<Option<usize>> {
        (0..group.len())
            .map(|row| {
                let person = &self.people[group[row]];
                if pairing[row].is_some()
                    || !person.state.is_present()
                    || person.shared_secs > self.config.shared_patience_secs
                {
                    return None;
                }
                let near = (0..free.len()).filter(|&column| {
                    let owner = pairing.iter().position(|taken| *taken == Some(column));
                    owner.is_some_and(|owner| {
                        let neighbour = &self.people[group[owner]];
                        let doubt = (0.5
                            * (person.motion.position_covariance() + neighbour.motion.position_covariance()).trace())
                        .sqrt();
                        neighbour.state.is_present()
                            && person.distance_m(neighbour) < self.config.merge_distance_m + doubt
                    })
                });
                near.filter(|&column| costs.get(row, column).is_finite())
                    .min_by(|a, b| costs.get(row, *a).total_cmp(&costs.get(row, *b)))
            })
            .collect()
    }

    fn see_shared(&mut self, at: usize, time: Timestamp, one: &Seen<'_>, secs: f64) {
        // Each of two people half of the merging distance away from their middle.
        let apart = 0.5 * self.config.merge_distance_m;
        let Some(look) = Look::new(&one.detection.pose.root, apart * apart) else { return };
        self.people[at].see_shared(time, &look, secs, &self.config);
        let body = self.people[at].body;
        let near: Vec<u64> = self
            .people
            .iter()
            .filter(|other| other.body != body && other.state.is_present())
            .filter(|other| other.distance_m(&self.people[at]) < 2.0 * self.config.merge_distance_m)
            .map(|other| other.body)
            .collect();
        for other in near {
            self.meetings.mix(body, other, 0.5 * (MIX_PER_SEC * secs).min(1.0));
        }
    }

    fn learn(&mut self, readings: &[(u64, Reading)], share: f64) {
        if !self.config.use_features {
            return;
        }
        self.meetings.weigh(&self.people, readings, share);
        for (body, reading) in readings {
            if reading.is_empty() || self.meetings.is_open(*body) {
                continue;
            }
            if let Some(person) = self.people.iter_mut().find(|person| person.body == *body) {
                person.identity.profile.learn(reading, share);
            }
        }
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

/// Pairs where a pair is better than a miss.
fn assign_or_miss(costs: &Costs, n_rows: usize, n_columns: usize) -> Vec<Option<usize>> {
    // Each person may also take a column of their own that stands for "not seen" and costs nothing.
    let mut wide = Costs::new(n_rows, n_columns + n_rows);
    for row in 0..n_rows {
        for column in 0..n_columns {
            wide.set(row, column, costs.get(row, column));
        }
        wide.set(row, n_columns + row, 0.0);
    }
    assign(&wide).into_iter().map(|column| column.filter(|&column| column < n_columns)).collect()
}
