//! For those who guard a place: who was where nobody should be, and when anybody was there at all.

use serde::Serialize;

use super::{DayLog, Figure, NOT_WATCHED};
use crate::tracking::zones::ZoneEventKind;
use crate::types::{Span, Timestamp, TrackId, Zone, ZoneId, ZoneKind};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SecuritySummary {
    pub watched_secs: Figure,
    /// Entries into restricted zones.
    pub restricted_entries: Figure,
    /// People who were there while nobody should have been.
    pub out_of_hours: Figure,
    /// Both kinds, in the order of time.
    pub intrusions: Vec<Intrusion>,
    /// Frames that stopped coming for a while: somebody may have been there unseen.
    pub n_gaps: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Intrusion {
    pub time: Timestamp,
    pub track: Option<TrackId>,
    /// `None` for presence out of hours.
    pub zone: Option<ZoneId>,
    /// 0..=1.
    pub probability: f64,
}

/// `armed`: when nobody should be there; `None` when nobody has said so.
pub fn security(log: &DayLog, zones: &[Zone], armed: Option<&[Span]>) -> SecuritySummary {
    let known = |figure: Figure| {
        if log.watched_secs > 0.0 { figure } else { Figure::Unknown { why: NOT_WATCHED } }
    };
    let mut intrusions: Vec<Intrusion> = log
        .events
        .iter()
        .filter(|event| matches!(event.kind, ZoneEventKind::Intrusion))
        .map(|event| Intrusion {
            time: event.time,
            track: event.track,
            zone: Some(event.zone),
            probability: event.probability,
        })
        .collect();
    let n_entries = intrusions.len();
    let visits = log.visits.values();
    let out_of_hours: Vec<Intrusion> = visits
        .filter_map(|visit| {
            let meets = |span: &&Span| visit.first <= span.end && span.start <= visit.last;
            let span = armed?.iter().find(meets)?;
            let time = visit.first.max(span.start);
            Some(Intrusion { time, track: Some(visit.track), zone: None, probability: 1.0 })
        })
        .collect();
    let n_out_of_hours = out_of_hours.len();
    intrusions.extend(out_of_hours);
    intrusions.sort_by_key(|intrusion| (intrusion.time, intrusion.track));
    let restricted = zones.iter().any(|zone| zone.kind == ZoneKind::Restricted);
    SecuritySummary {
        watched_secs: known(Figure::exactly(log.watched_secs)),
        restricted_entries: if restricted {
            known(Figure::exactly(n_entries as f64))
        } else {
            Figure::Unknown { why: "no restricted zone is drawn" }
        },
        out_of_hours: match armed {
            Some(_) => known(Figure::exactly(n_out_of_hours as f64)),
            None => Figure::Unknown { why: "nobody has said when the place should be empty" },
        },
        intrusions,
        n_gaps: log.n_gaps,
    }
}
