//! How likely a body in each cell of the floor makes what moved in one link: a physical model, nothing learned.
//!
//! What a moving body sends arrives straight and by way of the room's six surfaces, before or after it; each way has an
//! amplitude of its own in every Doppler frequency, so that the moving part of one frequency is Gaussian with the covariance
//! `α·R(cell) + σ²·I` over antennas and bands. α is what the frequency holds beyond the noise. Chain phases and the delay
//! come from the steady channel ([`super::steady`]) and stay uncertain, which takes from the covariance between antennas and
//! between bands. What the packets' gauge took out, the part along the steady channel, is left out of the likelihood.

use std::sync::{Arc, OnceLock};

use bevy_math::Vec2;
use nalgebra::DMatrix;

use super::bands::{Bands, frequencies};
use super::grid::BODY_HEIGHT_M;
use super::hermitian::{Inverse, Packed, add_outer, dot, packed};
use super::layout::{GRID_DEPTH, GRID_WIDTH, LONG_POINTS, MAX_ANTENNAS, N_BANDS, N_CELLS, N_LONG_SLOTS};
use super::paths::{Ends, floor_points};
use super::spectra::SpectrumMaker;
use super::steady::{SteadyFit, SteadyModel, Turns, add_path, steering, turns_of};
use super::tokens::{LinkInput, bounded};
use super::window::{LinkGeometry, LinkWindow};
use crate::types::{Complex32, NodeId, Room};

/// Bands of the covariance: neighbours of the window's are averaged.
const N_WIDE: usize = N_BANDS / 2;
/// Share of the covariance between antennas that the uncertainty of their phases leaves (26 degrees), and of the delay.
const BETWEEN_ANTENNAS: f32 = 0.9;
const DELAY_SIGMA_SECS: f64 = 2e-9;
/// A frequency counts that holds so much beyond the noise, as a share of the noise.
const COUNTS: f32 = 0.3;
/// Frequencies of like power share a covariance.
const N_GROUPS: usize = 4;
/// Levels of α over σ², each twice the one before.
const N_LEVELS: usize = 12;
/// Frequencies are not as independent as the model has them: its log likelihood is divided by this.
const TEMPER: f32 = 40.0;
/// Every second slot of the long spectra; the others overlap by three quarters.
const SLOT_STEP: usize = 2;

/// What a link would see of a body in each cell.
#[derive(Debug)]
struct Model {
    steady: SteadyModel,
    /// By cells, with a trace of as many as there are rows.
    packed: Vec<Packed>,
    n_rows: usize,
    /// By levels, then cells; made when first needed.
    inverses: [OnceLock<Vec<Option<Inverse>>>; N_LEVELS],
}

/// What a model depends on.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    geometry: LinkGeometry,
    room: Room,
    hz: [f64; N_BANDS],
    centre_hz: f64,
    n_antennas: usize,
    n_used: usize,
}

/// Models of the links that were seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Models(Vec<(Key, Option<Arc<Model>>)>);

/// Models that are kept: those of sixteen links and what their other antennas see. One takes a few megabytes.
const MAX_MODELS: usize = 32;

/// A link's model and how its receiver turns what the link carries.
#[derive(Clone, Debug)]
pub(super) struct Tuned {
    model: Arc<Model>,
    turns: Turns,
    n_used: usize,
}

/// Links with the same chains.
#[derive(Clone, Copy, PartialEq)]
struct Chains {
    receiver: NodeId,
    centre_hz: f64,
    n_antennas: usize,
    n_used: usize,
}

