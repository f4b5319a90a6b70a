//! Turns a scene into the solid instances that the GPU draws: limbs, balls and nodes with their antennas.

use bevy_math::Vec3;
use bytemuck::{Pod, Zeroable};

use super::camera::Camera;
use super::frame::MAX_OCCLUDERS;
use super::scene::{Capsule, NodeKind, Rgba, Scene, SceneNode};

pub const AXES: [Vec3; 3] = [Vec3::X, Vec3::Y, Vec3::Z];
/// An instance that no occluder stands for.
const NO_OCCLUDER: u32 = 1000;

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct CapsuleInstance {
    a: [f32; 4],
    b: [f32; 4],
    color: Rgba,
    occluder: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct BoxInstance {
    /// Centre and edge radius.
    centre: [f32; 4],
    half_size: [f32; 4],
    color: Rgba,
}

#[derive(Default)]
pub struct Solids {
    pub capsules: Vec<CapsuleInstance>,
    pub boxes: Vec<BoxInstance>,
}

/// A node's solid, sized for where it stands.
pub struct NodeShape {
    pub centre: Vec3,
    pub half_size: Vec3,
    pub antenna_top: Vec3,
    scale: f32,
}

/// Limbs and balls as one list, those that take most room first: the first ones cast shadows.
pub fn casters(scene: &Scene) -> Vec<Capsule> {
    let balls = scene.points.iter().map(|ball| Capsule {
        a: ball.position,
        b: ball.position,
        radius_a: ball.radius,
        radius_b: ball.radius,
        color: ball.color,
    });
    let mut all: Vec<_> = scene.capsules.iter().copied().chain(balls).filter(is_drawable).collect();
    if all.len() > MAX_OCCLUDERS {
        all.sort_by(|one, other| size(other).total_cmp(&size(one)));
    }
    all
}

fn is_drawable(limb: &Capsule) -> bool {
    let numbers_hold =
        limb.a.is_finite() && limb.b.is_finite() && limb.radius_a.is_finite() && limb.radius_b.is_finite();
    numbers_hold && limb.radius_a.max(limb.radius_b) > 0.0
}

fn size(limb: &Capsule) -> f32 {
    let radius = limb.radius_a.max(limb.radius_b);
    radius * (radius + limb.a.distance(limb.b))
}

pub fn solids(scene: &Scene, casters: &[Capsule], camera: &Camera, height_px: f32, px_per_point: f32) -> Solids {
    let mut out = Solids::default();
    for (i, limb) in casters.iter().enumerate() {
        out.capsules.push(capsule(limb, if i < MAX_OCCLUDERS { i as u32 } else { NO_OCCLUDER }));
    }
    for node in scene.nodes.iter().filter(|node| !node.schematic && node.position.is_finite()) {
        let shape = node_shape(node, camera, height_px, px_per_point);
        out.boxes.push(rounded_box(shape.centre, shape.half_size, 0.008 * shape.scale, node.color));
        let foot = shape.centre + Vec3::Z * shape.half_size.z;
        out.capsules.push(rod(foot, shape.antenna_top, 0.007 * shape.scale, node.color));
        out.capsules.push(rod(shape.antenna_top, shape.antenna_top, 0.016 * shape.scale, node.color));
    }
    out
}

/// Where and how large a node is drawn: true to scale from close by, and never too small to see.
pub fn node_shape(node: &SceneNode, camera: &Camera, height_px: f32, px_per_point: f32) -> NodeShape {
    const HEIGHT_M: f32 = 0.26;
    const MIN_HEIGHT_POINTS: f32 = 34.0;
    let metres_per_px = camera.metres_per_pixel(height_px) * camera.depth(node.position) / camera.pose().distance;
    let scale = (MIN_HEIGHT_POINTS * px_per_point * metres_per_px / HEIGHT_M).clamp(1.0, 5.0);
    let half_size = scale
        * match node.kind {
            NodeKind::Transmitter => Vec3::new(0.032, 0.032, 0.055),
            NodeKind::Receiver => Vec3::new(0.055, 0.055, 0.024),
            NodeKind::Both => Vec3::splat(0.042),
        };
    let antenna_top = node.position + Vec3::Z * (half_size.z + 0.15 * scale);
    NodeShape { centre: node.position, half_size, antenna_top, scale }
}

pub fn rod(a: Vec3, b: Vec3, radius: f32, color: Rgba) -> CapsuleInstance {
    capsule(&Capsule { a, b, radius_a: radius, radius_b: radius, color }, NO_OCCLUDER)
}

fn capsule(limb: &Capsule, occluder: u32) -> CapsuleInstance {
    CapsuleInstance {
        a: limb.a.extend(limb.radius_a.max(0.0)).to_array(),
        b: limb.b.extend(limb.radius_b.max(0.0)).to_array(),
        color: limb.color,
        occluder,
    }
}

pub fn rounded_box(centre: Vec3, half_size: Vec3, edge_radius: f32, color: Rgba) -> BoxInstance {
    BoxInstance { centre: centre.extend(edge_radius).to_array(), half_size: half_size.extend(0.0).to_array(), color }
}
