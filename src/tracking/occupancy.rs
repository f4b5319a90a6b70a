//! Where people spend their time: seconds of presence over the floor, and people over the day.
//!
//! A person's second is spread over the floor as their place is uncertain. A gap in the data is no absence: it is counted
//! as time that nobody watched.

use serde::Serialize;

use super::zones::Headcount;
use crate::types::{Timestamp, Track};

/// A longer step than this is a gap, s.
const MAX_STEP_SECS: f64 = 1.0;
/// Cells of a map at most: 100 m by 100 m at 20 cm.
const MAX_CELLS: usize = 250_000;
/// Cells that one person is spread over at most, each way.
const MAX_REACH_CELLS: f64 = 512.0;
/// Beyond this many standard deviations nothing is spread.
const REACH_SIGMAS: f64 = 3.5;

/// Seconds of presence in the cells of a floor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FloorMap {
    pub cell_m: f64,
    pub n_columns: usize,
    pub n_rows: usize,
    /// Person-seconds, row by row along x, the corner of the room first.
    pub secs: Vec<f64>,
    /// Spread beyond the walls.
    pub outside_secs: f64,
    /// Time that was watched, with or without people.
    pub watched_secs: f64,
    /// Old presence counts half after this time, s.
    pub half_life_secs: Option<f64>,
    time: Option<Timestamp>,
}

impl FloorMap {
    /// `None` for a floor without size, cells that are none, or more of them than a map can hold.
    pub fn new(room_m: [f64; 2], cell_m: f64, half_life_secs: Option<f64>) -> Option<Self> {
        let sound = |value: f64| value.is_finite() && value > 0.0;
        if !room_m.into_iter().all(sound) || !sound(cell_m) || !half_life_secs.is_none_or(sound) {
            return None;
        }
        let [columns, rows] = room_m.map(|length| (length / cell_m).ceil());
        if columns * rows > MAX_CELLS as f64 {
            return None;
        }
        let (n_columns, n_rows) = (columns as usize, rows as usize);
        let secs = vec![0.0; n_columns * n_rows];
        Some(Self { cell_m, n_columns, n_rows, secs, outside_secs: 0.0, watched_secs: 0.0, half_life_secs, time: None })
    }

    /// Takes the tracks of a moment; they stand for the time since the last one, unless that is a gap.
    pub fn step(&mut self, time: Timestamp, tracks: &[Track]) {
        let secs = self.time.replace(time).map_or(0.0, |before| time.secs_since(before));
        if secs <= 0.0 {
            return;
        }
        if let Some(half_life) = self.half_life_secs {
            let kept = (-std::f64::consts::LN_2 * secs / half_life).exp();
            self.secs.iter_mut().for_each(|cell| *cell *= kept);
            self.outside_secs *= kept;
            self.watched_secs *= kept;
        }
        if secs > MAX_STEP_SECS {
            return;
        }
        self.watched_secs += secs;
        for track in tracks.iter().filter(|track| track.state.is_present() && track.pose.root.is_sound()) {
            self.spread(track, secs * track.presence());
        }
    }

    /// Seconds in the cell of a place; `None` beyond the walls.
    pub fn at(&self, [x, y]: [f64; 2]) -> Option<f64> {
        let place = |value: f64, n: usize| {
            let cell = value / self.cell_m;
            (cell >= 0.0 && cell < n as f64).then_some(cell as usize)
        };
        self.secs.get(place(y, self.n_rows)? * self.n_columns + place(x, self.n_columns)?).copied()
    }

