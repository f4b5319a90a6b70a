//! FeitCSI logs: values against independent readers, subcarriers against the pilots that the firmware leaves blank.

use corporeal::capture::format::{Format, Likeness, feitcsi};
use corporeal::types::{FrameFlags, Hardware, LinkId, NodeId, SkipReason};
use proptest::prelude::*;

use crate::feeding::{check_chunks_equal_whole, counts, decode_as, decode_in_chunks, first, noise};
use crate::{feeding, golden};

const MAC: NodeId = NodeId::Mac([0x00, 0x16, 0xea, 0x12, 0x34, 0x56]);

#[track_caller]
fn check_golden(key: &str, mhz: u16) {
    let Some(expected) = golden::golden(key) else {
        return;
    };
    let (frames, tally) = golden::decode_shared(expected["file"].as_str().expect("a name")).expect("the file is there");
    assert_eq!(counts(&tally), (expected["records"].as_u64().expect("a count"), 0, vec![]));
    let (frame, head) = (&frames[0], &expected["rec0"]);
    let number = |name: &str| head[name].as_i64().expect("a number");
    assert_eq!((i64::from(frame.n_rx), i64::from(frame.n_tx)), (number("nrx"), number("ntx")));
    assert_eq!(frame.n_subcarriers() as i64, number("ns"));
    assert_eq!(frame.values.len() as i64 * 4, number("n"));
    assert_eq!(frame.device_time.expect("a clock").nanos, number("mu") as u64 * 1_000);
    let magnitudes: Vec<i8> = frame.chain_rssi[..2].iter().map(|dbm| -dbm).collect();
    assert_eq!(serde_json::json!(magnitudes), head["r"]);
    assert_eq!(frame.link, LinkId { tx: MAC, rx: NodeId::Source(1) });
    assert_eq!(frame.channel.bandwidth_mhz, mhz);
    assert_eq!(first(frame, 0, 0, 5), golden::pairs(&expected["first5_rx0"]));
    assert_eq!(first(frame, 1, 0, 5), golden::pairs(&expected["first5_rx1"]));
}

#[test]
fn the_golden_logs_match_the_independent_readers() {
    check_golden("feit_ht20", 20);
    check_golden("feit_vht80", 80);
    check_golden("feit_he160", 160);
}

#[test]
fn every_record_of_every_real_log_is_accounted_for_and_its_blank_values_are_the_standards_pilots() {
    let mut n_files = 0;
    for (name, bytes) in feeding::shared_files("csikit/feitcsi") {
        // An independent walk: data length, header, data.
        let (mut n, mut at) = (0, 0);
        while at < bytes.len() {
            at += 272 + u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
            n += 1;
        }
        let (frames, tally) = decode_as(Format::FeitCsi, &bytes);
        assert_eq!(at, bytes.len());
        assert_eq!(counts(&tally), (n, 0, vec![]), "{name}");
        for frame in frames {
            assert_eq!(frame.flags, FrameFlags::default(), "{name}");
            assert_eq!(frame.hardware, Hardware::FeitCsi);
            assert!(frame.rssi_dbm.is_some_and(|dbm| (-60.0..-25.0).contains(&dbm)));
            let blank_in = |rx: usize| {
                let chain = frame.chain(rx, 0).expect("a chain").iter();
                chain.zip(0_u16..).filter(|(z, _)| z.norm_sqr() == 0.0).map(|(_, at)| at).collect::<Vec<_>>()
            };
            let blank: Vec<u16> = blank_in(0).into_iter().filter(|at| blank_in(1).contains(at)).collect();
            assert_eq!(blank, frame.subcarriers.invalid, "{name}");
        }
        n_files += 1;
    }
    assert!(n_files == 0 || n_files == 10);
}

#[test]
fn the_name_of_each_real_log_agrees_with_what_was_read() {
    for (file, n_frames, mhz, n_subcarriers, spacing_hz) in [
        ("HT20_2452", 48, 20, 56, 312_500.0),
        ("HT40_2452", 34, 40, 114, 312_500.0),
        ("VHT20_5500", 28, 20, 56, 312_500.0),
        ("VHT40_5500", 26, 40, 114, 312_500.0),
        ("VHT80_5500", 40, 80, 242, 312_500.0),
        ("VHT160_5500", 35, 160, 484, 312_500.0),
        ("HESU20_5500", 28, 20, 242, 78_125.0),
        ("HESU40_5500", 26, 40, 484, 78_125.0),
        ("HESU80_5500", 28, 80, 996, 78_125.0),
        ("HESU160_5500", 26, 160, 1_992, 78_125.0),
    ] {
        let Some((frames, _)) = golden::decode_shared(&format!("csikit/feitcsi/{file}.csi")) else {
            return;
        };
        let frame = &frames[0];
        assert_eq!((frames.len(), frame.channel.bandwidth_mhz), (n_frames, mhz), "{file}");
        assert_eq!((frame.n_subcarriers(), frame.subcarriers.spacing_hz), (n_subcarriers, spacing_hz), "{file}");
        let index = &frame.subcarriers.index;
        assert!(index.is_sorted() && !index.contains(&0));
        let half_mhz = f32::from(index[index.len() - 1]) * spacing_hz / 1e6;
        assert!((0.84..1.0).contains(&(half_mhz / (f32::from(mhz) / 2.0))), "{file} reaches {half_mhz} MHz");
    }
}

/// A record built from the description of the format.
struct Record {
    n_rx: u8,
    n_tx: u8,
    n_subcarriers: u32,
    data_len: Option<u32>,
    micros: u32,
    rate: u32,
}

