//! A small convolutional network on pictures of movement, fitted in seconds where the recordings are.
//!
//! Three 3x3 convolutions with batch normalisation (Ioffe & Szegedy 2015) and rectifiers, two halvings in between, then mean
//! over frequency, mean and maximum over time, and one linear layer; 10 000 parameters. Fitted by Adam with decoupled decay
//! (Loshchilov & Hutter 2019) along one cosine cycle. Everything is single precision, on one thread, in a fixed order: one
//! seed gives one network. A test holds its gradients against differences.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

mod layers;

use layers::{
    CHANNELS, N_EMBEDDED, N_TAPS, SIZES, Trace, add_scaled, convolve, convolve_back, dot, embed, halved, places,
    softmax, unembed,
};

use super::super::spectrogram::{CROP_FRAMES, N_FREQUENCIES};

/// Weight of a batch in the running statistics.
const FOLLOW: f32 = 0.1;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetworkOptions {
    pub n_epochs: usize,
    pub batch: usize,
    /// Highest step of the cycle.
    pub rate: f32,
    pub decay: f32,
    /// Share of the embedding that is left out while fitting.
    pub dropout: f32,
    pub seed: u64,
}

impl Default for NetworkOptions {
    /// As in the study (`spec/falls.md`), fitted three times as long.
    fn default() -> Self {
        Self { n_epochs: 60, batch: 48, rate: 4e-3, decay: 1e-2, dropout: 0.3, seed: 0 }
    }
}

/// A network for pictures of 16 x 28 values.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    n_classes: usize,
    /// For each convolution: weights `[out][in][3][3]`, gains, offsets; then the linear layer's weights and offsets.
    parameters: Vec<f32>,
    /// Running mean and variance of each convolution's channels.
    means: Vec<Vec<f32>>,
    variances: Vec<Vec<f32>>,
}

impl Network {
    /// Random weights (He et al. 2015).
    pub fn new(n_classes: usize, seed: u64) -> Self {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut parameters = Vec::new();
        for layer in 0..3 {
            let (n_in, n_out) = (CHANNELS[layer], CHANNELS[layer + 1]);
            let deviation = (2.0 / (n_in * N_TAPS) as f32).sqrt();
            parameters.extend((0..n_out * n_in * N_TAPS).map(|_| deviation * normal(&mut dice)));
            parameters.extend(std::iter::repeat_n(1.0, n_out));
            parameters.extend(std::iter::repeat_n(0.0, n_out));
        }
        parameters.extend((0..n_classes * N_EMBEDDED).map(|_| normal(&mut dice) / (N_EMBEDDED as f32).sqrt() * 0.6));
        parameters.extend(std::iter::repeat_n(0.0, n_classes));
        let each = |value: f32| CHANNELS[1..].iter().map(|n| vec![value; *n]).collect();
        Self { n_classes, parameters, means: each(0.0), variances: each(1.0) }
    }

    /// Fits to pictures with classes 0..`n_classes`; `None` where a picture has the wrong size or there is none.
    pub fn fit(pictures: &[&[f32]], classes: &[usize], n_classes: usize, options: &NetworkOptions) -> Option<Self> {
        let n = pictures.len();
        let is_sound = pictures.iter().all(|picture| picture.len() == N_FREQUENCIES * CROP_FRAMES);
        if n == 0 || classes.len() != n || !is_sound || classes.iter().any(|class| *class >= n_classes) {
            return None;
        }
        let mut network = Self::new(n_classes, options.seed);
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(options.seed ^ 0x5eed);
        let mut adam = Adam::new(network.parameters.len());
        let batch = options.batch.clamp(1, n);
        let n_steps = (options.n_epochs * n.div_ceil(batch)).max(1);
        let mut order: Vec<usize> = (0..n).collect();
        let mut step = 0;
        for _ in 0..options.n_epochs {
            shuffle(&mut order, &mut dice);
            for chosen in order.chunks(batch) {
                let rows: Vec<&[f32]> = chosen.iter().filter_map(|at| pictures.get(*at).copied()).collect();
                let wanted: Vec<usize> = chosen.iter().filter_map(|at| classes.get(*at).copied()).collect();
                let mask: Vec<f32> = (0..rows.len() * N_EMBEDDED)
                    .map(|_| if unit(&mut dice) < options.dropout { 0.0 } else { 1.0 / (1.0 - options.dropout) })
                    .collect();
                let (_, gradient) = network.loss_gradient(&rows, &wanted, Some(&mask), true);
                let rate = options.rate * cycle(step as f32 / n_steps as f32);
                adam.step(&mut network.parameters, &gradient, rate, options.decay);
                step += 1;
            }
        }
        Some(network)
    }

    /// Probability of each class for one picture, by the running statistics; empty for a picture of the wrong size.
    pub fn probabilities(&self, picture: &[f32]) -> Vec<f32> {
        if picture.len() != N_FREQUENCIES * CROP_FRAMES {
            return Vec::new();
        }
        let mut values = picture.to_vec();
        for layer in 0..3 {
            let trace =
                convolve(&self.parameters, layer, &values, 1, Some((&self.means[layer], &self.variances[layer])));
            values = if layer < 2 { halved(&trace.active, layer, 1).0 } else { trace.active };
        }
        let (embedded, _) = embed(&values, 1);
        softmax(&self.linear(&embedded))
    }

    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    pub fn parameters_mut(&mut self) -> &mut [f32] {
        &mut self.parameters
    }

