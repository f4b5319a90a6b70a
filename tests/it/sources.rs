//! Live sources against real sockets, pipes and pseudo-terminals of this machine.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use corporeal::capture::source::byte_stream::ByteStream;
use corporeal::capture::source::{open_live, silence_hint};
use corporeal::capture::{Batch, Error, Polled, Source, SourceSpec};
use corporeal::types::{FrameFlags, NodeId, Other, Provenance, SkipReason};

use crate::nexmon::Sent;
use crate::pcap::{Packet, pcap_file};

/// Far more than anything here takes; only a failure waits for it.
const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, Error> {
    open_live(spec, 3)
}

/// Polls until `done` says so of everything that came and of the last answer.
#[track_caller]
fn poll_until(source: &mut dyn Source, batch: &mut Batch, mut done: impl FnMut(&Batch, &Polled) -> bool) -> Polled {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let started = Instant::now();
        let polled = source.poll(POLL, batch).expect("no final error");
        assert!(started.elapsed() < POLL + Duration::from_secs(2), "a poll keeps its timeout");
        if done(batch, &polled) {
            return polled;
        }
        assert!(Instant::now() < deadline, "nothing more came: {:?}, last {polled:?}", batch.tally);
    }
}

fn sequences(batch: &Batch) -> Vec<u32> {
    batch.frames.iter().filter_map(|frame| frame.sequence).collect()
}

fn datagram(sequence: u16) -> Vec<u8> {
    Sent { sequence, ..Sent::default() }.bytes()
}

/// A pcap stream of single-chain packets with these numbers, 20 ms apart.
fn pcap_stream(numbers: std::ops::Range<u16>) -> Vec<u8> {
    let packet = |n: u16| (u32::from(n) * 20_000, Packet::default().ethernet(&datagram(n)));
    pcap_file(&numbers.map(packet).collect::<Vec<_>>(), false, false, 1)
}

fn udp_source() -> (Box<dyn Source>, SocketAddr) {
    let source = open(&SourceSpec::Udp { address: "127.0.0.1:0".parse().unwrap() }).expect("binds");
    let address = source.label().trim_start_matches("UDP ").parse().expect("the label ends in the address");
    (source, address)
}

#[test]
fn udp_takes_nexmon_from_a_sender_and_counts_what_is_no_csi() {
    let (mut source, address) = udp_source();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut batch = Batch::default();
    assert_eq!(source.poll(POLL, &mut batch).expect("no error"), Polled::Idle);
    let broken = Sent { n_words: 5, ..Sent::default() }.bytes();
    for payload in [&datagram(1), b"garbage".as_slice(), b"", &broken, &datagram(2), &datagram(3)] {
        sender.send_to(payload, address).unwrap();
    }
    poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 3);
    assert_eq!(sequences(&batch), [1, 2, 3]);
    assert_eq!(batch.tally.others.get(&Other::ForeignPacket), Some(&2));
    assert_eq!(batch.tally.skipped.get(&SkipReason::BadValueCount), Some(&1));
    assert_eq!(batch.tally.n_bytes as usize, 3 * datagram(1).len() + broken.len() + 7);
    assert_eq!(source.provenance(), Provenance::Live);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    for frame in &batch.frames {
        assert_eq!(frame.link.rx, NodeId::Address([127, 0, 0, 1].into()));
        assert!((now - frame.host_time.expect("arrival").secs_f64()).abs() < 60.0);
        assert_eq!(frame.flags, FrameFlags::default());
    }
}

#[test]
fn the_first_frame_of_a_silent_network_does_not_wait_for_a_second() {
    let (mut source, address) = udp_source();
    UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&datagram(9), address).unwrap();
    let mut batch = Batch::default();
    poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 1);
}

/// Only Linux gives every address of 127/8 to the loopback interface.
#[cfg(target_os = "linux")]
#[test]
fn routers_that_send_to_one_port_are_receivers_of_their_own() {
    let (mut source, address) = udp_source();
    let routers = ["127.0.0.1:0", "127.0.0.2:0"].map(|address| UdpSocket::bind(address).unwrap());
    for n in 1..=5 {
        for router in &routers {
            for core in 0..2 {
                let sent = Sent { sequence: n, ..Sent::chain(core, 0) };
                router.send_to(&sent.bytes(), address).unwrap();
            }
        }
    }
    let mut batch = Batch::default();
    poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 10);
    for last in [1, 2] {
        let rx = NodeId::Address([127, 0, 0, last].into());
        let numbers: Vec<_> = batch.frames.iter().filter(|f| f.link.rx == rx).map(|f| f.sequence).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    }
    assert!(batch.frames.iter().all(|frame| (frame.n_rx, frame.flags) == (2, FrameFlags::default())));
}

