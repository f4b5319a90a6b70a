//! Each person's own pixels: BlazePose's mask of the person, sharpened by the matte of everybody, kept off neighbours.
//!
//! BlazePose knows whom it looks at but has 256 cells for a square that is far larger than somebody who fills the picture;
//! the matte has 256 cells for the picture but tells neither people apart nor people from what they hold. So BlazePose
//! decides, and the matte moves its outline, the more the finer its cells are.

use super::candidates::{Candidate, MIN_KEYPOINT};
use super::parts;
use super::pose::RoiMask;
use super::refine::{self, Grid};
use super::warp::{Plane, sigmoid};
use crate::types::{Landmarks, Mask, Photo, PixelBox};

/// The matte is only listened to where it mostly agrees on the person: it was trained on people who fill the picture.
const MIN_AGREEMENT: f32 = 0.7;

/// Logits beyond this are as good as certain.
const MAX_LOGIT: f32 = 6.0;

/// As far as the matte may move BlazePose's logit: enough along an outline, not for a helmet beside the body.
const MAX_CORRECTION: f32 = 3.0;

/// One mask per person, in their order; `None` where no network drew one.
pub fn masks(photo: &Photo, people: &[Candidate], matte: &Plane) -> Vec<Option<Mask>> {
    let shapes: Vec<Shape<'_>> = people.iter().map(|person| Shape::new(photo, person, matte)).collect();
    shapes
        .iter()
        .enumerate()
        .map(|(at, shape)| {
            let Some(own) = &shape.own else { return alone(photo, people, matte) };
            let rivals: Vec<&Shape<'_>> = shapes
                .iter()
                .enumerate()
                .filter(|(other, rival)| *other != at && overlap(&rival.region, &shape.region))
                .map(|(_, rival)| rival)
                .collect();
            draw(photo, shape, own, &rivals, matte, people.len() == 1)
        })
        .collect()
}

/// The matte itself, where there is one person only, and nothing better.
fn alone(photo: &Photo, people: &[Candidate], matte: &Plane) -> Option<Mask> {
    if people.len() != 1 {
        return None;
    }
    let values = matte.resized(photo.width as usize, photo.height as usize).values;
    let probability = values.iter().map(|value| (value * 255.0).round() as u8).collect();
    Some(Mask { width: photo.width, height: photo.height, probability, seen: None })
}

/// The box around what a mask surely holds; single stray pixels do not count. `None` where it holds next to nothing.
pub fn bounds(mask: &Mask) -> Option<PixelBox> {
    let (width, height) = (mask.width as usize, mask.height as usize);
    let (mut columns, mut rows) = (vec![0_usize; width], vec![0_usize; height]);
    for (y, row) in mask.probability.chunks_exact(width).enumerate() {
        for (x, value) in row.iter().enumerate() {
            if *value > 127 {
                columns[x] += 1;
                rows[y] += 1;
            }
        }
    }
    let span = |counts: &[usize]| {
        let enough = counts.iter().max()? / 100;
        let first = counts.iter().position(|count| *count > enough)?;
        let last = counts.iter().rposition(|count| *count > enough)?;
        Some((first as f32, (last + 1) as f32))
    };
    let ((left, right), (top, bottom)) = (span(&columns)?, span(&rows)?);
    Some(PixelBox { left, top, right, bottom })
}

/// What is needed of one person to draw masks.
struct Shape<'a> {
    own: Option<&'a RoiMask>,
    bones: Vec<Bone>,
    /// Pixels that the mask may reach.
    region: PixelBox,
    /// How much the matte counts against BlazePose's mask, 0..=1.
    matte_share: f32,
}

/// A capsule of the body: everything nearer than `radius` to the segment belongs to it.
struct Bone {
    from: (f32, f32),
    to: (f32, f32),
    radius: f32,
    /// What distances are measured in.
    scale: f32,
}

