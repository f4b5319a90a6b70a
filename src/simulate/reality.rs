//! How like a recording another one is: three figures of amplitude over time, and their distances between two groups.
//!
//! Amplitudes only, each tone relative to its own mean, so that levels, gains and chips do not matter. The same figures are
//! taken of simulated and of real records; a distance means something beside the distance of real records among each other.

use crate::types::CsiFrame;

/// Borders of the spectrum's bands, Hz.
pub const BANDS_HZ: [f32; 9] = [0.4, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 16.0, 24.0];
/// Lags of the autocorrelation, seconds.
pub const LAGS_SECS: [f32; 6] = [0.02, 0.06, 0.1, 0.2, 0.4, 0.8];
/// Samples of one spectrum.
const N_SEGMENT: usize = 128;
/// Tones weaker than this share of the strong ones carry no signal.
const LIVE_SHARE: f32 = 0.3;
/// Tones stronger than this many times the middle one are debris.
const DEBRIS_FACTOR: f32 = 3.0;
const MIN_FRAMES: usize = 2 * N_SEGMENT;

/// One record's figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// Standard deviation over mean of the amplitude, median over tones.
    pub variation: f32,
    /// Shares of the fluctuation's power in the bands; they add up to one.
    pub bands: [f32; BANDS_HZ.len() - 1],
    /// Autocorrelation of the fluctuation at the lags.
    pub correlation: [f32; LAGS_SECS.len()],
}

/// Distances between two groups of records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distances {
    /// Earth mover's distance of the logarithms of the variation: 0.69 is a factor of two.
    pub variation: f32,
    /// Total variation distance of the mean spectra: 0 is equal, 1 has no band in common.
    pub spectrum: f32,
    /// Root mean square difference of the mean autocorrelations.
    pub correlation: f32,
}

/// The figures of one link's frames of one shape; `None` where there are too few, or no tone carries anything.
pub fn likeness(frames: &[CsiFrame]) -> Option<Likeness> {
    let first = frames.first()?;
    let frames: Vec<&CsiFrame> = frames.iter().filter(|frame| frame.values.len() == first.values.len()).collect();
    let (start, end) = (frames.first()?.host_time?, frames.last()?.host_time?);
    let rate_hz = (frames.len() - 1) as f32 / end.secs_since(start) as f32;
    if frames.len() < MIN_FRAMES || !rate_hz.is_finite() || rate_hz < 2.0 {
        return None;
    }
    let live = live_tones(&frames);
    let n_live = live.len() as f32;
    // A frame's own level goes out first: gain steps are no movement.
    let level = |frame: &CsiFrame| {
        let power: f32 = live.iter().filter_map(|&tone| frame.values.get(tone)).map(|value| value.norm_sqr()).sum();
        (power / n_live).sqrt().max(1e-9)
    };
    let levels: Vec<f32> = frames.iter().map(|frame| level(frame)).collect();
    let mut variations = Vec::new();
    let mut power = [0.0f32; BANDS_HZ.len() - 1];
    let mut correlation = [0.0f32; LAGS_SECS.len()];
    for &tone in &live {
        // Every frame has as many values as the first, of which this is one.
        let relative: Vec<f32> =
            frames.iter().zip(&levels).map(|(frame, level)| frame.values[tone].norm() / level).collect();
        let mean = (relative.iter().sum::<f32>() / relative.len() as f32).max(1e-9);
        let series: Vec<f32> = relative.iter().map(|value| value / mean - 1.0).collect();
        let variance = series.iter().map(|x| x * x).sum::<f32>() / series.len() as f32;
        variations.push(variance.sqrt());
        add_spectrum(&series, rate_hz, &mut power);
        for (sum, lag) in correlation.iter_mut().zip(LAGS_SECS) {
            let lag = ((lag * rate_hz).round() as usize).max(1);
            let products = series.iter().zip(series.iter().skip(lag)).map(|(a, b)| a * b).sum::<f32>();
            *sum += products / (series.len() - lag.min(series.len() - 1)) as f32 / variance.max(1e-12);
        }
    }
    variations.sort_by(f32::total_cmp);
    let total: f32 = power.iter().sum();
    let variation = *variations.get(variations.len() / 2)?;
    Some(Likeness {
        variation,
        bands: power.map(|band| band / total.max(1e-20)),
        correlation: correlation.map(|sum| sum / n_live),
    })
}

