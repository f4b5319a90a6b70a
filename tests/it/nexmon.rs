//! Nexmon datagrams: values against independent decoders, chains joined into frames, and what odd headers become.

use corporeal::capture::format::nexmon::{self, FLOAT_SCALE};
use corporeal::capture::format::{Format, decoder};
use corporeal::types::{Channel, Complex32, CsiFrame, FrameFlags, Hardware, NodeId, SkipReason, Tally};

use crate::golden::{decode_bytes, decode_shared, golden, pairs, shared_csi};
use crate::pcap::{Packet, pcap_file};

/// A datagram to be written; every field can be odd.
#[derive(Clone)]
pub struct Sent {
    pub old_header: bool,
    pub rssi: i8,
    pub frame_control: u8,
    pub mac: [u8; 6],
    pub sequence: u16,
    pub chain_word: [u8; 2],
    pub chanspec: u16,
    pub chip: u16,
    pub n_words: usize,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            old_header: false,
            rssi: -50,
            frame_control: 0x88,
            mac: [2, 0, 0, 0, 0, 1],
            sequence: 7,
            chain_word: [0, 0],
            chanspec: 0xd024,
            chip: 0x0065,
            n_words: 64,
        }
    }
}

impl Sent {
    pub fn chain(core: u8, stream: u8) -> Self {
        Self { chain_word: [core | stream << 3, 0], ..Self::default() }
    }

    /// Value `k` is `k + 1000 * chain word` real and `-k` imaginary.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0x11, 0x11];
        bytes.extend(if self.old_header { [0x11, 0x11] } else { [self.rssi.cast_unsigned(), self.frame_control] });
        bytes.extend(self.mac);
        bytes.extend((self.sequence << 4).to_le_bytes());
        bytes.extend(self.chain_word);
        bytes.extend(self.chanspec.to_le_bytes());
        bytes.extend(self.chip.to_le_bytes());
        let chain = i16::from(self.chain_word[0].max(self.chain_word[1]) % 32);
        for k in 0..self.n_words as i16 {
            bytes.extend((k + 1000 * chain).to_le_bytes());
            bytes.extend((-k).to_le_bytes());
        }
        bytes
    }
}

/// Decodes datagrams sent at the given microseconds.
fn decode_sent(sent: &[(u32, Sent)]) -> (Vec<CsiFrame>, Tally) {
    let packets: Vec<(u32, Vec<u8>)> =
        sent.iter().map(|(micros, sent)| (*micros, Packet::default().ethernet(&sent.bytes()))).collect();
    decode_bytes(decoder(Format::Pcap).expect("pcap").as_mut(), &pcap_file(&packets, false, false, 1))
}

fn real_pcaps() -> Vec<String> {
    let mut files: Vec<String> = [
        "csikit/nexmon/example_4339.pcap",
        "csikit/nexmon/example_43455c0.pcap",
        "csikit/nexmon/example_4358.pcap",
        "csikit/nexmon/example_4366c0.pcap",
        "csikit-data/Internal/Broadcom/Example/40mhz_1600085286.pcap",
        "csikit-data/Internal/Broadcom/Example/test.pcap",
        "csikit-data/Internal/Broadcom/walk_1597159475.pcap",
        "csikit-history/pi/40mhz_1600085286.pcap",
        "csikit-history/pi/test.pcap",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(raw) = shared_csi("fition/raw") {
        for folder in std::fs::read_dir(raw).expect("a folder").flatten() {
            for file in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
                let (folder, file) = (folder.file_name(), file.file_name());
                files.push(format!("fition/raw/{}/{}", folder.display(), file.display()));
            }
        }
    }
    files.sort();
    files
}

fn values_at(frame: &CsiFrame, positions: std::ops::Range<usize>) -> Vec<(f32, f32)> {
    frame.chain(0, 0).expect("a first chain")[positions].iter().map(|z| (z.re, z.im)).collect()
}

