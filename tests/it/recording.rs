//! Recordings: what is written comes back to the bit, in time order, from any moment on.

mod damage;
mod other_tools;

use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use corporeal::capture::recording::{Error, Integrity, RecordedFrame, RecordingReader};
use corporeal::export;
use corporeal::export::mcap::Recorder;
use corporeal::types::message;
use corporeal::types::{
    Channel, Complex32, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, LtfField, NANOS_PER_SEC, Node, NodeId,
    NodeRole, Outline, Provenance, RecordedSource, RecordingInfo, Room, Segment, Site, SkipReason, Span, Subcarriers,
    Timestamp, Zone, ZoneId, ZoneKind, ZoneLimits,
};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

/// 4 July 2025, 12:00 UTC.
pub const START: Timestamp = Timestamp(1_751_630_400 * NANOS_PER_SEC);

pub fn source(id: u16, provenance: Provenance) -> RecordedSource {
    RecordedSource { id, label: format!("UDP 0.0.0.0:{}", 5500 + id), provenance }
}

/// Frames that between them use every field, flag, node kind and radio.
pub fn odd_frames() -> Vec<CsiFrame> {
    let values = |n: usize| (0..n).map(|i| Complex32::new(i as f32 - 0.1, -(i as f32) * 1.5e-30)).collect::<Vec<_>>();
    let two_fields = Arc::new(Subcarriers::new(
        vec![-2, -1, 1, 2, -2, 2],
        312_500.0,
        vec![Segment { field: LtfField::Lltf, len: 4 }, Segment { field: LtfField::HtLtf, len: 2 }],
        vec![0, 5],
    ));
    let full = CsiFrame {
        link: LinkId { tx: NodeId::Mac([0x24, 0x0a, 0xc4, 1, 2, 255]), rx: NodeId::Number(65_535) },
        host_time: Some(Timestamp(START.0 + 1)),
        device_time: Some(DeviceTime { nanos: u64::MAX - 7, wraps_at_nanos: Some(1 << 52) }),
        sequence: Some(u32::MAX),
        hardware: Hardware::Intel5300,
        channel: Channel { centre_mhz: 5_180, bandwidth_mhz: 80 },
        rssi_dbm: Some(-41.25),
        chain_rssi: [-1, i8::MIN, 127, 0],
        noise_dbm: Some(-92.5),
        agc: Some(255),
        scale: Some(f32::MIN_POSITIVE),
        n_rx: 3,
        n_tx: 2,
        subcarriers: Arc::clone(&two_fields),
        values: values(36),
        n_records: 4,
        flags: FrameFlags(u16::MAX),
    };
    let empty = CsiFrame::default();
    let odd_numbers = CsiFrame {
        values: vec![
            Complex32::new(f32::NAN, f32::INFINITY),
            Complex32::new(-0.0, f32::from_bits(0x7fc1_2345)),
            Complex32::new(f32::from_bits(1), f32::MAX),
        ],
        n_rx: 1,
        n_tx: 1,
        subcarriers: Arc::new(Subcarriers::single(vec![i16::MIN, 0, i16::MAX], 0.0)),
        host_time: Some(Timestamp(-1)),
        device_time: Some(DeviceTime::from_micros_u32(5)),
        sequence: Some(0),
        rssi_dbm: Some(0.0),
        agc: Some(0),
        link: LinkId { tx: NodeId::Source(7), rx: NodeId::Source(9) },
        ..CsiFrame::default()
    };
    let mut frames = vec![full.clone(), empty, odd_numbers];
    for hardware in [
        Hardware::Unknown,
        Hardware::Esp32,
        Hardware::Esp32C6,
        Hardware::Bcm4339,
        Hardware::Bcm43455c0,
        Hardware::Bcm4358,
        Hardware::Bcm4366c0,
        Hardware::Atheros,
        Hardware::IntelAx200,
        Hardware::IntelAx210,
        Hardware::Usrp,
        Hardware::FeitCsi,
        Hardware::Simulator,
    ] {
        frames.push(CsiFrame { hardware, agc: None, device_time: None, ..full.clone() });
    }
    for (flag, _) in FrameFlags::ALL {
        frames.push(CsiFrame { flags: flag, host_time: None, scale: None, ..full.clone() });
    }
    for field in [LtfField::StbcHtLtf2, LtfField::Unnamed] {
        let subcarriers = Subcarriers::new(vec![1, 2], 78_125.0, vec![Segment { field, len: 2 }], vec![]);
        let shape = CsiFrame { n_rx: 1, n_tx: 1, values: values(2), ..full.clone() };
        frames.push(CsiFrame { subcarriers: Arc::new(subcarriers), rssi_dbm: None, noise_dbm: None, ..shape });
    }
    frames
}

