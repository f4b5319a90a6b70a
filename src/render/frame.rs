//! What every viewport shader knows of a frame; mirrors `shaders/frame.wgsl`.

use bevy_math::{Mat4, Vec2, Vec3, Vec4};
use bytemuck::{Pod, Zeroable};

use super::axis_cube;
use super::camera::Camera;
use super::scene::{Capsule, Rgba, Scene};

/// As many as the shaders' uniform block holds; the largest ones of a scene count.
pub const MAX_OCCLUDERS: usize = 32;

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub struct Frame {
    clip_from_room: Mat4,
    light_from_room: Mat4,
    eye: Vec4,
    picture: Vec4,
    ground: Vec4,
    room: Vec4,
    shadow_rect: Vec4,
    key_light: Vec4,
    fill_light: Vec4,
    right: Vec4,
    up: Vec4,
    back: Vec4,
    light: Vec4,
    floor: Vec4,
    grid: Vec4,
    shadow: Vec4,
    occluders: [[Vec4; 2]; MAX_OCCLUDERS],
}

impl Frame {
    /// `cast_points` are corners of boxes around the meshes that cast shadows.
    pub fn new(
        scene: &Scene,
        camera: &Camera,
        size: Vec2,
        px_per_point: f32,
        casters: &[Capsule],
        cast_points: &[Vec3],
    ) -> Self {
        let pose = camera.pose();
        let aspect = size.x / size.y;
        let (right, up, back) = camera.axes();
        let half = camera.half_extent(aspect);
        let key_light = Vec3::new(0.35, -0.45, 0.82).normalize();
        let mut occluders = [[Vec4::ZERO; 2]; MAX_OCCLUDERS];
        for (slot, limb) in occluders.iter_mut().zip(casters) {
            // A ball is a capsule of a tenth of a millimetre, so that its axis has a direction.
            let b = if limb.a.distance(limb.b) < 1e-4 { limb.a + Vec3::Z * 1e-4 } else { limb.b };
            *slot = [limb.a.extend(limb.radius_a), b.extend(limb.radius_b)];
        }
        let (low, high) = shadow_bounds(casters, cast_points, key_light);
        let (light_from_room, light) = light_map(cast_points, key_light);
        let floor_darkens = if has_ground(scene) { 0.6 } else { 0.0 };
        Self {
            clip_from_room: camera.clip_from_room(aspect),
            light_from_room,
            eye: camera.eye().extend(px_per_point),
            picture: Vec4::new(size.x, size.y, floor_darkens, casters.len().min(MAX_OCCLUDERS) as f32),
            ground: pose.target.extend((pose.distance * 2.5).max(6.0)),
            room: scene.room.map_or(Vec4::ZERO, |room| room.extend(1.0)),
            shadow_rect: Vec4::new(low.x, low.y, high.x - low.x, high.y - low.y),
            key_light: key_light.extend(0.0),
            fill_light: fill_light(camera).extend(0.0),
            right: right.extend(half.x),
            up: up.extend(half.y),
            back: back.extend(camera.near_m()),
            light,
            floor: channels(scene.palette.floor),
            grid: channels(scene.palette.grid),
            shadow: channels(scene.palette.shadow),
            occluders,
        }
    }

    /// The axis cube's own frame: the same direction of view and nothing around it.
    pub fn axis_cube(&self, camera: &Camera, size: Vec2) -> Self {
        Self {
            clip_from_room: axis_cube::camera(camera).clip_from_room(1.0),
            picture: Vec4::new(size.x, size.y, 0.0, 0.0),
            ..*self
        }
    }
}

/// Over the viewer's left shoulder, so that the side away from the key light keeps its form.
fn fill_light(camera: &Camera) -> Vec3 {
    let (right, up, back) = camera.axes();
    (back * 0.8 - right * 0.5 + up * 0.3).normalize()
}

fn channels(color: Rgba) -> Vec4 {
    Vec4::from_array(color.map(|channel| f32::from(channel) / 255.0))
}

/// Whether there is a floor for shadows to fall on.
pub fn has_ground(scene: &Scene) -> bool {
    scene.grid || scene.room.is_some()
}

/// The part of the floor that can be darkened: around the feet of all casters and along the key light.
fn shadow_bounds(casters: &[Capsule], cast_points: &[Vec3], key_light: Vec3) -> (Vec2, Vec2) {
    let ends = |limb: &Capsule| [(limb.a, limb.radius_a), (limb.b, limb.radius_b)];
    let limbs = casters.iter().take(MAX_OCCLUDERS).flat_map(ends);
    let corners = cast_points.iter().map(|corner| (*corner, 0.2));
    limbs
        .chain(corners)
        .map(|(centre, radius)| {
            let foot = centre.truncate();
            let cast = foot - key_light.truncate() * (centre.z.max(0.0) / key_light.z);
            let margin = Vec2::splat(radius * 2.0 + 0.1 + 0.2 * centre.z.max(0.0));
            (foot.min(cast) - margin, foot.max(cast) + margin)
        })
        .reduce(|(low, high), (a, b)| (low.min(a), high.max(b)))
        .unwrap_or_default()
}

/// The square that the key light sees of all casting meshes, and its measures as the shaders take them.
fn light_map(cast_points: &[Vec3], key_light: Vec3) -> (Mat4, Vec4) {
    let right = Vec3::Z.cross(key_light).normalize();
    let up = key_light.cross(right);
    // Rows: across the map, up it, and away from the light.
    let place = |point: &Vec3| Vec3::new(point.dot(right), point.dot(up), -point.dot(key_light));
    let bounds = cast_points.iter().map(place).map(|at| (at, at)).reduce(|(a, b), (c, d)| (a.min(c), b.max(d)));
    let Some((low, high)) = bounds else { return (Mat4::IDENTITY, Vec4::ZERO) };
    let centre = (low + high) / 2.0;
    let width = (high - low).truncate().max_element().max(0.01) * 1.02;
    let margin = 0.01;
    let row = |axis: Vec3, scale: f32, offset: f32| (axis * scale).extend(offset);
    let light_from_room = Mat4::from_cols(
        row(right, 1.0 / width, 0.5 - centre.x / width),
        row(up, -1.0 / width, 0.5 + centre.y / width),
        row(-key_light, 1.0, margin - low.z),
        Vec4::W,
    )
    .transpose();
    (light_from_room, Vec4::new(width, high.z - low.z + 2.0 * margin, 1.0, 0.0))
}
