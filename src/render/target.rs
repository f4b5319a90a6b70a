//! A texture to draw into that other code may show or read back.

use super::gpu::TARGET_FORMAT;

pub struct Target {
    pub texture: wgpu::Texture,
    pub view: wgpu::TextureView,
}

impl Target {
    /// Makes sure that `slot` holds a target of `size_px`.
    pub fn ensure<'a>(slot: &'a mut Option<Self>, device: &wgpu::Device, label: &str, size_px: [u32; 2]) -> &'a Self {
        let [width, height] = usable_size(device, size_px);
        let fits = |target: &Self| target.texture.width() == width && target.texture.height() == height;
        if slot.as_ref().is_some_and(|target| !fits(target)) {
            *slot = None;
        }
        slot.get_or_insert_with(|| {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some(label),
                size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: TARGET_FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT
                    | wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            });
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            Self { texture, view }
        })
    }
}

/// At least one pixel and at most what the device can hold.
pub fn usable_size(device: &wgpu::Device, size_px: [u32; 2]) -> [u32; 2] {
    size_px.map(|length| length.clamp(1, device.limits().max_texture_dimension_2d))
}

/// A colour as the clear value of a target, whose colours are premultiplied by alpha.
pub fn clear_color(color: super::Rgba) -> wgpu::Color {
    let [r, g, b, a] = color.map(|channel| f64::from(channel) / 255.0);
    wgpu::Color { r: r * a, g: g * a, b: b * a, a }
}
