//! From what each window of radio data shows to people followed through a room: tracks, zones, falls, where time is spent.
//!
//! One [`Following`] per source. A window that is outside the network's support is no look at an empty room: nothing is
//! stepped, people fade after a moment, and the reasons are shown instead.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::people::{Blank, FallsByHeight, People, ShownPerson};
use crate::analytics::fall::{DescentLook, DescentUnsupported, DescentWatch, RoomEvidence};
use crate::pose::{Evidence, shown};
use crate::tracking::occupancy::{FloorMap, OccupancyTimeline};
use crate::tracking::summary::DayLog;
use crate::tracking::zones::{ZoneEvent, ZoneEventKind, ZoneWatch};
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{
    Confidence, Detection, Event, EventId, EventKind, Moves, Provenance, Severity, Site, Span, Timestamp, Track,
    TrackId, ZoneId, ZoneKind,
};

/// Cells of the floor's map: as wide as a person, m.
const CELL_M: f64 = 0.25;
/// Presence on the floor's map counts half after this time, s: a map shows habits of the day, not of the year.
const HALF_LIFE_SECS: f64 = 4.0 * 3_600.0;
/// Stretches of the count of people over time, s.
const OCCUPANCY_BIN_SECS: f64 = 10.0;
/// Maps and logs of a whole day are told anew this often, s: they are long, and nobody sees them move.
const TELL_EVERY_SECS: f64 = 1.0;
/// People who were followed are still shown for this long without a window that can be judged, s.
const PATIENCE_SECS: f64 = 1.5;

/// What a window of radio data showed.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The middle of the window.
    pub time: Timestamp,
    pub detections: Vec<Detection>,
    /// Probabilities of nobody, one, two and more; `None` when unsupported.
    pub count: Option<[f32; 3]>,
    pub evidence: Evidence,
    /// Why it cannot be judged, the most severe first; empty when it can.
    pub blank: Vec<Blank>,
    /// Where nothing moves, people who are followed stay, and nobody else is placed.
    pub moves: Moves,
    /// What the network says of one person even where it cannot tell their place: falls are judged by its height.
    pub lone: Option<Detection>,
    /// Probabilities of nobody, one, two and more, also where places are refused.
    pub chances: Option<[f64; 3]>,
    /// How far movement from the spot stands out of the noise, dB: of the median link, and of the one that sees most.
    pub movement_db: f32,
    /// Which network looked, for the screen, and how long it took.
    pub network: Option<String>,
    pub network_ms: Option<f32>,
}

pub struct Following {
    site: Arc<Site>,
    provenance: Provenance,
    tracker: Tracker,
    zones: ZoneWatch,
    floor: Option<FloorMap>,
    occupancy: OccupancyTimeline,
    log: DayLog,
    descents: DescentWatch,
    /// Stays that have not ended.
    stays: BTreeMap<(ZoneId, TrackId), Event>,
    /// When a window could be judged last.
    judged: Option<Timestamp>,
    /// When maps and logs were told last.
    told: Option<Timestamp>,
    view: Arc<People>,
}

impl Following {
    pub fn new(site: Arc<Site>, provenance: Provenance) -> Self {
        let room_m = site.room.map(|room| [f64::from(room.width_m), f64::from(room.depth_m)]);
        Self {
            tracker: Tracker::new(TrackerConfig::default(), surroundings(&site)),
            zones: ZoneWatch::new(site.zones.clone()),
            floor: room_m.and_then(|room_m| FloorMap::new(room_m, CELL_M, Some(HALF_LIFE_SECS))),
            occupancy: OccupancyTimeline::new(OCCUPANCY_BIN_SECS),
            log: DayLog::default(),
            descents: DescentWatch::of(provenance),
            stays: BTreeMap::new(),
            judged: None,
            told: None,
            view: Arc::default(),
            site,
            provenance,
        }
    }

    /// Who is here now, for the snapshot.
    pub fn view(&self) -> Arc<People> {
        Arc::clone(&self.view)
    }

    /// Whether falls are judged by the height of the one person who is here, and if not, why.
    pub fn falls_supported(&self) -> Result<(), DescentUnsupported> {
        self.descents.state()
    }

    /// Takes a sudden movement that the links saw.
    pub fn hear(&mut self, moment: &RoomEvidence) {
        self.descents.hear(moment);
    }

    /// A room that was measured anew is another room; new zones leave people followed.
    pub fn set_site(&mut self, site: &Arc<Site>) {
        if Arc::ptr_eq(&self.site, site) || self.site == *site {
            return;
        }
        if self.site.room != site.room || surroundings(&self.site) != surroundings(site) {
            *self = Self::new(Arc::clone(site), self.provenance);
            return;
        }
        if self.site.zones != site.zones {
            self.zones = ZoneWatch::new(site.zones.clone());
            self.stays.clear();
        }
        self.site = Arc::clone(site);
    }

