//! One link's window as numbers of fixed shape ([`super::layout::BLOCKS`]): spectra with the sign of motion, how they
//! differ between subcarriers and antennas, delays, what differs from the empty room, and facts about the radio.
//!
//! Log powers are to the base ten. Everything is bounded by [`BOUND`] and finite.

use bevy_math::Vec3;

use super::bands::Bands;
use super::empty_room::EmptyRoom;
use super::grid::LinkMap;
use super::layout::*;
use super::likelihood::{Models, Tuned};
use super::spectra::{Slot, Spectra, SpectrumMaker};
use super::window::{LinkGeometry, LinkWindow};
use crate::types::{Complex32, NodeId, Room};

/// No input of a network is larger than this.
pub const BOUND: f32 = 10.0;

/// What a network is told about one link.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkTokens {
    /// [`N_TOKENS`] numbers in the order of [`super::layout::BLOCKS`].
    pub values: Vec<f32>,
    /// Transmitter and receiver from the middle of the floor (3 + 3), array axis (2), room (3), length (1); metres.
    pub geometry: [f32; N_GEOMETRY],
    /// How well each place on the floor explains the moving part.
    pub map: LinkMap,
    /// How likely a body in each place makes the moving part, beside the likeliest: 0 to -10.
    pub likelihood: [f32; N_CELLS],
    pub n_antennas: usize,
    /// Signal over noise of one subcarrier and packet, as the window has it.
    pub snr_db: f32,
    /// See [`movement_db`].
    pub movement_db: f32,
}

/// One link of a moment.
#[derive(Clone, Copy, Debug)]
pub struct LinkInput<'a> {
    /// Links of one receiver share its chains.
    pub receiver: NodeId,
    pub window: &'a LinkWindow,
    pub geometry: LinkGeometry,
    pub empty: Option<&'a EmptyRoom>,
}

/// Makes tokens; keeps the plans of its Fourier transforms and what it knows of each link's place.
#[derive(Clone)]
pub struct TokenMaker {
    long: SpectrumMaker<LONG_POINTS>,
    short: SpectrumMaker<SHORT_POINTS>,
    models: Models,
}

type Long = Spectra<LONG_POINTS>;

impl Default for TokenMaker {
    fn default() -> Self {
        Self { long: SpectrumMaker::new(LONG_HOP), short: SpectrumMaker::new(SHORT_HOP), models: Models::default() }
    }
}

/// First of the kept long frequencies.
const FIRST_KEPT: usize = (LONG_POINTS - N_LONG_KEPT).div_ceil(2);
/// Bands apart whose spectra are compared; a fifth and half of the band.
const BAND_LAGS: [usize; 2] = [2, 5];
/// Delay taps from three before the steady channel's mean delay, a sixteenth of the band's reciprocal spacing apart.
const FIRST_DELAY: i32 = -3;
const DELAY_POINTS: f32 = 16.0;

