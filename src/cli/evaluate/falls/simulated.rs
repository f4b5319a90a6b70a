//! `evaluate falls --simulated`: rooms, bodies and motions that no training has seen, and hours in which nobody falls.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::super::super::{out, progress};
use super::super::conduct::Seeds;
use super::by_pose;
use super::hours;
use super::hours_by_pose;
use super::living;
use super::trials::{FALL, record};
use super::watched::watch;
use crate::analytics::evaluation::falls::{self, Row, Sheet};
use crate::analytics::evaluation::split::{Label, Split, TRAINING};
use crate::analytics::fall::{Origin, RoomModel, Threshold};
use crate::analytics::learn::Logistic;
use crate::analytics::order::quantile;
use crate::engine::evaluation::falls::{facts, table};
use crate::inference::{Models, RadioPose};
use crate::simulate::{RadioFormat, SceneOptions};

/// Penalty of the regression that is stored, as the inner parts of the training rooms chose it (`models/falls/TESTED.md`).
const STORED_PENALTY: f64 = 0.03;
/// So that the kernel does not take longer than everything else.
const MOST_FOR_KERNEL: usize = 300;

#[derive(Debug, clap::Args)]
pub struct SimulatedOptions {
    /// Simulate the records: every third room a fall, the others everything else.
    #[arg(long)]
    pub simulated: bool,
    /// Seeds of the tested rooms.
    #[arg(long, default_value = "30000..30300", requires = "simulated")]
    pub rooms: Seeds,
    /// Seeds of the rooms that are learned from.
    #[arg(long, default_value = "10000..10600", requires = "simulated")]
    training: Seeds,
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=16), requires = "simulated")]
    pub links: u8,
    /// Packets a second on each link.
    #[arg(long, default_value_t = 100.0, requires = "simulated")]
    pub rate_hz: f32,
    /// Hours of ordinary living instead of records, judged by the stored model.
    #[arg(long, requires = "simulated")]
    hours: Option<f32>,
    /// Seeds of the rooms that are lived in, a quarter of an hour each.
    #[arg(long, default_value = "31000..31400", requires = "simulated")]
    pub living: Seeds,
    /// Keep the rooms that were lived in here, a line each, and take from here those that were lived in before.
    #[arg(long, requires = "hours")]
    pub lived: Option<PathBuf>,
    /// The same of records that the pose network has watched.
    #[arg(long, requires = "by_pose")]
    watched: Option<PathBuf>,
    /// Fit the model that comes with the program on the training rooms and write it there. With hours, living tells its
    /// false alarms a day: choose rooms to live in that are not tested later.
    #[arg(long, requires = "simulated")]
    write_model: Option<PathBuf>,
    /// Raise the stored model's threshold until living keeps to so many false alarms a day.
    #[arg(long, requires = "write_model", requires = "hours")]
    pub budget: Option<f64>,
    /// Judge by what the pose network sees, with three antennas per receiver (Intel 5300, 40 MHz); 2 s of a core a room.
    #[arg(long, requires = "simulated")]
    by_pose: bool,
}

