//! Records frames to an MCAP file that a power cut or a killed program cannot take away.
//!
//! Frames are gathered into compressed chunks, which go to the operating system at least twice a second; the index
//! comes when the recording is closed. [Foxglove], [Rerun] and ROS 2 tools open the result. Meant to be driven by one
//! thread; a failed write stops the recording and says why, and never panics.
//!
//! [Foxglove]: https://foxglove.dev
//! [Rerun]: https://rerun.io

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mcap::records::{MessageHeader, Metadata};
use mcap::{McapError, WriteOptions};
use sha2::{Digest as _, Sha256};

use super::Error;
use crate::types::message::{self, MESSAGE_ENCODING, SCHEMA_ENCODING, SCHEMA_NAME, SCHEMA_TEXT};
use crate::types::{
    CsiFrame, LinkId, METADATA_NAME, NodeId, RecordedSource, RecordingInfo, RecordingSummary, SceneTruth, Span,
    Timestamp, hexadecimal,
};

/// A killed program loses at most what came since the last flush: half of the second that is promised.
const FLUSH_INTERVAL: Duration = Duration::from_millis(500);
/// Uncompressed bytes after which a chunk is closed in any case.
const CHUNK_LEN: u64 = 1 << 20;
/// Links with a channel of their own. A monitor-mode radio may hear thousands of senders; frames of further links share
/// one channel per source, because every chunk's entry in the index grows with its channels.
const MAX_LINK_CHANNELS: usize = 256;

/// An open recording.
pub struct Recorder<W: Write> {
    /// `None` once a write has failed.
    writer: Option<mcap::Writer<Sink<W>>>,
    failure: Option<String>,
    /// To have everything on the disk when the recording is closed; `None` where the output is no file.
    file: Option<File>,
    path: PathBuf,
    info: RecordingInfo,
    channels: HashMap<(u16, Option<LinkId>), u16>,
    /// The channel of who was where, once there was something to write.
    truth_channel: Option<u16>,
    topics: HashMap<String, u16>,
    hasher: Sha256,
    message: Vec<u8>,
    n_frames: u64,
    n_bytes: Arc<AtomicU64>,
    span: Option<Span>,
    has_unflushed: bool,
    last_flush: Option<Instant>,
}

impl Recorder<BufWriter<File>> {
    /// Begins a recording in a file that must not exist yet.
    pub fn create(path: &Path, info: RecordingInfo) -> Result<Self, Error> {
        let file = File::create_new(path).map_err(|source| Error::from_io(source, path, 0))?;
        let handle = file.try_clone().map_err(|source| Error::from_io(source, path, 0))?;
        let mut recorder = Self::new(BufWriter::new(file), path, info)?;
        recorder.file = Some(handle);
        Ok(recorder)
    }
}

impl<W: Write> Recorder<W> {
    /// Begins a recording in `output`; `path` only serves for messages.
    pub fn new(output: W, path: &Path, mut info: RecordingInfo) -> Result<Self, Error> {
        let n_bytes = Arc::new(AtomicU64::new(0));
        let sink = Sink { inner: output, n_bytes: Arc::clone(&n_bytes) };
        let failed = |error| from_mcap(error, path, n_bytes.load(Ordering::Relaxed));
        // A chunk is built in memory and written in one go, so a cut leaves none without its header; the library's
        // own compression threads would be threads that the engine knows nothing of.
        let mut writer = WriteOptions::new()
            .profile(METADATA_NAME)
            .library(format!("{} ({})", info.software, mcap::LIBRARY_IDENTIFIER))
            .chunk_size(Some(CHUNK_LEN))
            .disable_seeking(true)
            .compression_threads(0)
            .create(sink)
            .map_err(failed)?;
        // Known only at the end; the caller may have these from another recording that is being copied.
        (info.n_frames, info.content_sha256) = (None, None);
        info.provenance = info.sources.iter().map(|source| source.provenance).max().max(info.provenance);
        writer.write_metadata(&metadata(&info)).map_err(failed)?;
        // A disk that is full from the start is noticed at the start.
        writer.flush().map_err(failed)?;
        Ok(Self {
            writer: Some(writer),
            failure: None,
            file: None,
            path: path.to_owned(),
            info,
            channels: HashMap::new(),
            truth_channel: None,
            topics: HashMap::new(),
            hasher: Sha256::new(),
            message: Vec::new(),
            n_frames: 0,
            n_bytes,
            span: None,
            has_unflushed: false,
            last_flush: None,
        })
    }

