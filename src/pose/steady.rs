//! What a receiver's chains add to every antenna, told from the steady channel and where the radios stand.
//!
//! A receiver turns each antenna's channel by a phase of its own and all by a delay, which nobody knows. The straight path's
//! phases are known from the radios' places; echoes disturb them. With echoes as Gaussian amplitudes along the image sources
//! of the room's box and from anywhere on its floor (furniture), and the rest white, the likeliest phases and delay follow.
//! Chains keep their phases whichever transmitter a receiver hears, so that its links tell them together.

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
/// Rounds of weighing a receiver's links by how well they are explained.
const N_TOGETHER: usize = 4;

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

/// What one link's steady channel costs for any phases, under each delay that may be right.
#[derive(Clone, Debug)]
pub(super) struct SteadyFit {
    delays_secs: Vec<f64>,
    costs: Vec<DMatrix<Complex32>>,
}

/// A delay of a fit with phases, and what they cost.
struct Likeliest {
    delay: usize,
    phases: Vec<Complex32>,
    cost: f32,
}

/// The likeliest turns of links that share a receiver's chains, in their order.
pub(super) fn turns_of(links: &[&SteadyFit]) -> Vec<Turns> {
    let mut known: Vec<Likeliest> = links.iter().map(|link| link.alone()).collect();
    let n_rounds = if links.len() > 1 { N_TOGETHER } else { 0 };
    for _ in 0..n_rounds {
        // Who explains their own channel well counts for more, as in a product of likelihoods of unknown scale.
        let weighed = |(link, own): (&&SteadyFit, &Likeliest)| {
            let weight = own.cost.max(f32::MIN_POSITIVE).recip();
            own.cost.is_finite().then(|| link.costs[own.delay].scale(weight))
        };
        let sum = links.iter().zip(&known).filter_map(weighed).reduce(|sum, costs| sum + costs);
        let Some(sum) = sum else { break };
        let (phases, _) = likeliest_phases(&sum);
        known = links.iter().map(|link| link.with(&phases)).collect();
    }
    let turns =
        |(link, own): (&&SteadyFit, Likeliest)| Turns { phases: own.phases, delay_secs: link.delays_secs[own.delay] };
    links.iter().zip(known).map(turns).collect()
}

impl SteadyFit {
    /// What this link tells by itself.
    fn alone(&self) -> Likeliest {
        self.least(likeliest_phases)
    }

    /// The likeliest delay if these are the phases.
    fn with(&self, phases: &[Complex32]) -> Likeliest {
        self.least(|costs| (phases.to_vec(), cost_of(costs, phases)))
    }

    /// The delay whose phases, as `of` finds them, cost least.
    fn least(&self, of: impl Fn(&DMatrix<Complex32>) -> (Vec<Complex32>, f32)) -> Likeliest {
        let each = self.costs.iter().enumerate().map(|(delay, costs)| {
            let (phases, cost) = of(costs);
            Likeliest { delay, phases, cost }
        });
        let least = each.min_by(|a, b| a.cost.total_cmp(&b.cost));
        least.unwrap_or(Likeliest { delay: 0, phases: Vec::new(), cost: f32::INFINITY })
    }
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

    /// What explains this window's steady channel, and how well.
    pub(super) fn fit(&self, window: &LinkWindow) -> Option<SteadyFit> {
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
        let delays_secs: Vec<f64> =
            (-FINE_STEPS..=FINE_STEPS).map(|step| coarse + f64::from(step) * FINE_STEP_SECS).collect();
        let costs = delays_secs.iter().map(|delay| self.costs(&bands(*delay))).collect();
        Some(SteadyFit { delays_secs, costs })
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

/// `wᴴ·M·w`.
fn cost_of(costs: &DMatrix<Complex32>, phases: &[Complex32]) -> f32 {
    let of_column = |(b, right): (usize, &Complex32)| {
        let of_row = |(a, left): (usize, &Complex32)| left.conj() * costs[(a, b)];
        (phases.iter().enumerate().map(of_row).sum::<Complex32>() * right).re
    };
    phases.iter().enumerate().map(of_column).sum()
}

/// Phases w, the first of them one, with the least `wᴴ·M·w`, and that.
fn likeliest_phases(costs: &DMatrix<Complex32>) -> (Vec<Complex32>, f32) {
    let n = costs.nrows();
    let mut best = (vec![Complex32::ONE; n], f32::INFINITY);
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
        let cost = cost_of(costs, &phases);
        if cost < best.1 {
            best = (phases, cost);
        }
    }
    best
}
