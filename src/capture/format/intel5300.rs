//! Intel 5300 CSI Tool logs (`.dat`): length-framed records, of which code 0xBB carries one packet's CSI.
//!
//! In: the bytes of the log. Out: a [`CsiFrame`] per 0xBB record with raw values in antenna order and the factor
//! that scales them to √SNR. Other records are counted; the values themselves are not scaled here.

mod bits;
mod power;

pub(super) use bits::{chain_order, payload_len, unpack};
pub(super) use power::{NOISE_UNKNOWN, Power};

use super::records::{Found, Head, Meaning, Sync, n_in_a_row};
use super::tones::{self, Plan};
use super::{Context, Decoder, Format, Likeness, Step};
use crate::types::{Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, NodeId, SkipReason};

/// Record code of beamforming feedback: the CSI.
const CODE_CSI: u8 = 0xBB;
/// Record length (2), code (1) and the fixed part of a CSI record (20).
const HEAD_LEN: usize = 23;
/// Bit of `rate_n_flags` that says 40 MHz (`RATE_MCS_HT40_MSK` in the Linux driver iwlwifi).
const RATE_HT40: u16 = 1 << 11;

/// Two records in a row are proof; one alone fits.
pub fn looks_like(head: &[u8]) -> Likeness {
    match n_in_a_row(head, judge) {
        0 => Likeness::No,
        1 => Likeness::Fits,
        _ => Likeness::Certain,
    }
}

#[derive(Clone, Default)]
pub struct Intel5300 {
    sync: Sync,
}

impl Decoder for Intel5300 {
    fn format(&self) -> Format {
        Format::Intel5300
    }

    fn step(&mut self, bytes: &[u8], context: &Context) -> Step {
        match self.sync.next(bytes, judge, false) {
            Found::Record(record) => decode(record, context),
            Found::Step(step) => step,
        }
    }

    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        match self.sync.next(rest, judge, true) {
            Found::Record(record) => decode(record, context),
            Found::Step(Step::NeedMore) => self.sync.tail(rest, judge),
            Found::Step(step) => step,
        }
    }
}

fn judge(bytes: &[u8]) -> Head {
    let Some(&[hi, lo, code]) = bytes.first_chunk() else {
        return Head::TooShort;
    };
    let field_len = usize::from(u16::from_be_bytes([hi, lo]));
    if field_len == 0 {
        return Head::Nonsense(SkipReason::BadHeader);
    }
    let len = 2 + field_len;
    if code != CODE_CSI {
        return Head::Weak { len, meaning: Meaning::WithoutCsi };
    }
    let Some(head) = bytes.first_chunk::<HEAD_LEN>() else {
        return Head::TooShort;
    };
    let claimed = usize::from(u16::from_le_bytes([head[19], head[20]]));
    let is_sound = payload_len(head[11], head[12]) == Some(claimed) && len == HEAD_LEN + claimed;
    if is_sound { Head::Sound(len) } else { Head::Weak { len, meaning: Meaning::Broken(SkipReason::BadHeader) } }
}

/// Decodes a record that [`judge`] found sound.
fn decode(record: &[u8], context: &Context) -> Step {
    let broken = Step::Skip { used: record.len(), reason: SkipReason::BadHeader };
    let Some((head, payload)) = record.split_first_chunk::<HEAD_LEN>() else {
        return broken;
    };
    let [n_rx, n_tx] = [head[11], head[12]];
    let rssi = [head[13], head[14], head[15]];
    let (noise, agc, antenna_sel) = (head[16].cast_signed(), head[17], head[18]);
    let rate = u16::from_le_bytes([head[21], head[22]]);

    let order = chain_order(n_rx, antenna_sel);
    let Some((values, energy)) = unpack(payload, n_rx, n_tx, order) else {
        return broken;
    };
    let power = Power::new(rssi, noise, agc);
    let is_40_mhz = rate & RATE_HT40 != 0;
    let frame = CsiFrame {
        link: LinkId { tx: NodeId::Unknown, rx: context.receiver },
        host_time: context.arrival,
        device_time: Some(DeviceTime::from_micros_u32(u32::from_le_bytes([head[3], head[4], head[5], head[6]]))),
        sequence: Some(u32::from(u16::from_le_bytes([head[7], head[8]]))),
        hardware: Hardware::Intel5300,
        channel: Channel { centre_mhz: 0, bandwidth_mhz: if is_40_mhz { 40 } else { 20 } },
        rssi_dbm: power.rssi_dbm(),
        chain_rssi: power::chain_rssi(rssi),
        noise_dbm: power.noise_dbm(),
        agc: Some(agc),
        scale: power.scale(energy, n_rx, n_tx),
        n_rx,
        n_tx,
        subcarriers: tones::subcarriers(if is_40_mhz { Plan::Iwl5300Ht40 } else { Plan::Iwl5300Ht20 }),
        values,
        n_records: 1,
        flags: if order.is_some() { FrameFlags::default() } else { FrameFlags::BAD_PERMUTATION },
    };
    Step::Frame { used: record.len(), frame }
}
