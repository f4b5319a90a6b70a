//! Normal equations: what each residual adds to them, and their solution.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};

use crate::body::model::wide;

/// `½ stepᵀ information step + gradientᵀ step + cost`, gathered row by row.
#[derive(Clone, Debug)]
pub struct Normal {
    pub n: usize,
    /// Upper triangle, row by row, full storage.
    pub information: Vec<f64>,
    pub gradient: Vec<f64>,
    pub cost: f64,
}

impl Normal {
    pub fn new(n: usize) -> Self {
        Self { n, information: vec![0.0; n * n], gradient: vec![0.0; n], cost: 0.0 }
    }

    /// Adds `½ weight (residual + row · step)²`; the cost is added by the caller, since it may be a robust one.
    pub fn add_row(&mut self, row: &[f64], residual: f64, weight: f64) {
        for i in 0..self.n {
            let scaled = weight * row[i];
            if scaled != 0.0 {
                self.gradient[i] += scaled * residual;
                let line = &mut self.information[i * self.n + i..(i + 1) * self.n];
                wide(|| {
                    for (sum, value) in line.iter_mut().zip(&row[i..]) {
                        *sum += scaled * value;
                    }
                });
            }
        }
    }

    /// The same for a row that is zero but for three unknowns from `first` on.
    pub fn add_block(&mut self, first: usize, row: [f64; 3], residual: f64, weight: f64) {
        for i in 0..3 {
            self.gradient[first + i] += weight * row[i] * residual;
            for j in i..3 {
                self.information[(first + i) * self.n + first + j] += weight * row[i] * row[j];
            }
        }
    }

    /// Adds a term in one unknown: slope and curvature of its cost.
    pub fn add_scalar(&mut self, at: usize, cost: f64, slope: f64, curvature: f64) {
        self.cost += cost;
        self.gradient[at] += slope;
        self.information[at * self.n + at] += curvature;
    }

    /// The information as a full symmetric matrix.
    pub fn matrix(&self) -> DMatrix<f64> {
        DMatrix::from_fn(self.n, self.n, |i, j| self.information[i.min(j) * self.n + i.max(j)])
    }
}

/// The system of all photos, with the unknowns of each photo separable from the common ones.
pub struct Joint {
    /// Common unknowns: axes, then joints.
    pub common: Normal,
    pub views: Vec<ViewBlock>,
}

/// One photo's own unknowns and how they couple to the common ones.
pub struct ViewBlock {
    pub own: DMatrix<f64>,
    pub gradient: DVector<f64>,
    /// Rows: own unknowns; columns: common ones.
    pub coupling: DMatrix<f64>,
}

/// The common unknowns after the photos' own were eliminated.
struct Reduced {
    information: DMatrix<f64>,
    gradient: DVector<f64>,
    own: Vec<Own>,
}

/// One photo's own unknowns: their factored information, what ties them to the common ones, and their gradient.
type Own = (Cholesky<f64, Dyn>, DMatrix<f64>, DVector<f64>);

impl Joint {
    /// Schur complement, with Levenberg-Marquardt damping relative to the diagonal. `frozen` common unknowns do not move.
    fn reduce(&self, damping: f64, frozen: &[bool]) -> Option<Reduced> {
        let mut information = self.common.matrix();
        let mut gradient = DVector::from_column_slice(&self.common.gradient);
        damp(&mut information, damping);
        let mut own = Vec::with_capacity(self.views.len());
        for view in &self.views {
            let mut block = view.own.clone();
            damp(&mut block, damping);
            let factor = Cholesky::new(block)?;
            let coupled = factor.solve(&view.coupling);
            let alone = factor.solve(&view.gradient);
            information -= view.coupling.transpose() * &coupled;
            gradient -= view.coupling.transpose() * &alone;
            own.push((factor, coupled, alone));
        }
        for (at, _) in frozen.iter().enumerate().filter(|(_, frozen)| **frozen) {
            information.row_mut(at).fill(0.0);
            information.column_mut(at).fill(0.0);
            information[(at, at)] = 1.0;
            gradient[at] = 0.0;
        }
        Some(Reduced { information, gradient, own })
    }

    /// The step that minimises the damped quadratic, in the order of [`super::state::State::moved`]; `None` if there is none.
    pub fn step(&self, damping: f64, frozen: &[bool]) -> Option<Vec<f64>> {
        let reduced = self.reduce(damping, frozen)?;
        let common = -Cholesky::new(reduced.information)?.solve(&reduced.gradient);
        let mut step: Vec<f64> = common.iter().copied().collect();
        for (_, coupled, alone) in &reduced.own {
            let own = -(alone + coupled * &common);
            step.extend(own.iter());
        }
        step.iter().all(|d| d.is_finite()).then_some(step)
    }

    /// Covariance of the first `n` common unknowns, all others marginalised; `None` where the system is singular.
    pub fn covariance(&self, n: usize) -> Option<DMatrix<f64>> {
        let reduced = self.reduce(1e-9, &[])?;
        let inverse = Cholesky::new(reduced.information)?.inverse();
        Some(inverse.view((0, 0), (n, n)).into_owned())
    }

    pub fn cost(&self) -> f64 {
        self.common.cost
    }
}

fn damp(matrix: &mut DMatrix<f64>, damping: f64) {
    for i in 0..matrix.nrows() {
        matrix[(i, i)] += damping * matrix[(i, i)].abs() + 1e-9;
    }
}
