//! What to simulate.

use serde::{Deserialize, Serialize};

use crate::types::{Room, Timestamp};

/// A simulated scene. Any values are allowed: [`SimulatorSpec::clamped`] brings them into what can be simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatorSpec {
    pub seed: u64,
    /// 1 to 16. Up to two links share one transmitter, more share two.
    pub n_links: u8,
    /// Packets a second on each link, 1 to 1 000.
    pub rate_hz: f32,
    /// 30 to 512; more than 256 need 40 MHz.
    pub n_subcarriers: u16,
    /// Antennas of each receiver, 1 to 3, half a wavelength apart.
    pub n_rx: u8,
    /// 20 or 40. In 20 MHz the echoes of a small room hardly differ over the band.
    pub bandwidth_mhz: u16,
    pub room: Room,
    /// Whether a person walks about.
    pub occupied: bool,
    /// Share of packets that a receiver misses, 0 to 0.9; each receiver on its own.
    pub loss: f32,
    /// Receivers' clocks run wrong by at most this, parts per million.
    pub max_drift_ppm: f32,
    /// Leaves out what radios add: phase, delay slope, gain steps, noise and rounding. Clocks and losses stay.
    pub ideal: bool,
    pub faults: SimulatedFaults,
    /// Host time of simulated second zero; `None` is zero here, and the present where a source is opened.
    pub start: Option<Timestamp>,
}

/// Mishaps that are switched on one by one, in seconds of simulated time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatedFaults {
    /// The first receiver's clock starts again from zero, as after a reboot.
    pub clock_reset_secs: Option<f32>,
    /// Nothing is received for [`SimulatedFaults::GAP_SECS`].
    pub gap_secs: Option<f32>,
}

impl SimulatedFaults {
    pub const GAP_SECS: f32 = 2.0;
}

impl Default for SimulatorSpec {
    fn default() -> Self {
        Self {
            seed: 1,
            n_links: 8,
            rate_hz: 200.0,
            n_subcarriers: 64,
            n_rx: 1,
            bandwidth_mhz: 40,
            room: Room { width_m: 5.0, depth_m: 4.0, height_m: 2.5 },
            occupied: true,
            loss: 0.01,
            max_drift_ppm: 20.0,
            ideal: false,
            faults: SimulatedFaults::default(),
            start: None,
        }
    }
}

impl SimulatorSpec {
    /// The same with its start set, unless it already has one: done once, where the source is opened.
    pub fn starting(&self, now: Timestamp) -> Self {
        Self { start: self.start.or(Some(now)), ..self.clone() }
    }

    /// The nearest scene that can be simulated; values that are no number become the default.
    pub fn clamped(&self) -> Self {
        let usual = Self::default();
        let within = |value: f32, low: f32, high: f32, usual: f32| {
            if value.is_nan() { usual } else { value.clamp(low, high) }
        };
        let n_subcarriers = self.n_subcarriers.clamp(30, 512);
        Self {
            n_links: self.n_links.clamp(1, 16),
            rate_hz: within(self.rate_hz, 1.0, 1_000.0, usual.rate_hz),
            n_subcarriers,
            n_rx: self.n_rx.clamp(1, 3),
            bandwidth_mhz: if self.bandwidth_mhz >= 40 || n_subcarriers > 256 { 40 } else { 20 },
            room: Room {
                width_m: within(self.room.width_m, 2.0, 30.0, usual.room.width_m),
                depth_m: within(self.room.depth_m, 2.0, 30.0, usual.room.depth_m),
                height_m: within(self.room.height_m, 2.1, 6.0, usual.room.height_m),
            },
            loss: within(self.loss, 0.0, 0.9, usual.loss),
            max_drift_ppm: within(self.max_drift_ppm, 0.0, 500.0, usual.max_drift_ppm),
            ..self.clone()
        }
    }
}
