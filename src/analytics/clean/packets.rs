//! A stretch's packets on their way to being clean: powers, packet formats and odd ones.

use super::super::order::{median, median_of_5, running_median};
use super::super::series::AmplitudeSeries;
use super::RATE_HZ;

/// A packet whose power is under this share of the median (in amplitude) is a null or another rate's packet.
const MIN_LEVEL: f64 = 0.2;
/// In 20 MHz blocks the subcarriers beyond this differ between packet formats and carry the filter's skirt.
const MAX_NUMBER: i16 = 25;
/// Subcarriers that legacy packets leave empty and high-throughput packets fill.
const HT_ONLY: [i16; 2] = [27, 28];
/// Legacy packets carry less than this on those, against the mean of all.
const LEGACY_LEVEL: f64 = 0.25;
/// Formats count as mixed from this share, and this many packets, on.
const MIN_LEGACY: (f64, usize) = (0.02, 5);
/// A packet is odd when it lies further from the median of its neighbours than this many typical distances, and than the
/// floor; rms of amplitudes of mean power one.
const ODD: (f64, f64) = (6.0, 0.03);
/// Packets whose median distance is the typical one. The median that an odd packet is held against is of five.
const TYPICAL_OF: usize = 51;
/// A grid point further from every packet than this is invalid, seconds.
const MAX_REACH_SECS: f64 = 0.06;

/// Which columns are used, and which of them tell the packet format.
pub(super) struct Block {
    pub(super) numbers: Vec<i16>,
    used: Vec<usize>,
    ht_only: Vec<usize>,
}

impl Block {
    pub(super) fn of(numbers: &[i16]) -> Self {
        let is_ht20 = numbers.iter().all(|k| k.abs() <= HT_ONLY[1]) && numbers.iter().any(|k| k.abs() > MAX_NUMBER);
        let positions = |wanted: &dyn Fn(i16) -> bool| -> Vec<usize> {
            (0..numbers.len()).filter(|&at| numbers.get(at).is_some_and(|k| wanted(*k))).collect()
        };
        let used = positions(&|k| !is_ht20 || k.abs() <= MAX_NUMBER);
        let ht_only = if is_ht20 { positions(&|k| HT_ONLY.contains(&k.abs())) } else { Vec::new() };
        let numbers = used.iter().filter_map(|&at| numbers.get(at).copied()).collect();
        Self { numbers, used, ht_only }
    }
}

/// Packets on their way to being clean.
#[derive(Clone, Debug, Default)]
pub(super) struct Packets {
    pub(super) times: Vec<f64>,
    width: usize,
    /// `[packet][column]`, each packet of mean power one.
    rows: Vec<f64>,
    pub(super) levels: Vec<f64>,
    legacy: Vec<bool>,
}

impl Packets {
    /// Packets that carry power, each divided by its own rms: the receiver's gain goes, and with it any absolute level.
    pub(super) fn sound(series: &AmplitudeSeries, block: &Block) -> Self {
        let width = block.used.len();
        let mut rows = vec![0.0; series.rows().len() * width];
        for (row, raw) in rows.chunks_exact_mut(width.max(1)).zip(series.rows()) {
            for (value, &column) in row.iter_mut().zip(&block.used) {
                *value = raw.get(column).copied().map_or(0.0, f64::from);
            }
        }
        let row = |at: usize| rows.get(at * width..(at + 1) * width).unwrap_or_default();
        let levels = rms_of(series.rows().len(), width, |at| (row(at), row(at)), |_| |a, _| a * a);
        let middle = median(levels.clone()).unwrap_or(0.0);
        let mut packets = Self { width, ..Self::default() };
        for (at, ((raw, &time), &level)) in series.rows().zip(&series.times_secs).zip(&levels).enumerate() {
            let is_later = packets.times.last().is_none_or(|last| time > last + 1e-3);
            if !(level > MIN_LEVEL * middle && level.is_finite() && is_later) {
                continue;
            }
            let edge: Vec<f64> = block.ht_only.iter().filter_map(|&at| raw.get(at).map(|a| f64::from(*a))).collect();
            // Sound packets move up to where the others were.
            let to = packets.times.len() * width;
            if to != at * width {
                rows.copy_within(at * width..(at + 1) * width, to);
            }
            rows.iter_mut().skip(to).take(width).for_each(|a| *a /= level);
            packets.times.push(time);
            packets.legacy.push(!edge.is_empty() && rms(&edge) < LEGACY_LEVEL * level);
            packets.levels.push(level);
        }
        rows.truncate(packets.times.len() * width);
        Self { rows, ..packets }
    }

