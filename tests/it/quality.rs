//! The data-quality verdict on made-up streams with known faults.

use std::sync::Arc;

use corporeal::signal::{QualityMeter, StreamConfig, StreamProcessor};
use corporeal::types::{
    Channel, Complex32, CsiFrame, DeviceTime, FrameFlags, Grade, Hardware, LinkQuality, Purpose, Subcarriers, Timestamp,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

/// A stream to make, sound in everything that is not set.
#[derive(Clone)]
struct Recipe {
    rate_hz: f64,
    secs: f64,
    centre_mhz: u16,
    n_bins: i16,
    /// Standard deviation of packet times over the interval.
    jitter: f64,
    /// Start and length of a silence, seconds.
    silence: Option<(f64, f64)>,
    /// Every n-th packet is numbered but never comes.
    lose_every: Option<u32>,
    first_sequence: u32,
    sequence_modulus: u64,
    /// The gain changes by 12 dB every n-th packet.
    gain_every: Option<usize>,
    /// Largest error of each part of a value; amplitudes are 20.
    noise: f32,
    n_dead: usize,
    n_stuck: usize,
    device_start_micros: u32,
    amplitude_only: bool,
    untimed: bool,
    time_stands_still: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            rate_hz: 100.0,
            secs: 31.0,
            centre_mhz: 5_180,
            n_bins: 20,
            jitter: 0.05,
            silence: None,
            lose_every: None,
            first_sequence: 0,
            sequence_modulus: 1 << 12,
            gain_every: None,
            noise: 0.2,
            n_dead: 0,
            n_stuck: 0,
            device_start_micros: 0,
            amplitude_only: false,
            untimed: false,
            time_stands_still: false,
        }
    }
}

fn frames(recipe: &Recipe) -> Vec<(Timestamp, CsiFrame)> {
    let mut rng = SmallRng::seed_from_u64(3);
    let numbers: Vec<i16> = (1..=recipe.n_bins).collect();
    let subcarriers = Arc::new(Subcarriers::single(numbers, 312_500.0));
    let mut made = Vec::new();
    for i in 0..(recipe.rate_hz * recipe.secs) as u32 {
        let wobble = rng.random_range(-1.73..1.73) * recipe.jitter;
        let secs = (f64::from(i) + 1.0 + wobble) / recipe.rate_hz;
        let silent = recipe.silence.is_some_and(|(start, len)| (start..start + len).contains(&secs));
        let lost = recipe.lose_every.is_some_and(|n| i % n == n - 1);
        if silent || lost {
            continue;
        }
        let turn = Complex32::cis(rng.random_range(-3.0..3.0));
        let gain = if recipe.gain_every.is_some_and(|n| made.len() / n % 2 == 1) { 4.0 } else { 1.0 };
        let n = recipe.n_bins as usize;
        let value = |at: usize, rng: &mut SmallRng| {
            if at < recipe.n_dead {
                return Complex32::ZERO;
            }
            if at >= n - recipe.n_stuck {
                return Complex32::new(127.0, -128.0);
            }
            let noise = Complex32::new(rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)) * recipe.noise;
            let h = (Complex32::cis(at as f32 * 0.05) * 20.0 + noise) * gain;
            if recipe.amplitude_only { Complex32::new(h.norm(), 0.0) } else { h * turn }
        };
        let time = if recipe.time_stands_still { Timestamp(7) } else { Timestamp::from_secs_f64(secs) };
        let micros = recipe.device_start_micros.wrapping_add((secs * 1e6) as u32);
        let sequence = (u64::from(recipe.first_sequence) + u64::from(i)) % recipe.sequence_modulus;
        let frame = CsiFrame {
            host_time: (!recipe.untimed).then_some(time),
            device_time: (!recipe.untimed).then(|| DeviceTime::from_micros_u32(micros)),
            sequence: Some(sequence as u32),
            hardware: Hardware::Esp32,
            channel: Channel { centre_mhz: recipe.centre_mhz, bandwidth_mhz: 20 },
            n_rx: 1,
            n_tx: 1,
            subcarriers: subcarriers.clone(),
            values: (0..n).map(|at| value(at, &mut rng)).collect(),
            flags: if recipe.amplitude_only { FrameFlags::AMPLITUDE_ONLY } else { FrameFlags::default() },
            ..CsiFrame::default()
        };
        made.push((time, frame));
    }
    made
}

