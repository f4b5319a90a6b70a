//! Draws a [`Scene`] as a camera sees it, into a texture of its own.
//!
//! Solids first, then the ground, shadows and lines over them; the axis cube last, in its corner.

use bevy_math::Vec2;
use bytemuck::Pod;

use super::batch::{self, BoxInstance, CapsuleInstance};
use super::camera::Camera;
use super::frame::{Frame, MAX_OCCLUDERS, axis_cube_camera};
use super::lines::{self, LineInstance};
use super::mesh;
use super::pipelines::{DEPTH_FORMAT, N_SAMPLES, Pipelines, SHADOW_MAP_FORMAT};
use super::scene::Scene;
use super::target::{Target, clear_color, usable_size};

/// Soft shadows need no more over the few metres that a person darkens.
const SHADOW_MAP_PX: u32 = 192;
const AXIS_CUBE_POINTS: f32 = 72.0;
const AXIS_CUBE_MARGIN_POINTS: f32 = 8.0;

/// Owns what drawing needs between frames. Draws only when told.
pub struct ViewportRenderer {
    pipelines: Pipelines,
    capsule_mesh: GpuMesh,
    box_mesh: GpuMesh,
    frame: Uniform,
    cube_frame: Uniform,
    capsules: Instances<CapsuleInstance>,
    boxes: Instances<BoxInstance>,
    cube_capsules: Instances<CapsuleInstance>,
    cube_boxes: Instances<BoxInstance>,
    lines: Instances<LineInstance>,
    shadow_map: wgpu::TextureView,
    shadow_group: wgpu::BindGroup,
    target: Option<Target>,
    /// Samples and depth that go with the target.
    samples: Option<(wgpu::TextureView, wgpu::TextureView)>,
}

impl ViewportRenderer {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let pipelines = Pipelines::new(device);
        let (capsule, rounded_box) = (mesh::capsule(), mesh::rounded_box());
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
            capsule_mesh: GpuMesh::new(device, queue, &capsule.vertices, &capsule.indices),
            box_mesh: GpuMesh::new(device, queue, &rounded_box.vertices, &rounded_box.indices),
            frame: Uniform::new(device, &pipelines.frame_layout),
            cube_frame: Uniform::new(device, &pipelines.frame_layout),
            capsules: Instances::new(),
            boxes: Instances::new(),
            cube_capsules: Instances::new(),
            cube_boxes: Instances::new(),
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
        self.capsules.write(device, queue, &solids.capsules);
        self.boxes.write(device, queue, &solids.boxes);
        self.lines.write(device, queue, &lines::lines(scene, camera, size.y, px_per_point));
        let cube_rect = axis_cube_rect(size, px_per_point).filter(|_| scene.axis_cube);
        if let Some((_, side)) = cube_rect {
            let cube = batch::axis_cube(scene);
            let cube_frame = frame.axis_cube(camera, Vec2::splat(side));
            queue.write_buffer(&self.cube_frame.buffer, 0, bytemuck::bytes_of(&cube_frame));
            self.cube_capsules.write(device, queue, &cube.capsules);
            self.cube_boxes.write(device, queue, &cube.boxes);
        }
        let n_casters = casters.len().min(MAX_OCCLUDERS) as u32;

        self.ensure_target(device, [width, height]);
        let (Some(target), Some((samples, depth))) = (&self.target, &self.samples) else {
            unreachable!("both were made above");
        };
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        if n_casters > 0 {
            self.draw_shadow_map(&mut encoder, n_casters);
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("viewport"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: samples,
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
        self.draw_solids(&mut pass, &self.capsules, &self.boxes);
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
            self.draw_solids(&mut pass, &self.cube_capsules, &self.cube_boxes);
        }
        drop(pass);
        queue.submit([encoder.finish()]);
        &target.view
    }

    /// What was drawn last, for [`super::read_back`].
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|target| &target.texture)
    }

    fn ensure_target(&mut self, device: &wgpu::Device, size_px: [u32; 2]) {
        let before = self.target.as_ref().map(|target| target.view.clone());
        let target = Target::ensure(&mut self.target, device, "viewport", size_px);
        if before.as_ref() == Some(&target.view) {
            return;
        }
        let attachment = |label, format| {
            device
                .create_texture(&wgpu::TextureDescriptor {
                    label: Some(label),
                    size: target.texture.size(),
                    mip_level_count: 1,
                    sample_count: N_SAMPLES,
                    dimension: wgpu::TextureDimension::D2,
                    format,
                    usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
                    view_formats: &[],
                })
                .create_view(&wgpu::TextureViewDescriptor::default())
        };
        self.samples =
            Some((attachment("viewport samples", target.texture.format()), attachment("viewport depth", DEPTH_FORMAT)));
    }

    fn draw_shadow_map(&self, encoder: &mut wgpu::CommandEncoder, n_casters: u32) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("shadow map"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.shadow_map,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipelines.shadow_map);
        pass.set_bind_group(0, &self.frame.group, &[]);
        pass.draw(0..4, 0..n_casters);
    }

    fn draw_solids(
        &self,
        pass: &mut wgpu::RenderPass<'_>,
        capsules: &Instances<CapsuleInstance>,
        boxes: &Instances<BoxInstance>,
    ) {
        if let Some(buffer) = &capsules.buffer {
            pass.set_pipeline(&self.pipelines.capsule);
            self.capsule_mesh.draw(pass, buffer, capsules.len);
        }
        if let Some(buffer) = &boxes.buffer {
            pass.set_pipeline(&self.pipelines.rounded_box);
            self.box_mesh.draw(pass, buffer, boxes.len);
        }
    }
}