/// A frame as an ESP32 sends it: 64 subcarriers of small whole numbers that change a little from packet to packet.
pub fn plain_frame(link: u8, number: u32, random: &mut SmallRng) -> CsiFrame {
    thread_local! {
        static LAYOUT: Arc<Subcarriers> = Arc::new(Subcarriers::single((-32..32).collect(), 312_500.0));
    }
    let values = (0..64)
        .map(|i| {
            let angle = f32::from(i as i16) * 0.2 + f32::from(link);
            let mut noise = || f32::from(random.random_range(-3_i8..=3));
            Complex32::new((40.0 * angle.cos()).round() + noise(), (40.0 * angle.sin()).round() + noise())
        })
        .collect();
    CsiFrame {
        link: LinkId { tx: NodeId::Mac([2, 0, 0, 0, 0, link]), rx: NodeId::Source(1) },
        host_time: Some(START.plus_nanos(i64::from(number) * 5_000_000)),
        device_time: Some(DeviceTime::from_micros_u32(number.wrapping_mul(5_000))),
        sequence: Some(number),
        hardware: Hardware::Esp32,
        channel: Channel { centre_mhz: 2_437, bandwidth_mhz: 20 },
        rssi_dbm: Some(-50.0),
        n_rx: 1,
        n_tx: 1,
        subcarriers: LAYOUT.with(Arc::clone),
        values,
        ..CsiFrame::default()
    }
}

/// An output that keeps its bytes where the test can see them, and is full at some length.
#[derive(Clone)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    capacity: usize,
    error: fn() -> std::io::Error,
}

impl Disk {
    fn new() -> Self {
        Self::full_at(usize::MAX, || std::io::ErrorKind::StorageFull.into())
    }

    fn full_at(capacity: usize, error: fn() -> std::io::Error) -> Self {
        Self { bytes: Arc::default(), capacity, error }
    }

