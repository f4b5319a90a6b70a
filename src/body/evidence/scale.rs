//! How large a person is in the picture, before anything is fitted.

use crate::types::{Landmark, Landmarks, Person};

/// Shoulder to hip of an adult, metres (Anny's reference pose: 0.48 m between the joints).
const TORSO_M: f64 = 0.48;

/// Pixels per metre at the person, from the landmarks in space where there are some, else from the torso, else from the
/// box. Never zero.
pub fn pixels_per_metre(person: &Person) -> f64 {
    let from_world = person.body.as_ref().and_then(world_scale);
    let from_torso = || torso_px(person).map(|px| px / TORSO_M);
    let from_box = || f64::from(person.bounds.height().max(person.bounds.width())) / 1.7;
    from_world.or_else(from_torso).unwrap_or_else(from_box).max(1.0)
}

/// A landmark in the picture (pixels) and in the plane of the picture in space (metres).
type Seen = ([f64; 2], [f64; 2]);

/// Ratio of distances in the picture and in the plane of the picture in space, over the visible landmarks.
fn world_scale(body: &Landmarks) -> Option<f64> {
    let seen: Vec<Seen> = body
        .points
        .iter()
        .zip(&body.world_m)
        .filter(|(landmark, _)| landmark.visibility.min(landmark.presence) >= 0.5)
        .map(|(landmark, world)| {
            ([landmark.x_px.into(), landmark.y_px.into()], [f64::from(world[0]), f64::from(world[1])])
        })
        .collect();
    let n = seen.len() as f64;
    if n < 4.0 {
        return None;
    }
    let mean = |pick: &dyn Fn(&Seen) -> f64| seen.iter().map(pick).sum::<f64>() / n;
    let spread = |pick: &dyn Fn(&Seen) -> f64| {
        let centre = mean(pick);
        seen.iter().map(|pair| (pick(pair) - centre).powi(2)).sum::<f64>()
    };
    let in_picture = spread(&|pair| pair.0[0]) + spread(&|pair| pair.0[1]);
    let in_space = spread(&|pair| pair.1[0]) + spread(&|pair| pair.1[1]);
    (in_space > 1e-4).then(|| (in_picture / in_space).sqrt()).filter(|scale| scale.is_finite() && *scale > 0.0)
}

/// Middle of the shoulders to middle of the hips, from either network.
fn torso_px(person: &Person) -> Option<f64> {
    let of = |landmarks: &Landmarks, [ls, rs, lh, rh]: [usize; 4]| {
        let middle = |a: &Landmark, b: &Landmark| (f64::from(a.x_px + b.x_px) / 2.0, f64::from(a.y_px + b.y_px) / 2.0);
        let points = &landmarks.points;
        let (shoulders, hips) = (middle(points.get(ls)?, points.get(rs)?), middle(points.get(lh)?, points.get(rh)?));
        Some((shoulders.0 - hips.0).hypot(shoulders.1 - hips.1))
    };
    let body = person.body.as_ref().and_then(|body| of(body, [11, 12, 23, 24]));
    body.or_else(|| person.keypoints.as_ref().and_then(|keypoints| of(keypoints, [5, 6, 11, 12])))
}
