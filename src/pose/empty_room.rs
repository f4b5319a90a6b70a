//! A link's channel while nobody was there, and how the present one differs from it: what still people leave behind.

use super::layout::{MAX_ANTENNAS, N_BANDS};
use super::window::{LinkWindow, Packets, Unfit};
use crate::signal::gauge::{self, GaugeFitter};
use crate::types::Complex32;

/// The mean channel of an empty room.
#[derive(Clone, Debug, PartialEq)]
pub struct EmptyRoom {
    /// `[antenna][subcarrier]`, mean power one.
    pub mean: Vec<Complex32>,
    pub numbers: Vec<i16>,
    pub n_antennas: usize,
}

/// Deep fades must not become large numbers: relative to the mean power, -17 dB.
const FLOOR: f32 = 0.02;
/// The difference is about a third of the channel where somebody stands in it; this brings it near one.
const DIFFERENCE_SCALE: f32 = 3.0;

impl EmptyRoom {
    /// From any number of packets of the empty room, one is enough.
    pub fn from_packets(packets: &Packets<'_>) -> Result<Self, Unfit> {
        let width = packets.n_antennas.saturating_mul(packets.numbers.len());
        if packets.numbers.len() < N_BANDS {
            return Err(Unfit::FewSubcarriers { n: packets.numbers.len() });
        }
        if width == 0 || !packets.rows.len().is_multiple_of(width) {
            return Err(Unfit::Shape);
        }
        if !packets.rows.iter().all(|value| value.re.is_finite() && value.im.is_finite()) {
            return Err(Unfit::NotANumber);
        }
        let middle = packets.rows.len() / width / 2;
        let fixed = gauge::fix_batch(packets.rows, packets.numbers, width, middle, 2).ok_or(Unfit::NoSteadyChannel)?;
        Ok(Self { mean: fixed.mean, numbers: packets.numbers.to_vec(), n_antennas: packets.n_antennas })
    }

    /// Log power ratio, real and imaginary part of the difference, each `[antenna][band]` with room for
    /// [`MAX_ANTENNAS`]. `None` where the reference is of another radio.
    pub(super) fn difference(&self, window: &LinkWindow) -> Option<[f32; 3 * MAX_ANTENNAS * N_BANDS]> {
        if self.numbers != window.numbers || self.mean.len() != window.mean.len() {
            return None;
        }
        let mut fitter = GaugeFitter::new(&self.numbers);
        let gauge = fitter.fit(&self.mean, &window.mean)?;
        // Only phase and slope are taken out: how much power is missing is part of the answer.
        let mut empty = Vec::new();
        fitter.apply(&self.mean, gauge::Gauge { gain: 1.0, ..gauge }, &mut empty);
        let n = self.numbers.len();
        let mut out = [0.0; 3 * MAX_ANTENNAS * N_BANDS];
        let chains = window.mean.chunks_exact(n).zip(empty.chunks_exact(n));
        for (antenna, (now, empty)) in chains.take(MAX_ANTENNAS).enumerate() {
            for band in 0..N_BANDS {
                let range = band * n / N_BANDS..(band + 1) * n / N_BANDS;
                let pairs = || now.iter().zip(empty).take(range.end).skip(range.start);
                let share = 1.0 / range.len().max(1) as f32;
                let ratio: f32 = pairs().map(|(s, e)| ((s.norm_sqr() + FLOOR) / (e.norm_sqr() + FLOOR)).log10()).sum();
                let difference: Complex32 = pairs().map(|(s, e)| (s - e) * e.conj()).sum();
                let at = antenna * N_BANDS + band;
                let parts = [ratio, DIFFERENCE_SCALE * difference.re, DIFFERENCE_SCALE * difference.im];
                for (part, value) in parts.into_iter().enumerate() {
                    out[part * MAX_ANTENNAS * N_BANDS + at] = value * share;
                }
            }
        }
        Some(out)
    }
}
