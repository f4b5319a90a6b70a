//! The engine through its handle: commands in, snapshots out.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use corporeal::capture::SourceSpec;
use corporeal::engine::{Command, Engine, EngineConfig, NoticeLevel, RecordingSpec, Snapshot};
use corporeal::simulate::SimulatorSpec;
use corporeal::types::{Provenance, SourceState, Span};

use crate::golden::shared_csi;

const WALK: &str = "csikit-data/Internal/Broadcom/walk_1597159475.pcap";

fn start(dir: &std::path::Path) -> Engine {
    let config = EngineConfig { recordings_dir: dir.to_owned(), ..EngineConfig::default() };
    Engine::start(config, Box::new(|| {})).expect("threads can be started")
}

/// The first snapshot that fulfils the wish; fails with the newest one after 20 s.
#[track_caller]
fn wait_for(engine: &Engine, what: &str, wish: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let snapshot = engine.snapshot();
        if wish(&snapshot) {
            return snapshot;
        }
        if Instant::now() > deadline {
            let states: Vec<_> = snapshot.sources.iter().map(|source| (&source.label, &source.state)).collect();
            panic!("never saw: {what}; {states:?}, notices {:?}, playback {:?}", snapshot.notices, snapshot.playback);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn n_frames(snapshot: &Snapshot) -> u64 {
    snapshot.links.iter().map(|link| link.health.n_frames).sum()
}

#[test]
fn the_demo_shows_eight_simulated_links_and_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::OpenDemo);
    let snapshot = wait_for(&engine, "eight links with motion", |snapshot| {
        snapshot.links.len() == 8 && snapshot.links.iter().all(|link| !link.products.motion.is_empty())
    });
    assert_eq!(snapshot.provenance, Some(Provenance::Simulated));
    assert!(snapshot.links.iter().all(|link| link.provenance == Provenance::Simulated));
    assert!(!snapshot.simulated_body.is_empty());
    assert!(snapshot.site.room.is_some());
    assert!(snapshot.links.iter().all(|link| snapshot.site.ends(link.stream.link).is_some()));
}

#[test]
fn a_recording_plays_to_its_end_and_loses_nothing() {
    let Some(path) = shared_csi(WALK) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::Open(vec![path]));
    engine.send(Command::SetSpeed(f32::INFINITY));
    let snapshot = wait_for(&engine, "the end", |snapshot| {
        snapshot.playback.as_ref().is_some_and(|playback| playback.at_end) && n_frames(snapshot) == 343
    });
    assert_eq!(snapshot.provenance, Some(Provenance::Replay));
    assert_eq!(snapshot.sources[0].n_dropped, 0);
    assert!(snapshot.simulated_body.is_empty());
    let indexed = wait_for(&engine, "the index", |snapshot| snapshot.timeline.span.is_some());
    assert_eq!(indexed.timeline.density.iter().sum::<u32>(), 343);
}

