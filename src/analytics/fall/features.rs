//! What a burst of movement was like, in 50 figures without unit or level: how long, how steep, how fast, what follows.
//!
//! Goes in: clean amplitudes and their burst. Comes out: one number per name of [`NAMES`]. All are ratios, times or
//! frequencies, so that gain, distance and chip do not enter; none says when in the stretch the burst came. Recipe and
//! facts: `spec/falls.md` section 3.4; the speed figure follows WiSpeed (Zhang et al., IEEE IoT Journal 2018).

use nalgebra::{DMatrix, SymmetricEigen};

use super::super::burst::Burst;
use super::super::clean::{Clean, RATE_HZ};
use super::super::order::quantile;
use super::super::spectrogram::{N_FREQUENCIES, Spectrogram, spectrogram};

/// Edges of the bands whose shares are features, Hz.
const BAND_EDGES_HZ: [f64; 8] = [1.5, 3.0, 4.6, 6.3, 9.4, 12.6, 15.7, 25.1];
/// Lags of the autocorrelation that are features, samples of 20 ms.
const LAGS: [usize; 6] = [1, 2, 3, 5, 8, 12];
/// Samples between two frames of the spectrogram.
const HOP: usize = 4;

/// The names of the features, in order.
pub const NAMES: [&str; 50] = [
    "half of the movement within, s",
    "80 % of the movement within, s",
    "95 % of the movement within, s",
    "evenness of the movement",
    "rise from 50 %, s",
    "rise from 10 %, s",
    "decay to 50 %, s",
    "decay to 10 %, s",
    "rise over decay, log",
    "rise over length, log",
    "decay over length, log",
    "length of the burst, s",
    "energy 2 s after over peak, log",
    "energy 2 s before over peak, log",
    "energy after over before, log",
    "share before the peak",
    "share of the time near the peak",
    "number of peaks",
    "peakedness, log",
    "movement outside the burst, log",
    "share 1.5-3 Hz, log",
    "share 3-4.6 Hz, log",
    "share 4.6-6.3 Hz, log",
    "share 6.3-9.4 Hz, log",
    "share 9.4-12.6 Hz, log",
    "share 12.6-15.7 Hz, log",
    "share 15.7-25 Hz, log",
    "mean frequency, Hz",
    "spread of frequency, Hz",
    "frequency of 50 %, Hz",
    "frequency of 85 %, Hz",
    "mean frequency before less at peak, Hz",
    "mean frequency after less at peak, Hz",
    "mean frequency after less before, Hz",
    "highest mean frequency, Hz",
    "fast movement after slow, s",
    "autocorrelation at 20 ms",
    "autocorrelation at 40 ms",
    "autocorrelation at 60 ms",
    "autocorrelation at 100 ms",
    "autocorrelation at 160 ms",
    "autocorrelation at 240 ms",
    "speed figure, mean, Hz",
    "speed figure, fast, Hz",
    "speed figure, slow, Hz",
    "speed figure, change at peak, Hz",
    "share of the first component",
    "share of the second component",
    "effective number of components",
    "change of the still channel, log",
];

/// The features of a stretch around its burst, as many as [`NAMES`], all finite.
pub fn features(clean: &Clean, burst: &Burst) -> Vec<f64> {
    let mut out = Vec::with_capacity(NAMES.len());
    shape(burst, &mut out);
    spectrum(&spectrogram(clean, HOP), burst, &mut out);
    speed(clean, burst, &mut out);
    structure(clean, burst, &mut out);
    out.iter_mut().filter(|value| !value.is_finite()).for_each(|value| *value = 0.0);
    out
}