    fn content(&self) -> Vec<u8> {
        self.bytes.lock().expect("not poisoned").clone()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut content = self.bytes.lock().expect("not poisoned");
        let n = bytes.len().min(self.capacity - content.len());
        if n == 0 && !bytes.is_empty() {
            return Err((self.error)());
        }
        content.extend_from_slice(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A small recording of one link, with the length of the file and the number of frames after each flush.
struct Sample {
    bytes: Vec<u8>,
    frames: Vec<CsiFrame>,
    flushed: Vec<(usize, usize)>,
}

fn sample(n_frames: u32, n_per_flush: u32) -> Sample {
    let disk = Disk::new();
    let mut recorder = Recorder::new(disk.clone(), Path::new("sample"), RecordingInfo::default()).expect("begins");
    let mut now = Instant::now();
    recorder.tick(now).expect("ticks");
    let mut flushed = vec![(disk.content().len(), 0)];
    let mut random = SmallRng::seed_from_u64(1);
    let mut frames = Vec::new();
    for number in 0..n_frames {
        let frame = plain_frame((number % 2) as u8, number, &mut random);
        recorder.write(frame.host_time.expect("given"), &source(1, Provenance::Live), &frame).expect("writes");
        frames.push(frame);
        if (number + 1) % n_per_flush == 0 {
            now += Duration::from_millis(501);
            recorder.tick(now).expect("ticks");
            flushed.push((disk.content().len(), frames.len()));
        }
    }
    recorder.finish().expect("closes");
    Sample { bytes: disk.content(), frames, flushed }
}

fn read_all<R: Read + Seek>(reader: &mut RecordingReader<R>) -> Vec<RecordedFrame> {
    std::iter::from_fn(|| reader.next_recorded().expect("readable")).collect()
}

/// All frames, and the reader after the last of them.
type Opened = (Vec<RecordedFrame>, RecordingReader<Cursor<Vec<u8>>>);

fn read_bytes(bytes: &[u8]) -> Result<Opened, Error> {
    let mut reader = RecordingReader::new(Cursor::new(bytes.to_vec()))?;
    Ok((read_all(&mut reader), reader))
}

/// Bits of everything, because NaN is not equal to itself.
fn bits(frame: &CsiFrame) -> (String, Vec<(u32, u32)>) {
    let values = frame.values.iter().map(|value| (value.re.to_bits(), value.im.to_bits())).collect();
    (format!("{:?}", CsiFrame { values: Vec::new(), ..frame.clone() }), values)
}

#[track_caller]
fn check_same(found: &[RecordedFrame], expected: &[CsiFrame]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(bits(&found.frame), bits(expected));
    }
}

fn site() -> Site {
    Site {
        name: "Labor Ω".to_owned(),
        room: Some(Room { width_m: 4.5, depth_m: 3.25, height_m: 2.5 }),
        nodes: vec![Node {
            id: NodeId::Mac([1, 2, 3, 4, 5, 6]),
            name: "door".to_owned(),
            role: NodeRole::Receiver,
            position_m: Some([0.1, 2.0, 1.25]),
            array_axis_deg: None,
        }],
        zones: vec![Zone {
            id: ZoneId(7),
            name: "bed".to_owned(),
            outline: Outline::rectangle([0.5, 0.5], [2.5, 1.5]).expect("a rectangle"),
            kind: ZoneKind::Bed,
            limits: ZoneLimits { max_people: Some(2), max_dwell_secs: None },
        }],
    }
}

#[test]
fn every_field_comes_back_to_the_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("odd.mcap");
    let info = RecordingInfo {
        site: site(),
        notes: "two\nlines, \"quoted\"".to_owned(),
        started_at: Some(START),
        ..RecordingInfo::of_this_program()
    };
    let mut recorder = Recorder::create(&path, info.clone()).expect("begins");
    let frames = odd_frames();
    for (number, frame) in frames.iter().enumerate() {
        recorder.write(START.plus_nanos(number as i64), &source(3, Provenance::Live), frame).expect("writes");
    }
    let summary = recorder.finish().expect("closes");
    assert_eq!(summary.n_frames, frames.len() as u64);
    assert_eq!(summary.n_bytes, std::fs::metadata(&path).expect("is there").len());

    let mut reader = RecordingReader::open(&path).expect("opens");
    let found = read_all(&mut reader);
    check_same(&found, &frames);
    for (number, recorded) in found.iter().enumerate() {
        assert_eq!(recorded.time, START.plus_nanos(number as i64));
        assert_eq!((recorded.source, recorded.provenance), (3, Provenance::Replay));
    }
    assert!(Arc::ptr_eq(&found[3].frame.subcarriers, &found[4].frame.subcarriers), "layouts are shared");
    assert_eq!(reader.tally().n_frames, frames.len() as u64);
    assert_eq!((reader.tally().n_skipped(), reader.warning()), (0, None));
    assert_eq!(reader.verify().expect("readable"), Integrity::Intact);
    let found = reader.info();
    assert_eq!((&found.site, &found.notes, found.started_at), (&info.site, &info.notes, Some(START)));
    assert_eq!(found.software, info.software);
    assert_eq!(found.hardware.len(), 14);
    assert_eq!(found.sources, [source(3, Provenance::Live)]);
    assert_eq!(found.provenance, Some(Provenance::Live));
    assert_eq!(found.content_sha256, Some(summary.content_sha256));
    assert_eq!(reader.span(), summary.span);
}

/// Counts the bytes that are read through it.
struct Counted<R> {
    inner: R,
    n_read: Arc<Mutex<usize>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        *self.n_read.lock().expect("not poisoned") += n;
        Ok(n)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(to)
    }
}