#[test]
fn a_udp_port_in_use_is_an_error_that_says_so() {
    let (_source, address) = udp_source();
    match open(&SourceSpec::Udp { address }) {
        Err(Error::AddressInUse { address: said }) => assert_eq!(said, address.to_string()),
        other => panic!("{:?}", other.map(|source| source.label())),
    }
}

#[test]
fn a_tcp_stream_that_breaks_off_is_taken_up_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut source = open(&SourceSpec::Tcp { address }).expect("connects");
    let mut batch = Batch::default();

    let first = pcap_stream(1..6);
    let (mut peer, _) = listener.accept().unwrap();
    // In small pieces, and the last record is cut in the middle.
    for piece in first[..first.len() - 40].chunks(333) {
        peer.write_all(piece).unwrap();
        source.poll(POLL, &mut batch).expect("no error");
    }
    poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 4);
    drop(peer);
    let lost = poll_until(source.as_mut(), &mut batch, |_, polled| matches!(polled, Polled::Reconnecting(_)));
    assert!(matches!(&lost, Polled::Reconnecting(why) if why.contains("check that the host is on")), "{lost:?}");
    assert_eq!(batch.tally.skipped.get(&SkipReason::CutTail), Some(&1));

    poll_until(source.as_mut(), &mut batch, |_, polled| !matches!(polled, Polled::Reconnecting(_)));
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(&pcap_stream(10..15)).unwrap();
    poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 9);
    assert_eq!(sequences(&batch), [1, 2, 3, 4, 10, 11, 12, 13, 14]);
    // The other machine's clock is a device clock here; the time of arrival is ours.
    for frame in &batch.frames {
        let device = frame.device_time.expect("the capture's stamp");
        assert!(device.nanos < 1_600_000_100_000_000_000);
        assert!(frame.host_time.expect("arrival").0 > 1_600_000_100_000_000_000);
    }
}

#[test]
fn while_a_tcp_peer_is_away_polls_say_so_and_keep_their_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut source = open(&SourceSpec::Tcp { address: address.to_string() }).expect("connects");
    drop(listener);
    let mut batch = Batch::default();
    for _ in 0..30 {
        poll_until(source.as_mut(), &mut batch, |_, polled| matches!(polled, Polled::Reconnecting(_)));
    }
    match open(&SourceSpec::Tcp { address: address.to_string() }) {
        Err(Error::Unreachable { .. }) => {}
        other => panic!("{:?}", other.map(|source| source.label())),
    }
}

