//! A small convolutional network on pictures of movement, fitted in seconds where the recordings are.
//!
//! Three 3x3 convolutions with batch normalisation (Ioffe & Szegedy 2015) and rectifiers, two halvings in between, then mean
//! over frequency, mean and maximum over time, and one linear layer; 10 000 parameters. Fitted by Adam with decoupled decay
//! (Loshchilov & Hutter 2019) along one cosine cycle. Everything is single precision, on one thread, in a fixed order: one
//! seed gives one network. A test holds its gradients against differences.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};

use super::super::spectrogram::{CROP_FRAMES, N_FREQUENCIES};

/// Channels after each convolution.
const CHANNELS: [usize; 4] = [1, 12, 24, 32];
/// Height and width of a picture at each convolution.
const SIZES: [(usize, usize); 3] =
    [(N_FREQUENCIES, CROP_FRAMES), (N_FREQUENCIES / 2, CROP_FRAMES / 2), (N_FREQUENCIES / 4, CROP_FRAMES / 4)];
const N_EMBEDDED: usize = 2 * CHANNELS[3];
const N_TAPS: usize = 9;
const MIN_VARIANCE: f32 = 1e-5;
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

/// What one convolution did to a batch, as its derivative needs it.
#[derive(Default)]
struct Trace {
    /// `[picture][in · tap][pixel]`
    patches: Vec<f32>,
    /// Normalised values `[picture][out][pixel]`, and one over each channel's deviation.
    normal: Vec<f32>,
    inverse: Vec<f32>,
    /// Mean and variance of each channel.
    statistics: Vec<(f32, f32)>,
    /// After gain, offset and rectifier.
    active: Vec<f32>,
    /// Where each halved pixel came from.
    origins: Vec<u32>,
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
            let trace = self.convolve(layer, &values, 1, Some((&self.means[layer], &self.variances[layer])));
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
            let mut trace = self.convolve(layer, &values, n, None);
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
            back = self.convolve_back(layer, trace, back, n, &mut gradient);
        }
        (loss, gradient)
    }

    /// Where a convolution's weights, gains and offsets begin.
    fn places(layer: usize) -> (usize, usize, usize) {
        let size = |l: usize| CHANNELS[l + 1] * (CHANNELS[l] * N_TAPS + 2);
        let start: usize = (0..layer).map(size).sum();
        let gains = start + CHANNELS[layer + 1] * CHANNELS[layer] * N_TAPS;
        (start, gains, gains + CHANNELS[layer + 1])
    }

    fn head(&self) -> usize {
        Self::places(2).2 + CHANNELS[3]
    }

    fn linear(&self, embedded: &[f32]) -> Vec<f32> {
        let head = self.head();
        let (weights, offsets) = self.parameters[head..].split_at(self.n_classes * N_EMBEDDED);
        weights.chunks_exact(N_EMBEDDED).zip(offsets).map(|(row, offset)| dot(row, embedded) + offset).collect()
    }

    /// Convolution, normalisation (by the given statistics, else by the batch's own) and rectifier.
    fn convolve(&self, layer: usize, values: &[f32], n: usize, statistics: Option<(&[f32], &[f32])>) -> Trace {
        let (n_in, n_out) = (CHANNELS[layer], CHANNELS[layer + 1]);
        let (height, width) = SIZES[layer];
        let (area, depth) = (height * width, n_in * N_TAPS);
        let (weights, gains, offsets) = Self::places(layer);
        let mut trace =
            Trace { patches: vec![0.0; n * depth * area], normal: vec![0.0; n * n_out * area], ..Trace::default() };
        for (picture, patches) in values.chunks_exact(n_in * area).zip(trace.patches.chunks_exact_mut(depth * area)) {
            for (tap, patch) in patches.chunks_exact_mut(area).enumerate() {
                shift(&picture[tap / N_TAPS * area..][..area], patch, tap % N_TAPS, (height, width), false);
            }
        }
        for (patches, out) in trace.patches.chunks_exact(depth * area).zip(trace.normal.chunks_exact_mut(n_out * area))
        {
            for (channel, out) in out.chunks_exact_mut(area).enumerate() {
                let row = &self.parameters[weights + channel * depth..][..depth];
                for (weight, patch) in row.iter().zip(patches.chunks_exact(area)) {
                    add_scaled(out, patch, *weight);
                }
            }
        }
        trace.active = vec![0.0; trace.normal.len()];
        for channel in 0..n_out {
            let (mean, variance) = match statistics {
                Some((means, variances)) => (means[channel], variances[channel]),
                None => mean_and_variance(&trace.normal, channel, n_out, area),
            };
            let inverse = (variance + MIN_VARIANCE).sqrt().recip();
            trace.inverse.push(inverse);
            trace.statistics.push((mean, variance));
            let (gain, offset) = (self.parameters[gains + channel], self.parameters[offsets + channel]);
            for picture in 0..n {
                let range = (picture * n_out + channel) * area..(picture * n_out + channel + 1) * area;
                for (value, active) in trace.normal[range.clone()].iter_mut().zip(&mut trace.active[range]) {
                    *value = (*value - mean) * inverse;
                    *active = (gain * *value + offset).max(0.0);
                }
            }
        }
        trace
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

    /// Derivative by a layer's parameters, added to `gradient`, and by its input.
    fn convolve_back(
        &self,
        layer: usize,
        trace: &Trace,
        mut back: Vec<f32>,
        n: usize,
        gradient: &mut [f32],
    ) -> Vec<f32> {
        let (n_in, n_out) = (CHANNELS[layer], CHANNELS[layer + 1]);
        let (height, width) = SIZES[layer];
        let (area, depth) = (height * width, n_in * N_TAPS);
        let (weights, gains, offsets) = Self::places(layer);
        back.iter_mut().zip(&trace.active).filter(|(_, active)| **active <= 0.0).for_each(|(b, _)| *b = 0.0);
        let count = (n * area) as f32;
        for channel in 0..n_out {
            let range = |picture: usize| (picture * n_out + channel) * area..(picture * n_out + channel + 1) * area;
            let (mut sum, mut product) = (0.0, 0.0);
            for picture in 0..n {
                sum += back[range(picture)].iter().sum::<f32>();
                product += dot(&back[range(picture)], &trace.normal[range(picture)]);
            }
            gradient[gains + channel] += product;
            gradient[offsets + channel] += sum;
            let scale = self.parameters[gains + channel] * trace.inverse[channel];
            for picture in 0..n {
                for (b, x) in back[range(picture)].iter_mut().zip(&trace.normal[range(picture)]) {
                    *b = scale * (*b - sum / count - x * product / count);
                }
            }
        }
        let mut below = vec![0.0; n * n_in * area];
        let mut patch_back = vec![0.0; area];
        for picture in 0..n {
            let back = &back[picture * n_out * area..][..n_out * area];
            let patches = &trace.patches[picture * depth * area..][..depth * area];
            for (tap, patch) in patches.chunks_exact(area).enumerate() {
                patch_back.fill(0.0);
                for (channel, back) in back.chunks_exact(area).enumerate() {
                    let at = weights + channel * depth + tap;
                    gradient[at] += dot(back, patch);
                    add_scaled(&mut patch_back, back, self.parameters[at]);
                }
                // The first layer's input is data: nobody asks for its derivative.
                if layer > 0 {
                    let place = (picture * n_in + tap / N_TAPS) * area;
                    shift(&patch_back, &mut below[place..place + area], tap % N_TAPS, (height, width), true);
                }
            }
        }
        below
    }
}