impl Models {
    /// What is known of links at one moment, in their order; `None` for those whose places make no sense. Links of one
    /// receiver tell its chains together.
    pub(super) fn tuned(&mut self, links: &[LinkInput<'_>], room: Room) -> Vec<Option<Tuned>> {
        let mut fits: Vec<Option<(Chains, Arc<Model>, SteadyFit)>> = Vec::new();
        for LinkInput { receiver, window, geometry, .. } in links {
            let n_antennas = window.n_antennas;
            // Without a known axis all antennas would seem to stand on one point: the first alone is right then.
            let n_used = if geometry.axis == Vec2::ZERO { 1 } else { n_antennas.min(MAX_ANTENNAS) };
            let (hz, centre_hz) = (frequencies(window), window.centre_hz);
            let key = Key { geometry: *geometry, room, hz, centre_hz, n_antennas, n_used };
            let model = self.model(key, window.wavelength_m());
            fits.push(model.and_then(|model| {
                let fit = model.steady.fit(window)?;
                Some((Chains { receiver: *receiver, centre_hz, n_antennas, n_used }, model, fit))
            }));
        }
        let mut tuned: Vec<Option<Tuned>> = vec![None; links.len()];
        for first in 0..links.len() {
            let Some((chains, ..)) = &fits[first] else { continue };
            let alike: Vec<(usize, &Arc<Model>, &SteadyFit)> = (first..links.len())
                .filter_map(|i| fits[i].as_ref().map(|(own, model, fit)| (i, own, model, fit)))
                .filter(|(i, own, ..)| *own == chains && tuned[*i].is_none())
                .map(|(i, _, model, fit)| (i, model, fit))
                .collect();
            let fits: Vec<&SteadyFit> = alike.iter().map(|(.., fit)| *fit).collect();
            for ((i, model, _), turns) in alike.into_iter().zip(turns_of(&fits)) {
                tuned[i] = Some(Tuned { model: Arc::clone(model), turns, n_used: chains.n_used });
            }
        }
        tuned
    }

    fn model(&mut self, key: Key, wavelength_m: f32) -> Option<Arc<Model>> {
        if let Some(at) = self.0.iter().position(|(known, _)| *known == key) {
            return self.0[at].1.clone();
        }
        let model = Model::new(&key, wavelength_m).map(Arc::new);
        if self.0.len() >= MAX_MODELS {
            self.0.remove(0);
        }
        self.0.push((key, model.clone()));
        model
    }
}

impl Tuned {
    /// Tempered log likelihood of each cell beside that of the likeliest, 0 to -10, cells along the depth fastest. All zero
    /// where nothing stands out of the noise.
    pub(super) fn map(&self, window: &LinkWindow, spectra: &mut SpectrumMaker<LONG_POINTS>) -> [f32; N_CELLS] {
        self.model.map(window, &self.turns, self.n_used, spectra).unwrap_or([0.0; N_CELLS])
    }
}

impl Model {
    fn new(key: &Key, wavelength_m: f32) -> Option<Self> {
        let ends = Ends::new(&key.geometry, key.room, key.n_used, key.n_antennas, wavelength_m);
        let steady = SteadyModel::new(&ends, &key.hz)?;
        let hz: [f64; N_WIDE] = std::array::from_fn(|band| (key.hz[2 * band] + key.hz[2 * band + 1]) / 2.0);
        let n = key.n_used * N_WIDE;
        let certain = DMatrix::from_fn(n, n, |i, j| {
            let between = if i / N_WIDE == j / N_WIDE { 1.0 } else { BETWEEN_ANTENNAS };
            let turn = std::f64::consts::TAU * (hz[i % N_WIDE] - hz[j % N_WIDE]) * DELAY_SIGMA_SECS;
            Complex32::new(between * (-0.5 * turn * turn).exp() as f32, 0.0)
        });
        let of_cell = |at: Vec2| {
            let mut sum = DMatrix::zeros(n, n);
            for path in ends.over(at.extend(BODY_HEIGHT_M)) {
                add_path(&mut sum, &steering(&path, &hz), path.amplitude);
            }
            sum.component_mul_assign(&certain);
            let trace: f32 = sum.diagonal().iter().map(|value| value.re).sum();
            (trace > 0.0 && trace.is_finite()).then(|| packed(&(sum * Complex32::new(n as f32 / trace, 0.0))))
        };
        let packed: Vec<_> = floor_points(key.room, GRID_WIDTH, GRID_DEPTH).map_while(of_cell).collect();
        (packed.len() == N_CELLS).then(|| Self { steady, packed, n_rows: n, inverses: Default::default() })
    }

    fn inverses(&self, level: usize) -> &[Option<Inverse>] {
        let scale = (level as f32).exp2();
        self.inverses[level].get_or_init(|| Inverse::of_all(&self.packed, self.n_rows, scale))
    }

