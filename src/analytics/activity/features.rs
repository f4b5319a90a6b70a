//! How a channel changes around each step: how much, and how fast, in one or more widths of time.

use super::super::clean::{Clean, RATE_HZ};
use super::super::fall::features::autocorrelation;
use super::{STEP_SECS, WINDOW_SECS};

/// Widths of time that are looked at around each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contexts {
    /// The step itself, half a second.
    Short,
    /// Also a second and a half.
    Medium,
    /// Also three seconds.
    Long,
}

impl Contexts {
    pub const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    fn secs(self) -> &'static [f64] {
        match self {
            Self::Short => &[0.5],
            Self::Medium => &[0.5, 1.5],
            Self::Long => &[0.5, 1.5, 3.0],
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Short => "0.5 s",
            Self::Medium => "0.5 and 1.5 s",
            Self::Long => "0.5, 1.5 and 3 s",
        }
    }
}

/// Lags of the autocorrelation, samples of 20 ms.
const LAGS: [usize; 5] = [1, 2, 3, 5, 10];

/// The features of each step that fits into the stretch. A step begins at a multiple of [`STEP_SECS`].
pub fn steps(clean: &Clean, contexts: Contexts) -> Vec<Vec<f64>> {
    let n = clean.len();
    let window = (WINDOW_SECS * RATE_HZ) as usize;
    let starts = (0..).map(|i| (f64::from(i) * STEP_SECS * RATE_HZ).round() as usize);
    starts
        .take_while(|start| start + window <= n)
        .map(|start| {
            let middle = start + window / 2;
            let around = |secs: &f64| {
                let half = (secs * RATE_HZ / 2.0).round() as usize;
                figures(clean, middle.saturating_sub(half)..(middle + half).min(n))
            };
            contexts.secs().iter().flat_map(around).collect()
        })
        .collect()
}

/// Mean and largest deviation of the columns, and how long the channel remembers.
fn figures(clean: &Clean, range: std::ops::Range<usize>) -> Vec<f64> {
    let width = clean.n_columns();
    let rows = clean.rows.get(range.start * width..range.end * width).unwrap_or_default();
    let n = range.len().max(1) as f64;
    let deviations: Vec<f64> = (0..width)
        .map(|column| {
            let values = || rows.iter().skip(column).step_by(width);
            let mean = values().sum::<f64>() / n;
            (values().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt()
        })
        .collect();
    let mean = deviations.iter().sum::<f64>() / width.max(1) as f64;
    let largest = deviations.iter().copied().fold(0.0, f64::max);
    let lagged = autocorrelation(clean, range, 10);
    let mut out = vec![(mean + 1e-4).ln(), (largest + 1e-4).ln()];
    out.extend(LAGS.map(|lag| lagged.get(lag).copied().unwrap_or(0.0)));
    out
}
