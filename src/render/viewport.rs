//! Draws a [`Scene`] as a camera sees it, into a texture of its own.
//!
//! Solids and opaque meshes first, then the ground, shadows and lines over them, then what shines through and lines on
//! surfaces; the axis cube last, in its corner.

use bevy_math::Vec2;

use super::axis_cube;
use super::batch;
use super::buffers::{GpuSolids, Instances, Meshes, Samples, Uniform};
use super::camera::Camera;
use super::frame::{Frame, MAX_OCCLUDERS, has_ground};
use super::lines::{self, LineInstance};
use super::pipelines::Pipelines;
use super::scene::{Capsule, Scene};
use super::shadow_map::ShadowMap;
use super::sheet::{self, SheetVertex};
use super::surface::{CastKey, Detail, FLOOR_MAP_PX, MeshProblem, Surfaces};
use super::target::{Target, clear_color, usable_size};

/// Soft shadows of limbs need no more over the few metres that a person darkens.
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
    floor: Instances<SheetVertex>,
    veils: Instances<SheetVertex>,
    shadow_map: ShadowMap,
    casts: Option<Casts>,
    surfaces: Option<Surfaces>,
    detail: Detail,
    target: Option<Target>,
    samples: Option<Samples>,
}

/// What the maps of shadows show; they are drawn anew when it changes.
#[derive(PartialEq)]
struct Casts {
    limbs: Vec<Capsule>,
    meshes: Vec<CastKey>,
    on_floor: bool,
}

