//! The shipped network for people by radio: it answers as torch did, sees people in rooms that no training saw, and files
//! that do not belong together are refused.

use std::path::PathBuf;

use corporeal::inference::{EngineChoice, Error, Models, Options, RadioPose, Role, sha256};
use corporeal::pose::layout::{N_CELLS, N_GEOMETRY, N_GRID_CHANNELS, N_TOKENS, WINDOW_SECS};
use corporeal::pose::{FloorGrid, NetworkInputs, Perceiver, Reading, Unsupported};
use corporeal::simulate::{RadioFormat, SceneOptions, Simulator, SimulatorSpec};
use corporeal::types::Timestamp;
use serde_json::Value;

fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn open(folder: PathBuf, engine: EngineChoice) -> Models {
    Models::with(&Options { folders: Some(vec![folder]), engine, ..Options::default() }).expect("a manifest")
}

fn built_in() -> (Models, RadioPose) {
    let models = open(shipped(), EngineChoice::BuiltIn);
    let network = RadioPose::load(&models).expect("the shipped network fits its description");
    (models, network)
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number") as f32).collect()
}

#[test]
fn both_engines_answer_as_torch_did() {
    let text = include_str!("../data/pose/golden.json");
    let cases: Vec<Value> = serde_json::from_str(text).expect("JSON");
    assert_eq!(cases.len(), 2);
    for engine in [EngineChoice::BuiltIn, EngineChoice::Native] {
        let models = open(shipped(), engine);
        if let (EngineChoice::Native, Some(reason)) = (engine, &models.engine().why_not_native) {
            println!("SKIPPED on native ONNX Runtime: {reason}");
            continue;
        }
        let network = RadioPose::load(&models).expect("the shipped network");
        for case in &cases {
            let n_links = case["n_links"].as_u64().expect("a number") as usize;
            let (mut tokens, mut geometry) = (floats(&case["tokens"]), floats(&case["geometry"]));
            assert_eq!((tokens.len(), geometry.len()), (n_links * N_TOKENS, n_links * N_GEOMETRY));
            tokens.resize(8 * N_TOKENS, 0.0);
            geometry.resize(8 * N_GEOMETRY, 0.0);
            let values = floats(&case["grid"]).try_into().expect("the floor's size");
            let mut maps = floats(&case["maps"]);
            assert_eq!(maps.len(), n_links * N_CELLS);
            maps.resize(8 * N_CELLS, 0.0);
            let mut likelihoods = floats(&case["likelihoods"]);
            assert_eq!(likelihoods.len(), n_links * N_CELLS);
            likelihoods.resize(8 * N_CELLS, 0.0);
            let mask = (0..8).map(|slot| if slot < n_links { 1.0 } else { 0.0 }).collect();
            let grid = FloorGrid { values };
            let inputs = NetworkInputs { n_slots: 8, tokens, geometry, mask, maps, likelihoods, grid };
            let (answers, features) = network.run(&models, &inputs).expect("runs");
            for (got, expected) in [(answers, floats(&case["answers"])), (features, floats(&case["features"]))] {
                assert_eq!(got.len(), expected.len());
                let worst = got.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-3, "{worst} on {}", models.engine().name);
            }
        }
    }
}

/// What the program would say of the people in a test room, at several moments; beside where they are.
fn readings(models: &Models, network: &RadioPose, room: u64, n_people: u8) -> Vec<(Reading, Vec<[f64; 2]>)> {
    let scene = SceneOptions {
        n_links: 8,
        n_rx: 3,
        n_people,
        rate_hz: 100.0,
        format: RadioFormat::Intel5300Ht40,
        secs: 20.0,
        falls: false,
        ..SceneOptions::default()
    };
    let spec = SimulatorSpec::random((3 << 40) + room, &scene);
    let mut simulator = Simulator::new(&spec);
    let site = simulator.site().clone();
    let mut read = Vec::new();
    for moment in 1..4 {
        let start = Timestamp::from_secs_f64(4.0 * f64::from(moment));
        let end = start.plus_secs(WINDOW_SECS);
        let mut perceiver = Perceiver::default();
        simulator.skip_to(start.plus_secs(-0.05));
        loop {
            let frame = simulator.next_frame();
            let time = frame.host_time.expect("timed");
            if time > end {
                break;
            }
            perceiver.push(time, &frame);
        }
        let Ok(window) = perceiver.window(end, &site) else { continue };
        let (answers, features) = network.run(models, &window.inputs).expect("runs");
        let truth = simulator.scene_truth(window.time);
        let places = truth.people.iter().map(|person| person.position_m.map(f64::from)).collect();
        read.push((window.read(&answers, &features, network.description()), places));
    }
    read
}

