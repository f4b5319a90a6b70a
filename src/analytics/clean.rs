//! Amplitudes that only movement changes: gain, packet format and odd packets taken out, on a uniform grid of 50 Hz.
//!
//! Goes in: one link's raw amplitudes at packet times. Comes out: rows of mean power one, which grid points lie next to a
//! packet, and the bookkeeping of what was taken out, which is itself a control of every evaluation (packet formats and
//! rates differ between sessions and betray them: `spec/falls.md` section 2).

mod packets;

use self::packets::{Block, Packets};
use super::gain;
use super::order::{median, quantile};
use super::series::AmplitudeSeries;

/// Grid of all detectors. 50 Hz is what the recordings of real falls have.
pub const RATE_HZ: f64 = 50.0;

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
    Sound::of(series)?.clean(level)
}

/// A stretch without its odd packets: what is the same with and without the level, and most of the work.
#[derive(Clone, Debug)]
pub struct Sound {
    numbers: Vec<i16>,
    packets: Packets,
    /// All but the noise, which the level is part of.
    bookkeeping: Bookkeeping,
}

impl Sound {
    /// `None` with fewer than three sound packets.
    pub fn of(series: &AmplitudeSeries) -> Option<Self> {
        let block = Block::of(&series.numbers);
        let mut packets = Packets::sound(series, &block);
        let n_packets = packets.times.len();
        let log_level = median(packets.levels.iter().map(|level| level.max(f64::MIN_POSITIVE).ln()).collect())?;
        let legacy_share = packets.align_formats();
        let odd = packets.odd();
        let odd_share = odd.iter().filter(|odd| **odd).count() as f64 / n_packets.max(1) as f64;
        packets.drop_odd(&odd);
        if packets.times.len() < 3 {
            return None;
        }
        let intervals: Vec<f64> = packets.times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let bookkeeping = Bookkeeping {
            n_packets,
            n_foreign: series.n_foreign,
            legacy_share,
            odd_share,
            log_level,
            noise: 0.0,
            longest_gap_secs: intervals.iter().copied().fold(0.0, f64::max),
            median_interval_secs: median(intervals)?,
        };
        Some(Self { numbers: block.numbers, packets, bookkeeping })
    }

    /// `None` with none but equal times.
    pub fn clean(&self, level: Level) -> Option<Clean> {
        let levels = match level {
            Level::Removed => vec![1.0; self.packets.levels.len()],
            Level::Kept => gain::without_steps(&self.packets.levels),
        };
        let noise = quantile(self.packets.differences(&levels), 0.2)?;
        let (rows, valid) = self.packets.on_grid(&levels);
        let bookkeeping = Bookkeeping { noise, ..self.bookkeeping };
        (!valid.is_empty()).then(|| Clean { numbers: self.numbers.clone(), rows, valid, bookkeeping })
    }
}