/// Top left corner and side of the axis cube's square, pixels; `None` where there is no room for it.
fn axis_cube_rect(size: Vec2, px_per_point: f32) -> Option<(Vec2, f32)> {
    let side = AXIS_CUBE_POINTS * px_per_point;
    let margin = AXIS_CUBE_MARGIN_POINTS * px_per_point;
    let corner = Vec2::new(size.x - side - margin, margin);
    (size.min_element() > 3.0 * side).then_some((corner, side))
}

/// Where the ends of the axis cube's x, y and z rods appear in a picture of `size_px`, in pixels from the top left, so
/// that the caller can write their names there and take clicks; farthest first. Empty where the cube is not drawn.
pub fn axis_cube_ends(camera: &Camera, size_px: [u32; 2], pixels_per_point: f32) -> Vec<(usize, Vec2)> {
    let size = Vec2::new(size_px[0] as f32, size_px[1] as f32);
    let Some((corner, side)) = axis_cube_rect(size, pixels_per_point) else { return Vec::new() };
    let view = axis_cube_camera(camera);
    let mut ends: Vec<_> = batch::AXES.into_iter().map(|axis| axis * batch::AXIS_CUBE_REACH).enumerate().collect();
    ends.sort_by(|(_, a), (_, b)| view.depth(*b).total_cmp(&view.depth(*a)));
    let place = |ndc: Vec2| corner + (ndc * Vec2::new(0.5, -0.5) + 0.5) * side;
    ends.into_iter().filter_map(|(axis, end)| Some((axis, place(view.project(end, 1.0)?)))).collect()
}

struct Uniform {
    buffer: wgpu::Buffer,
    group: wgpu::BindGroup,
}

impl Uniform {
    fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout) -> Self {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("viewport frame"),
            size: size_of::<Frame>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("viewport frame"),
            layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
        });
        Self { buffer, group }
    }
}

struct GpuMesh {
    vertices: wgpu::Buffer,
    indices: wgpu::Buffer,
    n_indices: u32,
}

impl GpuMesh {
    fn new<V: Pod>(device: &wgpu::Device, queue: &wgpu::Queue, vertices: &[V], indices: &[u16]) -> Self {
        let upload = |bytes: &[u8], usage| {
            let buffer = device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("mesh"),
                size: bytes.len().next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT as usize) as u64,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            queue.write_buffer(&buffer, 0, bytes);
            buffer
        };
        Self {
            vertices: upload(bytemuck::cast_slice(vertices), wgpu::BufferUsages::VERTEX),
            // Triangles come in pairs, so that the bytes are a multiple of four.
            indices: upload(bytemuck::cast_slice(indices), wgpu::BufferUsages::INDEX),
            n_indices: indices.len() as u32,
        }
    }

    fn draw(&self, pass: &mut wgpu::RenderPass<'_>, instances: &wgpu::Buffer, n_instances: u32) {
        pass.set_vertex_buffer(0, self.vertices.slice(..));
        pass.set_vertex_buffer(1, instances.slice(..));
        pass.set_index_buffer(self.indices.slice(..), wgpu::IndexFormat::Uint16);
        pass.draw_indexed(0..self.n_indices, 0, 0..n_instances);
    }
}

/// Instances of one kind in a buffer that grows as needed; no buffer while there are none.
struct Instances<T> {
    buffer: Option<wgpu::Buffer>,
    len: u32,
    kind: std::marker::PhantomData<T>,
}

impl<T: Pod> Instances<T> {
    fn new() -> Self {
        Self { buffer: None, len: 0, kind: std::marker::PhantomData }
    }

    fn write(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, instances: &[T]) {
        self.len = instances.len() as u32;
        let n_bytes = size_of_val(instances) as u64;
        if instances.is_empty() {
            return;
        }
        let fits = self.buffer.as_ref().is_some_and(|buffer| buffer.size() >= n_bytes);
        if !fits {
            self.buffer = Some(device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("instances"),
                size: n_bytes.next_power_of_two(),
                usage: wgpu::BufferUsages::VERTEX | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }));
        }
        if let Some(buffer) = &self.buffer {
            queue.write_buffer(buffer, 0, bytemuck::cast_slice(instances));
        }
    }
}
