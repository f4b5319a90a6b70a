//! Columns to mean zero and standard deviation one, as they were in the table that was learned from.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub mean: Vec<f64>,
    /// Population standard deviation; one where a column never changes.
    pub deviation: Vec<f64>,
}

impl Scale {
    pub fn of(rows: &[Vec<f64>]) -> Self {
        let width = rows.first().map_or(0, Vec::len);
        let n = rows.len().max(1) as f64;
        let mut mean = vec![0.0; width];
        for row in rows {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / n);
        }
        let mut deviation = vec![0.0; width];
        for row in rows {
            deviation.iter_mut().zip(row.iter().zip(&mean)).for_each(|(d, (v, m))| *d += (v - m) * (v - m) / n);
        }
        deviation.iter_mut().for_each(|d| *d = if *d > 1e-24 { d.sqrt() } else { 1.0 });
        Self { mean, deviation }
    }

    pub fn apply(&self, row: &[f64]) -> Vec<f64> {
        row.iter().zip(&self.mean).zip(&self.deviation).map(|((v, m), d)| (v - m) / d).collect()
    }
}
