//! The shaders of meshes and polylines, compiled and bound.

use crate::render::TARGET_FORMAT;
use crate::render::pipelines::{CASTS_JOIN, DEPTH_FORMAT, N_SAMPLES, SHADOW_MAP_FORMAT, buffer, texture_entry};

/// Metres, in the maps that the light and the floor see.
pub const METRES_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::R32Float;
/// Normal and distance of the nearest surface.
pub const SURFACE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba32Float;
/// Shares of sky and key light, and distance.
pub const LIGHT_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;

pub struct SurfacePipelines {
    /// Group 1 of meshes: a `Mesh` at a dynamic offset.
    pub mesh_layout: wgpu::BindGroupLayout,
    /// One texture that is loaded from.
    pub one_texture: wgpu::BindGroupLayout,
    pub two_textures: wgpu::BindGroupLayout,
    pub opaque: wgpu::RenderPipeline,
    pub ghost_depth: wgpu::RenderPipeline,
    pub ghost: wgpu::RenderPipeline,
    pub light: wgpu::RenderPipeline,
    pub height: wgpu::RenderPipeline,
    pub surface: wgpu::RenderPipeline,
    pub floor_cast: wgpu::RenderPipeline,
    pub gather: wgpu::RenderPipeline,
    pub smooth: wgpu::RenderPipeline,
    pub line: wgpu::RenderPipeline,
    pub hidden_line: wgpu::RenderPipeline,
}

/// What tells one pipeline from another.
struct Recipe<'a> {
    module: &'a wgpu::ShaderModule,
    vertex: &'a str,
    fragment: &'a str,
    buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    layouts: &'a [Option<&'a wgpu::BindGroupLayout>],
    strip: bool,
    format: wgpu::TextureFormat,
    /// `None` keeps what is there.
    blend: Option<wgpu::BlendState>,
    writes: wgpu::ColorWrites,
    depth: Option<(bool, wgpu::CompareFunction)>,
    n_samples: u32,
}

