//! PNG and WebP through the `image` crate, first frames of animations included.

use std::io::Cursor;

use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::{ColorType, ImageDecoder, ImageError};
use zeroize::Zeroizing;

use super::raster::{Alpha, Model, Raster, Samples, buffer, over_white};
use super::{Decoded, Format, Limits, Problem, Warning};

/// Compressed profiles and texts may not unpack to more than this, whatever the picture's size: a profile of a printer has
/// some megabytes, and 1.5 MB of a hostile file unpack to 1.5 GB.
const MAX_METADATA_BYTES: u64 = 16 << 20;

pub(super) fn decode_png(bytes: &[u8], limits: &Limits) -> Result<Decoded, Problem> {
    let problem = |error| problem(error, Format::Png);
    let mut memory = image::Limits::no_limits();
    memory.max_alloc = Some(MAX_METADATA_BYTES);
    if let Some((width, height)) = png_size(bytes) {
        limits.check(Format::Png, width, height, 0)?;
    }
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), memory).map_err(problem)?;
    let animated = decoder.is_apng().map_err(problem)?;
    decode(decoder, Format::Png, animated, limits)
}

/// The size in the header chunk, which comes first: checked before the decoder reads any other chunk.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let size = bytes.get(16..24)?;
    let [w0, w1, w2, w3, h0, h1, h2, h3] = *size.as_array::<8>()?;
    Some((u32::from_be_bytes([w0, w1, w2, w3]), u32::from_be_bytes([h0, h1, h2, h3])))
}

pub(super) fn decode_webp(bytes: &[u8], limits: &Limits) -> Result<Decoded, Problem> {
    // The decoder takes memory by a chunk's claimed length, of which the metadata's are bounded by nothing else.
    if !webp_is_whole(bytes) {
        return Err(Problem::Truncated { format: Format::WebP });
    }
    let decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(|error| problem(error, Format::WebP))?;
    let animated = decoder.has_animation();
    decode(decoder, Format::WebP, animated, limits)
}

/// Whether every chunk of the RIFF container lies within the file.
fn webp_is_whole(bytes: &[u8]) -> bool {
    let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..at + 4)?.as_array::<4>()?) as usize);
    let end = word(4).map_or(0, |n_bytes| n_bytes.saturating_add(8)).min(bytes.len());
    let mut at = 12;
    while at + 8 <= end {
        let Some(n_bytes) = word(at + 4) else { return false };
        if n_bytes > bytes.len() - (at + 8) {
            return false;
        }
        // Chunks begin at even places.
        at += 8 + n_bytes + n_bytes % 2;
    }
    true
}

fn decode(mut decoder: impl ImageDecoder, format: Format, animated: bool, limits: &Limits) -> Result<Decoded, Problem> {
    let problem = |error| problem(error, format);
    let (width, height) = decoder.dimensions();
    let color = decoder.color_type();
    // Decoders of both formats hold at most another copy in four channels (lossless WebP, animations).
    limits.check(format, width, height, u64::from(color.bytes_per_pixel()) + 4)?;
    let (model, has_alpha, is_deep) = match color {
        ColorType::L8 => (Model::Gray, false, false),
        ColorType::La8 => (Model::Gray, true, false),
        ColorType::Rgb8 => (Model::Rgb, false, false),
        ColorType::Rgba8 => (Model::Rgb, true, false),
        ColorType::L16 => (Model::Gray, false, true),
        ColorType::La16 => (Model::Gray, true, true),
        ColorType::Rgb16 => (Model::Rgb, false, true),
        ColorType::Rgba16 => (Model::Rgb, true, true),
        other => return Err(Problem::UnsupportedKind { format, detail: format!("colours {other:?}") }),
    };
    // Broken metadata are no reason to refuse the picture.
    let icc = decoder.icc_profile().unwrap_or_default();
    let exif = decoder.exif_metadata().unwrap_or_default().map(Zeroizing::new);
    let n_colors = model.n_channels();
    let n_samples = width as usize * height as usize * (n_colors + usize::from(has_alpha));
    let samples = if is_deep {
        let mut pixels = buffer::<u16>(n_samples)?;
        decoder.read_image(bytemuck::cast_slice_mut(&mut pixels)).map_err(problem)?;
        Samples::U16(if has_alpha { over_white(&pixels, n_colors, Alpha::Straight)? } else { pixels })
    } else {
        let mut pixels = buffer::<u8>(n_samples)?;
        decoder.read_image(&mut pixels).map_err(problem)?;
        Samples::U8(if has_alpha { over_white(&pixels, n_colors, Alpha::Straight)? } else { pixels })
    };
    let warnings = if animated { vec![Warning::Animated] } else { Vec::new() };
    Ok(Decoded { raster: Raster { width, height, model, samples }, icc, exif, tags: None, warnings })
}

fn problem(error: ImageError, format: Format) -> Problem {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Problem::Truncated { format }
        }
        ImageError::Limits(_) => {
            Problem::UnsupportedKind { format, detail: "its metadata take more memory than is given to them".into() }
        }
        ImageError::Unsupported(error) => Problem::UnsupportedKind { format, detail: super::short(&error.to_string()) },
        error => {
            let detail = error.to_string();
            if detail.contains("nexpected end") || detail.contains("end of file") {
                return Problem::Truncated { format };
            }
            Problem::Damaged { format, detail: super::short(&detail) }
        }
    }
}
