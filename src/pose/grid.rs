//! The floor as seen by the radios: for each cell, how well a body there explains what moved.
//!
//! Per link the Bartlett energy of the moving part's covariance over antennas and bands. Steering vectors refer to the
//! steady channel, as the moving part does: chain phases cancel, and only the path's excess over the straight line
//! counts. Over links: mean, least, mean of the exponential and spread, and the velocity that fits all path rates best.

use bevy_math::{Vec2, Vec3};

use super::bands::Bands;
use super::layout::{GRID_DEPTH, GRID_WIDTH, LONG_POINTS, N_BANDS, N_CELLS, N_GRID_CHANNELS, N_SAMPLES, RATE_HZ};
use super::paths::{LIGHT_M_PER_S, floor_points};
use super::tokens::bounded;
use super::window::{LinkGeometry, LinkWindow};
use crate::types::{Complex32, Room};

/// Height of the point that stands for a body, metres: between pelvis and chest of a standing one.
pub(super) const BODY_HEIGHT_M: f32 = 1.0;
/// Every second band is enough for the covariance; the work falls to a quarter.
const BAND_STEP: usize = 2;
/// Pulls speeds to zero where the links hardly tell them (gradients of a path are at most 2 long).
const RIDGE: f32 = 0.3;

/// One link's view of the floor.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkMap {
    /// Log (base ten) of the share of energy, cells along the depth fastest.
    pub energy: [f32; N_CELLS],
    /// How fast the moving path grows, m/s; negative while it shortens.
    pub path_rate_m_per_s: f32,
    /// Growth of the path per metre of way along x and y, in each cell.
    gradient: [Vec2; N_CELLS],
}

impl LinkMap {
    /// `power` are the long spectra's mean powers, `[slot][frequency]`.
    pub(super) fn new(bands: &Bands, power: &[f32], window: &LinkWindow, geometry: &LinkGeometry, room: Room) -> Self {
        let wavelength_m = window.wavelength_m();
        let antennas: Vec<Vec3> =
            (0..bands.n_antennas).map(|i| geometry.antenna(i, window.n_antennas, wavelength_m)).collect();
        // Without a known axis all antennas would seem to stand on one point: the first alone is right then.
        let n_used = if geometry.axis == Vec2::ZERO { 1 } else { bands.n_antennas };
        let covariance = covariance(bands, n_used);
        let hz: Vec<f64> = bands.hz.iter().copied().step_by(BAND_STEP).collect();
        let mut energy = [0.0; N_CELLS];
        let mut gradient = [Vec2::ZERO; N_CELLS];
        let mut steering = Vec::new();
        let cells = energy.iter_mut().zip(&mut gradient);
        for ((energy, gradient), at) in cells.zip(floor_points(room, GRID_WIDTH, GRID_DEPTH)) {
            let at = at.extend(BODY_HEIGHT_M);
            steering.clear();
            for antenna in antennas.iter().take(n_used) {
                let excess = at.distance(geometry.tx) + at.distance(*antenna) - antenna.distance(geometry.tx);
                steering.extend(hz.iter().map(|hz| {
                    let cycles = hz / LIGHT_M_PER_S * f64::from(excess);
                    Complex32::cis(-(cycles.fract() * std::f64::consts::TAU) as f32)
                }));
            }
            *energy = bounded(quadratic(&covariance, &steering).max(1e-4).log10());
            *gradient = slope(at, geometry.tx) + slope(at, geometry.rx);
        }
        Self { energy, path_rate_m_per_s: bounded(path_rate(power, wavelength_m)), gradient }
    }
}

/// Direction on the floor away from a radio, a little softened near it.
fn slope(at: Vec3, radio: Vec3) -> Vec2 {
    let way = at - radio;
    way.truncate() / (way.length_squared() + 1e-2).sqrt()
}

/// Mean outer product over samples, by its trace; rows of `n_used · 5`.
fn covariance(bands: &Bands, n_used: usize) -> Vec<Complex32> {
    let series: Vec<&[Complex32]> = (0..n_used)
        .flat_map(|antenna| (0..N_BANDS).step_by(BAND_STEP).map(move |band| antenna * N_BANDS + band))
        .filter_map(|i| bands.values.get(i * N_SAMPLES..(i + 1) * N_SAMPLES))
        .collect();
    let n = series.len();
    let mut covariance = vec![Complex32::ZERO; n * n];
    for (i, a) in series.iter().enumerate() {
        for (j, b) in series.iter().enumerate().take(i + 1) {
            let sum: Complex32 = a.iter().zip(*b).map(|(a, b)| a * b.conj()).sum();
            covariance[i * n + j] = sum;
            covariance[j * n + i] = sum.conj();
        }
    }
    let trace: f32 = (0..n).map(|i| covariance[i * n + i].re).sum();
    let scale = if trace > 0.0 { trace.recip() } else { 0.0 };
    covariance.iter_mut().for_each(|value| *value *= scale);
    covariance
}

