//! Spectra of all antennas and bands over time slots: a Hann window, a Fourier transform, zero frequency in the middle.

use std::sync::Arc;

use rustfft::{Fft, FftPlanner};

use super::bands::Bands;
use super::layout::N_BANDS;
use crate::types::Complex32;

/// Makes spectra of `POINTS` frequencies.
#[derive(Clone)]
pub(super) struct SpectrumMaker<const POINTS: usize> {
    fft: Arc<dyn Fft<f32>>,
    window: [f32; POINTS],
    hop: usize,
    scratch: Vec<Complex32>,
}

/// Frequencies of one time slot from the lowest; real and imaginary parts apart, so that loops over them become vectors.
#[derive(Clone, Debug)]
pub(super) struct Slot<const POINTS: usize> {
    pub(super) re: [f32; POINTS],
    pub(super) im: [f32; POINTS],
}

/// `[antenna][band][slot]`.
#[derive(Clone, Debug)]
pub(super) struct Spectra<const POINTS: usize> {
    values: Vec<Slot<POINTS>>,
    n_slots: usize,
}

impl<const POINTS: usize> SpectrumMaker<POINTS> {
    pub(super) fn new(hop: usize) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(POINTS);
        let angle = |i: usize| std::f32::consts::TAU * i as f32 / POINTS as f32;
        let mut window: [f32; POINTS] = std::array::from_fn(|i| 0.5 - 0.5 * angle(i).cos());
        // Power stays power: a steady noise of mean power p gives p in every bin.
        let scale = window.iter().map(|w| w * w).sum::<f32>().sqrt().recip();
        window.iter_mut().for_each(|w| *w *= scale);
        let scratch = vec![Complex32::ZERO; fft.get_inplace_scratch_len()];
        Self { fft, window, hop, scratch }
    }

    pub(super) fn make(&mut self, bands: &Bands) -> Spectra<POINTS> {
        let mut values = Vec::new();
        let mut n_slots = 0;
        for series in bands.series() {
            let slots = series.windows(POINTS).step_by(self.hop);
            n_slots = slots.len();
            for samples in slots {
                let mut points: [Complex32; POINTS] = std::array::from_fn(|i| samples[i] * self.window[i]);
                self.fft.process_with_scratch(&mut points, &mut self.scratch);
                points.rotate_right(POINTS / 2);
                values.push(Slot { re: points.map(|value| value.re), im: points.map(|value| value.im) });
            }
        }
        Spectra { values, n_slots }
    }
}

impl<const POINTS: usize> Spectra<POINTS> {
    /// Mean power over antennas and bands, `[slot][frequency]`.
    pub(super) fn power(&self) -> Vec<f32> {
        let mut power = vec![[0.0_f32; POINTS]; self.n_slots];
        let mut n = 0;
        for slots in self.values.chunks_exact(self.n_slots.max(1)) {
            n += 1;
            for (power, slot) in power.iter_mut().zip(slots) {
                let parts = slot.re.iter().zip(&slot.im);
                power.iter_mut().zip(parts).for_each(|(sum, (re, im))| *sum += re * re + im * im);
            }
        }
        power.iter_mut().flatten().for_each(|sum| *sum /= n.max(1) as f32);
        power.into_flattened()
    }

    /// All slots of one antenna and band; none past the end.
    pub(super) fn slots(&self, antenna: usize, band: usize) -> &[Slot<POINTS>] {
        let at = (antenna * N_BANDS + band) * self.n_slots;
        self.values.get(at..at + self.n_slots).unwrap_or_default()
    }
}
