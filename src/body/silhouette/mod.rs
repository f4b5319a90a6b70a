//! A person's mask to the outline of the body, with sub-pixel points, outward normals and an uncertainty for each; and
//! back: a projected mesh to a mask, for comparing the two.
//!
//! The outline is where the probability crosses one half. It follows the largest piece of the mask with its large holes
//! (between arm and torso); specks and pinholes are left out, and so is every point where the picture's border, or that of
//! what the network looked at, cuts the body off. Nothing here knows of bodies: parts, clothes and hair are the caller's affair.

mod field;
mod raster;
mod squares;

use bevy_math::DVec2;

pub use raster::{mask_iou, mesh_mask};

use crate::types::Mask;
use field::Field;
use squares::Loop;

/// One point of an outline; in pixels of the mask, pixel centres at half-integers, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlinePoint {
    pub position: DVec2,
    /// Unit length, away from the body.
    pub normal: DVec2,
    /// Standard deviation of the position along the normal, from how softly the mask ends here.
    pub sigma_px: f64,
    /// Which loop the point is on; see [`Outline::loops`].
    pub loop_idx: u32,
}

/// One closed line: the outside of the body, or a hole in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlineLoop {
    pub is_hole: bool,
    pub length_px: f64,
    /// Enclosed area.
    pub area_px: f64,
    /// The part of its length that the border of the picture or of what was looked at cuts off, 0..=1.
    pub cut_off: f64,
}

/// The outline of one person, points at equal distances along the loops.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// In order along each loop, loop after loop; those on the picture's border are missing.
    pub points: Vec<OutlinePoint>,
    /// The outside first, then the holes, the largest first.
    pub loops: Vec<OutlineLoop>,
    /// Distance between neighbours along the loop.
    pub step_px: f64,
}

/// Smooths away the steps of masks that know no "perhaps", and shifts the outline of a circle of radius 10 px by 0.05 px.
const BLUR_PX: f32 = 1.0;

/// The direction of the outline changes more slowly than its position.
const NORMAL_BLUR_PX: f64 = 2.0;

/// Holes smaller than this part of the body are mistakes of the network (between fingers, in patterned clothes).
const MIN_HOLE_PART: f64 = 0.004;

/// Nearer to the picture's border than this, the border is what was found.
const BORDER_PX: f64 = 1.5;

/// Nearer to the edge of what was looked at than this part of its side, the edge is what was found: a few cells of the network's mask.
const EDGE_PART: f64 = 0.015;

/// A hard edge is not known better than this, because a mask is a classification of whole pixels.
const MIN_SIGMA_PX: f64 = 0.4;

/// Between probabilities of 0.1 and 0.9, a normal distribution extends over this many standard deviations.
const TRANSITION_SIGMAS: f64 = 2.563;

/// The outline with about `n_points` points; empty where the mask shows nobody.
pub fn outline(mask: &Mask, n_points: usize) -> Outline {
    let Some(field) = Field::of(mask, BLUR_PX) else { return Outline::default() };
    let loops = body_and_holes(squares::loops(&field));
    let total_px: f64 = loops.iter().map(|line| line.length).sum();
    if loops.is_empty() || n_points == 0 || total_px <= 0.0 {
        return Outline::default();
    }
    let step_px = total_px / n_points as f64;
    let size = DVec2::new(f64::from(mask.width), f64::from(mask.height));
    let mut outline = Outline { step_px, ..Outline::default() };
    // A transition is looked for within an eighth of the body's size.
    let reach_px = loops[0].area.abs().sqrt() / 8.0;
    for (loop_idx, line) in loops.iter().enumerate() {
        let positions = line.resampled(step_px);
        let n_all = positions.len();
        let inside =
            |p: &DVec2| p.min(size - *p).min_element() >= BORDER_PX && mask.depth_inside(p.to_array()) >= EDGE_PART;
        let kept: Vec<DVec2> = positions.into_iter().filter(inside).collect();
        outline.loops.push(OutlineLoop {
            is_hole: line.area < 0.0,
            length_px: line.length,
            area_px: line.area.abs(),
            cut_off: 1.0 - kept.len() as f64 / n_all.max(1) as f64,
        });
        outline.points.extend(kept.into_iter().filter_map(|position| {
            let normal = (-field.gradient(position, NORMAL_BLUR_PX)).try_normalize()?;
            let sigma_px = sigma(&field, position, normal, reach_px);
            Some(OutlinePoint { position, normal, sigma_px, loop_idx: loop_idx as u32 })
        }));
    }
    outline
}

/// The loop with the largest area, and the large holes in it.
fn body_and_holes(mut loops: Vec<Loop>) -> Vec<Loop> {
    // Outsides have a positive area, holes a negative one.
    let Some(largest) = (0..loops.len()).max_by(|a, b| loops[*a].area.total_cmp(&loops[*b].area)) else {
        return Vec::new();
    };
    if loops[largest].area <= 0.0 {
        return Vec::new();
    }
    let body = loops.swap_remove(largest);
    let min_area = body.area * MIN_HOLE_PART;
    loops.retain(|line| line.area <= -min_area && body.contains(line.points[0]));
    loops.sort_by(|a, b| a.area.total_cmp(&b.area));
    loops.insert(0, body);
    loops
}

/// How far the probability takes from 0.9 to 0.1 across the outline, as a standard deviation, without our own blur.
fn sigma(field: &Field, position: DVec2, outward: DVec2, reach_px: f64) -> f64 {
    let width_px =
        crossing(field, position, -outward, 0.9, reach_px) + crossing(field, position, outward, 0.1, reach_px);
    let sigma = width_px / TRANSITION_SIGMAS;
    (sigma * sigma - f64::from(BLUR_PX * BLUR_PX)).max(0.0).sqrt().max(MIN_SIGMA_PX)
}

/// The distance at which the probability passes `level`; `reach_px` where it does not within that.
fn crossing(field: &Field, from: DVec2, direction: DVec2, level: f64, reach_px: f64) -> f64 {
    const STEP_PX: f64 = 0.5;
    let is_past = |value: f64| if level > 0.5 { value >= level } else { value <= level };
    let mut before = field.sample(from);
    let mut distance = 0.0;
    while distance < reach_px {
        let here = field.sample(from + direction * (distance + STEP_PX));
        if is_past(here) {
            let part = (level - before) / (here - before);
            return distance + if part.is_finite() { part.clamp(0.0, 1.0) * STEP_PX } else { 0.0 };
        }
        before = here;
        distance += STEP_PX;
    }
    reach_px
}
