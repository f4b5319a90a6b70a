//! Signal processing against NumPy and SciPy (tests/data/signal/make.py), and against physics with known answers.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use corporeal::signal::amplitude::{Hampel, hampel};
use corporeal::signal::bins::choose_bins;
use corporeal::signal::gauge::{GaugeFitter, dynamic_part, fix_batch};
use corporeal::signal::pca::{StreamingPca, pca};
use corporeal::signal::transmitters::{Candidate, rank};
use corporeal::signal::{Products, StreamConfig, StreamProcessor, filter, phase, resample, spectrum};
use corporeal::types::{
    Channel, Complex32, CsiFrame, FrameFlags, Hardware, LinkId, LtfField, NodeId, Segment, Subcarriers, Timestamp,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

fn golden(key: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/signal/golden.json");
    let text = std::fs::read_to_string(path).expect("golden.json is there");
    serde_json::from_str::<Value>(&text).expect("golden.json is JSON")[key].clone()
}

fn reals(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn singles(value: &Value) -> Vec<f32> {
    reals(value).into_iter().map(|v| v as f32).collect()
}

fn complexes(value: &Value) -> Vec<Complex32> {
    super::golden::pairs(value).into_iter().map(|(re, im)| Complex32::new(re, im)).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    value.as_array().expect("a list").iter().map(|v| v.as_bool().expect("a flag")).collect()
}

fn numbers(value: &Value) -> Vec<i16> {
    reals(value).into_iter().map(|v| v as i16).collect()
}

/// Largest difference relative to the largest expected value.
#[track_caller]
fn check_close(
    what: &str,
    got: impl IntoIterator<Item = f64>,
    expected: impl IntoIterator<Item = f64>,
    tolerance: f64,
) {
    let (got, expected): (Vec<f64>, Vec<f64>) = (got.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(got.len(), expected.len(), "{what}: length");
    let size = expected.iter().fold(0.0_f64, |size, v| size.max(v.abs()));
    for (i, (g, e)) in got.iter().zip(&expected).enumerate() {
        assert!((g - e).abs() <= tolerance * size, "{what}[{i}]: got {g}, expected {e}, largest {size}");
    }
}

fn wide(values: &[f32]) -> impl Iterator<Item = f64> + '_ {
    values.iter().map(|&v| f64::from(v))
}

fn flat(values: &[Complex32]) -> impl Iterator<Item = f64> + '_ {
    values.iter().flat_map(|v| [f64::from(v.re), f64::from(v.im)])
}

#[test]
fn hampel_replaces_what_the_textbook_replaces() {
    let case = golden("hampel");
    let x = singles(&case["x"]);
    let (y, replaced) = hampel(&x, 3, 3.0);
    assert_eq!(replaced, flags(&case["replaced"]));
    check_close("hampel", wide(&y), reals(&case["y"]), 1e-6);
}

#[test]
fn running_hampel_takes_out_a_spike_and_lets_a_step_through() {
    let mut filter = Hampel::new(7, 3.0);
    let ramp = |i: usize| i as f32 * 0.01;
    for i in 0..20 {
        assert!(!filter.push(ramp(i)).1, "a slow ramp at {i}");
    }
    let (value, replaced) = filter.push(50.0);
    assert!(replaced && value < 0.25);
    let passed = (0..7).filter(|_| !filter.push(5.0).1).count();
    assert!(passed >= 3, "a step that stays is believed after half a window");
}

#[test]
fn butterworth_filters_equal_scipy() {
    for case in golden("filters").as_array().expect("a list") {
        let number = |key: &str| case[key].as_f64().expect("a number");
        let order = number("order") as usize;
        let sections = filter::butterworth_band_pass(order, number("low"), number("high"), number("rate"));
        let sections = sections.expect("a possible band");
        assert_eq!(sections.len(), order);
        let x = reals(&case["x"]);
        check_close("sosfilt", filter::sosfilt(&sections, &x), reals(&case["causal"]), 1e-7);
        let both = filter::sosfiltfilt(&sections, &x).expect("long enough");
        check_close("sosfiltfilt", both, reals(&case["zero_phase"]), 1e-7);
    }
    assert_eq!(filter::butterworth_band_pass(2, 5.0, 60.0, 100.0), None, "above half the rate");
    let short = filter::butterworth_band_pass(4, 1.0, 2.0, 10.0).expect("a possible band");
    assert_eq!(filter::sosfiltfilt(&short, &[1.0; 27]), None, "too short to extend");
}

#[test]
fn spectrogram_and_autocorrelation_equal_numpy() {
    let case = golden("spectrogram");
    let len = case["len"].as_u64().expect("a count") as usize;
    let rows = spectrum::spectrogram(&complexes(&case["x"]), len, case["hop"].as_u64().expect("a count") as usize);
    let expected = case["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), expected.len());
    for (row, expected) in rows.iter().zip(expected) {
        check_close("power", wide(row), reals(expected), 1e-5);
    }
    let hz = spectrum::PowerSpectrum::new(len).frequencies_hz(50.0);
    check_close("frequencies", wide(&hz), reals(&case["hz"]), 1e-6);

    let case = golden("autocorrelation");
    let y = spectrum::autocorrelation(&singles(&case["x"]), 40);
    check_close("autocorrelation", wide(&y), reals(&case["y"]), 1e-5);
    assert!(spectrum::autocorrelation(&[3.0; 50], 10).is_empty(), "nothing moves");
}

#[test]
fn principal_components_equal_the_singular_value_decomposition() {
    let case = golden("pca");
    let x: Vec<Vec<f64>> = case["x"].as_array().expect("rows").iter().map(reals).collect();
    let found = pca(&x, 3).expect("a table");
    check_close("variances", found.variances.iter().copied(), reals(&case["variances"]), 1e-8);
    for (component, expected) in found.components.iter().zip(case["components"].as_array().expect("rows")) {
        check_close("component", component.iter().copied(), reals(expected), 1e-6);
    }
    check_close("scores", found.scores(&x[17]), reals(&case["scores"]), 1e-6);
    assert!(pca(&[vec![1.0, 2.0]], 1).is_none(), "one row has no variance");
}

#[test]
fn running_components_find_the_same_directions() {
    let case = golden("running_pca");
    let mut running = StreamingPca::new(12, 2, 2_000.0);
    let mut scores = Vec::new();
    for row in case["x"].as_array().expect("rows") {
        running.push(&singles(row), &mut scores);
        assert!(scores.len() == 2 && scores.iter().all(|s| s.is_finite()));
    }
    for ((component, _), expected) in running.components().iter().zip(case["components"].as_array().expect("rows")) {
        let along: f32 = component.iter().zip(singles(expected)).map(|(a, b)| a * b).sum();
        assert!(along.abs() > 0.995, "cosine {along}");
    }
}

#[test]
fn phase_is_unwrapped_and_levelled_as_numpy_does() {
    let case = golden("phase");
    let numbers = numbers(&case["numbers"]);
    let row = complexes(&case["h"]);
    check_close("phase", wide(&phase::sanitised_phase(&row, &numbers)), reals(&case["y"]), 1e-5);
    let turned: Vec<Complex32> =
        row.iter().zip(&numbers).map(|(h, &k)| h * Complex32::cis(1.0 + 0.05 * f32::from(k))).collect();
    let before = phase::csi_ratio(&row, &turned);
    assert!(before.iter().flatten().all(|ratio| (ratio.norm() - 1.0).abs() < 1e-5));
    let product = phase::conjugate_product(&turned, &row);
    assert!(product.iter().zip(&numbers).all(|(p, &k)| {
        let difference = p.arg() - (1.0 + 0.05 * f32::from(k));
        (difference - TAU * (difference / TAU).round()).abs() < 1e-4
    }));
}

#[test]
fn resampling_interpolates_and_marks_gaps() {
    let case = golden("resample");
    let times: Vec<Timestamp> = reals(&case["t_ms"]).iter().map(|t| Timestamp::from_secs_f64(t * 1e-3)).collect();
    let uniform = resample::resample(&times, &complexes(&case["z"]), 1, 100.0, 0.05);
    assert_eq!(uniform.valid, flags(&case["valid"]));
    check_close("values", flat(&uniform.rows), flat(&complexes(&case["y"])), 1e-5);
    assert!(uniform.times.windows(2).all(|pair| pair[1].since(pair[0]) == 10_000_000));
}

#[test]
fn gauge_fixing_equals_a_general_least_squares_solver() {
    for case in golden("gauge").as_array().expect("a list") {
        let name = case["name"].as_str().expect("a name");
        let numbers = numbers(&case["numbers"]);
        let rows: Vec<Complex32> = case["h"].as_array().expect("rows").iter().flat_map(complexes).collect();
        let width = rows.len() / case["h"].as_array().expect("rows").len();
        let fixed = fix_batch(&rows, &numbers, width, 0, 2).expect("there is energy");
        check_close(name, flat(&fixed.mean), flat(&complexes(&case["mean"])), 1e-4);
        let expected: Vec<Complex32> = case["y"].as_array().expect("rows").iter().flat_map(complexes).collect();
        check_close(name, flat(&fixed.rows), flat(&expected), 1e-4);
        for (gauge, expected) in fixed.gauges.iter().zip(case["gauges"].as_array().expect("rows")) {
            let (gauge, expected) = (gauge.expect("fitted"), singles(expected));
            assert!((gauge.gain / expected[0] - 1.0).abs() < 1e-4, "{name}: gain {} {}", gauge.gain, expected[0]);
            let turn = (gauge.phase_rad - expected[1]) / TAU;
            assert!((turn - turn.round()).abs() < 1e-4, "{name}: phase {} {}", gauge.phase_rad, expected[1]);
            assert!((gauge.slope_rad - expected[2]).abs() < 1e-5, "{name}: slope {} {}", gauge.slope_rad, expected[2]);
        }
    }
}

#[test]
fn a_frame_without_energy_has_no_gauge() {
    let mut fitter = GaugeFitter::new(&[-2, -1, 1, 2]);
    let some = [Complex32::ONE; 4];
    assert_eq!(fitter.fit(&[Complex32::ZERO; 4], &some), None);
    assert_eq!(fitter.fit(&some, &[Complex32::ZERO; 4]), None);
    assert_eq!(fitter.fit(&some[..3], &some), None, "a row of another width");
    assert!(fix_batch(&[Complex32::ZERO; 8], &[-2, -1, 1, 2], 4, 0, 2).is_none());
}

/// A room with a static channel and one moving path, as a radio with its own clock and gain control sees it.
struct Scene {
    numbers: Vec<i16>,
    n_chains: u8,
    rate_hz: f64,
    doppler_hz: f32,
    /// Amplitude of the moving path relative to the static channel.
    moving: f32,
    /// Extra delay of the moving path, and how much its phase differs between neighbouring antennas.
    delay_ns: f32,
    antenna_rad: f32,
    jitter: f64,
    gain_spread: f32,
    rng: SmallRng,
}

const SPACING_HZ: f32 = 312_500.0;

impl Scene {
    fn new(numbers: Vec<i16>, rate_hz: f64, doppler_hz: f32) -> Self {
        Self {
            numbers,
            n_chains: 1,
            rate_hz,
            doppler_hz,
            moving: 0.1,
            delay_ns: 25.0,
            antenna_rad: 0.0,
            jitter: 0.1,
            gain_spread: 0.05,
            rng: SmallRng::seed_from_u64(7),
        }
    }

    fn noise(&mut self, sigma: f32) -> f32 {
        // A sum of uniform numbers is normal enough here.
        (0..6).map(|_| self.rng.random_range(-1.0..1.0_f32)).sum::<f32>() * sigma / 2.0_f32.sqrt()
    }

    fn frame(&mut self, t: f64) -> CsiFrame {
        let (gain, turn) = (30.0 * (1.0 + self.noise(self.gain_spread)), self.rng.random_range(-PI..PI));
        let slope = self.noise(1.5) / 60.0;
        let mut values = Vec::new();
        for chain in 0..self.n_chains {
            let (chain_phase, antenna_turn) = (f32::from(chain) * 1.3, f32::from(chain) * self.antenna_rad);
            for k in self.numbers.clone() {
                let k = f32::from(k);
                let path = |delay_ns: f32, phase: f32| Complex32::cis(phase - TAU * k * SPACING_HZ * delay_ns * 1e-9);
                let still = path(10.0, chain_phase) + 0.3 * path(45.0, 2.0) + 0.2 * path(80.0, -1.0 + chain_phase);
                let angle = (std::f64::consts::TAU * f64::from(self.doppler_hz) * t) as f32;
                let moving = self.moving * path(10.0 + self.delay_ns, angle + chain_phase + antenna_turn);
                let noise = Complex32::new(self.noise(0.01), self.noise(0.01));
                values.push((still + moving + noise) * gain * Complex32::cis(turn + slope * k));
            }
        }
        CsiFrame {
            link: LinkId { tx: NodeId::Mac([2, 0, 0, 0, 0, 1]), rx: NodeId::Source(1) },
            host_time: Some(Timestamp::from_secs_f64(t)),
            hardware: Hardware::Unknown,
            channel: Channel { centre_mhz: 5_200, bandwidth_mhz: 20 },
            n_rx: self.n_chains,
            n_tx: 1,
            subcarriers: Arc::new(Subcarriers::single(self.numbers.clone(), SPACING_HZ)),
            values,
            ..CsiFrame::default()
        }
    }

    fn frames(&mut self, from_secs: f64, secs: f64) -> Vec<(Timestamp, CsiFrame)> {
        let n = (secs * self.rate_hz) as usize;
        (0..n)
            .map(|i| {
                let wobble = f64::from(self.noise(1.0)) * self.jitter;
                let t = from_secs + (i as f64 + wobble.clamp(-0.45, 0.45) + 1.0) / self.rate_hz;
                (Timestamp::from_secs_f64(t), self.frame(t))
            })
            .collect()
    }
}

fn ht20() -> Vec<i16> {
    (-28..=28).filter(|&k| k != 0).collect()
}

fn intel20() -> Vec<i16> {
    let below = (-28..0).step_by(2);
    below.chain([-1]).chain((1..28).step_by(2)).chain([28]).collect()
}

fn run(frames: &[(Timestamp, CsiFrame)]) -> (StreamProcessor, Products) {
    let mut processor = StreamProcessor::new(StreamConfig::default(), &frames[0].1);
    for (time, frame) in frames {
        processor.push(*time, frame);
    }
    let products = processor.products();
    (processor, products)
}

/// The frequency of the strongest column on average, Hz, and how far it stands above the same frequency mirrored, dB.
fn doppler_peak(products: &Products) -> (f32, f32) {
    let n = products.doppler.width();
    let mut mean = vec![0.0_f32; n];
    for row in products.doppler.iter() {
        mean.iter_mut().zip(row.values).for_each(|(m, v)| *m += v / products.doppler.len() as f32);
    }
    let peak = (0..n).max_by(|&a, &b| mean[a].total_cmp(&mean[b])).expect("columns");
    let mirrored = (n - peak) % n;
    (products.doppler_hz[peak], mean[peak] - mean[mirrored])
}

/// How far the true sign stands above its mirror depends on the band: fitting out a slope leaves one real number of the
/// delay's linear part, whose spectrum is even, so that only what bends over the band tells the sign.
#[test]
fn one_antenna_with_a_clock_of_its_own_tells_coming_from_going() {
    let grids = [
        ("20 MHz", ht20(), 1.0),
        ("Intel 5300, 20 MHz", intel20(), 1.0),
        ("Intel 5300, 40 MHz", (-58..=58).step_by(4).collect(), 3.0),
        ("80 MHz", (-122..=122_i16).filter(|k| k.abs() > 1).collect(), 6.0),
    ];
    for (grid, numbers, least_db) in grids {
        for (rate, doppler) in [(100.0, 17.0), (100.0, -17.0), (200.0, 40.0), (200.0, -40.0), (50.0, -12.0)] {
            let (_, products) = run(&Scene::new(numbers.clone(), rate, doppler).frames(0.0, 6.0));
            assert!(products.doppler.len() > 60, "{grid}: {} rows", products.doppler.len());
            let (peak, above_mirror) = doppler_peak(&products);
            println!("{grid}, {doppler} Hz at {rate} Hz: peak {peak} Hz, {above_mirror:.1} dB above its mirror");
            let step = products.doppler_hz[1] - products.doppler_hz[0];
            assert!((peak - doppler).abs() <= step, "{grid} at {rate} Hz: {peak} Hz, expected {doppler}");
            assert!(above_mirror > least_db, "{grid} at {rate} Hz, {doppler} Hz: {above_mirror} dB above its mirror");
        }
    }
}

#[test]
fn antennas_that_see_the_path_from_another_angle_sharpen_the_sign() {
    let mut scene = Scene::new(intel20(), 100.0, -21.0);
    scene.n_chains = 3;
    scene.antenna_rad = 1.5;
    let (_, products) = run(&scene.frames(0.0, 5.0));
    assert_eq!(products.clean.width(), 3 * 30);
    let (peak, above_mirror) = doppler_peak(&products);
    assert!((peak + 21.0).abs() < 2.0 && above_mirror > 10.0, "{peak} Hz, {above_mirror} dB");
}

#[test]
fn the_moving_part_keeps_its_size() {
    let mut scene = Scene::new(ht20(), 100.0, 11.0);
    (scene.n_chains, scene.antenna_rad) = (3, 2.0);
    let rows: Vec<Complex32> = scene.frames(0.0, 2.0).into_iter().flat_map(|(_, frame)| frame.values).collect();
    let fixed = fix_batch(&rows, &ht20(), 3 * 56, 0, 2).expect("energy");
    let mut dynamic = Vec::new();
    let mut power = 0.0;
    for row in fixed.rows.chunks_exact(3 * 56) {
        dynamic_part(row, &fixed.mean, &mut dynamic);
        power += dynamic.iter().map(|d| d.norm_sqr()).sum::<f32>() / (3.0 * 56.0 * 200.0);
    }
    // 0.1² of a static power of about 1.13, less what looks like gain, phase and slope.
    assert!((0.005..0.012).contains(&power), "{power}");
}

#[test]
fn nothing_is_shown_before_there_is_enough_data() {
    let frames = Scene::new(ht20(), 100.0, 10.0).frames(0.0, 1.0);
    let (_, products) = run(&frames[..5]);
    assert_eq!((products.raw.len(), products.clean.len()), (5, 0));
    assert!(products.usable.is_empty() && products.doppler_hz.is_empty() && products.autocorrelation.is_empty());
    assert!(products.quality.verdicts.is_empty());
    let (_, products) = run(&frames);
    assert_eq!((products.raw.len(), products.clean.len(), products.pca.len()), (100, 100, 100));
    assert_eq!(products.usable.len(), 56);
    assert!(products.doppler.is_empty(), "the rate is not known after a second");
}

#[test]
fn a_breath_shows_as_a_rhythm() {
    let mut scene = Scene::new(ht20(), 50.0, 0.25);
    scene.moving = 0.05;
    let (_, products) = run(&scene.frames(0.0, 25.0));
    let acf = &products.autocorrelation;
    assert!((acf[0] - 1.0).abs() < 1e-4);
    let lag = |secs: f32| acf[(secs / products.lag_secs).round() as usize];
    assert!(lag(4.0) > 0.4 && lag(2.0) < -0.4, "{} after a period, {} after half of one", lag(4.0), lag(2.0));
}

#[test]
fn motion_tells_a_walker_from_an_empty_room() {
    let level = |moving: f32| {
        let mut scene = Scene::new(ht20(), 100.0, 15.0);
        scene.moving = moving;
        let (_, products) = run(&scene.frames(0.0, 5.0));
        assert!((15..30).contains(&products.motion.len()), "{} values in 5 s", products.motion.len());
        products.motion.last().expect("values").values[0]
    };
    let (empty, walker) = (level(0.0), level(0.1));
    assert!(walker > 10.0 * empty, "{walker} against {empty}");
}

#[test]
fn a_step_of_the_gain_control_leaves_no_step() {
    for amplitude_only in [false, true] {
        let mut frames = Scene::new(ht20(), 100.0, 5.0).frames(0.0, 4.0);
        for (i, (_, frame)) in frames.iter_mut().enumerate() {
            let gain = if i / 100 % 2 == 1 { 4.0 } else { 1.0 };
            frame.values.iter_mut().for_each(|v| *v *= gain);
            if amplitude_only {
                frame.values.iter_mut().for_each(|v| *v = Complex32::new(v.norm(), 0.0));
                frame.flags.insert(FrameFlags::AMPLITUDE_ONLY);
            }
        }
        let (_, products) = run(&frames);
        for row in products.clean.iter() {
            let power = row.values.iter().map(|v| v.norm_sqr()).sum::<f32>() / row.values.len() as f32;
            assert!((0.8..1.25).contains(&power), "power {power} in row {}", row.number);
            assert!(!amplitude_only || row.values.iter().all(|v| v.im == 0.0));
        }
        assert_eq!(products.doppler.is_empty(), amplitude_only, "no Doppler without phase");
        assert!((2..=4).contains(&products.quality.n_agc_jumps), "{} jumps", products.quality.n_agc_jumps);
    }
}

#[test]
fn a_gap_leaves_a_hole_in_the_spectrogram_and_no_zeros() {
    let mut scene = Scene::new(ht20(), 100.0, 20.0);
    let mut frames = scene.frames(0.0, 4.0);
    frames.extend(scene.frames(7.0, 4.0));
    let (_, products) = run(&frames);
    let times: Vec<f64> = products.doppler.iter().map(|row| row.time.secs_f64()).collect();
    assert!(times.iter().all(|t| !(4.1..6.9).contains(t)), "rows inside the gap");
    assert!(times.iter().filter(|t| **t > 7.0).count() > 60);
    assert!((doppler_peak(&products).0 - 20.0).abs() < 2.0);
    assert_eq!(products.quality.n_gaps, 1);
}

#[test]
fn a_step_back_in_time_starts_the_tables_again() {
    let frames = Scene::new(ht20(), 100.0, 10.0).frames(100.0, 4.0);
    let (mut processor, before) = run(&frames);
    for (time, frame) in &frames[..200] {
        processor.push(*time, frame);
    }
    let after = processor.products();
    assert_eq!((before.raw.len(), after.raw.len(), after.clean.len()), (400, 200, 200));
    assert!(after.generation > before.generation && processor.n_restarts() == 1);
    assert!(after.raw.iter().zip(after.raw.iter().skip(1)).all(|(a, b)| a.time <= b.time));
    // A packet that is a little late is left out instead.
    processor.push(frames[195].0, &frames[195].1);
    assert_eq!((processor.products().raw.len(), processor.n_restarts()), (200, 1));
    processor.reset();
    assert!(processor.products().raw.is_empty() && processor.products().quality.n_frames == 0);
}

#[test]
fn the_grid_follows_a_rate_that_changes_for_good() {
    let mut scene = Scene::new(ht20(), 200.0, 20.0);
    let mut frames = scene.frames(0.0, 5.0);
    scene.rate_hz = 100.0;
    frames.extend(scene.frames(5.0, 15.0));
    let (mut processor, before) = run(&frames[..1_000]);
    frames[1_000..].iter().for_each(|(time, frame)| processor.push(*time, frame));
    let after = processor.products();
    assert_eq!((before.doppler.width(), after.doppler.width()), (128, 64));
    assert!(after.generation > before.generation);
    assert!((doppler_peak(&after).0 - 20.0).abs() < 2.0);
}

#[test]
fn memory_stays_bounded_for_wide_frames() {
    let mut scene = Scene::new((-500..=500).collect(), 100.0, 10.0);
    scene.n_chains = 4;
    let (_, products) = run(&scene.frames(0.0, 2.5));
    let row_bytes = products.raw.width() * 8;
    assert!(products.raw.len() * row_bytes + products.clean.len() * products.clean.width() * 8 <= 12 << 20);
    assert!(products.raw.end_row() == 250 && products.raw.len() < 250);
}

/// Frames of the shape of a 20 MHz packet inside an 80 MHz Broadcom capture, debris included.
fn broadcom_frames(n: usize) -> (Subcarriers, Vec<Vec<Complex32>>) {
    let index: Vec<i16> = (0..128).chain(-128..0).collect();
    let mut scene = Scene::new((-124..=-68).filter(|&k| k != -96).collect(), 100.0, 10.0);
    let frames = (0..n).map(|i| {
        let signal = scene.frame(i as f64 / 100.0).values;
        index
            .iter()
            .map(|k| match (k, scene.numbers.iter().position(|number| number == k)) {
                (_, Some(at)) => signal[at],
                (0, _) => Complex32::new(14_373.0, 0.0),
                (1, _) => Complex32::new(-14_848.0, -32_640.0 + if i % 3 == 0 { 64.0 } else { 0.0 }),
                (2, _) => Complex32::new(128.0, 0.0),
                (124..=127 | -128..=-125, _) => Complex32::new(f32::from(*k) * 9.0, 400.0),
                // Huge and random, as other registers are.
                (64, _) => Complex32::new(scene.noise(30_000.0), scene.noise(30_000.0)),
                _ => Complex32::new(scene.noise(2.0), scene.noise(2.0)),
            })
            .collect()
    });
    let frames: Vec<Vec<Complex32>> = frames.collect();
    (Subcarriers::single(index, SPACING_HZ), frames)
}

#[test]
fn register_debris_and_empty_bins_are_left_out() {
    let (layout, frames) = broadcom_frames(16);
    let rows: Vec<&[Complex32]> = frames.iter().map(Vec::as_slice).collect();
    let choice = choose_bins(&layout, Hardware::Bcm43455c0, false, &rows);
    let expected: Vec<i16> = (-124..=-68).filter(|&k| k != -96).collect();
    assert_eq!(choice.numbers, expected);
    assert!(choice.n_saturated >= 11, "{} saturated", choice.n_saturated);
    assert_eq!(choice.usable.len() + choice.n_dead + choice.n_saturated, 256);
}

#[test]
fn the_wider_training_field_is_taken_and_marked_values_are_not() {
    let mut scene = Scene::new((-26..=26).filter(|&k| k != 0).collect(), 100.0, 10.0);
    let legacy: Vec<i16> = (0..32).chain(-32..0).collect();
    let index: Vec<i16> = legacy.iter().chain(&legacy).copied().collect();
    let segments = vec![Segment { field: LtfField::Lltf, len: 64 }, Segment { field: LtfField::HtLtf, len: 64 }];
    let layout = Subcarriers::new(index.clone(), SPACING_HZ, segments, vec![64, 65, 66]);
    let mut frames = Vec::new();
    for i in 0..16 {
        scene.numbers = (-28..=28).filter(|&k| k != 0).collect();
        let signal = scene.frame(f64::from(i) / 100.0).values;
        let value = |at: usize, k: i16| {
            let limit = if at < 64 { 26 } else { 28 };
            if k == 0 || k.abs() > limit { Complex32::ZERO } else { signal[(k + 28 - i16::from(k > 0)) as usize] }
        };
        frames.push(index.iter().enumerate().map(|(at, &k)| value(at, k)).collect::<Vec<_>>());
    }
    let rows: Vec<&[Complex32]> = frames.iter().map(Vec::as_slice).collect();
    let choice = choose_bins(&layout, Hardware::Esp32, false, &rows);
    assert!(choice.usable.iter().all(|&i| i >= 67), "{:?}", choice.usable);
    assert_eq!(choice.numbers, (-28..=28).filter(|k| ![0, 1, 2].contains(k)).collect::<Vec<_>>());
    // The numbers ascend although the buffer begins with the carrier.
    assert!(choice.numbers.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(choose_bins(&layout, Hardware::Esp32, false, &[]).usable, Vec::<u16>::new());
}

#[test]
fn the_steady_strong_transmitter_comes_first_and_says_why() {
    let candidate = |n: u8, rate_hz: f64, rssi_dbm: f32| Candidate {
        link: LinkId { tx: NodeId::Mac([2, 0, 0, 0, 0, n]), rx: NodeId::Source(1) },
        n_frames: 1_000,
        rate_hz: Some(rate_hz),
        rssi_dbm: Some(rssi_dbm),
        n_usable_bins: 56,
        longest_gap_secs: 0.1,
    };
    let few = Candidate { n_frames: 3, ..candidate(4, 100.0, -30.0) };
    let ranked = rank(&[candidate(1, 10.0, -80.0), few, candidate(2, 97.0, -41.0), candidate(3, 97.0, -70.0)]);
    let order: Vec<String> = ranked.iter().map(|r| r.link.tx.to_string()[15..].to_owned()).collect();
    assert_eq!(order, ["02", "03", "01", "04"]);
    assert_eq!(ranked[0].reason, "97 packets/s on 56 subcarriers at -41 dBm");
    assert_eq!(ranked[3].reason, "Only 3 packets so far");
}
