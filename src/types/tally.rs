//! Bad input is data: what was read, kept, skipped and why, in numbers that can be shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CsiFrame, FrameFlags};

/// Why a record could not become a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The input ended inside a record.
    CutTail,
    /// A few bytes after the last record that are none.
    TrailingBytes,
    /// A length field larger than any record of the format.
    LengthTooLarge,
    /// The header contradicts itself or the payload.
    BadHeader,
    /// An odd number of I/Q values, or none.
    BadValueCount,
    /// A value that is no number or out of range.
    BadNumber,
    /// No known subcarrier layout has this many values.
    UnknownLayout,
    /// A hardware or version code we do not know.
    UnknownHardware,
    /// A text line that is neither a record nor a known message.
    BadLine,
    /// The checksum does not match.
    BadChecksum,
    /// Bytes between records that match nothing; skipped up to the next record.
    LostSync,
}

impl SkipReason {
    pub fn label(self) -> &'static str {
        match self {
            Self::CutTail => "cut off at the end",
            Self::TrailingBytes => "stray bytes at the end",
            Self::LengthTooLarge => "impossible length",
            Self::BadHeader => "header contradicts itself",
            Self::BadValueCount => "wrong number of values",
            Self::BadNumber => "not a number",
            Self::UnknownLayout => "unknown subcarrier layout",
            Self::UnknownHardware => "unknown hardware or version",
            Self::BadLine => "unreadable line",
            Self::BadChecksum => "wrong checksum",
            Self::LostSync => "lost synchronisation",
        }
    }
}

/// Well-formed input that is not CSI: counted, but no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Other {
    /// A column header, boot log or console line.
    TextLine,
    /// A packet of another protocol in a capture.
    ForeignPacket,
    /// A record of the same format that carries no CSI (vitals, beamforming, features).
    WithoutCsi,
}

impl Other {
    pub fn label(self) -> &'static str {
        match self {
            Self::TextLine => "text lines",
            Self::ForeignPacket => "other packets",
            Self::WithoutCsi => "records without CSI",
        }
    }
}

/// Counts over one input. `n_records = frames' n_records + others + skipped`: nothing vanishes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub n_bytes: u64,
    /// Frames handed on.
    pub n_frames: u64,
    /// Wire records inside those frames (more than the frames where chains were joined).
    pub n_records: u64,
    pub skipped: BTreeMap<SkipReason, u64>,
    pub others: BTreeMap<Other, u64>,
    /// Frames kept although odd, by flag (each of [`FrameFlags::ALL`] counts on its own).
    pub flagged: BTreeMap<u16, u64>,
}

impl Tally {
    pub fn count_frame(&mut self, frame: &CsiFrame) {
        self.n_frames += 1;
        self.n_records += u64::from(frame.n_records);
        if frame.flags != FrameFlags::default() {
            for (flag, _) in FrameFlags::ALL {
                if frame.flags.contains(flag) {
                    *self.flagged.entry(flag.0).or_default() += 1;
                }
            }
        }
    }

    pub fn count_skip(&mut self, reason: SkipReason) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    pub fn count_other(&mut self, other: Other) {
        *self.others.entry(other).or_default() += 1;
    }

    /// Whether nothing at all was counted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub fn n_skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    pub fn n_others(&self) -> u64 {
        self.others.values().sum()
    }

    pub fn add(&mut self, other: &Self) {
        self.n_bytes += other.n_bytes;
        self.n_frames += other.n_frames;
        self.n_records += other.n_records;
        for (&reason, n) in &other.skipped {
            *self.skipped.entry(reason).or_default() += n;
        }
        for (&kind, n) in &other.others {
            *self.others.entry(kind).or_default() += n;
        }
        for (&flag, n) in &other.flagged {
            *self.flagged.entry(flag).or_default() += n;
        }
    }
}
