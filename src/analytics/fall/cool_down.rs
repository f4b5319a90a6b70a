//! Silence after an alarm, twice as long each time until it has been quiet: alarms cannot flood.

use super::detector::Config;
use crate::types::Timestamp;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CoolDown {
    silent_until: Option<Timestamp>,
    secs: f64,
    last_alarm: Option<Timestamp>,
    n_suppressed: u64,
}

impl CoolDown {
    /// Whether something at this time may raise an alarm; if so the silence begins.
    pub fn allows(&mut self, peak: Timestamp, config: &Config) -> bool {
        if self.silent_until.is_some_and(|until| peak < until) {
            self.n_suppressed += 1;
            return false;
        }
        if self.last_alarm.is_none_or(|last| peak.secs_since(last) > config.forgive_secs) {
            self.secs = config.cool_down_secs;
        }
        self.silent_until = Some(peak.plus_secs(self.secs));
        self.secs = (2.0 * self.secs).min(config.max_cool_down_secs);
        self.last_alarm = Some(peak);
        true
    }

    /// Alarms that were kept back.
    pub fn n_suppressed(&self) -> u64 {
        self.n_suppressed
    }
}
