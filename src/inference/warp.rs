//! Cuts what a network looks at out of a photo, and lays what it answers back: rotated squares, bilinear.
//!
//! All of this follows the corner convention of MediaPipe's image converters: the corners (0, 0) and (w, h) of the region
//! fall on the corners (0, 0) and (n, n) of the crop, and a sample at pixel i of the crop is taken at pixel index
//! `region(i / n)` of the photo. Half-pixel centres instead change a matte by up to 0.85 along its edge
//! (`../shared/spec/vision-models.md`, section 2).
//!
//! Those converters sit on OpenCV 4, which takes samples at multiples of 1/32 pixel and rounds colours to whole numbers. The
//! networks' answers follow such details: sampling exactly moves landmarks that lie outside the picture by up to 10 px
//! (`astronaut`, `obama`). So crops snap to that grid as well.

use crate::types::Photo;

/// What lies beyond the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Border {
    /// The nearest pixel of the photo.
    Replicate,
    Black,
}

/// A rotated square in a photo, pixels and radians; angle 0 is upright, positive turns x towards y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roi {
    pub cx: f32,
    pub cy: f32,
    pub size: f32,
    pub angle: f32,
}

/// Maps pixel indices of the target to pixel indices of the source: `x = xx * u + xy * v + x0`, y alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    pub xx: f64,
    pub xy: f64,
    pub x0: f64,
    pub yx: f64,
    pub yy: f64,
    pub y0: f64,
    /// Whether places are rounded to 1/32 pixel.
    pub snapped: bool,
}

impl Affine {
    /// Stretches the whole source over the target with half-pixel centres, as an image viewer resizes.
    pub fn resize(source: [usize; 2], target: [usize; 2]) -> Self {
        let (xx, yy) = (source[0] as f64 / target[0] as f64, source[1] as f64 / target[1] as f64);
        Self { xx, xy: 0.0, x0: 0.5 * xx - 0.5, yx: 0.0, yy, y0: 0.5 * yy - 0.5, snapped: false }
    }

    pub fn apply(&self, u: f64, v: f64) -> (f64, f64) {
        let (x, y) = (self.xx * u + self.xy * v + self.x0, self.yx * u + self.yy * v + self.y0);
        if self.snapped { ((x * 32.0).round_ties_even() / 32.0, (y * 32.0).round_ties_even() / 32.0) } else { (x, y) }
    }

    /// `None` where the map has no inverse.
    pub fn inverse(&self) -> Option<Self> {
        let det = self.xx * self.yy - self.xy * self.yx;
        if det.abs() < 1e-12 || !det.is_finite() {
            return None;
        }
        let (xx, xy, yx, yy) = (self.yy / det, -self.xy / det, -self.yx / det, self.xx / det);
        let (x0, y0) = (-(xx * self.x0 + xy * self.y0), -(yx * self.x0 + yy * self.y0));
        Some(Self { xx, xy, x0, yx, yy, y0, snapped: self.snapped })
    }
}

impl Roi {
    /// The smallest centred square that holds the whole photo: what a detector with square input looks at.
    pub fn letterbox(photo: &Photo) -> Self {
        let (w, h) = (photo.width as f32, photo.height as f32);
        Self { cx: w / 2.0, cy: h / 2.0, size: w.max(h), angle: 0.0 }
    }

    /// From a point of the square (0..1, y down) to the photo.
    pub fn to_photo(self, u: f32, v: f32) -> (f32, f32) {
        let (sin, cos) = self.angle.sin_cos();
        let (du, dv) = ((u - 0.5) * self.size, (v - 0.5) * self.size);
        (self.cx + du * cos - dv * sin, self.cy + du * sin + dv * cos)
    }