#[test]
fn people_in_unseen_rooms_are_found_nearer_than_a_guess() {
    let (models, network) = built_in();
    let mut errors = Vec::new();
    let mut guesses = Vec::new();
    let mut n_looks = 0;
    for room in 700_000..700_012 {
        let site = Simulator::new(&SimulatorSpec::random((3 << 40) + room, &SceneOptions::default())).spec().room;
        for (reading, places) in readings(&models, &network, room, 1) {
            n_looks += 1;
            let ([found], [place]) = (&reading.detections[..], &places[..]) else { continue };
            let [x, y] = found.pose.root.position_m;
            errors.push((x - place[0]).hypot(y - place[1]));
            let centre = [f64::from(site.width_m) / 2.0, f64::from(site.depth_m) / 2.0];
            guesses.push((centre[0] - place[0]).hypot(centre[1] - place[1]));
        }
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    assert!(2 * errors.len() > n_looks, "{} of {n_looks} looks gave somebody", errors.len());
    let (error, guess) = (median(&mut errors), median(&mut guesses));
    assert!(error < 0.5 * guess, "{error} m, and {guess} m for the room's middle");
}

#[test]
fn an_empty_room_is_told_from_one_with_somebody() {
    let (models, network) = built_in();
    let mut right = [0, 0];
    let mut all = [0, 0];
    for room in 700_100..700_106 {
        for n_people in [0, 1] {
            for (reading, _) in readings(&models, &network, room, n_people) {
                all[usize::from(n_people)] += 1;
                right[usize::from(n_people)] += usize::from((reading.count[0] < 0.5) == (n_people == 1));
                assert!((reading.count.iter().sum::<f64>() - 1.0).abs() < 1e-6);
            }
        }
    }
    assert!(10 * right[0] >= 9 * all[0] && 10 * right[1] >= 8 * all[1], "{right:?} of {all:?}");
}

#[test]
fn the_shipped_description_shows_what_beat_its_baseline_and_no_more() {
    let (_, network) = built_in();
    let supports =
        |n_links, n_antennas| network.description().calibration(n_links, n_antennas).expect("calibrated").supports;
    for n_links in [2, 3, 4, 8, 16] {
        assert!(supports(n_links, 3).place && supports(n_links, 2).place, "{n_links} links");
    }
    assert!(!supports(2, 1).place, "two links of one antenna do not beat the room's middle clearly");
    assert!(!supports(4, 1).several, "several people want arrays or many links");
    assert!(supports(8, 3).several);
}

/// A folder with the shipped pair, changed.
fn changed(change: impl Fn(&mut String, &mut Vec<u8>, &mut Vec<u8>)) -> Result<RadioPose, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest = std::fs::read_to_string(shipped().join("models.toml")).expect("readable");
    let read = |name: &str| std::fs::read(shipped().join(name)).expect("readable");
    let (mut network, mut description) = (read("pose/radio_pose.onnx"), read("pose/radio_pose.json"));
    let hashes = [sha256(&network), sha256(&description)];
    change(&mut manifest, &mut network, &mut description);
    // Whoever exchanges a file on purpose writes its hash down.
    for (old, new) in hashes.iter().zip([sha256(&network), sha256(&description)]) {
        manifest = manifest.replace(old.as_str(), &new);
    }
    std::fs::create_dir(folder.path().join("pose")).expect("writable");
    std::fs::write(folder.path().join("models.toml"), manifest).expect("writable");
    std::fs::write(folder.path().join("pose/radio_pose.onnx"), network).expect("writable");
    std::fs::write(folder.path().join("pose/radio_pose.json"), description).expect("writable");
    RadioPose::load(&open(folder.path().to_path_buf(), EngineChoice::BuiltIn))
}

