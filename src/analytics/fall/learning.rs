//! A room's ordinary movement, from which its threshold is set: what was seen for how long while nobody fell.
//!
//! Plain data, to be stored with the room. It keeps the features and not the scores, so that a new model finds its threshold
//! at once.

use serde::{Deserialize, Serialize};

use super::room::{Alarms, RoomModel};
use super::threshold::{MIN_EVENTS, Threshold};
use crate::types::Timestamp;

/// False alarms a day unless somebody chooses otherwise.
pub const ALARMS_PER_DAY: f64 = 1.0;
/// One day of a room has most of what happens in it. Chosen, not measured.
pub const NEEDED_HOURS: f64 = 24.0;
/// Newer events replace older ones beyond this many: 200 bytes each.
const MAX_EVENTS: usize = 5_000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learning {
    pub alarms_per_day: f64,
    pub needed_hours: f64,
    /// Time that was watched, as long as the kept events go back.
    pub hours: f64,
    /// When, and the pooled features.
    pub events: Vec<(Timestamp, Vec<f32>)>,
}

impl Default for Learning {
    fn default() -> Self {
        Self { alarms_per_day: ALARMS_PER_DAY, needed_hours: NEEDED_HOURS, hours: 0.0, events: Vec::new() }
    }
}

impl Learning {
    pub fn watched(&mut self, secs: f64) {
        self.hours += secs / 3_600.0;
    }

    pub fn observe(&mut self, peak: Timestamp, pooled: &[f64]) {
        if self.events.len() >= MAX_EVENTS {
            self.hours *= 1.0 - 1.0 / self.events.len() as f64;
            self.events.remove(0);
        }
        self.events.push((peak, pooled.iter().map(|v| *v as f32).collect()));
    }

    pub fn forget(&mut self, peak: Timestamp) {
        self.events.retain(|(time, _)| *time != peak);
    }

    /// The threshold for a model; `None` while too little was seen.
    pub fn threshold(&self, model: &RoomModel) -> Option<Threshold> {
        if self.hours < self.needed_hours {
            return None;
        }
        let row = |features: &Vec<f32>| features.iter().map(|v| f64::from(*v)).collect::<Vec<f64>>();
        let scores: Vec<f64> =
            self.events.iter().filter_map(|(_, features)| Some(model.score_pooled(&row(features))?.score)).collect();
        Threshold::for_budget(&scores, self.hours, self.alarms_per_day)
    }

    pub fn state(&self) -> Alarms {
        Alarms::Learning {
            hours: self.hours,
            needed_hours: self.needed_hours,
            n_events: self.events.len(),
            needed_events: MIN_EVENTS,
        }
    }
}
