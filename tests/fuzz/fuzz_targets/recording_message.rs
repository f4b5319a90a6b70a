//! Any bytes as a message of a recording, without the container whose checksums keep a fuzzer out. What can be read
//! can be written and read again, to the same bytes.
#![no_main]

use corporeal::chunked;
use corporeal::types::message::{Decoder, encode};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut decoder = Decoder::default();
    let Ok(message) = decoder.decode(bytes) else { return };
    chunked::check_frame(&message.frame);
    let mut written = Vec::new();
    encode(message.source, message.provenance, &message.frame, &mut written);
    let again = decoder.decode(&written).expect("what was written can be read");
    let mut rewritten = Vec::new();
    encode(again.source, again.provenance, &again.frame, &mut rewritten);
    assert_eq!(written, rewritten);
});
