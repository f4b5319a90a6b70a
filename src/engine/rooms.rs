//! Falls as all links of a source see them together, and what else moved, each moment with its score.
//!
//! Goes in: what the links' detectors describe of their bursts. Comes out: a fall where alarms are allowed, else the moment
//! as a movement whose stages hold the score, so that people can say what it was and the room can learn from it.

use std::collections::BTreeMap;

use crate::analytics::burst::MIN_CONTRAST_DB;
use crate::analytics::fall::chain::confidence;
use crate::analytics::fall::{self, Alarms, Judged, Learning, LinkEvidence, Origin, Room, RoomEvidence, RoomModel};
use crate::capture::SourceId;
use crate::types::{
    Confidence, Event, EventId, EventKind, Figure, Provenance, Severity, Span, Stage, StageKind, Timestamp,
};

/// How often the room is asked, seconds of the frames' time: links look twice a second.
const TAKE_EVERY_SECS: f64 = 0.5;
/// Moments kept for verdicts; the oldest leave first.
const MAX_MOMENTS: usize = 5_000;

/// How falls are judged in a room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FallsHere {
    pub origin: Origin,
    pub alarms: Alarms,
}

/// What a room makes of what its links described.
#[derive(Debug, Default)]
pub struct Taken {
    pub events: Vec<Event>,
    pub moments: Vec<RoomEvidence>,
}

#[derive(Default)]
pub struct Rooms {
    /// Fitted on this place's verdicts; `None` takes the one that comes with the program.
    model: Option<RoomModel>,
    /// The ordinary movement of this installation's room, from before its radios were opened.
    learning: Learning,
    rooms: BTreeMap<SourceId, Watched>,
}

struct Watched {
    is_live: bool,
    room: Room,
    seen: Vec<LinkEvidence>,
    last: Option<Timestamp>,
    moments: Vec<RoomEvidence>,
}

impl Rooms {
    /// From now on judges by a model of this place.
    pub fn set_model(&mut self, model: Option<RoomModel>) {
        self.model = model;
        if let Some(model) = self.model.clone().or_else(RoomModel::simulated) {
            self.rooms.values_mut().for_each(|watched| watched.room.set_model(model.clone()));
        }
    }

    pub fn model(&self) -> Option<RoomModel> {
        self.model.clone()
    }

    /// Takes what a link has described by `time`; the answer holds what the room makes of it. Where falls are judged
    /// `by_height`, the room tells moments and leaves the alarms to that.
    pub fn take(
        &mut self,
        source: SourceId,
        provenance: Provenance,
        time: Timestamp,
        seen: Vec<LinkEvidence>,
        by_height: bool,
    ) -> Taken {
        let mut taken = Taken::default();
        if !self.rooms.contains_key(&source) {
            let Some(model) = self.model.clone().or_else(RoomModel::simulated) else { return taken };
            let is_simulated = provenance == Provenance::Simulated;
            let is_live = provenance == Provenance::Live;
            let learning = if is_live { self.learning.clone() } else { Learning::default() };
            let room = Room::new(model, is_simulated, fall::Config::default(), learning);
            self.rooms.insert(source, Watched { is_live, room, seen: Vec::new(), last: None, moments: Vec::new() });
        }
        let Some(watched) = self.rooms.get_mut(&source) else { return taken };
        watched.seen.extend(seen);
        let is_due = watched.last.is_none_or(|last| !(0.0..TAKE_EVERY_SECS).contains(&time.secs_since(last)));
        if !is_due {
            return taken;
        }
        watched.last = Some(time);
        for judged in watched.room.take(time, watched.seen.drain(..)) {
            let alarm = judged.alarm.clone().filter(|_| !by_height);
            taken.events.extend(alarm.or_else(|| moment(&judged)));
            taken.moments.push(judged.evidence.clone());
            if watched.moments.len() >= MAX_MOMENTS {
                watched.moments.remove(0);
            }
            watched.moments.push(judged.evidence);
        }
        taken
    }

    pub fn forget(&mut self, source: SourceId) {
        self.learning = self.learning().clone();
        self.rooms.remove(&source);
    }

    /// Goes on with what earlier sessions have learned of this installation's room.
    pub fn set_learning(&mut self, learning: Learning) {
        self.learning = learning;
    }

    /// What is known of this installation's ordinary movement, to be kept: of several live sources, by the one that has watched longest.
    pub fn learning(&self) -> &Learning {
        let live = self.rooms.values().filter(|watched| watched.is_live).map(|watched| watched.room.learning());
        live.max_by(|a, b| a.hours.total_cmp(&b.hours)).unwrap_or(&self.learning)
    }

    pub fn here(&self, source: SourceId) -> Option<FallsHere> {
        let watched = self.rooms.get(&source)?;
        Some(FallsHere { origin: watched.room.origin(), alarms: watched.room.alarms() })
    }

    /// What the links saw of each moment, in order of time.
    pub fn moments(&self, source: SourceId) -> Vec<RoomEvidence> {
        self.rooms.get(&source).map(|watched| watched.moments.clone()).unwrap_or_default()
    }
}

/// A moment that raises no alarm: movement, with what speaks for a fall beside it.
fn moment(judged: &Judged) -> Option<Event> {
    let leader = judged.evidence.leader()?;
    let links = &judged.evidence.links;
    let span = links.iter().map(|link| link.span).reduce(Span::union).unwrap_or(leader.span);
    let seen = |link: &LinkEvidence| Figure {
        name: format!("link {}, dB over its quiet floor", link.link),
        value: f64::from(link.contrast_db),
    };
    let gate = Confidence::clamped(f64::from(leader.contrast_db) / (2.0 * MIN_CONTRAST_DB));
    let mut reasons = vec![Figure { name: "score, log-odds".to_owned(), value: judged.scored.score }];
    reasons.extend(judged.scored.reasons.iter().cloned());
    Some(Event {
        id: EventId::of(EventKind::Movement, leader.link, leader.span.start),
        kind: EventKind::Movement,
        severity: Severity::Info,
        span,
        link: Some(leader.link),
        zone: None,
        track: None,
        confidence: gate,
        stages: vec![
            Stage { kind: StageKind::EventGate, span, confidence: gate, figures: links.iter().map(seen).collect() },
            Stage {
                kind: StageKind::DescentBurst,
                span: Span::new(leader.span.start, leader.peak),
                confidence: confidence(judged.scored.score),
                figures: reasons,
            },
        ],
        revision: 0,
    })
}

/// The moment that a stretch of time is about: the one that peaks in it, or nearest to it within two seconds.
pub fn moment_of(moments: &[RoomEvidence], span: Span) -> Option<&RoomEvidence> {
    const REACH_SECS: f64 = 2.0;
    let distance_secs = |evidence: &&RoomEvidence| {
        evidence.leader().map_or(f64::INFINITY, |leader| {
            span.start.secs_since(leader.peak).max(leader.peak.secs_since(span.end)).max(0.0)
        })
    };
    let nearest = moments.iter().min_by(|a, b| distance_secs(a).total_cmp(&distance_secs(b)))?;
    (distance_secs(&nearest) <= REACH_SECS).then_some(nearest)
}
