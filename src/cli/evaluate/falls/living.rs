//! Hours of ordinary living in simulated rooms, watched as a running program watches them.
//!
//! Goes in: a seed, which is the room and who lives there. Comes out: everything that moved, as all links described it, and
//! what was being done then. Nobody falls, so every alarm is a false one. A file keeps rooms that were lived in, because
//! a hundred hours take a core half an hour.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::analytics::fall::{self, Learning, Room, RoomModel};
use crate::analytics::watch::Watch;
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::types::{Activity, ActivitySpan, LinkId, Timestamp};

/// What was seen of one room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lived {
    pub seed: u64,
    pub links: u8,
    pub rate_hz: f32,
    /// How long the stay was to be, and how long it was.
    pub asked_hours: f32,
    pub hours: f64,
    pub moments: Vec<Moment>,
}

/// A moment in which something moved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Of the strongest movement, since the stay began.
    pub secs: f64,
    /// What was being done then; `None` while the person was away.
    pub activity: Option<Activity>,
    /// The mean over the links, one per name of [`fall::features::NAMES`].
    pub features: Vec<f64>,
}

/// Watches a room for so many hours, or as long as its story goes; `None` where `goes_on`, which is asked every simulated
/// minute, ended it before.
pub fn live(
    seed: u64,
    asked_hours: f32,
    options: &SceneOptions,
    model: &RoomModel,
    goes_on: &dyn Fn() -> bool,
) -> Option<Lived> {
    let mut simulator = Simulator::new(&SimulatorSpec::daily_living(seed, asked_hours, options));
    let config = fall::Config { gathers: true, ..fall::Config::default() };
    let end = simulator.script_end().min(Timestamp::from_secs_f64(f64::from(asked_hours) * 3_600.0));
    let mut watches: BTreeMap<LinkId, Watch> = BTreeMap::new();
    // Real data's rules: nothing alarms while it learns, so that every moment is kept.
    let mut room =
        Room::new(model.clone(), false, config, Learning { needed_hours: f64::INFINITY, ..Learning::default() });
    let mut lived = Lived { seed, links: options.n_links, rate_hz: options.rate_hz, asked_hours, ..Lived::default() };
    let spans = simulator.activities(end);
    let (mut evidence, mut last) = (Vec::new(), Timestamp::ZERO);
    let mut minute = 0;
    loop {
        let frame = simulator.next_frame();
        let Some(time) = frame.host_time else { continue };
        let is_over = time >= end;
        let watch = watches.entry(frame.link).or_insert_with(|| Watch::for_falls(frame.link, config));
        watch.push(time, &frame);
        evidence.extend(watch.take_evidence());
        if is_over || time.secs_since(last) >= 1.0 {
            last = time;
            for judged in room.take(time, evidence.drain(..)) {
                let Some(leader) = judged.evidence.leader() else { continue };
                lived.moments.push(Moment {
                    secs: leader.peak.secs_f64(),
                    activity: doing(&spans, leader.peak),
                    features: judged.evidence.pooled(),
                });
            }
        }
        if is_over {
            lived.hours = time.secs_f64() / 3_600.0;
            return Some(lived);
        }
        let now_minute = (time.secs_f64() / 60.0) as u64;
        if now_minute > minute && !goes_on() {
            return None;
        }
        minute = now_minute;
    }
}

/// What somebody was doing at a time.
pub fn doing(spans: &[ActivitySpan], time: Timestamp) -> Option<Activity> {
    spans.iter().find(|span| span.start <= time && time < span.end).map(|span| span.activity)
}

/// The rooms of a file, one a line; none where there is no such file.
pub fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<T>> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("rooms cannot be read: {path:?}")),
    };
    let lines = std::io::BufReader::new(file).lines();
    lines
        .enumerate()
        .map(|(at, line)| {
            serde_json::from_str(&line?).with_context(|| format!("line {} holds no room: {path:?}", at + 1))
        })
        .collect()
}

/// Writes a room behind the others, at once, so that nothing is lost where the next one is interrupted.
pub fn append(path: &Path, lived: &impl Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(lived)? + "\n";
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(line.as_bytes())).with_context(|| format!("rooms cannot be kept: {path:?}"))
}
