//! The program itself, run as a person runs it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::golden::shared_csi;

fn corporeal(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corporeal"));
    command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

fn output(arguments: &[&str]) -> Output {
    corporeal(arguments).output().expect("the program starts")
}

fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

#[test]
fn inspect_tells_what_is_in_a_recording() {
    let Some(path) = shared_csi("csikit/intel/example.dat") else { return };
    let output = output(&["inspect", text(&path), "--json"]);
    assert!(output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report[0]["format"], "intel5300");
    assert_eq!(report[0]["provenance"], "REPLAY");
    assert_eq!(report[0]["tally"]["n_frames"], 26);
}

#[test]
fn inspect_of_what_is_no_recording_fails_with_a_reason() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("notes.txt");
    std::fs::write(&path, "milk, eggs\n").expect("written");
    let output = output(&["inspect", text(&path)]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("not a CSI recording"));
}

#[test]
fn a_headless_replay_is_the_same_bit_for_bit() {
    let Some(path) = shared_csi("csikit-data/Internal/Broadcom/walk_1597159475.pcap") else { return };
    let arguments = ["replay", text(&path), "--headless", "--every", "0.5"];
    let (first, second) = (output(&arguments), output(&arguments));
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(first.stdout, second.stdout);
    let lines = json_lines(&first);
    assert!(lines.len() > 2);
    assert!(lines.iter().all(|line| line["provenance"] == "REPLAY"));
}

#[test]
fn converted_recordings_hold_every_frame() {
    let Some(path) = shared_csi("csikit/esp32/example_100hz_pitraffic.csv") else { return };
    let dir = tempfile::tempdir().expect("a folder");
    for name in ["out.mcap", "out.csv", "out.npz"] {
        let out = dir.path().join(name);
        let converted = output(&["convert", text(&path), text(&out)]);
        assert!(converted.status.success(), "{}", String::from_utf8_lossy(&converted.stderr));
        assert!(out.metadata().expect("written").len() > 1_000);
        let again = output(&["convert", text(&path), text(&out)]);
        assert!(!again.status.success(), "an existing file is not replaced unasked");
    }
    let inspected = output(&["inspect", "--json", text(&path), text(&dir.path().join("out.mcap"))]);
    let report: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
    assert_eq!(report[0]["tally"]["n_frames"], report[1]["tally"]["n_frames"]);
    assert_eq!(report[1]["provenance"], "REPLAY");
}

#[test]
fn a_pcap_stream_can_be_piped_in() {
    let Some(path) = shared_csi("csikit-data/Internal/Broadcom/walk_1597159475.pcap") else { return };
    let bytes = std::fs::read(path).expect("readable");
    let mut child = corporeal(&["live", "-", "--headless"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(&bytes).expect("read by the program");
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = json_lines(&output);
    let last = lines.last().expect("a snapshot");
    assert_eq!(last["provenance"], "LIVE");
    let n_frames: u64 =
        last["links"].as_array().expect("links").iter().map(|link| link["n_frames"].as_u64().expect("n")).sum();
    assert_eq!(n_frames, 343);
}

/// Ends the process when a test fails half-way.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.kill().ok(); // it may have ended already
        self.0.wait().ok();
    }
}

#[cfg(unix)]
#[test]
fn a_killed_recording_opens_and_lacks_at_most_the_last_second() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("killed.mcap");
    let child = corporeal(&["record", "sim:8,200", "-o", text(&path)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut child = KillOnDrop(child);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !path.exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(4) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.0.kill().expect("killed"); // SIGKILL: no handler runs
    let recorded_secs = started.elapsed().as_secs_f64();
    child.0.wait().expect("gone");

    let inspected = output(&["inspect", "--json", text(&path)]);
    assert!(inspected.status.success(), "{}", String::from_utf8_lossy(&inspected.stdout));
    let report: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
    let span = &report[0]["span"];
    let secs = (span["end"].as_i64().expect("end") - span["start"].as_i64().expect("start")) as f64 / 1e9;
    assert!(secs > recorded_secs - 1.0, "{secs:.2} s of {recorded_secs:.2} s are left");
    assert_eq!(report[0]["provenance"], "SIMULATED");
}

#[cfg(unix)]
#[test]
fn an_interrupted_recording_is_closed_properly() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("interrupted.mcap");
    let child = corporeal(&["record", "sim:2,100", "-o", text(&path)])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut child = KillOnDrop(child);
    let deadline = Instant::now() + Duration::from_secs(20);
    while path.metadata().map_or(0, |file| file.len()) < 10_000 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupted = Command::new("kill").args(["-INT", &child.0.id().to_string()]).status().expect("kill runs");
    assert!(interrupted.success());
    assert!(child.0.wait().expect("ends").success());
    let inspected = output(&["inspect", "--json", text(&path)]);
    let report: serde_json::Value = serde_json::from_slice(&inspected.stdout).expect("JSON");
    assert_eq!(report[0]["warning"], serde_json::Value::Null);
    assert!(report[0]["recording"]["content_sha256"].is_string(), "{}", report[0]["recording"]);
}

#[test]
fn without_a_display_the_demo_reports_on_the_terminal() {
    let dir = tempfile::tempdir().expect("a folder");
    let output = corporeal(&[]).current_dir(dir.path()).output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("no display"), "{text}");
    assert!(text.contains("SIMULATED"), "{text}");
    assert!(text.contains("presence"), "{text}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_display_that_does_not_answer_is_no_display() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut command = corporeal(&[]);
    let output = command.current_dir(dir.path()).env("DISPLAY", ":4711").output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("no window ("), "{text}");
    assert!(text.contains("SIMULATED"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = corporeal(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn help_has_examples_and_completions_are_printed() {
    for job in ["inspect", "convert", "replay", "completions"] {
        let help = output(&[job, "--help"]);
        assert!(String::from_utf8_lossy(&help.stdout).contains("Example"), "{job}");
    }
    let script = output(&["completions", "bash"]);
    assert!(String::from_utf8_lossy(&script.stdout).contains("corporeal"));
}

#[test]
fn a_mistyped_source_says_how_to_type_it() {
    let output = output(&["live", "udp:nowhere"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("try udp:0.0.0.0:5500"));
}

/// Two receive chains keep a walker's direction, weakly; hands at a sink have none.
#[test]
fn recordings_of_walking_have_a_direction_and_others_none() {
    let walks = ["walk_1590161182", "walk_1597159688", "walk_post_1597163546"];
    let others = ["cook_1590161749", "cook_1597161029", "brushteeth_post_1597163619", "brushteeth_1590158472"];
    let direction = |names: &[&str]| -> Option<serde_json::Value> {
        let paths: Option<Vec<_>> =
            names.iter().map(|name| shared_csi(&format!("csikit-history/intel/activity/{name}.dat"))).collect();
        let paths = paths?;
        let arguments =
            ["evaluate", "doppler", "--pool", "--json"].into_iter().chain(paths.iter().map(|path| text(path)));
        let output = output(&arguments.collect::<Vec<_>>());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).ok()
    };
    let (Some(walking), Some(other)) = (direction(&walks), direction(&others)) else { return };
    assert_eq!(walking[0]["direction"], "weak", "{walking}");
    assert!(walking[0]["persistence"].as_f64().is_some_and(|p| p > 0.3), "{walking}");
    assert_eq!(other[0]["direction"], "not shown", "{other}");
}
