//! The signed Doppler spectrogram of a running stream.
//!
//! Goes in: the moving part of gauge-fixed packets, averaged over small groups of bins. Comes out: rows in dB over the
//! noise floor, on a uniform grid, none where packets are missing. Positive frequencies are paths that get shorter.

use std::collections::VecDeque;
use std::sync::Arc;

use super::rate::MAX_STEPS;
use super::resample::GridResampler;
use super::spectrum::PowerSpectrum;
use crate::types::{Complex32, Timestamp};

/// Averages neighbouring bins of a chain into columns, so that the cost of spectra does not grow with the bandwidth.
#[derive(Clone, Debug)]
pub struct ColumnGroups {
    /// Position ranges within a row of all chains.
    ranges: Vec<std::ops::Range<usize>>,
}

/// Neighbours are averaged up to this width: a path 50 ns longer than the static one turns by a fifth of a circle over
/// eight subcarriers of 312.5 kHz, which costs it 5 % of its power.
const MAX_GROUP_BINS: usize = 8;
/// Columns kept, spread evenly over chains and band.
const MAX_COLUMNS: usize = 32;

impl ColumnGroups {
    pub fn new(n_chains: usize, n_bins: usize) -> Self {
        let n_total = n_chains * n_bins;
        let group = n_total.div_ceil(MAX_COLUMNS).clamp(1, MAX_GROUP_BINS);
        let all: Vec<_> = (0..n_chains)
            .flat_map(|chain| {
                let start = chain * n_bins;
                (0..n_bins).step_by(group).map(move |at| start + at..start + (at + group).min(n_bins))
            })
            .collect();
        let keep = all.len().min(MAX_COLUMNS);
        let ranges = (0..keep).filter_map(|i| all.get(i * all.len() / keep).cloned()).collect();
        Self { ranges }
    }

    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Means of the groups of one row.
    pub fn average(&self, row: &[Complex32], out: &mut Vec<Complex32>) {
        out.clear();
        out.extend(self.ranges.iter().map(|range| {
            let group = row.get(range.clone()).unwrap_or(&[]);
            group.iter().sum::<Complex32>() / group.len().max(1) as f32
        }));
    }
}

/// Running spectrogram at one grid rate.
#[derive(Clone, Debug)]
pub struct Doppler {
    rate_hz: f64,
    hop: usize,
    resampler: GridResampler,
    transform: PowerSpectrum,
    /// The newest grid samples, oldest first: time and one value per column; `None` in gaps.
    window: VecDeque<(Timestamp, Option<Vec<Complex32>>)>,
    n_since_row: usize,
    noise_power: Option<f32>,
    power: Vec<f32>,
}

/// The window lasts this long or up to twice as long: the next power of two of samples.
const MIN_WINDOW_SECS: f64 = 0.5;
/// About thirty rows a second: smoother than the eye asks for, cheap enough for many links.
const HOP_SECS: f64 = 0.032;
/// A window with a larger share of missing samples gives no row.
const MAX_MISSING: f32 = 0.25;
/// The noise floor is read off each row at this share of its frequencies, which even a walker leaves free at 100 Hz.
const NOISE_QUANTILE: f64 = 0.2;
/// How fast the floor falls to a quieter row and rises to a louder one, shares per row: it should be that of the empty room.
const NOISE_FALL: f32 = 0.2;
const NOISE_RISE: f32 = 0.003;
/// Rows are kept in this range, dB over the floor.
const RANGE_DB: (f32, f32) = (-20.0, 90.0);

impl Doppler {
    pub fn new(rate_hz: f64) -> Self {
        let len = ((rate_hz * MIN_WINDOW_SECS).ceil().max(8.0) as usize).next_power_of_two();
        Self {
            rate_hz,
            hop: ((rate_hz * HOP_SECS).round() as usize).max(1),
            resampler: GridResampler::new(rate_hz, f64::from(MAX_STEPS) / rate_hz),
            transform: PowerSpectrum::new(len),
            window: VecDeque::with_capacity(len),
            n_since_row: 0,
            noise_power: None,
            power: vec![0.0; len],
        }
    }

    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    pub fn n_frequencies(&self) -> usize {
        self.transform.len()
    }

    pub fn frequencies_hz(&self) -> Arc<[f32]> {
        self.transform.frequencies_hz(self.rate_hz).into()
    }

    /// Takes the columns of one packet and hands out the spectrogram rows that are complete now, at their windows' middle.
    pub fn push(&mut self, time: Timestamp, columns: &[Complex32], mut sink: impl FnMut(Timestamp, &[f32])) {
        let Self { resampler, window, transform, n_since_row, noise_power, power, hop, .. } = self;
        resampler.push(time, columns, |at, row| {
            let len = transform.len();
            let mut spare = None;
            if window.len() >= len {
                spare = window.pop_front().and_then(|(_, row)| row);
            }
            let stored = row.map(|row| {
                let mut stored = spare.take().unwrap_or_default();
                stored.clear();
                stored.extend_from_slice(row);
                stored
            });
            window.push_back((at, stored));
            *n_since_row += 1;
            if window.len() < len || *n_since_row < *hop {
                return;
            }
            *n_since_row = 0;
            let n_missing = window.iter().filter(|(_, row)| row.is_none()).count();
            if n_missing as f32 > MAX_MISSING * len as f32 {
                return;
            }
            power.fill(0.0);
            let n_columns = columns.len();
            for column in 0..n_columns {
                let samples = || window.iter().map(|(_, row)| row.as_ref().and_then(|row| row.get(column).copied()));
                // What stands still for the whole window is left over from S, which follows more slowly.
                let mean = samples().flatten().sum::<Complex32>() / (len - n_missing).max(1) as f32;
                transform.add_power(samples().map(|sample| sample.map(|sample| sample - mean)), power);
            }
            power.iter_mut().for_each(|p| *p /= n_columns.max(1) as f32);
            let mut sorted = power.clone();
            sorted.sort_by(f32::total_cmp);
            let quiet = sorted.get((NOISE_QUANTILE * len as f64) as usize).copied().unwrap_or(0.0);
            let noise = match *noise_power {
                None => quiet,
                Some(noise) => noise + (quiet - noise) * if quiet < noise { NOISE_FALL } else { NOISE_RISE },
            };
            *noise_power = Some(noise);
            // A floor of exactly zero happens with made-up data only; -120 dB of the static power stands for it.
            let floor = noise.max(1e-12);
            for p in power.iter_mut() {
                *p = (10.0 * (*p / floor).max(1e-9).log10()).clamp(RANGE_DB.0, RANGE_DB.1);
            }
            let middle = window.get(len / 2).map_or(at, |(time, _)| *time);
            sink(middle, power);
        });
    }
}
