//! A scene as an image in memory, without a window.

use image::RgbaImage;

use super::camera::Camera;
use super::gpu::{Error, Gpu, read_back};
use super::scene::Scene;
use super::viewport::ViewportRenderer;

/// Draws a scene once and waits for it. Alpha is straight, as image files have it, where the background is transparent.
pub fn render_image(
    gpu: &Gpu,
    scene: &Scene,
    camera: &Camera,
    size_px: [u32; 2],
    pixels_per_point: f32,
) -> Result<RgbaImage, Error> {
    let mut renderer = ViewportRenderer::new(&gpu.device, &gpu.queue);
    renderer.render(&gpu.device, &gpu.queue, scene, camera, size_px, pixels_per_point);
    let texture = renderer.texture().ok_or(Error::ReadBack)?;
    let mut image = read_back(&gpu.device, &gpu.queue, texture)?;
    straighten(&mut image);
    Ok(image)
}

/// Turns colours that are premultiplied by alpha, as textures hold them, into straight ones.
pub fn straighten(image: &mut RgbaImage) {
    for pixel in image.pixels_mut() {
        let [r, g, b, a] = pixel.0;
        if !matches!(a, 0 | 255) {
            let divide = |c: u8| (f32::from(c) * 255.0 / f32::from(a)).round().min(255.0) as u8;
            pixel.0 = [divide(r), divide(g), divide(b), a];
        }
    }
}
