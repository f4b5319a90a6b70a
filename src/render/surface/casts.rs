//! What the key light sees and what the floor sees of the meshes that cast shadows.

use super::pipelines::{METRES_FORMAT, SurfacePipelines};
use super::store::{Drawable, Store};
use crate::render::pipelines::DEPTH_FORMAT;

/// Over a body of two metres: a millimetre a texel.
const LIGHT_MAP_PX: u32 = 2048;
/// Side of the floor's shadow map when meshes cast; over a body a centimetre a texel.
pub const FLOOR_MAP_PX: u32 = 256;

struct Map {
    metres: wgpu::TextureView,
    depth: wgpu::TextureView,
}

pub struct CastMaps {
    light: Map,
    heights: Map,
    group: wgpu::BindGroup,
}

impl CastMaps {
    pub fn new(device: &wgpu::Device, pipelines: &SurfacePipelines) -> Self {
        let (light, heights) = (map(device, LIGHT_MAP_PX), map(device, FLOOR_MAP_PX));
        let views = [&light.metres, &heights.metres];
        let group = SurfacePipelines::textures(device, &pipelines.two_textures, &views);
        Self { light, heights, group }
    }

    pub fn light_map(&self) -> &wgpu::TextureView {
        &self.light.metres
    }

    pub fn encode<'a, I: Iterator<Item = &'a Drawable>>(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        pipelines: &SurfacePipelines,
        store: &Store,
        frame: &wgpu::BindGroup,
        casting: impl Fn() -> I,
    ) {
        for (map, pipeline) in [(&self.light, &pipelines.light), (&self.heights, &pipelines.height)] {
            let mut pass = begin(encoder, map);
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, frame, &[]);
            for drawable in casting() {
                store.draw(&mut pass, drawable);
            }
        }
    }

    pub fn draw_floor(&self, pass: &mut wgpu::RenderPass<'_>, pipelines: &SurfacePipelines) {
        pass.set_pipeline(&pipelines.floor_cast);
        pass.set_bind_group(1, &self.group, &[]);
        pass.draw(0..4, 0..1);
    }
}

fn map(device: &wgpu::Device, side: u32) -> Map {
    let texture = |format, usage| {
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("cast map"),
            size: wgpu::Extent3d { width: side, height: side, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: usage | wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    };
    Map {
        metres: texture(METRES_FORMAT, wgpu::TextureUsages::TEXTURE_BINDING),
        depth: texture(DEPTH_FORMAT, wgpu::TextureUsages::empty()),
    }
}

fn begin<'a>(encoder: &'a mut wgpu::CommandEncoder, map: &Map) -> wgpu::RenderPass<'a> {
    /// Farther than anything, where nothing is.
    const NOWHERE: wgpu::Color = wgpu::Color { r: 1e6, g: 0.0, b: 0.0, a: 0.0 };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("cast map"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: &map.metres,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(NOWHERE), store: wgpu::StoreOp::Store },
        })],
        depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
            view: &map.depth,
            depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
            stencil_ops: None,
        }),
        ..Default::default()
    })
}
