//! Atheros CSI Tool logs (`.dat`): length-framed records in the byte order of the machine that wrote them.
//!
//! In: the bytes of the log, with or without the leading byte that newer tools write to name the byte order.
//! Out: a [`CsiFrame`] per record with CSI. Where the record also holds the packet, its sender names the link.

use num_complex::Complex32;

use super::records::{Found, Head, Meaning, Sync, n_in_a_row};
use super::tones::{self, Plan};
use super::{Context, Decoder, Format, Likeness, Step, mpdu};
use crate::types::{Channel, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, SkipReason};

/// Record length (2) and the fixed part of a record (25).
const HEAD_LEN: usize = 27;
const FIXED_LEN: usize = HEAD_LEN - 2;
/// The supported chips have at most three chains.
const MAX_CHAINS: u8 = 3;
/// The driver counts RSSI from here when the noise floor was not measured
/// (`ATH_DEFAULT_NOISE_FLOOR` in the Linux driver ath9k).
const DEFAULT_NOISE_DBM: i8 = -95;
/// The leading byte of big-endian logs.
const MARK_BIG: u8 = 0xFF;
/// The leading byte of little-endian logs.
const MARK_LITTLE: u8 = 0x00;

/// Two records in a row are proof; one alone fits.
pub fn looks_like(head: &[u8]) -> Likeness {
    let after_mark = match head {
        [MARK_BIG | MARK_LITTLE, rest @ ..] => rest,
        _ => &[],
    };
    let n = [head, after_mark]
        .into_iter()
        .flat_map(|bytes| [Order::Big, Order::Little].map(|order| n_in_a_row(bytes, |b| judge_in(b, order))))
        .max();
    match n.unwrap_or(0) {
        0 => Likeness::No,
        1 => Likeness::Fits,
        _ => Likeness::Certain,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Big,
    Little,
}

#[derive(Clone, Default)]
pub struct Atheros {
    sync: Sync,
    /// Known from the first sound record on.
    order: Option<Order>,
    /// The first byte was looked at.
    begun: bool,
}

impl Decoder for Atheros {
    fn format(&self) -> Format {
        Format::Atheros
    }

    fn step(&mut self, bytes: &[u8], context: &Context) -> Step {
        self.advance(bytes, context, false)
    }

    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        match self.advance(rest, context, true) {
            Step::NeedMore => self.sync.tail(rest, |bytes| judge(bytes, self.order)),
            step => step,
        }
    }
}

impl Atheros {
    fn advance(&mut self, bytes: &[u8], context: &Context, ended: bool) -> Step {
        if !self.begun {
            if bytes.len() <= HEAD_LEN && !ended {
                return Step::NeedMore;
            }
            self.begun = true;
            if begins_with_mark(bytes) {
                return Step::Pass { used: 1, other: None };
            }
        }
        let order = self.order;
        match self.sync.next(bytes, |bytes| judge(bytes, order), ended) {
            Found::Record(record) => {
                let sound_in = |order| matches!(judge_in(record, order), Head::Sound(_));
                let order = order.unwrap_or(if sound_in(Order::Big) { Order::Big } else { Order::Little });
                self.order = Some(order);
                decode(record, order, context)
            }
            Found::Step(step) => step,
        }
    }
}

/// A first byte that fits no record, while a record begins after it.
fn begins_with_mark(bytes: &[u8]) -> bool {
    let [first @ (MARK_BIG | MARK_LITTLE), rest @ ..] = bytes else {
        return false;
    };
    match (judge(bytes, None), judge(rest, None)) {
        (Head::Sound(_), _) => false,
        (_, Head::Sound(_)) => true,
        (Head::Nonsense(_), Head::Weak { .. }) => *first == MARK_BIG,
        _ => false,
    }
}

/// Judges in the known byte order, or in the better of both.
fn judge(bytes: &[u8], order: Option<Order>) -> Head {
    if let Some(order) = order {
        return judge_in(bytes, order);
    }
    match (judge_in(bytes, Order::Big), judge_in(bytes, Order::Little)) {
        (Head::TooShort, _) | (_, Head::TooShort) => Head::TooShort,
        (sound @ Head::Sound(_), _) | (_, sound @ Head::Sound(_)) => sound,
        // Before the byte order is known, only a record whose lengths agree may be weakly believed.
        (weak @ Head::Weak { meaning: Meaning::WithoutCsi, .. }, _)
        | (_, weak @ Head::Weak { meaning: Meaning::WithoutCsi, .. }) => weak,
        _ => Head::Nonsense(SkipReason::BadHeader),
    }
}

fn judge_in(bytes: &[u8], order: Order) -> Head {
    let Some(head) = bytes.first_chunk::<HEAD_LEN>() else {
        return Head::TooShort;
    };
    let fields = Fields::read(head, order);
    if fields.field_len < FIXED_LEN {
        return Head::Nonsense(SkipReason::BadHeader);
    }
    let len = 2 + fields.field_len;
    let adds_up = fields.field_len == FIXED_LEN + fields.csi_len + fields.payload_len;
    if adds_up && fields.csi_len == 0 {
        Head::Weak { len, meaning: Meaning::WithoutCsi }
    } else if adds_up && fields.plan().is_some() && packed_len(fields.shape()) == Some(fields.csi_len) {
        Head::Sound(len)
    } else {
        Head::Weak { len, meaning: Meaning::Broken(SkipReason::BadHeader) }
    }
}

/// The parts of a record's head that decide what it is.
struct Fields {
    field_len: usize,
    csi_len: usize,
    payload_len: usize,
    n_tones: u8,
    n_rx: u8,
    n_tx: u8,
}

