//! Who is in the photo: the answers of three detectors brought together, one entry per person.
//!
//! MoveNet finds up to six people with keypoints. NanoDet and the face detector find more, as boxes; BlazePose's own detector
//! reads the bodies in those. Whoever was found twice is kept once.

use super::pose::{self, Body};
use super::ssd::Detection;
use super::warp::Roi;
use super::{Error, Models, parts, people};
use crate::types::{Landmark, Landmarks, Object, Photo, PixelBox};

/// MoveNet's rows below this are noise: on photos without people its best is 0.09.
const MIN_PERSON: f32 = 0.2;

/// People who take up less than this of the photo's long side are read at the larger size as well.
const SMALL: f32 = 0.45;

/// NanoDet's persons that nobody else found need more than this.
const MIN_OBJECT: f32 = 0.4;

/// Keypoints below this say nothing.
pub const MIN_KEYPOINT: f32 = 0.2;

/// BlazePose's joints may lie this far from MoveNet's, in sizes of the person.
const MAX_DISAGREEMENT: f32 = 0.1;

/// BlazePose's own "this is a person".
const MIN_BODY: f32 = 0.5;

/// One person, as far as it is known.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub bounds: PixelBox,
    pub score: f32,
    pub keypoints: Option<Landmarks>,
    pub body: Option<Body>,
}

/// What MoveNet finds at the size that it was trained for, without doubles; best first.
pub fn first_look(models: &Models, photo: &Photo) -> Result<Vec<Candidate>, Error> {
    let mut people = Vec::new();
    add(&mut people, people::detect(models, photo, people::NEAR)?);
    Ok(people)
}

/// Adds whom the first look missed, reads everybody's body, and settles the boxes.
pub fn complete(
    models: &Models,
    photo: &Photo,
    mut people: Vec<Candidate>,
    objects: &[Object],
    faces: &[Detection],
) -> Result<Vec<Candidate>, Error> {
    let persons: Vec<&Object> = objects.iter().filter(|object| object.label == "person").collect();
    let small = |bounds: &PixelBox| bounds.width().max(bounds.height()) < SMALL * photo.width.max(photo.height) as f32;
    let some_are_small =
        people.iter().map(|person| &person.bounds).chain(persons.iter().map(|object| &object.bounds)).any(small);
    if some_are_small || (people.is_empty() && persons.is_empty()) {
        add(&mut people, people::detect(models, photo, people::FAR)?);
    }
    for person in &mut people {
        let Some(keypoints) = &person.keypoints else { continue };
        let Some(roi) = people::pose_roi(keypoints) else { continue };
        person.body = pose::landmarks(models, photo, &roi)?
            .filter(|body| body.landmarks.score >= MIN_BODY && disagreement(body, keypoints) <= MAX_DISAGREEMENT);
        if person.body.is_none() {
            person.body = second_try(models, photo, person)?;
        }
    }
    for face in faces {
        if !people.iter().any(|person| has_face(person, face)) {
            people.push(by_face(models, photo, face)?);
        }
    }
    for object in persons.iter().filter(|object| object.score >= MIN_OBJECT) {
        if !people.iter().any(|person| covers(person, &object.bounds)) {
            let square = around(&object.bounds, 1.2);
            let body = by_detector(models, photo, &square, |_, own| own.iou(&object.bounds) > 0.2)?;
            people.extend(body.map(|(body, _)| Candidate {
                bounds: object.bounds,
                score: object.score,
                keypoints: None,
                body: Some(body),
            }));
        }
    }
    if people.is_empty() {
        let body = by_detector(models, photo, &Roi::letterbox(photo), |_, _| true)?;
        people.extend(body.map(|(body, bounds)| Candidate {
            bounds,
            score: body.landmarks.score,
            keypoints: None,
            body: Some(body),
        }));
    }
    let mut people = without_doubles(people);
    for person in &mut people {
        person.bounds = settled_bounds(person, &persons, photo);
    }
    Ok(people)
}

/// Takes MoveNet's rows in; of two that lie on one person the better stays.
fn add(people: &mut Vec<Candidate>, mut rows: Vec<people::Found>) {
    rows.retain(|row| row.score >= MIN_PERSON);
    rows.sort_by(|a, b| b.score.total_cmp(&a.score));
    for row in rows {
        let double = people.iter_mut().find(|other| {
            other.keypoints.as_ref().is_some_and(|keypoints| same_person(keypoints, &row.keypoints, MIN_KEYPOINT))
        });
        let candidate = Candidate { bounds: row.bounds, score: row.score, keypoints: Some(row.keypoints), body: None };
        match double {
            Some(double) if double.score < candidate.score => *double = candidate,
            Some(_) => {}
            None => people.push(candidate),
        }
    }
}

