//! PicoScenes logs: values against independent readers, every version of every segment, every radio.

use corporeal::capture::format::{Format, Likeness, picoscenes};
use corporeal::types::{CsiFrame, FrameFlags, Hardware, NodeId, SkipReason};
use proptest::prelude::*;

use crate::feeding::{check_chunks_equal_whole, counts, decode_as, decode_in_chunks, first, noise};
use crate::golden;

fn shared(file: &str) -> Option<(Vec<CsiFrame>, Vec<u8>)> {
    let path = golden::shared_csi(file)?;
    let bytes = std::fs::read(path).expect("the file is readable");
    let (frames, tally) = decode_as(Format::PicoScenes, &bytes);
    // An independent walk: every frame's length, to the very end.
    let (mut n, mut at) = (0, 0);
    while at < bytes.len() {
        at += 4 + u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize;
        n += 1;
    }
    assert_eq!(at, bytes.len());
    assert_eq!(counts(&tally), (n, 0, vec![]), "{file}");
    Some((frames, bytes))
}

#[test]
fn every_frame_of_every_real_log_is_read() {
    // Frames, and among them those of 52 legacy subcarriers, as counted by another program.
    for (file, n_frames, n_legacy) in [
        ("csikit/intel/rx_8_211119_171706.csi", 433, 256),
        ("csikit/intel/rx_8_211206_152319.csi", 4_648, 4_507),
        ("csikit/intel/rx_8_211206_161457.csi", 3_438, 3_335),
        ("csikit/intel/rx_8_211217_191036.csi", 1_348, 826),
        ("csikit/pico/picoscenes_ax200_agcdemo.csi", 3_654, 1_194),
        ("csikit/pico/picoscenes_ax200_example.csi", 885, 107),
    ] {
        let Some((frames, _)) = shared(file) else {
            return;
        };
        assert_eq!(frames.len(), n_frames, "{file}");
        let n_found = frames.iter().filter(|frame| frame.n_subcarriers() == 52).count();
        assert_eq!(n_found, n_legacy, "{file}");
        for frame in &frames {
            assert_eq!((frame.n_rx, frame.n_tx, frame.hardware), (2, 1, Hardware::IntelAx200));
            assert_eq!((frame.channel.centre_mhz, frame.channel.bandwidth_mhz), (2_412, 20));
            assert_eq!(frame.flags, FrameFlags::default());
            // The log names the radio that wrote it.
            assert_eq!(frame.link.rx, NodeId::Mac([0x34, 0xc9, 0x3d, 0xb7, 0x53, 0xd1]));
            assert!(frame.rssi_dbm.is_some_and(|dbm| (-95.0..-10.0).contains(&dbm)));
        }
        let clock = |frame: &CsiFrame| frame.device_time.expect("a clock").nanos;
        assert!(frames.windows(2).all(|pair| clock(&pair[0]) < clock(&pair[1])), "{file}");
    }
}

#[test]
fn the_ax200_example_matches_the_independent_readers() {
    let Some((frames, _)) = shared("csikit/pico/picoscenes_ax200_example.csi") else {
        return;
    };
    let frame = &frames[0];
    let expected = [(-112.0, 39.0), (-119.0, -22.0), (-96.0, -81.0), (-45.0, -123.0), (26.0, -134.0)];
    assert_eq!(first(frame, 0, 0, 5), expected);
    assert_eq!(frame.subcarriers.index[..2], [-28, -27]);
    assert_eq!((frame.rssi_dbm, frame.noise_dbm), (Some(-33.0), None));
    assert_eq!(frame.chain_rssi, [-35, -32, i8::MIN, i8::MIN]);
    // The card's clock, not the stamp of the packet, which is zero here.
    assert_eq!(frame.device_time.expect("a clock").nanos, 147_832_169_000);
    assert_eq!(frame.link.tx, NodeId::Mac([0x00, 0x16, 0xea, 0x12, 0x34, 0x56]));
    // Clear-to-send packets name only their receiver.
    assert_eq!(frames.iter().filter(|frame| frame.link.tx == NodeId::Unknown).count(), 14);
}

