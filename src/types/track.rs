//! A person followed through time.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Pose, Timestamp};

/// Names one person for as long as the tracker can tell that it is the same one; never given twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u64);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "person {}", self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackState {
    /// Perhaps a person: not shown, not counted.
    Birth,
    Confirmed,
    /// Nothing has moved since they were seen: they are where they were.
    Still,
    /// Not seen for a moment; the place is a prediction.
    Coasting,
    /// Gone; remembered for the case that they come back.
    Lost,
}

impl TrackState {
    pub fn label(self) -> &'static str {
        match self {
            Self::Birth => "new",
            Self::Confirmed => "followed",
            Self::Still => "still",
            Self::Coasting => "not seen",
            Self::Lost => "lost",
        }
    }

    /// Whether this is somebody who is here now.
    pub fn is_present(self) -> bool {
        matches!(self, Self::Confirmed | Self::Still | Self::Coasting)
    }
}

/// How much moves from its place at a moment, as far as radios see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moves {
    /// No more than in an empty room.
    Nothing,
    /// Something, and nobody walks: who was followed is where they were.
    Little,
    #[default]
    Much,
}

/// A past place of a track.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrailPoint {
    pub time: Timestamp,
    pub position_m: [f64; 2],
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Track {
    pub id: TrackId,
    pub state: TrackState,
    pub born: Timestamp,
    /// The time that `pose` and `velocity_m_per_s` are for.
    pub time: Timestamp,
    /// When a detection was last taken for this person.
    pub last_seen: Timestamp,
    /// Filtered; its root is where the person is.
    pub pose: Pose,
    pub velocity_m_per_s: [f64; 2],
    /// Of the velocity, (m/s)², symmetric.
    pub velocity_covariance: [[f64; 2]; 2],
    /// 0..=1: that there is somebody at all.
    pub existence: f64,
    /// 0..=1: that this is the person who first had the name; falls when people meet and cannot be told apart.
    pub identity: f64,
    /// One detection stands for this person and another one at the same spot.
    pub shared: bool,
    /// The oldest first; thinned, and no longer than a few minutes of walking.
    pub trail: VecDeque<TrailPoint>,
}

impl Track {
    pub fn position_m(&self) -> [f64; 2] {
        self.pose.root.position_m
    }

    /// 0..=1: [`Self::existence`], and 0 where that is no probability.
    pub fn presence(&self) -> f64 {
        if (0.0..=1.0).contains(&self.existence) { self.existence } else { 0.0 }
    }

    pub fn speed_m_per_s(&self) -> f64 {
        self.velocity_m_per_s[0].hypot(self.velocity_m_per_s[1])
    }

    pub fn age_secs(&self) -> f64 {
        self.time.secs_since(self.born)
    }
}
