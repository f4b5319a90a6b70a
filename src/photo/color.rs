//! Any raster to sRGB of 8 bits, through the file's colour profile where it has a usable one.

use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use zeroize::Zeroizing;

use super::Problem;
use super::raster::{Model, Raster, Samples, buffer};

/// `width * height * 3` bytes, and whether the profile could be used (true where there is none).
///
/// Without a profile, grey and RGB are taken as sRGB, and inks as ideal ones: light passes each in turn.
pub(super) fn to_srgb(
    raster: &Raster,
    icc: Option<&[u8]>,
    is_adobe_rgb: bool,
) -> Result<(Zeroizing<Vec<u8>>, bool), Problem> {
    let n_pixels = raster.width as usize * raster.height as usize;
    let mut rgb = buffer::<u8>(n_pixels * 3)?;
    let profile = match icc {
        Some(icc) => ColorProfile::new_from_slice(icc).ok(),
        None if is_adobe_rgb && raster.model == Model::Rgb => Some(ColorProfile::new_adobe_rgb()),
        None => None,
    };
    let managed = match profile {
        Some(profile) => through(&profile, raster, &mut rgb)?,
        None => false,
    };
    if !managed {
        plain(raster, &mut rgb);
    }
    Ok((rgb, managed || icc.is_none()))
}

/// False where the profile is not one for such pixels.
fn through(profile: &ColorProfile, raster: &Raster, rgb: &mut [u8]) -> Result<bool, Problem> {
    let layout = match (raster.model, profile.color_space) {
        (Model::Gray, DataColorSpace::Gray) => Layout::Gray,
        (Model::Rgb, DataColorSpace::Rgb) => Layout::Rgb,
        (Model::Cmyk, DataColorSpace::Cmyk) => Layout::Rgba,
        _ => return Ok(false),
    };
    let (srgb, options) = (ColorProfile::new_srgb(), TransformOptions::default());
    match &raster.samples {
        Samples::U8(values) => {
            let Ok(transform) = profile.create_transform_8bit(layout, &srgb, Layout::Rgb, options) else {
                return Ok(false);
            };
            Ok(transform.transform(values, rgb).is_ok())
        }
        Samples::U16(values) => {
            let Ok(transform) = profile.create_transform_16bit(layout, &srgb, Layout::Rgb, options) else {
                return Ok(false);
            };
            let mut deep = buffer::<u16>(rgb.len())?;
            if transform.transform(values, &mut deep).is_err() {
                return Ok(false);
            }
            for (to, from) in rgb.iter_mut().zip(deep.iter()) {
                *to = to_u8(*from);
            }
            Ok(true)
        }
    }
}

fn plain(raster: &Raster, rgb: &mut [u8]) {
    match &raster.samples {
        Samples::U8(values) => plain_of(values, raster.model, rgb, |value| value),
        Samples::U16(values) => plain_of(values, raster.model, rgb, to_u8),
    }
}

fn plain_of<T: Copy>(values: &[T], model: Model, rgb: &mut [u8], to_u8: impl Fn(T) -> u8) {
    let pixels = rgb.as_chunks_mut::<3>().0;
    match model {
        Model::Gray => pixels.iter_mut().zip(values).for_each(|(to, from)| *to = [to_u8(*from); 3]),
        Model::Rgb => {
            let from = values.as_chunks::<3>().0;
            pixels.iter_mut().zip(from).for_each(|(to, from)| *to = from.map(&to_u8));
        }
        Model::Cmyk => {
            for (to, from) in pixels.iter_mut().zip(values.as_chunks::<4>().0) {
                let [c, m, y, k] = from.map(|value| 255 - u32::from(to_u8(value)));
                *to = [c, m, y].map(|ink| ((ink * k + 127) / 255) as u8);
            }
        }
    }
}

fn to_u8(value: u16) -> u8 {
    ((u32::from(value) * 255 + 32_767) / 65_535) as u8
}
