//! RuView recordings and datagrams through the front door: real dumps, every kind of record, damaged input.

use corporeal::capture::format::ruview::{RuviewJsonl, datagram, looks_like_jsonl};
use corporeal::capture::format::{self, Context, Format, Likeness, Step};
use corporeal::types::{
    Channel, CsiFrame, FrameFlags, Hardware, LinkId, LtfField, NodeId, Other, SkipReason, Tally, Timestamp,
};
use proptest::prelude::*;

use super::feeding::decode_in_chunks;
use super::golden;

const PRETRAIN: &str = "ruview/pretrain-1775182186.csi.jsonl";

fn decode(text: impl AsRef<[u8]>) -> (Vec<CsiFrame>, Tally) {
    golden::decode_bytes(&mut RuviewJsonl::default(), text.as_ref())
}

#[track_caller]
fn one_frame(text: impl AsRef<[u8]>) -> CsiFrame {
    let (mut frames, tally) = decode(text);
    assert_eq!(frames.len(), 1, "{tally:?}");
    frames.remove(0)
}

/// An I/Q buffer whose i-th subcarrier is `i + (i - 128)j`.
fn buffer(n_pairs: usize) -> Vec<u8> {
    (0..n_pairs).flat_map(|i| [(i as u8).wrapping_sub(128), i as u8]).collect()
}

