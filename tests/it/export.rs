//! Exports: tables and arrays hold what went in, as an independent reader sees it, and leave no half files behind.

use std::path::{Path, PathBuf};
use std::process::Command;

use corporeal::capture::recording::RecordingReader;
use corporeal::export::{self, Exporter, Target};
use corporeal::types::{CsiFrame, NodeId, Provenance, RecordingInfo, Span, Timestamp};
use rand::{SeedableRng as _, rngs::SmallRng};

use super::recording::{START, odd_frames, plain_frame, source};

/// Some frames of two links and one shape, then every odd frame there is.
fn mixed_frames() -> Vec<CsiFrame> {
    let mut random = SmallRng::seed_from_u64(4);
    let mut frames: Vec<_> = (0..10).map(|number| plain_frame((number % 2) as u8, number, &mut random)).collect();
    frames.extend(odd_frames());
    frames
}

fn time_of(number: usize) -> Timestamp {
    START.plus_nanos(number as i64 * 5_000_001)
}

fn exported(folder: &Path, name: &str, frames: &[CsiFrame]) -> PathBuf {
    let path = folder.join(name);
    let info = RecordingInfo { notes: "Ω".to_owned(), ..RecordingInfo::of_this_program() };
    let mut exporter = Exporter::create(&path, info).expect("begins");
    for (number, frame) in frames.iter().enumerate() {
        exporter.write_from(time_of(number), &source(1, Provenance::Replay), frame).expect("writes");
    }
    assert!(!path.exists(), "the name is taken only when the file is complete");
    let summary = exporter.finish().expect("finishes");
    assert_eq!(summary.n_frames, frames.len() as u64);
    assert_eq!(summary.n_bytes, std::fs::metadata(&path).expect("is there").len());
    assert_eq!(summary.span, Some(Span::new(time_of(0), time_of(frames.len() - 1))));
    assert_eq!(std::fs::read_dir(folder).expect("a folder").count(), 1, "nothing else is left behind");
    path
}

#[test]
fn a_table_holds_every_frame_and_value() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = mixed_frames();
    let path = exported(folder.path(), "table.csv", &frames);
    let mut table = csv::Reader::from_path(path).expect("opens");
    let header = table.headers().expect("a header").clone();
    let n_values = frames.iter().map(|frame| frame.values.len()).max().expect("some");

    assert_eq!(header.iter().take(export::csv::COLUMNS.len()).collect::<Vec<_>>(), export::csv::COLUMNS);
    assert_eq!(
        header.iter().skip(export::csv::COLUMNS.len()).take(4).collect::<Vec<_>>(),
        ["re_0", "im_0", "re_1", "im_1"]
    );
    assert_eq!(header.len(), export::csv::COLUMNS.len() + 2 * n_values);
    let column = |name: &str| header.iter().position(|column| column == name).expect("there");
    let rows: Vec<_> = table.records().map(|row| row.expect("a row of the header's length")).collect();
    assert_eq!(rows.len(), frames.len());
    for (number, (row, frame)) in rows.iter().zip(&frames).enumerate() {
        let cell = |name: &str| &row[column(name)];
        assert_eq!(cell("time_ns"), time_of(number).0.to_string());
        assert_eq!(cell("link"), frame.link.to_string());
        assert_eq!(cell("provenance"), "REPLAY");
        assert_eq!(cell("hardware"), frame.hardware.label());
        assert_eq!(cell("sequence"), frame.sequence.map_or(String::new(), |number| number.to_string()));
        assert_eq!(cell("rssi_dbm").parse().ok(), frame.rssi_dbm);
        assert_eq!(cell("noise_dbm").parse().ok(), frame.noise_dbm);
        assert_eq!(cell("scale").parse().ok(), frame.scale);
        assert_eq!(cell("flags"), frame.flags.0.to_string());
        assert_eq!(cell("n_subcarriers"), frame.n_subcarriers().to_string());
        let mut cells = row.iter().skip(export::csv::COLUMNS.len());
        for value in &frame.values {
            for part in [value.re, value.im] {
                let read: f32 = cells.next().expect("a cell").parse().expect("a number");
                assert!(read.to_bits() == part.to_bits() || (read.is_nan() && part.is_nan()), "{read} {part}");
            }
        }
        assert!(cells.all(str::is_empty), "the rest of the row is empty");
    }
    assert_eq!(&rows[0][column("time_utc")], "2025-07-04T12:00:00Z");
    assert_eq!(&rows[1][column("time_utc")], "2025-07-04T12:00:00.005000001Z");
    let streams: Vec<_> = rows.iter().map(|row| row[column("stream")].to_owned()).collect();
    assert_eq!(streams[..5], ["0", "1", "0", "1", "0"]);
    let layouts: Vec<_> = rows.iter().map(|row| row[column("subcarriers")].len()).take(3).collect();
    assert!(layouts[0] > 100 && layouts[1] > 100 && layouts[2] == 0, "{layouts:?}");
}

