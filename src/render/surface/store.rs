//! Meshes on the GPU: uploaded when their revision changes, dropped when they leave the scene, skipped when they cannot be
//! drawn.

use std::collections::HashMap;
use std::sync::Arc;

use bevy_math::{Isometry3d, Mat4, Vec3, Vec4};
use bytemuck::{Pod, Zeroable};

use super::pipelines::SurfacePipelines;
use crate::render::Rgba;
use crate::render::camera::corners;
use crate::render::gpu::ready;
use crate::render::scene_mesh::SceneMesh;

/// Why a mesh is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeshProblem {
    /// Lists of unlike lengths, a triangle of a vertex that is not there, or a position that is no number.
    Malformed,
    /// More than a buffer of this device may hold.
    TooLarge,
    /// The device has no memory left for it.
    OutOfMemory,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct Vertex {
    position: [f32; 3],
    /// As signed shares of one.
    normal: [i16; 4],
    /// Alpha: which corner's opposite edge is not drawn, or `ALL_EDGES`.
    color: Rgba,
}

const ALL_EDGES: u8 = 255;

/// As `Mesh` in `shaders/mesh.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct MeshUniform {
    room_from_mesh: Mat4,
    color: Vec4,
    wire: Vec4,
    highlight: Vec4,
    kind: Vec4,
}

/// What one mesh of the scene needs to be drawn.
#[derive(Clone, Copy)]
pub struct Drawable {
    key: u64,
    uniform_offset: u32,
    pub ghost: bool,
    pub casts: bool,
    /// Equal as long as the mesh casts the same shadow.
    pub cast_key: CastKey,
    /// Of a box around it, room frame.
    pub corners: [Vec3; 8],
    distance: f32,
}

/// Low and high corner.
type Bounds = (Vec3, Vec3);
pub type CastKey = (u64, u64, Isometry3d);

/// A mesh's copy.
struct Resident {
    revision: u64,
    has_colors: bool,
    /// Vertices that triangles share, or three per triangle for edges.
    vertices: wgpu::Buffer,
    indices: Option<wgpu::Buffer>,
    triangles: Arc<[[u32; 3]]>,
    n_drawn: u32,
    bounds: Bounds,
}

enum Slot {
    Resident(Resident),
    /// Not tried again before the revision changes.
    Failed(u64, MeshProblem),
}

pub struct Store {
    slots: HashMap<u64, Slot>,
    uniforms: wgpu::Buffer,
    group: wgpu::BindGroup,
    stride: usize,
    /// Kept for their memory.
    scratch: Vec<Vertex>,
    problems: Vec<(u64, MeshProblem)>,
}

impl Store {
    pub fn new(device: &wgpu::Device, pipelines: &SurfacePipelines) -> Self {
        let alignment = device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = size_of::<MeshUniform>().next_multiple_of(alignment);
        let (uniforms, group) = uniforms(device, pipelines, stride, 4);
        Self { slots: HashMap::new(), uniforms, group, stride, scratch: Vec::new(), problems: Vec::new() }
    }

    pub fn problems(&self) -> &[(u64, MeshProblem)] {
        &self.problems
    }

    /// Uploads what has changed; answers what can be drawn, the farthest first.
    pub fn update(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        pipelines: &SurfacePipelines,
        meshes: &[SceneMesh],
        eye: Vec3,
    ) -> Vec<Drawable> {
        self.slots.retain(|key, _| meshes.iter().any(|mesh| mesh.key == *key));
        self.problems.clear();
        let mut bytes = Vec::with_capacity(meshes.len() * self.stride);
        let mut drawables = Vec::with_capacity(meshes.len());
        for mesh in meshes.iter().filter(|mesh| !mesh.triangles.is_empty()) {
            let bounds = match self.ensure(device, queue, mesh) {
                Ok(bounds) => bounds,
                Err(problem) => {
                    self.problems.push((mesh.key, problem));
                    continue;
                }
            };
            drawables.push(drawable(mesh, bounds, bytes.len() as u32, eye));
            bytes.extend_from_slice(bytemuck::bytes_of(&uniform(mesh)));
            bytes.resize(bytes.len().next_multiple_of(self.stride), 0);
        }
        if bytes.len() as u64 > self.uniforms.size() {
            let n_slots = (bytes.len() / self.stride).next_power_of_two();
            (self.uniforms, self.group) = uniforms(device, pipelines, self.stride, n_slots);
        }
        if !bytes.is_empty() {
            queue.write_buffer(&self.uniforms, 0, &bytes);
        }
        drawables.sort_by(|a, b| b.distance.total_cmp(&a.distance));
        drawables
    }