impl<'a> Shape<'a> {
    fn new(photo: &Photo, person: &'a Candidate, matte: &Plane) -> Self {
        let Some(body) = &person.body else {
            return Self { own: None, bones: rough_bones(person), region: person.bounds, matte_share: 0.0 };
        };
        let half = body.mask.roi.size * std::f32::consts::FRAC_1_SQRT_2;
        let (width, height) = (photo.width as f32, photo.height as f32);
        let region = PixelBox {
            left: (body.mask.roi.cx - half).clamp(0.0, width),
            top: (body.mask.roi.cy - half).clamp(0.0, height),
            right: (body.mask.roi.cx + half).clamp(0.0, width),
            bottom: (body.mask.roi.cy + half).clamp(0.0, height),
        };
        let cell = body.mask.roi.size / body.mask.logits.width as f32;
        let matte_cell = width.max(height) / matte.width as f32;
        let finer = (cell / matte_cell).powi(2);
        let matte_share =
            if agreement(photo, person, &body.mask, matte) >= MIN_AGREEMENT { finer / (1.0 + finer) } else { 0.0 };
        Self { own: Some(&body.mask), bones: bones(&body.landmarks), region, matte_share }
    }

    /// Distance from the body beyond the thickness of its limbs, in torso lengths.
    fn distance(&self, x: f32, y: f32) -> f32 {
        self.bones
            .iter()
            .map(|bone| {
                let (dx, dy) = (bone.to.0 - bone.from.0, bone.to.1 - bone.from.1);
                let (px, py) = (x - bone.from.0, y - bone.from.1);
                let along = ((px * dx + py * dy) / (dx * dx + dy * dy).max(1e-6)).clamp(0.0, 1.0);
                ((px - along * dx).hypot(py - along * dy) - bone.radius) / bone.scale
            })
            .fold(f32::MAX, f32::min)
    }

    /// How much a pixel is this person's rather than a rival's.
    fn claim(&self, logit: f32, x: f32, y: f32) -> f32 {
        logit.clamp(-4.0, 4.0) - 8.0 * self.distance(x, y).clamp(-0.1, 2.0)
    }
}

fn overlap(a: &PixelBox, b: &PixelBox) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/// BlazePose's points as capsules; radii in torso lengths are those of an average build.
fn bones(body: &Landmarks) -> Vec<Bone> {
    let at = |i: usize| (body.points[i].x_px, body.points[i].y_px);
    let middle = |a: usize, b: usize| ((at(a).0 + at(b).0) / 2.0, (at(a).1 + at(b).1) / 2.0);
    let (neck, hips) = (middle(11, 12), middle(23, 24));
    let torso = (neck.0 - hips.0).hypot(neck.1 - hips.1);
    let shoulders = (at(11).0 - at(12).0).hypot(at(11).1 - at(12).1);
    let scale = torso.max(shoulders).max(1.0);
    let mut bones = Vec::new();
    let mut add = |from: (f32, f32), to: (f32, f32), radius: f32| {
        bones.push(Bone { from, to, radius: radius * scale, scale });
    };
    add(middle(7, 8), at(0), 0.2);
    add(neck, middle(9, 10), 0.12);
    add(neck, hips, 0.22);
    for side in 0..2 {
        add(at(11 + side), at(23 + side), 0.12);
        for (from, to, radius) in
            [(11, 13, 0.11), (13, 15, 0.09), (15, 19, 0.08), (23, 25, 0.15), (25, 27, 0.1), (27, 31, 0.08)]
        {
            let (from, to) = (from + side, to + side);
            if body.points[to].presence > 0.3 {
                add(at(from), at(to), radius);
            }
        }
    }
    bones
}

/// Somebody without a body still keeps neighbours' masks off: by keypoints where there are some, else a head and a chest.
fn rough_bones(person: &Candidate) -> Vec<Bone> {
    let mut bones = Vec::new();
    if let Some(keypoints) = &person.keypoints {
        let at = |i: usize| (keypoints.points[i].x_px, keypoints.points[i].y_px);
        let scale =
            (at(5).0 - at(11).0).hypot(at(5).1 - at(11).1).max((at(5).0 - at(6).0).hypot(at(5).1 - at(6).1)).max(1.0);
        let limbs = [
            (0, 0, 0.3),
            (5, 6, 0.15),
            (5, 11, 0.2),
            (6, 12, 0.2),
            (11, 12, 0.2),
            (5, 7, 0.12),
            (7, 9, 0.1),
            (6, 8, 0.12),
            (8, 10, 0.1),
            (11, 13, 0.16),
            (13, 15, 0.12),
            (12, 14, 0.16),
            (14, 16, 0.12),
        ];
        for (from, to, radius) in limbs {
            if keypoints.points[from].visibility >= MIN_KEYPOINT && keypoints.points[to].visibility >= MIN_KEYPOINT {
                bones.push(Bone { from: at(from), to: at(to), radius: radius * scale, scale });
            }
        }
    } else if let Some(head) = parts::head(person) {
        let (scale, radius) = (2.5 * head.size, 0.7 * head.size);
        let chest = (head.cx, head.cy + 2.0 * head.size);
        bones.push(Bone { from: (head.cx, head.cy), to: chest, radius, scale });
    }
    bones
}

