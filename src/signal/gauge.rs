//! Gauge fixing: removes the gain, phase and delay slope that each packet gets from clocks and amplifiers that are not shared.
//!
//! Goes in: channel rows `[chain][subcarrier]`, subcarriers in ascending number, all chains on one oscillator.
//! Comes out: the same rows in the gauge of the mean aligned channel S, so that a moving path keeps the sign of its
//! Doppler shift and its delay relative to S even with one antenna. Does not choose subcarriers and does not filter.
//! Needs a static channel that dominates; [`Gauge::coherence`] says how well a packet fits S.

use num_complex::Complex64;

use super::quarter_turns::undo_quarter_turns;
use crate::types::{Complex32, Timestamp};

/// The three numbers fitted to one packet: `H(k) ≈ gain · exp(i(phase + slope·(k - centre))) · S(k)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gauge {
    pub gain: f32,
    pub phase_rad: f32,
    /// Per unit of subcarrier number.
    pub slope_rad: f32,
    /// Share of the packet's power that lies along the gauge-shifted S, 0..=1.
    pub coherence: f32,
}

/// Fits gauges for one choice of subcarriers.
#[derive(Clone, Debug)]
pub struct GaugeFitter {
    /// Subcarrier numbers less their mean, so that phase and slope hardly depend on each other.
    pub(super) numbers: Vec<f32>,
    /// From each number to the next; nothing before the first.
    steps: Vec<u16>,
    /// Positions whose numbers differ by `lag`.
    pairs: Vec<(usize, usize)>,
    lag: f32,
    /// Sum over chains of H·conj(S).
    cross: Vec<Complex32>,
}

/// Difference of subcarrier numbers over which the slope is first measured; pose.md section 3 uses c(k+3)·conj c(k).
const PREFERRED_LAG: i32 = 3;

impl GaugeFitter {
    /// `numbers` are the subcarrier numbers of the columns, ascending.
    pub fn new(numbers: &[i16]) -> Self {
        let mean = numbers.iter().map(|&k| f32::from(k)).sum::<f32>() / numbers.len().max(1) as f32;
        let pairs_at = |lag: i32| -> Vec<(usize, usize)> {
            numbers
                .iter()
                .enumerate()
                .filter_map(|(i, &k)| {
                    let wanted = i16::try_from(i32::from(k) + lag).ok()?;
                    numbers.binary_search(&wanted).ok().map(|j| (i, j))
                })
                .collect()
        };
        // Devices that report every second or fourth subcarrier have no pairs three apart: take the lag nearest to three
        // that has at least half as many pairs as the best one.
        let candidates: Vec<_> = (1..=8).map(|lag| (lag, pairs_at(lag))).collect();
        let most = candidates.iter().map(|(_, pairs)| pairs.len()).max().unwrap_or(0);
        let chosen = candidates
            .into_iter()
            .filter(|(_, pairs)| 2 * pairs.len() >= most && !pairs.is_empty())
            .min_by_key(|(lag, _)| (lag - PREFERRED_LAG).abs());
        let (lag, pairs) = chosen.unwrap_or((1, Vec::new()));
        Self {
            numbers: numbers.iter().map(|&k| f32::from(k) - mean).collect(),
            steps: numbers.iter().scan(numbers.first(), |before, k| Some(before.replace(k)?.abs_diff(*k))).collect(),
            pairs,
            lag: lag as f32,
            cross: vec![Complex32::ZERO; numbers.len()],
        }
    }

    /// Fits one packet against `mean`; both are `[chain][subcarrier]`. `None` where either carries no energy.
    pub fn fit(&mut self, row: &[Complex32], mean: &[Complex32]) -> Option<Gauge> {
        let n = self.numbers.len();
        if n == 0 || row.len() != mean.len() || !row.len().is_multiple_of(n) {
            return None;
        }
        self.cross.fill(Complex32::ZERO);
        let (mut row_power, mut mean_power) = (0.0_f32, 0.0_f32);
        for (h, s) in row.chunks_exact(n).zip(mean.chunks_exact(n)) {
            for ((c, h), s) in self.cross.iter_mut().zip(h).zip(s) {
                *c += h * s.conj();
                row_power += h.norm_sqr();
                mean_power += s.norm_sqr();
            }
        }
        if !(row_power > 0.0 && row_power.is_finite() && mean_power > 0.0 && mean_power.is_finite()) {
            return None;
        }
        // Scaling by the packet's own size keeps products of 16-bit device units inside the range of an f32.
        let scale = row_power.sqrt().recip();
        for c in &mut self.cross {
            *c *= scale;
        }
        let (slope, phase, along) = self.maximise();
        let gain = along / (mean_power * scale);
        (gain > 0.0).then(|| Gauge {
            gain,
            phase_rad: phase,
            slope_rad: slope,
            coherence: (along * along / mean_power).min(1.0),
        })
    }

