//! From what score on a place raises an alarm: set from movement there that was no fall, to a number of false alarms a day.
//!
//! Thresholds from other people and rooms miss their aim (76 % instead of 95 % specificity in `spec/falls.md` section 3.6).

use serde::{Deserialize, Serialize};

/// A place's threshold and what it was set from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Scores above it raise an alarm.
    pub score: f64,
    /// False alarms a day that are to be expected.
    pub alarms_per_day: f64,
    pub n_events: usize,
    pub hours: f64,
    /// The budget is finer than what was observed can tell: the tail of the scores was extended.
    pub extrapolated: bool,
}

/// Fewer events of the place are no basis (`spec/falls.md` section 3.6).
pub const MIN_EVENTS: usize = 20;
/// The highest scores from which the tail is extended.
const N_TAIL: usize = 10;

impl Threshold {
    /// The lowest threshold that keeps to the budget; `scores` are of events within `hours` in which nobody fell.
    ///
    /// Where even one alarm within the hours observed would be above the budget, the scores' tail is taken to fall off
    /// exponentially from the tenth highest on (peaks over threshold: Pickands, Annals of Statistics 1975). `None` with
    /// fewer than [`MIN_EVENTS`] events, or where hours or budget are not positive.
    pub fn for_budget(scores: &[f64], hours: f64, alarms_per_day: f64) -> Option<Self> {
        let mut sorted: Vec<f64> = scores.iter().copied().filter(|score| score.is_finite()).collect();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let n_events = sorted.len();
        if n_events < MIN_EVENTS || !(hours > 0.0 && alarms_per_day > 0.0) {
            return None;
        }
        let per_day = |n: usize| n as f64 * 24.0 / hours;
        let n_allowed = (0..n_events).take_while(|n| per_day(n + 1) <= alarms_per_day).count();
        if n_allowed > 0 {
            // Just at the first score that must stay silent, so that exactly the allowed ones lie above.
            let score = *sorted.get(n_allowed.min(n_events - 1))?;
            return Some(Self { score, alarms_per_day: per_day(n_allowed), n_events, hours, extrapolated: false });
        }
        let base = *sorted.get(N_TAIL)?;
        let excess = sorted.iter().take(N_TAIL).map(|score| score - base).sum::<f64>() / N_TAIL as f64;
        let score = base + excess * (per_day(N_TAIL) / alarms_per_day).ln();
        // Never below what has been seen without a fall.
        let score = score.max(*sorted.first()?);
        Some(Self { score, alarms_per_day, n_events, hours, extrapolated: true })
    }
}
