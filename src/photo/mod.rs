//! Files, clipboard and drops to upright, bounded sRGB photos; metadata are read, then stripped.
//!
//! The format is told by content. Size and memory are checked from the header before anything is decoded. Orientation
//! and focal length are taken from Exif, colours go through the ICC profile to sRGB, transparency is laid over white,
//! and at most 2048 px remain of the long side. Every buffer of pixels and the file's bytes are wiped when they are let
//! go, also when reading fails; `types::wipe` reaches those inside of the decoders.
//!
//! Never writes a pixel to disk and never names a path in a log.

mod color;
mod error;
mod exif;
mod folder;
mod format;
mod jpeg;
mod raster;
mod shape;
mod still;
mod tiff;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

pub use error::{Error, Problem, Warning};
pub use folder::photos_in_folder;
pub use format::{DETECT_LEN, Format};

use crate::types::{FocalLength, Photo, wipe};
use exif::Tags;
use raster::{Alpha, Model, Raster, Samples, over_white};

/// What may be read. The defaults hold 108-megapixel photos of phones and refuse decompression bombs.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub max_file_bytes: u64,
    /// Of the stored picture.
    pub max_side_px: u32,
    /// Of the stored picture.
    pub max_pixels: u64,
    /// Memory for decoding, beside the file.
    pub max_decode_bytes: u64,
    /// The long side of the result is at most this.
    pub long_side_px: u32,
    /// The short side of the result is at least this.
    pub min_side_px: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 512 << 20,
            max_side_px: 20_000,
            max_pixels: 128_000_000,
            max_decode_bytes: 1200 << 20,
            long_side_px: 2048,
            min_side_px: 32,
        }
    }
}

impl Limits {
    /// Before decoding: may a picture of this size, with this much memory for each pixel, be decoded?
    fn check(&self, format: Format, width: u32, height: u32, bytes_per_pixel: u64) -> Result<(), Problem> {
        let n_pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.max_side_px || n_pixels > self.max_pixels {
            let (max_side_px, max_megapixels) = (self.max_side_px, self.max_pixels / 1_000_000);
            return Err(Problem::TooManyPixels { width, height, max_side_px, max_megapixels });
        }
        self.check_not_small((width, height), shape::bounded_size(width, height, self.long_side_px))?;
        let n_bytes = n_pixels.saturating_mul(bytes_per_pixel);
        if n_bytes > self.max_decode_bytes {
            let (n_mib, limit_mib) = (n_bytes >> 20, self.max_decode_bytes >> 20);
            return Err(Problem::TooMuchMemory { format, n_mib, limit_mib });
        }
        Ok(())
    }

    fn check_not_small(&self, stored: (u32, u32), result: (u32, u32)) -> Result<(), Problem> {
        if result.0.min(result.1) < self.min_side_px {
            let (width, height) = stored;
            return Err(Problem::TooSmall { width, height, min_side_px: self.min_side_px });
        }
        Ok(())
    }
}

/// A photo and what there is to say about its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub photo: Photo,
    /// `None` for the clipboard.
    pub format: Option<Format>,
    /// Width and height as stored, before turning upright and scaling.
    pub stored_size: (u32, u32),
    pub warnings: Vec<Warning>,
}

/// Reads a photo from a file. Pipes, devices and folders are refused.
pub fn load_file(path: &Path, limits: &Limits) -> Result<Loaded, Error> {
    let at_path = |problem| Error::at(problem, path);
    let bytes = read_file(path, limits).map_err(at_path)?;
    let mut loaded = load_bytes(&bytes, limits).map_err(|error| at_path(error.problem))?;
    if let Some(format) = loaded.format.filter(|format| !format.fits_name(path)) {
        loaded.warnings.insert(0, Warning::OtherName { format });
    }
    Ok(loaded)
}

