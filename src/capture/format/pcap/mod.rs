//! Classic pcap (tcpdump's own) and pcapng (Wireshark's): containers of packets that carry CSI datagrams.
//!
//! Both decoders step over records by hand, because a record must be refused by its claimed length before any parser
//! waits for that many bytes, and a damaged one must not cost the rest of the file: they look for the next place where
//! two records follow each other. Packets go through [`Packets`], which live sources use as well.

mod link;
mod ng;
mod packets;

pub use link::{LinkLayer, Udp, udp};
pub use ng::PcapNg;
pub use packets::{Captured, Packets};

use super::{Context, Decoder, Format, Likeness, Step};
use crate::types::{CsiFrame, NANOS_PER_SEC, SkipReason, Timestamp};

/// No packet is longer: tcpdump's own limit (`MAXIMUM_SNAPLEN`).
const MAX_PACKET_LEN: usize = 256 * 1024;

const HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;

pub fn looks_like_pcap(head: &[u8]) -> Likeness {
    match head.first_chunk().and_then(|magic| Clock::from_magic(*magic)) {
        Some(_) => Likeness::Certain,
        None => Likeness::No,
    }
}

/// The type of a section header reads the same in both byte orders; the byte-order mark follows its length.
pub fn looks_like_pcapng(head: &[u8]) -> Likeness {
    let marked = [ng::MARK_LITTLE, ng::MARK_BIG].iter().any(|mark| head.get(8..12) == Some(mark));
    if head.starts_with(&ng::SECTION_HEADER) && marked { Likeness::Certain } else { Likeness::No }
}

/// Byte order and resolution, from the file's first four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Clock {
    big_endian: bool,
    nanos_per_unit: i64,
}

impl Clock {
    fn from_magic(magic: [u8; 4]) -> Option<Self> {
        let (big_endian, nanos_per_unit) = match magic {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1_000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1_000),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1),
            _ => return None,
        };
        Some(Self { big_endian, nanos_per_unit })
    }
}

#[derive(Clone, Copy, Debug)]
struct FileHeader {
    clock: Clock,
    link: LinkLayer,
}

impl FileHeader {
    fn read(bytes: &[u8]) -> Option<Self> {
        // The upper bits of the link type say how long the frame check sequence is.
        const LINK_TYPE_BITS: u32 = 0x03ff_ffff;
        let clock = Clock::from_magic(*bytes.first_chunk()?)?;
        let number = u32_at(bytes, 20, clock.big_endian)? & LINK_TYPE_BITS;
        Some(Self { clock, link: LinkLayer::from_number(number) })
    }
}

#[derive(Clone, Copy, Debug)]
struct RecordHeader {
    secs: u32,
    fraction: u32,
    captured_len: usize,
    original_len: usize,
}

impl RecordHeader {
    fn read(bytes: &[u8], clock: Clock) -> Option<Self> {
        let field = |at| u32_at(bytes, at, clock.big_endian);
        Some(Self {
            secs: field(0)?,
            fraction: field(4)?,
            captured_len: field(8)? as usize,
            original_len: field(12)? as usize,
        })
    }

    fn len(&self) -> usize {
        RECORD_HEADER_LEN + self.captured_len
    }

    /// Strict, because it must tell a header from any other bytes.
    fn is_plausible(&self, clock: Clock, last_secs: Option<u32>) -> bool {
        const DAY_SECS: u32 = 86_400;
        (1..=MAX_PACKET_LEN).contains(&self.captured_len)
            && (self.captured_len..=MAX_PACKET_LEN).contains(&self.original_len)
            && i64::from(self.fraction) * clock.nanos_per_unit < NANOS_PER_SEC
            && last_secs.is_none_or(|last| self.secs.abs_diff(last) <= DAY_SECS)
    }
}

/// Reads classic pcap: both byte orders, micro- and nanoseconds, also several files one after the other.
#[derive(Clone, Default)]
pub struct Pcap {
    header: Option<FileHeader>,
    last_secs: Option<u32>,
    lost: bool,
    packets: Packets,
}

