//! Gathers what summaries are made of, moment by moment.

use std::collections::BTreeMap;

use crate::tracking::zones::{ZoneEvent, ZoneEventKind};
use crate::types::{FloorPoint, Posture, Timestamp, Track, TrackId, TrackState, ZoneId};

/// A longer step than this is a gap, s.
const MAX_STEP_SECS: f64 = 1.0;
/// Walking is measured over this time, s, and this way, m: two to three steps.
const GAIT_SECS: f64 = 2.0;
const MIN_GAIT_M: f64 = 1.0;
/// A way shorter than this many standard deviations is no walk.
const MIN_GAIT_SIGMAS: f64 = 3.0;
/// Slower than this, over [`STILL_SECS`], somebody rests, m/s.
const STILL_M_PER_S: f64 = 0.1;
const STILL_SECS: f64 = 10.0;
/// Somebody on the floor for a shorter time bent down, s.
const MIN_FLOOR_SECS: f64 = 5.0;
/// Each list holds no more than this; what comes after is counted as left out.
const MAX_LIST: usize = 50_000;

/// Walking speed over two seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GaitSample {
    pub time: Timestamp,
    pub track: TrackId,
    /// Along the straight line: on a bend somebody walks faster than this.
    pub speed_m_per_s: f64,
    pub sigma_m_per_s: f64,
}

/// One person's presence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    pub track: TrackId,
    pub first: Timestamp,
    pub last: Timestamp,
    /// The least that the tracker was sure of the name.
    pub identity: f64,
}

/// A finished stay in a zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ZoneStay {
    pub zone: ZoneId,
    pub track: TrackId,
    pub entered: Timestamp,
    pub left: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Following {
    anchor: (Timestamp, FloorPoint),
    still_anchor: (Timestamp, FloorPoint),
    still_since: Option<Timestamp>,
    floor_since: Option<Timestamp>,
}

/// Everything of some stretch of time.
#[derive(Clone, Debug, Default)]
pub struct DayLog {
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub watched_secs: f64,
    pub n_gaps: u64,
    /// Time in which somebody was there, s.
    pub occupied_secs: f64,
    /// The most people at once.
    pub most_people: u32,
    pub visits: BTreeMap<TrackId, Visit>,
    pub gait: Vec<GaitSample>,
    pub stays: Vec<ZoneStay>,
    pub events: Vec<ZoneEvent>,
    /// Stretches of time on the floor, outside of zones where people lie.
    pub floor: Vec<(TrackId, Timestamp, Timestamp)>,
    /// Whether any posture was ever told: without, nothing is known of time on the floor.
    pub postures_known: bool,
    /// The longest that somebody who was there hardly moved outside of zones where people rest, s; and when it began.
    pub longest_still: Option<(f64, Timestamp)>,
    /// What did not fit.
    pub n_left_out: u64,
    following: BTreeMap<TrackId, Following>,
}

impl DayLog {
    /// Takes the tracks of a moment and the zones' events. `resting`: people in zones where one rests (bed, bath, seat).
    pub fn step(&mut self, time: Timestamp, tracks: &[Track], events: &[ZoneEvent], resting: &[TrackId]) {
        let secs = self.end.map_or(0.0, |before| time.secs_since(before));
        if secs < 0.0 {
            // Nothing lasts across a clock that was set back.
            self.following.clear();
            self.n_gaps += 1;
        }
        self.start = Some(self.start.map_or(time, |start| start.min(time)));
        self.end = Some(time);
        let gap = !(0.0..=MAX_STEP_SECS).contains(&secs);
        if gap {
            self.n_gaps += u64::from(secs > 0.0);
            self.following.clear();
        } else {
            self.watched_secs += secs;
        }
        self.take_events(events);
        let present: Vec<&Track> = tracks.iter().filter(|track| track.state.is_present()).collect();
        self.most_people = self.most_people.max(u32::try_from(present.len()).unwrap_or(u32::MAX));
        if !present.is_empty() && !gap {
            self.occupied_secs += secs;
        }
        for track in &present {
            self.visit(time, track);
            self.follow(time, track, resting.contains(&track.id));
        }
        let gone: Vec<TrackId> =
            self.following.keys().copied().filter(|id| present.iter().all(|track| track.id != *id)).collect();
        for id in gone {
            if let Some(following) = self.following.remove(&id) {
                self.end_floor(id, following.floor_since, time);
            }
        }
    }

