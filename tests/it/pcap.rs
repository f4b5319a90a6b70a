//! Containers of packets: every variant of pcap and pcapng, and what damage does to them.

mod write;

use corporeal::capture::format::{Context, Format, Step, decoder, detect};
use corporeal::types::{CsiFrame, Other, SkipReason, Tally};
use proptest::prelude::*;

use crate::golden::{decode_bytes, shared_csi};
use crate::nexmon::Sent;

pub use write::{Packet, pcap_file};
use write::{PacketBlock, Writer, pcapng_file};

fn decode(bytes: &[u8]) -> (Vec<CsiFrame>, Tally) {
    let format = detect(bytes).expect("a capture");
    decode_bytes(decoder(format).expect("no container").as_mut(), bytes)
}

/// Gives the decoder `chunk` more bytes whenever it asks, as a live stream does.
fn decode_chunked(bytes: &[u8], format: Format, chunk: usize) -> (Vec<CsiFrame>, Tally) {
    let mut decoder = decoder(format).expect("no container");
    let context = Context { receiver: corporeal::types::NodeId::Source(1), arrival: None };
    let mut tally = Tally { n_bytes: bytes.len() as u64, ..Tally::default() };
    let (mut frames, mut at, mut given) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let mut step = decoder.step(&bytes[at..given], &context);
        if step_needs_more(&step) && given == bytes.len() {
            step = decoder.finish(&bytes[at..], &context);
        }
        match step {
            Step::NeedMore => given = (given + chunk).min(bytes.len()),
            Step::Frame { used, frame } => {
                at += used;
                tally.count_frame(&frame);
                frames.push(frame);
            }
            Step::Pass { used, other } => {
                assert!(used > 0, "a pass makes progress");
                at += used;
                other.into_iter().for_each(|other| tally.count_other(other));
            }
            Step::Skip { used, reason } => {
                assert!(used > 0, "a skip makes progress");
                at += used;
                tally.count_skip(reason);
            }
        }
        assert!(at <= given, "never more than was given");
    }
    while let Some(frame) = decoder.flush() {
        tally.count_frame(&frame);
        frames.push(frame);
    }
    (frames, tally)
}

fn step_needs_more(step: &Step) -> bool {
    matches!(step, Step::NeedMore)
}

/// Ten packets of one chain, 20 ms apart, each in plain headers.
fn ten_packets() -> Vec<(u32, Vec<u8>)> {
    (0..10_u16)
        .map(|n| {
            let payload = Sent { sequence: n + 1, ..Sent::default() }.bytes();
            (999_000 + u32::from(n) * 20_001, Packet::default().ethernet(&payload))
        })
        .collect()
}

fn sequences(frames: &[CsiFrame]) -> Vec<u32> {
    frames.iter().filter_map(|frame| frame.sequence).collect()
}

#[test]
fn every_byte_order_and_resolution_gives_the_same_frames() {
    let packets = ten_packets();
    let (expected, tally) = decode(&pcap_file(&packets, false, false, 1));
    assert_eq!(sequences(&expected), (1..=10).collect::<Vec<_>>());
    assert_eq!(expected[0].host_time.expect("a stamp").0, 1_600_000_000_999_000_000);
    assert_eq!((tally.n_skipped(), tally.n_others()), (0, 0));
    for (big_endian, nanos) in [(false, true), (true, false), (true, true)] {
        assert_eq!(decode(&pcap_file(&packets, big_endian, nanos, 1)).0, expected);
    }
    for big_endian in [false, true] {
        for (tsresol, offset_secs, kind) in [
            (None, 0, PacketBlock::Enhanced),
            (Some(6), 0, PacketBlock::Obsolete),
            (Some(9), 0, PacketBlock::Enhanced),
            (Some(9), 3_600, PacketBlock::Enhanced),
            (Some(6), -7_200, PacketBlock::Obsolete),
        ] {
            let (frames, tally) = decode(&pcapng_file(&packets, big_endian, tsresol, offset_secs, kind));
            assert_eq!(frames, expected, "{big_endian} {tsresol:?} {offset_secs}");
            assert_eq!((tally.n_records, tally.n_skipped(), tally.n_others()), (10, 0, 0));
        }
        // 2^-30 s is finer than a microsecond, but not a multiple of it.
        let (frames, _) = decode(&pcapng_file(&packets, big_endian, Some(0x80 | 30), 0, PacketBlock::Enhanced));
        for (frame, expected) in frames.iter().zip(&expected) {
            let late = frame.host_time.expect("a stamp").since(expected.host_time.expect("a stamp"));
            assert!((0..2).contains(&late), "{late} ns");
        }
    }
}

