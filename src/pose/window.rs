//! One link's packets of 1.28 s onto an even grid, free of what clocks and amplifiers added.
//!
//! Each packet's gain, phase and delay slope are fitted against the window's own mean channel ([`gauge::fix_batch`]);
//! then rows are interpolated to 100 Hz. Where packets lie too far apart the row is marked and holds the mean channel.

use bevy_math::{Vec2, Vec3};

use super::layout::{N_BANDS, N_SAMPLES, RATE_HZ};
use crate::signal::gauge;
use crate::types::{Complex32, Timestamp};

/// Where a link's ends stand, metres in room coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinkGeometry {
    pub tx: Vec3,
    /// The middle of the receiver's antennas.
    pub rx: Vec3,
    /// Level direction from the first to the last antenna; zero where it is unknown or there is one antenna.
    pub axis: Vec2,
}

impl LinkGeometry {
    /// `None` unless all numbers are finite and the ends lie apart.
    pub fn checked(self) -> Option<Self> {
        let finite = self.tx.is_finite() && self.rx.is_finite() && self.axis.is_finite();
        (finite && self.tx.distance(self.rx) > 0.05).then_some(self)
    }

    /// Where the antennas are, half a wavelength apart as in all receivers that we know the array of.
    pub(super) fn antenna(&self, i: usize, n: usize, wavelength_m: f32) -> Vec3 {
        let offset = (i as f32 - (n.max(1) as f32 - 1.0) / 2.0) * wavelength_m / 2.0;
        self.rx + self.axis.normalize_or_zero().extend(0.0) * offset
    }
}

/// A link's packets as they came, with the antennas of one oscillator.
#[derive(Clone, Copy, Debug)]
pub struct Packets<'a> {
    /// Ascending.
    pub times: &'a [Timestamp],
    /// `[packet][antenna][subcarrier]`.
    pub rows: &'a [Complex32],
    /// Subcarrier numbers, ascending.
    pub numbers: &'a [i16],
    pub spacing_hz: f32,
    pub centre_hz: f64,
    pub n_antennas: usize,
}

/// Why packets make no window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unfit {
    /// Fewer subcarriers than the bands that they are averaged into.
    FewSubcarriers {
        n: usize,
    },
    /// Counts of times, antennas, subcarriers and values do not belong together.
    Shape,
    /// Subcarrier numbers or times do not rise.
    Order,
    /// Centre frequency or spacing is not that of a radio.
    Frequency,
    NotANumber,
    FewPackets {
        n: usize,
    },
    /// Nothing was received, or no steady channel stands out of what was.
    NoSteadyChannel,
    /// An end of the link has no place.
    NoGeometry,
    /// The device reports amplitudes only.
    NoPhase,
    /// Nothing came of late.
    Silent {
        secs: f32,
    },
    /// Slower than the others, which suffice.
    Slow {
        packets_per_sec: f32,
    },
    /// More links than a network takes.
    Surplus,
    /// Gaps where the others, which suffice, have none.
    Gaps {
        secs: f32,
    },
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewSubcarriers { n } => write!(f, "{n} subcarriers are too few; {N_BANDS} are needed"),
            Self::Shape => write!(f, "times, antennas and values do not fit together"),
            Self::Order => write!(f, "times or subcarriers are not in rising order"),
            Self::Frequency => write!(f, "the radio's frequency is unknown"),
            Self::NotANumber => write!(f, "some values are no numbers"),
            Self::FewPackets { n } => write!(f, "{n} packets in 1.28 s are too few"),
            Self::NoSteadyChannel => write!(f, "no steady channel stands out"),
            Self::NoGeometry => write!(f, "the radios of this link are not placed in the room"),
            Self::NoPhase => write!(f, "the device reports amplitudes without phase"),
            Self::Silent { secs } => write!(f, "no packets for {secs:.1} s"),
            Self::Surplus => write!(f, "more links than the model takes"),
            Self::Slow { packets_per_sec } => write!(f, "{packets_per_sec:.0} packets a second are too few"),
            Self::Gaps { secs } => write!(f, "gaps of {:.0} ms between packets", secs * 1e3),
        }
    }
}

/// A longer pause between packets is a gap, not a line: `spec/pose.md` section 6.
pub const MAX_GAP_SECS: f64 = 0.05;
/// With fewer packets the mean channel is no mean: a quarter of the full rate.
const MIN_PACKETS: usize = N_SAMPLES / 4;
/// More than a radio sends in 1.28 s; bounds the work.
const MAX_PACKETS: usize = 4_096;
/// Chains and subcarriers of the largest frame that we read, with room; bounds the memory.
const MAX_WIDTH: usize = 8_192;

