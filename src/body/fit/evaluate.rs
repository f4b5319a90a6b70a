//! One look at all evidence: the cost of a state and the quadratic around it.

use bevy_math::DVec3;
use nalgebra::{DMatrix, DVector};

use crate::body::model::{AnnyModel, BoneFrame, BoneMap, Coefficients, PointSet, PoseColumn, Shape, ShapeJacobian};
use crate::types::PhenotypeAxis;

use super::camera::Camera;
use super::input::{FitInput, FitOptions, FitView};
use super::known;
use super::limits;
use super::normal::{Joint, Normal, ViewBlock};
use super::pose_prior;
use super::prepared::{LIGHT_AXES, Prepared};
use super::prior::shape_cost;
use super::robust::student;
use super::state::{N_PLACE, N_POSE, State, ViewState};

/// A fit's constant surroundings.
pub struct Context<'a> {
    pub model: &'a AnnyModel,
    pub prepared: &'a Prepared,
    pub input: &'a FitInput,
    pub options: &'a FitOptions,
    /// Indices of the axes that are estimated.
    pub axes: Vec<usize>,
}

/// What a look uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looking {
    /// How far from an observed outline point the body's outline is searched, as a part of the body's extent; `None`: landmarks alone.
    pub outline_reach: Option<f64>,
    /// Degrees of freedom of Student's t for landmarks and outline: fewer trust outliers less.
    pub freedom: f64,
}

/// What was found.
pub struct Evaluation {
    pub system: Joint,
    /// The parts of the information on the axes that the prior and the user's figures brought.
    pub prior_information: DMatrix<f64>,
    pub given_information: DMatrix<f64>,
    pub views: Vec<ViewReport>,
}

/// How one photo's evidence is met.
#[derive(Clone, Debug, Default)]
pub struct ViewReport {
    /// Distance of every landmark, pixels, and in standard deviations.
    pub landmark_errors: Vec<(f64, f64)>,
    /// Residuals along the normal of the outline points that found the body, offset included.
    pub outline_errors: Vec<f64>,
    pub n_outline_lost: usize,
}

/// The outline's unknown common offset, against its points' own standard deviation.
const OUTLINE_OFFSET_SIGMAS: f64 = 1.5;

/// How far cloth hangs off the trunk and off the limbs before anything is seen, and how much that differs between photos, metres.
const CLOTH_M: [(f64, f64); 2] = [(0.015, 0.025), (0.005, 0.007)];

/// What depends on the shape alone.
pub(super) struct ShapeParts {
    pub(super) coefficients: Coefficients,
    pub(super) bones: ShapeJacobian,
    pub(super) landmarks: PointSet,
    pub(super) shape: Option<Shape>,
}

