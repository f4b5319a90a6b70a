//! Spectra of all antennas and bands over time slots: a Hann window, a Fourier transform, zero frequency in the middle.

use std::sync::Arc;

use rustfft::{Fft, FftPlanner};

use super::bands::Bands;
use crate::types::Complex32;

/// Makes spectra of one length and hop.
#[derive(Clone)]
pub(super) struct SpectrumMaker {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    hop: usize,
    scratch: Vec<Complex32>,
}

/// `[antenna][band][slot][frequency]`, frequencies from the lowest.
#[derive(Clone, Debug)]
pub(super) struct Spectra {
    pub(super) values: Vec<Complex32>,
    pub(super) n_points: usize,
    pub(super) n_slots: usize,
}

impl SpectrumMaker {
    pub(super) fn new(n_points: usize, hop: usize) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(n_points);
        let angle = |i: usize| std::f32::consts::TAU * i as f32 / n_points as f32;
        let mut window: Vec<f32> = (0..n_points).map(|i| 0.5 - 0.5 * angle(i).cos()).collect();
        // Power stays power: a steady noise of mean power p gives p in every bin.
        let scale = window.iter().map(|w| w * w).sum::<f32>().sqrt().recip();
        window.iter_mut().for_each(|w| *w *= scale);
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        Self { fft, window, hop, scratch }
    }

    pub(super) fn make(&mut self, bands: &Bands) -> Spectra {
        let n_points = self.window.len();
        let mut values = Vec::new();
        let mut n_slots = 0;
        for series in bands.series() {
            let slots = series.windows(n_points).step_by(self.hop);
            n_slots = slots.len();
            for slot in slots {
                let at = values.len();
                values.extend(slot.iter().zip(&self.window).map(|(value, w)| value * w));
                if let Some(part) = values.get_mut(at..) {
                    self.fft.process_with_scratch(part, &mut self.scratch);
                    part.rotate_right(n_points / 2);
                }
            }
        }
        Spectra { values, n_points, n_slots }
    }
}

impl Spectra {
    /// Mean power over antennas and bands, `[slot][frequency]`.
    pub(super) fn power(&self) -> Vec<f32> {
        let size = self.n_slots * self.n_points;
        let mut power = vec![0.0; size];
        let n = self.values.len() / size.max(1);
        for one in self.values.chunks_exact(size.max(1)) {
            power.iter_mut().zip(one).for_each(|(sum, value)| *sum += value.norm_sqr());
        }
        power.iter_mut().for_each(|sum| *sum /= n.max(1) as f32);
        power
    }

    /// All slots of one antenna and band, `[slot][frequency]`; `None` past the end.
    pub(super) fn one(&self, antenna: usize, band: usize) -> Option<&[Complex32]> {
        let size = self.n_slots * self.n_points;
        let at = (antenna * super::layout::N_BANDS + band) * size;
        self.values.get(at..at + size)
    }
}
