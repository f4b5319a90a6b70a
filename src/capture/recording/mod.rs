//! Reads our own recordings (MCAP): frames in time order, from any moment on, also from files that were cut off.
//!
//! Streams chunk by chunk, so memory does not grow with the file. Damaged chunks are skipped and counted. It does not
//! pace the frames; that is playback's part.

mod chunk;
mod index;
mod records;
mod truth;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::types::message::Decoder;
use crate::types::{CsiFrame, Other, Provenance, RecordingInfo, Span, Tally, Timestamp};
use index::Index;

/// Memory of the unpacked frames that wait for their turn. Only recordings whose chunks overlap widely in time come near
/// it; there the order is given up rather than the memory.
const MAX_PENDING_BYTES: usize = 128 << 20;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such file — it may have been moved or its drive removed: {path:?}")]
    NotFound { path: PathBuf },
    #[error("the recording is empty — it was cut off before anything was written")]
    Empty,
    #[error("not an MCAP recording — it does not begin as one")]
    NotMcap,
    #[error("an MCAP file of another program — it holds no channel state information that this program knows")]
    Foreign,
    #[error(
        "packed in a way this program cannot unpack — repack it with `mcap compress --compression zstd`: {compression:?}"
    )]
    Compression { compression: String },
    #[error("the recording cannot be read — check that its drive is still connected ({0})")]
    Io(#[from] std::io::Error),
}

/// A frame with its place on the shared time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedFrame {
    pub time: Timestamp,
    /// Number of the source in the session that recorded it; see [`RecordingInfo::sources`].
    pub source: u16,
    /// Replay, or simulated where no radio was involved.
    pub provenance: Provenance,
    pub frame: CsiFrame,
}

/// Whether the frames are those that were recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// The checksum is right.
    Intact,
    /// The checksum is wrong: the file was damaged or changed.
    Changed,
    /// The recording was never closed, so it has no checksum.
    Unknown,
}

/// A recording that is open for reading.
pub struct RecordingReader<R> {
    reader: R,
    index: Index,
    /// Chunks by the time they begin, as positions in the index.
    order: Vec<usize>,
    next_chunk: usize,
    /// Frames before this are passed over.
    from: Timestamp,
    pending: BinaryHeap<Reverse<Pending>>,
    n_pending_bytes: usize,
    decoder: Decoder,
    tally: Tally,
}

impl RecordingReader<BufReader<File>> {
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: path.to_owned() },
            _ => Error::Io(source),
        })?;
        Self::new(BufReader::new(file))
    }
}

impl<R: Read + Seek> RecordingReader<R> {
    pub fn new(mut reader: R) -> Result<Self, Error> {
        let index = index::read(&mut reader)?;
        let mut order: Vec<usize> = (0..index.chunks.len()).collect();
        order.sort_by_key(|&chunk| index.chunks.get(chunk).map(|entry| entry.start));
        Ok(Self {
            reader,
            tally: index.tally.clone(),
            index,
            order,
            next_chunk: 0,
            from: Timestamp(i64::MIN),
            pending: BinaryHeap::new(),
            n_pending_bytes: 0,
            decoder: Decoder::default(),
        })
    }

    /// The next frame in time order; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not say that the drive has gone")]
    pub fn next(&mut self) -> Result<Option<(Timestamp, CsiFrame)>, Error> {
        Ok(self.next_recorded()?.map(|recorded| (recorded.time, recorded.frame)))
    }

    /// The next frame in time order with its source and provenance; `None` at the end.
    pub fn next_recorded(&mut self) -> Result<Option<RecordedFrame>, Error> {
        while let Some(&chunk) = self.order.get(self.next_chunk) {
            let Some(entry) = self.index.chunks.get(chunk) else { break };
            let is_due = match self.pending.peek() {
                Some(Reverse(next)) => {
                    timestamp(entry.start) <= next.recorded.time && self.n_pending_bytes < MAX_PENDING_BYTES
                }
                None => true,
            };
            if !is_due {
                break;
            }
            self.next_chunk += 1;
            if timestamp(entry.end) >= self.from {
                self.load(chunk)?;
            }
        }
        let Some(Reverse(next)) = self.pending.pop() else {
            return Ok(None);
        };
        self.n_pending_bytes -= next.n_bytes();
        self.tally.count_frame(&next.recorded.frame);
        Ok(Some(next.recorded))
    }

    /// Goes on with the first frame at or after `time`, wherever that is; reads only the chunks from there on.
    pub fn seek(&mut self, time: Timestamp) {
        self.from = time;
        self.next_chunk = 0;
        self.pending.clear();
        self.n_pending_bytes = 0;
    }

