//! Where each measurement is taken: the definitions of the body-model spec, section 4.
//!
//! All on the reference pose (an A-pose that is the same for every shape), z up from the lowest vertex. Distances that
//! grow with the body are given for a stature of 1.7 m.

use bevy_math::DVec3;

use super::super::model::BoneFrame;
use super::Values;
use super::girth::{Girth, Plane, girth, largest_girth};
use super::plan::MeasurePlan;
use crate::types::MeasurementKind;

/// Water is 1000 kg/m³ and a body just floats: Anny's own density.
const DENSITY_KG_PER_M3: f64 = 980.0;

/// A body in the reference pose, with what several measurements share.
pub(super) struct Figure<'a, P> {
    plan: &'a MeasurePlan,
    vertices: &'a [P],
    bones: &'a [BoneFrame],
    floor_z: f64,
    /// The highest vertex.
    crown: DVec3,
}

/// A line along the body or around it.
pub(super) struct Line {
    pub closed: bool,
    pub points: Vec<DVec3>,
    pub length: f64,
}

impl<'a, P: Copy + Into<DVec3>> Figure<'a, P> {
    /// `None` when there are not as many vertices and heads as the plan's model has.
    pub fn new(plan: &'a MeasurePlan, vertices: &'a [P], bones: &'a [BoneFrame]) -> Option<Self> {
        if !plan.fits(vertices.len(), bones.len()) {
            return None;
        }
        let (mut floor_z, mut crown) = (f64::INFINITY, DVec3::NEG_INFINITY);
        for &vertex in vertices {
            let vertex: DVec3 = vertex.into();
            floor_z = floor_z.min(vertex.z);
            if vertex.z > crown.z {
                crown = vertex;
            }
        }
        Some(Self { plan, vertices, bones, floor_z, crown })
    }

    pub fn stature(&self) -> f64 {
        self.crown.z - self.floor_z
    }

    /// All kinds, SI, with the volume counted once.
    pub fn values(&self) -> Values {
        let volume = self.volume();
        let mass = DENSITY_KG_PER_M3 * volume;
        MeasurementKind::ALL.map(|kind| match kind {
            MeasurementKind::Volume => volume,
            MeasurementKind::Mass => mass,
            MeasurementKind::BodyMassIndex => mass / self.stature().powi(2),
            _ => self.value(kind),
        })
    }

    /// The value of one kind, SI.
    pub fn value(&self, kind: MeasurementKind) -> f64 {
        match kind {
            MeasurementKind::Volume => self.volume(),
            MeasurementKind::Mass => DENSITY_KG_PER_M3 * self.volume(),
            MeasurementKind::BodyMassIndex => DENSITY_KG_PER_M3 * self.volume() / self.stature().powi(2),
            _ => {
                // Paired measurements are the mean of left and right.
                let lines = self.lines(kind);
                lines.iter().map(|line| line.length).sum::<f64>() / lines.len().max(1) as f64
            }
        }
    }

    /// The tape or tapes of one kind: left and right for limbs, none for what no tape measures.
    pub fn lines(&self, kind: MeasurementKind) -> Vec<Line> {
        let both = |line: &dyn Fn(usize) -> Line| vec![line(0), line(1)];
        match kind {
            MeasurementKind::Height => vec![self.above_floor(self.crown)],
            MeasurementKind::Chest => vec![self.chest()],
            MeasurementKind::Waist => vec![self.waist()],
            MeasurementKind::Hip => vec![self.hip()],
            MeasurementKind::Inseam => vec![self.inseam()],
            MeasurementKind::Thigh => {
                let z = self.crotch_z() - self.scaled(0.03);
                both(&|side| self.thigh(side, z))
            }
            MeasurementKind::Knee => both(&|side| self.knee(side)),
            MeasurementKind::Calf => both(&|side| self.calf(side)),
            MeasurementKind::UpperArm => both(&|side| self.upper_arm(side)),
            MeasurementKind::Wrist => both(&|side| self.wrist(side)),
            MeasurementKind::ArmLength => both(&|side| self.arm(side)),
            MeasurementKind::Neck => vec![self.neck()],
            MeasurementKind::ShoulderWidth => {
                let [left, right] = self.plan.acromia.map(|vertex| self.vertex(vertex));
                vec![open(vec![left, self.vertex(self.plan.nape), right])]
            }
            MeasurementKind::Biacromial => vec![open(self.plan.acromia.map(|vertex| self.vertex(vertex)).to_vec())],
            MeasurementKind::Volume | MeasurementKind::Mass | MeasurementKind::BodyMassIndex => Vec::new(),
        }
    }

    fn vertex(&self, index: u16) -> DVec3 {
        self.vertices[usize::from(index)].into()
    }

    fn head(&self, bone: usize) -> DVec3 {
        self.bones[bone].head
    }

    /// A length that is given for a stature of 1.7 m.
    fn scaled(&self, metres: f64) -> f64 {
        metres * self.stature() / 1.7
    }

    fn mean_z(&self, ring: &[u16]) -> f64 {
        ring.iter().map(|&vertex| self.vertex(vertex).z).sum::<f64>() / ring.len().max(1) as f64
    }

    fn tape(&self, edges: &[[u16; 2]], plane: Plane, reach: f64) -> Line {
        closed(girth(self.vertices, edges, plane, reach))
    }

    fn above_floor(&self, point: DVec3) -> Line {
        open(vec![point.with_z(self.floor_z), point])
    }

    /// 5.3.4: at the height of the nipples.
    fn chest(&self) -> Line {
        self.tape(&self.plan.torso, Plane::horizontal(self.mean_z(&self.plan.nipples)), f64::INFINITY)
    }