    /// Records a frame at its place on the shared time axis. After a failure every call says again what went wrong.
    pub fn write(&mut self, time: Timestamp, source: &RecordedSource, frame: &CsiFrame) -> Result<(), Error> {
        let channel_id = self.channel(source, frame)?;
        self.message.clear();
        message::encode(source.id, source.provenance, frame, &mut self.message);
        self.hasher.update(&self.message);
        // The container knows no time before 1970.
        let log_time = u64::try_from(time.0).unwrap_or(0);
        let publish_time = frame.device_time.map_or(log_time, |device| device.nanos);
        let header = MessageHeader { channel_id, sequence: frame.sequence.unwrap_or(0), log_time, publish_time };
        let data = std::mem::take(&mut self.message);
        let written = self.attempt(|writer| writer.write_to_known_channel(&header, &data));
        self.message = data;
        written?;
        self.n_frames += 1;
        self.has_unflushed = true;
        let now = Span::new(time, time);
        self.span = Some(self.span.map_or(now, |span| span.union(now)));
        if !self.info.hardware.contains(&frame.hardware) {
            self.info.hardware.push(frame.hardware);
        }
        Ok(())
    }

    /// Records who was where, beside the frames: it counts as none of them.
    pub fn write_truth(&mut self, truth: &SceneTruth) -> Result<(), Error> {
        self.check()?;
        let channel_id = match self.truth_channel {
            Some(id) => id,
            None => self.attempt(|writer| {
                let text = message::truth::SCHEMA_TEXT.as_bytes();
                let schema = writer.add_schema(message::truth::SCHEMA_NAME, SCHEMA_ENCODING, text)?;
                writer.add_channel(schema, "/truth", MESSAGE_ENCODING, &BTreeMap::new())
            })?,
        };
        self.truth_channel = Some(channel_id);
        let mut data = Vec::new();
        message::truth::encode(truth, &mut data);
        let time = u64::try_from(truth.time.0).unwrap_or(0);
        let header = MessageHeader { channel_id, sequence: 0, log_time: time, publish_time: time };
        self.has_unflushed = true;
        self.attempt(|writer| writer.write_to_known_channel(&header, &data))
    }

    /// Hands what was recorded to the operating system when it is time; call it several times a second.
    pub fn tick(&mut self, now: Instant) -> Result<(), Error> {
        self.check()?;
        let last_flush = *self.last_flush.get_or_insert(now);
        if !self.has_unflushed || now.saturating_duration_since(last_flush) < FLUSH_INTERVAL {
            return Ok(());
        }
        self.last_flush = Some(now);
        self.has_unflushed = false;
        self.attempt(mcap::Writer::flush)
    }

    /// Bytes in the file; frames of the open chunk are not in it yet.
    pub fn n_bytes(&self) -> u64 {
        self.n_bytes.load(Ordering::Relaxed)
    }

    pub fn n_frames(&self) -> u64 {
        self.n_frames
    }

    /// Why the recording has stopped by itself.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// What will stand beside the frames when the recording is closed: site and notes may change while it runs.
    pub fn info_mut(&mut self) -> &mut RecordingInfo {
        &mut self.info
    }

    /// Writes the index and closes the file.
    pub fn finish(mut self) -> Result<RecordingSummary, Error> {
        self.check()?;
        let content_sha256 = hexadecimal(&self.hasher.finalize_reset());
        self.info.n_frames = Some(self.n_frames);
        self.info.content_sha256 = Some(content_sha256.clone());
        self.info.hardware.sort_unstable();
        let last = metadata(&self.info);
        self.attempt(|writer| {
            writer.write_metadata(&last)?;
            writer.finish()?;
            Ok(())
        })?;
        if let Some(writer) = self.writer.take() {
            let flushed = writer.into_inner().inner.flush();
            flushed.map_err(|source| Error::from_io(source, &self.path, self.n_bytes()))?;
        }
        if let Some(file) = &self.file {
            file.sync_all().map_err(|source| Error::from_io(source, &self.path, self.n_bytes()))?;
        }
        Ok(RecordingSummary { n_frames: self.n_frames, n_bytes: self.n_bytes(), span: self.span, content_sha256 })
    }

