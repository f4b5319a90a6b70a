//! The whole chain on one photo: people, their bodies, faces, hands and outlines, objects, depth.
//!
//! Independent networks run side by side on rayon's pool: on two cores that is worth more than threads within a network.
//! What was made of the pixels on the way is cleared when it is freed, on whichever thread; see `types::wipe` for its limits.

use super::candidates;
use super::{Error, Models, Role, cutout, depth, face, matte, objects, parts, warp};
use crate::types::{DepthMap, Mask, Observation, Person, Photo, wipe};

/// Looks at one photo. `Ok(None)` when `progress` said to stop.
///
/// `progress` gets the name of the stage that begins and how much is done (0..=1), and answers whether to go on.
/// A photo without people is an [`Observation`] without people, not an error.
pub fn observe(
    models: &Models,
    photo: &Photo,
    progress: &mut dyn FnMut(&str, f32) -> bool,
) -> Result<Option<Observation>, Error> {
    wipe::freed_memory(|| look(models, photo, progress))
}

fn look(
    models: &Models,
    photo: &Photo,
    progress: &mut dyn FnMut(&str, f32) -> bool,
) -> Result<Option<Observation>, Error> {
    if !progress("Looking for people", 0.0) {
        return Ok(None);
    }
    let (people, surroundings) = side_by_side(
        || candidates::first_look(models, photo),
        || {
            let faces = face::detect_far(models, photo, &warp::Roi::letterbox(photo))?;
            Ok::<_, Error>((objects::detect(models, photo)?, faces, matte::small(models, photo)?))
        },
    );
    let (objects, faces, matte) = surroundings?;
    if !progress("Reading bodies", 0.45) {
        return Ok(None);
    }
    let (people, _) = side_by_side(
        || candidates::complete(models, photo, people?, &objects, &faces),
        || [Role::FaceNear, Role::FaceMesh, Role::Palms, Role::Hand].map(|role| models.load(role)),
    );
    let people = people?;
    if !progress("Reading faces and hands", 0.65) {
        return Ok(None);
    }
    let (faces, hands) = side_by_side(|| parts::faces(models, photo, &people), || parts::hands(models, photo, &people));
    let (faces, hands) = (faces?, hands?);
    if !progress("Cutting people out", 0.85) {
        return Ok(None);
    }
    let (masks, depth) = side_by_side(|| cutout::masks(photo, &people, &matte), || depth::map(models, photo));
    let (depth, depth_refused) = optional(depth);
    let mut found: Vec<Person> = people
        .into_iter()
        .zip(faces)
        .zip(hands)
        .zip(masks)
        .map(|(((candidate, face), [left_hand, right_hand]), mask)| Person {
            bounds: mask.as_ref().and_then(cutout::bounds).unwrap_or(candidate.bounds),
            score: candidate.score,
            keypoints: candidate.keypoints,
            body: candidate.body.map(|body| body.landmarks),
            face,
            left_hand,
            right_hand,
            mask,
        })
        .collect();
    found.sort_by(|a, b| (b.bounds.width() * b.bounds.height()).total_cmp(&(a.bounds.width() * a.bounds.height())));
    let matte = (!found.is_empty()).then(|| full_size(&matte, photo));
    progress("Done", 1.0);
    Ok(Some(Observation { people: found, objects, matte, depth, depth_refused }))
}

/// Both at once on rayon's pool; each clears what it frees, whichever thread it runs on.
fn side_by_side<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    rayon::join(|| wipe::freed_memory(a), || wipe::freed_memory(b))
}

/// A body can be measured without depth: a model of the user's that does not work is told of and left out.
fn optional(depth: Result<Option<DepthMap>, Error>) -> (Option<DepthMap>, Option<String>) {
    match depth {
        Ok(depth) => (depth, None),
        Err(error) => (None, Some(error.to_string())),
    }
}

/// The matte at the photo's own size.
fn full_size(matte: &warp::Plane, photo: &Photo) -> Mask {
    let values = matte.resized(photo.width as usize, photo.height as usize).values;
    let probability = values.iter().map(|value| (value * 255.0).round() as u8).collect();
    Mask { width: photo.width, height: photo.height, probability, seen: None }
}
