//! Intel 5300 logs: values, power and antenna order against independent readers; damage is counted, never fatal.

use corporeal::capture::format::{Format, Likeness, intel5300};
use corporeal::types::{CsiFrame, FrameFlags, Hardware, LinkId, NodeId, SkipReason, Tally};
use proptest::prelude::*;

use crate::feeding::{check_chunks_equal_whole, counts, decode_as, decode_in_chunks, first, noise, sum_abs};
use crate::{feeding, golden};

#[track_caller]
fn check_golden(key: &str) {
    let Some(expected) = golden::golden(key) else {
        return;
    };
    let file = expected["file"].as_str().expect("a name");
    let (frames, tally) = golden::decode_shared(file).expect("the file is there");
    assert_eq!(counts(&tally), (expected["records"].as_u64().expect("a count"), 0, vec![]));

    let (frame, head) = (&frames[0], &expected["rec0"]);
    let number = |name: &str| head[name].as_i64().expect("a number");
    assert_eq!(frame.device_time.expect("a clock").nanos, number("ts") as u64 * 1_000);
    assert_eq!(frame.sequence, Some(number("cnt") as u32));
    assert_eq!((i64::from(frame.n_rx), i64::from(frame.n_tx)), (number("nrx"), number("ntx")));
    let rssi: Vec<i64> = frame.chain_rssi[..3].iter().map(|&r| i64::from(r)).collect();
    assert_eq!(serde_json::json!(rssi), head["rssi"]);
    assert_eq!(frame.noise_dbm, Some(number("noise") as f32).filter(|&dbm| dbm != -127.0));
    assert_eq!(frame.agc, Some(number("agc") as u8));
    assert_eq!(frame.flags, FrameFlags::default());

    assert_eq!(first(frame, 0, 0, 5), golden::pairs(&expected["first5_sub_rx0_tx0"]));
    for (rx, of_tx) in expected["sub0_rx_tx"].as_array().expect("a list").iter().enumerate() {
        for (tx, pair) in golden::pairs(of_tx).into_iter().enumerate() {
            assert_eq!(first(frame, rx, tx, 1), [pair]);
        }
    }
    let last = frames.last().expect("a frame");
    assert_eq!(first(last, 0, 0, 5), golden::pairs(&expected["last_rec_first5"]));

    let total_dbm = expected["total_rss_dbm"].as_f64().expect("a number");
    assert!((f64::from(frame.rssi_dbm.expect("a level")) - total_dbm).abs() < 1e-4);
    let scale = frame.scale.expect("a scale");
    for ((re, im), (to_re, to_im)) in
        first(frame, 0, 0, 5).into_iter().zip(golden::pairs(&expected["scaled_first5_rx0_tx0"]))
    {
        assert!((re * scale - to_re).abs() <= 1e-5 * to_re.abs(), "{} is not {to_re}", re * scale);
        assert!((im * scale - to_im).abs() <= 1e-5 * to_im.abs(), "{} is not {to_im}", im * scale);
    }
    let expected_sum = expected["sum_abs_all"].as_f64().expect("a number");
    assert!((sum_abs(&frames) / expected_sum - 1.0).abs() < 1e-9);
}

#[test]
fn a_three_by_two_log_matches_the_independent_readers() {
    check_golden("intel5300");
}

#[test]
fn a_log_of_three_shapes_without_noise_figures_matches_the_independent_readers() {
    check_golden("intel5300_3shapes");
}

/// What the length fields alone say: records, and bytes after the last whole one.
fn walk(bytes: &[u8]) -> (u64, usize) {
    let (mut n, mut at) = (0, 0);
    while let [hi, lo, ..] = bytes[at..] {
        let len = 2 + usize::from(hi) * 256 + usize::from(lo);
        if at + len > bytes.len() {
            break;
        }
        (n, at) = (n + 1, at + len);
    }
    (n, bytes.len() - at)
}