    /// Makes the mesh's copy anew if need be; answers the box around it.
    fn ensure(&mut self, device: &wgpu::Device, queue: &wgpu::Queue, mesh: &SceneMesh) -> Result<Bounds, MeshProblem> {
        let slot = match self.slots.remove(&mesh.key) {
            Some(Slot::Failed(revision, problem)) if revision == mesh.revision => Slot::Failed(revision, problem),
            Some(Slot::Resident(resident)) if resident.fits(mesh) => Slot::Resident(resident),
            old => {
                let old = if let Some(Slot::Resident(resident)) = old { Some(resident) } else { None };
                match upload(device, queue, mesh, old, &mut self.scratch) {
                    Ok(resident) => Slot::Resident(resident),
                    Err(problem) => Slot::Failed(mesh.revision, problem),
                }
            }
        };
        let bounds = match &slot {
            Slot::Resident(resident) => Ok(resident.bounds),
            Slot::Failed(_, problem) => Err(*problem),
        };
        self.slots.insert(mesh.key, slot);
        bounds
    }

    /// Draws a mesh with the pipeline that is set.
    pub fn draw(&self, pass: &mut wgpu::RenderPass<'_>, drawable: &Drawable) {
        let Some(Slot::Resident(resident)) = self.slots.get(&drawable.key) else { return };
        pass.set_bind_group(1, &self.group, &[drawable.uniform_offset]);
        pass.set_vertex_buffer(0, resident.vertices.slice(..));
        match &resident.indices {
            Some(indices) => {
                pass.set_index_buffer(indices.slice(..), wgpu::IndexFormat::Uint32);
                pass.draw_indexed(0..resident.n_drawn, 0, 0..1);
            }
            None => pass.draw(0..resident.n_drawn, 0..1),
        }
    }
}

impl Resident {
    fn fits(&self, mesh: &SceneMesh) -> bool {
        self.revision == mesh.revision
            && self.has_colors == mesh.colors.is_some()
            && self.indices.is_none() == mesh.wireframe.is_some()
    }
}

fn uniforms(
    device: &wgpu::Device,
    pipelines: &SurfacePipelines,
    stride: usize,
    n_slots: usize,
) -> (wgpu::Buffer, wgpu::BindGroup) {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("meshes"),
        size: (stride * n_slots) as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("meshes"),
        layout: &pipelines.mesh_layout,
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &buffer,
                offset: 0,
                size: wgpu::BufferSize::new(size_of::<MeshUniform>() as u64),
            }),
        }],
    });
    (buffer, group)
}

fn drawable(mesh: &SceneMesh, (low, high): Bounds, uniform_offset: u32, eye: Vec3) -> Drawable {
    let in_room = |point: Vec3| Vec3::from(mesh.room_from_mesh.transform_point(point));
    Drawable {
        key: mesh.key,
        uniform_offset,
        ghost: mesh.opacity < 1.0,
        casts: mesh.cast_shadow,
        cast_key: (mesh.key, mesh.revision, mesh.room_from_mesh),
        corners: corners(low, high).map(in_room),
        distance: in_room((low + high) / 2.0).distance(eye),
    }
}

fn uniform(mesh: &SceneMesh) -> MeshUniform {
    let channels = |color: Rgba| Vec4::from_array(color.map(|channel| f32::from(channel) / 255.0));
    let color = channels(mesh.color);
    let isometry = mesh.room_from_mesh;
    let flag = |set: bool| f32::from(u8::from(set));
    MeshUniform {
        room_from_mesh: Mat4::from_rotation_translation(isometry.rotation, isometry.translation.into()),
        color: color.truncate().extend(mesh.opacity.clamp(0.0, 1.0)),
        wire: mesh.wireframe.map_or(Vec4::ZERO, channels),
        highlight: mesh.highlight.map_or(Vec4::ZERO, channels),
        kind: Vec4::new(flag(mesh.colors.is_some()), flag(mesh.wireframe.is_some()), 0.0, 0.0),
    }
}

