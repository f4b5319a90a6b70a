//! `evaluate falls --simulated`: rooms, bodies and motions that no training has seen, and hours in which nobody falls.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::super::out;
use super::super::conduct::Seeds;
use super::by_pose;
use super::living::{Lived, append, live, read};
use super::trials::{FALL, record};
use super::watched::watch;
use crate::analytics::clean::quantile;
use crate::analytics::evaluation::falls::{self, Row, Sheet};
use crate::analytics::evaluation::split::{Label, Split, TRAINING};
use crate::analytics::fall::{Origin, RoomModel, Threshold};
use crate::analytics::learn::Logistic;
use crate::engine::evaluation::falls::{facts, table};
use crate::engine::evaluation::statistics::poisson_interval;
use crate::inference::{Models, RadioPose};
use crate::simulate::{RadioFormat, SceneOptions};
use crate::types::Activity;

/// Penalty of the regression that is stored, as the inner parts of the training rooms chose it (`models/falls/TESTED.md`).
const STORED_PENALTY: f64 = 0.03;
/// So that the kernel does not take longer than everything else.
const MOST_FOR_KERNEL: usize = 300;
/// Many rooms for a short while say more than one for long.
const STAY_HOURS: f64 = 0.25;
/// Of the stored threshold.
const ALARMS_PER_DAY: f64 = 1.0;

#[derive(Debug, clap::Args)]
pub struct SimulatedOptions {
    /// Simulate the records: every third room a fall, the others everything else.
    #[arg(long)]
    pub simulated: bool,
    /// Seeds of the tested rooms.
    #[arg(long, default_value = "30000..30300", requires = "simulated")]
    rooms: Seeds,
    /// Seeds of the rooms that are learned from.
    #[arg(long, default_value = "10000..10600", requires = "simulated")]
    training: Seeds,
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16), requires = "simulated")]
    links: u8,
    /// Packets a second on each link.
    #[arg(long, default_value_t = 100.0, requires = "simulated")]
    rate_hz: f32,
    /// Hours of ordinary living instead of records, judged by the stored model.
    #[arg(long, requires = "simulated")]
    hours: Option<f32>,
    /// Seeds of the rooms that are lived in, a quarter of an hour each.
    #[arg(long, default_value = "31000..31400", requires = "simulated")]
    living: Seeds,
    /// Keep the rooms that were lived in here, a line each, and take from here those that were lived in before.
    #[arg(long, requires = "hours")]
    lived: Option<PathBuf>,
    /// Fit the model that comes with the program on the training rooms and write it there. With hours, living sets
    /// its threshold: choose rooms that are not tested later.
    #[arg(long, requires = "simulated")]
    write_model: Option<PathBuf>,
    /// Judge by what the pose network sees, with three antennas per receiver (Intel 5300, 40 MHz); 2 s of a core a room.
    #[arg(long, requires = "simulated", conflicts_with = "hours")]
    by_pose: bool,
}

