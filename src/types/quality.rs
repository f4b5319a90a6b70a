//! What a link's data can be used for, before anybody claims anything.

use serde::Serialize;

/// One word for fitness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    NotUsable,
    Usable,
    Good,
}

impl Grade {
    pub fn label(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Usable => "usable",
            Self::NotUsable => "not usable",
        }
    }
}

/// What somebody wants to do with the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Presence,
    /// 0.1-0.5 Hz.
    Breathing,
    Activity,
    Falls,
}

impl Purpose {
    pub const ALL: [Self; 4] = [Self::Presence, Self::Breathing, Self::Activity, Self::Falls];

    pub fn label(self) -> &'static str {
        match self {
            Self::Presence => "presence",
            Self::Breathing => "breathing",
            Self::Activity => "activity",
            Self::Falls => "falls",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PurposeVerdict {
    pub purpose: Purpose,
    pub grade: Grade,
    /// One sentence with the figure that decided, e.g. "52 packets/s: movements above 1.5 m/s alias".
    pub reason: String,
}

/// Measured properties of one stream and the verdicts that follow from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LinkQuality {
    pub n_frames: u64,
    pub duration_secs: f64,
    /// Median packet rate, Hz.
    pub rate_hz: Option<f64>,
    /// Robust spread of packet intervals over the median interval, dimensionless.
    pub jitter: Option<f64>,
    pub n_gaps: u32,
    pub longest_gap_secs: f64,
    pub loss: Option<f64>,
    pub n_bins: usize,
    /// Bins with next to no energy (guards, carrier, nulls).
    pub n_dead_bins: usize,
    /// Bins whose values sit at the converter's limit or never change.
    pub n_saturated_bins: usize,
    /// Steps of more than 3 dB common to all bins.
    pub n_agc_jumps: u32,
    pub n_transmitters: usize,
    pub n_clock_wraps: u32,
    /// Host or device stamps that went backwards or stood still.
    pub n_clock_faults: u32,
    /// Median over bins of mean amplitude over its short-term spread, dB: how still the static channel is.
    pub static_snr_db: Option<f64>,
    /// Empty until there is enough data to say anything.
    pub verdicts: Vec<PurposeVerdict>,
}

impl LinkQuality {
    pub fn verdict(&self, purpose: Purpose) -> Option<&PurposeVerdict> {
        self.verdicts.iter().find(|v| v.purpose == purpose)
    }

    /// The best grade over all purposes; `None` before there is enough data.
    pub fn best(&self) -> Option<Grade> {
        self.verdicts.iter().map(|v| v.grade).max()
    }
}
