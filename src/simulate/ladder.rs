//! Adding up paths: a channel over a ladder of tones, and bundles of paths that are added to it.
//!
//! A path of length L and amplitude a is `a exp(-j 2π f L / c)` at every tone. The paths over one body differ in length
//! by little, so a bundle takes the carrier's phase of each path exactly and expands the rest about the bundle's middle:
//! six moments stand for any number of paths, and a tone costs one polynomial instead of one product a path.

use bevy_math::Vec3;

use super::grid::{LANES, Tones};
use crate::types::Complex32;

/// A channel on the rungs of a ladder; the padding at its end means nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Ladder {
    pub(super) re: Vec<f32>,
    pub(super) im: Vec<f32>,
}

/// Terms of the expansion. At 80 MHz, paths within 1.2 m of their middle are right to 0.2 % with six.
const N_MOMENTS: usize = 6;
/// 1 / n!
const FACTORIALS: [f32; N_MOMENTS] = [1.0, 1.0, 0.5, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0];
/// Paths farther from the middle of their bundle than this phase over half the band are added one by one.
const MAX_EDGE_RAD: f32 = 1.6;

/// Paths of one body between two antennas.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundle {
    lengths_m: Vec<f32>,
    amplitudes: Vec<f32>,
    /// Each path's wave at the carrier.
    cos: Vec<f32>,
    sin: Vec<f32>,
}

impl Bundle {
    pub(super) fn clear(&mut self) {
        self.lengths_m.clear();
        self.amplitudes.clear();
    }

    pub(super) fn push(&mut self, length_m: f32, amplitude: f32) {
        self.lengths_m.push(length_m);
        self.amplitudes.push(amplitude);
    }

    #[inline(always)]
    fn turn(&mut self, cycles_per_m: f32) {
        self.cos.resize(self.lengths_m.len(), 0.0);
        self.sin.resize(self.lengths_m.len(), 0.0);
        for ((length, cos), sin) in self.lengths_m.iter().zip(&mut self.cos).zip(&mut self.sin) {
            (*sin, *cos) = sin_cos_cycles(-cycles_per_m * length);
        }
    }

    /// The shortest and the longest length.
    #[inline(always)]
    fn ends(&self) -> (f32, f32) {
        let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let (groups, rest) = self.lengths_m.as_chunks::<LANES>();
        for group in groups {
            for lane in 0..LANES {
                low[lane] = if group[lane] < low[lane] { group[lane] } else { low[lane] };
                high[lane] = if group[lane] > high[lane] { group[lane] } else { high[lane] };
            }
        }
        let low = low.iter().chain(rest).fold(f32::INFINITY, |low, &length| low.min(length));
        let high = high.iter().chain(rest).fold(f32::NEG_INFINITY, |high, &length| high.max(length));
        (low, high)
    }
}

/// [`Ladder::add_bundle`] for the widest vectors that the processor has; nothing is contracted or reordered.
struct AddPaths<'a> {
    ladder: &'a mut Ladder,
    tones: &'a Tones,
    bundle: &'a mut Bundle,
}

impl pulp::WithSimd for AddPaths<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.ladder.add_paths(self.tones, self.bundle);
    }
}

impl Ladder {
    pub(super) fn zero(&mut self, tones: &Tones) {
        self.re.clear();
        self.im.clear();
        self.re.resize(tones.n_padded, 0.0);
        self.im.resize(tones.n_padded, 0.0);
    }

    pub(super) fn new(tones: &Tones) -> Self {
        let mut ladder = Self::default();
        ladder.zero(tones);
        ladder
    }

    /// Sets this to `a * share + b`.
    pub(super) fn set_sum(&mut self, a: &Self, share: f32, b: &Self) {
        let parts = |out: &mut Vec<f32>, a: &[f32], b: &[f32]| {
            out.clear();
            out.extend(a.iter().zip(b).map(|(a, b)| a * share + b));
        };
        parts(&mut self.re, &a.re, &b.re);
        parts(&mut self.im, &a.im, &b.im);
    }

    /// One path with a complex amplitude.
    pub(super) fn add_path(&mut self, tones: &Tones, length_m: f32, amplitude: Complex32) {
        let moment = amplitude * turn(-tones.middle_per_m * f64::from(length_m));
        let mut moments = [Complex32::ZERO; N_MOMENTS];
        moments[0] = moment;
        self.add_moments::<1>(tones, length_m, &moments);
    }