fn judge(recipe: &Recipe) -> LinkQuality {
    let frames = frames(recipe);
    let mut processor = StreamProcessor::new(StreamConfig::default(), &frames[0].1);
    for (time, frame) in &frames {
        processor.push(*time, frame);
    }
    processor.quality_mut().quality()
}

/// The grades in the order presence, breathing, activity, falls, as `g`, `u` or `n`.
fn grades(quality: &LinkQuality) -> String {
    let letter = |grade| match grade {
        Grade::Good => 'g',
        Grade::Usable => 'u',
        Grade::NotUsable => 'n',
    };
    quality.verdicts.iter().map(|verdict| letter(verdict.grade)).collect()
}

#[track_caller]
fn check(recipe: Recipe, expected: &str) -> LinkQuality {
    let quality = judge(&recipe);
    let told: Vec<_> = quality.verdicts.iter().map(|v| format!("{}: {}", v.purpose.label(), v.reason)).collect();
    assert_eq!(grades(&quality), expected, "{told:#?}");
    for verdict in &quality.verdicts {
        let reason = &verdict.reason;
        assert!(reason.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()), "sentence case: {reason}");
        let has_figure = reason.chars().any(|c| c.is_ascii_digit()) || needs_no_figure(reason);
        assert!(!reason.ends_with('.') && has_figure, "a figure decides: {reason}");
        assert!(reason.len() < 200, "one sentence: {reason}");
    }
    quality
}

/// What is either so or not so has no figure.
fn needs_no_figure(reason: &str) -> bool {
    reason.starts_with("Only amplitudes were stored")
}

#[track_caller]
fn check_reason(quality: &LinkQuality, purpose: Purpose, words: &[&str]) {
    let reason = &quality.verdict(purpose).expect("a verdict").reason;
    for word in words {
        assert!(reason.contains(word), "{word:?} is not in {reason:?}");
    }
}

#[test]
fn the_packet_rate_decides_what_a_link_is_good_for() {
    for (rate_hz, centre_mhz, expected) in [
        (200.0, 5_180, "gggg"),
        (100.0, 5_180, "gggu"),
        (50.0, 5_180, "ggun"),
        (20.0, 5_180, "ggnn"),
        (7.0, 5_180, "uunn"),
        (3.0, 5_180, "unnn"),
        (1.0, 5_180, "nnnn"),
        (100.0, 2_437, "gggg"),
        (50.0, 2_437, "gguu"),
        (20.0, 2_437, "ggnn"),
        (100.0, 0, "gggu"),
    ] {
        let quality = check(Recipe { rate_hz, centre_mhz, ..Recipe::default() }, expected);
        let measured = quality.rate_hz.expect("a rate");
        assert!((measured / rate_hz - 1.0).abs() < 0.02, "{measured} Hz");
        assert!(quality.jitter.expect("jitter") < 0.15 && quality.n_gaps == 0);
    }
}

#[test]
fn at_50_hz_and_5_ghz_a_fall_aliases_and_the_reason_says_at_which_speed() {
    let quality = check(Recipe { rate_hz: 50.0, ..Recipe::default() }, "ggun");
    // λ = 5.79 cm: λ·50/2 = 1.45 m/s of path, half of that of body.
    check_reason(&quality, Purpose::Falls, &["50 packets/s", "5.2 GHz", "1.4 m/s alias", "0.7 m/s", "at least 100"]);
    let quality = check(Recipe { rate_hz: 100.0, ..Recipe::default() }, "gggu");
    check_reason(&quality, Purpose::Falls, &["2.9 m/s alias", "200 are wanted"]);
}

#[test]
fn too_little_data_gives_no_verdict() {
    let quality = judge(&Recipe { secs: 1.0, ..Recipe::default() });
    assert!(quality.verdicts.is_empty() && quality.best().is_none());
    let quality = check(Recipe { secs: 12.0, ..Recipe::default() }, "gngu");
    check_reason(&quality, Purpose::Breathing, &["12 s", "20 s"]);
    let empty = QualityMeter::default().quality();
    assert_eq!(empty, LinkQuality::default());
}

