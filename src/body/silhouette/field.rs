//! The probability of a mask as a smooth function of the place: cut to where it is not zero, blurred, interpolated.

use bevy_math::DVec2;

use crate::types::Mask;

/// Values of pixel centres, with one ring of zeros around them so that every contour closes.
pub(super) struct Field {
    /// With the ring.
    pub width: usize,
    pub height: usize,
    /// 0..=1, rows from the top.
    pub values: Vec<f32>,
    /// The mask's coordinates of value (0, 0).
    pub origin: DVec2,
}

impl Field {
    /// `None` where no pixel is more likely a person than not.
    pub fn of(mask: &Mask, blur_px: f32) -> Option<Self> {
        let (mask_width, mask_height) = (mask.width as usize, mask.height as usize);
        if mask.probability.len() != mask_width.checked_mul(mask_height)? || mask.probability.is_empty() {
            return None;
        }
        let kernel = gaussian(blur_px);
        let reach = kernel.len() / 2;
        let (left, top, right, bottom) = bounds(mask, mask_width)?;
        let grow =
            |low: usize, high: usize, len: usize| (low.saturating_sub(2 * reach + 2), (high + 2 * reach + 3).min(len));
        let ((left, right), (top, bottom)) = (grow(left, right, mask_width), grow(top, bottom, mask_height));
        let (inner_width, inner_height) = (right - left, bottom - top);

        // Beyond the picture's border, the outermost pixels go on: a person does not end there.
        let mut across = vec![0f32; inner_width * inner_height];
        let mut padded = vec![0f32; inner_width + 2 * reach];
        for (y, row) in across.chunks_exact_mut(inner_width).enumerate() {
            let from = &mask.probability[(top + y) * mask_width..][..mask_width];
            for (i, value) in padded.iter_mut().enumerate() {
                let x = (left + i).saturating_sub(reach).min(mask_width - 1);
                *value = f32::from(from[x]) / 255.0;
            }
            for (i, weight) in kernel.iter().enumerate() {
                row.iter_mut().zip(&padded[i..]).for_each(|(to, from)| *to += weight * from);
            }
        }
        let (width, height) = (inner_width + 2, inner_height + 2);
        let mut values = vec![0f32; width * height];
        for y in 0..inner_height {
            let row = &mut values[(y + 1) * width + 1..][..inner_width];
            for (i, weight) in kernel.iter().enumerate() {
                let from = (y + i).saturating_sub(reach).min(inner_height - 1);
                let from = &across[from * inner_width..][..inner_width];
                row.iter_mut().zip(from).for_each(|(to, from)| *to += weight * from);
            }
        }
        let origin = DVec2::new(left as f64 - 0.5, top as f64 - 0.5);
        Some(Self { width, height, values, origin })
    }

    /// Bilinear between pixel centres; beyond the field its edge.
    pub fn sample(&self, place: DVec2) -> f64 {
        let at =
            (place - self.origin).clamp(DVec2::ZERO, DVec2::new(self.width as f64 - 1.0, self.height as f64 - 1.0));
        let (x, y) = ((at.x as usize).min(self.width - 2), (at.y as usize).min(self.height - 2));
        let (u, v) = (at.x - x as f64, at.y - y as f64);
        let value = |x: usize, y: usize| f64::from(self.values[y * self.width + x]);
        (value(x, y) * (1.0 - u) + value(x + 1, y) * u) * (1.0 - v)
            + (value(x, y + 1) * (1.0 - u) + value(x + 1, y + 1) * u) * v
    }

    /// The gradient smoothed by a normal distribution: towards higher probability.
    pub fn gradient(&self, place: DVec2, sigma_px: f64) -> DVec2 {
        let at = place - self.origin;
        let reach = 3.0 * sigma_px;
        let range = |centre: f64, len: usize| {
            let low = (centre - reach).ceil().max(0.0) as usize;
            let high = ((centre + reach).floor().max(0.0) as usize).min(len - 1);
            low..high + 1
        };
        let mut gradient = DVec2::ZERO;
        for y in range(at.y, self.height) {
            for x in range(at.x, self.width) {
                let offset = DVec2::new(x as f64, y as f64) - at;
                let weight = (-0.5 * offset.length_squared() / (sigma_px * sigma_px)).exp();
                gradient += offset * weight * f64::from(self.values[y * self.width + x]);
            }
        }
        gradient
    }
}

/// The smallest box of pixels around all that are rather a person, last ones included.
fn bounds(mask: &Mask, width: usize) -> Option<(usize, usize, usize, usize)> {
    let mut found: Option<(usize, usize, usize, usize)> = None;
    for (y, row) in mask.probability.chunks_exact(width).enumerate() {
        let Some(first) = row.iter().position(|value| *value >= 128) else { continue };
        let last = row.iter().rposition(|value| *value >= 128).unwrap_or(first);
        let (left, top, right, _) = found.unwrap_or((first, y, last, y));
        found = Some((left.min(first), top, right.max(last), y));
    }
    found
}

/// Weights that sum to one, an odd number of them.
fn gaussian(sigma: f32) -> Vec<f32> {
    let reach = (3.0 * sigma).ceil() as i32;
    let weights: Vec<f32> = (-reach..=reach).map(|i| (-0.5 * (i as f32 / sigma).powi(2)).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}