    /// All paths of a bundle.
    pub(super) fn add_bundle(&mut self, tones: &Tones, bundle: &mut Bundle) {
        pulp::Arch::new().dispatch(AddPaths { ladder: self, tones, bundle });
    }

    #[inline(always)]
    fn add_paths(&mut self, tones: &Tones, bundle: &mut Bundle) {
        let ends = bundle.ends();
        let middle = (ends.0 + ends.1) / 2.0;
        if !middle.is_finite() {
            return;
        }
        bundle.turn(tones.middle_per_m as f32);
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        let waves = bundle.cos.iter().zip(&bundle.sin);
        for ((&length, &amplitude), (cos, sin)) in bundle.lengths_m.iter().zip(&bundle.amplitudes).zip(waves) {
            let z = -tones.edge_rad_per_m * (length - middle);
            if z.abs() > MAX_EDGE_RAD {
                self.add_path(tones, length, Complex32::new(amplitude, 0.0));
                continue;
            }
            let mut powers = [0.0; LANES];
            let mut power = 1.0;
            for slot in powers.iter_mut().take(N_MOMENTS) {
                *slot = power;
                power *= z;
            }
            let (own_re, own_im) = (amplitude * cos, amplitude * sin);
            for lane in 0..LANES {
                re[lane] += own_re * powers[lane];
                im[lane] += own_im * powers[lane];
            }
        }
        let mut moments: [Complex32; N_MOMENTS] = std::array::from_fn(|n| Complex32::new(re[n], im[n]));
        // (j z x)^n / n!: the powers of j turn every term by a right angle.
        for (n, moment) in moments.iter_mut().enumerate() {
            let turned = match n % 4 {
                0 => *moment,
                1 => Complex32::new(-moment.im, moment.re),
                2 => -*moment,
                _ => Complex32::new(moment.im, -moment.re),
            };
            *moment = turned * FACTORIALS[n];
        }
        // As many terms as keep what is left out below a thousandth: z^n / n! of the farthest path.
        let farthest = tones.edge_rad_per_m * (ends.1 - ends.0) / 2.0;
        match farthest {
            z if z < 0.044 => self.add_moments::<2>(tones, middle, &moments),
            z if z < 0.18 => self.add_moments::<3>(tones, middle, &moments),
            z if z < 0.39 => self.add_moments::<4>(tones, middle, &moments),
            _ => self.add_moments::<N_MOMENTS>(tones, middle, &moments),
        }
    }

    /// Adds the first `N` moments about a length: a polynomial over the band, turned by the length's phase.
    #[inline(always)]
    fn add_moments<const N: usize>(&mut self, tones: &Tones, length_m: f32, moments: &[Complex32; N_MOMENTS]) {
        let length = f64::from(length_m);
        let (mut ramp_re, mut ramp_im) = ([0.0; LANES], [0.0; LANES]);
        for lane in 0..LANES {
            let wave = turn(-(tones.first_per_m + lane as f64 * tones.rung_per_m) * length);
            (ramp_re[lane], ramp_im[lane]) = (wave.re, wave.im);
        }
        let step = turn(-(LANES as f64) * tones.rung_per_m * length);
        let (re, _) = self.re.as_chunks_mut::<LANES>();
        let (im, _) = self.im.as_chunks_mut::<LANES>();
        let (places, _) = tones.places.as_chunks::<LANES>();
        let all = |value: f32| [value; LANES];
        for ((re, im), places) in re.iter_mut().zip(im).zip(places) {
            let (mut sum_re, mut sum_im) = (all(moments[N - 1].re), all(moments[N - 1].im));
            for moment in moments[..N - 1].iter().rev() {
                sum_re = add(mul(sum_re, *places), all(moment.re));
                sum_im = add(mul(sum_im, *places), all(moment.im));
            }
            *re = add(*re, sub(mul(sum_re, ramp_re), mul(sum_im, ramp_im)));
            *im = add(*im, add(mul(sum_re, ramp_im), mul(sum_im, ramp_re)));
            let turned = sub(mul(ramp_re, all(step.re)), mul(ramp_im, all(step.im)));
            ramp_im = add(mul(ramp_re, all(step.im)), mul(ramp_im, all(step.re)));
            ramp_re = turned;
        }
    }

