//! Which way is up in a scan, and in what unit it is: conventions first, then the size of a person.

use bevy_math::DVec3;
use serde::{Deserialize, Serialize};

use super::{Format, Options, Soup};

/// What one unit of the file's coordinates is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LengthUnit {
    Metres,
    /// MakeHuman's own.
    Decimetres,
    Centimetres,
    Millimetres,
    /// Never guessed: it must be said.
    Inches,
}

impl LengthUnit {
    pub fn metres(self) -> f64 {
        match self {
            Self::Metres => 1.0,
            Self::Decimetres => 0.1,
            Self::Centimetres => 0.01,
            Self::Millimetres => 0.001,
            Self::Inches => 0.0254,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Metres => "metres",
            Self::Decimetres => "decimetres",
            Self::Centimetres => "centimetres",
            Self::Millimetres => "millimetres",
            Self::Inches => "inches",
        }
    }
}

/// The axis of the file that points from the feet to the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpAxis {
    X,
    Y,
    Z,
    MinusX,
    MinusY,
    MinusZ,
}

impl UpAxis {
    pub fn label(self) -> &'static str {
        match self {
            Self::X => "+x",
            Self::Y => "+y",
            Self::Z => "+z",
            Self::MinusX => "-x",
            Self::MinusY => "-y",
            Self::MinusZ => "-z",
        }
    }

    /// Turns the file's frame until this axis is +z; always a rotation, so nothing is mirrored.
    pub fn to_z_up(self, p: DVec3) -> DVec3 {
        match self {
            Self::Z => p,
            Self::Y => DVec3::new(p.x, -p.z, p.y),
            Self::X => DVec3::new(p.y, p.z, p.x),
            Self::MinusZ => DVec3::new(p.x, -p.y, -p.z),
            Self::MinusY => DVec3::new(p.x, p.z, -p.y),
            Self::MinusX => DVec3::new(p.y, -p.z, -p.x),
        }
    }
}

pub(super) struct Guess {
    pub unit: LengthUnit,
    pub unit_reason: String,
    pub up: UpAxis,
    pub up_reason: String,
}

pub(super) fn guess(soup: &Soup, format: Format, options: &Options) -> Guess {
    let extent = extent(soup);
    let (up, up_reason) = match options.up {
        Some(up) => (up, "given".to_owned()),
        None => guess_up(extent, format),
    };
    let height = up.to_z_up(extent).z.abs();
    let (unit, unit_reason) = match options.unit {
        Some(unit) => (unit, "given".to_owned()),
        None => guess_unit(height, format),
    };
    Guess { unit, unit_reason, up, up_reason }
}

/// The size of the box around the vertices that triangles use.
fn extent(soup: &Soup) -> DVec3 {
    let used = soup.triangles.iter().flatten().map(|&i| soup.positions[i as usize]);
    let (low, high) = used.fold((DVec3::INFINITY, DVec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)));
    high - low
}

fn guess_up(extent: DVec3, format: Format) -> (UpAxis, String) {
    if matches!(format, Format::Glb | Format::Gltf) {
        return (UpAxis::Y, "glTF is y up by its standard".to_owned());
    }
    // Programs that write OBJ mostly keep y up; STL and PLY come from scanners and printers, which have z up.
    let (usual, usual_extent) = if format == Format::Obj { (UpAxis::Y, extent.y) } else { (UpAxis::Z, extent.z) };
    let longest = extent.max_element();
    // With the arms stretched out, a body is about as wide as it is tall: then the custom of the format decides.
    if usual_extent >= 0.8 * longest {
        return (usual, format!("{} is usual in {} files", usual.label(), format.label()));
    }
    let up = if extent.y == longest {
        UpAxis::Y
    } else if extent.z == longest {
        UpAxis::Z
    } else {
        UpAxis::X
    };
    (up, format!("the scan is longest along {}: {:.3} of {:.3} and less", up.label(), longest, longest))
}

/// The unit that brings the height nearest to 1.5 m (geometrically), the middle of children and adults.
fn guess_unit(height: f64, format: Format) -> (LengthUnit, String) {
    if matches!(format, Format::Glb | Format::Gltf) && (0.3..3.0).contains(&height) {
        return (LengthUnit::Metres, format!("glTF is in metres by its standard, and {height:.2} m suit a body"));
    }
    const CANDIDATES: [LengthUnit; 4] =
        [LengthUnit::Metres, LengthUnit::Decimetres, LengthUnit::Centimetres, LengthUnit::Millimetres];
    let distance = |unit: &LengthUnit| (height * unit.metres() / 1.5).max(f64::MIN_POSITIVE).ln().abs();
    let best = CANDIDATES.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(LengthUnit::Metres);
    let height_m = height * best.metres();
    let fit = if (0.4..2.6).contains(&height_m) { "suits a body" } else { "suits no body, but fits best" };
    (best, format!("{height:.4} units tall in {} is {height_m:.2} m, which {fit}", best.label()))
}