impl<'a> Context<'a> {
    /// The same with the lighter model, where it has all axes that are estimated.
    pub fn lighter(&self) -> Context<'a> {
        let fits = self.options.axes.iter().all(|axis| LIGHT_AXES.contains(axis));
        let (model, prepared) = match &self.prepared.light {
            Some(light) if fits => (&light.0, &light.1),
            _ => (self.model, self.prepared),
        };
        Context { model, prepared, axes: self.axes.clone(), ..*self }
    }

    pub fn axis(&self, at: usize) -> PhenotypeAxis {
        PhenotypeAxis::ALL[self.axes[at]]
    }

    pub fn camera(&self, view: usize, state: &State) -> Camera {
        let seen = &self.input.views[view];
        Camera {
            focal_px: seen.focal.px * state.views[view].log_focal.exp(),
            centre: [0.5 * f64::from(seen.width), 0.5 * f64::from(seen.height)],
        }
    }

    pub fn evaluate(&self, state: &State, looking: &Looking) -> Evaluation {
        let coefficients = self.model.coefficients(&state.phenotype);
        let bones = self.model.shape_jacobian(&coefficients, &self.options.axes);
        let needs_skin = looking.outline_reach.is_some() || self.input.known.weight_kg.is_some();
        let shape = needs_skin.then(|| Shape {
            rest_vertices: self.model.rest_vertices(&coefficients),
            heads: bones.heads.clone(),
            rotations: bones.rotations.clone(),
        });
        let landmarks = self.prepared.landmarks.points(&coefficients, &self.axes);
        let parts = ShapeParts { coefficients, bones, landmarks, shape };

        let n = self.axes.len();
        let tied = self.input.views.len() > 1;
        let mut common = Normal::new(n + N_POSE);
        let (prior_information, given_information) = self.add_shape_terms(state, &parts, &mut common);
        pose_prior::add_common(&mut common, n, &state.joints);
        limits::add_limits(&mut common, n, &state.joints, &self.prepared.joint_frames);
        let mut views = Vec::new();
        let mut reports = Vec::new();
        for view in 0..self.input.views.len() {
            let (mut normal, report) = self.look_at_view(view, state, &parts, looking);
            reports.push(report);
            self.add_place_terms(view, state, &mut normal);
            let mut block = split(&normal, n, tied, &mut common);
            if tied {
                common.cost += pose_prior::add_departures(&mut block, &state.views[view].departures);
            }
            views.push(block);
        }
        Evaluation { system: Joint { common, views }, prior_information, given_information, views: reports }
    }

    /// Prior of the axes and what the user knows.
    fn add_shape_terms(&self, state: &State, parts: &ShapeParts, common: &mut Normal) -> (DMatrix<f64>, DMatrix<f64>) {
        let n = self.axes.len();
        let known = &self.input.known;
        let mut prior = DMatrix::zeros(n, n);
        let mut given = DMatrix::zeros(n, n);
        for at in 0..n {
            let axis = self.axis(at);
            let (cost, slope, curvature) = shape_cost(self.options.prior, known, axis, &state.phenotype.axes);
            common.add_scalar(at, cost, slope, curvature);
            let is_given = (axis == PhenotypeAxis::Gender && known.sex.is_some())
                || (axis == PhenotypeAxis::Age && known.age_years.is_some());
            let source = if is_given { &mut given } else { &mut prior };
            source[(at, at)] += curvature;
        }
        let mut add = |residual: f64, by_axis: &[f64], sigma: f64| {
            let mut row = vec![0.0; common.n];
            row[..n].copy_from_slice(by_axis);
            let weight = 1.0 / (sigma * sigma);
            common.add_row(&row, residual, weight);
            common.cost += 0.5 * weight * residual * residual;
            for i in 0..n {
                for j in 0..n {
                    given[(i, j)] += weight * by_axis[i] * by_axis[j];
                }
            }
        };
        if let Some(height) = known.height_m {
            let (stature, by_axis) = known::stature(self, &parts.coefficients, &parts.bones);
            add(stature - height, &by_axis, known::HEIGHT_SIGMA_M);
        }
        if let (Some(weight), Some(shape)) = (known.weight_kg, &parts.shape) {
            let (mass, by_axis) = known::mass(self, &parts.coefficients, &shape.rest_vertices);
            add(mass - weight, &by_axis, (known::WEIGHT_SIGMA * weight).max(1.0));
        }
        (prior, given)
    }

    /// Upright people, the stated lens, the outline's offset.
    fn add_place_terms(&self, view: usize, state: &State, normal: &mut Normal) {
        let place = self.axes.len() + N_POSE;
        let own = &state.views[view];
        let seen = &self.input.views[view];
        pose_prior::add_tilt(normal, place, &own.root);
        let lens = 1.0 / seen.focal.relative_sigma.clamp(0.002, 1.0).powi(2);
        normal.add_scalar(place + 6, 0.5 * lens * own.log_focal.powi(2), lens * own.log_focal, lens);
        let sigma = seen.contour.iter().map(|c| c.sigma_px).fold(f64::MAX, f64::min).clamp(0.5, 20.0);
        let looseness = 1.0 / (OUTLINE_OFFSET_SIGMAS * sigma).powi(2);
        let offset = own.outline_offset_px;
        normal.add_scalar(place + 7, 0.5 * looseness * offset * offset, looseness * offset, looseness);
        let px_per_m = self.camera(view, state).focal_px / own.place.y;
        for (at, (cloth_px, (usual_m, sigma_m))) in own.cloth_px.into_iter().zip(CLOTH_M).enumerate() {
            let weight = 1.0 / (sigma_m * px_per_m).powi(2);
            let beyond = cloth_px - usual_m * px_per_m;
            normal.add_scalar(place + 8 + at, 0.5 * weight * beyond * beyond, weight * beyond, weight);
        }
    }

    /// The evidence of one photo in the unknowns `[axes | joints | place]`.
    fn look_at_view(&self, view: usize, state: &State, parts: &ShapeParts, looking: &Looking) -> (Normal, ViewReport) {
        let seen = &self.input.views[view];
        let pose = state.pose(view, self.model, self.prepared);
        let (frames, maps) = self.model.pose_bones(&parts.bones, &pose);
        let maps_by = self.model.bone_maps_by(&parts.bones, &frames);
        let mut columns = self.model.pose_columns(&frames, &pose, &self.prepared.joints);
        for axis in [DVec3::X, DVec3::Y, DVec3::Z] {
            columns.push(PoseColumn { bone: 0, axis, pivot: frames[0].head });
        }
        let posed = PosedParts {
            camera: self.camera(view, state),
            frames: &frames,
            maps: &maps,
            maps_by: &maps_by,
            columns: &columns,
            own: &state.views[view],
        };
        let mut normal = Normal::new(self.axes.len() + N_POSE + N_PLACE);
        let mut report = ViewReport::default();
        let points = Points::new(self, &parts.landmarks, &posed);
        self.add_landmarks(seen, &points, &posed, looking, &mut normal, &mut report);
        self.add_world(seen, &points, &mut normal);
        self.add_depth(seen, &points, &mut normal);
        if let (Some(reach), Some(shape)) = (looking.outline_reach, &parts.shape) {
            self.add_outline(seen, parts, shape, &posed, looking, reach, &mut normal, &mut report);
        }
        (normal, report)
    }

    fn add_landmarks(
        &self,
        seen: &FitView,
        points: &Points,
        posed: &PosedParts<'_>,
        looking: &Looking,
        normal: &mut Normal,
        report: &mut ViewReport,
    ) {
        let mut rows = [vec![0.0; normal.n], vec![0.0; normal.n]];
        let focal_at = self.axes.len() + N_POSE + 6;
        for evidence in &seen.landmarks {
            let at = evidence.point as usize;
            let weight = 1.0 / evidence.sigma_px.max(0.1).powi(2);
            let Some(projected) = posed.camera.project_with_slope(points.positions[at]) else {
                normal.cost += student(1e4, looking.freedom, 2.0).0;
                continue;
            };
            let residual = [projected.px[0] - evidence.px[0], projected.px[1] - evidence.px[1]];
            let squared = (residual[0].powi(2) + residual[1].powi(2)) * weight;
            let (cost, trust) = student(squared, looking.freedom, 2.0);
            normal.cost += cost;
            report.landmark_errors.push((residual[0].hypot(residual[1]), squared.sqrt()));
            for (coordinate, (row, slope)) in rows.iter_mut().zip([projected.du, projected.dv]).enumerate() {
                points.fill(row, at, slope);
                row[focal_at] = projected.px[coordinate] - posed.camera.centre[coordinate];
                normal.add_row(row, residual[coordinate], weight * trust);
            }
        }
    }
}

