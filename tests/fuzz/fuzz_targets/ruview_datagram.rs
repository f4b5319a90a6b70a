//! RuView datagrams: any payload gives nothing, or one step that uses all of it.
#![no_main]

use corporeal::capture::format::ruview::datagram;
use corporeal::capture::format::{Context, Step};
use corporeal::chunked;
use libfuzzer_sys::fuzz_target;

const MAGIC: [u8; 4] = 0xC511_0001_u32.to_le_bytes();

fuzz_target!(|bytes: &[u8]| {
    // With the magic in front as well, so that the fuzzer need not find it.
    for payload in [bytes, [&MAGIC, bytes].concat().as_slice()] {
        match datagram(payload, &Context::default()) {
            None => {}
            Some(Step::Frame { used, frame }) => {
                assert_eq!(used, payload.len());
                chunked::check_frame(&frame);
            }
            Some(Step::Pass { used, .. } | Step::Skip { used, .. }) => assert_eq!(used, payload.len()),
            Some(Step::NeedMore) => panic!("a datagram is whole"),
        }
    }
});