/// Tones that carry the signal: neither next to nothing, nor the debris that some chips leave, many times as strong.
fn live_tones(frames: &[&CsiFrame]) -> Vec<usize> {
    let n_tones = frames.first().map_or(0, |frame| frame.values.len());
    let mut means = vec![0.0f32; n_tones];
    for frame in frames {
        for (mean, value) in means.iter_mut().zip(&frame.values) {
            *mean += value.norm() / frames.len() as f32;
        }
    }
    let mut sorted = means.clone();
    sorted.sort_by(f32::total_cmp);
    let strong = sorted.get(n_tones * 9 / 10).copied().unwrap_or(0.0);
    let above = sorted.partition_point(|mean| *mean <= LIVE_SHARE * strong);
    let middle = sorted.get((above + n_tones) / 2).copied().unwrap_or(0.0);
    let within = |mean: f32| mean > LIVE_SHARE * middle && mean < DEBRIS_FACTOR * middle;
    (0..n_tones).filter(|&tone| means.get(tone).is_some_and(|mean| within(*mean))).collect()
}

/// Adds the power of a series in each band: overlapping faded segments, each without its mean.
fn add_spectrum(series: &[f32], rate_hz: f32, power: &mut [f32; BANDS_HZ.len() - 1]) {
    for segment in series.windows(N_SEGMENT).step_by(N_SEGMENT / 2) {
        let mean = segment.iter().sum::<f32>() / N_SEGMENT as f32;
        for bin in 1..N_SEGMENT / 2 {
            let hz = bin as f32 * rate_hz / N_SEGMENT as f32;
            let Some(band) = BANDS_HZ.windows(2).position(|ends| (ends[0]..ends[1]).contains(&hz)) else { continue };
            let (mut re, mut im) = (0.0f32, 0.0f32);
            for (i, x) in segment.iter().enumerate() {
                let fade = 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / N_SEGMENT as f32).cos();
                let turn = (bin * i % N_SEGMENT) as f32 / N_SEGMENT as f32 * std::f32::consts::TAU;
                re += (x - mean) * fade * turn.cos();
                im += (x - mean) * fade * turn.sin();
            }
            power[band] += re * re + im * im;
        }
    }
}

/// How far apart two groups are; `None` where one is empty.
pub fn distances(a: &[Likeness], b: &[Likeness]) -> Option<Distances> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    fn mean<const N: usize>(group: &[Likeness], part: impl Fn(&Likeness) -> [f32; N]) -> [f32; N] {
        let mut sum = [0.0; N];
        for record in group {
            for (sum, value) in sum.iter_mut().zip(part(record)) {
                *sum += value / group.len() as f32;
            }
        }
        sum
    }
    let (bands_a, bands_b) = (mean(a, |record| record.bands), mean(b, |record| record.bands));
    let (lags_a, lags_b) = (mean(a, |record| record.correlation), mean(b, |record| record.correlation));
    let spectrum = bands_a.iter().zip(bands_b).map(|(a, b)| (a - b).abs()).sum::<f32>() / 2.0;
    let square = lags_a.iter().zip(lags_b).map(|(a, b)| (a - b).powi(2)).sum::<f32>() / lags_a.len() as f32;
    Some(Distances { variation: earth_mover(a, b), spectrum, correlation: square.sqrt() })
}

/// Mean difference of the sorted logarithms, both groups stretched to the same number.
fn earth_mover(a: &[Likeness], b: &[Likeness]) -> f32 {
    let sorted = |group: &[Likeness]| {
        let mut logs: Vec<f32> = group.iter().map(|record| record.variation.max(1e-6).ln()).collect();
        logs.sort_by(f32::total_cmp);
        logs
    };
    let (a, b) = (sorted(a), sorted(b));
    const N_STEPS: usize = 200;
    let at = |logs: &[f32], step: usize| logs[(step * logs.len() / N_STEPS).min(logs.len() - 1)];
    (0..N_STEPS).map(|step| (at(&a, step) - at(&b, step)).abs()).sum::<f32>() / N_STEPS as f32
}