#[test]
fn times_without_a_date_have_none_in_the_table() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("uptime.csv");
    let mut exporter = Exporter::create(&path, RecordingInfo::default()).expect("begins");
    exporter.write(Timestamp(7), Provenance::Simulated, &CsiFrame::default()).expect("writes");
    exporter.finish().expect("finishes");
    let text = std::fs::read_to_string(path).expect("text");
    assert!(
        text.lines().nth(1).expect("a row").starts_with(",7,0,unknown → unknown,,SIMULATED,unknown radio,,,,,"),
        "{text}"
    );
}

/// Runs Python with NumPy; `None`, with a printed reason, without it.
fn numpy(script: &str, path: &Path) -> Option<serde_json::Value> {
    let output = match Command::new("python3").args(["-c", script]).arg(path).output() {
        Ok(output) => output,
        Err(error) => {
            println!("SKIPPED: needs python3 ({error})");
            return None;
        }
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.contains("ModuleNotFoundError") {
        println!("SKIPPED: needs `pip install numpy`");
        return None;
    }
    assert!(output.status.success(), "{complaint}");
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

const LIST_ARRAYS: &str = r#"
import json, sys
import numpy as np
with np.load(sys.argv[1], allow_pickle=False) as arrays:
    meta = json.loads(bytes(arrays["meta"]))
    out = {name: {"dtype": str(a.dtype), "shape": a.shape, "hex": a.tobytes().hex()} for name, a in arrays.items()}
print(json.dumps({"meta": meta, "arrays": out}))
"#;

#[test]
fn numpy_reads_every_array_to_the_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = mixed_frames();
    let path = exported(folder.path(), "arrays.NPZ", &frames);
    let Some(seen) = numpy(LIST_ARRAYS, &path) else { return };
    let meta = &seen["meta"];
    assert_eq!((&meta["notes"], &meta["provenance"]), (&"Ω".into(), &"REPLAY".into()));
    let streams = meta["streams"].as_array().expect("a list");
    let n_frames: u64 = streams.iter().filter_map(|stream| stream["n_frames"].as_u64()).sum();
    assert_eq!(n_frames, frames.len() as u64);
    for (number, stream) in streams.iter().enumerate() {
        let first = frames.iter().position(|frame| {
            frame.link.to_string() == stream["link"]
                && frame.hardware == serde_json::from_value(stream["hardware"].clone()).expect("a radio")
                && stream["n_rx"] == frame.n_rx
                && stream["subcarrier_spacing_hz"] == f64::from(frame.subcarriers.spacing_hz)
                && serde_json::json!(frame.subcarriers.segments) == stream["segments"]
        });
        let first = &frames[first.expect("the stream's first frame")];
        let of_stream: Vec<_> =
            frames.iter().enumerate().filter(|(_, frame)| frame.stream() == first.stream()).collect();
        let n = of_stream.len();
        let check = |name: &str, dtype: &str, shape: Vec<usize>, bytes: Vec<u8>| {
            let array = &seen["arrays"][format!("s{number}_{name}")];
            assert_eq!(array["dtype"], dtype, "{name}");
            assert_eq!(array["shape"], serde_json::json!(shape), "{name}");
            assert_eq!(array["hex"], corporeal::types::hexadecimal(&bytes), "{name} of s{number}");
        };
        let bytes_of = |part: &dyn Fn(usize, &CsiFrame) -> Vec<u8>| -> Vec<u8> {
            of_stream.iter().flat_map(|(number, frame)| part(*number, frame)).collect()
        };
        let values = |_, frame: &CsiFrame| {
            frame.values.iter().flat_map(|value| [value.re.to_le_bytes(), value.im.to_le_bytes()].concat()).collect()
        };
        let shape = vec![n, first.n_rx.into(), first.n_tx.into(), first.n_subcarriers()];
        check("csi", "complex64", shape, bytes_of(&values));
        check("time_ns", "int64", vec![n], bytes_of(&|number, _| time_of(number).0.to_le_bytes().to_vec()));
        check("flags", "uint16", vec![n], bytes_of(&|_, frame| frame.flags.0.to_le_bytes().to_vec()));
        let sequence = |_, frame: &CsiFrame| frame.sequence.map_or(-1, i64::from).to_le_bytes().to_vec();
        check("sequence", "int64", vec![n], bytes_of(&sequence));
        let rssi = |_, frame: &CsiFrame| frame.rssi_dbm.unwrap_or(f32::NAN).to_le_bytes().to_vec();
        check("rssi_dbm", "float32", vec![n], bytes_of(&rssi));
        let index = first.subcarriers.index.iter().flat_map(|index| index.to_le_bytes()).collect();
        check("subcarriers", "int16", vec![first.n_subcarriers()], index);
    }
}

#[test]
fn a_recording_exported_again_is_the_same_recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let frames = mixed_frames();
    let path = exported(folder.path(), "copy.mcap", &frames);
    let mut reader = RecordingReader::open(&path).expect("opens");
    let mut n_found = 0;
    while let Some(recorded) = reader.next_recorded().expect("readable") {
        assert_eq!(recorded.time, time_of(n_found));
        assert_eq!(recorded.frame.link, frames[n_found].link);
        assert_eq!(recorded.frame.sequence, frames[n_found].sequence);
        n_found += 1;
    }
    assert_eq!(n_found, frames.len());
    assert!(reader.closed());
}

