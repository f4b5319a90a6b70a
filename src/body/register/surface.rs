//! A triangle surface that answers what of it is nearest to a point, and that can be sampled evenly.

use std::collections::HashMap;

use bevy_math::Vec3;
use rstar::{AABB, PointDistance, RTree, RTreeObject};

use crate::types::Mesh;

/// A surface with a search tree over its triangles.
pub struct Surface {
    tree: RTree<Face>,
    /// Unit normals per triangle, outwards.
    normals: Vec<Vec3>,
    /// Per triangle: which of its edges (opposite the corner of that number) no other triangle shares.
    open: Vec<[bool; 3]>,
}

/// The nearest point of a surface.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    pub point: Vec3,
    pub normal: Vec3,
    pub distance: f32,
    /// It lies on the rim of a hole or cut: what is really nearest was not scanned.
    pub on_rim: bool,
}

/// A point of a surface with the normal there.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    pub point: Vec3,
    pub normal: Vec3,
}

struct Face {
    index: u32,
    corners: [Vec3; 3],
}

impl RTreeObject for Face {
    type Envelope = AABB<[f32; 3]>;

    fn envelope(&self) -> Self::Envelope {
        let [a, b, c] = self.corners;
        AABB::from_corners(a.min(b).min(c).to_array(), a.max(b).max(c).to_array())
    }
}

impl PointDistance for Face {
    fn distance_2(&self, point: &[f32; 3]) -> f32 {
        let point = Vec3::from_array(*point);
        nearest_on(self.corners, point).0.distance_squared(point)
    }
}

impl Surface {
    /// Triangles without an area take no part. A surface that is inside out is turned.
    pub fn new(mesh: &Mesh) -> Self {
        let corners = |triangle: &[u32; 3]| triangle.map(|i| mesh.positions[i as usize]);
        let centre = mesh.positions.iter().copied().sum::<Vec3>() / mesh.positions.len().max(1) as f32;
        let volume: f32 = mesh
            .triangles
            .iter()
            .map(|triangle| {
                let [a, b, c] = corners(triangle).map(|p| p - centre);
                a.cross(b).dot(c)
            })
            .sum();
        let outwards = if volume < 0.0 { -1.0 } else { 1.0 };
        let normals: Vec<Vec3> =
            mesh.triangles.iter().map(|t| scaled_normal(corners(t)).normalize_or_zero() * outwards).collect();
        let faces = mesh.triangles.iter().enumerate().filter(|(i, _)| normals[*i] != Vec3::ZERO);
        let tree = RTree::bulk_load(faces.map(|(i, t)| Face { index: i as u32, corners: corners(t) }).collect());
        Self { tree, normals, open: open_edges(mesh) }
    }

    pub fn nearest(&self, point: Vec3) -> Option<Near> {
        let face = self.tree.nearest_neighbor(point.to_array())?;
        let (at, share) = nearest_on(face.corners, point);
        let open = self.open[face.index as usize];
        Some(Near {
            point: at,
            normal: self.normals[face.index as usize],
            distance: at.distance(point),
            on_rim: (0..3).any(|k| open[k] && share[k] < 1e-4),
        })
    }

    /// `n` points spread evenly over the area; the same ones every time.
    pub fn samples(&self, mesh: &Mesh, n: usize) -> Vec<Sample> {
        let areas: Vec<f64> = mesh
            .triangles
            .iter()
            .map(|t| f64::from(scaled_normal(t.map(|i| mesh.positions[i as usize])).length()))
            .collect();
        let step = areas.iter().sum::<f64>() / n.max(1) as f64;
        let mut samples = Vec::with_capacity(n);
        let (mut passed, mut next) = (0.0, step / 2.0);
        // Two irrational strides spread the points within the triangles (Roberts' R2 sequence).
        let (mut u, mut v) = (0.5_f32, 0.5_f32);
        for (i, area) in areas.iter().enumerate() {
            passed += area;
            while step > 0.0 && next < passed && samples.len() < n {
                let (s, t) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
                let [a, b, c] = mesh.triangles[i].map(|i| mesh.positions[i as usize]);
                samples.push(Sample { point: a + (b - a) * s + (c - a) * t, normal: self.normals[i] });
                (u, v) = ((u + 0.754_877_7) % 1.0, (v + 0.569_840_3) % 1.0);
                next += step;
            }
        }
        samples
    }
}

/// Twice the area, along the normal.
fn scaled_normal([a, b, c]: [Vec3; 3]) -> Vec3 {
    (b - a).cross(c - a)
}

/// The point of a triangle nearest to `p`, and its share of each corner.
fn nearest_on([a, b, c]: [Vec3; 3], p: Vec3) -> (Vec3, [f32; 3]) {
    let (ab, ac, ap) = (b - a, c - a, p - a);
    let (d1, d2) = (ab.dot(ap), ac.dot(ap));
    if d1 <= 0.0 && d2 <= 0.0 {
        return (a, [1.0, 0.0, 0.0]);
    }
    let bp = p - b;
    let (d3, d4) = (ab.dot(bp), ac.dot(bp));
    if d3 >= 0.0 && d4 <= d3 {
        return (b, [0.0, 1.0, 0.0]);
    }
    let vc = d1 * d4 - d3 * d2;
    if vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 {
        let t = d1 / (d1 - d3).max(f32::MIN_POSITIVE);
        return (a + ab * t, [1.0 - t, t, 0.0]);
    }
    let cp = p - c;
    let (d5, d6) = (ab.dot(cp), ac.dot(cp));
    if d6 >= 0.0 && d5 <= d6 {
        return (c, [0.0, 0.0, 1.0]);
    }
    let vb = d5 * d2 - d1 * d6;
    if vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 {
        let t = d2 / (d2 - d6).max(f32::MIN_POSITIVE);
        return (a + ac * t, [1.0 - t, 0.0, t]);
    }
    let va = d3 * d6 - d5 * d4;
    if va <= 0.0 && d4 >= d3 && d5 >= d6 {
        let t = (d4 - d3) / ((d4 - d3) + (d5 - d6)).max(f32::MIN_POSITIVE);
        return (b + (c - b) * t, [0.0, 1.0 - t, t]);
    }
    let sum = (va + vb + vc).max(f32::MIN_POSITIVE);
    let (v, w) = (vb / sum, vc / sum);
    (a + ab * v + ac * w, [1.0 - v - w, v, w])
}

/// Edges that one triangle alone has. Corners at one place count as one, whatever their numbers: files split vertices
/// along seams of texture and normals.
fn open_edges(mesh: &Mesh) -> Vec<[bool; 3]> {
    let mut welded: HashMap<[u32; 3], u32> = HashMap::with_capacity(mesh.positions.len());
    let same: Vec<u32> = mesh
        .positions
        .iter()
        .enumerate()
        // Adding zero makes the two zeros one.
        .map(|(i, p)| *welded.entry((*p + Vec3::ZERO).to_array().map(f32::to_bits)).or_insert(i as u32))
        .collect();
    let edge = |triangle: &[u32; 3], k: usize| {
        let (a, b) = (same[triangle[(k + 1) % 3] as usize], same[triangle[(k + 2) % 3] as usize]);
        (a.min(b), a.max(b))
    };
    let mut count: HashMap<(u32, u32), u32> = HashMap::with_capacity(mesh.triangles.len() * 3 / 2);
    for triangle in mesh.triangles.iter() {
        for k in 0..3 {
            *count.entry(edge(triangle, k)).or_default() += 1;
        }
    }
    mesh.triangles.iter().map(|triangle| [0, 1, 2].map(|k| count.get(&edge(triangle, k)) == Some(&1))).collect()
}