#[test]
fn a_real_recording_is_the_same_as_pcapng() {
    for file in ["csikit/nexmon/example_43455c0.pcap", "csikit/nexmon/example_4339.pcap"] {
        let Some(path) = shared_csi(file) else { return };
        let bytes = std::fs::read(path).expect("readable");
        let (mut packets, mut at) = (Vec::new(), 24);
        while at < bytes.len() {
            let field = |i: usize| u32::from_le_bytes(bytes[at + i..at + i + 4].try_into().unwrap());
            let len = field(8) as usize;
            let micros = u64::from(field(0)) * 1_000_000 + u64::from(field(4));
            packets.push((micros, bytes[at + 16..at + 16 + len].to_vec()));
            at += 16 + len;
        }
        let first = packets[0].0;
        let relative: Vec<_> = packets.into_iter().map(|(micros, packet)| ((micros - first) as u32, packet)).collect();
        let (expected, tally) = decode(&pcap_file(&relative, false, false, 1));
        let (frames, tally_ng) = decode(&pcapng_file(&relative, false, None, 0, PacketBlock::Enhanced));
        assert!(frames == expected, "{file}");
        assert_eq!((tally.n_records, tally.n_frames), (tally_ng.n_records, tally_ng.n_frames));
        assert_eq!(tally.n_frames, decode(&bytes).1.n_frames);
    }
}

#[test]
fn simple_packet_blocks_have_no_time_and_are_of_the_first_interface() {
    let mut file = Writer { bytes: Vec::new(), big_endian: false };
    file.block(0x0a0d_0d0a, |b| {
        b.bytes.extend([0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255])
    });
    file.block(1, |b| b.bytes.extend([1, 0, 0, 0, 0, 0, 0, 0]));
    for (_, packet) in ten_packets() {
        file.block(3, |b| {
            b.u32(packet.len() as u32);
            b.bytes.extend(&packet);
        });
    }
    let (frames, _) = decode(&file.bytes);
    assert_eq!(sequences(&frames), (1..=10).collect::<Vec<_>>());
    assert!(frames.iter().all(|frame| frame.host_time.is_none()));
}

#[test]
fn each_section_has_its_own_byte_order_and_interfaces_and_other_blocks_are_counted() {
    let mut bytes = pcapng_file(&ten_packets(), false, None, 0, PacketBlock::Enhanced);
    let mut names = Writer { bytes: Vec::new(), big_endian: false };
    names.block(4, |b| b.bytes.extend(vec![0; 400_000]));
    names.block(5, |b| b.bytes.extend([0; 12]));
    bytes.extend(names.bytes);
    bytes.extend(pcapng_file(&ten_packets(), true, Some(9), 0, PacketBlock::Enhanced));
    let (frames, tally) = decode(&bytes);
    assert_eq!(frames.len(), 20);
    assert_eq!(tally.others.into_iter().collect::<Vec<_>>(), [(Other::WithoutCsi, 2)]);
    assert_eq!(tally.skipped.len(), 0);
}

#[test]
fn several_files_one_after_the_other_are_read_as_one() {
    let mut bytes = pcap_file(&ten_packets(), false, false, 1);
    bytes.extend(pcap_file(&ten_packets(), true, true, 1));
    let (frames, tally) = decode(&bytes);
    assert_eq!((frames.len(), tally.n_skipped()), (20, 0));
}

