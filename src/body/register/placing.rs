//! Standing the body into a scan: size from the scan's height, then facings and arms tried, the best few kept.

use bevy_math::{DVec3, Vec3};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use super::scan::{centre, gender};
use super::surface::{Sample, Surface};
use super::system::State;
use crate::body::AnnyModel;
use crate::body::fit::anny_age;
use crate::types::{Known, Mesh, Phenotype, PhenotypeAxis};

/// A body standing in the scan, and how badly.
pub struct Placing {
    pub state: State,
    /// Mean of what is left, square metres.
    pub cost: f64,
}

const N_FACINGS: usize = 12;

/// How far the arms are lowered from the A-pose, radians: hanging, as they are, stretched out, raised.
const ARMS: [f64; 4] = [0.6, 0.0, -0.7, -1.3];

/// How many placings are worth following.
const N_KEPT: usize = 4;

/// The stature of a phenotype in the reference pose, metres.
pub fn stature(model: &AnnyModel, phenotype: &Phenotype) -> f64 {
    let (low, high) = extent(model.reference_mesh(phenotype).vertices.into_iter());
    f64::from(high.z - low.z)
}

/// Sets the height axis so that the body becomes that tall, as far as the axis goes.
pub fn set_height(model: &AnnyModel, phenotype: &mut Phenotype, height_m: f64) {
    bisect(phenotype, PhenotypeAxis::Height, |phenotype| stature(model, phenotype) < height_m);
}

/// Halves an axis's range again and again: `short` tells whether the value is to be larger.
fn bisect(phenotype: &mut Phenotype, axis: PhenotypeAxis, short: impl Fn(&Phenotype) -> bool) {
    let (mut low, mut high) = axis.range();
    for _ in 0..10 {
        phenotype.set(axis, 0.5 * (low + high));
        if short(phenotype) {
            low = phenotype.get(axis);
        } else {
            high = phenotype.get(axis);
        }
    }
}

/// A phenotype of that height: an adult where adults are that tall, else a child.
fn of_height(model: &AnnyModel, height_m: f64, known: &Known) -> Phenotype {
    let mut phenotype = Phenotype::default();
    phenotype.set(PhenotypeAxis::Gender, gender(known));
    match known.age_years {
        Some(years) => phenotype.set(PhenotypeAxis::Age, anny_age(years)),
        None if height_m > 1.45 => phenotype.set(PhenotypeAxis::Age, 0.75),
        None => bisect(&mut phenotype, PhenotypeAxis::Age, |phenotype| stature(model, phenotype) < height_m),
    }
    set_height(model, &mut phenotype, height_m);
    phenotype
}

/// The best ways to stand a body into the scan, the best first.
pub fn placings(model: &AnnyModel, scan: &Mesh, samples: &[Sample], known: &Known) -> Vec<Placing> {
    let (low, high) = extent(scan.triangles.iter().flatten().map(|&i| scan.positions[i as usize]));
    let height_m = known.height_m.unwrap_or(f64::from(high.z - low.z));
    let phenotype = of_height(model, height_m, known);
    let shape = model.shape(&phenotype);
    let middle = centre(samples.iter().map(|sample| sample.point));
    let upper_arms = ["upperarm01.L", "upperarm01.R"].map(|label| model.bone_index(label));
    let mut all = Vec::with_capacity(N_FACINGS * ARMS.len());
    for lowered in ARMS {
        let mut pose = model.reference_pose();
        for (bone, side) in upper_arms.into_iter().zip([1.0, -1.0]) {
            if let Some(bone) = bone {
                pose.rotations[bone] = DVec3::Y * lowered * side;
            }
        }
        // The body turned about its own middle, its head where the scan's is: feet are cut off more often than heads.
        let upright = model.mesh(&model.posed(&shape, &pose).vertices);
        let body_samples = Surface::new(&upright).samples(&upright, 1500);
        let body_middle = centre(body_samples.iter().map(|sample| sample.point));
        let body_top = extent(upright.positions.iter().copied()).1.z;
        for facing in 0..N_FACINGS {
            let yaw = std::f64::consts::TAU * facing as f64 / N_FACINGS as f64;
            let turn = bevy_math::DQuat::from_rotation_z(yaw);
            let turned_middle = turn * body_middle;
            let place =
                DVec3::new(middle.x - turned_middle.x, middle.y - turned_middle.y, f64::from(high.z - body_top));
            let put = |p: Vec3| (turn * p.as_dvec3() + place).as_vec3();
            let tree = RTree::bulk_load(
                body_samples
                    .iter()
                    .map(|s| GeomWithData::new(put(s.point).to_array(), (turn * s.normal.as_dvec3()).as_vec3()))
                    .collect(),
            );
            let cost = cost(&tree, samples);
            let mut placed = pose.clone();
            placed.rotations[0] = DVec3::Z * super::system::shortest(DVec3::Z * yaw).z;
            placed.root_translation_m = place;
            all.push(Placing { state: State { phenotype: phenotype.clone(), pose: placed }, cost });
        }
    }
    all.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    all.truncate(N_KEPT);
    all
}

/// Mean squared distance, with a penalty for surfaces that face another way.
fn cost(tree: &RTree<GeomWithData<[f32; 3], Vec3>>, samples: &[Sample]) -> f64 {
    let each = samples.iter().filter_map(|sample| {
        let near = tree.nearest_neighbor(sample.point.to_array())?;
        let off = Vec3::from_array(*near.geom()).distance_squared(sample.point).min(0.04);
        Some(f64::from(off + 0.0025 * (1.0 - near.data.dot(sample.normal))))
    });
    let (sum, n) = each.fold((0.0, 0.0), |(sum, n), c| (sum + c, n + 1.0));
    sum / f64::max(n, 1.0)
}

fn extent(points: impl Iterator<Item = Vec3>) -> (Vec3, Vec3) {
    points.fold((Vec3::INFINITY, Vec3::NEG_INFINITY), |(low, high), p| (low.min(p), high.max(p)))
}