#[test]
fn seeking_lands_right_and_reads_little() {
    let sample = sample(4_000, 50);
    let unfinished = sample.flushed.last().expect("some").0;
    for len in [sample.bytes.len(), unfinished] {
        let n_read = Arc::new(Mutex::new(0));
        let counted = Counted { inner: Cursor::new(&sample.bytes[..len]), n_read: Arc::clone(&n_read) };
        let mut reader = RecordingReader::new(counted).expect("opens");
        assert_eq!(reader.n_messages(), 4_000);
        assert_eq!(reader.overview().count(), 80);
        let times: Vec<_> = sample.frames.iter().filter_map(|frame| frame.host_time).collect();
        assert_eq!(reader.span(), Some(Span::new(times[0], times[3_999])));
        for target in [times[2_000], times[2_000].plus_nanos(-1), times[3_999], times[0], Timestamp(0)] {
            reader.seek(target);
            let (time, frame) = reader.next().expect("readable").expect("a frame");
            let expected = times.partition_point(|time| *time < target);
            assert_eq!(time, times[expected]);
            assert_eq!(bits(&frame), bits(&sample.frames[expected]));
        }
        reader.seek(times[3_999].plus_nanos(1));
        assert_eq!(reader.next().expect("readable"), None);
        let n_read = *n_read.lock().expect("not poisoned");
        assert!(n_read < len / 5, "{n_read} of {len} bytes read");
    }
}

#[test]
fn frames_come_in_time_order_though_they_were_written_in_another() {
    let disk = Disk::new();
    let mut recorder = Recorder::new(disk.clone(), Path::new("order"), RecordingInfo::default()).expect("begins");
    let mut random = SmallRng::seed_from_u64(5);
    let mut now = Instant::now();
    let mut times = Vec::new();
    for number in 0..600 {
        let frame = plain_frame(0, number, &mut random);
        let time = START.plus_nanos(i64::from(number) * 5_000_000 + random.random_range(-400_000_000..400_000_000));
        recorder.write(time, &source(1, Provenance::Live), &frame).expect("writes");
        times.push(time);
        now += Duration::from_millis(20);
        recorder.tick(now).expect("ticks");
    }
    recorder.finish().expect("closes");
    times.sort_unstable();
    let (found, reader) = read_bytes(&disk.content()).expect("opens");
    assert!(reader.overview().count() > 20);
    assert_eq!(found.iter().map(|recorded| recorded.time).collect::<Vec<_>>(), times);
}

#[test]
fn a_recording_without_frames_opens() {
    let disk = Disk::new();
    let recorder = Recorder::new(disk.clone(), Path::new("none"), RecordingInfo::default()).expect("begins");
    let at_begin = disk.content();
    let summary = recorder.finish().expect("closes");
    assert_eq!((summary.n_frames, summary.span), (0, None));
    for (bytes, closed) in [(at_begin, false), (disk.content(), true)] {
        let (found, reader) = read_bytes(&bytes).expect("opens");
        assert_eq!((found.len(), reader.span(), reader.closed()), (0, None, closed));
    }
}

#[test]
fn simulated_frames_stay_simulated() {
    let frame = plain_frame(0, 0, &mut SmallRng::seed_from_u64(0));
    let cases: [(&[Provenance], Provenance); 4] = [
        (&[Provenance::Live], Provenance::Replay),
        (&[Provenance::Replay], Provenance::Replay),
        (&[Provenance::Simulated], Provenance::Simulated),
        (&[Provenance::Simulated, Provenance::Live], Provenance::Simulated),
    ];
    for (sources, expected) in cases {
        let disk = Disk::new();
        let mut recorder = Recorder::new(disk.clone(), Path::new("p"), RecordingInfo::default()).expect("begins");
        let mut now = Instant::now();
        recorder.tick(now).expect("ticks");
        for (id, provenance) in sources.iter().enumerate() {
            recorder.write(START, &source(id as u16, *provenance), &frame).expect("writes");
        }
        now += Duration::from_secs(1);
        recorder.tick(now).expect("ticks");
        let killed = disk.content();
        recorder.finish().expect("closes");
        for bytes in [killed, disk.content()] {
            let (found, reader) = read_bytes(&bytes).expect("opens");
            assert_eq!(reader.provenance(), expected);
            for (recorded, provenance) in found.iter().zip(sources) {
                let is_simulated = *provenance == Provenance::Simulated;
                let label = if is_simulated { Provenance::Simulated } else { Provenance::Replay };
                assert_eq!(recorded.provenance, label);
            }
        }
    }
}