#[test]
fn datagrams_are_found_behind_every_link_layer() {
    let payload = Sent::default().bytes();
    let d = Packet::default;
    let ip = d().ip(&payload);
    let sll: Vec<u8> = [&[0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0], ip.as_slice()].concat();
    let sll2: Vec<u8> = [&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0], ip.as_slice()].concat();
    let null: Vec<u8> = [&[2, 0, 0, 0], ip.as_slice()].concat();
    for (name, link_type, packet) in [
        ("plain", 1, d().ethernet(&payload)),
        ("one VLAN tag", 1, Packet { n_vlan_tags: 1, ..d() }.ethernet(&payload)),
        ("two VLAN tags", 1, Packet { n_vlan_tags: 2, ..d() }.ethernet(&payload)),
        ("IPv4 options", 1, Packet { n_option_words: 3, ..d() }.ethernet(&payload)),
        ("IPv6", 1, Packet { ipv6: true, ..d() }.ethernet(&payload)),
        ("IPv6 with a tag", 1, Packet { ipv6: true, n_vlan_tags: 1, ..d() }.ethernet(&payload)),
        ("another port", 1, Packet { other_port: true, ..d() }.ethernet(&payload)),
        ("frame check sequence length in the link type", 0x1400_0001, d().ethernet(&payload)),
        ("raw IP", 101, ip.clone()),
        ("raw IPv6", 229, Packet { ipv6: true, ..d() }.ip(&payload)),
        ("BSD loopback", 0, null),
        ("Linux cooked", 113, sll),
        ("Linux cooked v2", 276, sll2),
    ] {
        let (frames, tally) = decode(&pcap_file(&[(0, packet)], false, false, link_type));
        assert_eq!((frames.len(), tally.n_others(), tally.n_skipped()), (1, 0, 0), "{name}");
        assert_eq!(frames[0].values.len(), 64, "{name}");
    }
}

#[test]
fn packets_without_csi_are_foreign() {
    let d = Packet::default;
    let broken = Sent { chip: 0x7777, ..Sent::default() }.bytes();
    let mut fragment = d().ethernet(&Sent::default().bytes());
    fragment[20] = 0x20;
    let mut tcp = d().ethernet(&Sent::default().bytes());
    tcp[23] = 6;
    for (name, link_type, packet) in [
        ("empty", 1, vec![]),
        ("ARP", 1, [vec![0; 12], vec![8, 6], vec![0; 28]].concat()),
        ("TCP", 1, tcp),
        ("first fragment", 1, fragment),
        ("no payload", 1, d().ethernet(&[])),
        ("some other UDP", 1, d().ethernet(b"M-SEARCH * HTTP/1.1\r\n")),
        ("something on another port that begins alike", 1, Packet { other_port: true, ..d() }.ethernet(&broken)),
        ("unknown link layer", 147, d().ethernet(&Sent::default().bytes())),
    ] {
        let (frames, tally) = decode(&pcap_file(&[(0, packet)], false, false, link_type));
        assert_eq!(frames.len(), 0, "{name}");
        assert_eq!(tally.others.into_iter().collect::<Vec<_>>(), [(Other::ForeignPacket, 1)], "{name}");
    }
}

#[test]
fn a_cut_packet_is_skipped_and_not_taken_for_a_narrower_channel() {
    let whole = Packet::default().ethernet(&Sent { n_words: 256, chanspec: 0xe02a, ..Sent::default() }.bytes());
    let (frames, tally) = decode(&pcap_file(&[(0, whole[..700].to_vec())], false, false, 1));
    assert_eq!((frames.len(), tally.n_skipped()), (0, 1));
}

#[test]
fn files_without_records_are_no_error() {
    let header = pcap_file(&[], false, false, 1);
    assert_eq!(decode(&header), (vec![], Tally { n_bytes: 24, ..Tally::default() }));
    assert_eq!(detect(b""), None);
    assert_eq!(decode_bytes(decoder(Format::Pcap).unwrap().as_mut(), b"").1, Tally::default());
    assert_eq!(decode_bytes(decoder(Format::PcapNg).unwrap().as_mut(), b"").1, Tally::default());
}

#[test]
fn a_cut_tail_costs_one_record() {
    for (bytes, format) in [
        (pcap_file(&ten_packets(), false, false, 1), Format::Pcap),
        (pcapng_file(&ten_packets(), false, None, 0, PacketBlock::Enhanced), Format::PcapNg),
    ] {
        for (n_cut, reason) in [(1, SkipReason::CutTail), (200, SkipReason::CutTail)] {
            let (frames, tally) = decode(&bytes[..bytes.len() - n_cut]);
            assert_eq!(frames.len(), 9, "{format:?} {n_cut}");
            assert_eq!(tally.skipped.into_iter().collect::<Vec<_>>(), [(reason, 1)], "{format:?} {n_cut}");
        }
        let (frames, tally) = decode(&[bytes.as_slice(), &[0, 0]].concat());
        assert_eq!(frames.len(), 10);
        assert_eq!(tally.skipped.into_iter().collect::<Vec<_>>(), [(SkipReason::TrailingBytes, 1)]);
    }
}

