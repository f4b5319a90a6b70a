//! pcapng: sections, interfaces and packet blocks, in either byte order and with each interface's own clock resolution.

use super::link::LinkLayer;
use super::packets::{Captured, Packets};
use super::{MAX_PACKET_LEN, cut_tail, u32_at};
use crate::capture::format::{Context, Decoder, Format, Step};
use crate::types::{CsiFrame, NANOS_PER_SEC, Other, SkipReason, Timestamp};

/// The same in both byte orders.
pub const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
pub const MARK_LITTLE: [u8; 4] = [0x4d, 0x3c, 0x2b, 0x1a];
pub const MARK_BIG: [u8; 4] = [0x1a, 0x2b, 0x3c, 0x4d];

const SECTION_HEADER_TYPE: u32 = u32::from_be_bytes(SECTION_HEADER);
const INTERFACE_TYPE: u32 = 1;
/// Obsolete, but older tools wrote it.
const PACKET_TYPE: u32 = 2;
const SIMPLE_PACKET_TYPE: u32 = 3;
const ENHANCED_PACKET_TYPE: u32 = 6;

/// Type, length, and the length again at the end.
const BLOCK_OVERHEAD: usize = 12;
/// A packet with its fields, and room for its comment and other options.
const MAX_PACKET_BLOCK_LEN: usize = MAX_PACKET_LEN + 64 * 1024;
/// Name tables, statistics and TLS keys may be longer than packets; they are stepped over in pieces.
const MAX_OTHER_BLOCK_LEN: usize = 64 * 1024 * 1024;
/// More are no capture but an attack on memory.
const MAX_INTERFACES: usize = 4096;

/// Reads pcapng. Blocks that carry no packet are counted as other records.
#[derive(Clone, Default)]
pub struct PcapNg {
    /// `None` until a section has begun.
    big_endian: Option<bool>,
    interfaces: Vec<Interface>,
    /// Left of a long block that carries no packet.
    n_to_pass: usize,
    lost: bool,
    packets: Packets,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkLayer,
    ticks_per_sec: u64,
    offset_secs: i64,
    snap_len: usize,
}

/// The front of a block.
#[derive(Clone, Copy, Debug)]
struct Block {
    kind: u32,
    len: usize,
    big_endian: bool,
}

impl Decoder for PcapNg {
    fn format(&self) -> Format {
        Format::PcapNg
    }

    fn step(&mut self, bytes: &[u8], context: &Context) -> Step {
        self.advance(bytes, context, false)
    }

    fn flush(&mut self) -> Option<CsiFrame> {
        self.packets.flush()
    }

    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        match self.advance(rest, context, true) {
            Step::NeedMore => cut_tail(rest),
            step => step,
        }
    }
}

impl PcapNg {
    fn advance(&mut self, bytes: &[u8], context: &Context, at_end: bool) -> Step {
        if self.n_to_pass > 0 && !bytes.is_empty() {
            let used = self.n_to_pass.min(bytes.len());
            self.n_to_pass -= used;
            return Step::Pass { used, other: None };
        }
        if self.lost {
            match self.find_block(bytes, at_end) {
                Some(0) => self.lost = false,
                Some(used) => return Step::Pass { used, other: None },
                None => return Step::NeedMore,
            }
        }
        let Some(front) = bytes.first_chunk::<BLOCK_OVERHEAD>() else {
            return Step::NeedMore;
        };
        let block = match Block::read(front, self.big_endian) {
            Ok(block) => block,
            Err(reason) => return self.lose(reason),
        };
        if block.may_be_passed() && block.len > MAX_PACKET_BLOCK_LEN {
            self.n_to_pass = block.len - BLOCK_OVERHEAD;
            return Step::Pass { used: BLOCK_OVERHEAD, other: Some(Other::WithoutCsi) };
        }
        let Some(whole) = bytes.get(..block.len) else {
            return Step::NeedMore;
        };
        if !block.ends_well(whole) {
            return self.lose(SkipReason::BadHeader);
        }
        self.read_block(block, whole, context)
    }

