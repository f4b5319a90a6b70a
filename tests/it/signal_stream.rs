//! Running streams against physics with known answers, and against real recordings.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use corporeal::capture::format;
use corporeal::signal::bins::choose_bins;
use corporeal::signal::gauge::{dynamic_part, fix_batch};
use corporeal::signal::{Products, StreamConfig, StreamProcessor};
use corporeal::types::{
    Channel, Complex32, CsiFrame, FrameFlags, Hardware, LinkId, LtfField, NodeId, Segment, Subcarriers, Timestamp,
};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

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
        for (rate, doppler) in [(100.0, 17.0), (200.0, -40.0), (50.0, -12.0)] {
            let (_, products) = run(&Scene::new(numbers.clone(), rate, doppler).frames(0.0, 4.5));
            assert!(products.doppler.len() > 50, "{grid}: {} rows", products.doppler.len());
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
fn receive_chains_that_turn_by_quarters_are_turned_back() {
    let mut scene = Scene::new(intel20(), 100.0, 21.0);
    (scene.n_chains, scene.antenna_rad) = (3, 1.5);
    let mut frames = scene.frames(0.0, 5.0);
    for (_, frame) in &mut frames {
        frame.hardware = Hardware::Intel5300;
        for chain in frame.values.chunks_exact_mut(30) {
            let turn = [Complex32::ONE, Complex32::I, -Complex32::ONE, -Complex32::I][scene.rng.random_range(0..4)];
            chain.iter_mut().for_each(|v| *v *= turn);
        }
    }
    let (_, products) = run(&frames);
    let (peak, above_mirror) = doppler_peak(&products);
    assert!((peak - 21.0).abs() < 2.0 && above_mirror > 10.0, "{peak} Hz, {above_mirror} dB");
    let motion = products.motion.last().expect("values").values[0];
    assert!((0.003..0.015).contains(&motion), "{motion}");
}

#[test]
fn packets_in_bunches_still_give_a_spectrogram() {
    let mut scene = Scene::new(ht20(), 200.0, 10.0);
    let mut frames = scene.frames(0.0, 8.0);
    // Three packets 5 ms apart, then a pause of 30 ms, again and again.
    let mut n = 0;
    frames.retain(|_| {
        n += 1;
        n % 8 < 3
    });
    let (_, products) = run(&frames);
    assert!(products.doppler.len() > 100, "{} rows", products.doppler.len());
    assert!((doppler_peak(&products).0.abs() - 10.0).abs() < 2.0, "{}", doppler_peak(&products).0);
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
fn odd_frames_and_odd_times_break_nothing() {
    for amplitude_only in [false, true] {
        let mut scene = Scene::new(ht20(), 100.0, 20.0);
        let mut frames = scene.frames(0.0, 3.0);
        for (i, (_, frame)) in frames.iter_mut().enumerate() {
            match i % 50 {
                7 => frame.values.fill(Complex32::ZERO),
                11 => frame.values[3] = Complex32::new(f32::NAN, 1.0),
                13 => frame.values[5] = Complex32::new(f32::INFINITY, 0.0),
                17 => frame.values.truncate(20),
                19 => frame.n_rx = 0,
                23 => frame.values.iter_mut().for_each(|v| *v *= 1e30),
                _ => {}
            }
            if amplitude_only {
                frame.flags.insert(FrameFlags::AMPLITUDE_ONLY);
            }
        }
        let (mut processor, products) = run(&frames);
        assert_eq!(processor.n_misfits(), 6);
        assert!(products.clean.len() > 250 && products.clean.len() < 300);
        let clean = products.clean.iter().flat_map(|row| row.values);
        assert!(clean.into_iter().all(|v| v.re.is_finite() && v.im.is_finite()));
        assert!(products.pca.iter().flat_map(|row| row.values).all(|v| v.is_finite()));
        let ends = [i64::MIN, i64::MAX, i64::MAX, 0, i64::MAX - 1, i64::MIN + 1, 5];
        for (_, frame) in &frames {
            for time in ends {
                processor.push(Timestamp(time), frame);
            }
        }
        let nothing = CsiFrame::default();
        let mut empty = StreamProcessor::new(StreamConfig::default(), &nothing);
        empty.push(Timestamp(0), &nothing);
        assert!(empty.products().raw.is_empty());
    }
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

/// The largest stream of a real recording, through the processor; `None` where the recording is absent.
fn run_real(file: &str) -> Option<(Timestamp, Products)> {
    let bytes = std::fs::read(super::golden::shared_csi(file)?).expect("the file is readable");
    if format::detect(&bytes[..bytes.len().min(format::DETECT_LEN)]).is_none() {
        println!("SKIPPED: {file} is in no format that this build reads");
        return None;
    }
    let (frames, _) = super::golden::decode_shared(file)?;
    let mut counts = std::collections::BTreeMap::new();
    frames.iter().for_each(|frame| *counts.entry(frame.stream()).or_insert(0) += 1);
    let (&largest, _) = counts.iter().max_by_key(|(_, n)| **n).expect("frames");
    let time = |frame: &CsiFrame| {
        let device = frame.device_time.map_or(0, |device| device.nanos as i64);
        frame.host_time.unwrap_or(Timestamp(device))
    };
    let timed: Vec<_> =
        frames.into_iter().filter(|frame| frame.stream() == largest).map(|frame| (time(&frame), frame)).collect();
    Some((timed[0].0, run(&timed).1))
}

/// Median of the motion values.
fn usual_motion(products: &Products) -> f32 {
    let mut values: Vec<f32> = products.motion.iter().map(|row| row.values[0]).collect();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

#[test]
fn a_real_walker_shows_one_sign_of_doppler() {
    let Some((start, products)) = run_real("csikit-history/intel/activity/walk_post_1597163546.dat") else { return };
    // Somebody walks for the first seconds of this recording: the strength from 10 to 27 Hz on either side.
    let mut sides = [0.0_f32; 2];
    let walking = products.doppler.iter().filter(|row| row.time.secs_since(start) < 3.2);
    for (row, (hz, db)) in walking.flat_map(|row| products.doppler_hz.iter().zip(row.values).map(move |v| (row, v))) {
        assert!(row.values.len() == 64);
        if (10.0..27.0).contains(&hz.abs()) {
            sides[usize::from(*hz > 0.0)] += 10.0_f32.powf(db / 10.0);
        }
    }
    let asymmetry_db = 10.0 * (sides[0] / sides[1]).log10();
    println!("the walker's side stands {asymmetry_db:.1} dB above its mirror");
    assert!(asymmetry_db > 8.0, "{asymmetry_db} dB");
}

#[test]
fn a_real_still_scene_is_still_after_the_quarter_turns_are_undone() {
    let Some((_, products)) = run_real("csikit-history/intel/heartrate/xbpm.dat") else { return };
    let motion = usual_motion(&products);
    assert!(motion < 0.01, "{motion}; with the turns left in it is about 1");
    assert_eq!((products.usable.len(), products.clean.width()), (30, 180));
}

#[test]
fn real_broadcom_captures_give_the_occupied_bins_and_no_debris() {
    for (file, blocks) in [
        ("csikit-history/pi/test.pcap", &[(-122, -70), (-58, -6)][..]),
        ("csikit-data/Internal/Broadcom/walk_1597159475.pcap", &[(-122, -70), (-58, -6), (6, 58), (70, 122)]),
        ("fition/raw/nm_user2_rm2/nm_user2_rm2_1.pcap", &[(-124, -68)]),
    ] {
        let Some((_, products)) = run_real(file) else { continue };
        let numbers: Vec<i16> = products.usable.iter().map(|&i| products.subcarriers.index[usize::from(i)]).collect();
        let inside = |k: i16| blocks.iter().any(|&(low, high)| (low..=high).contains(&k));
        assert!(numbers.iter().all(|&k| inside(k)), "{file}: {numbers:?}");
        let n_expected: i16 = blocks.iter().map(|(low, high)| high - low + 1).sum();
        assert!(numbers.len() as i16 > n_expected * 9 / 10, "{file}: {} of {n_expected}", numbers.len());
    }
}
