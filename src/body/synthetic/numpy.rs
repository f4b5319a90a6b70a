//! The random numbers of numpy's `default_rng`: the same seed throws the same numbers here as there.
//!
//! Only the throws that the generator needs. Written after numpy's documentation and the papers it names: M. O'Neill,
//! "PCG" (2014), XSL-RR 128/64; J. Doornik, "An improved ziggurat method" (2005), 256 layers; D. Lemire, "Fast random
//! integer generation in an interval" (2019); R. Floyd's sampling in Bentley, "Programming pearls" (1987).

/// One stream of throws, in numpy's order.
#[derive(Clone, Debug)]
pub(super) struct Numpy {
    state: u128,
    increment: u128,
    /// Half of a 64-bit throw that a 32-bit one has not used yet.
    spare: Option<u32>,
    layers: Box<Layers>,
}

/// PCG's multiplier for 128 bits.
const MULTIPLIER: u128 = 0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645;

impl Numpy {
    pub fn new(seed: u64) -> Self {
        let words = seed_words(seed);
        let pair = |at: usize| u128::from(words[at]) << 64 | u128::from(words[at + 1]);
        let mut stream =
            Self { state: 0, increment: pair(2) << 1 | 1, spare: None, layers: Box::new(Layers::normal()) };
        stream.step();
        stream.state = stream.state.wrapping_add(pair(0));
        stream.step();
        stream
    }

    fn step(&mut self) {
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn bits(&mut self) -> u64 {
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        folded.rotate_right((self.state >> 122) as u32)
    }

    /// The low half of a throw of 64 bits, and then its high half.
    fn half_bits(&mut self) -> u32 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let bits = self.bits();
        self.spare = Some((bits >> 32) as u32);
        bits as u32
    }

    /// `random()`: 0..1 in steps of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// `normal()`: zero mean, unit variance.
    pub fn normal(&mut self) -> f64 {
        loop {
            let bits = self.bits();
            let layer = (bits & 0xff) as usize;
            let negative = bits >> 8 & 1 == 1;
            let magnitude = bits >> 9 & 0x000f_ffff_ffff_ffff;
            let x = magnitude as f64 * self.layers.scale[layer];
            let signed = if negative { -x } else { x };
            if magnitude < self.layers.inside[layer] {
                return signed;
            }
            if layer == 0 {
                let tail = self.normal_tail();
                return if magnitude >> 8 & 1 == 1 { -tail } else { tail };
            }
            let (outer, inner) = (self.layers.density[layer], self.layers.density[layer - 1]);
            if (inner - outer) * self.unit() + outer < (-0.5 * x * x).exp() {
                return signed;
            }
        }
    }

    /// Beyond the last layer (G. Marsaglia 1964).
    fn normal_tail(&mut self) -> f64 {
        loop {
            let beyond = -(-self.unit()).ln_1p() / TAIL;
            let height = -(-self.unit()).ln_1p();
            if height + height > beyond * beyond {
                return TAIL + beyond;
            }
        }
    }

    /// `normal(size=n)`.
    pub fn normals<const N: usize>(&mut self) -> [f64; N] {
        std::array::from_fn(|_| self.normal())
    }

    /// `integers(last + 1)`: 0..=last, all equally likely.
    pub fn up_to(&mut self, last: u32) -> u32 {
        if last == 0 {
            return 0; // numpy throws nothing for the only choice there is
        }
        let n = u64::from(last) + 1;
        let too_low = (u64::from(u32::MAX) + 1 - n) % n;
        loop {
            let product = u64::from(self.half_bits()) * n;
            let low = product & u64::from(u32::MAX);
            if low >= n || low >= too_low {
                return (product >> 32) as u32;
            }
        }
    }

    /// `choice(n, k, replace=False)`: `k` different numbers of `0..n`, shuffled.
    ///
    /// By Floyd's method, as numpy does up to 10 000; for larger `n` numpy shuffles instead, which this does not do.
    pub fn choose(&mut self, n: u32, k: u32) -> Vec<u32> {
        let mut taken = vec![false; n as usize];
        let mut chosen = Vec::with_capacity(k as usize);
        for last in n.saturating_sub(k)..n {
            let thrown = self.up_to(last);
            let value = if taken[thrown as usize] { last } else { thrown };
            taken[value as usize] = true;
            chosen.push(value);
        }
        for last in (1..chosen.len()).rev() {
            let other = self.up_to(last as u32) as usize;
            chosen.swap(last, other);
        }
        chosen
    }
}

/// Numpy's `SeedSequence` (after M. O'Neill's `seed_seq_fe`): spreads a seed over four words of 64 bits.
fn seed_words(seed: u64) -> [u64; 4] {
    let mut entropy = [seed as u32, (seed >> 32) as u32, 0, 0];
    let mut key = 0x43b0_d7e5_u32;
    let mut hash = |word: u32| {
        let mixed = word ^ key;
        key = key.wrapping_mul(0x931e_8875);
        let mixed = mixed.wrapping_mul(key);
        mixed ^ mixed >> 16
    };
    for word in &mut entropy {
        *word = hash(*word);
    }
    for source in 0..4 {
        for target in (0..4).filter(|target| *target != source) {
            let hashed = hash(entropy[source]);
            let mixed = entropy[target].wrapping_mul(0xca01_f9dd).wrapping_sub(hashed.wrapping_mul(0x4973_f715));
            entropy[target] = mixed ^ mixed >> 16;
        }
    }
    let mut key = 0x8b51_f9dd_u32;
    let mut word = |at: usize| {
        let mixed = entropy[at % 4] ^ key;
        key = key.wrapping_mul(0x58f3_8ded);
        let mixed = mixed.wrapping_mul(key);
        u64::from(mixed ^ mixed >> 16)
    };
    std::array::from_fn(|i| word(2 * i) | word(2 * i + 1) << 32)
}

/// Where the bell curve's last of 256 layers of equal area begins.
const TAIL: f64 = 3.654_152_885_361_009;
/// The area of each layer: `TAIL * f(TAIL)` and the tail beyond it, `f(x) = exp(-x²/2)`.
const AREA: f64 = 0.004_928_673_233_974_658;

#[derive(Clone, Debug)]
struct Layers {
    /// Width of each layer over 2^52.
    scale: [f64; 256],
    /// Throws of 52 bits below this lie under the curve for sure.
    inside: [u64; 256],
    /// The curve at each layer's outer edge.
    density: [f64; 256],
}

impl Layers {
    fn normal() -> Self {
        let steps = (1u64 << 52) as f64;
        let curve = |x: f64| (-0.5 * x * x).exp();
        let mut edge = [0.0; 256];
        edge[255] = TAIL;
        for layer in (1..255).rev() {
            let above: f64 = curve(edge[layer + 1]) + AREA / edge[layer + 1];
            edge[layer] = (-2.0 * above.ln()).sqrt();
        }
        let base_width = AREA / curve(TAIL);
        let mut layers = Self { scale: [0.0; 256], inside: [0; 256], density: [1.0; 256] };
        layers.scale[0] = base_width / steps;
        layers.inside[0] = (TAIL / base_width * steps) as u64;
        for layer in 1..256 {
            layers.scale[layer] = edge[layer] / steps;
            layers.inside[layer] = (edge[layer - 1] / edge[layer] * steps) as u64;
            layers.density[layer] = curve(edge[layer]);
        }
        layers
    }
}