#[test]
fn jumps_steps_and_loops_land_where_they_should() {
    let Some(path) = shared_csi(WALK) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::Open(vec![path]));
    engine.send(Command::Pause);
    let span = wait_for(&engine, "the index", |snapshot| snapshot.playback.as_ref().is_some_and(|p| p.span.is_some()))
        .timeline
        .span
        .expect("indexed");
    let middle = span.start.plus_nanos(span.nanos() / 2);
    engine.send(Command::Seek(middle));
    let after = wait_for(&engine, "the middle", |snapshot| {
        snapshot.playback.as_ref().is_some_and(|p| p.position == middle && !p.playing) && n_frames(snapshot) > 0
    });
    assert!(after.links.iter().all(|link| link.health.last_seen.is_some_and(|seen| seen <= middle)));

    let before_step = n_frames(&after);
    engine.send(Command::StepFrames(3));
    let stepped = wait_for(&engine, "three more frames", |snapshot| n_frames(snapshot) == before_step + 3);
    let at = stepped.playback.as_ref().expect("playing").position;
    assert!(at >= middle);
    engine.send(Command::StepFrames(-1));
    wait_for(&engine, "one frame back", |snapshot| snapshot.playback.as_ref().is_some_and(|p| p.position < at));

    let stretch = Span::new(span.start, span.start.plus_secs(0.5));
    engine.send(Command::SetLoop(Some(stretch)));
    engine.send(Command::SetSpeed(20.0));
    engine.send(Command::Play);
    let run_until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < run_until {
        let position = engine.snapshot().playback.as_ref().map(|p| p.position);
        let looping = engine.snapshot().playback.as_ref().is_some_and(|p| p.looping.is_some() && p.playing);
        if looping && let Some(position) = position {
            assert!(position <= stretch.end.plus_secs(0.2), "{position:?} is past the loop {stretch:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn recording_the_simulator_loses_nothing_and_stays_simulated() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("sim.mcap");
    let engine = start(dir.path());
    engine.send(Command::StartRecording(RecordingSpec::default()));
    let refused = wait_for(&engine, "the refusal", |snapshot| !snapshot.notices.is_empty());
    assert_eq!(refused.notices[0].level, NoticeLevel::Warning, "nothing live to record");

    engine.send(Command::Connect(SourceSpec::Simulator(SimulatorSpec { loss: 0.0, ..SimulatorSpec::default() })));
    wait_for(&engine, "frames", |snapshot| n_frames(snapshot) > 100);
    engine.send(Command::StartRecording(RecordingSpec { path: Some(path.clone()), notes: "a test".into() }));
    let recording = wait_for(&engine, "a second on disk", |snapshot| {
        snapshot.recording.as_ref().is_some_and(|recording| recording.n_frames > 1_600)
    });
    assert_eq!(recording.recording.as_ref().and_then(|recording| recording.error.clone()), None);
    engine.send(Command::StopRecording);
    let stopped = wait_for(&engine, "the end of the recording", |snapshot| snapshot.recording.is_none());
    let said = stopped.notices.last().expect("a notice").text.clone();

    engine.send(Command::Open(vec![path]));
    engine.send(Command::SetSpeed(f32::INFINITY));
    let replayed = wait_for(&engine, "the end of the replay", |snapshot| {
        snapshot.playback.as_ref().is_some_and(|playback| playback.at_end)
    });
    let n_replayed =
        wait_for(&engine, "all frames", |snapshot| said.contains(&format!(" {} frames", n_frames(snapshot))));
    assert!(n_frames(&n_replayed) > 1_600);
    assert_eq!(replayed.provenance, Some(Provenance::Simulated));
}

#[test]
fn a_socket_in_use_fails_with_plain_words_and_the_rest_goes_on() {
    let taken = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = taken.local_addr().expect("bound");
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::Connect(SourceSpec::Udp { address }));
    let failed = wait_for(&engine, "the failure", |snapshot| {
        snapshot.sources.iter().any(|source| matches!(source.state, SourceState::Failed(_)))
    });
    let SourceState::Failed(why) = &failed.sources[0].state else { unreachable!("waited for it") };
    assert!(why.contains("another program listens there already"), "{why}");
    assert_eq!(failed.provenance, None, "a failed source lends no provenance");

    drop(taken);
    engine.send(Command::Restart(failed.sources[0].id));
    wait_for(&engine, "the restart", |snapshot| {
        snapshot.sources.iter().any(|source| source.state == SourceState::Running)
    });
}

#[test]
fn files_that_are_no_recordings_say_why() {
    let dir = tempfile::tempdir().expect("a folder");
    let cases: [(&str, &[u8], &str); 3] = [
        ("empty.dat", b"", "the file is empty"),
        ("notes.csv", b"milk, eggs, bread\nand some butter\n", "not a CSI recording"),
        ("picture.pcap", b"\x89PNG\r\n\x1a\n0000000000000000", "not a CSI recording"),
    ];
    let engine = start(dir.path());
    for (name, bytes, expected) in cases {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        engine.send(Command::Open(vec![path]));
        wait_for(
            &engine,
            expected,
            |snapshot| matches!(&snapshot.sources[..], [only] if matches!(&only.state, SourceState::Failed(why) if why.contains(expected) && why.contains(name))),
        );
    }
    engine.send(Command::Open(vec![PathBuf::from("/nowhere/walk.pcap")]));
    wait_for(&engine, "no such file", |snapshot| {
        snapshot.notices.iter().any(|notice| notice.text.contains("no such file"))
    });
}

#[test]
fn opening_real_data_closes_the_demo() {
    let Some(path) = shared_csi(WALK) else { return };
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::OpenDemo);
    wait_for(&engine, "the demo", |snapshot| {
        snapshot.provenance == Some(Provenance::Simulated) && n_frames(snapshot) > 0
    });
    engine.send(Command::Open(vec![path]));
    let real = wait_for(&engine, "the recording", |snapshot| snapshot.provenance == Some(Provenance::Replay));
    assert_eq!(real.sources.len(), 1);
    assert!(real.links.iter().all(|link| link.provenance == Provenance::Replay));
}