    fn map(
        &self,
        window: &LinkWindow,
        turns: &Turns,
        n_used: usize,
        spectra: &mut SpectrumMaker<LONG_POINTS>,
    ) -> Option<[f32; N_CELLS]> {
        let factors = turns.factors(window);
        let steady = along_steady(window, &factors, n_used)?;
        let groups = groups(window, &factors, n_used, spectra);
        let mut along = Packed::new();
        add_outer(&mut along, &steady, 1.0);
        let mut work = Work::default();
        let n = (n_used * N_WIDE) as f32;
        let mut map = [0.0_f32; N_CELLS];
        for (cell, value) in map.iter_mut().enumerate() {
            // What of a body here is not along the steady channel, by row.
            let left = (n - dot(&self.packed[cell], &along)).max(0.02 * n) / n;
            for group in &groups {
                let level = (group.excess / left).log2().round().clamp(0.0, N_LEVELS as f32 - 1.0) as usize;
                let Some(inverse) = &self.inverses(level)[cell] else { continue };
                *value += group.log_likelihood(inverse, &steady, &mut work);
            }
        }
        let most = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        Some(map.map(|value| bounded((value - most) / TEMPER)))
    }
}

/// The steady channel's direction over antennas and wide bands, of length one.
fn along_steady(window: &LinkWindow, factors: &[Complex32], n_used: usize) -> Option<Vec<Complex32>> {
    let turned: Vec<Complex32> = window.mean.iter().zip(factors).map(|(value, factor)| value * factor).collect();
    let n = window.numbers.len();
    let band = |chain: &[Complex32], band: usize| chain[band * n / N_WIDE..(band + 1) * n / N_WIDE].iter().sum();
    let mut wide: Vec<Complex32> =
        turned.chunks_exact(n).take(n_used).flat_map(|chain| (0..N_WIDE).map(move |i| band(chain, i))).collect();
    let length = wide.iter().map(|value| value.norm_sqr()).sum::<f32>().sqrt();
    wide.iter_mut().for_each(|value| *value /= length);
    (length > 0.0 && length.is_finite()).then_some(wide)
}

/// Frequencies of like power.
struct Group {
    n: f32,
    /// Mean power beyond the noise, over the noise.
    excess: f32,
    /// Of the numbers over the root of the noise, with parts above the diagonal twice.
    covariance: Packed,
}

impl Group {
    /// `inverse` is that of the whole covariance over the noise; what lies along `steady` is not looked at.
    fn log_likelihood(&self, inverse: &Inverse, steady: &[Complex32], work: &mut Work) -> f32 {
        let share = inverse.times(steady, &mut work.along).max(1e-9);
        work.outer.iter_mut().for_each(|value| *value = 0.0);
        add_outer(&mut work.outer, &work.along, 1.0);
        // The outer product has its upper parts twice already; halves undo what the covariance has.
        let (diagonal, above) = work.outer.split_at(steady.len());
        let (own_diagonal, own_above) = self.covariance.split_at(steady.len());
        let square = dot(diagonal, own_diagonal) + 0.5 * dot(above, own_above);
        let energy = dot(&inverse.packed, &self.covariance) - square / share;
        -self.n * (inverse.log_determinant + share.ln() + energy)
    }
}

/// Room to work in.
#[derive(Default)]
struct Work {
    along: Vec<Complex32>,
    outer: Packed,
}

fn groups(
    window: &LinkWindow,
    factors: &[Complex32],
    n_used: usize,
    spectra: &mut SpectrumMaker<LONG_POINTS>,
) -> Vec<Group> {
    let bands = Bands::turned(window, factors, n_used);
    let long = spectra.make(&bands);
    let n = n_used * N_WIDE;
    let mut columns: Vec<(f32, Vec<Complex32>)> = Vec::new();
    for slot in (0..N_LONG_SLOTS).step_by(SLOT_STEP) {
        for i in 0..LONG_POINTS {
            let wide = |row: usize| {
                let (antenna, band) = (row / N_WIDE, 2 * (row % N_WIDE));
                let of = |band: usize| {
                    long.slots(antenna, band).get(slot).map_or(Complex32::ZERO, |s| Complex32::new(s.re[i], s.im[i]))
                };
                (of(band) + of(band + 1)) * 0.5
            };
            let column: Vec<Complex32> = (0..n).map(wide).collect();
            let power = column.iter().map(|value| value.norm_sqr()).sum::<f32>() / n as f32;
            columns.push((power, column));
        }
    }
    columns.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Of one subcarrier's noise a wide band averages a fifth of the subcarriers; else the quietest fifth is noise.
    let told = 10.0_f32.powf(-window.snr_db / 10.0) * N_WIDE as f32 / window.numbers.len().max(1) as f32;
    let quiet = columns.get(columns.len() / 5).map_or(0.0, |(power, _)| *power);
    let noise = if told.is_finite() { told } else { quiet }.max(1e-9);
    let first = columns.partition_point(|(power, _)| *power <= (1.0 + COUNTS) * noise);
    let kept = &columns[first..];
    (0..N_GROUPS)
        .filter_map(|i| kept.get(i * kept.len() / N_GROUPS..(i + 1) * kept.len() / N_GROUPS))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let share = 1.0 / part.len() as f32;
            let mut covariance = Packed::new();
            part.iter().for_each(|(_, column)| add_outer(&mut covariance, column, share / noise));
            let power = part.iter().map(|(power, _)| power).sum::<f32>() * share;
            Group { n: part.len() as f32, excess: power / noise - 1.0, covariance }
        })
        .collect()
}
