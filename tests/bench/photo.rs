//! How long a photo takes from the bytes of a file, and outlines and masks from and to it: `cargo bench --bench photo`.
//!
//! Twelve megapixels of a made-up scene with noise; a disc for a body; one thread.

use std::io::Cursor;

use bevy_math::DVec2;
use corporeal::body::silhouette;
use corporeal::photo::{self, Limits};
use corporeal::types::Mask;
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

#[divan::bench]
fn outline_of_3_megapixels(bencher: Bencher<'_, '_>) {
    let centre = DVec2::new(1024.0, 768.0);
    let probability: Vec<u8> = (0..1536 * 2048)
        .map(|i| DVec2::new(f64::from(i % 2048), f64::from(i / 2048)).distance(centre))
        .map(|distance| ((600.0 - distance).clamp(0.0, 1.0) * 255.0) as u8)
        .collect();
    let mask = Mask { width: 2048, height: 1536, probability: probability.into(), seen: None };
    bencher.bench(|| silhouette::outline(&mask, 250));
}

/// As many triangles as the body has, on the front and back of a ball of 400 px.
#[divan::bench]
fn mask_of_27_thousand_triangles(bencher: Bencher<'_, '_>) {
    let (n_around, n_up) = (164u32, 83u32);
    let angle = |i: u32, n: u32, turn: f64| f64::from(i) / f64::from(n) * turn;
    let vertices: Vec<DVec2> = (0..=n_up)
        .flat_map(|j| (0..n_around).map(move |i| (i, j)))
        .map(|(i, j)| {
            let (around, up) = (angle(i, n_around, std::f64::consts::TAU), angle(j, n_up, std::f64::consts::PI));
            DVec2::new(256.0 + 200.0 * around.cos() * up.sin(), 256.0 - 200.0 * up.cos())
        })
        .collect();
    let triangles: Vec<[u32; 3]> = (0..n_up)
        .flat_map(|j| (0..n_around).map(move |i| (j * n_around + i, j * n_around + (i + 1) % n_around)))
        .flat_map(|(a, b)| [[a, b, a + n_around], [b, b + n_around, a + n_around]])
        .collect();
    bencher.bench(|| silhouette::mesh_mask(&vertices, &triangles, 512, 512));
}
