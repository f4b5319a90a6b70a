//! The three stages of a fit: a start at every age, the full phenotype, the poses.

use crate::body::model::AnnyModel;
use crate::types::PhenotypeAxis;

use super::evaluate::{Context, Looking};
use super::input::{FitInput, FitOptions};
use super::quality;
use super::result::{Convergence, Fit, FitError, FitProgress, FitStage, NotConverged};
use super::search::Search;

/// The ages a fit starts from: the anchors of the model's age axis from baby to old.
pub const AGE_ANCHORS: [f64; 4] = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];

/// Fewer landmarks than this do not make a body.
const MIN_LANDMARKS: usize = 6;

/// Landmarks that spread less than this do not either, pixels.
const MIN_SPREAD_PX: f64 = 12.0;

/// Landmark steps of each start.
const START_STEPS: usize = 6;
/// Starts that go on after the landmarks, and the outline steps each of them gets.
const KEPT: usize = 2;
const KEPT_STEPS: usize = 5;

/// A step smaller than this in every axis and joint is rest.
const REST: f64 = 2e-3;

/// Fits a body to what is seen and known.
///
/// `progress` is called after every step; false from it ends the fit with [`FitError::Cancelled`].
pub fn fit(
    model: &AnnyModel,
    input: &FitInput,
    options: &FitOptions,
    progress: &mut dyn FnMut(&FitProgress<'_>) -> bool,
) -> Result<Fit, FitError> {
    let input = &checked(input)?;
    let prepared = model.prepared();
    let axes = options.axes.iter().map(|axis| *axis as usize).collect();
    let context = Context { model, prepared, input, options, axes };
    let mut report = Reporter { context: &context, progress, iteration: 0, expected: expected_steps(options) };

    let by_landmarks = Looking { outline_reach: None, freedom: 5.0 };
    let wide = Looking { outline_reach: Some(0.05), freedom: 5.0 };
    let near = Looking { outline_reach: Some(0.02), freedom: 5.0 };
    let tight = Looking { outline_reach: Some(0.015), freedom: 4.0 };

    // Stage 1: every age anchor by landmarks, the better ones by the outline too.
    let yaws = context.yaws();
    let mut starts = Vec::new();
    for age in AGE_ANCHORS {
        let mut search = Search::new(&context, context.start(age, &yaws), &by_landmarks);
        for step in 0..START_STEPS {
            // First only place, pose and height: a wrong place must not bend the shape.
            let fixed: &[PhenotypeAxis] = if step < 2 { &HELD_AT_FIRST } else { &[] };
            let more = search.step(&context, &by_landmarks, fixed);
            report.send(FitStage::AgeAnchors, &search)?;
            if !more {
                break;
            }
        }
        starts.push(search);
    }
    starts.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    starts.truncate(KEPT);
    for search in &mut starts {
        search.relook(&context, &wide);
        for _ in 0..KEPT_STEPS {
            let more = search.step(&context, &wide, &[]);
            report.send(FitStage::AgeAnchors, search)?;
            if !more {
                break;
            }
        }
    }
    starts.sort_by(|a, b| a.cost().total_cmp(&b.cost()));

    // Stage 2: all axes with the poses.
    let Some(mut best) = starts.into_iter().next() else { return Err(FitError::Numeric) };
    best.relook(&context, &near);
    run(&context, &mut best, &near, FitStage::Phenotype, options.max_iterations, &mut report)?;

    // Stage 3: the same with less trust in outliers.
    best.relook(&context, &tight);
    let rested = run(&context, &mut best, &tight, FitStage::Pose, options.max_iterations / 2, &mut report)?;
    if !best.state.is_finite() || !best.cost().is_finite() {
        return Err(FitError::Numeric);
    }
    let convergence =
        if rested { Convergence::Converged } else { Convergence::NotConverged(NotConverged::StillMoving) };
    quality::finish(&context, &best, convergence)
}

const HELD_AT_FIRST: [PhenotypeAxis; 10] = [
    PhenotypeAxis::Gender,
    PhenotypeAxis::Age,
    PhenotypeAxis::Muscle,
    PhenotypeAxis::Weight,
    PhenotypeAxis::Proportions,
    PhenotypeAxis::Cupsize,
    PhenotypeAxis::Firmness,
    PhenotypeAxis::African,
    PhenotypeAxis::Asian,
    PhenotypeAxis::Caucasian,
];

/// Steps until rest; false when the steps ran out first.
fn run(
    context: &Context<'_>,
    search: &mut Search,
    looking: &Looking,
    stage: FitStage,
    max_steps: usize,
    report: &mut Reporter<'_>,
) -> Result<bool, FitError> {
    for _ in 0..max_steps {
        let more = search.step(context, looking, &[]);
        report.send(stage, search)?;
        if !more || (search.n_refused == 0 && search.last_step < REST) || search.n_refused >= 4 {
            return Ok(true);
        }
    }
    Ok(false)
}

fn expected_steps(options: &FitOptions) -> usize {
    AGE_ANCHORS.len() * START_STEPS + KEPT * KEPT_STEPS + options.max_iterations
}

/// Tells the caller how far the fit is.
struct Reporter<'a> {
    context: &'a Context<'a>,
    progress: &'a mut dyn FnMut(&FitProgress<'_>) -> bool,
    iteration: usize,
    expected: usize,
}

