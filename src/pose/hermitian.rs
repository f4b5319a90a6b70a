//! Small Hermitian matrices as rows of real numbers, so that a trace of a product is a sum of products.

use nalgebra::DMatrix;

use super::layout::{MAX_ANTENNAS, N_BANDS};
use crate::types::Complex32;

/// Rows of the largest matrix that vectors are multiplied by.
const MAX_ROWS: usize = MAX_ANTENNAS * N_BANDS;

/// `[diagonal, real parts above it, imaginary parts above it]`; n² numbers.
pub(super) type Packed = Vec<f32>;

pub(super) fn packed(matrix: &DMatrix<Complex32>) -> Packed {
    let n = matrix.nrows();
    let above = || (0..n).flat_map(move |i| (i + 1..n).map(move |j| (i, j)));
    let mut packed: Packed = (0..n).map(|i| matrix[(i, i)].re).collect();
    packed.extend(above().map(|(i, j)| matrix[(i, j)].re));
    packed.extend(above().map(|(i, j)| matrix[(i, j)].im));
    packed
}

/// `scale · x·xᴴ` added to `sum`, with the parts above the diagonal twice, so that [`dot`] with a packed matrix A gives
/// the trace of their product, `scale · xᴴ·A·x`.
pub(super) fn add_outer(sum: &mut Packed, x: &[Complex32], scale: f32) {
    let n = x.len();
    sum.resize(n * n, 0.0);
    let (diagonal, above) = sum.split_at_mut(n);
    let (re, im) = above.split_at_mut(n * (n - 1) / 2);
    diagonal.iter_mut().zip(x).for_each(|(sum, x)| *sum += scale * x.norm_sqr());
    let mut at = 0;
    for (i, a) in x.iter().enumerate() {
        let a = a * (2.0 * scale);
        let rest = &x[i + 1..];
        let row = re[at..at + rest.len()].iter_mut().zip(&mut im[at..at + rest.len()]);
        for ((re, im), b) in row.zip(rest) {
            *re += a.re * b.re + a.im * b.im;
            *im += a.im * b.re - a.re * b.im;
        }
        at += rest.len();
    }
}

pub(super) fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight sums, so that the loop becomes vectors.
    let mut sums = [0.0_f32; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + rest
}

/// A positive definite matrix's inverse and the log of its determinant.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    pub(super) packed: Packed,
    /// By columns, real and imaginary parts apart, so that products with vectors become vectors of the processor.
    re: Vec<f32>,
    im: Vec<f32>,
    pub(super) log_determinant: f32,
}

impl Inverse {
    /// `None` where rounding has made it indefinite.
    pub(super) fn new(matrix: DMatrix<Complex32>) -> Option<Self> {
        let factor = matrix.cholesky()?;
        let log_determinant = factor.l_dirty().diagonal().iter().map(|value| 2.0 * value.re.ln()).sum();
        let matrix = factor.inverse();
        let part = |of: fn(&Complex32) -> f32| matrix.iter().map(of).collect();
        Some(Self { packed: packed(&matrix), re: part(|v| v.re), im: part(|v| v.im), log_determinant })
    }

    /// The product with a vector to `along`, and `xᴴ·A·x`.
    pub(super) fn times(&self, x: &[Complex32], along: &mut Vec<Complex32>) -> f32 {
        let n = x.len();
        let (mut re, mut im) = ([0.0_f32; MAX_ROWS], [0.0_f32; MAX_ROWS]);
        for (x, (a, b)) in x.iter().zip(self.re.chunks_exact(n).zip(self.im.chunks_exact(n))) {
            let sums = re.iter_mut().zip(&mut im).zip(a.iter().zip(b));
            sums.for_each(|((re, im), (a, b))| {
                *re += a * x.re - b * x.im;
                *im += a * x.im + b * x.re;
            });
        }
        along.clear();
        along.extend(re.iter().zip(&im).take(n).map(|(&re, &im)| Complex32::new(re, im)));
        along.iter().zip(x).map(|(a, x)| a.re * x.re + a.im * x.im).sum()
    }
}
