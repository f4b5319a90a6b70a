//! What a day was like: figures for those who care for people, keep a shop, or guard a place.
//!
//! A [`DayLog`] gathers; [`care`], [`shop`] and [`security`] tell. Falls and breathing come from elsewhere and are passed in.
//! A figure that cannot be told says why, and is never a zero.

mod care;
mod log;
mod security;
mod shop;

use serde::Serialize;

pub use care::{BreathingReading, CareInputs, CareSummary, care};
pub use log::{DayLog, GaitSample, Visit, ZoneStay};
pub use security::{Intrusion, SecuritySummary, security};
pub use shop::{Flow, ShopSummary, ZoneFigures, shop};

/// A number, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// With one standard deviation, where that is known.
    Known {
        value: f64,
        sigma: Option<f64>,
    },
    Unknown {
        why: &'static str,
    },
}

impl Figure {
    pub fn exactly(value: f64) -> Self {
        Self::Known { value, sigma: None }
    }

    pub fn value(&self) -> Option<f64> {
        match self {
            Self::Known { value, .. } => Some(*value),
            Self::Unknown { .. } => None,
        }
    }
}

/// Why a day that nobody watched has no figures.
const NOT_WATCHED: &str = "nobody was watching: no frames came, or nobody could be followed";
const NO_ZONES: &str = "no zones are drawn";

/// The middle of a sample, and its standard deviation, about that of a mean times 1.25 (for normal errors).
fn median(sample: &mut [f64]) -> Option<(f64, f64)> {
    sample.sort_by(f64::total_cmp);
    let n = sample.len();
    let upper = *sample.get(n / 2)?;
    let middle = if n % 2 == 1 { upper } else { 0.5 * (upper + sample[n / 2 - 1]) };
    let mean = sample.iter().sum::<f64>() / n as f64;
    let variance = sample.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n.max(2) - 1) as f64;
    Some((middle, 1.25 * (variance / n as f64).sqrt()))
}
