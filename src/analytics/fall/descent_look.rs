//! What one window of the pose network says to the watch for falls by height.

use serde::{Deserialize, Serialize};

use super::descent::Sight;
use crate::types::{Detection, Timestamp, Track, TrackId};

/// More people than one are likelier than this: whose height it is cannot be told.
const SEVERAL: f64 = 0.5;

/// What one window said, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescentLook {
    pub time: Timestamp,
    /// Of the one person; `None` where the window tells no height.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sight: Option<Sight>,
    /// Whose height it is cannot be told.
    pub several: bool,
    /// The first of those who are followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<TrackId>,
    /// Who is in a bed or a seat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resting: Vec<TrackId>,
}

impl DescentLook {
    /// Of what the network says of the one person even where it cannot tell their place (`None` where the window cannot be
    /// judged at all), its chances of nobody, one and more, how much moves ([`Sight::movement_db`]), who is followed, and who
    /// is in a bed or seat.
    pub fn of(
        time: Timestamp,
        lone: Option<&Detection>,
        count: [f64; 3],
        movement_db: f32,
        tracks: &[Track],
        resting: &[TrackId],
    ) -> Self {
        let mut present = tracks.iter().filter(|track| track.state.is_present());
        let track = present.next().map(|track| track.id);
        let several = present.next().is_some() || count[2] > SEVERAL;
        let sight = lone.filter(|_| !several).and_then(|person| Sight::of(time, person, count[0], movement_db));
        Self { time, sight, several, track, resting: resting.to_vec() }
    }
}
