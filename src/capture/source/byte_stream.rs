//! Live bytes in any format to frames: finds out the format, then decodes what is complete and keeps the rest.
//!
//! Knows no device: a source pushes what it read, says when nothing came and when the stream ended. Memory is bounded
//! whatever the sender does.

use std::time::Instant;

use super::now;
use crate::capture::format::nexmon::MAX_PAUSE;
use crate::capture::format::{self, Context, DETECT_LEN, Decoder, Format, Step};
use crate::capture::{Batch, Error};
use crate::types::{NodeId, SkipReason, Timestamp};

/// Most bytes that wait for the rest of their record: what decoders promise to need at most.
const MAX_WAITING_LEN: usize = 4 * 1024 * 1024;

/// Formats that are known by length fields alone are believed only from so many bytes on.
const MIN_LEN_WITHOUT_SIGNATURE: usize = 4096;

pub struct ByteStream {
    receiver: NodeId,
    /// What the stream is when nothing tells.
    fallback: Option<Format>,
    decoder: Option<Box<dyn Decoder>>,
    waiting: Vec<u8>,
    arrival: Timestamp,
    last_push: Option<Instant>,
}

impl ByteStream {
    pub fn new(receiver: NodeId, fallback: Option<Format>) -> Self {
        Self { receiver, fallback, decoder: None, waiting: Vec::new(), arrival: Timestamp::ZERO, last_push: None }
    }

    /// `None` until enough has come to tell.
    pub fn format(&self) -> Option<Format> {
        self.decoder.as_ref().map(|decoder| decoder.format())
    }

    /// Takes in bytes that have arrived just now. Fails when they are in no known format.
    pub fn push(&mut self, bytes: &[u8], batch: &mut Batch) -> Result<(), Error> {
        self.arrival = now();
        self.last_push = Some(Instant::now());
        batch.tally.n_bytes += bytes.len() as u64;
        self.waiting.extend_from_slice(bytes);
        if self.decoder.is_none() {
            self.choose_decoder(false)?;
        }
        self.decode(batch, false);
        Ok(())
    }

    /// Nothing came: hands out frames that wait for partners which will not come any more.
    pub fn silent(&mut self, batch: &mut Batch) -> Result<(), Error> {
        if self.last_push.is_none_or(|last| last.elapsed() < MAX_PAUSE) {
            return Ok(());
        }
        self.last_push = None;
        if self.decoder.is_none() && self.fallback.is_some() && !self.waiting.is_empty() {
            self.choose_decoder(true)?;
            self.decode(batch, false);
        }
        self.flush(batch);
        Ok(())
    }

    /// The stream has ended. What follows, if anything, is a new one, perhaps in another format.
    pub fn end(&mut self, batch: &mut Batch) -> Result<(), Error> {
        if self.decoder.is_none() && !self.waiting.is_empty() {
            self.choose_decoder(true)?;
        }
        self.decode(batch, true);
        self.flush(batch);
        self.decoder = None;
        self.waiting.clear();
        self.last_push = None;
        Ok(())
    }

    fn choose_decoder(&mut self, at_end: bool) -> Result<(), Error> {
        let len = self.waiting.len();
        let head = self.waiting.get(..DETECT_LEN).unwrap_or(&self.waiting);
        let format = match format::detect(head) {
            Some(format) if at_end || has_signature(format) || len >= MIN_LEN_WITHOUT_SIGNATURE => Some(format),
            Some(_) => None,
            None if at_end || (self.fallback.is_some() && len >= MIN_LEN_WITHOUT_SIGNATURE) => self.fallback,
            None => None,
        };
        match format {
            Some(format) => self.decoder = Some(format::decoder(format).ok_or(Error::UnrecognisedStream)?),
            None if at_end || len >= DETECT_LEN => return Err(Error::UnrecognisedStream),
            None => {}
        }
        Ok(())
    }

    fn decode(&mut self, batch: &mut Batch, at_end: bool) {
        let Some(decoder) = &mut self.decoder else {
            return;
        };
        let context = Context { receiver: self.receiver, arrival: Some(self.arrival) };
        let mut at = 0;
        while let Some(bytes) = self.waiting.get(at..).filter(|bytes| !bytes.is_empty()) {
            let step = match decoder.step(bytes, &context) {
                Step::NeedMore if at_end => decoder.finish(bytes, &context),
                Step::NeedMore if bytes.len() >= MAX_WAITING_LEN => {
                    Step::Skip { used: bytes.len(), reason: SkipReason::LengthTooLarge }
                }
                step => step,
            };
            match step {
                Step::NeedMore => break,
                Step::Frame { used, frame } => {
                    at += used;
                    batch.tally.count_frame(&frame);
                    batch.frames.push(frame);
                }
                Step::Pass { used, other } => {
                    at += used;
                    if let Some(other) = other {
                        batch.tally.count_other(other);
                    }
                }
                Step::Skip { used, reason } => {
                    at += used;
                    batch.tally.count_skip(reason);
                }
            }
        }
        self.waiting.drain(..at.min(self.waiting.len()));
    }

    fn flush(&mut self, batch: &mut Batch) {
        while let Some(frame) = self.decoder.as_mut().and_then(|decoder| decoder.flush()) {
            batch.tally.count_frame(&frame);
            batch.frames.push(frame);
        }
    }
}

/// Formats that no other input can be mistaken for, however little of it has come.
fn has_signature(format: Format) -> bool {
    match format {
        Format::Pcap | Format::PcapNg | Format::PicoScenes | Format::Esp32Csv | Format::RuviewJsonl | Format::Mcap => {
            true
        }
        Format::Intel5300 | Format::Atheros | Format::FeitCsi => false,
    }
}
