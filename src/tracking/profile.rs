//! What a tracker remembers of a person: stature, stride, usual speed and learnt features, each with its uncertainty.

use crate::types::{BodyFeatures, Estimate};

/// Stature, stride frequency, walking speed, then learnt features.
const N_NAMED: usize = 3;
/// Learnt features beyond these are not used.
pub const MAX_EMBEDDING: usize = 16;
const N_FEATURES: usize = N_NAMED + MAX_EMBEDDING;

/// What people are like: mean and standard deviation over people, and how far one person strays from themselves between
/// two visits (shoes, posture, haste).
#[derive(Clone, Copy)]
struct Spread {
    mean: f64,
    people: f64,
    person: f64,
}

/// Adults of both sexes: 1.59 to 1.73 m as means of women and men, 0.06 to 0.07 m within a sex (NCD-RisC, eLife 2016).
const HEIGHT_M: Spread = Spread { mean: 1.68, people: 0.10, person: 0.015 };
/// 110 to 120 steps a minute at a comfortable pace, 10 % between people (Öberg, Karsznia and Öberg, J. Rehabil. Res. Dev.
/// 30, 1993); indoors a little slower.
const STRIDE_HZ: Spread = Spread { mean: 0.90, people: 0.09, person: 0.05 };
/// Indoors, over short ways; the spread within a person is about that between people.
const SPEED_M_PER_S: Spread = Spread { mean: 0.95, people: 0.20, person: 0.15 };
/// Scaled by whoever learnt them.
const LEARNT: Spread = Spread { mean: 0.0, people: 1.0, person: 0.25 };

const fn spread(feature: usize) -> Spread {
    match feature {
        0 => HEIGHT_M,
        1 => STRIDE_HZ,
        2 => SPEED_M_PER_S,
        _ => LEARNT,
    }
}

/// One reading of a person: each feature with its variance, where it was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading([Option<(f64, f64)>; N_FEATURES]);

impl Reading {
    /// Leaves out what is not a number or has no positive standard deviation.
    pub fn new(features: &BodyFeatures, speed_m_per_s: Option<Estimate>) -> Self {
        let mut values = [None; N_FEATURES];
        let named = [features.height_m, features.stride_hz, speed_m_per_s];
        let all = named.into_iter().chain(features.embedding.iter().copied().map(Some));
        for (value, feature) in values.iter_mut().zip(all) {
            *value = feature.filter(Estimate::is_sound).map(|one| (one.value, one.sigma * one.sigma));
        }
        Self(values)
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// Weighted means of many readings.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    /// Sum of the inverse variances, and of the values times these.
    weight: [f64; N_FEATURES],
    sum: [f64; N_FEATURES],
}

impl Default for Profile {
    fn default() -> Self {
        Self { weight: [0.0; N_FEATURES], sum: [0.0; N_FEATURES] }
    }
}

impl Profile {
    /// Takes a reading for `share` of an independent one: readings of overlapping windows repeat each other.
    pub fn learn(&mut self, reading: &Reading, share: f64) {
        for (feature, value) in reading.0.iter().enumerate() {
            let Some((value, variance)) = value else { continue };
            let weight = share / variance.max(1e-9);
            if weight.is_finite() && (value * weight).is_finite() {
                self.weight[feature] += weight;
                self.sum[feature] += weight * value;
            }
        }
    }

    /// Logarithm of the likelihood ratio of a reading: this person against somebody of the population.
    pub fn log_ratio(&self, reading: &Reading) -> f64 {
        let each = reading.0.iter().enumerate().filter_map(|(feature, value)| {
            let (value, variance) = (*value)?;
            self.ratio_of(feature, value, variance)
        });
        each.sum()
    }

    /// The same for everything that another profile has gathered.
    pub fn log_ratio_of(&self, other: &Self) -> f64 {
        let each = (0..N_FEATURES).filter_map(|feature| {
            let (value, variance) = other.mean(feature)?;
            self.ratio_of(feature, value, variance)
        });
        each.sum()
    }

    /// Adds what another profile has gathered.
    pub fn absorb(&mut self, other: &Self) {
        for feature in 0..N_FEATURES {
            self.weight[feature] += other.weight[feature];
            self.sum[feature] += other.sum[feature];
        }
    }

    fn mean(&self, feature: usize) -> Option<(f64, f64)> {
        let weight = self.weight[feature];
        (weight > 0.0).then(|| (self.sum[feature] / weight, 1.0 / weight))
    }

    fn ratio_of(&self, feature: usize, value: f64, variance: f64) -> Option<f64> {
        // Nothing is known of this person's feature: somebody else would show it as likely.
        self.mean(feature)?;
        let Spread { mean, people, person } = spread(feature);
        let prior_weight = 1.0 / (people * people);
        let weight = self.weight[feature] + prior_weight;
        let known = (self.sum[feature] + prior_weight * mean) / weight;
        let same = log_normal(value - known, 1.0 / weight + person * person + variance);
        let other = log_normal(value - mean, people * people + variance);
        Some(same - other)
    }
}

fn log_normal(off: f64, variance: f64) -> f64 {
    -0.5 * (off * off / variance + (std::f64::consts::TAU * variance).ln())
}