    fn row(&self, at: usize) -> &[f64] {
        self.rows.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }

    /// Takes the mean difference in shape between legacy packets and their neighbours out. The answer is their share.
    pub(super) fn align_formats(&mut self) -> f64 {
        let n_legacy = self.legacy.iter().filter(|legacy| **legacy).count();
        let share = n_legacy as f64 / self.legacy.len().max(1) as f64;
        if share <= MIN_LEGACY.0 || n_legacy < MIN_LEGACY.1 || n_legacy == self.legacy.len() {
            return share;
        }
        let others: Vec<usize> = (0..self.legacy.len()).filter(|&at| self.legacy.get(at) == Some(&false)).collect();
        let mut difference = vec![0.0; self.width];
        for at in (0..self.legacy.len()).filter(|&at| self.legacy.get(at) == Some(&true)) {
            let after = others.partition_point(|other| *other < at).clamp(1, (others.len() - 1).max(1));
            let neighbour = |slot: usize| others.get(slot.min(others.len() - 1)).map(|at| self.row(*at));
            let (Some(before), Some(after)) = (neighbour(after - 1), neighbour(after)) else { continue };
            for (sum, ((a, b), c)) in difference.iter_mut().zip(self.row(at).iter().zip(before).zip(after)) {
                *sum += (a - f64::midpoint(*b, *c)) / n_legacy as f64;
            }
        }
        for (row, legacy) in self.rows.chunks_exact_mut(self.width.max(1)).zip(&self.legacy) {
            if *legacy {
                row.iter_mut().zip(&difference).for_each(|(a, d)| *a -= d);
            }
        }
        share
    }

    /// Which packets stand out from their neighbours: collisions, other rates, other senders.
    pub(super) fn odd(&self) -> Vec<bool> {
        let distances = pulp::Arch::new().dispatch(Distances(self));
        let typical = running_median(&distances, TYPICAL_OF);
        let mut odd: Vec<bool> = distances.iter().zip(&typical).map(|(d, t)| *d > (ODD.0 * t).max(ODD.1)).collect();
        // The first packet is where time begins.
        odd.first_mut().into_iter().for_each(|first| *first = false);
        odd
    }

    /// Of each packet from the median of five around it; the ends repeat the outermost packet.
    #[inline(always)]
    fn distances(&self) -> Vec<f64> {
        let n = self.times.len();
        let last = n.saturating_sub(1);
        let mut squares = vec![0.0; ABREAST * self.width];
        let mut distances = Vec::with_capacity(n + ABREAST);
        for first in (0..n).step_by(ABREAST) {
            for (at, squares) in (first..).zip(squares.chunks_exact_mut(self.width.max(1))) {
                let near = |step: usize| self.row((at + step).saturating_sub(2).min(last));
                let columns = near(0).iter().zip(near(1)).zip(near(2)).zip(near(3)).zip(near(4));
                for (square, ((((a, b), c), d), e)) in squares.iter_mut().zip(columns) {
                    let off = c - median_of_5([*a, *b, *c, *d, *e]);
                    *square = off * off / self.width as f64;
                }
            }
            let row = |at: usize| squares.get(at * self.width..(at + 1) * self.width).unwrap_or_default();
            distances.extend(
                sums(std::array::from_fn(|at| (row(at), row(at))), self.width, [|a, _| a; ABREAST]).map(f64::sqrt),
            );
        }
        distances.truncate(n);
        distances
    }