/// A line as an ESP32 with esp-csi prints it (layout B), 64 subcarriers.
#[cfg(unix)]
fn esp32_line(n: u32) -> String {
    let values = vec!["3,4"; 64].join(",");
    let time = n * 10_000;
    format!("CSI_DATA,{n},7c:df:a1:00:00:01,-50,11,0,0,0,0,0,0,0,0,0,-95,0,6,0,{time},0,100,0,128,0,\"[{values}]\"\r\n")
}

#[cfg(unix)]
#[test]
fn an_unplug_while_recording_is_said_and_the_recording_goes_on_when_the_node_is_back() {
    use std::io::Write as _;

    use serialport::{SerialPort as _, TTYPort};

    let dir = tempfile::tempdir().expect("a folder");
    let name = dir.path().join("ttyNode");
    let plug_in = || {
        let (node, port) = TTYPort::pair().expect("a pseudo-terminal");
        std::os::unix::fs::symlink(port.name().expect("a name"), &name).expect("linked");
        node
    };
    let mut node = plug_in();
    let engine = start(dir.path());
    let port = name.display().to_string();
    engine.send(Command::Connect(SourceSpec::Serial { port, baud: SourceSpec::DEFAULT_BAUD }));
    wait_for(&engine, "the open port", |snapshot| {
        snapshot.sources.iter().any(|source| source.state == SourceState::Running)
    });
    engine.send(Command::StartRecording(RecordingSpec::default()));
    wait_for(&engine, "the recording", |snapshot| snapshot.recording.is_some());
    let send = |node: &mut TTYPort, numbers: std::ops::Range<u32>| {
        for n in numbers {
            node.write_all(esp32_line(n).as_bytes()).expect("written");
        }
    };
    send(&mut node, 0..5);
    wait_for(&engine, "five frames on disk", |snapshot| snapshot.recording.as_ref().is_some_and(|r| r.n_frames == 5));

    std::fs::remove_file(&name).expect("unlinked");
    drop(node);
    wait_for(&engine, "the loss", |snapshot| {
        snapshot.sources.iter().any(|source| matches!(source.state, SourceState::Reconnecting(_)))
            && snapshot.notices.iter().any(|notice| notice.level == NoticeLevel::Warning)
    });
    let mut node = plug_in();
    wait_for(&engine, "the port again", |snapshot| {
        snapshot.sources.iter().any(|source| source.state == SourceState::Running)
    });
    send(&mut node, 5..9);
    let recording = wait_for(&engine, "four more", |snapshot| {
        snapshot.recording.as_ref().is_some_and(|recording| recording.n_frames == 9)
    });
    assert_eq!(recording.recording.as_ref().and_then(|recording| recording.error.clone()), None);
    engine.send(Command::StopRecording);
    wait_for(&engine, "the closed file", |snapshot| {
        snapshot.notices.iter().any(|notice| notice.text.contains("Recorded 9 frames"))
    });
}

#[test]
fn a_growing_file_is_followed() {
    use std::io::Write as _;

    let Some(path) = shared_csi("csikit/intel/example.dat") else { return };
    let bytes = std::fs::read(path).expect("readable");
    let dir = tempfile::tempdir().expect("a folder");
    let growing = dir.path().join("growing.dat");
    // The second half begins in the middle of a record.
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let mut file = std::fs::File::create(&growing).expect("created");
    file.write_all(first).expect("written");
    let engine = start(dir.path());
    engine.send(Command::Connect(SourceSpec::File { path: growing, follow: true }));
    engine.send(Command::SetSpeed(f32::INFINITY));
    let half = wait_for(&engine, "the first half", |snapshot| n_frames(snapshot) >= 12);
    assert!(n_frames(&half) < 26);
    file.write_all(second).expect("written");
    wait_for(&engine, "all frames", |snapshot| n_frames(snapshot) == 26);
}

#[test]
fn two_recordings_play_side_by_side() {
    let (Some(walk), Some(other)) =
        (shared_csi(WALK), shared_csi("csikit-data/Internal/Broadcom/Example/40mhz_1600085286.pcap"))
    else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let engine = start(dir.path());
    engine.send(Command::Open(vec![walk, other]));
    // At a finite speed: the month that lies between the two is passed over.
    engine.send(Command::SetSpeed(100.0));
    let end = wait_for(&engine, "the end of both", |snapshot| {
        snapshot.playback.as_ref().is_some_and(|playback| playback.at_end) && n_frames(snapshot) == 343 + 81
    });
    assert_eq!(end.sources.len(), 2);
    assert!(end.links.iter().any(|link| link.source == end.sources[0].id));
    assert!(end.links.iter().any(|link| link.source == end.sources[1].id));
}
