//! A contact sheet: one row for each photo, with what was seen in it and what was fitted, to be judged at a glance.
//!
//! Columns: the photo; landmarks and bones, faint where the network is unsure; the outline of the mask, wide where it is
//! unsure; the fitted mesh over the photo; and a table. Comes in as plain data and goes out as one PNG file, because the
//! user asked for that file: it is the only place where the program ever writes pixels of a photo.

mod canvas;
mod solid;
mod text;

use std::io::BufWriter;
use std::path::Path;

use bevy_math::DVec2;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::ImageEncoder as _;

use super::{Error, PartFile};
use crate::body::silhouette;
use crate::types::{LandmarkSet, Landmarks, Mask, Person, Photo, wipe};
use canvas::{Area, Canvas, Color};
use text::Text;

/// One row.
pub struct SheetRow<'a> {
    pub photo: &'a Photo,
    /// Above the row, such as the file's name.
    pub title: &'a str,
    pub person: Option<&'a Person>,
    pub mesh: Option<ProjectedMesh<'a>>,
    /// Label and value.
    pub table: Vec<(String, String)>,
    pub warnings: Vec<String>,
}

/// A mesh as the photo's camera sees it.
#[derive(Clone, Copy)]
pub struct ProjectedMesh<'a> {
    /// In pixels of the photo.
    pub vertices_px: &'a [DVec2],
    /// Along the camera's axis; what is behind the camera is not drawn.
    pub depth_m: &'a [f64],
    pub triangles: &'a [[u32; 3]],
    pub focal_px: f64,
    pub principal_px: DVec2,
}

/// More photos make an image that viewers refuse to open.
pub const MAX_ROWS: usize = 40;

const CELL_WIDTH: u32 = 400;
const CELL_HEIGHT: u32 = 520;
const TABLE_WIDTH: u32 = 380;
const TITLE_HEIGHT: u32 = 34;
const MARGIN: u32 = 16;
const COLUMNS: [&str; 4] = ["Photo", "Landmarks", "Outline", "Fitted body"];

const PAPER: Color = [250, 250, 248];
const EMPTY: Color = [226, 226, 224];
const INK: Color = [28, 30, 34];
const FAINT: Color = [110, 114, 120];
const AMBER: Color = [168, 84, 0];
const LEFT_SIDE: Color = [255, 146, 36];
const RIGHT_SIDE: Color = [40, 200, 210];
const MIDDLE: Color = [245, 245, 245];
const OUTLINE: Color = [255, 60, 160];

/// Points of an outline for drawing.
const N_OUTLINE: usize = 400;

