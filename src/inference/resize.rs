//! Bilinear resizing in whole numbers, bit for bit as OpenCV does it.
//!
//! MoveNet and NanoDet were measured behind OpenCV's `resize`, and their answers follow it closely: resizing with exact
//! fractions changes one pixel in nine by one level, which moves keypoints by up to 0.8 px and boxes by up to 3.4 px.

use crate::types::Photo;

/// Bits of a weight.
const WEIGHT_BITS: u32 = 11;

/// For each target pixel along one axis: its two sources and their weights, which sum to 2048.
struct Taps(Vec<(usize, usize, i32, i32)>);

impl Taps {
    fn new(n_source: usize, n_target: usize) -> Self {
        let scale = n_source as f64 / n_target as f64;
        let one = (1 << WEIGHT_BITS) as f32;
        Self(
            (0..n_target)
                .map(|i| {
                    let place = ((i as f64 + 0.5) * scale - 0.5) as f32;
                    let first = place.floor();
                    let fraction = place - first;
                    if first < 0.0 || first as usize >= n_source - 1 {
                        let edge = if first < 0.0 { 0 } else { n_source - 1 };
                        return (edge, edge, 1 << WEIGHT_BITS, 0);
                    }
                    let weight = |part: f32| (part * one).round_ties_even() as i32;
                    (first as usize, first as usize + 1, weight(1.0 - fraction), weight(fraction))
                })
                .collect(),
        )
    }
}

/// A part of a photo (left, top, width, height; within it, and not empty) at another size, red first.
pub fn resize(photo: &Photo, [left, top, width, height]: [usize; 4], target: [usize; 2]) -> Vec<u8> {
    let (columns, rows) = (Taps::new(width, target[0]), Taps::new(height, target[1]));
    let row_bytes = photo.width as usize * 3;
    let squeezed = |row: usize| -> Vec<i32> {
        let start = (top + row) * row_bytes + left * 3;
        let source = &photo.rgb()[start..start + width * 3];
        let mut squeezed = Vec::with_capacity(target[0] * 3);
        for (a, b, weight_a, weight_b) in &columns.0 {
            for channel in 0..3 {
                let (a, b) = (i32::from(source[a * 3 + channel]), i32::from(source[b * 3 + channel]));
                squeezed.push(a * weight_a + b * weight_b);
            }
        }
        squeezed
    };
    let mut pixels = Vec::with_capacity(target[0] * target[1] * 3);
    // Neighbouring rows of the target mostly share a row of the source.
    let mut kept: [(usize, Vec<i32>); 2] = [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())];
    for (a, b, weight_a, weight_b) in rows.0 {
        if kept[1].0 == a {
            kept.swap(0, 1);
        }
        if kept[0].0 != a {
            kept[0] = (a, squeezed(a));
        }
        if kept[1].0 != b {
            kept[1] = (b, squeezed(b));
        }
        for (upper, lower) in kept[0].1.iter().zip(&kept[1].1) {
            let sum = ((weight_a * (upper >> 4)) >> 16) + ((weight_b * (lower >> 4)) >> 16);
            pixels.push(((sum + 2) >> 2).clamp(0, 255) as u8);
        }
    }
    pixels
}

/// The whole photo at another size.
pub fn resize_whole(photo: &Photo, target: [usize; 2]) -> Vec<u8> {
    resize(photo, [0, 0, photo.width as usize, photo.height as usize], target)
}
