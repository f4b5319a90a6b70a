//! The MCAP records that the reader looks into, taken apart without trusting a single length.
//!
//! Pure: bytes of one record in, plain data out, `None` where they are not what they should be. The `mcap` crate's own
//! parser is not used here because it reserves memory for strings by the length they claim, up to 4 GB each.

use std::collections::BTreeMap;

pub const MAGIC: &[u8; 8] = b"\x89MCAP0\r\n";
/// Opcode and length in front of every record.
pub const HEAD_LEN: u64 = 9;

/// Opcodes of <https://mcap.dev/spec#records>.
pub mod op {
    pub const HEADER: u8 = 0x01;
    pub const FOOTER: u8 = 0x02;
    pub const SCHEMA: u8 = 0x03;
    pub const CHANNEL: u8 = 0x04;
    pub const MESSAGE: u8 = 0x05;
    pub const CHUNK: u8 = 0x06;
    pub const MESSAGE_INDEX: u8 = 0x07;
    pub const CHUNK_INDEX: u8 = 0x08;
    pub const STATISTICS: u8 = 0x0b;
    pub const METADATA: u8 = 0x0c;
    pub const METADATA_INDEX: u8 = 0x0d;
    pub const DATA_END: u8 = 0x0f;
}

/// A cursor over one record's fields.
pub struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    pub fn u16(&mut self) -> Option<u16> {
        self.number().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.number().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.number().map(u64::from_le_bytes)
    }

    /// A length of 32 bits and as many bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let n = usize::try_from(self.u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(bytes)
    }

    pub fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    pub fn table(&mut self) -> Option<BTreeMap<String, String>> {
        let mut entries = Fields(self.bytes()?);
        let mut table = BTreeMap::new();
        while !entries.0.is_empty() {
            table.insert(entries.text()?, entries.text()?);
        }
        Some(table)
    }

    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*number)
    }
}

/// Opcode and length of the record that begins with these bytes.
pub fn head(bytes: &[u8; HEAD_LEN as usize]) -> (u8, u64) {
    let [opcode, length @ ..] = *bytes;
    (opcode, u64::from_le_bytes(length))
}

pub struct ChannelRecord {
    pub id: u16,
    pub schema_id: u16,
    pub table: BTreeMap<String, String>,
}

pub fn channel(body: &[u8]) -> Option<ChannelRecord> {
    let mut fields = Fields(body);
    let (id, schema_id) = (fields.u16()?, fields.u16()?);
    let (_topic, _encoding) = (fields.bytes()?, fields.bytes()?);
    Some(ChannelRecord { id, schema_id, table: fields.table()? })
}

/// Number and name of a schema.
pub fn schema(body: &[u8]) -> Option<(u16, String)> {
    let mut fields = Fields(body);
    Some((fields.u16()?, fields.text()?))
}

/// Name and entries of a metadata record.
pub fn metadata(body: &[u8]) -> Option<(String, BTreeMap<String, String>)> {
    let mut fields = Fields(body);
    Some((fields.text()?, fields.table()?))
}

/// The front of a chunk; its records follow.
pub struct ChunkHead {
    pub start: u64,
    pub end: u64,
    pub uncompressed_len: u64,
    pub compression: String,
    pub compressed_len: u64,
    /// Bytes of the record's body in front of its records.
    pub len: usize,
}

/// Longest name of a compression that is looked at: the format knows "", "zstd" and "lz4".
const MAX_COMPRESSION_NAME_LEN: usize = 16;
/// Enough bytes of a chunk's body to hold its [`ChunkHead`].
pub const CHUNK_HEAD_LEN: usize = 40 + MAX_COMPRESSION_NAME_LEN;

pub fn chunk_head(body: &[u8]) -> Option<ChunkHead> {
    let mut fields = Fields(body);
    let (start, end, uncompressed_len) = (fields.u64()?, fields.u64()?, fields.u64()?);
    let _checksum = fields.u32()?;
    let compression = fields.text().filter(|name| name.len() <= MAX_COMPRESSION_NAME_LEN)?;
    let compressed_len = fields.u64()?;
    let len = body.len() - fields.0.len();
    Some(ChunkHead { start, end, uncompressed_len, compression, compressed_len, len })
}

/// A chunk as the summary at the end of the file lists it.
pub struct ChunkIndexRecord {
    pub start: u64,
    pub end: u64,
    pub offset: u64,
    pub len: u64,
    pub n_messages: u64,
    pub compression: String,
}

pub fn chunk_index(body: &[u8]) -> Option<ChunkIndexRecord> {
    let mut fields = Fields(body);
    let (start, end, offset, len) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?);
    let n_channels = fields.bytes()?.len() as u64 / (2 + 8);
    let indexes_len = fields.u64()?;
    let n_messages = indexes_len.saturating_sub(n_channels * (HEAD_LEN + MESSAGE_INDEX_HEAD_LEN)) / MESSAGE_INDEX_STEP;
    Some(ChunkIndexRecord { start, end, offset, len, n_messages, compression: fields.text()? })
}

/// Bytes of a message index in front of its entries, and of each entry.
pub const MESSAGE_INDEX_HEAD_LEN: u64 = 6;
pub const MESSAGE_INDEX_STEP: u64 = 16;

/// Number of messages, from the statistics record.
pub fn n_messages(body: &[u8]) -> Option<u64> {
    Fields(body).u64()
}

/// Where a metadata record stands, and its name.
pub struct MetadataIndexRecord {
    pub offset: u64,
    pub len: u64,
    pub name: String,
}

pub fn metadata_index(body: &[u8]) -> Option<MetadataIndexRecord> {
    let mut fields = Fields(body);
    Some(MetadataIndexRecord { offset: fields.u64()?, len: fields.u64()?, name: fields.text()? })
}

/// A message's channel, time and data.
pub fn message(body: &[u8]) -> Option<(u16, u64, &[u8])> {
    let mut fields = Fields(body);
    let channel = fields.u16()?;
    let _sequence = fields.u32()?;
    let time = fields.u64()?;
    let _publish_time = fields.u64()?;
    Some((channel, time, fields.0))
}