    /// Damage is counted once; the search for the next block goes on behind the first bytes of this one.
    fn lose(&mut self, reason: SkipReason) -> Step {
        self.lost = true;
        Step::Skip { used: 4, reason }
    }

    fn read_block(&mut self, block: Block, whole: &[u8], context: &Context) -> Step {
        let used = block.len;
        match block.kind {
            SECTION_HEADER_TYPE => {
                self.big_endian = Some(block.big_endian);
                self.interfaces.clear();
                Step::Pass { used, other: None }
            }
            INTERFACE_TYPE => match Interface::read(whole, block.big_endian) {
                Some(interface) if self.interfaces.len() < MAX_INTERFACES => {
                    self.interfaces.push(interface);
                    Step::Pass { used, other: None }
                }
                _ => Step::Skip { used, reason: SkipReason::BadHeader },
            },
            PACKET_TYPE | SIMPLE_PACKET_TYPE | ENHANCED_PACKET_TYPE => match self.read_packet(block, whole) {
                Some((captured, packet)) => self.packets.packet(used, captured, packet, context),
                None => Step::Skip { used, reason: SkipReason::BadHeader },
            },
            _ => Step::Pass { used, other: Some(Other::WithoutCsi) },
        }
    }

    /// `None` when the packet is longer than its block, or of an interface that was not described.
    fn read_packet<'a>(&self, block: Block, whole: &'a [u8]) -> Option<(Captured, &'a [u8])> {
        let field = |at| u32_at(whole, at, block.big_endian);
        let body_end = whole.len() - 4;
        if block.kind == SIMPLE_PACKET_TYPE {
            let interface = self.interfaces.first()?;
            let packet = whole.get(12..body_end)?;
            let len = (field(8)? as usize).min(interface.snap_len).min(packet.len());
            return Some((Captured { link: interface.link, stamp: None }, packet.get(..len)?));
        }
        let interface_number = match block.kind {
            // Two bytes of interface, then two of drop count.
            PACKET_TYPE if block.big_endian => field(8)? >> 16,
            PACKET_TYPE => field(8)? & 0xffff,
            _ => field(8)?,
        };
        let interface = self.interfaces.get(interface_number as usize)?;
        let ticks = u64::from(field(12)?) << 32 | u64::from(field(16)?);
        let packet = whole.get(28..body_end)?.get(..field(20)? as usize)?;
        Some((Captured { link: interface.link, stamp: Some(interface.stamp(ticks)) }, packet))
    }

    /// Position of the next packet, interface or section block, judged by both of its lengths; `None` when that takes
    /// more bytes.
    fn find_block(&self, bytes: &[u8], at_end: bool) -> Option<usize> {
        let n_candidates = bytes.len().saturating_sub(BLOCK_OVERHEAD - 1);
        for at in 0..n_candidates {
            let here = bytes.get(at..)?;
            let Ok(block) = Block::read(here.first_chunk()?, self.big_endian) else { continue };
            if block.may_be_passed() {
                continue;
            }
            match here.get(..block.len) {
                Some(whole) if block.ends_well(whole) => return Some(at),
                None if !at_end => return (at > 0).then_some(at),
                _ => {}
            }
        }
        (n_candidates > 0).then_some(n_candidates)
    }
}

