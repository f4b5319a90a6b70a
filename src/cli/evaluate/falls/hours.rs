//! `evaluate falls --simulated --hours`: false alarms a day in hours of living in which nobody falls.
//!
//! Goes in: rooms that nobody has seen. Comes out: events and alarms, by what was being done, with the interval of the rate
//! of alarms. A file keeps the rooms that were lived in, so that many hours can be watched in pieces.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::super::{out, progress};
use super::living::{Lived, append, live, read};
use super::simulated::SimulatedOptions;
use crate::analytics::fall::RoomModel;
use crate::engine::evaluation::statistics::poisson_interval;
use crate::types::Activity;

/// Many rooms for a short while say more than one for long.
const STAY_HOURS: f64 = 0.25;

#[derive(Debug, Serialize)]
struct Living {
    provenance: &'static str,
    hours: f64,
    n_events: usize,
    /// Score above which alarms are raised.
    threshold: f64,
    n_alarms: usize,
    alarms_per_day: f64,
    /// 95 %, by Poisson's law.
    alarms_per_day_interval: (f64, f64),
    /// What was being done, most alarms first.
    activities: Vec<OfActivity>,
}

impl Living {
    /// From what was being done at each moment and its score.
    fn new(hours: f64, scores: &[(Option<Activity>, f64)], threshold: f64) -> Self {
        let n_alarms = scores.iter().filter(|(_, score)| *score > threshold).count();
        let a_day = |n: f64| n * 24.0 / hours.max(1e-9);
        let (low, high) = poisson_interval(n_alarms);
        Self {
            provenance: "SIMULATED",
            hours,
            n_events: scores.len(),
            threshold,
            n_alarms,
            alarms_per_day: a_day(n_alarms as f64),
            alarms_per_day_interval: (a_day(low), a_day(high)),
            activities: by_activity(scores, threshold),
        }
    }
}

/// Events during one activity, and alarms that they raised.
#[derive(Debug, Serialize)]
struct OfActivity {
    activity: &'static str,
    n_events: usize,
    n_alarms: usize,
}

/// Rooms that were lived in for so many hours together, one after the other: out of `known`, else by `live`, which gives
/// `None` where it was interrupted.
pub fn rooms<T: Clone + Serialize>(
    options: &SimulatedOptions,
    hours: f32,
    known: impl Fn(u64, f32) -> Option<T>,
    mut live: impl FnMut(u64, f32) -> anyhow::Result<Option<T>>,
    hours_of: impl Fn(&T) -> f64,
) -> anyhow::Result<Vec<T>> {
    let (mut lived, mut rooms) = (0.0, Vec::new());
    for seed in options.living.first..options.living.end {
        let left = f64::from(hours) - lived;
        if left <= 1e-3 {
            break;
        }
        let asked_hours = left.min(STAY_HOURS) as f32;
        let room = match known(seed, asked_hours) {
            Some(room) => room,
            None => {
                progress::step(format_args!("living in room {seed}, {lived:.1} of {hours:.0} hours"));
                let Some(room) = live(seed, asked_hours)? else { break };
                options.lived.as_deref().map_or(Ok(()), |path| append(path, &room))?;
                room
            }
        };
        lived += hours_of(&room);
        rooms.push(room);
    }
    progress::clear();
    Ok(rooms)
}

pub fn rooms_by_doppler(
    options: &SimulatedOptions,
    hours: f32,
    model: &RoomModel,
    interrupted: &AtomicBool,
) -> anyhow::Result<Vec<Lived>> {
    let scene = options.scene();
    let kept: Vec<Lived> = options.lived.as_deref().map(read).transpose()?.unwrap_or_default();
    let known = |seed: u64, asked_hours: f32| {
        let is_same = |room: &&Lived| {
            (room.seed, room.links) == (seed, scene.n_links)
                && (room.rate_hz, room.asked_hours) == (scene.rate_hz, asked_hours)
        };
        kept.iter().find(is_same).cloned()
    };
    let goes_on = || !interrupted.load(Ordering::Relaxed);
    rooms(options, hours, known, |seed, stay| Ok(live(seed, stay, &scene, model, &goes_on)), |room| room.hours)
}

/// Hours, and of each moment what was being done and the score.
pub fn scored(rooms: &[Lived], model: &RoomModel) -> (f64, Vec<(Option<Activity>, f64)>) {
    let moments = rooms.iter().flat_map(|room| &room.moments);
    let scores = moments.filter_map(|moment| Some((moment.activity, model.score_pooled(&moment.features)?.score)));
    (rooms.iter().map(|room| room.hours).sum(), scores.collect())
}

fn by_activity(scores: &[(Option<Activity>, f64)], threshold: f64) -> Vec<OfActivity> {
    let mut rows: Vec<OfActivity> = Vec::new();
    for (activity, score) in scores {
        let activity = activity.map_or("away", Activity::label);
        let at = rows.iter().position(|row| row.activity == activity).unwrap_or_else(|| {
            rows.push(OfActivity { activity, n_events: 0, n_alarms: 0 });
            rows.len() - 1
        });
        if let Some(row) = rows.get_mut(at) {
            row.n_events += 1;
            row.n_alarms += usize::from(*score > threshold);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.n_alarms, row.n_events)));
    rows
}

pub fn print(options: &SimulatedOptions, hours: f32, json: bool, interrupted: &AtomicBool) -> anyhow::Result<()> {
    let stored = RoomModel::simulated().and_then(|model| {
        // Above what alarms are raised on simulated sources, as a running program does it.
        let score = model.threshold.map(|threshold| threshold.score).or(model.above_95)?;
        Some((score, model))
    });
    let (threshold, model) = stored.ok_or_else(|| anyhow::anyhow!("the program came without its model of falls"))?;
    let (hours, scores) = scored(&rooms_by_doppler(options, hours, &model, interrupted)?, &model);
    let report = Living::new(hours, &scores, threshold);
    if json {
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    let (low, high) = report.alarms_per_day_interval;
    out::line(format_args!(
        "SIMULATED · {hours:.1} h of ordinary living without a fall, {} links at {:.0} packets/s\n\
         {} events ({:.0} an hour) · {} false alarms above {:.2} · {:.1} a day [{low:.1}, {high:.1}]\n\n\
         {:<24}{:>8}{:>14}",
        options.links,
        options.rate_hz,
        report.n_events,
        report.n_events as f64 / hours.max(1e-9),
        report.n_alarms,
        threshold,
        report.alarms_per_day,
        "at the peak",
        "events",
        "false alarms",
    ))?;
    for row in &report.activities {
        out::line(format_args!("{:<24}{:>8}{:>14}", row.activity, row.n_events, row.n_alarms))?;
    }
    Ok(())
}
