//! Any bytes as a pcap file: no panic, progress at every step, and chunks give what the whole gives.
#![no_main]

use corporeal::capture::format::{Context, Decoder as _, Step, decode_all, pcap::Pcap};
use corporeal::types::Tally;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk, bytes) = (usize::from(input.0) + 1, input.1);
    let mut whole = Vec::new();
    let tally = decode_all(&mut Pcap::default(), bytes, &Context::default(), |frame| whole.push(frame));

    let (mut decoder, mut frames) = (Pcap::default(), Vec::new());
    let mut chunked = Tally { n_bytes: bytes.len() as u64, ..Tally::default() };
    let (mut at, mut given) = (0, 0);
    while at < bytes.len() {
        let step = match decoder.step(&bytes[at..given], &Context::default()) {
            Step::NeedMore if given == bytes.len() => decoder.finish(&bytes[at..], &Context::default()),
            step => step,
        };
        match step {
            Step::NeedMore => given = (given + chunk).min(bytes.len()),
            Step::Frame { used, frame } => {
                at += used;
                chunked.count_frame(&frame);
                frames.push(frame);
            }
            Step::Pass { used, other } => {
                assert!(used > 0);
                at += used;
                other.into_iter().for_each(|other| chunked.count_other(other));
            }
            Step::Skip { used, reason } => {
                assert!(used > 0);
                at += used;
                chunked.count_skip(reason);
            }
        }
        assert!(at <= given);
    }
    while let Some(frame) = decoder.flush() {
        chunked.count_frame(&frame);
        frames.push(frame);
    }
    // Any float can be made of bytes only through integers, so that equal frames compare equal.
    assert_eq!((frames, chunked), (whole, tally));
});