impl SimulatedOptions {
    fn scene(&self) -> SceneOptions {
        if self.by_pose {
            // The network's own format.
            let format = RadioFormat::Intel5300Ht40;
            return SceneOptions {
                n_links: self.links,
                n_rx: 3,
                rate_hz: self.rate_hz,
                format,
                ..SceneOptions::default()
            };
        }
        // The radio of the only recordings of falls at hand; noise, jitter and level as measured on it.
        let format = RadioFormat::Nexmon20;
        SceneOptions { n_links: self.links, rate_hz: self.rate_hz, format, ..SceneOptions::default() }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    provenance: &'static str,
    n_records: usize,
    links: u8,
    rate_hz: f32,
    rows: Vec<Row>,
}

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

/// Events during one activity, and alarms that they raised.
#[derive(Debug, Serialize)]
struct OfActivity {
    activity: &'static str,
    n_events: usize,
    n_alarms: usize,
}

pub fn run(
    options: &SimulatedOptions,
    settings: &falls::Options,
    json: bool,
    interrupted: &AtomicBool,
) -> anyhow::Result<()> {
    if options.by_pose {
        return print_by_pose(options, settings.seed, json, interrupted);
    }
    if let Some(path) = &options.write_model {
        let model = fit(options, interrupted)?;
        std::fs::write(path, serde_json::to_string(&model)? + "\n")?;
        return out::line(format_args!("SIMULATED · model written, threshold {:?}", model.threshold));
    }
    match options.hours {
        Some(hours) => print_living(options, hours, json, interrupted),
        None => print_records(options, settings, json, interrupted),
    }
}

fn records(
    seeds: Seeds,
    session: &str,
    options: &SimulatedOptions,
    interrupted: &AtomicBool,
) -> (Vec<Label>, Vec<Sheet>) {
    (seeds.first..seeds.end)
        .take_while(|_| !interrupted.load(Ordering::Relaxed))
        .inspect(|seed| eprint!("\r\x1b[Ksimulating room {seed} of {}..{} ", seeds.first, seeds.end))
        .filter_map(|seed| record(seed, session, &options.scene()))
        .unzip()
}

fn print_by_pose(options: &SimulatedOptions, seed: u64, json: bool, interrupted: &AtomicBool) -> anyhow::Result<()> {
    let models = Models::open()?;
    let network = RadioPose::load(&models)?;
    let watched = |seeds: Seeds| -> anyhow::Result<Vec<by_pose::Record>> {
        let mut watched = Vec::new();
        for seed in (seeds.first..seeds.end).take_while(|_| !interrupted.load(Ordering::Relaxed)) {
            eprint!("\r\x1b[Kwatching room {seed} of {}..{} ", seeds.first, seeds.end);
            let looks = watch(seed, &options.scene(), &models, &network)?;
            let sheet = record(seed, TRAINING, &options.scene()).filter(|(_, sheet)| !sheet.masked);
            watched.push(by_pose::Record { seed, looks, doppler: sheet.map(|(_, sheet)| sheet.features) });
        }
        Ok(watched)
    };
    let training = watched(options.training)?;
    if let Some(path) = &options.write_model {
        eprint!("\r\x1b[K");
        let model = by_pose::model(&training)
            .ok_or_else(|| anyhow::anyhow!("falls and others are needed — choose more training rooms"))?;
        std::fs::write(path, serde_json::to_string(&model)? + "\n")?;
        return out::line(format_args!("SIMULATED · model written, alarms above {:.2}", model.above_95));
    }
    anyhow::ensure!(
        options.rooms.end <= options.training.first || options.training.end <= options.rooms.first,
        "the tested rooms and those that are learned from overlap — choose other seeds"
    );
    let report = by_pose::judge(&training, &watched(options.rooms)?, seed);
    eprint!("\r\x1b[K");
    if json { out::line(serde_json::to_string_pretty(&report)?) } else { out::line(by_pose::text(&report)) }
}

fn print_records(
    options: &SimulatedOptions,
    settings: &falls::Options,
    json: bool,
    interrupted: &AtomicBool,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        options.rooms.end <= options.training.first || options.training.end <= options.rooms.first,
        "the tested rooms and those that are learned from overlap — choose other seeds"
    );
    let (mut labels, mut sheets) = records(options.training, TRAINING, options, interrupted);
    let (tested, tested_sheets) = records(options.rooms, "test", options, interrupted);
    eprint!("\r\x1b[K");
    let facts = facts(&tested, &tested_sheets, FALL, settings.gates);
    let n_learned = labels.len();
    labels.extend(tested);
    sheets.extend(tested_sheets);
    let mut progress = |step: &str| {
        eprint!("\r\x1b[K{step} ");
        !interrupted.load(Ordering::Relaxed)
    };
    let settings = falls::Options { most_for_kernel: MOST_FOR_KERNEL, ..*settings };
    let rows = falls::run(&sheets, &labels, FALL, Split::SimulatedRooms, &settings, &mut progress);
    eprint!("\r\x1b[K");
    let rows = rows.map_err(anyhow::Error::msg)?;
    if json {
        let n_records = labels.len();
        let (links, rate_hz) = (options.links, options.rate_hz);
        let report = Report { provenance: "SIMULATED", n_records, links, rate_hz, rows };
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    out::line(format_args!(
        "SIMULATED · {}\n{} links at {:.0} packets/s · learned from {n_learned} other rooms\n\n{}",
        facts.join("\n"),
        options.links,
        options.rate_hz,
        table(Split::SimulatedRooms, &rows.iter().collect::<Vec<_>>()).text()
    ))?;
    for row in rows.iter().filter(|row| !row.method.is_control()) {
        out::line(format_args!(
            "\n{}, each other class by itself\n{:<24}{:>5}{:>9}   alarmed at 95 %",
            row.method.label(),
            "",
            "n",
            "AUROC"
        ))?;
        for class in &row.classes {
            out::line(format_args!(
                "{:<24}{:>5}{:>9.3}   {:.0} %",
                class.class,
                class.n,
                class.auroc,
                100.0 * class.alarmed
            ))?;
        }
    }
    Ok(())
}

/// Rooms that were lived in for so many hours together, one after the other.
fn rooms(
    options: &SimulatedOptions,
    hours: f32,
    model: &RoomModel,
    interrupted: &AtomicBool,
) -> anyhow::Result<Vec<Lived>> {
    let goes_on = || !interrupted.load(Ordering::Relaxed);
    let scene = options.scene();
    let mut kept = options.lived.as_deref().map(read).transpose()?.unwrap_or_default();
    kept.retain(|room| room.links == scene.n_links && room.rate_hz == scene.rate_hz);
    let (mut lived, mut rooms) = (0.0, Vec::new());
    for seed in options.living.first..options.living.end {
        let left = f64::from(hours) - lived;
        if left <= 1e-3 || !goes_on() {
            break;
        }
        let asked_hours = left.min(STAY_HOURS) as f32;
        let known = kept.iter().find(|room| room.seed == seed && room.asked_hours == asked_hours);
        let room = match known {
            Some(room) => room.clone(),
            None => {
                eprint!("\r\x1b[Kliving in room {seed}, {lived:.1} of {hours:.0} hours ");
                let Some(room) = live(seed, asked_hours, &scene, model, &goes_on) else { break };
                options.lived.as_deref().map_or(Ok(()), |path| append(path, &room))?;
                room
            }
        };
        lived += room.hours;
        rooms.push(room);
    }
    eprint!("\r\x1b[K");
    Ok(rooms)
}

/// Hours, and of each moment what was being done and the score.
fn scored(rooms: &[Lived], model: &RoomModel) -> (f64, Vec<(Option<Activity>, f64)>) {
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

fn print_living(options: &SimulatedOptions, hours: f32, json: bool, interrupted: &AtomicBool) -> anyhow::Result<()> {
    let stored = RoomModel::simulated().and_then(|model| {
        // Above what alarms are raised on simulated sources, as a running program does it.
        let score = model.threshold.map(|threshold| threshold.score).or(model.above_95)?;
        Some((score, model))
    });
    let (threshold, model) = stored.ok_or_else(|| anyhow::anyhow!("the program came without its model of falls"))?;
    let (hours, scores) = scored(&rooms(options, hours, &model, interrupted)?, &model);
    let n_alarms = scores.iter().filter(|(_, score)| *score > threshold).count();
    let a_day = |n: f64| n * 24.0 / hours.max(1e-9);
    let (low, high) = poisson_interval(n_alarms);
    let report = Living {
        provenance: "SIMULATED",
        hours,
        n_events: scores.len(),
        threshold,
        n_alarms,
        alarms_per_day: a_day(n_alarms as f64),
        alarms_per_day_interval: (a_day(low), a_day(high)),
        activities: by_activity(&scores, threshold),
    };
    if json {
        return out::line(serde_json::to_string_pretty(&report)?);
    }
    let (low, high) = report.alarms_per_day_interval;
    out::line(format_args!(
        "SIMULATED · {hours:.1} h of ordinary living without a fall, {} links at {:.0} packets/s\n\
         {} events ({:.0} an hour) · {n_alarms} false alarms above {:.2} · {:.1} a day [{low:.1}, {high:.1}]\n\n\
         {:<24}{:>8}{:>14}",
        options.links,
        options.rate_hz,
        report.n_events,
        report.n_events as f64 / hours.max(1e-9),
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

/// Fits what comes with the program.
fn fit(options: &SimulatedOptions, interrupted: &AtomicBool) -> anyhow::Result<RoomModel> {
    let (labels, sheets) = records(options.training, TRAINING, options, interrupted);
    let sound = labels.iter().zip(&sheets).filter(|(_, sheet)| !sheet.masked);
    let (truths, rows): (Vec<bool>, Vec<Vec<f64>>) =
        sound.map(|(label, sheet)| (label.class == FALL, sheet.features.clone())).unzip();
    let logistic = Logistic::fit(&rows, &truths, STORED_PENALTY)
        .ok_or_else(|| anyhow::anyhow!("falls and others are needed — choose more training rooms"))?;
    let above_95 = quantile(left_out_scores(&rows, &truths), 0.95);
    let mut model = RoomModel { logistic, origin: Origin::SimulatedRooms, threshold: None, above_95 };
    if let Some(hours) = options.hours {
        let (hours, scores) = scored(&rooms(options, hours, &model, interrupted)?, &model);
        let scores: Vec<f64> = scores.into_iter().map(|(_, score)| score).collect();
        model.threshold = Threshold::for_budget(&scores, hours, ALARMS_PER_DAY);
    }
    Ok(model)
}

/// Scores of what is no fall, each by a model that was fitted without its part of the rooms.
fn left_out_scores(rows: &[Vec<f64>], truths: &[bool]) -> Vec<f64> {
    const N_PARTS: usize = 5;
    let mut scores = Vec::new();
    for part in 0..N_PARTS {
        let inside = || rows.iter().zip(truths).enumerate().filter(|(at, _)| at % N_PARTS != part);
        let known: Vec<Vec<f64>> = inside().map(|(_, (row, _))| row.clone()).collect();
        let known_truths: Vec<bool> = inside().map(|(_, (_, truth))| *truth).collect();
        let Some(model) = Logistic::fit(&known, &known_truths, STORED_PENALTY) else { continue };
        let held = rows.iter().zip(truths).enumerate().filter(|(at, (_, truth))| at % N_PARTS == part && !**truth);
        scores.extend(held.map(|(_, (row, _))| model.score(row)));
    }
    scores
}
