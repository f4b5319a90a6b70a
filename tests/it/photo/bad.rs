//! Bad photos: each ends in a sentence that says what to do, or in a flagged photo; none panics or takes much memory.

use std::io::Cursor;

use corporeal::photo::{self, Limits, Warning};
use image::{DynamicImage, RgbImage};
use proptest::prelude::*;

use super::files::{Exif, encode_jpeg, encode_png, pillow_folder, png_claiming, quadrants};
use super::private::largest_block;

#[track_caller]
fn check_refused(bytes: &[u8], message: &str) {
    let error = photo::load_bytes(bytes, &Limits::default()).expect_err(message);
    assert!(error.to_string().starts_with(message), "{error}\n instead of\n{message}");
    assert!(error.to_string().contains(" — "), "no advice in: {error}");
}

/// Noise, so that a JPEG of it has something to cut.
fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(x * 2) as u8, (y * 2) as u8, (state >> 24) as u8])
    })
}

fn tiff_of(picture: &RgbImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::Tiff).expect("TIFF");
    file.into_inner()
}

fn webp_of(picture: &RgbImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, image::ImageFormat::WebP).expect("WebP");
    file.into_inner()
}

/// A JPEG file whose header claims a size.
fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut file = encode_jpeg(&noise(64, 64), None, None);
    let at = file.windows(2).position(|pair| pair == [0xff, 0xc0]).expect("a frame header");
    file[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    file[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    file
}

#[test]
fn what_is_no_photo_is_refused_in_plain_words() {
    check_refused(b"", "the file is empty");
    check_refused(b"x", "this is not a photo");
    check_refused(&[0; 4096], "this is not a photo");
    check_refused(b"GIF89a\x40\0\x40\0", "GIF files are not read");
    check_refused(b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC files are not read");
    check_refused(b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF files are not read");
    check_refused(b"\0\0\0\x18ftypisom\0\0\0\0", "Video files are not read");
    check_refused(b"%PDF-1.7\n", "PDF files are not read");
    check_refused(b"PK\x03\x04 zip bomb", "ZIP files are not read");
    check_refused(b"BM\x36\0\0\0", "BMP files are not read");
}

#[test]
fn sizes_are_checked_from_the_header() {
    check_refused(&png_claiming(1, 1), "1 x 1 px is too small");
    check_refused(&encode_jpeg(&noise(1, 1), None, None), "1 x 1 px is too small");
    check_refused(&webp_of(&noise(500, 20)), "500 x 20 px is too small");
    check_refused(&png_claiming(30_000, 30_000), "30000 x 30000 px is more than is decoded safely");
    check_refused(&png_claiming(30_000, 64), "30000 x 64 px is more than is decoded safely");
    check_refused(&png_claiming(u32::MAX >> 1, u32::MAX >> 1), "2147483647 x 2147483647 px is more");
    check_refused(&jpeg_claiming(60_000, 60_000), "60000 x 60000 px is more than is decoded safely");
    check_refused(&jpeg_claiming(15_000, 15_000), "15000 x 15000 px is more than is decoded safely");
    // A panorama that would be a few pixels high.
    check_refused(&png_claiming(16_000, 200), "16000 x 200 px is too small");
    let tight = Limits { max_decode_bytes: 1 << 20, ..Limits::default() };
    let error = photo::load_bytes(&encode_jpeg(&noise(800, 600), None, None), &tight).expect_err("too much memory");
    assert!(error.to_string().starts_with("decoding this JPEG file would take 4 MiB of memory"), "{error}");
    let error = photo::from_clipboard_rgba(64, 64, &[0; 12], &Limits::default()).expect_err("too few bytes");
    assert!(error.to_string().starts_with("the clipboard's picture is not as large"), "{error}");
}

#[test]
fn a_cut_jpeg_gives_its_upper_part_flagged_or_a_clear_refusal() {
    let whole = encode_jpeg(&noise(256, 256), None, None);
    let at = |part: f64| &whole[..(whole.len() as f64 * part) as usize];
    let loaded = photo::load_bytes(at(0.8), &Limits::default()).expect("most of it is there");
    let [Warning::Truncated { missing }] = loaded.warnings[..] else { panic!("{:?}", loaded.warnings) };
    assert!((0.1..0.3).contains(&missing), "{missing}");
    assert_ne!(loaded.photo.pixel(100, 50), [128; 3]);
    for part in [0.3, 0.1, 0.02] {
        check_refused(at(part), "the JPEG file ends before its picture does");
    }
    check_refused(&whole[..4], "the JPEG file ends before its picture does");
}

#[test]
fn a_cut_progressive_jpeg_is_flagged_as_coarse() {
    let Some(folder) = pillow_folder() else { return };
    let whole = std::fs::read(folder.path().join("progressive_noise.jpg")).expect("a file");
    let loaded = photo::load_bytes(&whole[..whole.len() * 9 / 10], &Limits::default()).expect("most of it is there");
    assert_eq!(loaded.warnings, [Warning::Truncated { missing: 0.0 }]);
    assert!(loaded.warnings[0].to_string().contains("may be coarse — "));
}

#[test]
fn other_cut_files_are_refused() {
    let picture = noise(256, 256);
    let png = encode_png(&DynamicImage::ImageRgb8(picture.clone()), None, None);
    let webp = webp_of(&picture);
    let tiff = tiff_of(&picture);
    for part in [2, 3, 8] {
        check_refused(&png[..png.len() / part], "the PNG file ends before its picture does");
        check_refused(&webp[..webp.len() / part], "the WebP file");
        check_refused(&tiff[..tiff.len() / part], "the TIFF file ends before its picture does");
    }
}

#[test]
fn kinds_that_are_not_read_say_so() {
    let deep = DynamicImage::ImageRgb32F(image::ImageBuffer::from_pixel(64, 64, image::Rgb([0.5f32; 3])));
    let mut file = Cursor::new(Vec::new());
    deep.write_to(&mut file, image::ImageFormat::Tiff).expect("TIFF");
    check_refused(&file.into_inner(), "this kind of TIFF file is not read");
    if let Some(folder) = pillow_folder() {
        let error = photo::load_file(&folder.path().join("refused.gif"), &Limits::default()).expect_err("GIF");
        assert!(error.to_string().starts_with("GIF files are not read — "), "{error}");
        assert!(error.to_string().ends_with("refused.gif\""), "the path comes last: {error}");
    }
}

#[test]
fn what_is_not_a_readable_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |path: &std::path::Path, message: &str| {
        let error = photo::load_file(path, &Limits::default()).expect_err(message);
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(error.to_string().ends_with(&format!(": {path:?}")), "the path comes last: {error}");
    };
    check(&folder.path().join("gone.jpg"), "no such file — ");
    check(folder.path(), "this is not a file — ");
    let empty = folder.path().join("empty.jpg");
    std::fs::write(&empty, "").expect("written");
    check(&empty, "the file is empty — ");
    #[cfg(unix)]
    check(std::path::Path::new("/dev/zero"), "this is not a file — ");
    let tight = Limits { max_file_bytes: 10, ..Limits::default() };
    std::fs::write(&empty, [0; 11]).expect("written");
    let error = photo::load_file(&empty, &tight).expect_err("too large");
    assert!(error.to_string().starts_with("the file has 0 MiB, more than the 0 MiB"), "{error}");
}

/// A PNG of 64 by 64 px whose colour profile unpacks to `n_bytes`.
fn png_with_profile(n_bytes: usize) -> Vec<u8> {
    encode_png(&DynamicImage::ImageRgb8(noise(64, 64)), None, Some(&vec![0; n_bytes]))
}

#[test]
fn a_small_file_may_not_unpack_to_much() {
    let bomb = png_with_profile(300 << 20);
    assert!(bomb.len() < 4 << 20, "{} bytes", bomb.len());
    let mut loaded = None;
    let largest = largest_block(|| loaded = photo::load_bytes(&bomb, &Limits::default()).ok());
    assert!(largest < 40 << 20, "{} MiB at once", largest >> 20);
    // The picture itself is whole.
    let photo = loaded.expect("a photo").photo;
    assert_eq!((photo.width, photo.height), (64, 64));
    assert!(largest_block(|| drop(photo::load_bytes(&png_with_profile(1 << 20), &Limits::default()))) > 1 << 20);
}

/// A WebP file whose Exif chunk claims a length and is not there.
fn webp_claiming(n_exif_bytes: u32) -> Vec<u8> {
    let simple = webp_of(&noise(64, 64));
    let exif = [&b"EXIF"[..], &n_exif_bytes.to_le_bytes()].concat();
    // The extended form: which parts there are (Exif), then width and height less one, of three bytes each.
    let extended = b"VP8X\x0a\0\0\0\x08\0\0\0\x3f\0\0\x3f\0\0";
    let chunks = [&b"WEBP"[..], extended, &simple[12..], &exif].concat();
    [&b"RIFF"[..], &(chunks.len() as u32).to_le_bytes(), &chunks].concat()
}

#[test]
fn a_chunk_that_claims_more_than_the_file_takes_no_memory() {
    photo::load_bytes(&webp_claiming(0), &Limits::default()).expect("a photo without Exif");
    for n_bytes in [100, 700_000_000, u32::MAX] {
        let file = webp_claiming(n_bytes);
        let largest = largest_block(|| check_refused(&file, "the WebP file ends before its picture does"));
        assert!(largest < 1 << 20, "{} MiB at once", largest >> 20);
    }
}

/// One small file of each format, with metadata, to be spoilt.
fn seeds() -> Vec<Vec<u8>> {
    let picture = noise(48, 40);
    let exif = Exif {
        orientation: Some(6),
        focal_35mm: Some(28),
        focal_mm: Some((42, 10)),
        plane_resolution: Some((7000, 1)),
        recorded: Some((48, 40)),
        ..Exif::default()
    }
    .block();
    let icc = moxcms::ColorProfile::new_display_p3().encode().expect("a profile");
    let mut seeds = vec![
        encode_jpeg(&picture, Some(&exif), Some(&icc)),
        encode_png(&DynamicImage::ImageRgb8(picture.clone()), Some(&exif), Some(&icc)),
        encode_png(&DynamicImage::ImageRgb8(picture.clone()).to_luma_alpha16().into(), Some(&exif), None),
        webp_of(&picture),
        tiff_of(&picture),
        encode_jpeg(&quadrants(64, [[9; 3], [90; 3], [190; 3], [250; 3]]), Some(&exif), None),
    ];
    if let Some(folder) = pillow_folder() {
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension != "json"))
            .collect();
        names.sort();
        seeds.extend(names.iter().map(|path| std::fs::read(path).expect("a file")));
    }
    seeds
}

#[test]
fn spoilt_files_never_panic() {
    let seeds = seeds();
    let spoil = (
        0..seeds.len(),
        // Most of what matters stands at the beginning.
        prop::collection::vec((prop_oneof![0f64..0.05, 0f64..1.0], any::<u8>()), 1..8),
        prop_oneof![3 => Just(1.0), 1 => 0.0f64..1.0],
    );
    proptest!(ProptestConfig { cases: 3000, ..ProptestConfig::default() }, |((seed, changes, part) in spoil)| {
        let mut file = seeds[seed].clone();
        for (place, value) in changes {
            let at = (place * file.len() as f64) as usize;
            file[at] = value;
        }
        file.truncate((file.len() as f64 * part) as usize);
        if let Ok(loaded) = photo::load_bytes(&file, &Limits::default()) {
            prop_assert!(loaded.photo.width.max(loaded.photo.height) <= 2048);
            prop_assert!(loaded.photo.focal.is_none_or(|focal| focal.px.is_finite()));
        }
    });
}
