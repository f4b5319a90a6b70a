//! Wire and file formats of every common CSI tool: bytes in, [`CsiFrame`]s out.
//!
//! Pure and fuzzed: no I/O, no clock. A decoder never panics and never allocates by a length that the input
//! merely claims. Each format is a file of its own; [`detect`] chooses by content, never by name.

pub mod atheros;
pub mod esp32;
pub mod feitcsi;
pub mod intel5300;
mod mpdu;
pub mod nexmon;
pub mod pcap;
pub mod picoscenes;
mod records;
pub mod ruview;
mod text_lines;
mod tones;

use serde::{Deserialize, Serialize};

use crate::types::{CsiFrame, NodeId, Other, SkipReason, Tally, Timestamp};

/// The formats that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Esp32Csv,
    RuviewJsonl,
    Intel5300,
    Atheros,
    PicoScenes,
    FeitCsi,
    /// Packets in a pcap file or stream: Nexmon or RuView datagrams.
    Pcap,
    PcapNg,
    /// Our own recordings, read by [`crate::capture::recording`].
    Mcap,
}

impl Format {
    pub fn label(self) -> &'static str {
        match self {
            Self::Esp32Csv => "ESP32 CSV",
            Self::RuviewJsonl => "RuView JSON lines",
            Self::Intel5300 => "Intel 5300 CSI Tool",
            Self::Atheros => "Atheros CSI Tool",
            Self::PicoScenes => "PicoScenes",
            Self::FeitCsi => "FeitCSI",
            Self::Pcap => "pcap",
            Self::PcapNg => "pcapng",
            Self::Mcap => "Corporeal recording (MCAP)",
        }
    }
}

/// What the decoder cannot know from the bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// Stands for the receiver where the format does not name it.
    pub receiver: NodeId,
    /// When the bytes arrived; `None` for files, whose own stamps count.
    pub arrival: Option<Timestamp>,
}

/// What the front of the input turned out to be.
#[derive(Debug)]
pub enum Step {
    /// `used` bytes gave a frame. `used` may be 0 when a frame that was held back to be joined is handed out.
    Frame { used: usize, frame: CsiFrame },
    /// `used` bytes are well formed, or belong to a frame that is still being joined; nothing to hand out yet.
    /// `other` names them when they carry no CSI.
    Pass { used: usize, other: Option<Other> },
    /// `used` bytes (at least one) are no record; they are counted and the rest goes on.
    Skip { used: usize, reason: SkipReason },
    /// The record is not complete: call again with more bytes, or [`Decoder::finish`] at the end of the input.
    NeedMore,
}

/// A resumable parser of one format over a growing byte string.
///
/// The caller keeps what was not used and appends to it; see [`decode_all`] for the loop.
pub trait Decoder: BoxedClone + Send {
    fn format(&self) -> Format;

    /// Looks at the front of `bytes`. Every answer but `NeedMore` makes progress: it uses bytes or hands out a held frame.
    /// `NeedMore` is bounded: a decoder that has been given 4 MiB answers something else.
    fn step(&mut self, bytes: &[u8], context: &Context) -> Step;

    /// Hands out a frame that waits for partners, when the input has ended or was silent for a while.
    fn flush(&mut self) -> Option<CsiFrame> {
        None
    }

    /// Says what the bytes left over at the end of the input are; `rest` is never empty.
    /// Text formats may turn an unterminated last line into a frame.
    fn finish(&mut self, rest: &[u8], context: &Context) -> Step {
        let _ = context;
        Step::Skip {
            used: rest.len(),
            reason: if rest.len() <= 2 { SkipReason::TrailingBytes } else { SkipReason::CutTail },
        }
    }
}

/// Decoders can be copied in the middle of an input, so that a reader can come back to that place.
pub trait BoxedClone {
    fn boxed_clone(&self) -> Box<dyn Decoder>;
}

impl<D: Decoder + Clone + 'static> BoxedClone for D {
    fn boxed_clone(&self) -> Box<dyn Decoder> {
        Box::new(self.clone())
    }
}

/// Decodes a whole input that is in memory: every record becomes a frame or a count.
pub fn decode_all(decoder: &mut dyn Decoder, bytes: &[u8], context: &Context, mut sink: impl FnMut(CsiFrame)) -> Tally {
    let mut tally = Tally { n_bytes: bytes.len() as u64, ..Tally::default() };
    let mut at = 0;
    let mut ended = false;
    while at < bytes.len() {
        let step = if ended { decoder.finish(&bytes[at..], context) } else { decoder.step(&bytes[at..], context) };
        match step {
            Step::NeedMore if ended => {
                tally.count_skip(SkipReason::CutTail);
                break;
            }
            Step::NeedMore => ended = true,
            Step::Frame { used, frame } => {
                at += used;
                tally.count_frame(&frame);
                sink(frame);
            }
            Step::Pass { used, other } => {
                at += used;
                if let Some(other) = other {
                    tally.count_other(other);
                }
            }
            Step::Skip { used, reason } => {
                at += used;
                tally.count_skip(reason);
            }
        }
    }
    while let Some(frame) = decoder.flush() {
        tally.count_frame(&frame);
        sink(frame);
    }
    tally
}

/// Bytes of the beginning that [`detect`] wants to see; fewer are fine when the input is shorter.
pub const DETECT_LEN: usize = 64 * 1024;

/// How sure a format is that an input is its own, from its first bytes (at most [`DETECT_LEN`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    No,
    /// Could be, by length fields that fit; no signature seen.
    Fits,
    /// A signature that no other format has.
    Certain,
}

/// The format of an input that begins with `head`; `None` when nothing fits. `head` may be cut anywhere.
pub fn detect(head: &[u8]) -> Option<Format> {
    const MCAP_MAGIC: &[u8] = b"\x89MCAP0\r\n";
    if head.starts_with(MCAP_MAGIC) {
        return Some(Format::Mcap);
    }
    type Recogniser = fn(&[u8]) -> Likeness;
    let candidates: [(Format, Recogniser); 8] = [
        (Format::Pcap, pcap::looks_like_pcap),
        (Format::PcapNg, pcap::looks_like_pcapng),
        (Format::PicoScenes, picoscenes::looks_like),
        (Format::RuviewJsonl, ruview::looks_like_jsonl),
        (Format::Esp32Csv, esp32::looks_like),
        (Format::Intel5300, intel5300::looks_like),
        (Format::FeitCsi, feitcsi::looks_like),
        (Format::Atheros, atheros::looks_like),
    ];
    let mut best = (Likeness::No, None);
    for (format, looks_like) in candidates {
        let likeness = looks_like(head);
        if likeness > best.0 {
            best = (likeness, Some(format));
        }
    }
    best.1
}

/// A fresh decoder; `None` for [`Format::Mcap`], which is a container with its own reader.
pub fn decoder(format: Format) -> Option<Box<dyn Decoder>> {
    Some(match format {
        Format::Esp32Csv => Box::new(esp32::Esp32Csv::default()),
        Format::RuviewJsonl => Box::new(ruview::RuviewJsonl::default()),
        Format::Intel5300 => Box::new(intel5300::Intel5300::default()),
        Format::Atheros => Box::new(atheros::Atheros::default()),
        Format::PicoScenes => Box::new(picoscenes::PicoScenes::default()),
        Format::FeitCsi => Box::new(feitcsi::FeitCsi::default()),
        Format::Pcap => Box::new(pcap::Pcap::default()),
        Format::PcapNg => Box::new(pcap::PcapNg::default()),
        Format::Mcap => return None,
    })
}