/// Adds a picture, moved by a tap of a 3x3 kernel, to another; what falls outside is lost. `back` moves the other way.
fn shift(from: &[f32], to: &mut [f32], tap: usize, (height, width): (usize, usize), back: bool) {
    let (dy, dx) = ((tap / 3) as isize - 1, (tap % 3) as isize - 1);
    let (dy, dx) = if back { (-dy, -dx) } else { (dy, dx) };
    for y in 0..height {
        let Some(source) = y.checked_add_signed(dy).filter(|source| *source < height) else { continue };
        let (start, end) = ((-dx).max(0) as usize, (width as isize - dx.max(0)) as usize);
        let target = &mut to[y * width..][start..end];
        let source = &from[source * width..][(start as isize + dx) as usize..(end as isize + dx) as usize];
        target.iter_mut().zip(source).for_each(|(t, s)| *t += s);
    }
}

/// The larger of each 2x2, and where it stood.
fn halved(values: &[f32], layer: usize, n: usize) -> (Vec<f32>, Vec<u32>) {
    let (height, width) = SIZES[layer];
    let mut out = Vec::with_capacity(values.len() / 4);
    let mut origins = Vec::with_capacity(values.len() / 4);
    for plane in 0..n * CHANNELS[layer + 1] {
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let corner = (plane * height + y) * width + x;
                let places = [corner, corner + 1, corner + width, corner + width + 1];
                let best =
                    places.into_iter().reduce(|a, b| if values[b] > values[a] { b } else { a }).unwrap_or(corner);
                out.push(values[best]);
                origins.push(best as u32);
            }
        }
    }
    (out, origins)
}

