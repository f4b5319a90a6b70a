//! Recordings in the hands of other programs: independent decoders, repacked files, files that are not ours.

use std::path::PathBuf;
use std::process::Command;

use super::*;

#[test]
fn other_programs_read_the_same_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("foreign eyes.mcap");
    let info = RecordingInfo { site: site(), ..RecordingInfo::of_this_program() };
    let mut recorder = Recorder::create(&path, info).expect("begins");
    let frames = odd_frames();
    for (number, frame) in frames.iter().enumerate() {
        let from = source((number % 2) as u16, Provenance::Simulated);
        recorder.write(START.plus_nanos(number as i64), &from, frame).expect("writes");
    }
    let summary = recorder.finish().expect("closes");

    let Some(seen) = check_with_python(&path) else { return };
    assert_eq!(seen["profile"], "corporeal");
    assert_eq!(seen["n_messages"], frames.len());
    assert_eq!(seen["sha256"], summary.content_sha256);
    let metadata = seen["metadata"].as_array().expect("a list").last().expect("one").clone();
    assert_eq!(metadata["content_sha256"], summary.content_sha256);
    assert_eq!(metadata["provenance"], "SIMULATED");
    assert_eq!(metadata["started_at"], serde_json::Value::Null);
    let channels = seen["channels"].as_array().expect("a list");
    let topics: Vec<_> = channels.iter().filter_map(|channel| channel["topic"].as_str()).collect();
    assert_eq!(
        topics,
        [
            "/csi/node_65535/mac_240ac40102ff",
            "/csi/node_65535/mac_240ac40102ff/source_1",
            "/csi/source_9/source_7",
            "/csi/unknown/unknown"
        ]
    );
    assert_eq!(channels[0]["link"], "24:0a:c4:01:02:ff → node 65535");
    for (message, frame) in seen["messages"].as_array().expect("a list").iter().zip(&frames) {
        check_python_fields(message, frame);
    }
}

/// Compares field by field with what the independent decoder made of the message.
#[track_caller]
fn check_python_fields(message: &serde_json::Value, frame: &CsiFrame) {
    let fields = &message["fields"];
    let float = |value: Option<f32>| serde_json::json!(value.unwrap_or_default().to_bits());
    assert_eq!(message["schema"], "corporeal_msgs/msg/CsiFrame");
    assert_eq!(message["sequence"], frame.sequence.unwrap_or(0));
    assert_eq!(fields["host_time_nanos"], frame.host_time.unwrap_or_default().0);
    assert_eq!(fields["has_host_time"], frame.host_time.is_some());
    assert_eq!(fields["has_device_time"], frame.device_time.is_some());
    let device = frame.device_time.map_or((0, None), |time| (time.nanos, time.wraps_at_nanos));
    assert_eq!(fields["device_time_nanos"], device.0);
    assert_eq!(fields["device_time_wraps_at_nanos"], device.1.unwrap_or(0));
    assert_eq!(fields["has_device_time_wraps_at"], device.1.is_some());
    assert_eq!(fields["rssi_dbm"], float(frame.rssi_dbm));
    assert_eq!(fields["noise_dbm"], float(frame.noise_dbm));
    assert_eq!(fields["scale"], float(frame.scale));
    assert_eq!(fields["has_agc"], frame.agc.is_some());
    assert_eq!(fields["agc"], frame.agc.unwrap_or(0));
    assert_eq!(fields["chain_rssi"], serde_json::json!(frame.chain_rssi));
    assert_eq!(fields["centre_mhz"], frame.channel.centre_mhz);
    assert_eq!(fields["n_records"], frame.n_records);
    assert_eq!(fields["flags"], frame.flags.0);
    assert_eq!((&fields["n_rx"], &fields["n_tx"]), (&frame.n_rx.into(), &frame.n_tx.into()));
    assert_eq!(fields["provenance"], 3);
    assert_eq!(fields["subcarriers"], serde_json::json!(frame.subcarriers.index));
    assert_eq!(fields["invalid"], serde_json::json!(frame.subcarriers.invalid));
    let lengths: Vec<_> = frame.subcarriers.segments.iter().map(|segment| segment.len).collect();
    assert_eq!(fields["segment_lengths"], serde_json::json!(lengths));
    // Python turns a signalling NaN into a quiet one; none is in the list.
    let values: Vec<_> = frame.values.iter().flat_map(|value| [value.re.to_bits(), value.im.to_bits()]).collect();
    assert_eq!(fields["values"], serde_json::json!(values));
}

