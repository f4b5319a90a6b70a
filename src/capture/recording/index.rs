//! What is where in a recording: from the summary at its end, or, where the program was cut off before it wrote one,
//! from a walk over the records' headers.
//!
//! Reads little of even the largest file: the walk steps over the chunks and unpacks only those that name new channels.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek, SeekFrom};

use mcap::sans_io::{LinearReadEvent, LinearReader, LinearReaderOptions};

use super::Error;
use super::chunk::{self, Chunk, Entry, MAX_CHUNK_LEN};
use super::records::{self, ChannelRecord, HEAD_LEN, MAGIC, op};
use crate::types::message::{SCHEMA_NAME, truth};
use crate::types::{METADATA_NAME, RecordedSource, RecordingInfo, SkipReason, Tally};

/// Footer record and the magic after it.
const TAIL_LEN: u64 = HEAD_LEN + 20 + 8;
/// The record in front of the summary.
const DATA_END_LEN: u64 = HEAD_LEN + 4;
/// A day of eight links has a summary of some 30 MB. Larger ones are not read: the walk needs less memory.
const MAX_SUMMARY_LEN: u64 = 128 << 20;
/// Larger records outside of chunks are stepped over.
const MAX_SMALL_RECORD_LEN: u64 = 16 << 20;

#[derive(Default)]
pub struct Index {
    /// In file order.
    pub chunks: Vec<Entry>,
    /// Whether each channel carries our frames.
    pub channels: BTreeMap<u16, bool>,
    pub info: RecordingInfo,
    /// Whether the file is there to its end.
    pub closed: bool,
    /// What was found to be broken on the way.
    pub tally: Tally,
    /// Channels that say what truly happened.
    pub truth_channels: BTreeSet<u16>,
    schemas: BTreeMap<u16, String>,
    has_our_profile: bool,
    /// A compression that some chunk has and that cannot be unpacked.
    foreign_compression: Option<String>,
}

impl Index {
    pub fn is_ours(&self) -> bool {
        self.has_our_profile || self.channels.values().any(|is_ours| *is_ours)
    }

    /// Whether messages of this channel are ours; one whose record was lost counts where the whole file is ours.
    pub fn is_frame_channel(&self, channel: u16) -> bool {
        self.channels.get(&channel).copied().unwrap_or(self.has_our_profile)
    }

    pub fn n_messages(&self) -> u64 {
        self.chunks.iter().fold(0, |sum, chunk| sum.saturating_add(chunk.n_messages))
    }

    fn add_chunk(&mut self, entry: Entry, compression: &str) {
        if !["", "zstd"].contains(&compression) {
            self.foreign_compression = Some(compression.to_owned());
        }
        self.chunks.push(entry);
    }

    fn add_channel(&mut self, channel: &ChannelRecord) {
        let schema = self.schemas.get(&channel.schema_id);
        let is_ours = schema.map_or(self.has_our_profile, |name| name == SCHEMA_NAME);
        if schema.is_some_and(|name| name == truth::SCHEMA_NAME) {
            self.truth_channels.insert(channel.id);
        }
        self.channels.insert(channel.id, is_ours);
        if let Some(source) = RecordedSource::from_table(&channel.table) {
            self.info.add_source(&source);
        }
    }

    fn add_schema(&mut self, id: u16, name: &str) {
        self.schemas.insert(id, name.to_owned());
    }

    pub fn learn(&mut self, chunk: &Chunk) {
        for (id, name) in &chunk.schemas {
            self.add_schema(*id, name);
        }
        for channel in &chunk.channels {
            self.add_channel(channel);
        }
    }

    /// The later of two tables is the fuller one; sources that only channels named stay.
    fn add_info(&mut self, table: &BTreeMap<String, String>) {
        let known = std::mem::replace(&mut self.info, RecordingInfo::from_table(table));
        for source in &known.sources {
            self.info.add_source(source);
        }
        self.info.provenance = self.info.provenance.max(known.provenance);
    }
}

