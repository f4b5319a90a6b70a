//! Photos as textures: no larger than they are shown, uploaded once, a few rows each frame so that no frame waits.
//!
//! Pixels pass through a buffer that is wiped; textures of photos that were removed are destroyed in the next frame.

use std::sync::Arc;

use egui::TextureId;
use egui_wgpu::{RenderState, wgpu};
use zeroize::Zeroizing;

use crate::engine::studio::{PhotoId, Studio};
use crate::types::Photo;

/// Longest sides in pixels that textures are made in.
const THUMB_PX: u32 = 192;
const LEVELS_PX: [u32; 4] = [THUMB_PX, 512, 1024, 2048];
/// What a photo that is not magnified gets at most.
const PLAIN_PX: u32 = 1024;
/// Pixels read in one frame: about two milliseconds.
const READS_PER_FRAME: usize = 400_000;

#[derive(Default)]
pub struct Textures {
    entries: Vec<Entry>,
    n_reads: usize,
}

struct Entry {
    photo: PhotoId,
    /// Where the pixels lie: a photo that was read anew lies elsewhere. Never followed.
    address: usize,
    level_px: u32,
    size: [u32; 2],
    texture: wgpu::Texture,
    id: TextureId,
    /// Rows before this one are there.
    n_rows: u32,
    used: bool,
}

impl Textures {
    /// Begins a frame: lets go of what belongs to photos that are gone, and of large pictures that nobody looks at.
    pub fn forget(&mut self, studio: &Studio, gpu: Option<&RenderState>) {
        self.n_reads = 0;
        let there = |entry: &Entry| {
            let photo = studio.photos.iter().find(|photo| photo.id == entry.photo);
            photo.and_then(|photo| photo.photo.as_ref()).is_some_and(|photo| address(photo) == entry.address)
        };
        for entry in self.entries.extract_if(.., |entry| !there(entry) || (entry.level_px > THUMB_PX && !entry.used)) {
            entry.free(gpu);
        }
        for entry in &mut self.entries {
            entry.used = false;
        }
    }

    /// The picture of a photo for being shown with a longest side of `shown_px`; `None` until some of it is there.
    pub fn show(
        &mut self,
        ctx: &egui::Context,
        gpu: &RenderState,
        id: PhotoId,
        photo: &Arc<Photo>,
        shown_px: f32,
        magnified: bool,
    ) -> Option<TextureId> {
        let most = if magnified { u32::MAX } else { PLAIN_PX };
        let fits = |level: &&u32| **level as f32 >= shown_px || **level >= most;
        let level_px = LEVELS_PX.iter().find(fits).copied().unwrap_or(LEVELS_PX[3]);
        let address = address(photo);
        let mine = |entry: &Entry| entry.photo == id && entry.address == address;
        let at = match self.entries.iter().position(|entry| mine(entry) && entry.level_px == level_px) {
            Some(at) => at,
            None => {
                self.entries.push(Entry::new(gpu, id, photo, level_px));
                self.entries.len() - 1
            }
        };
        self.entries[at].used = true;
        self.n_reads += self.entries[at].fill(gpu, photo, READS_PER_FRAME.saturating_sub(self.n_reads));
        if self.entries[at].is_whole() {
            return Some(self.entries[at].id);
        }
        ctx.request_repaint();
        // Until it is whole, the finest of the others.
        let others = self.entries.iter_mut().filter(|entry| mine(entry) && entry.is_whole());
        let best = others.max_by_key(|entry| entry.level_px)?;
        best.used = true;
        Some(best.id)
    }

    pub fn thumb(
        &mut self,
        ctx: &egui::Context,
        gpu: &RenderState,
        id: PhotoId,
        photo: &Arc<Photo>,
    ) -> Option<TextureId> {
        self.show(ctx, gpu, id, photo, 1.0, false)
    }
}

fn address(photo: &Arc<Photo>) -> usize {
    Arc::as_ptr(photo).addr()
}

impl Entry {
    fn new(gpu: &RenderState, id: PhotoId, photo: &Arc<Photo>, level_px: u32) -> Self {
        let long = photo.width.max(photo.height).max(1);
        let scaled = |side: u32| (u64::from(side) * u64::from(level_px.min(long)) / u64::from(long)).max(1) as u32;
        let most = gpu.device.limits().max_texture_dimension_2d;
        let size = [scaled(photo.width).min(most), scaled(photo.height).min(most)];
        let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("photo"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let filter = wgpu::FilterMode::Linear;
        let texture_id = gpu.renderer.write().register_native_texture(&gpu.device, &view, filter);
        Self { photo: id, address: address(photo), level_px, size, texture, id: texture_id, n_rows: 0, used: true }
    }

    fn is_whole(&self) -> bool {
        self.n_rows >= self.size[1]
    }

    /// Adds rows for at most about `n_reads` pixels read; answers how many were.
    fn fill(&mut self, gpu: &RenderState, photo: &Photo, n_reads: usize) -> usize {
        let [width, height] = self.size;
        let step = [photo.width as f32 / width as f32, photo.height as f32 / height as f32];
        // As many samples across a pixel as it covers: a box filter.
        let n_samples = (step[0].round() as usize).clamp(1, 4);
        let reads_per_row = width as usize * n_samples * n_samples;
        let n_rows = ((n_reads / reads_per_row.max(1)) as u32).min(height - self.n_rows.min(height));
        if n_rows == 0 {
            return 0;
        }
        let mut rgba = Zeroizing::new(Vec::with_capacity(n_rows as usize * width as usize * 4));
        for y in self.n_rows..self.n_rows + n_rows {
            for x in 0..width {
                rgba.extend_from_slice(&average(photo, [x, y], step, n_samples));
            }
        }
        gpu.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                texture: &self.texture,
                mip_level: 0,
                origin: wgpu::Origin3d { x: 0, y: self.n_rows, z: 0 },
                aspect: wgpu::TextureAspect::All,
            },
            &rgba,
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None },
            wgpu::Extent3d { width, height: n_rows, depth_or_array_layers: 1 },
        );
        self.n_rows += n_rows;
        n_rows as usize * reads_per_row
    }

    fn free(self, gpu: Option<&RenderState>) {
        if let Some(gpu) = gpu {
            gpu.renderer.write().free_texture(&self.id);
        }
        self.texture.destroy();
    }
}

/// The mean of `n` times `n` samples within one pixel of the texture.
fn average(photo: &Photo, [x, y]: [u32; 2], step: [f32; 2], n: usize) -> [u8; 4] {
    let mut sum = [0_u32; 3];
    for v in 0..n {
        let at_y = ((y as f32 + (v as f32 + 0.5) / n as f32) * step[1]) as u32;
        for u in 0..n {
            let at_x = ((x as f32 + (u as f32 + 0.5) / n as f32) * step[0]) as u32;
            let pixel = photo.pixel(at_x.min(photo.width - 1), at_y.min(photo.height - 1));
            for (sum, channel) in sum.iter_mut().zip(pixel) {
                *sum += u32::from(channel);
            }
        }
    }
    let mean = |sum: u32| (sum / (n * n) as u32) as u8;
    [mean(sum[0]), mean(sum[1]), mean(sum[2]), 255]
}
