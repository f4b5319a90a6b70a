//! Received power, noise and the √SNR scale of an Intel 5300 report.
//!
//! The formulas are the vendor's (`get_total_rss.m`, `get_scaled_csi.m` of the Linux 802.11n CSI Tool), in linear units.

use std::sync::LazyLock;

use super::bits::N_GROUPS;

/// What the noise field holds when the card did not measure.
pub(in super::super) const NOISE_UNKNOWN: i8 = -127;
/// The noise that the vendor assumes then.
const ASSUMED_NOISE_DBM: i8 = -92;
/// Between RSSI counts and dBm, at zero gain.
const RSSI_OFFSET_DB: f64 = 44.0;
/// The transmitter shares its power among chains; three get 4.5 dB, the exact 4.77 dB being unknown to the firmware.
const TX_POWER: [f64; 4] = [1.0, 1.0, 2.0, 2.818_382_931_264_453_8];

/// 10^(i/10) for whole decibels.
static FROM_DB: LazyLock<[f64; 256]> = LazyLock::new(|| std::array::from_fn(|db| 10_f64.powf(db as f64 / 10.0)));

/// The linear power of whole decibels.
fn from_db(db: i8) -> f64 {
    let magnitude = FROM_DB[usize::from(db.unsigned_abs())];
    if db < 0 { magnitude.recip() } else { magnitude }
}

pub(in super::super) struct Power {
    received_mw: f64,
    noise: i8,
}

impl Power {
    pub fn new(rssi: [u8; 3], noise: i8, agc: u8) -> Self {
        let counted: f64 = rssi.iter().filter(|&&r| r > 0).map(|&r| FROM_DB[usize::from(r)]).sum();
        static OFFSET: LazyLock<f64> = LazyLock::new(|| 10_f64.powf(-RSSI_OFFSET_DB / 10.0));
        Self { received_mw: counted * *OFFSET / FROM_DB[usize::from(agc)], noise }
    }

    pub fn rssi_dbm(&self) -> Option<f32> {
        (self.received_mw > 0.0).then(|| (10.0 * self.received_mw.log10()) as f32)
    }

    pub fn noise_dbm(&self) -> Option<f32> {
        (self.noise != NOISE_UNKNOWN).then(|| f32::from(self.noise))
    }

    /// What values must be multiplied with to be in units of √SNR; `energy` is their Σ|value|².
    pub fn scale(&self, energy: u32, n_rx: u8, n_tx: u8) -> Option<f32> {
        if energy == 0 || self.received_mw <= 0.0 {
            return None;
        }
        let mw_per_unit = self.received_mw / (f64::from(energy) / N_GROUPS as f64);
        let thermal_mw = from_db(if self.noise == NOISE_UNKNOWN { ASSUMED_NOISE_DBM } else { self.noise });
        let rounding_mw = mw_per_unit * f64::from(n_rx) * f64::from(n_tx);
        let tx_power = TX_POWER.get(usize::from(n_tx)).copied().unwrap_or(1.0);
        Some((mw_per_unit / (thermal_mw + rounding_mw) * tx_power).sqrt() as f32)
    }
}

/// Per antenna A, B, C; a count of zero means that the antenna was not in use.
pub(super) fn chain_rssi(rssi: [u8; 3]) -> [i8; 4] {
    let one = |count: u8| if count == 0 { i8::MIN } else { i8::try_from(count).unwrap_or(i8::MAX) };
    [one(rssi[0]), one(rssi[1]), one(rssi[2]), i8::MIN]
}
