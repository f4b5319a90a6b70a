//! Versions of the network that sees people, side by side on one recording: what each shows, what it refuses and why, and,
//! where the recording knows the truth, how far off each is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::compared::{self, Seen};
use super::{Error, GoOn, Report, name_of};
use crate::capture::source::file::{FileReader, Stamped};
use crate::engine::radio_network::Loaded;
use crate::pose::layout::WINDOW_SECS;
use crate::pose::support::Unsupported;
use crate::pose::{Perceiver, PoseWindow};
use crate::types::{Detection, Provenance, SceneTruth, Site, Timestamp};

/// Looks are this far apart, s, so that no packet counts twice.
pub const STEP_SECS: f64 = 1.5;
/// A moment of truth speaks for a window whose middle is so near, s.
const TRUTH_REACH_SECS: f64 = 0.1;
/// Frames between two words of progress.
const TELL_EVERY: u64 = 512;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// A recording that brings the room it was made in.
    pub recording: PathBuf,
    /// Folders with a `models.toml` and a network each; `None` is what is installed.
    pub models: Vec<Option<PathBuf>>,
}

/// What one model said at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Look {
    /// Why no place is shown; empty where one is, or where the model sees nobody.
    pub refusals: Vec<String>,
    pub detections: Vec<Detection>,
    /// Probabilities of nobody, one, and two or more people.
    pub count: [f64; 3],
    /// Of the network alone.
    pub network_ms: f64,
    /// `None` where the recording does not know who was where.
    pub seen: Option<Seen>,
}

/// One moment, asked of every model.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// The window's middle.
    pub time: Timestamp,
    /// People who truly were there; `None` where the recording does not say.
    pub n_people: Option<usize>,
    /// How far each of them was from the middle of the floor.
    pub from_centre_m: Vec<f64>,
    /// Why no model was asked.
    pub gates: Vec<String>,
    /// In the order of the models; empty where a gate was failed.
    pub looks: Vec<Look>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub provenance: Provenance,
    /// Name, version and engine of each model.
    pub models: Vec<String>,
    pub moments: Vec<Moment>,
    /// Moments of truth that could not be read.
    pub n_unreadable: u64,
    pub interrupted: bool,
    #[serde(skip)]
    title: String,
}

pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Outcome, Error> {
    go_on(None, "reading the models");
    let models =
        settings.models.iter().map(|folder| load(folder.as_deref())).collect::<Result<Vec<Loaded>, Error>>()?;
    go_on(None, "reading the recording");
    let unfit = |error: crate::capture::Error| Error::Unfit(error.to_string());
    let mut reader = FileReader::open(&settings.recording, 1).map_err(unfit)?;
    let site = reader.recording_info().map(|info| info.site.clone()).unwrap_or_default();
    if site.room.is_none() {
        return Err(Error::Unfit(format!(
            "{} does not say in which room it was made — place the room and its radios in the Room panel, then record again",
            name_of(&settings.recording)
        )));
    }
    let (moments_of_truth, n_unreadable) = reader.truth().map_err(unfit)?;
    let truth = Truth::new(moments_of_truth);
    let mut outcome = Outcome {
        provenance: reader.provenance(),
        models: models.iter().map(|model| model.label.clone()).collect(),
        moments: Vec::new(),
        n_unreadable,
        interrupted: false,
        title: format!("people by radio · {}", name_of(&settings.recording)),
    };
    let mut perceiver = Perceiver::default();
    let (mut due, mut n_frames): (Option<Timestamp>, u64) = (None, 0);
    loop {
        let next = match reader.next_frame().map_err(unfit)? {
            Some(next) => Some(next),
            None => reader.finish(),
        };
        let Some(Stamped { time, frame, .. }) = next else { break };
        let end = *due.get_or_insert(time.plus_secs(WINDOW_SECS));
        if time > end {
            outcome.moments.push(moment(&mut perceiver, &site, end, &models, &truth)?);
            // A recording may pause for hours: there is nothing to see in between.
            due = Some(if time.secs_since(end) > STEP_SECS {
                time.plus_secs(WINDOW_SECS)
            } else {
                end.plus_secs(STEP_SECS)
            });
        }
        perceiver.push(time, &frame);
        n_frames += 1;
        if n_frames % TELL_EVERY == 0 && !go_on(Some(reader.progress()), &format!("{} moments", outcome.moments.len()))
        {
            outcome.interrupted = true;
            break;
        }
    }
    match outcome.moments.is_empty() {
        true if outcome.interrupted => Err(Error::Cancelled),
        true => Err(Error::Unfit(format!("{} is shorter than one window of 1.3 s", name_of(&settings.recording)))),
        false => Ok(outcome),
    }
}

