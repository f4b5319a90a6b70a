//! Files that were cut, damaged or never finished, and disks that fail: what was flushed is there, nothing panics.

use super::*;

#[test]
fn a_file_cut_anywhere_gives_every_flushed_frame() {
    let sample = sample(400, 50);
    let mut random = SmallRng::seed_from_u64(7);
    let regular = (0..sample.bytes.len()).step_by(997);
    let borders = sample.flushed.iter().flat_map(|(len, _)| [len - 1, *len, len + 1]);
    let anywhere = (0..200).map(|_| random.random_range(0..sample.bytes.len())).collect::<Vec<_>>();
    for cut in regular.chain(borders).chain(anywhere) {
        let n_flushed = sample.flushed.iter().filter(|(len, _)| *len <= cut).map(|(_, n)| *n).max();
        let (found, reader) = match (read_bytes(&sample.bytes[..cut]), n_flushed) {
            (Ok(read), _) => read,
            (Err(Error::Empty | Error::NotMcap | Error::Foreign), None) => continue,
            (Err(error), _) => panic!("cut at {cut}: {error}"),
        };
        assert!(found.len() >= n_flushed.unwrap_or(0), "cut at {cut}: {} of {n_flushed:?}", found.len());
        check_same(&found, &sample.frames[..found.len()]);
        assert!(!reader.closed() && reader.warning().is_some(), "cut at {cut}");
        assert_eq!(reader.n_messages(), found.len() as u64, "cut at {cut}");
        if let (Some(first), Some(last)) = (found.first(), found.last()) {
            assert_eq!(reader.span(), Some(Span::new(first.time, last.time)), "cut at {cut}");
        }
    }
}

#[test]
fn a_chunk_cut_in_the_middle_still_gives_its_whole_records() {
    // One chunk of some 900 KB: compressed in blocks of 128 KB, of which those in front of the cut can be unpacked.
    let sample = sample(1_000, 1_000);
    let (chunk_end, _) = sample.flushed[1];
    let (found, reader) = read_bytes(&sample.bytes[..chunk_end * 7 / 10]).expect("opens");
    assert!((200..1_000).contains(&found.len()), "{}", found.len());
    check_same(&found, &sample.frames[..found.len()]);
    assert_eq!(reader.tally().skipped[&SkipReason::CutTail], 1);
}

#[test]
fn a_damaged_chunk_is_left_out_and_counted() {
    let sample = sample(400, 50);
    let in_third_chunk = (sample.flushed[2].0 + sample.flushed[3].0) / 2;
    let expected: Vec<_> = [&sample.frames[..100], &sample.frames[150..]].concat();
    let unfinished = sample.flushed.last().expect("some").0;
    for len in [sample.bytes.len(), unfinished] {
        let mut bytes = sample.bytes[..len].to_vec();
        bytes[in_third_chunk] ^= 0x40;
        let (found, mut reader) = read_bytes(&bytes).expect("opens");
        check_same(&found, &expected);
        assert_eq!(reader.tally().n_skipped(), 1, "{:?}", reader.tally());
        assert!(reader.warning().is_some());
        reader.seek(START);
        assert_eq!(read_all(&mut reader).len(), expected.len());
        assert_eq!(reader.tally().n_skipped(), 1, "counted once");
        let integrity = if len == unfinished { Integrity::Unknown } else { Integrity::Changed };
        assert_eq!(reader.verify().expect("readable"), integrity);
    }
}

#[test]
fn the_next_chunk_is_found_behind_a_broken_length() {
    let sample = sample(400, 50);
    let third_chunk = sample.flushed[2].0;
    for length in [u64::from(u32::MAX), u64::MAX, 1 << 40] {
        let mut bytes = sample.bytes[..sample.flushed.last().expect("some").0].to_vec();
        bytes[third_chunk + 1..third_chunk + 9].copy_from_slice(&length.to_le_bytes());
        let (found, reader) = read_bytes(&bytes).expect("opens");
        check_same(&found, &[&sample.frames[..100], &sample.frames[150..]].concat());
        assert_eq!(reader.tally().skipped[&SkipReason::LostSync], 1);
    }
}

#[test]
fn a_broken_summary_is_no_hindrance() {
    let sample = sample(400, 50);
    let summary = sample.flushed.last().expect("some").0;
    let mut random = SmallRng::seed_from_u64(3);
    for _ in 0..100 {
        let mut bytes = sample.bytes.clone();
        let at = random.random_range(summary..bytes.len());
        bytes[at] ^= 1 << random.random_range(0..8);
        let (found, _) = read_bytes(&bytes).expect("opens");
        check_same(&found, &sample.frames);
    }
}

#[test]
fn a_chunk_that_the_summary_lists_twice_is_read_once() {
    const CHUNK_INDEX: u8 = 0x08;
    const FOOTER_LEN: usize = 9 + 20;
    let sample = sample(400, 50);
    let (body, footer) = sample.bytes.split_at(sample.bytes.len() - 8 - FOOTER_LEN);
    let summary_start = u64::from_le_bytes(*footer[9..].first_chunk().expect("a footer"));
    let mut bytes = body.to_vec();
    let mut at = summary_start as usize;
    while at < body.len() {
        let len = u64::from_le_bytes(*body[at + 1..].first_chunk().expect("a record")) as usize;
        let record = &body[at..at + 9 + len];
        if record[0] == CHUNK_INDEX {
            bytes.extend_from_slice(record);
        }
        at += record.len();
    }
    assert!(bytes.len() > body.len());
    let mut footer = footer.to_vec();
    // No offsets of the summary's parts, and no checksum over it.
    footer[17..FOOTER_LEN].fill(0);
    bytes.extend_from_slice(&footer);
    let (found, reader) = read_bytes(&bytes).expect("opens");
    check_same(&found, &sample.frames);
    assert_eq!(reader.n_messages(), 400);
}

