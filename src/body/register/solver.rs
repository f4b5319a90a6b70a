//! Moves a body towards its pairs, held by priors: one damped Gauss-Newton step after the other.

use super::bounded::{Bounds, solve_within};
use super::pairs::Pairing;
use super::placing::stature;
use super::scan::gender;
use super::system::{Body, Plan, State, Wish};
use crate::body::AnnyModel;
use crate::types::{BodyPose, Known, Phenotype, PhenotypeAxis};

/// What may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freedom {
    /// The large limbs, height and girth.
    Limbs,
    /// All axes that a surface shows, the large limbs.
    Body,
    /// The same with fingers' roots and the twist of the forearms.
    Whole,
}

/// Bones that move, and how far they usually do, radians.
const LIMBS: [(&str, f64); 14] = [
    ("spine05", 0.15),
    ("spine04", 0.15),
    ("spine03", 0.15),
    ("spine02", 0.15),
    ("spine01", 0.15),
    ("neck01", 0.2),
    ("head", 0.2),
    ("clavicle", 0.15),
    ("upperarm01", 0.6),
    ("lowerarm01", 0.5),
    ("wrist", 0.25),
    ("upperleg01", 0.3),
    ("lowerleg01", 0.25),
    ("foot", 0.25),
];
const DETAILS: [(&str, f64); 8] = [
    ("shoulder01", 0.1),
    ("lowerarm02", 0.3),
    ("finger1-1", 0.25),
    ("finger2-1", 0.25),
    ("finger3-1", 0.25),
    ("finger4-1", 0.25),
    ("finger5-1", 0.25),
    ("toe1-1", 0.2),
];

/// How well one pair tells a distance, metres: neighbouring pairs say nearly the same, so each counts for less than a
/// scanner's noise would have it.
const PAIR_SIGMA_M: f64 = 0.03;

/// Part of a pair's weight that pulls sideways too, which keeps limbs from sliding along themselves.
const SIDEWAYS: f64 = 0.1;

/// Largest step of a rotation, an axis, the root.
const MAX_TURN: f64 = 0.35;
const MAX_AXIS: f64 = 0.15;
const MAX_SHIFT_M: f64 = 0.15;

pub struct Solver<'a> {
    model: &'a AnnyModel,
    pub state: State,
    axes: Vec<(PhenotypeAxis, f64, f64)>,
    bones: Vec<(usize, f64)>,
    /// Where the pose's prior has its middle: the arms as they were placed.
    placed: BodyPose,
    height_m: Option<f64>,
    rms_m: f64,
}

/// How well people know their height, metres.
const HEIGHT_SIGMA_M: f64 = 0.01;

impl<'a> Solver<'a> {
    pub fn new(model: &'a AnnyModel, state: State, freedom: Freedom, known: &Known) -> Self {
        let mut bones = vec![(0, f64::INFINITY)];
        let details: &[_] = if freedom == Freedom::Whole { &DETAILS } else { &[] };
        for (label, sigma) in LIMBS.iter().chain(details) {
            for name in [(*label).to_owned(), format!("{label}.L"), format!("{label}.R")] {
                bones.extend(model.bone_index(&name).map(|bone| (bone, *sigma)));
            }
        }
        let axes = priors(&state.phenotype, freedom, known);
        Self { model, placed: state.pose.clone(), state, axes, bones, height_m: known.height_m, rms_m: f64::NAN }
    }

    /// Root mean square distance of the pairs before the last step.
    pub fn rms_m(&self) -> f64 {
        self.rms_m
    }

