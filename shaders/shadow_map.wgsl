// What each capsule takes from the floor: red (joined by maximum) from the key light, alpha (by product) from the sky.

struct Cast {
    @builtin(position) clip: vec4<f32>,
    @location(0) point: vec2<f32>,
    @location(1) @interpolate(flat) a: vec4<f32>,
    @location(2) @interpolate(flat) b: vec4<f32>,
}

@vertex
fn vs_cast(@builtin(vertex_index) vertex: u32, @builtin(instance_index) instance: u32) -> Cast {
    let a = frame.occluders[2u * instance];
    let b = frame.occluders[2u * instance + 1u];
    let uv = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
    let point = frame.shadow_rect.xy + uv * frame.shadow_rect.zw;
    // The map's first row is at the low corner.
    return Cast(vec4<f32>(uv.x * 2.0 - 1.0, 1.0 - uv.y * 2.0, 0.0, 1.0), point, a, b);
}

// Soft shadow of a capsule under a directional light (Quilez, "capsule soft shadow"), wider the higher it hangs.
fn key_shadow(point: vec3<f32>, a: vec4<f32>, b: vec4<f32>) -> f32 {
    let light = frame.key_light.xyz;
    let axis = b.xyz - a.xyz;
    let from_a = point - a.xyz;
    let along_light = dot(from_a, light);
    let axis_light = dot(axis, light);
    let axis_sq = dot(axis, axis);
    let along_axis = dot(from_a, axis);
    let scale = 1.0 / max(axis_sq - axis_light * axis_light, 1e-6);
    let s = clamp((along_axis - along_light * axis_light) * scale, 0.0, 1.0);
    let on_axis = a.xyz + axis * s;
    let t = max(dot(on_axis - point, light), 1e-3);
    let miss = length(on_axis - point - light * t) - mix(a.w, b.w, s);
    return 1.0 - smoothstep(0.0, 1.0, 0.5 + miss / (0.03 + 0.22 * t));
}

@fragment
fn fs_cast(in: Cast) -> @location(0) vec4<f32> {
    let point = vec3<f32>(in.point, 0.0);
    let taken = capsule_occlusion(point, vec3<f32>(0.0, 0.0, 1.0), in.a, in.b);
    // Only what stands close darkens: the far tails of many limbs would add up to a visible edge of the map.
    let hidden = taken * taken / (taken + 0.03);
    // Nothing is left at the map's edge, so that the edge itself cannot be seen.
    let uv = (in.point - frame.shadow_rect.xy) / frame.shadow_rect.zw;
    let edge = min(min(uv.x, 1.0 - uv.x), min(uv.y, 1.0 - uv.y));
    let keep = smoothstep(0.0, 0.12, edge);
    return vec4<f32>(vec3<f32>(key_shadow(point, in.a, in.b) * keep), 1.0 - 0.9 * hidden * keep);
}
