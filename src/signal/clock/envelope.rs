//! The line below all arrivals: host time less device time is never less than the true offset, as no frame arrives
//! before it was sent.
//!
//! Arrivals are thinned to the earliest of each second. Of all lines that lie below them, the one with the least sum of
//! distances is taken (Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay measurements",
//! INFOCOM 1999): the edge of the lower convex hull over their mean time.

use std::collections::VecDeque;

const WINDOW_SECS: f64 = 1.0;
/// Two minutes: long enough for a fraction of a ppm, short enough to follow a warming crystal.
const MAX_WINDOWS: usize = 120;
/// Shorter stretches say too little about the rate to use it, or to show it.
const MIN_FIT_SECS: f64 = 8.0;
const MIN_REPORT_SECS: f64 = 20.0;
/// No crystal is worse; a steeper line comes from something else.
const MAX_SLOPE_NANOS_PER_SEC: f64 = 500_000.0;
/// All arrivals later than the line by this, for [`N_RAISED`] windows: the host's clock was set forward. A line raised
/// in error comes down again with the first punctual arrival.
const RAISED_NANOS: f64 = 50_000_000.0;
const N_RAISED: u32 = 3;
const N_RECENT: usize = 256;

#[derive(Clone, Debug)]
pub(super) struct Envelope {
    /// Device time and offset that the others count from.
    origin: (i64, i64),
    /// Seconds and nanoseconds: the earliest arrival of each window.
    minima: VecDeque<(f64, f64)>,
    window_start: f64,
    window_min: (f64, f64),
    /// The line at the origin, and its slope in nanoseconds a second.
    level: f64,
    slope: f64,
    fitted_secs: f64,
    n_raised: u32,
    raised_min: f64,
    /// The latest delays over the line.
    recent: VecDeque<f64>,
    usual_delay: f64,
    spread: f64,
}

impl Envelope {
    pub(super) fn new(device: i64, offset: i64) -> Self {
        Self {
            origin: (device, offset),
            minima: VecDeque::new(),
            window_start: 0.0,
            window_min: (0.0, 0.0),
            level: 0.0,
            slope: 0.0,
            fitted_secs: 0.0,
            n_raised: 0,
            raised_min: f64::INFINITY,
            recent: VecDeque::with_capacity(N_RECENT),
            usual_delay: 0.0,
            spread: 0.0,
        }
    }

    /// Host time less device time of a frame that arrives without delay.
    pub(super) fn offset_at(&self, device: i64) -> i64 {
        let (x, _) = self.local(device, self.origin.1);
        self.origin.1.saturating_add(self.line(x) as i64)
    }

    /// Positive when the device runs fast; `None` until it has been watched for long enough.
    pub(super) fn drift_ppm(&self) -> Option<f32> {
        (self.fitted_secs >= MIN_REPORT_SECS).then_some((-self.slope / 1_000.0) as f32)
    }

    /// Robust standard deviation of the recent delays.
    pub(super) fn jitter_nanos(&self) -> i64 {
        self.spread as i64
    }

    /// Median of the recent delays.
    pub(super) fn usual_delay_nanos(&self) -> i64 {
        self.usual_delay as i64
    }

    pub(super) fn add(&mut self, device: i64, offset: i64) {
        let (x, y) = self.local(device, offset);
        if x - self.window_start >= WINDOW_SECS {
            self.close_window();
            self.window_start = x;
            self.window_min = (x, y);
        } else if y - self.slope * x < self.window_min.1 - self.slope * self.window_min.0 {
            self.window_min = (x, y);
        }
        let delay = y - self.line(x);
        if delay < 0.0 {
            self.level += delay;
        }
        if self.recent.len() >= N_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(delay.max(0.0));
    }

    /// Forgets the offset and everything measured with it; what is known of rate and delays stays.
    pub(super) fn restart(&mut self, device: i64, offset: i64) {
        self.origin = (device, offset);
        self.minima.clear();
        self.window_start = 0.0;
        self.window_min = (0.0, self.usual_delay);
        self.level = 0.0;
        self.n_raised = 0;
        self.raised_min = f64::INFINITY;
    }

    fn local(&self, device: i64, offset: i64) -> (f64, f64) {
        (device.saturating_sub(self.origin.0) as f64 / 1e9, offset.saturating_sub(self.origin.1) as f64)
    }

    fn line(&self, x: f64) -> f64 {
        self.level + self.slope * x
    }

    fn close_window(&mut self) {
        self.measure_delays();
        let (x, y) = self.window_min;
        let above = y - self.line(x);
        if above > RAISED_NANOS {
            self.n_raised += 1;
            self.raised_min = self.raised_min.min(above);
            if self.n_raised >= N_RAISED {
                self.minima.clear();
                self.level += self.raised_min;
                self.recent.clear();
            } else {
                return;
            }
        }
        self.n_raised = 0;
        self.raised_min = f64::INFINITY;
        if self.minima.len() >= MAX_WINDOWS {
            self.minima.pop_front();
        }
        // Out-of-order device times must not put the hull's points out of order.
        if self.minima.back().is_none_or(|last| last.0 < x) {
            self.minima.push_back((x, y));
        }
        self.fit();
    }

    fn measure_delays(&mut self) {
        let mut sorted: Vec<f64> = self.recent.iter().copied().collect();
        if let Some(median) = median(&mut sorted) {
            sorted.iter_mut().for_each(|delay| *delay = (*delay - median).abs());
            self.usual_delay = median;
            // For a bell curve, the median deviation is 0.6745 standard deviations.
            self.spread = self::median(&mut sorted).unwrap_or(0.0) * 1.4826;
        }
    }

    fn fit(&mut self) {
        let (Some(first), Some(last)) = (self.minima.front(), self.minima.back()) else { return };
        let secs = last.0 - first.0;
        if secs >= MIN_FIT_SECS {
            let mean = self.minima.iter().map(|point| point.0).sum::<f64>() / self.minima.len() as f64;
            let hull = lower_hull(self.minima.iter().copied());
            if let Some(edge) = hull.windows(2).find(|edge| edge[1].0 >= mean) {
                let slope = (edge[1].1 - edge[0].1) / (edge[1].0 - edge[0].0);
                self.slope = slope.clamp(-MAX_SLOPE_NANOS_PER_SEC, MAX_SLOPE_NANOS_PER_SEC);
                self.fitted_secs = secs;
            }
        }
        let lowest = self.minima.iter().map(|(x, y)| y - self.slope * x).fold(f64::INFINITY, f64::min);
        self.level = lowest;
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
}

/// Andrew's monotone chain over points in ascending x.
fn lower_hull(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for point in points {
        while let [.., a, b] = hull[..] {
            let turn = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if turn > 0.0 {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }
    hull
}