#[test]
fn gaps_are_counted_and_named() {
    let quality = check(Recipe { rate_hz: 200.0, silence: Some((10.0, 2.5)), ..Recipe::default() }, "gngn");
    assert_eq!(quality.n_gaps, 1);
    assert!((quality.longest_gap_secs - 2.5).abs() < 0.05);
    check_reason(&quality, Purpose::Falls, &["2.5 s"]);
    check_reason(&quality, Purpose::Breathing, &["2.5 s"]);
    let quality = check(Recipe { rate_hz: 200.0, silence: Some((10.0, 0.4)), ..Recipe::default() }, "gggu");
    assert_eq!(quality.n_gaps, 1);
}

#[test]
fn irregular_packets_are_no_good_for_fast_movement() {
    let quality = check(Recipe { rate_hz: 200.0, jitter: 0.5, ..Recipe::default() }, "gguu");
    assert!(quality.jitter.expect("jitter") > 0.5);
    check_reason(&quality, Purpose::Activity, &["irregularly"]);
}

#[test]
fn loss_is_read_from_sequence_numbers_of_any_width() {
    for (first_sequence, sequence_modulus) in
        [(0, 1 << 12), (3_000, 1 << 12), (60_000, 1 << 16), (4_294_966_000, 1 << 32)]
    {
        let recipe = Recipe { lose_every: Some(5), first_sequence, sequence_modulus, ..Recipe::default() };
        let loss = judge(&recipe).loss.expect("numbered packets");
        assert!((loss - 0.2).abs() < 0.01, "{loss} from {first_sequence}");
    }
    let quality = check(Recipe { rate_hz: 400.0, lose_every: Some(2), ..Recipe::default() }, "gguu");
    check_reason(&quality, Purpose::Falls, &["50 %", "lost"]);
    assert_eq!(judge(&Recipe { sequence_modulus: 1, ..Recipe::default() }).loss, None, "numbers that never count");
}

#[test]
fn gain_jumps_are_counted_and_only_many_of_them_matter() {
    let quality = check(Recipe { gain_every: Some(350), ..Recipe::default() }, "gggu");
    assert_eq!(quality.n_agc_jumps, 8);
    let quality = check(Recipe { rate_hz: 200.0, gain_every: Some(3), ..Recipe::default() }, "gggg");
    assert!(quality.n_agc_jumps > 1_000, "they are fitted out, but counted");
    let quality = check(Recipe { rate_hz: 200.0, gain_every: Some(3), noise: 5.0, ..Recipe::default() }, "uuuu");
    check_reason(&quality, Purpose::Presence, &["gain", "33 %"]);
}

#[test]
fn dead_and_stuck_bins_are_counted_and_too_few_bins_end_it() {
    let quality = check(Recipe { n_bins: 56, n_dead: 6, n_stuck: 4, ..Recipe::default() }, "gggu");
    assert_eq!((quality.n_bins, quality.n_dead_bins, quality.n_saturated_bins), (56, 6, 4));
    let quality = check(Recipe { n_bins: 56, n_dead: 50, n_stuck: 2, ..Recipe::default() }, "nnnn");
    check_reason(&quality, Purpose::Presence, &["Only 4 subcarriers"]);
}

#[test]
fn a_still_channel_has_a_high_static_ratio() {
    let still = judge(&Recipe::default()).static_snr_db.expect("enough frames");
    // Uniform noise of ±0.2 per part on an amplitude of 20: 20·log10(20 / 0.1155) = 44.8 dB.
    assert!((still - 44.8).abs() < 1.0, "{still} dB");
}

#[test]
fn a_wrap_of_the_device_clock_is_no_fault() {
    let quality = judge(&Recipe { device_start_micros: u32::MAX - 5_000_000, ..Recipe::default() });
    assert_eq!((quality.n_clock_wraps, quality.n_clock_faults), (1, 0));
}

#[test]
fn records_without_usable_time_say_so() {
    let quality = check_words(&Recipe { untimed: true, ..Recipe::default() });
    assert!(quality.contains("carry no time"), "{quality}");
    let quality = check_words(&Recipe { time_stands_still: true, ..Recipe::default() });
    assert!(quality.contains("stand still"), "{quality}");
}

fn check_words(recipe: &Recipe) -> String {
    let quality = judge(recipe);
    assert_eq!(grades(&quality), "nnnn");
    quality.verdicts[0].reason.clone()
}

#[test]
fn amplitudes_alone_are_never_good_for_direction() {
    let quality = check(Recipe { rate_hz: 200.0, amplitude_only: true, ..Recipe::default() }, "guuu").verdicts;
    assert!(quality[2].reason.contains("Only amplitudes"));
}
