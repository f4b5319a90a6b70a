//! Classical phase work on single frames: unwrapping, sanitising, and products and ratios between antennas.
//!
//! Pure functions over slices in ascending subcarrier number. They need no mean channel; [`super::gauge`] does better
//! on a stream and keeps the sign of motion with one antenna.

use std::f32::consts::{PI, TAU};

use crate::types::Complex32;

/// Removes jumps of more than half a turn between neighbours.
pub fn unwrap(phases_rad: &mut [f32]) {
    let mut turns = 0.0_f32;
    let mut previous: Option<f32> = None;
    for phase in phases_rad {
        if let Some(previous) = previous {
            let step = *phase - previous;
            // Exactly half a turn stays as it is.
            if step.abs() > PI {
                turns -= ((step + PI) / TAU).floor();
            }
        }
        previous = Some(*phase);
        *phase += turns * TAU;
    }
}

/// Phase over subcarriers, unwrapped, less the straight line that fits it best over subcarrier numbers.
///
/// Fewer than two subcarriers carry no slope: then only the offset is removed.
pub fn sanitised_phase(row: &[Complex32], numbers: &[i16]) -> Vec<f32> {
    let mut phases: Vec<f32> = row.iter().map(|h| h.arg()).collect();
    unwrap(&mut phases);
    let n = phases.len().min(numbers.len());
    if n == 0 {
        return phases;
    }
    let mean_k = numbers.iter().take(n).map(|&k| f64::from(k)).sum::<f64>() / n as f64;
    let mean_phase = phases.iter().map(|&p| f64::from(p)).sum::<f64>() / n as f64;
    let (mut covariance, mut variance) = (0.0_f64, 0.0_f64);
    for (&phase, &k) in phases.iter().zip(numbers) {
        let k = f64::from(k) - mean_k;
        covariance += k * (f64::from(phase) - mean_phase);
        variance += k * k;
    }
    let slope = if variance > 0.0 { covariance / variance } else { 0.0 };
    for (phase, &k) in phases.iter_mut().zip(numbers) {
        *phase = (f64::from(*phase) - mean_phase - slope * (f64::from(k) - mean_k)) as f32;
    }
    phases
}

/// `a·conj(b)` per subcarrier: cancels what two antennas of one receiver share (phase offset and slope, not gain).
pub fn conjugate_product(a: &[Complex32], b: &[Complex32]) -> Vec<Complex32> {
    a.iter().zip(b).map(|(a, b)| a * b.conj()).collect()
}

/// `a/b` per subcarrier (the CSI ratio of Zeng et al., FarSense, 2019): cancels gain too; `None` where `b` is zero.
pub fn csi_ratio(a: &[Complex32], b: &[Complex32]) -> Vec<Option<Complex32>> {
    a.iter().zip(b).map(|(a, b)| (b.norm_sqr() > 0.0).then(|| a / b)).collect()
}
