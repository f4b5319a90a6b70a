//! How far a figure would move with other records of the same kinds: percentile intervals of stratified resamples.
//!
//! Records of one stratum (a person's records of one class) are redrawn among themselves. The intervals therefore say
//! nothing about other people and rooms, which is where the real uncertainty lies.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

use super::super::order::quantile;

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Whether the whole interval lies above another.
    pub fn is_above(&self, other: &Self) -> bool {
        self.low > other.high
    }
}

/// Often enough for two digits of a 95 % interval.
pub const N_RESAMPLES: usize = 400;

/// The figure of all records and its interval. `strata` names each record's stratum; `figure` is asked with the places of
/// the drawn records. `None` where the figure of all records does not exist.
pub fn interval(strata: &[usize], seed: u64, figure: impl Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
    let all: Vec<usize> = (0..strata.len()).collect();
    let value = figure(&all)?;
    let mut by_stratum: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, stratum) in strata.iter().enumerate() {
        match by_stratum.iter_mut().find(|(known, _)| known == stratum) {
            Some((_, members)) => members.push(at),
            None => by_stratum.push((*stratum, vec![at])),
        }
    }
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(strata.len());
    let mut figures = Vec::with_capacity(N_RESAMPLES);
    for _ in 0..N_RESAMPLES {
        drawn.clear();
        for (_, members) in &by_stratum {
            let n = members.len() as u64;
            drawn.extend(members.iter().filter_map(|_| members.get((((dice.next_u64() >> 32) * n) >> 32) as usize)));
        }
        figures.extend(figure(&drawn));
    }
    Some(Interval { value, low: quantile(figures.clone(), 0.025)?, high: quantile(figures, 0.975)? })
}
