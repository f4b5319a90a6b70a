//! What is to be said of a photo before anything is fitted: who is in it, what of them is cut off, how they stand.

use crate::types::{Landmark, LandmarkSet, Landmarks, Observation, Person, Remark};

/// Smaller people are a handful of pixels per landmark.
const MIN_PERSON_PX: f32 = 200.0;
/// Steeper than this, somebody does not stand.
const MAX_LEAN_DEGREES: f64 = 40.0;

/// Remarks on a photo of `size` pixels, of which the person at `chosen` is measured.
pub fn remarks(observation: &Observation, chosen: Option<usize>, size: (u32, u32)) -> Vec<Remark> {
    let mut said = Vec::new();
    let Some(person) = chosen.and_then(|chosen| observation.people.get(chosen)) else {
        said.push(Remark::warning(
            "No person was found",
            "use a photo that shows one person whole, upright and larger than a quarter of the picture",
        ));
        return said;
    };
    if observation.people.len() > 1 {
        said.push(Remark::note(
            format!("{} people are in the photo; one is measured", observation.people.len()),
            "check that it is the right one, else choose another",
        ));
    }
    if person.bounds.height().max(person.bounds.width()) < MIN_PERSON_PX {
        said.push(Remark::note("The person is small in the photo", "use a photo taken from closer, or a larger one"));
    }
    match &person.body {
        Some(_) => said.extend(posture(person, size)),
        None => said.push(Remark::warning(
            "The body's landmarks were not found",
            "use an upright photo in which nothing hides the body",
        )),
    }
    if person.mask.is_none() {
        said.push(Remark::note("The person's outline was not found", "use a plainer background; girths rest on it"));
    }
    if let Some(why) = &observation.depth_refused {
        let (why, advice) = why.split_once(" — ").unwrap_or((why, "see `corporeal models --check`"));
        said.push(Remark::note(format!("Depth was not used: {why}"), advice));
    }
    said
}

fn posture(person: &Person, size: (u32, u32)) -> Vec<Remark> {
    let mut said = Vec::new();
    let Some(body) = person.body.as_ref().filter(|body| body.set == LandmarkSet::BlazePose33) else { return said };
    let point = |i: usize| body.points.get(i).copied().unwrap_or_default();
    let is_seen = |i: usize| is_seen(&point(i), size);
    let any = |indices: &[usize]| indices.iter().any(|i| is_seen(*i));
    if !any(&[23, 24]) {
        said.push(Remark::warning(
            "Only the upper body is in the photo: everything below the waist rests on the population prior",
            "use a photo from head to feet",
        ));
    } else if !any(&[25, 26]) {
        said.push(Remark::warning(
            "The legs are cut off or hidden: their measurements rest on the population prior",
            "use a photo from head to feet",
        ));
    } else if !any(&[27, 28, 29, 30, 31, 32]) {
        said.push(Remark::note(
            "The feet are cut off or hidden: the height rests on what is known",
            "give the height, or show the feet",
        ));
    }
    if !any(&[0, 2, 5, 7, 8]) {
        said.push(Remark::note("The head is cut off or hidden", "show the whole head"));
    }
    let (shoulders, hips) = (middle(point(11), point(12)), middle(point(23), point(24)));
    let (across, down) = (hips.0 - shoulders.0, hips.1 - shoulders.1);
    if is_seen(11) && is_seen(12) && any(&[23, 24]) && across.hypot(down) > 1.0 {
        let lean_degrees = across.atan2(down).to_degrees().abs();
        if lean_degrees > 135.0 {
            said.push(Remark::warning("The person is upside down", "turn the photo upright"));
        } else if lean_degrees > MAX_LEAN_DEGREES {
            said.push(Remark::warning(
                "The person lies or bends: girths are measured on somebody who stands",
                "use a photo of the person standing, or turn it upright",
            ));
        }
    }
    // Facing the camera, the left shoulder is on the right of the picture.
    if is_seen(11) && is_seen(12) {
        let across_m = body.world_m.get(11).zip(body.world_m.get(12)).map(|(left, right)| left[0] - right[0]);
        if across_m.is_some_and(|across_m| across_m < -0.1) {
            said.push(Remark::note("The person is seen from behind", "add a view from the front, if there is one"));
        }
    }
    if sits(body, &is_seen) {
        said.push(Remark::warning(
            "The person sits or crouches: girths and lengths of the lower body cannot be trusted",
            "use a photo of the person standing",
        ));
    }
    if arms_hide_waist(&point) && any(&[23, 24]) {
        said.push(Remark::note("The arms hide the waist", "hold the arms away from the body"));
    }
    said
}

/// The knees of somebody who stands are a thigh's length (0.4 m of an adult) below the hips.
fn sits(body: &Landmarks, is_seen: &dyn Fn(usize) -> bool) -> bool {
    const MIN_DROP_OF_TORSO: f32 = 0.45;
    let world = |i: usize| body.world_m.get(i).copied().unwrap_or_default();
    let torso_m = (world(23)[1] + world(24)[1] - world(11)[1] - world(12)[1]).abs() / 2.0;
    [(23, 25), (24, 26)].into_iter().any(|(hip, knee)| {
        is_seen(hip) && is_seen(knee) && world(knee)[1] - world(hip)[1] < MIN_DROP_OF_TORSO * torso_m
    })
}

fn is_seen(landmark: &Landmark, (width, height): (u32, u32)) -> bool {
    let is_inside = (0.0..width as f32).contains(&landmark.x_px) && (0.0..height as f32).contains(&landmark.y_px);
    is_inside && landmark.visibility >= 0.5 && landmark.presence >= 0.5
}

fn middle(a: Landmark, b: Landmark) -> (f64, f64) {
    (f64::from(a.x_px + b.x_px) / 2.0, f64::from(a.y_px + b.y_px) / 2.0)
}

/// A wrist or an elbow lies between the shoulders' and hips' heights and within the width of the torso.
fn arms_hide_waist(point: &dyn Fn(usize) -> Landmark) -> bool {
    let (shoulders, hips) = ([point(11), point(12)], [point(23), point(24)]);
    let top = (shoulders[0].y_px + shoulders[1].y_px) / 2.0;
    let bottom = (hips[0].y_px + hips[1].y_px) / 2.0;
    let all = shoulders.iter().chain(&hips).map(|landmark| landmark.x_px);
    let (left, right) = all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let waist = top + 0.4 * (bottom - top)..bottom;
    let narrower = 0.1 * (right - left);
    [13, 14, 15, 16].into_iter().map(point).any(|landmark| {
        landmark.visibility >= 0.5
            && waist.contains(&landmark.y_px)
            && (left + narrower..right - narrower).contains(&landmark.x_px)
    })
}
