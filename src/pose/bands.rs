//! The moving part of a link's window in ten bands: what spectra and the picture of the floor are made from.

use std::ops::Range;

use super::layout::{N_BANDS, N_SAMPLES};
use super::window::LinkWindow;
use crate::signal::gauge::dynamic_part;
use crate::types::Complex32;

/// `(H - S)·conj(S)` averaged over neighbouring subcarriers; S has a mean power of one, so that a path of amplitude `a`
/// beside a steady channel of amplitude one gives about `a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Bands {
    /// `[antenna][band][sample]`.
    pub values: Vec<Complex32>,
    pub n_antennas: usize,
    /// Middle of each band.
    pub hz: [f64; N_BANDS],
}

/// Subcarriers of a band, out of `n`.
fn range(band: usize, n: usize) -> Range<usize> {
    band * n / N_BANDS..(band + 1) * n / N_BANDS
}

/// Middle of each band.
pub(super) fn frequencies(window: &LinkWindow) -> [f64; N_BANDS] {
    std::array::from_fn(|band| {
        let numbers = window.numbers.get(range(band, window.numbers.len())).unwrap_or_default();
        let mean = numbers.iter().map(|&k| f64::from(k)).sum::<f64>() / numbers.len().max(1) as f64;
        window.centre_hz + mean * f64::from(window.spacing_hz)
    })
}

impl Bands {
    /// Of the first `max_antennas` antennas.
    pub fn new(window: &LinkWindow, max_antennas: usize) -> Self {
        Self::averaged(window, max_antennas, |row, moving| dynamic_part(row, &window.mean, moving))
    }

    /// `(H - S)` times `factors`, `[antenna][subcarrier]`, instead of the steady channel.
    pub(super) fn turned(window: &LinkWindow, factors: &[Complex32], max_antennas: usize) -> Self {
        Self::averaged(window, max_antennas, |row, moving| {
            moving.clear();
            moving.extend(row.iter().zip(&window.mean).zip(factors).map(|((h, s), factor)| (h - s) * factor));
        })
    }

    fn averaged(
        window: &LinkWindow,
        max_antennas: usize,
        moving_part: impl Fn(&[Complex32], &mut Vec<Complex32>),
    ) -> Self {
        let n = window.numbers.len();
        let n_antennas = window.n_antennas.min(max_antennas);
        let ranges: [Range<usize>; N_BANDS] = std::array::from_fn(|band| range(band, n));
        let mut values = vec![Complex32::ZERO; n_antennas * N_BANDS * N_SAMPLES];
        let mut moving = Vec::new();
        let width = window.mean.len().max(1);
        for (sample, row) in window.rows.chunks_exact(width).take(N_SAMPLES).enumerate() {
            moving_part(row, &mut moving);
            for (antenna, chain) in moving.chunks_exact(n.max(1)).take(n_antennas).enumerate() {
                for (band, range) in ranges.iter().enumerate() {
                    let part = chain.get(range.clone()).unwrap_or_default();
                    let mean = part.iter().sum::<Complex32>() / part.len().max(1) as f32;
                    if let Some(slot) = values.get_mut((antenna * N_BANDS + band) * N_SAMPLES + sample) {
                        *slot = mean;
                    }
                }
            }
        }
        Self { values, n_antennas, hz: frequencies(window) }
    }

    /// The series of each antenna and band, band by band within an antenna.
    pub fn series(&self) -> impl Iterator<Item = &[Complex32]> {
        self.values.chunks_exact(N_SAMPLES)
    }

    /// Mean power of the moving part against the steady one.
    pub fn power(&self) -> f32 {
        self.values.iter().map(|value| value.norm_sqr()).sum::<f32>() / self.values.len().max(1) as f32
    }
}
