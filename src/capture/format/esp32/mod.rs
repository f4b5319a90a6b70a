//! ESP32 serial CSV: text lines with `CSI_DATA`, live from a port or saved, as every ESP32 CSI firmware prints them.
//!
//! ESP32-CSI-Tool, esp-csi (classic chips, C5/C6, esp-crab) and esp-csi's console tool are told apart line by line, for
//! one stream may mix them. Boot logs, cut lines and noise are counted and passed by. Payloads are pairs of imaginary,
//! real (ESP-IDF's order). Values stay as printed: nothing is scaled for gain, and known garbage is only marked.

mod columns;
mod layout;
mod line;

use columns::{Columns, Family};
pub(super) use layout::Layout;
use layout::{Layouts, PacketKind, Shape};
use line::Fields;

use super::text_lines::{self, Front, Lines};
use super::{Context, Decoder, Format, Likeness, Step};
use crate::types::{Channel, Complex32, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, NodeId, Other, SkipReason};

/// A record's mark, or a header line, anywhere: a boot log of some KiB may come first.
pub fn looks_like(head: &[u8]) -> Likeness {
    let has_header = || memchr::memmem::find(head, b"type,").is_some() && head.split(|b| *b == b'\n').any(is_header);
    if line::find_mark(head).is_some() || has_header() { Likeness::Certain } else { Likeness::No }
}

fn is_header(line: &[u8]) -> bool {
    Columns::from_header(line).is_some()
}

#[derive(Clone, Default)]
pub struct Esp32Csv {
    lines: Lines,
    /// The last header line.
    header: Option<Columns>,
    layouts: Layouts,
    /// The payload of the record being read; kept for its memory.
    values: Vec<i16>,
}

impl Decoder for Esp32Csv {
    fn format(&self) -> Format {
        Format::Esp32Csv
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

impl Esp32Csv {
    fn read_line(&mut self, line: &[u8], used: usize, context: &Context) -> Step {
        let mark = line::find_mark(line);
        // A header may hold the mark as well: ESP32-CSI-Tool calls its last column CSI_DATA.
        if mark != Some(0)
            && let Some(columns) = Columns::from_header(line)
        {
            self.header = Some(columns);
            return Step::Pass { used, other: Some(Other::TextLine) };
        }
        let Some(start) = mark else { return text_lines::other_line(line, used) };
        let record = &line[start..];
        match line::parse(record, self.header.as_ref(), &mut self.values) {
            Ok(fields) => {
                let used = up_to_next(line, start + fields.end).unwrap_or(used);
                match self.frame(&fields, context) {
                    Ok(frame) => Step::Frame { used, frame },
                    Err(reason) => Step::Skip { used, reason },
                }
            }
            // Where a record was cut and the next follows on the same line, the next is saved.
            Err(reason) => Step::Skip { used: up_to_next(line, start + line::MARK.len()).unwrap_or(used), reason },
        }
    }

    fn frame(&mut self, fields: &Fields, context: &Context) -> Result<CsiFrame, SkipReason> {
        if self.values.is_empty() || !self.values.len().is_multiple_of(2) {
            return Err(SkipReason::BadValueCount);
        }
        let shape = Shape {
            family: fields.family,
            n_pairs: self.values.len() / 2,
            secondary_channel: fields.secondary_channel,
            kind: PacketKind::new(fields.sig_mode, fields.bandwidth, fields.stbc),
            // ESP32-CSI-Tool does not print the mark and its chip is nearly always the one with the garbage.
            is_first_word_invalid: fields.first_word_invalid.unwrap_or(true),
        };
        let layout = self.layouts.find(&shape).ok_or(SkipReason::UnknownLayout)?;

        let mut flags = FrameFlags::default();
        let mut raise = |flag, is_raised| {
            if is_raised {
                flags.insert(flag);
            }
        };
        raise(FrameFlags::LENGTH_MISMATCH, i64::try_from(self.values.len()) != Ok(fields.len));
        raise(FrameFlags::FIRST_WORD_INVALID, fields.first_word_invalid == Some(true));
        raise(FrameFlags::GUESSED_LAYOUT, layout.is_guess);
        raise(FrameFlags::RX_ERROR, fields.rx_state != 0);
        Ok(CsiFrame {
            link: LinkId { tx: NodeId::Mac(fields.mac), rx: context.receiver },
            host_time: context.arrival.or(fields.host_time),
            device_time: Some(DeviceTime::from_micros_u32(fields.device_micros)),
            sequence: fields.sequence,
            hardware: if layout.is_newer { Hardware::Esp32C6 } else { Hardware::Esp32 },
            channel: channel(fields, &layout),
            rssi_dbm: fields.rssi_dbm.map(f32::from),
            noise_dbm: fields.noise_dbm.map(f32::from),
            agc: fields.agc,
            n_rx: 1,
            n_tx: 1,
            values: complex(&self.values),
            subcarriers: layout.subcarriers,
            flags,
            ..CsiFrame::default()
        })
    }
}

/// The order of a buffer of which nothing is known but its size: no second channel, the fields that fit.
pub(super) fn layout_by_count(n_pairs: usize) -> Option<Layout> {
    layout::find(&Shape {
        family: Family::Classic,
        n_pairs,
        secondary_channel: 0,
        kind: PacketKind::NonHt,
        is_first_word_invalid: false,
    })
}

/// ESP-IDF writes the imaginary part first.
fn complex(values: &[i16]) -> Vec<Complex32> {
    let (pairs, _) = values.as_chunks::<2>();
    pairs.iter().map(|&[im, re]| Complex32::new(f32::from(re), f32::from(im))).collect()
}

fn up_to_next(line: &[u8], from: usize) -> Option<usize> {
    let rest = line.get(from..)?;
    memchr::memmem::find(rest, line::MARK).map(|next| from + next)
}

/// The channel whose centre is subcarrier 0: a receiver set to 40 MHz counts from the middle of both halves, also for
/// the 20 MHz packets it hears.
fn channel(fields: &Fields, layout: &Layout) -> Channel {
    let primary_mhz = primary_mhz(fields.channel);
    let (offset_mhz, bandwidth_mhz) = match fields.secondary_channel {
        1 => (10, 40),
        2 => (-10, 40),
        _ if fields.family == Family::Newer && layout.is_40_mhz => (newer_offset_mhz(fields.channel), 40),
        _ if fields.bandwidth != 0 || layout.is_40_mhz => (0, 40),
        _ => (0, 20),
    };
    let centre_mhz = if primary_mhz == 0 { 0 } else { primary_mhz.saturating_add_signed(offset_mhz) };
    Channel { centre_mhz, bandwidth_mhz }
}

/// IEEE 802.11 channel numbers; 0 for numbers of neither band.
fn primary_mhz(number: u16) -> u16 {
    match number {
        1..=13 => 2407 + 5 * number,
        14 => 2484,
        32..=177 => 5000 + 5 * number,
        _ => 0,
    }
}

/// C5 and C6 do not print the secondary channel. At 5 GHz the pairs are fixed (36+40, 44+48, …, 149+153, …);
/// at 2.4 GHz it stays unknown, and the primary's centre is given although the true one lies 10 MHz above or below.
fn newer_offset_mhz(number: u16) -> i16 {
    let first = match number {
        36..=64 => 36,
        100..=144 => 100,
        149..=177 => 149,
        _ => return 0,
    };
    if ((number - first) / 4).is_multiple_of(2) { 10 } else { -10 }
}