impl Default for Record {
    fn default() -> Self {
        // HT, 20 MHz.
        Self { n_rx: 2, n_tx: 1, n_subcarriers: 56, data_len: None, micros: 9_000_000, rate: 2 << 8 }
    }
}

impl Record {
    fn bytes(&self) -> Vec<u8> {
        let n_values = u32::from(self.n_rx) * u32::from(self.n_tx) * self.n_subcarriers;
        let data: Vec<u8> = (0..n_values as i16).flat_map(|k| [k.to_le_bytes(), (-k).to_le_bytes()].concat()).collect();
        let mut head = vec![0; 272];
        let mut put = |at: usize, bytes: &[u8]| head[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.data_len.unwrap_or(data.len() as u32).to_le_bytes());
        put(8, &320_u32.to_le_bytes());
        put(46, &[self.n_rx, self.n_tx]);
        put(52, &self.n_subcarriers.to_le_bytes());
        put(60, &40_u32.to_le_bytes());
        put(64, &40_u32.to_le_bytes());
        put(68, &[0, 0x16, 0xea, 0x12, 0x34, 0x56]);
        put(88, &self.micros.to_le_bytes());
        put(92, &self.rate.to_le_bytes());
        [head, data].concat()
    }
}

#[test]
fn levels_clocks_and_layouts_follow_the_header() {
    let read = |record: Record| decode_as(Format::FeitCsi, &record.bytes()).0.remove(0);
    let frame = read(Record::default());
    // Twice −40 dBm.
    assert!((frame.rssi_dbm.expect("a level") + 36.99).abs() < 0.01);
    assert_eq!(frame.device_time.expect("a clock").nanos, 9_000_000_000);
    assert_eq!(first(&frame, 1, 0, 2), [(56.0, -56.0), (57.0, -57.0)]);

    let frame = read(Record { micros: 0, ..Record::default() });
    let clock = frame.device_time.expect("the ranging clock");
    // 320 ticks are a microsecond.
    assert_eq!((clock.nanos, clock.wraps_at_nanos), (1_000, Some(13_421_772_800)));

    // A count that the standard does not have, on an HE packet.
    let frame = read(Record { n_subcarriers: 5, rate: 4 << 8, ..Record::default() });
    assert_eq!(frame.flags, FrameFlags::GUESSED_LAYOUT);
    assert_eq!(frame.subcarriers.index, [-2, -1, 0, 1, 2]);
    assert_eq!(frame.subcarriers.spacing_hz, 78_125.0);
    // Legacy packets have 52.
    let frame = read(Record { n_subcarriers: 52, rate: 1 << 8, ..Record::default() });
    assert_eq!((frame.flags, frame.subcarriers.index[0]), (FrameFlags::default(), -26));
}

#[test]
fn damage_is_counted_and_the_records_around_it_are_kept() {
    let good = Record::default().bytes();
    let wide = Record { n_subcarriers: 242, rate: 3 << 8 | 2 << 11, ..Record::default() }.bytes();
    let no_antennas = [&good[..46], &[0], &good[47..]].concat();
    let empty = Record { n_subcarriers: 0, ..Record::default() }.bytes();
    let huge = Record { data_len: Some(u32::MAX), ..Record::default() }.bytes();
    let short = Record { data_len: Some(8), ..Record::default() }.bytes();
    let (cut, text) = (good[..300].to_vec(), b"not a record of this format ".repeat(4));
    let (bad, large, lost) = (SkipReason::BadHeader, SkipReason::LengthTooLarge, SkipReason::LostSync);
    for (name, parts, expected) in [
        ("shapes change", vec![&good, &wide, &good], (3, 0, vec![])),
        ("no antennas", vec![&good, &no_antennas, &good], (2, 0, vec![(bad, 1)])),
        ("no values", vec![&good, &empty, &good], (2, 1, vec![])),
        ("4 GB", vec![&good, &huge, &good], (2, 0, vec![(large, 1)])),
        ("a length that ends too early", vec![&good, &short, &good], (2, 0, vec![(lost, 1)])),
        ("text between", vec![&good, &text, &good], (2, 0, vec![(large, 1)])),
        ("cut at the end", vec![&good, &cut], (1, 0, vec![(SkipReason::CutTail, 1)])),
        ("two bytes at the end", vec![&good, &vec![0, 0]], (1, 0, vec![(SkipReason::TrailingBytes, 1)])),
        ("nothing", vec![], (0, 0, vec![])),
    ] {
        let bytes: Vec<u8> = parts.into_iter().flatten().copied().collect();
        let (_, tally) = decode_as(Format::FeitCsi, &bytes);
        assert_eq!(counts(&tally), expected, "{name}");
        check_chunks_equal_whole(Format::FeitCsi, &bytes);
    }
}

#[test]
fn one_record_fits_and_two_are_proof() {
    let good = Record::default().bytes();
    for (head, expected) in [
        (&good[..80], Likeness::No),
        (&good[..96], Likeness::Fits),
        (&good.repeat(2), Likeness::Certain),
        (&vec![0; 4_096], Likeness::No),
        (&noise(65_536), Likeness::No),
    ] {
        assert_eq!(feitcsi::looks_like(head), expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic_and_in_progress(
        junk in proptest::collection::vec(any::<u8>(), 0..300),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        chunk_len in 1_usize..200,
    ) {
        let good = Record::default().bytes();
        let mut bytes = [good.as_slice(), &junk, &good].concat();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = decode_as(Format::FeitCsi, &bytes);
        prop_assert_eq!(decode_in_chunks(Format::FeitCsi, &bytes, chunk_len), whole);
    }
}