/// Reads a photo from the bytes of a file. The caller wipes `bytes`.
pub fn load_bytes(bytes: &[u8], limits: &Limits) -> Result<Loaded, Error> {
    wipe::freed_memory(|| {
        if bytes.is_empty() {
            return Err(Problem::Empty.into());
        }
        let format = Format::detect(bytes).ok_or_else(|| match format::other(bytes) {
            Some(found) => Problem::OtherFormat { found },
            None => Problem::NotAPhoto,
        })?;
        let decoded = match format {
            Format::Jpeg => jpeg::decode(bytes, limits),
            Format::Png => still::decode_png(bytes, limits),
            Format::WebP => still::decode_webp(bytes, limits),
            Format::Tiff => tiff::decode(bytes, limits),
        }?;
        Ok(finish(decoded, Some(format), limits)?)
    })
}

/// A picture from the clipboard: `width * height` pixels of red, green, blue and straight alpha, sRGB, rows from the top.
pub fn from_clipboard_rgba(width: u32, height: u32, rgba: &[u8], limits: &Limits) -> Result<Loaded, Error> {
    wipe::freed_memory(|| {
        // The clipboard's picture is in memory already; what is checked is the format-independent part.
        limits.check(Format::Png, width, height, 3)?;
        if rgba.len() != width as usize * height as usize * 4 {
            return Err(Problem::ClipboardSize.into());
        }
        let samples = Samples::U8(over_white(rgba, 3, Alpha::Straight)?);
        let raster = Raster { width, height, model: Model::Rgb, samples };
        let decoded = Decoded { raster, icc: None, exif: None, tags: None, warnings: Vec::new() };
        Ok(finish(decoded, None, limits)?)
    })
}

/// What a decoder hands on.
struct Decoded {
    raster: Raster,
    icc: Option<Vec<u8>>,
    /// A block to be read, may hold a thumbnail.
    exif: Option<Zeroizing<Vec<u8>>>,
    /// Exif that the decoder read itself.
    tags: Option<Tags>,
    warnings: Vec<Warning>,
}

/// Smaller first, because everything after it costs by the pixel.
fn finish(decoded: Decoded, format: Option<Format>, limits: &Limits) -> Result<Loaded, Problem> {
    let Decoded { raster, icc, exif, tags, mut warnings } = decoded;
    let stored_size = (raster.width, raster.height);
    let tags = tags.unwrap_or_else(|| exif.map_or_else(Tags::default, |block| Tags::read(&block)));
    let (width, height) = shape::bounded_size(stored_size.0, stored_size.1, limits.long_side_px);
    let scale = f64::from(width.max(height)) / f64::from(stored_size.0.max(stored_size.1));
    let focal = tags.focal(stored_size.0, stored_size.1);
    let focal = focal.map(|focal| FocalLength { px: focal.px * scale, ..focal });

    let raster = shape::resized(raster, width, height)?;
    let (rgb, profile_used) = color::to_srgb(&raster, icc.as_deref(), tags.is_adobe_rgb)?;
    drop(raster);
    if !profile_used {
        warnings.push(Warning::ProfileIgnored);
    }
    let (mut rgb, width, height) = shape::upright(rgb, width, height, tags.orientation.unwrap_or(1))?;
    // `Photo` wipes them from here on.
    let photo = Photo::new(width, height, std::mem::take(&mut *rgb), focal).ok_or(Problem::OutOfMemory)?;
    Ok(Loaded { photo, format, stored_size, warnings })
}

/// The whole of an ordinary file in memory that is wiped when dropped.
fn read_file(path: &Path, limits: &Limits) -> Result<Zeroizing<Vec<u8>>, Problem> {
    // Asked before opening: opening a pipe waits for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Problem::NotAFile);
    }
    let mut file = File::open(path)?;
    let n_bytes = file.metadata()?.len();
    if n_bytes > limits.max_file_bytes {
        return Err(Problem::FileTooLarge { n_mib: n_bytes >> 20, limit_mib: limits.max_file_bytes >> 20 });
    }
    // One buffer of the right size, filled in place: growing would leave copies behind.
    let mut bytes = raster::buffer::<u8>(usize::try_from(n_bytes).map_err(|_| Problem::OutOfMemory)?)?;
    let mut n_read = 0;
    while n_read < bytes.len() {
        match file.read(&mut bytes[n_read..]) {
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(n_read);
    Ok(bytes)
}

/// A decoder's own words, cut to one short line.
fn short(text: &str) -> String {
    let line: String = text.chars().take_while(|c| *c != '\n').take(100).collect();
    line.trim_end_matches('.').to_owned()
}