    /// 5.3.10: Anny's own loop, midway between the lowest rib and the iliac crest.
    fn waist(&self) -> Line {
        let points: Vec<DVec3> = self.plan.waist.iter().map(|&vertex| self.vertex(vertex)).collect();
        let n = points.len();
        let length = (0..n).map(|i| points[i].distance(points[(i + 1) % n])).sum();
        Line { closed: true, points, length }
    }

    /// 5.3.13: the largest girth within 3 cm of the mean height of the hip ring, in steps of 4 mm.
    fn hip(&self) -> Line {
        const STEP_M: f64 = 0.004;
        let half = self.scaled(0.03);
        // A NaN stature gives no step at all.
        let n_steps = (2.0 * half / STEP_M).ceil().clamp(0.0, 100.0) as usize;
        let offsets: Vec<f64> = (0..n_steps).map(|i| i as f64 * STEP_M).collect();
        let lowest = Plane::horizontal(self.mean_z(&self.plan.hips) - half);
        closed(largest_girth(self.vertices, &self.plan.torso, lowest, &offsets, f64::INFINITY))
    }

    /// 5.1.15: from the floor to the mean of the two vertices of the perineum.
    fn inseam(&self) -> Line {
        let [a, b] = self.plan.perineum.map(|vertex| self.vertex(vertex));
        self.above_floor((a + b) / 2.0)
    }

    /// The lowest vertex near the mid-line between the legs: where thighs part, which thigh girths count from.
    fn crotch_z(&self) -> f64 {
        let [left, right] = self.plan.bones.hip.map(|bone| self.head(bone).z);
        let hip_z = (left + right) / 2.0;
        let (half_width, low, high) = (self.scaled(0.012), self.floor_z + 0.3 * self.stature(), hip_z + 0.02);
        let inner = self.vertices.iter().map(|&vertex| vertex.into());
        let lowest = inner
            .filter(|vertex: &DVec3| vertex.x.abs() < half_width && vertex.z < high && vertex.z > low)
            .fold(f64::INFINITY, |lowest, vertex| lowest.min(vertex.z));
        if lowest.is_finite() { lowest } else { hip_z - 0.08 }
    }

    /// 5.3.20: 3 cm below the crotch.
    fn thigh(&self, side: usize, z: f64) -> Line {
        let axis = self.head(self.plan.bones.thigh[side]);
        self.tape(&self.plan.legs[side], Plane::new(axis.with_z(z), DVec3::Z), f64::INFINITY)
    }

    /// 5.3.22: across the plane that halves the angle of the knee.
    fn knee(&self, side: usize) -> Line {
        let bones = &self.plan.bones;
        let [hip, knee, ankle] = [bones.hip, bones.knee, bones.ankle].map(|joint| self.head(joint[side]));
        let along = (knee - hip).normalize_or_zero() + (ankle - knee).normalize_or_zero();
        self.tape(&self.plan.legs[side], Plane::new(knee, along), self.scaled(0.12))
    }

    /// 5.3.24: the largest girth across the shin, from 15 % to 55 % of it below the knee.
    fn calf(&self, side: usize) -> Line {
        let knee = self.head(self.plan.bones.knee[side]);
        let shin = self.head(self.plan.bones.ankle[side]) - knee;
        let offsets: [f64; 9] = std::array::from_fn(|i| shin.length() * (0.15 + 0.05 * i as f64));
        let edges = &self.plan.legs[side];
        closed(largest_girth(self.vertices, edges, Plane::new(knee, shin), &offsets, self.scaled(0.12)))
    }

    /// 5.3.16: midway between shoulder and elbow.
    fn upper_arm(&self, side: usize) -> Line {
        let [shoulder, elbow] = [self.plan.bones.shoulder, self.plan.bones.elbow].map(|joint| self.head(joint[side]));
        self.tape(
            &self.plan.upper_arms[side],
            Plane::new((shoulder + elbow) / 2.0, elbow - shoulder),
            self.scaled(0.09),
        )
    }

    /// 5.3.19: at 95 % of the forearm.
    fn wrist(&self, side: usize) -> Line {
        let [elbow, wrist] = [self.plan.bones.elbow, self.plan.bones.wrist].map(|joint| self.head(joint[side]));
        let forearm = wrist - elbow;
        self.tape(&self.plan.forearms[side], Plane::new(elbow + forearm * 0.95, forearm), self.scaled(0.06))
    }

    /// 5.7.8: acromion, elbow, wrist.
    fn arm(&self, side: usize) -> Line {
        let [elbow, wrist] = [self.plan.bones.elbow, self.plan.bones.wrist].map(|joint| self.head(joint[side]));
        open(vec![self.vertex(self.plan.acromia[side]), elbow, wrist])
    }

    /// 5.3.2: across the neck at the head of its second bone.
    fn neck(&self) -> Line {
        let [lower, upper] = self.plan.bones.neck.map(|bone| self.head(bone));
        let along = self.head(self.plan.bones.head) - lower;
        self.tape(&self.plan.torso, Plane::new(upper, along), self.scaled(0.12))
    }

    /// By the divergence theorem: a sixth of the triple products of all triangles.
    fn volume(&self) -> f64 {
        let six_fold = |triangle: &[u32; 3]| {
            let [a, b, c] = triangle.map(|vertex| self.vertices[vertex as usize].into());
            DVec3::dot(DVec3::cross(a, b), c)
        };
        self.plan.triangles.iter().map(six_fold).sum::<f64>().abs() / 6.0
    }
}

fn open(points: Vec<DVec3>) -> Line {
    let length = points.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
    Line { closed: false, points, length }
}

fn closed(girth: Girth) -> Line {
    Line { closed: true, points: girth.corners, length: girth.length }
}