/// How the energy is spread in time.
fn shape(burst: &Burst, out: &mut Vec<f64>) {
    let Burst { excess, peak, .. } = burst;
    let total: f64 = excess.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let shares: Vec<f64> = excess.iter().map(|s| s / total).collect();
    let widths = [0.5, 0.8, 0.95].map(|share| shortest_holding(&shares, share));
    let n = shares.len().max(2) as f64;
    let entropy: f64 = shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
    let highest = excess.get(*peak).copied().unwrap_or(0.0);
    let away = |forward: bool, share: f64| -> f64 {
        let below = |at: &usize| excess.get(*at).is_none_or(|s| *s <= share * highest);
        let found = if forward { (*peak..excess.len()).find(below) } else { (0..*peak).rev().find(below) };
        let end = if forward { excess.len() } else { 0 };
        found.unwrap_or(end).abs_diff(*peak) as f64 / RATE_HZ
    };
    let (rise_50, rise_10) = (away(false, 0.5), away(false, 0.1));
    let (decay_50, decay_10) = (away(true, 0.5), away(true, 0.1));
    out.extend(widths);
    out.push(entropy / n.ln());
    out.extend([rise_50, rise_10, decay_50, decay_10]);
    out.push(((rise_10 + 0.1) / (decay_10 + 0.1)).ln());
    out.push(((rise_50 + 0.05) / (widths[1] + 0.1)).ln());
    out.push(((decay_50 + 0.05) / (widths[1] + 0.1)).ln());
    out.push(burst.secs());
    let energy = |from: usize, to: usize| mean_of(&burst.energy, from, to);
    let at_peak = energy(peak.saturating_sub(12), peak + 13).unwrap_or(burst.floor);
    let log_ratio = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) if a > 0.0 && b > 0.0 => (a / b).ln(),
        _ => 0.0,
    };
    out.push(log_ratio(energy(burst.end, burst.end + 100), Some(at_peak)));
    out.push(log_ratio(energy(burst.start.saturating_sub(100), burst.start), Some(at_peak)));
    out.push(log_ratio(energy(burst.end, burst.energy.len()), energy(0, burst.start)));
    out.push(shares.iter().take(*peak).sum());
    out.push(excess.iter().filter(|s| **s > 0.1 * highest).count() as f64 / n);
    let peaks = excess.windows(3).filter(|w| matches!(w, [a, b, c] if b > a && b >= c && *b > 0.2 * highest)).count();
    out.push(peaks as f64);
    let mean = total / n;
    let moment = |power: i32| excess.iter().map(|s| (s - mean).powi(power)).sum::<f64>() / n;
    out.push((moment(4) / moment(2).powi(2).max(f64::MIN_POSITIVE)).ln());
    let outside: f64 = shares.iter().take(burst.start).chain(shares.iter().skip(burst.end)).sum();
    out.push((outside + 1e-3).ln());
}

/// Length of the shortest stretch that holds a share of the movement, seconds.
fn shortest_holding(shares: &[f64], share: f64) -> f64 {
    let (mut shortest, mut from, mut held) = (shares.len(), 0, 0.0);
    for (to, value) in shares.iter().enumerate() {
        held += value;
        while held >= share {
            shortest = shortest.min(to + 1 - from);
            held -= shares.get(from).copied().unwrap_or(0.0);
            from += 1;
        }
    }
    shortest as f64 / RATE_HZ
}

/// Mean over a range that has at least half a second within the values.
fn mean_of(values: &[f64], from: usize, to: usize) -> Option<f64> {
    let part = values.get(from..to.min(values.len()))?;
    (part.len() >= 25).then(|| part.iter().sum::<f64>() / part.len() as f64)
}