impl Decoder for Pcap {
    fn format(&self) -> Format {
        Format::Pcap
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

impl Pcap {
    fn advance(&mut self, bytes: &[u8], context: &Context, at_end: bool) -> Step {
        if self.lost || self.header.is_none() {
            match self.find_place(bytes, at_end) {
                Some(Place::Header) => return self.begin(bytes),
                Some(Place::Record) => self.lost = false,
                Some(Place::Further(used)) => return self.leave_out(used),
                None => return Step::NeedMore,
            }
        }
        let Some(header) = self.header else {
            return Step::NeedMore;
        };
        if is_file_header(bytes) {
            return self.begin(bytes);
        }
        let Some(record) = RecordHeader::read(bytes, header.clock) else {
            return Step::NeedMore;
        };
        if record.captured_len > MAX_PACKET_LEN {
            self.lost = true;
            return Step::Skip { used: RECORD_HEADER_LEN, reason: SkipReason::LengthTooLarge };
        }
        let Some(packet) = bytes.get(RECORD_HEADER_LEN..record.len()) else {
            return Step::NeedMore;
        };
        self.last_secs = Some(record.secs);
        let nanos = i64::from(record.fraction) * header.clock.nanos_per_unit;
        let stamp = Timestamp(i64::from(record.secs) * NANOS_PER_SEC).plus_nanos(nanos);
        self.packets.packet(record.len(), Captured { link: header.link, stamp: Some(stamp) }, packet, context)
    }

    fn begin(&mut self, bytes: &[u8]) -> Step {
        let Some(header) = FileHeader::read(bytes) else {
            return Step::NeedMore;
        };
        *self = Self { header: Some(header), packets: std::mem::take(&mut self.packets), ..Self::default() };
        Step::Pass { used: HEADER_LEN, other: None }
    }

    /// Bytes that are no record. Damage is counted once, however many pieces its bytes come in.
    fn leave_out(&mut self, used: usize) -> Step {
        if std::mem::replace(&mut self.lost, true) {
            Step::Pass { used, other: None }
        } else {
            Step::Skip { used, reason: SkipReason::BadHeader }
        }
    }

    /// Where to go on: a file header, or a plausible record header that another one or the end of the input follows.
    /// `None` when that takes more bytes.
    fn find_place(&self, bytes: &[u8], at_end: bool) -> Option<Place> {
        let plausible = |at: usize| {
            let clock = self.header?.clock;
            let record = RecordHeader::read(bytes.get(at..)?, clock)?;
            record.is_plausible(clock, self.last_secs).then_some(record)
        };
        let n_candidates = bytes.len().saturating_sub(RECORD_HEADER_LEN - 1);
        for at in 0..n_candidates {
            let here = |place| Some(if at == 0 { place } else { Place::Further(at) });
            if is_file_header(bytes.get(at..)?) {
                return here(Place::Header);
            }
            let Some(record) = plausible(at) else { continue };
            let next = at + record.len();
            if bytes.len() >= next + RECORD_HEADER_LEN {
                if plausible(next).is_some() {
                    return here(Place::Record);
                }
            } else if at_end {
                if bytes.len() == next {
                    return here(Place::Record);
                }
            } else {
                return (at > 0).then_some(Place::Further(at));
            }
        }
        (n_candidates > 0).then_some(Place::Further(n_candidates))
    }
}

enum Place {
    Header,
    Record,
    /// So many bytes are neither.
    Further(usize),
}

/// Magic number and version 2.4; also where a record should begin, when files were written one after the other.
fn is_file_header(bytes: &[u8]) -> bool {
    let Some(&[a, b, c, d, version @ ..]) = bytes.first_chunk::<8>() else {
        return false;
    };
    Clock::from_magic([a, b, c, d])
        .is_some_and(|clock| version == if clock.big_endian { [0, 2, 0, 4] } else { [2, 0, 4, 0] })
}

/// What an incomplete record at the end of the input is called.
fn cut_tail(rest: &[u8]) -> Step {
    let reason = if rest.len() <= 2 { SkipReason::TrailingBytes } else { SkipReason::CutTail };
    Step::Skip { used: rest.len(), reason }
}

fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let field = *bytes.get(at..)?.first_chunk()?;
    Some(if big_endian { u32::from_be_bytes(field) } else { u32::from_le_bytes(field) })
}
