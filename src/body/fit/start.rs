//! Where a fit begins: each photo's body placed so that the pose it seems to have covers its landmarks.

use bevy_math::{DMat3, DVec3};

use crate::types::{Phenotype, PhenotypeAxis};

use super::evaluate::Context;
use super::input::FitView;
use super::known;
use super::points::BodyPoint;
use super::posture;
use super::prepared::N_JOINTS;
use super::state::{State, ViewState};

impl Context<'_> {
    /// A start at an age, with the height that is known or the prior's.
    pub fn start(&self, age: f64, yaws: &[f64]) -> State {
        let mut phenotype = Phenotype::default();
        if let Some(sex) = self.input.known.sex {
            phenotype.set(PhenotypeAxis::Gender, if sex == crate::types::Sex::Female { 0.9 } else { 0.1 });
        }
        phenotype.set(PhenotypeAxis::Age, age);
        phenotype.set(PhenotypeAxis::Height, 0.4);
        if let Some(height) = self.input.known.height_m {
            self.set_height(&mut phenotype, height);
        }
        let upright = self.landmarks_of(&phenotype, &[DVec3::ZERO; N_JOINTS]);
        let roots: Vec<DMat3> =
            self.input.views.iter().zip(yaws).map(|(view, yaw)| posture::root(view, *yaw)).collect();
        let seen = self.input.views.iter().zip(&roots).find_map(|(view, root)| posture::joints(view, root, &upright));
        let (joints, points) = match seen {
            Some(joints) => (joints, self.landmarks_of(&phenotype, &joints)),
            None => ([DVec3::ZERO; N_JOINTS], upright),
        };
        let views = self.input.views.iter().zip(roots).map(|(view, root)| place(view, &points, root)).collect();
        State { phenotype, joints, views }
    }

    /// In the order of `BodyPoint::ALL`.
    fn landmarks_of(&self, phenotype: &Phenotype, joints: &[DVec3; N_JOINTS]) -> Vec<DVec3> {
        let coefficients = self.model.coefficients(phenotype);
        let bones = self.model.shape_jacobian(&coefficients, &[]);
        let mut pose = self.model.reference_pose();
        for (bone, turn) in self.prepared.joints.iter().zip(joints) {
            pose.rotations[*bone] = *turn;
        }
        let (_, maps) = self.model.pose_bones(&bones, &pose);
        self.prepared.landmarks.points(&coefficients, &[]).positions(&maps)
    }

    /// Moves the height axis until the stature is the given one, as far as it goes.
    fn set_height(&self, phenotype: &mut Phenotype, height_m: f64) {
        let (mut low, mut high) = PhenotypeAxis::Height.range();
        for _ in 0..8 {
            phenotype.set(PhenotypeAxis::Height, 0.5 * (low + high));
            let coefficients = self.model.coefficients(phenotype);
            let bones = self.model.shape_jacobian(&coefficients, &[]);
            let stature = known::stature(self, &coefficients, &bones).0;
            *(if stature < height_m { &mut low } else { &mut high }) = phenotype.get(PhenotypeAxis::Height);
        }
    }

    /// How each photo's body is turned: as hinted, as the world points say, or as the shoulders and hips let guess.
    pub fn yaws(&self) -> Vec<f64> {
        self.input
            .views
            .iter()
            .map(|view| view.yaw_hint.or_else(|| world_yaw(view)).unwrap_or_else(|| seen_yaw(view)))
            .collect()
    }
}

/// Left against right in space.
fn world_yaw(view: &FitView) -> Option<f64> {
    let find = |point| view.world.iter().find(|w| w.point == point).map(|w| DVec3::from(w.position_m));
    let mut across = DVec3::ZERO;
    for (left, right) in
        [(BodyPoint::LeftShoulder, BodyPoint::RightShoulder), (BodyPoint::LeftHip, BodyPoint::RightHip)]
    {
        if let (Some(left), Some(right)) = (find(left), find(right)) {
            across += left - right;
        }
    }
    (across.x.hypot(across.y) > 0.05).then(|| across.y.atan2(across.x))
}

/// Facing the camera when the person's left is to the right in the picture, else turned away.
fn seen_yaw(view: &FitView) -> f64 {
    let find = |point| view.landmarks.iter().find(|l| l.point == point).map(|l| l.px[0]);
    let mut across = 0.0;
    for (left, right) in
        [(BodyPoint::LeftShoulder, BodyPoint::RightShoulder), (BodyPoint::LeftHip, BodyPoint::RightHip)]
    {
        if let (Some(left), Some(right)) = (find(left), find(right)) {
            across += left - right;
        }
    }
    if across < 0.0 { std::f64::consts::PI } else { 0.0 }
}

/// A point of the body, where it is in the photo, and its weight.
type Pair = (DVec3, [f64; 2], f64);

/// The similarity that takes the body's landmarks nearest to the seen ones, as a place before the camera.
fn place(view: &FitView, points: &[DVec3], root: DMat3) -> ViewState {
    let pairs: Vec<(DVec3, [f64; 2], f64)> = view
        .landmarks
        .iter()
        .map(|l| (root * points[l.point as usize], l.px, 1.0 / l.sigma_px.max(0.1).powi(2)))
        .collect();
    let total: f64 = pairs.iter().map(|p| p.2).sum::<f64>().max(1e-12);
    let mean = |f: &dyn Fn(&Pair) -> f64| pairs.iter().map(|p| p.2 * f(p)).sum::<f64>() / total;
    let (mx, mz) = (mean(&|p| p.0.x), mean(&|p| p.0.z));
    let (mu, mv) = (mean(&|p| p.1[0]), mean(&|p| p.1[1]));
    let shared = mean(&|p| (p.0.x - mx) * (p.1[0] - mu) - (p.0.z - mz) * (p.1[1] - mv));
    let spread = mean(&|p| (p.0.x - mx).powi(2) + (p.0.z - mz).powi(2));
    let extent = view.landmarks.iter().map(|l| (l.px[0] - mu).hypot(l.px[1] - mv)).fold(1.0, f64::max);
    // A body seen upside down or from the side of the bed gives no sensible scale: fall back to the extent.
    let scale = (shared / spread.max(1e-6)).max(0.5 * extent);
    let distance = (view.focal.px / scale).clamp(0.3, 200.0);
    let centre = [0.5 * f64::from(view.width), 0.5 * f64::from(view.height)];
    let x = (mu - centre[0]) / view.focal.px * distance - mx;
    let z = (centre[1] - mv) / view.focal.px * distance - mz;
    ViewState {
        departures: [DVec3::ZERO; N_JOINTS],
        root,
        place: DVec3::new(x, distance, z),
        log_focal: 0.0,
        outline_offset_px: 0.0,
        cloth_px: [0.0; 2],
    }
}