#[test]
fn the_intel_5300_examples_match_the_independent_readers() {
    let Some((frames, _)) = shared("csikit/pico/picoscenes_iwl5300_example.csi") else {
        return;
    };
    assert_eq!(frames.len(), 112);
    let frame = &frames[0];
    let expected = [(-6.0, 12.0), (2.0, 16.0), (-7.0, 23.0), (2.0, 26.0), (16.0, 23.0)];
    assert_eq!(first(frame, 0, 0, 5), expected);
    assert_eq!((frame.n_rx, frame.n_tx, frame.channel.centre_mhz), (2, 1, 2_437));
    assert_eq!(frame.flags, FrameFlags::BAD_PERMUTATION);
    // 27 and 34 counts at a gain of 63: 10 log10(10^2.7 + 10^3.4) − 44 − 63.
    assert!((frame.rssi_dbm.expect("a level") + 72.21).abs() < 0.01, "{:?}", frame.rssi_dbm);
    assert_eq!((frame.agc, frame.noise_dbm), (Some(63), Some(-89.0)));
    assert_eq!(frame.chain_rssi, [i8::MIN, 27, 34, i8::MIN]);
    assert!(frame.scale.is_some());
    let shapes = |n_tx: u8| frames.iter().filter(|frame| frame.n_tx == n_tx).count();
    assert_eq!((shapes(1), shapes(2)), (100, 12));

    let (frames, _) = shared("csikit/pico/picoscenes_iwl5300_example2.csi").expect("it lies beside the other");
    assert_eq!(frames.len(), 840);
    assert!(frames.iter().all(|frame| (frame.n_rx, frame.n_tx) == (3, 1) && frame.noise_dbm.is_none()));
    assert!(frames.iter().all(|frame| frame.flags == FrameFlags::default()));
}

#[test]
fn a_real_log_fed_in_pieces_gives_the_same_frames() {
    let Some((_, bytes)) = shared("csikit/pico/picoscenes_iwl5300_example.csi") else {
        return;
    };
    check_chunks_equal_whole(Format::PicoScenes, &bytes);
    check_chunks_equal_whole(Format::PicoScenes, &bytes[..7_000]);
}

/// A frame built from the description of the format.
#[derive(Clone)]
struct Frame {
    basic_version: u16,
    csi_version: u16,
    device: u16,
    format: u8,
    mhz: u16,
    n_tones: u16,
    n_tx: u8,
    n_rx: u8,
    n_extra: u8,
    antenna_sel: u8,
    offset: i16,
    data: Vec<u8>,
    with_csi: bool,
}

impl Default for Frame {
    fn default() -> Self {
        Self {
            basic_version: 3,
            csi_version: 4,
            device: 0x2000,
            format: 1,
            mhz: 20,
            n_tones: 56,
            n_tx: 1,
            n_rx: 2,
            n_extra: 0,
            antenna_sel: 0,
            offset: 0,
            data: pairs(112),
            with_csi: true,
        }
    }
}

/// 16-bit pairs `k − k j`.
fn pairs(n: i16) -> Vec<u8> {
    (0..n).flat_map(|k| [k.to_le_bytes(), (-k).to_le_bytes()].concat()).collect()
}

fn segment(name: &str, version: u16, body: &[u8]) -> Vec<u8> {
    let named = [&[name.len() as u8 + 1], name.as_bytes(), &[0], &version.to_le_bytes()].concat();
    [&((named.len() + body.len()) as u32).to_le_bytes(), named.as_slice(), body].concat()
}

impl Frame {
    fn basics(&self) -> Vec<u8> {
        let head = [&self.device.to_le_bytes()[..], &7_000_u64.to_le_bytes(), &5_180_u16.to_le_bytes()].concat();
        // Everything up to the levels, then noise, RSSI and three chains.
        let levels = [0xA5, 0xC4, 0xC3, 0xC2, 0xC1];
        let n_between = match self.basic_version {
            1 => 21 - head.len(),
            2 => 23 - head.len(),
            _ => 27 - head.len(),
        };
        [head, vec![1; n_between], levels.to_vec()].concat()
    }

