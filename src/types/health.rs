//! How a source and a link are doing right now.

use serde::Serialize;

use super::Timestamp;

/// The state of a source's connection, with the words a person needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "message")]
pub enum SourceState {
    Starting,
    Running,
    /// Connected, but nothing came for a while; says what to check.
    Silent(String),
    /// Tries again by itself.
    Reconnecting(String),
    Paused,
    Ended,
    /// Will not come back by itself.
    Failed(String),
}

/// Transport figures of one stream, over the last few seconds of its own time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct LinkHealth {
    pub rate_hz: Option<f32>,
    /// Lost packets by the sender's sequence numbers, 0..=1; `None` where the format has none that count.
    pub loss: Option<f32>,
    pub n_frames: u64,
    /// Frames given up by a full inbox. The recording still has them.
    pub n_dropped: u64,
    /// From arrival to snapshot, seconds; live sources only.
    pub latency_secs: Option<f32>,
    pub last_seen: Option<Timestamp>,
    pub clock: Option<ClockHealth>,
}

/// What is known of a device's clock against the host's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ClockHealth {
    /// Host time minus device time, nanoseconds.
    pub offset_nanos: i64,
    /// Device clock's rate error, parts per million; positive when the device runs fast.
    pub drift_ppm: Option<f32>,
    /// Spread (robust standard deviation) of arrival around the fitted line, nanoseconds.
    pub jitter_nanos: i64,
    pub n_wraps: u32,
    pub n_resets: u32,
    /// Host stamps that went backwards.
    pub n_host_steps_back: u32,
    /// Frames whose stamps all stood still; they share a time.
    pub n_repeats: u32,
}
