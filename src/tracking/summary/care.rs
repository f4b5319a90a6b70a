//! For those who care for somebody: falls, time on the floor, gait, rest, nights, breathing.

use serde::Serialize;

use super::{DayLog, Figure, NOT_WATCHED, median};
use crate::tracking::zones::ZoneEventKind;
use crate::types::{Estimate, Timestamp, Zone, ZoneKind};

/// Fewer walks than this make no gait speed.
const MIN_WALKS: usize = 5;
/// Out of bed for less than this is no leaving of it, s.
const MIN_OUT_OF_BED_SECS: f64 = 10.0;
/// Fewer readings than this, or over a shorter time (s), make no trend.
const MIN_BREATHING: usize = 6;
const MIN_TREND_SECS: f64 = 3_600.0;

/// What other parts of the program found; `None` where they did not look.
#[derive(Clone, Debug, Default)]
pub struct CareInputs {
    pub falls: Option<Vec<Timestamp>>,
    pub breathing: Option<Vec<BreathingReading>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreathingReading {
    pub time: Timestamp,
    pub per_min: Estimate,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CareSummary {
    pub watched_secs: Figure,
    pub falls: Figure,
    /// Of all people, those on the floor now included.
    pub floor_secs: Figure,
    pub longest_floor_secs: Figure,
    /// Median over walks of two seconds.
    pub gait_speed_m_per_s: Figure,
    pub n_walks: usize,
    pub longest_still_secs: Figure,
    pub bed_exits: Figure,
    pub longest_out_of_bed_secs: Figure,
    pub breathing_per_min: Figure,
    /// Change of the breathing rate in an hour.
    pub breathing_trend_per_hour: Figure,
}

pub fn care(log: &DayLog, zones: &[Zone], inputs: &CareInputs) -> CareSummary {
    let watched = log.watched_secs > 0.0;
    let known = |figure: Figure| if watched { figure } else { Figure::Unknown { why: NOT_WATCHED } };
    let (bed_exits, longest_out) = beds(log, zones);
    let (floor, longest_floor) = floor(log);
    let (rate, trend) = breathing(inputs.breathing.as_deref());
    let mut speeds: Vec<f64> = log.gait.iter().map(|sample| sample.speed_m_per_s).collect();
    let n_walks = speeds.len();
    CareSummary {
        watched_secs: known(Figure::exactly(log.watched_secs)),
        falls: match &inputs.falls {
            Some(falls) => known(Figure::exactly(falls.len() as f64)),
            None => Figure::Unknown { why: "falls were not looked for" },
        },
        floor_secs: known(floor),
        longest_floor_secs: known(longest_floor),
        gait_speed_m_per_s: known(match median(&mut speeds).filter(|_| n_walks >= MIN_WALKS) {
            Some((value, sigma)) => Figure::Known { value, sigma: Some(sigma) },
            None => Figure::Unknown { why: "fewer than five walks of a metre and more" },
        }),
        n_walks,
        longest_still_secs: known(match log.longest_still {
            Some((secs, _)) => Figure::exactly(secs),
            None if log.occupied_secs > 0.0 => Figure::exactly(0.0),
            None => Figure::Unknown { why: "nobody was there" },
        }),
        bed_exits: known(bed_exits),
        longest_out_of_bed_secs: known(longest_out),
        breathing_per_min: rate,
        breathing_trend_per_hour: trend,
    }
}

fn floor(log: &DayLog) -> (Figure, Figure) {
    if !log.postures_known {
        let unknown = Figure::Unknown { why: "postures were not told apart" };
        return (unknown, unknown);
    }
    let now = log.end.unwrap_or_default();
    let ended = log.floor.iter().map(|(_, since, until)| until.secs_since(*since));
    let all: Vec<f64> = ended.chain(log.on_floor_now().map(|(_, since)| now.secs_since(since))).collect();
    let longest = all.iter().copied().fold(0.0, f64::max);
    (Figure::exactly(all.iter().sum()), Figure::exactly(longest))
}

/// How often a bed was left for some time, and the longest time until somebody lay down again.
fn beds(log: &DayLog, zones: &[Zone]) -> (Figure, Figure) {
    let is_bed = |id| zones.iter().any(|zone| zone.id == id && zone.kind == ZoneKind::Bed);
    if !zones.iter().any(|zone| zone.kind == ZoneKind::Bed) {
        let unknown = Figure::Unknown { why: "no bed is drawn" };
        return (unknown, unknown);
    }
    let of_beds: Vec<_> = log.events.iter().filter(|event| is_bed(event.zone)).collect();
    let mut n_exits = 0;
    let mut longest: Option<f64> = None;
    for (n, event) in of_beds.iter().enumerate() {
        if !matches!(event.kind, ZoneEventKind::Left { .. }) {
            continue;
        }
        // Back in any bed: a name may have changed out of sight.
        let back = of_beds[n + 1..].iter().find(|later| matches!(later.kind, ZoneEventKind::Entered));
        let out_secs = back.map(|back| back.time.secs_since(event.time));
        if out_secs.is_none_or(|secs| secs >= MIN_OUT_OF_BED_SECS) {
            n_exits += 1;
            longest = out_secs.map(|secs| longest.unwrap_or(0.0).max(secs)).or(longest);
        }
    }
    let longest = longest.map_or(Figure::Unknown { why: "nobody left a bed and came back" }, Figure::exactly);
    (Figure::exactly(f64::from(n_exits)), longest)
}

/// Median rate, and its trend as the median of all slopes between two readings (Theil and Sen).
fn breathing(readings: Option<&[BreathingReading]>) -> (Figure, Figure) {
    /// All pairs of so many readings; of longer lists every n-th is taken.
    const MAX_READINGS: usize = 400;
    let Some(readings) = readings else {
        let unknown = Figure::Unknown { why: "breathing was not measured" };
        return (unknown, unknown);
    };
    let sound: Vec<&BreathingReading> = readings.iter().filter(|reading| reading.per_min.is_sound()).collect();
    let sound: Vec<&BreathingReading> = sound.iter().step_by(sound.len() / MAX_READINGS + 1).copied().collect();
    let few = Figure::Unknown { why: "too few readings of breathing" };
    if sound.len() < MIN_BREATHING {
        return (few, few);
    }
    let mut rates: Vec<f64> = sound.iter().map(|reading| reading.per_min.value).collect();
    let rate = median(&mut rates).map_or(few, |(value, sigma)| Figure::Known { value, sigma: Some(sigma) });
    let times: Vec<f64> = sound.iter().map(|reading| reading.time.secs_since(sound[0].time) / 3_600.0).collect();
    let spans =
        times.iter().copied().fold(f64::NEG_INFINITY, f64::max) - times.iter().copied().fold(f64::INFINITY, f64::min);
    if spans * 3_600.0 < MIN_TREND_SECS {
        return (rate, Figure::Unknown { why: "readings of breathing span less than an hour" });
    }
    let mut slopes = Vec::new();
    for (n, one) in sound.iter().enumerate() {
        for (m, other) in sound.iter().enumerate().skip(n + 1) {
            let hours = times[m] - times[n];
            if hours.abs() > 1e-6 {
                slopes.push((other.per_min.value - one.per_min.value) / hours);
            }
        }
    }
    // Slopes share readings, so that their own spread says little about the trend's error.
    let trend = median(&mut slopes).map_or(few, |(value, _)| Figure::exactly(value));
    (rate, trend)
}