#[test]
fn a_tcp_stream_in_no_known_format_is_a_final_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut source = open(&SourceSpec::Tcp { address: listener.local_addr().unwrap().to_string() }).expect("connects");
    let (mut peer, _): (TcpStream, _) = listener.accept().unwrap();
    peer.write_all(&[0xf7; 100_000]).unwrap();
    let deadline = Instant::now() + DEADLINE;
    loop {
        match source.poll(POLL, &mut Batch::default()) {
            Err(Error::UnrecognisedStream) => return,
            polled => assert!(Instant::now() < deadline, "{polled:?}"),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_to_its_end() {
    use corporeal::capture::source::stdin::Stdin;
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut source = Stdin::from_pipe(std::fs::File::from(std::os::fd::OwnedFd::from(reader)), 3);
    let mut batch = Batch::default();
    assert_eq!(source.poll(POLL, &mut batch).expect("no error"), Polled::Idle);
    let bytes = pcap_stream(1..4);
    writer.write_all(&bytes[..bytes.len() - 1]).unwrap();
    poll_until(&mut source, &mut batch, |batch, _| batch.frames.len() == 2);
    writer.write_all(&bytes[bytes.len() - 1..]).unwrap();
    drop(writer);
    poll_until(&mut source, &mut batch, |_, polled| *polled == Polled::Ended);
    assert_eq!((sequences(&batch), batch.tally.n_skipped()), (vec![1, 2, 3], 0));
    assert_eq!(batch.tally.n_bytes as usize, bytes.len());
    assert!(batch.frames.iter().all(|frame| frame.link.rx == NodeId::Source(3)));
    assert_eq!(source.poll(POLL, &mut batch).expect("no error"), Polled::Ended);
}

/// Whatever a peer sends, no more than 4 MiB wait for the rest of a record.
#[test]
fn a_stream_whose_records_never_end_is_bounded() {
    let mut stream = ByteStream::new(NodeId::Source(1), None);
    let mut batch = Batch::default();
    stream.push(&pcap_stream(1..3), &mut batch).expect("pcap");
    for _ in 0..200 {
        stream.push(&[0xff; 65_536], &mut batch).expect("known format");
    }
    stream.end(&mut batch).expect("known format");
    assert_eq!(batch.tally.skipped.get(&SkipReason::LengthTooLarge), Some(&1));
    assert_eq!(batch.tally.n_bytes as usize, pcap_stream(1..3).len() + 200 * 65_536);
}

#[cfg(unix)]
mod serial {
    use std::os::unix::fs::symlink;

    use corporeal::capture::format::{Format, decoder};
    use serialport::{SerialPort as _, TTYPort};

    use super::*;
    use crate::golden::decode_bytes;

    /// A pseudo-terminal under a name that can be given to another one: unplugging and plugging in again.
    struct Cable {
        folder: tempfile::TempDir,
        node: Option<TTYPort>,
    }

    impl Cable {
        fn new() -> Self {
            let mut cable = Self { folder: tempfile::tempdir().unwrap(), node: None };
            cable.plug_in();
            cable
        }

        fn name(&self) -> String {
            self.folder.path().join("ttyNode").display().to_string()
        }

        fn plug_in(&mut self) {
            let (node, port) = TTYPort::pair().expect("a pseudo-terminal");
            symlink(port.name().expect("a name"), self.name()).unwrap();
            self.node = Some(node);
        }

        fn unplug(&mut self) {
            self.node = None;
            std::fs::remove_file(self.name()).unwrap();
        }

        fn open(&self) -> Result<Box<dyn Source>, Error> {
            open(&SourceSpec::Serial { port: self.name(), baud: SourceSpec::DEFAULT_BAUD })
        }

        fn send(&mut self, bytes: &[u8]) {
            self.node.as_mut().expect("plugged in").write_all(bytes).unwrap();
        }
    }

    #[test]
    fn an_unplugged_port_is_opened_again_when_it_is_back() {
        let mut cable = Cable::new();
        let mut source = cable.open().expect("opens");
        let mut batch = Batch::default();
        assert_eq!(source.poll(POLL, &mut batch).expect("no error"), Polled::Idle);
        cable.send(&pcap_stream(1..4));
        poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 3);

        cable.unplug();
        let lost = poll_until(source.as_mut(), &mut batch, |_, polled| matches!(polled, Polled::Reconnecting(_)));
        assert!(matches!(&lost, Polled::Reconnecting(why) if why.contains("plug the node in again")), "{lost:?}");
        for _ in 0..10 {
            poll_until(source.as_mut(), &mut batch, |_, polled| matches!(polled, Polled::Reconnecting(_)));
        }

        cable.plug_in();
        poll_until(source.as_mut(), &mut batch, |_, polled| *polled == Polled::Idle);
        cable.send(&pcap_stream(7..9));
        poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 5);
        assert_eq!(sequences(&batch), [1, 2, 3, 7, 8]);
        assert_eq!(batch.tally.n_bytes as usize, pcap_stream(1..4).len() + pcap_stream(7..9).len());
        assert_eq!(batch.tally.n_records, 5);
    }

    #[test]
    fn a_node_that_prints_lines_is_read_as_esp32_csv() {
        let values = vec!["3,4"; 64].join(",");
        let line = |n: u32| {
            format!(
                "CSI_DATA,{n},7c:df:a1:00:00:01,-40,11,1,7,0,1,1,1,0,0,0,-92,0,6,0,{},0,128,0,128,0,\"[{values}]\"\r\n",
                1_000_000 + 10_000 * n
            )
        };
        let text: String = std::iter::once("boot: ESP-IDF\r\n".to_owned()).chain((1..=40).map(line)).collect();
        let (expected, _) = decode_bytes(decoder(Format::Esp32Csv).expect("a decoder").as_mut(), text.as_bytes());

        let mut cable = Cable::new();
        let mut source = cable.open().expect("opens");
        let mut batch = Batch::default();
        // A terminal holds 4 KiB: the other side must read in between.
        for piece in text.as_bytes().chunks(1_000) {
            cable.send(piece);
            source.poll(POLL, &mut batch).expect("no error");
        }
        let n_bytes = text.len() as u64;
        poll_until(source.as_mut(), &mut batch, |batch, _| {
            batch.tally.n_bytes == n_bytes && batch.frames.len() == expected.len()
        });
        for (frame, expected) in batch.frames.iter().zip(&expected) {
            assert_eq!((frame.link.tx, &frame.values), (expected.link.tx, &expected.values));
        }
    }

    #[test]
    fn ports_that_cannot_be_opened_say_why() {
        let cable = Cable::new();
        let _first = cable.open().expect("opens");
        match cable.open() {
            Err(Error::PortTaken { port }) => assert_eq!(port, cable.name()),
            other => panic!("{:?}", other.map(|source| source.label())),
        }
        match open(&SourceSpec::Serial { port: "/dev/ttyNoSuchPort".to_owned(), baud: 115_200 }) {
            Err(Error::NoSuchPort { port }) => assert_eq!(port, "/dev/ttyNoSuchPort"),
            other => panic!("{:?}", other.map(|source| source.label())),
        }
    }

    #[test]
    fn listing_ports_always_answers() {
        for port in corporeal::capture::source::serial::ports() {
            assert!(!port.name.is_empty());
        }
    }
}

