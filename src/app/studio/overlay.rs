//! The fitted body as the camera of a photo saw it, to be laid over the photo.
//!
//! Drawn by a renderer of its own into a see-through picture, and anew only when the body, the photo or the size changes.

use std::sync::Arc;

use bevy_math::Vec3;
use egui::{TextureId, Vec2};
use egui_wgpu::{RenderState, wgpu};

use crate::app::stage;
use crate::app::theme::Theme;
use crate::engine::studio::{BodyId, BodyView, InPhoto, PhotoId};
use crate::render::{Camera, Scene, SceneMesh, ViewportRenderer};

/// Longest sides in pixels that overlays are drawn in.
const LEVELS_PX: [f32; 3] = [512.0, 1024.0, 2048.0];

#[derive(Default)]
pub struct Overlay {
    renderer: Option<ViewportRenderer>,
    normals: Option<Normals>,
    drawn: Option<(Key, TextureId)>,
    n_drawn: u64,
}

/// Of the surface in one photo's camera frame.
struct Normals {
    surface: Surface,
    normals: Arc<[Vec3]>,
    /// For the renderer: counts up with every surface.
    revision: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Surface {
    body: BodyId,
    revision: u64,
    photo: PhotoId,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Key {
    surface: Surface,
    size_px: [u32; 2],
    dark: bool,
}

/// How large the photo is shown.
#[derive(Clone, Copy)]
pub struct Shown {
    /// The photo's own size, pixels.
    pub photo_px: Vec2,
    /// Its longest side on the screen, pixels.
    pub long_px: f32,
    pub pixels_per_point: f32,
}

impl Overlay {
    /// How often a body has been drawn over a photo since the start.
    pub fn n_drawn(&self) -> u64 {
        self.n_drawn
    }

    /// The texture that covers the whole photo.
    pub fn show(
        &mut self,
        gpu: &RenderState,
        theme: &Theme,
        body: &BodyView,
        place: &InPhoto,
        shown: Shown,
    ) -> TextureId {
        let level = LEVELS_PX.into_iter().find(|level| *level >= shown.long_px).unwrap_or(LEVELS_PX[2]);
        let size = shown.photo_px * (level / shown.photo_px.max_elem().max(1.0));
        let size_px = [size.x, size.y].map(|side| (side.round() as u32).max(1));
        let surface = Surface { body: body.id, revision: body.revision, photo: place.photo };
        let key = Key { surface, size_px, dark: theme.dark };
        if let Some((_, texture)) = self.drawn.as_ref().filter(|(drawn, _)| *drawn == key) {
            return *texture;
        }
        if self.normals.as_ref().is_none_or(|normals| normals.surface != surface) {
            let revision = self.normals.as_ref().map_or(0, |normals| normals.revision) + 1;
            self.normals = Some(Normals { surface, normals: place.mesh.normals().into(), revision });
        }
        let scene = scene(theme, place, self.normals.as_ref());
        let camera = Camera::photo(place.focal_px as f32, [shown.photo_px.x as u32, shown.photo_px.y as u32]);
        let renderer = self.renderer.get_or_insert_with(|| ViewportRenderer::new(&gpu.device, &gpu.queue));
        let view = renderer.render(&gpu.device, &gpu.queue, &scene, &camera, size_px, shown.pixels_per_point);
        let filter = wgpu::FilterMode::Linear;
        let mut registry = gpu.renderer.write();
        let texture = match self.drawn {
            Some((drawn, texture)) => {
                if drawn.size_px != size_px {
                    registry.update_egui_texture_from_wgpu_texture(&gpu.device, view, filter, texture);
                }
                texture
            }
            None => registry.register_native_texture(&gpu.device, view, filter),
        };
        self.n_drawn += 1;
        self.drawn = Some((key, texture));
        texture
    }
}

/// The body alone, with nothing behind it.
fn scene(theme: &Theme, place: &InPhoto, normals: Option<&Normals>) -> Scene {
    let mut palette = stage::palette(theme);
    palette.background = [0; 4];
    let mut scene = Scene::new(palette);
    (scene.grid, scene.axes, scene.axis_cube) = (false, false, false);
    let Some(normals) = normals else { return scene };
    let mut mesh = SceneMesh::new(
        place.photo,
        normals.revision,
        Arc::clone(&place.mesh.positions),
        Arc::clone(&normals.normals),
        Arc::clone(&place.mesh.triangles),
        stage::rgba(crate::app::theme::OVERLAY),
    );
    mesh.cast_shadow = false;
    scene.meshes.push(mesh);
    scene
}
