//! What a record gives away without its movement: the inputs of the controls.

use super::super::burst::Burst;
use super::super::clean::{Clean, RATE_HZ};
use super::super::masking::detrend;
use crate::signal::spectrum::PowerSpectrum;
use crate::types::Complex32;

/// Length of the quiet part, samples: a second and a half.
const QUIET: usize = 75;

/// No movement: the bookkeeping of the packets, and the mean channel and spectrum of the quietest 1.5 s.
///
/// A model that tells classes apart by this knows the session and not the movement.
pub fn quiet(clean: &Clean) -> Vec<f64> {
    let width = clean.n_columns();
    let mut out = clean.bookkeeping.to_row();
    let Some(start) = quietest(clean) else {
        out.resize(out.len() + width + QUIET / 2, 0.0);
        return out;
    };
    let mut powers = vec![0.0_f32; QUIET];
    let mut spectrum = PowerSpectrum::new(QUIET);
    for column in 0..width {
        let mut values: Vec<f64> =
            clean.rows.iter().skip(start * width + column).step_by(width).take(QUIET).copied().collect();
        out.push(values.iter().sum::<f64>() / QUIET as f64);
        detrend(&mut values);
        spectrum.add_power(values.iter().map(|v| Some(Complex32::new(*v as f32, 0.0))), &mut powers);
    }
    // Lowest frequency first, so positive ones lie behind the middle.
    let positive = powers.iter().skip(QUIET / 2 + 1).take(QUIET / 2);
    out.extend(positive.map(|power| (f64::from(*power) / width.max(1) as f64 + 1e-9).ln()));
    out
}

/// What of [`quiet`] has one length on every link, whatever its subcarriers: the packets and the spectrum.
pub fn background(clean: &Clean) -> Vec<f32> {
    let row = quiet(clean);
    let n_books = clean.bookkeeping.to_row().len();
    let spectrum = row.iter().skip(n_books + clean.n_columns());
    row.iter().take(n_books).chain(spectrum).map(|v| *v as f32).collect()
}

/// Where the whole 1.5 s begin that change least from sample to sample.
fn quietest(clean: &Clean) -> Option<usize> {
    let width = clean.n_columns();
    let changes: Vec<f64> = (1..clean.len())
        .map(|at| {
            clean.row(at).iter().zip(clean.row(at - 1)).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / width as f64
        })
        .collect();
    let sum = |start: usize| changes.get(start..start + QUIET - 1).map(|part| part.iter().sum::<f64>());
    let whole = |start: &usize| clean.valid.get(*start..*start + QUIET).is_some_and(|part| part.iter().all(|v| *v));
    (0..(clean.len() + 1).saturating_sub(QUIET))
        .filter(whole)
        .filter_map(|start| Some((sum(start)?, start)))
        .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
        .map(|(_, start)| start)
}

/// Timing only: when the burst began, peaked and ended, seconds from the start of the record.
pub fn timing(burst: Option<&Burst>) -> Vec<f64> {
    let places = burst.map_or([0; 3], |burst| [burst.start, burst.peak, burst.end]);
    places.iter().map(|at| *at as f64 / RATE_HZ).collect()
}
