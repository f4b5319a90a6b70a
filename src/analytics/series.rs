//! The amplitudes of one link over time, as detectors take them: one row per packet, whatever the format.

use crate::signal::bins::{BinChoice, N_PROBE_FRAMES, choose_bins};
use crate::types::{Complex32, CsiFrame, FrameFlags, Timestamp};

/// Packets of one transmitter: |H| on subcarriers that carry a channel, raw device units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AmplitudeSeries {
    /// Subcarrier number of each column, relative to the centre of the occupied block, ascending.
    pub numbers: Vec<i16>,
    /// Ascending, seconds since the first packet.
    pub times_secs: Vec<f64>,
    /// `[packet][column]`.
    pub rows: Vec<f32>,
    /// Packets of other transmitters that were heard meanwhile and left out.
    pub n_foreign: usize,
}

impl AmplitudeSeries {
    pub fn n_columns(&self) -> usize {
        self.numbers.len()
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.rows.chunks_exact(self.n_columns().max(1))
    }

    /// Length of time between first and last packet.
    pub fn secs(&self) -> f64 {
        self.times_secs.last().copied().unwrap_or(0.0)
    }

    /// The stretch from `start` to `end` seconds; its times begin again at zero.
    pub fn between(&self, start: f64, end: f64) -> Self {
        let from = self.times_secs.partition_point(|t| *t < start);
        let to = self.times_secs.partition_point(|t| *t < end).max(from);
        let n = self.n_columns();
        let zero = self.times_secs.get(from).copied().unwrap_or(0.0);
        Self {
            numbers: self.numbers.clone(),
            times_secs: self.times_secs.get(from..to).unwrap_or_default().iter().map(|t| t - zero).collect(),
            rows: self.rows.get(from * n..to * n).unwrap_or_default().to_vec(),
            n_foreign: self.n_foreign,
        }
    }

    /// The packets of the stream that sends most, on the subcarriers that carry its channel; all antenna pairs are averaged
    /// in power. `None` where no stream has enough packets to tell.
    pub fn from_frames(frames: &[(Timestamp, CsiFrame)]) -> Option<Self> {
        let mut counts: Vec<(crate::types::StreamId, usize)> = Vec::new();
        for (_, frame) in frames {
            let stream = frame.stream();
            match counts.iter_mut().find(|(known, _)| *known == stream) {
                Some((_, n)) => *n += 1,
                None => counts.push((stream, 1)),
            }
        }
        // Among equals the first heard wins, so that the choice does not depend on a sort.
        let dominant = counts.iter().rev().max_by_key(|(_, n)| *n)?.0;
        let own: Vec<&(Timestamp, CsiFrame)> = frames.iter().filter(|(_, frame)| frame.stream() == dominant).collect();
        let probe: Vec<&CsiFrame> = own.iter().take(N_PROBE_FRAMES).map(|(_, frame)| frame).collect();
        let columns = Columns::choose(&probe)?;
        let first = own.first()?.0;
        let mut series =
            Self { numbers: columns.numbers.clone(), n_foreign: frames.len() - own.len(), ..Self::default() };
        let mut row = Vec::new();
        for (time, frame) in own {
            if columns.amplitudes(frame, &mut row) {
                series.times_secs.push(time.secs_since(first));
                series.rows.extend_from_slice(&row);
            }
        }
        Some(series)
    }
}

/// Which positions of a frame become columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Relative to the centre of the occupied block.
    pub numbers: Vec<i16>,
    positions: Vec<u16>,
}

/// Highest subcarrier number of a 20 MHz high-throughput block (IEEE 802.11, 56 subcarriers).
const HT20_EDGE: i16 = 28;
/// So many subcarriers within one block make it a packet of 20 MHz; some of its 56 may fade or be empty.
const MIN_HT20_BINS: usize = 40;
/// Blocks of 20 MHz lie around multiples of this many subcarriers in captures of 20, 40 and 80 MHz.
const BLOCK_GRID: i16 = 32;

impl Columns {
    /// Chooses from the first frames of a stream.
    ///
    /// A block of 20 MHz becomes all of ±1..28, also where its edges looked dead in these frames: which packets fill the
    /// edges tells their format, and [`super::clean`] needs to know it.
    pub fn choose(frames: &[&CsiFrame]) -> Option<Self> {
        let first = frames.first()?;
        let values: Vec<&[Complex32]> = frames.iter().map(|frame| frame.values.as_slice()).collect();
        let amplitude_only = first.flags.contains(FrameFlags::AMPLITUDE_ONLY);
        let BinChoice { usable, numbers, .. } =
            choose_bins(&first.subcarriers, first.hardware, amplitude_only, &values);
        let (&low, &high) = (numbers.first()?, numbers.last()?);
        // The block of 20 MHz that holds nearly all of them: faded edges and a stray bin elsewhere do not move it.
        let within = |centre: i16| numbers.iter().filter(|k| (**k - centre).abs() <= HT20_EDGE).count();
        let on_grid = (-3..=3).map(|block| block * BLOCK_GRID).rev().max_by_key(|centre| within(*centre)).unwrap_or(0);
        let is_ht20 = within(on_grid) >= MIN_HT20_BINS && 5 * within(on_grid) >= 4 * numbers.len();
        let centre = if is_ht20 { on_grid } else { low.midpoint(high) };
        if is_ht20 {
            let wanted = (-HT20_EDGE..=HT20_EDGE).filter(|k| *k != 0);
            let at = |k: i16| first.subcarriers.index.iter().position(|index| *index == centre + k);
            let found: Vec<(i16, u16)> = wanted.filter_map(|k| Some((k, u16::try_from(at(k)?).ok()?))).collect();
            let (numbers, positions) = found.into_iter().unzip();
            return Some(Self { numbers, positions });
        }
        Some(Self { numbers: numbers.iter().map(|k| k - centre).collect(), positions: usable })
    }

    /// Writes the row of a frame; `false` where it carries no energy or does not fit.
    pub fn amplitudes(&self, frame: &CsiFrame, row: &mut Vec<f32>) -> bool {
        row.clear();
        row.resize(self.positions.len(), 0.0);
        let n = frame.n_subcarriers();
        let n_chains = frame.n_chains().max(1) as f32;
        for chain in frame.values.chunks_exact(n.max(1)) {
            for (sum, &position) in row.iter_mut().zip(&self.positions) {
                let Some(value) = chain.get(usize::from(position)) else { return false };
                *sum += value.norm_sqr() / n_chains;
            }
        }
        row.iter_mut().for_each(|sum| *sum = sum.sqrt());
        row.iter().all(|a| a.is_finite()) && row.iter().any(|a| *a > 0.0)
    }
}
