//! Amplitudes of a made-up link: a still channel, noise, and on demand a mover, a breath or a fan.

use corporeal::analytics::series::AmplitudeSeries;
use corporeal::types::{Complex32, CsiFrame, Hardware, LinkId, NodeId, Subcarriers, Timestamp};
use std::sync::Arc;

/// A stretch to make. Times in seconds, strengths relative to the still channel.
#[derive(Clone, Debug)]
pub struct Channel {
    pub secs: f64,
    pub rate_hz: f64,
    pub noise: f64,
    /// Middle, width and strength of each burst of movement.
    pub bursts: Vec<(f64, f64, f64)>,
    pub fan: f64,
    /// Breaths a minute and strength.
    pub breath: Option<(f64, f64)>,
    /// No packets from, to.
    pub gap: Option<(f64, f64)>,
    /// Which still channel it is.
    pub place: u64,
    pub seed: u64,
    pub gain: f64,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            secs: 10.0,
            rate_hz: 100.0,
            noise: 0.005,
            bursts: Vec::new(),
            fan: 0.0,
            breath: None,
            gap: None,
            place: 1,
            seed: 1,
            gain: 100.0,
        }
    }
}

/// Deterministic numbers, evenly spread over 0..1 (a multiplicative hash of the place).
fn even(seed: u64, at: u64) -> f64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^= x >> 31;
    x = x.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 29;
    (x >> 11) as f64 / (1_u64 << 53) as f64
}

fn normal(seed: u64, at: u64) -> f64 {
    let radius = (-2.0 * (1.0 - even(seed, 2 * at)).ln()).sqrt();
    radius * (std::f64::consts::TAU * even(seed, 2 * at + 1)).cos()
}

impl Channel {
    pub fn burst(middle: f64, width: f64, strength: f64) -> Self {
        Self { bursts: vec![(middle, width, strength)], ..Self::default() }
    }

    pub fn series(&self) -> AmplitudeSeries {
        let numbers: Vec<i16> = (-28..=28).filter(|k| *k != 0).collect();
        let mut series = AmplitudeSeries { numbers: numbers.clone(), ..AmplitudeSeries::default() };
        let mut first = None;
        for packet in 0..(self.secs * self.rate_hz) as u64 {
            let t = packet as f64 / self.rate_hz;
            if self.gap.is_some_and(|(from, to)| t >= from && t < to) {
                continue;
            }
            series.times_secs.push(t - *first.get_or_insert(t));
            for k in &numbers {
                series.rows.push((self.gain * self.amplitude(t, packet, *k)) as f32);
            }
        }
        series
    }

    fn amplitude(&self, t: f64, packet: u64, k: i16) -> f64 {
        let tau = std::f64::consts::TAU;
        let column = (k + 28) as u64;
        let still = 1.0 + 0.4 * (tau * (f64::from(k) / 40.0 + even(self.place, 1))).cos();
        let mut a = still + self.noise * normal(self.seed, packet * 64 + column);
        for (number, (middle, width, strength)) in self.bursts.iter().enumerate() {
            let u = (t - middle) / width;
            // Three paths whose length changes at unlike rates.
            for path in 0..3_u64 {
                let hz = 2.0 + 2.5 * path as f64 + even(self.seed, 900 + number as u64);
                let phase = tau * (hz * t + f64::from(k) / (30.0 + 25.0 * path as f64) + even(self.place, 7 + path));
                a += strength / 3.0 * (-u * u).exp() * phase.cos();
            }
        }
        if let Some((per_min, strength)) = self.breath {
            a += strength * (tau * (per_min / 60.0 * t + f64::from(k) / 90.0)).cos();
        }
        a += self.fan * f64::from(k) / 28.0 * ((tau * 8.1 * t).cos() + (tau * 12.8 * t).cos() + (tau * 16.7 * t).cos());
        a.max(0.01)
    }

    /// The same as frames of one link.
    pub fn frames(&self) -> Vec<(Timestamp, CsiFrame)> {
        let series = self.series();
        let subcarriers = Arc::new(Subcarriers::single(series.numbers.clone(), 312_500.0));
        let frame = |row: &[f32]| CsiFrame {
            link: LinkId { tx: NodeId::Number(1), rx: NodeId::Number(2) },
            hardware: Hardware::Simulator,
            n_rx: 1,
            n_tx: 1,
            subcarriers: Arc::clone(&subcarriers),
            values: row.iter().map(|a| Complex32::new(*a, 0.0)).collect(),
            ..CsiFrame::default()
        };
        series.times_secs.iter().zip(series.rows()).map(|(t, row)| (Timestamp::from_secs_f64(*t), frame(row))).collect()
    }
}
