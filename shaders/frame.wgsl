// What every viewport shader knows of the frame. Put in front of the others. Mirrors `render/frame.rs`.

struct Frame {
    clip_from_room: mat4x4<f32>,
    // Room to the light's map: x and y 0..1 across it, y down; z metres from the plane in front of all that casts.
    light_from_room: mat4x4<f32>,
    // xyz: the eye; w: device pixels per point.
    eye: vec4<f32>,
    // xy: picture size in pixels; z: how much the floor darkens what stands on it; w: how many occluders are set.
    picture: vec4<f32>,
    // xyz: what the camera looks at; w: how far around it the floor shows, metres.
    ground: vec4<f32>,
    // xyz: the room's size; w: 1 when there is a room.
    room: vec4<f32>,
    // xy: low corner of the floor's shadow map, metres; zw: its size, metres.
    shadow_rect: vec4<f32>,
    // xyz: towards the key light.
    key_light: vec4<f32>,
    // xyz: towards the fill light.
    fill_light: vec4<f32>,
    // xyz: to the right in the picture; w: half its width one metre in front of the eye.
    right: vec4<f32>,
    // xyz: upwards in the picture; w: half its height one metre in front of the eye.
    up: vec4<f32>,
    // xyz: towards the viewer; w: distance of the near plane.
    back: vec4<f32>,
    // x: metres the light's map is wide and high; y: metres that casters are deep; z: 1 when there is a map.
    light: vec4<f32>,
    floor: vec4<f32>,
    grid: vec4<f32>,
    shadow: vec4<f32>,
    // Two per capsule: end and radius, end and radius.
    occluders: array<vec4<f32>, 64>,
}

@group(0) @binding(0) var<uniform> frame: Frame;

// Share of the sky over `point` with `normal` that a capsule hides, after the closed form for a ball
// (Quilez, "sphere ambient occlusion") with the ball at the nearest point of the axis.
fn capsule_occlusion(point: vec3<f32>, normal: vec3<f32>, a: vec4<f32>, b: vec4<f32>) -> f32 {
    let axis = b.xyz - a.xyz;
    let t = clamp(dot(point - a.xyz, axis) / dot(axis, axis), 0.0, 1.0);
    let towards = a.xyz + axis * t - point;
    let radius = mix(a.w, b.w, t);
    let distance_sq = max(dot(towards, towards), radius * radius);
    return max(dot(normal, towards), 0.0) * radius * radius / (distance_sq * sqrt(distance_sq));
}
