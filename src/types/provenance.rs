//! Where a figure on screen comes from.

use serde::{Deserialize, Serialize};

/// Carried by every source, snapshot, recording and export, and shown on every panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Provenance {
    /// Measured by a radio that is attached now.
    Live,
    /// Measured by a radio earlier and read from a recording.
    Replay,
    /// Computed by our own simulator: no radio was involved, also when it is replayed.
    Simulated,
}

impl Provenance {
    pub fn label(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Replay => "REPLAY",
            Self::Simulated => "SIMULATED",
        }
    }
}
