//! Real recordings and golden values beside the checkout. Where they are absent, tests say so and pass without checking.

use std::path::PathBuf;

use corporeal::capture::format::{self, Context, Decoder};
use corporeal::types::{CsiFrame, NodeId, Tally};

/// A file under `shared/data/csi`; `None`, with a printed reason, where that folder is absent.
pub fn shared_csi(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CORPOREAL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join("data/csi").join(file);
    if path.exists() {
        Some(path)
    } else {
        println!("SKIPPED: needs ../shared/data/csi/{file}, which is not on this machine");
        None
    }
}

/// The independent decoders' values of one file of `golden.json`, by its key.
pub fn golden(key: &str) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(shared_csi("golden.json")?).expect("golden.json is readable");
    let all: serde_json::Value = serde_json::from_str(&text).expect("golden.json is JSON");
    Some(all.get(key).unwrap_or_else(|| panic!("golden.json has no {key}")).clone())
}

/// Decodes a whole real file, its format chosen by its content.
pub fn decode_shared(file: &str) -> Option<(Vec<CsiFrame>, Tally)> {
    let bytes = std::fs::read(shared_csi(file)?).expect("the file is readable");
    let format = format::detect(&bytes[..bytes.len().min(format::DETECT_LEN)])
        .unwrap_or_else(|| panic!("{file} is not recognised"));
    let mut decoder = format::decoder(format).expect("no container");
    Some(decode_bytes(decoder.as_mut(), &bytes))
}

/// Decodes bytes as a file's: the receiver is source 1 and there is no arrival time.
pub fn decode_bytes(decoder: &mut dyn Decoder, bytes: &[u8]) -> (Vec<CsiFrame>, Tally) {
    let mut frames = Vec::new();
    let context = Context { receiver: NodeId::Source(1), arrival: None };
    let tally = format::decode_all(decoder, bytes, &context, |frame| frames.push(frame));
    (frames, tally)
}

/// `(re, im)` pairs of golden values.
pub fn pairs(value: &serde_json::Value) -> Vec<(f32, f32)> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(|pair| (pair[0].as_f64().expect("re") as f32, pair[1].as_f64().expect("im") as f32))
        .collect()
}
