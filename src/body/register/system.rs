//! A body against wishes for where its vertices should be, linearised by exact derivatives.
//!
//! Unknowns: some phenotype axes, the root's place, the rotation of some bones. In: a state and any number of wishes for
//! chosen vertices. Out: the normal equations.

use bevy_math::{DMat3, DVec3};

use super::linear::{Linear, Motion};
use crate::body::model::{BoneFrame, BoneMap};
use crate::body::{AnnyModel, Coefficients};
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
    /// The bones among the unknowns that move each vertex, by rising place; where each vertex's begin, one more at the end.
    carrying: Vec<usize>,
    carrying_from: Vec<usize>,
    first: Vec<usize>,
    n_pose: usize,
}

/// A body in a state: the bones, and the vertices of a plan.
pub struct Body {
    pub coefficients: Coefficients,
    /// Where the plan's vertices are at rest.
    pub rest: Vec<DVec3>,
    frames: Vec<BoneFrame>,
    maps: Vec<BoneMap>,
}

impl Body {
    /// `rest` says where the plan's vertices are at rest.
    pub fn new(model: &AnnyModel, state: &State, rest: impl FnOnce(&Coefficients) -> Vec<DVec3>) -> Self {
        let coefficients = model.coefficients(&state.phenotype);
        let (frames, maps) = model.pose_bones(&model.shape_jacobian(&coefficients, &[]), &state.pose);
        Self { rest: rest(&coefficients), coefficients, frames, maps }
    }

    /// Where a vertex of the plan is.
    pub fn vertex(&self, model: &AnnyModel, plan: &Plan, at: usize) -> DVec3 {
        let influences = model.influences(usize::from(plan.vertices[at])).iter();
        influences.map(|&(bone, w)| on_bone(&self.maps[usize::from(bone)], self.rest[at]) * f64::from(w)).sum()
    }

    /// The sum of squares of what the wishes leave.
    pub fn cost(&self, model: &AnnyModel, plan: &Plan, wishes: &[Wish]) -> f64 {
        wishes.iter().map(|wish| wish.cost(self.vertex(model, plan, wish.at as usize))).sum()
    }
}

impl Wish {
    pub fn cost(&self, place: DVec3) -> f64 {
        let off = place - self.target;
        let squared = self.normal.map_or(off.length_squared(), |normal| off.dot(normal).powi(2));
        squared * self.weight * self.weight
    }
}

/// Where a bone takes a point at rest.
pub fn on_bone(map: &BoneMap, rest: DVec3) -> DVec3 {
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
        let (mut carrying, mut carrying_from) = (Vec::new(), vec![0]);
        for &vertex in &vertices {
            let influences = model.influences(usize::from(vertex)).iter();
            let mut set = influences.fold(0_u128, |set, (bone, _)| set | carriers[usize::from(*bone)]);
            let from = carrying.len();
            while set != 0 {
                let bone = set.trailing_zeros() as usize;
                set &= set - 1;
                if place[bone] != usize::MAX {
                    carrying.push(bone);
                }
            }
            let own = &mut carrying[from..];
            own.sort_unstable_by_key(|bone| place[*bone]);
            if let Some(&lowest) = own.first() {
                for &bone in &*own {
                    for row in &mut first[place[bone]..place[bone] + 3] {
                        *row = (*row).min(place[lowest]);
                    }
                }
            }
            carrying_from.push(carrying.len());
        }
        let (axes, bones) = (axes.to_vec(), bones.to_vec());
        Self { axes, bones, vertices, carriers, place, carrying, carrying_from, first, n_pose }
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

    /// Linearises the wishes at a state. `rest_by` says, per axis, how the plan's vertices at rest change.
    pub fn linearise(
        &self,
        model: &AnnyModel,
        state: &State,
        body: &Body,
        rest_by: &[Vec<DVec3>],
        wishes: &[Wish],
    ) -> Linear {
        let jacobian = model.shape_jacobian(&body.coefficients, &self.axes);
        let maps_by = model.bone_maps_by(&jacobian, &body.frames);
        let mut columns = vec![None; model.n_bones()];
        let of_bones = model.pose_columns(&body.frames, &state.pose, &self.bones);
        for (&bone, own) in self.bones.iter().zip(of_bones.as_chunks::<3>().0) {
            columns[bone] = Some(own);
        }
        let mut linear = Linear::new(self.first.clone());
        let mut motion = Motion::default();
        let mut hanging: Vec<(usize, DVec3, f64)> = Vec::new();
        for wish in wishes {
            let at = wish.at as usize;
            let rest = body.rest[at];
            let influences = model.influences(usize::from(self.vertices[at]));
            hanging.clear();
            hanging.extend(influences.iter().map(|&(bone, w)| {
                let (bone, w) = (usize::from(bone), f64::from(w));
                (bone, on_bone(&body.maps[bone], rest) * w, w)
            }));
            motion.clear();
            motion.position = hanging.iter().map(|(_, place, _)| *place).sum();
            for &bone in &self.carrying[self.carrying_from[at]..self.carrying_from[at + 1]] {
                let Some(own) = columns[bone] else { continue };
                // What the bone turns: of each influence that hangs on it, the weighted distance from its head.
                let pivot = own[0].pivot;
                let mut arm = DVec3::ZERO;
                for &(hung, place, w) in &hanging {
                    if self.carriers[hung] & (1 << bone) != 0 {
                        arm += place - pivot * w;
                    }
                }
                motion.push(self.place[bone], own.iter().map(|column| column.axis.cross(arm)));
            }
            motion.push(self.n_pose, DVec3::AXES);
            let blended: DMat3 =
                hanging.iter().fold(DMat3::ZERO, |sum, (bone, _, w)| sum + body.maps[*bone].linear * *w);
            motion.push(
                self.n_pose + 3,
                rest_by.iter().zip(&maps_by).map(|(rest_by, maps_by)| {
                    let rebound = hanging.iter().map(|(bone, _, w)| on_bone(&maps_by[*bone], rest) * *w);
                    blended * rest_by[at] + rebound.sum::<DVec3>()
                }),
            );
            linear.add(&motion, wish.target, wish.normal, wish.weight);
        }
        linear
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
