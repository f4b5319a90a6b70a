//! What moves at which frequency and when: power of the leading principal components over time.
//!
//! Goes in: clean amplitudes. Comes out: one spectrum of positive frequencies per hop, and the noise of each frequency.
//! Amplitudes have no sign of direction, so neither has the frequency.

use nalgebra::{DMatrix, SymmetricEigen};

use super::clean::{Clean, RATE_HZ};
use super::order::quantile;
use crate::signal::spectrum::PowerSpectrum;
use crate::types::Complex32;

/// Samples of a window (0.64 s) and positive frequencies of its spectrum, 1.56 Hz apart; zero is left out.
pub const WINDOW: usize = 32;
pub const N_FREQUENCIES: usize = WINDOW / 2;
/// Components that are added up: the first carries gain that normalisation left, the fifth is next to noise.
const N_COMPONENTS: usize = 5;

/// Power over time and frequency.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrogram {
    /// `[frame][frequency]`, arbitrary unit.
    pub power: Vec<[f64; N_FREQUENCIES]>,
    /// Samples from one frame's middle to the next; the first frame's middle is sample `WINDOW / 2`.
    pub hop: usize,
}

impl Spectrogram {
    /// Frequency of a column, Hz.
    pub fn frequency_hz(column: usize) -> f64 {
        (column + 1) as f64 * RATE_HZ / WINDOW as f64
    }

    /// The frame whose middle lies nearest to a sample.
    pub fn frame_at(&self, sample: usize) -> usize {
        let frame = (sample.saturating_sub(WINDOW / 2) + self.hop / 2) / self.hop.max(1);
        frame.min(self.power.len().saturating_sub(1))
    }

    /// The power of each frequency that this share of the frames stays below.
    pub fn floor(&self, share: f64) -> [f64; N_FREQUENCIES] {
        std::array::from_fn(|f| {
            quantile(self.power.iter().filter_map(|frame| frame.get(f).copied()).collect(), share).unwrap_or(0.0)
        })
    }
}

/// Transforms a stretch; empty where it is shorter than a window.
pub fn spectrogram(clean: &Clean, hop: usize) -> Spectrogram {
    let mut spectrogram = Spectrogram { power: Vec::new(), hop: hop.max(1) };
    let Some(components) = leading_components(clean) else { return spectrogram };
    let mut transform = PowerSpectrum::new(WINDOW);
    let mut powers = vec![0.0_f32; WINDOW];
    for start in (0..).map(|i| i * spectrogram.hop).take_while(|start| start + WINDOW <= clean.len()) {
        powers.fill(0.0);
        for scores in &components {
            let samples = scores.get(start..start + WINDOW).unwrap_or_default();
            transform.add_power(samples.iter().map(|v| Some(Complex32::new(*v as f32, 0.0))), &mut powers);
        }
        // Lowest frequency first: zero lies in the middle, and the highest, which is its own mirror image, comes first.
        let at = |f: usize| powers.get((WINDOW / 2 + f + 1) % WINDOW).map_or(0.0, |p| f64::from(*p));
        spectrogram.power.push(std::array::from_fn(at));
    }
    spectrogram
}

/// Scores of the first principal components, each as long as the stretch.
fn leading_components(clean: &Clean) -> Option<Vec<Vec<f64>>> {
    let (n, width) = (clean.len(), clean.n_columns());
    if n < WINDOW || width == 0 {
        return None;
    }
    let mut table = DMatrix::from_row_slice(n, width, clean.rows.get(..n * width)?);
    for mut column in table.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
    }
    let eigen = SymmetricEigen::try_new(table.transpose() * &table, 1e-12, 10_000)?;
    let mut order: Vec<usize> = (0..width).collect();
    let value = |at: usize| eigen.eigenvalues.get(at).copied().unwrap_or(0.0);
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)).then(a.cmp(b)));
    let scores = |at: &usize| (&table * eigen.eigenvectors.column(*at)).iter().copied().collect();
    Some(order.iter().take(N_COMPONENTS).map(scores).collect())
}

/// Frequencies times frames of [`crop`].
pub const CROP_FRAMES: usize = 28;
/// Samples between two frames of a crop: 28 of them span 3.4 s.
pub const CROP_HOP: usize = 6;
/// Noise is what this share of the frames stays below.
const NOISE_QUANTILE: f64 = 0.15;
/// Range of the picture, dB over noise, and what one unit of it is.
const RANGE_DB: (f64, f64) = (-5.0, 40.0);
const UNIT_DB: f64 = 15.0;

