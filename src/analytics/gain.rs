//! The level of a link over time without the steps of its receiver's gain.
//!
//! Goes in: the rms amplitude of each packet. Comes out: the same, as if the gain had never been switched. A body changes the
//! level of a whole 20 or 40 MHz channel far more than its shape, so what divides each packet by its own level throws most
//! of the movement away. A switch of the gain happens between two packets and stays; a body takes several packets.

use super::order::median;

/// A change between two packets is a step when it is this many typical changes, and at least this, natural logarithm
/// (0.6 dB; automatic gain moves in steps of 1 dB and more).
const MIN_STEP: (f64, f64) = (6.0, 0.07);
/// The medians of so many packets before and after must differ by the change itself, to this share.
const REACH: usize = 4;
const AGREES_TO: f64 = 0.35;
/// The level differs from packet to packet by 0.1 to 0.3 dB while nothing moves, so it is averaged over so many.
const AVERAGED: usize = 3;

/// Levels relative to their median, steps taken out.
pub fn without_steps(levels: &[f64]) -> Vec<f64> {
    let logs: Vec<f64> = levels.iter().map(|level| level.max(f64::MIN_POSITIVE).ln()).collect();
    let changes: Vec<f64> = logs.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let typical = median(changes.iter().map(|change| change.abs()).collect()).unwrap_or(0.0);
    let least = (MIN_STEP.0 * typical).max(MIN_STEP.1);
    let part = |from: usize, to: usize| median(logs.get(from..to.min(logs.len())).unwrap_or_default().to_vec());
    let mut stepped = 0.0;
    let mut steady = Vec::with_capacity(logs.len());
    for (at, log) in logs.iter().enumerate() {
        let change = at.checked_sub(1).and_then(|before| changes.get(before)).copied().unwrap_or(0.0);
        if change.abs() > least
            && let (Some(before), Some(after)) = (part(at.saturating_sub(REACH), at), part(at, at + REACH))
            && (after - before - change).abs() < AGREES_TO * change.abs()
        {
            stepped += change;
        }
        steady.push(log - stepped);
    }
    let middle = median(steady.clone()).unwrap_or(0.0);
    (0..steady.len())
        .map(|at| {
            let near = steady.get(at.saturating_sub(AVERAGED / 2)..(at + AVERAGED / 2 + 1).min(steady.len()));
            let near = near.unwrap_or_default();
            (near.iter().sum::<f64>() / near.len().max(1) as f64 - middle).exp()
        })
        .collect()
}
