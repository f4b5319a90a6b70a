//! What the detectors say of each link, and the events that they have told so far.

use std::sync::Arc;

use crate::analytics::fall::Unsupported;
use crate::analytics::watch::{Presence, Watch};
use crate::types::Event;

/// What one link says of the people near it at this moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sensed {
    pub presence: Presence,
    /// Whether a machine shakes the channel; `None` while too little has been seen.
    pub has_machine: Option<bool>,
    /// Whether falls are judged, and if not, why.
    pub falls: Result<(), Unsupported>,
}

impl Sensed {
    pub fn of(watch: &Watch) -> Self {
        Self { presence: watch.presence(), has_machine: watch.has_machine(), falls: watch.falls_supported() }
    }
}

impl Default for Sensed {
    fn default() -> Self {
        Self { presence: Presence::NotCalibrated, has_machine: None, falls: Err(Unsupported::Warming) }
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
