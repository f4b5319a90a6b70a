//! What a receiver's chains add to every antenna, told from the steady channel and where the radios stand.
//!
//! A receiver turns each antenna's channel by a phase of its own and all by a delay, which nobody knows. The straight path's
//! phases are known from the radios' places; echoes disturb them. With echoes as Gaussian amplitudes along the image sources
//! of the room's box and from anywhere on its floor (furniture), and the rest white, the likeliest phases and delay follow.

use nalgebra::DMatrix;

use super::layout::{GRID_DEPTH, GRID_WIDTH, N_BANDS};
use super::paths::{Ends, LIGHT_M_PER_S, Path, floor_points};
use super::window::LinkWindow;
use crate::types::Complex32;

/// Five pieces of furniture of about 1.2 m² radar cross-section over the floor, at two heights.
const N_FURNITURE: f32 = 5.0;
const FURNITURE_M2: f32 = 1.2;
const FURNITURE_HEIGHTS_M: [f32; 2] = [0.5, 1.5];
/// What no path explains, as a share of the straight path's amplitude in one band.
const REST: f32 = 0.1;
/// Delays that are searched around the one that fits the straight path alone, seconds.
const FINE_STEP_SECS: f64 = 1.5e-9;
const FINE_STEPS: i32 = 16;
/// A receiver's sampling may begin so much earlier or later, seconds.
const LARGEST_DELAY_SECS: f64 = 400e-9;
/// Steps of the coarse search over the reciprocal of the band's width.
const COARSE_STEP: f64 = 0.15;
/// Turns of each antenna that the search begins with, and rounds of improving one antenna after the other.
const N_STARTS: usize = 3;
const N_ROUNDS: usize = 8;

/// The steady channel that a room's box makes likely.
#[derive(Clone, Debug)]
pub(super) struct SteadyModel {
    /// Of `[antenna][band]`.
    inverse: DMatrix<Complex32>,
    /// The straight path's metres to each antenna.
    straight_m: Vec<f32>,
}

/// What turns a receiver's numbers into those of the air, but for a common factor.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// `[antenna]`, of size one.
    phases: Vec<Complex32>,
    delay_secs: f64,
}

impl Turns {
    /// Factor of each value, `[antenna][subcarrier]`.
    pub(super) fn factors(&self, window: &LinkWindow) -> Vec<Complex32> {
        let slope: Vec<Complex32> = offsets_hz(window).iter().map(|hz| cis(hz * self.delay_secs)).collect();
        self.phases.iter().flat_map(|phase| slope.iter().map(move |slope| slope * phase)).collect()
    }
}

/// A turn of so many cycles.
fn cis(cycles: f64) -> Complex32 {
    Complex32::cis((cycles.fract() * std::f64::consts::TAU) as f32)
}

/// Frequencies of the subcarriers beside their mean.
fn offsets_hz(window: &LinkWindow) -> Vec<f64> {
    let mean = window.numbers.iter().map(|k| f64::from(*k)).sum::<f64>() / window.numbers.len().max(1) as f64;
    window.numbers.iter().map(|k| (f64::from(*k) - mean) * f64::from(window.spacing_hz)).collect()
}

/// `exp(-j·2π·f·length/c)` for each antenna and frequency.
pub(super) fn steering(path: &Path, hz: &[f64]) -> Vec<Complex32> {
    path.lengths.iter().flat_map(|length| hz.iter().map(|hz| cis(-hz / LIGHT_M_PER_S * f64::from(*length)))).collect()
}

/// `scale² · v·vᴴ` added to `sum`.
pub(super) fn add_path(sum: &mut DMatrix<Complex32>, v: &[Complex32], scale: f32) {
    for (mut column, b) in sum.column_iter_mut().zip(v) {
        let b = b.conj() * (scale * scale);
        column.iter_mut().zip(v).for_each(|(sum, a)| *sum += a * b);
    }
}

impl SteadyModel {
    /// `None` where the places make no sense.
    pub(super) fn new(ends: &Ends, hz: &[f64; N_BANDS]) -> Option<Self> {
        let paths = ends.steady();
        let straight = paths.first()?;
        let n = straight.lengths.len() * N_BANDS;
        let mut sum = DMatrix::from_diagonal_element(n, n, Complex32::new(REST * REST, 0.0));
        for path in &paths {
            add_path(&mut sum, &steering(path, hz), path.amplitude / straight.amplitude);
        }
        // A quarter of the cells is enough.
        let points = FURNITURE_HEIGHTS_M.len() * GRID_WIDTH * GRID_DEPTH / 4;
        let power = N_FURNITURE * FURNITURE_M2 / (4.0 * std::f32::consts::PI) / points as f32;
        for at in floor_points(ends.room, GRID_WIDTH / 2, GRID_DEPTH / 2) {
            for height in FURNITURE_HEIGHTS_M {
                if let Some(path) = ends.over(at.extend(height)).first() {
                    add_path(&mut sum, &steering(path, hz), power.sqrt() * path.amplitude / straight.amplitude);
                }
            }
        }
        Some(Self { inverse: sum.cholesky()?.inverse(), straight_m: straight.lengths.clone() })
    }