#[test]
fn every_record_of_every_real_log_is_accounted_for() {
    let mut total = Tally::default();
    let mut n_files = 0;
    for folder in ["csikit/intel", "csikit-history/intel"] {
        for (name, bytes) in feeding::shared_files(folder) {
            // One file of the collection was overwritten by a script's text; it has a test of its own.
            if !name.ends_with(".dat") || name == "csi2.dat" {
                continue;
            }
            let (frames, tally) = decode_as(Format::Intel5300, &bytes);
            let (n_records, n_left) = walk(&bytes);
            let cut: &[_] = if n_left > 0 { &[(SkipReason::CutTail, 1)] } else { &[] };
            assert_eq!(counts(&tally), (n_records, 0, cut.to_vec()), "{name}");
            for frame in frames {
                check_frame(&frame);
            }
            total.add(&tally);
            n_files += 1;
        }
    }
    if n_files > 0 {
        // Counted once by following the length fields with another program.
        assert_eq!((n_files, total.n_frames), (42, 12_408));
        assert_eq!(total.skipped.get(&SkipReason::CutTail), Some(&11));
    }
}

#[track_caller]
fn check_frame(frame: &CsiFrame) {
    assert_eq!(frame.values.len(), frame.n_chains() * 30);
    assert_eq!(frame.n_subcarriers(), 30);
    assert_eq!(frame.hardware, Hardware::Intel5300);
    assert_eq!(frame.link, LinkId { tx: NodeId::Unknown, rx: NodeId::Source(1) });
    assert_eq!(frame.host_time, None);
    assert_eq!(frame.flags.contains(FrameFlags::BAD_PERMUTATION), frame.n_rx == 2);
    assert!(frame.rssi_dbm.is_some_and(|dbm| (-100.0..0.0).contains(&dbm)), "{:?}", frame.rssi_dbm);
    assert!(frame.scale.is_some_and(|scale| scale > 0.0 && scale.is_finite()));
}

#[test]
fn single_files_hold_as_many_records_as_other_readers_find() {
    for (file, n) in [
        ("csikit-history/intel/heartrate/xbpm.dat", 407),
        ("csikit-history/intel/heartrate/76bpm.dat", 7),
        ("csikit-history/intel/activity/brushteeth_post_1597163619.dat", 830),
        ("csikit-history/intel/activity/cook_1590161749.dat", 431),
    ] {
        let Some((frames, _)) = golden::decode_shared(file) else {
            return;
        };
        assert_eq!(frames.len(), n, "{file}");
    }
}

#[test]
fn a_log_overwritten_by_text_still_gives_the_records_behind_it() {
    let Some(path) = golden::shared_csi("csikit-history/intel/heartrate/csi2.dat") else {
        return;
    };
    let bytes = std::fs::read(path).expect("the file is readable");
    let (frames, tally) = decode_as(Format::Intel5300, &bytes);
    // Sound records of 395 bytes each begin at 1185.
    assert_eq!(counts(&tally), ((10_665 - 1_185) / 395, 0, vec![(SkipReason::LostSync, 1)]));
    assert!(frames.iter().all(|frame| (frame.n_rx, frame.n_tx) == (3, 2)));
    check_chunks_equal_whole(Format::Intel5300, &bytes);
}

#[test]
fn a_real_log_fed_in_pieces_gives_the_same_frames() {
    let Some(path) = golden::shared_csi("csikit/intel/log.all_csi.6.7.6.dat") else {
        return;
    };
    check_chunks_equal_whole(Format::Intel5300, &std::fs::read(path).expect("the file is readable"));
}

/// A record built from the description of the format, with a channel that tells its antennas and subcarrier.
struct Record {
    n_rx: u8,
    n_tx: u8,
    rssi: [u8; 3],
    antenna_sel: u8,
    rate: u16,
    claimed_len: Option<u16>,
}

impl Default for Record {
    fn default() -> Self {
        // Antennas 0, 1, 2 in this order.
        Self { n_rx: 3, n_tx: 2, rssi: [40, 41, 42], antenna_sel: 0b10_01_00, rate: 0, claimed_len: None }
    }
}

