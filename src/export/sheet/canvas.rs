//! Pixels that can be drawn on: blended, anti-aliased, wiped when dropped.

use bevy_math::DVec2;
use zeroize::Zeroizing;

/// sRGB.
pub type Color = [u8; 3];

/// A rectangle of whole pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

pub struct Canvas {
    pub width: u32,
    pub height: u32,
    pub rgb: Zeroizing<Vec<u8>>,
}

impl Canvas {
    pub fn new(width: u32, height: u32, color: Color) -> Self {
        let rgb = color.repeat(width as usize * height as usize);
        Self { width, height, rgb: Zeroizing::new(rgb) }
    }

    /// Lays a colour over a pixel; `alpha` 0..=1. Outside of the canvas nothing happens.
    pub fn blend(&mut self, x: i64, y: i64, color: Color, alpha: f64) {
        if x < 0 || y < 0 || x >= i64::from(self.width) || y >= i64::from(self.height) {
            return;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        for (old, new) in self.rgb[at..at + 3].iter_mut().zip(color) {
            *old = (f64::from(*old) + (f64::from(new) - f64::from(*old)) * alpha.clamp(0.0, 1.0)).round() as u8;
        }
    }

    pub fn fill(&mut self, area: Area, color: Color) {
        for y in area.top..(area.top + area.height).min(self.height) {
            for x in area.left..(area.left + area.width).min(self.width) {
                let at = (y as usize * self.width as usize + x as usize) * 3;
                self.rgb[at..at + 3].copy_from_slice(&color);
            }
        }
    }

    /// A line with round ends, clipped to an area. A line of no length is a dot.
    pub fn line(&mut self, from: DVec2, to: DVec2, width_px: f64, color: Color, alpha: f64, clip: Area) {
        if !(from.is_finite() && to.is_finite()) {
            return;
        }
        let reach = width_px / 2.0 + 1.0;
        let low = DVec2::new(f64::from(clip.left), f64::from(clip.top));
        let high = low + DVec2::new(f64::from(clip.width), f64::from(clip.height));
        let start = (from.min(to) - reach).max(low).floor();
        let end = (from.max(to) + reach).min(high);
        let along = to - from;
        for y in start.y as i64..end.y.ceil() as i64 {
            for x in start.x as i64..end.x.ceil() as i64 {
                let offset = DVec2::new(x as f64 + 0.5, y as f64 + 0.5) - from;
                let part = (offset.dot(along) / along.length_squared().max(1e-12)).clamp(0.0, 1.0);
                let coverage = width_px / 2.0 + 0.5 - (offset - along * part).length();
                if coverage > 0.0 {
                    self.blend(x, y, color, alpha * coverage.min(1.0));
                }
            }
        }
    }

    pub fn dot(&mut self, centre: DVec2, diameter_px: f64, color: Color, alpha: f64, clip: Area) {
        self.line(centre, centre, diameter_px, color, alpha, clip);
    }
}