/// Overlap of matte and mask within the person's box, on a coarse grid.
fn agreement(photo: &Photo, person: &Candidate, own: &RoiMask, matte: &Plane) -> f32 {
    const N: usize = 64;
    let logit = own.logit_map();
    let (mut both, mut either) = (0, 0);
    let bounds = &person.bounds;
    for v in 0..N {
        for u in 0..N {
            let x = bounds.left + (u as f32 + 0.5) / N as f32 * bounds.width();
            let y = bounds.top + (v as f32 + 0.5) / N as f32 * bounds.height();
            let a = logit(x, y).is_some_and(|logit| logit > 0.0);
            let b = matte_at(photo, matte, x, y) > 0.5;
            both += u32::from(a && b);
            either += u32::from(a || b);
        }
    }
    both as f32 / (either as f32).max(1.0)
}

fn matte_at(photo: &Photo, matte: &Plane, x: f32, y: f32) -> f32 {
    let u = (x + 0.5) * matte.width as f32 / photo.width as f32 - 0.5;
    let v = (y + 0.5) * matte.height as f32 / photo.height as f32 - 0.5;
    matte.at(u, v)
}

/// The blocks' probabilities from both networks and all rivals, then the outline at full size.
///
/// Beyond BlazePose's square the matte goes on where it can mean nobody else and was found to agree.
fn draw(
    photo: &Photo,
    shape: &Shape<'_>,
    own: &RoiMask,
    rivals: &[&Shape<'_>],
    matte: &Plane,
    is_alone: bool,
) -> Option<Mask> {
    let mut probability = vec![0; photo.width as usize * photo.height as usize];
    let goes_on = is_alone && shape.matte_share > 0.0;
    let whole = PixelBox { left: 0.0, top: 0.0, right: photo.width as f32, bottom: photo.height as f32 };
    let grid = Grid::over(photo, if goes_on { &whole } else { &shape.region })?;
    let logit = own.logit_map();
    let rival_logits: Vec<_> = rivals.iter().map(|rival| (*rival, rival.own.map(RoiMask::logit_map))).collect();
    let mut values = Vec::with_capacity(grid.width * grid.height);
    for row in 0..grid.height {
        for column in 0..grid.width {
            let (x, y) = grid.middle(column, row);
            let of_matte = || {
                let alpha = matte_at(photo, matte, x, y).clamp(1e-4, 1.0 - 1e-4);
                (alpha / (1.0 - alpha)).ln().clamp(-MAX_LOGIT, MAX_LOGIT)
            };
            let of_body = match logit(x, y) {
                Some(logit) => logit.clamp(-MAX_LOGIT, MAX_LOGIT),
                None if goes_on => of_matte(),
                None => -MAX_LOGIT,
            };
            let mut mixed = of_body;
            if shape.matte_share > 0.0 && of_body > -MAX_LOGIT {
                mixed += (of_matte() - mixed).clamp(-MAX_CORRECTION, MAX_CORRECTION) * shape.matte_share;
            }
            let mut value = sigmoid(mixed);
            if value > 0.02 {
                for (rival, rival_logit) in &rival_logits {
                    let theirs = rival_logit.as_ref().map_or(Some(0.0), |logit| logit(x, y));
                    let Some(theirs) = theirs.filter(|theirs| *theirs > -2.0) else { continue };
                    value *= sigmoid(2.0 * (shape.claim(of_body, x, y) - rival.claim(theirs, x, y)));
                }
            }
            values.push(value);
        }
    }
    let cell = own.roi.size / own.logits.width as f32;
    let radius = (1.5 * cell / grid.step as f32).ceil() as usize + 1;
    let blocks = Plane { width: grid.width, height: grid.height, values };
    refine::draw(photo, &grid, &blocks, radius, &mut probability);
    let seen = (!goes_on).then(|| own.roi.corners());
    Some(Mask { width: photo.width, height: photo.height, probability: probability.into(), seen })
}