/// Everything that golden.json says about record 0, with values turned into the golden's scale by `scaled`.
#[track_caller]
fn check_golden(key: &str, n_frames: usize, scaled: impl Fn(&CsiFrame, Complex32) -> Complex32) {
    let Some(golden) = golden(key) else { return };
    let (frames, tally) = decode_shared(golden["file"].as_str().expect("a file")).expect("the file beside golden.json");
    assert_eq!(frames.len(), n_frames);
    assert_eq!(tally.n_records, golden["records"].as_u64().expect("a count"));
    assert_eq!((tally.n_skipped(), tally.n_others()), (0, 0));
    let surplus = golden["nsub_hist"].get("257").map_or(0, |n| n.as_u64().expect("a count"));
    assert_eq!(tally.flagged.get(&FrameFlags::SURPLUS_VALUES.0).copied().unwrap_or(0), surplus);

    let mut frame = frames.into_iter().next().expect("a frame");
    let header = &golden["rec0"];
    let secs = frame.host_time.expect("a stamp").secs_f64();
    assert!((secs - header["t"].as_f64().expect("t")).abs() < 1e-6, "{secs}");
    assert_eq!(frame.link.tx.to_string(), header["mac"].as_str().expect("mac"));
    assert_eq!(frame.link.rx, NodeId::Source(1));
    assert_eq!(frame.n_subcarriers() as u64, golden["nsub"].as_u64().expect("nsub"));
    if frame.flags.contains(FrameFlags::OLD_HEADER) {
        assert_eq!((frame.rssi_dbm, header["rssi"].as_i64()), (None, Some(17)));
    } else {
        assert_eq!(frame.rssi_dbm, header["rssi"].as_f64().map(|rssi| rssi as f32));
    }
    // 0x94 is a block acknowledgement: a control frame, which has no number.
    let sequence = (header["fc"] != 0x94).then(|| header["seq"].as_u64().expect("seq") as u32 >> 4);
    assert_eq!(frame.sequence, sequence);

    let n = frame.n_subcarriers();
    frame.values = frame.values.iter().map(|z| scaled(&frame, *z)).collect();
    assert_eq!(values_at(&frame, 0..5), pairs(&golden["first5"]));
    assert_eq!(values_at(&frame, 5..10), pairs(&golden["idx5_9"]));
    assert_eq!(values_at(&frame, 100..105), pairs(&golden["idx100_104"]));
    assert_eq!(frame.subcarriers.index[..2], [0, 1]);
    assert_eq!(frame.subcarriers.index[n - 1], -1);
    assert_eq!(frame.subcarriers.index[n / 2], -(n as i16) / 2);
}

fn as_it_is(_: &CsiFrame, z: Complex32) -> Complex32 {
    z
}

/// What the vendor's unpacker with `autoscale=1` makes of a floating-point value: the largest bit used in the first
/// chain goes to bit 10, and what falls off below is cut.
fn autoscaled(frame: &CsiFrame, z: Complex32) -> Complex32 {
    let chain = frame.chain(0, 0).expect("a first chain");
    let largest = chain.iter().map(|z| z.re.abs().max(z.im.abs())).fold(0.0, f32::max) / FLOAT_SCALE;
    let factor = (10.0 - largest.log2().floor()).exp2() / FLOAT_SCALE;
    // Adding zero takes the sign away from a negative zero, which is equal but reads badly in a failure.
    Complex32::new((z.re * factor).trunc() + 0.0, (z.im * factor).trunc() + 0.0)
}

#[test]
fn a_43455c0_recording_at_80_mhz_equals_the_independent_decoders() {
    check_golden("nexmon_43455c0_80", 566, as_it_is);
}

#[test]
fn a_43455c0_recording_at_40_mhz_equals_the_independent_decoders() {
    check_golden("nexmon_43455c0_40", 81, as_it_is);
}

#[test]
fn a_walk_on_43455c0_equals_the_independent_decoders() {
    check_golden("nexmon_walk", 343, as_it_is);
}

#[test]
fn a_4339_recording_has_three_streams_in_each_of_950_frames() {
    check_golden("nexmon_4339_80", 950, as_it_is);
    let Some((frames, _)) = decode_shared("csikit/nexmon/example_4339.pcap") else { return };
    for frame in &frames {
        assert_eq!((frame.n_rx, frame.n_tx, frame.n_records), (1, 3, 3));
        assert_eq!((frame.hardware, frame.flags), (Hardware::Bcm4339, FrameFlags::OLD_HEADER));
    }
}

