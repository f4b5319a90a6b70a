//! Whether a mesh has the body model's topology, whatever its vertices are numbered.
//!
//! Files renumber vertices (by first use), split them along seams and drop those that no face uses, but they keep the
//! faces in order. So faces are compared, not vertices.

use std::collections::HashSet;

use bevy_math::Vec3;

use crate::body::AnnyModel;
use crate::types::Mesh;

/// The mesh's positions in the body model's order; `None` when it is another topology.
pub fn recognise(model: &AnnyModel, mesh: &Mesh) -> Option<Mesh> {
    let by_faces = || (0..3).find_map(|turn| by_faces(model, mesh, turn));
    by_faces().or_else(|| by_edges(model, mesh)).map(|positions| model.mesh(&positions))
}

/// The same faces in the same order, each begun `turn` corners later, as some programs do. Corners that are one vertex of
/// the model must lie at one place.
fn by_faces(model: &AnnyModel, mesh: &Mesh, turn: usize) -> Option<Vec<Vec3>> {
    if mesh.triangles.len() != model.faces.len() {
        return None;
    }
    let mut positions: Vec<Option<Vec3>> = vec![None; model.n_vertices()];
    for (own, other) in model.faces.iter().zip(mesh.triangles.iter()) {
        for k in 0..3 {
            let found = *mesh.positions.get(other[(k + turn) % 3] as usize)?;
            let known = positions[own[k] as usize].get_or_insert(found);
            if known.distance_squared(found) > 1e-12 {
                return None;
            }
        }
    }
    positions.into_iter().collect()
}

/// The same vertices in the same order under other triangles, as when quads were cut along the other diagonal: then two
/// of three edges are still the model's.
fn by_edges(model: &AnnyModel, mesh: &Mesh) -> Option<Vec<Vec3>> {
    if mesh.positions.len() != model.n_vertices() {
        return None;
    }
    let edges = |triangles: &[[u32; 3]]| -> HashSet<(u32, u32)> {
        triangles.iter().flat_map(|&[a, b, c]| [(a, b), (b, c), (c, a)]).map(|(a, b)| (a.min(b), a.max(b))).collect()
    };
    let own = edges(&model.faces);
    let other = edges(&mesh.triangles);
    let shared = other.intersection(&own).count();
    (shared * 2 > other.len() && shared * 2 > own.len()).then(|| mesh.positions.to_vec())
}
