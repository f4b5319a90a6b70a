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

/// Columns that are filtered side by side: each waits for its own last value, all together for none.
const LANES: usize = 16;

/// Filters each column of `[sample][column]` forwards and backwards, so that nothing is delayed; the ends are extended by
/// reflection about the end points. A column comes out the same whatever stands beside it.
///
/// `None` where the signal is not longer than that extension (three times the number of filter coefficients).
pub fn sosfiltfilt(sections: &[Section], values: &[f64], width: usize) -> Option<Vec<f64>> {
    let n = values.len().checked_div(width)?;
    let pad = 3 * (2 * sections.len() + 1);
    if n <= pad {
        return None;
    }
    let mut filtered = vec![0.0; n * width];
    let mut extended = vec![[0.0; LANES]; n + 2 * pad];
    for first in (0..width).step_by(LANES) {
        let lanes = first..(first + LANES).min(width);
        pulp::Arch::new().dispatch(Group { sections, values, width, lanes, pad, extended: &mut extended });
        for (row, lane) in filtered.chunks_exact_mut(width).zip(extended.iter().skip(pad)) {
            row.iter_mut().skip(first).zip(lane).for_each(|(to, from)| *to = *from);
        }
    }
    Some(filtered)
}

/// Some columns on their way there and back, for the widest vectors that the processor has.
struct Group<'a> {
    sections: &'a [Section],
    values: &'a [f64],
    width: usize,
    lanes: std::ops::Range<usize>,
    pad: usize,
    extended: &'a mut [[f64; LANES]],
}

impl pulp::WithSimd for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        load(self.extended, self.values, self.width, self.lanes, self.pad);
        pass(self.sections, self.extended.iter_mut());
        pass(self.sections, self.extended.iter_mut().rev());
    }
}

/// Some columns, with both ends reflected.
#[inline(always)]
fn load(extended: &mut [[f64; LANES]], values: &[f64], width: usize, lanes: std::ops::Range<usize>, pad: usize) {
    let n = extended.len() - 2 * pad;
    let row = |at: usize| values.get(at * width..).and_then(|rest| rest.get(lanes.clone())).unwrap_or_default();
    let (first, last) = (row(0), row(n - 1));
    for (at, lane) in extended.iter_mut().enumerate() {
        let (end, inside) = match at {
            _ if at < pad => (Some(first), pad - at),
            _ if at < pad + n => (None, at - pad),
            _ => (Some(last), 2 * (n - 1) - (at - pad)),
        };
        match end {
            Some(end) => {
                lane.iter_mut().zip(end.iter().zip(row(inside))).for_each(|(to, (end, v))| *to = 2.0 * end - v)
            }
            None => lane.iter_mut().zip(row(inside)).for_each(|(to, v)| *to = *v),
        }
    }
}

/// One way over all samples, settled on the first.
#[inline(always)]
fn pass<'a>(sections: &[Section], samples: impl Iterator<Item = &'a mut [f64; LANES]>) {
    let mut samples = samples.peekable();
    let mut input = samples.peek().map_or([0.0; LANES], |first| **first);
    let mut state = Vec::with_capacity(sections.len());
    for section in sections {
        let settled = |input: f64| {
            let output = input * section.b.iter().sum::<f64>() / (1.0 + section.a[0] + section.a[1]);
            (output, [output - section.b[0] * input, section.b[2] * input - section.a[1] * output])
        };
        state.push([input.map(|input| settled(input).1[0]), input.map(|input| settled(input).1[1])]);
        input = input.map(|input| settled(input).0);
    }
    for sample in samples {
        let mut x = *sample;
        for (section, [s0, s1]) in sections.iter().zip(&mut state) {
            for lane in 0..LANES {
                let y = section.b[0] * x[lane] + s0[lane];
                s0[lane] = section.b[1] * x[lane] - section.a[0] * y + s1[lane];
                s1[lane] = section.b[2] * x[lane] - section.a[1] * y;
                x[lane] = y;
            }
        }
        *sample = x;
    }
}
