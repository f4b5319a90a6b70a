//! Where something moved: the energy of the band that movement fills, and its strongest burst.
//!
//! Goes in: clean amplitudes. Comes out: the energy per sample, its quiet floor, and the burst around the peak. Quiet
//! stretches end here and never reach a classifier.

use super::clean::{Clean, RATE_HZ};
use super::order::{median, quantile};
use crate::signal::filter::{butterworth_band_pass, sosfiltfilt};

/// Movement at 5 GHz and 50 Hz: below lie gain drifts, above aliases and noise (`spec/falls.md` section 3).
const BAND_HZ: (f64, f64) = (1.5, 15.0);
/// Energy is averaged over this many samples, 0.3 s.
const SMOOTHING: usize = 15;
/// The quiet floor of a stretch.
const FLOOR_QUANTILE: f64 = 0.2;
/// Energy over the floor that makes an event, dB. Quiet records of `fition` have 2 to 3 dB, falls in the clean room 18 dB
/// and more (`spec/falls.md` section 3.3).
pub const MIN_CONTRAST_DB: f64 = 12.0;
/// Energy below this share of the peak is no part of the burst, where it stays there for [`PAUSE`] samples (0.4 s).
const EDGE_SHARE: f64 = 0.05;
const PAUSE: usize = 20;

/// Movement energy of a stretch and its strongest burst. Places are samples of the clean stretch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Burst {
    /// Mean square of the band over the columns, smoothed; as long as the clean stretch.
    pub energy: Vec<f64>,
    pub floor: f64,
    /// What is above one and a half times the floor, never negative.
    pub excess: Vec<f64>,
    pub peak: usize,
    /// First and one past the last sample of the burst.
    pub start: usize,
    pub end: usize,
    pub contrast_db: f64,
    /// The band, `[sample][column]`.
    pub band: Vec<f64>,
}

impl Burst {
    /// Whether there is enough movement to ask what it was.
    pub fn is_event(&self) -> bool {
        self.contrast_db >= MIN_CONTRAST_DB
    }

    pub fn secs(&self) -> f64 {
        (self.end - self.start) as f64 / RATE_HZ
    }
}

/// Looks for the strongest burst; `None` for stretches too short to filter or without energy.
pub fn find(clean: &Clean) -> Option<Burst> {
    find_within(clean, 0..clean.len())
}

/// Looks for the strongest burst that peaks within the given samples: what one link saw when another saw most.
pub fn find_within(clean: &Clean, peaks: std::ops::Range<usize>) -> Option<Burst> {
    let (n, width) = (clean.len(), clean.n_columns());
    let filter = butterworth_band_pass(3, BAND_HZ.0, BAND_HZ.1, RATE_HZ)?;
    let band = sosfiltfilt(&filter, &clean.rows, width)?;
    let square = |row: &[f64]| row.iter().fold(0.0, |sum, value| sum + value * value / width as f64);
    let squares: Vec<f64> = band.chunks_exact(width).map(square).collect();
    let mut energy = smooth(&squares, SMOOTHING);
    // Interpolated stretches look still; they must count neither as quiet nor as movement.
    let sound: Vec<f64> = energy.iter().zip(&clean.valid).filter(|(_, valid)| **valid).map(|(e, _)| *e).collect();
    let middle = median(sound)?;
    energy.iter_mut().zip(&clean.valid).filter(|(_, valid)| !**valid).for_each(|(e, _)| *e = middle);
    // The filter rings at both ends.
    let inner = SMOOTHING..n.checked_sub(SMOOTHING)?;
    let floor = quantile(energy.get(inner.clone())?.to_vec(), FLOOR_QUANTILE)?;
    let excess: Vec<f64> =
        (0..n)
            .map(|at| {
                if inner.contains(&at) { (energy.get(at).copied().unwrap_or(0.0) - 1.5 * floor).max(0.0) } else { 0.0 }
            })
            .collect();
    let peaks = peaks.start.max(inner.start)..peaks.end.min(inner.end);
    let peak = peaks.max_by(|a, b| energy.get(*a).partial_cmp(&energy.get(*b)).unwrap_or(std::cmp::Ordering::Equal))?;
    let highest = energy.get(peak).copied().filter(|e| *e > 0.0 && floor > 0.0)?;
    let edge = EDGE_SHARE * excess.get(peak).copied().unwrap_or(0.0);
    let moving = |at: usize| excess.get(at).is_some_and(|e| *e > edge);
    let start = extent(peak, (0..peak).rev(), moving);
    let end = extent(peak, peak + 1..n, moving) + 1;
    Some(Burst { energy, floor, excess, peak, start, end, contrast_db: 10.0 * (highest / floor).log10(), band })
}

/// The last moving sample along a way that ends where it stays still.
fn extent(peak: usize, way: impl Iterator<Item = usize>, moving: impl Fn(usize) -> bool) -> usize {
    let (mut last, mut still) = (peak, 0);
    for at in way {
        if moving(at) {
            (last, still) = (at, 0);
        } else {
            still += 1;
            if still >= PAUSE {
                break;
            }
        }
    }
    last
}

/// Centred running mean; the ends average over what is there.
pub fn smooth(values: &[f64], width: usize) -> Vec<f64> {
    let reach = width / 2;
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0);
    let mut sum = 0.0;
    for value in values {
        sum += value;
        sums.push(sum);
    }
    (0..values.len())
        .map(|at| {
            let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(values.len()));
            let between = sums.get(to).zip(sums.get(from)).map_or(0.0, |(b, a)| b - a);
            (between / (to - from) as f64).max(0.0)
        })
        .collect()
}
