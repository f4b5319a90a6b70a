//! The rotation nearest to a matrix, how it changes with the matrix, and rotation vectors.

use bevy_math::{DMat3, DQuat, DVec3};

/// The rotation that is nearest to `m` in the sense of least squares (special orthogonal Procrustes).
///
/// Where `m` has no single nearest rotation (rank below two) any of them; the identity where `m` is not finite.
pub fn nearest_rotation(m: &DMat3) -> DMat3 {
    let scale = frobenius(m);
    if !(scale.is_finite() && scale > 0.0) {
        return DMat3::IDENTITY;
    }
    let x = *m * (1.0 / scale);
    newton(x).unwrap_or_else(|| by_svd(&x))
}

/// Newton's iteration for the polar factor, scaled by determinant (Higham 1986). Only for matrices that do not mirror and are well
/// away from singular, which those of the body model are.
fn newton(mut x: DMat3) -> Option<DMat3> {
    if x.determinant() < 1e-6 {
        return None;
    }
    for _ in 0..30 {
        let det = x.determinant();
        let scale = det.abs().powf(-1.0 / 3.0);
        x *= scale;
        let next = (x + x.inverse().transpose()) * 0.5;
        let change = frobenius(&(next - x));
        x = next;
        if change < 1e-14 {
            return Some(x);
        }
        if !change.is_finite() {
            return None;
        }
    }
    (frobenius(&(x * x.transpose() - DMat3::IDENTITY)) < 1e-12).then_some(x)
}

fn by_svd(m: &DMat3) -> DMat3 {
    let matrix = nalgebra::Matrix3::from_column_slice(&m.to_cols_array());
    let svd = nalgebra::SVD::new(matrix, true, true);
    let (Some(mut u), Some(v_t)) = (svd.u, svd.v_t) else { return DMat3::IDENTITY };
    if (u * v_t).determinant() < 0.0 {
        let mut smallest = 0;
        for i in 1..3 {
            if svd.singular_values[i] < svd.singular_values[smallest] {
                smallest = i;
            }
        }
        u.column_mut(smallest).neg_mut();
    }
    let rotation = u * v_t;
    DMat3::from_cols_slice(rotation.as_slice())
}

fn frobenius(m: &DMat3) -> f64 {
    m.to_cols_array().iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// `(tr S · I − S)⁻¹` of the symmetric factor `S = Rᵀ M`: what [`nearest_rotation_derivative`] needs once per matrix.
pub fn rotation_sensitivity(m: &DMat3, nearest: &DMat3) -> DMat3 {
    let s = nearest.transpose() * *m;
    let s = (s + s.transpose()) * 0.5;
    let k = DMat3::IDENTITY * (s.x_axis.x + s.y_axis.y + s.z_axis.z) - s;
    if k.determinant().abs() > 1e-300 { k.inverse() } else { DMat3::ZERO }
}

/// How the nearest rotation `R` turns when its matrix changes by `dm`.
///
/// From `M = R S`: `Rᵀ dM − dMᵀ R = ΩS + SΩ` with `Ω = Rᵀ dR` skew, and `[ω]S + S[ω] = [(tr S · I − S) ω]`.
pub fn nearest_rotation_derivative(nearest: &DMat3, sensitivity: &DMat3, dm: &DMat3) -> DMat3 {
    let x = nearest.transpose() * *dm;
    let twice = DVec3::new(x.y_axis.z - x.z_axis.y, x.z_axis.x - x.x_axis.z, x.x_axis.y - x.y_axis.x);
    *nearest * cross_matrix(*sensitivity * twice)
}

/// The matrix that takes the cross product with `v` from the left.
pub fn cross_matrix(v: DVec3) -> DMat3 {
    DMat3::from_cols(DVec3::new(0.0, v.z, -v.y), DVec3::new(-v.z, 0.0, v.x), DVec3::new(v.y, -v.x, 0.0))
}

/// The rotation about `v` by its length in radians; the identity where it is not finite.
pub fn rotation_of(v: DVec3) -> DMat3 {
    if v == DVec3::ZERO || !v.is_finite() { DMat3::IDENTITY } else { DMat3::from_quat(DQuat::from_scaled_axis(v)) }
}

/// The left Jacobian of a rotation vector: `d exp(v) = [J dv]× exp(v)`.
pub fn left_jacobian(v: DVec3) -> DMat3 {
    let angle2 = v.length_squared();
    let k = cross_matrix(v);
    if angle2 < 1e-8 {
        return DMat3::IDENTITY + k * 0.5 + k * k * (1.0 / 6.0);
    }
    let angle = angle2.sqrt();
    DMat3::IDENTITY + k * ((1.0 - angle.cos()) / angle2) + k * k * ((angle - angle.sin()) / (angle2 * angle))
}
