//! Smaller and upright.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use zeroize::Zeroizing;

use super::Problem;
use super::raster::{Model, Raster, Samples, buffer};

/// The size with the long side at most `long_side_px`, in the same proportions; never larger than it is.
pub(super) fn bounded_size(width: u32, height: u32, long_side_px: u32) -> (u32, u32) {
    let long = width.max(height);
    if long <= long_side_px {
        return (width, height);
    }
    let scaled = |side: u32| {
        let side = (u64::from(side) * u64::from(long_side_px) + u64::from(long) / 2) / u64::from(long);
        (side as u32).max(1)
    };
    (scaled(width), scaled(height))
}

/// Scales down with a Lanczos filter over as many pixels as fall together; values stay as they are encoded.
pub(super) fn resized(raster: Raster, width: u32, height: u32) -> Result<Raster, Problem> {
    if (raster.width, raster.height) == (width, height) {
        return Ok(raster);
    }
    let n_values = width as usize * height as usize * raster.model.n_channels();
    let from_size = (raster.width, raster.height);
    let samples = match &raster.samples {
        Samples::U8(values) => {
            let kind = match raster.model {
                Model::Gray => PixelType::U8,
                Model::Rgb => PixelType::U8x3,
                Model::Cmyk => PixelType::U8x4,
            };
            let mut to = buffer::<u8>(n_values)?;
            resize(values, from_size, &mut to, (width, height), kind)?;
            Samples::U8(to)
        }
        Samples::U16(values) => {
            let kind = match raster.model {
                Model::Gray => PixelType::U16,
                Model::Rgb => PixelType::U16x3,
                Model::Cmyk => PixelType::U16x4,
            };
            let mut to = buffer::<u16>(n_values)?;
            let bytes = bytemuck::cast_slice_mut(&mut to);
            resize(bytemuck::cast_slice(values), from_size, bytes, (width, height), kind)?;
            Samples::U16(to)
        }
    };
    Ok(Raster { width, height, model: raster.model, samples })
}

fn resize(
    from: &[u8],
    from_size: (u32, u32),
    to: &mut [u8],
    to_size: (u32, u32),
    kind: PixelType,
) -> Result<(), Problem> {
    // Neither can fail: the buffers were made for these sizes. If they were not, there would be no picture to show.
    let from = ImageRef::new(from_size.0, from_size.1, from, kind).map_err(|_| Problem::OutOfMemory)?;
    let mut to = Image::from_slice_u8(to_size.0, to_size.1, to, kind).map_err(|_| Problem::OutOfMemory)?;
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false);
    Resizer::new().resize(&from, &mut to, &options).map_err(|_| Problem::OutOfMemory)
}

/// Turns a stored picture upright. `orientation` is Exif's 1..=8; anything else means "as stored".
pub(super) fn upright(
    rgb: Zeroizing<Vec<u8>>,
    width: u32,
    height: u32,
    orientation: u32,
) -> Result<(Zeroizing<Vec<u8>>, u32, u32), Problem> {
    if !(2..=8).contains(&orientation) {
        return Ok((rgb, width, height));
    }
    let (w, h) = (width as usize, height as usize);
    let (out_w, out_h) = if orientation >= 5 { (h, w) } else { (w, h) };
    let from = rgb.as_chunks::<3>().0;
    let mut turned = buffer::<u8>(rgb.len())?;
    let to = turned.as_chunks_mut::<3>().0;
    // Block by block, so that reading down a column stays within the cache.
    const BLOCK: usize = 32;
    for top in (0..out_h).step_by(BLOCK) {
        for left in (0..out_w).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(out_h) {
                for x in left..(left + BLOCK).min(out_w) {
                    let (from_x, from_y) = match orientation {
                        2 => (w - 1 - x, y),
                        3 => (w - 1 - x, h - 1 - y),
                        4 => (x, h - 1 - y),
                        5 => (y, x),
                        6 => (y, h - 1 - x),
                        7 => (w - 1 - y, h - 1 - x),
                        _ => (w - 1 - y, x),
                    };
                    to[y * out_w + x] = from[from_y * w + from_x];
                }
            }
        }
    }
    Ok((turned, out_w as u32, out_h as u32))
}