impl TokenMaker {
    /// Tokens of each link of one moment, or `None` where its geometry or the room makes no sense, in their order. `room` is
    /// the box that geometry refers to.
    pub fn make(&mut self, links: &[LinkInput<'_>], room: Room) -> Vec<Option<LinkTokens>> {
        let size = room.size();
        let is_room = size.is_finite() && size.min_element() > 0.5 && size.max_element() < 100.0;
        let is_sound = |link: &&LinkInput<'_>| is_room && link.geometry.checked().is_some();
        let sound: Vec<LinkInput<'_>> = links.iter().filter(is_sound).copied().collect();
        let mut tuned = self.models.tuned(&sound, room).into_iter();
        let tokens = links.iter().map(|link| is_sound(&link).then(|| self.of_link(link, room, tuned.next().flatten())));
        tokens.collect()
    }

    fn of_link(&mut self, link: &LinkInput<'_>, room: Room, tuned: Option<Tuned>) -> LinkTokens {
        let LinkInput { window, geometry, empty, .. } = *link;
        let bands = Bands::new(window, MAX_ANTENNAS);
        let long = self.long.make(&bands);
        let short = self.short.make(&bands);
        let power = long.power();
        let map = LinkMap::new(&bands, &power, window, &geometry, room);
        let likelihood = tuned.map_or([0.0; N_CELLS], |tuned| tuned.map(window, &mut self.long));
        let snr_db = window.snr_db;
        let mut values = Vec::with_capacity(N_TOKENS);
        push_doppler(&mut values, &power);
        push_short(&mut values, &short.power());
        push_subcarrier_correlation(&mut values, &long, &power, bands.n_antennas);
        push_antenna_correlation(&mut values, &long, &power, bands.n_antennas);
        push_delay(&mut values, &long, bands.n_antennas);
        match empty.and_then(|empty| empty.difference(window)) {
            Some(difference) => {
                values.extend(difference);
                values.push(1.0);
            }
            None => values.extend([0.0; 3 * MAX_ANTENNAS * N_BANDS + 1]),
        }
        let bandwidth_hz = bands.hz[N_BANDS - 1] - bands.hz[0];
        values.extend([
            if bands.n_antennas < 2 { 1.0 } else { 0.0 },
            bands.n_antennas as f32 / MAX_ANTENNAS as f32,
            (bands.power() + 1e-6).log10(),
            map.path_rate_m_per_s,
            (bandwidth_hz / 40e6) as f32,
            window.wavelength_m() / 0.06,
            snr_db / 20.0,
            window.coherence,
            window.packets_per_sec / RATE_HZ as f32,
            window.valid_share(),
        ]);
        values.iter_mut().for_each(|value| *value = bounded(*value));
        LinkTokens {
            values,
            geometry: geometry_numbers(&geometry, room.size()),
            map,
            likelihood,
            n_antennas: bands.n_antennas,
            snr_db,
            movement_db: movement_db(&power),
        }
    }
}

/// Frequencies that nobody makes who stays in place, Hz: a breath of 12 mm moves the chest at a hundredth of a metre a second,
/// which is below 1 Hz; 4.7 Hz are a trunk at 0.13 m/s at 5 GHz. Beyond 40 Hz there is mostly noise.
const MOVING_HZ: std::ops::RangeInclusive<f32> = 4.6..=40.0;
/// More says no more.
const MOST_DB: f32 = 60.0;
/// One in so many of a window's numbers lies below its noise.
const QUIETEST: usize = 5;

/// How far whatever moves from its place stands out of the noise, at the slot where it does most, dB; 0 without any.
/// `power` is `[slot][frequency]` of the long spectra.
fn movement_db(power: &[f32]) -> f32 {
    let step_hz = RATE_HZ as f32 / LONG_POINTS as f32;
    let hz = |bin: usize| (bin as f32 - LONG_POINTS as f32 / 2.0) * step_hz;
    let moving = |slot: &[f32]| {
        let bins = slot.iter().enumerate().filter(|(bin, _)| MOVING_HZ.contains(&hz(*bin).abs()));
        let (sum, n) = bins.fold((0.0, 0), |(sum, n), (_, power)| (sum + power, n + 1));
        sum / n.max(1) as f32
    };
    let most = power.chunks_exact(LONG_POINTS).map(moving).fold(0.0, f32::max);
    let mut sorted = power.to_vec();
    sorted.sort_by(f32::total_cmp);
    let noise = sorted.get(sorted.len() / QUIETEST).copied().unwrap_or(0.0);
    // Without any noise whatever moves stands out of it.
    if most > 0.0 { (10.0 * (most / noise).log10()).clamp(0.0, MOST_DB) } else { 0.0 }
}

pub(super) fn bounded(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(-BOUND, BOUND) }
}

fn geometry_numbers(geometry: &LinkGeometry, size: Vec3) -> [f32; N_GEOMETRY] {
    let centre = Vec3::new(size.x / 2.0, size.y / 2.0, 0.0);
    let (tx, rx, axis) = (geometry.tx - centre, geometry.rx - centre, geometry.axis.normalize_or_zero());
    let length = geometry.tx.distance(geometry.rx);
    [tx.x, tx.y, tx.z, rx.x, rx.y, rx.z, axis.x, axis.y, size.x, size.y, size.z, length]
}

/// Log powers of the kept frequencies, each slot by its own mean, then the slots' powers.
fn push_doppler(values: &mut Vec<f32>, power: &[f32]) {
    let mut slots = Vec::with_capacity(N_LONG_SLOTS);
    for slot in power.chunks_exact(LONG_POINTS) {
        let mean = slot.iter().sum::<f32>() / LONG_POINTS as f32;
        values.extend(slot.iter().skip(FIRST_KEPT).take(N_LONG_KEPT).map(|p| relative_log(*p, mean, 1e-3)));
        slots.push((mean + 1e-6).log10());
    }
    values.extend(slots);
}

/// Log powers by the whole window's mean, which keeps the rise and fall of a stride, then the slots' powers.
fn push_short(values: &mut Vec<f32>, power: &[f32]) {
    let mean = power.iter().sum::<f32>() / power.len().max(1) as f32;
    values.extend(power.iter().map(|p| relative_log(*p, mean, 3e-3)));
    values.extend(
        power
            .chunks_exact(SHORT_POINTS)
            .map(|slot| relative_log(slot.iter().sum::<f32>() / SHORT_POINTS as f32, mean, 1e-3)),
    );
}