/// What the packages `mcap` and `mcap-ros2-support` make of a file; `None`, with a printed reason, without them.
fn check_with_python(path: &Path) -> Option<serde_json::Value> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recording/check_mcap.py");
    let output = match Command::new("python3").arg(script).arg(path).output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: needs python3 ({error})");
            return None;
        }
    };
    if output.status.code() == Some(77) {
        println!("SKIPPED: needs `pip install mcap mcap-ros2-support` ({})", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn files_that_are_not_ours_are_refused_in_words() {
    let mut foreign = Cursor::new(Vec::new());
    let mut writer = mcap::Writer::new(&mut foreign).expect("begins");
    let channel = writer.add_channel(0, "/chatter", "json", &std::collections::BTreeMap::new()).expect("adds");
    let header = mcap::records::MessageHeader { channel_id: channel, sequence: 0, log_time: 1, publish_time: 1 };
    writer.write_to_known_channel(&header, b"{}").expect("writes");
    writer.finish().expect("closes");
    drop(writer);
    let foreign = foreign.into_inner();
    let cases: [(&[u8], &str); 5] = [
        (&foreign, "an MCAP file of another program"),
        (&foreign[..foreign.len() - 20], "an MCAP file of another program"),
        (b"", "the recording is empty"),
        (b"\x89MCAP", "not an MCAP recording"),
        (b"time,value\n1,2\n3,4\n", "not an MCAP recording"),
    ];
    for (bytes, words) in cases {
        let Err(error) = read_bytes(bytes) else { panic!("opened, should say {words}") };
        assert!(error.to_string().contains(words), "{error}");
    }
    let Err(missing) = RecordingReader::open(Path::new("no/such/file.mcap")) else { panic!("opened") };
    assert!(missing.to_string().contains("no such file"));
}

/// The same messages as another tool may pack them.
fn repack(options: mcap::WriteOptions, frames: &[CsiFrame]) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut writer = options.create(&mut file).expect("begins");
    let schema = writer
        .add_schema(message::SCHEMA_NAME, message::SCHEMA_ENCODING, message::SCHEMA_TEXT.as_bytes())
        .expect("adds");
    let none = std::collections::BTreeMap::new();
    let ours = writer.add_channel(schema, "/elsewhere", message::MESSAGE_ENCODING, &none).expect("adds");
    let other = writer.add_channel(0, "/chatter", "json", &none).expect("adds");
    for (number, frame) in frames.iter().enumerate() {
        let mut data = Vec::new();
        message::encode(1, Provenance::Live, frame, &mut data);
        for (channel_id, data) in [(ours, data.as_slice()), (other, b"{}")] {
            let header =
                mcap::records::MessageHeader { channel_id, sequence: 0, log_time: number as u64, publish_time: 0 };
            writer.write_to_known_channel(&header, data).expect("writes");
        }
    }
    writer.finish().expect("closes");
    drop(writer);
    file.into_inner()
}

#[test]
fn recordings_that_another_tool_has_repacked_are_read() {
    let frames = sample(200, 50).frames;
    let options = || mcap::WriteOptions::new().compression_threads(0).chunk_size(Some(20_000));
    let cases = [
        options(),
        options().compression(None),
        options().compression(None).calculate_chunk_crcs(false),
        options().emit_message_indexes(false),
        options().emit_summary_records(false),
        options().emit_summary_records(false).emit_message_indexes(false).emit_summary_offsets(false),
    ];
    for (case, options) in cases.into_iter().enumerate() {
        let bytes = repack(options, &frames);
        let (found, reader) = read_bytes(&bytes).unwrap_or_else(|error| panic!("case {case}: {error}"));
        check_same(&found, &frames);
        assert_eq!(reader.tally().n_others(), 200, "case {case}");
        assert_eq!(reader.n_messages(), 400, "case {case}");
        assert_eq!(reader.span(), Some(Span::new(Timestamp(0), Timestamp(199))), "case {case}");
        for cut in (bytes.len() / 5..bytes.len()).step_by(997) {
            let (found, _) = read_bytes(&bytes[..cut]).unwrap_or_else(|error| panic!("case {case}, {cut}: {error}"));
            check_same(&found, &frames[..found.len()]);
            assert!(found.len() >= 10, "case {case}, cut at {cut}: {}", found.len());
        }
    }
}
