//! JPEG: baseline and progressive; grey, RGB, YCbCr, CMYK and YCCK.
//!
//! A file that ends early still gives its upper part, flagged. Four-channel files are taken as inverted, as Adobe writes
//! them and as browsers read them.

use zeroize::Zeroizing;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::raster::{Model, Raster, Samples, buffer};
use super::{Decoded, Format, Limits, Problem, Warning};

/// When more of the rows than this are missing, there is no photo to speak of.
const MAX_MISSING: f32 = 0.5;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, Problem> {
    let mut decoder = open(bytes, true);
    let strict_headers = decoder.decode_headers();
    if strict_headers.is_err() {
        decoder = open(bytes, false);
        decoder.decode_headers().map_err(|error| problem(&error, bytes))?;
    }
    let unexpected = || Problem::Damaged { format: Format::Jpeg, detail: "no size".into() };
    let info = decoder.info().ok_or_else(unexpected)?;
    let space = decoder.input_colorspace().ok_or_else(unexpected)?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let (model, decoded_as) = match space {
        ColorSpace::Luma => (Model::Gray, ColorSpace::Luma),
        ColorSpace::YCbCr | ColorSpace::RGB => (Model::Rgb, ColorSpace::RGB),
        ColorSpace::CMYK | ColorSpace::YCCK => (Model::Cmyk, space),
        other => {
            return Err(Problem::UnsupportedKind { format: Format::Jpeg, detail: format!("colours {other:?}") });
        }
    };
    // A progressive file's coefficients wait in memory as 16-bit numbers until the last scan.
    let bytes_per_pixel = 3 * model.n_channels() as u64;
    limits.check(Format::Jpeg, width, height, bytes_per_pixel)?;

    let exif = info.exif_data.clone().map(Zeroizing::new);
    let icc = decoder.icc_profile();
    let mut pixels = buffer::<u8>(width as usize * height as usize * model.n_channels())?;
    let mut warnings = Vec::new();
    decoder.set_options(options(true).jpeg_set_out_colorspace(decoded_as));
    if strict_headers.is_err() || decoder.decode_into(&mut pixels).is_err() {
        // Once more, this time going on wherever possible.
        let mut decoder = open(bytes, false);
        decoder.set_options(options(false).jpeg_set_out_colorspace(decoded_as));
        decoder.decode_into(&mut pixels).map_err(|error| problem(&error, bytes))?;
        let missing = missing_rows(&pixels, width as usize * model.n_channels());
        if missing > MAX_MISSING {
            return Err(Problem::Truncated { format: Format::Jpeg });
        }
        let ends_early = missing > 0.0 || !has_end(bytes);
        warnings.push(if ends_early { Warning::Truncated { missing } } else { Warning::Damaged });
    }
    if model == Model::Cmyk {
        to_ink(&mut pixels, space);
    }
    let raster = Raster { width, height, model, samples: Samples::U8(pixels) };
    Ok(Decoded { raster, icc, exif, tags: None, warnings })
}

fn options(strict: bool) -> DecoderOptions {
    DecoderOptions::default().set_strict_mode(strict).set_max_width(usize::MAX).set_max_height(usize::MAX)
}

fn open(bytes: &[u8], strict: bool) -> JpegDecoder<ZCursor<&[u8]>> {
    JpegDecoder::new_with_options(ZCursor::new(bytes), options(strict))
}

/// The decoder paints what is missing at the bottom 50 % grey.
fn missing_rows(pixels: &[u8], row_len: usize) -> f32 {
    let n_rows = pixels.len() / row_len;
    let n_missing = pixels.rchunks_exact(row_len).take_while(|row| row.iter().all(|value| *value == 128)).count();
    n_missing as f32 / n_rows.max(1) as f32
}

/// The end-of-image marker in the last bytes: some cameras pad behind it, few by more.
fn has_end(bytes: &[u8]) -> bool {
    bytes[bytes.len().saturating_sub(1 << 16)..].windows(2).any(|pair| pair == [0xff, 0xd9])
}

/// Stored inverted CMYK, or YCbCr of the inverted inks with K, to amounts of ink.
fn to_ink(pixels: &mut [u8], space: ColorSpace) {
    for [c, m, y, k] in pixels.as_chunks_mut::<4>().0 {
        if space == ColorSpace::YCCK {
            // JFIF's conversion (ITU-R BT.601), full range. What it calls RGB is the ink: Adobe stores 255 - ink, and
            // converts 255 minus that again.
            let (luma, cb, cr) = (f32::from(*c), f32::from(*m) - 128.0, f32::from(*y) - 128.0);
            let to_u8 = |value: f32| value.round().clamp(0.0, 255.0) as u8;
            *c = to_u8(luma + 1.402 * cr);
            *m = to_u8(luma - 0.344_136 * cb - 0.714_136 * cr);
            *y = to_u8(luma + 1.772 * cb);
        } else {
            (*c, *m, *y) = (255 - *c, 255 - *m, 255 - *y);
        }
        *k = 255 - *k;
    }
}

fn problem(error: &DecodeErrors, bytes: &[u8]) -> Problem {
    let format = Format::Jpeg;
    match error {
        DecodeErrors::Unsupported(what) => Problem::UnsupportedKind { format, detail: format!("{what:?}") },
        DecodeErrors::ExhaustedData => Problem::Truncated { format },
        _ if !has_end(bytes) => Problem::Truncated { format },
        error => Problem::Damaged { format, detail: super::short(&format!("{error:?}")) },
    }
}
