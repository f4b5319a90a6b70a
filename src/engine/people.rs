//! Who is followed in the room, as a snapshot tells it: people with what may be shown of each, zones, and where time is spent.
//!
//! Plain data. Where the radio does not carry people, [`People::blank`] says why and what would help; nothing is made up.

use std::sync::Arc;

use crate::analytics::fall::DescentUnsupported;
use crate::pose::Shown;
use crate::tracking::occupancy::{FloorMap, OccupancyTimeline};
use crate::tracking::summary::DayLog;
use crate::tracking::zones::ZoneState;
use crate::types::{Provenance, Timestamp, Track, TrackId};

/// One person who is here now.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownPerson {
    pub track: Track,
    /// How much of the pose the evidence carries; drawers obey it.
    pub shown: Shown,
    /// Stature in metres to draw a figure with, where somebody has told or the radio has found it.
    pub height_m: Option<f64>,
}

/// Why no bodies are shown, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blank {
    pub reason: String,
    pub remedy: String,
}

/// Whether falls are judged by the height of the one person who is here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FallsByHeight {
    pub state: Result<(), DescentUnsupported>,
    /// False alarms a day in simulated ordinary living; `None` where none was watched.
    pub alarms_per_day: Option<f64>,
    /// Whether alarms are raised; on what is not simulated nothing was proven, and falls are told as notices.
    pub alarms: bool,
}

impl FallsByHeight {
    pub fn text(self) -> String {
        let Self { state, alarms_per_day, alarms } = self;
        if let Err(why) = state {
            return why.text().to_owned();
        }
        let rate = match alarms_per_day {
            Some(n) => format!("{n:.1} false alarms a day in simulated ordinary living"),
            None => "false alarms a day were not measured".to_owned(),
        };
        let told = if alarms { "" } else { "told as notices, not proven on real rooms · " };
        format!("Falls are judged by height · {told}{rate}")
    }
}

#[derive(Clone, Debug, Default)]
pub struct People {
    /// The moment that this is for: the middle of the newest window of radio data. `None` before there was one.
    pub time: Option<Timestamp>,
    /// Of the source that it comes from.
    pub provenance: Option<Provenance>,
    /// By name. Empty also when nothing can be told: see `blank`.
    pub persons: Vec<ShownPerson>,
    /// The most severe first; empty when people are judged.
    pub blank: Vec<Blank>,
    /// Probabilities of nobody, one, and two or more people in the newest window; `None` when unsupported.
    pub count: Option<[f32; 3]>,
    /// `None` before there was a window.
    pub falls: Option<FallsByHeight>,
    /// Links that the newest window rests on.
    pub n_links: usize,
    /// Which network looked, with its version, for the screen; `None` when none is installed.
    pub network: Option<String>,
    /// How long the network took for the newest window, milliseconds.
    pub network_ms: Option<f32>,
    /// In the order of the site's zones; empty before anybody was followed.
    pub zones: Vec<ZoneState>,
    /// Seconds of presence over the floor; `None` without a room.
    pub floor: Option<Arc<FloorMap>>,
    pub occupancy: Option<Arc<OccupancyTimeline>>,
    /// What summaries are told from.
    pub log: Arc<DayLog>,
}

impl People {
    pub fn person(&self, id: TrackId) -> Option<&ShownPerson> {
        self.persons.iter().find(|person| person.track.id == id)
    }
}
