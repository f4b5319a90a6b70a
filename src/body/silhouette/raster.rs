//! The mask of a projected mesh, and how much two masks agree.

use bevy_math::DVec2;

use crate::types::Mask;

/// Samples across and down each pixel.
const FINE: usize = 4;

/// The part of every pixel that the triangles cover together, in steps of 1/16; their order and facing do not matter.
///
/// Vertices are in pixels of the mask; triangles with an index out of range or a vertex that is not finite are left out.
pub fn mesh_mask(vertices_px: &[DVec2], triangles: &[[u32; 3]], width: u32, height: u32) -> Mask {
    let (width, height) = (width as usize, height as usize);
    let n_words = (width * FINE).div_ceil(64);
    let n_rows = height * FINE;
    // One bit a sample: a row of a triangle is a run of bits, and triangles on top of each other need no care.
    let mut samples = vec![0u64; n_words * n_rows];
    for triangle in triangles {
        let corners = triangle.map(|i| vertices_px.get(i as usize).copied().unwrap_or(DVec2::NAN) * FINE as f64);
        if corners.iter().all(|corner| corner.is_finite()) {
            fill(&mut samples, n_words, width * FINE, n_rows, corners);
        }
    }
    let mut probability = vec![0u8; width * height];
    for (y, row) in probability.chunks_exact_mut(width.max(1)).enumerate() {
        let fine: [&[u64]; FINE] = std::array::from_fn(|i| &samples[(y * FINE + i) * n_words..][..n_words]);
        if fine.iter().all(|row| row.iter().all(|word| *word == 0)) {
            continue;
        }
        for (x, pixel) in row.iter_mut().enumerate() {
            let at = x * FINE;
            let n: u32 = fine.iter().map(|row| (row[at / 64] >> (at % 64) & 0xf).count_ones()).sum();
            *pixel = (n * 255 / (FINE * FINE) as u32) as u8;
        }
    }
    Mask { width: width as u32, height: height as u32, probability: probability.into(), seen: None }
}

/// Sets the samples whose centres are in a triangle.
fn fill(samples: &mut [u64], n_words: usize, row_len: usize, n_rows: usize, mut corners: [DVec2; 3]) {
    corners.sort_by(|a, b| a.y.total_cmp(&b.y));
    let [a, b, c] = corners;
    // The first sample whose centre is at or behind a place.
    let first = |place: f64, len: usize| ((place - 0.5).ceil().max(0.0) as usize).min(len);
    // Where the long edge and the two short ones are at the centre of a row, and by how much they move to the next.
    let slope = |from: DVec2, to: DVec2| if to.y > from.y { (to.x - from.x) / (to.y - from.y) } else { 0.0 };
    let (long, upper, lower) = (slope(a, c), slope(a, b), slope(b, c));
    for y in first(a.y, n_rows)..first(c.y, n_rows) {
        let centre = y as f64 + 0.5;
        let on_long = a.x + (centre - a.y) * long;
        let on_short = if centre < b.y { a.x + (centre - a.y) * upper } else { b.x + (centre - b.y) * lower };
        let (start, end) = (first(on_long.min(on_short), row_len), first(on_long.max(on_short), row_len));
        if start < end {
            set_bits(&mut samples[y * n_words..][..n_words], start, end);
        }
    }
}

/// Sets bits `start..end`, which is not empty.
fn set_bits(words: &mut [u64], start: usize, end: usize) {
    let (first, last) = (start / 64, (end - 1) / 64);
    let head = u64::MAX << (start % 64);
    let tail = u64::MAX >> (63 - (end - 1) % 64);
    if first == last {
        words[first] |= head & tail;
        return;
    }
    words[first] |= head;
    words[first + 1..last].fill(u64::MAX);
    words[last] |= tail;
}

/// Intersection over union of what is rather a person than not, 0..=1; `None` for masks of different size or both empty.
pub fn mask_iou(a: &Mask, b: &Mask) -> Option<f64> {
    if (a.width, a.height) != (b.width, b.height) {
        return None;
    }
    let (mut n_both, mut n_any) = (0u64, 0u64);
    for (a, b) in a.probability.iter().zip(b.probability.iter()) {
        let (a, b) = (*a >= 128, *b >= 128);
        n_both += u64::from(a && b);
        n_any += u64::from(a || b);
    }
    (n_any > 0).then(|| n_both as f64 / n_any as f64)
}