/// Which frequencies the burst has, and how they change across it.
fn spectrum(spectrogram: &Spectrogram, burst: &Burst, out: &mut Vec<f64>) {
    let noise = spectrogram.floor(0.2);
    let above: Vec<[f64; N_FREQUENCIES]> = spectrogram
        .power
        .iter()
        .map(|frame| std::array::from_fn(|f| (frame[f] - 1.5 * noise[f]).max(0.0) + 1e-14))
        .collect();
    let centre = spectrogram.frame_at(burst.peak);
    let hz = Spectrogram::frequency_hz;
    // Half a second to each side of the peak.
    let around = above.get(centre.saturating_sub(6)..(centre + 7).min(above.len())).unwrap_or_default();
    let at_peak: [f64; N_FREQUENCIES] = std::array::from_fn(|f| around.iter().map(|frame| frame[f]).sum());
    let total: f64 = at_peak.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let shares = at_peak.map(|power| power / total);
    for edges in BAND_EDGES_HZ.windows(2) {
        let inside = |f: &usize| matches!(edges, [low, high] if hz(*f) >= *low && hz(*f) < *high);
        let share: f64 = (0..N_FREQUENCIES).filter(inside).map(|f| shares[f]).sum();
        out.push((share + 1e-4).ln());
    }
    let mean: f64 = (0..N_FREQUENCIES).map(|f| hz(f) * shares[f]).sum();
    let spread: f64 = (0..N_FREQUENCIES).map(|f| (hz(f) - mean).powi(2) * shares[f]).sum();
    let reached = |share: f64| {
        let mut sum = 0.0;
        let found = (0..N_FREQUENCIES).find(|f| {
            sum += shares[*f];
            sum >= share
        });
        hz(found.unwrap_or(N_FREQUENCIES - 1))
    };
    out.extend([mean, spread.sqrt(), reached(0.5), reached(0.85)]);
    let weight = |frame: &[f64; N_FREQUENCIES]| frame.iter().sum::<f64>();
    let moment = |frame: &[f64; N_FREQUENCIES]| (0..N_FREQUENCIES).map(|f| hz(f) * frame[f]).sum::<f64>();
    let mean_between = |from: usize, to: usize| {
        let part = above.get(from..to.min(above.len())).filter(|part| !part.is_empty());
        part.map_or(mean, |part| part.iter().map(moment).sum::<f64>() / part.iter().map(weight).sum::<f64>())
    };
    let before = mean_between(centre.saturating_sub(15), centre.saturating_sub(3)) - mean;
    let after = mean_between(centre + 4, centre + 16) - mean;
    out.extend([before, after, after - before]);
    let strongest = above.iter().map(weight).fold(0.0, f64::max);
    let loud = above.iter().filter(|frame| weight(frame) > 0.05 * strongest);
    out.push(quantile(loud.map(|frame| moment(frame) / weight(frame)).collect(), 0.95).unwrap_or(0.0));
    let peak_of = |inside: fn(f64) -> bool| {
        let power =
            |frame: &[f64; N_FREQUENCIES]| (0..N_FREQUENCIES).filter(|f| inside(hz(*f))).map(|f| frame[f]).sum();
        let powers = super::super::burst::smooth(&above.iter().map(power).collect::<Vec<f64>>(), 5);
        (0..powers.len()).max_by(|a, b| powers[*a].total_cmp(&powers[*b])).unwrap_or(0) as f64
    };
    out.push((peak_of(|f| f > 8.0) - peak_of(|f| f < 5.0)) * HOP as f64 / RATE_HZ);
}

/// How fast the channel changes: a faster body decorrelates it sooner.
fn speed(clean: &Clean, burst: &Burst, out: &mut Vec<f64>) {
    let width = clean.n_columns();
    let n = clean.len();
    // 1.2 s around the peak.
    let lagged = autocorrelation(clean, burst.peak.saturating_sub(30)..(burst.peak + 31).min(n), 12);
    out.extend(LAGS.map(|lag| lagged.get(lag).copied().unwrap_or(0.0)));
    let (mut speeds, mut weights) = (Vec::new(), Vec::new());
    for start in (0..n.saturating_sub(25)).step_by(5) {
        let range = start..start + 25;
        let lag_1 = autocorrelation(clean, range.clone(), 1).get(1).copied().unwrap_or(1.0);
        speeds.push((2.0 * (1.0 - lag_1)).max(0.0).sqrt() * RATE_HZ / std::f64::consts::TAU);
        weights.push(variation(clean, range, width));
    }
    let heaviest = weights.iter().copied().fold(0.0, f64::max);
    let moving: Vec<(f64, f64)> =
        speeds.iter().copied().zip(weights.iter().copied()).filter(|(_, w)| *w > 0.1 * heaviest).collect();
    let total: f64 = moving.iter().map(|(_, w)| w).sum();
    out.push(moving.iter().map(|(s, w)| s * w).sum::<f64>() / total.max(f64::MIN_POSITIVE));
    let at = |share: f64| quantile(moving.iter().map(|(s, _)| *s).collect(), share).unwrap_or(0.0);
    out.extend([at(0.9), at(0.1)]);
    let middle = (0..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b])).unwrap_or(0);
    let mean = |part: Option<&[f64]>| part.filter(|p| !p.is_empty()).map(|p| p.iter().sum::<f64>() / p.len() as f64);
    let after = mean(speeds.get(middle + 1..(middle + 6).min(speeds.len())));
    let before = mean(speeds.get(middle.saturating_sub(6)..middle));
    out.push(after.zip(before).map_or(0.0, |(a, b)| a - b));
}

