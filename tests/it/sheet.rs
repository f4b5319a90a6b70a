//! The contact sheet shows what it is given, in the file that was asked for and nowhere else.

use bevy_math::DVec2;
use corporeal::export::sheet::{self, ProjectedMesh, SheetRow};
use corporeal::types::{Landmark, LandmarkSet, Landmarks, Mask, Person, Photo, PixelBox};
use image::RgbImage;

use super::photo::private::unclean_blocks;

const GREEN: [u8; 3] = [40, 120, 60];

/// A photo of one colour, 400 by 520 px as the sheet's cells are, so that its pixels are the cell's.
pub fn photo() -> Photo {
    Photo::new(400, 520, GREEN.repeat(400 * 520), None).expect("400 by 520 px")
}

/// Somebody who fills the photo: a disc as mask, landmarks along a diagonal.
fn person(visibility: f32) -> Person {
    let point = |i: usize| Landmark {
        x_px: 100.0 + 6.0 * i as f32,
        y_px: 100.0 + 9.0 * i as f32,
        visibility,
        ..Landmark::default()
    };
    let probability: Vec<u8> = (0..520)
        .flat_map(|y| (0..400).map(move |x| DVec2::new(f64::from(x) + 0.5, f64::from(y) + 0.5)))
        .map(|p| ((150.5 - p.distance(DVec2::new(200.0, 260.0))).clamp(0.0, 1.0) * 255.0) as u8)
        .collect();
    let points = (0..33).map(point).collect();
    Person {
        // Together with the room around it, this is the whole photo.
        bounds: PixelBox { left: 0.0, top: 0.0, right: 400.0, bottom: 520.0 },
        score: 1.0,
        keypoints: None,
        body: Some(Landmarks { set: LandmarkSet::BlazePose33, points, world_m: Vec::new(), score: 1.0 }),
        face: None,
        left_hand: None,
        right_hand: None,
        mask: Some(Mask { width: 400, height: 520, probability: probability.into(), seen: None }),
    }
}

fn draw(rows: &[SheetRow<'_>]) -> RgbImage {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet.png");
    let n_bytes = sheet::write(&path, rows).expect("a sheet");
    assert_eq!(std::fs::metadata(&path).expect("the file").len(), n_bytes);
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1, "only the file that was asked for");
    image::open(&path).expect("a PNG file").into_rgb8()
}

fn row(photo: &Photo) -> SheetRow<'_> {
    SheetRow { photo, title: "a title", person: None, mesh: None, table: Vec::new(), warnings: Vec::new() }
}

/// Pixels of a column (0..=4) of the first row that are as wanted.
fn count(sheet: &RgbImage, column: u32, wanted: impl Fn([u8; 3]) -> bool) -> usize {
    let left = 16 + column * 416;
    let width = if column == 4 { 380 } else { 400 };
    let cell = image::imageops::crop_imm(sheet, left, 68, width, 520).to_image();
    cell.pixels().filter(|pixel| wanted(pixel.0)).count()
}

fn is_outline([r, g, b]: [u8; 3]) -> bool {
    r > 200 && g < 120 && b > 110
}

fn is_orange([r, g, b]: [u8; 3]) -> bool {
    r > 200 && (110..190).contains(&g) && b < 90
}

fn is_blue([r, g, b]: [u8; 3]) -> bool {
    b > g && g > r && b > 90
}

#[test]
fn each_column_shows_its_part() {
    let (photo, person) = (photo(), person(1.0));
    // It faces away, which makes no difference; another one has a corner too few.
    let vertices = [(120.0, 160.0), (280.0, 160.0), (200.0, 360.0)].map(|(x, y)| DVec2::new(x, y));
    let mesh = ProjectedMesh {
        vertices_px: &vertices,
        depth_m: &[2.0, 2.0, 2.0],
        triangles: &[[0, 1, 2], [0, 1, 9]],
        focal_px: 500.0,
        principal_px: DVec2::new(200.0, 260.0),
    };
    let table = vec![("Waist".to_owned(), "84.1 ± 2.3 cm".to_owned())];
    let warnings = vec!["arms hide the waist — take another photo with the arms away from the body".to_owned()];
    let sheet = draw(&[SheetRow { person: Some(&person), mesh: Some(mesh), table, warnings, ..row(&photo) }]);
    assert_eq!(sheet.width(), 16 + 4 * 416 + 380 + 16);

    assert_eq!(count(&sheet, 0, |color| color == GREEN), 400 * 520, "the photo as it is");
    assert!(count(&sheet, 1, is_orange) > 300, "landmarks");
    // A circle of 150 px, a fifth smaller for the room around the person, 2 px wide.
    let n_outline = count(&sheet, 2, is_outline);
    assert!((1000..3500).contains(&n_outline), "{n_outline} px of outline");
    let n_mesh = count(&sheet, 3, is_blue);
    let expected = 160.0 * 200.0 / 2.0 / 1.3 / 1.3;
    assert!((n_mesh as f64 / expected - 1.0).abs() < 0.35, "{n_mesh} px of mesh instead of {expected}");
    assert!(count(&sheet, 4, |[r, g, b]| r < 60 && g < 60 && b < 60) > 60, "values");
    assert!(count(&sheet, 4, |[r, g, b]| r > 150 && g < 150 && b < 60) > 200, "warnings");
}

