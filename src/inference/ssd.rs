//! Reads the answers of MediaPipe's single-shot detectors: anchors, boxes with keypoints, weighted non-maximum suppression.
//!
//! The figures of the four detectors are those of `../shared/spec/vision-models.md`, section 3.

use super::warp::{Roi, sigmoid};
use crate::types::PixelBox;

/// One detector's layout.
pub struct Detector {
    /// Side of the square input.
    pub n_input: usize,
    /// Cells of each layer of anchors, and how many anchors a cell of it has.
    layers: &'static [(usize, usize)],
    pub n_keypoints: usize,
    pub min_score: f32,
    /// Input range -1..1 instead of 0..1.
    pub signed: bool,
}

pub const POSE: Detector =
    Detector { n_input: 224, layers: &[(28, 2), (14, 2), (7, 6)], n_keypoints: 4, min_score: 0.5, signed: true };
pub const FACE_NEAR: Detector =
    Detector { n_input: 128, layers: &[(16, 2), (8, 6)], n_keypoints: 6, min_score: 0.5, signed: true };
pub const FACE_FAR: Detector =
    Detector { n_input: 192, layers: &[(48, 1)], n_keypoints: 6, min_score: 0.6, signed: true };
pub const PALM: Detector =
    Detector { n_input: 192, layers: &[(24, 2), (12, 6)], n_keypoints: 7, min_score: 0.5, signed: false };

/// Boxes that share more than this are one thing.
const MAX_IOU: f32 = 0.3;

/// One thing found, in pixels of the photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    pub score: f32,
    pub bounds: PixelBox,
    pub keypoints: Vec<(f32, f32)>,
}

/// Box and keypoints as one list of numbers: left, top, right, bottom, x0, y0, ...; 0..1 of the input.
struct Candidate {
    score: f32,
    numbers: Vec<f32>,
}

impl Detector {
    fn anchors(&self) -> impl Iterator<Item = (f32, f32)> {
        self.layers.iter().flat_map(|(side, per_cell)| {
            let centre = |i: usize| (i as f32 + 0.5) / *side as f32;
            (0..side * side)
                .flat_map(move |cell| std::iter::repeat_n((centre(cell % side), centre(cell / side)), *per_cell))
        })
    }

    /// What the two outputs say, best first. `roi` is the unrotated square that the network saw.
    pub fn decode(&self, regressors: &[f32], scores: &[f32], roi: &Roi) -> Vec<Detection> {
        let n_numbers = 4 + 2 * self.n_keypoints;
        let mut candidates: Vec<Candidate> = self
            .anchors()
            .zip(scores)
            .zip(regressors.chunks_exact(n_numbers))
            .filter_map(|((anchor, score), raw)| {
                let score = sigmoid(*score);
                (score >= self.min_score).then(|| self.candidate(score, anchor, raw))
            })
            .collect();
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        let mut found = Vec::new();
        while let Some(best) = candidates.first() {
            let bounds = corners(best);
            let score = best.score;
            let mut sum = vec![0.0; n_numbers];
            let mut weight = 0.0;
            let mut at_best = true;
            candidates.retain(|candidate| {
                let merged = at_best || corners(candidate).iou(&bounds) > MAX_IOU;
                at_best = false;
                if merged {
                    weight += candidate.score;
                    for (sum, number) in sum.iter_mut().zip(&candidate.numbers) {
                        *sum += number * candidate.score;
                    }
                }
                !merged
            });
            let points: Vec<(f32, f32)> =
                sum.chunks_exact(2).map(|pair| roi.to_photo(pair[0] / weight, pair[1] / weight)).collect();
            let (a, b) = (points[0], points[1]);
            let bounds = PixelBox { left: a.0, top: a.1, right: b.0, bottom: b.1 };
            found.push(Detection { score, bounds, keypoints: points[2..].to_vec() });
        }
        found
    }

    fn candidate(&self, score: f32, (ax, ay): (f32, f32), raw: &[f32]) -> Candidate {
        let n = self.n_input as f32;
        let (cx, cy, half_w, half_h) = (raw[0] / n + ax, raw[1] / n + ay, raw[2] / n / 2.0, raw[3] / n / 2.0);
        let mut numbers = vec![cx - half_w, cy - half_h, cx + half_w, cy + half_h];
        for pair in raw[4..].chunks_exact(2) {
            numbers.extend([pair[0] / n + ax, pair[1] / n + ay]);
        }
        Candidate { score, numbers }
    }
}

fn corners(candidate: &Candidate) -> PixelBox {
    let [left, top, right, bottom] = [0, 1, 2, 3].map(|i| candidate.numbers[i]);
    PixelBox { left, top, right, bottom }
}