/// Whether two sets of points of one kind lie on the same person.
fn same_person(a: &Landmarks, b: &Landmarks, min_visibility: f32) -> bool {
    let shared: Vec<(&Landmark, &Landmark)> = a
        .points
        .iter()
        .zip(&b.points)
        .filter(|(a, b)| a.visibility >= min_visibility && b.visibility >= min_visibility)
        .collect();
    if shared.len() < 4 {
        return false;
    }
    let distance =
        shared.iter().map(|(a, b)| (a.x_px - b.x_px).hypot(a.y_px - b.y_px)).sum::<f32>() / shared.len() as f32;
    let size = extent(shared.iter().map(|(a, _)| *a)).max(extent(shared.iter().map(|(_, b)| *b)));
    distance < 0.1 * size
}

fn extent<'a>(points: impl Iterator<Item = &'a Landmark>) -> f32 {
    let bounds = bounds_of(points);
    bounds.map_or(0.0, |bounds| bounds.width().hypot(bounds.height()))
}

fn bounds_of<'a>(points: impl Iterator<Item = &'a Landmark>) -> Option<PixelBox> {
    points.fold(None, |bounds: Option<PixelBox>, point| {
        let (x, y) = (point.x_px, point.y_px);
        Some(bounds.map_or(PixelBox { left: x, top: y, right: x, bottom: y }, |bounds| PixelBox {
            left: bounds.left.min(x),
            top: bounds.top.min(y),
            right: bounds.right.max(x),
            bottom: bounds.bottom.max(y),
        }))
    })
}

/// COCO's points and BlazePose's for the same joints.
const SHARED_JOINTS: [(usize, usize); 13] = [
    (0, 0),
    (5, 11),
    (6, 12),
    (7, 13),
    (8, 14),
    (9, 15),
    (10, 16),
    (11, 23),
    (12, 24),
    (13, 25),
    (14, 26),
    (15, 27),
    (16, 28),
];

/// How far BlazePose's joints lie from MoveNet's, in sizes of the person; 0 where too few joints are sure to tell.
///
/// In a crowd BlazePose slips to a neighbour, which this shows.
fn disagreement(body: &Body, keypoints: &Landmarks) -> f32 {
    let mut distances: Vec<f32> = SHARED_JOINTS
        .iter()
        .filter(|(coco, blaze)| {
            keypoints.points[*coco].visibility >= 0.3 && body.landmarks.points[*blaze].visibility >= 0.3
        })
        .map(|(coco, blaze)| {
            let (a, b) = (&keypoints.points[*coco], &body.landmarks.points[*blaze]);
            (a.x_px - b.x_px).hypot(a.y_px - b.y_px)
        })
        .collect();
    distances.sort_by(f32::total_cmp);
    // A body takes up two fifths of the square that it is looked for in, when only its upper half is seen.
    let size = extent(keypoints.points.iter().filter(|point| point.visibility >= 0.3)).max(0.4 * body.mask.roi.size);
    distances.get(distances.len() / 2).map_or(0.0, |median| median / size)
}

/// Whether a person that is already known is the one in the box.
fn covers(person: &Candidate, bounds: &PixelBox) -> bool {
    if person.bounds.iou(bounds) > 0.4 {
        return true;
    }
    let Some(keypoints) = &person.keypoints else { return false };
    let sure: Vec<&Landmark> = keypoints.points.iter().filter(|point| point.visibility >= 0.3).collect();
    let inside = sure.iter().filter(|point| contains(bounds, point.x_px, point.y_px)).count();
    // Most of the points in the box, and the box not much larger than the person.
    inside * 10 >= sure.len() * 7 && bounds_of(sure.into_iter()).is_some_and(|own| own.height() * 2.5 > bounds.height())
}

fn contains(bounds: &PixelBox, x: f32, y: f32) -> bool {
    (bounds.left..=bounds.right).contains(&x) && (bounds.top..=bounds.bottom).contains(&y)
}

fn around(bounds: &PixelBox, margin: f32) -> Roi {
    Roi {
        cx: (bounds.left + bounds.right) / 2.0,
        cy: (bounds.top + bounds.bottom) / 2.0,
        size: margin * bounds.width().max(bounds.height()).max(1.0),
        angle: 0.0,
    }
}

/// A body for somebody whom BlazePose missed: in the squares that its own detector proposes around the head.
fn second_try(models: &Models, photo: &Photo, person: &Candidate) -> Result<Option<Body>, Error> {
    let Some(keypoints) = &person.keypoints else { return Ok(None) };
    let square = around(&person.bounds, 1.3);
    let mut best: Option<(f32, Body)> = None;
    for detection in pose::detect(models, photo, &square)?.iter().take(3) {
        let Some(roi) = pose::detection_roi(detection) else { continue };
        let Some(body) = pose::landmarks(models, photo, &roi)? else { continue };
        let off = disagreement(&body, keypoints);
        if body.landmarks.score >= MIN_BODY
            && off <= MAX_DISAGREEMENT
            && best.as_ref().is_none_or(|(least, _)| off < *least)
        {
            best = Some((off, body));
        }
    }
    Ok(best.map(|(_, body)| body))
}

