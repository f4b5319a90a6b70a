//! The map of what limbs and meshes take from the floor.

use super::pipelines::SHADOW_MAP_FORMAT;

pub struct ShadowMap {
    view: wgpu::TextureView,
    /// For the floor's shader.
    pub group: wgpu::BindGroup,
    side_px: u32,
}

impl ShadowMap {
    pub fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout, side_px: u32) -> Self {
        let view = device
            .create_texture(&wgpu::TextureDescriptor {
                label: Some("shadow map"),
                size: wgpu::Extent3d { width: side_px, height: side_px, depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: SHADOW_MAP_FORMAT,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
                view_formats: &[],
            })
            .create_view(&wgpu::TextureViewDescriptor::default());
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("shadow map"),
            layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&sampler) },
            ],
        });
        Self { view, group, side_px }
    }

    /// Makes sure that the map is of this size; answers whether it is a new one.
    pub fn ensure(&mut self, device: &wgpu::Device, layout: &wgpu::BindGroupLayout, side_px: u32) -> bool {
        let new = self.side_px != side_px;
        if new {
            *self = Self::new(device, layout, side_px);
        }
        new
    }

    pub fn begin<'a>(&self, encoder: &'a mut wgpu::CommandEncoder) -> wgpu::RenderPass<'a> {
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("shadow map"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        })
    }
}