/// Draws the sheet and writes it as a PNG file, which takes its name when it is complete.
pub fn write(path: &Path, rows: &[SheetRow<'_>]) -> Result<u64, Error> {
    wipe::freed_memory(|| {
        let canvas = draw(rows)?;
        let (part, file) = PartFile::create(path)?;
        let encoder = image::codecs::png::PngEncoder::new(BufWriter::new(file));
        encoder.write_image(&canvas.rgb, canvas.width, canvas.height, image::ExtendedColorType::Rgb8).map_err(
            |error| match error {
                image::ImageError::IoError(error) => Error::from_io(error, path, 0),
                error => Error::Format { message: error.to_string() },
            },
        )?;
        part.finish()
    })
}

fn draw(rows: &[SheetRow<'_>]) -> Result<Canvas, Error> {
    if rows.is_empty() || rows.len() > MAX_ROWS {
        let message = format!("a contact sheet has 1 to {MAX_ROWS} photos, not {} — make several sheets", rows.len());
        return Err(Error::Format { message });
    }
    let no_font = || Error::Format { message: "the built-in typeface cannot be read".into() };
    let texts = Texts { normal: Text::new(15.0).ok_or_else(no_font)?, title: Text::new(18.0).ok_or_else(no_font)? };
    let n_columns = COLUMNS.len() as u32;
    let width = MARGIN + n_columns * (CELL_WIDTH + MARGIN) + TABLE_WIDTH + MARGIN;
    let row_height = TITLE_HEIGHT + CELL_HEIGHT + MARGIN;
    let mut canvas = Canvas::new(width, TITLE_HEIGHT + rows.len() as u32 * row_height, PAPER);
    for (column, name) in (0..).zip(COLUMNS) {
        let at = DVec2::new(f64::from(cell(column, 0, row_height).left), 24.0);
        texts.normal.draw(&mut canvas, at, name, FAINT);
    }
    for (row_idx, row) in (0..).zip(rows) {
        draw_row(&mut canvas, row, row_idx, row_height, &texts);
    }
    Ok(canvas)
}

struct Texts {
    normal: Text,
    title: Text,
}

fn cell(column: u32, row_idx: u32, row_height: u32) -> Area {
    Area {
        left: MARGIN + column * (CELL_WIDTH + MARGIN),
        top: TITLE_HEIGHT + row_idx * row_height + TITLE_HEIGHT,
        width: CELL_WIDTH,
        height: CELL_HEIGHT,
    }
}

fn draw_row(canvas: &mut Canvas, row: &SheetRow<'_>, row_idx: u32, row_height: u32, texts: &Texts) {
    let areas: [Area; 4] = std::array::from_fn(|column| cell(column as u32, row_idx, row_height));
    let title_at = DVec2::new(f64::from(areas[0].left), f64::from(areas[0].top) - 12.0);
    texts.title.draw(canvas, title_at, row.title, INK);

    let whole = View::whole(areas[0], row.photo);
    draw_photo(canvas, areas[0], &whole, row.photo);
    let closer: [View; 3] = std::array::from_fn(|i| View::of_person(areas[i + 1], row.photo, row.person));
    for (area, view) in areas[1..].iter().zip(&closer) {
        draw_photo(canvas, *area, view, row.photo);
    }
    let note = |canvas: &mut Canvas, area: Area, words: &str| {
        let bottom = f64::from(area.top + area.height);
        texts.normal.draw(canvas, DVec2::new(f64::from(area.left) + 8.0, bottom - 10.0), words, AMBER);
    };
    match row.person.and_then(|person| person.body.as_ref().or(person.keypoints.as_ref())) {
        Some(landmarks) => draw_landmarks(canvas, areas[1], &closer[0], landmarks),
        None => note(canvas, areas[1], "no landmarks"),
    }
    match row.person.and_then(|person| person.mask.as_ref()) {
        Some(mask) => draw_outline(canvas, areas[2], &closer[1], mask, row.photo),
        None => note(canvas, areas[2], "no mask"),
    }
    match &row.mesh {
        Some(mesh) => solid::draw(canvas, areas[3], &closer[2], mesh, 0.72),
        None => note(canvas, areas[3], "no body fitted"),
    }
    draw_table(canvas, row, areas[3], texts);
}

/// From the photo's pixels to the canvas.
struct View {
    /// The photo's pixels that are at the upper left corner of the cell.
    corner: DVec2,
    cell: DVec2,
    scale: f64,
}

impl View {
    fn to_canvas(&self, px: DVec2) -> DVec2 {
        (px - self.corner) * self.scale + self.cell
    }

    /// A part of the photo in the middle of a cell, as large as fits.
    fn fitting(area: Area, low: DVec2, high: DVec2) -> Self {
        let size = DVec2::new(f64::from(area.width), f64::from(area.height));
        let scale = (size / (high - low).max(DVec2::ONE)).min_element();
        let cell = DVec2::new(f64::from(area.left), f64::from(area.top));
        Self { corner: (low + high) / 2.0 - size / scale / 2.0, cell, scale }
    }

    fn whole(area: Area, photo: &Photo) -> Self {
        Self::fitting(area, DVec2::ZERO, size_of(photo))
    }

    /// The person with some room around.
    fn of_person(area: Area, photo: &Photo, person: Option<&Person>) -> Self {
        let Some(bounds) = person.map(|person| person.bounds) else { return Self::whole(area, photo) };
        let low = DVec2::new(bounds.left.into(), bounds.top.into());
        let high = DVec2::new(bounds.right.into(), bounds.bottom.into());
        let room = DVec2::splat(0.15 * (high - low).max_element());
        if !(room.is_finite() && room.x > 0.0) {
            return Self::whole(area, photo);
        }
        let edge = size_of(photo) * 0.15;
        Self::fitting(area, (low - room).max(-edge), (high + room).min(size_of(photo) + edge))
    }
}

fn size_of(photo: &Photo) -> DVec2 {
    DVec2::new(photo.width.into(), photo.height.into())
}

/// The part of the photo that a view shows; grey beyond its border.
fn draw_photo(canvas: &mut Canvas, area: Area, view: &View, photo: &Photo) {
    canvas.fill(area, EMPTY);
    let cell_end = view.cell + DVec2::new(area.width.into(), area.height.into());
    // Whole pixels of the cell that the photo covers.
    let start = view.to_canvas(DVec2::ZERO).max(view.cell).round();
    let end = view.to_canvas(size_of(photo)).min(cell_end).round();
    let size = end - start;
    if size.min_element() < 1.0 {
        return;
    }
    let from = ((start - view.cell) / view.scale + view.corner).max(DVec2::ZERO);
    let crop = (size / view.scale).min(size_of(photo) - from);
    let (width, height) = (size.x as u32, size.y as u32);
    let mut scaled = zeroize::Zeroizing::new(vec![0u8; width as usize * height as usize * 3]);
    let options = ResizeOptions::new()
        .crop(from.x, from.y, crop.x, crop.y)
        .resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    let source = ImageRef::new(photo.width, photo.height, photo.rgb(), PixelType::U8x3);
    let target = Image::from_slice_u8(width, height, &mut scaled, PixelType::U8x3);
    let (Ok(source), Ok(mut target)) = (source, target) else { return };
    if Resizer::new().resize(&source, &mut target, &options).is_err() {
        return;
    }
    for (y, row) in scaled.chunks_exact(width as usize * 3).enumerate() {
        let at = ((start.y as usize + y) * canvas.width as usize + start.x as usize) * 3;
        canvas.rgb[at..at + row.len()].copy_from_slice(row);
    }
}

/// Lines along the face, trunk and limbs through BlazePose's 33 points.
const LINES_33: [&[usize]; 7] = [
    &[7, 3, 2, 1, 0, 4, 5, 6, 8],
    &[9, 10],
    &[11, 12, 24, 23, 11],
    &[11, 13, 15, 17, 19, 15, 21],
    &[12, 14, 16, 18, 20, 16, 22],
    &[23, 25, 27, 29, 31, 27],
    &[24, 26, 28, 30, 32, 28],
];

/// The same through COCO's 17 points.
const LINES_17: [&[usize]; 6] =
    [&[3, 1, 0, 2, 4], &[5, 6, 12, 11, 5], &[5, 7, 9], &[6, 8, 10], &[11, 13, 15], &[12, 14, 16]];

fn draw_landmarks(canvas: &mut Canvas, area: Area, view: &View, landmarks: &Landmarks) {
    let lines: &[&[usize]] = match landmarks.set {
        LandmarkSet::BlazePose33 => &LINES_33,
        LandmarkSet::Coco17 => &LINES_17,
        LandmarkSet::FaceMesh468 | LandmarkSet::Hand21 => &[],
    };
    let color = |i: usize| match landmarks.set {
        // Odd points are the person's left in both sets, but for BlazePose's eyes.
        LandmarkSet::BlazePose33 if (1..=3).contains(&i) => LEFT_SIDE,
        LandmarkSet::BlazePose33 if (4..=6).contains(&i) => RIGHT_SIDE,
        LandmarkSet::BlazePose33 | LandmarkSet::Coco17 if i == 0 => MIDDLE,
        LandmarkSet::BlazePose33 | LandmarkSet::Coco17 if i % 2 == 1 => LEFT_SIDE,
        _ => RIGHT_SIDE,
    };
    let place = |i: usize| {
        let point = landmarks.points.get(i)?;
        let px = DVec2::new(point.x_px.into(), point.y_px.into());
        Some((view.to_canvas(px), f64::from(point.visibility.clamp(0.0, 1.0)) * 0.9 + 0.1))
    };
    for bone in lines.iter().flat_map(|line| line.windows(2)) {
        if let (Some((from, first)), Some((to, second))) = (place(bone[0]), place(bone[1])) {
            let bone_color = if color(bone[0]) == color(bone[1]) { color(bone[0]) } else { MIDDLE };
            canvas.line(from, to, 3.0, bone_color, first.min(second) * 0.85, area);
        }
    }
    for i in 0..landmarks.points.len() {
        if let Some((at, alpha)) = place(i) {
            canvas.dot(at, 8.0, [20, 20, 20], alpha, area);
            canvas.dot(at, 5.5, color(i), alpha, area);
        }
    }
}

fn draw_outline(canvas: &mut Canvas, area: Area, view: &View, mask: &Mask, photo: &Photo) {
    let photo_from_mask = size_of(photo) / DVec2::new(f64::from(mask.width.max(1)), f64::from(mask.height.max(1)));
    let outline = silhouette::outline(mask, N_OUTLINE);
    let place = |px: DVec2| view.to_canvas(px * photo_from_mask);
    for point in &outline.points {
        // One standard deviation to both sides.
        let spread = point.normal * point.sigma_px;
        canvas.line(place(point.position - spread), place(point.position + spread), 2.0, OUTLINE, 0.35, area);
    }
    for line in outline.points.chunk_by(|a, b| a.loop_idx == b.loop_idx) {
        for (a, b) in line.iter().zip(line.iter().cycle().skip(1)) {
            // Not across a part that the border cut off.
            if a.position.distance(b.position) < 2.0 * outline.step_px {
                canvas.line(place(a.position), place(b.position), 2.0, OUTLINE, 1.0, area);
            }
        }
    }
}

fn draw_table(canvas: &mut Canvas, row: &SheetRow<'_>, beside: Area, texts: &Texts) {
    let left = f64::from(beside.left + beside.width + MARGIN);
    let right = left + f64::from(TABLE_WIDTH);
    let bottom = f64::from(beside.top + beside.height);
    let text = &texts.normal;
    let mut y = f64::from(beside.top) + text.line_height();
    for (label, value) in &row.table {
        if y > bottom {
            return;
        }
        text.draw(canvas, DVec2::new(left, y), label, FAINT);
        text.draw(canvas, DVec2::new(right - text.width(value), y), value, INK);
        y += text.line_height();
    }
    y += text.line_height() * 0.5;
    for warning in &row.warnings {
        for line in text.wrapped(warning, f64::from(TABLE_WIDTH)) {
            if y > bottom {
                return;
            }
            text.draw(canvas, DVec2::new(left, y), &line, AMBER);
            y += text.line_height();
        }
        y += text.line_height() * 0.3;
    }
}
