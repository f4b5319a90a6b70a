//! Which landmarks are joined by lines, and which side of the body they are on. Facts of the networks' own numbering.

use crate::types::LandmarkSet;

/// COCO's 17 points: ears and eyes to the nose, then arms, trunk and legs.
const COCO: [(u16, u16); 16] = [
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
    (5, 6),
    (5, 7),
    (7, 9),
    (6, 8),
    (8, 10),
    (5, 11),
    (6, 12),
    (11, 12),
    (11, 13),
    (13, 15),
    (12, 14),
    (14, 16),
];

/// BlazePose's 33 points: face, arms with three finger points, trunk, legs with heel and toe.
const BLAZE_POSE: [(u16, u16); 35] = [
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 7),
    (0, 4),
    (4, 5),
    (5, 6),
    (6, 8),
    (9, 10),
    (11, 12),
    (11, 13),
    (13, 15),
    (15, 17),
    (15, 19),
    (15, 21),
    (17, 19),
    (12, 14),
    (14, 16),
    (16, 18),
    (16, 20),
    (16, 22),
    (18, 20),
    (11, 23),
    (12, 24),
    (23, 24),
    (23, 25),
    (25, 27),
    (27, 29),
    (29, 31),
    (27, 31),
    (24, 26),
    (26, 28),
    (28, 30),
    (30, 32),
    (28, 32),
];

/// A hand's 21 points: wrist to each finger's four joints.
const HAND: [(u16, u16); 21] = [
    (0, 1),
    (1, 2),
    (2, 3),
    (3, 4),
    (0, 5),
    (5, 6),
    (6, 7),
    (7, 8),
    (5, 9),
    (9, 10),
    (10, 11),
    (11, 12),
    (9, 13),
    (13, 14),
    (14, 15),
    (15, 16),
    (13, 17),
    (17, 18),
    (18, 19),
    (19, 20),
    (0, 17),
];

pub fn lines(set: LandmarkSet) -> &'static [(u16, u16)] {
    match set {
        LandmarkSet::Coco17 => &COCO,
        LandmarkSet::BlazePose33 => &BLAZE_POSE,
        LandmarkSet::Hand21 => &HAND,
        // So many points draw the face by themselves.
        LandmarkSet::FaceMesh468 => &[],
    }
}
