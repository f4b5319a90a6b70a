//! The three stages of a fit: a start at every age, the full phenotype, the poses.

use crate::body::model::AnnyModel;
use crate::types::PhenotypeAxis;

use super::age;
use super::evaluate::{Context, Looking};
use super::input::{FitInput, FitOptions};
use super::quality;
use super::result::{Fit, FitError, FitProgress, FitStage};
use super::search::Search;

/// The ages a fit starts from: the anchors of the model's age axis from baby to old.
pub const AGE_ANCHORS: [f64; 4] = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];

/// Fewer landmarks than this do not make a body.
const MIN_LANDMARKS: usize = 6;

/// Landmarks that spread less than this do not either, pixels.
const MIN_SPREAD_PX: f64 = 12.0;

/// Landmark steps of each start.
const START_STEPS: usize = 6;
/// Outline steps of each start that is kept.
const KEPT_STEPS: usize = 5;
/// Steps on the other side of a kink, and how many of them before it may be given up.
const FLIP_STEPS: usize = 4;
const FLIP_TRIAL: usize = 2;

/// A start that is worse than the best by this much (in units of log likelihood) has no chance.
const HOPELESS: f64 = 40.0;

/// A step smaller than this in every axis and joint is rest.
const REST: f64 = 2e-3;

/// So is this many steps in which the cost did not fall by a part of a unit of log likelihood that no data could tell: outline points
/// that change their match keep it from standing still.
const IDLE_STEPS: usize = 3;
const NEGLIGIBLE: f64 = 0.1;

/// What each stage looks at.
const BY_LANDMARKS: Looking = Looking { outline_reach: None, freedom: 5.0 };
const WIDE: Looking = Looking { outline_reach: Some(0.05), freedom: 5.0 };
const NEAR: Looking = Looking { outline_reach: Some(0.02), freedom: 5.0 };
const TIGHT: Looking = Looking { outline_reach: Some(0.015), freedom: 4.0 };

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
    let axes = options.axes.iter().map(|axis| *axis as usize).collect();
    let whole = Context { model, prepared: model.prepared(), input, options, axes };
    let context = whole.lighter();
    let mut report = Reporter { context: &context, progress, iteration: 0, expected: expected_steps(options) };

    let mut best = age_anchors(&context, &mut report)?;

    best.relook(&context, &NEAR);
    run(&context, &mut best, &NEAR, FitStage::Phenotype, options.max_iterations, &mut report)?;
    best = over_kinks(&context, best, &mut report)?;

    best.relook(&whole, &TIGHT);
    let rested = run(&whole, &mut best, &TIGHT, FitStage::Pose, options.max_iterations, &mut report)?;
    if !best.state.is_finite() || !best.cost().is_finite() {
        return Err(FitError::Numeric);
    }
    quality::finish(&whole, &best, rested)
}

/// A search from every age anchor by landmarks, then the best of each segment of age by the outline too.
fn age_anchors(context: &Context<'_>, report: &mut Reporter<'_>) -> Result<Search, FitError> {
    let yaws = context.yaws();
    let mut starts = Vec::new();
    let (youngest, _) = age::bounds(context.input, context.options)[PhenotypeAxis::Age as usize];
    for age in AGE_ANCHORS.into_iter().filter(|age| *age >= youngest) {
        let mut search = Search::new(context, context.start(age, &yaws), &BY_LANDMARKS);
        for step in 0..START_STEPS {
            // First only place, pose and height: a wrong place must not bend the shape.
            let fixed: &[PhenotypeAxis] = if step < 2 { &HELD_AT_FIRST } else { &[] };
            let more = search.step(context, &BY_LANDMARKS, fixed);
            report.send(FitStage::AgeAnchors, &search)?;
            if !more {
                break;
            }
        }
        search.settle(context, &BY_LANDMARKS);
        starts.push(search);
    }
    let mut kept = by_segment(context, starts);
    for search in &mut kept {
        for _ in 0..KEPT_STEPS {
            let more = search.step(context, &WIDE, &[]);
            report.send(FitStage::AgeAnchors, search)?;
            if !more {
                break;
            }
        }
        search.settle(context, &WIDE);
    }
    // Costs far from rest say little: those that are not hopeless go on until they are comparable.
    let lowest = kept.iter().map(Search::cost).fold(f64::MAX, f64::min);
    kept.retain(|search| search.cost() < lowest + 5.0 * HOPELESS);
    if kept.len() > 1 {
        for search in &mut kept {
            search.relook(context, &NEAR);
            run(context, search, &NEAR, FitStage::AgeAnchors, KEPT_STEPS, report)?;
        }
    }
    kept.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    let mut best = kept.into_iter().next().ok_or(FitError::Numeric)?;
    best.bounds = age::bounds(context.input, context.options);
    Ok(best)
}

