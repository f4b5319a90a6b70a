//! Butterworth band-pass filters as second-order sections, causal and zero-phase.
//!
//! Goes in: uniformly sampled real signals. Double precision inside, because breathing bands at high packet rates put
//! the poles next to the unit circle.

use num_complex::Complex64;

/// One second-order section; `a0` is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    pub b: [f64; 3],
    /// a1 and a2.
    pub a: [f64; 2],
}

/// Designs a Butterworth band-pass of `order` (so `order` sections); `None` unless 0 < low < high < rate/2.
///
/// Analogue prototype, band transform and bilinear transform with prewarping (Oppenheim & Schafer, chapter 7).
pub fn butterworth_band_pass(order: usize, low_hz: f64, high_hz: f64, rate_hz: f64) -> Option<Vec<Section>> {
    let fits = order > 0 && 0.0 < low_hz && low_hz < high_hz && high_hz < rate_hz / 2.0;
    if !fits {
        return None;
    }
    // With a sampling rate of two the bilinear transform is z = (4 + s)/(4 - s).
    let warp = |hz: f64| 4.0 * (std::f64::consts::PI * hz / rate_hz).tan();
    let (low, high) = (warp(low_hz), warp(high_hz));
    let (centre, width) = ((low * high).sqrt(), high - low);
    let to_z = |s: Complex64| (4.0 + s) / (4.0 - s);
    let mut poles = Vec::new();
    for k in 0..order {
        let angle = std::f64::consts::PI * (2 * k + order + 1) as f64 / (2 * order) as f64;
        let half = Complex64::cis(angle) * width / 2.0;
        let root = (half * half - centre * centre).sqrt();
        poles.extend([to_z(half + root), to_z(half - root)]);
    }
    // Poles come in conjugate pairs, except for two real ones of an odd order in a wide band.
    let mut real: Vec<f64> = poles.iter().filter(|p| p.im.abs() < 1e-12).map(|p| p.re).collect();
    real.sort_by(f64::total_cmp);
    let mut sections: Vec<Section> = poles
        .iter()
        .filter(|p| p.im >= 1e-12)
        .map(|p| Section { b: [1.0, 0.0, -1.0], a: [-2.0 * p.re, p.norm_sqr()] })
        .collect();
    sections.extend(real.chunks_exact(2).filter_map(|pair| match pair {
        &[p, q] => Some(Section { b: [1.0, 0.0, -1.0], a: [-(p + q), p * q] }),
        _ => None,
    }));
    // A Butterworth band-pass has gain one at the warped centre.
    let z = to_z(Complex64::new(0.0, centre)).inv();
    for section in &mut sections {
        let numerator = section.b[0] + section.b[1] * z + section.b[2] * z * z;
        let denominator = 1.0 + section.a[0] * z + section.a[1] * z * z;
        let gain = (denominator / numerator).norm();
        section.b.iter_mut().for_each(|b| *b *= gain);
    }
    Some(sections)
}

/// A running filter.
#[derive(Clone, Debug)]
pub struct SosFilter {
    sections: Vec<Section>,
    state: Vec<[f64; 2]>,
}

impl SosFilter {
    /// Starts from rest.
    pub fn new(sections: Vec<Section>) -> Self {
        Self { state: vec![[0.0; 2]; sections.len()], sections }
    }

    /// Starts as if `value` had been going in for ever, so that an offset leaves no ringing.
    pub fn settled(sections: Vec<Section>, value: f64) -> Self {
        let mut input = value;
        let mut state = Vec::with_capacity(sections.len());
        for section in &sections {
            let output = input * section.b.iter().sum::<f64>() / (1.0 + section.a[0] + section.a[1]);
            state.push([output - section.b[0] * input, section.b[2] * input - section.a[1] * output]);
            input = output;
        }
        Self { sections, state }
    }

    pub fn push(&mut self, value: f64) -> f64 {
        let mut x = value;
        for (section, state) in self.sections.iter().zip(&mut self.state) {
            let y = section.b[0] * x + state[0];
            state[0] = section.b[1] * x - section.a[0] * y + state[1];
            state[1] = section.b[2] * x - section.a[1] * y;
            x = y;
        }
        x
    }
}

/// Filters from rest.
pub fn sosfilt(sections: &[Section], values: &[f64]) -> Vec<f64> {
    let mut filter = SosFilter::new(sections.to_vec());
    values.iter().map(|&value| filter.push(value)).collect()
}

/// Filters forwards and backwards, so that nothing is delayed; the ends are extended by reflection about the end points.
///
/// `None` where the signal is not longer than that extension (three times the number of filter coefficients).
pub fn sosfiltfilt(sections: &[Section], values: &[f64]) -> Option<Vec<f64>> {
    let pad = 3 * (2 * sections.len() + 1);
    let (&first, &last) = (values.first()?, values.last()?);
    if values.len() <= pad {
        return None;
    }
    let front = values.iter().skip(1).take(pad).rev().map(|v| 2.0 * first - v);
    let back = values.iter().rev().skip(1).take(pad).map(|v| 2.0 * last - v);
    let mut extended: Vec<f64> = front.chain(values.iter().copied()).chain(back).collect();
    for _ in 0..2 {
        let mut filter = SosFilter::settled(sections.to_vec(), extended.first().copied().unwrap_or(0.0));
        extended.iter_mut().for_each(|value| *value = filter.push(*value));
        extended.reverse();
    }
    Some(extended.into_iter().skip(pad).take(values.len()).collect())
}
