//! Any bytes as a file of an unknown format: what is detected is then decoded.
#![no_main]

use corporeal::capture::format::{self, Context, DETECT_LEN};
use corporeal::chunked;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let found = format::detect(&bytes[..bytes.len().min(DETECT_LEN)]);
    if let Some(mut decoder) = found.and_then(format::decoder) {
        format::decode_all(decoder.as_mut(), bytes, &Context::default(), |frame| chunked::check_frame(&frame));
    }
});
