//! Motion as poses at given times, with a smooth way between them.
//!
//! Each number of the pose runs along a monotone cubic (Fritsch and Carlson 1980, with the weighted harmonic mean of
//! Fritsch and Butland 1984): speed is continuous, nothing overshoots, and what is equal in two poses stays put between
//! them, so that a planted foot is planted.

use super::figure::{N_NUMBERS, Pose, align_turns};

/// Poses closer than this in time are the same moment.
const MIN_STEP_SECS: f64 = 1e-3;

/// Poses at rising times.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    secs: Vec<f64>,
    numbers: Vec<[f32; N_NUMBERS]>,
}

impl Keys {
    /// A pose that is not later than the last one is left out.
    pub(super) fn push(&mut self, secs: f64, pose: &Pose) {
        let mut numbers = pose.numbers();
        if let (Some(&last_secs), Some(last)) = (self.secs.last(), self.numbers.last()) {
            if secs - last_secs < MIN_STEP_SECS {
                return;
            }
            align_turns(last, &mut numbers);
        }
        self.secs.push(secs);
        self.numbers.push(numbers);
    }

    /// Forgets what comes after a time, which becomes the end.
    pub(super) fn cut(&mut self, secs: f64) {
        let Some(pose) = self.at(secs) else { return };
        let n = self.secs.partition_point(|&key| key < secs - MIN_STEP_SECS);
        self.secs.truncate(n);
        self.numbers.truncate(n);
        self.push(secs, &pose);
    }

    pub(super) fn end_secs(&self) -> f64 {
        self.secs.last().copied().unwrap_or(0.0)
    }

    pub(super) fn len(&self) -> usize {
        self.secs.len()
    }

    pub(super) fn last(&self) -> Option<Pose> {
        self.numbers.last().map(Pose::from_numbers)
    }

    /// The pose at a time; before the first and after the last it stays.
    pub(super) fn at(&self, secs: f64) -> Option<Pose> {
        let next = self.secs.partition_point(|&key| key <= secs);
        let (Some(first), Some(last)) = (self.numbers.first(), self.numbers.last()) else { return None };
        if next == 0 {
            return Some(Pose::from_numbers(first));
        }
        if next == self.secs.len() {
            return Some(Pose::from_numbers(last));
        }
        // Both neighbours exist: 0 < next < len.
        let (i, k) = (next - 1, next);
        let step = (self.secs[k] - self.secs[i]) as f32;
        let before = i.checked_sub(1).map(|j| ((self.secs[i] - self.secs[j]) as f32, &self.numbers[j]));
        let after = self.numbers.get(k + 1).map(|numbers| ((self.secs[k + 1] - self.secs[k]) as f32, numbers));
        let (a, b) = (&self.numbers[i], &self.numbers[k]);
        let x = ((secs - self.secs[i]) as f32 / step).clamp(0.0, 1.0);
        let (x2, x3) = (x * x, x * x * x);
        let (from, to) = (2.0 * x3 - 3.0 * x2 + 1.0, 3.0 * x2 - 2.0 * x3);
        let (leaving, arriving) = ((x3 - 2.0 * x2 + x) * step, (x3 - x2) * step);
        let mut mixed = [0.0; N_NUMBERS];
        for (n, mixed) in mixed.iter_mut().enumerate() {
            let slope = (b[n] - a[n]) / step;
            let start = before.map_or(0.0, |(width, numbers)| tangent(width, (a[n] - numbers[n]) / width, step, slope));
            let end = after.map_or(0.0, |(width, numbers)| tangent(step, slope, width, (numbers[n] - b[n]) / width));
            *mixed = from * a[n] + to * b[n] + leaving * start + arriving * end;
        }
        Some(Pose::from_numbers(&mixed))
    }
}

/// Slope at a key between two stretches: zero where they disagree in direction.
fn tangent(width_before: f32, slope_before: f32, width_after: f32, slope_after: f32) -> f32 {
    if slope_before * slope_after <= 0.0 {
        return 0.0;
    }
    let w1 = 2.0 * width_after + width_before;
    let w2 = width_after + 2.0 * width_before;
    (w1 + w2) / (w1 / slope_before + w2 / slope_after)
}
