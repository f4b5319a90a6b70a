//! One chunk of a recording: its bytes in, its messages out, all of them or, where the checksum is wrong, none.
//!
//! A chunk that the end of the file cuts off has no checksum to compare; there every whole message counts.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use mcap::McapError;
use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};

use super::records::{self, ChannelRecord, HEAD_LEN, op};
use crate::types::SkipReason;

/// Larger chunks are refused. Ours are a little over 1 MiB, those of other writers 4 MiB at most by default.
pub const MAX_CHUNK_LEN: u64 = 16 << 20;

/// Larger records in a chunk are refused: a frame of 16 chains by 2048 subcarriers has 256 KiB.
const MAX_RECORD_LEN: usize = 4 << 20;

/// Where a chunk stands and what it says of itself.
#[derive(Clone, Debug)]
pub struct Entry {
    pub offset: u64,
    /// Bytes of the whole record, as many as the file has of them.
    pub len: u64,
    pub start: u64,
    pub end: u64,
    pub n_messages: u64,
    /// Whether the record is all there.
    pub whole: bool,
    /// Whether it has been found to be damaged, so that it is counted once.
    pub damaged: bool,
}

/// A chunk's records, taken apart.
#[derive(Default)]
pub struct Chunk {
    data: Vec<u8>,
    messages: Vec<RawMessage>,
    pub schemas: Vec<(u16, String)>,
    pub channels: Vec<ChannelRecord>,
    /// Why something of it is missing.
    pub damage: Option<SkipReason>,
}

struct RawMessage {
    channel: u16,
    time: u64,
    range: Range<usize>,
}

impl Chunk {
    /// Channel, time and data of each message, in file order.
    pub fn messages(&self) -> impl Iterator<Item = (u16, u64, &[u8])> {
        self.messages
            .iter()
            .map(|message| (message.channel, message.time, self.data.get(message.range.clone()).unwrap_or_default()))
    }

    pub fn n_messages(&self) -> usize {
        self.messages.len()
    }

    fn take(&mut self, opcode: u8, body: &[u8]) -> Option<()> {
        match opcode {
            op::MESSAGE => {
                let (channel, time, data) = records::message(body)?;
                let start = self.data.len();
                self.data.extend_from_slice(data);
                self.messages.push(RawMessage { channel, time, range: start..self.data.len() });
            }
            op::SCHEMA => self.schemas.push(records::schema(body)?),
            op::CHANNEL => self.channels.push(records::channel(body)?),
            _ => {}
        }
        Some(())
    }
}

/// Reads and unpacks a chunk. Only a failing device is an error.
pub fn load(reader: &mut (impl Read + Seek), entry: &Entry) -> std::io::Result<Chunk> {
    if entry.len > MAX_CHUNK_LEN {
        return Ok(damaged(SkipReason::LengthTooLarge));
    }
    reader.seek(SeekFrom::Start(entry.offset))?;
    let mut bytes = Vec::new();
    reader.take(entry.len).read_to_end(&mut bytes)?;
    Ok(unpack(&bytes, entry.whole))
}

fn unpack(record: &[u8], whole: bool) -> Chunk {
    let Some((head, body)) = record.split_first_chunk() else {
        return damaged(SkipReason::CutTail);
    };
    let (opcode, len) = records::head(head);
    if opcode != op::CHUNK || (whole && len != body.len() as u64) {
        return damaged(SkipReason::BadHeader);
    }
    let Some(chunk_head) = records::chunk_head(body) else {
        return damaged(if whole { SkipReason::BadHeader } else { SkipReason::CutTail });
    };
    if chunk_head.uncompressed_len > MAX_CHUNK_LEN {
        return damaged(SkipReason::LengthTooLarge);
    }
    // The unpacker below subtracts record lengths from the chunk's without looking, so they must fit.
    let content = body.get(chunk_head.len..).unwrap_or_default();
    if chunk_head.compression.is_empty() && !is_framed(content, chunk_head.compressed_len) && whole {
        return damaged(SkipReason::BadHeader);
    }
    if chunk_head.compression.is_empty() && !whole {
        return unpack_plain(content);
    }
    unpack_with_checksum(record, whole)
}

fn unpack_with_checksum(record: &[u8], whole: bool) -> Chunk {
    let mut unpacker = LinearReader::new_with_options(LinearReaderOptions {
        skip_start_magic: true,
        skip_end_magic: true,
        validate_chunk_crcs: whole,
        record_length_limit: Some(MAX_RECORD_LEN),
        ..LinearReaderOptions::default()
    });
    let mut chunk = Chunk::default();
    let mut rest = record;
    while let Some(event) = unpacker.next_event() {
        let damage = match event {
            Ok(LinearReadEvent::ReadRequest(_)) if rest.is_empty() => {
                if !whole {
                    chunk.damage = Some(SkipReason::CutTail);
                }
                return chunk;
            }
            Ok(LinearReadEvent::ReadRequest(wanted)) => {
                let (now, later) = rest.split_at(wanted.min(rest.len()));
                unpacker.insert(now.len()).copy_from_slice(now);
                unpacker.notify_read(now.len());
                rest = later;
                continue;
            }
            Ok(LinearReadEvent::Record { opcode, data }) => match chunk.take(opcode, data) {
                Some(()) => continue,
                None => SkipReason::BadHeader,
            },
            Err(McapError::UnsupportedCompression(_)) => SkipReason::BadHeader,
            // What cannot be unpacked has no checksum that could match.
            Err(_) => SkipReason::BadChecksum,
        };
        if whole {
            return damaged(damage);
        }
        chunk.damage = Some(damage);
        return chunk;
    }
    chunk
}

/// The whole records in front of the cut of an uncompressed chunk.
fn unpack_plain(mut content: &[u8]) -> Chunk {
    let mut chunk = Chunk { damage: Some(SkipReason::CutTail), ..Chunk::default() };
    while let Some((opcode, body, rest)) = split_record(content) {
        if chunk.take(opcode, body).is_none() {
            break;
        }
        content = rest;
    }
    chunk
}

fn is_framed(mut content: &[u8], len: u64) -> bool {
    if content.len() as u64 != len {
        return false;
    }
    while let Some((_, _, rest)) = split_record(content) {
        content = rest;
    }
    content.is_empty()
}

fn split_record(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<{ HEAD_LEN as usize }>()?;
    let (opcode, len) = records::head(head);
    let (body, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    Some((opcode, body, rest))
}

fn damaged(reason: SkipReason) -> Chunk {
    Chunk { damage: Some(reason), ..Chunk::default() }
}