    /// Slope and phase that maximise Re Σ c(k)·exp(-i(phase + slope·k)), which is the least-squares fit of H to S.
    fn maximise(&self) -> (f32, f32, f32) {
        let turned_sum = |slope| self.turned_sum(&self.cross, slope);
        let mut slope = self.coarse_slope(std::iter::once(self.cross.as_slice()));
        let mut phase = turned_sum(slope).arg();
        // Two Newton steps: the lag gives a slope that is safe from wrapping but noisy (over 52 subcarriers about seven
        // times the spread of the least-squares fit, which at -20 dB would bury a walker at the band's edges).
        for _ in 0..2 {
            let (mut im, mut im_k, mut re, mut re_k, mut re_kk) = (0.0_f32, 0.0, 0.0, 0.0, 0.0);
            for ((c, turn), &k) in self.cross.iter().zip(self.turns(1.0, phase, slope)).zip(&self.numbers) {
                let turned = c * turn;
                im += turned.im;
                im_k += turned.im * k;
                re += turned.re;
                re_k += turned.re * k;
                re_kk += turned.re * k * k;
            }
            let determinant = re * re_kk - re_k * re_k;
            if re <= 0.0 || determinant <= 1e-6 * re * re_kk {
                break;
            }
            phase += (im * re_kk - im_k * re_k) / determinant;
            slope += (im_k * re - im * re_k) / determinant;
        }
        let sum = turned_sum(slope);
        (slope, sum.arg(), sum.norm())
    }

    /// Slope from the phase steps over `lag`, safe from wrapping; `crosses` are sums of H·conj(S) over chains.
    pub(super) fn coarse_slope<'a>(&self, crosses: impl Iterator<Item = &'a [Complex32]>) -> f32 {
        let step = |cross: &[Complex32]| -> Complex32 {
            self.pairs.iter().filter_map(|&(i, j)| Some(cross.get(j)? * cross.get(i)?.conj())).sum()
        };
        let total: Complex32 = crosses.map(step).sum();
        if self.pairs.is_empty() { 0.0 } else { total.arg() / self.lag }
    }

    pub(super) fn turned_sum(&self, cross: &[Complex32], slope: f32) -> Complex32 {
        cross.iter().zip(self.turns(1.0, 0.0, slope)).map(|(c, turn)| c * turn).sum()
    }

    /// `size · exp(-i(phase + slope·k))` for each subcarrier: a sine where the step to the next changes, instead of one for
    /// each value; in double precision, so that rounding does not add up over thousands of them.
    fn turns(&self, size: f32, phase: f32, slope: f32) -> impl Iterator<Item = Complex32> {
        let first = self.numbers.first().copied().unwrap_or(0.0);
        let mut turn = Complex64::from_polar(f64::from(size), -f64::from(phase) - f64::from(slope) * f64::from(first));
        let mut last = (0, Complex64::ONE);
        self.steps.iter().map(move |&step| {
            if step != last.0 {
                last = (step, Complex64::cis(-f64::from(slope) * f64::from(step)));
            }
            turn *= last.1;
            Complex32::new(turn.re as f32, turn.im as f32)
        })
    }

    /// Writes the packet in S's gauge.
    pub fn apply(&self, row: &[Complex32], gauge: Gauge, out: &mut Vec<Complex32>) {
        out.clear();
        let n = self.numbers.len().max(1);
        let turns: Vec<Complex32> = self.turns(gauge.gain.recip(), gauge.phase_rad, gauge.slope_rad).collect();
        for chain in row.chunks_exact(n) {
            out.extend(chain.iter().zip(&turns).map(|(h, turn)| h * turn));
        }
    }
}

/// The result of fixing a whole stretch of packets at once.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    /// Rows in S's gauge, one after the other; rows that could not be fitted hold zeros.
    pub rows: Vec<Complex32>,
    /// The mean aligned channel, with a mean power of one.
    pub mean: Vec<Complex32>,
    pub gauges: Vec<Option<Gauge>>,
}

/// Fixes packets against their own mean; `rows` holds packets of `width` values one after the other.
///
/// S starts as row `seed` and is the mean of the aligned rows after each of the `n_iterations` (two are enough).
pub fn fix_batch(rows: &[Complex32], numbers: &[i16], width: usize, seed: usize, n_iterations: usize) -> Option<Fixed> {
    if width == 0 || rows.len() < width {
        return None;
    }
    let mut fitter = GaugeFitter::new(numbers);
    let mut fixed = Fixed { mean: rows.chunks_exact(width).nth(seed)?.to_vec(), ..Fixed::default() };
    let mut aligned = Vec::with_capacity(width);
    for _ in 0..n_iterations.max(1) {
        if !normalise_power(&mut fixed.mean) {
            return None;
        }
        let mut sum = vec![Complex32::ZERO; width];
        fixed.gauges.clear();
        for row in rows.chunks_exact(width) {
            let gauge = fitter.fit(row, &fixed.mean);
            fixed.gauges.push(gauge);
            if let Some(gauge) = gauge {
                fitter.apply(row, gauge, &mut aligned);
                sum.iter_mut().zip(&aligned).for_each(|(s, y)| *s += y);
            }
        }
        fixed.mean = sum;
    }
    if !normalise_power(&mut fixed.mean) {
        return None;
    }
    fixed.rows.reserve(rows.len());
    for (row, gauge) in rows.chunks_exact(width).zip(&mut fixed.gauges) {
        *gauge = fitter.fit(row, &fixed.mean);
        match *gauge {
            Some(gauge) => {
                fitter.apply(row, gauge, &mut aligned);
                fixed.rows.extend_from_slice(&aligned);
            }
            None => fixed.rows.extend(std::iter::repeat_n(Complex32::ZERO, width)),
        }
    }
    Some(fixed)
}