/// The first body in a square that its own detector proposes and that passes, with the box around its visible points.
///
/// `passes` gets what the detector found, whose box is the face, and that box of the body.
fn by_detector(
    models: &Models,
    photo: &Photo,
    square: &Roi,
    passes: impl Fn(&Detection, &PixelBox) -> bool,
) -> Result<Option<(Body, PixelBox)>, Error> {
    for detection in pose::detect(models, photo, square)? {
        let Some(roi) = pose::detection_roi(&detection) else { continue };
        let Some(mut body) = pose::landmarks(models, photo, &roi)? else { continue };
        if body.landmarks.score < MIN_BODY {
            continue;
        }
        // The detector's square is rough; the one that the landmarks give is what MediaPipe tracks with.
        if let Some(next) = body.next_roi
            && let Some(better) = pose::landmarks(models, photo, &next)?
            && better.landmarks.score >= MIN_BODY
        {
            body = better;
        }
        let visible = body.landmarks.points.iter().filter(|point| point.visibility >= 0.5);
        if let Some(own) = bounds_of(visible).filter(|own| passes(&detection, own)) {
            return Ok(Some((body, own)));
        }
    }
    Ok(None)
}

/// Whether a face is that of a person who is known.
fn has_face(person: &Candidate, face: &Detection) -> bool {
    let bounds = &face.bounds;
    let (cx, cy) = centre(bounds);
    match parts::head(person) {
        Some(head) => (head.cx - cx).hypot(head.cy - cy) < 0.6 * (head.size + bounds.width()),
        None => contains(&person.bounds, cx, cy) && person.bounds.width() < 6.0 * bounds.width(),
    }
}

fn centre(bounds: &PixelBox) -> (f32, f32) {
    ((bounds.left + bounds.right) / 2.0, (bounds.top + bounds.bottom) / 2.0)
}

/// Somebody of whom only the face was noticed, with the body below it where BlazePose sees one.
fn by_face(models: &Models, photo: &Photo, face: &Detection) -> Result<Candidate, Error> {
    let (cx, cy) = centre(&face.bounds);
    let size = face.bounds.width().max(face.bounds.height());
    let square = Roi { cx, cy: cy + 1.5 * size, size: 7.0 * size, angle: 0.0 };
    let body = by_detector(models, photo, &square, |detection, _| {
        let found = centre(&detection.bounds);
        (found.0 - cx).hypot(found.1 - cy) < 0.6 * size
    })?;
    Ok(match body {
        Some((body, bounds)) => Candidate { bounds, score: face.score, keypoints: None, body: Some(body) },
        None => Candidate { bounds: face.bounds, score: face.score, keypoints: None, body: None },
    })
}

/// Of two that are one, the more certain stays. Two people whom BlazePose read as one stay two, one without a body.
fn without_doubles(mut people: Vec<Candidate>) -> Vec<Candidate> {
    people.sort_by(|a, b| {
        let rank = |person: &Candidate| (person.keypoints.is_some(), person.body.is_some());
        rank(b).cmp(&rank(a)).then(b.score.total_cmp(&a.score))
    });
    let off = |person: &Candidate| match (&person.body, &person.keypoints) {
        (Some(body), Some(keypoints)) => disagreement(body, keypoints),
        _ => f32::MAX,
    };
    let mut kept: Vec<Candidate> = Vec::new();
    for mut person in people {
        let double = kept.iter_mut().find(|other| match (&other.body, &person.body) {
            (Some(a), Some(b)) => same_person(&a.landmarks, &b.landmarks, 0.3),
            _ => false,
        });
        match double {
            None => kept.push(person),
            Some(other) if other.keypoints.is_some() && person.keypoints.is_some() => {
                let loser = if off(&*other) <= off(&person) { &mut person } else { &mut *other };
                loser.body = None;
                kept.push(person);
            }
            Some(_) => {}
        }
    }
    kept
}

/// NanoDet's box fits best where there is one for this person; else all points that are sure.
fn settled_bounds(person: &Candidate, boxes: &[&Object], photo: &Photo) -> PixelBox {
    let mut points: Vec<&Landmark> = Vec::new();
    if let Some(keypoints) = &person.keypoints {
        points.extend(keypoints.points.iter().filter(|point| point.visibility >= 0.3));
    }
    if let Some(body) = &person.body {
        points.extend(body.landmarks.points.iter().filter(|point| point.visibility >= 0.5));
    }
    let own = bounds_of(points.into_iter()).unwrap_or(person.bounds);
    let best =
        boxes.iter().map(|object| (object.bounds.iou(&own).max(object.bounds.iou(&person.bounds)), object.bounds));
    let best = best.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(iou, _)| *iou > 0.5);
    let bounds = best.map_or(own, |(_, bounds)| PixelBox {
        left: bounds.left.min(own.left),
        top: bounds.top.min(own.top),
        right: bounds.right.max(own.right),
        bottom: bounds.bottom.max(own.bottom),
    });
    let (width, height) = (photo.width as f32, photo.height as f32);
    PixelBox {
        left: bounds.left.clamp(0.0, width),
        top: bounds.top.clamp(0.0, height),
        right: bounds.right.clamp(0.0, width),
        bottom: bounds.bottom.clamp(0.0, height),
    }
}
