//! Hours of ordinary living watched by height: the pose network looks four times a second, as the running program asks it.
//!
//! Goes in: a seed, which is the room and who lives there. Comes out: what each look said and the bursts that the links
//! heard, from which [`LivedByPose::events`] raises the alarms of any model: all of them false, since nobody falls. Zones of
//! beds and seats, in which no alarm is raised, are not drawn here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::trials::Trial;
use crate::analytics::fall::{self, DescentLook, DescentModel, DescentWatch, Learning, Room, RoomModel, Sight};
use crate::analytics::watch::Watch;
use crate::inference::{Models, RadioPose};
use crate::pose::Perceiver;
use crate::pose::layout::WINDOW_SECS;
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{ActivitySpan, Event, FallKind, LinkId, Moves, Timestamp};

/// How often the network looks, and how often the room is asked what its links saw, as the engine does both.
const LOOK_EVERY_SECS: f64 = 0.25;
const TAKE_EVERY_SECS: f64 = 0.5;
/// Whoever has fallen and needs help lies at least so long.
pub const LIE_SECS: f32 = 45.0;

/// What was seen of one room.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LivedByPose {
    pub seed: u64,
    pub links: u8,
    pub rate_hz: f32,
    pub asked_hours: f32,
    /// Who falls, and stays on the floor until the end; `None` where nobody falls.
    pub fall: Option<FallKind>,
    pub hours: f64,
    /// SHA-256 of the network that looked.
    pub network: String,
    pub n_looks: usize,
    /// In the order in which the watch took them.
    pub seen: Vec<Seen>,
    /// What was being done; nothing while the person was away.
    pub spans: Vec<ActivitySpan>,
}

/// What the watch takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    Look(DescentLook),
    /// Its peak, and the mean of its links' features.
    Burst(Timestamp, Vec<f64>),
}

impl LivedByPose {
    /// Every event as often as it was told, and the number of looks after which descents could be judged.
    pub fn events(&self, model: &DescentModel) -> (Vec<Event>, usize) {
        let mut watch = DescentWatch::with(Some(model.clone()), fall::Config::default());
        let (mut events, mut n_judged) = (Vec::new(), 0);
        for seen in &self.seen {
            match seen {
                Seen::Look(look) => {
                    events.extend(watch.look(look));
                    n_judged += usize::from(watch.state().is_ok());
                }
                Seen::Burst(peak, features) => watch.hear_burst(*peak, features.clone()),
            }
        }
        (events, n_judged)
    }
}

/// Watches a room for so many hours, or as long as its story goes; `None` where `goes_on`, which is asked every simulated
/// minute, ended it before.
pub fn live_by_pose(
    seed: u64,
    asked_hours: f32,
    options: &SceneOptions,
    network: (&Models, &RadioPose),
    goes_on: &dyn Fn() -> bool,
) -> anyhow::Result<Option<LivedByPose>> {
    let mut simulator = Simulator::new(&SimulatorSpec::daily_living(seed, asked_hours, options));
    let end = simulator.script_end().min(Timestamp::from_secs_f64(f64::from(asked_hours) * 3_600.0));
    watched(&mut simulator, end, seed, options, network, goes_on)
        .map(|lived| Some(LivedByPose { asked_hours, ..lived? }))
}

/// Watches a fall, after which the person stays on the floor for [`LIE_SECS`].
pub fn lie_by_pose(
    seed: u64,
    options: &SceneOptions,
    network: (&Models, &RadioPose),
    goes_on: &dyn Fn() -> bool,
) -> anyhow::Result<Option<LivedByPose>> {
    // Every third room of the trials holds a fall; there, of the same kind.
    let Trial::Fall(kind) = Trial::of(seed) else { return Ok(None) };
    let mut simulator = Simulator::new(&SimulatorSpec::long_lie(kind, LIE_SECS, seed, options));
    let end = simulator.script_end();
    watched(&mut simulator, end, seed, options, network, goes_on)
        .map(|lived| Some(LivedByPose { fall: Some(kind), ..lived? }))
}