/// Subcarriers further apart than this (1.25 MHz at the usual spacing) may differ by echoes as much as by noise.
const MAX_NOISE_STEP: i32 = 4;

/// A link's window: gauge-fixed rows at 100 Hz.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkWindow {
    /// `[sample][antenna][subcarrier]`; rows that are not valid hold the mean.
    pub rows: Vec<Complex32>,
    pub valid: Vec<bool>,
    /// The mean channel, with a mean power of one, `[antenna][subcarrier]`.
    pub mean: Vec<Complex32>,
    pub numbers: Vec<i16>,
    pub spacing_hz: f32,
    pub centre_hz: f64,
    pub n_antennas: usize,
    pub packets_per_sec: f32,
    /// The longest stretch without a packet, the window's ends counted too.
    pub longest_gap_secs: f32,
    /// Mean share of a packet's power that lies along the mean channel.
    pub coherence: f32,
    /// Signal over noise of one subcarrier and packet, 60 dB at most; NaN where no three subcarriers lie evenly.
    pub snr_db: f32,
}

impl LinkWindow {
    /// The window of 1.28 s that begins at `start`, or why there is none. Packets outside are left out, but for one on
    /// each side to interpolate from.
    pub fn from_packets(packets: &Packets<'_>, start: Timestamp) -> Result<Self, Unfit> {
        let n_subcarriers = packets.numbers.len();
        let width = packets.n_antennas.saturating_mul(n_subcarriers);
        if n_subcarriers < N_BANDS {
            return Err(Unfit::FewSubcarriers { n: n_subcarriers });
        }
        let n_values = packets.times.len().checked_mul(width);
        if width == 0 || width > MAX_WIDTH || n_values != Some(packets.rows.len()) {
            return Err(Unfit::Shape);
        }
        if !packets.times.is_sorted() || !packets.numbers.is_sorted_by(|a, b| a < b) {
            return Err(Unfit::Order);
        }
        if !(1e8..1e11).contains(&packets.centre_hz) || !(1e3..1e8).contains(&packets.spacing_hz) {
            return Err(Unfit::Frequency);
        }
        let end = start.plus_secs((N_SAMPLES - 1) as f64 / RATE_HZ);
        let first = packets.times.partition_point(|&time| time < start).saturating_sub(1);
        let last = (packets.times.partition_point(|&time| time <= end) + 1).min(packets.times.len());
        let times = packets.times.get(first..last).unwrap_or_default();
        let rows = packets.rows.get(first * width..last * width).unwrap_or_default();
        if !(MIN_PACKETS..=MAX_PACKETS).contains(&times.len()) {
            return Err(Unfit::FewPackets { n: times.len() });
        }
        if !rows.iter().all(|value| value.re.is_finite() && value.im.is_finite()) {
            return Err(Unfit::NotANumber);
        }
        let Some(fixed) = gauge::fix_batch(rows, packets.numbers, width, times.len() / 2, 2) else {
            return Err(Unfit::NoSteadyChannel);
        };
        let usable: Vec<bool> = fixed
            .gauges
            .iter()
            .map(|gauge| gauge.is_some_and(|gauge| gauge.coherence >= gauge::MIN_COHERENCE))
            .collect();
        let n_usable = usable.iter().filter(|usable| **usable).count();
        if 2 * n_usable < times.len() || n_usable < MIN_PACKETS {
            return Err(Unfit::NoSteadyChannel);
        }
        let coherence = fixed.gauges.iter().flatten().map(|gauge| gauge.coherence).sum::<f32>() / times.len() as f32;
        let kept: Vec<(Timestamp, &[Complex32])> = times
            .iter()
            .zip(fixed.rows.chunks_exact(width))
            .zip(&usable)
            .filter(|(_, usable)| **usable)
            .map(|((&time, row), _)| (time, row))
            .collect();
        let snr_db = snr_db(kept.iter().map(|(_, row)| *row), &fixed.mean, packets.numbers);
        let (rows, valid) = even_rows(&kept, &fixed.mean, start);
        let inside = kept.iter().map(|(time, _)| *time).filter(|time| (start..=end).contains(time));
        let longest_gap_secs = longest_gap(inside.clone(), start, end);
        let packets_per_sec = inside.count() as f32 / end.secs_since(start) as f32;
        Ok(Self {
            rows,
            valid,
            mean: fixed.mean,
            numbers: packets.numbers.to_vec(),
            spacing_hz: packets.spacing_hz,
            centre_hz: packets.centre_hz,
            n_antennas: packets.n_antennas,
            packets_per_sec,
            longest_gap_secs,
            coherence,
            snr_db,
        })
    }

