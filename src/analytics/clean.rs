//! Amplitudes that only movement changes: gain, packet format and odd packets taken out, on a uniform grid of 50 Hz.
//!
//! Goes in: one link's raw amplitudes at packet times. Comes out: rows of mean power one, which grid points lie next to a
//! packet, and the bookkeeping of what was taken out, which is itself a control of every evaluation (packet formats and
//! rates differ between sessions and betray them: `spec/falls.md` section 2).

use super::gain;
use super::series::AmplitudeSeries;

/// Grid of all detectors. 50 Hz is what the recordings of real falls have.
pub const RATE_HZ: f64 = 50.0;

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
/// Packets of the median that an odd one is held against, and of the typical distance.
const NEIGHBOURS: (usize, usize) = (5, 51);
/// A grid point further from every packet than this is invalid, seconds.
const MAX_REACH_SECS: f64 = 0.06;

/// A stretch of clean amplitudes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clean {
    /// Subcarrier numbers of the columns.
    pub numbers: Vec<i16>,
    /// `[sample][column]` at [`RATE_HZ`], mean power one.
    pub rows: Vec<f64>,
    /// Whether a packet lies close to the sample; others are interpolated across a gap.
    pub valid: Vec<bool>,
    pub bookkeeping: Bookkeeping,
}

/// What the packets were like, none of which is movement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bookkeeping {
    pub n_packets: usize,
    pub n_foreign: usize,
    pub legacy_share: f64,
    pub odd_share: f64,
    /// Natural logarithm of the median amplitude, raw units.
    pub log_level: f64,
    /// 20th percentile of the rms difference of consecutive packets, of mean power one.
    pub noise: f64,
    pub median_interval_secs: f64,
    pub longest_gap_secs: f64,
}

impl Bookkeeping {
    pub fn to_row(self) -> Vec<f64> {
        vec![
            self.n_packets as f64,
            self.n_foreign as f64,
            self.legacy_share,
            self.odd_share,
            self.log_level,
            self.noise,
            self.median_interval_secs,
            self.longest_gap_secs,
        ]
    }
}

impl Clean {
    pub fn n_columns(&self) -> usize {
        self.numbers.len()
    }

    pub fn len(&self) -> usize {
        self.valid.len()
    }

    pub fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }

    pub fn row(&self, at: usize) -> &[f64] {
        let n = self.n_columns();
        self.rows.get(at * n..(at + 1) * n).unwrap_or_default()
    }

    /// The samples of one column.
    pub fn column(&self, column: usize) -> Vec<f64> {
        self.rows.iter().skip(column).step_by(self.n_columns().max(1)).copied().collect()
    }

    /// The longest run of invalid samples within a range, seconds.
    pub fn longest_gap_secs(&self, range: std::ops::Range<usize>) -> f64 {
        let (mut longest, mut run) = (0_usize, 0_usize);
        for valid in self.valid.get(range).unwrap_or_default() {
            run = if *valid { 0 } else { run + 1 };
            longest = longest.max(run);
        }
        longest as f64 / RATE_HZ
    }
}

/// Cleans a whole stretch; `None` with fewer than three sound packets, or none but equal times.
pub fn clean(series: &AmplitudeSeries) -> Option<Clean> {
    clean_to(series, Level::Removed)
}

/// What becomes of the level of each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Each packet has mean power one: only the shape of the channel is left.
    Removed,
    /// Only steps of the gain are taken out ([`super::gain`]); the stretch has a median level of one.
    Kept,
}

/// The same with or without the level.
pub fn clean_to(series: &AmplitudeSeries, level: Level) -> Option<Clean> {
    let block = Block::of(&series.numbers);
    let mut packets = Packets::sound(series, &block);
    let n_packets = packets.times.len();
    let log_level = median(packets.levels.iter().map(|level| level.max(f64::MIN_POSITIVE).ln()).collect())?;
    let legacy_share = packets.align_formats();
    let odd = packets.odd();
    let odd_share = odd.iter().filter(|odd| **odd).count() as f64 / n_packets.max(1) as f64;
    packets.keep(|at| !odd.get(at).copied().unwrap_or(false));
    if packets.times.len() < 3 {
        return None;
    }
    let intervals: Vec<f64> = packets.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    if level == Level::Kept {
        packets.raise(&gain::without_steps(&packets.levels));
    }
    let differences: Vec<f64> = packets.rows.windows(2).map(|pair| rms_distance(&pair[0], &pair[1])).collect();
    let bookkeeping = Bookkeeping {
        n_packets,
        n_foreign: series.n_foreign,
        legacy_share,
        odd_share,
        log_level,
        noise: quantile(differences, 0.2)?,
        median_interval_secs: median(intervals.clone())?,
        longest_gap_secs: intervals.iter().copied().fold(0.0, f64::max),
    };
    let (rows, valid) = packets.on_grid();
    (!valid.is_empty()).then_some(Clean { numbers: block.numbers, rows, valid, bookkeeping })
}