/// The moving part of a fixed row relative to the static channel: `(y - S)·conj(S)`, with S of mean power one.
pub fn dynamic_part(fixed: &[Complex32], mean: &[Complex32], out: &mut Vec<Complex32>) {
    out.clear();
    out.extend(fixed.iter().zip(mean).map(|(y, s)| (y - s) * s.conj()));
}

/// A packet that fits the static channel worse than this is no sample of motion (a collision, another frame format).
pub const MIN_COHERENCE: f32 = 0.3;

/// Gauge fixing of a running stream: S follows the channel slowly.
#[derive(Clone, Debug)]
pub struct GaugeTracker {
    fitter: GaugeFitter,
    mean: Vec<Complex32>,
    /// How long S takes to follow a change; slower than a breath, faster than furniture.
    follow_secs: f32,
    last_time: Option<Timestamp>,
    /// Chains per receive chain, where receive chains differ by quarter turns.
    turning_n_tx: Option<usize>,
    turned: Vec<Complex32>,
}

impl GaugeTracker {
    /// Starts from a few packets at once, around the one that most others resemble, so that no single odd packet sets S.
    ///
    /// `turning_n_tx` is the number of transmit chains where receive chains differ by quarter turns
    /// ([`super::quarter_turns`]), else `None`.
    pub fn start(
        numbers: &[i16],
        first_rows: &[Vec<Complex32>],
        follow_secs: f32,
        turning_n_tx: Option<usize>,
    ) -> Option<Self> {
        let width = first_rows.first()?.len();
        let mut fitter = GaugeFitter::new(numbers);
        let likeness = |fitter: &mut GaugeFitter, seed: &[Complex32]| -> f32 {
            first_rows.iter().filter_map(|row| fitter.fit(row, seed)).map(|gauge| gauge.coherence).sum()
        };
        let seed = (0..first_rows.len())
            .map(|i| (i, first_rows.get(i).map_or(0.0, |row| likeness(&mut fitter, row))))
            .max_by(|a, b| a.1.total_cmp(&b.1))?
            .0;
        let mut rows: Vec<Complex32> = first_rows.iter().filter(|row| row.len() == width).flatten().copied().collect();
        if let (Some(n_tx), Some(seed)) = (turning_n_tx, first_rows.get(seed)) {
            rows.chunks_exact_mut(width.max(1)).for_each(|row| undo_quarter_turns(&fitter, row, seed, n_tx));
        }
        let fixed = fix_batch(&rows, numbers, width, seed, 3)?;
        Some(Self { fitter, mean: fixed.mean, follow_secs, last_time: None, turning_n_tx, turned: Vec::new() })
    }

    /// Fits a packet, writes it in S's gauge and lets S follow. `None`, with `out` empty, where it carries no energy.
    pub fn push(&mut self, time: Timestamp, row: &[Complex32], out: &mut Vec<Complex32>) -> Option<Gauge> {
        out.clear();
        let mut row = row;
        if let Some(n_tx) = self.turning_n_tx {
            self.turned.clear();
            self.turned.extend_from_slice(row);
            undo_quarter_turns(&self.fitter, &mut self.turned, &self.mean, n_tx);
            row = &self.turned;
        }
        let mut gauge = self.fitter.fit(row, &self.mean)?;
        // What hardly fits has a least-squares gain near zero; dividing by it would blow an odd packet up.
        gauge.gain *= (MIN_COHERENCE / gauge.coherence.clamp(1e-6, MIN_COHERENCE)).sqrt();
        self.fitter.apply(row, gauge, out);
        // A pause says nothing about the channel, so one packet never counts for more than half a second.
        let dt = self.last_time.map_or(0.0, |last| time.secs_since(last).clamp(0.0, 0.5)) as f32;
        self.last_time = Some(time);
        // A packet that fits badly is more likely odd than a new channel; a channel that has truly changed keeps pulling.
        let share = (1.0 - (-dt / self.follow_secs).exp()) * gauge.coherence.max(0.1);
        self.mean.iter_mut().zip(out.iter()).for_each(|(s, y)| *s += (y - *s) * share);
        normalise_power(&mut self.mean);
        Some(gauge)
    }

    pub fn mean(&self) -> &[Complex32] {
        &self.mean
    }
}

/// Scales to a mean power of one; `false` where there is no power.
fn normalise_power(row: &mut [Complex32]) -> bool {
    let power = row.iter().map(|v| f64::from(v.norm_sqr())).sum::<f64>() / row.len().max(1) as f64;
    if !(power > 0.0 && power.is_finite()) {
        return false;
    }
    let scale = power.sqrt().recip() as f32;
    row.iter_mut().for_each(|v| *v *= scale);
    true
}
