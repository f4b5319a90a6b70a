//! Seeded chance: the same purpose and numbers always give the same throws, whatever was thrown elsewhere.
//!
//! Xoshiro256++ is one of rand's named portable generators, whose output is fixed by its reference code (`StdRng` may
//! change with any release). Throws are made from its raw 64 bits here, so that rand's distributions cannot change
//! them either. Sines and logarithms still come from the platform, so frames are equal bit for bit on one platform.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

/// What throws are for. Each purpose has its own stream, so that adding one leaves the others as they were.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Scene = 1,
    Link = 3,
    Clock = 4,
    Transmission = 5,
    Reception = 6,
    Gain = 7,
    Person = 8,
    Story = 9,
    Format = 10,
    Outage = 11,
    Chains = 12,
}

pub(super) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    pub(super) fn new(seed: u64, purpose: Purpose, a: u64, b: u64) -> Self {
        let mut key = seed;
        for word in [purpose as u64, a, b] {
            // The finaliser of MurmurHash3: every input bit reaches every bit of the key.
            key = key.wrapping_add(word).wrapping_add(0x9e37_79b9_7f4a_7c15);
            key = (key ^ (key >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
            key = (key ^ (key >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
            key ^= key >> 33;
        }
        Self(Xoshiro256PlusPlus::seed_from_u64(key))
    }

    /// Dice of their own, so that what is thrown with them leaves later throws of these as they were.
    pub(super) fn fork(&mut self) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(self.0.next_u64()))
    }

    /// Uniform in 0..1, in steps of 2^-24.
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 / (1 << 24) as f32
    }

    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Zero mean, unit variance: the sum of four uniform numbers, close to a bell curve up to 3.4 standard deviations.
    pub(super) fn normal(&mut self) -> f32 {
        let bits = self.0.next_u64();
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xffff).sum();
        // The sum has mean 4 * 32 767.5 and variance 4 / 12 * 65 536².
        (sum as f32 - 131_070.0) * (3.0f32.sqrt() / 65_536.0)
    }

    pub(super) fn exponential(&mut self, mean: f32) -> f32 {
        -mean * (1.0 - self.unit()).ln()
    }
}
