// Matte limbs and boxes under two soft lights.

struct Solid {
    @builtin(position) clip: vec4<f32>,
    @location(0) point: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) color: vec4<f32>,
    @location(3) openness: f32,
}

// `mesh`: cosine and sine of the angle around the axis, place within the end's cap (0..1), end (0 or 1).
@vertex
fn vs_capsule(
    @location(0) mesh: vec4<f32>,
    @location(1) a: vec4<f32>,
    @location(2) b: vec4<f32>,
    @location(3) color: vec4<f32>,
    @location(4) occluder: u32,
) -> Solid {
    let axis = b.xyz - a.xyz;
    let len = length(axis);
    // A ball's axis may point anywhere.
    let along = select(vec3<f32>(0.0, 0.0, 1.0), axis / max(len, 1e-6), len > 1e-6);
    // Any two directions across the axis (Duff et al. 2017, branchless orthonormal basis).
    let sign_z = select(-1.0, 1.0, along.z >= 0.0);
    let p = -1.0 / (sign_z + along.z);
    let q = along.x * along.y * p;
    let across = vec3<f32>(1.0 + sign_z * along.x * along.x * p, sign_z * q, -sign_z * along.x);
    let other = vec3<f32>(q, sign_z + along.y * along.y * p, -along.y);
    // The cone touches both balls at the same latitude.
    let touch = asin(clamp((a.w - b.w) / max(len, 1e-6), -1.0, 1.0));
    let quarter = 1.57079633;
    let latitude = select(mix(-quarter, touch, mesh.z), mix(touch, quarter, mesh.z), mesh.w > 0.5);
    let normal = cos(latitude) * (mesh.x * across + mesh.y * other) + sin(latitude) * along;
    let end = select(a, b, mesh.w > 0.5);
    return shaded(end.xyz + normal * end.w, normal, color, occluder);
}

// A box with round edges: `corner` says which corner the vertex belongs to, `normal` where on its ball.
@vertex
fn vs_box(
    @location(0) corner: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) centre: vec4<f32>,
    @location(3) half_size: vec4<f32>,
    @location(4) color: vec4<f32>,
) -> Solid {
    let radius = centre.w;
    let point = centre.xyz + corner * (half_size.xyz - radius) + normal * radius;
    return shaded(point, normal, color, 1000u);
}

fn shaded(point: vec3<f32>, normal: vec3<f32>, color: vec4<f32>, own_occluder: u32) -> Solid {
    var openness = 1.0;
    for (var i = 0u; i < u32(frame.picture.w); i++) {
        if i != own_occluder {
            openness *= 1.0 - 0.8 * capsule_occlusion(point, normal, frame.occluders[2u * i], frame.occluders[2u * i + 1u]);
        }
    }
    // The floor takes half the sky of what faces it, fading over a quarter of a metre.
    openness *= 1.0 - frame.picture.z * (0.5 - 0.5 * normal.z) * exp(-max(point.z, 0.0) * 4.0);
    var out: Solid;
    out.clip = frame.clip_from_room * vec4<f32>(point, 1.0);
    out.point = point;
    out.normal = normal;
    out.color = color;
    out.openness = openness;
    return out;
}

@fragment
fn fs_solid(in: Solid) -> @location(0) vec4<f32> {
    let normal = normalize(in.normal);
    let to_eye = normalize(frame.eye.xyz - in.point);
    // Wrapped diffuse light: matte, and no part of a body goes black.
    let key = pow(0.5 + 0.5 * dot(normal, frame.key_light.xyz), 2.0);
    let fill = 0.5 + 0.5 * dot(normal, frame.fill_light.xyz);
    let sky = 0.5 + 0.5 * normal.z;
    let rim = pow(1.0 - max(dot(normal, to_eye), 0.0), 4.0);
    let light = vec3<f32>(1.0, 0.98, 0.95) * (0.78 * key)
        + in.openness * (vec3<f32>(0.9, 0.95, 1.0) * (0.16 * fill + 0.20 * sky) + 0.06);
    let albedo = pow(in.color.rgb, vec3<f32>(2.2));
    let linear = albedo * light * mix(0.55, 1.0, in.openness) + 0.05 * rim * in.openness;
    return vec4<f32>(pow(linear, vec3<f32>(1.0 / 2.2)), 1.0);
}
