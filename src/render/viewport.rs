//! Draws a [`Scene`] as a camera sees it, into a texture of its own.
//!
//! Solids first, then the ground, shadows and lines over them; the axis cube last, in its corner.

use bevy_math::Vec2;

use super::axis_cube;
use super::batch;
use super::buffers::{GpuSolids, Instances, Meshes, Samples, Uniform};
use super::camera::Camera;
use super::frame::{Frame, MAX_OCCLUDERS};
use super::lines::{self, LineInstance};
use super::pipelines::{Pipelines, SHADOW_MAP_FORMAT};
use super::scene::Scene;
use super::target::{Target, clear_color, usable_size};

/// Soft shadows need no more over the few metres that a person darkens.
const SHADOW_MAP_PX: u32 = 192;

/// Owns what drawing needs between frames. Draws only when told.
pub struct ViewportRenderer {
    pipelines: Pipelines,
    meshes: Meshes,
    frame: Uniform,
    cube_frame: Uniform,
    solids: GpuSolids,
    cube_solids: GpuSolids,
    lines: Instances<LineInstance>,
    shadow_map: wgpu::TextureView,
    shadow_group: wgpu::BindGroup,
    target: Option<Target>,
    samples: Option<Samples>,
}

impl ViewportRenderer {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let pipelines = Pipelines::new(device);
        let shadow_map = device
            .create_texture(&wgpu::TextureDescriptor {
                label: Some("shadow map"),
                size: wgpu::Extent3d { width: SHADOW_MAP_PX, height: SHADOW_MAP_PX, depth_or_array_layers: 1 },
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
        let shadow_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("shadow map"),
            layout: &pipelines.shadow_layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&shadow_map) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::Sampler(&sampler) },
            ],
        });
        Self {
            meshes: Meshes::new(device, queue),
            frame: Uniform::new(device, &pipelines.frame_layout),
            cube_frame: Uniform::new(device, &pipelines.frame_layout),
            solids: GpuSolids::new(),
            cube_solids: GpuSolids::new(),
            lines: Instances::new(),
            shadow_map,
            shadow_group,
            target: None,
            samples: None,
            pipelines,
        }
    }

    /// Draws the scene in `size_px` pixels; line widths follow `pixels_per_point`.
    ///
    /// The view is another one (`!=`) after the size has changed: register it with the window anew then.
    pub fn render(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        scene: &Scene,
        camera: &Camera,
        size_px: [u32; 2],
        pixels_per_point: f32,
    ) -> &wgpu::TextureView {
        let [width, height] = usable_size(device, size_px);
        let size = Vec2::new(width as f32, height as f32);
        let px_per_point = if pixels_per_point > 0.0 { pixels_per_point } else { 1.0 };
        let casters = batch::casters(scene);
        let solids = batch::solids(scene, &casters, camera, size.y, px_per_point);
        let frame = Frame::new(scene, camera, size, px_per_point, &casters);
        queue.write_buffer(&self.frame.buffer, 0, bytemuck::bytes_of(&frame));
        self.solids.write(device, queue, &solids);
        self.lines.write(device, queue, &lines::lines(scene, camera, size.y, px_per_point));
        let cube_rect = axis_cube::rect(size, px_per_point).filter(|_| scene.axis_cube);
        if let Some((_, side)) = cube_rect {
            let cube_frame = frame.axis_cube(camera, Vec2::splat(side));
            queue.write_buffer(&self.cube_frame.buffer, 0, bytemuck::bytes_of(&cube_frame));
            self.cube_solids.write(device, queue, &axis_cube::solids(scene));
        }
        let n_casters = casters.len().min(MAX_OCCLUDERS) as u32;

        let target = Target::ensure(&mut self.target, device, "viewport", [width, height]);
        let Samples { color, depth, .. } = Samples::ensure(&mut self.samples, device, target);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if n_casters > 0 {
            let mut pass = begin_shadow_map(&mut encoder, &self.shadow_map);
            pass.set_pipeline(&self.pipelines.shadow_map);
            pass.set_bind_group(0, &self.frame.group, &[]);
            pass.draw(0..4, 0..n_casters);
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("viewport"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: color,
                depth_slice: None,
                resolve_target: Some(&target.view),
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(clear_color(scene.palette.background)),
                    store: wgpu::StoreOp::Discard,
                },
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: depth,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                stencil_ops: None,
            }),
            ..Default::default()
        });
        pass.set_bind_group(0, &self.frame.group, &[]);
        self.solids.draw(&mut pass, &self.pipelines, &self.meshes);
        if scene.grid || scene.room.is_some() {
            pass.set_pipeline(&self.pipelines.ground);
            pass.draw(0..4, 0..1);
        }
        if n_casters > 0 {
            pass.set_pipeline(&self.pipelines.shadow);
            pass.set_bind_group(1, &self.shadow_group, &[]);
            pass.draw(0..4, 0..1);
        }
        if let Some(buffer) = &self.lines.buffer {
            pass.set_pipeline(&self.pipelines.line);
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..4, 0..self.lines.len);
        }
        if let Some((corner, side)) = cube_rect {
            // The nearest thousandth of the depth range is free, because nothing comes closer than the near plane.
            pass.set_viewport(corner.x, corner.y, side, side, 0.0, 0.001);
            pass.set_bind_group(0, &self.cube_frame.group, &[]);
            self.cube_solids.draw(&mut pass, &self.pipelines, &self.meshes);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
        &target.view
    }

    /// What was drawn last, for [`super::read_back`].
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|target| &target.texture)
    }
}

fn begin_shadow_map<'a>(encoder: &'a mut wgpu::CommandEncoder, map: &wgpu::TextureView) -> wgpu::RenderPass<'a> {
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("shadow map"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: map,
            depth_slice: None,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
        })],
        ..Default::default()
    })
}