/// Mean over frequency, then mean and maximum over time: `[picture][2 · channel]`, and where each maximum stood.
fn embed(values: &[f32], n: usize) -> (Vec<f32>, Vec<usize>) {
    let (height, width) = SIZES[2];
    let mut out = Vec::with_capacity(n * N_EMBEDDED);
    let mut strongest = Vec::with_capacity(n * CHANNELS[3]);
    for picture in values.chunks_exact(CHANNELS[3] * height * width) {
        let columns: Vec<f32> = picture
            .chunks_exact(height * width)
            .flat_map(|plane| (0..width).map(move |x| plane.iter().skip(x).step_by(width).sum::<f32>() / height as f32))
            .collect();
        out.extend(columns.chunks_exact(width).map(|row| row.iter().sum::<f32>() / width as f32));
        for row in columns.chunks_exact(width) {
            let best = (0..width).reduce(|a, b| if row[b] > row[a] { b } else { a }).unwrap_or(0);
            strongest.push(best);
            out.push(row[best]);
        }
    }
    (out, strongest)
}

fn unembed(back: &[f32], strongest: &[usize], n: usize) -> Vec<f32> {
    let (height, width) = SIZES[2];
    let mut out = vec![0.0; n * CHANNELS[3] * height * width];
    for (at, plane) in out.chunks_exact_mut(height * width).enumerate() {
        let row = at / CHANNELS[3] * N_EMBEDDED + at % CHANNELS[3];
        for (place, value) in plane.iter_mut().enumerate() {
            let from_maximum = if place % width == strongest[at] { back[row + CHANNELS[3]] } else { 0.0 };
            *value = (back[row] / width as f32 + from_maximum) / height as f32;
        }
    }
    out
}

fn mean_and_variance(values: &[f32], channel: usize, n_channels: usize, area: usize) -> (f32, f32) {
    let planes = || values.chunks_exact(area).skip(channel).step_by(n_channels);
    let count = (planes().count() * area).max(1) as f32;
    let mean = planes().map(|plane| plane.iter().sum::<f32>()).sum::<f32>() / count;
    let square = |plane: &[f32]| plane.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>();
    (mean, planes().map(square).sum::<f32>() / count)
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

fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| (s - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

fn add_scaled(to: &mut [f32], from: &[f32], scale: f32) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += scale * f);
}

/// Eight sums side by side, so that the order of additions is fixed and still fits the processor's vectors.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
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
