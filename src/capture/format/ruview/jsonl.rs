//! RuView recordings: one JSON object a line, either a dumped datagram (`iq_hex`) or amplitudes alone.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::{FIRST_56, complex, dbm, frame, layout, link_of_node};
use crate::capture::format::text_lines::{self, Front, Lines};
use crate::capture::format::{Context, Decoder, Format, Likeness, Step};
use crate::types::{Complex32, CsiFrame, FrameFlags, LinkId, NodeId, Other, SkipReason, Timestamp};

/// Words that lines of these recordings hold and that no other JSON has.
const SIGNS: [&[u8]; 2] = [b"\"iq_hex\"", b"\"0xC511"];

/// An object in front, and a record's field in the first lines.
pub fn looks_like_jsonl(head: &[u8]) -> Likeness {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let has = |sign: &[u8]| memchr::memmem::find(head, sign).is_some();
    let is_dump = || SIGNS.into_iter().any(has);
    let is_amplitudes = || has(b"\"timestamp\"") && has(b"\"subcarriers\"");
    if head.starts_with(b"{") && (is_dump() || is_amplitudes()) { Likeness::Certain } else { Likeness::No }
}

#[derive(Clone, Default)]
pub struct RuviewJsonl {
    lines: Lines,
    /// The bytes of the dump being read; kept for their memory.
    iq: Vec<u8>,
}

impl Decoder for RuviewJsonl {
    fn format(&self) -> Format {
        Format::RuviewJsonl
    }

    fn step(&mut self, bytes: &[u8], context: &Context) -> Step {
        match self.lines.front(bytes) {
            Front::Line(line, used) => self.read_line(line, used, context),
            Front::Answer(step) => step,
        }
    }

    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        match self.lines.last(rest) {
            Front::Line(line, used) => text_lines::as_tail(self.read_line(line, used, context), rest),
            Front::Answer(step) => step,
        }
    }
}

impl RuviewJsonl {
    fn read_line(&mut self, line: &[u8], used: usize, context: &Context) -> Step {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii();
        if !line.starts_with(b"{") {
            return text_lines::other_line(line, used);
        }
        let record: Record = match serde_json::from_slice(line) {
            Ok(record) => record,
            Err(error) if error.is_data() => return Step::Skip { used, reason: SkipReason::BadHeader },
            Err(_) => return Step::Skip { used, reason: SkipReason::BadLine },
        };
        match self.frame(&record, context) {
            Ok(Some(frame)) => Step::Frame { used, frame },
            Ok(None) => Step::Pass { used, other: Some(Other::WithoutCsi) },
            Err(reason) => Step::Skip { used, reason },
        }
    }

    /// `None` for records without CSI.
    fn frame(&mut self, record: &Record, context: &Context) -> Result<Option<CsiFrame>, SkipReason> {
        let mut frame = match (&record.iq_hex, &record.subcarriers) {
            (Some(iq_hex), count) => self.dump(record, iq_hex, count.as_ref())?,
            (None, Some(Subcarriers::Amplitudes(amplitudes))) => from_amplitudes(record, amplitudes, context)?,
            (None, _) if record.kind.as_deref() == Some("raw_csi") => return Err(SkipReason::BadHeader),
            (None, _) => return Ok(None),
        };
        frame.host_time = record.timestamp.map(from_secs).or(context.arrival);
        frame.sequence = record.seq;
        frame.rssi_dbm = record.rssi.and_then(dbm);
        frame.noise_dbm = record.noise_floor.and_then(dbm);
        Ok(Some(frame))
    }

    fn dump(&mut self, record: &Record, iq_hex: &str, count: Option<&Subcarriers>) -> Result<CsiFrame, SkipReason> {
        read_hex(iq_hex.as_bytes(), &mut self.iq)?;
        let values = complex(&self.iq)?;
        let layout = layout(values.len()).ok_or(SkipReason::UnknownLayout)?;
        // `size` is the datagram's: a header of 20 bytes and the buffer.
        let has_other_size = record.size.is_some_and(|size| size != self.iq.len() as u64 + 20);
        let has_other_count = matches!(count, Some(Subcarriers::Count(n)) if *n != values.len() as u64);
        let mut flags = FrameFlags::default();
        if has_other_size || has_other_count {
            flags.insert(FrameFlags::LENGTH_MISMATCH);
        }
        let link = record.node_id.map_or(LinkId::default(), link_of_node);
        Ok(frame(link, layout, values, flags))
    }
}

fn from_amplitudes(record: &Record, amplitudes: &[f32], context: &Context) -> Result<CsiFrame, SkipReason> {
    if amplitudes.is_empty() {
        return Err(SkipReason::BadValueCount);
    }
    if !amplitudes.iter().all(|amplitude| amplitude.is_finite() && *amplitude >= 0.0) {
        return Err(SkipReason::BadNumber);
    }
    let layout = if amplitudes.len() == 56 { FIRST_56.clone() } else { layout(amplitudes.len()) };
    let layout = layout.ok_or(SkipReason::UnknownLayout)?;
    // These recordings seldom say which node it was: several may be mixed in one.
    let rx = record.node_id.map_or(context.receiver, NodeId::Number);
    let values = amplitudes.iter().map(|&amplitude| Complex32::new(amplitude, 0.0)).collect();
    Ok(frame(LinkId { tx: NodeId::Unknown, rx }, layout, values, FrameFlags::AMPLITUDE_ONLY))
}

/// Whole seconds and the rest apart: their product with 10^9 as one float would be off by up to 128 ns today.
fn from_secs(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(secs.trunc()).plus_secs(secs.fract())
}

fn read_hex(text: &[u8], bytes: &mut Vec<u8>) -> Result<(), SkipReason> {
    let (pairs, []) = text.as_chunks::<2>() else { return Err(SkipReason::BadValueCount) };
    bytes.clear();
    for pair in pairs {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        let (Some(high), Some(low)) = (high, low) else { return Err(SkipReason::BadNumber) };
        bytes.push((high * 16 + low) as u8);
    }
    Ok(())
}

/// The fields that are used, of all kinds of records.
#[derive(Deserialize)]
struct Record<'a> {
    timestamp: Option<f64>,
    node_id: Option<u16>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    iq_hex: Option<Cow<'a, str>>,
    size: Option<u64>,
    seq: Option<u32>,
    rssi: Option<f32>,
    noise_floor: Option<f32>,
    #[serde(default)]
    subcarriers: Option<Subcarriers>,
}

/// Dumps give their number, amplitude recordings the values.
enum Subcarriers {
    Count(u64),
    Amplitudes(Vec<f32>),
}

impl<'de> Deserialize<'de> for Subcarriers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SubcarriersVisitor)
    }
}

struct SubcarriersVisitor;

impl<'de> Visitor<'de> for SubcarriersVisitor {
    type Value = Subcarriers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of subcarriers or a list of amplitudes")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Subcarriers, E> {
        Ok(Subcarriers::Count(count))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Subcarriers, A::Error> {
        let mut amplitudes = Vec::with_capacity(64);
        while let Some(amplitude) = list.next_element()? {
            amplitudes.push(amplitude);
        }
        Ok(Subcarriers::Amplitudes(amplitudes))
    }
}
