//! The outline of a posed body in a picture, as edges of the mesh, and which of them each observed point of an outline means.
//!
//! An edge is on the outline when one of its faces is turned to the camera and the other is not, and there is no body just
//! beyond it. Points are matched along the observed normal and between vertices, so the outline has no grain.

use bevy_math::Vec3;

use crate::body::model::wide;

use super::camera::Camera;
use super::input::ContourPoint;

/// The edges of a triangle mesh, each with the faces on both sides.
pub struct Edges(Vec<Edge>);

#[derive(Clone, Copy)]
struct Edge {
    ends: [u32; 2],
    /// The second is `NONE` at a border.
    faces: [u32; 2],
    /// The third corner of each face.
    apexes: [u32; 2],
}

const NONE: u32 = u32::MAX;

impl Edges {
    pub fn new(faces: &[[u32; 3]]) -> Self {
        let mut halves: Vec<(u64, u32, u32)> = Vec::with_capacity(3 * faces.len());
        for (face, [a, b, c]) in faces.iter().enumerate() {
            for (from, to, apex) in [(a, b, c), (b, c, a), (c, a, b)] {
                let key = u64::from(*from.min(to)) << 32 | u64::from(*from.max(to));
                halves.push((key, face as u32, *apex));
            }
        }
        halves.sort_unstable();
        let edges = halves.chunk_by(|a, b| a.0 == b.0).map(|same| {
            let second = same.get(1).copied().unwrap_or((0, NONE, NONE));
            Edge {
                ends: [(same[0].0 >> 32) as u32, same[0].0 as u32],
                faces: [same[0].1, second.1],
                apexes: [same[0].2, second.2],
            }
        });
        Self(edges.collect())
    }
}

/// An edge of the outline in the picture.
#[derive(Clone, Copy, Debug)]
pub struct OutlineEdge {
    pub vertices: [u16; 2],
    pub ends: [[f32; 2]; 2],
    /// Unit vector out of the body.
    pub normal: [f32; 2],
}

/// The picture of a body: where it ends and what it covers.
pub struct Silhouette {
    pub edges: Vec<OutlineEdge>,
    /// The larger side of the box around the body, pixels.
    pub extent_px: f32,
    pub cover: Cover,
}

/// How far beyond an edge there must be no body, as a part of the extent: about a pixel.
const BEYOND: f32 = 1e-3;

impl Silhouette {
    /// `None` when the body is behind the camera, or so close that its picture has no bounds.
    pub fn new(vertices: &[Vec3], faces: &[[u32; 3]], edges: &Edges, camera: &Camera) -> Option<Self> {
        let mut px = Vec::with_capacity(vertices.len());
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        let (focal, centre) = (camera.focal_px as f32, camera.centre.map(|c| c as f32));
        for v in vertices {
            if v.y.is_nan() || v.y < 0.05 {
                return None;
            }
            let scale = focal / v.y;
            let p = [centre[0] + scale * v.x, centre[1] - scale * v.z];
            for axis in 0..2 {
                low[axis] = low[axis].min(p[axis]);
                high[axis] = high[axis].max(p[axis]);
            }
            px.push(p);
        }
        let extent = (high[0] - low[0]).max(high[1] - low[1]);
        if !(extent.is_finite() && extent > 1.0) {
            return None;
        }
        let front: Vec<bool> = faces
            .iter()
            .map(|face| {
                let [a, b, c] = face.map(|v| px[v as usize]);
                cross(sub(b, a), sub(c, a)) < 0.0 // counter-clockwise outside, v runs down
            })
            .collect();
        let is_front = |face: u32| face != NONE && front[face as usize];
        let mut turning = Vec::with_capacity(4096);
        for edge in &edges.0 {
            let side = is_front(edge.faces[0]);
            if side == is_front(edge.faces[1]) {
                continue;
            }
            let apex = px[edge.apexes[usize::from(!side)] as usize];
            let ends = edge.ends.map(|v| px[v as usize]);
            let along = sub(ends[1], ends[0]);
            let length = (along[0] * along[0] + along[1] * along[1]).sqrt();
            if length < 1e-6 {
                continue;
            }
            let mut normal = [along[1] / length, -along[0] / length];
            let inward = sub(apex, ends[0]);
            if normal[0] * inward[0] + normal[1] * inward[1] > 0.0 {
                normal = [-normal[0], -normal[1]];
            }
            turning.push(OutlineEdge { vertices: edge.ends.map(|v| v as u16), ends, normal });
        }
        let cover = Cover::new(&turning, low[1], high[1]);
        let beyond = BEYOND * extent;
        turning.retain(|edge| {
            let middle = [0, 1].map(|i| 0.5 * (edge.ends[0][i] + edge.ends[1][i]) + beyond * edge.normal[i]);
            !cover.at(middle)
        });
        Some(Self { edges: turning, extent_px: extent, cover })
    }
}

