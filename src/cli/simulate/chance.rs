//! Seeded chance for what is not the simulator's.

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// Zero mean, unit variance, within 3.5: the sum of twelve uniform numbers less six.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }

    /// A position, by shares that need not add up to one.
    pub fn pick(&mut self, shares: &[f32]) -> usize {
        let total: f32 = shares.iter().map(|share| share.max(0.0)).sum();
        let mut rest = self.unit() * total;
        for (i, share) in shares.iter().enumerate() {
            rest -= share.max(0.0);
            if rest < 0.0 {
                return i;
            }
        }
        shares.iter().rposition(|share| *share > 0.0).unwrap_or(0)
    }
}
