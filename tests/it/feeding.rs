//! Ways to feed a decoder that every binary format must stand: piece by piece, and with anything at all.

use corporeal::capture::format::{self, Context, Decoder, Format, Step};
use corporeal::types::{CsiFrame, NodeId, SkipReason, Tally};

use crate::golden;

/// Decodes as a whole, the format given.
pub fn decode_as(format: Format, bytes: &[u8]) -> (Vec<CsiFrame>, Tally) {
    let mut decoder = format::decoder(format).expect("no container");
    golden::decode_bytes(decoder.as_mut(), bytes)
}

/// Decodes pieces of `chunk_len` bytes as they come in, and panics where a step makes no progress.
pub fn decode_in_chunks(format: Format, bytes: &[u8], chunk_len: usize) -> (Vec<CsiFrame>, Tally) {
    let mut decoder = format::decoder(format).expect("no container");
    let mut tally = Tally { n_bytes: bytes.len() as u64, ..Tally::default() };
    let mut frames = Vec::new();
    let (mut at, mut fed) = (0, 0);
    while at < bytes.len() {
        let rest = &bytes[at..fed];
        let step = next_step(decoder.as_mut(), rest, fed == bytes.len());
        let used = match step {
            Step::NeedMore => {
                assert!(rest.len() < 4 << 20, "asks for more than 4 MiB");
                fed = bytes.len().min(fed + chunk_len);
                continue;
            }
            Step::Frame { used, frame } => {
                tally.count_frame(&frame);
                frames.push(frame);
                used
            }
            Step::Pass { used, other } => {
                if let Some(other) = other {
                    tally.count_other(other);
                }
                used
            }
            Step::Skip { used, reason } => {
                tally.count_skip(reason);
                used
            }
        };
        assert!(used > 0 && used <= rest.len(), "used {used} of {} bytes", rest.len());
        at += used;
    }
    (frames, tally)
}

/// At the end of the input, a request for more is answered with the end.
fn next_step(decoder: &mut dyn Decoder, rest: &[u8], is_all: bool) -> Step {
    let context = Context { receiver: NodeId::Source(1), arrival: None };
    let step = if rest.is_empty() { Step::NeedMore } else { decoder.step(rest, &context) };
    match step {
        Step::NeedMore if is_all => match decoder.finish(rest, &context) {
            Step::NeedMore => panic!("asks for more after the end"),
            step => step,
        },
        step => step,
    }
}

/// Whole and in pieces, the same frames and the same counts come out.
#[track_caller]
pub fn check_chunks_equal_whole(format: Format, bytes: &[u8]) {
    let (frames, tally) = decode_as(format, bytes);
    for chunk_len in [1, 13, 1000, 65_536] {
        if chunk_len < 13 && bytes.len() > 8_192 {
            continue;
        }
        let (chunked_frames, chunked_tally) = decode_in_chunks(format, bytes, chunk_len);
        assert_eq!(chunked_tally, tally, "in pieces of {chunk_len}");
        assert_eq!(chunked_frames, frames, "in pieces of {chunk_len}");
    }
}

/// `(frames, other records, skips by reason)`.
pub fn counts(tally: &Tally) -> (u64, u64, Vec<(SkipReason, u64)>) {
    (tally.n_frames, tally.n_others(), tally.skipped.iter().map(|(&reason, &n)| (reason, n)).collect())
}

/// The first values of one chain.
pub fn first(frame: &CsiFrame, rx: usize, tx: usize, n: usize) -> Vec<(f32, f32)> {
    let chain = frame.chain(rx, tx).expect("the chain is there");
    chain.iter().take(n).map(|z| (z.re, z.im)).collect()
}

/// Σ|value| over all frames, as the golden file has it.
pub fn sum_abs(frames: &[CsiFrame]) -> f64 {
    frames.iter().flat_map(|frame| &frame.values).map(|z| f64::from(z.re).hypot(f64::from(z.im))).sum()
}

/// All files below a folder of the shared data, sorted.
pub fn shared_files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let Some(root) = golden::shared_csi(folder) else {
        return Vec::new();
    };
    let mut folders = vec![root];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.file_name().expect("a name").to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("the file is readable")));
            }
        }
    }
    files.sort();
    files
}

/// Deterministic noise.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(len)
    .collect()
}
