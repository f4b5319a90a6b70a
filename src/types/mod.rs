//! The shared vocabulary: one name per thing, in code, on screen and in files.
//!
//! Plain data only: no I/O, no clock, no threads. Every other module speaks in these types. Beside them, [`wipe`] clears
//! memory that held pixels.

mod body;
mod csi;
mod event;
mod health;
mod history;
mod ids;
mod known;
mod landmarks;
mod measurement;
pub mod message;
mod photo;
mod pose;
mod provenance;
mod quality;
mod recording;
mod remark;
mod site;
mod tally;
mod time;
mod track;
mod truth;
pub mod wipe;
mod zone;

pub use body::{BodyPose, Mesh, Phenotype, PhenotypeAxis};
pub use csi::{Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, LtfField, Segment, Subcarriers};
pub use event::{Confidence, Event, EventId, EventKind, EventVerdict, Figure, Severity, Stage, StageKind};
pub use health::{ClockHealth, LinkHealth, SourceState};
pub use history::{Row, Rows};
pub use ids::{LinkId, NodeId, StreamId};
pub use known::{
    Known, Sex, check_height_m, check_weight_kg, parse_age_years, parse_height_m, parse_sex, parse_weight_kg,
};
pub use landmarks::{DepthMap, Landmark, LandmarkSet, Landmarks, Mask, Object, Observation, Person, PixelBox};
pub use measurement::{Evidence, Measurement, MeasurementKind, MeasurementUnit, Tape};
pub use num_complex::Complex32;
pub use photo::{FocalLength, FocalSource, Photo};
pub use pose::{
    BodyFeatures, BodyPart, Detection, Estimate, FloorPoint, Joint, JointEstimate, Pose, Posture, Side, mirrored,
};
pub use provenance::Provenance;
pub use quality::{Grade, LinkQuality, Purpose, PurposeVerdict};
pub use recording::{METADATA_NAME, RecordedSource, RecordingInfo, RecordingSummary, hexadecimal};
pub use remark::Remark;
pub use site::{Node, NodeRole, Room, Site};
pub use tally::{Other, SkipReason, Tally};
pub use time::{NANOS_PER_SEC, Span, Timestamp};
pub use track::{Moves, Track, TrackId, TrackState, TrailPoint};
pub use truth::{Activity, ActivitySpan, FallKind, PersonTruth, PostureClass, SceneTruth, TruthJoint};
pub use zone::{Outline, OutlineError, Zone, ZoneId, ZoneKind, ZoneLimits};
