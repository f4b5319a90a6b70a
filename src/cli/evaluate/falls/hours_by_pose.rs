//! `evaluate falls --simulated --by-pose --hours`: hours of ordinary living watched by height, beside falls after which the
//! person stays on the floor.
//!
//! Goes in: rooms that nobody has seen. Comes out: how often a descent is told that was no fall, how often one is called an
//! alarm because the person seems to stay down, and how many falls are told and alarmed, and how soon.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::super::{out, progress};
use super::hours::rooms;
use super::living::{append, doing, read};
use super::living_by_pose::{LIE_SECS, LivedByPose, lie_by_pose, live_by_pose};
use super::simulated::SimulatedOptions;
use crate::analytics::fall::DescentModel;
use crate::analytics::order::quantile;
use crate::engine::evaluation::statistics::poisson_interval;
use crate::inference::{Models, RadioPose};
use crate::types::{Activity, EventId, Severity, Timestamp};

/// Alarms are raised by a tenth of a unit of log-odds at a time, by ten units at most.
const RAISES_PER_UNIT: f64 = 10.0;
const MAX_RAISES: u32 = 100;

/// A number of events in hours of living, and what that is a day.
#[derive(Debug, Serialize)]
struct Rate {
    n: usize,
    per_day: f64,
    /// 95 %, by Poisson's law.
    interval: (f64, f64),
}

impl Rate {
    fn new(n: usize, hours: f64) -> Self {
        let a_day = |n: f64| n * 24.0 / hours.max(1e-9);
        let (low, high) = poisson_interval(n);
        Self { n, per_day: a_day(n as f64), interval: (a_day(low), a_day(high)) }
    }

    fn text(&self) -> String {
        let (low, high) = self.interval;
        format!("{} · {:.1} a day [{low:.1}, {high:.1}]", self.n, self.per_day)
    }
}