    fn spread(&mut self, track: &Track, secs: f64) {
        let [x, y] = track.pose.root.position_m;
        let [[xx, xy], [_, yy]] = track.pose.root.covariance_m2;
        // A cell is as good as a place within it: its own spread keeps the weights of sharp places right.
        let own = self.cell_m * self.cell_m / 12.0;
        let (xx, yy) = (xx + own, yy + own);
        let determinant = xx * yy - xy * xy;
        let range = |middle: f64, variance: f64| {
            let reach = REACH_SIGMAS * variance.sqrt() + self.cell_m;
            [((middle - reach) / self.cell_m).floor(), ((middle + reach) / self.cell_m).ceil()]
        };
        let ([left, right], [low, high]) = (range(x, xx), range(y, yy));
        // Who may be anywhere, or is kilometres away, is nowhere on this map. NaN fails the comparisons.
        let few = |from: f64, to: f64| to - from <= MAX_REACH_CELLS && from.abs() <= 1e9 && to.abs() <= 1e9;
        if !(few(left, right) && few(low, high) && determinant > 0.0) {
            self.outside_secs += secs;
            return;
        }
        let weight = |column: f64, row: f64| {
            let (dx, dy) = ((column + 0.5) * self.cell_m - x, (row + 0.5) * self.cell_m - y);
            (-0.5 * (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / determinant).exp()
        };
        let cells = |from: f64, to: f64| (from as i64..to as i64).map(|cell| cell as f64);
        let all: f64 =
            cells(low, high).map(|row| cells(left, right).map(|column| weight(column, row)).sum::<f64>()).sum();
        if all <= 0.0 {
            self.outside_secs += secs;
            return;
        }
        let mut inside = Vec::new();
        for row in cells(low.max(0.0), high.min(self.n_rows as f64)) {
            for column in cells(left.max(0.0), right.min(self.n_columns as f64)) {
                inside.push((row as usize * self.n_columns + column as usize, secs * weight(column, row) / all));
            }
        }
        let spread: f64 = inside.iter().map(|(_, share)| share).sum();
        for (cell, share) in inside {
            self.secs[cell] += share;
        }
        self.outside_secs += (secs - spread).max(0.0);
    }
}

/// People during one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OccupancyBin {
    pub start: Timestamp,
    /// How much of the stretch was watched, s.
    pub watched_secs: f64,
    /// Person-seconds, and the sum of variance times time.
    pub person_secs: f64,
    variance_secs: f64,
    /// The most people at once.
    pub most: u32,
}

impl OccupancyBin {
    /// Mean number of people with the mean deviation of a moment's count; `None` when nobody watched.
    pub fn mean(&self) -> Option<Headcount> {
        (self.watched_secs > 0.0).then(|| Headcount {
            n_people: self.most,
            mean: self.person_secs / self.watched_secs,
            sigma: (self.variance_secs / self.watched_secs).sqrt(),
        })
    }
}

/// People over time in even stretches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OccupancyTimeline {
    pub bin_secs: f64,
    /// In the order of time; stretches without any data are absent.
    pub bins: Vec<OccupancyBin>,
    time: Option<Timestamp>,
}

impl OccupancyTimeline {
    /// Stretches kept at most: the oldest go first.
    pub const MAX_BINS: usize = 10_000;

    /// `bin_secs` below a second or beyond a day is taken for the nearest of the two.
    pub fn new(bin_secs: f64) -> Self {
        let bin_secs = if bin_secs.is_finite() { bin_secs.clamp(1.0, 86_400.0) } else { 900.0 };
        Self { bin_secs, bins: Vec::new(), time: None }
    }

    pub fn step(&mut self, time: Timestamp, tracks: &[Track]) {
        let secs = self.time.replace(time).map_or(0.0, |before| time.secs_since(before));
        if secs < 0.0 {
            // A clock that was set back: what was counted belongs to times that do not compare.
            self.bins.clear();
        }
        if secs <= 0.0 || secs > MAX_STEP_SECS {
            return;
        }
        let start = Timestamp::from_secs_f64((time.secs_f64() / self.bin_secs).floor() * self.bin_secs);
        if self.bins.last().is_none_or(|bin| bin.start != start) {
            if self.bins.len() >= Self::MAX_BINS {
                self.bins.remove(0);
            }
            self.bins.push(OccupancyBin { start, watched_secs: 0.0, person_secs: 0.0, variance_secs: 0.0, most: 0 });
        }
        let existences: Vec<f64> =
            tracks.iter().filter(|track| track.state.is_present()).map(|track| track.presence()).collect();
        let count = Headcount::new(existences.len(), &existences);
        if let Some(bin) = self.bins.last_mut() {
            bin.watched_secs += secs;
            bin.person_secs += count.mean * secs;
            bin.variance_secs += count.sigma * count.sigma * secs;
            bin.most = bin.most.max(count.n_people);
        }
    }
}
