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

/// Matrices that are inverted side by side, one in each part of the processor's vectors.
const LANES: usize = 8;
type Lanes = [f32; LANES];

fn lanes(of: impl FnMut(usize) -> f32) -> Lanes {
    std::array::from_fn(of)
}

impl Inverse {
    /// Of `scale·A + I` for each packed matrix A of `n` rows; `None` where rounding has made one indefinite.
    pub(super) fn of_all(matrices: &[Packed], n: usize, scale: f32) -> Vec<Option<Self>> {
        matrices.chunks(LANES).flat_map(|part| Self::side_by_side(part, n, scale)).collect()
    }

    fn side_by_side(part: &[Packed], n: usize, scale: f32) -> Vec<Option<Self>> {
        let mut sum: Vec<Lanes> =
            (0..n * n).map(|at| lanes(|lane| part.get(lane).map_or(0.0, |matrix| scale * matrix[at]))).collect();
        sum[..n].iter_mut().flatten().for_each(|value| *value += 1.0);
        let pivots = swept(&mut sum, n);
        let of_lane = |lane: usize| {
            let positive = pivots.iter().all(|pivot| pivot[lane] > 0.0 && pivot[lane].is_finite());
            positive.then(|| {
                let packed: Packed = sum.iter().map(|value| -value[lane]).collect();
                Self::from_packed(packed, n, pivots.iter().map(|pivot| pivot[lane].ln()).sum())
            })
        };
        (0..part.len()).map(of_lane).collect()
    }

    fn from_packed(packed: Packed, n: usize, log_determinant: f32) -> Self {
        let (mut re, mut im) = (vec![0.0; n * n], vec![0.0; n * n]);
        let n_above = n * (n - 1) / 2;
        let mut at = n;
        for i in 0..n {
            re[i * n + i] = packed[i];
            for j in i + 1..n {
                (re[i * n + j], re[j * n + i]) = (packed[at], packed[at]);
                // Element (i, j) lies in column j.
                (im[i * n + j], im[j * n + i]) = (-packed[at + n_above], packed[at + n_above]);
                at += 1;
            }
        }
        Self { packed, re, im, log_determinant }
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

/// Sweeps every row of packed Hermitian matrices, which leaves their inverses with the other sign, and returns the pivots,
/// whose product is the determinant (Goodnight, "A tutorial on the SWEEP operator", 1979, with complex numbers).
fn swept(packed: &mut [Lanes], n: usize) -> Vec<Lanes> {
    let (diagonal, above) = packed.split_at_mut(n);
    let (re, im) = above.split_at_mut(n * (n - 1) / 2);
    // Where row i's part above the diagonal begins, less i + 1.
    let row = |i: usize| (i * (2 * n - i - 1) / 2).wrapping_sub(i + 1);
    let at = |i: usize, j: usize| row(i).wrapping_add(j);
    let (mut column_re, mut column_im) = ([[0.0; LANES]; MAX_ROWS], [[0.0; LANES]; MAX_ROWS]);
    let mut pivots = Vec::with_capacity(n);
    for k in 0..n {
        let pivot = diagonal[k];
        let share = pivot.map(f32::recip);
        // Column k; it counts as empty at k, so that the sums pass by what is written below.
        for i in 0..k {
            (column_re[i], column_im[i]) = (re[at(i, k)], im[at(i, k)]);
        }
        (column_re[k], column_im[k]) = ([0.0; LANES], [0.0; LANES]);
        for j in k + 1..n {
            (column_re[j], column_im[j]) = (re[at(k, j)], im[at(k, j)].map(|value| -value));
        }
        let mut first = 0;
        for i in 0..n {
            let own_re = lanes(|l| column_re[i][l] * share[l]);
            let own_im = lanes(|l| column_im[i][l] * share[l]);
            diagonal[i] = lanes(|l| diagonal[i][l] - own_re[l] * column_re[i][l] - own_im[l] * column_im[i][l]);
            let n_right = n - i - 1;
            let part = re[first..first + n_right].iter_mut().zip(&mut im[first..first + n_right]);
            for ((re, im), (b_re, b_im)) in part.zip(column_re[i + 1..n].iter().zip(&column_im[i + 1..n])) {
                *re = lanes(|l| re[l] - own_re[l] * b_re[l] - own_im[l] * b_im[l]);
                *im = lanes(|l| im[l] - own_im[l] * b_re[l] + own_re[l] * b_im[l]);
            }
            first += n_right;
        }
        diagonal[k] = share.map(|value| -value);
        for i in 0..k {
            re[at(i, k)] = lanes(|l| column_re[i][l] * share[l]);
            im[at(i, k)] = lanes(|l| column_im[i][l] * share[l]);
        }
        for j in k + 1..n {
            re[at(k, j)] = lanes(|l| column_re[j][l] * share[l]);
            im[at(k, j)] = lanes(|l| -column_im[j][l] * share[l]);
        }
        pivots.push(pivot);
    }
    pivots
}
