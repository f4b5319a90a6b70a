//! Points that ride on the body (vertices, mixtures of vertices, joints), with exact derivatives by shape and pose.
//!
//! A point is kept as what it hangs on each bone: `p = Σ_b linear_b · m_b + mass_b · shift_b`. That is exact for
//! linear blend skinning, and much smaller than the vertices it came from: a keypoint regressed from 400 vertices hangs
//! on a dozen bones.

use bevy_math::{DVec3, Vec3};

use super::pose::{BoneMap, PoseColumn};
use super::{AnnyModel, Shape};

/// The value and at most eleven axes.
const LANES: usize = 12;
/// The value and at most seven.
const FEW: usize = 8;

/// What a point has on one bone: first moment and mass, in rest coordinates.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moment {
    pub bone: u8,
    pub first: DVec3,
    pub mass: f64,
}

/// A list of points on the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointSet {
    /// Where each point's moments start; one more at the end.
    first: Vec<u32>,
    moments: Vec<Moment>,
    /// Per axis: how each moment's first moment changes.
    by_axis: Vec<Vec<DVec3>>,
}

/// Derivatives of a list of points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointsJacobian {
    /// Per axis, per point.
    pub by_axis: Vec<Vec<DVec3>>,
    /// Per pose column, per point.
    pub by_pose: Vec<Vec<DVec3>>,
}

impl PointSet {
    /// Each point as a mixture of vertices; derivatives by the axes that `rest_by` has (three components per entry of `vertices`).
    ///
    /// `mixtures[i]` holds indices into `vertices` with weights; `rest` and `rest_by` are parallel to `vertices`.
    pub fn of_vertices(
        model: &AnnyModel,
        vertices: &[u16],
        rest: &[DVec3],
        rest_by: &[Vec<DVec3>],
        mixtures: &[Vec<(u32, f64)>],
    ) -> Self {
        let mut set = Self { first: vec![0], moments: Vec::new(), by_axis: vec![Vec::new(); rest_by.len()] };
        let mut place = [usize::MAX; 256];
        for mixture in mixtures {
            let start = set.moments.len();
            for &(at, share) in mixture {
                let at = at as usize;
                for &(bone, weight) in model.skin.influences(usize::from(vertices[at])) {
                    let mass = share * f64::from(weight);
                    let slot = &mut place[usize::from(bone)];
                    if *slot == usize::MAX {
                        *slot = set.moments.len();
                        set.moments.push(Moment { bone, ..Default::default() });
                        for by in &mut set.by_axis {
                            by.push(DVec3::ZERO);
                        }
                    }
                    set.moments[*slot].first += rest[at] * mass;
                    set.moments[*slot].mass += mass;
                    for (by, d) in set.by_axis.iter_mut().zip(rest_by) {
                        by[*slot] += d[at] * mass;
                    }
                }
            }
            for moment in &set.moments[start..] {
                place[usize::from(moment.bone)] = usize::MAX;
            }
            set.first.push(set.moments.len() as u32);
        }
        set
    }

    /// From moments that were gathered elsewhere; `by_axis` is parallel to `moments`.
    pub fn from_parts(first: Vec<u32>, moments: Vec<Moment>, by_axis: Vec<Vec<DVec3>>) -> Self {
        Self { first, moments, by_axis }
    }

    pub fn len(&self) -> usize {
        self.first.len().saturating_sub(1)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn moments(&self, point: usize) -> std::ops::Range<usize> {
        self.first[point] as usize..self.first[point + 1] as usize
    }

    /// Where the points are.
    pub fn positions(&self, maps: &[BoneMap]) -> Vec<DVec3> {
        (0..self.len()).map(|point| self.moments(point).map(|m| on_bone(&self.moments[m], maps)).sum()).collect()
    }

    /// Exact derivatives. `maps_by[axis][bone]` belongs to the axes of this set; `carriers` is [`AnnyModel::carriers`].
    pub fn jacobian(
        &self,
        maps: &[BoneMap],
        maps_by: &[Vec<BoneMap>],
        columns: &[PoseColumn],
        carriers: &[u128],
    ) -> PointsJacobian {
        let mut jacobian = PointsJacobian {
            by_axis: vec![vec![DVec3::ZERO; self.len()]; self.by_axis.len()],
            by_pose: vec![vec![DVec3::ZERO; self.len()]; columns.len()],
        };
        let wanted: u128 = columns.iter().fold(0, |set, column| set | 1 << column.bone);
        let mut arms: Vec<(usize, DVec3, f64)> = Vec::new();
        for point in 0..self.len() {
            arms.clear();
            for m in self.moments(point) {
                let moment = &self.moments[m];
                let bone = usize::from(moment.bone);
                for (axis, (by, maps_by)) in self.by_axis.iter().zip(maps_by).enumerate() {
                    let map = &maps_by[bone];
                    jacobian.by_axis[axis][point] +=
                        maps[bone].linear * by[m] + map.linear * moment.first + map.shift * moment.mass;
                }
                // What each bone carries of this point: the sum over the bones that hang on it.
                let here = on_bone(moment, maps);
                let mut carrying = carriers[bone] & wanted;
                while carrying != 0 {
                    let carrier = carrying.trailing_zeros() as usize;
                    carrying &= carrying - 1;
                    match arms.iter_mut().find(|(b, ..)| *b == carrier) {
                        Some((_, sum, mass)) => {
                            *sum += here;
                            *mass += moment.mass;
                        }
                        None => arms.push((carrier, here, moment.mass)),
                    }
                }
            }
            for (column, by) in columns.iter().zip(&mut jacobian.by_pose) {
                if let Some((_, sum, mass)) = arms.iter().find(|(b, ..)| *b == column.bone) {
                    by[point] = column.axis.cross(*sum - column.pivot * *mass);
                }
            }
        }
        jacobian
    }
}

fn on_bone(moment: &Moment, maps: &[BoneMap]) -> DVec3 {
    let map = &maps[usize::from(moment.bone)];
    map.linear * moment.first + map.shift * moment.mass
}

impl AnnyModel {
    /// How chosen vertices at rest change with some axes (indices into `PhenotypeAxis::ALL`). `vertices` rise.
    pub fn rest_by_of(&self, coefficients: &super::Coefficients, vertices: &[u16], axes: &[usize]) -> Vec<Vec<DVec3>> {
        self.rest_of(coefficients, vertices, axes).1
    }