#[test]
fn a_damaged_record_costs_itself_and_not_the_rest_of_the_file() {
    let record_len = 16 + Packet::default().ethernet(&Sent::default().bytes()).len();
    let mut bytes = pcap_file(&ten_packets(), false, false, 1);
    let third = 24 + 2 * record_len;
    bytes[third + 8..third + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    let (frames, tally) = decode(&bytes);
    assert_eq!(sequences(&frames), [1, 2, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(tally.skipped.into_iter().collect::<Vec<_>>(), [(SkipReason::LengthTooLarge, 1)]);

    let mut bytes = pcapng_file(&ten_packets(), false, None, 0, PacketBlock::Enhanced);
    let block_len = bytes.len() - pcapng_file(&ten_packets()[1..], false, None, 0, PacketBlock::Enhanced).len();
    let third = bytes.len() - 8 * block_len;
    bytes[third + 4..third + 8].copy_from_slice(&0xffff_fffc_u32.to_le_bytes());
    let (frames, tally) = decode(&bytes);
    assert_eq!(sequences(&frames), [1, 2, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(tally.skipped.into_iter().collect::<Vec<_>>(), [(SkipReason::LengthTooLarge, 1)]);
}

#[test]
fn garbage_before_the_header_of_a_stream_is_counted_once() {
    let bytes = [vec![0xa5; 5_000], pcap_file(&ten_packets(), false, false, 1)].concat();
    let (frames, tally) = decode_bytes(decoder(Format::Pcap).unwrap().as_mut(), &bytes);
    assert_eq!((frames.len(), tally.n_skipped()), (10, 1));
}

#[test]
fn chunks_of_any_size_give_what_the_whole_gives() {
    let mut damaged = pcap_file(&ten_packets(), false, false, 1);
    damaged[24 + 8..24 + 12].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let mut damaged_ng = pcapng_file(&ten_packets(), true, None, 0, PacketBlock::Enhanced);
    let middle = damaged_ng.len() / 2;
    damaged_ng[middle..middle + 3_00].fill(0xee);
    let mut files = vec![
        (pcap_file(&ten_packets(), true, true, 1), Format::Pcap),
        (damaged, Format::Pcap),
        (pcapng_file(&ten_packets(), false, Some(9), 0, PacketBlock::Enhanced), Format::PcapNg),
        (damaged_ng, Format::PcapNg),
    ];
    for file in ["csikit/nexmon/example_4339.pcap", "fition/raw/nm_user3_rm3/nm_user3_rm3_0.pcap"] {
        files.extend(shared_csi(file).map(|path| (std::fs::read(path).expect("readable"), Format::Pcap)));
    }
    for (bytes, format) in files {
        let whole = decode_bytes(decoder(format).unwrap().as_mut(), &bytes);
        for chunk in [1, 7, 16, 1000, 65_536] {
            // One byte at a time is slow on megabytes and shows nothing more there.
            if chunk < 100 && bytes.len() > 100_000 {
                continue;
            }
            assert!(decode_chunked(&bytes, format, chunk) == whole, "{format:?} in chunks of {chunk}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic_or_stand_still(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        cut in any::<prop::sample::Index>(),
        big_endian: bool,
    ) {
        for (mut bytes, format) in [
            (pcap_file(&ten_packets()[..4], big_endian, false, 1), Format::Pcap),
            (pcapng_file(&ten_packets()[..4], big_endian, Some(9), 5, PacketBlock::Enhanced), Format::PcapNg),
        ] {
            for (at, value) in &damage {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            bytes.truncate(cut.index(bytes.len()) + 1);
            let whole = decode_bytes(decoder(format).unwrap().as_mut(), &bytes);
            prop_assert!(whole.1.n_records + whole.1.n_others() <= 8);
            prop_assert!(decode_chunked(&bytes, format, 100) == whole);
        }
    }

    #[test]
    fn random_bytes_make_no_decoder_panic_or_stand_still(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        for format in [Format::Pcap, Format::PcapNg] {
            decode_chunked(&bytes, format, 64);
        }
        let mut payload = vec![0x11, 0x11];
        payload.extend(&bytes);
        corporeal::capture::format::nexmon::datagram(&payload, 0).ok();
    }
}
