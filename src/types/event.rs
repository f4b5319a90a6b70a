//! Something that happened, with the signals that led to it: what detectors find, the timeline shows and people review.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::{LinkId, Span, Timestamp, TrackId, ZoneId};

/// Names an event. The same recording gives the same events the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

impl EventId {
    /// From what happened where (a link; a zone and a person), and when it was first noticed.
    pub fn of(kind: EventKind, place: impl Hash, noticed: Timestamp) -> Self {
        let mut hasher = DefaultHasher::new();
        (kind, place, noticed).hash(&mut hasher);
        Self(hasher.finish())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    Fall,
    /// Somebody began to move; the span ends when movement did.
    Movement,
    /// A machine masks movement on this link.
    Masking,
    /// Somebody went into a zone; the span ends when they left it.
    Stay,
    /// Somebody is where nobody should be.
    Intrusion,
    /// Somebody has been in a zone for longer than its limit.
    LongStay,
    /// More people are in a zone than its limit.
    Crowded,
}

impl EventKind {
    pub fn label(self) -> &'static str {
        match self {
            Self::Fall => "fall",
            Self::Movement => "movement",
            Self::Masking => "masked by a machine",
            Self::Stay => "in a zone",
            Self::Intrusion => "in a restricted zone",
            Self::LongStay => "long stay",
            Self::Crowded => "too many people",
        }
    }
}

/// How urgently somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// Worth knowing, nobody is in danger.
    Notice,
    /// Somebody must look now.
    Alert,
}

/// What a person says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventVerdict {
    /// It was what the detector says.
    Confirmed,
    FalseAlarm,
    Unsure,
    /// Somebody fell here, and the detector called it something else or nothing.
    MissedFall,
}

impl EventVerdict {
    pub fn label(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::FalseAlarm => "false alarm",
            Self::Unsure => "unsure",
            Self::MissedFall => "a fall that was missed",
        }
    }
}

/// How sure a detector is, 0..=1. Holding one is the proof that it was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(f32);

impl Confidence {
    /// The nearest value in 0..=1; what is no number is no confidence.
    pub fn clamped(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) as f32 })
    }

    pub fn get(self) -> f32 {
        self.0
    }
}

/// One step of the way to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageKind {
    /// Movement stood out from the quiet floor.
    EventGate,
    /// The burst looked like a descent.
    DescentBurst,
    /// It ended abruptly.
    Impact,
    /// Little moved after it.
    Stillness,
    /// How long nothing rose again.
    TimeOnFloor,
    /// Movement came back.
    Recovery,
}

impl StageKind {
    pub fn label(self) -> &'static str {
        match self {
            Self::EventGate => "event gate",
            Self::DescentBurst => "descent burst",
            Self::Impact => "impact",
            Self::Stillness => "stillness",
            Self::TimeOnFloor => "time on the floor",
            Self::Recovery => "recovery",
        }
    }
}

/// A number that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// With its unit, such as "length of the burst, s".
    pub name: String,
    pub value: f64,
}

/// What one stage saw, and how far it speaks for the event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub kind: StageKind,
    pub span: Span,
    pub confidence: Confidence,
    pub figures: Vec<Figure>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: EventId,
    pub kind: EventKind,
    pub severity: Severity,
    /// From the first sign to the last; grows while the event goes on.
    pub span: Span,
    /// The link that saw it; `None` where all links of a room together did.
    pub link: Option<LinkId>,
    #[serde(default)]
    pub zone: Option<ZoneId>,
    /// Whom it is about.
    #[serde(default)]
    pub track: Option<TrackId>,
    pub confidence: Confidence,
    /// Stage by stage, in order of time.
    pub stages: Vec<Stage>,
    /// Counts up when the same event is told again with more known.
    pub revision: u32,
}

impl Event {
    /// What to call it: a fall that raises no alarm is only a possible one.
    pub fn label(&self) -> &'static str {
        match (self.kind, self.severity) {
            (EventKind::Fall, Severity::Info | Severity::Notice) => "possible fall",
            (kind, _) => kind.label(),
        }
    }
}