    /// Chosen vertices at rest with their derivatives by some axes, without the rest of the body. `vertices` rise.
    pub fn rest_of(
        &self,
        coefficients: &super::Coefficients,
        vertices: &[u16],
        axes: &[usize],
    ) -> (Vec<DVec3>, Vec<Vec<DVec3>>) {
        if axes.len() < FEW {
            self.rest_in::<FEW>(coefficients, vertices, axes)
        } else {
            self.rest_in::<LANES>(coefficients, vertices, axes)
        }
    }

    /// Value first, then the axes, side by side: one row's motion is multiplied by all of them at once.
    fn rest_in<const N: usize>(
        &self,
        coefficients: &super::Coefficients,
        vertices: &[u16],
        axes: &[usize],
    ) -> (Vec<DVec3>, Vec<Vec<DVec3>>) {
        let mut weighted = Vec::with_capacity(coefficients.rows.len());
        let mut shares = [[0.0f32; N]; 3];
        for ((row, value), by_axis) in coefficients.rows.iter().zip(&coefficients.values).zip(&coefficients.by_axis) {
            let mut weights = [0.0; N];
            weights[0] = *value as f32;
            for (weight, axis) in weights[1..].iter_mut().zip(axes) {
                *weight = by_axis[*axis] as f32;
            }
            if weights == [0.0; N] {
                continue;
            }
            for (share, part) in shares.iter_mut().zip(self.rows.template_share(*row)) {
                for lane in 0..N {
                    share[lane] += weights[lane] * part as f32;
                }
            }
            weighted.push((*row, weights));
        }
        let sums = self.rows.sums_at(&weighted, vertices);
        let lane = |at: usize, lane: usize| {
            let template = self.template_vertex(usize::from(vertices[at])).to_array();
            DVec3::from_array(
                [0, 1, 2].map(|axis| f64::from(sums[at][axis][lane] + shares[axis][lane] * template[axis] as f32)),
            )
        };
        let rest =
            vertices.iter().enumerate().map(|(at, v)| self.template_vertex(usize::from(*v)) + lane(at, 0)).collect();
        let by = (0..axes.len()).map(|axis| (0..vertices.len()).map(|at| lane(at, axis + 1)).collect()).collect();
        (rest, by)
    }

    pub fn template_vertex(&self, vertex: usize) -> DVec3 {
        DVec3::from_array(std::array::from_fn(|axis| f64::from(self.template[3 * vertex + axis])))
    }

    /// Rows that the phenotype weighs; those of the local changes follow.
    pub fn n_phenotype_rows(&self) -> usize {
        self.labels.len()
    }

    /// Calls `visit(position in vertices, metres)` for every chosen vertex that a row of the blend shapes moves. `vertices` rise.
    pub fn visit_row(&self, row: u16, vertices: &[u16], mut visit: impl FnMut(usize, [f32; 3])) {
        let share = self.rows.template_share(row);
        if share != [0.0; 3] {
            for (at, vertex) in vertices.iter().enumerate() {
                let from = 3 * usize::from(*vertex);
                visit(at, std::array::from_fn(|axis| share[axis] as f32 * self.template[from + axis]));
            }
        }
        self.rows.visit(row, vertices, visit);
    }

    /// The head of a bone before any blend shape.
    pub fn template_head(&self, bone: usize) -> DVec3 {
        self.bone_heads[bone]
    }

    /// What a unit weight of a row moves the head of a bone by, metres.
    pub fn head_delta(&self, row: usize, bone: usize) -> [f32; 3] {
        let at = 3 * (row * self.n_bones() + bone);
        std::array::from_fn(|axis| self.head_shapes[at + axis])
    }

    /// Chosen vertices as points, with derivatives by some axes. `vertices` rise.
    pub fn vertex_points(
        &self,
        coefficients: &super::Coefficients,
        shape: &Shape,
        vertices: &[u16],
        axes: &[usize],
    ) -> PointSet {
        let rest: Vec<DVec3> = vertices.iter().map(|v| shape.rest_vertices[usize::from(*v)].as_dvec3()).collect();
        let mixtures: Vec<_> = (0..vertices.len() as u32).map(|at| vec![(at, 1.0)]).collect();
        PointSet::of_vertices(self, vertices, &rest, &self.rest_by_of(coefficients, vertices, axes), &mixtures)
    }

    /// The regressed keypoints of a posed body, in the order of [`AnnyModel::keypoint_labels`].
    pub fn keypoints(&self, vertices: &[Vec3]) -> Vec<DVec3> {
        let each = self.keypoint_terms.iter();
        each.map(|terms| terms.iter().map(|(v, w)| vertices[usize::from(*v)].as_dvec3() * f64::from(*w)).sum())
            .collect()
    }
}
