//! Photos of every kind end upright, small, in sRGB and without metadata; or in a sentence that helps.

mod bad;
pub mod files;
pub mod private;

use corporeal::photo::{self, Format, Limits, Loaded, Warning};
use corporeal::types::FocalSource;
use image::{DynamicImage, ImageEncoder as _};
use moxcms::ColorProfile;

use files::{Exif, encode_jpeg, encode_png, pillow_folder, quadrants};

#[track_caller]
fn load(bytes: &[u8]) -> Loaded {
    photo::load_bytes(bytes, &Limits::default()).expect("a photo")
}

/// The colours in the middle of the four quadrants of a picture of 64 by 64 px.
fn colors(loaded: &Loaded) -> [[u8; 3]; 4] {
    [(16, 16), (48, 16), (16, 48), (48, 48)].map(|(x, y)| loaded.photo.pixel(x, y))
}

#[track_caller]
fn assert_close(found: [u8; 3], expected: [u8; 3], tolerance: u8, what: &str) {
    let is_close = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= tolerance);
    assert!(is_close, "{what}: {found:?} instead of {expected:?}");
}

#[test]
fn colours_of_every_kind_of_file_are_what_pillow_makes_of_them() {
    let Some(folder) = pillow_folder() else { return };
    let text = std::fs::read_to_string(folder.path().join("expected.json")).expect("written by make.py");
    let expected: std::collections::BTreeMap<String, [[u8; 3]; 4]> = serde_json::from_str(&text).expect("JSON");
    assert!(expected.len() > 25);
    for (name, expected) in expected {
        let loaded = photo::load_file(&folder.path().join(&name), &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        for (found, expected) in colors(&loaded).into_iter().zip(expected) {
            let tolerance = match name.as_str() {
                // The two decoders weigh chroma differently.
                "lossy.webp" => 3,
                "cmyk_profile.jpg" | "cmyk_profile.tif" => 3,
                _ => 2,
            };
            assert_close(found, expected, tolerance, &name);
        }
        let warnings: &[Warning] = match name.as_str() {
            "animated.webp" | "animated.png" => &[Warning::Animated],
            "pages.tif" => &[Warning::SeveralPictures],
            _ => &[],
        };
        assert_eq!(loaded.warnings, warnings, "{name}");
    }
}

/// What a colour of a space with sRGB's white is in sRGB, from the definitions of both.
fn to_srgb(color: [u8; 3], linear: fn(f64) -> f64, srgb_from_space: [[f64; 3]; 3]) -> [u8; 3] {
    let light = color.map(|value| linear(f64::from(value) / 255.0));
    srgb_from_space.map(|row| {
        let value: f64 = row.iter().zip(light).map(|(weight, light)| weight * light).sum();
        let value = value.clamp(0.0, 1.0);
        let encoded = if value <= 0.003_130_8 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    })
}

fn srgb_to_linear(value: f64) -> f64 {
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

#[test]
fn wide_colour_spaces_are_converted_to_srgb() {
    // Both have sRGB's white, so that one matrix does it: products of the primaries' published matrices.
    const SRGB_FROM_P3: [[f64; 3]; 3] =
        [[1.224_940, -0.224_940, 0.0], [-0.042_057, 1.042_057, 0.0], [-0.019_638, -0.078_636, 1.098_274]];
    const SRGB_FROM_ADOBE: [[f64; 3]; 3] =
        [[1.398_357, -0.398_357, 0.0], [0.0, 1.0, 0.0], [0.0, -0.042_929, 1.042_929]];
    let adobe_to_linear = |value: f64| value.powf(2.199_218_75);
    let stored = [[200, 90, 70], [40, 130, 90], [60, 80, 190], [225, 215, 190]];
    let p3 = (
        ColorProfile::new_display_p3().encode().expect("a profile"),
        stored.map(|color| to_srgb(color, srgb_to_linear, SRGB_FROM_P3)),
    );
    let adobe = (
        ColorProfile::new_adobe_rgb().encode().expect("a profile"),
        stored.map(|color| to_srgb(color, adobe_to_linear, SRGB_FROM_ADOBE)),
    );
    for (profile, expected) in [p3, adobe] {
        let picture = quadrants(64, stored);
        let deep = DynamicImage::ImageRgb8(picture.clone()).to_rgb16();
        let mut tiff = std::io::Cursor::new(Vec::new());
        let mut encoder = image::codecs::tiff::TiffEncoder::new(&mut tiff);
        encoder.set_icc_profile(profile.clone()).expect("TIFF holds profiles");
        encoder
            .write_image(bytemuck::cast_slice(deep.as_raw()), 64, 64, image::ExtendedColorType::Rgb16)
            .expect("TIFF");
        let files = [
            ("JPEG", encode_jpeg(&picture, None, Some(&profile))),
            ("PNG", encode_png(&DynamicImage::ImageRgb8(picture.clone()), None, Some(&profile))),
            ("PNG, 16 bits", encode_png(&DynamicImage::ImageRgb16(deep.clone()), None, Some(&profile))),
            ("TIFF, 16 bits", tiff.into_inner()),
        ];
        for (name, file) in files {
            for (found, expected) in colors(&load(&file)).into_iter().zip(expected) {
                assert_close(found, expected, 2, name);
            }
        }
    }
}

#[test]
fn a_profile_that_does_not_fit_is_left_out_with_a_warning() {
    let stored = [[200, 90, 70], [40, 130, 90], [60, 80, 190], [225, 215, 190]];
    let picture = quadrants(64, stored);
    let gray = ColorProfile::new_gray_with_gamma(1.8).encode().expect("a profile");
    let mut cut = ColorProfile::new_display_p3().encode().expect("a profile");
    cut.truncate(150);
    for profile in [gray, cut, b"nonsense".to_vec()] {
        let loaded = load(&encode_png(&DynamicImage::ImageRgb8(picture.clone()), None, Some(&profile)));
        assert_eq!(colors(&loaded), stored);
        assert_eq!(loaded.warnings, [Warning::ProfileIgnored]);
    }
}

#[test]
fn all_eight_orientations_end_upright() {
    // A picture of 96 by 64 px as it should be seen: red, green; blue, white.
    let upright = image::imageops::resize(
        &quadrants(64, [[200, 20, 20], [20, 200, 20], [20, 20, 200], [240, 240, 240]]),
        96,
        64,
        image::imageops::FilterType::Nearest,
    );
    // How the camera stored it, by the definition of each value in Exif 2.32, section 4.6.4.
    use image::imageops::{flip_horizontal as mirror, flip_vertical as flip, rotate90, rotate180, rotate270};
    let stored = [
        (1, upright.clone()),
        (2, mirror(&upright)),
        (3, rotate180(&upright)),
        (4, flip(&upright)),
        (5, mirror(&rotate90(&upright))),
        (6, rotate270(&upright)),
        (7, mirror(&rotate270(&upright))),
        (8, rotate90(&upright)),
    ];
    for (orientation, stored) in stored {
        let exif = Exif { orientation: Some(orientation), ..Exif::default() }.block();
        let size = stored.dimensions();
        let mut tiff = std::io::Cursor::new(Vec::new());
        stored.write_to(&mut tiff, image::ImageFormat::Tiff).expect("TIFF");
        let files = [
            encode_jpeg(&stored, Some(&exif), None),
            encode_png(&DynamicImage::ImageRgb8(stored.clone()), Some(&exif), None),
            files::tiff_with_orientation(tiff.into_inner(), orientation),
        ];
        for file in files {
            let loaded = load(&file);
            assert_eq!((loaded.photo.width, loaded.photo.height), (96, 64), "orientation {orientation}");
            assert_eq!(loaded.stored_size, size);
            for (x, y) in [(20, 10), (80, 10), (20, 50), (80, 50)] {
                let what = format!("orientation {orientation}, {:?}", loaded.format);
                assert_close(loaded.photo.pixel(x, y), upright.get_pixel(x, y).0, 6, &what);
            }
        }
    }
    for nonsense in [0, 9, 4_000] {
        let exif = Exif { orientation: Some(nonsense), ..Exif::default() }.block();
        assert_eq!(load(&encode_jpeg(&upright, Some(&exif), None)).photo.width, 96);
    }
}

#[track_caller]
fn check_focal(exif: &Exif, size: (u32, u32), expected: Option<(f64, FocalSource)>) {
    let picture = image::RgbImage::from_pixel(size.0, size.1, image::Rgb([90, 120, 60]));
    let focal = load(&encode_jpeg(&picture, Some(&exif.block()), None)).photo.focal;
    match (focal, expected) {
        (None, None) => {}
        (Some(focal), Some((px, from))) => {
            assert_eq!(focal.from, from);
            assert!((focal.px / px - 1.0).abs() < 1e-3, "{} px instead of {px}", focal.px);
        }
        _ => panic!("{focal:?} instead of {expected:?}"),
    }
}

#[test]
fn the_focal_length_follows_from_either_kind_of_exif_and_the_scaling() {
    let film = |mm| Exif { focal_35mm: Some(mm), ..Exif::default() };
    // 36 by 24 mm: the frame itself, so 36 mm is one picture's width.
    check_focal(&film(36), (900, 600), Some((900.0, FocalSource::Exif35mm)));
    // 4:3: the diagonal of 5/4 of the width is the film's 43.27 mm.
    check_focal(&film(26), (1600, 1200), Some((26.0 * 2000.0 / 43.266_615, FocalSource::Exif35mm)));
    // Scaled down to 2048 px on the long side.
    check_focal(&film(26), (4096, 3072), Some((26.0 * 2560.0 / 43.266_615, FocalSource::Exif35mm)));
    let sensor =
        Exif { focal_mm: Some((50, 1)), plane_resolution: Some((5_000, 1)), plane_unit: Some(2), ..Exif::default() };
    // 5000 px to the inch, 50 mm; recorded 3000 px wide and scaled to 1500 by an editor.
    check_focal(&sensor, (1500, 1000), Some((50.0 * 5_000.0 / 25.4, FocalSource::ExifSensor)));
    let scaled = Exif { recorded: Some((3000, 2000)), ..sensor.clone() };
    check_focal(&scaled, (1500, 1000), Some((50.0 * 5_000.0 / 25.4 / 2.0, FocalSource::ExifSensor)));
    // The 35 mm equivalent wins; a crop keeps the camera's pixels.
    check_focal(&Exif { focal_35mm: Some(36), ..scaled }, (1500, 1000), Some((1500.0, FocalSource::Exif35mm)));
    let cropped = Exif { recorded: Some((900, 600)), ..film(36) };
    check_focal(&cropped, (500, 600), Some((900.0, FocalSource::Exif35mm)));
    // Nothing, zero, and what no lens has.
    check_focal(&Exif::default(), (640, 480), None);
    check_focal(&film(0), (640, 480), None);
    check_focal(&film(60_000), (640, 480), None);
    check_focal(&Exif { plane_resolution: Some((1, 0)), ..sensor }, (640, 480), None);
    check_focal(&Exif { focal_mm: Some((50, 1)), ..Exif::default() }, (640, 480), None);
}

#[test]
fn large_photos_are_scaled_and_small_ones_are_not() {
    for (from, to) in
        [((4000, 3000), (2048, 1536)), ((3000, 4000), (1536, 2048)), ((2048, 64), (2048, 64)), ((64, 48), (64, 48))]
    {
        let picture =
            image::GrayImage::from_fn(from.0, from.1, |x, y| image::Luma([((x / 64 + y / 64) % 2 * 200) as u8]));
        let loaded = load(&encode_png(&DynamicImage::ImageLuma8(picture), None, None));
        assert_eq!((loaded.photo.width, loaded.photo.height), to);
    }
}

#[test]
fn the_clipboard_gives_a_photo_laid_over_white() {
    let rgba: Vec<u8> = (0..64 * 40).flat_map(|i| if i % 2 == 0 { [200, 30, 60, 255] } else { [0, 0, 0, 0] }).collect();
    let loaded = photo::from_clipboard_rgba(64, 40, &rgba, &Limits::default()).expect("a photo");
    assert_eq!((loaded.photo.width, loaded.photo.height, loaded.format), (64, 40, None));
    assert_eq!((loaded.photo.pixel(0, 0), loaded.photo.pixel(1, 0)), ([200, 30, 60], [255, 255, 255]));
}

#[test]
fn a_folder_gives_its_photos_by_content_and_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = quadrants(64, [[1; 3]; 4]);
    let jpeg = encode_jpeg(&picture, None, None);
    for name in ["b.jpg", "a.dat", ".hidden.jpg"] {
        std::fs::write(folder.path().join(name), &jpeg).expect("written");
    }
    std::fs::write(folder.path().join("notes.jpg"), "not a photo").expect("written");
    std::fs::create_dir(folder.path().join("more.jpg")).expect("a folder");
    let found = photo::photos_in_folder(folder.path()).expect("readable");
    assert_eq!(found, [folder.path().join("a.dat"), folder.path().join("b.jpg")]);
    let error = photo::photos_in_folder(&folder.path().join("gone")).expect_err("no folder");
    assert!(error.to_string().starts_with("no such file"), "{error}");
    let loaded = photo::load_file(&found[0], &Limits::default()).expect("read by content");
    assert_eq!(
        (loaded.format, loaded.warnings),
        (Some(Format::Jpeg), vec![Warning::OtherName { format: Format::Jpeg }])
    );
}
