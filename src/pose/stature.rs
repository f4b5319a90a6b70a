//! How tall somebody is, read off a network's answers: metres with one standard deviation.

use crate::types::Estimate;

/// Statures of those whom the network was taught with, metres: half women, half men (`simulate::random`).
const STATURE_MEAN_M: f64 = 1.685;
const STATURE_SIGMA_M: f64 = 0.096;
/// Where the network's answers about statures begin, and their unit; its log standard deviation is told from the second.
const STATURE_ZERO_M: f64 = 1.68;
const STATURE_UNIT_M: f64 = 0.1;
const STATURE_LOG_SIGMA: f64 = -2.5;
/// What leaves more than this share of the variance between people is no reading.
const MAX_STATURE_SHARE: f64 = 0.97;

/// A reading of the stature by itself: a network answers with what is likeliest among people, which leans to their mean, so that
/// many answers about one person would seem surer of the mean than they are. Their mean and spread are taken out here.
///
/// `scale` is the calibration's factor for the standard deviation; `None` where the reading tells nothing beyond the mean.
pub fn stature(numbers: &[f32], scale: f32) -> Option<Estimate> {
    let &[off, log_sigma] = numbers else { return None };
    let likeliest = STATURE_ZERO_M + STATURE_UNIT_M * f64::from(off);
    let sigma = (f64::from(log_sigma).clamp(-2.0, 2.0) + STATURE_LOG_SIGMA).exp() * f64::from(scale);
    let share = (sigma / STATURE_SIGMA_M).powi(2);
    (share < MAX_STATURE_SHARE).then(|| {
        let told = 1.0 - share;
        Estimate::new(STATURE_MEAN_M + (likeliest - STATURE_MEAN_M) / told, sigma / told.sqrt())
    })
}
