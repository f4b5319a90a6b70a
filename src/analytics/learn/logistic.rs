//! Logistic regression with a quadratic penalty: a verdict whose reasons can be read off.
//!
//! Minimises `C·Σ wᵢ·log(1 + exp(-yᵢ·zᵢ)) + ½·|b|²` with the classes weighted to equal totals and the offset unpenalised, on
//! columns scaled to deviation one, by Newton's method with halved steps. It is the objective that scikit-learn's
//! `LogisticRegression(C, class_weight="balanced")` minimises, which a test holds it against.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use super::scale::Scale;

/// A fitted model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    pub scale: Scale,
    /// One weight per column, per standard deviation.
    pub weights: Vec<f64>,
    pub offset: f64,
}

const MAX_STEPS: usize = 100;
/// Stops when no weight moves by more.
const TOLERANCE: f64 = 1e-9;

impl Logistic {
    /// `None` where one class is missing or the rows are of unequal length.
    pub fn fit(rows: &[Vec<f64>], positive: &[bool], c: f64) -> Option<Self> {
        let n = rows.len();
        let width = rows.first()?.len();
        let n_positive = positive.iter().take(n).filter(|p| **p).count();
        let is_whole = positive.len() == n && rows.iter().all(|row| row.len() == width);
        if !is_whole || n_positive == 0 || n_positive == n || c <= 0.0 {
            return None;
        }
        let scale = Scale::of(rows);
        let scaled: Vec<Vec<f64>> = rows.iter().map(|row| scale.apply(row)).collect();
        let table = DMatrix::from_fn(n, width + 1, |i, j| scaled.get(i).and_then(|row| row.get(j)).map_or(1.0, |v| *v));
        let share = |p: bool| n as f64 / (2.0 * if p { n_positive } else { n - n_positive } as f64);
        let weight = DVector::from_iterator(n, positive.iter().map(|p| c * share(*p)));
        let target = DVector::from_iterator(n, positive.iter().map(|p| f64::from(u8::from(*p))));
        let mut beta = DVector::zeros(width + 1);
        let mut loss = objective(&table, &weight, &target, &beta);
        for _ in 0..MAX_STEPS {
            let chance = (&table * &beta).map(sigmoid);
            let mut gradient = table.tr_mul(&(&chance - &target).component_mul(&weight));
            let curvature = chance.zip_map(&weight, |p, w| w * (p * (1.0 - p)).max(1e-12));
            let mut bent = table.clone();
            for mut column in bent.column_iter_mut() {
                column.component_mul_assign(&curvature);
            }
            let mut hessian = table.tr_mul(&bent);
            for j in 0..width {
                gradient[j] += beta[j];
                hessian[(j, j)] += 1.0;
            }
            let step = hessian.cholesky()?.solve(&gradient);
            let mut share = 1.0;
            let (next, next_loss) = loop {
                let next = &beta - &step * share;
                let next_loss = objective(&table, &weight, &target, &next);
                if next_loss <= loss || share < 1e-6 {
                    break (next, next_loss);
                }
                share /= 2.0;
            };
            let change = (&next - &beta).amax();
            (beta, loss) = (next, next_loss);
            if change < TOLERANCE {
                break;
            }
        }
        let weights: Vec<f64> = beta.iter().take(width).copied().collect();
        Some(Self { scale, weights, offset: beta[width] })
    }

    /// Log-odds of the positive class.
    pub fn score(&self, row: &[f64]) -> f64 {
        self.offset + self.contributions(row).iter().sum::<f64>()
    }

    /// Probability of the positive class where both were equally frequent.
    pub fn probability(&self, row: &[f64]) -> f64 {
        sigmoid(self.score(row))
    }

    /// What each column adds to the log-odds, in the order of the columns.
    pub fn contributions(&self, row: &[f64]) -> Vec<f64> {
        self.scale.apply(row).iter().zip(&self.weights).map(|(v, w)| v * w).collect()
    }
}

fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}

fn objective(table: &DMatrix<f64>, weight: &DVector<f64>, target: &DVector<f64>, beta: &DVector<f64>) -> f64 {
    let z = table * beta;
    // log(1 + exp(z)) without overflow.
    let softplus = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
    let loss: f64 = z.iter().zip(weight).zip(target).map(|((z, w), y)| w * (softplus(*z) - y * z)).sum();
    loss + 0.5 * beta.iter().take(beta.len() - 1).map(|b| b * b).sum::<f64>()
}
