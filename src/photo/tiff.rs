//! TIFF and BigTIFF: grey, RGB and CMYK of 8 or 16 bits, with or without alpha, strips, tiles and planes.
//!
//! The first page is read. Floating point, palettes and Lab are refused with a plain message.

use std::io::Cursor;

use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::{IfdPointer, Tag};
use tiff::{ColorType, TiffError};
use zeroize::{Zeroize as _, Zeroizing};

use super::exif::Tags;
use super::raster::{Alpha, Depth, Model, Raster, Samples, buffer, over_white};
use super::{Decoded, Format, Limits, Problem, Warning};

/// Bytes of one value of the file's directory: a colour profile of a printer has some megabytes.
const MAX_VALUE_BYTES: usize = 16 << 20;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Problem> {
    let mut memory = tiff::decoder::Limits::default();
    memory.ifd_value_size = MAX_VALUE_BYTES;
    memory.decoding_buffer_size = usize::try_from(limits.max_decode_bytes).unwrap_or(usize::MAX);
    memory.intermediate_buffer_size = memory.decoding_buffer_size;
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(problem)?.with_limits(memory);
    let (width, height) = decoder.dimensions().map_err(problem)?;
    let color = decoder.colortype().map_err(problem)?;
    let kind = Kind::of(color)?;
    limits.check(Format::Tiff, width, height, u64::from(color.bit_depth().div_ceil(8)) * kind.n_stored as u64)?;

    let icc = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let tags = read_tags(&mut decoder);
    let alpha = match decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples) {
        Ok(Some(extra)) if extra.first() == Some(&1) => Alpha::Associated,
        _ => Alpha::Straight,
    };
    let mut warnings = Vec::new();
    if decoder.more_images() {
        warnings.push(Warning::SeveralPictures);
    }

    let mut pixels = Wiped(DecodingResult::U8(Vec::new()));
    let layout = decoder.read_image_to_buffer(&mut pixels.0).map_err(problem)?;
    let plane_len = layout.plane_stride.map_or(0, |n| n.get());
    let n_planes = layout.planes;
    let n_pixels = width as usize * height as usize;
    let samples = match &pixels.0 {
        DecodingResult::U8(values) if kind.bits == 8 => {
            Samples::U8(kind.opaque(interleaved(values, n_planes, plane_len, n_pixels, &kind)?, alpha)?)
        }
        DecodingResult::U8(values) => Samples::U8(unpacked(values, width, height, kind.bits)?),
        DecodingResult::U16(values) => {
            Samples::U16(kind.opaque(interleaved(values, n_planes, plane_len / 2, n_pixels, &kind)?, alpha)?)
        }
        _ => return Err(unsupported("samples that are not whole numbers of 8 or 16 bits")),
    };
    let raster = Raster { width, height, model: kind.model, samples };
    Ok(Decoded { raster, icc, exif: None, tags: Some(tags), warnings })
}

/// How pixels lie in the file.
struct Kind {
    model: Model,
    /// Values per pixel as stored: colours, alpha and others.
    n_stored: usize,
    has_alpha: bool,
    bits: u8,
}

impl Kind {
    fn of(color: ColorType) -> Result<Self, Problem> {
        let (model, n_stored, has_alpha, bits) = match color {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8 | 16)) => (Model::Gray, 1, false, bits),
            ColorType::GrayA(bits @ (8 | 16)) => (Model::Gray, 2, true, bits),
            ColorType::Multiband { bit_depth: bits @ (8 | 16), num_samples: 2 } => (Model::Gray, 2, true, bits),
            // The decoder of JPEG-compressed strips gives RGB for YCbCr.
            ColorType::RGB(bits @ (8 | 16)) | ColorType::YCbCr(bits @ 8) => (Model::Rgb, 3, false, bits),
            ColorType::RGBA(bits @ (8 | 16)) => (Model::Rgb, 4, true, bits),
            ColorType::CMYK(bits @ (8 | 16)) => (Model::Cmyk, 4, false, bits),
            ColorType::CMYKA(bits @ (8 | 16)) => (Model::Cmyk, 5, false, bits),
            other => return Err(unsupported(&format!("colours {other:?}"))),
        };
        Ok(Self { model, n_stored, has_alpha, bits })
    }

    /// Colours only, laid over white where there is alpha.
    fn opaque<T: Depth>(&self, values: Zeroizing<Vec<T>>, alpha: Alpha) -> Result<Zeroizing<Vec<T>>, Problem> {
        let n_colors = self.model.n_channels();
        if self.has_alpha {
            return over_white(&values, n_colors, alpha);
        }
        if self.n_stored == n_colors {
            return Ok(values);
        }
        let mut colors = buffer::<T>(values.len() / self.n_stored * n_colors)?;
        for (to, from) in colors.chunks_exact_mut(n_colors).zip(values.chunks_exact(self.n_stored)) {
            to.copy_from_slice(&from[..n_colors]);
        }
        Ok(colors)
    }
}

