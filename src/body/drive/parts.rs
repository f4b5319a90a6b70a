//! Which of DensePose's 24 body parts each vertex belongs to.
//!
//! The numbers are those of DensePose's charts (Güler, Neverova and Kokkinos 2018; its file of labels: 1, 2 torso, 3 right
//! hand, 4 left hand, 5 left foot, 6 right foot, 7, 9 right upper leg, 8, 10 left upper leg, 11, 13 right lower leg, 12, 14
//! left lower leg, 15, 17 left upper arm, 16, 18 right upper arm, 19, 21 left lower arm, 20, 22 right lower arm, 23, 24
//! head). Which chart of a pair is which half the labels do not tell; here the first of a pair is the back, or the right
//! half of the head. A vertex belongs to the limb whose bones move it most:
//!
//! | part | bones |
//! |---|---|
//! | torso | root, pelvis, spine05 to spine01, clavicle, shoulder01 |
//! | head | neck01 to neck03, head, eye |
//! | upper arm | upperarm01, upperarm02 |
//! | lower arm | lowerarm01, lowerarm02 |
//! | hand | wrist, metacarpals, fingers |
//! | upper leg | upperleg01, upperleg02 |
//! | lower leg | lowerleg01, lowerleg02 |
//! | foot | foot, toes |

use crate::body::model::AnnyModel;
use crate::types::Phenotype;

/// 1..=24.
pub type Part = u8;

pub const N_PARTS: usize = 24;

const LABELS: [&str; N_PARTS] = [
    "back of the torso",
    "front of the torso",
    "right hand",
    "left hand",
    "left foot",
    "right foot",
    "back of the right upper leg",
    "back of the left upper leg",
    "front of the right upper leg",
    "front of the left upper leg",
    "back of the right lower leg",
    "back of the left lower leg",
    "front of the right lower leg",
    "front of the left lower leg",
    "back of the left upper arm",
    "back of the right upper arm",
    "front of the left upper arm",
    "front of the right upper arm",
    "back of the left lower arm",
    "back of the right lower arm",
    "front of the left lower arm",
    "front of the right lower arm",
    "right half of the head",
    "left half of the head",
];

/// The name of a part; `None` for a number that is none.
pub fn part_label(part: Part) -> Option<&'static str> {
    LABELS.get(usize::from(part).checked_sub(1)?).copied()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Limb {
    Torso,
    Head,
    UpperArm,
    LowerArm,
    Hand,
    UpperLeg,
    LowerLeg,
    Foot,
}

impl Limb {
    const ALL: [Self; 8] = [
        Self::Torso,
        Self::Head,
        Self::UpperArm,
        Self::LowerArm,
        Self::Hand,
        Self::UpperLeg,
        Self::LowerLeg,
        Self::Foot,
    ];

    fn of(bone: &str) -> Self {
        let starts = |with: &[&str]| with.iter().any(|start| bone.starts_with(start));
        match bone {
            _ if starts(&["neck", "head", "eye"]) => Self::Head,
            _ if starts(&["upperarm"]) => Self::UpperArm,
            _ if starts(&["lowerarm"]) => Self::LowerArm,
            _ if starts(&["wrist", "metacarpal", "finger"]) => Self::Hand,
            _ if starts(&["upperleg"]) => Self::UpperLeg,
            _ if starts(&["lowerleg"]) => Self::LowerLeg,
            _ if starts(&["foot", "toe"]) => Self::Foot,
            _ => Self::Torso,
        }
    }

    fn part(self, is_left: bool, is_front: bool) -> Part {
        let pair = |left: Part, right: Part| if is_left { left } else { right };
        let front = if is_front { 2 } else { 0 };
        match self {
            Self::Torso => 1 + u8::from(is_front),
            Self::Hand => pair(4, 3),
            Self::Foot => pair(5, 6),
            Self::UpperLeg => pair(8, 7) + front,
            Self::LowerLeg => pair(12, 11) + front,
            Self::UpperArm => pair(15, 16) + front,
            Self::LowerArm => pair(19, 20) + front,
            Self::Head => pair(24, 23),
        }
    }
}

/// The part of each vertex; front and left are those of the reference pose.
pub fn parts(model: &AnnyModel) -> Vec<Part> {
    let reference = model.reference_mesh(&Phenotype::default());
    let normals = model.mesh(&reference.vertices).normals();
    let limbs: Vec<Limb> = model.bone_labels.iter().map(|label| Limb::of(label)).collect();
    let each = reference.vertices.iter().zip(&normals).enumerate();
    each.map(|(vertex, (at, normal))| {
        let mut shares = [0.0; Limb::ALL.len()];
        for (bone, weight) in model.influences(vertex) {
            shares[limbs[usize::from(*bone)] as usize] += weight;
        }
        let most = Limb::ALL.into_iter().max_by(|a, b| shares[*a as usize].total_cmp(&shares[*b as usize]));
        most.unwrap_or(Limb::Torso).part(at.x > 0.0, normal.y < 0.0)
    })
    .collect()
}
