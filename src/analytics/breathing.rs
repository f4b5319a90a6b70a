//! The breathing rate of somebody who keeps still, or nothing where the channel does not show one.
//!
//! Goes in: clean amplitudes of fifteen seconds or more. Comes out: breaths a minute with a quality, blank where movement or
//! noise leaves no rhythm. The rhythm must show twice: as a peak of the spectrum of all columns over what lies around it,
//! and as a return of the channel to itself one breath later. A heart beat moves the chest a
//! twentieth as far and is not told ([`HEART_RATE_TEXT`]).

use super::burst::smooth;
use super::clean::{Clean, RATE_HZ};
use super::masking::detrend;
use super::order::median;
use crate::signal::spectrum::hann;
use crate::types::Complex32;

/// What to show where somebody looks for a heart rate.
///
/// A heart beat moves the chest by 0.2 to 0.5 mm, a breath by 4 to 12 mm, and the breath's harmonics lie where hearts beat: on
/// a link without any noise the heart's line is the strongest from 45 to 110 a minute in 48 % of made-up sleepers
/// (`models/falls/TESTED.md`). No recording at hand has a reference.
pub const HEART_RATE_TEXT: &str =
    "Heart rate: not supported — a breath's overtones drown it, and no recording could prove it";

/// Breaths a minute that are looked for: adults at rest breathe 12 to 20 times, asleep and ill ones 6 to 30.
pub const RANGE_PER_MIN: (f64, f64) = (6.0, 30.0);
/// Shorter stretches hold too few breaths.
pub const MIN_SECS: f64 = 15.0;
/// The amplitudes are averaged to this rate, Hz: a breath has nothing above.
const SLOW_HZ: f64 = 5.0;
/// Padding of the transform, so that its lines lie closer than the range needs: 5 Hz / 1024 = 0.3 breaths a minute.
const N_TRANSFORM: usize = 1024;
/// A peak must hold this share of the power from 0.08 to 1 Hz within ± one line width of the stretch …
const MIN_PEAK_SHARE: f64 = 0.35;
/// … and the channel must return to itself one period later with at least this correlation.
const MIN_RETURN: f64 = 0.3;

/// A rhythm in the band of breathing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rhythm {
    pub per_min: f64,
    /// Share of the power in the peak, 0..=1.
    pub peak_share: f64,
    /// Correlation with itself one period later, -1..=1.
    pub returns: f64,
}

impl Rhythm {
    /// 0..=1; a rate may be shown from one half on.
    pub fn quality(&self) -> f64 {
        let part = |value: f64, least: f64| (0.5 * value / least).clamp(0.0, 1.0);
        part(self.peak_share, MIN_PEAK_SHARE).min(part(self.returns, MIN_RETURN))
    }

    /// Whether the rate may be shown.
    pub fn is_supported(&self) -> bool {
        self.peak_share >= MIN_PEAK_SHARE && self.returns >= MIN_RETURN
    }
}

