//! The properties that every decoder keeps for any input: no panic, progress, and the same result in pieces as whole.

use crate::capture::format::{self, Context, Format, Step};
use crate::types::{CsiFrame, Tally};

/// Pieces of an input at most. Each makes the decoder look again at what it waits for, which is quadratic in the input.
const MAX_PIECES: usize = 64;
/// Frames in a row that a decoder may hand out without using a byte: no more can be waiting.
const MAX_IDLE: usize = 64;

/// Decodes whole and in pieces, and compares.
pub fn check(format: Format, data: &[u8]) {
    let (whole_frames, whole_tally) = whole(format, data);
    // The first byte of the input chooses the piece length, so that the fuzzer can search for a bad one.
    let piece_len = 1 + usize::from(data.first().copied().unwrap_or(0)).max(data.len() / MAX_PIECES);
    let (frames, tally) = in_pieces(format, data, piece_len);
    assert_eq!(tally, whole_tally);
    assert_eq!(frames.len(), whole_frames.len());
    for (frame, whole_frame) in frames.iter().zip(&whole_frames) {
        check_frame(frame);
        // A number may be "not a number", which equals nothing but prints the same.
        assert!(frame == whole_frame || format!("{frame:?}") == format!("{whole_frame:?}"));
    }
}

/// What every frame keeps, whatever it was read from.
pub fn check_frame(frame: &CsiFrame) {
    assert_eq!(frame.values.len(), frame.n_chains() * frame.n_subcarriers());
}

fn whole(format: Format, data: &[u8]) -> (Vec<CsiFrame>, Tally) {
    let mut frames = Vec::new();
    let mut decoder = format::decoder(format).expect("no container");
    let tally = format::decode_all(decoder.as_mut(), data, &Context::default(), |frame| frames.push(frame));
    (frames, tally)
}

fn in_pieces(format: Format, data: &[u8], piece_len: usize) -> (Vec<CsiFrame>, Tally) {
    let context = Context::default();
    let mut decoder = format::decoder(format).expect("no container");
    let mut frames = Vec::new();
    let mut tally = Tally { n_bytes: data.len() as u64, ..Tally::default() };
    let (mut at, mut fed, mut n_idle) = (0, 0, 0);
    while at < data.len() {
        let rest = &data[at..fed];
        let step = if rest.is_empty() { Step::NeedMore } else { decoder.step(rest, &context) };
        let step = match step {
            Step::NeedMore if fed == data.len() => decoder.finish(rest, &context),
            step => step,
        };
        let used = match step {
            Step::NeedMore => {
                assert!(fed < data.len(), "asks for more after the end");
                fed = data.len().min(fed + piece_len);
                continue;
            }
            Step::Frame { used, frame } => {
                tally.count_frame(&frame);
                frames.push(frame);
                n_idle = if used == 0 { n_idle + 1 } else { 0 };
                assert!(n_idle <= MAX_IDLE, "frames without end");
                used
            }
            Step::Pass { used, other } => {
                if let Some(other) = other {
                    tally.count_other(other);
                }
                assert!(used > 0);
                used
            }
            Step::Skip { used, reason } => {
                tally.count_skip(reason);
                assert!(used > 0);
                used
            }
        };
        assert!(used <= rest.len());
        at += used;
    }
    while let Some(frame) = decoder.flush() {
        tally.count_frame(&frame);
        frames.push(frame);
        n_idle += 1;
        assert!(n_idle <= 2 * MAX_IDLE, "frames without end");
    }
    (frames, tally)
}