    fn take_events(&mut self, events: &[ZoneEvent]) {
        for event in events {
            if self.events.len() >= MAX_LIST {
                self.n_left_out += 1;
                continue;
            }
            if let (ZoneEventKind::Left { dwell_secs }, Some(track)) = (event.kind, event.track) {
                let entered = event.time.plus_secs(-dwell_secs.max(0.0));
                self.stays.push(ZoneStay { zone: event.zone, track, entered, left: event.time });
            }
            self.events.push(event.clone());
        }
    }

    fn visit(&mut self, time: Timestamp, track: &Track) {
        if self.visits.len() >= MAX_LIST && !self.visits.contains_key(&track.id) {
            self.n_left_out += 1;
            return;
        }
        let new = Visit { track: track.id, first: time, last: time, identity: 1.0 };
        let visit = self.visits.entry(track.id).or_insert(new);
        visit.last = visit.last.max(time);
        visit.identity = visit.identity.min(track.identity);
    }

    fn follow(&mut self, time: Timestamp, track: &Track, resting: bool) {
        let root = track.pose.root;
        let here = (time, root);
        let start = Following { anchor: here, still_anchor: here, still_since: None, floor_since: None };
        let mut following = self.following.remove(&track.id).unwrap_or(start);
        // A prediction and a place that two people share are no measurement of a walk.
        if !matches!(track.state, TrackState::Confirmed | TrackState::Still) || track.shared {
            following.anchor = here;
        } else if time.secs_since(following.anchor.0) >= GAIT_SECS {
            self.gait.extend(gait(track.id, following.anchor, here).filter(|_| self.gait.len() < MAX_LIST));
            following.anchor = here;
        }
        self.rest(time, &mut following, root, resting);
        let posture = track.pose.posture;
        self.postures_known |= posture != Posture::Unknown;
        if posture == Posture::OnFloor && !resting {
            following.floor_since.get_or_insert(time);
        } else {
            self.end_floor(track.id, following.floor_since.take(), time);
        }
        self.following.insert(track.id, following);
    }

    fn rest(&mut self, time: Timestamp, following: &mut Following, root: FloorPoint, resting: bool) {
        let (then, from) = following.still_anchor;
        let secs = time.secs_since(then);
        if resting {
            following.still_since = None;
            following.still_anchor = (time, root);
        } else if secs >= STILL_SECS {
            let way = (root.position_m[0] - from.position_m[0]).hypot(root.position_m[1] - from.position_m[1]);
            let doubt = 2.0 * (root.sigma_m().powi(2) + from.sigma_m().powi(2)).sqrt();
            if way <= STILL_M_PER_S * secs + doubt {
                following.still_since.get_or_insert(then);
            } else {
                following.still_since = None;
            }
            following.still_anchor = (time, root);
        }
        if let Some(since) = following.still_since {
            let lasted = time.secs_since(since);
            if self.longest_still.is_none_or(|(longest, _)| lasted > longest) {
                self.longest_still = Some((lasted, since));
            }
        }
    }

    fn end_floor(&mut self, track: TrackId, since: Option<Timestamp>, time: Timestamp) {
        let Some(since) = since.filter(|since| time.secs_since(*since) >= MIN_FLOOR_SECS) else { return };
        if self.floor.len() < MAX_LIST {
            self.floor.push((track, since, time));
        } else {
            self.n_left_out += 1;
        }
    }

    /// Those on the floor now, and since when.
    pub fn on_floor_now(&self) -> impl Iterator<Item = (TrackId, Timestamp)> + '_ {
        self.following.iter().filter_map(|(track, following)| Some((*track, following.floor_since?)))
    }
}

/// The speed between two places, when it was a walk; noise makes ways longer, which is taken off.
fn gait(
    track: TrackId,
    (then, from): (Timestamp, FloorPoint),
    (time, to): (Timestamp, FloorPoint),
) -> Option<GaitSample> {
    let secs = time.secs_since(then);
    let way2 = (to.position_m[0] - from.position_m[0]).powi(2) + (to.position_m[1] - from.position_m[1]).powi(2);
    let variance = from.sigma_m().powi(2) + to.sigma_m().powi(2);
    // Across the way the noise adds its variance to the squared length.
    let length = (way2 - variance).max(0.0).sqrt();
    let walked = secs > 0.0 && length >= MIN_GAIT_M && length >= MIN_GAIT_SIGMAS * variance.sqrt();
    walked.then(|| GaitSample { time, track, speed_m_per_s: length / secs, sigma_m_per_s: variance.sqrt() / secs })
}
