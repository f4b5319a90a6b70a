//! RuView JSON lines: the whole input at once, and in pieces as a stream would give it, must count the same.
#![no_main]

use corporeal::capture::format::ruview::RuviewJsonl;
use corporeal::capture::format::{Context, Decoder, Step, decode_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let context = Context::default();
    let mut n_frames = 0;
    decode_all(&mut RuviewJsonl::default(), bytes, &context, |_| n_frames += 1);

    let chunk_len = usize::from(bytes.first().copied().unwrap_or(0)) + 1;
    let mut decoder = RuviewJsonl::default();
    let (mut start, mut end, mut n_chunked) = (0, 0, 0);
    loop {
        let mut step = decoder.step(&bytes[start..end], &context);
        if matches!(step, Step::NeedMore) {
            if end < bytes.len() {
                end = bytes.len().min(end + chunk_len);
                continue;
            }
            if start == end {
                break;
            }
            step = decoder.finish(&bytes[start..end], &context);
        }
        let used = match step {
            Step::Frame { used, frame } => {
                assert_eq!(frame.values.len(), frame.n_subcarriers() * frame.n_chains());
                n_chunked += 1;
                used
            }
            Step::Pass { used, .. } | Step::Skip { used, .. } => used,
            Step::NeedMore => panic!("finish asks for more"),
        };
        assert!(used > 0 && used <= end - start);
        start += used;
    }
    assert_eq!(n_chunked, n_frames);
});
