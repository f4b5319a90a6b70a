// Lines through many points, joined without gaps; in the air or lying on a surface.

struct Line {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    // x: pixels off the middle; y: half the width.
    @location(1) off: vec2<f32>,
}

// Which way the line runs on the screen; a stretch that is no longer than nothing runs like `other`.
fn run(start: vec4<f32>, stop: vec4<f32>, other: vec2<f32>) -> vec2<f32> {
    if start.z < 0.0 || stop.z < 0.0 {
        return other;
    }
    let way = (stop.xy / stop.w - start.xy / start.w) * frame.picture.xy * 0.5;
    let len = length(way);
    return select(other, way / max(len, 1e-4), len > 1e-4);
}

@vertex
fn vs_polyline(
    @builtin(vertex_index) vertex: u32,
    @location(0) before: vec3<f32>,
    @location(1) start: vec3<f32>,
    @location(2) end: vec3<f32>,
    @location(3) after: vec3<f32>,
    @location(4) color: vec4<f32>,
    // Width in pixels and how far the line is drawn towards the viewer, metres.
    @location(5) width_lift: vec2<f32>,
) -> Line {
    var a = frame.clip_from_room * vec4<f32>(start, 1.0);
    var b = frame.clip_from_room * vec4<f32>(end, 1.0);
    if a.z < 0.0 && b.z < 0.0 {
        return Line(vec4<f32>(0.0, 0.0, 2.0, 1.0), color, vec2<f32>(0.0));
    }
    let cut = a.z / (a.z - b.z);
    if a.z < 0.0 {
        a = mix(a, b, cut);
    } else if b.z < 0.0 {
        b = mix(a, b, cut);
    }
    let along = run(a, b, vec2<f32>(1.0, 0.0));
    let at_end = (vertex & 1u) == 1u;
    var here = a;
    var neighbour = run(frame.clip_from_room * vec4<f32>(before, 1.0), a, along);
    if at_end {
        here = b;
        neighbour = run(b, frame.clip_from_room * vec4<f32>(after, 1.0), along);
    }
    // Both stretches end on the line that halves the angle between them; sharp corners are cut off.
    let across = vec2<f32>(-along.y, along.x);
    let half = normalize(across + vec2<f32>(-neighbour.y, neighbour.x) + across * 1e-4);
    let side = f32(vertex >> 1u) * 2.0 - 1.0;
    let half_width = 0.5 * width_lift.x;
    let reach = half_width + 1.0;
    let shift = half * side * reach / max(dot(half, across), 0.5);
    let depth = max(here.w - width_lift.y, frame.back.w);
    let ndc = here.xy / here.w + shift / (frame.picture.xy * 0.5);
    return Line(vec4<f32>(ndc, 1.0 - frame.back.w / depth, 1.0), color, vec2<f32>(side * reach, half_width));
}

fn cover(in: Line) -> f32 {
    return min(clamp(in.off.y + 0.5 - abs(in.off.x), 0.0, 1.0), 2.0 * in.off.y);
}

@fragment
fn fs_polyline(in: Line) -> @location(0) vec4<f32> {
    return vec4<f32>(in.color.rgb, in.color.a * cover(in));
}

// Behind the surface it lies on.
@fragment
fn fs_hidden(in: Line) -> @location(0) vec4<f32> {
    return vec4<f32>(in.color.rgb, 0.3 * in.color.a * cover(in));
}