    fn csi(&self) -> Vec<u8> {
        let mut body = self.device.to_le_bytes().to_vec();
        if self.csi_version >= 4 {
            body.push(67);
        }
        body.push(self.format);
        body.extend(self.mhz.to_le_bytes());
        body.extend(5_180_000_000_u64.to_le_bytes());
        body.extend(20_000_000_u64.to_le_bytes());
        body.extend(312_500_u32.to_le_bytes());
        body.extend(self.n_tones.to_le_bytes());
        body.extend([self.n_tx, self.n_rx, self.n_extra]);
        if self.csi_version >= 3 {
            body.extend(1_u16.to_le_bytes());
        }
        body.push(self.antenna_sel);
        if self.csi_version >= 2 {
            body.extend(self.offset.to_le_bytes());
        }
        body.extend((self.data.len() as u32).to_le_bytes());
        [body, self.data.clone()].concat()
    }

    fn bytes(&self) -> Vec<u8> {
        let mut segments = vec![segment("RxSBasic", self.basic_version, &self.basics())];
        if self.with_csi {
            segments.push(segment("CSI", self.csi_version, &self.csi()));
        }
        let packet = [&[0x88, 0, 0, 0][..], &[0xFF; 6], &[0x02, 1, 1, 1, 1, 1], &[3; 10]].concat();
        let mut frame = 0x2015_0315_u32.to_le_bytes().to_vec();
        frame.extend(1_u16.to_le_bytes());
        frame.push(segments.len() as u8);
        frame.extend(segments.concat());
        frame.extend(packet);
        [(frame.len() as u32).to_le_bytes().to_vec(), frame].concat()
    }

    #[track_caller]
    fn decoded(&self) -> CsiFrame {
        let (mut frames, tally) = decode_as(Format::PicoScenes, &self.bytes());
        assert_eq!(counts(&tally), (1, 0, vec![]));
        frames.remove(0)
    }
}

#[test]
fn every_version_of_the_segments_is_read() {
    for basic_version in 1..=3 {
        for csi_version in 1..=4 {
            let frame = Frame { basic_version, csi_version, ..Frame::default() }.decoded();
            assert_eq!(first(&frame, 1, 0, 2), [(56.0, -56.0), (57.0, -57.0)], "CSI version {csi_version}");
            assert_eq!((frame.rssi_dbm, frame.noise_dbm), (Some(-60.0), Some(-91.0)), "basics version {basic_version}");
            assert_eq!(frame.chain_rssi, [-61, -62, -63, i8::MIN]);
            assert_eq!(frame.channel.centre_mhz, 5_180);
            assert_eq!(frame.link.tx, NodeId::Mac([2, 1, 1, 1, 1, 1]));
        }
    }
    // A version of the basics that is not known costs the levels, not the channel.
    let frame = Frame { basic_version: 9, ..Frame::default() }.decoded();
    assert_eq!((frame.rssi_dbm, frame.channel.centre_mhz), (None, 5_180));
}

#[test]
fn the_packets_format_and_width_choose_the_subcarriers() {
    // Format, width, count; then the outermost and innermost numbers and the spacing.
    for (format, mhz, n_tones, ends, spacing_hz) in [
        (0, 20, 52, (1, 26), 312_500.0),
        (1, 20, 56, (1, 28), 312_500.0),
        (1, 40, 114, (2, 58), 312_500.0),
        (2, 20, 56, (1, 28), 312_500.0),
        (2, 40, 114, (2, 58), 312_500.0),
        (2, 80, 242, (2, 122), 312_500.0),
        (2, 160, 484, (6, 250), 312_500.0),
        (3, 20, 242, (2, 122), 78_125.0),
        (3, 40, 484, (3, 244), 78_125.0),
        (3, 80, 996, (3, 500), 78_125.0),
        (3, 160, 1_992, (12, 1_012), 78_125.0),
    ] {
        for device in [0x2000, 0x2100] {
            let data = pairs(2 * n_tones);
            let frame = Frame { device, format, mhz, n_tones: n_tones as u16, data, ..Frame::default() }.decoded();
            let index = &frame.subcarriers.index;
            let half = index.len() / 2;
            assert_eq!(index.len(), n_tones as usize);
            assert_eq!((index[half], index[2 * half - 1]), ends);
            assert!(index.is_sorted() && index.iter().zip(index.iter().rev()).all(|(a, b)| *a == -b));
            assert_eq!(frame.subcarriers.spacing_hz, spacing_hz);
            assert_eq!(frame.flags, FrameFlags::default());
        }
    }
}

