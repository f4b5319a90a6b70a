//! Whether somebody moves: how unlike noise a link's changes are, held against the link's own quiet time.
//!
//! Goes in: clean amplitudes. Comes out: windows of two seconds with a motion figure, and, once a quiet baseline has been
//! learned, a state for each. What a quiet channel does from packet to packet is noise and has no memory; what a body does
//! goes on from one sample to the next. The figure is therefore a correlation and has no level: one setting serves all
//! chips, and what interference or a gain control adds to one link's quiet time is learned with its baseline.

use super::clean::{Clean, RATE_HZ};
use super::masking::detrend;
use super::order::quantile;
use serde::{Deserialize, Serialize};

/// Length and step of the windows, samples.
pub const WINDOW: usize = 100;
pub const STEP: usize = 25;
/// A window that misses more samples than this says nothing.
const MIN_VALID: f64 = 0.9;

/// Two seconds of a link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MotionWindow {
    /// First sample.
    pub start: usize,
    /// Correlation of the detrended amplitudes with themselves 20 ms later, all columns together, -1..=1.
    pub memory: f64,
    /// Mean square of the detrended amplitudes, of mean power one, dB.
    pub energy_db: f64,
}

/// The windows of a stretch; those in gaps are left out.
pub fn windows(clean: &Clean) -> Vec<MotionWindow> {
    let starts = (0..).map(|i| i * STEP).take_while(|start| start + WINDOW <= clean.len());
    starts.filter_map(|start| window(clean, start)).collect()
}

fn window(clean: &Clean, start: usize) -> Option<MotionWindow> {
    let valid = clean.valid.get(start..start + WINDOW)?;
    if (valid.iter().filter(|valid| **valid).count() as f64) < MIN_VALID * WINDOW as f64 {
        return None;
    }
    let width = clean.n_columns();
    let rows = clean.rows.get(start * width..(start + WINDOW) * width)?;
    let (mut products, mut squares) = (0.0, 0.0);
    for column in 0..width {
        let mut values: Vec<f64> = rows.iter().skip(column).step_by(width).copied().collect();
        detrend(&mut values);
        products += values.iter().zip(values.iter().skip(1)).map(|(a, b)| a * b).sum::<f64>();
        squares += values.iter().map(|v| v * v).sum::<f64>();
    }
    let mean_square = squares / (WINDOW * width.max(1)) as f64;
    (mean_square > 0.0).then(|| MotionWindow {
        start,
        memory: products / squares,
        energy_db: 10.0 * mean_square.log10(),
    })
}

/// What a link's windows are like while nobody moves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuietBaseline {
    /// Median of the memory.
    pub centre: f64,
    /// From the median down to the 16th percentile: somebody who was still leaving only moves the upper half.
    pub spread: f64,
    pub energy_db: f64,
    pub n_windows: usize,
}

/// A baseline needs as many windows: five seconds.
pub const MIN_WINDOWS: usize = 7;
/// Moving is more memory than the centre by this many spreads, and by this much at least: quiet windows of 56 columns
/// scatter by 0.03 to 0.07, people crossing rooms reach 0.25 to 0.9.
///
/// Set on the first session of each chip of `espectre`; `corporeal evaluate presence` prints those and the others apart.
const SPREADS: f64 = 3.0;
const MIN_RISE: f64 = 0.15;

impl QuietBaseline {
    /// Learns from windows in which nobody moved; `None` with too few of them.
    pub fn learn(windows: &[MotionWindow]) -> Option<Self> {
        let memory = |share: f64| quantile(windows.iter().map(|window| window.memory).collect(), share);
        let centre = memory(0.5)?;
        (windows.len() >= MIN_WINDOWS).then_some(Self {
            centre,
            spread: centre - memory(0.16)?,
            energy_db: quantile(windows.iter().map(|window| window.energy_db).collect(), 0.5)?,
            n_windows: windows.len(),
        })
    }

    /// The memory above which a window is moving.
    pub fn threshold(&self) -> f64 {
        self.centre + (SPREADS * self.spread).max(MIN_RISE)
    }

    /// How far a window lies above the threshold, in units of the distance from centre to threshold; positive is moving.
    pub fn excess(&self, window: &MotionWindow) -> f64 {
        (window.memory - self.threshold()) / (self.threshold() - self.centre)
    }
}

/// Which windows are moving: the middle one of each three decides, so that one odd window is no person.
pub fn moving(windows: &[MotionWindow], baseline: &QuietBaseline) -> Vec<bool> {
    let above: Vec<bool> = windows.iter().map(|window| baseline.excess(window) > 0.0).collect();
    (0..above.len())
        .map(|at| {
            let around = above.get(at.saturating_sub(1)..(at + 2).min(above.len())).unwrap_or_default();
            let n_above = around.iter().filter(|above| **above).count();
            if around.len() < 3 { above.get(at) == Some(&true) } else { n_above >= 2 }
        })
        .collect()
}

/// Seconds from the start of the stretch at which a window ends.
pub fn end_secs(window: &MotionWindow) -> f64 {
    (window.start + WINDOW) as f64 / RATE_HZ
}