#[test]
fn a_4358_recording_equals_the_vendor_unpacker_and_is_one_frame_of_two_by_two() {
    check_golden("nexmon_4358_80", 1, autoscaled);
    let Some((frames, _)) = decode_shared("csikit/nexmon/example_4358.pcap") else { return };
    assert_eq!((frames[0].n_rx, frames[0].n_tx, frames[0].n_records), (2, 2, 4));
}

#[test]
fn a_4366c0_recording_equals_the_vendor_unpacker() {
    check_golden("nexmon_4366c0_80", 293, autoscaled);
}

#[test]
fn every_datagram_of_every_real_recording_is_in_a_frame_with_all_its_values() {
    for file in real_pcaps() {
        let Some((frames, tally)) = decode_shared(&file) else { return };
        let bytes = std::fs::read(shared_csi(&file).expect("just read")).expect("readable");
        // An independent walk: only record lengths, and the values at their fixed place behind 42 + 18 bytes.
        let (mut at, mut n_records, mut sum, mut n_values) = (24, 0, 0_i64, 0_usize);
        while at < bytes.len() {
            let len = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
            let packet = &bytes[at + 16..at + 16 + len];
            let words = match (packet.len() - 60) / 4 {
                256.. => 256,
                128.. => 128,
                _ => 64,
            };
            let part = |b: &[u8]| i64::from(i16::from_le_bytes([b[0], b[1]]));
            sum += packet[60..].chunks_exact(2).take(2 * words).map(part).sum::<i64>();
            n_values += words;
            n_records += 1;
            at += 16 + len;
        }
        assert_eq!(tally.n_records, n_records, "{file}");
        assert_eq!((tally.n_skipped(), tally.n_others()), (0, 0), "{file}");
        let values = frames.iter().flat_map(|frame| &frame.values);
        assert_eq!(values.clone().count(), n_values, "{file}");
        let is_integer = !matches!(frames[0].hardware, Hardware::Bcm4358 | Hardware::Bcm4366c0);
        if is_integer {
            assert_eq!(values.map(|z| z.re as i64 + z.im as i64).sum::<i64>(), sum, "{file}");
        }
        let times: Vec<_> = frames.iter().map(|frame| frame.host_time).collect();
        assert!(times.is_sorted(), "{file}: frames in the order of their packets");
    }
}

#[test]
fn frames_of_20_mhz_inside_an_80_mhz_recording_are_streams_of_their_own() {
    let Some((frames, tally)) = decode_shared("fition/raw/walking_user3_rm3/walking_user3_rm3_1.pcap") else { return };
    let count = |channel: Channel| frames.iter().filter(|frame| frame.channel == channel).count();
    assert_eq!(count(Channel { centre_mhz: 5210, bandwidth_mhz: 80 }), 486);
    assert_eq!(count(Channel { centre_mhz: 5180, bandwidth_mhz: 20 }), 12);
    assert_eq!(count(Channel { centre_mhz: 2412, bandwidth_mhz: 20 }), 2);
    assert_eq!(tally.flagged.get(&FrameFlags::SURPLUS_VALUES.0), Some(&3));
    for frame in &frames {
        assert_eq!(frame.n_subcarriers(), usize::from(frame.channel.bandwidth_mhz / 20) * 64);
    }
    let mut channels = std::collections::BTreeMap::new();
    for frame in &frames {
        assert_eq!(*channels.entry(frame.stream()).or_insert(frame.channel), frame.channel, "no stream mixes widths");
    }
}

/// Register debris is loud at fixed places: where it is, the layout must say so, and nowhere else on the data bins.
#[test]
fn bins_that_the_firmware_fills_with_debris_are_marked() {
    for (hardware, n, expected) in [
        (Hardware::Bcm43455c0, 256, vec![0, 1, 2, 124, 125, 126, 127, 128, 129, 130, 131]),
        (Hardware::Bcm43455c0, 128, vec![0, 1, 2, 60, 61, 62, 63, 64, 65, 66, 67]),
        (Hardware::Bcm43455c0, 64, vec![0, 29, 30, 31, 32, 33, 34, 35]),
        (Hardware::Bcm4339, 256, vec![0, 1, 124, 125, 126, 127, 128, 129, 130, 131]),
        (Hardware::Bcm4366c0, 256, vec![0]),
    ] {
        assert_eq!(nexmon::subcarriers(hardware, n).invalid, expected, "{hardware:?} {n}");
    }
}

