//! Simulated records of falls and of what is none: each in a room, by a body and with a motion of its own.
//!
//! Goes in: a seed, which is the room, and the number of links. Comes out: ten seconds of each link around the activity,
//! placed by chance, so that neither when it happens nor what came before tells what it was.

use crate::analytics::evaluation::falls::{MAX_SECS, Sheet, room_sheet};
use crate::analytics::evaluation::split::Label;
use crate::analytics::series::AmplitudeSeries;
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::types::{Activity, CsiFrame, FallKind, LinkId, Timestamp};

/// The class that is to be found.
pub const FALL: &str = "fall";

/// What is no fall, in the order in which rooms get them.
const OTHERS: [(Activity, &str); 12] = [
    (Activity::DroppingIntoChair, "drop into a chair"),
    (Activity::LyingDown, "lie down"),
    (Activity::PickingUp, "pick up"),
    (Activity::Stumbling, "stumble"),
    (Activity::Walking, "walk"),
    (Activity::SittingDown, "sit down"),
    (Activity::StandingUp, "stand up"),
    (Activity::Gesturing, "gesture"),
    (Activity::GettingUp, "get up"),
    (Activity::Crawling, "crawl"),
    (Activity::Turning, "turn"),
    (Activity::Standing, "stand"),
];

/// What a room's record holds: every third a fall, of all kinds in turn, the others of all other classes in turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trial {
    Fall(FallKind),
    Other(Activity, &'static str),
}

impl Trial {
    pub fn of(seed: u64) -> Self {
        let round = (seed / 3) as usize;
        if seed.is_multiple_of(3) {
            return Self::Fall(FallKind::ALL[round % FallKind::ALL.len()]);
        }
        let (activity, name) = OTHERS[(2 * round + (seed % 3) as usize - 1) % OTHERS.len()];
        Self::Other(activity, name)
    }

    pub fn class(self) -> &'static str {
        match self {
            Self::Fall(_) => FALL,
            Self::Other(_, name) => name,
        }
    }
}

/// The sheet of a seed's room and what it holds; `session` is [`TRAINING`](crate::analytics::evaluation::split::TRAINING) or
/// another. `None` where no link holds a channel.
pub fn record(seed: u64, session: &str, options: &SceneOptions) -> Option<(Label, Sheet)> {
    let trial = Trial::of(seed);
    let label = Label {
        name: format!("{trial:?} in room {seed}"),
        class: trial.class().to_owned(),
        room: seed.to_string(),
        session: session.to_owned(),
        ..Label::default()
    };
    let links: Vec<AmplitudeSeries> = links(trial, seed, options);
    Some((label, room_sheet(&links)?))
}

/// A seed's room, and where its record begins in seconds.
pub fn simulator(trial: Trial, seed: u64, options: &SceneOptions) -> (Simulator, f64) {
    let spec = match trial {
        Trial::Fall(kind) => SimulatorSpec::fall_trial(kind, seed, options),
        Trial::Other(activity, _) => SimulatorSpec::other_trial(activity, seed, options),
    };
    let simulator = Simulator::new(&spec);
    let start = start_secs(&simulator, trial, seed);
    (simulator, start)
}

/// Ten seconds of every link, in the order of their ids.
fn links(trial: Trial, seed: u64, options: &SceneOptions) -> Vec<AmplitudeSeries> {
    let (mut simulator, start) = simulator(trial, seed, options);
    simulator.skip_to(Timestamp::from_secs_f64(start));
    let end = Timestamp::from_secs_f64(start + MAX_SECS);
    let mut streams: Vec<(LinkId, Vec<(Timestamp, CsiFrame)>)> =
        simulator.links().map(|link| (link, Vec::new())).collect();
    streams.sort_by_key(|(link, _)| *link);
    loop {
        let frame = simulator.next_frame();
        let Some(time) = frame.host_time.filter(|time| *time < end) else { break };
        if let Some((_, frames)) = streams.iter_mut().find(|(link, _)| *link == frame.link) {
            frames.push((time, frame));
        }
    }
    streams.iter().filter_map(|(_, frames)| AmplitudeSeries::from_frames(frames)).collect()
}

/// Where the record begins: what it is about lies 3 to 7 s later.
fn start_secs(simulator: &Simulator, trial: Trial, seed: u64) -> f64 {
    let wanted = match trial {
        Trial::Fall(_) => Activity::Falling,
        Trial::Other(activity, _) => activity,
    };
    let spans = simulator.activities(simulator.script_end());
    let middle =
        spans.iter().rev().find(|span| span.activity == wanted).map_or(MAX_SECS, |span| {
            (span.start.secs_f64() + span.end.secs_f64().min(span.start.secs_f64() + 4.0)) / 2.0
        });
    // Evenly from 3 to 7 s by the golden ratio, the same for all classes.
    let place = 3.0 + 4.0 * (seed as f64 * 0.618_034).fract();
    (middle - place).max(0.0)
}
