//! Chooses the subcarriers that carry a channel, from the data itself.
//!
//! Goes in: the layout and a few dozen frames. Comes out: the usable positions of one training field, in ascending
//! subcarrier number, and counts of the rest. No table of guard bands is used: a 20 MHz packet inside an 80 MHz capture
//! fills a quarter of the bins, and Broadcom registers put huge numbers into bins that should be empty.

use crate::types::{Complex32, Hardware, LtfField, Subcarriers};

/// Which bins to use, and what became of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinChoice {
    /// Positions within a chain, ascending in subcarrier number.
    pub usable: Vec<u16>,
    /// The numbers of those subcarriers.
    pub numbers: Vec<i16>,
    /// Bins of the chosen field without a channel: guards, carrier, nulls, noise.
    pub n_dead: usize,
    /// Bins of the chosen field at the converter's limit, that never change, or far above all others.
    pub n_saturated: usize,
}

/// Frames to look at before the first choice; more make it steadier, fewer make it sooner.
pub const N_PROBE_FRAMES: usize = 16;

/// A bin weaker than this against the strong ones (in amplitude, -26 dB) carries leakage rather than a channel:
/// in real 43455c0 captures deep fades reach -22 dB and the image of an occupied block lies at -29 dB.
const MIN_LEVEL: f32 = 0.05;
/// A bin this much stronger than the strong ones (20 dB) is no channel: register debris reaches 2 000-fold.
const MAX_LEVEL: f32 = 10.0;
/// Unit phasors of noise add up to more than this on 16 frames once in 2 500 bins (exp(-16·0.7²)); a channel with 6 dB of
/// signal over noise reaches 0.85.
const MIN_COHERENCE: f32 = 0.7;
/// Fewer than this many bins are no basis for a fit of gain, phase and slope.
pub const MIN_USABLE: usize = 8;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Alive,
    Dead,
    Saturated,
}

/// Chooses from frames of equal layout; `frames` are `[chain][subcarrier]`. `amplitude_only` data has no coherence to test.
pub fn choose_bins(
    subcarriers: &Subcarriers,
    hardware: Hardware,
    amplitude_only: bool,
    frames: &[&[Complex32]],
) -> BinChoice {
    let n = subcarriers.index.len();
    let figures = figures(subcarriers, hardware, frames);
    let mut best: Option<(usize, BinChoice)> = None;
    for (field, range) in subcarriers.ranges() {
        let positions: Vec<usize> = range.filter(|&i| i < n).collect();
        let choice = choose_in_segment(subcarriers, &figures, &positions, amplitude_only);
        // HT fields are preferred unless they carry clearly less.
        let preference = match field {
            LtfField::HtLtf => 4,
            LtfField::Unnamed | LtfField::Lltf => 3,
            LtfField::StbcHtLtf2 => 2,
        };
        let score = choice.usable.len() * preference;
        if best.as_ref().is_none_or(|(best_score, _)| score > *best_score) {
            best = Some((score, choice));
        }
    }
    best.map(|(_, choice)| choice).unwrap_or_default()
}

/// What the frames say about each position.
struct Figures {
    /// Median over frames and chains of the amplitude, each frame scaled by its own typical amplitude.
    level: Vec<f32>,
    /// The value repeats exactly in most frames.
    constant: Vec<bool>,
    /// The value sits at the converter's limit in more than a twentieth of the frames.
    clipped: Vec<bool>,
    /// Steadiness over frames of the phase difference to the better neighbour in number, 0..=1.
    coherence: Vec<f32>,
}

fn figures(subcarriers: &Subcarriers, hardware: Hardware, frames: &[&[Complex32]]) -> Figures {
    let n = subcarriers.index.len();
    let mut figures =
        Figures { level: vec![0.0; n], constant: vec![false; n], clipped: vec![false; n], coherence: vec![0.0; n] };
    if n == 0 || frames.is_empty() {
        return figures;
    }
    let limit = converter_limit(hardware);
    let scales: Vec<f32> = frames.iter().map(|frame| typical_amplitude(frame)).collect();
    let mut amplitudes = Vec::new();
    for i in 0..n {
        amplitudes.clear();
        let (mut n_values, mut n_same, mut n_clipped) = (0_usize, 0_usize, 0_usize);
        let mut previous: Vec<Complex32> = Vec::new();
        for (frame, scale) in frames.iter().zip(&scales) {
            for (chain, value) in frame.iter().skip(i).step_by(n).enumerate() {
                n_values += 1;
                amplitudes.push(value.norm() / scale);
                n_clipped += usize::from(limit.is_some_and(|limit| value.re.abs() >= limit || value.im.abs() >= limit));
                match previous.get_mut(chain) {
                    Some(previous) => {
                        n_same += usize::from(previous == value);
                        *previous = *value;
                    }
                    None => previous.push(*value),
                }
            }
        }
        let set = |list: &mut Vec<bool>, value: bool| list.get_mut(i).into_iter().for_each(|slot| *slot = value);
        set(&mut figures.constant, frames.len() > 3 && 2 * n_same > n_values);
        set(&mut figures.clipped, 20 * n_clipped > n_values);
        if let (Some(slot), Some(level)) = (figures.level.get_mut(i), super::amplitude::median(&mut amplitudes)) {
            *slot = level;
        }
    }
    for (_, range) in subcarriers.ranges() {
        let mut order: Vec<usize> = range.filter(|&i| i < n).collect();
        order.sort_by_key(|&i| subcarriers.index.get(i).copied().unwrap_or(0));
        for pair in order.windows(2) {
            let &[a, b] = pair else { continue };
            let coherence = pair_coherence(frames, n, a, b);
            for at in [a, b] {
                if let Some(slot) = figures.coherence.get_mut(at) {
                    *slot = slot.max(coherence);
                }
            }
        }
    }
    figures
}

