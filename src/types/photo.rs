//! A photo in memory: upright, bounded, sRGB, and wiped when the last holder lets go.

use std::fmt;

use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

/// Upright sRGB pixels without any metadata. Never written to disk by us, never printed.
///
/// Pixel centres lie at half-integers: the picture covers `0.0..width` by `0.0..height`, y down.
#[derive(Clone, PartialEq)]
pub struct Photo {
    pub width: u32,
    pub height: u32,
    /// `width * height * 3` bytes, rows from the top.
    rgb: Zeroizing<Vec<u8>>,
    /// What the camera said of its lens before the metadata were stripped; in pixels of this picture.
    pub focal: Option<FocalLength>,
}

impl Photo {
    /// `None` when the buffer does not hold exactly `width * height` pixels, or none at all.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>, focal: Option<FocalLength>) -> Option<Self> {
        let rgb = Zeroizing::new(rgb);
        let n_bytes = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
        (n_bytes > 0 && rgb.len() == n_bytes).then_some(Self { width, height, rgb, focal })
    }

    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    pub fn pixel(&self, x: u32, y: u32) -> [u8; 3] {
        let at = (y as usize * self.width as usize + x as usize) * 3;
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Forgets the pixels now, not when it is dropped.
    pub fn wipe(&mut self) {
        self.rgb.zeroize();
    }
}

impl ZeroizeOnDrop for Photo {}

impl fmt::Debug for Photo {
    /// Says the size only: pixels never reach a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} x {})", self.width, self.height)
    }
}

/// The focal length in pixels of the photo it comes with, and where that figure is from.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct FocalLength {
    pub px: f64,
    /// Relative standard deviation: 0.02 for a calibrated lens, more for a 35 mm equivalent.
    pub relative_sigma: f64,
    pub from: FocalSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FocalSource {
    /// Exif `FocalLengthIn35mmFilm`.
    Exif35mm,
    /// Exif `FocalLength` with `FocalPlaneXResolution`.
    ExifSensor,
    /// Typed in by the user.
    User,
    /// Nobody knows: a field of view of 60 degrees along the long side.
    Assumed,
}

impl FocalLength {
    /// What is taken when nobody knows the lens: 60 degrees along the long side, as peers do, and not trusted much.
    pub fn assumed(width: u32, height: u32) -> Self {
        let long = f64::from(width.max(height));
        Self { px: long / (2.0 * 30f64.to_radians().tan()), relative_sigma: 0.15, from: FocalSource::Assumed }
    }

    /// Whether there is such a lens: it sees 1 to 150 degrees along the long side of a photo of this size.
    pub fn is_plausible(&self, width: u32, height: u32) -> bool {
        (0.13..60.0).contains(&(self.px / f64::from(width.max(height))))
    }
}
