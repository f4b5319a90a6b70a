// The ground: a metre grid that refines when seen from close by, the room's floor, and what casts shadows on it.

struct Ground {
    @builtin(position) clip: vec4<f32>,
    @location(0) point: vec2<f32>,
}

fn corner(vertex: u32) -> vec2<f32> {
    return vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
}

@vertex
fn vs_ground(@builtin(vertex_index) vertex: u32) -> Ground {
    let point = frame.ground.xy + (corner(vertex) * 2.0 - 1.0) * frame.ground.w;
    return Ground(frame.clip_from_room * vec4<f32>(point, 0.0, 1.0), point);
}

// How much of this pixel lies on a line of a grid with `cell` metres between lines; fades where cells get small.
fn lines(point: vec2<f32>, metres_per_px: vec2<f32>, cell: f32) -> f32 {
    let px_per_cell = cell / metres_per_px;
    let off_px = abs(fract(point / cell + 0.5) - 0.5) * px_per_cell;
    let cover = clamp(0.5 * frame.eye.w + 0.5 - off_px, vec2<f32>(0.0), vec2<f32>(1.0));
    let shown = smoothstep(vec2<f32>(8.0), vec2<f32>(24.0), px_per_cell);
    return max(cover.x * shown.x, cover.y * shown.y);
}

@fragment
fn fs_ground(in: Ground) -> @location(0) vec4<f32> {
    let metres_per_px = max(fwidth(in.point), vec2<f32>(1e-6));
    let away = length(in.point - frame.ground.xy) / frame.ground.w;
    let fade = (1.0 - away * away) * (1.0 - away * away) * step(away, 1.0);
    let inside_xy = step(vec2<f32>(0.0), in.point) * step(in.point, frame.room.xy);
    let inside = inside_xy.x * inside_xy.y * frame.room.w;
    let line = max(lines(in.point, metres_per_px, 1.0), 0.45 * lines(in.point, metres_per_px, 0.1));
    let line_alpha = line * frame.grid.a * fade * mix(1.0 - 0.5 * frame.room.w, 1.0, inside);
    let floor_alpha = frame.floor.a * inside;
    let alpha = line_alpha + floor_alpha * (1.0 - line_alpha);
    let color = (frame.grid.rgb * line_alpha + frame.floor.rgb * floor_alpha * (1.0 - line_alpha)) / max(alpha, 1e-4);
    return vec4<f32>(color, alpha);
}

@group(1) @binding(0) var shadow_map: texture_2d<f32>;
@group(1) @binding(1) var shadow_sampler: sampler;

@vertex
fn vs_shadow(@builtin(vertex_index) vertex: u32) -> Ground {
    let uv = corner(vertex);
    let point = frame.shadow_rect.xy + uv * frame.shadow_rect.zw;
    return Ground(frame.clip_from_room * vec4<f32>(point, 0.0, 1.0), uv);
}

@fragment
fn fs_shadow(in: Ground) -> @location(0) vec4<f32> {
    // Four by four texels, over which the noise of soft shadows evens out.
    let texel = 1.0 / vec2<f32>(textureDimensions(shadow_map));
    var sampled = vec4<f32>(0.0);
    for (var i = 0u; i < 4u; i++) {
        sampled += 0.25 * textureSample(shadow_map, shadow_sampler, in.point + (corner(i) * 2.0 - 1.0) * texel);
    }
    let dark = 1.0 - (1.0 - 0.55 * sampled.r) * sampled.a;
    return vec4<f32>(frame.shadow.rgb, frame.shadow.a * dark);
}