/// Values pixel by pixel, whether the file keeps them so or in planes.
fn interleaved<T: Depth>(
    values: &[T],
    n_planes: usize,
    plane_len: usize,
    n_pixels: usize,
    kind: &Kind,
) -> Result<Zeroizing<Vec<T>>, Problem> {
    let n_stored = kind.n_stored;
    let mut pixels = buffer::<T>(n_pixels * n_stored)?;
    if n_planes <= 1 {
        let stored = values.get(..pixels.len()).ok_or_else(too_few)?;
        pixels.copy_from_slice(stored);
        return Ok(pixels);
    }
    for channel in 0..n_stored {
        let plane = values.get(channel * plane_len..).and_then(|rest| rest.get(..n_pixels)).ok_or_else(too_few)?;
        for (pixel, value) in pixels.chunks_exact_mut(n_stored).zip(plane) {
            pixel[channel] = *value;
        }
    }
    Ok(pixels)
}

/// Grey of 1, 2 or 4 bits, rows padded to bytes, to 8 bits.
fn unpacked(values: &[u8], width: u32, height: u32, bits: u8) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let (width, height, bits) = (width as usize, height as usize, usize::from(bits));
    let row_len = (width * bits).div_ceil(8);
    let mut pixels = buffer::<u8>(width * height)?;
    if values.len() < row_len * height {
        return Err(too_few());
    }
    let max = (1u32 << bits) - 1;
    for (row, packed) in pixels.chunks_exact_mut(width).zip(values.chunks_exact(row_len)) {
        for (x, pixel) in row.iter_mut().enumerate() {
            let at = x * bits;
            let value = u32::from(packed[at / 8] >> (8 - bits - at % 8)) & max;
            *pixel = (value * 255 / max) as u8;
        }
    }
    Ok(pixels)
}

/// What Exif says, from the file's own directories.
fn read_tags(decoder: &mut Decoder<Cursor<&[u8]>>) -> Tags {
    let mut tags = Tags { orientation: decoder.find_tag_unsigned(Tag::Orientation).ok().flatten(), ..Tags::default() };
    let Ok(Some(at)) = decoder.find_tag_unsigned::<u64>(Tag::ExifDirectory) else { return tags };
    let Ok(directory) = decoder.read_directory(IfdPointer(at)) else { return tags };
    let mut values = decoder.read_directory_tags(&directory);
    let mut number = |tag: u16| -> Option<f64> {
        let value = values.find_tag(Tag::from_u16_exhaustive(tag)).ok().flatten()?;
        match value {
            tiff::decoder::ifd::Value::Rational(num, den) => Some(f64::from(num) / f64::from(den)),
            value => value.into_u32().ok().map(f64::from),
        }
    };
    tags.focal_mm = number(0x920a);
    tags.focal_35mm = number(0xa405);
    tags.pixel_width = number(0xa002);
    tags.pixel_height = number(0xa003);
    tags.plane_resolution = number(0xa20e);
    tags.plane_unit = number(0xa210).map(|unit| unit as u32);
    tags
}

/// The decoder's buffer, wiped when dropped.
struct Wiped(DecodingResult);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.as_buffer(0).as_bytes_mut().zeroize();
    }
}

fn too_few() -> Problem {
    Problem::Truncated { format: Format::Tiff }
}

fn unsupported(detail: &str) -> Problem {
    Problem::UnsupportedKind { format: Format::Tiff, detail: super::short(detail) }
}

fn problem(error: TiffError) -> Problem {
    let format = Format::Tiff;
    match error {
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => too_few(),
        TiffError::UnsupportedError(error) => unsupported(&error.to_string()),
        TiffError::LimitsExceeded => Problem::OutOfMemory,
        error => Problem::Damaged { format, detail: super::short(&error.to_string()) },
    }
}
