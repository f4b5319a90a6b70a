//! PicoScenes logs (`.csi`): frames of named, versioned segments, followed by the received packet itself.
//!
//! In: the bytes of the log. Out: a [`CsiFrame`] per frame with a `CSI` segment of a radio whose packing is known:
//! Intel 5300, Atheros 9300, Intel AX200 and AX210. Software radios store something else and are counted as unknown.

mod basics;
mod csi;
mod extra;

use std::sync::Arc;

use self::basics::Basics;
use self::csi::Csi;
use self::extra::Extra;
use super::records::{Found, Head, Sync, n_in_a_row, u16_le, u32_le};
use super::tones::{self, PacketFormat, Plan};
use super::{Context, Decoder, Format, Likeness, Step, atheros, feitcsi, intel5300, mpdu};
use crate::types::{Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, Other, SkipReason, Subcarriers};

const MAGIC: u32 = 0x2015_0315;
/// Frame length (4), magic (4), version (2), number of segments (1).
const HEAD_LEN: usize = 11;
/// A frame with the samples of a software radio may be long; this keeps [`Step::NeedMore`] bounded.
const MAX_LEN: usize = 4 << 20;
/// Where `MVMExtra` holds the card's microsecond clock: its length field (2), then 88 bytes of the firmware's header.
const MVM_CLOCK_AT: usize = 2 + 88;

/// The magic number is proof.
pub fn looks_like(head: &[u8]) -> Likeness {
    if n_in_a_row(head, judge) > 0 { Likeness::Certain } else { Likeness::No }
}

#[derive(Clone, Default)]
pub struct PicoScenes {
    sync: Sync,
    /// The layout that was made last outside the table, and what it was made for.
    made: Option<(Layout, Arc<Subcarriers>)>,
}

/// What decides a subcarrier layout.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Layout {
    plan: Option<Plan>,
    format: PacketFormat,
    n_tones: u16,
    offset: i16,
}

