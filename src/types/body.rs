//! A body as parameters and as a mesh. Anny's frame: metres, z up, the body faces -y, its left is +x.

use std::sync::Arc;

use bevy_math::{DVec3, Vec3};
use serde::{Deserialize, Serialize};

/// The eleven phenotype parameters of Anny, in the model's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhenotypeAxis {
    Gender,
    Age,
    Muscle,
    Weight,
    Height,
    Proportions,
    Cupsize,
    Firmness,
    African,
    Asian,
    Caucasian,
}

impl PhenotypeAxis {
    pub const ALL: [Self; 11] = [
        Self::Gender,
        Self::Age,
        Self::Muscle,
        Self::Weight,
        Self::Height,
        Self::Proportions,
        Self::Cupsize,
        Self::Firmness,
        Self::African,
        Self::Asian,
        Self::Caucasian,
    ];

    /// The model's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Gender => "gender",
            Self::Age => "age",
            Self::Muscle => "muscle",
            Self::Weight => "weight",
            Self::Height => "height",
            Self::Proportions => "proportions",
            Self::Cupsize => "cupsize",
            Self::Firmness => "firmness",
            Self::African => "african",
            Self::Asian => "asian",
            Self::Caucasian => "caucasian",
        }
    }

    /// Smallest and largest value: 0..=1, age from -1/3 (newborn).
    pub fn range(self) -> (f64, f64) {
        if self == Self::Age { (-1.0 / 3.0, 1.0) } else { (0.0, 1.0) }
    }
}

/// A body's shape: phenotype parameters and local changes (dimensionless).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phenotype {
    /// In the order of [`PhenotypeAxis::ALL`].
    pub axes: [f64; 11],
    /// Local changes that are not zero: index into the model's list and value in -1..=1, by rising index.
    pub local_changes: Vec<(u16, f64)>,
}

impl Default for Phenotype {
    /// The model's own defaults: 0.5 throughout.
    fn default() -> Self {
        Self { axes: [0.5; 11], local_changes: Vec::new() }
    }
}

impl Phenotype {
    pub fn get(&self, axis: PhenotypeAxis) -> f64 {
        self.axes[axis as usize]
    }

    pub fn set(&mut self, axis: PhenotypeAxis, value: f64) {
        self.axes[axis as usize] = value;
    }

    pub fn local_change(&self, index: u16) -> f64 {
        self.local_changes.iter().find(|(i, _)| *i == index).map_or(0.0, |(_, value)| *value)
    }

    /// Zero removes the change.
    pub fn set_local_change(&mut self, index: u16, value: f64) {
        let place = self.local_changes.binary_search_by_key(&index, |(i, _)| *i);
        match (place, value == 0.0) {
            (Ok(at), true) => drop(self.local_changes.remove(at)),
            (Ok(at), false) => self.local_changes[at].1 = value,
            (Err(_), true) => {}
            (Err(at), false) => self.local_changes.insert(at, (index, value)),
        }
    }
}

/// How a body stands: one rotation per bone about the world-aligned axes of the reference pose (Anny's `local-ref`).
///
/// All zero is the reference pose: an A-pose with the root bone at the origin.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyPose {
    /// Rotation vectors, radians, one per bone in the model's order; the first turns the whole body.
    pub rotations: Vec<DVec3>,
    /// Where the root bone is, metres.
    pub root_translation_m: DVec3,
}

/// A triangle mesh, metres. Positions and faces are shared, so that clones are cheap.
#[derive(Clone, Debug, PartialEq)]
pub struct Mesh {
    pub positions: Arc<[Vec3]>,
    /// Counter-clockwise seen from outside.
    pub triangles: Arc<[[u32; 3]]>,
}

impl Mesh {
    /// Unit normals per vertex, weighted by area; zero where a vertex has no face.
    pub fn normals(&self) -> Vec<Vec3> {
        let mut normals = vec![Vec3::ZERO; self.positions.len()];
        for triangle in self.triangles.iter() {
            let [a, b, c] = triangle.map(|i| self.positions[i as usize]);
            let normal = (b - a).cross(c - a);
            for &i in triangle {
                normals[i as usize] += normal;
            }
        }
        for normal in &mut normals {
            *normal = normal.normalize_or_zero();
        }
        normals
    }
}
