// Triangle meshes: lit for the picture, and bare for the maps that shadows and ambient light are made from.

struct Mesh {
    room_from_mesh: mat4x4<f32>,
    // rgb: the colour of a mesh without colours of its own; a: opacity.
    color: vec4<f32>,
    // The edges' colour; a: 0 for none.
    wire: vec4<f32>,
    // What marks the outline; a: 0 for nothing.
    highlight: vec4<f32>,
    // x: 1 when vertices carry colours; y: 1 when vertices are not shared between triangles.
    kind: vec4<f32>,
}

@group(1) @binding(0) var<uniform> mesh: Mesh;

struct Skin {
    @builtin(position) @invariant clip: vec4<f32>,
    @location(0) point: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) color: vec3<f32>,
    // Barycentric coordinates; 1 throughout for edges that are not drawn.
    @location(3) corner: vec3<f32>,
}

fn in_room(position: vec3<f32>) -> vec3<f32> {
    return (mesh.room_from_mesh * vec4<f32>(position, 1.0)).xyz;
}

@vertex
fn vs_mesh(
    @builtin(vertex_index) vertex: u32,
    @location(0) position: vec3<f32>,
    @location(1) normal: vec4<f32>,
    @location(2) color: vec4<f32>,
) -> Skin {
    var corner = vec3<f32>(1.0);
    if mesh.kind.y > 0.5 {
        // Which corner's opposite edge is left out; none where it is above 2.
        let hidden = u32(color.a * 255.0 + 0.5);
        let at = vertex % 3u;
        corner = vec3<f32>(
            select(0.0, 1.0, at == 0u || hidden == 0u),
            select(0.0, 1.0, at == 1u || hidden == 1u),
            select(0.0, 1.0, at == 2u || hidden == 2u),
        );
    }
    let point = in_room(position);
    var out: Skin;
    out.clip = frame.clip_from_room * vec4<f32>(point, 1.0);
    out.point = point;
    out.normal = (mesh.room_from_mesh * vec4<f32>(normal.xyz, 0.0)).xyz;
    out.color = mix(mesh.color.rgb, color.rgb, mesh.kind.x);
    out.corner = corner;
    return out;
}

// Share of the sky (x) and of the key light (y) that reach a point, from the picture of half size.
@group(2) @binding(0) var ambience: texture_2d<f32>;

fn light_reaching(pixel: vec2<f32>, depth: f32) -> vec2<f32> {
    let size = vec2<i32>(textureDimensions(ambience));
    if size.x < 2 || size.y < 2 {
        return vec2<f32>(1.0);
    }
    let place = pixel * 0.5 - 0.5;
    let first = vec2<i32>(floor(place));
    let share = fract(place);
    // Bilinear, but only from samples of the same surface; the small constants decide where none is.
    var sum = vec3<f32>(1.0, 1.0, 1.0) * 1e-5;
    for (var i = 0; i < 4; i++) {
        let step = vec2<i32>(i & 1, i >> 1u);
        let texel = textureLoad(ambience, clamp(first + step, vec2<i32>(0), size - 1), 0);
        let near = mix(1.0 - share, share, vec2<f32>(step));
        let off = abs(texel.z - depth) / (0.01 * depth);
        let weight = (near.x * near.y + 0.01) * select(exp(-off * off), 0.0, texel.z <= 0.0);
        sum += vec3<f32>(texel.xy, 1.0) * weight;
    }
    return sum.xy / sum.z;
}

// How much of the pixel an edge of the triangle covers; thin triangles show less of them.
fn edge_cover(corner: vec3<f32>) -> f32 {
    let per_px = max(fwidth(corner), vec3<f32>(1e-6));
    let off = corner / per_px;
    let height_px = 1.0 / max(per_px.x, max(per_px.y, per_px.z));
    let cover = clamp(0.4 * frame.eye.w + 0.5 - min(off.x, min(off.y, off.z)), 0.0, 1.0);
    return cover * smoothstep(1.5, 12.0, height_px / frame.eye.w);
}

