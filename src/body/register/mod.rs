//! Meshes to bodies: the phenotype and pose whose mesh lies on a given one, and how far off it is, vertex by vertex.
//!
//! [`to_topology`] takes a mesh with the body model's own vertices, [`to_scan`] any surface. Pure and single-threaded;
//! reading files is in `scan`. The mesh is in metres, z up.

mod bounded;
mod chords;
mod kabsch;
mod linear;
mod pairs;
mod placing;
mod recognise;
mod sampled;
mod scan;
mod search;
mod skyline;
mod solver;
mod starts;
mod surface;
mod system;
mod topology;

use crate::types::{BodyPose, Mesh, Phenotype};

pub use recognise::recognise;
pub use scan::to_scan;
pub use topology::to_topology;

/// What a registration is doing; the callback that gets it answers whether to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub stage: Stage,
    /// 0..=1 over all stages.
    pub fraction: f32,
    /// Root of the mean square of what is left, metres.
    pub rms_m: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Coarse alignment: facing, place, size.
    Align,
    /// Several ages tried.
    Anchors,
    /// All phenotypes and bones.
    Refine,
}

/// A body that was laid on a mesh.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub phenotype: Phenotype,
    pub pose: BodyPose,
    /// The body in that pose, in the frame of the mesh that was given.
    pub mesh: Mesh,
    /// Per vertex of `mesh`, metres: the distance to its counterpart (same topology), or to the nearest point of the
    /// scan, positive where the scan lies outside the body (scan); NaN where the scan has nothing near.
    pub per_vertex_error_m: Vec<f32>,
    pub statistics: Statistics,
    pub convergence: Convergence,
}

/// Distances in metres, all positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Distances {
    pub mean_m: f64,
    pub median_m: f64,
    pub p95_m: f64,
    pub max_m: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Statistics {
    pub body_to_mesh: Distances,
    /// From points spread over the scan to the body; the same as the other way round for a mesh of the same topology.
    pub mesh_to_body: Distances,
    /// Share of the body's vertices that have a counterpart.
    pub coverage: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Convergence {
    /// The last step changed next to nothing.
    Converged,
    /// It was still improving when its steps were used up.
    StepsUsedUp,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    #[error("the registration was cancelled")]
    Cancelled,
    #[error("the mesh has {found} vertices and the body model {expected} — register it as a scan")]
    OtherTopology { found: usize, expected: usize },
    #[error("the mesh has coordinates that are not numbers — export it again")]
    NotFinite,
    #[error("the mesh has too few triangles to tell a body from ({n_triangles}) — scan more of it")]
    TooSmall { n_triangles: usize },
    #[error(
        "this does not look like a body: {:.0} mm are left between it and the nearest body ({:.0} % of the scan lies \
         more than 3 cm off) — check the unit and which way is up, or cut away what is not the person",
        residual_m * 1000.0,
        far_share * 100.0
    )]
    NotABody {
        /// Root of the mean square distance from the scan to the body, metres.
        residual_m: f64,
        far_share: f64,
    },
}

impl Distances {
    /// Of values that are numbers; zeros without any.
    pub fn of(distances: impl IntoIterator<Item = f64>) -> Self {
        let mut all: Vec<f64> = distances.into_iter().map(f64::abs).filter(|d| d.is_finite()).collect();
        if all.is_empty() {
            return Self::default();
        }
        all.sort_by(f64::total_cmp);
        let at = |share: f64| all[((all.len() - 1) as f64 * share).round() as usize];
        Self { mean_m: all.iter().sum::<f64>() / all.len() as f64, median_m: at(0.5), p95_m: at(0.95), max_m: at(1.0) }
    }
}
