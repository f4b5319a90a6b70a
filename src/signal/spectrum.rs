//! Spectra of uniformly sampled signals: signed Doppler power, autocorrelation, motion energy.
//!
//! Pure functions and one reusable transform; the running versions are in [`super::doppler`] and [`super::rhythm`].

use std::fmt;
use std::sync::Arc;

use rustfft::{Fft, FftPlanner};

use crate::types::Complex32;

/// A windowed transform of complex samples to power, lowest (most negative) frequency first.
#[derive(Clone)]
pub struct PowerSpectrum {
    window: Vec<f32>,
    fft: Arc<dyn Fft<f32>>,
    buffer: Vec<Complex32>,
    scratch: Vec<Complex32>,
}

impl fmt::Debug for PowerSpectrum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PowerSpectrum").field("len", &self.window.len()).finish_non_exhaustive()
    }
}

impl PowerSpectrum {
    /// A periodic Hann window of `len` samples.
    pub fn new(len: usize) -> Self {
        let len = len.max(1);
        let fft = FftPlanner::new().plan_fft_forward(len);
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        Self { window: hann(len), fft, buffer: vec![Complex32::ZERO; len], scratch }
    }

    pub fn len(&self) -> usize {
        self.window.len()
    }

    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Adds the power at each frequency to `power`; missing samples (`None`) count as zero and the rest is scaled up.
    ///
    /// White noise of unit power gives one on average. Short or long input is cut or filled with missing samples.
    pub fn add_power(&mut self, samples: impl Iterator<Item = Option<Complex32>>, power: &mut [f32]) {
        let mut weight = 0.0_f32;
        self.buffer.fill(Complex32::ZERO);
        for ((slot, window), sample) in self.buffer.iter_mut().zip(&self.window).zip(samples) {
            if let Some(sample) = sample {
                *slot = sample * window;
                weight += window * window;
            }
        }
        if weight <= 0.0 {
            return;
        }
        self.fft.process_with_scratch(&mut self.buffer, &mut self.scratch);
        let n = self.buffer.len();
        let (positive, negative) = self.buffer.split_at(n - n / 2);
        for (slot, value) in power.iter_mut().zip(negative.iter().chain(positive)) {
            *slot += value.norm_sqr() / weight;
        }
    }

    /// The frequency of each power, Hz.
    pub fn frequencies_hz(&self, rate_hz: f64) -> Vec<f32> {
        let n = self.len() as i64;
        (0..n).map(|i| ((i - n / 2) as f64 * rate_hz / n as f64) as f32).collect()
    }
}

/// `0.5 - 0.5·cos(2πi/len)`: the form whose copies at half a length add up to one.
pub fn hann(len: usize) -> Vec<f32> {
    (0..len).map(|i| (0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / len as f64).cos()) as f32).collect()
}

/// Power over time and signed frequency: one row per `hop` samples, rows of `len` powers.
pub fn spectrogram(samples: &[Complex32], len: usize, hop: usize) -> Vec<Vec<f32>> {
    let mut transform = PowerSpectrum::new(len);
    let windows = samples.windows(len.max(1)).step_by(hop.max(1));
    windows
        .map(|window| {
            let mut power = vec![0.0; window.len()];
            transform.add_power(window.iter().copied().map(Some), &mut power);
            power
        })
        .collect()
}

/// Autocorrelation of a signal less its mean, lag 0 first, one at lag 0; empty where nothing moves.
///
/// Sums run over the samples that exist and are divided by the power at lag 0 (the biased form, which fades with lag).
pub fn autocorrelation(values: &[f32], max_lag: usize) -> Vec<f32> {
    let signal: Vec<Complex32> = values.iter().map(|&v| Complex32::new(v, 0.0)).collect();
    let mut sums = Vec::new();
    add_lag_sums(&signal, max_lag, &mut sums);
    normalise_by_first(sums)
}

/// Adds `Σ Re x(t)·conj x(t+lag)` of the signal less its mean to `sums`, for lags 0 to `max_lag`.
pub fn add_lag_sums(signal: &[Complex32], max_lag: usize, sums: &mut Vec<f32>) {
    let n = signal.len();
    if n == 0 {
        return;
    }
    let mean = signal.iter().sum::<Complex32>() / n as f32;
    let len = (2 * n).next_power_of_two();
    let mut planner = FftPlanner::new();
    let mut buffer: Vec<Complex32> = signal.iter().map(|v| v - mean).collect();
    buffer.resize(len, Complex32::ZERO);
    planner.plan_fft_forward(len).process(&mut buffer);
    buffer.iter_mut().for_each(|v| *v = Complex32::new(v.norm_sqr(), 0.0));
    planner.plan_fft_inverse(len).process(&mut buffer);
    sums.resize(sums.len().max(max_lag.min(n - 1) + 1), 0.0);
    for (sum, value) in sums.iter_mut().zip(&buffer) {
        *sum += value.re / len as f32;
    }
}

/// Divides by the first entry; empty where that is zero.
pub fn normalise_by_first(sums: Vec<f32>) -> Vec<f32> {
    match sums.first() {
        Some(&first) if first > f32::MIN_POSITIVE => sums.iter().map(|sum| sum / first).collect(),
        _ => Vec::new(),
    }
}

/// Power of what differs from the static channel over the power of the static channel, for one row.
pub fn motion_energy(row: &[Complex32], mean: &[Complex32]) -> Option<f32> {
    let (mut moving, mut still) = (0.0_f32, 0.0_f32);
    for (y, s) in row.iter().zip(mean) {
        moving += (y - s).norm_sqr();
        still += s.norm_sqr();
    }
    (still > 0.0).then(|| moving / still)
}
