//! The `RxSBasic` segment: when, on which channel and how strongly a packet was received.

use super::super::records::{bytes_at, u16_le, u64_le};

/// What is kept of versions 1 to 3. `i8::MIN` = not reported.
#[derive(Clone, Copy)]
pub(super) struct Basics {
    pub timestamp_micros: u64,
    pub centre_mhz: Option<u16>,
    pub noise: i8,
    pub rssi: i8,
    pub chain_rssi: [i8; 4],
}

impl Default for Basics {
    fn default() -> Self {
        Self { timestamp_micros: 0, centre_mhz: None, noise: i8::MIN, rssi: i8::MIN, chain_rssi: [i8::MIN; 4] }
    }
}

impl Basics {
    /// `None` for versions that are not known and for cut bodies.
    pub fn read(version: u16, body: &[u8]) -> Option<Self> {
        let levels_at = match version {
            1 => 21,
            2 => 23,
            3 => 27,
            _ => return None,
        };
        let [noise, rssi, a, b, c] = bytes_at(body, levels_at)?.map(u8::cast_signed);
        Some(Self {
            timestamp_micros: u64_le(body, 2)?,
            centre_mhz: Some(u16_le(body, 10)?).filter(|&mhz| mhz > 0),
            noise,
            rssi,
            chain_rssi: [a, b, c, i8::MIN],
        })
    }
}
