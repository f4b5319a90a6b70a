//! Normal equations: the gradient and the Gauss-Newton matrix in skyline form, summed up vertex by vertex.

use bevy_math::DVec3;

use super::skyline::Skyline;
use crate::body::model::wide;

/// One linearisation.
pub struct Linear {
    pub matrix: Skyline,
    /// Half the gradient of the cost: `Jᵀ r`.
    pub gradient: Vec<f64>,
    pub cost: f64,
}

/// Where one vertex is, and how it moves with the unknowns that it feels.
#[derive(Default)]
pub struct Motion {
    pub position: DVec3,
    /// Stretches of unknowns that follow each other: the first one's place, and how many.
    spans: Vec<(usize, usize)>,
    /// Components of the motion, side by side over all spans.
    by: [Vec<f64>; 3],
}

impl Motion {
    pub fn clear(&mut self) {
        self.spans.clear();
        self.by.iter_mut().for_each(Vec::clear);
    }

    /// Unknowns from `place` on, behind those that are there.
    pub fn push(&mut self, place: usize, by: impl IntoIterator<Item = DVec3>) {
        let before = self.by[0].len();
        for d in by {
            for (component, value) in self.by.iter_mut().zip(d.to_array()) {
                component.push(value);
            }
        }
        let n = self.by[0].len() - before;
        match self.spans.last_mut() {
            Some((first, len)) if *first + *len == place => *len += n,
            _ => self.spans.push((place, n)),
        }
    }
}

impl Linear {
    /// All zero; row `i` of the matrix begins at column `first[i]`.
    pub fn new(first: Vec<usize>) -> Self {
        Self { gradient: vec![0.0; first.len()], matrix: Skyline::new(first), cost: 0.0 }
    }

    /// Adds that a vertex should be at a point, or, with a unit normal, on the plane through it.
    pub fn add(&mut self, motion: &Motion, target: DVec3, normal: Option<DVec3>, weight: f64) {
        let off = motion.position - target;
        let [x, y, z] = &motion.by;
        let weight = weight * weight;
        let Some(normal) = normal else {
            return self.add_rows(&motion.spans, [x, y, z], off.to_array(), weight);
        };
        let along: Vec<f64> =
            x.iter().zip(y).zip(z).map(|((x, y), z)| x * normal.x + y * normal.y + z * normal.z).collect();
        self.add_rows(&motion.spans, [&along], [off.dot(normal)], weight);
    }

    /// Adds residuals with their rows of the Jacobian, which have entries in some spans of unknowns only.
    fn add_rows<const N: usize>(
        &mut self,
        spans: &[(usize, usize)],
        rows: [&[f64]; N],
        residuals: [f64; N],
        weight: f64,
    ) {
        let Self { matrix, gradient, cost } = self;
        *cost += weight * residuals.iter().map(|r| r * r).sum::<f64>();
        wide(|| {
            let mut n = 0;
            for (s, &(place, len)) in spans.iter().enumerate() {
                for (i, slope) in gradient.iter_mut().enumerate().skip(place).take(len) {
                    let factors = rows.map(|row| row[n] * weight);
                    n += 1;
                    for k in 0..N {
                        *slope += factors[k] * residuals[k];
                    }
                    let (first, sums) = matrix.row(i);
                    let mut from = 0;
                    for &(place, len) in &spans[..=s] {
                        let len = len.min(i + 1 - place);
                        let parts = rows.map(|row| &row[from..from + len]);
                        for (j, sum) in sums[place - first..][..len].iter_mut().enumerate() {
                            for k in 0..N {
                                *sum += factors[k] * parts[k][j];
                            }
                        }
                        from += len;
                    }
                }
            }
        });
    }

    /// Adds a wish about one unknown itself: `value` should be `mean`, give or take `sigma`.
    pub fn prefer(&mut self, place: usize, value: f64, mean: f64, sigma: f64) {
        let information = 1.0 / (sigma * sigma);
        self.cost += (value - mean).powi(2) * information;
        self.gradient[place] += (value - mean) * information;
        *self.matrix.at(place, place) += information;
    }
}
