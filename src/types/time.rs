//! Points and stretches of time: integer nanoseconds, never a bare `f64`.

use serde::{Deserialize, Serialize};

pub const NANOS_PER_SEC: i64 = 1_000_000_000;

/// Nanoseconds since the Unix epoch.
///
/// Recordings that carry no wall clock (Intel 5300 `.dat`, Atheros, FeitCSI) start at zero; they are
/// recognised by lying before the year 1980 ([`Timestamp::is_wall_clock`]) and shown as elapsed time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    pub const ZERO: Self = Self(0);
    pub const MAX: Self = Self(i64::MAX);

    /// Rounds to the nearest nanosecond and saturates; NaN becomes zero.
    pub fn from_secs_f64(secs: f64) -> Self {
        // Whole seconds apart, because today's dates in nanoseconds are beyond the precision of the product.
        let whole = (secs.trunc() as i64).saturating_mul(NANOS_PER_SEC);
        Self(whole.saturating_add((secs.fract() * NANOS_PER_SEC as f64).round() as i64))
    }

    pub fn from_micros(micros: i64) -> Self {
        Self(micros.saturating_mul(1_000))
    }

    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC as f64
    }

    /// Nanoseconds from `earlier` to `self`; negative when `self` comes first.
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    pub fn secs_since(self, earlier: Self) -> f64 {
        self.since(earlier) as f64 / NANOS_PER_SEC as f64
    }

    pub fn plus_nanos(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    pub fn plus_secs(self, secs: f64) -> Self {
        self.plus_nanos(Self::from_secs_f64(secs).0)
    }

    /// Whether this can be a date: the first ten years after 1970 are taken for device uptimes.
    pub fn is_wall_clock(self) -> bool {
        self.0 > 10 * 365 * 86_400 * NANOS_PER_SEC
    }
}

/// A closed stretch of time; `start <= end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Span {
    /// Orders its ends, so that any two points make a span.
    pub fn new(a: Timestamp, b: Timestamp) -> Self {
        Self { start: a.min(b), end: a.max(b) }
    }

    pub fn nanos(self) -> i64 {
        self.end.since(self.start)
    }

    pub fn secs(self) -> f64 {
        self.end.secs_since(self.start)
    }

    pub fn contains(self, t: Timestamp) -> bool {
        self.start <= t && t <= self.end
    }

    /// The smallest span that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}
