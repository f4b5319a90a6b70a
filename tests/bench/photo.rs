//! How long a photo takes from the bytes of a file: `cargo bench --bench photo`.
//!
//! Twelve megapixels of a made-up scene with noise; one thread.

use std::io::Cursor;

use corporeal::photo::{self, Limits};
use divan::Bencher;
use image::{ImageFormat, RgbImage};

fn main() {
    divan::main();
}

/// Soft shapes with the noise of a phone's sensor: about 4 MB as JPEG of quality 90.
fn scene(width: u32, height: u32) -> RgbImage {
    let mut state = 7u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 28) as f32 - 8.0;
        let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
        let wave = ((u * 40.0).sin() * (v * 30.0).cos() * 60.0) + 120.0 + noise;
        image::Rgb([wave as u8, (wave * 0.7 + u * 60.0) as u8, (wave * 0.5 + v * 90.0) as u8])
    })
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 90);
    encoder.encode_image(&scene(width, height)).expect("a JPEG file");
    file
}

#[divan::bench(sample_count = 10)]
fn jpeg_12_megapixels(bencher: Bencher<'_, '_>) {
    let file = jpeg(4032, 3024);
    bencher.counter(divan::counter::BytesCount::new(file.len())).bench(|| photo::load_bytes(&file, &Limits::default()));
}

#[divan::bench(sample_count = 10)]
fn jpeg_2_megapixels(bencher: Bencher<'_, '_>) {
    let file = jpeg(1600, 1200);
    bencher.counter(divan::counter::BytesCount::new(file.len())).bench(|| photo::load_bytes(&file, &Limits::default()));
}

#[divan::bench(sample_count = 10)]
fn png_12_megapixels(bencher: Bencher<'_, '_>) {
    let mut file = Cursor::new(Vec::new());
    scene(4032, 3024).write_to(&mut file, ImageFormat::Png).expect("a PNG file");
    let file = file.into_inner();
    bencher.counter(divan::counter::BytesCount::new(file.len())).bench(|| photo::load_bytes(&file, &Limits::default()));
}
