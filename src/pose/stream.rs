//! The last packets of one stream: frames of equal shape on one link, of which the newest second and a half is kept.

use std::collections::VecDeque;
use std::sync::Arc;

use super::layout::{MAX_ANTENNAS, N_BANDS, WINDOW_SECS};
use super::window::{LinkWindow, Packets, Unfit};
use crate::signal::gauge::GaugeFitter;
use crate::signal::quarter_turns::{has_quarter_turns, undo_quarter_turns};
use crate::types::{Complex32, CsiFrame, Hardware, Subcarriers, Timestamp};

/// A window and a little before it, to interpolate from and to ask a moment late.
pub const KEPT_SECS: f64 = WINDOW_SECS + 0.25;
/// More than radios send in that time; bounds the memory.
const MAX_KEPT: usize = 4_096;
/// Packets for the empty room: one in this time, for ten seconds.
const SPARSE_SECS: f64 = 0.1;
const MAX_SPARSE: usize = 100;
/// A clock that goes back further than this was set anew; what goes back less came late.
const CLOCK_RESET_SECS: f64 = 1.0;
/// A subcarrier whose mean power is less than this share of the median one's carries nothing: guard bands and the carrier.
const DEAD_SHARE: f32 = 1e-3;

/// Packets of one stream.
#[derive(Clone, Debug)]
pub struct Stream {
    subcarriers: Arc<Subcarriers>,
    centre_hz: f64,
    hardware: Hardware,
    n_rx: usize,
    kept: VecDeque<(Timestamp, Vec<Complex32>)>,
    /// The same thinned, over a longer time.
    sparse: VecDeque<(Timestamp, Vec<Complex32>)>,
}

/// Packets that own what they point to.
#[derive(Clone, Debug, Default)]
pub struct OwnedPackets {
    pub times: Vec<Timestamp>,
    pub rows: Vec<Complex32>,
    pub numbers: Vec<i16>,
    pub spacing_hz: f32,
    pub centre_hz: f64,
    pub n_antennas: usize,
}

impl OwnedPackets {
    pub fn packets(&self) -> Packets<'_> {
        Packets {
            times: &self.times,
            rows: &self.rows,
            numbers: &self.numbers,
            spacing_hz: self.spacing_hz,
            centre_hz: self.centre_hz,
            n_antennas: self.n_antennas,
        }
    }
}

impl Stream {
    /// `None` for a frame that no window can be made of.
    pub fn new(frame: &CsiFrame) -> Option<Self> {
        let n = frame.n_subcarriers();
        let fits = frame.n_rx > 0 && frame.n_tx > 0 && n >= N_BANDS && frame.values.len() == frame.n_chains() * n;
        fits.then(|| Self {
            subcarriers: Arc::clone(&frame.subcarriers),
            centre_hz: f64::from(frame.channel.centre_mhz) * 1e6,
            hardware: frame.hardware,
            n_rx: usize::from(frame.n_rx).min(MAX_ANTENNAS),
            kept: VecDeque::new(),
            sparse: VecDeque::new(),
        })
    }

    /// Takes a frame of this stream; those that came late, carry no numbers or have another shape are passed over.
    pub fn push(&mut self, time: Timestamp, frame: &CsiFrame) {
        let n = self.subcarriers.index.len();
        let n_rows = usize::from(frame.n_rx).min(MAX_ANTENNAS);
        if frame.n_subcarriers() != n || n_rows != self.n_rx || frame.values.len() != frame.n_chains() * n {
            return;
        }
        if let Some((last, _)) = self.kept.back() {
            let later = time.secs_since(*last);
            if later < -CLOCK_RESET_SECS {
                self.kept.clear();
                self.sparse.clear();
            } else if later <= 0.0 {
                return;
            }
        }
        // Of several senders' antennas the first: what the network was taught.
        let row: Vec<Complex32> = (0..self.n_rx).filter_map(|rx| frame.chain(rx, 0)).flatten().copied().collect();
        if row.len() != self.n_rx * n || !row.iter().all(|value| value.re.is_finite() && value.im.is_finite()) {
            return;
        }
        while self.kept.front().is_some_and(|(first, _)| time.secs_since(*first) > KEPT_SECS)
            || self.kept.len() >= MAX_KEPT
        {
            self.kept.pop_front();
        }
        if self.sparse.back().is_none_or(|(last, _)| time.secs_since(*last) >= SPARSE_SECS) {
            let span = SPARSE_SECS * MAX_SPARSE as f64;
            while self.sparse.front().is_some_and(|(first, _)| time.secs_since(*first) > span)
                || self.sparse.len() >= MAX_SPARSE
            {
                self.sparse.pop_front();
            }
            self.sparse.push_back((time, row.clone()));
        }
        self.kept.push_back((time, row));
    }