    /// In order around the square, in the photo's pixels.
    pub fn corners(self) -> [[f32; 2]; 4] {
        [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map(|(u, v)| self.to_photo(u, v).into())
    }

    /// From pixel indices of an `n` x `n` crop to pixel indices of the photo.
    pub fn photo_from_crop(&self, n: usize) -> Affine {
        let (sin, cos) = f64::from(self.angle).sin_cos();
        let (cx, cy, size) = (f64::from(self.cx), f64::from(self.cy), f64::from(self.size));
        let scale = size / n as f64;
        let half = size / 2.0;
        Affine {
            xx: scale * cos,
            xy: -scale * sin,
            x0: cx - half * cos + half * sin,
            yx: scale * sin,
            yy: scale * cos,
            y0: cy - half * sin - half * cos,
            snapped: true,
        }
    }
}

/// Samples the photo; `put` gets each pixel's index in the target and its colour, whole numbers 0..=255.
pub fn sample(
    photo: &Photo,
    photo_from_target: &Affine,
    target: [usize; 2],
    border: Border,
    mut put: impl FnMut(usize, [f32; 3]),
) {
    let rgb = photo.rgb();
    let (width, height) = (i64::from(photo.width), i64::from(photo.height));
    let tap = |x: i64, y: i64| -> [f32; 3] {
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        if border == Border::Black && !inside {
            return [0.0; 3];
        }
        let at = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)) as usize * 3;
        [f32::from(rgb[at]), f32::from(rgb[at + 1]), f32::from(rgb[at + 2])]
    };
    for v in 0..target[1] {
        for u in 0..target[0] {
            let (x, y) = photo_from_target.apply(u as f64, v as f64);
            let (left, top) = (x.floor(), y.floor());
            let (fx, fy) = ((x - left) as f32, (y - top) as f32);
            // Far-away places saturate; they all lie beyond the border.
            let (left, top) = (left.clamp(-1e9, 1e9) as i64, top.clamp(-1e9, 1e9) as i64);
            let (a, b, c, d) = (tap(left, top), tap(left + 1, top), tap(left, top + 1), tap(left + 1, top + 1));
            let mut colour = [0.0; 3];
            for channel in 0..3 {
                let upper = a[channel] + (b[channel] - a[channel]) * fx;
                let lower = c[channel] + (d[channel] - c[channel]) * fx;
                colour[channel] = (upper + (lower - upper) * fy + 0.5).floor();
            }
            put(v * target[0] + u, colour);
        }
    }
}

/// Cuts a square out of the photo: `n * n * 3` values, `colour * scale + offset` with colour in 0..=255.
pub fn crop(photo: &Photo, roi: &Roi, n: usize, border: Border, scale: f32, offset: f32) -> Vec<f32> {
    let mut values = vec![0.0; n * n * 3];
    sample(photo, &roi.photo_from_crop(n), [n, n], border, |at, colour| {
        for (value, channel) in values[at * 3..at * 3 + 3].iter_mut().zip(colour) {
            *value = channel * scale + offset;
        }
    });
    values
}

/// A single-channel image of floats, rows from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    pub width: usize,
    pub height: usize,
    pub values: Vec<f32>,
}

impl Plane {
    /// Bilinear value at a pixel index; the nearest edge beyond the borders.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x.clamp(0.0, (self.width - 1) as f32), y.clamp(0.0, (self.height - 1) as f32));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let row = |y: usize| {
            let (a, b) = (self.values[y * self.width + left], self.values[y * self.width + right]);
            a + (b - a) * fx
        };
        row(top) + (row(bottom) - row(top)) * fy
    }

    /// Whether a pixel index lies within the image.
    pub fn covers(&self, x: f32, y: f32) -> bool {
        x > -1.0 && y > -1.0 && x < self.width as f32 && y < self.height as f32
    }

    /// The whole plane at another size, half-pixel centres.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        let map = Affine::resize([self.width, self.height], [width, height]);
        let mut values = Vec::with_capacity(width * height);
        for v in 0..height {
            for u in 0..width {
                let (x, y) = map.apply(u as f64, v as f64);
                values.push(self.at(x as f32, y as f32));
            }
        }
        Self { width, height, values }
    }
}

/// Logistic function; the argument is kept where `exp` is finite.
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x.clamp(-80.0, 80.0)).exp())
}

/// Into -pi..pi.
pub fn normalise_angle(angle: f32) -> f32 {
    let turn = std::f32::consts::TAU;
    angle - turn * ((angle + std::f32::consts::PI) / turn).floor()
}
