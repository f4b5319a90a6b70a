//! Seeded chance for trials: each purpose and number has its own stream of throws.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

#[derive(Clone, Copy)]
pub(super) enum Purpose {
    People = 1,
    Agenda = 2,
    Detector = 3,
    Ghosts = 4,
}

pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        // Odd multipliers spread neighbouring seeds; the generator's own seeding does the rest (SplitMix64).
        let key = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (purpose as u64).wrapping_mul(0xd1b5_4a32_d192_ed03)
            ^ number.wrapping_mul(0x8cb9_2ba7_2f3d_8dd7);
        Self(Xoshiro256PlusPlus::seed_from_u64(key))
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// 0..n; 0 for n = 0.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Zero mean, unit variance (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }
}