impl SurfacePipelines {
    pub fn new(device: &wgpu::Device, frame_layout: &wgpu::BindGroupLayout) -> Self {
        let layout = |entries: &[wgpu::BindGroupLayoutEntry]| {
            device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some("surfaces"), entries })
        };
        let mesh_layout = layout(&[wgpu::BindGroupLayoutEntry {
            binding: 0,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty: wgpu::BindingType::Buffer {
                ty: wgpu::BufferBindingType::Uniform,
                has_dynamic_offset: true,
                min_binding_size: None,
            },
            count: None,
        }]);
        let one_texture = layout(&[texture_entry(0, false)]);
        let two_textures = layout(&[texture_entry(0, false), texture_entry(1, false)]);

        let module = |label, parts: &[&str]| {
            let source = std::iter::once(include_str!("../../../shaders/frame.wgsl")).chain(parts.iter().copied());
            device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Wgsl(source.collect::<String>().into()),
            })
        };
        let light_map = include_str!("../../../shaders/light_map.wgsl");
        let mesh = module("mesh", &[include_str!("../../../shaders/mesh.wgsl")]);
        let floor = module("floor cast", &[include_str!("../../../shaders/floor_cast.wgsl"), light_map]);
        let ambience = module("ambience", &[include_str!("../../../shaders/ambience.wgsl"), light_map]);
        let lines = module("polyline", &[include_str!("../../../shaders/polyline.wgsl")]);

        let vertex = wgpu::vertex_attr_array![0 => Float32x3, 1 => Snorm16x4, 2 => Unorm8x4];
        let segment = wgpu::vertex_attr_array![
            0 => Float32x3, 1 => Float32x3, 2 => Float32x3, 3 => Float32x3, 4 => Unorm8x4, 5 => Float32x2
        ];
        let vertices = [buffer(wgpu::VertexStepMode::Vertex, &vertex)];
        let segments = [buffer(wgpu::VertexStepMode::Instance, &segment)];
        let frame_only = [Some(frame_layout)];
        let frame_and_mesh = [Some(frame_layout), Some(&mesh_layout)];
        let lit_mesh = [Some(frame_layout), Some(&mesh_layout), Some(&one_texture)];
        let frame_and_one = [Some(frame_layout), Some(&one_texture)];
        let frame_and_two = [Some(frame_layout), Some(&two_textures)];

        use wgpu::CompareFunction::{Greater, LessEqual};
        let picture = Recipe {
            module: &mesh,
            vertex: "vs_mesh",
            fragment: "fs_opaque",
            buffers: &vertices,
            layouts: &lit_mesh,
            strip: false,
            format: TARGET_FORMAT,
            blend: None,
            writes: wgpu::ColorWrites::ALL,
            depth: Some((true, LessEqual)),
            n_samples: N_SAMPLES,
        };
        let over = Some(wgpu::BlendState::ALPHA_BLENDING);
        let map =
            Recipe { fragment: "fs_metres", layouts: &frame_and_mesh, format: METRES_FORMAT, n_samples: 1, ..picture };
        let screen = Recipe {
            module: &ambience,
            vertex: "vs_screen",
            buffers: &[],
            format: LIGHT_FORMAT,
            depth: None,
            n_samples: 1,
            ..picture
        };
        let line = Recipe {
            module: &lines,
            vertex: "vs_polyline",
            fragment: "fs_polyline",
            buffers: &segments,
            layouts: &frame_only,
            strip: true,
            blend: over,
            depth: Some((false, LessEqual)),
            ..picture
        };
        let build = |label, recipe: Recipe<'_>| build(device, label, &recipe);
        Self {
            ghost_depth: build(
                "ghost depth",
                Recipe { fragment: "fs_depth", writes: wgpu::ColorWrites::empty(), ..picture },
            ),
            ghost: build(
                "ghost",
                Recipe { fragment: "fs_ghost", blend: over, depth: Some((false, LessEqual)), ..picture },
            ),
            light: build("light map", Recipe { vertex: "vs_light", ..map }),
            height: build("heights", Recipe { vertex: "vs_height", ..map }),
            surface: build("surface", Recipe { fragment: "fs_surface", format: SURFACE_FORMAT, ..map }),
            floor_cast: build(
                "floor cast",
                Recipe {
                    module: &floor,
                    vertex: "vs_floor_cast",
                    fragment: "fs_floor_cast",
                    buffers: &[],
                    layouts: &frame_and_two,
                    strip: true,
                    format: SHADOW_MAP_FORMAT,
                    blend: Some(CASTS_JOIN),
                    depth: None,
                    n_samples: 1,
                    ..picture
                },
            ),
            gather: build("gather", Recipe { fragment: "fs_gather", layouts: &frame_and_two, ..screen }),
            smooth: build("smooth", Recipe { fragment: "fs_smooth", layouts: &frame_and_one, ..screen }),
            hidden_line: build("hidden line", Recipe { fragment: "fs_hidden", depth: Some((false, Greater)), ..line }),
            line: build("polyline", line),
            opaque: build("mesh", picture),
            mesh_layout,
            one_texture,
            two_textures,
        }
    }

    /// Binds the textures that a shader loads from.
    pub fn textures(
        device: &wgpu::Device,
        layout: &wgpu::BindGroupLayout,
        views: &[&wgpu::TextureView],
    ) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(views)
            .map(|(binding, view)| wgpu::BindGroupEntry { binding, resource: wgpu::BindingResource::TextureView(view) })
            .collect();
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some("surfaces"), layout, entries: &entries })
    }
}

fn build(device: &wgpu::Device, label: &str, recipe: &Recipe<'_>) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(label),
        bind_group_layouts: recipe.layouts,
        immediate_size: 0,
    });
    let target = wgpu::ColorTargetState { format: recipe.format, blend: recipe.blend, write_mask: recipe.writes };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(label),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: recipe.module,
            entry_point: Some(recipe.vertex),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: recipe.buffers,
        },
        primitive: wgpu::PrimitiveState {
            topology: if recipe.strip {
                wgpu::PrimitiveTopology::TriangleStrip
            } else {
                wgpu::PrimitiveTopology::TriangleList
            },
            ..Default::default()
        },
        depth_stencil: recipe.depth.map(|(writes, compare)| wgpu::DepthStencilState {
            format: DEPTH_FORMAT,
            depth_write_enabled: Some(writes),
            depth_compare: Some(compare),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState { count: recipe.n_samples, ..Default::default() },
        fragment: Some(wgpu::FragmentState {
            module: recipe.module,
            entry_point: Some(recipe.fragment),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(target)],
        }),
        multiview_mask: None,
        cache: None,
    })
}