/// A photo's body in its pose.
pub(super) struct PosedParts<'a> {
    pub(super) camera: Camera,
    pub(super) frames: &'a [BoneFrame],
    pub(super) maps: &'a [BoneMap],
    pub(super) maps_by: &'a [Vec<BoneMap>],
    /// Joints, then the root's rotation.
    pub(super) columns: &'a [PoseColumn],
    pub(super) own: &'a ViewState,
}

/// Points with their derivatives by `[axes | joints | root rotation]`.
pub(super) struct Points {
    pub(super) positions: Vec<DVec3>,
    /// Per point, per unknown.
    pub(super) by: Vec<Vec<DVec3>>,
}

impl Points {
    pub(super) fn new(context: &Context<'_>, set: &PointSet, posed: &PosedParts<'_>) -> Self {
        let jacobian = set.jacobian(posed.maps, posed.maps_by, posed.columns, &context.prepared.carriers);
        let by = (0..set.len())
            .map(|point| jacobian.by_axis.iter().chain(&jacobian.by_pose).map(|column| column[point]).collect())
            .collect();
        Self { positions: set.positions(posed.maps), by }
    }

    /// The row of `direction · point`; the lens and the outline's offset are left at zero.
    pub(super) fn fill(&self, row: &mut [f64], point: usize, direction: DVec3) {
        let by = &self.by[point];
        for (r, d) in row.iter_mut().zip(by) {
            *r = direction.dot(*d);
        }
        let place = by.len();
        row[place..place + 3].copy_from_slice(&direction.to_array());
        row[place + 3..].fill(0.0);
    }
}

/// Spreads a photo's system over the common unknowns and its own. With several photos the pose is in both: what is common to
/// all, and how this one departs from it.
fn split(normal: &Normal, n_axes: usize, tied: bool, common: &mut Normal) -> ViewBlock {
    let n_common = n_axes + N_POSE;
    common.cost += normal.cost;
    let full = normal.matrix();
    for i in 0..n_common {
        common.gradient[i] += normal.gradient[i];
        for j in i..n_common {
            common.information[i * n_common + j] += full[(i, j)];
        }
    }
    let first = if tied { n_axes } else { n_common };
    let n_own = normal.n - first;
    ViewBlock {
        own: full.view((first, first), (n_own, n_own)).into_owned(),
        gradient: DVector::from_column_slice(&normal.gradient[first..]),
        coupling: full.view((first, 0), (n_own, n_common)).into_owned(),
    }
}