#[test]
fn chanspecs_name_centre_and_width() {
    for (chanspec, centre_mhz, bandwidth_mhz) in [
        (0xe02a, 5210, 80),
        (0xd826, 5190, 40),
        (0xd024, 5180, 20),
        (0x1001, 2412, 20),
        (0x100e, 2484, 20),
        (0x1803, 2422, 40),
        (0xe29b, 5775, 80),
        (0xe06a, 5530, 80),
        (0xe832, 5250, 160),
        (0x0000, 0, 0),
    ] {
        assert_eq!(nexmon::channel(chanspec), Channel { centre_mhz, bandwidth_mhz }, "{chanspec:#06x}");
    }
}

#[test]
fn a_byte_swapped_core_word_is_read_all_the_same() {
    let swapped = Sent { chain_word: [0, 9], ..Sent::default() };
    let bytes = swapped.bytes();
    let datagram = nexmon::datagram(&bytes, 0).expect("reads");
    assert_eq!((datagram.core, datagram.stream), (1, 1));
}

#[test]
fn odd_datagrams_become_flags_or_counts() {
    let d = Sent::default;
    let flagged = |sent: Sent| decode_sent(&[(0, sent)]).0.first().expect("a frame").flags;
    assert_eq!(flagged(d()), FrameFlags::default());
    assert_eq!(flagged(Sent { old_header: true, ..d() }), FrameFlags::OLD_HEADER);
    assert_eq!(flagged(Sent { n_words: 65, ..d() }), FrameFlags::SURPLUS_VALUES);
    assert_eq!(flagged(Sent { n_words: 257, chanspec: 0xe02a, ..d() }), FrameFlags::SURPLUS_VALUES);
    assert_eq!(flagged(Sent { n_words: 128, ..d() }), FrameFlags::LENGTH_MISMATCH);

    for (sent, reason) in [
        (Sent { n_words: 63, ..d() }, SkipReason::BadValueCount),
        (Sent { n_words: 0, ..d() }, SkipReason::BadValueCount),
        (Sent { n_words: 200, chanspec: 0xe02a, ..d() }, SkipReason::BadValueCount),
        (Sent { chip: 0x1234, ..d() }, SkipReason::UnknownHardware),
        (Sent { chain_word: [64, 64], ..d() }, SkipReason::BadHeader),
    ] {
        let (frames, tally) = decode_sent(&[(0, sent)]);
        assert_eq!((frames.len(), tally.skipped.into_iter().collect::<Vec<_>>()), (0, vec![(reason, 1)]));
    }
}

#[test]
fn packet_numbers_count_only_where_the_sender_counts() {
    let d = Sent::default;
    for (sent, expected) in [
        (Sent { frame_control: 0x88, sequence: 4095, ..d() }, Some(4095)),
        (Sent { frame_control: 0x80, sequence: 0, ..d() }, Some(0)),
        (Sent { frame_control: 0x94, sequence: 0, ..d() }, None),
        (Sent { old_header: true, sequence: 0, ..d() }, None),
        (Sent { old_header: true, sequence: 5, ..d() }, Some(5)),
    ] {
        assert_eq!(decode_sent(&[(0, sent)]).0[0].sequence, expected);
    }
}

/// One line per frame: number, shape, datagrams, whether chains are missing.
fn outline(frames: &[CsiFrame]) -> Vec<String> {
    frames
        .iter()
        .map(|f| {
            let missing = if f.flags.contains(FrameFlags::MISSING_CHAINS) { " missing" } else { "" };
            let number = f.sequence.map_or("-".to_owned(), |n| n.to_string());
            format!("{number}: {}x{} of {}{missing}", f.n_rx, f.n_tx, f.n_records)
        })
        .collect()
}

#[test]
fn chains_of_a_packet_become_one_frame_in_receiver_order_whatever_order_they_came_in() {
    let at = |micros, chain: Sent| (micros, chain);
    let (frames, _) = decode_sent(&[
        at(0, Sent { sequence: 1, ..Sent::chain(0, 0) }),
        at(500, Sent { sequence: 1, ..Sent::chain(1, 1) }),
        at(900, Sent { sequence: 1, ..Sent::chain(0, 1) }),
        at(1400, Sent { sequence: 1, ..Sent::chain(1, 0) }),
    ]);
    assert_eq!(outline(&frames), ["1: 2x2 of 4"]);
    let first = |rx, tx| frames[0].chain(rx, tx).expect("a chain")[1].re;
    assert_eq!([first(0, 0), first(0, 1), first(1, 0), first(1, 1)], [1.0, 8001.0, 1001.0, 9001.0]);
}

