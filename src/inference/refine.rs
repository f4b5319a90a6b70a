//! Moves the outline of a coarse mask onto the edges of the photo: the fast guided filter.
//!
//! He, Sun, Tang, "Guided Image Filtering" (2013) and "Fast Guided Filter" (2015): within a small window the mask is taken as
//! a linear function of colour. The function is fitted on a coarse grid and applied to the photo at full size. Masks of 256
//! cells follow a shoulder to about one cell, 8 px on a large photo; this brings them to a pixel or two where colours differ.

use super::warp::Plane;
use crate::types::Photo;
use crate::types::PixelBox;

/// A grid of square blocks of pixels over a region of a photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    pub left: usize,
    pub top: usize,
    /// Pixels per block along each side.
    pub step: usize,
    pub width: usize,
    pub height: usize,
}

/// Blocks along the long side of a region, at most.
const MAX_BLOCKS: usize = 512;

/// How much colours must differ (variance, 0..1 per channel) before an edge is followed.
const EPSILON: f32 = 1e-3;

impl Grid {
    /// `None` for a region without pixels.
    pub fn over(photo: &Photo, region: &PixelBox) -> Option<Self> {
        let (left, top) = (region.left.max(0.0) as usize, region.top.max(0.0) as usize);
        let right = (region.right.ceil().max(0.0) as usize).min(photo.width as usize);
        let bottom = (region.bottom.ceil().max(0.0) as usize).min(photo.height as usize);
        let (width, height) = (right.checked_sub(left)?, bottom.checked_sub(top)?);
        let step = width.max(height).div_ceil(MAX_BLOCKS).max(1);
        (width > 0 && height > 0).then(|| Self {
            left,
            top,
            step,
            width: width.div_ceil(step),
            height: height.div_ceil(step),
        })
    }

    /// Pixel index of the middle of a block.
    pub fn middle(&self, column: usize, row: usize) -> (f32, f32) {
        let at = |start: usize, i: usize| start as f32 + (i as f32 + 0.5) * self.step as f32 - 0.5;
        (at(self.left, column), at(self.top, row))
    }

    /// Mean colour of each block, 0..1.
    fn colours(&self, photo: &Photo) -> [Plane; 3] {
        let mut planes = [(); 3].map(|()| Plane { width: self.width, height: self.height, values: Vec::new() });
        let (photo_w, photo_h) = (photo.width as usize, photo.height as usize);
        let rgb = photo.rgb();
        for row in 0..self.height {
            for column in 0..self.width {
                let (x0, y0) = (self.left + column * self.step, self.top + row * self.step);
                let mut sum = [0_u32; 3];
                let mut n = 0;
                for y in y0..(y0 + self.step).min(photo_h) {
                    let end = (x0 + self.step).min(photo_w);
                    for pixel in rgb[(y * photo_w + x0) * 3..(y * photo_w + end) * 3].chunks_exact(3) {
                        for (sum, channel) in sum.iter_mut().zip(pixel) {
                            *sum += u32::from(*channel);
                        }
                        n += 1;
                    }
                }
                for (plane, sum) in planes.iter_mut().zip(sum) {
                    plane.values.push(sum as f32 / (n as f32 * 255.0));
                }
            }
        }
        planes
    }
}

