//! A table over time as a picture: time to the right, columns upwards.

use std::marker::PhantomData;

use crate::types::{Complex32, Rows, Span};

use super::scene::Rgba;
use super::target::Target;

/// What a value is turned into before it gets its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// 20 log10 of the magnitude, dB, viridis.
    Amplitude { low_db: f32, high_db: f32 },
    /// The angle, -π..=π, twilight.
    Phase,
    /// A real value that is in dB already, magma.
    Power { low_db: f32, high_db: f32 },
    /// A real value around zero, blue below and red above; `limit` is the end of the scale.
    Signed { limit: f32 },
}

/// What part of the table is drawn, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaterfallView {
    pub window: Span,
    /// The first and one past the last bin, bottom to top.
    pub bins: (f32, f32),
    pub mode: Mode,
    /// Where there is no data.
    pub gap_color: Rgba,
}

/// A kind of value that a waterfall can hold.
pub trait Texel: Copy + bytemuck::Pod {
    const FORMAT: wgpu::TextureFormat;
    /// Stands where there is no data: larger than any value that a radio reports.
    const GAP: Self;
}

impl Texel for Complex32 {
    const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Float;
    const GAP: Self = Self::new(GAP, GAP);
}

impl Texel for f32 {
    const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R32Float;
    const GAP: Self = GAP;
}

const GAP: f32 = 3.0e38;

/// The newest slots of one table on the GPU, `Complex32` for channels and `f32` for spectrograms.
pub struct Waterfall<T> {
    n_bins: usize,
    target: Option<Target>,
    texel: PhantomData<T>,
}

impl<T: Texel> Waterfall<T> {
    /// Room for `n_slots` of `slot_nanos` with `n_bins` values each; all cut to what the device can hold.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue, n_bins: usize, n_slots: usize, slot_nanos: i64) -> Self {
        let _ = (device, queue, n_slots, slot_nanos);
        Self { n_bins, target: None, texel: PhantomData }
    }

    /// Uploads what is new in `rows` and needed to draw `window`.
    ///
    /// Bin `i` shows column `columns[i]`, so callers choose chain and order. `generation` tells tables apart: another one,
    /// other columns or a table that went back to its start are uploaded from scratch. Between rows at most `hold_nanos`
    /// apart the earlier one stands; longer breaks stay gaps.
    pub fn sync(
        &mut self,
        queue: &wgpu::Queue,
        rows: &Rows<T>,
        columns: &[usize],
        generation: u64,
        hold_nanos: i64,
        window: Span,
    ) {
        let _ = (queue, rows, columns, generation, hold_nanos, window);
    }

    /// Draws a stretch of time; the newest end is at the right edge.
    pub fn draw(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        view: &WaterfallView,
        size_px: [u32; 2],
    ) -> &wgpu::TextureView {
        let _ = (queue, view, self.n_bins);
        let target = Target::ensure(&mut self.target, device, "waterfall", size_px);
        &target.view
    }

    /// What was drawn last, for [`super::read_back`].
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|target| &target.texture)
    }
}