#[test]
fn unsure_landmarks_are_faint() {
    let (photo, sure, unsure) = (photo(), person(1.0), person(0.1));
    let n_orange = |person: &Person| count(&draw(&[SheetRow { person: Some(person), ..row(&photo) }]), 1, is_orange);
    assert!(n_orange(&sure) > 300);
    assert_eq!(n_orange(&unsure), 0);
}

#[test]
fn a_photo_without_a_person_is_shown_with_what_is_missing() {
    let photo = photo();
    let sheet = draw(&[row(&photo), row(&photo)]);
    assert_eq!(sheet.height(), 34 + 2 * (34 + 520 + 16));
    for column in 1..4 {
        assert!(count(&sheet, column, |color| color == GREEN) > 400 * 500);
        assert!(count(&sheet, column, |[r, g, b]| r > 140 && g < 110 && b < 40) > 20, "a note in column {column}");
    }
}

#[test]
fn odd_input_is_drawn_as_far_as_it_goes() {
    let (photo, mut person) = (photo(), person(1.0));
    person.bounds = PixelBox { left: f32::NAN, top: 0.0, right: 1e30, bottom: -5.0 };
    if let Some(body) = &mut person.body {
        body.points[3].x_px = f32::NAN;
        body.points[4].y_px = 1e30;
        body.points.truncate(20);
    }
    let vertices = [DVec2::NAN, DVec2::splat(1e300), DVec2::ZERO, DVec2::splat(9.0), DVec2::new(0.0, 9.0)];
    let mesh = ProjectedMesh {
        vertices_px: &vertices,
        depth_m: &[1.0, 1.0, -1.0, f64::NAN],
        triangles: &[[0, 1, 2], [1, 2, 3], [2, 3, 4], [7, 8, 9]],
        focal_px: 0.0,
        principal_px: DVec2::ZERO,
    };
    let long = "word ".repeat(400) + &"x".repeat(400);
    let table = vec![(long.clone(), long.clone()); 90];
    let thin = Photo::new(2048, 32, vec![9; 2048 * 32 * 3], None).expect("2048 by 32 px");
    for photo in [&photo, &thin] {
        let odd = SheetRow { person: Some(&person), mesh: Some(mesh), table: table.clone(), ..row(photo) };
        draw(&[odd, SheetRow { warnings: vec![long.clone()], ..row(photo) }]);
    }
}

#[test]
fn what_cannot_be_written_is_said() {
    let photo = photo();
    let folder = tempfile::tempdir().expect("a folder");
    let error = |rows: &[SheetRow<'_>], path: &str| {
        sheet::write(&folder.path().join(path), rows).expect_err("not written").to_string()
    };
    assert!(error(&[row(&photo)], "gone/sheet.png").starts_with("no such folder — "));
    assert!(error(&[], "sheet.png").contains("1 to 40 photos, not 0 — make several sheets"));
    let many: Vec<_> = (0..41).map(|_| row(&photo)).collect();
    assert!(error(&many, "sheet.png").contains("not 41"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0, "nothing is left behind");
}

#[test]
fn a_sheet_leaves_no_pixels_in_freed_memory() {
    let (photo, person) = (photo(), person(1.0));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sheet.png");
    let rows = [SheetRow { person: Some(&person), ..row(&photo) }];
    let n_unclean = unclean_blocks(|| {
        sheet::write(&path, &rows).expect("a sheet");
    });
    assert_eq!(n_unclean, 0);
}