/// A picture of the strongest movement: dB over each frequency's own noise in units of 15 dB, `[frequency][frame]`,
/// 16 x 28, the peak in the middle where the stretch allows; `None` for stretches that are too short.
///
/// It says nothing of where in the stretch the movement lay, because cues put falls at the same second of every clip.
pub fn crop(clean: &Clean) -> Option<Vec<f32>> {
    let decibels = over_noise(&spectrogram(clean, CROP_HOP))?;
    cut(&decibels, strongest_frame(&decibels))
}

/// The same picture with the movement replaced by the stretch's own quiet frames: what is left is the room, the link and
/// the day. A control (see [`super::evaluation`]).
pub fn crop_without_burst(clean: &Clean) -> Option<Vec<f32>> {
    let decibels = over_noise(&spectrogram(clean, CROP_HOP))?;
    let loudness = super::burst::smooth(&decibels.iter().map(mean).collect::<Vec<_>>(), 5);
    // A frame is loud 3 dB above the quiet quarter, and so are its neighbours, because windows overlap.
    let threshold = quantile(loudness.clone(), 0.25)? + 3.0;
    let loud = |at: usize| loudness.iter().skip(at.saturating_sub(3)).take(at.min(3) + 4).any(|l| *l > threshold);
    let mut quiet: Vec<usize> = (0..decibels.len()).filter(|at| !loud(*at)).collect();
    if quiet.len() < 10 {
        let bound = quantile(loudness.clone(), 0.15)?;
        quiet = (0..decibels.len()).filter(|at| loudness.get(*at).is_some_and(|l| *l <= bound)).collect();
    }
    let is_quiet: Vec<bool> = (0..decibels.len()).map(|at| quiet.contains(&at)).collect();
    let mut next = 0_usize;
    let filled: Vec<[f64; N_FREQUENCIES]> = decibels
        .iter()
        .zip(&is_quiet)
        .filter_map(|(frame, is_quiet)| {
            if *is_quiet {
                return Some(*frame);
            }
            // Strides of a prime through the quiet frames, so that no stretch of them is repeated as a whole.
            next += 7;
            decibels.get(*quiet.get(next % quiet.len().max(1))?).copied()
        })
        .collect();
    cut(&filled, strongest_frame(&filled))
}

fn over_noise(spectrogram: &Spectrogram) -> Option<Vec<[f64; N_FREQUENCIES]>> {
    if spectrogram.power.len() < CROP_FRAMES {
        return None;
    }
    let noise = spectrogram.floor(NOISE_QUANTILE);
    let decibels = |power: f64, noise: f64| {
        let ratio = 10.0 * (power.max(f64::MIN_POSITIVE) / noise.max(1e-12)).log10();
        ratio.clamp(RANGE_DB.0, RANGE_DB.1)
    };
    let frame = |powers: &[f64; N_FREQUENCIES]| std::array::from_fn(|f| decibels(powers[f], noise[f]));
    Some(spectrogram.power.iter().map(frame).collect())
}

fn mean(frame: &[f64; N_FREQUENCIES]) -> f64 {
    frame.iter().sum::<f64>() / N_FREQUENCIES as f64
}

fn strongest_frame(decibels: &[[f64; N_FREQUENCIES]]) -> usize {
    let linear = |frame: &[f64; N_FREQUENCIES]| frame.iter().map(|db| 10.0_f64.powf(db / 10.0)).sum();
    let loudness = super::burst::smooth(&decibels.iter().map(linear).collect::<Vec<f64>>(), 5);
    (0..loudness.len())
        .max_by(|a, b| {
            let of = |at: &usize| loudness.get(*at).copied().unwrap_or(0.0);
            // Among equals the earliest.
            of(a).total_cmp(&of(b)).then(b.cmp(a))
        })
        .unwrap_or(0)
}

fn cut(decibels: &[[f64; N_FREQUENCIES]], centre: usize) -> Option<Vec<f32>> {
    let half = CROP_FRAMES / 2;
    let centre = centre.clamp(half, decibels.len().checked_sub(half)?);
    let frames = decibels.get(centre - half..centre + half)?;
    let value = |f: usize, frame: &[f64; N_FREQUENCIES]| (frame.get(f).copied().unwrap_or(0.0) / UNIT_DB) as f32;
    Some((0..N_FREQUENCIES).flat_map(|f| frames.iter().map(move |frame| value(f, frame))).collect())
}