impl Reporter<'_> {
    fn send(&mut self, stage: FitStage, search: &Search) -> Result<(), FitError> {
        let context = self.context;
        let poses: Vec<_> = (0..search.state.views.len())
            .map(|view| search.state.pose(view, context.model, context.prepared))
            .collect();
        let errors = search.evaluation.views.iter().flat_map(|v| &v.landmark_errors);
        let (n, sum) = errors.fold((0.0, 0.0), |(n, sum), (px, _)| (n + 1.0, sum + px * px));
        let told = FitProgress {
            stage,
            iteration: self.iteration,
            fraction: (self.iteration as f64 / self.expected as f64).min(0.99),
            rms_px: if n > 0.0 { f64::sqrt(sum / n) } else { 0.0 },
            phenotype: &search.state.phenotype,
            poses: &poses,
        };
        self.iteration += 1;
        if (self.progress)(&told) { Ok(()) } else { Err(FitError::Cancelled) }
    }
}

/// The input without what cannot be used: values that are not finite, sigmas that are not positive, impossible figures.
fn checked(input: &FitInput) -> Result<FitInput, FitError> {
    if input.views.is_empty() {
        return Err(FitError::NoViews);
    }
    let known = &input.known;
    if known.height_m.is_some_and(|h| !(0.4..=2.6).contains(&h)) {
        return Err(FitError::Impossible(
            "the height must be between 0.4 and 2.6 metres; is it in feet or centimetres?",
        ));
    }
    if known.weight_kg.is_some_and(|w| !(2.0..=400.0).contains(&w)) {
        return Err(FitError::Impossible("the weight must be between 2 and 400 kilograms"));
    }
    if known.age_years.is_some_and(|a| !(0.0..=120.0).contains(&a)) {
        return Err(FitError::Impossible("the age must be between 0 and 120 years"));
    }
    let mut input = input.clone();
    for (index, view) in input.views.iter_mut().enumerate() {
        if !(view.focal.px.is_finite() && view.focal.px > 1.0) {
            view.focal = crate::types::FocalLength::assumed(view.width, view.height);
        }
        if !view.focal.relative_sigma.is_finite() {
            view.focal.relative_sigma = 0.15;
        }
        let finite = |px: &[f64; 2]| px.iter().all(|v| v.is_finite() && v.abs() < 1e6);
        view.landmarks.retain(|l| finite(&l.px) && l.sigma_px.is_finite() && l.sigma_px > 0.0);
        view.world.retain(|w| w.position_m.iter().all(|v| v.is_finite()));
        view.contour.retain(|c| {
            finite(&c.px) && finite(&c.normal) && c.sigma_px.is_finite() && c.sigma_px > 0.0 && c.normal != [0.0; 2]
        });
        for point in &mut view.contour {
            let length = point.normal[0].hypot(point.normal[1]);
            point.normal = point.normal.map(|n| n / length);
        }
        if view.yaw_hint.is_some_and(|yaw| !yaw.is_finite()) {
            view.yaw_hint = None;
        }
        if view.landmarks.len() < MIN_LANDMARKS {
            return Err(FitError::TooFewLandmarks { view: index, n_landmarks: view.landmarks.len() });
        }
        let spread = |axis: usize| {
            let values = view.landmarks.iter().map(|l| l.px[axis]);
            values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
        };
        if spread(0).max(spread(1)) < MIN_SPREAD_PX {
            return Err(FitError::TooSmall { view: index });
        }
    }
    Ok(input)
}