    /// The values of a frame in the format's order; zero where it carries nothing.
    pub(super) fn values<'a>(&'a self, tones: &'a Tones) -> impl Iterator<Item = Complex32> + 'a {
        tones.rungs.iter().map(|rung| match rung {
            Some(rung) => {
                let at = usize::from(*rung);
                match (self.re.get(at), self.im.get(at)) {
                    (Some(&re), Some(&im)) => Complex32::new(re, im),
                    _ => Complex32::ZERO,
                }
            }
            None => Complex32::ZERO,
        })
    }

    /// Mean power over the tones that carry signal.
    pub(super) fn mean_power(&self, tones: &Tones) -> f32 {
        let n_live = tones.rungs.iter().flatten().count();
        self.values(tones).map(|value| value.norm_sqr()).sum::<f32>() / n_live.max(1) as f32
    }
}

type Lanes = [f32; LANES];

#[inline(always)]
fn add(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

#[inline(always)]
fn sub(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane] - b[lane])
}

#[inline(always)]
fn mul(a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

/// One whole turn is one cycle; only the fraction counts, and it is taken before precision is given up.
#[inline(always)]
pub(super) fn turn(cycles: f64) -> Complex32 {
    let (sin, cos) = sin_cos_cycles((cycles - cycles.round()) as f32);
    Complex32::new(cos, sin)
}

/// Sine and cosine of a number of whole turns, right to 4e-7: polynomials over an eighth of a turn, without branches,
/// so that a loop over paths runs in vectors.
#[inline(always)]
fn sin_cos_cycles(cycles: f32) -> (f32, f32) {
    let quarters = (cycles * 4.0).round();
    let x = (cycles - quarters * 0.25) * std::f32::consts::TAU;
    let x2 = x * x;
    // Taylor series over ±π/4; the first term left out is below 3e-7.
    let sin = x * (1.0 + x2 * (-1.0 / 6.0 + x2 * (1.0 / 120.0 + x2 * (-1.0 / 5_040.0 + x2 / 362_880.0))));
    let cos = 1.0 + x2 * (-0.5 + x2 * (1.0 / 24.0 + x2 * (-1.0 / 720.0 + x2 / 40_320.0)));
    // By quarters: (sin, cos), (cos, -sin), (-sin, -cos), (-cos, sin).
    // Added to this, a whole number stands in the lowest bits.
    let quarter = (quarters + 12_582_912.0).to_bits();
    let (s, c) = if quarter & 1 == 0 { (sin, cos) } else { (cos, sin) };
    (if quarter & 2 == 0 { s } else { -s }, if (quarter + 1) & 2 == 0 { c } else { -c })
}

/// Length of the way over a point, and `1 / (d1 d2)`; a point closer than 0.3 m is no longer small.
pub(super) fn bistatic(from: Vec3, point: Vec3, to: Vec3) -> (f32, f32) {
    let (d1, d2) = (from.distance(point), point.distance(to));
    (d1 + d2, 1.0 / (d1.max(0.3) * d2.max(0.3)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::grid::RadioFormat;

    #[test]
    fn sines_are_right() {
        for i in -10_000..10_000 {
            let cycles = i as f32 * 0.000_713;
            let (sin, cos) = sin_cos_cycles(cycles);
            let exact = (f64::from(cycles) * std::f64::consts::TAU).sin_cos();
            assert!((f64::from(sin) - exact.0).abs() < 2e-6 && (f64::from(cos) - exact.1).abs() < 2e-6, "{cycles}");
        }
    }

    /// Six moments for 31 paths within a body's size, against every path added up exactly.
    #[test]
    fn a_bundle_equals_its_paths() {
        for format in RadioFormat::ALL {
            let tones = Tones::new(format, 64, 40);
            let (mut bundle, mut exact) = (Bundle::default(), Ladder::new(&tones));
            for i in 0..31 {
                let (length, amplitude) = (6.0 + ((i * 7) % 31) as f32 * 0.05, 0.1 + 0.01 * i as f32);
                bundle.push(length, amplitude);
                exact.add_path(&tones, length, Complex32::new(amplitude, 0.0));
            }
            let mut sum = Ladder::new(&tones);
            sum.add_bundle(&tones, &mut bundle);
            let error: f32 = sum.values(&tones).zip(exact.values(&tones)).map(|(a, b)| (a - b).norm_sqr()).sum::<f32>();
            let power: f32 = exact.values(&tones).map(|value| value.norm_sqr()).sum();
            assert!(error < 1e-5 * power, "{format:?}: {}", (error / power).sqrt());
        }
    }
}
