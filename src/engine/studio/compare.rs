//! Two bodies held against each other: signed distances per vertex, statistics, and both lists of measurements.

use std::sync::Arc;

use super::bodies::Entry;
use super::{BodyOrigin, ComparisonView, PoseChoice};
use crate::types::Mesh;

/// How far `body` lies outside (+) or inside (-) of `reference`; says what is missing when that cannot be told.
///
/// A registered body is compared with its scan by the registration's own point-to-surface distances; two parametric
/// bodies vertex by vertex in the reference pose, feet on the floor.
pub fn compare(body: &Entry, reference: &Entry) -> Result<ComparisonView, String> {
    let error_m: Arc<[f32]> = if body.origin == (BodyOrigin::Registered { scan: reference.id }) && !body.edited {
        Arc::clone(&body.error_to_scan_m)
    } else if reference.scan.is_some() || body.scan.is_some() {
        return Err("A scan has no vertices in common with a body — register it first, then compare with that".into());
    } else {
        let (Some(a), Some(b)) = (a_pose(body), a_pose(reference)) else {
            return Err("Nothing to compare — one of the bodies has no shape".into());
        };
        signed_distances(a, b)
    };
    let mut sorted: Vec<f32> = error_m.iter().map(|error| error.abs()).filter(|error| error.is_finite()).collect();
    if sorted.is_empty() {
        return Err("Nothing to compare — no vertex has a distance".into());
    }
    sorted.sort_by(f32::total_cmp);
    let at = |share: f32| sorted[((sorted.len() - 1) as f32 * share).round() as usize];
    Ok(ComparisonView {
        body: body.id,
        reference: reference.id,
        mean_abs_m: sorted.iter().sum::<f32>() / sorted.len() as f32,
        median_abs_m: at(0.5),
        p95_abs_m: at(0.95),
        error_m,
        reference_measurements: Arc::clone(&reference.view.measurements),
    })
}

fn a_pose(entry: &Entry) -> Option<&super::PosedView> {
    entry.view.poses.iter().find(|posed| posed.pose == PoseChoice::APose)
}

/// Distance of vertices that correspond, with the sign of the side of the reference's skin.
fn signed_distances(a: &super::PosedView, b: &super::PosedView) -> Arc<[f32]> {
    let Mesh { positions, .. } = &a.mesh;
    let pairs = positions.iter().zip(b.mesh.positions.iter()).zip(b.normals.iter());
    pairs
        .map(|((a, b), normal)| {
            let offset = *a - *b;
            offset.length().copysign(offset.dot(*normal))
        })
        .collect()
}
