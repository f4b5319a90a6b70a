//! Signal processing against NumPy and SciPy (tests/data/signal/make.py). Running streams are in `signal_stream`.

use std::f32::consts::TAU;

use corporeal::signal::amplitude::{Hampel, hampel};
use corporeal::signal::gauge::{GaugeFitter, fix_batch};
use corporeal::signal::pca::{StreamingPca, pca};
use corporeal::signal::transmitters::{Candidate, rank};
use corporeal::signal::{filter, phase, resample, spectrum};
use corporeal::types::{Complex32, LinkId, NodeId, Timestamp};
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
        let both = filter::sosfiltfilt(&sections, &x, 1).expect("long enough");
        // Beside others, in the second group of columns that are filtered together.
        let table: Vec<f64> = x.iter().flat_map(|value| (0..19).map(move |column| value + f64::from(column))).collect();
        let wide = filter::sosfiltfilt(&sections, &table, 19).expect("long enough");
        assert_eq!(wide.iter().step_by(19).copied().collect::<Vec<_>>(), both);
        check_close("a column of many", wide.into_iter().skip(17).step_by(19), both.clone(), 1e-7);
        check_close("sosfiltfilt", both, reals(&case["zero_phase"]), 1e-7);
    }
    assert_eq!(filter::butterworth_band_pass(2, 5.0, 60.0, 100.0), None, "above half the rate");
    let short = filter::butterworth_band_pass(4, 1.0, 2.0, 10.0).expect("a possible band");
    assert_eq!(filter::sosfiltfilt(&short, &[1.0; 27], 1), None, "too short to extend");
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