#[test]
fn other_counts_are_kept_with_a_flag() {
    // Interpolated over the carrier, and a format that the header does not name.
    for (format, mhz, n_tones, index_ends) in
        [(1, 20, 57, (-28, 28)), (0xFF, 20, 56, (-28, 28)), (0, 40, 104, (-52, 52))]
    {
        let data = pairs(2 * n_tones);
        let frame = Frame { format, mhz, n_tones: n_tones as u16, data, ..Frame::default() }.decoded();
        let index = &frame.subcarriers.index;
        assert_eq!((index[0], index[index.len() - 1]), index_ends);
        assert_eq!(index.contains(&0), n_tones % 2 == 1);
        assert_eq!(frame.flags, FrameFlags::GUESSED_LAYOUT);
    }
}

#[test]
fn an_offset_moves_the_subcarriers() {
    let frame = Frame { offset: -32, ..Frame::default() }.decoded();
    assert_eq!((frame.subcarriers.index[0], frame.subcarriers.index[55]), (-60, -4));
    assert_eq!(frame.flags, FrameFlags::default());
}

#[test]
fn extra_sounding_streams_count_as_transmit_chains() {
    let frame = Frame { n_extra: 1, data: pairs(224), ..Frame::default() }.decoded();
    assert_eq!((frame.n_rx, frame.n_tx, frame.values.len()), (2, 2, 224));
}

#[test]
fn the_packings_of_older_radios_are_those_of_their_own_tools() {
    let Some((intel, atheros)) = golden::shared_csi("csikit/intel/example.dat")
        .zip(golden::shared_csi("csikit-history/atheros/example_bigEndian.dat"))
    else {
        return;
    };
    let read = |path| std::fs::read(path).expect("the file is readable");
    let (intel, atheros) = (read(intel), read(atheros));

    let own = decode_as(Format::Intel5300, &intel).0.remove(0);
    // The first record: 23 bytes of head, then 372 of channel; antenna selection is byte 18.
    let data = intel[23..23 + 372].to_vec();
    let frame = Frame {
        device: 0x5300,
        csi_version: 2,
        basic_version: 1,
        n_tones: 30,
        n_rx: 3,
        n_tx: 1,
        antenna_sel: intel[18],
        data,
        ..Frame::default()
    };
    let frame = frame.decoded();
    assert_eq!((frame.n_rx, frame.n_tx, frame.hardware), (3, 2, Hardware::Intel5300));
    assert_eq!((&frame.values, &frame.subcarriers), (&own.values, &own.subcarriers));
    assert_eq!(frame.device_time.expect("a clock").nanos, 7_000_000);

    let own = decode_as(Format::Atheros, &atheros).0.remove(0);
    let data = atheros[28..28 + 840].to_vec();
    let frame = Frame { device: 0x9300, csi_version: 1, n_rx: 3, n_tx: 2, data, ..Frame::default() }.decoded();
    assert_eq!((frame.n_rx, frame.n_tx, frame.hardware), (3, 2, Hardware::Atheros));
    assert_eq!((&frame.values, &frame.subcarriers), (&own.values, &own.subcarriers));
}

