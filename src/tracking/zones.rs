//! Who is in which zone: entering, leaving, staying too long, being where nobody should be, too many at once.
//!
//! A person is in a zone with the probability that their uncertain place lies inside it. They enter when it is likely for
//! a moment and leave when it is unlikely for a moment; between the two nothing changes, so that nobody flickers on a
//! border. A zone that is small beside the uncertainty cannot be judged, and says so.

use std::collections::BTreeMap;

use serde::Serialize;

use super::inside::probability_inside;
use crate::types::{FloorPoint, Timestamp, Track, TrackId, Zone, ZoneId, ZoneKind};

/// Likely enough to have entered, and unlikely enough to have left.
pub const ENTER_ABOVE: f64 = 0.7;
pub const LEAVE_BELOW: f64 = 0.3;
/// ... for this long, s: longer than a run of unlucky frames, shorter than it takes to cross a bed.
const SETTLE_SECS: f64 = 1.0;
/// Who is gone from the tracker leaves their zones, after this time, s: a moment's loss is no leaving.
const GONE_SECS: f64 = 2.0;
/// A longer step than this is a gap: nobody is known to have stayed, s.
const MAX_STEP_SECS: f64 = 2.0;
/// People tracked in one zone at most; more cannot be.
const MAX_PEOPLE: usize = 256;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ZoneEvent {
    /// When it happened: somebody has entered or left up to some seconds before that is certain.
    pub time: Timestamp,
    pub zone: ZoneId,
    pub kind: ZoneEventKind,
    /// The person that it is about; `None` for those about a number of people.
    pub track: Option<TrackId>,
    /// 0..=1: that the person is inside, when it happened.
    pub probability: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum ZoneEventKind {
    Entered,
    Left {
        dwell_secs: f64,
    },
    /// Somebody is where nobody should be.
    Intrusion,
    /// Longer than the zone's limit; once a stay.
    DwellExceeded {
        dwell_secs: f64,
    },
    /// More people than the zone's limit; once until there are fewer again.
    Crowded {
        n_people: u32,
    },
}

/// A number of people with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Headcount {
    /// Those who have entered and not left.
    pub n_people: u32,
    /// Expected from the probabilities, with its standard deviation.
    pub mean: f64,
    pub sigma: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ZoneState {
    pub zone: ZoneId,
    /// Those inside, and since when.
    pub inside: Vec<(TrackId, Timestamp)>,
    pub count: Headcount,
    /// False when people's places are so uncertain that nobody could ever be said to be inside.
    pub judged: bool,
}

#[derive(Clone, Copy, Debug)]
struct Stay {
    inside: bool,
    since: Timestamp,
    /// Since when the probability speaks for the other state.
    other_since: Option<Timestamp>,
    seen: Timestamp,
    told_of_dwell: bool,
}

/// Watches the zones of one room.
#[derive(Clone, Debug)]
pub struct ZoneWatch {
    zones: Vec<Zone>,
    stays: BTreeMap<(ZoneId, TrackId), Stay>,
    crowded: BTreeMap<ZoneId, bool>,
    states: Vec<ZoneState>,
    time: Option<Timestamp>,
}

impl ZoneWatch {
    /// Of zones with one number the first counts.
    pub fn new(zones: Vec<Zone>) -> Self {
        let mut kept: Vec<Zone> = Vec::with_capacity(zones.len());
        for zone in zones {
            if kept.iter().all(|other| other.id != zone.id) {
                kept.push(zone);
            }
        }
        Self { zones: kept, stays: BTreeMap::new(), crowded: BTreeMap::new(), states: Vec::new(), time: None }
    }

    pub fn zones(&self) -> &[Zone] {
        &self.zones
    }

    /// In the order of the zones; empty before the first step.
    pub fn states(&self) -> &[ZoneState] {
        &self.states
    }

    /// Takes the tracks of a moment; those that are not present people are left out. A clock that goes back ends all
    /// stays without a word: how long they lasted is not known.
    pub fn step(&mut self, time: Timestamp, tracks: &[Track]) -> Vec<ZoneEvent> {
        if self.time.is_some_and(|before| time < before) {
            self.stays.clear();
            self.crowded.clear();
        }
        self.time = Some(time);
        let mut events = Vec::new();
        let mut states = Vec::with_capacity(self.zones.len());
        for zone in &self.zones {
            let mut probabilities = Vec::new();
            for track in tracks.iter().filter(|track| track.state.is_present()).take(MAX_PEOPLE) {
                let probability = probability_inside(&zone.outline, &track.pose.root) * track.presence();
                probabilities.push(probability);
                let stay = self.stays.entry((zone.id, track.id)).or_insert_with(|| Stay::outside(time));
                stay.judge(time, zone, track.id, probability, &mut events);
            }
            self.stays.retain(|(of, track), stay| {
                let gone = *of == zone.id && time.secs_since(stay.seen) > GONE_SECS;
                if gone && stay.inside {
                    let dwell_secs = stay.seen.secs_since(stay.since);
                    events.push(event(stay.seen, zone, ZoneEventKind::Left { dwell_secs }, *track, 0.0));
                }
                !gone
            });
            let inside: Vec<(TrackId, Timestamp)> = self
                .stays
                .iter()
                .filter(|((of, _), stay)| *of == zone.id && stay.inside)
                .map(|((_, track), stay)| (*track, stay.since))
                .collect();
            let count = Headcount::new(inside.len(), &probabilities);
            let limit = zone.limits.max_people.unwrap_or(u32::MAX);
            let crowded = self.crowded.entry(zone.id).or_default();
            if count.n_people > limit && !*crowded {
                let kind = ZoneEventKind::Crowded { n_people: count.n_people };
                let surest = probabilities.iter().copied().fold(0.0, f64::max);
                events.push(ZoneEvent { time, zone: zone.id, kind, track: None, probability: surest });
            }
            *crowded = count.n_people > limit;
            let judged = tracks.iter().filter(|track| track.state.is_present()).all(|track| can_judge(zone, track));
            states.push(ZoneState { zone: zone.id, inside, count, judged });
        }
        self.states = states;
        events
    }
}

impl Stay {
    fn outside(time: Timestamp) -> Self {
        Self { inside: false, since: time, other_since: None, seen: time, told_of_dwell: false }
    }

    fn judge(&mut self, time: Timestamp, zone: &Zone, track: TrackId, probability: f64, events: &mut Vec<ZoneEvent>) {
        if time.secs_since(self.seen) > MAX_STEP_SECS {
            self.other_since = None;
        }
        self.seen = time;
        let speaks_for_other = if self.inside { probability < LEAVE_BELOW } else { probability > ENTER_ABOVE };
        if !speaks_for_other {
            self.other_since = None;
        }
        let since = self.other_since.unwrap_or(time);
        if speaks_for_other {
            self.other_since = Some(since);
        }
        if speaks_for_other && time.secs_since(since) >= SETTLE_SECS {
            let dwell_secs = since.secs_since(self.since);
            self.inside = !self.inside;
            self.since = since;
            self.other_since = None;
            self.told_of_dwell = false;
            if self.inside {
                events.push(event(since, zone, ZoneEventKind::Entered, track, probability));
                if zone.kind == ZoneKind::Restricted {
                    events.push(event(since, zone, ZoneEventKind::Intrusion, track, probability));
                }
            } else {
                events.push(event(since, zone, ZoneEventKind::Left { dwell_secs }, track, probability));
            }
        }
        let dwell_secs = time.secs_since(self.since);
        let limit = zone.limits.max_dwell_secs.map_or(f64::INFINITY, f64::from);
        if self.inside && !self.told_of_dwell && dwell_secs > limit {
            self.told_of_dwell = true;
            events.push(event(time, zone, ZoneEventKind::DwellExceeded { dwell_secs }, track, probability));
        }
    }
}

impl Headcount {
    /// People are in or out apart from each other: the sum of so many coins.
    pub fn new(n_people: usize, probabilities: &[f64]) -> Self {
        let mean = probabilities.iter().sum();
        let variance: f64 = probabilities.iter().map(|probability| probability * (1.0 - probability)).sum();
        Self { n_people: u32::try_from(n_people).unwrap_or(u32::MAX), mean, sigma: variance.max(0.0).sqrt() }
    }
}

/// Whether somebody standing in the middle of the zone, as uncertain as this one, would be said to be inside.
fn can_judge(zone: &Zone, track: &Track) -> bool {
    let middle = FloorPoint { position_m: zone.outline.centroid_m(), ..track.pose.root };
    probability_inside(&zone.outline, &middle) > ENTER_ABOVE
}

fn event(time: Timestamp, zone: &Zone, kind: ZoneEventKind, track: TrackId, probability: f64) -> ZoneEvent {
    ZoneEvent { time, zone: zone.id, kind, track: Some(track), probability }
}