/// Finds out what the file holds.
pub fn read(reader: &mut (impl Read + Seek)) -> Result<Index, Error> {
    let file_len = reader.seek(SeekFrom::End(0))?;
    if file_len == 0 {
        return Err(Error::Empty);
    }
    if read_at(reader, 0, MAGIC.len() as u64)? != MAGIC {
        return Err(Error::NotMcap);
    }
    let index = match from_summary(reader, file_len)? {
        Some(index) => index,
        None => from_walk(reader, file_len)?,
    };
    if !index.is_ours() {
        return Err(Error::Foreign);
    }
    if let Some(compression) = index.foreign_compression {
        return Err(Error::Compression { compression });
    }
    Ok(index)
}

/// `None` where there is no summary or it is broken.
fn from_summary(reader: &mut (impl Read + Seek), file_len: u64) -> Result<Option<Index>, Error> {
    let Some(footer_at) = file_len.checked_sub(TAIL_LEN).filter(|at| *at > MAGIC.len() as u64) else {
        return Ok(None);
    };
    let tail = read_at(reader, footer_at, TAIL_LEN)?;
    let mut fields = records::Fields(tail.get(HEAD_LEN as usize..).unwrap_or_default());
    let (Some(&op::FOOTER), Some(summary_at), true) = (tail.first(), fields.u64(), tail.ends_with(MAGIC)) else {
        return Ok(None);
    };
    let Some(start) = summary_at.checked_sub(DATA_END_LEN).filter(|start| *start >= MAGIC.len() as u64) else {
        return Ok(None);
    };
    if summary_at > footer_at || footer_at - summary_at > MAX_SUMMARY_LEN {
        return Ok(None);
    }
    let bytes = read_at(reader, start, file_len - start)?;
    let mut index = Index { closed: true, has_our_profile: has_our_profile(reader)?, ..Index::default() };
    let mut metadata_at = None;
    let mut n_claimed = 0;
    let intact = each_summary_record(&bytes, |opcode, body| {
        match opcode {
            op::SCHEMA => {
                let (id, name) = records::schema(body)?;
                index.add_schema(id, &name);
            }
            op::CHANNEL => index.add_channel(&records::channel(body)?),
            op::CHUNK_INDEX => {
                let found = records::chunk_index(body)?;
                let end = found.offset.checked_add(found.len)?;
                (end <= start && found.len <= MAX_CHUNK_LEN).then_some(())?;
                let entry = Entry {
                    offset: found.offset,
                    len: found.len,
                    start: found.start,
                    end: found.end,
                    n_messages: found.n_messages,
                    whole: true,
                    damaged: false,
                };
                index.add_chunk(entry, &found.compression);
            }
            op::STATISTICS => n_claimed = records::n_messages(body)?,
            op::METADATA_INDEX => {
                let found = records::metadata_index(body)?;
                // Written twice, at the start and with the checksum at the end: the last one is the full one.
                if found.name == METADATA_NAME && found.len <= MAX_SMALL_RECORD_LEN {
                    metadata_at = metadata_at.max(Some((found.offset, found.len)));
                }
            }
            _ => {}
        }
        Some(())
    });
    // Other writers may leave out the index of chunks, or the indexes of messages that tell how many there are.
    if !intact || (index.n_messages() == 0 && (n_claimed > 0 || !index.chunks.is_empty())) {
        return Ok(None);
    }
    index.chunks.sort_by_key(|chunk| chunk.offset);
    // A chunk that is listed many times over would make a small file hold frames without end.
    if index.chunks.array_windows().any(|[chunk, next]| chunk.offset.saturating_add(chunk.len) > next.offset) {
        return Ok(None);
    }
    if let Some((offset, len)) = metadata_at {
        let record = read_at(reader, offset, len)?;
        if let Some((name, table)) = record.get(HEAD_LEN as usize..).and_then(records::metadata)
            && name == METADATA_NAME
        {
            index.add_info(&table);
        }
    }
    Ok(Some(index))
}