impl Block {
    fn read(front: &[u8; BLOCK_OVERHEAD], big_endian: Option<bool>) -> Result<Self, SkipReason> {
        let [t0, t1, t2, t3, _, _, _, _, mark @ ..] = *front;
        let big_endian = match ([t0, t1, t2, t3], mark) {
            (SECTION_HEADER, MARK_LITTLE) => false,
            (SECTION_HEADER, MARK_BIG) => true,
            (SECTION_HEADER, _) => return Err(SkipReason::BadHeader),
            _ => big_endian.ok_or(SkipReason::BadHeader)?,
        };
        let field = |at| u32_at(front, at, big_endian).ok_or(SkipReason::BadHeader);
        let (kind, len) = (field(0)?, field(4)? as usize);
        let block = Self { kind, len, big_endian };
        let (min_len, max_len) = match kind {
            SECTION_HEADER_TYPE => (28, MAX_PACKET_BLOCK_LEN),
            INTERFACE_TYPE => (20, MAX_PACKET_BLOCK_LEN),
            SIMPLE_PACKET_TYPE => (16, MAX_PACKET_BLOCK_LEN),
            PACKET_TYPE | ENHANCED_PACKET_TYPE => (32, MAX_PACKET_BLOCK_LEN),
            _ => (BLOCK_OVERHEAD, MAX_OTHER_BLOCK_LEN),
        };
        match len {
            len if len > max_len => Err(SkipReason::LengthTooLarge),
            len if len < min_len || len % 4 != 0 => Err(SkipReason::BadHeader),
            _ => Ok(block),
        }
    }

    fn may_be_passed(&self) -> bool {
        !matches!(
            self.kind,
            SECTION_HEADER_TYPE | INTERFACE_TYPE | PACKET_TYPE | SIMPLE_PACKET_TYPE | ENHANCED_PACKET_TYPE
        )
    }

    fn ends_well(&self, whole: &[u8]) -> bool {
        u32_at(whole, whole.len() - 4, self.big_endian).is_some_and(|len| len as usize == self.len)
    }
}

impl Interface {
    /// `None` for a clock that no integer can count.
    fn read(whole: &[u8], big_endian: bool) -> Option<Self> {
        const END: u16 = 0;
        const TIME_RESOLUTION: u16 = 9;
        const TIME_OFFSET: u16 = 14;
        let link_type = u16_at(whole, 8, big_endian)?;
        let snap_len = u32_at(whole, 12, big_endian)? as usize;
        let mut interface = Self {
            link: LinkLayer::from_number(u32::from(link_type)),
            ticks_per_sec: 1_000_000,
            offset_secs: 0,
            snap_len: if snap_len == 0 { MAX_PACKET_LEN } else { snap_len },
        };
        let mut options = whole.get(16..whole.len() - 4)?;
        while let Some(code) = u16_at(options, 0, big_endian).filter(|code| *code != END) {
            let len = usize::from(u16_at(options, 2, big_endian)?);
            let value = options.get(4..4 + len)?;
            match (code, value) {
                (TIME_RESOLUTION, &[exponent]) => interface.ticks_per_sec = ticks_per_sec(exponent)?,
                (TIME_OFFSET, value) => {
                    let secs = *value.first_chunk()?;
                    interface.offset_secs =
                        if big_endian { i64::from_be_bytes(secs) } else { i64::from_le_bytes(secs) };
                }
                _ => {}
            }
            options = options.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
        }
        Some(interface)
    }

    fn stamp(&self, ticks: u64) -> Timestamp {
        let nanos = i128::from(ticks) * i128::from(NANOS_PER_SEC) / i128::from(self.ticks_per_sec);
        let offset_nanos = i128::from(self.offset_secs) * i128::from(NANOS_PER_SEC);
        match i64::try_from(nanos + offset_nanos) {
            Ok(nanos) => Timestamp(nanos),
            Err(_) => Timestamp::MAX,
        }
    }
}

/// A negative power of ten, or of two when the top bit is set.
fn ticks_per_sec(exponent: u8) -> Option<u64> {
    match exponent {
        0x80.. => 1_u64.checked_shl(u32::from(exponent & 0x7f)),
        _ => 10_u64.checked_pow(u32::from(exponent)),
    }
}

fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u16> {
    let field = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u16::from_be_bytes(field) } else { u16::from_le_bytes(field) })
}