impl ViewportRenderer {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let pipelines = Pipelines::new(device);
        Self {
            meshes: Meshes::new(device, queue),
            frame: Uniform::new(device, &pipelines.frame_layout),
            cube_frame: Uniform::new(device, &pipelines.frame_layout),
            solids: GpuSolids::new(),
            cube_solids: GpuSolids::new(),
            lines: Instances::new(),
            floor: Instances::new(),
            veils: Instances::new(),
            shadow_map: ShadowMap::new(device, &pipelines.shadow_layout, SHADOW_MAP_PX),
            casts: None,
            surfaces: None,
            detail: Detail::default(),
            target: None,
            samples: None,
            pipelines,
        }
    }

    /// How much to spend on meshes from the next picture on.
    pub fn set_detail(&mut self, detail: Detail) {
        self.detail = detail;
    }

    /// Keys of the last picture's meshes that could not be drawn, and why.
    pub fn problems(&self) -> &[(u64, MeshProblem)] {
        self.surfaces.as_ref().map_or(&[], Surfaces::problems)
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
        if self.surfaces.is_none() && !(scene.meshes.is_empty() && scene.polylines.is_empty()) {
            self.surfaces = Some(Surfaces::new(device, &self.pipelines.frame_layout));
        }
        let cast_points = self
            .surfaces
            .as_mut()
            .map_or_else(Vec::new, |surfaces| surfaces.prepare(device, queue, scene, camera.eye(), px_per_point));
        let frame = Frame::new(scene, camera, size, px_per_point, &casters, &cast_points);
        queue.write_buffer(&self.frame.buffer, 0, bytemuck::bytes_of(&frame));
        self.solids.write(device, queue, &solids);
        self.lines.write(device, queue, &lines::lines(scene, camera, size.y, px_per_point));
        self.floor.write(device, queue, &sheet::vertices(&scene.floor));
        self.veils.write(device, queue, &sheet::vertices(&scene.veils));
        let cube_rect = axis_cube::rect(size, px_per_point).filter(|_| scene.axis_cube);
        if let Some((_, side)) = cube_rect {
            let cube_frame = frame.axis_cube(camera, Vec2::splat(side));
            queue.write_buffer(&self.cube_frame.buffer, 0, bytemuck::bytes_of(&cube_frame));
            self.cube_solids.write(device, queue, &axis_cube::solids(scene));
        }
        let n_casters = casters.len().min(MAX_OCCLUDERS) as u32;
        let shadows = has_ground(scene) && (n_casters > 0 || !cast_points.is_empty());
        let map_side = if cast_points.is_empty() { SHADOW_MAP_PX } else { FLOOR_MAP_PX };
        let new_map = self.shadow_map.ensure(device, &self.pipelines.shadow_layout, map_side);

        let target = Target::ensure(&mut self.target, device, "viewport", [width, height]);
        let samples = Samples::ensure(&mut self.samples, device, target);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let casts = Casts {
            limbs: casters,
            meshes: self.surfaces.as_ref().map_or_else(Vec::new, Surfaces::cast_keys),
            on_floor: shadows,
        };
        if new_map || self.casts.as_ref() != Some(&casts) {
            if let Some(surfaces) = &self.surfaces {
                surfaces.encode_casts(&mut encoder, &self.frame.group);
            }
            if shadows {
                let mut pass = self.shadow_map.begin(&mut encoder);
                pass.set_bind_group(0, &self.frame.group, &[]);
                pass.set_pipeline(&self.pipelines.shadow_map);
                pass.draw(0..4, 0..n_casters);
                if let Some(surfaces) = &self.surfaces {
                    surfaces.draw_floor_cast(&mut pass);
                }
            }
            self.casts = Some(casts);
        }
        if let Some(surfaces) = &mut self.surfaces {
            surfaces.encode_ambience(device, &mut encoder, &self.frame.group, [width, height], self.detail);
        }
        let n_ghosts = self.surfaces.as_ref().map_or(0, Surfaces::n_ghosts);
        // One that shines through can be drawn among the rest; several must not hide each other.
        let apart = n_ghosts > 1;
        let background = Some(clear_color(scene.palette.background));
        let mut pass = begin(&mut encoder, samples, &samples.depth, background, target, !apart);
        pass.set_bind_group(0, &self.frame.group, &[]);
        self.solids.draw(&mut pass, &self.pipelines, &self.meshes);
        if let Some(surfaces) = &self.surfaces {
            surfaces.draw_opaque(&mut pass);
        }
        if has_ground(scene) {
            pass.set_pipeline(&self.pipelines.ground);
            pass.draw(0..4, 0..1);
        }
        draw_sheets(&mut pass, &self.pipelines.floor_sheet, &self.floor);
        if shadows {
            pass.set_pipeline(&self.pipelines.shadow);
            pass.set_bind_group(1, &self.shadow_map.group, &[]);
            pass.draw(0..4, 0..1);
        }
        if let Some(buffer) = &self.lines.buffer {
            pass.set_pipeline(&self.pipelines.line);
            pass.set_vertex_buffer(0, buffer.slice(..));
            pass.draw(0..4, 0..self.lines.len);
        }
        draw_sheets(&mut pass, &self.pipelines.veil, &self.veils);
        if let Some(surfaces) = &self.surfaces {
            if apart {
                drop(pass);
                for ghost in 0..n_ghosts {
                    let depth = samples.copy_depth(device, &mut encoder);
                    let mut pass = begin(&mut encoder, samples, depth, None, target, false);
                    pass.set_bind_group(0, &self.frame.group, &[]);
                    surfaces.draw_ghost(&mut pass, ghost);
                }
                pass = begin(&mut encoder, samples, &samples.depth, None, target, true);
                pass.set_bind_group(0, &self.frame.group, &[]);
                surfaces.draw_ghost_depths(&mut pass);
            } else {
                surfaces.draw_ghost(&mut pass, 0);
            }
            surfaces.draw_polylines(&mut pass);
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

fn draw_sheets(pass: &mut wgpu::RenderPass<'_>, pipeline: &wgpu::RenderPipeline, sheets: &Instances<SheetVertex>) {
    // A list that was emptied keeps its buffer.
    if let Some(buffer) = sheets.buffer.as_ref().filter(|_| sheets.len > 0) {
        pass.set_pipeline(pipeline);
        pass.set_vertex_buffer(0, buffer.slice(..));
        pass.draw(0..sheets.len, 0..1);
    }
}

/// Begins a pass over the picture: afresh on a `background`, or over what is there. The `last` one ends in the target.
fn begin<'a>(
    encoder: &'a mut wgpu::CommandEncoder,
    samples: &Samples,
    depth: &wgpu::TextureView,
    background: Option<wgpu::Color>,
    target: &Target,
    last: bool,
) -> wgpu::RenderPass<'a> {
    let store = if last { wgpu::StoreOp::Discard } else { wgpu::StoreOp::Store };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("viewport"),
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: &samples.color,
            depth_slice: None,
            resolve_target: last.then_some(&target.view),
            ops: wgpu::Operations { load: background.map_or(wgpu::LoadOp::Load, wgpu::LoadOp::Clear), store },
        })],
        depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
            view: depth,
            depth_ops: Some(wgpu::Operations {
                load: background.map_or(wgpu::LoadOp::Load, |_| wgpu::LoadOp::Clear(1.0)),
                store,
            }),
            stencil_ops: None,
        }),
        ..Default::default()
    })
}