/// `aᴴ R a / |a|²` of a Hermitian R; one where all energy lies along `a`.
fn quadratic(covariance: &[Complex32], steering: &[Complex32]) -> f32 {
    let n = steering.len().max(1);
    let sum: f32 = covariance
        .chunks_exact(n)
        .zip(steering)
        .map(|(row, a)| {
            let along: Complex32 = row.iter().zip(steering).map(|(r, b)| r * b).sum();
            (a.conj() * along).re
        })
        .sum();
    sum / n as f32
}

/// The strongest motion's: frequencies weighed by the square of their power.
fn path_rate(power: &[f32], wavelength_m: f32) -> f32 {
    let (mut weighed, mut weights) = (0.0, 0.0);
    for i in 0..LONG_POINTS {
        let bin: f32 = power.iter().skip(i).step_by(LONG_POINTS).sum();
        let hz = (i as f32 - LONG_POINTS as f32 / 2.0) * RATE_HZ as f32 / LONG_POINTS as f32;
        weighed += bin * bin * hz;
        weights += bin * bin;
    }
    if weights > 0.0 { -wavelength_m * weighed / weights } else { 0.0 }
}

/// All links' views of the floor together.
#[derive(Clone, Debug, PartialEq)]
pub struct FloorGrid {
    /// `[channel][cell along the width][cell along the depth]`: mean, least, mean of the exponential and spread of the
    /// log energies, each less its mean over the floor; speed along x and y; log of what it leaves unexplained.
    pub values: [f32; N_GRID_CHANNELS * N_CELLS],
}

impl FloorGrid {
    /// `None` without links. The order of links does not matter beyond rounding.
    pub fn new<'a>(maps: impl Iterator<Item = &'a LinkMap> + Clone) -> Option<Self> {
        let n = maps.clone().count();
        if n == 0 {
            return None;
        }
        let share = 1.0 / n as f32;
        let mut values = [0.0; N_GRID_CHANNELS * N_CELLS];
        for cell in 0..N_CELLS {
            let energies = || maps.clone().map(|map| map.energy[cell]);
            let mean = energies().sum::<f32>() * share;
            let least = energies().fold(f32::INFINITY, f32::min);
            let exponential = energies().map(f32::exp).sum::<f32>() * share;
            // A thousandth keeps the root's slope finite for one link.
            let spread = (energies().map(|e| (e - mean) * (e - mean)).sum::<f32>() * share + 1e-6).sqrt();
            let (speed, rest) = velocity(maps.clone().map(|map| (map.gradient[cell], map.path_rate_m_per_s)));
            let unexplained = 0.3 * (rest * share + 1e-2).ln();
            let channels = [mean, least, exponential, spread, speed.x, speed.y, unexplained];
            for (channel, value) in channels.into_iter().enumerate() {
                values[channel * N_CELLS + cell] = bounded(value);
            }
        }
        for channel in values.chunks_exact_mut(N_CELLS).take(4) {
            let mean = channel.iter().sum::<f32>() / N_CELLS as f32;
            channel.iter_mut().for_each(|value| *value -= mean);
        }
        Some(Self { values })
    }

    /// Middle of the cell where the links' mean energy is highest, metres on the floor.
    pub fn peak(&self, room: Room) -> Vec2 {
        let cells = self.values.iter().zip(floor_points(room, GRID_WIDTH, GRID_DEPTH));
        cells.max_by(|a, b| a.0.total_cmp(b.0)).map_or(Vec2::ZERO, |(_, middle)| middle)
    }
}

/// Least squares of `gradient · v = rate` with a ridge, and the sum of squares that is left.
fn velocity(links: impl Iterator<Item = (Vec2, f32)> + Clone) -> (Vec2, f32) {
    let (mut a, mut b, mut d, mut p, mut q) = (RIDGE, 0.0, RIDGE, 0.0, 0.0);
    for (g, rate) in links.clone() {
        a += g.x * g.x;
        b += g.x * g.y;
        d += g.y * g.y;
        p += g.x * rate;
        q += g.y * rate;
    }
    // The ridge keeps the determinant at its square or above.
    let determinant = (a * d - b * b).max(RIDGE * RIDGE);
    let v = Vec2::new(d * p - b * q, a * q - b * p) / determinant;
    (v, links.map(|(g, rate)| (g.dot(v) - rate).powi(2)).sum())
}
