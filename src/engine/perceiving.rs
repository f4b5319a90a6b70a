//! The frames of all sources of one provenance to people: windows at a steady pace, the network, and who is followed.
//!
//! A room is watched by the links of all its radios together, whichever source they come through.

use std::sync::Arc;

use super::following::{Following, Look};
use super::people::{Blank, People};
use super::radio_network::RadioNetwork;
use crate::analytics::fall::RoomEvidence;
use crate::pose::layout::WINDOW_SECS;
use crate::pose::support::Unsupported;
use crate::pose::{Perceiver, PoseWindow, Reading};
use crate::types::{CsiFrame, Detection, Event, Moves, Provenance, Site, Timestamp};

/// Time between the ends of two windows, s: they overlap by four fifths, and people are told of four times a second.
const EVERY_SECS: f64 = 0.25;
/// A window is looked at this long after its end, s: frames of several radios come in each other's wake.
const WAKE_SECS: f64 = 0.04;

pub struct Perceiving {
    perceiver: Perceiver,
    following: Following,
    site: Arc<Site>,
    provenance: Provenance,
    /// When the next window ends.
    due: Option<Timestamp>,
}

impl Perceiving {
    pub fn new(site: Arc<Site>, provenance: Provenance) -> Self {
        Self {
            perceiver: Perceiver::default(),
            following: Following::new(Arc::clone(&site), provenance),
            site,
            provenance,
            due: None,
        }
    }

    pub fn set_site(&mut self, site: &Arc<Site>) {
        self.following.set_site(site);
        self.site = Arc::clone(site);
    }

    pub fn people(&self) -> Arc<People> {
        self.following.view()
    }

    /// Whether falls are judged here, by the height of the one person who is followed.
    pub fn judges_falls(&self) -> bool {
        self.following.falls_supported().is_ok()
    }

    /// Takes a sudden movement that the links saw: it speaks for or against a fall at that moment.
    pub fn hear(&mut self, moment: &RoomEvidence) {
        self.following.hear(moment);
    }

    /// Takes what came in the last ten seconds for the empty room; answers of how many links.
    pub fn learn_empty(&mut self) -> usize {
        self.perceiver.learn_empty()
    }

    /// A replay jumps: nobody is followed across it, but the empty room stays known.
    pub fn jump(&mut self) {
        self.perceiver.forget_packets();
        self.following = Following::new(Arc::clone(&self.site), self.provenance);
        self.due = None;
    }

    /// Takes a frame; when a window has ended, looks at it and returns what happened in the zones.
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame, network: &RadioNetwork) -> Vec<Event> {
        self.perceiver.push(time, frame);
        let next = time_after(time);
        let due = *self.due.get_or_insert(next);
        // A clock that was set back must not wait for the old future.
        if due > next.plus_secs(EVERY_SECS) {
            self.due = Some(next);
            return Vec::new();
        }
        if time.secs_since(due) < WAKE_SECS {
            return Vec::new();
        }
        self.due = Some(next);
        self.look(due, network)
    }

    fn look(&mut self, end: Timestamp, network: &RadioNetwork) -> Vec<Event> {
        let window = self.perceiver.window(end, &self.site);
        let mut look =
            Look { time: end.plus_secs(-WINDOW_SECS / 2.0), evidence: self.perceiver.evidence(), ..Look::default() };
        match window {
            Err(reasons) => look.blank = reasons.iter().map(blank).collect(),
            Ok(window) => match judge(&window, network, &mut look) {
                Ok((reading, lone)) => {
                    look.movement_db = window.conditions.movement_db;
                    look.moves = reading.moves;
                    let still = look.moves == Moves::Nothing;
                    let Reading { detections, count, refusals, evidence, .. } = reading;
                    (look.lone, look.chances) = (lone, Some(count));
                    look.count = (refusals.is_empty() || still).then(|| count.map(|share| share as f32));
                    (look.detections, look.evidence) = (detections, evidence);
                    look.blank = refusals.iter().map(blank).collect();
                }
                Err(reason) => {
                    let remedy = "look at the Models panel, or install another version".to_owned();
                    look.blank = vec![Blank { reason, remedy }];
                }
            },
        }
        self.following.see(&look)
    }
}

/// What the network sees, and what it says of one person even where it cannot tell their place.
fn judge(window: &PoseWindow, network: &RadioNetwork, look: &mut Look) -> Result<(Reading, Option<Detection>), String> {
    let network = network.get()?;
    look.network = Some(network.label.clone());
    let seen = network.look(window)?;
    look.network_ms = network.latency_ms();
    Ok(seen)
}

fn blank(reason: &Unsupported) -> Blank {
    Blank { reason: reason.reason(), remedy: reason.remedy().to_owned() }
}

/// The first end of a window after `time`: ends lie on a grid of the time axis, so that a replay sees the same windows wherever it
/// begins.
fn time_after(time: Timestamp) -> Timestamp {
    let every = (EVERY_SECS * 1e9) as i64;
    Timestamp((time.0.div_euclid(every) + 1).saturating_mul(every))
}
