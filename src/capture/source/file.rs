//! Recordings on disk, in any format, read forwards in bounded memory and re-read from any time.
//!
//! A reader yields frames on the shared time axis. It leaves itself checkpoints on the way, so that a jump back costs a
//! second of decoding and not the whole file.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::clocks::NodeClocks;
use crate::capture::format::{self, Context, DETECT_LEN, Decoder, Format, Step};
use crate::capture::recording::{self, RecordingReader};
use crate::capture::{Error, SourceId};
use crate::types::{ClockHealth, CsiFrame, NodeId, Provenance, SceneTruth, SkipReason, Tally, Timestamp};

/// Bytes read at once.
const CHUNK_LEN: usize = 256 * 1024;
/// No record of any format is longer; more bytes without one are counted as lost.
const MAX_RECORD_LEN: usize = 8 * 1024 * 1024;
/// Frames between two checkpoints.
const CHECKPOINT_EVERY: u32 = 1024;

/// A frame on the shared time axis.
#[derive(Clone, Debug)]
pub struct Stamped {
    pub time: Timestamp,
    /// What is known of its node's clock; `None` for our own recordings, whose times were aligned when they were made.
    pub clock: Option<ClockHealth>,
    pub frame: CsiFrame,
}

/// One open recording.
pub struct FileReader {
    path: PathBuf,
    body: Body,
}

enum Body {
    Bytes(Box<ByteReader>),
    Recording(Box<RecordingReader<BufReader<File>>>),
}

impl FileReader {
    /// Opens a file and recognises its format by its content. `id` names the receiver where the format does not.
    pub fn open(path: &Path, id: SourceId) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|error| open_error(path, error))?;
        let mut head = Vec::with_capacity(DETECT_LEN);
        (&mut file).take(DETECT_LEN as u64).read_to_end(&mut head).map_err(|error| open_error(path, error))?;
        if head.is_empty() {
            return Err(Error::Empty { path: path.to_owned() });
        }
        let format = format::detect(&head).ok_or_else(|| Error::Unrecognised { path: path.to_owned() })?;
        let body = match format::decoder(format) {
            Some(decoder) => {
                Body::Bytes(Box::new(ByteReader::new(file, decoder, id).map_err(|error| open_error(path, error))?))
            }
            None => {
                Body::Recording(Box::new(RecordingReader::open(path).map_err(|error| recording_error(path, error))?))
            }
        };
        Ok(Self { path: path.to_owned(), body })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn format(&self) -> Format {
        match &self.body {
            Body::Bytes(reader) => reader.decoder.format(),
            Body::Recording(_) => Format::Mcap,
        }
    }

    /// What was simulated stays simulated, also when it is replayed.
    pub fn provenance(&self) -> Provenance {
        match &self.body {
            Body::Bytes(_) => Provenance::Replay,
            Body::Recording(reader) => reader.provenance(),
        }
    }

    /// The next frame, or `None` at the end of what the file holds now.
    pub fn next_frame(&mut self) -> Result<Option<Stamped>, Error> {
        match &mut self.body {
            Body::Bytes(reader) => reader.next_frame().map_err(|error| read_error(&self.path, error)),
            Body::Recording(reader) => {
                let next = reader.next().map_err(|error| recording_error(&self.path, error))?;
                Ok(next.map(|(time, frame)| Stamped { time, clock: None, frame }))
            }
        }
    }

    /// Counts what is left after the last whole record, and hands out a frame that waited for partners.
    /// A file that grows must not be finished.
    pub fn finish(&mut self) -> Option<Stamped> {
        match &mut self.body {
            Body::Bytes(reader) => reader.finish(),
            Body::Recording(_) => None,
        }
    }

    /// Goes to a place at or before `time`; frames that come next may still be earlier than `time`.
    pub fn seek(&mut self, time: Timestamp) -> Result<(), Error> {
        match &mut self.body {
            Body::Bytes(reader) => reader.seek(time).map_err(|error| read_error(&self.path, error)),
            Body::Recording(reader) => {
                reader.seek(time);
                Ok(())
            }
        }
    }

    /// Counts of everything read so far; reading a stretch again counts it again.
    pub fn tally(&self) -> Tally {
        match &self.body {
            Body::Bytes(reader) => reader.tally.clone(),
            Body::Recording(reader) => reader.tally().clone(),
        }
    }

    /// Share of the file that has been read, 0..=1.
    pub fn progress(&self) -> f32 {
        match &self.body {
            Body::Bytes(reader) => reader.progress(),
            Body::Recording(reader) => {
                let n_messages = reader.n_messages().max(1);
                (reader.tally().n_records as f64 / n_messages as f64).min(1.0) as f32
            }
        }
    }

    pub fn clocks(&self) -> Vec<(NodeId, ClockHealth)> {
        match &self.body {
            Body::Bytes(reader) => reader.clocks.health(),
            Body::Recording(_) => Vec::new(),
        }
    }

    /// What a person should know of the file's condition, such as that it was never closed.
    pub fn warning(&self) -> Option<String> {
        match &self.body {
            Body::Bytes(_) => None,
            Body::Recording(reader) => reader.warning(),
        }
    }

    /// What the recording says truly happened, in the order of the file, and how much of that could not be read; simulated
    /// recordings do. Reads the whole file; frames go on from where they were.
    pub fn truth(&mut self) -> Result<(Vec<SceneTruth>, u64), Error> {
        let mut moments = Vec::new();
        let n_unreadable = match &mut self.body {
            Body::Bytes(_) => 0,
            Body::Recording(reader) => {
                reader.truth(|moment| moments.push(moment)).map_err(|error| recording_error(&self.path, error))?
            }
        };
        Ok((moments, n_unreadable))
    }

    /// What the recording says of itself; only our own recordings do.
    pub fn recording_info(&self) -> Option<&crate::types::RecordingInfo> {
        match &self.body {
            Body::Bytes(_) => None,
            Body::Recording(reader) => Some(reader.info()),
        }
    }
}