#[test]
fn a_packet_that_lost_a_chain_keeps_its_shape_and_is_flagged() {
    let both = |n: u16, micros| {
        [(micros, 0), (micros + 700, 1)].map(|(t, core)| (t, Sent { sequence: n, ..Sent::chain(core, 0) }))
    };
    let mut sent = both(1, 0).to_vec();
    sent.push(both(2, 20_000)[0].clone());
    sent.extend(both(3, 40_000));
    let (frames, tally) = decode_sent(&sent);
    assert_eq!(outline(&frames), ["1: 2x1 of 2", "2: 2x1 of 1 missing", "3: 2x1 of 2"]);
    assert!(frames[1].chain(1, 0).expect("a chain").iter().all(|z| *z == Complex32::ZERO));
    assert_eq!(frames[1].stream(), frames[0].stream());
    assert_eq!(tally.n_records, 5);
}

#[test]
fn unnumbered_packets_are_told_apart_by_time_and_by_the_order_of_their_chains() {
    let ack = |core| Sent { sequence: 0, frame_control: 0x94, ..Sent::chain(core, 0) };
    let (frames, _) = decode_sent(&[
        (0, ack(0)),
        (700, ack(1)),
        (1_400, ack(0)),
        (2_100, ack(1)),
        (10_000, ack(0)),
        (20_000, ack(1)),
        (30_000, ack(0)),
        (30_100, ack(1)),
    ]);
    assert_eq!(
        outline(&frames),
        ["-: 2x1 of 2", "-: 2x1 of 2", "-: 2x1 of 1 missing", "-: 2x1 of 1 missing", "-: 2x1 of 2"]
    );
}

#[test]
fn a_sender_that_goes_over_to_fewer_chains_is_learnt_anew() {
    let mut sent =
        vec![(0, Sent { sequence: 1, ..Sent::chain(0, 0) }), (500, Sent { sequence: 1, ..Sent::chain(1, 0) })];
    sent.extend((2..60).map(|n| (u32::from(n) * 20_000, Sent { sequence: n, ..Sent::chain(0, 0) })));
    let (frames, _) = decode_sent(&sent);
    assert_eq!(outline(&frames[..2]), ["1: 2x1 of 2", "2: 2x1 of 1 missing"]);
    assert_eq!(outline(&frames[frames.len() - 2..]), ["58: 1x1 of 1", "59: 1x1 of 1"]);
    assert_eq!(frames.len(), 59);
}

#[test]
fn once_known_a_single_chain_is_handed_out_at_once() {
    use corporeal::capture::format::nexmon::{Arrival, Joiner};
    let mut joiner = Joiner::default();
    let mut push = |sequence| {
        let bytes = Sent { sequence, ..Sent::default() }.bytes();
        let datagram = nexmon::datagram(&bytes, 0).expect("reads");
        let displaced = joiner.displaced(NodeId::Unknown, &datagram, Arrival::default());
        let frame = joiner.push(NodeId::Unknown, &datagram, Arrival::default());
        [displaced, frame].map(|frame| frame.and_then(|frame| frame.sequence))
    };
    assert_eq!(push(1), [None, None], "how many chains there are is not known yet");
    assert_eq!(push(2), [Some(1), Some(2)]);
    assert_eq!(push(3), [None, Some(3)]);
    assert_eq!(push(3), [None, Some(3)], "a repetition is a frame of its own");
}

#[test]
fn any_number_of_senders_is_kept_apart_and_none_of_their_datagrams_is_lost() {
    let mut sent = Vec::new();
    for round in 0..3_u16 {
        for sender in 0..200_u8 {
            let mac = [2, 0, 0, 0, 1, sender];
            sent.push((u32::from(round) * 1_000, Sent { mac, sequence: round + 1, ..Sent::default() }));
        }
    }
    let (frames, tally) = decode_sent(&sent);
    assert_eq!((frames.len(), tally.n_records), (600, 600));
    let links: std::collections::BTreeSet<_> = frames.iter().map(|frame| frame.link).collect();
    assert_eq!(links.len(), 200);
}