/// Length of the mean of unit phasors of `a·conj(b)` over frames, averaged over chains.
///
/// A packet's phase and slope are shared by neighbours, so a true channel scores near one and noise near zero. Unit
/// phasors keep one huge packet from deciding.
fn pair_coherence(frames: &[&[Complex32]], n: usize, a: usize, b: usize) -> f32 {
    let n_chains = frames.first().map_or(0, |frame| frame.len() / n.max(1));
    let mut total = 0.0;
    for chain in 0..n_chains {
        let phasor = |frame: &&[Complex32]| -> Option<Complex32> {
            let product = frame.get(chain * n + a)? * frame.get(chain * n + b)?.conj();
            let size = product.norm();
            (size > 0.0).then(|| product / size)
        };
        let sum: Complex32 = frames.iter().filter_map(phasor).sum();
        total += sum.norm() / frames.len().max(1) as f32;
    }
    total / n_chains.max(1) as f32
}

/// The 70th percentile of a frame's amplitudes that are not zero: inside the signal for packets that fill a third or
/// more of the band, in the noise for narrower ones, steady in both cases.
fn typical_amplitude(frame: &[Complex32]) -> f32 {
    let amplitudes: Vec<f32> = frame.iter().map(|v| v.norm()).filter(|a| *a > 0.0).collect();
    quantile(amplitudes, 0.7).filter(|a| *a > 0.0).unwrap_or(1.0)
}

fn quantile(mut values: Vec<f32>, share: f32) -> Option<f32> {
    let at = ((values.len().checked_sub(1)?) as f32 * share).round() as usize;
    values.sort_by(f32::total_cmp);
    values.get(at).copied()
}

fn choose_in_segment(
    subcarriers: &Subcarriers,
    figures: &Figures,
    positions: &[usize],
    amplitude_only: bool,
) -> BinChoice {
    let flag = |list: &[bool], i: usize| list.get(i).copied().unwrap_or(false);
    let level = |i: usize| figures.level.get(i).copied().unwrap_or(0.0);
    let coherence = |i: usize| figures.coherence.get(i).copied().unwrap_or(0.0);
    let is_invalid = |i: usize| u16::try_from(i).is_ok_and(|i| subcarriers.invalid.contains(&i));
    let number = |i: usize| subcarriers.index.get(i).copied().unwrap_or(0);

    let n_lit = positions.iter().filter(|&&i| level(i) > 0.0).count();
    let n_constant = positions.iter().filter(|&&i| level(i) > 0.0 && flag(&figures.constant, i)).count();
    // Where everything repeats exactly, the source has no noise, and repeating betrays nothing.
    let constants_betray = 2 * n_constant <= n_lit;
    let is_stuck = |i: usize| constants_betray && flag(&figures.constant, i);

    let sound: Vec<f32> =
        positions.iter().filter(|&&i| level(i) > 0.0 && !is_stuck(i) && !is_invalid(i)).map(|&i| level(i)).collect();
    // A 20 MHz packet fills a fifth of an 80 MHz capture, so the 90th percentile lies inside the signal either way.
    let Some(strong) = quantile(sound, 0.9).filter(|level| *level > 0.0) else {
        return BinChoice { n_dead: positions.len(), ..BinChoice::default() };
    };
    let judge = |i: usize, with_coherence: bool| -> State {
        if is_invalid(i) || number(i) == 0 || level(i) == 0.0 {
            State::Dead
        } else if is_stuck(i) || level(i) > MAX_LEVEL * strong || flag(&figures.clipped, i) {
            State::Saturated
        } else if level(i) < MIN_LEVEL * strong || (with_coherence && coherence(i) < MIN_COHERENCE) {
            State::Dead
        } else {
            State::Alive
        }
    };
    let mut with_coherence = !amplitude_only;
    let n_alive = |with: bool| positions.iter().filter(|&&i| judge(i, with) == State::Alive).count();
    // Phase that is noise everywhere must not make a link with sound amplitudes vanish.
    if with_coherence && n_alive(true) < MIN_USABLE {
        with_coherence = false;
    }
    let mut usable: Vec<(i16, u16)> = Vec::new();
    let mut choice = BinChoice::default();
    for &i in positions {
        match judge(i, with_coherence) {
            State::Alive => usable.extend(u16::try_from(i).ok().map(|position| (number(i), position))),
            State::Dead => choice.n_dead += 1,
            State::Saturated => choice.n_saturated += 1,
        }
    }
    usable.sort_unstable();
    usable.dedup_by_key(|(number, _)| *number);
    (choice.numbers, choice.usable) = usable.into_iter().unzip();
    choice
}

/// The largest value a device's converter or record can hold, where it is known (csi-formats.md section 2).
fn converter_limit(hardware: Hardware) -> Option<f32> {
    match hardware {
        Hardware::Esp32 | Hardware::Esp32C6 | Hardware::Intel5300 => Some(127.0),
        Hardware::Atheros => Some(511.0),
        Hardware::Bcm4339 | Hardware::Bcm43455c0 => Some(32_767.0),
        _ => None,
    }
}