#[test]
fn a_cancelled_export_leaves_the_old_file_alone() {
    for target in Target::ALL {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("data").with_extension(target.extension());
        std::fs::write(&path, "precious").expect("writes");
        let mut exporter = Exporter::create(&path, RecordingInfo::default()).expect("begins");
        exporter.write(START, Provenance::Live, &mixed_frames()[0]).expect("writes");
        drop(exporter);
        assert_eq!(std::fs::read_to_string(&path).expect("still there"), "precious");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}

#[test]
fn an_export_without_frames_is_a_valid_file() {
    let folder = tempfile::tempdir().expect("a folder");
    for target in Target::ALL {
        let path = folder.path().join("nothing").with_extension(target.extension());
        let summary = Exporter::create(&path, RecordingInfo::default()).expect("begins").finish().expect("finishes");
        assert_eq!((summary.n_frames, summary.span), (0, None));
        assert!(summary.n_bytes > 0);
    }
    let mut table = csv::Reader::from_path(folder.path().join("nothing.csv")).expect("opens");
    assert_eq!(table.headers().expect("a header").len(), export::csv::COLUMNS.len());
    assert_eq!(RecordingReader::open(&folder.path().join("nothing.mcap")).expect("opens").n_messages(), 0);
}

#[test]
fn a_name_without_a_known_end_is_refused_in_words() {
    for name in ["data", "data.txt", "mcap", ".csv"] {
        let Err(error) = Exporter::create(Path::new(name), RecordingInfo::default()) else { panic!("took {name}") };
        assert!(error.to_string().contains("end it in .mcap, .csv or .npz"), "{error}");
    }
    let Err(error) = Exporter::create(Path::new("no/such/folder/data.csv"), RecordingInfo::default()) else {
        panic!("took it")
    };
    assert!(error.to_string().contains("no such folder"), "{error}");
}

#[test]
fn the_receiver_of_a_source_is_named_in_the_link_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let frame = plain_frame(3, 0, &mut SmallRng::seed_from_u64(0));
    assert_eq!(frame.link.rx, NodeId::Source(1));
    let path = exported(folder.path(), "one.csv", &[frame]);
    let text = std::fs::read_to_string(path).expect("text");
    assert!(text.contains(",02:00:00:00:00:03 → source 1,UDP 0.0.0.0:5501,REPLAY,ESP32,2437,20,0,0,-50,"), "{text}");
}