impl Record {
    fn bytes(&self) -> Vec<u8> {
        let mut bits = Vec::new();
        let mut push = |value: u8, n: usize| (0..n).for_each(|bit| bits.push(value >> bit & 1));
        for group in 0..30 {
            push(0b101, 3);
            for rx in 0..self.n_rx {
                for tx in 0..self.n_tx {
                    push(group + 1, 8);
                    push((-16 * rx.cast_signed() - tx.cast_signed()).cast_unsigned(), 8);
                }
            }
        }
        let payload: Vec<u8> =
            bits.chunks(8).map(|byte| byte.iter().rev().fold(0, |value, bit| value << 1 | bit)).collect();
        let len = self.claimed_len.unwrap_or(payload.len() as u16);
        let mut record = vec![0xBB];
        record.extend(77_000_u32.to_le_bytes());
        record.extend(513_u16.to_le_bytes());
        record.extend([0, 0, self.n_rx, self.n_tx]);
        record.extend(self.rssi);
        record.extend([(-90_i8).cast_unsigned(), 30, self.antenna_sel]);
        record.extend(len.to_le_bytes());
        record.extend(self.rate.to_le_bytes());
        record.extend(payload);
        framed(&record)
    }
}

fn framed(record: &[u8]) -> Vec<u8> {
    [&(record.len() as u16).to_be_bytes(), record].concat()
}

fn other(code: u8, len: usize) -> Vec<u8> {
    framed(&[&[code], vec![7; len].as_slice()].concat())
}

#[test]
fn values_lie_by_antenna_pair_and_follow_the_permutation() {
    let chain_of = |antenna: usize, antenna_sel: u8| {
        let (frames, _) = decode_as(Format::Intel5300, &Record { antenna_sel, ..Record::default() }.bytes());
        first(&frames[0], antenna, 1, 2)
    };
    // Chain j on the wire has the imaginary part −16 j − tx.
    assert_eq!(chain_of(0, 0b10_01_00), [(1.0, -1.0), (2.0, -1.0)]);
    assert_eq!(chain_of(2, 0b10_01_00), [(1.0, -33.0), (2.0, -33.0)]);
    // Chains 0, 1, 2 belong to antennas 2, 0, 1.
    assert_eq!(chain_of(2, 0b01_00_10), [(1.0, -1.0), (2.0, -1.0)]);
    assert_eq!(chain_of(0, 0b01_00_10), [(1.0, -17.0), (2.0, -17.0)]);
}

#[test]
fn an_antenna_order_that_cannot_be_right_is_flagged_and_left_alone() {
    for (n_rx, antenna_sel, is_bad) in [
        (3, 0b10_01_00, false),
        (3, 0b00_01_10, false),
        // Sums to six, but names one antenna three times.
        (3, 0b01_01_01, true),
        (3, 0b11_00_00, true),
        (3, 0b00_00_00, true),
        (2, 0b01_10_00, true),
        (2, 0b00_00_00, true),
        (1, 0b00_00_00, false),
        (1, 0b10_01_00, false),
    ] {
        let (frames, _) = decode_as(Format::Intel5300, &Record { n_rx, antenna_sel, ..Record::default() }.bytes());
        assert_eq!(frames[0].flags.contains(FrameFlags::BAD_PERMUTATION), is_bad, "{n_rx} {antenna_sel:06b}");
        if is_bad {
            assert_eq!(first(&frames[0], 1, 0, 1), [(1.0, -16.0)]);
        }
    }
}

#[test]
fn the_rate_field_chooses_the_subcarriers() {
    for (rate, mhz, ends) in [(0x0105, 20, [-28, -26, 27, 28]), (0x0905, 40, [-58, -54, 54, 58])] {
        let (frames, _) = decode_as(Format::Intel5300, &Record { rate, ..Record::default() }.bytes());
        let index = &frames[0].subcarriers.index;
        assert_eq!([index[0], index[1], index[28], index[29]], ends);
        assert_eq!(frames[0].channel.bandwidth_mhz, mhz);
        assert!(index.is_sorted());
    }
}

