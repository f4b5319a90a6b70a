//! How much of the sky and of the key light reaches the opaque meshes of a picture, at half its size.

use super::casts::CastMaps;
use super::pipelines::{LIGHT_FORMAT, SURFACE_FORMAT, SurfacePipelines};
use super::store::{Drawable, Store};
use crate::render::pipelines::DEPTH_FORMAT;

struct Targets {
    size_px: [u32; 2],
    surface: wgpu::TextureView,
    depth: wgpu::TextureView,
    gathered: wgpu::TextureView,
    smoothed: wgpu::TextureView,
    gather_group: wgpu::BindGroup,
    smooth_group: wgpu::BindGroup,
    light_group: wgpu::BindGroup,
}

pub struct Ambience {
    targets: Option<Targets>,
    /// One pixel, which the shader takes for full light everywhere.
    none: wgpu::BindGroup,
}

impl Ambience {
    pub fn new(device: &wgpu::Device, pipelines: &SurfacePipelines) -> Self {
        let pixel = texture(device, [1, 1], LIGHT_FORMAT);
        Self { targets: None, none: SurfacePipelines::textures(device, &pipelines.one_texture, &[&pixel]) }
    }

    /// Makes sure that there are targets for a picture of this size, or none where none are `wanted`.
    pub fn ensure(
        &mut self,
        device: &wgpu::Device,
        pipelines: &SurfacePipelines,
        casts: &CastMaps,
        size_px: [u32; 2],
        wanted: bool,
    ) {
        let half_size = size_px.map(|side| side.div_ceil(2));
        if !wanted || self.targets.as_ref().is_some_and(|targets| targets.size_px != half_size) {
            self.targets = None;
        }
        if !wanted || self.targets.is_some() {
            return;
        }
        let surface = texture(device, half_size, SURFACE_FORMAT);
        let gathered = texture(device, half_size, LIGHT_FORMAT);
        let smoothed = texture(device, half_size, LIGHT_FORMAT);
        let bind = |layout, views: &[&wgpu::TextureView]| SurfacePipelines::textures(device, layout, views);
        self.targets = Some(Targets {
            size_px: half_size,
            depth: texture(device, half_size, DEPTH_FORMAT),
            gather_group: bind(&pipelines.two_textures, &[casts.light_map(), &surface]),
            smooth_group: bind(&pipelines.one_texture, &[&gathered]),
            light_group: bind(&pipelines.one_texture, &[&smoothed]),
            surface,
            gathered,
            smoothed,
        });
    }

    pub fn encode<'a>(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        pipelines: &SurfacePipelines,
        store: &Store,
        frame: &wgpu::BindGroup,
        opaque: impl Iterator<Item = &'a Drawable>,
    ) {
        let Some(targets) = &self.targets else { return };
        let mut pass = begin(encoder, &targets.surface, Some(&targets.depth));
        pass.set_pipeline(&pipelines.surface);
        pass.set_bind_group(0, frame, &[]);
        for drawable in opaque {
            store.draw(&mut pass, drawable);
        }
        drop(pass);
        for (target, pipeline, group) in [
            (&targets.gathered, &pipelines.gather, &targets.gather_group),
            (&targets.smoothed, &pipelines.smooth, &targets.smooth_group),
        ] {
            let mut pass = begin(encoder, target, None);
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, frame, &[]);
            pass.set_bind_group(1, group, &[]);
            pass.draw(0..3, 0..1);
        }
    }

    /// For the meshes' shader.
    pub fn light(&self) -> &wgpu::BindGroup {
        self.targets.as_ref().map_or(&self.none, |targets| &targets.light_group)
    }
}

fn texture(device: &wgpu::Device, [width, height]: [u32; 2], format: wgpu::TextureFormat) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("ambience"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    target: &wgpu::TextureView,
    depth: Option<&wgpu::TextureView>,
) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("ambience"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: target,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store },
        })],
        depth_stencil_attachment: depth.map(|view| wgpu::RenderPassDepthStencilAttachment {
            view,
            depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
            stencil_ops: None,
        }),
        ..Default::default()
    })
}