fn load(folder: Option<&Path>) -> Result<Loaded, Error> {
    Loaded::read(folder).map_err(|why| match folder {
        Some(folder) => Error::Unfit(format!("{}: {why}", name_of(folder))),
        None => Error::Unfit(why),
    })
}

/// What every model says of the window that ends at `end`.
fn moment(
    perceiver: &mut Perceiver,
    site: &Site,
    end: Timestamp,
    models: &[Loaded],
    truth: &Truth,
) -> Result<Moment, Error> {
    let time = end.plus_secs(-WINDOW_SECS / 2.0);
    let truth = truth.at(time);
    let n_people = truth.map(|truth| truth.people.len());
    let from_centre_m = truth.zip(site.room).map(|(truth, room)| {
        let centre = room.size().truncate() / 2.0;
        truth.people.iter().map(|person| f64::from(centre.distance(person.position_m.into()))).collect()
    });
    let from_centre_m = from_centre_m.unwrap_or_default();
    let window = match perceiver.window(end, site) {
        Ok(window) => window,
        Err(gates) => return Ok(Moment { time, n_people, from_centre_m, gates: words(&gates), looks: Vec::new() }),
    };
    let looks = models.iter().map(|model| look(model, &window, truth)).collect::<Result<Vec<Look>, Error>>()?;
    Ok(Moment { time, n_people, from_centre_m, gates: Vec::new(), looks })
}

fn look(model: &Loaded, window: &PoseWindow, truth: Option<&SceneTruth>) -> Result<Look, Error> {
    let start = Instant::now();
    let (answers, features) = model.run(&window.inputs).map_err(Error::Unfit)?;
    let network_ms = 1e3 * start.elapsed().as_secs_f64();
    let reading = window.read(&answers, &features, model.description());
    Ok(Look {
        refusals: words(&reading.refusals),
        seen: truth.map(|truth| Seen::new(&reading.detections, &truth.people)),
        detections: reading.detections,
        count: reading.count,
        network_ms,
    })
}

/// Reasons without their figures, so that they can be counted.
fn words(reasons: &[Unsupported]) -> Vec<String> {
    reasons.iter().map(|reason| reason.kind().to_owned()).collect()
}

/// Who was where, by time.
struct Truth(BTreeMap<Timestamp, SceneTruth>);

impl Truth {
    fn new(moments: Vec<SceneTruth>) -> Self {
        Self(moments.into_iter().map(|moment| (moment.time, moment)).collect())
    }

    /// The nearest moment, where one is near enough.
    fn at(&self, time: Timestamp) -> Option<&SceneTruth> {
        let reach = self.0.range(time.plus_secs(-TRUTH_REACH_SECS)..=time.plus_secs(TRUTH_REACH_SECS));
        reach.min_by(|(a, _), (b, _)| a.secs_since(time).abs().total_cmp(&b.secs_since(time).abs())).map(|(_, one)| one)
    }
}

impl Outcome {
    pub fn report(&self) -> Report {
        let knows = self.moments.iter().any(|moment| moment.n_people.is_some());
        let n_gated = self.moments.iter().filter(|moment| !moment.gates.is_empty()).count();
        let mut facts = vec![format!(
            "{} moments, {STEP_SECS:.1} s apart; {n_gated} failed a hard gate before any model was asked. Single looks: nobody \
             is followed from one to the next.",
            self.moments.len()
        )];
        facts.push(if knows {
            "The recording knows who truly was where. Place: median / 90 % quantile, mean [95 % interval], of people who \
             were paired with the nearest place."
                .to_owned()
        } else {
            "The recording does not say who was where: models can be held against each other, not against the truth."
                .to_owned()
        });
        let mut remarks = Vec::new();
        if self.n_unreadable > 0 {
            remarks.push(format!("{} moments of truth could not be read and were left out", self.n_unreadable));
        }
        if self.interrupted {
            remarks.push("Stopped early: what had been measured by then".to_owned());
        }
        if self.provenance == Provenance::Simulated {
            remarks.push("Expect worse of real rooms.".to_owned());
        }
        let tables = compared::tables(&self.models, &self.moments, knows);
        Report { title: self.title.clone(), provenance: self.provenance, facts, tables, remarks }
    }
}
