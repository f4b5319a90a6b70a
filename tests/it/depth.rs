//! A depth network that a user puts in: found, run, believed as far as it goes, and left out where it does not work.
//!
//! The networks are a few hundred bytes each, made by `tests/data/inference/make_depth.py`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use corporeal::body::evidence;
use corporeal::body::fit::{DepthScale, FitInput};
use corporeal::inference::{EngineChoice, ModelState, Models, Options, Role, depth, observe, sha256};
use corporeal::types::{DepthMap, FocalLength, Known, Observation, Photo};
use serde_json::Value;

use crate::inference::photo;

fn network(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/inference/depth_{name}.onnx"))
}

/// A folder for a user's models with this network as `depth.onnx`.
fn folder_with(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(network(name), folder.path().join("depth.onnx")).expect("copied");
    folder
}

fn open(folder: &Path, engine: EngineChoice) -> Models {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    let folders = Some(vec![folder.to_path_buf(), shipped]);
    Models::with(&Options { folders, engine, ..Options::default() }).expect("both folders open")
}

/// Grey, from black on the left to white on the right.
fn ramp() -> Photo {
    let (width, height) = (320, 200);
    let pixels = (0..height).flat_map(|_| (0..width).flat_map(|x| [(x * 255 / (width - 1)) as u8; 3]));
    Photo::new(width, height, pixels.collect(), None).expect("whole")
}

/// The map holds the brightness of the photo, a little blurred.
#[track_caller]
fn check_brightness(map: &DepthMap, photo: &Photo) {
    assert_eq!((map.width, map.height), (photo.width, photo.height));
    assert_eq!(map.values.len(), (map.width * map.height) as usize);
    let off = (0..map.height).flat_map(|y| (0..map.width).map(move |x| (x, y))).map(|(x, y)| {
        let brightness = photo.pixel(x, y).iter().map(|value| f32::from(*value)).sum::<f32>() / 3.0 / 255.0;
        (map.values[(y * map.width + x) as usize] - brightness).abs()
    });
    let mean_off = off.sum::<f32>() / map.values.len() as f32;
    assert!(mean_off < 0.02, "{mean_off} off on average");
}

#[test]
fn a_network_under_the_name_of_depth_is_run_on_both_engines() {
    let folder = folder_with("brightness");
    let photo = ramp();
    for engine in [EngineChoice::BuiltIn, EngineChoice::Auto] {
        let models = open(folder.path(), engine);
        let map = depth::map(&models, &photo).expect("runs").expect("is installed");
        assert!(!map.metric, "without a manifest it is inverse depth");
        check_brightness(&map, &photo);
        assert_eq!(models.info()[Role::Depth as usize].state, ModelState::Loaded);
    }
}

#[test]
fn a_manifest_beside_it_makes_it_metres() {
    let folder = tempfile::tempdir().expect("a folder");
    let bytes = std::fs::read(network("brightness")).expect("readable");
    std::fs::write(folder.path().join("far.onnx"), &bytes).expect("written");
    let manifest = format!(
        "version = 1\n[[model]]\nrole = \"depth\"\nname = \"test\"\nfile = \"far.onnx\"\norigin = \"tests\"\nversion = \"1\"\n\
         licence = \"none\"\nsha256 = \"{}\"\nmade_by = \"make_depth.py\"\ndepth = \"metres\"\n\
         inputs = [{{ name = \"pixels\", element = \"float32\", shape = [1, 3, -1, -1] }}]\n\
         outputs = [{{ name = \"depth\", element = \"float32\", shape = [1, -1, -1] }}]\n",
        sha256(&bytes)
    );
    std::fs::write(folder.path().join("models.toml"), manifest).expect("written");
    let photo = ramp();
    let map = depth::map(&open(folder.path(), EngineChoice::BuiltIn), &photo).expect("runs").expect("is installed");
    assert!(map.metric);
    check_brightness(&map, &photo);
}

#[track_caller]
fn check_refused(name: &str, words: &str) {
    let folder = folder_with(name);
    for engine in [EngineChoice::BuiltIn, EngineChoice::Auto] {
        let error = depth::map(&open(folder.path(), engine), &ramp()).expect_err("refused").to_string();
        assert!(error.contains("the model for depth") && error.contains(words), "{error}");
        assert!(error.contains(" — "), "no advice in: {error}");
    }
}

#[test]
fn networks_that_answer_no_depth_are_refused_in_plain_words() {
    check_refused("nan", "values that are not numbers");
    check_refused("points", "[1, 3, 1, 1] instead of one plane of depths");
    check_refused("grey", "takes [1, 3, height, width]");
}