fn dump(n_pairs: usize) -> String {
    let hex: String = buffer(n_pairs).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{{\"timestamp\": 1700000000.25, \"node_id\": 3, \"magic\": \"0xC5110001\", \"size\": {}, \"rssi\": -40, \
         \"type\": \"raw_csi\", \"iq_hex\": \"{hex}\", \"subcarriers\": {n_pairs}}}\n",
        20 + 2 * n_pairs
    )
}

fn amplitudes(n: usize) -> String {
    let list: Vec<String> = (0..n).map(|k| format!("{k}.5")).collect();
    format!(
        "{{\"timestamp\":1700000000.25,\"subcarriers\":[{}],\"rssi\":0.0,\"noise_floor\":0.0,\"features\":{{\"variance\":\
         1.5}}}}\n",
        list.join(",")
    )
}

fn packet(n_antennas: u8, n_subcarriers: u16, iq: &[u8]) -> Vec<u8> {
    let mut packet = 0xC511_0001_u32.to_le_bytes().to_vec();
    packet.extend([7, n_antennas]);
    packet.extend(n_subcarriers.to_le_bytes());
    packet.extend(2462_u32.to_le_bytes());
    packet.extend(70_000_u32.to_le_bytes());
    packet.extend([(-52_i8).cast_unsigned(), (-91_i8).cast_unsigned(), 0, 0]);
    packet.extend(iq);
    packet
}

const ARRIVED: Context = Context { receiver: NodeId::Source(1), arrival: Some(Timestamp(5_000)) };

#[test]
fn every_line_of_the_node_dump_is_a_frame_or_a_count() {
    let Some((frames, tally)) = golden::decode_shared(PRETRAIN) else { return };
    assert_eq!((tally.n_frames, tally.n_records, tally.n_skipped()), (5309, 5309, 0));
    assert_eq!(tally.others, [(Other::WithoutCsi, 474)].into(), "vitals, features and two compressed records");
    assert_eq!(tally.n_frames + tally.n_others(), 5783);
    assert_eq!(tally.flagged, [(FrameFlags::GUESSED_LAYOUT.0, 5309)].into());

    let count = |is_wanted: &dyn Fn(&CsiFrame) -> bool| frames.iter().filter(|frame| is_wanted(frame)).count();
    let sizes = [64, 128, 192].map(|n| count(&|frame| frame.n_subcarriers() == n));
    assert_eq!(sizes, [4127, 1134, 48]);
    let nodes = [1, 2].map(|node| count(&|frame| frame.link.rx == NodeId::Number(node)));
    assert_eq!(nodes, [2659, 2650]);
    assert_eq!(count(&|frame| frame.rssi_dbm.is_some()), 0, "the dump holds a constant 1 where power should be");
    assert!(frames.is_sorted_by_key(|frame| frame.host_time));
}

#[test]
fn the_nulls_of_the_node_dump_lie_where_the_guess_says() {
    let Some((frames, _)) = golden::decode_shared(PRETRAIN) else { return };
    for frame in frames {
        for (field, range) in frame.subcarriers.ranges() {
            let edge = if field == LtfField::Lltf { 26 } else { 28 };
            for at in range {
                let is_beyond = frame.subcarriers.index[at].abs() > edge;
                assert!(!is_beyond || frame.values[at].norm_sqr() == 0.0, "position {at} is a guard");
            }
        }
    }
}

#[test]
fn the_first_record_equals_the_golden_values() {
    let Some(golden) = golden::golden("ruview_jsonl") else { return };
    let (frames, _) = golden::decode_shared(PRETRAIN).expect("the file lies beside golden.json");
    let first = &frames[0];
    let values: Vec<_> = first.values[..5].iter().map(|z| (z.re, z.im)).collect();
    assert_eq!(values, golden::pairs(&golden["first5_re_odd_im_even"]));
    assert_eq!(first.n_subcarriers() as u64, golden["rec0"]["subcarriers"].as_u64().expect("a count"));
    let node = golden["rec0"]["node_id"].as_u64().expect("a node") as u16;
    assert_eq!(first.link, LinkId { tx: NodeId::Unknown, rx: NodeId::Number(node) });
    let host_time = first.host_time.expect("the dump is stamped");
    let expected_secs = golden["rec0"]["timestamp"].as_f64().expect("seconds");
    assert!((host_time.secs_f64() - expected_secs).abs() < 1e-6);
}

#[test]
fn amplitude_recordings_are_frames_that_say_so() {
    for (file, n_lines) in [
        ("ruview/rec_1772470567081-20260302_165607.csi.jsonl", 253),
        ("ruview/rec_1772472968919-20260302_173608.csi.jsonl", 3),
    ] {
        let Some((frames, tally)) = golden::decode_shared(file) else { return };
        assert_eq!((tally.n_frames, tally.n_skipped(), tally.n_others()), (n_lines, 0, 0));
        for frame in frames {
            assert_eq!(frame.flags, FrameFlags::AMPLITUDE_ONLY | FrameFlags::GUESSED_LAYOUT);
            assert_eq!((frame.rssi_dbm, frame.noise_dbm, frame.link.rx), (None, None, NodeId::Source(1)));
            assert!(frame.host_time.is_some_and(Timestamp::is_wall_clock));
            for (k, z) in frame.subcarriers.index.iter().zip(&frame.values) {
                assert_eq!(z.im, 0.0);
                assert!(z.re == 0.0 || (1..=26).contains(&k.abs()), "subcarrier {k} is a null");
            }
        }
    }
}

#[test]
fn a_dump_line_is_the_datagram_that_it_holds() {
    for n_pairs in [64, 128, 192] {
        let from_line = one_frame(dump(n_pairs));
        let payload = packet(1, n_pairs as u16, &buffer(n_pairs));
        let Some(Step::Frame { used, frame }) = datagram(&payload, &ARRIVED) else { panic!("a frame") };
        assert_eq!(used, payload.len());
        assert_eq!((&frame.values, &frame.subcarriers), (&from_line.values, &from_line.subcarriers));
        assert_eq!((frame.values[5].re, frame.values[5].im), (5.0, -123.0));
        assert_eq!(frame.flags, FrameFlags::GUESSED_LAYOUT);
    }
}

#[test]
fn a_dump_line_gives_all_that_it_says() {
    let frame = one_frame(dump(64));
    assert_eq!(frame.link, LinkId { tx: NodeId::Unknown, rx: NodeId::Number(3) });
    assert_eq!(frame.host_time, Some(Timestamp(1_700_000_000_250_000_000)));
    assert_eq!((frame.rssi_dbm, frame.sequence, frame.device_time), (Some(-40.0), None, None));
    assert_eq!(frame.channel, Channel { centre_mhz: 0, bandwidth_mhz: 20 });
    assert_eq!(one_frame(dump(64).replace("\"rssi\"", "\"seq\": 12, \"rssi\"")).sequence, Some(12));
    assert_eq!(one_frame(amplitudes(56)).values[9].re, 9.5);
}

#[test]
fn a_datagram_gives_all_that_it_says() {
    let Some(Step::Frame { frame, .. }) = datagram(&packet(1, 64, &buffer(64)), &ARRIVED) else { panic!("a frame") };
    assert_eq!(frame.link, LinkId { tx: NodeId::Unknown, rx: NodeId::Number(7) });
    assert_eq!((frame.rssi_dbm, frame.noise_dbm, frame.sequence), (Some(-52.0), Some(-91.0), Some(70_000)));
    assert_eq!((frame.host_time, frame.device_time), (Some(Timestamp(5_000)), None));
    assert_eq!(frame.channel, Channel { centre_mhz: 2462, bandwidth_mhz: 20 });
    assert_eq!((frame.n_rx, frame.n_tx, frame.hardware), (1, 1, Hardware::Esp32));
    let index: Vec<i16> = (0..=31).chain(-32..=-1).collect();
    assert_eq!(frame.subcarriers.index, index);
}

#[test]
fn more_antennas_are_more_chains() {
    let Some(Step::Frame { frame, .. }) = datagram(&packet(2, 64, &buffer(128)), &ARRIVED) else { panic!("a frame") };
    assert_eq!((frame.n_rx, frame.n_subcarriers(), frame.values.len()), (2, 64, 128));
    assert_eq!(frame.chain(1, 0).expect("a second chain")[0].re, 64.0);
}

#[test]
fn frames_of_one_size_share_their_table() {
    let (frames, _) = decode(dump(128).repeat(2));
    assert!(std::sync::Arc::ptr_eq(&frames[0].subcarriers, &frames[1].subcarriers));
}

#[test]
fn sibling_records_are_counted_as_such() {
    for magic in [0xC511_0002_u32, 0xC511_0003, 0xC511_0004, 0xC511_0005, 0xC511_0006, 0xC511_0007, 0xC511_8100] {
        let payload = [magic.to_le_bytes().as_slice(), &[0; 28]].concat();
        let step = datagram(&payload, &ARRIVED);
        assert!(matches!(step, Some(Step::Pass { used: 32, other: Some(Other::WithoutCsi) })), "{magic:08x}: {step:?}");
    }
    let lines = "{\"timestamp\":1.5,\"node_id\":1,\"magic\":\"0xC5110002\",\"type\":\"vitals\",\"flags\":4}\n\
                 {\"timestamp\":1.5,\"node_id\":1,\"magic\":\"0xC5110005\",\"size\":104,\"rssi\":0}\n{}\n";
    assert_eq!(decode(lines).1.others, [(Other::WithoutCsi, 3)].into());
}

#[test]
fn other_datagrams_are_not_taken() {
    for payload in [&b""[..], b"\x01", b"\x01\x00\x11", b"\x11\x11\x00\x00 nexmon", &0xC510_0001_u32.to_le_bytes()] {
        assert!(datagram(payload, &ARRIVED).is_none());
    }
}

#[track_caller]
fn check_datagram_skipped(payload: &[u8], expected: SkipReason) {
    match datagram(payload, &ARRIVED) {
        Some(Step::Skip { used, reason }) => assert_eq!((used, reason), (payload.len(), expected)),
        step => panic!("{step:?}"),
    }
}

#[test]
fn bad_datagrams_are_counted_by_reason() {
    let good = packet(1, 64, &buffer(64));
    check_datagram_skipped(&good[..4], SkipReason::CutTail);
    check_datagram_skipped(&good[..19], SkipReason::CutTail);
    check_datagram_skipped(&good[..good.len() - 1], SkipReason::CutTail);
    check_datagram_skipped(&packet(255, u16::MAX, &[0; 128]), SkipReason::CutTail);
    check_datagram_skipped(&packet(0, 64, &buffer(64)), SkipReason::BadHeader);
    check_datagram_skipped(&packet(1, 0, &[]), SkipReason::BadValueCount);
    check_datagram_skipped(&packet(1, 65, &buffer(65)), SkipReason::UnknownLayout);
}

#[test]
fn surplus_bytes_and_impossible_frequencies_are_not_believed() {
    let Some(Step::Frame { frame, .. }) = datagram(&packet(1, 64, &buffer(70)), &ARRIVED) else { panic!("a frame") };
    assert!(frame.flags.contains(FrameFlags::LENGTH_MISMATCH));
    let mut payload = packet(1, 64, &buffer(64));
    payload[8..12].fill(0xff);
    payload[16..18].fill(0);
    let Some(Step::Frame { frame, .. }) = datagram(&payload, &ARRIVED) else { panic!("a frame") };
    assert_eq!((frame.channel.centre_mhz, frame.rssi_dbm, frame.noise_dbm), (0, None, None));
}

#[track_caller]
fn check_skipped(text: impl AsRef<[u8]>, reason: SkipReason) {
    let (frames, tally) = decode(text.as_ref());
    let expected = Tally { n_bytes: tally.n_bytes, skipped: [(reason, 1)].into(), ..Tally::default() };
    assert_eq!((frames.len(), tally), (0, expected), "{:.90}", String::from_utf8_lossy(text.as_ref()));
}

#[test]
fn bad_lines_are_counted_by_reason() {
    let good = dump(64);
    check_skipped(good.replace("\"iq_hex\": \"8000", "\"iq_hex\": \"800"), SkipReason::BadValueCount);
    check_skipped(good.replace("\"iq_hex\": \"8000", "\"iq_hex\": \"00"), SkipReason::BadValueCount);
    check_skipped(good.replace("\"iq_hex\": \"8000", "\"iq_hex\": \"80zz"), SkipReason::BadNumber);
    check_skipped(good.replace("\"iq_hex\": \"8000", "\"iq_hex\": \""), SkipReason::UnknownLayout);
    check_skipped(good.replace("iq_hex", "hex"), SkipReason::BadHeader);
    check_skipped(good.replace("\"node_id\": 3", "\"node_id\": -3"), SkipReason::BadHeader);
    check_skipped(good.replace("\"timestamp\":", "\"timestamp\""), SkipReason::BadLine);
    check_skipped(amplitudes(58), SkipReason::UnknownLayout);
    check_skipped(amplitudes(0), SkipReason::BadValueCount);
    check_skipped(amplitudes(56).replace("[0.5", "[-0.5"), SkipReason::BadNumber);
    check_skipped(amplitudes(56).replace("[0.5", "[null"), SkipReason::BadHeader);
    check_skipped(&good[..100], SkipReason::CutTail);
    check_skipped("{", SkipReason::TrailingBytes);
    check_skipped(b"\x00\xff\xff\n", SkipReason::BadLine);
    check_skipped(format!("{{\"a\":{}\n", "[".repeat(10_000)), SkipReason::BadLine);
}

#[test]
fn sizes_that_disagree_are_flagged() {
    let flags = |text: String| one_frame(text).flags;
    let expected = FrameFlags::LENGTH_MISMATCH | FrameFlags::GUESSED_LAYOUT;
    assert_eq!(flags(dump(64).replace("\"size\": 148", "\"size\": 4294967295")), expected);
    assert_eq!(flags(dump(64).replace("\"subcarriers\": 64", "\"subcarriers\": 128")), expected);
}

#[test]
fn an_unterminated_last_line_is_a_frame_when_it_is_whole() {
    one_frame(dump(64).trim_end());
    one_frame(format!("\u{feff}{}", dump(64)));
    assert_eq!(decode(""), (Vec::new(), Tally::default()));
}

#[test]
fn any_chunking_gives_the_same_frames() {
    let text = [
        dump(64),
        "{\"type\": \"vitals\"}\n\n".to_owned(),
        amplitudes(56),
        "x".repeat(70_000),
        dump(192).replace('\n', "\r\n"),
        dump(128),
        dump(64)[..200].to_owned(),
    ]
    .concat();
    let whole = decode(&text);
    assert_eq!(whole.0.len(), 3, "the endless line takes the record that follows it along");
    for chunk_len in [7, 100, 4096] {
        assert_eq!(decode_in_chunks(Format::RuviewJsonl, text.as_bytes(), chunk_len), whole, "chunks of {chunk_len}");
    }
    let short = dump(64) + &amplitudes(56);
    assert_eq!(decode_in_chunks(Format::RuviewJsonl, short.as_bytes(), 1), decode(&short));
}

#[test]
fn the_format_is_recognised_by_content() {
    assert_eq!(looks_like_jsonl(dump(64).as_bytes()), Likeness::Certain);
    assert_eq!(looks_like_jsonl(amplitudes(56).as_bytes()), Likeness::Certain);
    assert_eq!(looks_like_jsonl(b"{\"magic\": \"0xC5110002\", \"type\""), Likeness::Certain);
    assert_eq!(looks_like_jsonl(b"{\"type\":\"Feature\",\"timestamp\":1}"), Likeness::No);
    assert_eq!(looks_like_jsonl(b""), Likeness::No);
    assert_eq!(format::detect(dump(64).as_bytes()), Some(Format::RuviewJsonl));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_every_step_makes_progress(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        chunk_len in 1_usize..64,
    ) {
        let whole = decode(&bytes);
        prop_assert_eq!(decode_in_chunks(Format::RuviewJsonl, &bytes, chunk_len), whole);
        let payload = [0xC511_0001_u32.to_le_bytes().as_slice(), &bytes].concat();
        for payload in [bytes.as_slice(), &payload] {
            match datagram(payload, &ARRIVED) {
                None => {}
                Some(Step::Frame { used, .. } | Step::Pass { used, .. } | Step::Skip { used, .. }) => {
                    prop_assert_eq!(used, payload.len());
                }
                Some(Step::NeedMore) => prop_assert!(false, "a datagram is whole"),
            }
        }
    }

    #[test]
    fn damaged_records_do_not_panic(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        chunk_len in 1_usize..64,
    ) {
        let mut bytes = (dump(64) + &amplitudes(56)).into_bytes();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let whole = decode(&bytes);
        prop_assert_eq!(decode_in_chunks(Format::RuviewJsonl, &bytes, chunk_len), whole);
    }
}
