//! The two meshes that instances are made of: a capsule and a box with round edges, both shaped in the vertex shader.

/// Facets around a capsule; at 24 a limb that fills the picture still looks round.
const N_SIDES: u16 = 24;
/// Bands of each cap.
const N_CAP_BANDS: u16 = 6;

pub struct Mesh<const N: usize> {
    pub vertices: Vec<[f32; N]>,
    pub indices: Vec<u16>,
}

/// Vertices as cosine and sine of the angle around the axis, place within the end's cap (0..=1) and end (0 or 1).
pub fn capsule() -> Mesh<4> {
    let n_rings = 2 * (N_CAP_BANDS + 1);
    let mut vertices = Vec::new();
    for ring in 0..n_rings {
        let (end, band) = (ring / (N_CAP_BANDS + 1), ring % (N_CAP_BANDS + 1));
        for side in 0..=N_SIDES {
            let angle = std::f32::consts::TAU * f32::from(side) / f32::from(N_SIDES);
            vertices.push([angle.cos(), angle.sin(), f32::from(band) / f32::from(N_CAP_BANDS), f32::from(end)]);
        }
    }
    Mesh { vertices, indices: grid_indices(0, N_SIDES + 1, n_rings).collect() }
}

/// Vertices as the signs of the corner they belong to and the direction from that corner's ball.
///
/// A cube's faces, cut so that one row of cells lies between the corners and is stretched to the flat side.
pub fn rounded_box() -> Mesh<6> {
    /// Just off the middle, so that the flat side's normals are the side's own.
    const CUTS: [f32; 6] = [-1.0, -0.5, -1e-3, 1e-3, 0.5, 1.0];
    let mut vertices = Vec::new();
    let mut indices = Vec::new();
    for axis in 0..3 {
        for sign in [-1.0, 1.0] {
            let first = vertices.len() as u16;
            for v in CUTS {
                for u in CUTS {
                    let mut on_cube = [0.0; 3];
                    on_cube[axis] = sign;
                    // The order of the other two makes every face run the same way seen from outside.
                    on_cube[(axis + 1) % 3] = u * sign;
                    on_cube[(axis + 2) % 3] = v;
                    let length = on_cube.iter().map(|c| c * c).sum::<f32>().sqrt();
                    let [x, y, z] = on_cube;
                    vertices.push([x.signum(), y.signum(), z.signum(), x / length, y / length, z / length]);
                }
            }
            indices.extend(grid_indices(first, CUTS.len() as u16, CUTS.len() as u16));
        }
    }
    Mesh { vertices, indices }
}

/// Two triangles per cell of a grid of vertices, counter-clockwise where columns go right and rows up.
fn grid_indices(first: u16, n_columns: u16, n_rows: u16) -> impl Iterator<Item = u16> {
    (0..n_rows - 1).flat_map(move |row| {
        (0..n_columns - 1).flat_map(move |column| {
            let at = first + row * n_columns + column;
            [at, at + 1, at + n_columns, at + n_columns, at + 1, at + n_columns + 1]
        })
    })
}
