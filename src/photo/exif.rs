//! The few things that Exif tells and that matter here: which way is up, the lens, and a colour space. Nothing else is
//! kept.
//!
//! Two facts give a focal length in pixels. `FocalLengthIn35mmFilm` is the focal length that shows the same diagonal
//! field of view on 35 mm film (CIPA DCG-001: the ratio of the diagonals), whose frame of 36 by 24 mm has a diagonal of
//! 43.27 mm; makers of phones follow it for their 4:3 sensors. `FocalLength` with `FocalPlaneXResolution` (Exif 2.32,
//! section 4.6.5) gives pixels per unit of length on the sensor.

use exif::{In, Reader, Tag, Value};

use crate::types::{FocalLength, FocalSource};

/// 36 by 24 mm.
const FILM_DIAGONAL_MM: f64 = 43.266_615;

/// The 35 mm equivalent is a whole number (0.3 mm of 28), and makers do not agree whether the diagonal or the long side
/// counts (4 % apart at 4:3).
const SIGMA_35MM: f64 = 0.03;

/// The sensor's resolution and the focal length are given to about this, before focusing changes the latter.
const SIGMA_SENSOR: f64 = 0.03;

/// The picture has another shape than the camera recorded: it was cropped, by how much on each side is a guess.
const SIGMA_CROPPED: f64 = 0.12;

/// Values as Exif gives them; absent where it does not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tags {
    /// 1..=8.
    pub orientation: Option<u32>,
    pub focal_mm: Option<f64>,
    pub focal_35mm: Option<f64>,
    /// The size that the camera recorded.
    pub pixel_width: Option<f64>,
    pub pixel_height: Option<f64>,
    /// Pixels per unit on the sensor.
    pub plane_resolution: Option<f64>,
    pub plane_unit: Option<u32>,
    /// Interoperability index R03 (DCF 2.0): Adobe RGB without a profile.
    pub is_adobe_rgb: bool,
}

impl Tags {
    /// Reads what is legible of an Exif block, with or without the `Exif\0\0` in front.
    pub fn read(block: &[u8]) -> Self {
        let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
        let mut reader = Reader::new();
        reader.continue_on_error(true);
        let Ok(exif) = reader.read_raw(block.to_vec()).or_else(|error| error.distill_partial_result(|_| {})) else {
            return Self::default();
        };
        let whole = |tag| exif.get_field(tag, In::PRIMARY).and_then(|field| field.value.get_uint(0));
        let number = |tag| {
            let field = exif.get_field(tag, In::PRIMARY)?;
            match &field.value {
                Value::Rational(ratios) => ratios.first().map(exif::Rational::to_f64),
                value => value.get_uint(0).map(f64::from),
            }
        };
        let interoperability = exif.get_field(Tag::InteroperabilityIndex, In::PRIMARY);
        Self {
            orientation: whole(Tag::Orientation),
            focal_mm: number(Tag::FocalLength),
            focal_35mm: number(Tag::FocalLengthIn35mmFilm),
            pixel_width: number(Tag::PixelXDimension),
            pixel_height: number(Tag::PixelYDimension),
            plane_resolution: number(Tag::FocalPlaneXResolution),
            plane_unit: whole(Tag::FocalPlaneResolutionUnit),
            is_adobe_rgb: interoperability.is_some_and(|field| match &field.value {
                Value::Ascii(texts) => texts.first().is_some_and(|text| text.starts_with(b"R03")),
                _ => false,
            }),
        }
    }

    /// The focal length in pixels of the stored picture of this size.
    pub fn focal(&self, stored_width: u32, stored_height: u32) -> Option<FocalLength> {
        let (width, height) = (f64::from(stored_width), f64::from(stored_height));
        let recorded = match (positive(self.pixel_width), positive(self.pixel_height)) {
            (Some(recorded_width), Some(recorded_height)) => (recorded_width, recorded_height),
            _ => (width, height),
        };
        let shape = |(w, h): (f64, f64)| w.max(h) / w.min(h);
        let is_cropped = (shape(recorded) / shape((width, height)) - 1.0).abs() > 0.02;
        // A crop keeps the camera's pixels; anything else was scaled as a whole.
        let scale = if is_cropped { 1.0 } else { width.max(height) / recorded.0.max(recorded.1) };
        let found = |recorded_px: f64, sigma: f64, from| {
            let relative_sigma = if is_cropped { SIGMA_CROPPED } else { sigma };
            FocalLength { px: recorded_px * scale, relative_sigma, from }
        };
        let from_film = positive(self.focal_35mm)
            .map(|mm| found(mm * recorded.0.hypot(recorded.1) / FILM_DIAGONAL_MM, SIGMA_35MM, FocalSource::Exif35mm));
        let from_sensor = || {
            let unit_mm = match self.plane_unit {
                None | Some(2) => 25.4,
                Some(3) => 10.0,
                Some(4) => 1.0,
                Some(5) => 0.001,
                Some(_) => return None,
            };
            let px_per_mm = positive(self.plane_resolution)? / unit_mm;
            Some(found(positive(self.focal_mm)? * px_per_mm, SIGMA_SENSOR, FocalSource::ExifSensor))
        };
        // Anything else is a slip of some editor.
        let plausible = |focal: &FocalLength| focal.is_plausible(stored_width, stored_height);
        from_film.filter(plausible).or_else(|| from_sensor().filter(plausible))
    }
}

fn positive(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0)
}