/// Which columns are used, and which of them tell the packet format.
struct Block {
    numbers: Vec<i16>,
    used: Vec<usize>,
    ht_only: Vec<usize>,
}

impl Block {
    fn of(numbers: &[i16]) -> Self {
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
struct Packets {
    times: Vec<f64>,
    /// Of mean power one.
    rows: Vec<Vec<f64>>,
    levels: Vec<f64>,
    legacy: Vec<bool>,
}

impl Packets {
    /// Packets that carry power, each divided by its own rms: the receiver's gain goes, and with it any absolute level.
    fn sound(series: &AmplitudeSeries, block: &Block) -> Self {
        let pick = |row: &[f32], columns: &[usize]| -> Vec<f64> {
            columns.iter().filter_map(|&at| row.get(at).map(|a| f64::from(*a))).collect()
        };
        let all: Vec<(Vec<f64>, Vec<f64>)> =
            series.rows().map(|row| (pick(row, &block.used), pick(row, &block.ht_only))).collect();
        let middle = median(all.iter().map(|(row, _)| rms(row)).collect()).unwrap_or(0.0);
        let mut packets = Self { times: Vec::new(), rows: Vec::new(), levels: Vec::new(), legacy: Vec::new() };
        for ((row, edge), &time) in all.into_iter().zip(&series.times_secs) {
            let level = rms(&row);
            let is_later = packets.times.last().is_none_or(|last| time > last + 1e-3);
            if !(level > MIN_LEVEL * middle && level.is_finite() && is_later) {
                continue;
            }
            packets.times.push(time);
            packets.legacy.push(!edge.is_empty() && rms(&edge) < LEGACY_LEVEL * level);
            packets.rows.push(row.iter().map(|a| a / level).collect());
            packets.levels.push(level);
        }
        packets
    }

    /// Takes the mean difference in shape between legacy packets and their neighbours out. The answer is their share.
    fn align_formats(&mut self) -> f64 {
        let n_legacy = self.legacy.iter().filter(|legacy| **legacy).count();
        let share = n_legacy as f64 / self.legacy.len().max(1) as f64;
        if share <= MIN_LEGACY.0 || n_legacy < MIN_LEGACY.1 || n_legacy == self.legacy.len() {
            return share;
        }
        let others: Vec<usize> = (0..self.legacy.len()).filter(|&at| self.legacy.get(at) == Some(&false)).collect();
        let width = self.rows.first().map_or(0, Vec::len);
        let mut difference = vec![0.0; width];
        for (at, row) in self.rows.iter().enumerate() {
            if self.legacy.get(at) != Some(&true) {
                continue;
            }
            let after = others.partition_point(|other| *other < at).clamp(1, (others.len() - 1).max(1));
            let neighbour = |slot: usize| others.get(slot.min(others.len() - 1)).and_then(|at| self.rows.get(*at));
            let (Some(before), Some(after)) = (neighbour(after - 1), neighbour(after)) else { continue };
            for (sum, ((a, b), c)) in difference.iter_mut().zip(row.iter().zip(before).zip(after)) {
                *sum += (a - f64::midpoint(*b, *c)) / n_legacy as f64;
            }
        }
        for (row, legacy) in self.rows.iter_mut().zip(&self.legacy) {
            if *legacy {
                row.iter_mut().zip(&difference).for_each(|(a, d)| *a -= d);
            }
        }
        share
    }

    /// Which packets stand out from their neighbours: collisions, other rates, other senders.
    fn odd(&self) -> Vec<bool> {
        let width = self.rows.first().map_or(0, Vec::len);
        let n = self.rows.len();
        let mut squares = vec![0.0; n];
        for column in 0..width {
            let signal: Vec<f64> = self.rows.iter().filter_map(|row| row.get(column).copied()).collect();
            for ((square, value), middle) in squares.iter_mut().zip(&signal).zip(running_median(&signal, NEIGHBOURS.0))
            {
                *square += (value - middle) * (value - middle) / width.max(1) as f64;
            }
        }
        let distances: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
        let typical = running_median(&distances, NEIGHBOURS.1);
        let mut odd: Vec<bool> = distances.iter().zip(&typical).map(|(d, t)| *d > (ODD.0 * t).max(ODD.1)).collect();
        // The first packet is where time begins.
        odd.first_mut().into_iter().for_each(|first| *first = false);
        odd
    }

    fn keep(&mut self, wanted: impl Fn(usize) -> bool) {
        let mut at = 0;
        let mut filter = || {
            at += 1;
            wanted(at - 1)
        };
        let keep: Vec<bool> = (0..self.times.len()).map(|_| filter()).collect();
        retain(&mut self.times, &keep);
        retain(&mut self.rows, &keep);
        retain(&mut self.levels, &keep);
        retain(&mut self.legacy, &keep);
    }

    /// Gives each packet a level.
    fn raise(&mut self, levels: &[f64]) {
        for (row, level) in self.rows.iter_mut().zip(levels) {
            row.iter_mut().for_each(|a| *a *= level);
        }
    }

    /// Linear interpolation at [`RATE_HZ`] from the first packet to the last.
    fn on_grid(&self) -> (Vec<f64>, Vec<bool>) {
        let (Some(first), Some(last)) = (self.times.first(), self.times.last()) else { return Default::default() };
        let n = ((last - first) * RATE_HZ).floor() as usize + 1;
        let (mut rows, mut valid) = (Vec::new(), Vec::with_capacity(n));
        for at in 0..n {
            let time = first + at as f64 / RATE_HZ;
            let after = self.times.partition_point(|t| *t < time).clamp(1, self.times.len() - 1);
            let (Some(t0), Some(t1)) = (self.times.get(after - 1), self.times.get(after)) else { break };
            let (Some(a), Some(b)) = (self.rows.get(after - 1), self.rows.get(after)) else { break };
            let share = ((time - t0) / (t1 - t0)).clamp(0.0, 1.0);
            rows.extend(a.iter().zip(b).map(|(a, b)| a + (b - a) * share));
            valid.push((time - t0).abs().min((t1 - time).abs()) <= MAX_REACH_SECS);
        }
        (rows, valid)
    }
}

fn retain<T>(list: &mut Vec<T>, keep: &[bool]) {
    let mut flags = keep.iter();
    list.retain(|_| flags.next().copied().unwrap_or(false));
}

fn rms(row: &[f64]) -> f64 {
    (row.iter().map(|a| a * a).sum::<f64>() / row.len().max(1) as f64).sqrt()
}

fn rms_distance(a: &[f64], b: &[f64]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (sum / a.len().max(1) as f64).sqrt()
}

/// The middle value; `None` of nothing.
pub fn median(values: Vec<f64>) -> Option<f64> {
    quantile(values, 0.5)
}

/// Linear between the two nearest; `None` of nothing. Sorts its own copy.
pub fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let place = share.clamp(0.0, 1.0) * values.len().checked_sub(1)? as f64;
    let (below, above) = (values.get(place.floor() as usize)?, values.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

/// Without sorting: this is most of the work of cleaning a running link.
fn median_of_5([a, b, c, d, e]: [f64; 5]) -> f64 {
    let (low, high) = (a.min(b).max(c.min(d)), a.max(b).min(c.max(d)));
    low.max(high).min(low.min(high).max(e))
}

/// Median over `width` values around each; the ends repeat the outermost value.
fn running_median(values: &[f64], width: usize) -> Vec<f64> {
    let reach = (width / 2) as isize;
    let last = values.len() as isize - 1;
    let mut window = Vec::with_capacity(width);
    let at = |i: isize| values.get(i.clamp(0, last.max(0)) as usize).copied().unwrap_or(0.0);
    if width == 5 {
        return (0..values.len() as isize).map(|i| median_of_5([-2, -1, 0, 1, 2].map(|step| at(i + step)))).collect();
    }
    (0..values.len() as isize)
        .map(|i| {
            window.clear();
            window.extend((i - reach..=i + reach).map(at));
            let middle = window.len() / 2;
            *window.select_nth_unstable_by(middle, f64::total_cmp).1
        })
        .collect()
}