/// Zero where there is no power at all.
fn relative_log(power: f32, mean: f32, floor: f32) -> f32 {
    if mean > 0.0 { (power / mean + floor).log10() } else { 0.0 }
}

/// For each frequency the mean of `a · conj(b)` over pairs of series and slots, as a share of the mean power; real, then
/// imaginary.
fn push_correlation(values: &mut Vec<f32>, long: &Long, power: &[f32], pairs: &[[(usize, usize); 2]]) {
    let mut sum = Slot { re: [0.0_f32; LONG_POINTS], im: [0.0_f32; LONG_POINTS] };
    for &[(antenna_a, band_a), (antenna_b, band_b)] in pairs {
        for (a, b) in long.slots(antenna_a, band_a).iter().zip(long.slots(antenna_b, band_b)) {
            for i in 0..LONG_POINTS {
                sum.re[i] += a.re[i] * b.re[i] + a.im[i] * b.im[i];
                sum.im[i] += a.im[i] * b.re[i] - a.re[i] * b.im[i];
            }
        }
    }
    let share = 1.0 / pairs.len().max(1) as f32;
    let power = |i: usize| power.iter().skip(i).step_by(LONG_POINTS).sum::<f32>() + 1e-9;
    for part in [sum.re, sum.im] {
        let kept = part.iter().enumerate().skip(FIRST_KEPT).take(N_LONG_KEPT);
        values.extend(kept.map(|(i, sum)| sum * share / power(i)));
    }
}

fn push_subcarrier_correlation(values: &mut Vec<f32>, long: &Long, power: &[f32], n_antennas: usize) {
    for lag in BAND_LAGS {
        let pairs: Vec<_> = (0..n_antennas)
            .flat_map(|antenna| (lag..N_BANDS).map(move |band| [(antenna, band), (antenna, band - lag)]))
            .collect();
        push_correlation(values, long, power, &pairs);
    }
}

/// Of neighbours, then of the first and the third antenna; zeros where there are none.
fn push_antenna_correlation(values: &mut Vec<f32>, long: &Long, power: &[f32], n_antennas: usize) {
    for lag in [1, 2] {
        if n_antennas <= lag {
            values.extend([0.0; 2 * N_LONG_KEPT]);
            continue;
        }
        let pairs: Vec<_> = (lag..n_antennas)
            .flat_map(|antenna| (0..N_BANDS).map(move |band| [(antenna, band), (antenna - lag, band)]))
            .collect();
        push_correlation(values, long, power, &pairs);
    }
}

/// Log power by delay and group of frequencies: a path longer than the mean one lies at a later tap.
fn push_delay(values: &mut Vec<f32>, long: &Long, n_antennas: usize) {
    let first = (LONG_POINTS - 4 * N_DELAY_GROUPS) / 2;
    let mut powers = [[0.0_f32; N_DELAY_GROUPS]; N_DELAYS];
    for (tap, power) in (FIRST_DELAY..).zip(&mut powers) {
        let turns: [Complex32; N_BANDS] = std::array::from_fn(|band| {
            // A Hann window over the bands keeps a strong path from spilling over all taps.
            let hann = (std::f32::consts::PI * (band as f32 + 1.0) / (N_BANDS as f32 + 1.0)).sin().powi(2);
            let cycles = tap as f32 * band as f32 / DELAY_POINTS;
            Complex32::from_polar(hann, std::f32::consts::TAU * cycles)
        });
        for (antenna, at) in (0..n_antennas).flat_map(|antenna| (0..N_LONG_SLOTS).map(move |at| (antenna, at))) {
            let mut sum = Slot { re: [0.0_f32; LONG_POINTS], im: [0.0_f32; LONG_POINTS] };
            for (band, turn) in turns.iter().enumerate() {
                let Some(slot) = long.slots(antenna, band).get(at) else { continue };
                for i in 0..LONG_POINTS {
                    sum.re[i] += slot.re[i] * turn.re - slot.im[i] * turn.im;
                    sum.im[i] += slot.re[i] * turn.im + slot.im[i] * turn.re;
                }
            }
            let squares: [f32; LONG_POINTS] = std::array::from_fn(|i| sum.re[i] * sum.re[i] + sum.im[i] * sum.im[i]);
            let groups = squares[first..].chunks_exact(4);
            power.iter_mut().zip(groups).for_each(|(power, group)| *power += group.iter().sum::<f32>());
        }
    }
    let mean = powers.iter().flatten().sum::<f32>() / (N_DELAYS * N_DELAY_GROUPS) as f32;
    values.extend(powers.iter().flatten().map(|p| relative_log(*p, mean, 1e-3)));
}
