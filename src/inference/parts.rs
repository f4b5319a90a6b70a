//! Faces and hands of people that are already known: looked for where the body says they are, so that they are small
//! crops at full resolution and belong to somebody from the start.

use super::candidates::{Candidate, MIN_KEYPOINT};
use super::ssd::Detection;
use super::warp::Roi;
use super::{Error, Models, face, hand};
use crate::types::{Landmark, Landmarks, Photo};

/// A hand that covers fewer pixels tells less than the wrist's landmark already does.
const MIN_HAND_PX: f32 = 40.0;
const MIN_FACE_PX: f32 = 24.0;

/// A face per person, where one is seen.
pub fn faces(models: &Models, photo: &Photo, people: &[Candidate]) -> Result<Vec<Option<Landmarks>>, Error> {
    let mut found: Vec<Option<Landmarks>> = Vec::with_capacity(people.len());
    for person in people {
        let face = match head(person) {
            Some(head) => face_near(models, photo, &head)?,
            None => None,
        };
        // Two heads close together: the face goes to whom it was found first.
        let taken = face.as_ref().is_some_and(|face| {
            found
                .iter()
                .flatten()
                .any(|other| distance(&other.points[NOSE_TIP], &face.points[NOSE_TIP]) < 0.3 * width(face))
        });
        found.push(face.filter(|_| !taken));
    }
    Ok(found)
}

/// Index of the tip of the nose in the mesh, and of the two sides of the head.
const NOSE_TIP: usize = 1;
const SIDES: [usize; 2] = [234, 454];

fn width(face: &Landmarks) -> f32 {
    distance(&face.points[SIDES[0]], &face.points[SIDES[1]])
}

fn distance(a: &Landmark, b: &Landmark) -> f32 {
    (a.x_px - b.x_px).hypot(a.y_px - b.y_px)
}

/// Where a head is and how large, from whatever is known of it.
pub struct Head {
    pub cx: f32,
    pub cy: f32,
    /// From ear to ear, roughly.
    pub size: f32,
}

/// `None` where neither nose nor eyes are seen: from behind there is no face to look for.
pub fn head(person: &Candidate) -> Option<Head> {
    let from = |points: &[Landmark], nose_and_eyes: &[usize], ears: [usize; 2], shoulders: [usize; 2], sure: f32| {
        let seen: Vec<&Landmark> =
            nose_and_eyes.iter().filter_map(|i| points.get(*i)).filter(|point| point.visibility >= sure).collect();
        if seen.len() < 2 {
            return None;
        }
        let n = seen.len() as f32;
        let (cx, cy) = (seen.iter().map(|p| p.x_px).sum::<f32>() / n, seen.iter().map(|p| p.y_px).sum::<f32>() / n);
        let between = |[a, b]: [usize; 2]| Some(distance(points.get(a)?, points.get(b)?));
        // Turned heads have ears close together; shoulders, or the distance to an ear, then tell more.
        let to_ear = ears.iter().filter_map(|i| points.get(*i)).map(|ear| (ear.x_px - cx).hypot(ear.y_px - cy));
        let size = between(ears)?.max(1.4 * to_ear.fold(0.0, f32::max)).max(0.3 * between(shoulders)?);
        Some(Head { cx, cy, size })
    };
    let by_keypoints =
        person.keypoints.as_ref().and_then(|k| from(&k.points, &[0, 1, 2], [3, 4], [5, 6], MIN_KEYPOINT));
    let by_body = || person.body.as_ref().and_then(|b| from(&b.landmarks.points, &[0, 2, 5], [7, 8], [11, 12], 0.5));
    let by_bounds = || {
        let bounds = &person.bounds;
        let face_only = person.keypoints.is_none() && person.body.is_none();
        face_only.then(|| Head {
            cx: (bounds.left + bounds.right) / 2.0,
            cy: (bounds.top + bounds.bottom) / 2.0,
            size: bounds.width(),
        })
    };
    by_keypoints.or_else(by_body).or_else(by_bounds)
}

/// The mesh of the face at a head: near detector first, the one for small faces if it finds nothing.
fn face_near(models: &Models, photo: &Photo, head: &Head) -> Result<Option<Landmarks>, Error> {
    if head.size < MIN_FACE_PX {
        return Ok(None);
    }
    let square = |times: f32| Roi { cx: head.cx, cy: head.cy, size: times * head.size, angle: 0.0 };
    let at_head = |detections: Vec<Detection>| {
        let off = |detection: &Detection| {
            let bounds = &detection.bounds;
            ((bounds.left + bounds.right) / 2.0 - head.cx).hypot((bounds.top + bounds.bottom) / 2.0 - head.cy)
        };
        detections.into_iter().filter(|d| off(d) < head.size).min_by(|a, b| off(a).total_cmp(&off(b)))
    };
    let mut detection = at_head(face::detect_near(models, photo, &square(3.0))?);
    if detection.is_none() {
        detection = at_head(face::detect_far(models, photo, &square(5.0))?);
    }
    let Some(roi) = detection.as_ref().and_then(face::detection_roi) else { return Ok(None) };
    Ok(face::mesh(models, photo, &roi)?.filter(|mesh| mesh.score >= face::MIN_MESH_SCORE))
}