impl Fields {
    fn read(head: &[u8; HEAD_LEN], order: Order) -> Self {
        let u16_of = |pair| usize::from(order.u16(pair));
        Self {
            field_len: u16_of([head[0], head[1]]),
            csi_len: u16_of([head[10], head[11]]),
            payload_len: u16_of([head[25], head[26]]),
            n_tones: head[18],
            n_rx: head[19],
            n_tx: head[20],
        }
    }

    fn plan(&self) -> Option<Plan> {
        match self.n_tones {
            56 => Some(Plan::Ht20),
            114 => Some(Plan::Ht40),
            _ => None,
        }
    }

    fn shape(&self) -> Shape {
        Shape { n_tones: usize::from(self.n_tones), n_rx: self.n_rx, n_tx: self.n_tx }
    }
}

impl Order {
    fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Big => u16::from_be_bytes(bytes),
            Self::Little => u16::from_le_bytes(bytes),
        }
    }

    fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Big => u64::from_be_bytes(bytes),
            Self::Little => u64::from_le_bytes(bytes),
        }
    }
}

/// Decodes a record that [`judge_in`] found sound.
fn decode(record: &[u8], order: Order, context: &Context) -> Step {
    let broken = Step::Skip { used: record.len(), reason: SkipReason::BadHeader };
    let Some((head, rest)) = record.split_first_chunk::<HEAD_LEN>() else {
        return broken;
    };
    let fields = Fields::read(head, order);
    let unpacked = rest
        .split_at_checked(fields.csi_len)
        .and_then(|(packed, packet)| Some((unpack(packed, fields.shape())?, fields.plan()?, packet)));
    let Some((values, plan, packet)) = unpacked else {
        return broken;
    };
    let [err_info, noise, _rate, bandwidth] = [head[14], head[15], head[16], head[17]];
    let noise_dbm = Some(noise.cast_signed()).filter(|&dbm| dbm < 0 && dbm != i8::MIN);
    let rssi = [head[21], head[22], head[23], head[24]].map(u8::cast_signed);
    let micros = order.u64([head[2], head[3], head[4], head[5], head[6], head[7], head[8], head[9]]);
    let frame = CsiFrame {
        link: LinkId { tx: mpdu::sender(packet), rx: context.receiver },
        host_time: context.arrival,
        device_time: Some(DeviceTime { nanos: micros.saturating_mul(1_000), wraps_at_nanos: None }),
        hardware: Hardware::Atheros,
        channel: Channel {
            centre_mhz: order.u16([head[12], head[13]]),
            bandwidth_mhz: if bandwidth == 1 { 40 } else { 20 },
        },
        // The driver's RSSI is in dB over the noise floor.
        rssi_dbm: (rssi[0] != i8::MIN).then(|| f32::from(rssi[0]) + f32::from(noise_dbm.unwrap_or(DEFAULT_NOISE_DBM))),
        chain_rssi: [rssi[1], rssi[2], rssi[3], i8::MIN],
        noise_dbm: noise_dbm.map(f32::from),
        n_rx: fields.n_rx,
        n_tx: fields.n_tx,
        subcarriers: tones::subcarriers(plan),
        values,
        flags: if err_info == 0 { FrameFlags::default() } else { FrameFlags::RX_ERROR },
        ..CsiFrame::default()
    };
    Step::Frame { used: record.len(), frame }
}

/// The dimensions of a packed channel matrix.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub n_tones: usize,
    pub n_rx: u8,
    pub n_tx: u8,
}

/// Bytes of a packed channel: 10 + 10 bits a value. `None` for antennas that no chip has.
pub(super) fn packed_len(shape: Shape) -> Option<usize> {
    let is_possible = (1..=MAX_CHAINS).contains(&shape.n_rx) && (1..=MAX_CHAINS).contains(&shape.n_tx);
    is_possible.then(|| (shape.n_tones * usize::from(shape.n_rx) * usize::from(shape.n_tx) * 20).div_ceil(8))
}

/// Unpacks to `[rx][tx][tone]`. On the wire receive chains come fastest, then transmit chains, then tones; a value is
/// its imaginary part, then its real part, 10 bits each in two's complement, lowest bit first.
pub(super) fn unpack(packed: &[u8], shape: Shape) -> Option<Vec<Complex32>> {
    let packed = packed.get(..packed_len(shape)?)?;
    let n_rx = usize::from(shape.n_rx);
    let n_chains = n_rx * usize::from(shape.n_tx);
    let mut values = vec![Complex32::ZERO; n_chains * shape.n_tones];
    let mut chain = 0;
    let mut tone = 0;
    // Two values fill five bytes; both tone counts are even, so that no value stands alone.
    for &[a, b, c, d, e] in packed.as_chunks::<5>().0 {
        let word = u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]);
        for value in [part(word, 0, 10), part(word, 20, 30)] {
            let (rx, tx) = (chain % n_rx, chain / n_rx);
            let n_tx = usize::from(shape.n_tx);
            *values.get_mut((rx * n_tx + tx) * shape.n_tones + tone)? = value;
            chain += 1;
            if chain == n_chains {
                chain = 0;
                tone += 1;
            }
        }
    }
    Some(values)
}

fn part(word: u64, im_at: u32, re_at: u32) -> Complex32 {
    let signed = |at: u32| {
        let bits = (word >> at & 0x3FF) as u16;
        f32::from((bits << 6).cast_signed() >> 6)
    };
    Complex32::new(signed(re_at), signed(im_at))
}
