//! Which of several photos show one and the same body: random sample consensus (Fischler and Bolles, 1981) with every single
//! photo as the sample, so that nothing is left to chance.
//!
//! A photo of somebody else, or one whose landmarks went wrong, would bend the body that all photos share. Each photo alone
//! makes a body with its expected error; the largest group of photos whose bodies differ by no more than that is kept.

use crate::body::model::AnnyModel;

use super::input::{FitInput, FitOptions};
use super::result::{Fit, FitError, FitProgress, FitStage};
use super::stages::fit;

/// Two photos cannot outvote each other.
pub const MIN_VIEWS: usize = 3;

/// Bodies of two photos may differ by this many times their expected difference, root mean square over the surface.
///
/// Of the synthetic benchmark with three views, heights not told, seeds 1000 to 1049 and 7000 to 7049: two of 100 cases then lose a photo
/// of the same body, and 54 of 100 photos of another body are found. The others show a body that differs by less than one photo tells.
const MAX_RATIO: f64 = 2.8;

/// Positions in `input.views` of the photos that do not agree with the largest group that does; empty with fewer than
/// [`MIN_VIEWS`] photos, and where no two agree, because then nobody can say which one is wrong.
///
/// A photo that cannot be fitted alone is not judged. `progress` is that of [`fit`]; its share grows to one over all photos.
pub fn outliers(
    model: &AnnyModel,
    input: &FitInput,
    options: &FitOptions,
    progress: &mut dyn FnMut(&FitProgress<'_>) -> bool,
) -> Result<Vec<usize>, FitError> {
    let n = input.views.len();
    if n < MIN_VIEWS {
        return Ok(Vec::new());
    }
    let mut bodies = Vec::with_capacity(n);
    for (i, view) in input.views.iter().enumerate() {
        let alone = FitInput { views: vec![view.clone()], known: input.known };
        let mut told = |now: &FitProgress<'_>| {
            let fraction = (i as f64 + now.fraction) / n as f64;
            progress(&FitProgress { stage: FitStage::AgeAnchors, fraction, ..*now })
        };
        match fit(model, &alone, options, &mut told) {
            Ok(fit) => bodies.push((i, surface(model, &fit), fit)),
            Err(FitError::Cancelled) => return Err(FitError::Cancelled),
            Err(_) => {}
        }
    }
    let agree = |a: &Alone, b: &Alone| ratio(a, b) <= MAX_RATIO;
    let votes = |sample: &Alone| bodies.iter().filter(|other| agree(sample, other)).count();
    // Of groups of one size the one whose sample is surest.
    let best = bodies
        .iter()
        .max_by(|a, b| votes(a).cmp(&votes(b)).then_with(|| mean_error_mm(&b.2).total_cmp(&mean_error_mm(&a.2))));
    Ok(match best {
        Some(best) if votes(best) > 1 => bodies.iter().filter(|other| !agree(best, other)).map(|(i, ..)| *i).collect(),
        _ => Vec::new(),
    })
}

/// A photo's position, its body's surface in the reference pose, and the fit.
type Alone = (usize, Vec<bevy_math::Vec3>, Fit);

fn surface(model: &AnnyModel, fit: &Fit) -> Vec<bevy_math::Vec3> {
    model.posed(&model.shape(&fit.phenotype), &model.reference_pose()).vertices
}

/// How far two bodies are apart in units of what their expected errors allow.
fn ratio((_, a, fit_a): &Alone, (_, b, fit_b): &Alone) -> f64 {
    let errors = fit_a.quality.vertex_error_mm.iter().zip(&fit_b.quality.vertex_error_mm);
    let expected: f64 = errors.map(|(a, b)| f64::from(a * a + b * b)).sum();
    let apart: f64 = a.iter().zip(b).map(|(a, b)| f64::from((*a - *b).length_squared())).sum();
    if expected > 0.0 { (1e6 * apart / expected).sqrt() } else { f64::INFINITY }
}

fn mean_error_mm(fit: &Fit) -> f32 {
    fit.quality.vertex_error_mm.iter().sum::<f32>() / fit.quality.vertex_error_mm.len().max(1) as f32
}