/// Left and right hand per person, where they are seen.
pub fn hands(models: &Models, photo: &Photo, people: &[Candidate]) -> Result<Vec<[Option<Landmarks>; 2]>, Error> {
    let mut found: Vec<[Option<Landmarks>; 2]> = Vec::with_capacity(people.len());
    for person in people {
        let mut pair = [None, None];
        let mut offs = [f32::MAX; 2];
        for (side, arm) in [arm(person, 0), arm(person, 1)].into_iter().enumerate() {
            let Some(arm) = arm else { continue };
            if let Some((hand, off)) = hand_at(models, photo, &arm)? {
                (pair[side], offs[side]) = (Some(hand), off);
            }
        }
        // Both wrists led to one hand: it belongs to the nearer one.
        if let [Some(left), Some(right)] = &pair
            && same_hand(left, right)
        {
            pair[usize::from(offs[0] < offs[1])] = None;
        }
        // Or to somebody else's: the first come keeps it.
        for hand in &mut pair {
            let taken =
                hand.as_ref().is_some_and(|hand| found.iter().flatten().flatten().any(|other| same_hand(other, hand)));
            if taken {
                *hand = None;
            }
        }
        found.push(pair);
    }
    Ok(found)
}

/// Wrist and elbow of one side.
struct Arm {
    wrist: (f32, f32),
    elbow: (f32, f32),
}

fn arm(person: &Candidate, side: usize) -> Option<Arm> {
    let seen = |points: &[Landmark], at: usize, sure: f32| {
        points.get(at).filter(|point| point.visibility >= sure).map(|point| (point.x_px, point.y_px))
    };
    let by_body = person.body.as_ref().and_then(|body| {
        let points = &body.landmarks.points;
        Some(Arm { wrist: seen(points, 15 + side, 0.5)?, elbow: seen(points, 13 + side, 0.3)? })
    });
    by_body.or_else(|| {
        let points = &person.keypoints.as_ref()?.points;
        Some(Arm { wrist: seen(points, 9 + side, 0.3)?, elbow: seen(points, 7 + side, 0.3)? })
    })
}

/// The hand at the end of an arm, and how far its wrist is from the arm's.
fn hand_at(models: &Models, photo: &Photo, arm: &Arm) -> Result<Option<(Landmarks, f32)>, Error> {
    let (dx, dy) = (arm.wrist.0 - arm.elbow.0, arm.wrist.1 - arm.elbow.1);
    let forearm = dx.hypot(dy);
    // The palm lies about a third of a forearm beyond the wrist; foreshortened arms still need room.
    let (cx, cy) = (arm.wrist.0 + 0.35 * dx, arm.wrist.1 + 0.35 * dy);
    let square = Roi { cx, cy, size: 2.2 * forearm, angle: 0.0 };
    if square.size < 2.0 * MIN_HAND_PX || !within(photo, arm.wrist) {
        return Ok(None);
    }
    let palms = hand::detect(models, photo, &square)?;
    let off = |palm: &Detection| {
        palm.keypoints.first().map_or(f32::MAX, |wrist| (wrist.0 - arm.wrist.0).hypot(wrist.1 - arm.wrist.1))
    };
    let Some(palm) = palms.iter().min_by(|a, b| off(a).total_cmp(&off(b))) else { return Ok(None) };
    let off = off(palm);
    let Some(roi) = hand::detection_roi(palm) else { return Ok(None) };
    if off > 0.6 * forearm || roi.size < MIN_HAND_PX {
        return Ok(None);
    }
    let hand = hand::landmarks(models, photo, &roi)?.filter(|hand| hand.landmarks.score >= hand::MIN_SCORE);
    Ok(hand.map(|hand| (hand.landmarks, off)))
}

fn within(photo: &Photo, (x, y): (f32, f32)) -> bool {
    (0.0..photo.width as f32).contains(&x) && (0.0..photo.height as f32).contains(&y)
}

/// Index of the knuckle of the middle finger.
const MIDDLE_KNUCKLE: usize = 9;

fn same_hand(a: &Landmarks, b: &Landmarks) -> bool {
    let palm = distance(&a.points[0], &a.points[MIDDLE_KNUCKLE]).max(distance(&b.points[0], &b.points[MIDDLE_KNUCKLE]));
    distance(&a.points[MIDDLE_KNUCKLE], &b.points[MIDDLE_KNUCKLE]) < 0.5 * palm
}
