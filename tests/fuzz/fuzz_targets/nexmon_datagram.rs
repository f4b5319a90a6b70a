//! Any bytes as payloads of a UDP port: no panic, and every payload ends up in a frame or a count.
#![no_main]

use corporeal::capture::format::{Context, Step, pcap::Packets};
use corporeal::types::{Tally, Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|payloads: Vec<(u16, Vec<u8>)>| {
    let (mut packets, mut tally, mut micros) = (Packets::default(), Tally::default(), 0);
    for (pause_micros, payload) in &payloads {
        micros += i64::from(*pause_micros);
        let context = Context { arrival: Some(Timestamp::from_micros(micros)), ..Context::default() };
        // Headers are easy to find once the magic number is there.
        let payload = [&[0x11, 0x11], payload.as_slice()].concat();
        loop {
            match packets.datagram(&payload, &context) {
                Step::Frame { used, frame } => {
                    assert_eq!(frame.values.len(), frame.n_chains() * frame.n_subcarriers());
                    tally.count_frame(&frame);
                    if used == 0 {
                        continue;
                    }
                }
                Step::Pass { other, .. } => other.into_iter().for_each(|other| tally.count_other(other)),
                Step::Skip { reason, .. } => tally.count_skip(reason),
                Step::NeedMore => panic!("a datagram is whole"),
            }
            break;
        }
    }
    while let Some(frame) = packets.flush() {
        tally.count_frame(&frame);
    }
    assert_eq!(tally.n_records + tally.n_others() + tally.n_skipped(), payloads.len() as u64);
});
