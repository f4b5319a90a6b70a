//! Hours of ordinary living watched by height: the pose network looks four times a second, as the running program asks it.
//!
//! Goes in: a seed, which is the room and who lives there. Comes out: the alarms of [`fall::DescentWatch`], all of them
//! false, since nobody falls. Zones of beds and seats, in which no alarm is raised, are not known here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::living::doing;
use crate::analytics::fall::{self, DescentModel, DescentWatch, Learning, Room, RoomModel};
use crate::analytics::watch::Watch;
use crate::inference::{Models, RadioPose};
use crate::pose::Perceiver;
use crate::pose::layout::WINDOW_SECS;
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{Activity, Event, LinkId, Timestamp};

/// How often the network looks, and how often the room is asked what its links saw, as the engine does both.
const LOOK_EVERY_SECS: f64 = 0.25;
const TAKE_EVERY_SECS: f64 = 0.5;

/// What was raised in one room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LivedByPose {
    pub seed: u64,
    pub links: u8,
    pub rate_hz: f32,
    pub asked_hours: f32,
    pub hours: f64,
    /// SHA-256 of the network that looked.
    pub network: String,
    pub n_looks: usize,
    /// Looks after which descents could be judged.
    pub n_judged: usize,
    /// When, and what was being done; `None` while the person was away.
    pub alarms: Vec<(f64, Option<Activity>)>,
}

/// Watches a room for so many hours, or as long as its story goes; `None` where `goes_on`, which is asked every simulated
/// minute, ended it before.
pub fn live_by_pose(
    seed: u64,
    asked_hours: f32,
    options: &SceneOptions,
    (models, network): (&Models, &RadioPose),
    descent: &DescentModel,
    goes_on: &dyn Fn() -> bool,
) -> anyhow::Result<Option<LivedByPose>> {
    let mut simulator = Simulator::new(&SimulatorSpec::daily_living(seed, asked_hours, options));
    let site = simulator.site().clone();
    let config = fall::Config { gathers: true, ..fall::Config::default() };
    let end = simulator.script_end().min(Timestamp::from_secs_f64(f64::from(asked_hours) * 3_600.0));
    let spans = simulator.activities(end);
    let model = RoomModel::simulated().ok_or_else(|| anyhow::anyhow!("the program came without its model of falls"))?;
    let mut room = Room::new(model, true, config, Learning::default());
    let mut watches: BTreeMap<LinkId, Watch> = BTreeMap::new();
    let mut perceiver = Perceiver::default();
    let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
    let mut descents = DescentWatch::with(Some(descent.clone()), config);
    let mut lived =
        LivedByPose { seed, links: options.n_links, rate_hz: options.rate_hz, asked_hours, ..LivedByPose::default() };
    lived.network = network.description().network_sha256.clone();
    let (mut seen, mut taken) = (Vec::new(), Timestamp::ZERO);
    let mut due = Timestamp::from_secs_f64(WINDOW_SECS);
    let mut minute = 0;
    loop {
        let frame = simulator.next_frame();
        let Some(time) = frame.host_time else { continue };
        if time >= end {
            lived.hours = time.secs_f64() / 3_600.0;
            return Ok(Some(lived));
        }
        let watch = watches.entry(frame.link).or_insert_with(|| Watch::for_falls(frame.link, config));
        watch.push(time, &frame);
        seen.extend(watch.take_evidence());
        if time.secs_since(taken) >= TAKE_EVERY_SECS {
            taken = time;
            room.take(time, seen.drain(..)).iter().for_each(|judged| descents.hear(&judged.evidence));
        }
        if time > due {
            lived.n_looks += 1;
            if let Ok(window) = perceiver.window(due, &site) {
                let (answers, features) = network.run(models, &window.inputs)?;
                let reading = window.read(&answers, &features, network.description());
                // As the engine does: a window outside of the network's support is no look at an empty room.
                if reading.refusals.is_empty() {
                    tracker.step(reading.time, &reading.detections);
                }
                let lone = window.lone(&answers, network.description());
                let told = descents.see(reading.time, lone.as_ref(), reading.count, tracker.tracks(), &[]);
                for event in told.iter().filter(|event: &&Event| event.revision == 0) {
                    let peak = event.span.start.plus_secs(0.5);
                    lived.alarms.push((peak.secs_f64(), doing(&spans, peak)));
                }
            }
            lived.n_judged += usize::from(descents.state().is_ok());
            due = due.plus_secs(LOOK_EVERY_SECS);
        }
        perceiver.push(time, &frame);
        let now_minute = (time.secs_f64() / 60.0) as u64;
        if now_minute > minute && !goes_on() {
            return Ok(None);
        }
        minute = now_minute;
    }
}