#[test]
fn damage_is_counted_and_the_frames_around_it_are_kept() {
    let good = Frame::default().bytes();
    let without = Frame { with_csi: false, ..Frame::default() }.bytes();
    let software_radio = Frame { device: 0x1234, ..Frame::default() }.bytes();
    let new_version = Frame { csi_version: 5, ..Frame::default() }.bytes();
    let short_data = Frame { data: pairs(100), ..Frame::default() }.bytes();
    let unknown_short = Frame { device: 0x4242, data: pairs(100), ..Frame::default() }.bytes();
    let no_antennas = Frame { n_rx: 0, data: vec![], ..Frame::default() }.bytes();
    let wrong_packing = Frame { device: 0x5300, ..Frame::default() }.bytes();
    let mut long_segment = good.clone();
    long_segment[11..15].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut huge = good.clone();
    huge[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut zero = good.clone();
    zero[..4].fill(0);
    let mut many_segments = good.clone();
    many_segments[10] = 200;
    let (cut, noise) = (good[..300].to_vec(), noise(500));
    let (bad, count) = (SkipReason::BadHeader, SkipReason::BadValueCount);
    let (unknown, lost) = (SkipReason::UnknownHardware, SkipReason::LostSync);
    for (name, middle, expected) in [
        ("no CSI segment", &without, (2, 1, vec![])),
        ("software radio", &software_radio, (2, 0, vec![(unknown, 1)])),
        ("a CSI version of the future", &new_version, (2, 0, vec![(unknown, 1)])),
        ("too few values", &short_data, (2, 0, vec![(count, 1)])),
        ("unknown radio, sizes disagree", &unknown_short, (2, 0, vec![(unknown, 1)])),
        ("no antennas", &no_antennas, (2, 0, vec![(count, 1)])),
        ("another radio's packing", &wrong_packing, (2, 0, vec![(count, 1)])),
        ("segment of 4 GB", &long_segment, (2, 0, vec![(bad, 1)])),
        ("frame of 4 GB", &huge, (2, 0, vec![(SkipReason::LengthTooLarge, 1)])),
        ("zero length", &zero, (2, 0, vec![(bad, 1)])),
        ("more segments than there are", &many_segments, (2, 0, vec![(bad, 1)])),
        ("noise", &noise, (2, 0, vec![(lost, 1)])),
    ] {
        let bytes = [good.as_slice(), middle, &good].concat();
        let (_, tally) = decode_as(Format::PicoScenes, &bytes);
        assert_eq!(counts(&tally), expected, "{name}");
        check_chunks_equal_whole(Format::PicoScenes, &bytes);
    }
    for (tail, reason) in [(cut, SkipReason::CutTail), (vec![0, 0], SkipReason::TrailingBytes)] {
        let bytes = [good.as_slice(), &tail].concat();
        assert_eq!(counts(&decode_as(Format::PicoScenes, &bytes).1), (1, 0, vec![(reason, 1)]));
        check_chunks_equal_whole(Format::PicoScenes, &bytes);
    }
}

#[test]
fn an_unknown_radio_with_matching_sizes_is_read_and_flagged() {
    let frame = Frame { device: 0x4242, ..Frame::default() }.decoded();
    assert_eq!((frame.hardware, frame.flags), (Hardware::Unknown, FrameFlags::GUESSED_LAYOUT));
}

#[test]
fn the_magic_number_is_proof() {
    let good = Frame::default().bytes();
    for (head, expected) in [
        (&good[..7], Likeness::No),
        (&good[..8], Likeness::Certain),
        (&good, Likeness::Certain),
        (&noise(65_536), Likeness::No),
        (&vec![0; 4_096], Likeness::No),
    ] {
        assert_eq!(picoscenes::looks_like(head), expected);
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_without_panic_and_in_progress(
        junk in proptest::collection::vec(any::<u8>(), 0..200),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        device in prop::sample::select(vec![0x2000_u16, 0x5300, 0x9300, 0x1234, 0x4242]),
        chunk_len in 1_usize..200,
    ) {
        let good = Frame { device, ..Frame::default() }.bytes();
        let mut bytes = [good.as_slice(), &junk, &good].concat();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let whole = decode_as(Format::PicoScenes, &bytes);
        prop_assert_eq!(decode_in_chunks(Format::PicoScenes, &bytes, chunk_len), whole);
    }
}
