//! Principal components: of a whole table, and of a running stream.
//!
//! The batch version is power iteration with deflation on the covariance, never formed. The running version is
//! candid covariance-free incremental PCA (Weng, Zhang & Hwang, IEEE PAMI 2003) with forgetting.

/// Directions of largest variance of a whole table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pca {
    pub mean: Vec<f64>,
    /// Unit vectors, largest variance first; each one's largest entry is positive.
    pub components: Vec<Vec<f64>>,
    /// Variance along each component, with n - 1 in the denominator.
    pub variances: Vec<f64>,
}

const MAX_ITERATIONS: usize = 5_000;

/// The first `n_components` of a table of rows; fewer where the table has less rank.
pub fn pca(rows: &[Vec<f64>], n_components: usize) -> Option<Pca> {
    let width = rows.first()?.len();
    if rows.len() < 2 || rows.iter().any(|row| row.len() != width) {
        return None;
    }
    let n = rows.len() as f64;
    let mut mean = vec![0.0; width];
    for row in rows {
        mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
    }
    let mut centred: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().zip(&mean).map(|(v, m)| v - m).collect()).collect();
    let total: f64 = centred.iter().map(|row| dot(row, row)).sum();
    let mut pca = Pca { mean, ..Pca::default() };
    for _ in 0..n_components.min(width).min(rows.len() - 1) {
        // The row of largest size is a start that is never orthogonal to everything.
        let Some(start) = centred.iter().max_by(|a, b| dot(a, a).total_cmp(&dot(b, b))) else { break };
        let mut direction = start.clone();
        if !normalise(&mut direction) || dot(start, start) <= 1e-20 * total {
            break;
        }
        for _ in 0..MAX_ITERATIONS {
            let mut next = vec![0.0; width];
            for row in &centred {
                let score = dot(row, &direction);
                next.iter_mut().zip(row).for_each(|(d, v)| *d += score * v);
            }
            if !normalise(&mut next) {
                break;
            }
            let change: f64 = next.iter().zip(&direction).map(|(a, b)| (a - b) * (a - b)).sum();
            direction = next;
            if change < 1e-26 {
                break;
            }
        }
        let largest = direction.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
        if largest < 0.0 {
            direction.iter_mut().for_each(|d| *d = -*d);
        }
        let mut power = 0.0;
        for row in &mut centred {
            let score = dot(row, &direction);
            power += score * score;
            row.iter_mut().zip(&direction).for_each(|(v, d)| *v -= score * d);
        }
        pca.components.push(direction);
        pca.variances.push(power / (n - 1.0));
    }
    Some(pca)
}

impl Pca {
    /// The row's coordinates along the components.
    pub fn scores(&self, row: &[f64]) -> Vec<f64> {
        let centred: Vec<f64> = row.iter().zip(&self.mean).map(|(v, m)| v - m).collect();
        self.components.iter().map(|component| dot(&centred, component)).collect()
    }
}

/// Running PCA; directions turn slowly, so scores keep their sign.
#[derive(Clone, Debug)]
pub struct StreamingPca {
    mean: Vec<f32>,
    /// Directions, each as long as the variance along it.
    weighted: Vec<Vec<f32>>,
    n_components: usize,
    n_rows: f32,
    /// Rows after which old ones have lost most of their weight.
    memory_rows: f32,
    residual: Vec<f32>,
}

/// How much the newest row counts above its share; 2 to 4 in Weng et al.
const AMNESIA: f32 = 2.0;

impl StreamingPca {
    pub fn new(width: usize, n_components: usize, memory_rows: f32) -> Self {
        Self {
            mean: vec![0.0; width],
            weighted: Vec::new(),
            n_components: n_components.min(width),
            n_rows: 0.0,
            memory_rows: memory_rows.max(8.0),
            residual: vec![0.0; width],
        }
    }

    /// Learns from a row and writes its scores, `n_components` of them; directions not yet known score zero.
    pub fn push(&mut self, row: &[f32], scores: &mut Vec<f32>) {
        scores.clear();
        self.n_rows = (self.n_rows + 1.0).min(self.memory_rows);
        let share = if self.n_rows > 2.0 * AMNESIA + 1.0 { (1.0 + AMNESIA) / self.n_rows } else { self.n_rows.recip() };
        for ((residual, mean), value) in self.residual.iter_mut().zip(&mut self.mean).zip(row) {
            *mean += (value - *mean) / self.n_rows;
            *residual = value - *mean;
        }
        for weighted in &mut self.weighted {
            let size = dot32(weighted, weighted).sqrt();
            if size <= 0.0 {
                scores.push(0.0);
                continue;
            }
            let score = dot32(&self.residual, weighted) / size;
            scores.push(score);
            for (w, r) in weighted.iter_mut().zip(&self.residual) {
                *w += share * (score * r - *w);
            }
            let turned_size_sq = dot32(weighted, weighted);
            if turned_size_sq > 0.0 {
                let along = dot32(&self.residual, weighted) / turned_size_sq;
                self.residual.iter_mut().zip(weighted.iter()).for_each(|(r, w)| *r -= along * w);
            }
        }
        if self.weighted.len() < self.n_components && self.n_rows > 1.0 {
            let size = dot32(&self.residual, &self.residual).sqrt();
            if size > 0.0 {
                // Weighted by the variance along it, which one row guesses as its own power.
                self.weighted.push(self.residual.iter().map(|r| r * size).collect());
            }
        }
        scores.resize(self.n_components, 0.0);
    }

    /// Unit vectors found so far and the variance along each.
    pub fn components(&self) -> Vec<(Vec<f32>, f32)> {
        let unit = |weighted: &Vec<f32>| {
            let size = dot32(weighted, weighted).sqrt();
            (weighted.iter().map(|w| if size > 0.0 { w / size } else { 0.0 }).collect(), size)
        };
        self.weighted.iter().map(unit).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn dot32(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn normalise(v: &mut [f64]) -> bool {
    let size = dot(v, v).sqrt();
    if size <= 0.0 {
        return false;
    }
    v.iter_mut().for_each(|x| *x /= size);
    true
}
