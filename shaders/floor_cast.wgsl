// What meshes take from the floor, into the same map as `shadow_map.wgsl`: red from the key light, alpha from the sky.

@group(1) @binding(0) var light_map: texture_2d<f32>;
// Height of the lowest thing over each place of the floor, metres; large where there is none. As large as the target.
@group(1) @binding(1) var heights: texture_2d<f32>;

struct Place {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vs_floor_cast(@builtin(vertex_index) vertex: u32) -> Place {
    let uv = vec2<f32>(f32(vertex & 1u), f32(vertex >> 1u));
    return Place(vec4<f32>(uv.x * 2.0 - 1.0, 1.0 - uv.y * 2.0, 0.0, 1.0), uv);
}

// Share of the sky that stands in the way: along each direction, from the lower edge of what is there upwards.
fn sky_hidden(uv: vec2<f32>, turn: f32) -> f32 {
    // How far off and how far up things count; a limb is seldom longer.
    const REACH: f32 = 0.45;
    const TOP: f32 = 0.6;
    let size = vec2<i32>(textureDimensions(heights));
    var hidden = 0.0;
    for (var direction = 0; direction < 8; direction++) {
        let angle = (f32(direction) + turn / 6.2831853) * 0.78539816;
        let along = vec2<f32>(cos(angle), sin(angle));
        var most = 0.0;
        for (var i = 1; i <= 8; i++) {
            let off = REACH * f32(i * i) / 64.0;
            let place = vec2<i32>((uv + along * off / frame.shadow_rect.zw) * vec2<f32>(size));
            let height = max(textureLoad(heights, clamp(place, vec2<i32>(0), size - 1), 0).x, 0.0);
            // Of the cosine-weighted sky in this direction, the part between two elevations.
            let squared = off * off;
            let part = squared / (squared + height * height) - squared / (squared + TOP * TOP);
            most = max(most, part * (1.0 - off / REACH));
        }
        hidden += most;
    }
    return hidden / 8.0;
}

@fragment
fn fs_floor_cast(in: Place) -> @location(0) vec4<f32> {
    let point = vec3<f32>(frame.shadow_rect.xy + in.uv * frame.shadow_rect.zw, 0.0);
    // Nothing is left at the map's edge, so that the edge itself cannot be seen.
    let edge = min(min(in.uv.x, 1.0 - in.uv.x), min(in.uv.y, 1.0 - in.uv.y));
    let keep = smoothstep(0.0, 0.08, edge);
    let turn = turn_of(in.clip.xy);
    let key = 1.0 - key_light_reaching(point, 16, 24, turn);
    return vec4<f32>(vec3<f32>(key * keep), 1.0 - min(1.2 * sky_hidden(in.uv, turn), 0.9) * keep);
}
