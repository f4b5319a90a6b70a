//! A device without a window, and the way from a texture back to an image.

use std::future::Future;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use image::RgbaImage;

/// What both renderers draw into: gamma-encoded bytes, as egui expects of native textures.
pub const TARGET_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the graphics device was lost while reading an image back; draw it again")]
    ReadBack,
    #[error("cannot write the image — check that the folder exists and has room: {0}")]
    Write(#[from] image::ImageError),
}

/// An adapter opened for drawing without a window.
pub struct Gpu {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// As the driver names it, for reports.
    pub adapter_name: String,
}

impl Gpu {
    /// Opens the best adapter there is, a software one if need be; `None` where the machine has none at all.
    pub fn headless() -> Option<Self> {
        // OpenGL only where nothing else answers: its loaders write complaints to the terminal.
        let adapter = [wgpu::Backends::PRIMARY, wgpu::Backends::GL].into_iter().find_map(|backends| {
            let descriptor =
                wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle() };
            let instance = wgpu::Instance::new(descriptor.with_env());
            ready(instance.request_adapter(&wgpu::RequestAdapterOptions::default()))?.ok()
        })?;
        // The same limits as egui asks for, so that what works without a window works in one.
        let required_limits = match adapter.get_info().backend {
            wgpu::Backend::Gl => wgpu::Limits::downlevel_webgl2_defaults(),
            _ => wgpu::Limits::default(),
        };
        let descriptor = wgpu::DeviceDescriptor { label: Some("headless"), required_limits, ..Default::default() };
        let (device, queue) = ready(adapter.request_device(&descriptor))?.ok()?;
        Some(Self { device, queue, adapter_name: adapter.get_info().name })
    }
}

/// The value of a future that is ready at once, as those of native wgpu are.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Copies a texture of [`TARGET_FORMAT`] (usage `COPY_SRC`) into memory; waits for the device.
pub fn read_back(device: &wgpu::Device, queue: &wgpu::Queue, texture: &wgpu::Texture) -> Result<RgbaImage, Error> {
    let (width, height) = (texture.width(), texture.height());
    let row_bytes = width * 4;
    let padded = row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("read back"),
        size: u64::from(padded) * u64::from(height),
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo {
            buffer: &buffer,
            layout: wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(padded), rows_per_image: None },
        },
        texture.size(),
    );
    queue.submit([encoder.finish()]);
    let (send, receive) = crossbeam_channel::bounded(1);
    buffer.map_async(wgpu::MapMode::Read, .., move |result| {
        // The receiver is still there: it waits below.
        send.send(result).ok();
    });
    device.poll(wgpu::PollType::wait_indefinitely()).map_err(|_| Error::ReadBack)?;
    receive.try_recv().map_err(|_| Error::ReadBack)?.map_err(|_| Error::ReadBack)?;
    let mapped = buffer.get_mapped_range(..).map_err(|_| Error::ReadBack)?;
    let bytes = mapped.chunks_exact(padded as usize).flat_map(|row| &row[..row_bytes as usize]).copied().collect();
    RgbaImage::from_raw(width, height, bytes).ok_or(Error::ReadBack)
}

/// Reads a texture back and writes it as a PNG.
pub fn save_png(device: &wgpu::Device, queue: &wgpu::Queue, texture: &wgpu::Texture, path: &Path) -> Result<(), Error> {
    read_back(device, queue, texture)?.save_with_format(path, image::ImageFormat::Png)?;
    Ok(())
}
