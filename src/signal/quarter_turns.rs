//! Undoes the quarter turns by which receive chains of an Intel 5300 differ anew in every packet.
//!
//! Its receive chains lock to the carrier with an ambiguity: measured on real recordings, the phase between two receive
//! chains jumps by multiples of 90° from packet to packet, while slope, gain and the transmit streams of one receive
//! chain stay together. Rounding keeps what antennas truly see differently, as long as that is less than 45°.

use std::f32::consts::{FRAC_PI_2, PI};

use super::gauge::GaugeFitter;
use crate::types::{Complex32, Hardware};

/// Whether this radio needs it.
pub fn has_quarter_turns(hardware: Hardware) -> bool {
    hardware == Hardware::Intel5300
}

/// Turns each receive chain of `row` to the multiple of 90° at which it agrees best with `mean`, relative to the
/// strongest receive chain. Rows are `[rx][tx][subcarrier]`; `n_tx` chains belong to one receive chain.
pub fn undo_quarter_turns(fitter: &GaugeFitter, row: &mut [Complex32], mean: &[Complex32], n_tx: usize) {
    let n = fitter.numbers.len();
    let per_rx = n * n_tx;
    if n == 0 || per_rx == 0 || row.len() != mean.len() || row.len() < 2 * per_rx {
        return;
    }
    let crosses: Vec<Vec<Complex32>> = row
        .chunks_exact(per_rx)
        .zip(mean.chunks_exact(per_rx))
        .map(|(h, s)| {
            let mut cross = vec![Complex32::ZERO; n];
            for (h, s) in h.chunks_exact(n).zip(s.chunks_exact(n)) {
                cross.iter_mut().zip(h).zip(s).for_each(|((c, h), s)| *c += h * s.conj());
            }
            cross
        })
        .collect();
    let slope = fitter.coarse_slope(crosses.iter().map(Vec::as_slice));
    let sums: Vec<Complex32> = crosses.iter().map(|cross| fitter.turned_sum(cross, slope)).collect();
    let strongest = sums.iter().copied().max_by(|a, b| a.norm_sqr().total_cmp(&b.norm_sqr()));
    let Some(reference) = strongest.filter(|sum| sum.norm_sqr() > 0.0) else { return };
    for (h, sum) in row.chunks_exact_mut(per_rx).zip(&sums) {
        let angle = (sum * reference.conj()).arg();
        debug_assert!(angle.abs() <= PI + 1e-3);
        let n_quarters = (angle / FRAC_PI_2).round();
        if n_quarters != 0.0 {
            // Exact for quarter turns, unlike the sine and cosine of a rounded angle.
            let turn = match n_quarters as i32 {
                1 => Complex32::new(0.0, -1.0),
                -1 => Complex32::new(0.0, 1.0),
                _ => Complex32::new(-1.0, 0.0),
            };
            h.iter_mut().for_each(|h| *h *= turn);
        }
    }
}
