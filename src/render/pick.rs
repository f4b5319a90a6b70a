//! What lies under the pointer. Pure.

use bevy_math::{Vec2, Vec3};

use super::batch::casters;
use super::camera::{Camera, Ray};
use super::mesh_pick::{MeshHit, pick_mesh};
use super::scene::{Capsule, Scene};

/// How near to a node's middle counts as on it, points; nodes are drawn at least this large.
const NODE_REACH_POINTS: f32 = 14.0;
/// How near to a link counts as on it, points.
const LINK_REACH_POINTS: f32 = 6.0;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Picked {
    /// Index into the scene's nodes.
    Node(usize),
    /// Index into the scene's links.
    Link(usize),
    /// A place on the axis of a limb or in a ball.
    Body(Vec3),
    /// A place on a mesh, in front of every limb.
    Mesh(MeshHit),
    /// A place on the floor.
    Floor(Vec3),
}

/// The nearest node under the pointer, else what of a body, else the nearest link, else the floor.
pub fn pick(scene: &Scene, camera: &Camera, ndc: Vec2, size_px: [u32; 2], pixels_per_point: f32) -> Option<Picked> {
    let size = Vec2::new(size_px[0].max(1) as f32, size_px[1].max(1) as f32);
    let aspect = size.x / size.y;
    let points_per_ndc = size / (2.0 * pixels_per_point.max(0.1));
    let off = |other: Vec2| (other - ndc) * points_per_ndc;
    let on_screen = |point: Vec3| camera.project(point, aspect).map(off);

    let nodes = scene.nodes.iter().map(|node| on_screen(node.position).map(Vec2::length));
    let links = scene.links.iter().map(|link| Some(to_origin(on_screen(link.from)?, on_screen(link.to)?)));
    let ray = camera.ray(ndc, aspect);
    let limb = casters(scene).iter().filter_map(|limb| hit(&ray, limb)).min_by(|(a, _), (b, _)| a.total_cmp(b));
    let mesh = pick_mesh(&scene.meshes, &ray).filter(|hit| limb.is_none_or(|(distance, _)| hit.distance <= distance));
    let body = mesh.map(Picked::Mesh).or(limb.map(|(_, point)| Picked::Body(point)));
    let floor = || {
        let distance = -ray.origin.z / ray.direction.z;
        (distance.is_finite() && distance > 0.0).then(|| ray.origin + ray.direction * distance)
    };
    nearest(nodes, NODE_REACH_POINTS)
        .map(Picked::Node)
        .or(body)
        .or_else(|| nearest(links, LINK_REACH_POINTS).map(Picked::Link))
        .or_else(|| floor().map(Picked::Floor))
}

fn nearest(distances: impl Iterator<Item = Option<f32>>, reach: f32) -> Option<usize> {
    let within = distances.enumerate().filter_map(|(i, distance)| Some((i, distance.filter(|d| *d <= reach)?)));
    within.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(i, _)| i)
}

/// Distance of the origin from the line between two points.
fn to_origin(a: Vec2, b: Vec2) -> f32 {
    let run = b - a;
    let share = (-a.dot(run) / run.length_squared().max(1e-12)).clamp(0.0, 1.0);
    (a + run * share).length()
}

/// Distance along the ray and place on the limb's axis where the ray passes within the limb's radius.
fn hit(ray: &Ray, limb: &Capsule) -> Option<(f32, Vec3)> {
    let axis = limb.b - limb.a;
    let from_a = ray.origin - limb.a;
    let (along_axis, along_ray) = (axis.dot(from_a), ray.direction.dot(from_a));
    let slant = axis.dot(ray.direction);
    let scale = axis.length_squared() - slant * slant;
    let share = if scale > 1e-9 { ((along_axis - along_ray * slant) / scale).clamp(0.0, 1.0) } else { 0.5 };
    let on_axis = limb.a + axis * share;
    let distance = ray.direction.dot(on_axis - ray.origin);
    let radius = limb.radius_a + (limb.radius_b - limb.radius_a) * share;
    let miss = (ray.origin + ray.direction * distance).distance(on_axis);
    (distance > 0.0 && miss <= radius).then_some((distance, on_axis))
}
