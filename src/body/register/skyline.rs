//! Symmetric positive systems whose rows begin late: the envelope (skyline) form of Cholesky's factorisation.
//!
//! A bone's rotation meets only the bones below it and its neighbours in the skin; ordered from the fingertips inwards,
//! most rows of the normal equations begin close to their diagonal, and what lies before stays zero in the factor.

/// The lower triangle, each row from its first column that can be other than zero.
#[derive(Clone, Debug, Default)]
pub struct Skyline {
    first: Vec<usize>,
    /// Where each row starts in `values`.
    start: Vec<usize>,
    values: Vec<f64>,
}

impl Skyline {
    /// All zero; row `i` has the columns `first[i]..=i`.
    pub fn new(first: Vec<usize>) -> Self {
        let mut start = Vec::with_capacity(first.len());
        let mut n = 0;
        for (i, &f) in first.iter().enumerate() {
            start.push(n);
            n += i + 1 - f.min(i);
        }
        let first = first.iter().enumerate().map(|(i, &f)| f.min(i)).collect();
        Self { first, start, values: vec![0.0; n] }
    }

    pub fn n(&self) -> usize {
        self.first.len()
    }

    /// The element at `i >= j >= first[i]`.
    #[inline]
    pub fn at(&mut self, i: usize, j: usize) -> &mut f64 {
        debug_assert!(i >= j && j >= self.first[i], "outside the envelope");
        &mut self.values[self.start[i] + j - self.first[i]]
    }

    /// Row `i` from its first column to the diagonal, and which column that is.
    #[inline(always)]
    pub fn row(&mut self, i: usize) -> (usize, &mut [f64]) {
        let first = self.first[i];
        (first, &mut self.values[self.start[i]..][..i + 1 - first])
    }

    pub fn diagonal(&self, i: usize) -> f64 {
        self.values[self.start[i] + i - self.first[i]]
    }

    /// Calls `visit(i, element)` for every other row of a column.
    pub fn column(&self, j: usize, mut visit: impl FnMut(usize, f64)) {
        for i in self.first[j]..j {
            visit(i, self.values[self.start[j] + i - self.first[j]]);
        }
        for i in j + 1..self.n() {
            if self.first[i] <= j {
                visit(i, self.values[self.start[i] + j - self.first[i]]);
            }
        }
    }

    /// Cuts a variable off: its row and column become those of the identity.
    pub fn isolate(&mut self, i: usize) {
        let row = self.start[i];
        self.values[row..row + i - self.first[i]].fill(0.0);
        *self.at(i, i) = 1.0;
        for below in i + 1..self.n() {
            if self.first[below] <= i {
                *self.at(below, i) = 0.0;
            }
        }
    }

    /// Solves for `b`; `None` when the matrix is not positive.
    pub fn solve(mut self, b: &[f64]) -> Option<Vec<f64>> {
        let n = self.n();
        for i in 0..n {
            let (before, row) = self.values.split_at_mut(self.start[i]);
            let first = self.first[i];
            for j in first..i {
                let from = first.max(self.first[j]);
                let other = &before[self.start[j] + from - self.first[j]..][..j - from + 1];
                let (above, own) = (&other[..j - from], from - first);
                let sum = dot(above, &row[own..own + j - from]);
                row[j - first] = (row[j - first] - sum) / other[j - from];
            }
            let own = &row[..i - first];
            let pivot = row[i - first] - dot(own, own);
            if !(pivot.is_finite() && pivot > 0.0) {
                return None;
            }
            row[i - first] = pivot.sqrt();
        }
        let mut x = b.to_vec();
        for i in 0..n {
            let row = &self.values[self.start[i]..][..i + 1 - self.first[i]];
            let (own, pivot) = (&row[..i - self.first[i]], row[i - self.first[i]]);
            x[i] = (x[i] - dot(own, &x[self.first[i]..i])) / pivot;
        }
        for i in (0..n).rev() {
            let row = &self.values[self.start[i]..][..i + 1 - self.first[i]];
            x[i] /= row[i - self.first[i]];
            let xi = x[i];
            for (target, l) in x[self.first[i]..i].iter_mut().zip(row) {
                *target -= l * xi;
            }
        }
        x.iter().all(|x| x.is_finite()).then_some(x)
    }
}

/// Four sums at a time, which the processor can keep apart.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a4, a_rest) = a.as_chunks::<4>();
    let (b4, b_rest) = b[..a.len()].as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (x, y) in a4.iter().zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}