/// Whether the summary's checksum and all its records are right.
fn each_summary_record(bytes: &[u8], mut take: impl FnMut(u8, &[u8]) -> Option<()>) -> bool {
    let mut parser = LinearReader::new_with_options(LinearReaderOptions {
        skip_start_magic: true,
        emit_chunks: true,
        validate_summary_section_crc: true,
        record_length_limit: Some(bytes.len()),
        ..LinearReaderOptions::default()
    });
    let mut rest = bytes;
    while let Some(event) = parser.next_event() {
        match event {
            Ok(LinearReadEvent::ReadRequest(_)) if rest.is_empty() => return false,
            Ok(LinearReadEvent::ReadRequest(wanted)) => {
                let (now, later) = rest.split_at(wanted.min(rest.len()));
                parser.insert(now.len()).copy_from_slice(now);
                parser.notify_read(now.len());
                rest = later;
            }
            Ok(LinearReadEvent::Record { opcode, data }) => {
                if take(opcode, data).is_none() {
                    return false;
                }
            }
            Err(_) => return false,
        }
    }
    true
}

fn has_our_profile(reader: &mut (impl Read + Seek)) -> Result<bool, Error> {
    // Profile first, then the library's name; both are short.
    let bytes = read_at(reader, MAGIC.len() as u64, 256)?;
    let profile = bytes.get(HEAD_LEN as usize..).and_then(|body| records::Fields(body).text());
    Ok(bytes.first() == Some(&op::HEADER) && profile.is_some_and(|profile| profile == METADATA_NAME))
}

/// Steps from record to record. Where a length leads out of the file, the next intact chunk is looked for.
fn from_walk(reader: &mut (impl Read + Seek), file_len: u64) -> Result<Index, Error> {
    let mut index = Index { has_our_profile: has_our_profile(reader)?, ..Index::default() };
    // Channels that a chunk's message index names; `None` where it has no message index.
    let mut chunk_channels: Vec<Option<Vec<u16>>> = Vec::new();
    let mut has_data_end = false;
    let mut at = MAGIC.len() as u64;
    while at < file_len {
        let bytes = read_at(reader, at, HEAD_LEN + records::CHUNK_HEAD_LEN as u64)?;
        let (opcode, len) = match bytes.first_chunk() {
            Some(head) => records::head(head),
            None => break,
        };
        let body = bytes.get(HEAD_LEN as usize..).unwrap_or_default();
        let end = at.saturating_add(HEAD_LEN).saturating_add(len);
        if end > file_len || opcode == 0 {
            match next_chunk(reader, at + 1, file_len)? {
                Some(next) => {
                    index.tally.count_skip(SkipReason::LostSync);
                    at = next;
                    continue;
                }
                None if opcode == op::CHUNK => {
                    add_walked(&mut index, at, file_len - at, body, false);
                    chunk_channels.push(None);
                }
                None => index.tally.count_skip(SkipReason::CutTail),
            }
            break;
        }
        match opcode {
            op::CHUNK => {
                add_walked(&mut index, at, end - at, body, true);
                chunk_channels.push(None);
            }
            op::MESSAGE_INDEX => {
                if let (Some(chunk), Some(channels), Some(id)) =
                    (index.chunks.last_mut(), chunk_channels.last_mut(), records::Fields(body).u16())
                {
                    let n = len.saturating_sub(records::MESSAGE_INDEX_HEAD_LEN) / records::MESSAGE_INDEX_STEP;
                    chunk.n_messages = chunk.n_messages.saturating_add(n);
                    channels.get_or_insert_default().push(id);
                }
            }
            op::METADATA if len <= MAX_SMALL_RECORD_LEN => {
                let body = read_at(reader, at + HEAD_LEN, len)?;
                if let Some((name, table)) = records::metadata(&body)
                    && name == METADATA_NAME
                {
                    index.add_info(&table);
                }
            }
            op::DATA_END => {
                has_data_end = true;
                break;
            }
            _ => {}
        }
        at = end;
    }
    index.closed = has_data_end && read_at(reader, file_len.saturating_sub(MAGIC.len() as u64), file_len)? == MAGIC;
    if !has_data_end && let Some(channels) = chunk_channels.last_mut() {
        // The cut may have taken some of its message indexes: it is counted by its messages.
        *channels = None;
    }
    learn_channels(reader, &mut index, &chunk_channels)?;
    Ok(index)
}

