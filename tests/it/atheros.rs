//! Atheros logs: values against independent readers in both byte orders; damage is counted, never fatal.

use corporeal::capture::format::{Format, Likeness, atheros};
use corporeal::types::{FrameFlags, Hardware, LinkId, NodeId, SkipReason};
use proptest::prelude::*;

use crate::feeding::{check_chunks_equal_whole, counts, decode_as, decode_in_chunks, first, noise};
use crate::golden;

#[test]
fn the_big_endian_sample_matches_the_independent_readers() {
    let Some(expected) = golden::golden("atheros") else {
        return;
    };
    let (frames, tally) = golden::decode_shared(expected["file"].as_str().expect("a name")).expect("the file is there");
    assert_eq!(counts(&tally), (16, 0, vec![]));

    let (frame, head) = (&frames[0], &expected["rec0"]);
    let number = |name: &str| head[name].as_i64().expect("a number");
    assert_eq!(frame.device_time.expect("a clock").nanos, number("ts") as u64 * 1_000);
    assert_eq!(i64::from(frame.channel.centre_mhz), number("ch"));
    assert_eq!(frame.channel.bandwidth_mhz, 20);
    assert_eq!(frame.n_subcarriers() as i64, number("nt"));
    assert_eq!((i64::from(frame.n_rx), i64::from(frame.n_tx)), (number("nr"), number("nc")));
    assert_eq!(serde_json::json!(frame.chain_rssi[..3]), serde_json::json!(head["rssi"].as_array().unwrap()[1..]));
    // 70 dB over the driver's default floor of −95 dBm.
    assert_eq!((frame.rssi_dbm, frame.noise_dbm), (Some(-25.0), None));
    assert_eq!(frame.hardware, Hardware::Atheros);
    assert_eq!(frame.flags, FrameFlags::default());

    assert_eq!(first(frame, 0, 0, 5), golden::pairs(&expected["first5_nc0_nr0"]));
    for (tx, of_rx) in expected["tone0_nc_nr"].as_array().expect("a list").iter().enumerate() {
        for (rx, pair) in golden::pairs(of_rx).into_iter().enumerate() {
            assert_eq!(first(frame, rx, tx, 1), [pair]);
        }
    }
    // Every packet in the file has this sender in its second address, with a maker's prefix that exists.
    let tx = NodeId::Mac([0xac, 0x29, 0x3a, 0xed, 0xcc, 0x48]);
    assert!(frames.iter().all(|frame| frame.link == LinkId { tx, rx: NodeId::Source(1) }));
    assert!(frames.windows(2).all(|pair| pair[0].device_time.unwrap().nanos < pair[1].device_time.unwrap().nanos));
}

#[test]
fn the_real_log_fed_in_pieces_gives_the_same_frames() {
    let Some(path) = golden::shared_csi("csikit-history/atheros/example_bigEndian.dat") else {
        return;
    };
    let bytes = std::fs::read(path).expect("the file is readable");
    check_chunks_equal_whole(Format::Atheros, &bytes);
    check_chunks_equal_whole(Format::Atheros, &bytes[1..]);
    check_chunks_equal_whole(Format::Atheros, &bytes[..6_000]);
}

/// A record built from the description of the format; tone `t` of pair (rx, tx) is `(t − 28) − (100 rx + 10 tx) j`.
#[derive(Clone)]
struct Record {
    big: bool,
    n_tones: u8,
    n_rx: u8,
    n_tx: u8,
    err_info: u8,
    noise: i8,
    packet: Vec<u8>,
    csi_len: Option<u16>,
    with_csi: bool,
}

impl Default for Record {
    fn default() -> Self {
        let (n_tones, n_rx, n_tx) = (56, 3, 2);
        Self { big: true, n_tones, n_rx, n_tx, err_info: 0, noise: 0, packet: vec![], csi_len: None, with_csi: true }
    }
}

impl Record {
    fn bytes(&self) -> Vec<u8> {
        let mut bits = Vec::new();
        let mut push = |value: i16| (0..10).for_each(|bit| bits.push((value >> bit & 1) as u8));
        for tone in 0..i16::from(self.n_tones) {
            for tx in 0..i16::from(self.n_tx) {
                for rx in 0..i16::from(self.n_rx) {
                    push(-100 * rx - 10 * tx);
                    push(tone - 28);
                }
            }
        }
        let mut csi: Vec<u8> =
            bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |value, bit| value << 1 | bit)).collect();
        if !self.with_csi {
            csi.clear();
        }
        let u16_of = |value: u16| if self.big { value.to_be_bytes() } else { value.to_le_bytes() };
        let micros = 5_000_000_000_u64;
        let mut record = if self.big { micros.to_be_bytes() } else { micros.to_le_bytes() }.to_vec();
        record.extend(u16_of(self.csi_len.unwrap_or(csi.len() as u16)));
        record.extend(u16_of(5_180));
        record.extend([self.err_info, self.noise.cast_unsigned(), 130, u8::from(self.n_tones == 114)]);
        record.extend([self.n_tones, self.n_rx, self.n_tx, 50, 49, 48, 0x80]);
        record.extend(u16_of(self.packet.len() as u16));
        record.extend(csi);
        record.extend(&self.packet);
        [u16_of(record.len() as u16).as_slice(), &record].concat()
    }
}

