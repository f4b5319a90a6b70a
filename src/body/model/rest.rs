//! Weights of the blend shapes to the body at rest: vertices, heads of bones, their orientations.

use bevy_math::{DMat3, DVec3, Vec3};

use super::rotation::{nearest_rotation, nearest_rotation_derivative, rotation_sensitivity};
use super::wide::wide;
use super::{AnnyModel, Coefficients, Shape};

impl AnnyModel {
    /// The body at rest for given weights.
    pub fn shape_of(&self, coefficients: &Coefficients) -> Shape {
        let (heads, covariances) = self.bones_at_rest(coefficients);
        let rotations = covariances.iter().map(nearest_rotation).collect();
        Shape { rest_vertices: self.rest_vertices(coefficients), heads, rotations }
    }

    /// The bones alone, which is all that landmarks need: heads and the matrices whose nearest rotations they have.
    pub(super) fn bones_at_rest(&self, coefficients: &Coefficients) -> (Vec<DVec3>, Vec<DMat3>) {
        let n = self.n_bones();
        let mut heads = vec![0.0; 3 * n];
        let mut covariances = vec![0.0; 9 * n];
        for (row, value) in coefficients.rows.iter().zip(&coefficients.values) {
            if *value != 0.0 {
                add(&mut heads, &self.head_shapes[usize::from(*row) * 3 * n..], *value);
                add(&mut covariances, &self.covariance_shapes[usize::from(*row) * 9 * n..], *value);
            }
        }
        let heads =
            heads.as_chunks::<3>().0.iter().zip(&self.bone_heads).map(|(h, h0)| *h0 + DVec3::from(*h)).collect();
        let covariances = covariances
            .as_chunks::<9>()
            .0
            .iter()
            .zip(&self.bone_covariances)
            .map(|(c, c0)| *c0 + DMat3::from_cols_array(c).transpose())
            .collect();
        (heads, covariances)
    }

    /// The vertices at rest alone.
    pub fn rest_vertices(&self, coefficients: &Coefficients) -> Vec<Vec3> {
        let (rows, weights): (Vec<u16>, Vec<[f64; 1]>) = coefficients
            .rows
            .iter()
            .zip(&coefficients.values)
            .filter(|(_, value)| **value != 0.0)
            .map(|(row, value)| (*row, [*value]))
            .unzip();
        let mut sums = [self.template.clone()];
        self.rows.add(&rows, &weights, &self.template, &mut sums);
        sums[0].as_chunks::<3>().0.iter().map(|v| Vec3::from(*v)).collect()
    }

    /// How the vertices at rest change with some axes (indices into `PhenotypeAxis::ALL`): one list per axis.
    pub(super) fn rest_vertices_by(&self, coefficients: &Coefficients, axes: &[usize]) -> Vec<Vec<f32>> {
        let mut all = Vec::with_capacity(axes.len());
        // Six at a time: the blend shapes are read from memory once for all of them.
        for group in axes.chunks(6) {
            match *group {
                [a, b, c, d, e, f] => all.extend(self.sums_by(coefficients, [a, b, c, d, e, f])),
                [a, b, c, d, e] => all.extend(self.sums_by(coefficients, [a, b, c, d, e])),
                [a, b, c, d] => all.extend(self.sums_by(coefficients, [a, b, c, d])),
                [a, b, c] => all.extend(self.sums_by(coefficients, [a, b, c])),
                [a, b] => all.extend(self.sums_by(coefficients, [a, b])),
                [a] => all.extend(self.sums_by(coefficients, [a])),
                _ => {}
            }
        }
        all
    }