    /// One step; says how far the vertices in pairs moved by it, root mean square, metres.
    pub fn step(&mut self, pairing: &Pairing) -> f64 {
        let mut vertices: Vec<u16> = pairing.pairs.iter().map(|pair| pair.vertex).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let mut place = vec![0_u32; self.model.n_vertices()];
        for (at, vertex) in vertices.iter().enumerate() {
            place[usize::from(*vertex)] = at as u32;
        }
        let axes: Vec<PhenotypeAxis> = self.axes.iter().map(|(axis, ..)| *axis).collect();
        let bones: Vec<usize> = self.bones.iter().map(|(bone, _)| *bone).collect();
        let plan = Plan::new(self.model, &axes, &bones, vertices);
        let indices: Vec<usize> = axes.iter().map(|&axis| axis as usize).collect();
        let mut rest_by = Vec::new();
        let body = Body::new(self.model, &self.state, |coefficients| {
            let (rest, by) = self.model.rest_of(coefficients, &plan.vertices, &indices);
            rest_by = by;
            rest
        });
        let mut wishes = Vec::with_capacity(2 * pairing.pairs.len());
        let mut sum = 0.0;
        for pair in &pairing.pairs {
            let at = place[usize::from(pair.vertex)];
            let target = pair.target.as_dvec3();
            let weight = f64::from(pair.trust).sqrt() / PAIR_SIGMA_M;
            wishes.push(Wish { at, target, normal: Some(pair.normal.as_dvec3()), weight });
            wishes.push(Wish { at, target, normal: None, weight: SIDEWAYS * weight });
            sum += body.vertex(self.model, &plan, at as usize).distance_squared(target);
        }
        self.rms_m = (sum / pairing.pairs.len().max(1) as f64).sqrt();
        let mut linear = plan.linearise(self.model, &self.state, &body, &rest_by, &wishes);
        for (i, &(axis, mean, sigma)) in self.axes.iter().enumerate() {
            linear.prefer(plan.axis_place(i), self.state.phenotype.get(axis), mean, sigma);
        }
        if let (Some(height_m), Some(i)) = (self.height_m, axes.iter().position(|axis| *axis == PhenotypeAxis::Height))
        {
            let (missing, slope) = self.missing_height(height_m);
            let value = self.state.phenotype.get(PhenotypeAxis::Height);
            linear.prefer(plan.axis_place(i), value, value + missing / slope, HEIGHT_SIGMA_M / slope);
        }
        for &(bone, sigma) in self.bones.iter().filter(|(_, sigma)| sigma.is_finite()) {
            let Some(place) = plan.bone_place(bone) else { continue };
            let (now, mean) = (self.state.pose.rotations[bone], self.placed.rotations[bone]);
            for k in 0..3 {
                linear.prefer(place + k, now[k], mean[k], sigma);
            }
        }
        let right: Vec<f64> = linear.gradient.iter().map(|g| -g).collect();
        let bounds: Vec<Bounds> = axes
            .iter()
            .enumerate()
            .map(|(i, &axis)| {
                let whole = Bounds::of(plan.axis_place(i), axis, &self.state.phenotype, false);
                Bounds { down: whole.down.max(-MAX_AXIS), up: whole.up.min(MAX_AXIS), ..whole }
            })
            .collect();
        let Some(mut step) = solve_within(&linear.matrix, &right, 1e-3, 1e-9, &bounds) else { return 0.0 };
        for (i, x) in step.iter_mut().enumerate() {
            let most = if i < plan.root_place() {
                MAX_TURN
            } else if i < plan.root_place() + 3 {
                MAX_SHIFT_M
            } else {
                MAX_AXIS
            };
            *x = x.clamp(-most, most);
        }
        self.state = plan.moved(&self.state, &step);
        let moved =
            Body::new(self.model, &self.state, |coefficients| self.model.rest_of(coefficients, &plan.vertices, &[]).0);
        let n = plan.vertices.len();
        let place = |body: &Body, at: usize| body.vertex(self.model, &plan, at);
        let sum: f64 = (0..n).map(|at| place(&moved, at).distance_squared(place(&body, at))).sum();
        (sum / n.max(1) as f64).sqrt()
    }
}

impl Solver<'_> {
    /// What the body lacks of a stature, and how much of it a unit of the height axis gives, metres.
    fn missing_height(&self, height_m: f64) -> (f64, f64) {
        const STEP: f64 = 0.05;
        let now = stature(self.model, &self.state.phenotype);
        let mut taller = self.state.phenotype.clone();
        let value = taller.get(PhenotypeAxis::Height);
        let step = if value > 0.5 { -STEP } else { STEP };
        taller.set(PhenotypeAxis::Height, value + step);
        let slope = (stature(self.model, &taller) - now) / step;
        (height_m - now, slope.max(0.1)) // the model's own slope is 0.3 m (newborn) to 1.1 m (adult)
    }
}

/// Each axis that may move with the middle and spread of its prior.
fn priors(start: &Phenotype, freedom: Freedom, known: &Known) -> Vec<(PhenotypeAxis, f64, f64)> {
    let age = (start.get(PhenotypeAxis::Age), if known.age_years.is_some() { 0.03 } else { 0.2 });
    let sex = (gender(known), if known.sex.is_some() { 0.1 } else { 0.4 });
    let coarse = [
        (PhenotypeAxis::Height, start.get(PhenotypeAxis::Height), 0.5),
        (PhenotypeAxis::Weight, 0.5, 0.3),
        (PhenotypeAxis::Muscle, 0.5, 0.3),
    ];
    let fine = [
        (PhenotypeAxis::Gender, sex.0, sex.1),
        (PhenotypeAxis::Age, age.0, age.1),
        (PhenotypeAxis::Proportions, 0.5, 0.3),
        (PhenotypeAxis::Cupsize, 0.5, 0.3),
        (PhenotypeAxis::Firmness, 0.5, 0.3),
    ];
    if freedom == Freedom::Limbs { coarse.to_vec() } else { coarse.into_iter().chain(fine).collect() }
}