/// Which points of the picture the body covers.
///
/// The edges between front and back faces bound the front faces, so the number of layers over a point is how often a ray from it
/// leaves the body across those edges less how often it enters. That needs no raster and has no grain.
pub struct Cover {
    top: f32,
    /// Where each band's crossings start; one more at the end.
    first: Vec<u32>,
    crossings: Crossings,
}

/// Edges that a horizontal ray may cross, in heights `from..to`. By columns, so that eight are looked at together.
struct Crossings {
    from: Vec<f32>,
    to: Vec<f32>,
    /// Where the edge is at the height `from`, and how that changes with the height.
    x: Vec<f32>,
    slope: Vec<f32>,
    /// 1 when the body is to the left, else -1.
    layers: Vec<i32>,
}

/// Height of the bands that edges are sorted into, pixels.
const BAND_PX: f32 = 4.0;

impl Cover {
    fn new(edges: &[OutlineEdge], top: f32, bottom: f32) -> Self {
        let n = ((bottom - top) / BAND_PX) as usize + 1;
        let band = |v: f32| (((v - top) / BAND_PX) as usize).min(n - 1);
        let level = |edge: &&OutlineEdge| edge.ends[0][1] != edge.ends[1][1]; // a ray along it does not cross it
        let reach = |edge: &OutlineEdge| {
            let [a, b] = edge.ends.map(|end| band(end[1]));
            a.min(b)..=a.max(b)
        };
        let mut first = vec![0u32; n + 1];
        for edge in edges.iter().filter(level) {
            for at in reach(edge) {
                first[at + 1] += 1;
            }
        }
        for at in 0..n {
            first[at + 1] += first[at];
        }
        let mut next = first.clone();
        let n_crossings = first[n] as usize;
        let column = || vec![0.0; n_crossings];
        let mut crossings =
            Crossings { from: column(), to: column(), x: column(), slope: column(), layers: vec![0; n_crossings] };
        for edge in edges.iter().filter(level) {
            let [mut upper, mut lower] = edge.ends;
            if upper[1] > lower[1] {
                (upper, lower) = (lower, upper);
            }
            for band in reach(edge) {
                let at = next[band] as usize;
                crossings.from[at] = upper[1];
                crossings.to[at] = lower[1];
                crossings.x[at] = upper[0];
                crossings.slope[at] = (lower[0] - upper[0]) / (lower[1] - upper[1]);
                crossings.layers[at] = if edge.normal[0] > 0.0 { 1 } else { -1 };
                next[band] += 1;
            }
        }
        Self { top, first, crossings }
    }

    pub fn at(&self, p: [f32; 2]) -> bool {
        let band = (p[1] - self.top) / BAND_PX;
        if band.is_nan() || band < 0.0 || band as usize + 1 >= self.first.len() {
            return false;
        }
        let [from, to] = [0, 1].map(|side| self.first[band as usize + side] as usize);
        let Crossings { from: tops, to: bottoms, x, slope, layers } = &self.crossings;
        let [tops, bottoms, x, slope] = [tops, bottoms, x, slope].map(|column| &column[from..to]);
        let layers = &layers[from..to];
        wide(|| {
            let mut sum = 0;
            let columns = tops.iter().zip(bottoms).zip(x.iter().zip(slope)).zip(layers);
            for (((top, bottom), (x, slope)), layers) in columns {
                let within = (*top <= p[1]) & (p[1] < *bottom);
                let right = x + (p[1] - top) * slope > p[0];
                sum += if within & right { *layers } else { 0 };
            }
            sum > 0
        })
    }
}

