//! Objects: NanoDet-g on the 80 classes of COCO, of which three are of use here.

use super::resize::resize_whole;
use super::tensor::Tensor;
use super::{Error, Models, Role};
use crate::types::{Object, Photo, PixelBox};

const N_INPUT: usize = 416;
const N_CLASSES: usize = 80;
const STRIDES: [usize; 3] = [8, 16, 32];
/// Bins per side of a box: a side is the expectation over them, in strides.
const N_BINS: usize = 11;
const MAX_IOU: f32 = 0.5;

/// Of blue, green, red: NanoDet's own configuration. Fed with red first and plain scaling it no longer finds the phone.
const MEAN: [f32; 3] = [103.53, 116.28, 123.675];
const DEVIATION: [f32; 3] = [57.375, 57.12, 58.395];

/// Below this a box is noise.
pub const MIN_SCORE: f32 = 0.35;

/// The classes that are reported, by their index in COCO's order of 80.
const CLASSES: [(usize, &str); 3] = [(0, "person"), (41, "cup"), (67, "phone")];

/// Persons, cups and phones, best first.
pub fn detect(models: &Models, photo: &Photo) -> Result<Vec<Object>, Error> {
    let scale = N_INPUT as f32 / photo.width.max(photo.height) as f32;
    let size = [photo.width, photo.height].map(|side| ((side as f32 * scale).round() as usize).clamp(1, N_INPUT));
    let margin = size.map(|side| (N_INPUT - side) / 2);
    let outputs = models.run(Role::Objects, Tensor::float32(&[1, 3, N_INPUT, N_INPUT], pixels(photo, size, margin)))?;

    let mut found: Vec<Object> = Vec::new();
    for stride in STRIDES {
        let side = N_INPUT / stride;
        let of_width = |width: usize| outputs.iter().find(|output| output.shape == [1, side * side, width]);
        let (Some(scores), Some(boxes)) = (of_width(N_CLASSES), of_width(4 * N_BINS)) else { continue };
        let cells = scores.floats().chunks_exact(N_CLASSES).zip(boxes.floats().chunks_exact(4 * N_BINS));
        for (cell, (scores, bins)) in cells.enumerate() {
            for (class, label) in CLASSES {
                let score = scores[class];
                if score <= MIN_SCORE {
                    continue;
                }
                let centre = [cell % side, cell / side].map(|i| (i as f32 + 0.5) * stride as f32);
                let [left, top, right, bottom] = sides(bins).map(|side| side * stride as f32);
                let to_photo = |value: f32, axis: usize| (value - margin[axis] as f32) / scale;
                let bounds = PixelBox {
                    left: to_photo(centre[0] - left, 0),
                    top: to_photo(centre[1] - top, 1),
                    right: to_photo(centre[0] + right, 0),
                    bottom: to_photo(centre[1] + bottom, 1),
                };
                found.push(Object { label, score, bounds });
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Object> = Vec::new();
    for object in found {
        let double = |other: &Object| other.label == object.label && other.bounds.iou(&object.bounds) > MAX_IOU;
        if !kept.iter().any(double) {
            kept.push(object);
        }
    }
    Ok(kept)
}

/// Centred in the square with black borders, blue first, planes of channels.
fn pixels(photo: &Photo, size: [usize; 2], margin: [usize; 2]) -> Vec<f32> {
    let plane = N_INPUT * N_INPUT;
    let mut values = vec![0.0; 3 * plane];
    for channel in 0..3 {
        values[channel * plane..(channel + 1) * plane].fill(-MEAN[channel] / DEVIATION[channel]);
    }
    for (at, colour) in resize_whole(photo, size).chunks_exact(3).enumerate() {
        let at = (at / size[0] + margin[1]) * N_INPUT + at % size[0] + margin[0];
        for (channel, value) in colour.iter().rev().enumerate() {
            values[channel * plane + at] = (f32::from(*value) - MEAN[channel]) / DEVIATION[channel];
        }
    }
    values
}

/// Expectations of the four distributions, in strides.
fn sides(bins: &[f32]) -> [f32; 4] {
    std::array::from_fn(|side| {
        let bins = &bins[side * N_BINS..(side + 1) * N_BINS];
        let peak = bins.iter().copied().fold(f32::MIN, f32::max);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (i, bin) in bins.iter().enumerate() {
            let weight = (bin - peak).exp();
            sum += weight;
            weighted += weight * i as f32;
        }
        weighted / sum
    })
}
