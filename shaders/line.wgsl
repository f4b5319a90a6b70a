// Lines of constant width in pixels with soft edges, solid or dashed.

struct Line {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    // x: pixels from the start; y: pixels off the middle.
    @location(1) place: vec2<f32>,
    // x: half the width; y: length of a dash and of the break after it, 0 for none.
    @location(2) @interpolate(flat) shape: vec2<f32>,
}

@vertex
fn vs_line(
    @builtin(vertex_index) vertex: u32,
    @location(0) start: vec3<f32>,
    @location(1) end: vec3<f32>,
    @location(2) start_color: vec4<f32>,
    @location(3) end_color: vec4<f32>,
    @location(4) width_dash: vec2<f32>,
) -> Line {
    var a = frame.clip_from_room * vec4<f32>(start, 1.0);
    var b = frame.clip_from_room * vec4<f32>(end, 1.0);
    var a_color = start_color;
    var b_color = end_color;
    // Depth in clip space is negative in front of the near plane: cut the line there.
    if a.z < 0.0 && b.z < 0.0 {
        return Line(vec4<f32>(0.0, 0.0, 2.0, 1.0), a_color, vec2<f32>(0.0), vec2<f32>(0.0));
    }
    let cut = a.z / (a.z - b.z);
    if a.z < 0.0 {
        a = mix(a, b, cut);
        a_color = mix(a_color, b_color, cut);
    } else if b.z < 0.0 {
        b = mix(a, b, cut);
        b_color = mix(a_color, b_color, cut);
    }
    let half_px = frame.picture.xy * 0.5;
    let a_ndc = a.xyz / a.w;
    let b_ndc = b.xyz / b.w;
    let run = (b_ndc.xy - a_ndc.xy) * half_px;
    let len = length(run);
    let along = select(vec2<f32>(1.0, 0.0), run / max(len, 1e-6), len > 1e-6);
    let across = vec2<f32>(-along.y, along.x);
    let at_end = f32(vertex & 1u);
    let side = f32(vertex >> 1u) * 2.0 - 1.0;
    let half_width = 0.5 * width_dash.x;
    let reach = half_width + 1.0;
    // Everything is divided by w here, so that lengths in pixels are interpolated as such.
    let ndc = mix(a_ndc, b_ndc, at_end) + vec3<f32>(across * side * reach / half_px, 0.0);
    return Line(
        vec4<f32>(ndc, 1.0),
        mix(a_color, b_color, at_end),
        vec2<f32>(at_end * len, side * reach),
        vec2<f32>(half_width, width_dash.y),
    );
}

@fragment
fn fs_line(in: Line) -> @location(0) vec4<f32> {
    var cover = clamp(in.shape.x + 0.5 - abs(in.place.y), 0.0, 1.0);
    // A line thinner than a pixel covers at most its width.
    cover = min(cover, 2.0 * in.shape.x);
    if in.shape.y > 0.0 {
        let at = in.place.x % (2.0 * in.shape.y);
        cover *= clamp(0.5 + min(at, in.shape.y - at), 0.0, 1.0);
    }
    return vec4<f32>(in.color.rgb, in.color.a * cover);
}
