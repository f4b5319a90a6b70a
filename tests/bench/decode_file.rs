//! Decodes whole recordings again and again and prints one line of JSON for each: our side of `tests/bench/peers.py`.
//!
//! `cargo bench --bench decode_file -- [--reader] [--repeat N] FILE…`. A run opens the file, reads it (from the page
//! cache, as it was just read), chooses the format by content and decodes every record into a `Vec<CsiFrame>`; with
//! `--reader` it does so by the program's own reader, piece by piece and with device clocks aligned. Nothing is pinned here.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use corporeal::capture::format::{self, Context};
use corporeal::capture::source::file::{FileReader, Stamped};
use corporeal::types::{CsiFrame, NodeId, Tally};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut n_runs = 15;
    let mut decode: fn(&Path) -> Decoded = decode_whole;
    let mut files = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo says so to every benchmark.
            "--bench" => {}
            "--reader" => decode = decode_by_reader,
            "--repeat" => n_runs = args.next().ok_or("--repeat needs a number")?.parse::<usize>()?.max(1),
            _ => files.push(arg),
        }
    }
    if files.is_empty() {
        println!("usage: cargo bench --bench decode_file -- [--reader] [--repeat N] FILE…");
    }
    for file in files {
        let path = Path::new(&file);
        let (frames, tally) = decode(path)?;
        let mut secs = Vec::with_capacity(n_runs);
        for _ in 0..n_runs {
            let began = Instant::now();
            let decoded = decode(path)?;
            secs.push(began.elapsed().as_secs_f64());
            assert_eq!(decoded.0.len(), frames.len(), "every run gives the same frames");
        }
        let line = serde_json::json!({
            "file": file,
            "bytes": tally.n_bytes,
            "frames": tally.n_frames,
            "records": tally.n_records,
            "skipped": tally.n_skipped(),
            "values": frames.iter().map(|frame| frame.values.len()).sum::<usize>(),
            "secs": secs,
        });
        println!("{line}");
    }
    Ok(())
}

type Decoded = Result<(Vec<CsiFrame>, Tally), Box<dyn Error>>;

fn decode_whole(path: &Path) -> Decoded {
    let bytes = std::fs::read(path)?;
    let head = &bytes[..bytes.len().min(format::DETECT_LEN)];
    let format = format::detect(head).ok_or_else(|| format!("not a CSI recording: {path:?}"))?;
    let mut decoder = format::decoder(format).ok_or("containers need --reader")?;
    let mut frames = Vec::new();
    let context = Context { receiver: NodeId::Source(1), arrival: None };
    let tally = format::decode_all(decoder.as_mut(), &bytes, &context, |frame| frames.push(frame));
    Ok((frames, tally))
}

fn decode_by_reader(path: &Path) -> Decoded {
    let mut reader = FileReader::open(path, 1)?;
    let mut frames = Vec::new();
    while let Some(Stamped { frame, .. }) = reader.next_frame()? {
        frames.push(frame);
    }
    while let Some(Stamped { frame, .. }) = reader.finish() {
        frames.push(frame);
    }
    Ok((frames, reader.tally()))
}