    pub(super) fn drop_odd(&mut self, odd: &[bool]) {
        if !odd.contains(&true) {
            return;
        }
        let keep: Vec<bool> = odd.iter().map(|odd| !odd).collect();
        let width = self.width;
        let mut n_kept = 0;
        for at in (0..keep.len()).filter(|&at| keep.get(at) == Some(&true)) {
            self.rows.copy_within(at * width..(at + 1) * width, n_kept * width);
            n_kept += 1;
        }
        self.rows.truncate(n_kept * width);
        retain(&mut self.times, &keep);
        retain(&mut self.levels, &keep);
        retain(&mut self.legacy, &keep);
    }

    /// Rms distances of consecutive packets, each raised to its level.
    pub(super) fn differences(&self, levels: &[f64]) -> Vec<f64> {
        let level = |at: usize| levels.get(at).copied().unwrap_or(1.0);
        let square = |at: usize| {
            let (from, to) = (level(at), level(at + 1));
            move |a: f64, b: f64| (a * from - b * to) * (a * from - b * to)
        };
        rms_of(self.times.len().saturating_sub(1), self.width, |at| (self.row(at), self.row(at + 1)), square)
    }

    /// Linear interpolation at [`RATE_HZ`] from the first packet to the last, each raised to its level.
    pub(super) fn on_grid(&self, levels: &[f64]) -> (Vec<f64>, Vec<bool>) {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else { return Default::default() };
        let n = ((last - first) * RATE_HZ).floor() as usize + 1;
        let (mut rows, mut valid) = (Vec::with_capacity(n * self.width), Vec::with_capacity(n));
        for at in 0..n {
            let time = first + at as f64 / RATE_HZ;
            let after = self.times.partition_point(|t| *t < time).clamp(1, self.times.len() - 1);
            let (Some(t0), Some(t1)) = (self.times.get(after - 1), self.times.get(after)) else { break };
            let (a, b) = (self.row(after - 1), self.row(after));
            let share = ((time - t0) / (t1 - t0)).clamp(0.0, 1.0);
            let (Some(from), Some(to)) = (levels.get(after - 1), levels.get(after)) else { break };
            rows.extend(a.iter().zip(b).map(|(a, b)| a * from + (b * to - a * from) * share));
            valid.push((time - t0).abs().min((t1 - time).abs()) <= MAX_REACH_SECS);
        }
        (rows, valid)
    }
}

/// [`Packets::distances`] for the widest vectors that the processor has.
struct Distances<'a>(&'a Packets);

impl pulp::WithSimd for Distances<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Vec<f64> {
        self.0.distances()
    }
}

fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut flags = keep.iter();
    list.retain(|_| flags.next().copied().unwrap_or(false));
}

fn rms(row: &[f64]) -> f64 {
    (row.iter().map(|a| a * a).sum::<f64>() / row.len().max(1) as f64).sqrt()
}

/// Rows that are added up side by side: each sum waits for its own last term, all together for none.
const ABREAST: usize = 4;

/// Root mean squares of `n` rows, each from the terms of a pair of rows of `width`.
fn rms_of<'a, T: Fn(f64, f64) -> f64>(
    n: usize,
    width: usize,
    pair: impl Fn(usize) -> (&'a [f64], &'a [f64]),
    term: impl Fn(usize) -> T,
) -> Vec<f64> {
    let mut means = Vec::with_capacity(n + ABREAST);
    for first in (0..n).step_by(ABREAST) {
        let rows: [usize; ABREAST] = std::array::from_fn(|at| (first + at).min(n - 1));
        let sums = sums(rows.map(&pair), width, rows.map(&term));
        means.extend(sums.map(|sum| (sum / width.max(1) as f64).sqrt()));
    }
    means.truncate(n);
    means
}

/// Sums of terms over the columns of pairs of rows, each in the order of the columns; zero where rows are shorter.
#[inline(always)]
fn sums<T: Fn(f64, f64) -> f64>(
    pairs: [(&[f64], &[f64]); ABREAST],
    width: usize,
    terms: [T; ABREAST],
) -> [f64; ABREAST] {
    let mut sums = [0.0; ABREAST];
    if pairs.iter().any(|(a, b)| a.len() < width || b.len() < width) {
        return sums;
    }
    for column in 0..width {
        for ((sum, (a, b)), term) in sums.iter_mut().zip(&pairs).zip(&terms) {
            *sum += term(a[column], b[column]);
        }
    }
    sums
}
