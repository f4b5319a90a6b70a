//! What the detectors say of each link, and the events that they have told so far.

use std::sync::Arc;

use super::rooms::FallsHere;
use crate::analytics::fall::{Alarms, Unsupported};
use crate::analytics::watch::{Presence, Watch};
use crate::tracking::summary::BreathingReading;
use crate::types::{Estimate, Event, Timestamp};

/// What one link says of the people near it at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensed {
    pub presence: Presence,
    /// Whether a machine shakes the channel; `None` while too little has been seen.
    pub has_machine: Option<bool>,
    /// Whether falls are judged, and if not, why.
    pub falls: Result<(), Unsupported>,
    /// How the link's room judges falls; `None` before anything was seen.
    pub room: Option<FallsHere>,
}

impl Sensed {
    pub fn of(watch: &Watch, room: Option<FallsHere>) -> Self {
        let is_on = room.is_some_and(|here| matches!(here.alarms, Alarms::On(_)));
        let falls = match watch.falls_supported() {
            // The link has no model of its own, and needs none where the room's judges.
            Err(Unsupported::NotCalibrated) if is_on => Ok(()),
            other => other,
        };
        Self { presence: watch.presence(), has_machine: watch.has_machine(), falls, room }
    }
}

impl Default for Sensed {
    fn default() -> Self {
        Self { presence: Presence::NotCalibrated, has_machine: None, falls: Err(Unsupported::Warming), room: None }
    }
}

/// A reading of a link is not told again sooner, seconds: windows of breathing overlap.
const BREATHING_EVERY_SECS: f64 = 15.0;
/// More readings than a day has.
const MAX_BREATHING: usize = 10_000;
/// Breaths a minute that a rate of quality one may be off (one standard deviation); a bin of the spectrum of half a minute
/// is 2 a minute wide.
const BREATHING_SIGMA: f64 = 1.0;

/// Breathing rates that links have told. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct BreathLog {
    readings: Arc<Vec<BreathingReading>>,
    last: Option<Timestamp>,
}

impl BreathLog {
    pub fn note(&mut self, time: Timestamp, presence: Presence) {
        let Presence::Still { breaths_per_min, quality } = presence else { return };
        // A clock that was set back starts anew.
        let is_due = self.last.is_none_or(|last| !(0.0..BREATHING_EVERY_SECS).contains(&time.secs_since(last)));
        if !is_due || quality <= 0.0 {
            return;
        }
        self.last = Some(time);
        let readings = Arc::make_mut(&mut self.readings);
        if readings.len() >= MAX_BREATHING {
            readings.remove(0);
        }
        let per_min = Estimate::new(breaths_per_min, BREATHING_SIGMA / quality.min(1.0));
        readings.push(BreathingReading { time, per_min });
    }

    pub fn readings(&self) -> Arc<Vec<BreathingReading>> {
        Arc::clone(&self.readings)
    }
}

/// More events than anybody looks through; the oldest leave first.
const MAX_EVENTS: usize = 5_000;

/// Events in order of their beginning, each as it was told last. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct EventLog(Arc<Vec<Event>>);

impl EventLog {
    pub fn tell(&mut self, event: Event) {
        let events = Arc::make_mut(&mut self.0);
        if let Some(known) = events.iter_mut().rev().find(|known| known.id == event.id) {
            if known.revision <= event.revision {
                *known = event;
            }
            return;
        }
        let at = events.partition_point(|known| known.span.start <= event.span.start);
        events.insert(at, event);
        if events.len() > MAX_EVENTS {
            events.remove(0);
        }
    }

    /// In order of their beginning.
    pub fn events(&self) -> Arc<Vec<Event>> {
        Arc::clone(&self.0)
    }

    /// Several logs as one.
    pub fn merged<'a>(logs: impl Iterator<Item = &'a Arc<Vec<Event>>>) -> Arc<Vec<Event>> {
        let mut logs: Vec<_> = logs.filter(|log| !log.is_empty()).collect();
        match (logs.pop(), logs.is_empty()) {
            (None, _) => Arc::default(),
            (Some(only), true) => Arc::clone(only),
            (Some(last), false) => {
                let mut all: Vec<Event> = logs.into_iter().chain([last]).flat_map(|log| log.iter().cloned()).collect();
                all.sort_by_key(|event| event.span.start);
                Arc::new(all)
            }
        }
    }
}
