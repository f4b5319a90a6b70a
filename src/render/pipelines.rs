//! The viewport's shaders, compiled and bound: one pipeline per kind of thing drawn.

use super::gpu::TARGET_FORMAT;

pub const N_SAMPLES: u32 = 4;
pub const DEPTH_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Depth32Float;
pub const SHADOW_MAP_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

pub struct Pipelines {
    pub frame_layout: wgpu::BindGroupLayout,
    pub shadow_layout: wgpu::BindGroupLayout,
    pub capsule: wgpu::RenderPipeline,
    pub rounded_box: wgpu::RenderPipeline,
    pub ground: wgpu::RenderPipeline,
    pub shadow: wgpu::RenderPipeline,
    pub line: wgpu::RenderPipeline,
    pub shadow_map: wgpu::RenderPipeline,
    pub floor_sheet: wgpu::RenderPipeline,
    pub veil: wgpu::RenderPipeline,
}

/// What tells one pipeline from another.
struct Recipe<'a> {
    label: &'a str,
    module: &'a wgpu::ShaderModule,
    vertex: &'a str,
    fragment: &'a str,
    buffers: &'a [Option<wgpu::VertexBufferLayout<'a>>],
    layouts: &'a [Option<&'a wgpu::BindGroupLayout>],
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Indexed triangles that hide what is behind them.
    Solid,
    /// A strip of two triangles that lets what is behind shine through.
    Overlay,
    /// Triangles that let what is behind shine through.
    Sheet,
    /// The same, of which only the side towards the viewer is drawn.
    Veil,
    /// A strip into the shadow map.
    ShadowMap,
}

impl Pipelines {
    pub fn new(device: &wgpu::Device) -> Self {
        let frame_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("viewport frame"),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            }],
        });
        let shadow_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("viewport shadow map"),
            entries: &[
                texture_entry(0, true),
                wgpu::BindGroupLayoutEntry {
                    binding: 1,
                    visibility: wgpu::ShaderStages::FRAGMENT,
                    ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                    count: None,
                },
            ],
        });
        let module = |label, source| {
            device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(label),
                source: wgpu::ShaderSource::Wgsl(std::borrow::Cow::Borrowed(source)),
            })
        };
        let solid = module(
            "solid",
            concat!(include_str!("../../shaders/frame.wgsl"), include_str!("../../shaders/solid.wgsl")),
        );
        let floor = module(
            "floor",
            concat!(include_str!("../../shaders/frame.wgsl"), include_str!("../../shaders/floor.wgsl")),
        );
        let lines =
            module("line", concat!(include_str!("../../shaders/frame.wgsl"), include_str!("../../shaders/line.wgsl")));
        let cast = module(
            "shadow map",
            concat!(include_str!("../../shaders/frame.wgsl"), include_str!("../../shaders/shadow_map.wgsl")),
        );

        let sheets = module(
            "sheet",
            concat!(include_str!("../../shaders/frame.wgsl"), include_str!("../../shaders/sheet.wgsl")),
        );
        let sheet_vertex = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Unorm8x4];

        let capsule_mesh = wgpu::vertex_attr_array![0 => Float32x4];
        let capsule_instance = wgpu::vertex_attr_array![1 => Float32x4, 2 => Float32x4, 3 => Unorm8x4, 4 => Uint32];
        let box_mesh = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3];
        let box_instance = wgpu::vertex_attr_array![2 => Float32x4, 3 => Float32x4, 4 => Unorm8x4];
        let line_instance = wgpu::vertex_attr_array![
            0 => Float32x3, 1 => Float32x3, 2 => Unorm8x4, 3 => Unorm8x4, 4 => Float32x2
        ];
        let per_vertex = |attributes| buffer(wgpu::VertexStepMode::Vertex, attributes);
        let per_instance = |attributes| buffer(wgpu::VertexStepMode::Instance, attributes);
        let frame_only = [Some(&frame_layout)];
        let frame_and_shadow = [Some(&frame_layout), Some(&shadow_layout)];

        let build = |recipe: Recipe<'_>| build(device, &recipe);
        let overlay = |label, vertex, fragment, layouts| {
            let buffers = &[];
            build(Recipe { label, module: &floor, vertex, fragment, buffers, layouts, kind: Kind::Overlay })
        };
        let sheet = |label, kind| {
            let (vertex, fragment, layouts) = ("vs_sheet", "fs_sheet", &frame_only[..]);
            build(Recipe {
                label,
                module: &sheets,
                vertex,
                fragment,
                buffers: &[per_vertex(&sheet_vertex)],
                layouts,
                kind,
            })
        };
        Self {
            floor_sheet: sheet("floor sheet", Kind::Sheet),
            veil: sheet("veil", Kind::Veil),
            capsule: build(Recipe {
                label: "capsule",
                module: &solid,
                vertex: "vs_capsule",
                fragment: "fs_solid",
                buffers: &[per_vertex(&capsule_mesh), per_instance(&capsule_instance)],
                layouts: &frame_only,
                kind: Kind::Solid,
            }),
            rounded_box: build(Recipe {
                label: "box",
                module: &solid,
                vertex: "vs_box",
                fragment: "fs_solid",
                buffers: &[per_vertex(&box_mesh), per_instance(&box_instance)],
                layouts: &frame_only,
                kind: Kind::Solid,
            }),
            ground: overlay("ground", "vs_ground", "fs_ground", &frame_only),
            shadow: overlay("shadow", "vs_shadow", "fs_shadow", &frame_and_shadow),
            line: build(Recipe {
                label: "line",
                module: &lines,
                vertex: "vs_line",
                fragment: "fs_line",
                buffers: &[per_instance(&line_instance)],
                layouts: &frame_only,
                kind: Kind::Overlay,
            }),
            shadow_map: build(Recipe {
                label: "shadow map",
                module: &cast,
                vertex: "vs_cast",
                fragment: "fs_cast",
                buffers: &[],
                layouts: &frame_only,
                kind: Kind::ShadowMap,
            }),
            frame_layout,
            shadow_layout,
        }
    }
}

