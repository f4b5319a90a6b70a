//! What the viewport shows, as plain data: room frame, metres, x and y on the floor, z up.
//!
//! Colours come from the caller's theme, so that this module names none.

use bevy_math::Vec3;

use super::camera::corners;
use super::scene_mesh::{SceneMesh, ScenePolyline};
use super::sheet::SheetTriangle;

/// sRGB-encoded red, green, blue and straight (not premultiplied) alpha.
pub type Rgba = [u8; 4];

#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Width, depth and height of the room whose floor corner is the origin; `None` until it has been measured.
    pub room: Option<Vec3>,
    pub grid: bool,
    /// The x, y and z axes at the origin, one metre long.
    pub axes: bool,
    /// The small axis cube in the top right corner.
    pub axis_cube: bool,
    pub nodes: Vec<SceneNode>,
    pub links: Vec<SceneLink>,
    pub points: Vec<ScenePoint>,
    pub capsules: Vec<Capsule>,
    pub trails: Vec<Trail>,
    pub strokes: Vec<Stroke>,
    /// Translucent, flat on the ground, over each other in their order.
    pub floor: Vec<SheetTriangle>,
    /// Translucent shells: they hide nothing.
    pub veils: Vec<SheetTriangle>,
    pub meshes: Vec<SceneMesh>,
    pub polylines: Vec<ScenePolyline>,
    pub palette: ScenePalette,
}

impl Scene {
    /// A scene with ground, grid and axes and nothing on it.
    pub fn new(palette: ScenePalette) -> Self {
        Self {
            room: None,
            grid: true,
            axes: true,
            axis_cube: true,
            nodes: Vec::new(),
            links: Vec::new(),
            points: Vec::new(),
            capsules: Vec::new(),
            trails: Vec::new(),
            strokes: Vec::new(),
            floor: Vec::new(),
            veils: Vec::new(),
            meshes: Vec::new(),
            polylines: Vec::new(),
            palette,
        }
    }
}

/// The colours of everything that carries none of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScenePalette {
    /// Behind everything, and what the ground fades into. With an alpha of 0 the picture is transparent where nothing is
    /// drawn, ready to be laid over a photo: its colours are then premultiplied by alpha, as egui expects.
    pub background: Rgba,
    /// The floor inside a measured room; its alpha says how much of it shows.
    pub floor: Rgba,
    pub grid: Rgba,
    pub room_line: Rgba,
    /// Marks what is selected.
    pub accent: Rgba,
    /// What shadows darken towards; its alpha is the deepest shadow.
    pub shadow: Rgba,
    pub axis_x: Rgba,
    pub axis_y: Rgba,
    pub axis_z: Rgba,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeKind {
    Transmitter,
    Receiver,
    #[default]
    Both,
}

/// A radio: a small solid with an antenna. A transmitter is an upright box, a receiver a flat one, both a cube.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneNode {
    pub position: Vec3,
    pub color: Rgba,
    pub kind: NodeKind,
    pub selected: bool,
    /// The position is a drawing's, nobody has measured it: drawn as an empty frame.
    pub schematic: bool,
}

/// A radio path, a hair line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SceneLink {
    pub from: Vec3,
    pub to: Vec3,
    pub color: Rgba,
    /// 0..=1: how much moves in the path; a still link is a faint line.
    pub brightness: f32,
    pub dashed: bool,
    pub selected: bool,
}

/// A matte ball.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScenePoint {
    pub position: Vec3,
    pub radius: f32,
    pub color: Rgba,
}

/// A matte limb: the hull of two balls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capsule {
    pub a: Vec3,
    pub b: Vec3,
    pub radius_a: f32,
    pub radius_b: f32,
    pub color: Rgba,
}

/// A path through the recent past, oldest point first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trail {
    pub points: Vec<TrailPoint>,
    pub color: Rgba,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrailPoint {
    pub position: Vec3,
    /// 1 now, 0 where the trail has faded away.
    pub strength: f32,
}

/// A line through several points that is as strong everywhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Stroke {
    pub points: Vec<Vec3>,
    /// Whether the last point is joined to the first.
    pub closed: bool,
    pub color: Rgba,
    pub width_points: f32,
    pub dashed: bool,
}

/// The box around everything there is to see, for [`super::Camera::fit`]; `None` for an empty scene.
pub fn scene_bounds(scene: &Scene) -> Option<(Vec3, Vec3)> {
    let room = scene.room.into_iter().flat_map(|size| [(Vec3::ZERO, 0.0), (size, 0.0)]);
    let nodes = scene.nodes.iter().map(|node| (node.position, 0.2));
    let links = scene.links.iter().flat_map(|link| [(link.from, 0.0), (link.to, 0.0)]);
    let points = scene.points.iter().map(|ball| (ball.position, ball.radius));
    let capsules = scene.capsules.iter().flat_map(|limb| [(limb.a, limb.radius_a), (limb.b, limb.radius_b)]);
    let meshes = scene.meshes.iter().filter_map(|mesh| {
        let (low, high) = mesh.bounds()?;
        let corners = corners(low, high).map(|corner| (mesh.room_from_mesh.transform_point(corner).into(), 0.0));
        Some(corners)
    });
    let polylines = scene.polylines.iter().flat_map(|line| line.points.iter().map(|point| (*point, 0.0)));
    room.chain(nodes)
        .chain(links)
        .chain(points)
        .chain(capsules)
        .chain(meshes.flatten())
        .chain(polylines)
        .filter(|(centre, radius)| centre.is_finite() && radius.is_finite())
        .map(|(centre, radius)| (centre - radius, centre + radius))
        .reduce(|(low, high), (a, b)| (low.min(a), high.max(b)))
}