fn add_walked(index: &mut Index, offset: u64, len: u64, body: &[u8], whole: bool) {
    let mut entry = Entry { offset, len, start: 0, end: 0, n_messages: 0, whole, damaged: false };
    let Some(head) = records::chunk_head(body) else {
        return index.add_chunk(entry, "");
    };
    (entry.start, entry.end) = (head.start, head.end);
    index.add_chunk(entry, &head.compression);
}

/// Unpacks the chunks that name channels not seen yet, and those that do not say what they hold.
fn learn_channels(
    reader: &mut (impl Read + Seek),
    index: &mut Index,
    chunk_channels: &[Option<Vec<u16>>],
) -> Result<(), Error> {
    let mut chunks = std::mem::take(&mut index.chunks);
    for (entry, channels) in chunks.iter_mut().zip(chunk_channels) {
        if channels.as_ref().is_some_and(|ids| ids.iter().all(|id| index.channels.contains_key(id))) {
            continue;
        }
        let chunk = chunk::load(reader, entry)?;
        index.learn(&chunk);
        if channels.is_none() {
            entry.n_messages = chunk.n_messages() as u64;
            let times = || chunk.messages().map(|(_, time, _)| time);
            (entry.start, entry.end) = (times().min().unwrap_or(0), times().max().unwrap_or(0));
        }
    }
    index.chunks = chunks;
    Ok(())
}

/// The next place from `from` on that looks like a whole chunk as we write them.
fn next_chunk(reader: &mut (impl Read + Seek), from: u64, file_len: u64) -> Result<Option<u64>, Error> {
    /// Length and name of the compression, 36 bytes into a chunk record's front of 8+1 bytes.
    const NEEDLE: &[u8] = b"\x04\0\0\0zstd";
    const NEEDLE_AT: u64 = HEAD_LEN + 8 + 8 + 8 + 4;
    const MAX_WINDOW_LEN: u64 = 1 << 20;
    let mut at = from;
    // Grows with the distance, so that a file full of false chunks costs no more than a few times its length.
    let mut window_len = 4 << 10;
    while at < file_len {
        let window = read_at(reader, at, window_len)?;
        for hit in memchr::memmem::find_iter(&window, NEEDLE) {
            let Some(offset) = (at + hit as u64).checked_sub(NEEDLE_AT).filter(|offset| *offset >= from) else {
                continue;
            };
            let front = read_at(reader, offset, HEAD_LEN + records::CHUNK_HEAD_LEN as u64)?;
            if is_chunk_front(&front, file_len - offset) {
                return Ok(Some(offset));
            }
        }
        at += window_len - NEEDLE.len() as u64;
        window_len = (2 * window_len).min(MAX_WINDOW_LEN);
    }
    Ok(None)
}

fn is_chunk_front(front: &[u8], available: u64) -> bool {
    let Some((head, body)) = front.split_first_chunk() else {
        return false;
    };
    let (opcode, len) = records::head(head);
    let Some(chunk) = records::chunk_head(body) else {
        return false;
    };
    opcode == op::CHUNK
        && len <= available - HEAD_LEN
        && chunk.compressed_len.checked_add(chunk.len as u64) == Some(len)
}

/// Up to `len` bytes from `offset`; fewer at the end of the file.
fn read_at(reader: &mut (impl Read + Seek), offset: u64, len: u64) -> std::io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    reader.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}
