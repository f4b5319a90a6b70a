//! What the tracker takes people, rooms and detectors to be like.

/// The figures of [`super::Tracker`]. The defaults are meant for one detection a person every 0.1 to 0.5 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackerConfig {
    /// Spectral density of a walker's acceleration along one axis, m²/s³.
    ///
    /// With [`Self::velocity_memory_secs`] it makes velocities of 0.55 m/s along each axis, standing included: adults walk
    /// at 1.2 to 1.4 m/s (Bohannon, Age and Ageing 26, 1997), indoors slower and about half of the time, and reach or lose
    /// that speed within one to two steps (Breniere and Do, J. Biomech. 19, 1986).
    pub acceleration_m2_per_s3: f64,
    /// How long a velocity lasts, s: indoors, ways are short and people keep turning and stopping.
    pub velocity_memory_secs: f64,
    /// How long a detector's error stays alike, s. Windows of 1.28 s (`spec/pose.md` section 1) that overlap share
    /// their data, so half a window.
    pub error_memory_secs: f64,
    /// The part of the error's variance that stays alike for that long; the rest is new in each detection.
    pub error_shared: f64,
    /// How often a person who is there is detected, 0..1.
    pub detection_probability: f64,
    /// False detections in a square metre and frame.
    pub clutter_per_m2: f64,
    /// A detection farther off than this is no candidate: squared Mahalanobis distance. 18.4 is the 99.99 % point of
    /// the chi-square distribution with two degrees of freedom.
    pub gate: f64,
    /// A new track is shown when the odds that it is a person reach this, s and natural logarithm.
    pub confirm_log_odds: f64,
    /// ... and no sooner than this: echoes live for a moment too.
    pub confirm_secs: f64,
    /// The share of frames since its birth in which a new track must have been seen.
    pub confirm_share: f64,
    /// A new track that has not been seen for this long was none.
    pub birth_patience_secs: f64,
    /// Somebody followed and not seen for this long is called "not seen".
    pub coast_after_secs: f64,
    /// ... and for this long, lost.
    pub lost_after_secs: f64,
    /// The same for people whose last place was an entrance or outside the room.
    pub lost_at_door_secs: f64,
    /// How long the lost are remembered, s.
    pub memory_secs: f64,
    /// Two people nearer than this can make one detection, m (`spec/pose.md`: the network was trained on one person).
    pub merge_distance_m: f64,
    /// Two tracks that lived on one detection for this long were one person.
    pub shared_patience_secs: f64,
    /// Odds that somebody who appears is new rather than a given one of the lost. At home those who come in are mostly
    /// those who went out; for a shop set it to 5 or more.
    pub newcomer_odds: f64,
    /// Whether names are kept by gait and body features.
    pub use_features: bool,
}

impl Default for TrackerConfig {
    fn default() -> Self {
        Self {
            acceleration_m2_per_s3: 0.5,
            velocity_memory_secs: 1.2,
            error_memory_secs: 0.64,
            error_shared: 0.7,
            detection_probability: 0.85,
            clutter_per_m2: 0.003,
            gate: 18.4,
            confirm_log_odds: 4.6,
            confirm_secs: 1.0,
            confirm_share: 0.6,
            birth_patience_secs: 0.8,
            coast_after_secs: 0.5,
            lost_after_secs: 4.0,
            lost_at_door_secs: 1.0,
            memory_secs: 1_800.0,
            merge_distance_m: 0.5,
            shared_patience_secs: 12.0,
            newcomer_odds: 0.2,
            use_features: true,
        }
    }
}

/// Limits on what is taken from outside, so that no input costs more than its share of time and memory.
pub(super) const MAX_DETECTIONS: usize = 64;
pub(super) const MAX_TRACKS: usize = 64;
pub(super) const MAX_LOST: usize = 256;
/// Detections farther from the origin than this are garbage: no building is that large.
pub(super) const MAX_COORDINATE_M: f64 = 1e4;
/// Standard deviations beyond this, metres, tell nothing.
pub(super) const MAX_SIGMA_M: f64 = 50.0;
/// ... and below this are not believed: nobody's pelvis is known to a centimetre by radio.
pub(super) const MIN_SIGMA_M: f64 = 0.01;