#[derive(Debug, Serialize)]
struct Report {
    provenance: &'static str,
    hours: f64,
    n_looks: usize,
    n_judged: usize,
    /// Descents that were told, all false, and those that were called alarms.
    told: Rate,
    alarmed: Rate,
    /// What was being done; told, alarmed.
    activities: Vec<(&'static str, usize, usize)>,
    /// Falls after which the person stays on the floor.
    n_falls: usize,
    n_falls_told: usize,
    n_falls_alarmed: usize,
    /// From the fall to the alarm, s.
    secs_to_alarm: Option<f64>,
    /// Kind; falls, told, alarmed.
    kinds: Vec<(String, usize, usize, usize)>,
}

/// One event, as it was told at last.
struct Told {
    peak: Timestamp,
    alarmed: Option<Timestamp>,
}

/// The events of a room, in the order of time.
fn told(room: &LivedByPose, model: &DescentModel) -> (Vec<Told>, usize) {
    let (events, n_judged) = room.events(model);
    let mut known: Vec<(EventId, Told)> = Vec::new();
    for event in &events {
        if event.revision == 0 {
            known.push((event.id, Told { peak: event.span.start.plus_secs(0.5), alarmed: None }));
        }
        if let Some((_, told)) = known.iter_mut().rev().find(|(id, _)| *id == event.id)
            && event.severity == Severity::Alert
        {
            told.alarmed.get_or_insert(event.span.end);
        }
    }
    (known.into_iter().map(|(_, told)| told).collect(), n_judged)
}

/// What was seen in hours of living, and of falls.
struct Watched {
    lived: Vec<LivedByPose>,
    fallen: Vec<LivedByPose>,
}

/// Watches what is not kept from before; falls only where they are asked for.
fn watch(
    options: &SimulatedOptions,
    hours: f32,
    falls: bool,
    network: (&Models, &RadioPose),
    interrupted: &AtomicBool,
) -> anyhow::Result<Watched> {
    let scene = options.scene();
    let kept: Vec<LivedByPose> = options.lived.as_deref().map(read).transpose()?.unwrap_or_default();
    let sha256 = &network.1.description().network_sha256;
    let known = |seed: u64, asked_hours: f32, falls: bool| {
        let is_same = |room: &&LivedByPose| {
            (room.seed, room.links, &room.network) == (seed, scene.n_links, sha256)
                && (room.rate_hz, room.asked_hours, room.fall.is_some()) == (scene.rate_hz, asked_hours, falls)
        };
        kept.iter().find(is_same).cloned()
    };
    let goes_on = || !interrupted.load(Ordering::Relaxed);
    let mut fallen = Vec::new();
    for seed in (options.rooms.first..options.rooms.end).take_while(|_| falls && goes_on()) {
        if let Some(room) = known(seed, 0.0, true) {
            fallen.push(room);
            continue;
        }
        progress::step(format_args!("falling in room {seed}"));
        if let Some(room) = lie_by_pose(seed, &scene, network, &goes_on)? {
            options.lived.as_deref().map_or(Ok(()), |path| append(path, &room))?;
            fallen.push(room);
        }
    }
    let live = |seed: u64, stay: f32| live_by_pose(seed, stay, &scene, network, &goes_on);
    let lived = rooms(options, hours, |seed, stay| known(seed, stay, false), live, |room| room.hours)?;
    Ok(Watched { lived, fallen })
}

pub fn print(options: &SimulatedOptions, hours: f32, json: bool, interrupted: &AtomicBool) -> anyhow::Result<()> {
    let models = Models::open()?;
    let network = RadioPose::load(&models)?;
    let model =
        DescentModel::simulated().ok_or_else(|| anyhow::anyhow!("the program came without its model of descents"))?;
    let Watched { lived, fallen } = watch(options, hours, true, (&models, &network), interrupted)?;
    let report = report(&lived, &fallen, &model);
    if json {
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    out::line(text(&report, options))
}

/// Measures a new model's false alarms a day, and raises its alarms until they keep to a budget, where there is one.
pub fn to_budget(
    mut model: DescentModel,
    options: &SimulatedOptions,
    hours: f32,
    network: (&Models, &RadioPose),
    interrupted: &AtomicBool,
) -> anyhow::Result<DescentModel> {
    let Watched { lived, .. } = watch(options, hours, false, network, interrupted)?;
    for step in 0..=MAX_RAISES {
        model.raised = f64::from(step) / RAISES_PER_UNIT;
        let per_day = report(&lived, &[], &model).alarmed.per_day;
        model.alarms_per_day = Some(per_day);
        if options.budget.is_none_or(|budget| per_day <= budget) {
            break;
        }
    }
    Ok(model)
}

fn report(lived: &[LivedByPose], fallen: &[LivedByPose], model: &DescentModel) -> Report {
    let hours: f64 = lived.iter().map(|room| room.hours).sum();
    let mut n_judged = 0;
    let mut activities: Vec<(&'static str, usize, usize)> = Vec::new();
    for room in lived {
        let (told, judged) = told(room, model);
        n_judged += judged;
        for one in told {
            let activity = doing(&room.spans, one.peak).map_or("away", Activity::label);
            count(&mut activities, activity, one.alarmed.is_some());
        }
    }
    activities.sort_by_key(|(_, told, alarmed)| std::cmp::Reverse((*alarmed, *told)));
    let sum = |of: fn(&(&'static str, usize, usize)) -> usize| activities.iter().map(of).sum::<usize>();
    let (mut kinds, mut waits) = (Vec::<(String, usize, usize, usize)>::new(), Vec::new());
    for room in fallen {
        let Some(fall) = room.spans.iter().find(|span| span.fall.is_some()) else { continue };
        let (told, _) = told(room, model);
        // What was told before the fall is no word of it.
        let own = told.iter().find(|one| one.peak >= fall.start.plus_secs(-1.0));
        let alarmed = own.and_then(|one| one.alarmed);
        waits.extend(alarmed.map(|time| time.secs_since(fall.end)));
        let kind = room.fall.map_or_else(String::new, |kind| format!("{kind:?}"));
        let at = kinds.iter().position(|row| row.0 == kind).unwrap_or_else(|| {
            kinds.push((kind, 0, 0, 0));
            kinds.len() - 1
        });
        if let Some((_, n, n_told, n_alarmed)) = kinds.get_mut(at) {
            *n += 1;
            *n_told += usize::from(own.is_some());
            *n_alarmed += usize::from(alarmed.is_some());
        }
    }
    Report {
        provenance: "SIMULATED",
        hours,
        n_looks: lived.iter().map(|room| room.n_looks).sum(),
        n_judged,
        told: Rate::new(sum(|row| row.1), hours),
        alarmed: Rate::new(sum(|row| row.2), hours),
        n_falls: kinds.iter().map(|row| row.1).sum(),
        n_falls_told: kinds.iter().map(|row| row.2).sum(),
        n_falls_alarmed: kinds.iter().map(|row| row.3).sum(),
        secs_to_alarm: quantile(waits, 0.5),
        activities,
        kinds,
    }
}

fn count(rows: &mut Vec<(&'static str, usize, usize)>, activity: &'static str, alarmed: bool) {
    let at = rows.iter().position(|row| row.0 == activity).unwrap_or_else(|| {
        rows.push((activity, 0, 0));
        rows.len() - 1
    });
    if let Some((_, n_told, n_alarmed)) = rows.get_mut(at) {
        *n_told += 1;
        *n_alarmed += usize::from(alarmed);
    }
}

fn text(report: &Report, options: &SimulatedOptions) -> String {
    let mut text = format!(
        "SIMULATED · {:.1} h of ordinary living without a fall, {} links at {:.0} packets/s, judged by height in {} of {} looks\n\
         descents told as possible falls: {}\nfalse alarms: {}\n\n{:<24}{:>8}{:>14}\n",
        report.hours,
        options.links,
        options.rate_hz,
        report.n_judged,
        report.n_looks,
        report.told.text(),
        report.alarmed.text(),
        "at the moment",
        "told",
        "false alarms",
    );
    for (activity, told, alarmed) in &report.activities {
        text += &format!("{activity:<24}{told:>8}{alarmed:>14}\n");
    }
    if report.n_falls > 0 {
        let wait = report.secs_to_alarm.map_or_else(String::new, |secs| format!(" {secs:.0} s after it (median)"));
        text += &format!(
            "\n{} falls after which the person lies for {LIE_SECS:.0} s: {} told as possible falls, {} alarmed{wait}\n\n{:<24}{:>8}{:>8}{:>10}\n",
            report.n_falls, report.n_falls_told, report.n_falls_alarmed, "kind of fall", "falls", "told", "alarmed",
        );
        for (kind, n, told, alarmed) in &report.kinds {
            text += &format!("{kind:<24}{n:>8}{told:>8}{alarmed:>10}\n");
        }
    }
    text.trim_end().to_owned()
}