impl SimulatedOptions {
    pub fn scene(&self) -> SceneOptions {
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

pub fn run(
    options: &SimulatedOptions,
    settings: &falls::Options,
    json: bool,
    interrupted: &AtomicBool,
) -> anyhow::Result<()> {
    match options.hours.filter(|_| options.by_pose) {
        Some(hours) if options.write_model.is_none() => return hours_by_pose::print(options, hours, json, interrupted),
        _ if options.by_pose => return print_by_pose(options, settings.seed, json, interrupted),
        _ => {}
    }
    if let Some(path) = &options.write_model {
        let model = fit(options, interrupted)?;
        std::fs::write(path, serde_json::to_string(&model)? + "\n")?;
        return out::line(format_args!(
            "SIMULATED · model written, threshold {:?}, false alarms a day above {:?}: {:?}",
            model.threshold, model.above_95, model.alarms_per_day
        ));
    }
    match options.hours {
        Some(hours) => hours::print(options, hours, json, interrupted),
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
        .inspect(|seed| progress::step(format_args!("simulating room {seed} of {}..{}", seeds.first, seeds.end)))
        .filter_map(|seed| record(seed, session, &options.scene()))
        .unzip()
}

fn print_by_pose(options: &SimulatedOptions, seed: u64, json: bool, interrupted: &AtomicBool) -> anyhow::Result<()> {
    let models = Models::open()?;
    let network = RadioPose::load(&models)?;
    let mut kept: Vec<by_pose::Record> = options.watched.as_deref().map(living::read).transpose()?.unwrap_or_default();
    let sha256 = &network.description().network_sha256;
    kept.retain(|one| (one.links, one.rate_hz, &one.network) == (options.links, options.rate_hz, sha256));
    let watched = |seeds: Seeds| -> anyhow::Result<Vec<by_pose::Record>> {
        let mut watched = Vec::new();
        for seed in (seeds.first..seeds.end).take_while(|_| !interrupted.load(Ordering::Relaxed)) {
            if let Some(record) = kept.iter().find(|record| record.seed == seed) {
                watched.push(record.clone());
                continue;
            }
            progress::step(format_args!("watching room {seed} of {}..{}", seeds.first, seeds.end));
            let looks = watch(seed, &options.scene(), &models, &network)?;
            let sheet = record(seed, TRAINING, &options.scene()).filter(|(_, sheet)| !sheet.masked);
            let doppler = sheet.map(|(_, sheet)| sheet.features);
            let (links, rate_hz, network) = (options.links, options.rate_hz, sha256.clone());
            let record = by_pose::Record { seed, links, rate_hz, network, looks, doppler };
            options.watched.as_deref().map_or(Ok(()), |path| living::append(path, &record))?;
            watched.push(record);
        }
        Ok(watched)
    };
    let training = watched(options.training)?;
    if let Some(path) = &options.write_model {
        progress::clear();
        let model = by_pose::model(&training)
            .ok_or_else(|| anyhow::anyhow!("falls and others are needed — choose more training rooms"))?;
        let model = match options.hours {
            Some(hours) => hours_by_pose::to_budget(model, options, hours, (&models, &network), interrupted)?,
            None => model,
        };
        std::fs::write(path, serde_json::to_string(&model)? + "\n")?;
        return out::line(format_args!(
            "SIMULATED · model written, alarms from {:.2} above {:.2}, false alarms a day: {:?}",
            model.raised, model.above_95, model.alarms_per_day
        ));
    }
    anyhow::ensure!(
        options.rooms.end <= options.training.first || options.training.end <= options.rooms.first,
        "the tested rooms and those that are learned from overlap — choose other seeds"
    );
    let report = by_pose::judge(&training, &watched(options.rooms)?, seed);
    progress::clear();
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
    progress::clear();
    let facts = facts(&tested, &tested_sheets, FALL, settings.gates);
    let n_learned = labels.len();
    labels.extend(tested);
    sheets.extend(tested_sheets);
    let mut progress = |step: &str| {
        progress::step(step);
        !interrupted.load(Ordering::Relaxed)
    };
    let settings = falls::Options { most_for_kernel: MOST_FOR_KERNEL, ..*settings };
    let rows = falls::run(&sheets, &labels, FALL, Split::SimulatedRooms, &settings, &mut progress);
    progress::clear();
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

/// Fits what comes with the program.
fn fit(options: &SimulatedOptions, interrupted: &AtomicBool) -> anyhow::Result<RoomModel> {
    let (labels, sheets) = records(options.training, TRAINING, options, interrupted);
    let sound = labels.iter().zip(&sheets).filter(|(_, sheet)| !sheet.masked);
    let (truths, rows): (Vec<bool>, Vec<Vec<f64>>) =
        sound.map(|(label, sheet)| (label.class == FALL, sheet.features.clone())).unzip();
    let logistic = Logistic::fit(&rows, &truths, STORED_PENALTY)
        .ok_or_else(|| anyhow::anyhow!("falls and others are needed — choose more training rooms"))?;
    let above_95 = quantile(left_out_scores(&rows, &truths), 0.95);
    let (origin, threshold, alarms_per_day) = (Origin::SimulatedRooms, None, None);
    let mut model = RoomModel { logistic, origin, threshold, above_95, alarms_per_day };
    if let Some(hours) = options.hours {
        let (hours, scores) = hours::scored(&hours::rooms_by_doppler(options, hours, &model, interrupted)?, &model);
        let scores: Vec<f64> = scores.into_iter().map(|(_, score)| score).collect();
        let n_above = scores.iter().filter(|score| above_95.is_some_and(|limit| **score > limit)).count();
        model.alarms_per_day = (hours > 0.0).then(|| n_above as f64 * 24.0 / hours);
        model.threshold = options.budget.and_then(|budget| Threshold::for_budget(&scores, hours, budget));
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