#[track_caller]
fn check_refused(change: impl Fn(&mut String, &mut Vec<u8>, &mut Vec<u8>), expected: &str) {
    let error = changed(change).expect_err(expected).to_string();
    assert!(error.contains(expected) && !error.contains('\n'), "{error}");
}

fn edited(description: &mut Vec<u8>, old: &str, new: &str) {
    let text = String::from_utf8(std::mem::take(description)).expect("text");
    assert!(text.contains(old), "{old}");
    *description = text.replacen(old, new, 1).into_bytes();
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    changed(|_, _, _| ()).expect("unchanged");
    check_refused(
        |_, _, description| {
            let version = corporeal::pose::layout::INPUT_VERSION;
            edited(description, &format!("\"input_version\":{version}"), "\"input_version\":1");
        },
        "inputs of version 1",
    );
    // Another network with the old description: the same with a note of metadata at its end (field 14 of ONNX's message).
    let note = [0x72, 6, 0x0a, 1, b'a', 0x12, 1, b'b'];
    check_refused(|_, network, _| network.extend(note), "written for another file");
    check_refused(|_, _, description| edited(description, "[\"root\",2]", "[\"root\",3]"), "root has 3 numbers");
    check_refused(|_, _, description| edited(description, "\"n_slots\":16", "\"n_slots\":8"), "need an input of");
    check_refused(|_, _, description| description.truncate(100), "by its description");
    check_refused(|_, _, description| description.fill(0xff), "not text");
    check_refused(
        |manifest, _, _| *manifest = manifest.replace("\"answers\"", "\"a\"").replace("[1, 64]", "[1, 63]"),
        "instead of",
    );
}

#[test]
fn a_damaged_network_is_refused_and_the_right_one_taken_afterwards() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("pose")).expect("writable");
    for name in ["models.toml", "pose/radio_pose.json"] {
        std::fs::copy(shipped().join(name), folder.path().join(name)).expect("writable");
    }
    let network = std::fs::read(shipped().join("pose/radio_pose.onnx")).expect("readable");
    let path = folder.path().join("pose/radio_pose.onnx");
    std::fs::write(&path, &network[..network.len() / 2]).expect("writable");
    let mut models = open(folder.path().to_path_buf(), EngineChoice::BuiltIn);
    assert!(matches!(RadioPose::load(&models), Err(Error::WrongHash { role: Role::RadioPose, .. })));
    std::fs::write(&path, &network).expect("writable");
    assert_eq!(models.reload().expect("reads"), [Role::RadioPose]);
    RadioPose::load(&models).expect("the right one");
}

#[test]
fn inputs_of_any_kind_give_numbers_or_a_refusal() {
    let (models, network) = built_in();
    for value in [0.0, 10.0, -10.0] {
        let inputs = NetworkInputs {
            n_slots: 8,
            tokens: vec![value; 8 * N_TOKENS],
            geometry: vec![value; 8 * N_GEOMETRY],
            mask: vec![1.0; 8],
            maps: vec![value; 8 * N_CELLS],
            likelihoods: vec![value; 8 * N_CELLS],
            grid: FloorGrid { values: [value; N_GRID_CHANNELS * N_CELLS] },
        };
        let (answers, features) = network.run(&models, &inputs).expect("runs");
        let room = corporeal::types::Room { width_m: 4.0, depth_m: 4.0, height_m: 2.5 };
        let read = corporeal::pose::Answers::read(&answers, &features, network.description(), [8, 3], room);
        let strange = |reason: &Unsupported| matches!(reason, Unsupported::Strange { .. } | Unsupported::Broken);
        assert!(read.count[0] > 0.5 || read.refusals.iter().any(strange), "{value}: {read:?}");
    }
}
