//! A table over time as a picture: time to the right, columns upwards, data colours from a [`Colormap`].
//!
//! The GPU keeps a ring of time slots (see [`Ring`]); only rows that are new to it are uploaded, and a window that lies
//! elsewhere (scrolled back, frozen) is uploaded afresh from the table. Where there was no data the gap colour shows:
//! a picture never pretends that something was measured.

use bytemuck::{Pod, Zeroable};

use crate::types::{Complex32, Rows, Span};

use super::colormap::{Colormap, N_COLORS};
use super::gpu::TARGET_FORMAT;
use super::ring::Ring;
use super::scene::Rgba;
use super::target::{Target, clear_color};

/// What a value is turned into before it gets its colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// 20 log10 of the magnitude, dB, viridis.
    Amplitude { low_db: f32, high_db: f32 },
    /// The angle, -π..=π, twilight.
    Phase,
    /// A real value that is in dB already, magma.
    Power { low_db: f32, high_db: f32 },
    /// A real value around zero, blue below and red above; `limit` is the end of the scale.
    Signed { limit: f32 },
}

impl Mode {
    /// Ends of the scale and the colours between them, for legends too.
    pub fn scale(self) -> (f32, f32, Colormap) {
        match self {
            Self::Amplitude { low_db, high_db } => (low_db, high_db, Colormap::Viridis),
            Self::Phase => (-std::f32::consts::PI, std::f32::consts::PI, Colormap::Twilight),
            Self::Power { low_db, high_db } => (low_db, high_db, Colormap::Magma),
            Self::Signed { limit } => (-limit, limit, Colormap::Diverging),
        }
    }

    fn shader_code(self) -> u32 {
        match self {
            Self::Amplitude { .. } => 0,
            Self::Phase => 1,
            Self::Power { .. } | Self::Signed { .. } => 2,
        }
    }
}

/// What part of the table is drawn, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WaterfallView {
    pub window: Span,
    /// Lower and upper edge in bins; `(0.0, n_bins)` shows all of them.
    pub bins: (f32, f32),
    pub mode: Mode,
    /// Where there is no data.
    pub gap_color: Rgba,
}

/// A kind of value that a waterfall can hold.
pub trait Texel: Copy + Pod {
    const FORMAT: wgpu::TextureFormat;
    /// Stands where there is no data: larger than anything a radio reports, and safe where shaders assume no NaN.
    const GAP: Self;

    fn is_finite(self) -> bool;
}

impl Texel for Complex32 {
    const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rg32Float;
    const GAP: Self = Self::new(GAP, GAP);

    fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }
}

impl Texel for f32 {
    const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R32Float;
    const GAP: Self = GAP;

    fn is_finite(self) -> bool {
        self.is_finite()
    }
}

/// Beyond the shader's limit of 1e38.
const GAP: f32 = 3.0e38;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct ViewUniform {
    first_slot: f32,
    slots_per_px: f32,
    first_bin: f32,
    bins_per_px: f32,
    oldest_row: u32,
    n_rows: u32,
    n_valid: u32,
    n_bins: u32,
    gap: [f32; 4],
    low: f32,
    high: f32,
    mode: u32,
    colormap: u32,
    height: f32,
    padding: [f32; 3],
}

/// A stretch of one table on the GPU, `Complex32` for channels and `f32` for spectrograms.
pub struct Waterfall<T> {
    n_bins: usize,
    ring: Ring<T>,
    shown: Option<Shown>,
    slots: wgpu::Texture,
    uniform: wgpu::Buffer,
    group: wgpu::BindGroup,
    pipeline: wgpu::RenderPipeline,
    target: Option<Target>,
}

/// What all waterfalls of a device can share: compiling it takes longer than anything else about one.
pub struct WaterfallPipeline {
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::RenderPipeline,
    colormaps: wgpu::TextureView,
}

impl WaterfallPipeline {
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Self {
        let (layout, pipeline) = pipeline(device);
        let colormaps = colormap_texture(device, queue).create_view(&wgpu::TextureViewDescriptor::default());
        Self { layout, pipeline, colormaps }
    }
}

/// Which table the ring holds: another one is uploaded afresh.
#[derive(Clone, PartialEq)]
struct Shown {
    generation: u64,
    columns: Vec<usize>,
    hold_nanos: i64,
}