fn seen(folder: &Path, photo: &Photo) -> Observation {
    let models = open(folder, EngineChoice::Auto);
    observe(&models, photo, &mut |_, _| true).expect("runs").expect("not cancelled")
}

#[test]
fn depth_seen_in_a_photo_reaches_the_fit() {
    let Some(photo) = photo("coco_000000000785.jpg") else { return };
    let seen = seen(folder_with("brightness").path(), &photo);
    let map = seen.depth.as_ref().expect("a map");
    check_brightness(map, &photo);
    assert_eq!(seen.depth_refused, None);
    let (size, focal) = ((photo.width, photo.height), FocalLength::assumed(photo.width, photo.height));
    let mut view = evidence::view(size, focal, &seen.people[0], &[]);
    view.depth = evidence::depth(map, &view, size);
    let input = FitInput { views: vec![view], known: Known::default() };
    let [view] = &input.views[..] else { panic!("one photo") };
    let depth = view.depth.as_ref().expect("the map covers the person");
    assert_eq!((depth.scale, depth.samples.len()), (DepthScale::AffineInverse, view.landmarks.len()));
    for (sample, landmark) in depth.samples.iter().zip(&view.landmarks) {
        let [x, y] = landmark.px.map(|px| px as u32);
        assert_eq!(sample.point, landmark.point);
        assert_eq!(sample.value, f64::from(map.values[(y * map.width + x) as usize]));
        assert!(sample.sigma > 0.0);
    }
}

#[test]
fn a_broken_depth_network_costs_the_depth_and_nothing_else() {
    let Some(photo) = photo("coco_000000000785.jpg") else { return };
    for (name, words) in [("nan", "not numbers"), ("grey", "wrong shape")] {
        let seen = seen(folder_with(name).path(), &photo);
        assert!(seen.depth.is_none() && seen.people.len() == 1);
        assert!(seen.depth_refused.as_ref().is_some_and(|why| why.contains(words)), "{:?}", seen.depth_refused);
        let remarks = evidence::remarks(&seen, Some(0), (photo.width, photo.height));
        let remark = remarks.iter().find(|remark| remark.text.starts_with("Depth was not used")).expect("a remark");
        assert!(!remark.serious && remark.text.contains(words) && remark.advice.is_some(), "{remark:?}");
    }
}

/// The program with a user's folder of models of our own.
fn run(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_corporeal"))
        .args(arguments)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("APPDATA", home.join("data"))
        .output()
        .expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// The depth row of `corporeal models`, and where that says to put a model.
fn listed(home: &Path, arguments: &[&str]) -> (Value, PathBuf) {
    let listed = json(&run(home, &[&["models", "--json"], arguments].concat()));
    let depth = listed["models"].as_array().expect("a list").iter().find(|row| row["model"]["role"] == "depth");
    (depth.expect("a row").clone(), PathBuf::from(listed["user_folder"].as_str().expect("a folder")))
}

#[test]
fn what_a_user_installs_where_the_program_says_is_listed_and_changes_the_fit() {
    let home = tempfile::tempdir().expect("a folder");
    let (row, folder) = listed(home.path(), &[]);
    assert!(folder.starts_with(home.path()), "{folder:?}");
    assert_eq!(row["model"]["state"], "not_installed");
    assert!(row["how_to_install"].as_str().is_some_and(|how| how.contains("depth.onnx")));
    let photo = crate::inference::shared("photos/coco_000000000785.jpg");
    let fit = || {
        let photo = photo.as_ref()?.to_str()?;
        let fitted = run(home.path(), &["fit", photo, "--height", "1.75", "--json"]);
        assert!(fitted.status.success(), "{}", String::from_utf8_lossy(&fitted.stderr));
        Some(json(&fitted)[0].clone())
    };
    let without = fit();

    std::fs::create_dir_all(&folder).expect("made");
    std::fs::copy(network("brightness"), folder.join("depth.onnx")).expect("copied");
    let (row, _) = listed(home.path(), &["--check"]);
    assert_eq!((&row["model"]["state"], &row["hash_ok"]), (&"loaded".into(), &true.into()));
    assert_eq!(row["how_to_install"], Value::Null);
    if let (Some(without), Some(with)) = (without, fit()) {
        assert_ne!(without["body"]["phenotype"], with["body"]["phenotype"], "the depths had no say");
    }

    std::fs::copy(network("grey"), folder.join("depth.onnx")).expect("copied");
    let (row, _) = listed(home.path(), &["--check"]);
    assert!(row["model"]["state"]["refused"].as_str().is_some_and(|why| why.contains("wrong shape")), "{row}");
    if let Some(told) = fit() {
        let remarks = told["photos"][0]["remarks"].to_string();
        assert!(remarks.contains("Depth was not used"), "{remarks}");
    }
}
