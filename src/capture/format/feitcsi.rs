//! FeitCSI logs (`.csi`): per packet a 272-byte header as the Intel AX firmware gives it, then 16-bit values.
//!
//! In: the bytes of the log. Out: a [`CsiFrame`] per record. The firmware leaves the pilots at zero; they are marked
//! invalid, not interpolated. The channel's centre is not in the log.

use std::sync::Arc;

use num_complex::Complex32;

use super::records::{Found, Head, Meaning, Sync, bytes_at, n_in_a_row, u32_le};
use super::tones::{self, PacketFormat, Plan};
use super::{Context, Decoder, Format, Likeness, Step, mpdu};
use crate::types::{Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, NodeId, SkipReason, Subcarriers};

const HEAD_LEN: usize = 272;
/// The part of the head that is read.
const JUDGED_LEN: usize = 96;
/// A 320 MHz packet has 3 984 subcarriers; nothing wider exists.
const MAX_SUBCARRIERS: u32 = 4096;
/// Generous: the cards have two receive and two transmit chains.
const MAX_CHAINS: u8 = 4;
/// Data of the largest record that the limits above allow, in bytes.
const MAX_DATA_LEN: u32 = MAX_SUBCARRIERS * (MAX_CHAINS as u32) * (MAX_CHAINS as u32) * 4;

/// Two records in a row are proof; one alone fits.
pub fn looks_like(head: &[u8]) -> Likeness {
    match n_in_a_row(head, judge) {
        0 => Likeness::No,
        1 => Likeness::Fits,
        _ => Likeness::Certain,
    }
}

#[derive(Clone, Default)]
pub struct FeitCsi {
    sync: Sync,
    /// The layout that was guessed last, with its count and format.
    guessed: Option<(u16, PacketFormat, Arc<Subcarriers>)>,
}

impl Decoder for FeitCsi {
    fn format(&self) -> Format {
        Format::FeitCsi
    }

    fn step(&mut self, bytes: &[u8], context: &Context) -> Step {
        self.advance(bytes, context, false)
    }

    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        match self.advance(rest, context, true) {
            Step::NeedMore => self.sync.tail(rest, judge),
            step => step,
        }
    }
}

impl FeitCsi {
    fn advance(&mut self, bytes: &[u8], context: &Context, ended: bool) -> Step {
        match self.sync.next(bytes, judge, ended) {
            Found::Record(record) => match self.decode(record, context) {
                Some(frame) => Step::Frame { used: record.len(), frame },
                None => Step::Skip { used: record.len(), reason: SkipReason::BadHeader },
            },
            Found::Step(step) => step,
        }
    }

    /// Decodes a record that [`judge`] found sound.
    fn decode(&mut self, record: &[u8], context: &Context) -> Option<CsiFrame> {
        let (head, data) = record.split_first_chunk::<HEAD_LEN>()?;
        let [n_rx, n_tx] = [head[46], head[47]];
        let n_subcarriers = u16::try_from(u32_le(head, 52)?).ok()?;
        let rssi = [u32_le(head, 60)?, u32_le(head, 64)?].map(dbm_of);
        let Rate { format, bandwidth_mhz } = Rate::read(u32_le(head, 92)?);
        let plan = Plan::of_packet(format, bandwidth_mhz, usize::from(n_subcarriers));
        let subcarriers = match plan {
            Some(plan) => tones::subcarriers_with_blank_pilots(plan),
            None => self.guess(n_subcarriers, format),
        };
        let mac: [u8; 6] = bytes_at(head, 68)?;
        let tx = if mac == [0; 6] { NodeId::Unknown } else { mpdu::address_id(mac) };
        Some(CsiFrame {
            link: LinkId { tx, rx: context.receiver },
            host_time: context.arrival,
            device_time: device_time(u32_le(head, 88)?, u32_le(head, 8)?),
            hardware: Hardware::FeitCsi,
            channel: Channel { centre_mhz: 0, bandwidth_mhz },
            rssi_dbm: total_dbm(rssi),
            chain_rssi: [rssi[0], rssi[1], i8::MIN, i8::MIN],
            n_rx,
            n_tx,
            subcarriers,
            values: values_le(data),
            flags: if plan.is_some() { FrameFlags::default() } else { FrameFlags::GUESSED_LAYOUT },
            ..CsiFrame::default()
        })
    }

