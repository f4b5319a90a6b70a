//! The normal equations of a body against wishes for where its vertices should be, by exact derivatives.
//!
//! Unknowns: some phenotype axes, the root's place, the rotation of some bones. In: a state and any number of wishes for
//! chosen vertices. Out: the gradient and the Gauss-Newton matrix in skyline form.

use bevy_math::DVec3;

use super::skyline::Skyline;
use crate::body::model::{BoneMap, PoseColumn};
use crate::body::{AnnyModel, Coefficients, Shape};
use crate::types::{BodyPose, Phenotype, PhenotypeAxis};

/// What is being solved for.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub phenotype: Phenotype,
    pub pose: BodyPose,
}

/// Where a vertex should be: at a point, or, with a unit normal, on the plane through it.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    /// Index into the vertices of the [`Plan`].
    pub at: u32,
    pub target: DVec3,
    pub normal: Option<DVec3>,
    /// What the distance is multiplied by before it is squared.
    pub weight: f64,
}

/// The unknowns and the vertices that have wishes: what stays the same over many steps.
pub struct Plan {
    pub axes: Vec<PhenotypeAxis>,
    pub bones: Vec<usize>,
    /// Rising.
    pub vertices: Vec<u16>,
    carriers: Vec<u128>,
    /// Place of the first of a bone's three unknowns; `usize::MAX` where it has none.
    place: Vec<usize>,
    first: Vec<usize>,
    n_pose: usize,
}

/// One linearisation.
pub struct Linear {
    pub matrix: Skyline,
    /// Half the gradient of the cost: `Jᵀ r`.
    pub gradient: Vec<f64>,
    pub cost: f64,
}

/// A body in a state, with what derivatives need.
pub struct Body {
    pub coefficients: Coefficients,
    pub shape: Shape,
    pub maps: Vec<BoneMap>,
}

impl Body {
    pub fn new(model: &AnnyModel, state: &State) -> Self {
        let coefficients = model.coefficients(&state.phenotype);
        let shape = model.shape_of(&coefficients);
        let maps = model.bone_maps(&shape, &model.bone_frames(&shape, &state.pose));
        Self { coefficients, shape, maps }
    }

    pub fn vertex(&self, model: &AnnyModel, vertex: u16) -> DVec3 {
        let rest = self.shape.rest_vertices[usize::from(vertex)].as_dvec3();
        let influences = model.influences(usize::from(vertex)).iter();
        influences.map(|&(bone, w)| on_bone(&self.maps[usize::from(bone)], rest) * f64::from(w)).sum()
    }

    /// The sum of squares of what the wishes leave.
    pub fn cost(&self, model: &AnnyModel, plan: &Plan, wishes: &[Wish]) -> f64 {
        wishes.iter().map(|wish| wish.cost(self.vertex(model, plan.vertices[wish.at as usize]))).sum()
    }
}

impl Wish {
    pub fn cost(&self, place: DVec3) -> f64 {
        let off = place - self.target;
        let squared = self.normal.map_or(off.length_squared(), |normal| off.dot(normal).powi(2));
        squared * self.weight * self.weight
    }
}

fn on_bone(map: &BoneMap, rest: DVec3) -> DVec3 {
    map.linear * rest + map.shift
}

impl Plan {
    pub fn new(model: &AnnyModel, axes: &[PhenotypeAxis], bones: &[usize], vertices: Vec<u16>) -> Self {
        let carriers = model.carriers();
        let mut place = vec![usize::MAX; model.n_bones()];
        let mut n_pose = 0;
        for bone in inwards(&model.bone_parents) {
            if bones.contains(&bone) {
                place[bone] = n_pose;
                n_pose += 3;
            }
        }
        let n = n_pose + 3 + axes.len();
        let mut first: Vec<usize> = (0..n).map(|i| if i < n_pose { i / 3 * 3 } else { 0 }).collect();
        let mut plan =
            Self { axes: axes.to_vec(), bones: bones.to_vec(), vertices, carriers, place, first: Vec::new(), n_pose };
        let mut places = Vec::new();
        for &vertex in &plan.vertices {
            plan.carried(model, vertex, &mut places);
            if let Some(&(lowest, _)) = places.first() {
                for &(place, _) in &places {
                    for row in &mut first[place..place + 3] {
                        *row = (*row).min(lowest);
                    }
                }
            }
        }
        plan.first = first;
        plan
    }

    pub fn n(&self) -> usize {
        self.first.len()
    }

    /// The place of an axis among the unknowns.
    pub fn axis_place(&self, axis: usize) -> usize {
        self.n_pose + 3 + axis
    }

    pub fn root_place(&self) -> usize {
        self.n_pose
    }

    pub fn bone_place(&self, bone: usize) -> Option<usize> {
        Some(self.place[bone]).filter(|&place| place != usize::MAX)
    }

    /// The unknown bones that move a vertex: place and bone, by rising place.
    fn carried(&self, model: &AnnyModel, vertex: u16, places: &mut Vec<(usize, usize)>) {
        let influences = model.influences(usize::from(vertex)).iter();
        let mut set = influences.fold(0_u128, |set, (bone, _)| set | self.carriers[usize::from(*bone)]);
        places.clear();
        while set != 0 {
            let bone = set.trailing_zeros() as usize;
            set &= set - 1;
            if self.place[bone] != usize::MAX {
                places.push((self.place[bone], bone));
            }
        }
        places.sort_unstable();
    }