#[test]
fn nonsense_never_panics_and_never_claims_memory() {
    let sample = sample(60, 20);
    let mut random = SmallRng::seed_from_u64(11);
    for _ in 0..400 {
        let mut bytes = sample.bytes.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(0..bytes.len() - 8);
            match random.random_range(0..3) {
                0 => bytes[at] = random.random(),
                1 => bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes()),
                _ => bytes[at..at + 8].copy_from_slice(&(u64::from(u32::MAX)).to_le_bytes()),
            }
        }
        if let Ok((found, mut reader)) = read_bytes(&bytes) {
            assert!(found.len() <= 2 * sample.frames.len());
            reader.verify().expect("memory is always readable");
        }
    }
}

#[track_caller]
fn check_failure(error: fn() -> std::io::Error, words: &str) {
    let disk = Disk::full_at(60_000, error);
    let mut recorder = Recorder::new(disk.clone(), Path::new("lab.mcap"), RecordingInfo::default()).expect("begins");
    let mut random = SmallRng::seed_from_u64(1);
    let mut now = Instant::now();
    let mut frames = Vec::new();
    let failure = loop {
        let frame = plain_frame(0, frames.len() as u32, &mut random);
        let written = recorder.write(frame.host_time.expect("given"), &source(1, Provenance::Live), &frame);
        frames.push(frame);
        now += Duration::from_millis(20);
        match written.and_then(|()| recorder.tick(now)) {
            Ok(()) => {}
            Err(failure) => break failure.to_string(),
        }
    };
    assert!(failure.contains(words) && failure.contains("lab.mcap"), "{failure}");
    assert_eq!(recorder.failure(), Some(failure.as_str()));
    let again = recorder.write(START, &source(1, Provenance::Live), &frames[0]);
    assert_eq!(again.expect_err("stays stopped").to_string(), failure);
    assert_eq!(recorder.tick(now).expect_err("stays stopped").to_string(), failure);
    assert_eq!(recorder.finish().expect_err("stays stopped").to_string(), failure);
    let (found, reader) = read_bytes(&disk.content()).expect("what was written opens");
    assert!(found.len() > 50, "{}", found.len());
    check_same(&found, &frames[..found.len()]);
    assert!(!reader.closed());
}

#[test]
fn a_full_disk_is_said_and_keeps_what_was_written() {
    check_failure(|| std::io::ErrorKind::StorageFull.into(), "the disk is full — free some space");
    check_failure(|| std::io::ErrorKind::FileTooLarge.into(), "size limit of its drive");
}

#[cfg(unix)]
#[test]
fn an_unplugged_drive_is_said() {
    check_failure(|| std::io::Error::from_raw_os_error(5), "the drive has gone — plug it in again");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_from_the_start_is_noticed_at_the_start() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let begun = Recorder::new(std::io::BufWriter::new(full), Path::new("lab.mcap"), RecordingInfo::default());
    assert!(matches!(begun.err(), Some(export::Error::DiskFull { .. })));
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let begun = Recorder::create(file.path(), RecordingInfo::default());
    assert!(matches!(begun.err(), Some(export::Error::Exists { .. })));
    let nowhere = Recorder::create(&file.path().join("not a folder"), RecordingInfo::default());
    assert!(matches!(nowhere.err(), Some(export::Error::NoFolder { .. })));
}

#[test]
fn a_message_of_any_bytes_is_a_frame_of_sound_shape_or_a_reason() {
    let mut random = SmallRng::seed_from_u64(13);
    let mut decoder = message::Decoder::default();
    for frame in odd_frames() {
        let mut sound = Vec::new();
        message::encode(1, Provenance::Live, &frame, &mut sound);
        for len in 0..sound.len() {
            assert!(decoder.decode(&sound[..len]).is_err(), "cut at {len} of {}", sound.len());
        }
        for _ in 0..200 {
            let mut bytes = sound.clone();
            let at = random.random_range(0..bytes.len() - 4);
            match random.random_range(0..2) {
                0 => bytes[at] = random.random(),
                _ => bytes[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes()),
            }
            if let Ok(message) = decoder.decode(&bytes) {
                let frame = message.frame;
                assert_eq!(frame.values.len(), frame.n_chains() * frame.n_subcarriers());
                assert_eq!(frame.subcarriers.ranges().last().map_or(0, |(_, range)| range.end), frame.n_subcarriers());
            }
        }
        sound.extend_from_slice(b"fields of a later version");
        assert_eq!(bits(&decoder.decode(&sound).expect("read").frame), bits(&frame));
    }
}

#[test]
fn a_recorder_that_is_dropped_still_writes_its_index() {
    let disk = Disk::new();
    let mut recorder = Recorder::new(disk.clone(), Path::new("dropped"), RecordingInfo::default()).expect("begins");
    let frame = plain_frame(0, 0, &mut SmallRng::seed_from_u64(0));
    recorder.write(START, &source(1, Provenance::Live), &frame).expect("writes");
    drop(recorder);
    let (found, mut reader) = read_bytes(&disk.content()).expect("opens");
    check_same(&found, &[frame]);
    assert!(reader.closed());
    assert_eq!(reader.verify().expect("readable"), Integrity::Unknown, "the checksum was never written");
}
