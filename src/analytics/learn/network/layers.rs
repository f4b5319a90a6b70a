//! The layers of the network and their derivatives, on batches of pictures that lie one after the other.
//!
//! Indices come from the layers' own sizes, which are constants, and from lengths that the caller has checked.

use super::super::super::spectrogram::{CROP_FRAMES, N_FREQUENCIES};

/// Channels after each convolution.
pub const CHANNELS: [usize; 4] = [1, 12, 24, 32];
/// Height and width of a picture at each convolution.
pub const SIZES: [(usize, usize); 3] =
    [(N_FREQUENCIES, CROP_FRAMES), (N_FREQUENCIES / 2, CROP_FRAMES / 2), (N_FREQUENCIES / 4, CROP_FRAMES / 4)];
pub const N_EMBEDDED: usize = 2 * CHANNELS[3];
pub const N_TAPS: usize = 9;
pub const MIN_VARIANCE: f32 = 1e-5;

/// What one convolution did to a batch, as its derivative needs it.
#[derive(Default)]
pub struct Trace {
    /// `[picture][in · tap][pixel]`
    pub patches: Vec<f32>,
    /// Normalised values `[picture][out][pixel]`, and one over each channel's deviation.
    pub normal: Vec<f32>,
    pub inverse: Vec<f32>,
    /// Mean and variance of each channel.
    pub statistics: Vec<(f32, f32)>,
    /// After gain, offset and rectifier.
    pub active: Vec<f32>,
    /// Where each halved pixel came from.
    pub origins: Vec<u32>,
}

/// Where a convolution's weights, gains and offsets begin.
pub fn places(layer: usize) -> (usize, usize, usize) {
    let size = |l: usize| CHANNELS[l + 1] * (CHANNELS[l] * N_TAPS + 2);
    let start: usize = (0..layer).map(size).sum();
    let gains = start + CHANNELS[layer + 1] * CHANNELS[layer] * N_TAPS;
    (start, gains, gains + CHANNELS[layer + 1])
}

/// Convolution, normalisation (by the given statistics, else by the batch's own) and rectifier.
pub fn convolve(
    parameters: &[f32],
    layer: usize,
    values: &[f32],
    n: usize,
    statistics: Option<(&[f32], &[f32])>,
) -> Trace {
    let (n_in, n_out) = (CHANNELS[layer], CHANNELS[layer + 1]);
    let (height, width) = SIZES[layer];
    let (area, depth) = (height * width, n_in * N_TAPS);
    let (weights, gains, offsets) = places(layer);
    let mut trace =
        Trace { patches: vec![0.0; n * depth * area], normal: vec![0.0; n * n_out * area], ..Trace::default() };
    for (picture, patches) in values.chunks_exact(n_in * area).zip(trace.patches.chunks_exact_mut(depth * area)) {
        for (tap, patch) in patches.chunks_exact_mut(area).enumerate() {
            shift(&picture[tap / N_TAPS * area..][..area], patch, tap % N_TAPS, (height, width), false);
        }
    }
    for (patches, out) in trace.patches.chunks_exact(depth * area).zip(trace.normal.chunks_exact_mut(n_out * area)) {
        for (channel, out) in out.chunks_exact_mut(area).enumerate() {
            let row = &parameters[weights + channel * depth..][..depth];
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
        let (gain, offset) = (parameters[gains + channel], parameters[offsets + channel]);
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

/// Derivative by a layer's parameters, added to `gradient`, and by its input.
pub fn convolve_back(
    parameters: &[f32],
    layer: usize,
    trace: &Trace,
    mut back: Vec<f32>,
    n: usize,
    gradient: &mut [f32],
) -> Vec<f32> {
    let (n_in, n_out) = (CHANNELS[layer], CHANNELS[layer + 1]);
    let (height, width) = SIZES[layer];
    let (area, depth) = (height * width, n_in * N_TAPS);
    let (weights, gains, offsets) = places(layer);
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
        let scale = parameters[gains + channel] * trace.inverse[channel];
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
                add_scaled(&mut patch_back, back, parameters[at]);
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
pub fn halved(values: &[f32], layer: usize, n: usize) -> (Vec<f32>, Vec<u32>) {
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
pub fn embed(values: &[f32], n: usize) -> (Vec<f32>, Vec<usize>) {
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

pub fn unembed(back: &[f32], strongest: &[usize], n: usize) -> Vec<f32> {
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

pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|s| (s - highest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

pub fn add_scaled(to: &mut [f32], from: &[f32], scale: f32) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t += scale * f);
}

/// Eight sums side by side, so that the order of additions is fixed and still fits the processor's vectors.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum::<f32>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>()
}