/// A texture for fragment shaders: one that is sampled smoothly, or one that single texels are loaded from.
pub fn texture_entry(binding: u32, filterable: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::FRAGMENT,
        ty: wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        },
        count: None,
    }
}

pub fn buffer(
    step_mode: wgpu::VertexStepMode,
    attributes: &[wgpu::VertexAttribute],
) -> Option<wgpu::VertexBufferLayout<'_>> {
    // The attributes follow each other without holes.
    let array_stride = attributes.iter().map(|attribute| attribute.format.size()).sum();
    Some(wgpu::VertexBufferLayout { array_stride, step_mode, attributes })
}

fn build(device: &wgpu::Device, recipe: &Recipe<'_>) -> wgpu::RenderPipeline {
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(recipe.label),
        bind_group_layouts: recipe.layouts,
        immediate_size: 0,
    });
    let solid = recipe.kind == Kind::Solid;
    let strip = matches!(recipe.kind, Kind::Overlay | Kind::ShadowMap);
    let (format, blend) = match recipe.kind {
        Kind::Solid => (TARGET_FORMAT, None),
        Kind::Overlay | Kind::Sheet | Kind::Veil => (TARGET_FORMAT, Some(wgpu::BlendState::ALPHA_BLENDING)),
        Kind::ShadowMap => (SHADOW_MAP_FORMAT, Some(CASTS_JOIN)),
    };
    device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
        label: Some(recipe.label),
        layout: Some(&layout),
        vertex: wgpu::VertexState {
            module: recipe.module,
            entry_point: Some(recipe.vertex),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            buffers: recipe.buffers,
        },
        primitive: wgpu::PrimitiveState {
            topology: if strip {
                wgpu::PrimitiveTopology::TriangleStrip
            } else {
                wgpu::PrimitiveTopology::TriangleList
            },
            cull_mode: matches!(recipe.kind, Kind::Solid | Kind::Veil).then_some(wgpu::Face::Back),
            ..Default::default()
        },
        depth_stencil: (recipe.kind != Kind::ShadowMap).then(|| wgpu::DepthStencilState {
            format: DEPTH_FORMAT,
            depth_write_enabled: Some(solid),
            depth_compare: Some(wgpu::CompareFunction::LessEqual),
            stencil: wgpu::StencilState::default(),
            bias: wgpu::DepthBiasState::default(),
        }),
        multisample: wgpu::MultisampleState {
            count: if recipe.kind == Kind::ShadowMap { 1 } else { N_SAMPLES },
            ..Default::default()
        },
        fragment: Some(wgpu::FragmentState {
            module: recipe.module,
            entry_point: Some(recipe.fragment),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            targets: &[Some(wgpu::ColorTargetState { format, blend, write_mask: wgpu::ColorWrites::ALL })],
        }),
        multiview_mask: None,
        cache: None,
    })
}

/// Two limbs in the way of one lamp cast one shadow, but each takes its own share of the sky.
pub const CASTS_JOIN: wgpu::BlendState = wgpu::BlendState {
    color: wgpu::BlendComponent {
        src_factor: wgpu::BlendFactor::One,
        dst_factor: wgpu::BlendFactor::One,
        operation: wgpu::BlendOperation::Max,
    },
    alpha: wgpu::BlendComponent {
        src_factor: wgpu::BlendFactor::Zero,
        dst_factor: wgpu::BlendFactor::SrcAlpha,
        operation: wgpu::BlendOperation::Add,
    },
};
