//! Costs that do not let a few wrong observations decide: Student's t, and mixtures of normal distributions.

/// Cost and weight of a residual (in standard deviations, squared) under Student's t with `freedom` degrees.
///
/// `dimension` is the number of coordinates the residual has. The weight is that of iteratively reweighted least squares: half the
/// cost's slope by the squared residual, times two.
pub fn student(squared: f64, freedom: f64, dimension: f64) -> (f64, f64) {
    let scale = freedom + dimension;
    (0.5 * scale * (squared / freedom).ln_1p(), scale / (freedom + squared))
}

/// One part of a mixture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    pub share: f64,
    pub mean: f64,
    pub sigma: f64,
}

/// Cost, slope and a curvature that is never negative, of `-ln(Σ share · normal + floor)`.
///
/// `floor` is the density of a uniform part. The curvature leaves out how the shares move, as Gauss-Newton does.
pub fn mixture(x: f64, parts: &[Part], floor: f64) -> (f64, f64, f64) {
    let densities = parts.iter().map(|part| {
        let z = (x - part.mean) / part.sigma;
        part.share / part.sigma * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt()
    });
    let total: f64 = densities.clone().sum::<f64>() + floor;
    let mut slope = 0.0;
    let mut curvature = 0.0;
    for (part, density) in parts.iter().zip(densities) {
        let responsibility = density / total;
        let precision = 1.0 / (part.sigma * part.sigma);
        slope += responsibility * precision * (x - part.mean);
        curvature += responsibility * precision;
    }
    (-total.ln(), slope, curvature)
}
