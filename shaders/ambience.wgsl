// What light reaches each place of a mesh, at half the picture's size: gathered with noise, then smoothed.

struct Screen {
    @builtin(position) clip: vec4<f32>,
}

@vertex
fn vs_screen(@builtin(vertex_index) vertex: u32) -> Screen {
    let uv = vec2<f32>(f32((vertex << 1u) & 2u), f32(vertex & 2u));
    return Screen(vec4<f32>(uv * 2.0 - 1.0, 0.0, 1.0));
}

@group(1) @binding(0) var light_map: texture_2d<f32>;
// xyz: normal in the viewer's frame; w: distance, 0 for nothing.
@group(1) @binding(1) var surface: texture_2d<f32>;

// A place in the viewer's frame: x right, y up, z towards the viewer.
fn seen_at(pixel: vec2<f32>, depth: f32) -> vec3<f32> {
    let ndc = (pixel / vec2<f32>(textureDimensions(surface)) * 2.0 - 1.0) * vec2<f32>(1.0, -1.0);
    return vec3<f32>(ndc * vec2<f32>(frame.right.w, frame.up.w), -1.0) * depth;
}

const REACH: f32 = 0.22;
const N_TAPS: i32 = 14;

// Scalable ambient obscurance (McGuire, Mara and Luebke 2012): how much of the neighbourhood lies in front.
fn sky_reaching(pixel: vec2<f32>, here: vec3<f32>, normal: vec3<f32>, turn: f32) -> f32 {
    let size = vec2<i32>(textureDimensions(surface));
    let reach_px = clamp(REACH / -here.z * f32(size.y) / (2.0 * frame.up.w), 3.0, 90.0);
    var sum = 0.0;
    for (var i = 0; i < N_TAPS; i++) {
        let at = vec2<i32>(floor(pixel + on_disc(i, N_TAPS, turn) * reach_px));
        if any(at < vec2<i32>(0)) || any(at >= size) {
            continue;
        }
        let depth = textureLoad(surface, at, 0).w;
        if depth <= 0.0 {
            continue;
        }
        let towards = seen_at(vec2<f32>(at) + 0.5, depth) - here;
        let squared = dot(towards, towards);
        let near = max(REACH * REACH - squared, 0.0) / (REACH * REACH);
        sum += near * near * near * max(dot(towards, normal) - 0.004 - 0.01 * sqrt(squared), 0.0) / (squared + 1e-4);
    }
    return clamp(1.0 - 6.5 * REACH * sum / f32(N_TAPS), 0.0, 1.0);
}

@fragment
fn fs_gather(in: Screen) -> @location(0) vec4<f32> {
    let seen = textureLoad(surface, vec2<i32>(in.clip.xy), 0);
    if seen.w <= 0.0 {
        return vec4<f32>(1.0, 1.0, 0.0, 1.0);
    }
    let turn = turn_of(in.clip.xy);
    let here = seen_at(in.clip.xy, seen.w);
    let sky = sky_reaching(in.clip.xy, here, seen.xyz, turn);
    var key = 1.0;
    if frame.light.z > 0.5 {
        let normal = frame.right.xyz * seen.x + frame.up.xyz * seen.y + frame.back.xyz * seen.z;
        let point = frame.eye.xyz + frame.right.xyz * here.x + frame.up.xyz * here.y + frame.back.xyz * here.z;
        // Clear of the surface itself: by a few texels of the map, more where the light grazes.
        let texel = frame.light.x / f32(textureDimensions(light_map).x);
        let lift = (0.004 + 2.0 * texel) * (normal + frame.key_light.xyz);
        key = key_light_reaching(point + lift, 10, 16, turn);
    }
    return vec4<f32>(sky, key, seen.w, 1.0);
}

@group(1) @binding(0) var gathered: texture_2d<f32>;

@fragment
fn fs_smooth(in: Screen) -> @location(0) vec4<f32> {
    let size = vec2<i32>(textureDimensions(gathered));
    let at = vec2<i32>(in.clip.xy);
    let here = textureLoad(gathered, at, 0);
    if here.z <= 0.0 {
        return here;
    }
    var sum = vec3<f32>(0.0);
    for (var i = 0; i < 16; i++) {
        let place = clamp(at + vec2<i32>(i & 3, i >> 2u) - 2, vec2<i32>(0), size - 1);
        let texel = textureLoad(gathered, place, 0);
        let off = abs(texel.z - here.z) / (0.015 * here.z);
        sum += vec3<f32>(texel.xy, 1.0) * select(exp(-off * off), 0.0, texel.z <= 0.0);
    }
    return vec4<f32>(sum.xy / max(sum.z, 1e-4), here.z, 1.0);
}