#[test]
fn a_frame_is_on_disk_half_a_second_later() {
    let disk = Disk::new();
    let mut recorder = Recorder::new(disk.clone(), Path::new("t"), RecordingInfo::default()).expect("begins");
    let start = Instant::now();
    recorder.tick(start).expect("ticks");
    let frame = plain_frame(0, 0, &mut SmallRng::seed_from_u64(0));
    recorder.write(START, &source(1, Provenance::Live), &frame).expect("writes");
    recorder.tick(start + Duration::from_millis(499)).expect("ticks");
    assert_eq!(read_bytes(&disk.content()).expect("opens").0.len(), 0);
    recorder.tick(start + Duration::from_millis(500)).expect("ticks");
    assert_eq!(read_bytes(&disk.content()).expect("opens").0.len(), 1);
    assert_eq!(recorder.n_bytes(), disk.content().len() as u64);
}

#[test]
fn thousands_of_senders_share_channels_and_keep_their_links() {
    let disk = Disk::new();
    let mut recorder = Recorder::new(disk.clone(), Path::new("many"), RecordingInfo::default()).expect("begins");
    let mut random = SmallRng::seed_from_u64(2);
    let mut frame = plain_frame(0, 0, &mut random);
    for number in 0..3_000_u16 {
        let [high, low] = number.to_be_bytes();
        frame.link.tx = NodeId::Mac([0, 0, 0, 0, high, low]);
        recorder.write(START.plus_nanos(i64::from(number)), &source(1, Provenance::Live), &frame).expect("writes");
    }
    recorder.finish().expect("closes");
    let content = disk.content();
    let summary = mcap::Summary::read(&content).expect("reads").expect("there");
    assert_eq!(summary.channels.len(), 257);
    let (found, _) = read_bytes(&content).expect("opens");
    let links: std::collections::BTreeSet<_> = found.iter().map(|recorded| recorded.frame.link).collect();
    assert_eq!(links.len(), 3_000);
}

#[test]
fn eight_links_at_two_hundred_hertz_for_a_minute_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("minute.mcap");
    let mut recorder = Recorder::create(&path, RecordingInfo::default()).expect("begins");
    let mut random = SmallRng::seed_from_u64(9);
    let mut frames: Vec<_> = (0..8).map(|link| plain_frame(link, 0, &mut random)).collect();
    let channels: Vec<_> = frames.iter().map(|frame| frame.values.clone()).collect();
    let began = Instant::now();
    let n_packets = 60 * 200;
    for packet in 0..n_packets {
        let time = START.plus_nanos(i64::from(packet) * 5_000_000);
        for (frame, channel) in frames.iter_mut().zip(&channels) {
            for (value, mean) in frame.values.iter_mut().zip(channel) {
                // Two bits of noise on either part, as a quiet room gives on an ESP32.
                let noise: u32 = random.random();
                *value = mean + Complex32::new((noise & 3) as f32, (noise >> 8 & 3) as f32);
            }
            frame.host_time = Some(time);
            frame.sequence = Some(packet as u32);
            recorder.write(time, &source(1, Provenance::Live), frame).expect("writes");
        }
        recorder.tick(began + Duration::from_millis(5) * packet as u32).expect("ticks");
    }
    let summary = recorder.finish().expect("closes");
    let wrote_secs = began.elapsed().as_secs_f64();
    assert_eq!(summary.n_frames, 96_000);
    let began = Instant::now();
    let mut reader = RecordingReader::open(&path).expect("opens");
    let mut next = [0; 8];
    while let Some((_, frame)) = reader.next().expect("readable") {
        let NodeId::Mac([.., link]) = frame.link.tx else { panic!("not ours") };
        assert_eq!(frame.sequence, Some(next[usize::from(link)]));
        next[usize::from(link)] += 1;
    }
    assert_eq!(next, [12_000; 8]);
    println!(
        "96 000 frames: {} bytes, {} per frame; written in {wrote_secs:.1} s, read in {:.1} s",
        summary.n_bytes,
        summary.n_bytes / 96_000,
        began.elapsed().as_secs_f64()
    );
}
