//! From a filled silhouette to points on its edge with outward normals, as the reference generator makes them.

use bevy_math::DVec2;

use super::raster::Bitmap;

/// A point on the silhouette's edge, in pixels of the bitmap (centres at half-integers, y down), and which way is out.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgePoint {
    pub position: DVec2,
    pub normal: DVec2,
}

/// Every filled pixel with an empty neighbour (of four; beyond the border counts as empty), rows from the top.
///
/// The normal is the downhill direction of the silhouette after smoothing with sigma 1.5 pixels.
pub(super) fn edge_points(bitmap: &Bitmap) -> Vec<EdgePoint> {
    let (width, height) = (bitmap.width, bitmap.height);
    let smooth = smoothed(bitmap);
    let value = |x: usize, y: usize| smooth[y * width + x];
    let mut points = Vec::new();
    for y in 0..height {
        for x in 0..width {
            if !bitmap.at(x, y) || is_inner(bitmap, x, y) {
                continue;
            }
            // Central differences, one-sided at the border.
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let (above, below) = (y.saturating_sub(1), (y + 1).min(height - 1));
            let slope_x = (value(right, y) - value(left, y)) / (right - left).max(1) as f64;
            let slope_y = (value(x, below) - value(x, above)) / (below - above).max(1) as f64;
            let downhill = -DVec2::new(slope_x, slope_y);
            let position = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
            points.push(EdgePoint { position, normal: downhill / (downhill.length() + 1e-9) });
        }
    }
    points
}

fn is_inner(bitmap: &Bitmap, x: usize, y: usize) -> bool {
    x > 0
        && y > 0
        && x + 1 < bitmap.width
        && y + 1 < bitmap.height
        && bitmap.at(x - 1, y)
        && bitmap.at(x + 1, y)
        && bitmap.at(x, y - 1)
        && bitmap.at(x, y + 1)
}

const SIGMA: f64 = 1.5;
/// Four sigmas.
const RADIUS: usize = 6;

/// Gaussian blur, the picture mirrored at its border (the border pixel twice).
fn smoothed(bitmap: &Bitmap) -> Vec<f64> {
    let weights: [f64; 2 * RADIUS + 1] = std::array::from_fn(|i| {
        let distance = i as f64 - RADIUS as f64;
        (-0.5 * (distance / SIGMA).powi(2)).exp()
    });
    let total: f64 = weights.iter().sum();
    let weights = weights.map(|weight| weight / total);
    let (width, height) = (bitmap.width, bitmap.height);
    let sharp: Vec<f64> = bitmap.filled.iter().map(|&filled| f64::from(u8::from(filled))).collect();
    let mut columns = vec![0.0; sharp.len()];
    for y in 0..height {
        let out = &mut columns[y * width..][..width];
        for (i, weight) in weights.iter().enumerate() {
            let row = &sharp[mirrored(y, i, height) * width..][..width];
            for (out, value) in out.iter_mut().zip(row) {
                *out += weight * value;
            }
        }
    }
    let mut both = vec![0.0; sharp.len()];
    for y in 0..height {
        let row = &columns[y * width..][..width];
        for x in 0..width {
            let sum = weights.iter().enumerate().map(|(i, weight)| weight * row[mirrored(x, i, width)]).sum();
            both[y * width + x] = sum;
        }
    }
    both
}

/// The pixel `offset - RADIUS` beside `at`, mirrored back into `0..n`; `n` is at least [`RADIUS`].
fn mirrored(at: usize, offset: usize, n: usize) -> usize {
    let shifted = at + offset;
    if shifted < RADIUS {
        RADIUS - 1 - shifted
    } else if shifted - RADIUS >= n {
        2 * n - 1 - (shifted - RADIUS)
    } else {
        shifted - RADIUS
    }
}
