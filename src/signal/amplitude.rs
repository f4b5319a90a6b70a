//! Amplitudes that survive automatic gain control, and the Hampel filter against single odd values.
//!
//! Pure: rows of amplitudes in, normalised ones out. Phase is not looked at, so this also serves recordings that
//! stored amplitudes only.

use std::collections::VecDeque;

use crate::types::Timestamp;

/// Makes the median absolute deviation of normal noise equal to its standard deviation (1 / Φ⁻¹(3/4)).
pub const MAD_TO_SIGMA: f32 = 1.482_602_2;

/// The middle value; the mean of the two middle ones where their number is even. Reorders `values`.
pub fn median(values: &mut [f32]) -> Option<f32> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f32::total_cmp);
    if n % 2 == 1 {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f32::total_cmp).unwrap_or(upper);
    Some(f32::midpoint(lower, upper))
}

/// The gain of a row against a reference: the median ratio, which a body that changes some bins does not move.
pub fn robust_gain(row: &[f32], reference: &[f32], scratch: &mut Vec<f32>) -> Option<f32> {
    scratch.clear();
    scratch.extend(row.iter().zip(reference).filter(|(_, r)| **r > 0.0).map(|(a, r)| a / r));
    median(scratch).filter(|gain| *gain > 0.0 && gain.is_finite())
}

/// Normalises amplitude rows against a slowly following mean, so that a step of the gain control leaves no step.
#[derive(Clone, Debug)]
pub struct AmplitudeTracker {
    mean: Vec<f32>,
    follow_secs: f32,
    last_time: Option<Timestamp>,
    scratch: Vec<f32>,
}

impl AmplitudeTracker {
    /// Starts from the median of a few rows, each scaled to its own median.
    pub fn start(first_rows: &[Vec<f32>], follow_secs: f32) -> Option<Self> {
        let width = first_rows.first()?.len();
        let mut scaled: Vec<Vec<f32>> = Vec::new();
        for row in first_rows.iter().filter(|row| row.len() == width) {
            let level = median(&mut row.clone()).filter(|level| *level > 0.0);
            scaled.extend(level.map(|level| row.iter().map(|a| a / level).collect::<Vec<f32>>()));
        }
        let mut mean: Vec<f32> = (0..width)
            .filter_map(|i| median(&mut scaled.iter().filter_map(|row| row.get(i).copied()).collect::<Vec<_>>()))
            .collect();
        (mean.len() == width && normalise_power(&mut mean)).then(|| Self {
            mean,
            follow_secs,
            last_time: None,
            scratch: Vec::new(),
        })
    }

    /// Writes the row divided by its gain; the answer is the gain, or `None` where the row carries no energy or no numbers.
    pub fn push(&mut self, time: Timestamp, row: &[f32], out: &mut Vec<f32>) -> Option<f32> {
        out.clear();
        // One value that is no number would stay in the mean for ever.
        if !row.iter().all(|a| a.is_finite()) {
            return None;
        }
        let gain = robust_gain(row, &self.mean, &mut self.scratch)?;
        out.extend(row.iter().map(|a| a / gain));
        let dt = self.last_time.map_or(0.0, |last| time.secs_since(last).clamp(0.0, 0.5)) as f32;
        self.last_time = Some(time);
        let share = 1.0 - (-dt / self.follow_secs).exp();
        self.mean.iter_mut().zip(out.iter()).for_each(|(m, a)| *m += (a - *m) * share);
        normalise_power(&mut self.mean);
        Some(gain)
    }

    /// The mean row, with a mean power of one.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }
}

fn normalise_power(row: &mut [f32]) -> bool {
    let power = row.iter().map(|a| a * a).sum::<f32>() / row.len().max(1) as f32;
    if !(power > 0.0 && power.is_finite()) {
        return false;
    }
    let scale = power.sqrt().recip();
    row.iter_mut().for_each(|a| *a *= scale);
    true
}

/// Replaces values further than `n_sigmas` robust deviations from the median of the window around them by that median.
///
/// The window reaches `half_width` values to each side and is cut at the ends (Hampel 1974; Pearson 2002). The second
/// answer says which values were replaced.
pub fn hampel(values: &[f32], half_width: usize, n_sigmas: f32) -> (Vec<f32>, Vec<bool>) {
    let mut window = Vec::with_capacity(2 * half_width + 1);
    let judged = values.iter().enumerate().map(|(i, &value)| {
        let around = values.get(i.saturating_sub(half_width)..(i + half_width + 1).min(values.len()));
        judge(value, around.unwrap_or(&[]), n_sigmas, &mut window)
    });
    judged.unzip()
}

/// The Hampel filter on a running signal: judges each value by those before it, so it adds no delay.
#[derive(Clone, Debug)]
pub struct Hampel {
    recent: VecDeque<f32>,
    window_len: usize,
    n_sigmas: f32,
    scratch: Vec<f32>,
}

impl Hampel {
    /// `window_len` counts the judged value itself.
    pub fn new(window_len: usize, n_sigmas: f32) -> Self {
        let window_len = window_len.max(3);
        Self { recent: VecDeque::with_capacity(window_len), window_len, n_sigmas, scratch: Vec::new() }
    }

    /// The value to use, and whether it replaces the given one.
    pub fn push(&mut self, value: f32) -> (f32, bool) {
        if self.recent.len() >= self.window_len {
            self.recent.pop_front();
        }
        self.recent.push_back(value);
        judge(value, self.recent.make_contiguous(), self.n_sigmas, &mut self.scratch)
    }
}

fn judge(value: f32, window: &[f32], n_sigmas: f32, scratch: &mut Vec<f32>) -> (f32, bool) {
    scratch.clear();
    scratch.extend_from_slice(window);
    let Some(middle) = median(scratch) else { return (value, false) };
    scratch.iter_mut().for_each(|v| *v = (*v - middle).abs());
    let deviation = MAD_TO_SIGMA * median(scratch).unwrap_or(0.0);
    if (value - middle).abs() > n_sigmas * deviation { (middle, true) } else { (value, false) }
}
