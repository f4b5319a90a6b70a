//! Hours of ordinary living in simulated rooms, watched as a running program watches them.
//!
//! Goes in: a seed, which is the room and who lives there. Comes out: everything that moved, as all links described it.
//! Nobody falls, so every alarm is a false one.

use std::collections::BTreeMap;

use crate::analytics::fall::{self, Learning, Room, RoomEvidence, RoomModel};
use crate::analytics::watch::Watch;
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::types::{LinkId, Timestamp};

/// What was seen of one room.
#[derive(Clone, Debug, Default)]
pub struct Lived {
    pub hours: f64,
    /// Score of each moment in which something moved.
    pub scores: Vec<f64>,
    pub evidence: Vec<RoomEvidence>,
}

/// Watches a room for so many hours, or as long as its story goes. `goes_on` is asked every simulated minute.
pub fn live(seed: u64, hours: f32, options: &SceneOptions, model: &RoomModel, goes_on: &dyn Fn() -> bool) -> Lived {
    let mut simulator = Simulator::new(&SimulatorSpec::daily_living(seed, hours, options));
    let config = fall::Config { gathers: true, ..fall::Config::default() };
    let end = simulator.script_end().min(Timestamp::from_secs_f64(f64::from(hours) * 3_600.0));
    let mut watches: BTreeMap<LinkId, Watch> = BTreeMap::new();
    // Real data's rules: nothing alarms while it learns, so that every moment is kept.
    let mut room =
        Room::new(model.clone(), false, config, Learning { needed_hours: f64::INFINITY, ..Learning::default() });
    let mut lived = Lived::default();
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
                lived.scores.push(judged.scored.score);
                lived.evidence.push(judged.evidence);
            }
        }
        let now_minute = (time.secs_f64() / 60.0) as u64;
        if is_over || (now_minute > minute && !goes_on()) {
            lived.hours = time.secs_f64() / 3_600.0;
            return lived;
        }
        minute = now_minute;
    }
}
