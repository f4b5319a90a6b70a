//! `corporeal evaluate`, run as a person runs it.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn evaluate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corporeal"));
    command.arg("evaluate").args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

fn output(arguments: &[&str]) -> Output {
    evaluate(arguments).output().expect("the program starts")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON value")
}

#[test]
fn fits_of_synthetic_photos_come_close_and_are_called_simulated() {
    let runs = json(&output(&["body", "--seeds", "1000..1002", "--views", "2", "--json"]));
    let report = &runs[0]["report"];
    assert_eq!(report["provenance"], "SIMULATED");
    assert_eq!((&report["n_cases"], &report["n_failed"]), (&2.into(), &0.into()));
    let of = |figures: &str| report[figures]["mean"].as_f64().expect("a mean");
    assert!(of("shape_pve_mm") < 15.0, "{} mm", of("shape_pve_mm"));
    assert!(of("shape_pve_mm") < 0.7 * of("mean_body_pve_mm"), "no better than the mean body");
    for case in runs[0]["cases"].as_array().expect("a list") {
        assert!(case["errors"]["waist"].as_f64().expect("a number").abs() < 0.08, "{case}");
        assert!(case["measurements"][2]["sigma"].as_f64().expect("a number") > 0.0);
    }
}

#[test]
fn the_table_says_simulated_first_and_has_signed_bias() {
    let output = output(&["body", "--seeds", "1003..1004", "--views", "1", "--condition", "noise-none"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("SIMULATED"), "{text}");
    assert!(text.contains("noise-none · 1 view · seeds 1003..1004 · 1 case ·"), "{text}");
    assert!(text.lines().any(|line| line.trim_start().starts_with("Waist, mm")), "{text}");
    assert!(text.contains("bias") && text.contains("covered") && text.contains("mean body"), "{text}");
}

#[test]
fn bodies_are_laid_on_meshes() {
    let report = json(&output(&["mesh", "--seeds", "0..2", "--json"]));
    assert_eq!(report["provenance"], "SIMULATED");
    for case in report["cases"].as_array().expect("a list") {
        assert!(case["posed_pve_m"].as_f64().expect("a number") < 0.005, "{case}");
    }
}

#[test]
fn living_and_falls_that_were_watched_by_height_are_kept_and_judged_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("rooms.jsonl");
    let name = kept.to_str().expect("a name");
    let arguments = ["falls", "--simulated", "--by-pose", "--links", "3", "--hours", "0.01", "--rooms", "30000..30002"];
    let run = || json(&output(&[&arguments[..], &["--lived", name, "--json"]].concat()));
    let first = run();
    assert_eq!(first["provenance"], "SIMULATED");
    // Every third room holds a fall.
    assert_eq!(first["n_falls"], 1, "{first}");
    assert!((first["hours"].as_f64().expect("a number") - 0.01).abs() < 1e-6, "{first}");
    assert!(
        first["n_looks"].as_u64() > Some(100) && first["n_judged"].as_u64() <= first["n_looks"].as_u64(),
        "{first}"
    );
    assert!(first["alarmed"]["n"].as_u64() <= first["told"]["n"].as_u64(), "{first}");
    let lines = || std::fs::read_to_string(&kept).expect("the rooms").lines().count();
    assert_eq!(lines(), 2, "a room that was lived in and a fall");
    assert_eq!(run(), first, "what is kept is judged as what was just seen");
    assert_eq!(lines(), 2);
}

#[test]
fn people_by_radio_are_put_beside_guesses() {
    let looks =
        json(&output(&["pose", "--rooms", "3", "--people", "0,1", "--links", "2,8", "--antennas", "3", "--json"]));
    let looks = looks.as_array().expect("a list");
    // Four looks a room, 1.5 s apart, at each of the two counts of links.
    assert_eq!(looks.len(), 2 * 3 * 2 * 4);
    for look in looks {
        assert_eq!(look["provenance"], "SIMULATED");
        let n_people = look["n_people"].as_u64();
        let few = look["refusals"].as_array().is_some_and(|all| all.iter().any(|one| !one["few_links"].is_null()));
        assert!(!few, "two links are enough for a place: {look}");
        if n_people == Some(1) && !look["count"].is_null() {
            let figure = |name: &str| look[name].as_f64().expect("a number");
            assert!(figure("root_m") < 6.0 && figure("centre_m") < 4.0 && figure("square") >= 0.0, "{look}");
            assert!(look["body"]["better_m"].as_f64() <= look["body"]["plain_m"].as_f64(), "{look}");
        }
    }
    let text = output(&["pose", "--rooms", "1", "--people", "1", "--links", "4", "--antennas", "3"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        text.starts_with("SIMULATED rooms") && text.contains("room's centre") && text.contains("mean pose"),
        "{text}"
    );
}

#[test]
fn a_wrong_range_or_table_is_refused_with_what_to_write() {
    let refused = output(&["body", "--seeds", "1000"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("as 1000..1050"));

    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().to_str().expect("a plain path");
    let refused = output(&["photos", folder]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("table of what was measured"));
    for (table, reason) in [
        ("name\nann\n", "needs a column named photos"),
        ("photos,waist_cm\nann.jpg,wide\n", "line 2: write a positive number under waist_cm"),
        ("photos,wrist_size\nann.jpg,3\n", "nothing is measured as \"wrist_size\""),
        ("photos,waist_cm\n", "names no photos"),
    ] {
        std::fs::write(dir.path().join("truth.csv"), table).expect("written");
        let refused = output(&["photos", folder]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(reason), "{said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = evaluate(&["body", "--seeds", "1000..1001", "--views", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn trackers_are_scored_beside_sort_and_called_simulated() {
    let arguments = ["tracking", "--people", "3", "--links", "8", "--seeds", "1000..1006", "--secs", "40"];
    let told = output(&arguments);
    let text = String::from_utf8_lossy(&told.stdout);
    assert!(text.starts_with("SIMULATED"), "{text}");
    assert!(text.contains("SORT") && text.contains("nearest neighbour"), "{text}");
    let groups = json(&output(&[&arguments[..], &["--json"]].concat()));
    let idf1 = |method: &str| {
        let own = groups.as_array().expect("a list").iter().find(|one| one["method"] == method);
        own.unwrap_or_else(|| panic!("{method}"))["idf1"]["mean"].as_f64().expect("a mean")
    };
    assert!(idf1("ours") > idf1("sort") + 0.1, "{} beside {}", idf1("ours"), idf1("sort"));
    let refused = output(&["tracking", "--people", "0"]);
    assert_eq!(refused.status.code(), Some(2));
}