/// The segments of the age axis between its anchors. The body changes direction at an anchor, so a search rarely crosses one.
const AGE_SEGMENTS: [(f64, f64); 3] = [(-1.0 / 3.0, 1.0 / 3.0), (1.0 / 3.0, 2.0 / 3.0), (2.0 / 3.0, 1.0)];

/// The best start in each segment of age, the best of all first; each is kept to its segment.
///
/// Where no start came to rest in the segment beside the best one, one is made from it, mirrored at the anchor.
fn by_segment(context: &Context<'_>, mut starts: Vec<Search>) -> Vec<Search> {
    starts.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    let age_of = |s: &Search| s.state.phenotype.get(PhenotypeAxis::Age);
    let Some((lowest, own)) = starts.first().map(|best| (best.cost(), age_of(best))) else { return Vec::new() };
    let mut kept: Vec<(f64, Search)> = Vec::new();
    let (youngest, _) = age::bounds(context.input, context.options)[PhenotypeAxis::Age as usize];
    for (low, high) in AGE_SEGMENTS {
        if high < youngest {
            continue;
        }
        let inside = |age: f64| (low..=high).contains(&age);
        let beside = (own - low).abs().min((own - high).abs()) < 0.15;
        let start = match starts.iter().find(|s| inside(age_of(s))) {
            Some(start) if start.cost() < lowest + HOPELESS => start,
            _ if beside => &starts[0],
            _ => continue,
        };
        let mut state = start.state.clone();
        let age = age_of(start);
        if !inside(age) {
            let mirrored = if age < low { 2.0 * low - age } else { 2.0 * high - age };
            state.phenotype.set(PhenotypeAxis::Age, mirrored.clamp(low + 0.1, high - 0.1).max(youngest));
        }
        let mut search = Search::new(context, state, &WIDE);
        search.bounds[PhenotypeAxis::Age as usize] = (low.max(youngest), high);
        kept.push((start.cost(), search));
    }
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept.into_iter().map(|(_, search)| search).collect()
}

/// Inner anchors of the axes that have one: there the body changes direction, which makes a valley on each side.
const KINKS: [(PhenotypeAxis, f64); 3] =
    [(PhenotypeAxis::Muscle, 0.5), (PhenotypeAxis::Weight, 0.5), (PhenotypeAxis::Age, 2.0 / 3.0)];

/// Looks into the valley on the other side of each kink and stays where it is deeper.
fn over_kinks(context: &Context<'_>, mut best: Search, report: &mut Reporter<'_>) -> Result<Search, FitError> {
    for (axis, kink) in KINKS {
        let x = best.state.phenotype.get(axis);
        if !context.options.axes.contains(&axis) || (x - kink).abs() > 0.33 {
            continue;
        }
        let (low, high) = best.bounds[axis as usize];
        let across = (x - kink).abs().clamp(0.08, 0.2);
        let mut state = best.state.clone();
        state.phenotype.set(axis, if x > kink { kink - across } else { kink + across });
        let mut other = Search::new(context, state, &NEAR);
        other.bounds[axis as usize] = if x > kink { (low, kink) } else { (kink, high) };
        for step in 0..FLIP_STEPS {
            let more = other.step(context, &NEAR, &[]);
            report.send(FitStage::Phenotype, &other)?;
            if !more || (step + 1 >= FLIP_TRIAL && other.cost() > best.cost() + HOPELESS) {
                break;
            }
        }
        other.settle(context, &NEAR);
        if other.cost() < best.cost() {
            other.bounds = age::bounds(context.input, context.options);
            best = other;
        }
    }
    Ok(best)
}

/// All but height, while a start finds its place.
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
    let mut lowest = search.cost();
    let mut n_idle = 0;
    for _ in 0..max_steps {
        let more = search.step(context, looking, &[]);
        report.send(stage, search)?;
        n_idle = if search.cost() < lowest - NEGLIGIBLE { 0 } else { n_idle + 1 };
        lowest = lowest.min(search.cost());
        if !more || (search.n_refused == 0 && search.last_step < REST) || n_idle >= IDLE_STEPS {
            search.settle(context, looking);
            return Ok(true);
        }
    }
    search.settle(context, looking);
    Ok(false)
}

fn expected_steps(options: &FitOptions) -> usize {
    AGE_ANCHORS.len() * START_STEPS + 2 * KEPT_STEPS + KINKS.len() * FLIP_STEPS + options.max_iterations
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
