//! Everything that is drawn of a scene's meshes and polylines: uploads, shadows, ambient light, surfaces and lines.
//!
//! Made only when a scene first has some, so that a room of radios pays nothing for it.

mod ambience;
mod casts;
mod pipelines;
mod polyline;
mod store;

use bevy_math::Vec3;

use super::buffers::Instances;
use super::scene::Scene;
use super::scene_mesh::ScenePolyline;
use ambience::Ambience;
use casts::CastMaps;
use pipelines::SurfacePipelines;
use polyline::PolylineInstance;
use store::{Drawable, Store};

pub use casts::FLOOR_MAP_PX;
pub use store::{CastKey, MeshProblem};

/// How much is spent on a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Ambient occlusion and meshes that throw shadows on themselves and each other.
    #[default]
    Full,
    /// Shadows on the ground only: for software rendering and weak adapters.
    Fast,
}

impl Detail {
    /// What an adapter can be expected to draw 60 times a second: processors that draw in software do without.
    pub fn suiting(adapter: &wgpu::AdapterInfo) -> Self {
        if adapter.device_type == wgpu::DeviceType::Cpu { Self::Fast } else { Self::Full }
    }
}

pub struct Surfaces {
    pipelines: SurfacePipelines,
    store: Store,
    casts: CastMaps,
    ambience: Ambience,
    lines: Instances<PolylineInstance>,
    n_on_surface: u32,
    /// What `lines` was made from.
    drawn_lines: Option<(f32, Vec<ScenePolyline>)>,
    drawables: Vec<Drawable>,
}

impl Surfaces {
    pub fn new(device: &wgpu::Device, frame_layout: &wgpu::BindGroupLayout) -> Self {
        let pipelines = SurfacePipelines::new(device, frame_layout);
        Self {
            store: Store::new(device, &pipelines),
            casts: CastMaps::new(device, &pipelines),
            ambience: Ambience::new(device, &pipelines),
            lines: Instances::new(),
            n_on_surface: 0,
            drawn_lines: None,
            drawables: Vec::new(),
            pipelines,
        }
    }

    /// Brings the GPU's copies up to date; answers the corners of boxes around the meshes that cast shadows.
    pub fn prepare(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        scene: &Scene,
        eye: Vec3,
        px_per_point: f32,
    ) -> Vec<Vec3> {
        self.drawables = self.store.update(device, queue, &self.pipelines, &scene.meshes, eye);
        let lines = (px_per_point, scene.polylines.clone());
        if self.drawn_lines.as_ref() != Some(&lines) {
            let (instances, n_on_surface) = polyline::instances(&scene.polylines, px_per_point);
            self.n_on_surface = n_on_surface;
            self.lines.write(device, queue, &instances);
            self.drawn_lines = Some(lines);
        }
        self.casting().flat_map(|drawable| drawable.corners).collect()
    }

    /// The meshes of the last scene that could not be drawn.
    pub fn problems(&self) -> &[(u64, MeshProblem)] {
        self.store.problems()
    }

    fn casting(&self) -> impl Iterator<Item = &Drawable> {
        self.drawables.iter().filter(|drawable| drawable.casts)
    }

    fn opaque(&self) -> impl Iterator<Item = &Drawable> {
        self.drawables.iter().filter(|drawable| !drawable.ghost)
    }

    /// What the maps of shadows depend on.
    pub fn cast_keys(&self) -> Vec<CastKey> {
        let mut keys: Vec<_> = self.casting().map(|drawable| drawable.cast_key).collect();
        // The order of drawing follows the camera, which casts no shadow.
        keys.sort_unstable_by_key(|(key, ..)| *key);
        keys
    }

    /// Draws what the key light and the floor see of the casting meshes.
    pub fn encode_casts(&self, encoder: &mut wgpu::CommandEncoder, frame: &wgpu::BindGroup) {
        if self.casting().next().is_some() {
            self.casts.encode(encoder, &self.pipelines, &self.store, frame, || self.casting());
        }
    }

    /// Adds the meshes' shadows to the floor's map; needs `encode_casts` before.
    pub fn draw_floor_cast(&self, pass: &mut wgpu::RenderPass<'_>) {
        if self.casting().next().is_some() {
            self.casts.draw_floor(pass, &self.pipelines);
        }
    }

    /// Finds the light that reaches the opaque meshes of a picture of this size.
    pub fn encode_ambience(
        &mut self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        frame: &wgpu::BindGroup,
        size_px: [u32; 2],
        detail: Detail,
    ) {
        let wanted = detail == Detail::Full && self.opaque().next().is_some();
        self.ambience.ensure(device, &self.pipelines, &self.casts, size_px, wanted);
        if wanted {
            self.ambience.encode(encoder, &self.pipelines, &self.store, frame, self.opaque());
        }
    }

    pub fn draw_opaque(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_pipeline(&self.pipelines.opaque);
        pass.set_bind_group(2, self.ambience.light(), &[]);
        for drawable in self.opaque() {
            self.store.draw(pass, drawable);
        }
    }

    fn ghosts(&self) -> impl Iterator<Item = &Drawable> {
        self.drawables.iter().filter(|drawable| drawable.ghost)
    }

    /// How many meshes shine through.
    pub fn n_ghosts(&self) -> usize {
        self.ghosts().count()
    }

    /// Draws one of them, counted from the farthest. Its own near side first hides its far side, then is drawn over what
    /// is behind.
    pub fn draw_ghost(&self, pass: &mut wgpu::RenderPass<'_>, index: usize) {
        let Some(drawable) = self.ghosts().nth(index) else { return };
        pass.set_bind_group(2, self.ambience.light(), &[]);
        pass.set_pipeline(&self.pipelines.ghost_depth);
        self.store.draw(pass, drawable);
        pass.set_pipeline(&self.pipelines.ghost);
        self.store.draw(pass, drawable);
    }

    /// Lets all of them hide what is drawn later and lies behind.
    pub fn draw_ghost_depths(&self, pass: &mut wgpu::RenderPass<'_>) {
        pass.set_bind_group(2, self.ambience.light(), &[]);
        pass.set_pipeline(&self.pipelines.ghost_depth);
        for drawable in self.ghosts() {
            self.store.draw(pass, drawable);
        }
    }

    pub fn draw_polylines(&self, pass: &mut wgpu::RenderPass<'_>) {
        if let Some(buffer) = self.lines.buffer.as_ref().filter(|_| self.lines.len > 0) {
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.set_pipeline(&self.pipelines.hidden_line);
            pass.draw(0..4, 0..self.n_on_surface);
            pass.set_pipeline(&self.pipelines.line);
            pass.draw(0..4, 0..self.lines.len);
        }
    }
}
