//! Means with their uncertainty, medians and percentiles of small samples.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;

/// How often the sample is redrawn for an interval.
const N_RESAMPLES: usize = 2000;

/// A sample in a few numbers, in its own unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    pub n: usize,
    pub mean: f64,
    /// 95 % interval of the mean by bootstrap (percentiles of 2000 resamples, always the same ones).
    pub mean_low: f64,
    pub mean_high: f64,
    pub median: f64,
    pub p90: f64,
    pub max: f64,
}

/// `None` for an empty sample.
pub fn summary(sample: &[f64]) -> Option<Summary> {
    if sample.is_empty() {
        return None;
    }
    let mut means: Vec<f64> = resamples(sample).collect();
    means.sort_unstable_by(f64::total_cmp);
    let mut sorted = sample.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(Summary {
        n: sample.len(),
        mean: mean(sample),
        mean_low: percentile(&means, 0.025),
        mean_high: percentile(&means, 0.975),
        median: percentile(&sorted, 0.5),
        p90: percentile(&sorted, 0.9),
        max: sorted[sorted.len() - 1],
    })
}

pub fn mean(sample: &[f64]) -> f64 {
    sample.iter().sum::<f64>() / sample.len().max(1) as f64
}

/// Means of samples drawn from the sample, with replacement; a fixed seed.
fn resamples(sample: &[f64]) -> impl Iterator<Item = f64> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(68);
    let n = sample.len() as u64;
    (0..N_RESAMPLES).map(move |_| {
        // The top 32 bits times n: even enough for samples of a few hundred.
        let sum: f64 = (0..n).map(|_| sample[(((dice.next_u64() >> 32) * n) >> 32) as usize]).sum();
        sum / n as f64
    })
}

/// Linear between the two nearest of a sorted sample that is not empty.
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// The 95 % interval of the mean of a Poisson count (Garwood 1936): at its ends what was counted, or more extreme, has a
/// chance of 2.5 %.
pub fn poisson_interval(n: usize) -> (f64, f64) {
    // Chance of at most n at a mean; logarithms of terms one after the other, so that neither a factorial overflows nor
    // the first term of hundreds vanishes and takes the others with it.
    let at_most = |n: usize, mean: f64| {
        let mut log_term = -mean;
        let mut sum = log_term.exp();
        for k in 1..=n {
            log_term += (mean / k as f64).ln();
            sum += log_term.exp();
        }
        sum
    };
    let solve = |is_above: &dyn Fn(f64) -> bool| {
        let (mut low, mut high) = (0.0, 20.0 + 3.0 * n as f64);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if is_above(middle) { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    };
    let low = n.checked_sub(1).map_or(0.0, |below| solve(&|mean| 1.0 - at_most(below, mean) < 0.025));
    (low, solve(&|mean| at_most(n, mean) > 0.025))
}