    pub fn last_time(&self) -> Option<Timestamp> {
        self.kept.back().map(|(time, _)| *time)
    }

    /// Packets of the window that begins at `start`, and how wide the band is, hertz.
    pub fn n_packets(&self, start: Timestamp) -> usize {
        let end = start.plus_secs(WINDOW_SECS);
        self.kept.iter().filter(|(time, _)| (start..=end).contains(time)).count()
    }

    pub fn width_hz(&self) -> f64 {
        let numbers = || self.subcarriers.index.iter();
        let span = numbers().max().zip(numbers().min()).map_or(0, |(high, low)| i32::from(*high) - i32::from(*low));
        f64::from(span) * f64::from(self.subcarriers.spacing_hz)
    }

    /// The window that begins at `start`, of all antennas or of the middle one alone.
    pub fn window(&self, start: Timestamp, single: bool) -> Result<LinkWindow, Unfit> {
        LinkWindow::from_packets(&self.cut(self.kept.iter(), single)?.packets(), start)
    }

    /// The thinned packets of the last ten seconds.
    pub fn recent(&self, single: bool) -> Result<OwnedPackets, Unfit> {
        self.cut(self.sparse.iter(), single)
    }

    pub fn n_rx(&self) -> usize {
        self.n_rx
    }

    /// Usable subcarriers in rising order, antennas of one phase.
    fn cut<'a>(
        &self,
        packets: impl Iterator<Item = &'a (Timestamp, Vec<Complex32>)> + Clone,
        single: bool,
    ) -> Result<OwnedPackets, Unfit> {
        let n = self.subcarriers.index.len();
        let antennas = if single { self.n_rx / 2..self.n_rx / 2 + 1 } else { 0..self.n_rx };
        let columns = self.columns(packets.clone().map(|(_, row)| row.as_slice()));
        if columns.len() < N_BANDS {
            return Err(Unfit::FewSubcarriers { n: columns.len() });
        }
        let mut cut = OwnedPackets {
            numbers: columns.iter().map(|(number, _)| *number).collect(),
            spacing_hz: self.subcarriers.spacing_hz,
            centre_hz: self.centre_hz,
            n_antennas: antennas.len(),
            ..OwnedPackets::default()
        };
        for (time, row) in packets {
            cut.times.push(*time);
            for chain in row.chunks_exact(n).take(antennas.end).skip(antennas.start) {
                cut.rows.extend(columns.iter().filter_map(|(_, at)| chain.get(*at)));
            }
        }
        let width = cut.n_antennas * cut.numbers.len();
        if cut.n_antennas > 1 && has_quarter_turns(self.hardware) {
            // Chains of such radios start at one of four phases with each packet.
            let fitter = GaugeFitter::new(&cut.numbers);
            let middle = cut.rows.chunks_exact(width).nth(cut.times.len() / 2).map(<[_]>::to_vec).unwrap_or_default();
            cut.rows.chunks_exact_mut(width).for_each(|row| undo_quarter_turns(&fitter, row, &middle, 1));
        }
        Ok(cut)
    }

    /// Number and position of each subcarrier that carries something, in rising order, of the segment that has most.
    fn columns<'a>(&self, rows: impl Iterator<Item = &'a [Complex32]>) -> Vec<(i16, usize)> {
        let n = self.subcarriers.index.len();
        let mut power = vec![0.0_f32; n];
        for row in rows {
            for chain in row.chunks_exact(n) {
                power.iter_mut().zip(chain).for_each(|(sum, value)| *sum += value.norm_sqr());
            }
        }
        let mut sorted = power.clone();
        sorted.sort_by(f32::total_cmp);
        let alive = sorted.get(n / 2).copied().unwrap_or(0.0) * DEAD_SHARE;
        let is_valid = |at: usize| u16::try_from(at).is_ok_and(|at| !self.subcarriers.invalid.contains(&at));
        let mut best: Vec<(i16, usize)> = Vec::new();
        for (_, range) in self.subcarriers.ranges() {
            let mut own: Vec<(i16, usize)> = range
                .filter_map(|at| Some((*self.subcarriers.index.get(at)?, at, *power.get(at)?)))
                .filter(|&(_, at, power)| power > alive && is_valid(at))
                .map(|(number, at, _)| (number, at))
                .collect();
            own.sort_unstable();
            own.dedup_by_key(|(number, _)| *number);
            if own.len() > best.len() {
                best = own;
            }
        }
        best
    }
}