// Gamma-encoded colour of the surface, edges and marks included; a: how much of it is an edge.
fn skin(in: Skin, front: bool, light: vec2<f32>) -> vec4<f32> {
    let normal = normalize(in.normal) * select(-1.0, 1.0, front);
    let to_eye = normalize(frame.eye.xyz - in.point);
    let facing = max(dot(normal, to_eye), 0.0);
    // The floor takes half the sky of what faces it, fading over a quarter of a metre.
    let openness = light.x * (1.0 - frame.picture.z * (0.5 - 0.5 * normal.z) * exp(-max(in.point.z, 0.0) * 4.0));
    // The same matte material and lights as limbs have. What the key light cannot reach is dark only where it faces it.
    let towards_key = dot(normal, frame.key_light.xyz);
    let shade = 1.0 - 0.85 * (1.0 - light.y) * smoothstep(-0.1, 0.3, towards_key);
    let key = pow(0.5 + 0.5 * towards_key, 2.0) * shade;
    let fill = 0.5 + 0.5 * dot(normal, frame.fill_light.xyz);
    let sky = 0.5 + 0.5 * normal.z;
    let rim = pow(1.0 - facing, 4.0);
    let lamps = vec3<f32>(1.0, 0.98, 0.95) * (0.78 * key)
        + openness * (vec3<f32>(0.9, 0.95, 1.0) * (0.16 * fill + 0.20 * sky) + 0.06);
    let linear = pow(in.color, vec3<f32>(2.2)) * lamps * mix(0.55, 1.0, openness) + 0.05 * rim * openness;
    let matte = pow(linear, vec3<f32>(1.0 / 2.2));
    // Data keeps its colour where the surface faces the viewer.
    let data = in.color * mix(0.6, 1.0, smoothstep(0.0, 0.8, facing)) * mix(0.75, 1.0, smoothstep(0.0, 0.9, light.x));
    var color = mix(matte, data, mesh.kind.x);
    let outline = smoothstep(0.45, 0.95, 1.0 - facing) * mesh.highlight.a;
    color = mix(color, mesh.highlight.rgb, outline);
    let edge = edge_cover(in.corner) * mesh.wire.a;
    return vec4<f32>(mix(color, mesh.wire.rgb, edge), edge);
}

fn depth_of(point: vec3<f32>) -> f32 {
    return dot(frame.eye.xyz - point, frame.back.xyz);
}

@fragment
fn fs_opaque(in: Skin, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
    return vec4<f32>(skin(in, front, light_reaching(in.clip.xy, depth_of(in.point))).rgb, 1.0);
}

// An edge keeps its own strength over however little of the surface is left.
@fragment
fn fs_ghost(in: Skin, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
    let seen = skin(in, front, vec2<f32>(1.0));
    let alpha = 1.0 - (1.0 - mesh.color.a) * (1.0 - seen.a);
    let bare = (seen.rgb - mesh.wire.rgb * seen.a) / max(1.0 - seen.a, 1e-3);
    let color = mesh.wire.rgb * seen.a + bare * mesh.color.a * (1.0 - seen.a);
    return vec4<f32>(color / max(alpha, 1e-3), alpha);
}

// Nothing to draw: for the depth alone.
@fragment
fn fs_depth() -> @location(0) vec4<f32> {
    return vec4<f32>(0.0);
}

// Which way the surface looks in the viewer's frame, and how far away it is; nothing is at distance 0.
@fragment
fn fs_surface(in: Skin, @builtin(front_facing) front: bool) -> @location(0) vec4<f32> {
    let normal = normalize(in.normal) * select(-1.0, 1.0, front);
    let seen = vec3<f32>(dot(normal, frame.right.xyz), dot(normal, frame.up.xyz), dot(normal, frame.back.xyz));
    return vec4<f32>(seen, depth_of(in.point));
}

struct Cast {
    @builtin(position) clip: vec4<f32>,
    @location(0) metres: f32,
}

// Seen from the key light: metres from the plane in front of all casters.
@vertex
fn vs_light(@location(0) position: vec3<f32>) -> Cast {
    let place = frame.light_from_room * vec4<f32>(in_room(position), 1.0);
    let clip = vec4<f32>(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, place.z / frame.light.y, 1.0);
    return Cast(clip, place.z);
}

// Seen from below the floor: metres above it. Half a metre below and three and a half above are looked at.
@vertex
fn vs_height(@location(0) position: vec3<f32>) -> Cast {
    let point = in_room(position);
    let uv = (point.xy - frame.shadow_rect.xy) / frame.shadow_rect.zw;
    return Cast(vec4<f32>(uv.x * 2.0 - 1.0, 1.0 - uv.y * 2.0, (point.z + 0.5) * 0.25, 1.0), point.z);
}

@fragment
fn fs_metres(in: Cast) -> @location(0) vec4<f32> {
    return vec4<f32>(in.metres, 0.0, 0.0, 1.0);
}