    /// Linearises the wishes at a state.
    pub fn linearise(&self, model: &AnnyModel, state: &State, body: &Body, wishes: &[Wish]) -> Linear {
        let jacobian = model.shape_jacobian(&body.coefficients, &self.axes);
        let frames = model.bone_frames(&body.shape, &state.pose);
        let maps_by = model.bone_maps_by(&jacobian, &frames);
        let axes: Vec<usize> = self.axes.iter().map(|&axis| axis as usize).collect();
        let rest_by = model.rest_by_of(&body.coefficients, &self.vertices, &axes);
        let columns = model.pose_columns(&frames, &state.pose, &self.bones);
        let mut column_of = vec![usize::MAX; model.n_bones()];
        for (i, &bone) in self.bones.iter().enumerate() {
            column_of[bone] = 3 * i;
        }
        let mut linear = Linear { matrix: Skyline::new(self.first.clone()), gradient: vec![0.0; self.n()], cost: 0.0 };
        let mut places = Vec::new();
        let mut by: Vec<(usize, DVec3)> = Vec::new();
        for wish in wishes {
            let at = wish.at as usize;
            let vertex = self.vertices[at];
            let rest = body.shape.rest_vertices[usize::from(vertex)].as_dvec3();
            self.carried(model, vertex, &mut places);
            by.clear();
            let mut position = DVec3::ZERO;
            let influences = model.influences(usize::from(vertex));
            for &(bone, w) in influences {
                position += on_bone(&body.maps[usize::from(bone)], rest) * f64::from(w);
            }
            for &(place, bone) in &places {
                let arm = self.arm(&body.maps, influences, rest, bone, &columns[column_of[bone]]);
                for k in 0..3 {
                    by.push((place + k, columns[column_of[bone] + k].axis.cross(arm)));
                }
            }
            for (k, axis) in DVec3::AXES.into_iter().enumerate() {
                by.push((self.n_pose + k, axis));
            }
            for (axis, (rest_by, maps_by)) in rest_by.iter().zip(&maps_by).enumerate() {
                let moved: DVec3 = influences
                    .iter()
                    .map(|&(bone, w)| {
                        let bone = usize::from(bone);
                        (body.maps[bone].linear * rest_by[at] + on_bone(&maps_by[bone], rest)) * f64::from(w)
                    })
                    .sum();
                by.push((self.n_pose + 3 + axis, moved));
            }
            linear.add(wish, position, &by);
        }
        linear
    }

    /// What a bone turns of a vertex: weighted distance from its head.
    fn arm(&self, maps: &[BoneMap], influences: &[(u8, f32)], rest: DVec3, bone: usize, column: &PoseColumn) -> DVec3 {
        let hanging = influences.iter().filter(|(b, _)| self.carriers[usize::from(*b)] & (1 << bone) != 0);
        hanging.map(|&(b, w)| (on_bone(&maps[usize::from(b)], rest) - column.pivot) * f64::from(w)).sum()
    }

    /// A state moved by a step; axes stay in their ranges, rotation vectors below half a turn.
    pub fn moved(&self, state: &State, step: &[f64]) -> State {
        let mut moved = state.clone();
        for (i, &axis) in self.axes.iter().enumerate() {
            let (low, high) = axis.range();
            moved.phenotype.set(axis, (state.phenotype.get(axis) + step[self.axis_place(i)]).clamp(low, high));
        }
        let at = self.root_place();
        moved.pose.root_translation_m += DVec3::new(step[at], step[at + 1], step[at + 2]);
        for &bone in &self.bones {
            let at = self.place[bone];
            let turned = moved.pose.rotations[bone] + DVec3::new(step[at], step[at + 1], step[at + 2]);
            moved.pose.rotations[bone] = shortest(turned);
        }
        moved
    }
}

/// The same rotation by at most half a turn.
pub fn shortest(v: DVec3) -> DVec3 {
    let angle = v.length();
    if angle <= std::f64::consts::PI {
        return v;
    }
    let less = angle - std::f64::consts::TAU * (angle / std::f64::consts::TAU).round();
    v * (less / angle)
}

impl Linear {
    fn add(&mut self, wish: &Wish, position: DVec3, by: &[(usize, DVec3)]) {
        let off = position - wish.target;
        let Some(normal) = wish.normal else {
            let w2 = wish.weight * wish.weight;
            self.cost += off.length_squared() * w2;
            for (n, &(i, di)) in by.iter().enumerate() {
                let di = di * w2;
                self.gradient[i] += di.dot(off);
                for &(j, dj) in &by[..=n] {
                    *self.matrix.at(i, j) += di.dot(dj);
                }
            }
            return;
        };
        let residual = off.dot(normal) * wish.weight;
        self.cost += residual * residual;
        let rows: Vec<f64> = by.iter().map(|(_, d)| d.dot(normal) * wish.weight).collect();
        for (n, &(i, _)) in by.iter().enumerate() {
            self.gradient[i] += rows[n] * residual;
            for (&(j, _), row) in by[..=n].iter().zip(&rows) {
                *self.matrix.at(i, j) += rows[n] * row;
            }
        }
    }

    /// Adds a wish about one unknown itself: `value` should be `mean`, give or take `sigma`.
    pub fn prefer(&mut self, place: usize, value: f64, mean: f64, sigma: f64) {
        let information = 1.0 / (sigma * sigma);
        self.cost += (value - mean).powi(2) * information;
        self.gradient[place] += (value - mean) * information;
        *self.matrix.at(place, place) += information;
    }
}

/// Bones from the tips inwards, each limb together: children before parents, the root last.
fn inwards(parents: &[usize]) -> Vec<usize> {
    let mut order = Vec::with_capacity(parents.len());
    let mut open = vec![0];
    // Outwards first, a limb at a time; the reverse is what is wanted.
    while let Some(bone) = open.pop() {
        order.push(bone);
        open.extend((1..parents.len()).filter(|&child| parents[child] == bone));
    }
    order.reverse();
    order
}