    /// The sum over all vertices of `field · motion`, by some axes: how a scalar of the mesh with that gradient changes.
    pub fn rest_dot(&self, coefficients: &Coefficients, axes: &[usize], field: &[Vec3]) -> Vec<f64> {
        let flat: Vec<f32> = field.iter().flat_map(|v| v.to_array()).collect();
        let mut sums = vec![0.0; axes.len()];
        for (row, by_axis) in coefficients.rows.iter().zip(&coefficients.by_axis) {
            if axes.iter().any(|axis| by_axis[*axis] != 0.0) {
                let dot = self.rows.dot(*row, &flat, &self.template);
                for (sum, axis) in sums.iter_mut().zip(axes) {
                    *sum += by_axis[*axis] * dot;
                }
            }
        }
        sums
    }

    fn sums_by<const N: usize>(&self, coefficients: &Coefficients, axes: [usize; N]) -> [Vec<f32>; N] {
        let (rows, weights): (Vec<u16>, Vec<[f64; N]>) = coefficients
            .rows
            .iter()
            .zip(&coefficients.by_axis)
            .map(|(row, by_axis)| (*row, axes.map(|axis| by_axis[axis])))
            .filter(|(_, weights)| *weights != [0.0; N])
            .unzip();
        let mut sums = std::array::from_fn(|_| vec![0.0; self.template.len()]);
        self.rows.add(&rows, &weights, &self.template, &mut sums);
        sums
    }

    /// How heads and orientations change with some axes: per axis, per bone.
    pub(super) fn bones_by(
        &self,
        coefficients: &Coefficients,
        rotations: &[DMat3],
        covariances: &[DMat3],
        axes: &[usize],
    ) -> BonesBy {
        let n = self.n_bones();
        let sensitivity: Vec<_> = covariances.iter().zip(rotations).map(|(m, r)| rotation_sensitivity(m, r)).collect();
        let mut by = BonesBy { heads: Vec::with_capacity(axes.len()), rotations: Vec::with_capacity(axes.len()) };
        let mut sums = vec![(vec![0.0; 3 * n], vec![0.0; 9 * n]); axes.len()];
        for (row, by_axis) in coefficients.rows.iter().zip(&coefficients.by_axis) {
            let heads = &self.head_shapes[usize::from(*row) * 3 * n..(usize::from(*row) + 1) * 3 * n];
            let turns = &self.covariance_shapes[usize::from(*row) * 9 * n..(usize::from(*row) + 1) * 9 * n];
            for ((sum_heads, sum_turns), axis) in sums.iter_mut().zip(axes) {
                if by_axis[*axis] != 0.0 {
                    add(sum_heads, heads, by_axis[*axis]);
                    add(sum_turns, turns, by_axis[*axis]);
                }
            }
        }
        for (heads, changes) in sums {
            by.heads.push(heads.as_chunks::<3>().0.iter().map(|h| DVec3::from(*h)).collect());
            let turned = changes.as_chunks::<9>().0.iter().enumerate().map(|(bone, c)| {
                if !self.bone_is_shaped[bone] {
                    return DMat3::ZERO;
                }
                let dm = DMat3::from_cols_array(c).transpose();
                nearest_rotation_derivative(&rotations[bone], &sensitivity[bone], &dm)
            });
            by.rotations.push(turned.collect());
        }
        by
    }
}

/// Derivatives of the bones at rest: per axis, per bone.
pub(super) struct BonesBy {
    pub heads: Vec<Vec<DVec3>>,
    pub rotations: Vec<Vec<DMat3>>,
}

/// Bones whose orientation depends on the shape at all.
pub(super) fn shaped_bones(n_bones: usize, covariance_shapes: &[f32]) -> Vec<bool> {
    let mut shaped = vec![false; n_bones];
    for row in covariance_shapes.chunks_exact(9 * n_bones) {
        for (bone, matrix) in row.as_chunks::<9>().0.iter().enumerate() {
            shaped[bone] |= *matrix != [0.0; 9];
        }
    }
    shaped
}

fn add(sum: &mut [f64], part: &[f32], weight: f64) {
    wide(|| {
        for (s, p) in sum.iter_mut().zip(part) {
            *s += weight * f64::from(*p);
        }
    });
}
