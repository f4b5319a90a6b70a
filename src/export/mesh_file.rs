//! Static meshes as OBJ and PLY: what a body looks like as it stands, without bones.
//!
//! OBJ is written y up and facing +z, as programs that read it expect, PLY z up and facing -y, the frame of the body
//! model; both in metres. Our own reader turns both the same way round again.

use std::fmt::Write as _;

use bevy_math::Vec3;

use super::body_info::generator;
use crate::types::Mesh;

/// Texture coordinates with faces of their own, so that a vertex can lie on both sides of a seam.
#[derive(Clone, Copy, Debug)]
pub struct UvMap<'a> {
    /// v grows upwards, as in OBJ.
    pub coordinates: &'a [[f32; 2]],
    /// One per triangle of the mesh: indices into `coordinates`.
    pub triangles: &'a [[u32; 3]],
}

/// The body model's frame (z up, faces -y) to glTF's and OBJ's (y up, faces +z).
pub fn y_up(p: Vec3) -> Vec3 {
    Vec3::new(p.x, p.z, -p.y)
}

/// A text with positions, unit normals and, when given, texture coordinates. `comments` stand at its head.
pub fn obj(mesh: &Mesh, uv: Option<UvMap<'_>>, comments: &[String]) -> Vec<u8> {
    let mut text = format!("# {}; metres, y up, facing +z\n", generator());
    // Writing to a string cannot fail.
    for comment in comments {
        writeln!(text, "# {}", comment.replace(['\n', '\r'], " ")).ok();
    }
    text.push_str("o body\n");
    for p in mesh.positions.iter().map(|&p| y_up(p)) {
        writeln!(text, "v {} {} {}", p.x, p.y, p.z).ok();
    }
    for n in mesh.normals().into_iter().map(y_up) {
        writeln!(text, "vn {:.6} {:.6} {:.6}", n.x, n.y, n.z).ok();
    }
    let uv = uv.filter(|uv| uv.triangles.len() == mesh.triangles.len());
    for [u, v] in uv.map_or(&[][..], |uv| uv.coordinates) {
        writeln!(text, "vt {u} {v}").ok();
    }
    for (i, triangle) in mesh.triangles.iter().enumerate() {
        text.push('f');
        for (k, corner) in triangle.iter().enumerate() {
            let vertex = corner + 1;
            match uv {
                Some(uv) => write!(text, " {vertex}/{}/{vertex}", uv.triangles[i][k] + 1).ok(),
                None => write!(text, " {vertex}//{vertex}").ok(),
            };
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// Binary little-endian: positions, unit normals and, when given, one figure per vertex as `quality` (an error map, in
/// the unit that the comments say).
pub fn ply(mesh: &Mesh, quality: Option<&[f32]>, comments: &[String]) -> Vec<u8> {
    let quality = quality.filter(|quality| quality.len() == mesh.positions.len());
    let mut header =
        format!("ply\nformat binary_little_endian 1.0\ncomment {}; metres, z up, facing -y\n", generator());
    for comment in comments {
        writeln!(header, "comment {}", comment.replace(['\n', '\r'], " ")).ok();
    }
    writeln!(header, "element vertex {}", mesh.positions.len()).ok();
    for name in ["x", "y", "z", "nx", "ny", "nz"].into_iter().chain(quality.map(|_| "quality")) {
        writeln!(header, "property float {name}").ok();
    }
    writeln!(header, "element face {}\nproperty list uchar int vertex_indices\nend_header", mesh.triangles.len()).ok();
    let mut bytes = header.into_bytes();
    bytes.reserve(mesh.positions.len() * 28 + mesh.triangles.len() * 13);
    for (i, (p, n)) in mesh.positions.iter().zip(mesh.normals()).enumerate() {
        for x in p.to_array().into_iter().chain(n.to_array()).chain(quality.map(|quality| quality[i])) {
            bytes.extend_from_slice(&x.to_le_bytes());
        }
    }
    for triangle in mesh.triangles.iter() {
        bytes.push(3);
        for corner in triangle {
            bytes.extend_from_slice(&corner.to_le_bytes());
        }
    }
    bytes
}