    fn guess(&mut self, n_subcarriers: u16, format: PacketFormat) -> Arc<Subcarriers> {
        match &self.guessed {
            Some((n, f, layout)) if (*n, *f) == (n_subcarriers, format) => layout.clone(),
            _ => {
                let layout = tones::symmetric(format, n_subcarriers);
                self.guessed = Some((n_subcarriers, format, layout.clone()));
                layout
            }
        }
    }
}

/// 16-bit pairs (real, imaginary) in the frame's own order.
pub(super) fn values_le(data: &[u8]) -> Vec<Complex32> {
    let value = |&[a, b, c, d]: &[u8; 4]| {
        Complex32::new(f32::from(i16::from_le_bytes([a, b])), f32::from(i16::from_le_bytes([c, d])))
    };
    data.as_chunks::<4>().0.iter().map(value).collect()
}

fn judge(bytes: &[u8]) -> Head {
    let Some(head) = bytes.first_chunk::<JUDGED_LEN>() else {
        return Head::TooShort;
    };
    let u32_of = |at: usize| u32_le(head, at).unwrap_or(0);
    let (data_len, n_subcarriers) = (u32_of(0), u32_of(52));
    let [n_rx, n_tx] = [head[46], head[47]];
    if data_len > MAX_DATA_LEN {
        return Head::Nonsense(SkipReason::LengthTooLarge);
    }
    let len = HEAD_LEN + data_len as usize;
    let is_possible = (1..=MAX_CHAINS).contains(&n_rx)
        && (1..=MAX_CHAINS).contains(&n_tx)
        && (1..=MAX_SUBCARRIERS).contains(&n_subcarriers);
    if is_possible && data_len == n_subcarriers * u32::from(n_rx) * u32::from(n_tx) * 4 {
        return Head::Sound(len);
    }
    let meaning = if data_len == 0 { Meaning::WithoutCsi } else { Meaning::Broken(SkipReason::BadHeader) };
    Head::Weak { len, meaning }
}

/// The parts of `rate_n_flags` (Linux driver iwlwifi, rate API version 2) that say what was sent.
struct Rate {
    format: PacketFormat,
    bandwidth_mhz: u16,
}

impl Rate {
    fn read(flags: u32) -> Self {
        let format = match flags >> 8 & 7 {
            0 | 1 => PacketFormat::NonHt,
            2 => PacketFormat::Ht,
            3 => PacketFormat::Vht,
            // EHT has the same subcarrier spacing as HE and, up to 160 MHz, the same whole-band units.
            4 | 5 => PacketFormat::He,
            _ => PacketFormat::Unknown,
        };
        let bandwidth_mhz = match flags >> 11 & 7 {
            width @ 0..=4 => 20 << width,
            _ => 0,
        };
        Self { format, bandwidth_mhz }
    }
}

/// The header stores magnitudes; zero means that the chain did not receive.
fn dbm_of(magnitude: u32) -> i8 {
    match i8::try_from(magnitude) {
        Ok(magnitude @ 1..) => -magnitude,
        _ => i8::MIN,
    }
}

fn total_dbm(chain_dbm: [i8; 2]) -> Option<f32> {
    let reported = chain_dbm.iter().filter(|&&dbm| dbm != i8::MIN);
    let milliwatts: f32 = reported.map(|&dbm| 10_f32.powf(f32::from(dbm) / 10.0)).sum();
    (milliwatts > 0.0).then(|| 10.0 * milliwatts.log10())
}

/// The microsecond clock, or where it stands still the ranging clock, which ticks 320 million times a second.
fn device_time(micros: u32, ftm_ticks: u32) -> Option<DeviceTime> {
    let from_ftm = |ticks: u64| ticks * 25 / 8;
    match (micros, ftm_ticks) {
        (0, 0) => None,
        (0, ticks) => Some(DeviceTime { nanos: from_ftm(u64::from(ticks)), wraps_at_nanos: Some(from_ftm(1 << 32)) }),
        (micros, _) => Some(DeviceTime::from_micros_u32(micros)),
    }
}
