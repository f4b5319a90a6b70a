//! The `ExtraInfo` segment: optional fields in a fixed order, each announced by a bit of a feature code.

use super::super::records::{bytes_at, u32_le};

/// What is kept of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Extra {
    /// The address of the radio that wrote the log.
    pub receiver: Option<[u8; 6]>,
    pub agc: Option<u8>,
}

/// Sizes of the fields for bits 0 to 19: length, version, current address, burnt-in address, channel selection,
/// B mode, EVM, transmit and receive chain masks, transmit power, carrier, two transmit clocks, channel flags,
/// extension streams, tuning policy, three PLL settings, AGC.
const FIELD_LENS: [usize; 20] = [2, 8, 6, 6, 4, 1, 20, 1, 1, 1, 8, 4, 4, 2, 1, 1, 2, 1, 1, 1];
const ADDRESS_BIT: usize = 2;
const AGC_BIT: usize = 19;

impl Extra {
    pub fn read(body: &[u8]) -> Option<Self> {
        let features = u32_le(body, 0)?;
        let mut extra = Self::default();
        let mut at = 4;
        for (bit, len) in FIELD_LENS.into_iter().enumerate() {
            if features >> bit & 1 == 0 {
                continue;
            }
            match bit {
                ADDRESS_BIT => extra.receiver = bytes_at(body, at),
                AGC_BIT => extra.agc = body.get(at).copied(),
                _ => {}
            }
            at += len;
        }
        Some(extra)
    }
}