/// Copies a mesh to the device, into the buffers of its former revision where they fit.
fn upload(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    mesh: &SceneMesh,
    old: Option<Resident>,
    scratch: &mut Vec<Vertex>,
) -> Result<Resident, MeshProblem> {
    let same_triangles = old.as_ref().is_some_and(|old| Arc::ptr_eq(&old.triangles, &mesh.triangles));
    let bounds = checked_bounds(mesh, !same_triangles).ok_or(MeshProblem::Malformed)?;
    let n_corners = mesh.triangles.len() as u64 * 3;
    let shared = mesh.wireframe.is_none();
    let n_vertices = if shared { mesh.positions.len() as u64 } else { n_corners };
    let n_bytes = n_vertices * size_of::<Vertex>() as u64;
    if n_bytes.max(n_corners * 4) > device.limits().max_buffer_size || n_corners > u64::from(u32::MAX) {
        return Err(MeshProblem::TooLarge);
    }
    let (old_vertices, old_indices) = old.map_or((None, None), |old| (Some(old.vertices), old.indices));
    let old_vertices = old_vertices.filter(|buffer| buffer.size() == n_bytes);
    let old_indices = old_indices.filter(|_| same_triangles);

    let validation = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
    let buffer = |label, size, usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(label),
            size,
            usage: usage | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    };
    let vertices = old_vertices.unwrap_or_else(|| buffer("mesh vertices", n_bytes, wgpu::BufferUsages::VERTEX));
    let has_indices = old_indices.is_some();
    let indices = shared
        .then(|| old_indices.unwrap_or_else(|| buffer("mesh triangles", n_corners * 4, wgpu::BufferUsages::INDEX)));
    // Native devices answer at once; one that does not is taken to have had no error.
    let no_memory = ready(memory.pop()).flatten().is_some();
    let invalid = ready(validation.pop()).flatten().is_some();
    if no_memory || invalid {
        return Err(if no_memory { MeshProblem::OutOfMemory } else { MeshProblem::TooLarge });
    }

    scratch.clear();
    if shared {
        scratch.extend((0..mesh.positions.len()).map(|i| vertex(mesh, i, ALL_EDGES)));
    } else {
        let diagonals = diagonals(&mesh.triangles);
        for (triangle, hidden) in mesh.triangles.iter().zip(diagonals) {
            scratch.extend(triangle.map(|i| vertex(mesh, i as usize, hidden)));
        }
    }
    queue.write_buffer(&vertices, 0, bytemuck::cast_slice(scratch));
    if let Some(indices) = indices.as_ref().filter(|_| !has_indices) {
        queue.write_buffer(indices, 0, bytemuck::cast_slice(&mesh.triangles));
    }
    Ok(Resident {
        revision: mesh.revision,
        has_colors: mesh.colors.is_some(),
        vertices,
        indices,
        triangles: mesh.triangles.clone(),
        n_drawn: n_corners as u32,
        bounds,
    })
}

/// The box around a mesh that is fit to be drawn; `check_triangles` where they have not been looked at before.
fn checked_bounds(mesh: &SceneMesh, check_triangles: bool) -> Option<Bounds> {
    let n_vertices = mesh.positions.len();
    let lengths_match =
        mesh.normals.len() == n_vertices && mesh.colors.as_ref().is_none_or(|colors| colors.len() == n_vertices);
    let in_range = |triangle: &[u32; 3]| triangle.iter().all(|i| (*i as usize) < n_vertices);
    let sound = lengths_match
        && mesh.room_from_mesh.rotation.is_finite()
        && mesh.positions.iter().all(|position| position.is_finite())
        && (!check_triangles || mesh.triangles.iter().all(in_range));
    if sound { mesh.bounds() } else { None }
}

/// Indices have been checked.
fn vertex(mesh: &SceneMesh, i: usize, hidden: u8) -> Vertex {
    let share = |x: f32| (x.clamp(-1.0, 1.0) * 32767.0) as i16;
    let normal = mesh.normals[i];
    let [r, g, b, _] = mesh.colors.as_ref().map_or(mesh.color, |colors| colors[i]);
    Vertex {
        position: mesh.positions[i].to_array(),
        normal: [share(normal.x), share(normal.y), share(normal.z), 0],
        color: [r, g, b, hidden],
    }
}

/// For each triangle the corner opposite the edge that it shares with its partner in a list of halved quads: the diagonal,
/// which is no edge of the model. `ALL_EDGES` throughout where the triangles are not such pairs.
fn diagonals(triangles: &[[u32; 3]]) -> Vec<u8> {
    let alone = |one: &[u32; 3], other: &[u32; 3]| {
        let mut alone = (0..3).filter(|&i| !other.contains(&one[i]));
        match (alone.next(), alone.next()) {
            (Some(corner), None) => Some(corner as u8),
            _ => None,
        }
    };
    let mut hidden = vec![ALL_EDGES; triangles.len()];
    let mut n_alone = 0;
    for (pair, hidden) in triangles.chunks_exact(2).zip(hidden.chunks_exact_mut(2)) {
        match (alone(&pair[0], &pair[1]), alone(&pair[1], &pair[0])) {
            (Some(a), Some(b)) => hidden.copy_from_slice(&[a, b]),
            _ => n_alone += 1,
        }
    }
    // Single triangles among quads are no reason to show all diagonals.
    if n_alone * 20 > triangles.len() { vec![ALL_EDGES; triangles.len()] } else { hidden }
}