    /// Mean cross-entropy of a batch by the batch's own statistics, and its derivative by each parameter.
    ///
    /// `mask` multiplies the embedding; `follow` lets the running statistics learn from the batch.
    pub fn loss_gradient(
        &mut self,
        pictures: &[&[f32]],
        classes: &[usize],
        mask: Option<&[f32]>,
        follow: bool,
    ) -> (f32, Vec<f32>) {
        let n = pictures.len();
        let mut gradient = vec![0.0; self.parameters.len()];
        let mut values: Vec<f32> = pictures.concat();
        let mut traces = Vec::with_capacity(3);
        for layer in 0..3 {
            let mut trace = convolve(&self.parameters, layer, &values, n, None);
            if follow {
                self.follow(layer, &trace, n);
            }
            values = if layer < 2 {
                let (values, origins) = halved(&trace.active, layer, n);
                trace.origins = origins;
                values
            } else {
                trace.active.clone()
            };
            traces.push(trace);
        }
        let (mut embedded, strongest) = embed(&values, n);
        if let Some(mask) = mask {
            embedded.iter_mut().zip(mask).for_each(|(e, m)| *e *= m);
        }
        // Linear layer and softmax.
        let head = self.head();
        let mut loss = 0.0;
        let mut back = vec![0.0; n * N_EMBEDDED];
        for ((row, class), back) in
            embedded.chunks_exact(N_EMBEDDED).zip(classes).zip(back.chunks_exact_mut(N_EMBEDDED))
        {
            let shares = softmax(&self.linear(row));
            loss -= shares.get(*class).copied().unwrap_or(1.0).max(1e-12).ln() / n as f32;
            for (at, share) in shares.iter().enumerate() {
                let error = (share - f32::from(u8::from(at == *class))) / n as f32;
                let weights = head + at * N_EMBEDDED;
                add_scaled(&mut gradient[weights..weights + N_EMBEDDED], row, error);
                add_scaled(back, &self.parameters[weights..weights + N_EMBEDDED], error);
                gradient[head + self.n_classes * N_EMBEDDED + at] += error;
            }
        }
        if let Some(mask) = mask {
            back.iter_mut().zip(mask).for_each(|(b, m)| *b *= m);
        }
        let mut back = unembed(&back, &strongest, n);
        for layer in (0..3).rev() {
            let trace = &traces[layer];
            if layer < 2 {
                let mut whole = vec![0.0; trace.active.len()];
                for (value, origin) in back.iter().zip(&trace.origins) {
                    whole[*origin as usize] += value;
                }
                back = whole;
            }
            back = convolve_back(&self.parameters, layer, trace, back, n, &mut gradient);
        }
        (loss, gradient)
    }

    fn head(&self) -> usize {
        places(2).2 + CHANNELS[3]
    }

    fn linear(&self, embedded: &[f32]) -> Vec<f32> {
        let head = self.head();
        let (weights, offsets) = self.parameters[head..].split_at(self.n_classes * N_EMBEDDED);
        weights.chunks_exact(N_EMBEDDED).zip(offsets).map(|(row, offset)| dot(row, embedded) + offset).collect()
    }

    /// Lets the running statistics follow the batch's.
    fn follow(&mut self, layer: usize, trace: &Trace, n: usize) {
        let count = (n * SIZES[layer].0 * SIZES[layer].1) as f32;
        let unbiased = count / (count - 1.0).max(1.0);
        let running = self.means[layer].iter_mut().zip(&mut self.variances[layer]);
        for ((mean, variance), (batch_mean, batch_variance)) in running.zip(&trace.statistics) {
            *mean += FOLLOW * (batch_mean - *mean);
            *variance += FOLLOW * (batch_variance * unbiased - *variance);
        }
    }
}

/// Adam with decoupled weight decay.
struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
    n_steps: i32,
}

impl Adam {
    const KEEP: (f32, f32) = (0.9, 0.999);

    fn new(n: usize) -> Self {
        Self { first: vec![0.0; n], second: vec![0.0; n], n_steps: 0 }
    }

    fn step(&mut self, parameters: &mut [f32], gradient: &[f32], rate: f32, decay: f32) {
        self.n_steps += 1;
        let bias = (1.0 - Self::KEEP.0.powi(self.n_steps), 1.0 - Self::KEEP.1.powi(self.n_steps));
        for (((p, g), m), v) in parameters.iter_mut().zip(gradient).zip(&mut self.first).zip(&mut self.second) {
            *m += (1.0 - Self::KEEP.0) * (g - *m);
            *v += (1.0 - Self::KEEP.1) * (g * g - *v);
            *p -= rate * (decay * *p + (*m / bias.0) / ((*v / bias.1).sqrt() + 1e-8));
        }
    }
}

/// Up over the first three tenths, then down to nothing, as half cosines (Smith 2018).
fn cycle(progress: f32) -> f32 {
    let wave = |x: f32| 0.5 - 0.5 * (std::f32::consts::PI * x).cos();
    if progress < 0.3 { 0.04 + 0.96 * wave(progress / 0.3) } else { 1.0 - wave((progress - 0.3) / 0.7) }
}

fn shuffle(order: &mut [usize], dice: &mut Xoshiro256PlusPlus) {
    for last in (1..order.len()).rev() {
        order.swap(last, (((dice.next_u64() >> 32) * (last as u64 + 1)) >> 32) as usize);
    }
}

/// 0..1.
fn unit(dice: &mut Xoshiro256PlusPlus) -> f32 {
    (dice.next_u64() >> 40) as f32 / (1_u32 << 24) as f32
}

/// Normal deviate (Box & Muller 1958).
fn normal(dice: &mut Xoshiro256PlusPlus) -> f32 {
    let radius = (-2.0 * (1.0 - unit(dice)).ln()).sqrt();
    radius * (std::f32::consts::TAU * unit(dice)).cos()
}