#[cfg(not(feature = "pcap-live"))]
#[test]
fn without_libpcap_an_interface_says_which_feature_is_missing() {
    let spec = SourceSpec::Interface { name: "lo".to_owned(), filter: String::new() };
    assert!(matches!(open(&spec), Err(Error::NoPcapLive)));
}

#[cfg(all(feature = "pcap-live", target_os = "linux"))]
mod interface {
    use super::*;

    #[test]
    fn packets_of_an_interface_become_frames() {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = receiver.local_addr().unwrap();
        let filter = format!("udp dst port {}", address.port());
        let mut source = match open(&SourceSpec::Interface { name: "lo".to_owned(), filter }) {
            Ok(source) => source,
            Err(error) => {
                println!("SKIPPED: capturing needs rights that this user lacks: {error}");
                return;
            }
        };
        let mut batch = Batch::default();
        assert_eq!(source.poll(POLL, &mut batch).expect("no error"), Polled::Idle);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for payload in [&datagram(1), &datagram(2), b"other".as_slice(), &datagram(3)] {
            sender.send_to(payload, address).unwrap();
        }
        poll_until(source.as_mut(), &mut batch, |batch, _| batch.frames.len() == 3);
        assert_eq!(sequences(&batch), [1, 2, 3]);
        assert_eq!(batch.tally.others.get(&Other::ForeignPacket), Some(&1));
    }

    #[test]
    fn an_interface_that_is_not_there_is_an_error_that_names_it() {
        let spec = SourceSpec::Interface { name: "no-such-interface".to_owned(), filter: String::new() };
        assert!(matches!(open(&spec), Err(Error::Interface { name, .. }) if name == "no-such-interface"));
    }
}

#[test]
fn silence_of_every_kind_of_source_has_words_that_help() {
    for (spec, part) in [
        (SourceSpec::Udp { address: "0.0.0.0:5500".parse().unwrap() }, "nexutil"),
        (SourceSpec::Udp { address: "0.0.0.0:5005".parse().unwrap() }, "firewall"),
        (SourceSpec::Tcp { address: "router:5501".to_owned() }, "router:5501"),
        (SourceSpec::Stdin, "before the pipe"),
        (SourceSpec::Serial { port: "COM3".to_owned(), baud: 921_600 }, "921600 baud"),
        (SourceSpec::Interface { name: "wlan0".to_owned(), filter: String::new() }, "wlan0"),
        (SourceSpec::Interface { name: "wlan0".to_owned(), filter: "udp".to_owned() }, "filter"),
    ] {
        assert!(silence_hint(&spec).contains(part), "{}", silence_hint(&spec));
    }
}