#[test]
fn an_antenna_without_a_level_is_reported_as_such() {
    let (frames, _) = decode_as(Format::Intel5300, &Record { rssi: [33, 0, 41], ..Record::default() }.bytes());
    assert_eq!(frames[0].chain_rssi, [33, i8::MIN, 41, i8::MIN]);
    let (frames, _) = decode_as(Format::Intel5300, &Record { rssi: [0; 3], ..Record::default() }.bytes());
    assert_eq!((frames[0].rssi_dbm, frames[0].scale), (None, None));
}

#[test]
fn damage_is_counted_and_the_records_around_it_are_kept() {
    let good = Record::default().bytes();
    let small = Record { n_rx: 1, n_tx: 1, ..Record::default() }.bytes();
    let wrong_len = Record { claimed_len: Some(300), ..Record::default() }.bytes();
    let no_antennas = [&good[..11], &[0], &good[12..]].concat();
    let text = b"CSI_DATA is another format's word".to_vec();
    let (cut, zeros) = (good[..200].to_vec(), vec![0; 50]);
    let (bad, lost, tail) = (SkipReason::BadHeader, SkipReason::LostSync, SkipReason::CutTail);
    let trailing = SkipReason::TrailingBytes;
    for (name, parts, expected) in [
        ("shapes change", vec![&good, &small, &good], (3, 0, vec![])),
        ("length contradicts antennas", vec![&good, &wrong_len, &good], (2, 0, vec![(bad, 1)])),
        ("no antennas", vec![&good, &no_antennas, &small], (2, 0, vec![(bad, 1)])),
        ("two broken in a row", vec![&wrong_len, &no_antennas, &good], (1, 0, vec![(bad, 2)])),
        ("broken at the end", vec![&good, &wrong_len], (1, 0, vec![(bad, 1)])),
        ("other records", vec![&other(0xC1, 300), &good, &other(0xC0, 9), &other(0x42, 1)], (1, 3, vec![])),
        ("zero length", vec![&good, &zeros, &good], (2, 0, vec![(bad, 1)])),
        ("text between", vec![&good, &text, &good], (2, 0, vec![(lost, 1)])),
        ("text at the end", vec![&good, &text], (1, 0, vec![(tail, 1)])),
        ("cut at the end", vec![&good, &cut], (1, 0, vec![(tail, 1)])),
        ("two bytes at the end", vec![&good, &vec![1, 2]], (1, 0, vec![(trailing, 1)])),
        ("nothing", vec![], (0, 0, vec![])),
        ("two bytes", vec![&vec![1, 2]], (0, 0, vec![(trailing, 1)])),
    ] {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let (_, tally) = decode_as(Format::Intel5300, &bytes);
        assert_eq!(counts(&tally), expected, "{name}");
        check_chunks_equal_whole(Format::Intel5300, &bytes);
    }
}

#[test]
fn records_cut_out_of_noise_are_found() {
    let good = Record::default().bytes();
    let bytes = [&noise(3_000), &good, &noise(700), &good].map(Vec::as_slice).concat();
    let (frames, _) = decode_as(Format::Intel5300, &bytes);
    assert_eq!(frames.len(), 2);
    check_chunks_equal_whole(Format::Intel5300, &bytes);
}

#[test]
fn one_record_fits_and_two_are_proof() {
    let good = Record::default().bytes();
    let two = [good.as_slice(), &good].concat();
    for (head, expected) in [
        (&good[..10], Likeness::No),
        (&good[..23], Likeness::Fits),
        (&good, Likeness::Fits),
        (&two[..good.len() + 30], Likeness::Certain),
        (&[other(0xC1, 100), two.clone()].concat(), Likeness::Certain),
        (b"", Likeness::No),
        (&noise(65_536), Likeness::No),
        (&[0; 4_096], Likeness::No),
    ] {
        assert_eq!(intel5300::looks_like(head), expected, "{} bytes", head.len());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic_and_in_progress(
        junk in proptest::collection::vec(any::<u8>(), 0..400),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        chunk_len in 1_usize..200,
    ) {
        let good = Record::default().bytes();
        let mut bytes = [good.as_slice(), &junk, &good].concat();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = decode_as(Format::Intel5300, &bytes);
        prop_assert_eq!(decode_in_chunks(Format::Intel5300, &bytes, chunk_len), whole);
    }
}