    /// The channel of the frame's link, begun when it is new.
    fn channel(&mut self, source: &RecordedSource, frame: &CsiFrame) -> Result<u16, Error> {
        self.check()?;
        let shared = (source.id, None);
        let own = (source.id, Some(frame.link));
        let key =
            if self.channels.len() < MAX_LINK_CHANNELS || self.channels.contains_key(&own) { own } else { shared };
        if let Some(id) = self.channels.get(&key) {
            return Ok(*id);
        }
        self.info.add_source(source);
        let mut table = source.to_table();
        let mut topic = "/csi/others".to_owned();
        if key == own {
            topic = format!("/csi/{}/{}", topic_part(frame.link.rx), topic_part(frame.link.tx));
            table.extend(link_table(frame));
        }
        // Two sources may hear the same link.
        if self.topics.get(&topic).is_some_and(|owner| *owner != source.id) {
            topic = format!("{topic}/source_{}", source.id);
        }
        self.topics.insert(topic.clone(), source.id);
        let id = self.attempt(|writer| {
            let schema = writer.add_schema(SCHEMA_NAME, SCHEMA_ENCODING, SCHEMA_TEXT.as_bytes())?;
            writer.add_channel(schema, &topic, MESSAGE_ENCODING, &table)
        })?;
        self.channels.insert(key, id);
        Ok(id)
    }

    fn check(&self) -> Result<(), Error> {
        match &self.failure {
            Some(failure) => Err(Error::Stopped(failure.clone())),
            None => Ok(()),
        }
    }

    /// Runs one step of the writer. A failure ends the recording: what comes after a torn record could not be read.
    fn attempt<T>(
        &mut self,
        step: impl FnOnce(&mut mcap::Writer<Sink<W>>) -> Result<T, McapError>,
    ) -> Result<T, Error> {
        let Some(writer) = &mut self.writer else {
            return Err(Error::Stopped("the recording has been closed".to_owned()));
        };
        step(writer).map_err(|error| {
            let error = from_mcap(error, &self.path, self.n_bytes.load(Ordering::Relaxed));
            self.failure = Some(error.to_string());
            self.writer = None;
            error
        })
    }
}

fn metadata(info: &RecordingInfo) -> Metadata {
    Metadata { name: METADATA_NAME.to_owned(), metadata: info.to_table() }
}

/// The link as people and as programs read it. The hardware is that of the link's first frame.
fn link_table(frame: &CsiFrame) -> BTreeMap<String, String> {
    // Node names have plain JSON forms, so nothing is lost in `unwrap_or_default`.
    let json = |node: NodeId| serde_json::to_string(&node).unwrap_or_default();
    BTreeMap::from([
        ("link".to_owned(), frame.link.to_string()),
        ("tx".to_owned(), json(frame.link.tx)),
        ("rx".to_owned(), json(frame.link.rx)),
        ("hardware".to_owned(), frame.hardware.label().to_owned()),
        ("centre_mhz".to_owned(), frame.channel.centre_mhz.to_string()),
        ("bandwidth_mhz".to_owned(), frame.channel.bandwidth_mhz.to_string()),
    ])
}

/// A node in letters that ROS allows in topics.
fn topic_part(node: NodeId) -> String {
    match node {
        NodeId::Unknown => "unknown".to_owned(),
        NodeId::Mac(mac) => format!("mac_{}", hexadecimal(&mac)),
        NodeId::Number(number) => format!("node_{number}"),
        NodeId::Source(number) => format!("source_{number}"),
        NodeId::Address(address) => format!("address_{}", address.to_string().replace(['.', ':'], "_")),
    }
}

fn from_mcap(error: McapError, path: &Path, n_bytes: u64) -> Error {
    match error {
        McapError::Io(source) => Error::from_io(source, path, n_bytes),
        other => Error::Format { message: other.to_string() },
    }
}

/// Counts what goes through, and answers the library's questions for the position from the count.
struct Sink<W> {
    inner: W,
    n_bytes: Arc<AtomicU64>,
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.n_bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

impl<W> Seek for Sink<W> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::Current(0) => Ok(self.n_bytes.load(Ordering::Relaxed)),
            _ => Err(std::io::ErrorKind::NotSeekable.into()),
        }
    }
}