/// The strongest rhythm of a stretch, supported or not; `None` where it is too short or mostly gaps.
pub fn strongest(clean: &Clean) -> Option<Rhythm> {
    let n_valid = clean.valid.iter().filter(|valid| **valid).count();
    if (clean.len() as f64) < MIN_SECS * RATE_HZ || (n_valid as f64) < 0.8 * clean.len() as f64 {
        return None;
    }
    let step = (RATE_HZ / SLOW_HZ) as usize;
    let columns: Vec<Vec<f64>> = (0..clean.n_columns())
        .map(|column| {
            let mut slow: Vec<f64> = smooth(&clean.column(column), step).into_iter().step_by(step).collect();
            detrend(&mut slow);
            slow
        })
        .collect();
    let n = columns.first()?.len();
    let spectrum = slow_spectrum(&columns, n);
    let hz = |line: usize| line as f64 * SLOW_HZ / N_TRANSFORM as f64;
    let line = |hz: f64| (hz * N_TRANSFORM as f64 / SLOW_HZ).round() as usize;
    let (low, high) = (line(RANGE_PER_MIN.0 / 60.0), line(RANGE_PER_MIN.1 / 60.0));
    let at = |line: usize| spectrum.get(line).copied().unwrap_or(0.0);
    // A peak at the edge of the range is a slope and no rhythm.
    let is_peak = |l: &usize| at(*l) >= at(l - 1) && at(*l) >= at(l + 1);
    let peak = (low.max(1)..=high).filter(is_peak).max_by(|a, b| at(*a).total_cmp(&at(*b)))?;
    // A Hann window of n samples spreads a line over two of its own.
    let reach = (2 * N_TRANSFORM).div_ceil(n.max(1));
    let sum = |from: usize, to: usize| (from..=to).map(at).sum::<f64>();
    let all = sum(line(0.08), line(1.0));
    let period = (SLOW_HZ / hz(peak)).round() as usize;
    Some(Rhythm {
        per_min: 60.0 * hz(peak),
        peak_share: sum(peak.saturating_sub(reach).max(line(0.08)), peak + reach) / all.max(f64::MIN_POSITIVE),
        returns: correlation_at(&columns, period),
    })
}

/// Power of all columns together, positive frequencies from zero on.
fn slow_spectrum(columns: &[Vec<f64>], n: usize) -> Vec<f64> {
    let window = hann(n);
    // Windowed over the stretch and padded afterwards, which `signal::spectrum` does not do.
    let mut power = vec![0.0_f64; N_TRANSFORM / 2];
    let mut planner = rustfft::FftPlanner::<f32>::new();
    let fft = planner.plan_fft_forward(N_TRANSFORM);
    for column in columns {
        let mut buffer: Vec<Complex32> =
            column.iter().zip(&window).map(|(v, w)| Complex32::new(*v as f32 * w, 0.0)).collect();
        buffer.resize(N_TRANSFORM.max(buffer.len()), Complex32::ZERO);
        buffer.truncate(N_TRANSFORM);
        fft.process(&mut buffer);
        power.iter_mut().zip(&buffer).for_each(|(p, v)| *p += f64::from(v.norm_sqr()));
    }
    power
}

fn correlation_at(columns: &[Vec<f64>], lag: usize) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    for column in columns {
        let n = column.len();
        products += column.iter().zip(column.iter().skip(lag)).map(|(a, b)| a * b).sum::<f64>() * n as f64
            / n.saturating_sub(lag).max(1) as f64;
        squares += column.iter().map(|v| v * v).sum::<f64>();
    }
    if squares > 0.0 { products / squares } else { 0.0 }
}

/// The rate of a still stretch in breaths a minute with its quality; blank where it is not supported.
///
/// A long stretch is judged in overlapping halves too: both must agree with the whole within three breaths a minute.
pub fn rate(clean: &Clean) -> Option<(f64, f64)> {
    let whole = strongest(clean).filter(Rhythm::is_supported)?;
    let n = clean.len();
    if n as f64 >= 1.5 * MIN_SECS * RATE_HZ {
        let parts = [0..2 * n / 3, n / 3..n];
        let rates = parts.map(|range| strongest(&part(clean, range)).map(|rhythm| rhythm.per_min));
        let off = rates.iter().flatten().map(|rate| (rate - whole.per_min).abs()).collect::<Vec<_>>();
        if off.len() < 2 || median(off).is_none_or(|off| off > 3.0) {
            return None;
        }
    }
    Some((whole.per_min, whole.quality()))
}

fn part(clean: &Clean, range: std::ops::Range<usize>) -> Clean {
    let width = clean.n_columns();
    Clean {
        numbers: clean.numbers.clone(),
        rows: clean.rows.get(range.start * width..range.end * width).unwrap_or_default().to_vec(),
        valid: clean.valid.get(range).unwrap_or_default().to_vec(),
        bookkeeping: clean.bookkeeping,
    }
}
