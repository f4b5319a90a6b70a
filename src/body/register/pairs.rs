//! Which point of a scan belongs to which vertex of the body, both ways.

use bevy_math::Vec3;
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::surface::{Sample, Surface};
use super::system::State;
use crate::body::AnnyModel;

/// Pairs of a body's vertices with points of a scan.
pub struct Pairing {
    pub pairs: Vec<Pair>,
    /// Per sample of the scan: the distance to the nearest vertex that faces the same way, far where there is none.
    pub scan_to_body_m: Vec<f32>,
}

#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub vertex: u16,
    pub target: Vec3,
    /// Of the body at the vertex.
    pub normal: Vec3,
    /// 0..=1, falling with the distance.
    pub trust: f32,
}

/// Surfaces that meet at more than this angle (its cosine) are different sides of something.
const SAME_SIDE: f32 = 0.4;

/// Neighbours that are looked at before a sample counts as having none.
const N_NEIGHBOURS: usize = 12;

/// Pairs every sample with a vertex, and every `stride`th vertex with a point of the scan. `reach` is the distance, metres,
/// at which a pair counts a quarter.
pub fn pair(
    model: &AnnyModel,
    state: &State,
    surface: &Surface,
    samples: &[Sample],
    stride: usize,
    reach: f32,
) -> Pairing {
    let vertices = model.posed(&model.shape(&state.phenotype), &state.pose).vertices;
    let normals = model.mesh(&vertices).normals();
    let trust = |distance: f32| {
        let share = reach * reach / (reach * reach + distance * distance);
        share * share // Geman and McClure's weight
    };
    let tree =
        RTree::bulk_load(vertices.iter().enumerate().map(|(i, v)| GeomWithData::new(v.to_array(), i as u16)).collect());
    let mut pairing = Pairing { pairs: Vec::new(), scan_to_body_m: Vec::with_capacity(samples.len()) };
    for sample in samples {
        let near = tree
            .nearest_neighbor_iter(sample.point.to_array())
            .take(N_NEIGHBOURS)
            .find(|near| normals[usize::from(near.data)].dot(sample.normal) > SAME_SIDE);
        let Some(near) = near else {
            pairing.scan_to_body_m.push(f32::INFINITY);
            continue;
        };
        let vertex = usize::from(near.data);
        let distance = vertices[vertex].distance(sample.point);
        pairing.scan_to_body_m.push(distance);
        if distance < 3.0 * reach {
            pairing.pairs.push(Pair {
                vertex: near.data,
                target: sample.point,
                normal: normals[vertex],
                trust: trust(distance),
            });
        }
    }
    for vertex in (0..vertices.len()).step_by(stride.max(1)) {
        let Some(near) = surface.nearest(vertices[vertex]) else { continue };
        // What is nearest to a rim is nearest to what was not scanned.
        if near.on_rim || near.distance > 3.0 * reach || near.normal.dot(normals[vertex]) < SAME_SIDE {
            continue;
        }
        pairing.pairs.push(Pair {
            vertex: vertex as u16,
            target: near.point,
            normal: normals[vertex],
            trust: trust(near.distance),
        });
    }
    pairing
}
