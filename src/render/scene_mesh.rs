//! Triangle meshes and polylines of a scene, as plain data: bodies, scans, tapes around them.
//!
//! Lists are shared (`Arc`), so that a scene with ten bodies is cheap to build anew for every picture. A mesh says by
//! `key` which one it is and by `revision` whether its lists have changed: the GPU's copy is made anew only then.

use std::sync::Arc;

use bevy_math::{Isometry3d, Vec3};

use super::scene::Rgba;

/// A surface, matte and lit; both sides of a triangle are drawn.
#[derive(Clone, Debug)]
pub struct SceneMesh {
    /// Tells this mesh from every other one of the scene and from those before it.
    pub key: u64,
    /// Must change whenever `positions`, `normals`, `triangles` or `colors` do; anything else may change without.
    pub revision: u64,
    /// In the mesh's own frame, metres.
    pub positions: Arc<[Vec3]>,
    /// Per vertex, pointing outwards, of length one.
    pub normals: Arc<[Vec3]>,
    /// Counter-clockwise seen from outside.
    pub triangles: Arc<[[u32; 3]]>,
    /// Per vertex, in place of `color`: data such as errors. Such colours are dimmed only where the surface turns away
    /// from the viewer and take no shadow, so that they can be compared with a legend. Alpha is ignored.
    pub colors: Option<Arc<[Rgba]>>,
    /// Alpha is ignored: see `opacity`.
    pub color: Rgba,
    pub room_from_mesh: Isometry3d,
    /// Draws the edges of the triangles in this colour; they fade where triangles get as small as pixels. Where the list
    /// goes by pairs that share an edge, as the halves of quads do, that edge is left out.
    pub wireframe: Option<Rgba>,
    /// 0..=1. Below 1 only the side nearest to the viewer is seen, and what is behind shines through; the wireframe keeps
    /// its own alpha, so that 0 draws the edges alone.
    pub opacity: f32,
    /// Marks the outline in this colour.
    pub highlight: Option<Rgba>,
    /// On the ground and on every mesh. Switch it off for one that is laid over another.
    pub cast_shadow: bool,
}

impl SceneMesh {
    /// A plain opaque mesh at the origin.
    pub fn new(
        key: u64,
        revision: u64,
        positions: Arc<[Vec3]>,
        normals: Arc<[Vec3]>,
        triangles: Arc<[[u32; 3]]>,
        color: Rgba,
    ) -> Self {
        Self {
            key,
            revision,
            positions,
            normals,
            triangles,
            colors: None,
            color,
            room_from_mesh: Isometry3d::IDENTITY,
            wireframe: None,
            opacity: 1.0,
            highlight: None,
            cast_shadow: true,
        }
    }

    /// The box around the vertices in the mesh's own frame; `None` without finite ones.
    pub fn bounds(&self) -> Option<(Vec3, Vec3)> {
        let (low, high) = self
            .positions
            .iter()
            .fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), point| (low.min(*point), high.max(*point)));
        (low.is_finite() && high.is_finite()).then_some((low, high))
    }
}

/// Two meshes of the same key and revision have the same lists: they are not compared one by one.
impl PartialEq for SceneMesh {
    fn eq(&self, other: &Self) -> bool {
        (self.key, self.revision) == (other.key, other.revision)
            && self.colors.is_some() == other.colors.is_some()
            && self.color == other.color
            && self.room_from_mesh == other.room_from_mesh
            && self.wireframe == other.wireframe
            && self.opacity == other.opacity
            && self.highlight == other.highlight
            && self.cast_shadow == other.cast_shadow
    }
}

/// A line through several points, room frame.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenePolyline {
    pub points: Arc<[Vec3]>,
    /// Whether the last point is joined to the first.
    pub closed: bool,
    pub color: Rgba,
    pub width_points: f32,
    /// Lies on a mesh: shows although the surface is as near as the line, and shows fainter where it is hidden.
    /// Otherwise a line in the air that is not seen behind solids.
    pub on_surface: bool,
}