    pub fn wavelength_m(&self) -> f32 {
        (299_792_458.0 / self.centre_hz) as f32
    }

    /// Share of samples that packets stand behind.
    pub fn valid_share(&self) -> f32 {
        self.valid.iter().filter(|valid| **valid).count() as f32 / N_SAMPLES as f32
    }
}

/// Interpolates rows to the window's samples; where neighbours lie too far apart the row is `mean`.
fn even_rows(kept: &[(Timestamp, &[Complex32])], mean: &[Complex32], start: Timestamp) -> (Vec<Complex32>, Vec<bool>) {
    let mut rows = Vec::with_capacity(N_SAMPLES * mean.len());
    let mut valid = Vec::with_capacity(N_SAMPLES);
    for sample in 0..N_SAMPLES {
        let at = start.plus_secs(sample as f64 / RATE_HZ);
        let next = kept.partition_point(|(time, _)| *time <= at);
        let before = next.checked_sub(1).and_then(|i| kept.get(i));
        let neighbours = match (before, kept.get(next)) {
            (Some(before), Some(after)) if after.0.secs_since(before.0) <= MAX_GAP_SECS => Some((before, after)),
            (Some(only), None) | (None, Some(only)) if only.0.secs_since(at).abs() <= MAX_GAP_SECS / 2.0 => {
                Some((only, only))
            }
            _ => None,
        };
        valid.push(neighbours.is_some());
        match neighbours {
            Some((before, after)) => {
                let between = after.0.secs_since(before.0);
                let share = if between > 0.0 { (at.secs_since(before.0) / between) as f32 } else { 0.0 };
                rows.extend(before.1.iter().zip(after.1).map(|(a, b)| a + (b - a) * share));
            }
            None => rows.extend_from_slice(mean),
        }
    }
    (rows, valid)
}

/// What differs between neighbouring subcarriers more than any path can make it: echoes of a room change slowly over the
/// band, noise does not. Taken before interpolation, which would hide noise; motion of any speed leaves it alone.
///
/// Second differences of white noise of power p have a power of 6·p; those of an echo 15 m longer than the mean path, at
/// 1.25 MHz from one subcarrier to the next, 0.02 of the echo's own, which is some 20 dB below the steady channel.
fn snr_db<'a>(rows: impl Iterator<Item = &'a [Complex32]>, mean: &[Complex32], numbers: &[i16]) -> f32 {
    // Differences only between subcarriers of even spacing: the tones around the carrier are missing from most grids.
    let even: Vec<usize> = numbers
        .windows(3)
        .enumerate()
        .filter(|(_, k)| matches!(k, [a, b, c] if b - a == c - b && i32::from(b - a) <= MAX_NOISE_STEP))
        .map(|(i, _)| i)
        .collect();
    let n = numbers.len();
    let triple = |chain: &[Complex32], i: usize| match chain.get(i..i + 3) {
        Some(&[a, b, c]) => [a, b, c],
        _ => [Complex32::ZERO; 3],
    };
    // A delay that all paths share turns neighbours against each other and is no noise.
    let turn = |step: i16| -> Complex32 {
        let sum: Complex32 = mean
            .chunks_exact(n)
            .flat_map(|chain| chain.windows(2).zip(numbers.windows(2)))
            .filter_map(|(s, k)| match (s, k) {
                ([a, b], [ka, kb]) if kb - ka == step => Some(b * a.conj()),
                _ => None,
            })
            .sum();
        if sum.norm() > 0.0 { sum.conj() / sum.norm() } else { Complex32::ONE }
    };
    let turns: Vec<Complex32> = even.iter().map(|&i| turn(numbers[i + 1] - numbers[i])).collect();
    let (mut sum, mut count) = (0.0_f64, 0_u32);
    for row in rows {
        for (chain, steady) in row.chunks_exact(n).zip(mean.chunks_exact(n)) {
            for (&i, turn) in even.iter().zip(&turns) {
                let ([a, b, c], [sa, sb, sc]) = (triple(chain, i), triple(steady, i));
                let second = (a - sa) - (b - sb) * turn * 2.0 + (c - sc) * turn * turn;
                sum += f64::from(second.norm_sqr()) / 6.0;
                count += 1;
            }
        }
    }
    if count == 0 {
        return f32::NAN;
    }
    (-10.0 * (sum / f64::from(count)).max(1e-6).log10()) as f32
}

fn longest_gap(times: impl Iterator<Item = Timestamp>, start: Timestamp, end: Timestamp) -> f32 {
    let (mut last, mut longest) = (start, 0.0_f64);
    for time in times.chain(std::iter::once(end)) {
        longest = longest.max(time.secs_since(last));
        last = time;
    }
    longest as f32
}