/// Draws a mask into an empty picture of the photo's size, refined where it is not sure.
///
/// `mask` holds the probability of each block; `radius` is the window in blocks.
pub fn draw(photo: &Photo, grid: &Grid, mask: &Plane, radius: usize, picture: &mut [u8]) {
    let model = LinearModel::fit(&grid.colours(photo), mask, radius);
    let photo_w = photo.width as usize;
    let bottom = (grid.top + grid.height * grid.step).min(photo.height as usize);
    let right = (grid.left + grid.width * grid.step).min(photo_w);
    let rgb = photo.rgb();
    for y in grid.top..bottom {
        let v = (y - grid.top) as f32 / grid.step as f32 + 0.5 / grid.step as f32 - 0.5;
        for x in grid.left..right {
            let u = (x - grid.left) as f32 / grid.step as f32 + 0.5 / grid.step as f32 - 0.5;
            let mut value = mask.at(u, v);
            let column = ((x - grid.left) / grid.step, (y - grid.top) / grid.step);
            if model.unsure[column.1 * grid.width + column.0] {
                let at = (y * photo_w + x) * 3;
                value = model.at(u, v, [rgb[at], rgb[at + 1], rgb[at + 2]]);
            }
            picture[y * photo_w + x] = (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        }
    }
}

/// Probability as a linear function of colour, per block.
struct LinearModel {
    slopes: [Plane; 3],
    offset: Plane,
    /// Blocks near the outline; everything else keeps its value.
    unsure: Vec<bool>,
}

impl LinearModel {
    fn fit(colours: &[Plane; 3], mask: &Plane, radius: usize) -> Self {
        let (width, height) = (mask.width, mask.height);
        let product = |a: &Plane, b: &Plane| {
            let values = a.values.iter().zip(&b.values).map(|(a, b)| a * b).collect();
            Plane { width, height, values }
        };
        let mean_colour = [0, 1, 2].map(|i| box_mean(&colours[i], radius));
        let mean_mask = box_mean(mask, radius);
        let with_mask = [0, 1, 2].map(|i| box_mean(&product(&colours[i], mask), radius));
        // The six different entries of the symmetric covariance matrix.
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)];
        let squares = pairs.map(|(i, j)| box_mean(&product(&colours[i], &colours[j]), radius));
        let n = mask.values.len();
        let mut slopes = [(); 3].map(|()| Plane { width, height, values: Vec::with_capacity(n) });
        let mut offset = Plane { width, height, values: Vec::with_capacity(n) };
        for at in 0..n {
            let mean = [0, 1, 2].map(|i| mean_colour[i].values[at]);
            let covariance = [0, 1, 2].map(|i| with_mask[i].values[at] - mean[i] * mean_mask.values[at]);
            let mut matrix = [0.0; 6];
            for (k, (i, j)) in pairs.into_iter().enumerate() {
                matrix[k] = squares[k].values[at] - mean[i] * mean[j] + if i == j { EPSILON } else { 0.0 };
            }
            let slope = solve(matrix, covariance);
            for (plane, value) in slopes.iter_mut().zip(slope) {
                plane.values.push(value);
            }
            offset.values.push(mean_mask.values[at] - slope[0] * mean[0] - slope[1] * mean[1] - slope[2] * mean[2]);
        }
        let unsure = mean_mask.values.iter().map(|mean| (0.01..0.99).contains(mean)).collect();
        Self { slopes: slopes.map(|plane| box_mean(&plane, radius)), offset: box_mean(&offset, radius), unsure }
    }

    fn at(&self, u: f32, v: f32, colour: [u8; 3]) -> f32 {
        let mut value = self.offset.at(u, v);
        for (slope, channel) in self.slopes.iter().zip(colour) {
            value += slope.at(u, v) * f32::from(channel) / 255.0;
        }
        value
    }
}

/// Symmetric 3 x 3 system by Cramer's rule; the matrix is positive definite thanks to the epsilon on its diagonal.
fn solve([a, b, c, d, e, f]: [f32; 6], [x, y, z]: [f32; 3]) -> [f32; 3] {
    let (i00, i01, i02) = (d * f - e * e, c * e - b * f, b * e - c * d);
    let (i11, i12, i22) = (a * f - c * c, b * c - a * e, a * d - b * b);
    let det = a * i00 + b * i01 + c * i02;
    if det < 1e-12 {
        return [0.0; 3];
    }
    [(i00 * x + i01 * y + i02 * z) / det, (i01 * x + i11 * y + i12 * z) / det, (i02 * x + i12 * y + i22 * z) / det]
}

/// Mean over a square window, cut off at the borders.
fn box_mean(plane: &Plane, radius: usize) -> Plane {
    let (width, height) = (plane.width, plane.height);
    let mut rows = vec![0.0; width * height];
    for y in 0..height {
        let row = &plane.values[y * width..(y + 1) * width];
        running_mean(width, radius, |x| row[x], |x, mean| rows[y * width + x] = mean);
    }
    let mut values = vec![0.0; width * height];
    // Column sums side by side, so that memory is read in rows.
    let mut sums = vec![0.0_f64; width];
    let mut n = 0_usize;
    for y in 0..(radius + 1).min(height) {
        add_row(&mut sums, &rows[y * width..(y + 1) * width], 1.0);
        n += 1;
    }
    for y in 0..height {
        for (value, sum) in values[y * width..(y + 1) * width].iter_mut().zip(&sums) {
            *value = (sum / n as f64) as f32;
        }
        if y + radius + 1 < height {
            add_row(&mut sums, &rows[(y + radius + 1) * width..(y + radius + 2) * width], 1.0);
            n += 1;
        }
        if y >= radius {
            add_row(&mut sums, &rows[(y - radius) * width..(y - radius + 1) * width], -1.0);
            n -= 1;
        }
    }
    Plane { width, height, values }
}

fn add_row(sums: &mut [f64], row: &[f32], sign: f64) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += f64::from(*value) * sign;
    }
}

fn running_mean(n_values: usize, radius: usize, value: impl Fn(usize) -> f32, mut put: impl FnMut(usize, f32)) {
    let mut sum: f64 = (0..(radius + 1).min(n_values)).map(|i| f64::from(value(i))).sum();
    let mut n = (radius + 1).min(n_values);
    for i in 0..n_values {
        put(i, (sum / n as f64) as f32);
        if i + radius + 1 < n_values {
            sum += f64::from(value(i + radius + 1));
            n += 1;
        }
        if i >= radius {
            sum -= f64::from(value(i - radius));
            n -= 1;
        }
    }
}
