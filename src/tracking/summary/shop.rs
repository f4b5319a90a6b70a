//! For those who keep a shop: how many came, where they stayed, which way they took.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DayLog, Figure, NO_ZONES, NOT_WATCHED, median};
use crate::types::{Zone, ZoneId};

/// From one zone to the next within this time is one way, s.
const MAX_WAY_SECS: f64 = 60.0;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShopSummary {
    /// Different people, with the doubt of who was who.
    pub visitors: Figure,
    pub most_at_once: Figure,
    /// Median time that somebody stayed, s.
    pub stay_secs: Figure,
    pub zones: Vec<ZoneFigures>,
    /// The most frequent first.
    pub flows: Vec<Flow>,
    /// Why there are no zones and flows, when there are none.
    pub zones_unknown: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ZoneFigures {
    pub zone: ZoneId,
    pub name: String,
    pub n_stays: usize,
    /// Median of the stays, s.
    pub dwell_secs: Figure,
    pub longest_dwell_secs: Figure,
}

/// How often somebody went from one zone to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Flow {
    pub from: ZoneId,
    pub to: ZoneId,
    pub n: usize,
}

pub fn shop(log: &DayLog, zones: &[Zone]) -> ShopSummary {
    let unwatched = Figure::Unknown { why: NOT_WATCHED };
    let known = |figure: Figure| if log.watched_secs > 0.0 { figure } else { unwatched };
    // A name in doubt may stand for one person more or less.
    let doubt: f64 = log.visits.values().map(|visit| visit.identity * (1.0 - visit.identity)).sum();
    let mut stays: Vec<f64> = log.visits.values().map(|visit| visit.last.secs_since(visit.first)).collect();
    ShopSummary {
        visitors: known(Figure::Known { value: log.visits.len() as f64, sigma: Some(doubt.max(0.0).sqrt()) }),
        most_at_once: known(Figure::exactly(f64::from(log.most_people))),
        stay_secs: known(of_sample(&mut stays, "nobody came")),
        zones: zones.iter().map(|zone| zone_figures(log, zone)).collect(),
        flows: flows(log),
        zones_unknown: zones.is_empty().then_some(NO_ZONES),
    }
}

fn of_sample(sample: &mut [f64], why: &'static str) -> Figure {
    match median(sample) {
        Some((value, sigma)) => Figure::Known { value, sigma: (sample.len() > 1).then_some(sigma) },
        None => Figure::Unknown { why },
    }
}

fn zone_figures(log: &DayLog, zone: &Zone) -> ZoneFigures {
    let of_zone = log.stays.iter().filter(|stay| stay.zone == zone.id);
    let mut dwells: Vec<f64> = of_zone.map(|stay| stay.left.secs_since(stay.entered)).collect();
    let nobody = "nobody has been here and left";
    ZoneFigures {
        zone: zone.id,
        name: zone.name.clone(),
        n_stays: dwells.len(),
        dwell_secs: of_sample(&mut dwells, nobody),
        longest_dwell_secs: match dwells.iter().copied().max_by(f64::total_cmp) {
            Some(longest) => Figure::exactly(longest),
            None => Figure::Unknown { why: nobody },
        },
    }
}

fn flows(log: &DayLog) -> Vec<Flow> {
    let mut of_track: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for stay in &log.stays {
        of_track.entry(stay.track).or_default().push(stay);
    }
    let mut counts: BTreeMap<(ZoneId, ZoneId), usize> = BTreeMap::new();
    for stays in of_track.values_mut() {
        stays.sort_by_key(|stay| (stay.entered, stay.left));
        for pair in stays.windows(2) {
            let secs = pair[1].entered.secs_since(pair[0].left);
            if pair[0].zone != pair[1].zone && (0.0..=MAX_WAY_SECS).contains(&secs) {
                *counts.entry((pair[0].zone, pair[1].zone)).or_default() += 1;
            }
        }
    }
    let mut flows: Vec<Flow> = counts.into_iter().map(|((from, to), n)| Flow { from, to, n }).collect();
    flows.sort_by_key(|flow| (std::cmp::Reverse(flow.n), flow.from, flow.to));
    flows
}