/// What an observed point of the outline means on the body.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// Index of the observed point.
    pub point: usize,
    pub edge: usize,
    /// 0..=1 from the edge's first vertex to its second.
    pub at: f64,
    /// How far the body's outline is beyond the observed point, along the observed normal, pixels.
    pub beyond_px: f64,
    /// Cosine between both normals.
    pub cosine: f64,
}

/// Normals that differ more than this do not belong together (cosine).
const MIN_COSINE: f64 = 0.45;

/// For every observed point the nearest edge that crosses its normal within `reach_px`, if one does.
pub fn match_outline(silhouette: &Silhouette, contour: &[ContourPoint], reach_px: f64) -> Vec<Match> {
    let edges = &silhouette.edges;
    let lowest = edges.iter().map(|e| e.ends[0][1].min(e.ends[1][1])).fold(f32::MAX, f32::min);
    let highest = edges.iter().map(|e| e.ends[0][1].max(e.ends[1][1])).fold(f32::MIN, f32::max);
    if edges.is_empty() || !(highest - lowest).is_finite() {
        return Vec::new();
    }
    let band = |v: f32| ((v - lowest) / BAND_PX).floor().max(0.0) as usize;
    let mut bands: Vec<Vec<u32>> = vec![Vec::new(); band(highest) + 1];
    for (at, edge) in edges.iter().enumerate() {
        let (v0, v1) = (edge.ends[0][1], edge.ends[1][1]);
        for list in &mut bands[band(v0.min(v1))..=band(v0.max(v1))] {
            list.push(at as u32);
        }
    }
    let mut matches = Vec::with_capacity(contour.len());
    for (point, seen) in contour.iter().enumerate() {
        let reach_v = (reach_px * seen.normal[1].abs()) as f32;
        let v = seen.px[1] as f32;
        if v + reach_v < lowest {
            continue;
        }
        let last = band(v + reach_v).min(bands.len() - 1);
        let mut best: Option<Match> = None;
        for list in bands.get(band(v - reach_v)..=last).unwrap_or_default() {
            for &edge in list {
                let Some(found) = crossing(point, seen, edge as usize, &edges[edge as usize]) else { continue };
                let closer = best.as_ref().is_none_or(|b| found.beyond_px.abs() < b.beyond_px.abs());
                if closer && found.beyond_px.abs() <= reach_px {
                    best = Some(found);
                }
            }
        }
        matches.extend(best);
    }
    matches
}

fn crossing(point: usize, seen: &ContourPoint, index: usize, edge: &OutlineEdge) -> Option<Match> {
    let cosine = seen.normal[0] * f64::from(edge.normal[0]) + seen.normal[1] * f64::from(edge.normal[1]);
    if cosine < MIN_COSINE {
        return None;
    }
    let away = edge.ends.map(|end| [f64::from(end[0]) - seen.px[0], f64::from(end[1]) - seen.px[1]]);
    // Across the normal: the edge crosses it where this changes sign.
    let side = away.map(|d| d[1] * seen.normal[0] - d[0] * seen.normal[1]);
    if side[0] * side[1] > 0.0 || side[0] == side[1] {
        return None;
    }
    let at = side[0] / (side[0] - side[1]);
    let out = away.map(|d| d[0] * seen.normal[0] + d[1] * seen.normal[1]);
    Some(Match { point, edge: index, at, beyond_px: out[0] + at * (out[1] - out[0]), cosine })
}

fn sub(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[0] * b[1] - a[1] * b[0]
}