/// A byte format on disk.
struct ByteReader {
    file: File,
    n_file_bytes: u64,
    decoder: Box<dyn Decoder>,
    context: Context,
    clocks: NodeClocks,
    tally: Tally,
    /// Bytes read and not yet used start at `used`; `buffer[0]` is `buffer_offset` bytes into the file.
    buffer: Vec<u8>,
    used: usize,
    buffer_offset: u64,
    n_since_checkpoint: u32,
    checkpoints: Vec<Checkpoint>,
}

struct Checkpoint {
    time: Timestamp,
    offset: u64,
    decoder: Box<dyn Decoder>,
    clocks: NodeClocks,
}

impl ByteReader {
    fn new(mut file: File, decoder: Box<dyn Decoder>, id: SourceId) -> std::io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        let n_file_bytes = file.metadata()?.len();
        let start = Checkpoint {
            time: Timestamp(i64::MIN),
            offset: 0,
            decoder: decoder.boxed_clone(),
            clocks: NodeClocks::default(),
        };
        Ok(Self {
            file,
            n_file_bytes,
            decoder,
            context: Context { receiver: NodeId::Source(id), arrival: None },
            clocks: NodeClocks::default(),
            tally: Tally::default(),
            buffer: Vec::new(),
            used: 0,
            buffer_offset: 0,
            n_since_checkpoint: 0,
            checkpoints: vec![start],
        })
    }

    fn next_frame(&mut self) -> std::io::Result<Option<Stamped>> {
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            let step = if rest.is_empty() { Step::NeedMore } else { self.decoder.step(rest, &self.context) };
            let too_long = rest.len() >= MAX_RECORD_LEN;
            match step {
                Step::NeedMore if too_long => {
                    let used = rest.len();
                    self.take(Step::Skip { used, reason: SkipReason::LengthTooLarge });
                }
                Step::NeedMore => {
                    if self.read_more()? == 0 {
                        return Ok(None);
                    }
                }
                step => {
                    if let Some(frame) = self.take(step) {
                        return Ok(Some(frame));
                    }
                }
            }
        }
    }

    fn finish(&mut self) -> Option<Stamped> {
        loop {
            let rest = self.buffer.get(self.used..).unwrap_or_default();
            if rest.is_empty() {
                let frame = self.decoder.flush()?;
                return Some(self.stamp(frame));
            }
            let step = match self.decoder.finish(rest, &self.context) {
                Step::NeedMore => Step::Skip { used: rest.len(), reason: SkipReason::CutTail },
                step => step,
            };
            if let Some(frame) = self.take(step) {
                return Some(frame);
            }
        }
    }

    /// Accounts for one step and stamps its frame.
    fn take(&mut self, step: Step) -> Option<Stamped> {
        let (used, frame) = match step {
            Step::NeedMore => (0, None),
            Step::Frame { used, frame } => (used, Some(frame)),
            Step::Pass { used, other } => {
                if let Some(other) = other {
                    self.tally.count_other(other);
                }
                (used, None)
            }
            Step::Skip { used, reason } => {
                self.tally.count_skip(reason);
                (used, None)
            }
        };
        self.used += used;
        self.tally.n_bytes += used as u64;
        let stamped = self.stamp(frame?);
        self.n_since_checkpoint += 1;
        let offset = self.buffer_offset + self.used as u64;
        if self.n_since_checkpoint >= CHECKPOINT_EVERY
            && self.checkpoints.last().is_some_and(|last| last.offset < offset && last.time < stamped.time)
        {
            self.n_since_checkpoint = 0;
            self.checkpoints.push(Checkpoint {
                time: stamped.time,
                offset,
                decoder: self.decoder.boxed_clone(),
                clocks: self.clocks.clone(),
            });
        }
        Some(stamped)
    }

    fn stamp(&mut self, frame: CsiFrame) -> Stamped {
        self.tally.count_frame(&frame);
        let (time, clock) = self.clocks.align(&frame);
        Stamped { time, clock: Some(clock), frame }
    }

    fn read_more(&mut self) -> std::io::Result<usize> {
        self.buffer.drain(..self.used);
        self.buffer_offset += self.used as u64;
        self.used = 0;
        let old_len = self.buffer.len();
        self.buffer.resize(old_len + CHUNK_LEN, 0);
        let n_read = loop {
            match self.file.read(&mut self.buffer[old_len..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(old_len + *n_read.as_ref().unwrap_or(&0));
        n_read
    }

    fn seek(&mut self, time: Timestamp) -> std::io::Result<()> {
        // The first checkpoint lies before all time, so there is always one.
        let at = self.checkpoints.partition_point(|point| point.time < time).saturating_sub(1);
        let Some(point) = self.checkpoints.get(at) else { return Ok(()) };
        self.file.seek(SeekFrom::Start(point.offset))?;
        self.decoder = point.decoder.boxed_clone();
        self.clocks = point.clocks.clone();
        self.buffer_offset = point.offset;
        self.buffer.clear();
        self.used = 0;
        self.n_since_checkpoint = 0;
        Ok(())
    }

    fn progress(&self) -> f32 {
        let done = self.buffer_offset + self.used as u64;
        if self.n_file_bytes == 0 { 1.0 } else { (done as f64 / self.n_file_bytes as f64).min(1.0) as f32 }
    }
}

fn open_error(path: &Path, error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::NotFound { path: path.to_owned() },
        _ => Error::Io { context: format!("cannot open the recording {path:?}"), source: error },
    }
}

fn read_error(path: &Path, error: std::io::Error) -> Error {
    Error::Io { context: format!("reading stopped — the drive may have been removed: {path:?}"), source: error }
}

fn recording_error(path: &Path, error: recording::Error) -> Error {
    match error {
        recording::Error::Io(source) => read_error(path, source),
        other => Error::Recording(other),
    }
}
