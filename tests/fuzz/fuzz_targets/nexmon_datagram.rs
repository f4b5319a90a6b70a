//! UDP payloads as a socket gives them, one after the other, broken ones between: each ends in a frame or a count.
//!
//! The input is a list of payloads. In front of each: two bytes of length, two of pause in units of 100 µs.
#![no_main]

use corporeal::capture::format::pcap::Packets;
use corporeal::capture::format::{Context, Step};
use corporeal::chunked;
use corporeal::types::{Tally, Timestamp};

const NANOS_PER_PAUSE: i64 = 100_000;
/// Frames that may come before a payload is taken in: no more can be waiting.
const MAX_IDLE: usize = 64;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (mut packets, mut tally) = (Packets::default(), Tally::default());
    let (mut now, mut n_payloads) = (Timestamp(0), 0);
    let mut rest = bytes;
    while let Some((&[len0, len1, pause0, pause1], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([len0, len1])).min(after.len());
        let (payload, next) = after.split_at(len);
        rest = next;
        n_payloads += 1;
        now = now.plus_nanos(i64::from(u16::from_le_bytes([pause0, pause1])) * NANOS_PER_PAUSE);
        let context = Context { arrival: Some(now), ..Context::default() };
        let mut n_idle = 0;
        let used = loop {
            match packets.datagram(payload, &context) {
                Step::Frame { used, frame } => {
                    chunked::check_frame(&frame);
                    tally.count_frame(&frame);
                    if used > 0 {
                        break used;
                    }
                    n_idle += 1;
                    assert!(n_idle <= MAX_IDLE, "frames without end");
                }
                Step::Pass { used, other } => {
                    other.into_iter().for_each(|other| tally.count_other(other));
                    break used;
                }
                Step::Skip { used, reason } => {
                    tally.count_skip(reason);
                    break used;
                }
                Step::NeedMore => panic!("a datagram is whole"),
            }
        };
        assert_eq!(used, payload.len());
    }
    let mut n_flushed = 0;
    while let Some(frame) = packets.flush() {
        chunked::check_frame(&frame);
        tally.count_frame(&frame);
        n_flushed += 1;
        assert!(n_flushed <= MAX_IDLE, "frames without end");
    }
    assert_eq!(tally.n_records + tally.n_others() + tally.n_skipped(), n_payloads);
});