impl Decoder for PicoScenes {
    fn format(&self) -> Format {
        Format::PicoScenes
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

fn judge(bytes: &[u8]) -> Head {
    let (Some(len), Some(magic)) = (u32_le(bytes, 0), u32_le(bytes, 4)) else {
        return Head::TooShort;
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX).saturating_add(4);
    match magic {
        MAGIC if len > MAX_LEN => Head::Nonsense(SkipReason::LengthTooLarge),
        MAGIC if len >= HEAD_LEN => Head::Sound(len),
        MAGIC => Head::Nonsense(SkipReason::BadHeader),
        _ => Head::Nonsense(SkipReason::LostSync),
    }
}

/// The segments that are read, and the packet behind them.
#[derive(Default)]
struct Parts<'a> {
    basics: Option<Basics>,
    csi: Option<(u16, &'a [u8])>,
    mvm: Option<&'a [u8]>,
    extra: Option<Extra>,
    packet: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Walks the segments of a frame; `None` when one runs past the frame's end.
    fn read(frame: &'a [u8]) -> Option<Self> {
        let mut parts = Self::default();
        let mut rest = frame.get(HEAD_LEN..)?;
        for _ in 0..*frame.get(HEAD_LEN - 1)? {
            let len = usize::try_from(u32_le(rest, 0)?).ok()?;
            let (segment, behind) = rest.get(4..)?.split_at_checked(len)?;
            rest = behind;
            let (&name_len, named) = segment.split_first()?;
            let (name, versioned) = named.split_at_checked(usize::from(name_len))?;
            let version = u16_le(versioned, 0)?;
            let body = versioned.get(2..)?;
            // Older versions count the name without its terminating zero.
            match name.strip_suffix(&[0]).unwrap_or(name) {
                b"RxSBasic" => parts.basics = Basics::read(version, body),
                b"CSI" => parts.csi = Some((version, body)),
                b"MVMExtra" => parts.mvm = Some(body),
                b"ExtraInfo" => parts.extra = Extra::read(body),
                _ => {}
            }
        }
        parts.packet = rest;
        Some(parts)
    }
}

impl PicoScenes {
    fn advance(&mut self, bytes: &[u8], context: &Context, ended: bool) -> Step {
        match self.sync.next(bytes, judge, ended) {
            Found::Record(record) => {
                let used = record.len();
                match self.decode(record, context) {
                    Ok(Some(frame)) => Step::Frame { used, frame },
                    Ok(None) => Step::Pass { used, other: Some(Other::WithoutCsi) },
                    Err(reason) => Step::Skip { used, reason },
                }
            }
            Found::Step(step) => step,
        }
    }

    /// `Ok(None)` is a sound frame without CSI.
    fn decode(&mut self, record: &[u8], context: &Context) -> Result<Option<CsiFrame>, SkipReason> {
        let parts = Parts::read(record).ok_or(SkipReason::BadHeader)?;
        let Some((version, body)) = parts.csi else {
            return Ok(None);
        };
        let csi = Csi::read(version, body)?;
        let basics = parts.basics.unwrap_or_default();
        let extra = parts.extra.unwrap_or_default();
        let mut frame = CsiFrame {
            link: LinkId {
                tx: mpdu::sender(parts.packet),
                rx: extra.receiver.map_or(context.receiver, mpdu::address_id),
            },
            host_time: context.arrival,
            device_time: device_time(csi.device, &basics, parts.mvm),
            hardware: hardware(csi.device),
            channel: Channel {
                centre_mhz: basics.centre_mhz.unwrap_or(csi.carrier_mhz),
                bandwidth_mhz: csi.bandwidth_mhz,
            },
            rssi_dbm: Some(basics.rssi).filter(|&dbm| dbm < 0 && dbm != i8::MIN).map(f32::from),
            chain_rssi: basics.chain_rssi,
            noise_dbm: Some(basics.noise).filter(|&dbm| dbm < 0 && dbm != i8::MIN).map(f32::from),
            agc: extra.agc,
            n_rx: csi.n_rx,
            n_tx: csi.n_tx,
            ..CsiFrame::default()
        };
        let plan = match csi.device {
            csi::IWL5300 => fill_from_intel5300(&mut frame, &csi)?,
            csi::QCA9300 => fill_from_atheros(&mut frame, &csi)?,
            csi::USRP => return Err(SkipReason::UnknownHardware),
            device => fill_from_ax(&mut frame, &csi, device)?,
        };
        self.lay_out(&mut frame, &csi, plan);
        Ok(Some(frame))
    }

    /// Numbers the subcarriers, by the plan where there is one.
    fn lay_out(&mut self, frame: &mut CsiFrame, csi: &Csi<'_>, plan: Option<Plan>) {
        if plan.is_none() {
            frame.flags.insert(FrameFlags::GUESSED_LAYOUT);
        }
        frame.subcarriers = match (plan, csi.offset) {
            (Some(plan), 0) => tones::subcarriers(plan),
            (_, offset) => {
                let layout = Layout { plan, format: csi.format, n_tones: csi.n_tones, offset };
                match &self.made {
                    Some((made_for, subcarriers)) if *made_for == layout => subcarriers.clone(),
                    _ => self.made.insert((layout, layout.make())).1.clone(),
                }
            }
        };
    }
}

impl Layout {
    fn make(self) -> Arc<Subcarriers> {
        let centred = match self.plan {
            Some(plan) => tones::subcarriers(plan),
            None => tones::symmetric(self.format, self.n_tones),
        };
        if self.offset == 0 { centred } else { tones::shifted(&centred, self.offset) }
    }
}

fn fill_from_intel5300(frame: &mut CsiFrame, csi: &Csi<'_>) -> Result<Option<Plan>, SkipReason> {
    let possible = (1..=3).find(|&n_tx| intel5300::payload_len(csi.n_rx, n_tx) == Some(csi.data.len()));
    let n_tx = possible.ok_or(SkipReason::BadValueCount)?;
    let order = intel5300::chain_order(csi.n_rx, csi.antenna_sel);
    let (values, energy) = intel5300::unpack(csi.data, csi.n_rx, n_tx, order).ok_or(SkipReason::BadValueCount)?;
    frame.values = values;
    frame.n_tx = n_tx;
    if order.is_none() {
        frame.flags.insert(FrameFlags::BAD_PERMUTATION);
    }
    // The three chain values are the card's raw counts; the total beside them is only their mean.
    let counts = frame.chain_rssi.map(|count| u8::try_from(count).unwrap_or(0));
    let noise = frame.noise_dbm.map_or(intel5300::NOISE_UNKNOWN, |dbm| dbm as i8);
    frame.chain_rssi = frame.chain_rssi.map(|count| if count == 0 { i8::MIN } else { count });
    frame.rssi_dbm = None;
    if noise == intel5300::NOISE_UNKNOWN {
        frame.noise_dbm = None;
    }
    if let Some(agc) = frame.agc {
        let power = intel5300::Power::new([counts[0], counts[1], counts[2]], noise, agc);
        frame.rssi_dbm = power.rssi_dbm();
        frame.scale = power.scale(energy, csi.n_rx, n_tx);
    }
    Ok(Some(if csi.bandwidth_mhz == 40 { Plan::Iwl5300Ht40 } else { Plan::Iwl5300Ht20 }))
}

fn fill_from_atheros(frame: &mut CsiFrame, csi: &Csi<'_>) -> Result<Option<Plan>, SkipReason> {
    let n_tones = usize::from(csi.n_tones);
    let shape = |n_tx| atheros::Shape { n_tones, n_rx: csi.n_rx, n_tx };
    // Extra sounding streams may make more transmit chains than the header names.
    let possible = (1..=3).find(|&n_tx| atheros::packed_len(shape(n_tx)) == Some(csi.data.len()));
    let n_tx = possible.ok_or(SkipReason::BadValueCount)?;
    frame.values = atheros::unpack(csi.data, shape(n_tx)).ok_or(SkipReason::BadValueCount)?;
    frame.n_tx = n_tx;
    Ok(match csi.n_tones {
        56 => Some(Plan::Ht20),
        114 => Some(Plan::Ht40),
        _ => None,
    })
}

/// 16-bit pairs. Radios that are not known are read the same way when the sizes agree, and flagged.
fn fill_from_ax(frame: &mut CsiFrame, csi: &Csi<'_>, device: u16) -> Result<Option<Plan>, SkipReason> {
    let is_known = matches!(device, csi::AX200 | csi::AX210);
    let wrong = if is_known { SkipReason::BadValueCount } else { SkipReason::UnknownHardware };
    let bytes_per_tx = usize::from(csi.n_tones) * usize::from(csi.n_rx) * 4;
    let n_tx = [csi.n_tx, csi.n_tx.saturating_add(csi.n_extra)]
        .into_iter()
        .find(|&n_tx| bytes_per_tx * usize::from(n_tx) == csi.data.len() && !csi.data.is_empty());
    frame.n_tx = n_tx.ok_or(wrong)?;
    frame.values = feitcsi::values_le(csi.data);
    let plan = Plan::of_packet(csi.format, csi.bandwidth_mhz, usize::from(csi.n_tones));
    if !is_known {
        frame.flags.insert(FrameFlags::GUESSED_LAYOUT);
    }
    Ok(plan)
}

fn hardware(device: u16) -> Hardware {
    match device {
        csi::IWL5300 => Hardware::Intel5300,
        csi::QCA9300 => Hardware::Atheros,
        csi::AX200 => Hardware::IntelAx200,
        csi::AX210 => Hardware::IntelAx210,
        csi::USRP => Hardware::Usrp,
        _ => Hardware::Unknown,
    }
}

/// The AX cards' own clock is in `MVMExtra`; their `RxSBasic` stamp is zero or starts again at any time.
fn device_time(device: u16, basics: &Basics, mvm: Option<&[u8]>) -> Option<DeviceTime> {
    if matches!(device, csi::AX200 | csi::AX210) {
        return u32_le(mvm?, MVM_CLOCK_AT).map(DeviceTime::from_micros_u32);
    }
    let micros = basics.timestamp_micros;
    (micros > 0).then(|| DeviceTime { nanos: micros.saturating_mul(1_000), wraps_at_nanos: None })
}
