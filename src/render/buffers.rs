//! The viewport's buffers on the GPU: what all shaders know, meshes that never change, instances that change every frame.

use std::marker::PhantomData;
use std::sync::OnceLock;

use bytemuck::Pod;

use super::batch::{BoxInstance, CapsuleInstance, Solids};
use super::frame::Frame;
use super::mesh;
use super::pipelines::{DEPTH_FORMAT, N_SAMPLES, Pipelines};
use super::target::Target;

pub struct Uniform {
    pub buffer: wgpu::Buffer,
    pub group: wgpu::BindGroup,
}

impl Uniform {
    pub fn new(device: &wgpu::Device, layout: &wgpu::BindGroupLayout) -> Self {
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

pub struct GpuMesh {
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

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, instances: &wgpu::Buffer, n_instances: u32) {
        pass.set_vertex_buffer(0, self.vertices.slice(..));
        pass.set_vertex_buffer(1, instances.slice(..));
        pass.set_index_buffer(self.indices.slice(..), wgpu::IndexFormat::Uint16);
        pass.draw_indexed(0..self.n_indices, 0, 0..n_instances);
    }
}

/// Instances of one kind in a buffer that grows as needed; no buffer while there are none.
pub struct Instances<T> {
    pub buffer: Option<wgpu::Buffer>,
    pub len: u32,
    kind: PhantomData<T>,
}

impl<T: Pod> Instances<T> {
    pub fn new() -> Self {
        Self { buffer: None, len: 0, kind: PhantomData }
    }

    pub fn write(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, instances: &[T]) {
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

/// The two meshes that all solids are instances of.
pub struct Meshes {
    capsule: GpuMesh,
    rounded_box: GpuMesh,
}

impl Meshes {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let (capsule, rounded_box) = (mesh::capsule(), mesh::rounded_box());
        Self {
            capsule: GpuMesh::new(device, queue, &capsule.vertices, &capsule.indices),
            rounded_box: GpuMesh::new(device, queue, &rounded_box.vertices, &rounded_box.indices),
        }
    }
}

/// The solids of one picture.
pub struct GpuSolids {
    capsules: Instances<CapsuleInstance>,
    boxes: Instances<BoxInstance>,
}

impl GpuSolids {
    pub fn new() -> Self {
        Self { capsules: Instances::new(), boxes: Instances::new() }
    }

    pub fn write(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, solids: &Solids) {
        self.capsules.write(device, queue, &solids.capsules);
        self.boxes.write(device, queue, &solids.boxes);
    }

    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, pipelines: &Pipelines, meshes: &Meshes) {
        if let Some(buffer) = &self.capsules.buffer {
            pass.set_pipeline(&pipelines.capsule);
            meshes.capsule.draw(pass, buffer, self.capsules.len);
        }
        if let Some(buffer) = &self.boxes.buffer {
            pass.set_pipeline(&pipelines.rounded_box);
            meshes.rounded_box.draw(pass, buffer, self.boxes.len);
        }
    }
}

/// Colour and depth samples that go with a target and are resolved into it.
pub struct Samples {
    pub color: wgpu::TextureView,
    pub depth: wgpu::TextureView,
    /// For what must be hidden by the picture but hide nothing of it.
    spare_depth: OnceLock<wgpu::TextureView>,
    size: wgpu::Extent3d,
}

impl Samples {
    pub fn ensure<'a>(slot: &'a mut Option<Self>, device: &wgpu::Device, target: &Target) -> &'a Self {
        let size = target.texture.size();
        if slot.as_ref().is_some_and(|samples| samples.size != size) {
            *slot = None;
        }
        slot.get_or_insert_with(|| Self {
            color: samples(device, size, target.texture.format(), wgpu::TextureUsages::empty()),
            depth: samples(device, size, DEPTH_FORMAT, wgpu::TextureUsages::COPY_SRC),
            spare_depth: OnceLock::new(),
            size,
        })
    }

    /// A copy of the depth as it is when the encoder has come here; one at a time.
    pub fn copy_depth(&self, device: &wgpu::Device, encoder: &mut wgpu::CommandEncoder) -> &wgpu::TextureView {
        let spare =
            self.spare_depth.get_or_init(|| samples(device, self.size, DEPTH_FORMAT, wgpu::TextureUsages::COPY_DST));
        let (from, to) = (self.depth.texture().as_image_copy(), spare.texture().as_image_copy());
        encoder.copy_texture_to_texture(from, to, self.size);
        spare
    }
}

fn samples(
    device: &wgpu::Device,
    size: wgpu::Extent3d,
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureView {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("viewport samples"),
        size,
        mip_level_count: 1,
        sample_count: N_SAMPLES,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::RENDER_ATTACHMENT,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}
