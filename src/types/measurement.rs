//! Measurements of a body: what, how much, how sure, and what decided it.

use bevy_math::Vec3;
use serde::{Deserialize, Serialize};

/// What is measured, after ISO 8559-1 where it has a clause; on the reference pose of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasurementKind {
    Height,
    Chest,
    Waist,
    Hip,
    Inseam,
    Thigh,
    Knee,
    Calf,
    UpperArm,
    Wrist,
    ArmLength,
    Neck,
    ShoulderWidth,
    Biacromial,
    Volume,
    Mass,
    BodyMassIndex,
}

/// The unit a measurement's value and sigma are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum MeasurementUnit {
    Metres,
    CubicMetres,
    Kilograms,
    KilogramsPerSquareMetre,
}

impl MeasurementKind {
    pub const ALL: [Self; 17] = [
        Self::Height,
        Self::Chest,
        Self::Waist,
        Self::Hip,
        Self::Inseam,
        Self::Thigh,
        Self::Knee,
        Self::Calf,
        Self::UpperArm,
        Self::Wrist,
        Self::ArmLength,
        Self::Neck,
        Self::ShoulderWidth,
        Self::Biacromial,
        Self::Volume,
        Self::Mass,
        Self::BodyMassIndex,
    ];

    /// For screen and reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Height => "Height",
            Self::Chest => "Chest",
            Self::Waist => "Waist",
            Self::Hip => "Hip",
            Self::Inseam => "Inseam",
            Self::Thigh => "Thigh",
            Self::Knee => "Knee",
            Self::Calf => "Calf",
            Self::UpperArm => "Upper arm",
            Self::Wrist => "Wrist",
            Self::ArmLength => "Arm length",
            Self::Neck => "Neck",
            Self::ShoulderWidth => "Shoulder width",
            Self::Biacromial => "Biacromial breadth",
            Self::Volume => "Volume",
            Self::Mass => "Mass",
            Self::BodyMassIndex => "Body mass index",
        }
    }

    /// For files and the interface of other programs; the same as its serialised form.
    pub fn key(self) -> &'static str {
        match self {
            Self::Height => "height",
            Self::Chest => "chest",
            Self::Waist => "waist",
            Self::Hip => "hip",
            Self::Inseam => "inseam",
            Self::Thigh => "thigh",
            Self::Knee => "knee",
            Self::Calf => "calf",
            Self::UpperArm => "upper_arm",
            Self::Wrist => "wrist",
            Self::ArmLength => "arm_length",
            Self::Neck => "neck",
            Self::ShoulderWidth => "shoulder_width",
            Self::Biacromial => "biacromial",
            Self::Volume => "volume",
            Self::Mass => "mass",
            Self::BodyMassIndex => "body_mass_index",
        }
    }

    pub fn unit(self) -> MeasurementUnit {
        match self {
            Self::Volume => MeasurementUnit::CubicMetres,
            Self::Mass => MeasurementUnit::Kilograms,
            Self::BodyMassIndex => MeasurementUnit::KilogramsPerSquareMetre,
            _ => MeasurementUnit::Metres,
        }
    }
}

/// Where most of the information about a measurement came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The photos decided.
    Photo,
    /// The user gave it.
    Given,
    /// Not observed: the population prior contributes more than half of the information, or no photo shows the part of the body.
    Prior,
    /// Taken from a mesh: nothing was estimated.
    Mesh,
}

/// One measurement. `value` and `sigma` are in the unit of `kind` (SI).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub kind: MeasurementKind,
    pub value: f64,
    /// One standard deviation; `None` where it is not known (a mesh that was not fitted).
    pub sigma: Option<f64>,
    pub evidence: Evidence,
}

/// The path of the tape on the mesh, for drawing: closed loops for girths, open lines for lengths. Metres.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    pub kind: MeasurementKind,
    pub closed: bool,
    pub points: Vec<Vec3>,
}