/// Correlation of the columns with themselves, summed over columns and divided by lag 0; empty where nothing moves.
pub fn autocorrelation(clean: &Clean, range: std::ops::Range<usize>, max_lag: usize) -> Vec<f64> {
    let (n, width) = (range.len(), clean.n_columns());
    let Some(rows) = clean.rows.get(range.start * width..range.end * width) else { return Vec::new() };
    let mut sums = vec![0.0; max_lag + 1];
    let mut signal = Vec::with_capacity(n);
    for column in 0..width {
        signal.clear();
        signal.extend(rows.iter().skip(column).step_by(width).copied());
        let mean = signal.iter().sum::<f64>() / n.max(1) as f64;
        signal.iter_mut().for_each(|v| *v -= mean);
        for (lag, sum) in sums.iter_mut().enumerate().take(n) {
            let products: f64 = signal.iter().zip(signal.iter().skip(lag)).map(|(a, b)| a * b).sum();
            *sum += products / (n - lag) as f64;
        }
    }
    match sums.first().copied() {
        Some(first) if first > 0.0 => sums.iter().map(|sum| sum / first).collect(),
        _ => Vec::new(),
    }
}

/// Sum of squares around the columns' means.
fn variation(clean: &Clean, range: std::ops::Range<usize>, width: usize) -> f64 {
    let n = range.len() as f64;
    let Some(rows) = clean.rows.get(range.start * width..range.end * width) else { return 0.0 };
    (0..width)
        .map(|column| {
            let values = || rows.iter().skip(column).step_by(width);
            let mean = values().sum::<f64>() / n;
            values().map(|v| (v - mean) * (v - mean)).sum::<f64>()
        })
        .sum()
}

/// How many things move, and whether the room is the same afterwards.
fn structure(clean: &Clean, burst: &Burst, out: &mut Vec<f64>) {
    let (n, width) = (clean.len(), clean.n_columns());
    let range = burst.peak.saturating_sub(25)..(burst.peak + 26).min(n);
    let rows = burst.band.get(range.start * width..range.end * width).unwrap_or_default();
    let mut table = DMatrix::from_row_slice(range.len(), width, rows);
    let power = table.norm_squared() / (range.len() * width).max(1) as f64;
    for mut column in table.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
    }
    let mut values: Vec<f64> = SymmetricEigen::try_new(table.transpose() * &table, 1e-12, 10_000)
        .map(|eigen| eigen.eigenvalues.iter().map(|v| v.max(0.0)).collect())
        .unwrap_or_default();
    values.sort_by(|a, b| b.total_cmp(a));
    let total: f64 = values.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let share = |at: usize| values.get(at).copied().unwrap_or(0.0) / total;
    let entropy: f64 = values.iter().map(|v| v / total).filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    out.extend([share(0), share(1), entropy.exp()]);
    // The mean channel of two seconds before and after, half a second at least.
    let mean = |from: usize, to: usize| -> Vec<f64> {
        let rows = clean.rows.get(from * width..to.min(n) * width).unwrap_or_default();
        let count = (rows.len() / width.max(1)).max(1) as f64;
        (0..width).map(|column| rows.iter().skip(column).step_by(width).sum::<f64>() / count).collect()
    };
    let before = mean(burst.start.saturating_sub(100), burst.start.max(25));
    let after = mean(burst.end.min(n.saturating_sub(25)), burst.end + 100);
    let change: f64 = before.iter().zip(&after).map(|(b, a)| (a - b) * (a - b)).sum::<f64>() / width.max(1) as f64;
    out.push((change.sqrt() / (power.sqrt() + 1e-9) + 1e-3).ln());
}