fn watched(
    simulator: &mut Simulator,
    end: Timestamp,
    seed: u64,
    options: &SceneOptions,
    network: (&Models, &RadioPose),
    goes_on: &dyn Fn() -> bool,
) -> anyhow::Result<Option<LivedByPose>> {
    let Some((seen, n_looks)) = look_on(simulator, end, network, goes_on)? else { return Ok(None) };
    Ok(Some(LivedByPose {
        seed,
        links: options.n_links,
        rate_hz: options.rate_hz,
        hours: end.secs_f64() / 3_600.0,
        network: network.1.description().network_sha256.clone(),
        n_looks,
        seen,
        spans: simulator.activities(end),
        ..LivedByPose::default()
    }))
}

/// Looks at a scene until `end`, as the engine does; also tells how many looks were due.
fn look_on(
    simulator: &mut Simulator,
    end: Timestamp,
    (models, network): (&Models, &RadioPose),
    goes_on: &dyn Fn() -> bool,
) -> anyhow::Result<Option<(Vec<Seen>, usize)>> {
    let site = simulator.site().clone();
    let config = fall::Config { gathers: true, ..fall::Config::default() };
    let model = RoomModel::simulated().ok_or_else(|| anyhow::anyhow!("the program came without its model of falls"))?;
    let mut room = Room::new(model, true, config, Learning::default());
    let mut watches: BTreeMap<LinkId, Watch> = BTreeMap::new();
    let mut perceiver = Perceiver::default();
    let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
    let (mut seen, mut n_looks) = (Vec::new(), 0);
    let (mut evidence, mut taken) = (Vec::new(), Timestamp::ZERO);
    let mut due = Timestamp::from_secs_f64(WINDOW_SECS);
    let mut minute = 0;
    loop {
        let frame = simulator.next_frame();
        let Some(time) = frame.host_time else { continue };
        if time >= end {
            return Ok(Some((seen, n_looks)));
        }
        let watch = watches.entry(frame.link).or_insert_with(|| Watch::for_falls(frame.link, config));
        watch.push(time, &frame);
        evidence.extend(watch.take_evidence());
        if time.secs_since(taken) >= TAKE_EVERY_SECS {
            taken = time;
            for judged in room.take(time, evidence.drain(..)) {
                let peak = judged.evidence.leader().map(|leader| leader.peak);
                seen.extend(peak.map(|peak| Seen::Burst(peak, judged.evidence.pooled())));
            }
        }
        if time > due {
            n_looks += 1;
            if let Ok(window) = perceiver.window(due, &site) {
                let (answers, features) = network.run(models, &window.inputs)?;
                let reading = window.read(&answers, &features, network.description());
                // As the engine does: a window outside of the network's support is no look at an empty room.
                let lone = window.lone(&answers, network.description());
                if reading.refusals.is_empty() || reading.moves == Moves::Nothing {
                    tracker.look(reading.time, reading.moves, &reading.detections, lone.as_ref(), reading.count[0]);
                }
                let (count, movement_db) = (reading.count, window.conditions.movement_db);
                let mut look = DescentLook::of(reading.time, lone.as_ref(), count, movement_db, tracker.tracks(), &[]);
                look.sight.iter_mut().for_each(shorten);
                seen.push(Seen::Look(look));
            }
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

/// To a tenth of a millimetre, which is far below what a network can tell: files of many hours stay half as long.
fn shorten(sight: &mut Sight) {
    let shorter = |value: &mut f64| *value = (*value * 1e4).round() / 1e4;
    [&mut sight.height_m, &mut sight.place_sigma_m, &mut sight.nobody].into_iter().for_each(shorter);
    sight.place_m.iter_mut().for_each(shorter);
    sight.movement_db = (sight.movement_db * 1e2).round() / 1e2;
}
