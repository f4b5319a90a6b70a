//! Cuts a growing byte string into lines, for the text formats. Bounded: a line that never ends is skipped.

use super::Step;
use crate::types::{Other, SkipReason};

/// The longest line that is waited for. The longest real record (ESP32, 612 values) has about 3 KiB.
pub(super) const MAX_LINE_LEN: usize = 64 * 1024;

/// What the front of the input is.
pub(super) enum Front<'a> {
    /// A line without its end, and how many bytes it takes with it.
    Line(&'a [u8], usize),
    /// No line to read; this is the answer.
    Answer(Step),
}

#[derive(Clone, Default)]
pub(super) struct Lines {
    /// Inside a line that was given up: the rest of it belongs to the skip that was counted.
    in_oversized: bool,
}

impl Lines {
    pub(super) fn front<'a>(&mut self, bytes: &'a [u8]) -> Front<'a> {
        if self.in_oversized && !bytes.is_empty() {
            let end = memchr::memchr(b'\n', bytes);
            self.in_oversized = end.is_none();
            return Front::Answer(Step::Pass { used: end.map_or(bytes.len(), |end| end + 1), other: None });
        }
        let window = bytes.get(..MAX_LINE_LEN).unwrap_or(bytes);
        match memchr::memchr(b'\n', window) {
            Some(end) => Front::Line(without_return(&window[..end]), end + 1),
            None if window.len() == MAX_LINE_LEN => {
                self.in_oversized = true;
                Front::Answer(Step::Skip { used: MAX_LINE_LEN, reason: SkipReason::LengthTooLarge })
            }
            None => Front::Answer(Step::NeedMore),
        }
    }

    /// The same at the end of the input, where a line needs no newline. `rest` is not empty.
    pub(super) fn last<'a>(&mut self, rest: &'a [u8]) -> Front<'a> {
        match self.front(rest) {
            Front::Answer(Step::NeedMore) => Front::Line(without_return(rest), rest.len()),
            front => front,
        }
    }
}

/// What a line without a record is. Empty lines count as nothing.
pub(super) fn other_line(line: &[u8], used: usize) -> Step {
    if line.trim_ascii().is_empty() {
        Step::Pass { used, other: None }
    } else if is_text(line) {
        Step::Pass { used, other: Some(Other::TextLine) }
    } else {
        Step::Skip { used, reason: SkipReason::BadLine }
    }
}

/// What `step` means when its line was the unterminated last one: a broken line was cut, not damaged.
pub(super) fn as_tail(step: Step, rest: &[u8]) -> Step {
    let is_last = |used: usize| used == rest.len() && !rest.ends_with(b"\n");
    match step {
        Step::Skip { used, .. } | Step::Pass { used, other: Some(_) } if is_last(used) && used <= 2 => {
            Step::Skip { used, reason: SkipReason::TrailingBytes }
        }
        Step::Skip { used, reason: SkipReason::BadLine } if is_last(used) => {
            Step::Skip { used, reason: SkipReason::CutTail }
        }
        step => step,
    }
}

/// Whether a person could read the line: a log or console line, not line noise.
fn is_text(line: &[u8]) -> bool {
    // Escape starts the colours of ESP-IDF's log.
    let is_printable = |byte: &u8| *byte >= b' ' || matches!(*byte, b'\t' | b'\r' | 0x1b);
    line.iter().all(is_printable) && std::str::from_utf8(line).is_ok()
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