    /// Takes what a window showed; returns what happened in the zones.
    pub fn see(&mut self, look: &Look) -> Vec<Event> {
        let time = look.time;
        let mut told = Vec::new();
        let still = look.moves == Moves::Nothing;
        if look.blank.is_empty() || still {
            self.judged = Some(time);
            let nobody = look.chances.map_or(0.5, |chances| chances[0]);
            self.tracker.look(time, look.moves, &look.detections, look.lone.as_ref(), nobody);
            let tracks = self.tracker.tracks();
            let events = self.zones.step(time, tracks);
            if let Some(floor) = &mut self.floor {
                floor.step(time, tracks);
            }
            self.occupancy.step(time, tracks);
            self.log.step(time, tracks, &events, &resting(&self.site, &self.zones));
            told = events.into_iter().filter_map(|event| self.tell(&event)).collect();
        }
        if let Some(chances) = look.chances {
            let resting = resting(&self.site, &self.zones);
            let lone = look.lone.as_ref();
            let tracks = self.tracker.tracks();
            told.extend(self.descents.look(&DescentLook::of(time, lone, chances, look.movement_db, tracks, &resting)));
        }
        let fresh = self.judged.is_some_and(|judged| time.secs_since(judged).abs() <= PATIENCE_SECS);
        let show = |track: &Track| ShownPerson {
            shown: shown(&track.pose, &look.evidence),
            height_m: None,
            track: track.clone(),
        };
        let (mut floor, mut occupancy, mut log) =
            (self.view.floor.clone(), self.view.occupancy.clone(), Arc::clone(&self.view.log));
        if self.told.is_none_or(|told| time.secs_since(told).abs() >= TELL_EVERY_SECS) {
            self.told = Some(time);
            floor = self.floor.clone().map(Arc::new);
            occupancy = Some(Arc::new(self.occupancy.clone()));
            log = Arc::new(self.log.clone());
        }
        self.view = Arc::new(People {
            time: Some(time),
            provenance: Some(self.provenance),
            persons: if fresh { self.tracker.people().map(show).collect() } else { Vec::new() },
            // Nothing is missing where somebody is held in their place.
            blank: if still && self.tracker.people().next().is_some() { Vec::new() } else { look.blank.clone() },
            count: look.count,
            falls: Some(FallsByHeight {
                state: self.descents.state(),
                alarms_per_day: self.descents.alarms_per_day(),
                alarms: self.provenance == Provenance::Simulated,
            }),
            n_links: look.evidence.n_links,
            network: look.network.clone().or_else(|| self.view.network.clone()),
            network_ms: look.network_ms,
            zones: if fresh { self.zones.states().to_vec() } else { Vec::new() },
            floor,
            occupancy,
            log,
        });
        told
    }

    /// A zone's event as one of the program's; a stay begins when somebody enters and is told again when they leave.
    fn tell(&mut self, zone_event: &ZoneEvent) -> Option<Event> {
        let &ZoneEvent { time, zone, kind, track, probability } = zone_event;
        let (kind, severity) = match kind {
            ZoneEventKind::Entered => (EventKind::Stay, Severity::Info),
            ZoneEventKind::Intrusion => (EventKind::Intrusion, Severity::Alert),
            ZoneEventKind::DwellExceeded { .. } => (EventKind::LongStay, Severity::Notice),
            ZoneEventKind::Crowded { .. } => (EventKind::Crowded, Severity::Notice),
            ZoneEventKind::Left { .. } => {
                let mut stay = self.stays.remove(&(zone, track?))?;
                stay.span = Span::new(stay.span.start, time.max(stay.span.start));
                stay.revision += 1;
                return Some(stay);
            }
        };
        let event = Event {
            id: EventId::of(kind, (zone, track), time),
            kind,
            severity,
            span: Span::new(time, time),
            link: None,
            zone: Some(zone),
            track,
            confidence: Confidence::clamped(probability),
            stages: Vec::new(),
            revision: 0,
        };
        if let (EventKind::Stay, Some(track)) = (kind, track) {
            self.stays.insert((zone, track), event.clone());
        }
        Some(event)
    }
}

fn surroundings(site: &Site) -> Surroundings {
    let entrances = site.zones.iter().filter(|zone| zone.kind == ZoneKind::Entrance);
    Surroundings {
        room_m: site.room.map(|room| [f64::from(room.width_m), f64::from(room.depth_m)]),
        entrances: entrances.map(|zone| zone.outline.clone()).collect(),
    }
}

/// People in zones where one rests.
fn resting(site: &Site, zones: &ZoneWatch) -> Vec<TrackId> {
    let rests = |id: ZoneId| {
        site.zone(id).is_some_and(|zone| matches!(zone.kind, ZoneKind::Bed | ZoneKind::Bath | ZoneKind::Seat))
    };
    zones.states().iter().filter(|state| rests(state.zone)).flat_map(|state| &state.inside).map(|(id, _)| *id).collect()
}