impl<T: Texel> Waterfall<T> {
    /// Room for `n_slots` of `slot_nanos` with `n_bins` values each; all cut to what the device can hold.
    ///
    /// A slot shows the newest row that falls into it, so `slot_nanos` should be about the interval between rows, or the
    /// time that one pixel covers where that is longer.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue, n_bins: usize, n_slots: usize, slot_nanos: i64) -> Self {
        Self::with_pipeline(device, &WaterfallPipeline::new(device, queue), n_bins, n_slots, slot_nanos)
    }

    /// The same with a pipeline that is there already.
    pub fn with_pipeline(
        device: &wgpu::Device,
        shared: &WaterfallPipeline,
        n_bins: usize,
        n_slots: usize,
        slot_nanos: i64,
    ) -> Self {
        let limit = device.limits().max_texture_dimension_2d as usize;
        let (n_bins, n_slots) = (n_bins.clamp(1, limit), n_slots.clamp(2, limit));
        let slots = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("waterfall slots"),
            size: extent(n_bins, n_slots),
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: T::FORMAT,
            usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            view_formats: &[],
        });
        let uniform = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("waterfall view"),
            size: size_of::<ViewUniform>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let slots_view = slots.create_view(&wgpu::TextureViewDescriptor::default());
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("waterfall"),
            layout: &shared.layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: uniform.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&slots_view) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::TextureView(&shared.colormaps) },
            ],
        });
        let ring = Ring::new(n_bins, n_slots, slot_nanos);
        Self { n_bins, ring, shown: None, slots, uniform, group, pipeline: shared.pipeline.clone(), target: None }
    }

    pub fn n_bins(&self) -> usize {
        self.n_bins
    }

    /// Uploads what is new in `rows` and needed to draw `window`; answers how many rows of the table were read for it.
    ///
    /// Bin `i` shows column `columns[i]` (past the row's end: a gap), so callers choose chain and order. `generation` tells
    /// tables apart: with another one, with other columns or with a table that starts anew, everything is uploaded afresh.
    /// Between rows at most `hold_nanos` apart the earlier one stands; longer breaks stay gaps.
    pub fn sync(
        &mut self,
        queue: &wgpu::Queue,
        rows: &Rows<T>,
        columns: &[usize],
        generation: u64,
        hold_nanos: i64,
        window: Span,
    ) -> usize {
        let same = self.shown.as_ref().is_some_and(|shown| {
            shown.generation == generation && shown.columns == columns && shown.hold_nanos == hold_nanos
        });
        if !same {
            self.ring.clear();
            self.shown = Some(Shown { generation, columns: columns.to_vec(), hold_nanos });
        }
        let n_read = self.ring.sync(rows, columns, hold_nanos, window);
        for (first_row, values) in self.ring.take_changes() {
            let n_rows = values.len() / self.n_bins;
            queue.write_texture(
                wgpu::TexelCopyTextureInfo {
                    origin: wgpu::Origin3d { x: 0, y: first_row as u32, z: 0 },
                    ..self.slots.as_image_copy()
                },
                bytemuck::cast_slice(values),
                wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some((self.n_bins * size_of::<T>()) as u32),
                    rows_per_image: None,
                },
                extent(self.n_bins, n_rows),
            );
        }
        n_read
    }

    /// Draws a stretch of time, its end at the right edge; what [`Self::sync`] has not been asked for is a gap.
    ///
    /// The view is another one (`!=`) after the size has changed: register it with the window anew then.
    pub fn draw(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        view: &WaterfallView,
        size_px: [u32; 2],
    ) -> &wgpu::TextureView {
        let target = Target::ensure(&mut self.target, device, "waterfall", size_px);
        let (width, height) = (target.texture.width() as f32, target.texture.height() as f32);
        let held = self.ring.held();
        let (low, high, colormap) = view.mode.scale();
        let first_slot = self.ring.slots_since(view.window.start, held.start);
        let end_slot = self.ring.slots_since(view.window.end, held.start);
        let uniform = ViewUniform {
            first_slot: first_slot as f32,
            slots_per_px: ((end_slot - first_slot) / f64::from(width)) as f32,
            first_bin: view.bins.0,
            bins_per_px: (view.bins.1 - view.bins.0) / height,
            oldest_row: self.ring.ring_row(held.start) as u32,
            n_rows: self.slots.height(),
            n_valid: (held.end - held.start) as u32,
            n_bins: self.n_bins as u32,
            gap: view.gap_color.map(|channel| f32::from(channel) / 255.0),
            low,
            // A scale without length would divide by nothing.
            high: if high > low { high } else { low + 1e-6 },
            mode: view.mode.shader_code(),
            colormap: colormap as u32,
            height,
            padding: [0.0; 3],
        };
        queue.write_buffer(&self.uniform, 0, bytemuck::bytes_of(&uniform));
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("waterfall"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &target.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(clear_color(view.gap_color)),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.draw(0..3, 0..1);
        drop(pass);
        queue.submit([encoder.finish()]);
        &target.view
    }

    /// What was drawn last, for [`super::read_back`].
    pub fn texture(&self) -> Option<&wgpu::Texture> {
        self.target.as_ref().map(|target| &target.texture)
    }
}

fn extent(width: usize, height: usize) -> wgpu::Extent3d {
    wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 }
}

/// All colour maps, one row each, in the order of the enum.
fn colormap_texture(device: &wgpu::Device, queue: &wgpu::Queue) -> wgpu::Texture {
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some("colour maps"),
        size: extent(N_COLORS, Colormap::ALL.len()),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let colors: Vec<Rgba> = Colormap::ALL.into_iter().flat_map(Colormap::table).collect();
    queue.write_texture(
        texture.as_image_copy(),
        bytemuck::cast_slice(&colors),
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * N_COLORS as u32), rows_per_image: None },
        texture.size(),
    );
    texture
}

fn pipeline(device: &wgpu::Device) -> (wgpu::BindGroupLayout, wgpu::RenderPipeline) {
    let entry =
        |binding, ty| wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None };
    // Only loaded, never filtered: filtering 32-bit floats is a feature that not every device has.
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: false },
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    };
    let uniform = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let group_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("waterfall"),
        entries: &[entry(0, uniform), entry(1, texture), entry(2, texture)],
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("waterfall"),
        bind_group_layouts: &[Some(&group_layout)],
        immediate_size: 0,
    });
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("waterfall"),
        source: wgpu::ShaderSource::Wgsl(std::borrow::Cow::Borrowed(include_str!("../../shaders/waterfall.wgsl"))),
    });
    let pipeline = device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some("waterfall"),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: &module,
            entry_point: Some("vs_picture"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: &[],
        },
        primitive: wgpu::PrimitiveState::default(),
        depth_stencil: None,
        multisample: wgpu::MultisampleState::default(),
        fragment: Some(wgpu::FragmentState {
            module: &module,
            entry_point: Some("fs_picture"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(TARGET_FORMAT.into())],
        }),
        multiview_mask: None,
        cache: None,
    });
    (group_layout, pipeline)
}
