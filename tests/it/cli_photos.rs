//! Bad photos and bad figures given to the program as a person would: each ends in a sentence that says what to do, or in a
//! flagged result, with an exit code that scripts can go by.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use image::{DynamicImage, RgbImage};

use crate::inference::shared;
use crate::photo::files::{encode_jpeg, encode_png, png_claiming};

/// Runs `corporeal fit` in a folder.
fn fit(folder: &Path, arguments: &[&str]) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_corporeal"));
    let output = Command::new(program).arg("fit").args(arguments).current_dir(folder).output();
    let output = output.expect("the program starts");
    let said = text(&output.stderr);
    assert!(!said.contains("panicked") && output.status.code().is_some(), "{arguments:?}: {said}");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn grey(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb([128; 3])))
}

/// Fails, with these words first and advice after a dash.
#[track_caller]
fn check_refused(folder: &Path, arguments: &[&str], code: i32, words: &str) {
    let output = fit(folder, arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    let line = said.lines().find(|line| line.starts_with("error: ")).unwrap_or_else(|| panic!("no error: {said}"));
    assert!(line.contains(words) && line.contains(" — "), "{arguments:?}: {line}");
    assert!(output.stdout.is_empty() || code == 1, "{}", text(&output.stdout));
}

#[test]
fn files_that_are_no_photos_are_refused() {
    let folder = folder();
    let at = folder.path();
    let write = |name: &str, bytes: &[u8]| std::fs::write(at.join(name), bytes).expect("written");
    write("one.png", &encode_png(&grey(1, 1), None, None));
    write("wide.png", &encode_png(&grey(30_000, 64), None, None));
    write("bomb.png", &png_claiming(50_000, 50_000));
    write("notes.jpg", b"milk, eggs");
    write("empty.jpg", b"");
    write("moving.gif", b"GIF89a\x40\0\x40\0");
    let jpeg = encode_jpeg(&grey(300, 300).to_rgb8(), None, None);
    write("cut.jpg", &jpeg[..jpeg.len() / 3]);
    std::fs::create_dir(at.join("no photos")).expect("made");
    for (name, words) in [
        ("one.png", "1 x 1 px is too small"),
        ("wide.png", "30000 x 64 px is more than is decoded safely"),
        ("bomb.png", "50000 x 50000 px is more than is decoded safely"),
        ("notes.jpg", "this is not a photo"),
        ("empty.jpg", "the file is empty"),
        ("moving.gif", "GIF files are not read"),
        ("cut.jpg", "the JPEG file ends before its picture does"),
        ("gone.jpg", "no such file"),
        ("no photos", "no photos in there"),
    ] {
        check_refused(at, &[name], 1, words);
    }
}

#[test]
fn a_photo_without_people_says_what_to_use_instead() {
    let folder = folder();
    std::fs::write(folder.path().join("plain.png"), encode_png(&grey(400, 300), None, None)).expect("written");
    check_refused(folder.path(), &["plain.png"], 1, "No person was found");
    // For scripts, the same in the answer.
    let output = fit(folder.path(), &["plain.png", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(answer[0]["body"].is_null());
    assert!(answer[0]["error"].as_str().is_some_and(|why| why.starts_with("No person was found — ")), "{answer}");
}

#[test]
fn figures_that_cannot_be_are_refused_before_any_work() {
    let folder = folder();
    for (option, value, words) in [
        ("--height", "5.9", "is 5.9 in feet?"),
        ("--height", "3.5", "is 3.5 in feet?"),
        ("--height", "0", "0.00 m is outside"),
        ("--height", "0.35", "0.35 m is outside"),
        ("--height", "2.7", "2.70 m is outside"),
        ("--height", "-1.8", "-1.80 m is outside"),
        ("--height", "tall", "not a height"),
        ("--weight", "5000", "5000 kg is outside"),
        ("--weight", "-70", "-70 kg is outside"),
        ("--age", "200", "an age is 0 to 120 years"),
    ] {
        check_refused(folder.path(), &["gone.jpg", option, value], 2, words);
    }
    for arguments in [["--focal", "0"], ["--focal", "-28"], ["--person", "0"], ["--sex", "x"], ["--influences", "3"]] {
        let output = fit(folder.path(), &[&["gone.jpg"], &arguments[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(arguments[0]), "{}", text(&output.stderr));
    }
}

#[test]
fn names_that_cannot_be_written_are_refused_before_any_work() {
    let folder = folder();
    std::fs::write(folder.path().join("taken.glb"), "here before").expect("written");
    for (option, name, words) in [
        ("-o", "body.txt", "cannot tell the format"),
        ("-o", "body", "cannot tell the format"),
        ("-o", "taken.glb", "the file exists already"),
        ("-o", "nowhere/body.glb", "no such folder"),
        ("--csv", "nowhere/body.csv", "no such folder"),
        ("--csv", ".", "this is a folder"),
        ("--sheet", "sheet.jpg", "a contact sheet is a PNG file"),
    ] {
        check_refused(folder.path(), &["gone.jpg", option, name], 1, words);
    }
    check_refused(
        folder.path(),
        &["gone.jpg", "--each", "-o", "taken.glb"],
        1,
        "with --each the bodies go to a folder",
    );
    assert_eq!(std::fs::read(folder.path().join("taken.glb")).expect("still there"), b"here before");
}

/// A photo of one person in a folder, as given or changed.
fn skier(folder: &Path, change: impl FnOnce(DynamicImage) -> DynamicImage) -> Option<PathBuf> {
    let photo = image::open(shared("photos/coco_000000000785.jpg")?).expect("a photo");
    let path = folder.join("skier.png");
    change(photo).save(&path).expect("written");
    Some(path)
}

/// Fits, and says these words on the way.
#[track_caller]
fn check_flagged(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = fit(folder, arguments);
    let told = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(told.contains("Height") && told.contains("Waist"), "{told}");
    for words in words {
        let line = told.lines().find(|line| line.contains(words)).unwrap_or_else(|| panic!("{words} in\n{told}"));
        assert!(line.contains(" — "), "no advice in: {line}");
    }
}

#[test]
fn somebody_turned_on_the_side_or_upside_down_is_measured_and_flagged() {
    let folder = folder();
    let Some(_) = skier(folder.path(), |photo| photo.rotate90()) else { return };
    check_flagged(folder.path(), &["skier.png"], &["! The person lies or bends", "turn it upright"]);
    // Whether the landmarks are found at all on somebody upside down hangs on single pixels.
    skier(folder.path(), |photo| photo.rotate180());
    check_flagged(folder.path(), &["skier.png"], &["upright"]);
}

#[test]
fn half_a_body_is_measured_and_flagged() {
    let folder = folder();
    let Some(_) = skier(folder.path(), |photo| photo.crop_imm(0, 0, photo.width(), photo.height() / 2)) else { return };
    check_flagged(folder.path(), &["skier.png"], &["! The legs are cut off or hidden", "The height is a guess"]);
}

#[test]
fn a_photo_among_others_that_cannot_be_read_is_left_out_and_told() {
    let folder = folder();
    let Some(_) = skier(folder.path(), |photo| photo) else { return };
    std::fs::write(folder.path().join("empty.jpg"), "").expect("written");
    check_flagged(folder.path(), &["empty.jpg", "skier.png"], &["! the file is empty"]);
    // Each as a person of its own, one of two is missing: scripts learn it from the exit code, people by name.
    let output = fit(folder.path(), &["--each", "empty.jpg", "skier.png", "-o", "bodies"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("empty.jpg: the file is empty — ") && said.contains("1 of 2 photos gave no body"), "{said}");
    assert!(folder.path().join("bodies/skier.png.glb").is_file());
}

#[test]
fn odd_wishes_are_flagged_or_refused_with_what_is_there() {
    let folder = folder();
    let Some(_) = skier(folder.path(), |photo| photo) else { return };
    check_flagged(folder.path(), &["skier.png", "--person", "7"], &["! Person 7 was asked for, the photo shows 1"]);
    check_flagged(folder.path(), &["skier.png", "--height", "2.5"], &["! The given height does not fit"]);
    for focal in ["1px", "1000000000px"] {
        check_refused(folder.path(), &["skier.png", "--focal", focal], 1, "no lens has a focal length");
    }
}

#[test]
fn everybody_in_a_group_is_listed_and_can_be_chosen() {
    let Some(group) = shared("photos/group2.jpg") else { return };
    let folder = folder();
    let group = group.to_str().expect("a plain path");
    let told = text(&fit(folder.path(), &[group]).stdout);
    assert!(told.contains("3 people; --person N chooses another"), "{told}");
    assert_eq!(told.lines().filter(|line| line.contains(" px at ")).count(), 3, "{told}");
    let chosen = |person: &str| {
        let output = fit(folder.path(), &[group, "--person", person, "--json"]);
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (answer[0]["photos"][0]["chosen"].clone(), answer[0]["body"]["phenotype"].clone())
    };
    let (second, third) = (chosen("2"), chosen("3"));
    assert_eq!((&second.0, &third.0), (&2.into(), &3.into()));
    assert_ne!(second.1, third.1);
}
