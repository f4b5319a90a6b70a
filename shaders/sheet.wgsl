// Translucent triangles: what lies flat on the floor, and shells around places that are not known better.

struct Sheet {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) point: vec3<f32>,
}

@vertex
fn vs_sheet(
    @location(0) point: vec3<f32>,
    @location(1) normal: vec3<f32>,
    @location(2) color: vec4<f32>,
) -> Sheet {
    return Sheet(frame.clip_from_room * vec4<f32>(point, 1.0), color, normal, point);
}

@fragment
fn fs_sheet(in: Sheet) -> @location(0) vec4<f32> {
    let size = length(in.normal);
    let away = normalize(frame.eye.xyz - in.point);
    // A shell is thin where it is looked at straight and thick along its rim; what has no normal is even.
    let facing = abs(dot(in.normal, away)) / max(size, 1e-6);
    let rim = select(1.0, mix(1.0, 0.35, facing), size > 0.5);
    return vec4<f32>(in.color.rgb, in.color.a * rim);
}
