//! A projected mesh over a photo: nearest surface, smooth shading, see-through.

use bevy_math::{DVec2, DVec3};

use super::canvas::{Area, Canvas};
use super::{ProjectedMesh, View};

/// Samples across and down each pixel.
const FINE: u32 = 2;

/// Skin that no photo has, so that it is never mistaken for the photo.
const SURFACE: [f64; 3] = [86.0, 156.0, 236.0];

/// From the upper left, in the camera's frame (x right, y down, z away).
const TO_LIGHT: DVec3 = DVec3::new(-0.45, -0.6, -0.66);

pub fn draw(canvas: &mut Canvas, area: Area, view: &View, mesh: &ProjectedMesh<'_>, alpha: f64) {
    let fine_width = (area.width * FINE) as usize;
    let fine_height = (area.height * FINE) as usize;
    let corner = DVec2::new(f64::from(area.left), f64::from(area.top));
    let places: Vec<DVec2> =
        mesh.vertices_px.iter().map(|vertex| (view.to_canvas(*vertex) - corner) * f64::from(FINE)).collect();
    let light = lights(mesh);
    // Distance from the camera and light of the nearest surface for each sample.
    let mut nearest = vec![(f64::INFINITY, 0f64); fine_width * fine_height];
    for triangle in mesh.triangles {
        let corner = |i: u32| {
            let i = i as usize;
            Some((*places.get(i)?, *mesh.depth_m.get(i)?, *light.get(i)?))
        };
        if let [Some(a), Some(b), Some(c)] = triangle.map(corner) {
            fill(&mut nearest, fine_width, fine_height, [a, b, c]);
        }
    }
    for y in 0..area.height {
        for x in 0..area.width {
            let (mut n, mut light) = (0u32, 0.0);
            for i in 0..FINE * FINE {
                let (fine_x, fine_y) = (x * FINE + i % FINE, y * FINE + i / FINE);
                let (depth, here) = nearest[fine_y as usize * fine_width + fine_x as usize];
                if depth.is_finite() {
                    n += 1;
                    light += here;
                }
            }
            if n > 0 {
                let color = SURFACE.map(|channel| (channel * light / f64::from(n)).clamp(0.0, 255.0) as u8);
                let coverage = f64::from(n) / f64::from(FINE * FINE);
                canvas.blend(i64::from(area.left + x), i64::from(area.top + y), color, alpha * coverage);
            }
        }
    }
}

/// How bright the surface is at each vertex, about 0.3 to 1.2.
fn lights(mesh: &ProjectedMesh<'_>) -> Vec<f64> {
    // Back to the camera's frame, in metres.
    let places: Vec<DVec3> = mesh
        .vertices_px
        .iter()
        .zip(mesh.depth_m)
        .map(|(px, depth)| ((*px - mesh.principal_px) * *depth / mesh.focal_px).extend(*depth))
        .collect();
    let mut normals = vec![DVec3::ZERO; places.len()];
    for triangle in mesh.triangles {
        let [Some(a), Some(b), Some(c)] = triangle.map(|i| places.get(i as usize).copied()) else { continue };
        let normal = (b - a).cross(c - a);
        for i in triangle {
            normals[*i as usize] += normal;
        }
    }
    let light = |(normal, place): (&DVec3, &DVec3)| {
        let normal = normal.normalize_or_zero();
        // Whichever way the triangles wind: what is seen faces the camera.
        let normal = if normal.dot(*place) > 0.0 { -normal } else { normal };
        0.35 + 0.85 * normal.dot(TO_LIGHT).max(0.0)
    };
    normals.iter().zip(&places).map(light).collect()
}

/// Corners are place, depth and light.
fn fill(nearest: &mut [(f64, f64)], width: usize, height: usize, corners: [(DVec2, f64, f64); 3]) {
    let [(a, ..), (b, ..), (c, ..)] = corners;
    let area = (b - a).perp_dot(c - a);
    if !area.is_finite() || area.abs() < 1e-9 || corners.iter().any(|(_, depth, _)| *depth <= 0.0) {
        return;
    }
    let low = a.min(b).min(c).max(DVec2::ZERO);
    let high = a.max(b).max(c).min(DVec2::new(width as f64 - 1.0, height as f64 - 1.0));
    for y in low.y.floor() as i64..=high.y.floor() as i64 {
        for x in low.x.floor() as i64..=high.x.floor() as i64 {
            let p = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
            let weights = [(b - p).perp_dot(c - p), (c - p).perp_dot(a - p), (a - p).perp_dot(b - p)].map(|w| w / area);
            if weights.iter().any(|weight| *weight < 0.0) {
                continue;
            }
            let blend = |value: fn(&(DVec2, f64, f64)) -> f64| -> f64 {
                corners.iter().zip(weights).map(|(corner, weight)| value(corner) * weight).sum()
            };
            let depth = 1.0 / blend(|(_, depth, _)| 1.0 / depth);
            let sample = &mut nearest[y as usize * width + x as usize];
            if depth < sample.0 {
                *sample = (depth, blend(|(.., light)| *light));
            }
        }
    }
}