    /// The likeliest turns of this window's steady channel.
    pub(super) fn turns(&self, window: &LinkWindow) -> Option<Turns> {
        let n = window.numbers.len();
        let n_antennas = self.straight_m.len();
        let offsets = offsets_hz(window);
        let chains = || window.mean.chunks_exact(n).take(n_antennas);
        // Without the straight path all antennas are alike but for phases and echoes.
        let bare: Vec<Vec<Complex32>> = chains()
            .zip(&self.straight_m)
            .map(|(chain, length)| {
                let back = |hz: f64| cis((window.centre_hz + hz) / LIGHT_M_PER_S * f64::from(*length));
                chain.iter().zip(&offsets).map(|(value, hz)| value * back(*hz)).collect()
            })
            .collect();
        let width_hz = offsets.last()? - offsets.first()?;
        let coarse = coarse_delay(&bare, &offsets, COARSE_STEP / width_hz);
        let bands = |delay: f64| -> Vec<Complex32> {
            let slope: Vec<Complex32> = offsets.iter().map(|hz| cis(hz * delay)).collect();
            let turned = |chain: &[Complex32], band: usize| {
                let range = band * n / N_BANDS..(band + 1) * n / N_BANDS;
                let share = 1.0 / range.len().max(1) as f32;
                chain[range.clone()].iter().zip(&slope[range]).map(|(value, turn)| value * turn).sum::<Complex32>()
                    * share
            };
            chains()
                .flat_map(|chain| (0..N_BANDS).map(move |band| (chain, band)))
                .map(|(c, band)| turned(c, band))
                .collect()
        };
        let (mut least, mut best) = (f32::INFINITY, None);
        for step in -FINE_STEPS..=FINE_STEPS {
            let delay_secs = coarse + f64::from(step) * FINE_STEP_SECS;
            let (cost, phases) = likeliest_phases(&self.costs(&bands(delay_secs)));
            if cost < least {
                (least, best) = (cost, Some(Turns { phases, delay_secs }));
            }
        }
        best
    }

    /// `sᵃᴴ·K⁻¹·sᵇ` for each two antennas.
    fn costs(&self, bands: &[Complex32]) -> DMatrix<Complex32> {
        let n = self.straight_m.len();
        let mut costs = DMatrix::zeros(n, n);
        for (a, b) in (0..n).flat_map(|b| (0..=b).map(move |a| (a, b))) {
            let block = self.inverse.view((a * N_BANDS, b * N_BANDS), (N_BANDS, N_BANDS));
            let (left, right) = (&bands[a * N_BANDS..], &bands[b * N_BANDS..]);
            let mut sum = Complex32::ZERO;
            for (column, right) in block.column_iter().zip(right) {
                sum += column.iter().zip(left).map(|(k, left)| left.conj() * k).sum::<Complex32>() * right;
            }
            (costs[(a, b)], costs[(b, a)]) = (sum, sum.conj());
        }
        costs
    }
}

/// The delay at which all subcarriers of each antenna add up best.
fn coarse_delay(bare: &[Vec<Complex32>], offsets: &[f64], step: f64) -> f64 {
    let n = (LARGEST_DELAY_SECS / step).ceil() as i32;
    let turned = |delay: f64| offsets.iter().map(|hz| cis(hz * delay)).collect::<Vec<Complex32>>();
    let (one, mut turns) = (turned(step), turned(f64::from(-n) * step));
    let mut best = (f32::NEG_INFINITY, 0.0);
    for i in -n..=n {
        let sum = |chain: &Vec<Complex32>| chain.iter().zip(&turns).map(|(a, b)| a * b).sum::<Complex32>().norm();
        let sum: f32 = bare.iter().map(sum).sum();
        if sum > best.0 {
            best = (sum, f64::from(i) * step);
        }
        turns.iter_mut().zip(&one).for_each(|(turn, one)| *turn *= one);
    }
    best.1
}

/// Phases w, the first of them one, with the least `wᴴ·M·w`, and that.
fn likeliest_phases(costs: &DMatrix<Complex32>) -> (f32, Vec<Complex32>) {
    let n = costs.nrows();
    let (mut least, mut best) = (f32::INFINITY, vec![Complex32::ONE; n]);
    for start in 0..N_STARTS.pow(n.saturating_sub(1) as u32) {
        let mut rest = start;
        let mut phases = vec![Complex32::ONE; n];
        for phase in phases.iter_mut().skip(1) {
            *phase = cis((rest % N_STARTS) as f64 / N_STARTS as f64);
            rest /= N_STARTS;
        }
        for _ in 0..N_ROUNDS {
            for a in 1..n {
                let others: Complex32 = (0..n).filter(|b| *b != a).map(|b| costs[(a, b)] * phases[b]).sum();
                if others.norm() > 0.0 {
                    phases[a] = -others / others.norm();
                }
            }
        }
        let cost = (0..n)
            .flat_map(|a| (0..n).map(move |b| (a, b)))
            .map(|(a, b)| (phases[a].conj() * costs[(a, b)] * phases[b]).re)
            .sum::<f32>();
        if cost < least {
            (least, best) = (cost, phases);
        }
    }
    (least, best)
}