    pub fn info(&self) -> &RecordingInfo {
        &self.index.info
    }

    /// Simulated where any of its sources was, however often it has been replayed since.
    pub fn provenance(&self) -> Provenance {
        replayed(self.index.info.provenance.unwrap_or(Provenance::Replay))
    }

    /// First to last frame; `None` where there are none.
    pub fn span(&self) -> Option<Span> {
        self.overview().map(|(span, _)| span).reduce(Span::union)
    }

    /// How many frames the recording says it holds, damaged chunks included.
    pub fn n_messages(&self) -> u64 {
        self.index.n_messages()
    }

    /// The stretch and the number of frames of each chunk (about half a second), in file order, without unpacking any.
    pub fn overview(&self) -> impl Iterator<Item = (Span, u64)> {
        self.index
            .chunks
            .iter()
            .filter(|entry| entry.n_messages > 0)
            .map(|entry| (Span::new(timestamp(entry.start), timestamp(entry.end)), entry.n_messages))
    }

    /// Whether the recording was closed as it should be.
    pub fn closed(&self) -> bool {
        self.index.closed
    }

    /// What a person should know before trusting the recording; `None` when all is well.
    pub fn warning(&self) -> Option<String> {
        let n_damaged = self.index.chunks.iter().filter(|entry| entry.damaged).count();
        match (self.closed(), n_damaged) {
            (true, 0) => None,
            (true, n) => Some(format!("{n} damaged stretches of the recording were left out")),
            (false, _) => Some(format!(
                "the recording was not closed properly (the program was ended or the disk was full); {} frames were recovered",
                self.n_messages()
            )),
        }
    }

    /// What was read so far, with what had to be skipped; stretches that were read twice count twice.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Reads everything once more and compares the checksum. The playback position is not touched.
    pub fn verify(&mut self) -> Result<Integrity, Error> {
        let Some(expected) = self.index.info.content_sha256.clone() else {
            return Ok(Integrity::Unknown);
        };
        let mut hasher = Sha256::new();
        for entry in &self.index.chunks {
            let chunk = chunk::load(&mut self.reader, entry)?;
            chunk.messages().for_each(|(_, _, data)| hasher.update(data));
        }
        let is_equal = crate::types::hexadecimal(&hasher.finalize()) == expected;
        Ok(if is_equal { Integrity::Intact } else { Integrity::Changed })
    }

    /// Unpacks a chunk and queues its frames from [`Self::seek`]'s time on.
    fn load(&mut self, chunk_idx: usize) -> Result<(), Error> {
        let Some(entry) = self.index.chunks.get_mut(chunk_idx) else {
            return Ok(());
        };
        let chunk = chunk::load(&mut self.reader, entry)?;
        self.tally.n_bytes += entry.len;
        if let Some(damage) = chunk.damage
            && !std::mem::replace(&mut entry.damaged, true)
        {
            self.tally.count_skip(damage);
        }
        let offset = entry.offset;
        self.index.learn(&chunk);
        for (number, (channel, time, data)) in chunk.messages().enumerate() {
            if !self.index.is_frame_channel(channel) {
                self.tally.count_other(Other::WithoutCsi);
                continue;
            }
            let time = timestamp(time);
            if time < self.from {
                continue;
            }
            match self.decoder.decode(data) {
                Ok(message) => {
                    let recorded = RecordedFrame {
                        time,
                        source: message.source,
                        provenance: replayed(message.provenance),
                        frame: message.frame,
                    };
                    let pending = Pending { offset, number, recorded };
                    self.n_pending_bytes += pending.n_bytes();
                    self.pending.push(Reverse(pending));
                }
                Err(reason) => self.tally.count_skip(reason),
            }
        }
        Ok(())
    }
}

/// A frame waiting for its turn; frames of the same time keep the order of the file.
struct Pending {
    offset: u64,
    number: usize,
    recorded: RecordedFrame,
}

impl Pending {
    /// In memory, where a frame without values is larger than its message.
    fn n_bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(self.recorded.frame.values.as_slice())
    }

    fn key(&self) -> (Timestamp, u64, usize) {
        (self.recorded.time, self.offset, self.number)
    }
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// What a reader makes of the provenance at the time of recording: only simulated stays what it was.
fn replayed(recorded: Provenance) -> Provenance {
    match recorded {
        Provenance::Live | Provenance::Replay => Provenance::Replay,
        Provenance::Simulated => Provenance::Simulated,
    }
}

/// The container's times are unsigned; those past the year 2262 are taken for that year.
fn timestamp(nanos: u64) -> Timestamp {
    Timestamp(i64::try_from(nanos).unwrap_or(i64::MAX))
}