#[test]
fn both_byte_orders_are_read_with_and_without_the_leading_byte() {
    for big in [true, false] {
        for n_tones in [56, 114] {
            let record = Record { big, n_tones, ..Record::default() }.bytes();
            for mark in [&[][..], if big { &[0xFF] } else { &[0x00] }] {
                let bytes = [mark, &record, &record].concat();
                assert_eq!(atheros::looks_like(&bytes), Likeness::Certain);
                let (frames, tally) = decode_as(Format::Atheros, &bytes);
                assert_eq!(counts(&tally), (2, 0, vec![]), "big {big}, {n_tones} tones, mark {mark:?}");
                let frame = &frames[1];
                assert_eq!(first(frame, 2, 1, 2), [(-28.0, -210.0), (-27.0, -210.0)]);
                assert_eq!(frame.device_time.expect("a clock").nanos, 5_000_000_000_000);
                assert_eq!(frame.channel.centre_mhz, 5_180);
                assert_eq!(frame.channel.bandwidth_mhz, if n_tones == 114 { 40 } else { 20 });
                let index = &frame.subcarriers.index;
                let ends = if n_tones == 114 { (-58, -2, 2, 58) } else { (-28, -1, 1, 28) };
                let half = index.len() / 2;
                assert_eq!((index[0], index[half - 1], index[half], index[2 * half - 1]), ends);
            }
        }
    }
}

#[test]
fn what_the_header_says_of_the_reception_is_kept() {
    let packet = [&[0x88, 1, 0, 0][..], &[1; 6], &[0x02, 3, 4, 5, 6, 7], &[9; 8]].concat();
    let record = Record { err_info: 3, noise: -90, packet, ..Record::default() };
    let (frames, _) = decode_as(Format::Atheros, &record.bytes());
    let frame = &frames[0];
    assert_eq!(frame.flags, FrameFlags::RX_ERROR);
    assert_eq!((frame.rssi_dbm, frame.noise_dbm), (Some(-40.0), Some(-90.0)));
    assert_eq!(frame.chain_rssi, [49, 48, i8::MIN, i8::MIN]);
    assert_eq!(frame.link.tx, NodeId::Mac([2, 3, 4, 5, 6, 7]));

    let (frames, _) = decode_as(Format::Atheros, &Record { packet: vec![0x88; 12], ..Record::default() }.bytes());
    assert_eq!(frames[0].link.tx, NodeId::Unknown);
}

#[test]
fn damage_is_counted_and_the_records_around_it_are_kept() {
    let good = Record::default().bytes();
    let small = Record { n_rx: 1, n_tx: 1, n_tones: 114, ..Record::default() }.bytes();
    let without = Record { with_csi: false, packet: vec![8; 40], ..Record::default() }.bytes();
    let wrong_len = Record { csi_len: Some(3), ..Record::default() }.bytes();
    let no_antennas =
        Record { n_rx: 0, with_csi: true, packet: vec![8; 40], csi_len: Some(5), ..Record::default() }.bytes();
    let other_order = Record { big: false, ..Record::default() }.bytes();
    let (cut, text) = (good[..200].to_vec(), b"not a record of this format, but a line of text".to_vec());
    let (bad, tail, trailing) = (SkipReason::BadHeader, SkipReason::CutTail, SkipReason::TrailingBytes);
    for (name, parts, expected) in [
        ("shapes change", vec![&good, &small, &good], (3, 0, vec![])),
        ("no CSI", vec![&good, &without, &good], (2, 1, vec![])),
        ("no CSI first", vec![&without, &good], (1, 1, vec![])),
        ("CSI length too short", vec![&good, &wrong_len, &good], (2, 0, vec![(bad, 1)])),
        ("no antennas", vec![&good, &no_antennas, &good], (2, 0, vec![(bad, 1)])),
        (
            "a file glued on from the other byte order",
            vec![&good, &other_order, &good],
            (2, 0, vec![(SkipReason::LostSync, 1)]),
        ),
        ("zero length", vec![&good, &vec![0; 60], &good], (2, 0, vec![(bad, 1)])),
        ("text between", vec![&good, &text, &good], (2, 0, vec![(SkipReason::LostSync, 1)])),
        ("cut at the end", vec![&good, &cut], (1, 0, vec![(tail, 1)])),
        ("two bytes at the end", vec![&good, &vec![3, 4]], (1, 0, vec![(trailing, 1)])),
        ("nothing", vec![], (0, 0, vec![])),
        ("one byte", vec![&vec![0xFF]], (0, 0, vec![(trailing, 1)])),
    ] {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let (_, tally) = decode_as(Format::Atheros, &bytes);
        assert_eq!(counts(&tally), expected, "{name}");
        check_chunks_equal_whole(Format::Atheros, &bytes);
    }
}

#[test]
fn only_records_are_taken_for_records() {
    let good = Record::default().bytes();
    for (head, expected) in [
        (&good[..20], Likeness::No),
        (&good[..27], Likeness::Fits),
        (&[&[0xFF], &good[..27]].concat(), Likeness::Fits),
        (&[0; 4_096], Likeness::No),
        (&[0xFF; 4_096], Likeness::No),
        (&noise(65_536), Likeness::No),
    ] {
        assert_eq!(atheros::looks_like(head), expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic_and_in_progress(
        junk in proptest::collection::vec(any::<u8>(), 0..300),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        big in any::<bool>(),
        chunk_len in 1_usize..200,
    ) {
        let good = Record { big, n_rx: 1, n_tx: 1, ..Record::default() }.bytes();
        let mut bytes = [good.as_slice(), &junk, &good].concat();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = decode_as(Format::Atheros, &bytes);
        prop_assert_eq!(decode_in_chunks(Format::Atheros, &bytes, chunk_len), whole);
    }
}
