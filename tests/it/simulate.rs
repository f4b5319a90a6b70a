//! The simulator keeps what its spec promises, and its frames agree with its own ground truth.

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use bevy_math::Vec3;
use corporeal::capture::source::simulator::{SimulatorSource, open};
use corporeal::capture::{Batch, Polled, Source as _};
use corporeal::signal::{StreamConfig, StreamProcessor};
use corporeal::simulate::{SimulatedFaults, Simulator, SimulatorSpec};
use corporeal::types::{Complex32, CsiFrame, FrameFlags, Hardware, LinkId, NodeId, Provenance, Room, Timestamp};

fn frames(spec: &SimulatorSpec, n: usize) -> Vec<CsiFrame> {
    let mut simulator = Simulator::new(spec);
    (0..n).map(|_| simulator.next_frame()).collect()
}

fn by_link(frames: Vec<CsiFrame>) -> BTreeMap<LinkId, Vec<CsiFrame>> {
    let mut links = BTreeMap::<_, Vec<_>>::new();
    for frame in frames {
        links.entry(frame.link).or_default().push(frame);
    }
    links
}

fn lossless() -> SimulatorSpec {
    SimulatorSpec { loss: 0.0, ..SimulatorSpec::default() }
}

#[test]
fn the_same_seed_gives_the_same_frames_bit_for_bit() {
    let spec = SimulatorSpec::default();
    assert_eq!(frames(&spec, 2_000), frames(&spec, 2_000));
}

#[test]
fn different_seeds_give_different_rooms_and_frames() {
    let other = SimulatorSpec { seed: 2, ..SimulatorSpec::default() };
    assert_ne!(Simulator::new(&SimulatorSpec::default()).site(), Simulator::new(&other).site());
    let (a, b) = (frames(&SimulatorSpec::default(), 50), frames(&other, 50));
    assert!(a.iter().zip(&b).all(|(a, b)| a.values != b.values));
}

#[test]
fn skipping_leaves_later_frames_as_they_are() {
    let all = frames(&lossless(), 3_200);
    let mut simulator = Simulator::new(&lossless());
    simulator.skip_to(Timestamp::from_secs_f64(1.0));
    let skipped = simulator.next_frame();
    let same = all.iter().find(|frame| frame.link == skipped.link && frame.sequence == skipped.sequence);
    assert_eq!(same.map(|frame| &frame.values), Some(&skipped.values));
    assert_eq!(skipped.sequence, Some(200));
}

#[test]
fn every_shape_that_can_be_asked_for_is_kept() {
    for n_links in [1, 3, 8, 16] {
        for (n_subcarriers, bandwidth_mhz) in [(30, 20), (52, 20), (64, 20), (114, 40), (128, 40), (256, 20), (512, 40)]
        {
            for n_rx in [1, 3] {
                let spec = SimulatorSpec { n_links, n_subcarriers, bandwidth_mhz, n_rx, ..SimulatorSpec::default() };
                let simulator = Simulator::new(&spec);
                let site = simulator.site().clone();
                assert_eq!(simulator.links().count(), usize::from(n_links));
                let links = by_link(frames(&spec, 40));
                assert_eq!(links.keys().copied().collect::<Vec<_>>().len(), usize::from(n_links));
                for (link, frames) in links {
                    assert!(site.ends(link).is_some(), "{link} is placed");
                    for frame in frames {
                        assert_eq!((frame.n_rx, frame.n_tx), (n_rx, 1));
                        assert_eq!(frame.n_subcarriers(), usize::from(n_subcarriers));
                        assert_eq!(frame.values.len(), usize::from(n_subcarriers) * usize::from(n_rx));
                        assert_eq!((frame.channel.centre_mhz, frame.channel.bandwidth_mhz), (5_180, bandwidth_mhz));
                        assert_eq!(frame.hardware, Hardware::Simulator);
                        assert!(frame.subcarriers.index.is_sorted());
                    }
                }
            }
        }
    }
}

#[test]
fn specs_out_of_range_are_brought_into_it() {
    let room = Room { width_m: f32::NAN, depth_m: 1e9, height_m: -1.0 };
    let spec = SimulatorSpec {
        n_links: 0,
        rate_hz: f32::INFINITY,
        n_subcarriers: 65_535,
        n_rx: 0,
        bandwidth_mhz: 0,
        room,
        loss: 7.0,
        max_drift_ppm: f32::NAN,
        ..SimulatorSpec::default()
    };
    let frame = frames(&spec, 20).pop().expect("a frame");
    assert!(frame.values.iter().all(|value| value.is_finite()));
    assert_eq!(frame.n_subcarriers(), 512);
}

#[test]
fn values_are_whole_numbers_of_eight_bits_and_use_the_range() {
    let frames = frames(&SimulatorSpec::default(), 8_000);
    let parts = || frames.iter().flat_map(|frame| frame.values.iter().flat_map(|value| [value.re, value.im]));
    assert!(parts().all(|part| part.fract() == 0.0 && (-128.0..=127.0).contains(&part)));
    assert!(parts().fold(0.0f32, |peak, part| peak.max(part.abs())) > 60.0);
    let n_saturated = frames.iter().filter(|frame| frame.flags.contains(FrameFlags::SATURATED)).count();
    assert!(n_saturated * 50 < frames.len(), "{n_saturated} of {} saturate", frames.len());
}

#[test]
fn a_full_grid_leaves_the_carrier_and_the_edges_of_the_band_empty() {
    for frame in frames(&SimulatorSpec { bandwidth_mhz: 20, ..SimulatorSpec::default() }, 100) {
        for (k, value) in frame.subcarriers.index.iter().zip(&frame.values) {
            assert!(*value == Complex32::ZERO || (*k != 0 && k.abs() <= 28), "tone {k} carries nothing");
        }
    }
}

#[test]
fn packets_come_at_the_rate_asked_for_in_the_order_of_arrival() {
    for rate_hz in [20.0, 100.0, 200.0, 1_000.0] {
        let spec = SimulatorSpec { rate_hz, n_subcarriers: 30, ..lossless() };
        let frames = frames(&spec, (8.0 * rate_hz * 2.0) as usize);
        assert!(frames.windows(2).all(|pair| pair[0].host_time < pair[1].host_time));
        for (link, frames) in by_link(frames) {
            let secs =
                frames[frames.len() - 1].host_time.expect("stamped").secs_since(frames[0].host_time.expect("stamped"));
            let measured = (frames.len() - 1) as f64 / secs;
            assert!((measured / f64::from(rate_hz) - 1.0).abs() < 0.02, "{link}: {measured} instead of {rate_hz} Hz");
            assert!(frames.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.map(|n| n + 1)));
        }
    }
}

#[test]
fn receivers_miss_the_share_asked_for_and_the_sequence_tells() {
    for loss in [0.0, 0.02, 0.3] {
        let spec = SimulatorSpec { loss, n_subcarriers: 30, ..SimulatorSpec::default() };
        for (link, frames) in by_link(frames(&spec, 12_000)) {
            let sent =
                f64::from(frames[frames.len() - 1].sequence.expect("counted") - frames[0].sequence.expect("counted"));
            let measured = 1.0 - (frames.len() - 1) as f64 / sent;
            // Five standard deviations of a share from some 1 500 packets.
            let spread = 5.0 * (f64::from(loss) * (1.0 - f64::from(loss)) / sent).sqrt();
            assert!((measured - f64::from(loss)).abs() <= spread + 1e-9, "{link}: {measured} instead of {loss}");
        }
    }
}

#[test]
fn the_gap_and_the_clock_reset_come_when_switched_on() {
    let faults = SimulatedFaults { clock_reset_secs: Some(1.0), gap_secs: Some(2.0), ..SimulatedFaults::default() };
    let spec = SimulatorSpec { faults, ..lossless() };
    let frames = frames(&spec, 8 * 200 * 4);
    let longest = frames
        .windows(2)
        .map(|pair| pair[1].host_time.expect("stamped").secs_since(pair[0].host_time.expect("stamped")))
        .fold(0.0, f64::max);
    assert!((1.98..2.02).contains(&longest), "{longest}");
    for (link, frames) in by_link(frames) {
        let after =
            frames.iter().find(|frame| frame.host_time > Some(Timestamp::from_secs_f64(1.02))).expect("goes on");
        let device = after.device_time.expect("every frame has one").nanos;
        assert_eq!(device < 50_000_000, link.rx == NodeId::Number(11), "{link}: {device}");
    }
}

#[test]
fn the_body_stays_in_the_room_and_walks_and_pauses() {
    for seed in 0..20 {
        let simulator = Simulator::new(&SimulatorSpec { seed, ..SimulatorSpec::default() });
        let size = simulator.spec().room.size();
        let (mut slowest, mut fastest) = (f32::INFINITY, 0.0f32);
        let mut before: Option<Vec<Vec3>> = None;
        for step in 0..20 * 240 {
            let parts = simulator.truth(Timestamp::from_secs_f64(f64::from(step) * 0.05));
            for part in &parts {
                assert!(part.cmpge(Vec3::ZERO).all() && part.cmple(size).all(), "seed {seed}: {part}");
            }
            if let Some(before) = before.replace(parts.clone()) {
                let pelvis_m_per_s = before[2].distance(parts[2]) / 0.05;
                (slowest, fastest) = (slowest.min(pelvis_m_per_s), fastest.max(pelvis_m_per_s));
                let hand_m_per_s = before[4].distance(parts[4]) / 0.05;
                assert!(hand_m_per_s < 5.0, "seed {seed}: a hand jumps, {hand_m_per_s} m/s");
            }
        }
        assert!(slowest < 0.05, "seed {seed} never pauses: {slowest}");
        assert!((0.8..1.6).contains(&fastest), "seed {seed} walks at {fastest} m/s");
    }
}

#[test]
fn bones_keep_their_length() {
    let simulator = Simulator::new(&SimulatorSpec::default());
    for &(a, b) in simulator.bones() {
        let lengths: Vec<_> = (0..500)
            .map(|step| simulator.truth(Timestamp::from_secs_f64(f64::from(step) * 0.1)))
            .map(|parts| parts[a].distance(parts[b]))
            .collect();
        let (least, most) = lengths.iter().fold((f32::INFINITY, 0.0f32), |(low, high), &l| (low.min(l), high.max(l)));
        assert!(least > 0.15 && most < 0.75 && most - least < 0.25, "{a}-{b}: {least} to {most} m");
    }
}

#[test]
fn the_body_is_some_twenty_decibels_below_the_room() {
    let spec = SimulatorSpec { ideal: true, ..lossless() };
    let empty = by_link(frames(&SimulatorSpec { occupied: false, ..spec.clone() }, 16));
    let mut shares = Vec::new();
    for frame in frames(&spec, 8 * 200 * 15).into_iter().step_by(31) {
        let still = &empty[&frame.link][0].values;
        let power = |values: &mut dyn Iterator<Item = Complex32>| values.map(|value| value.norm_sqr()).sum::<f32>();
        let moving = power(&mut frame.values.iter().zip(still).map(|(value, still)| value - still));
        shares.push(10.0 * (moving / power(&mut still.iter().copied())).log10());
    }
    shares.sort_by(f32::total_cmp);
    let median = shares[shares.len() / 2];
    assert!((-24.0..-16.0).contains(&median), "{median} dB");
}

/// A shrinking path turns the phase forward: the Doppler shift is positive, and about path speed over wavelength.
#[test]
fn doppler_agrees_with_the_truth_in_sign_and_size() {
    let spec = SimulatorSpec { ideal: true, ..lossless() };
    let empty = by_link(frames(&SimulatorSpec { occupied: false, ..spec.clone() }, 16));
    let simulator = Simulator::new(&spec);
    let (mut n_agree, mut n_judged, mut errors) = (0, 0, Vec::new());
    for (link, frames) in by_link(frames(&spec, 8 * 200 * 15)) {
        let (from, to) = simulator.site().ends(link).expect("placed");
        let still = &empty[&link][0].values;
        let wavelength_m = frames[0].channel.wavelength_m().expect("known");
        for window in frames.windows(20).step_by(20) {
            let (first, last) = (window[0].host_time.expect("stamped"), window[19].host_time.expect("stamped"));
            let [before, after] = [first, last].map(|time| simulator.truth(time));
            // Head, chest and pelvis carry most of the echo.
            let trunk_m =
                |parts: &[Vec3]| parts[..3].iter().map(|p| from.distance(*p) + p.distance(to)).sum::<f32>() / 3.0;
            let secs = last.secs_since(first) as f32;
            let path_m_per_s = (trunk_m(&after) - trunk_m(&before)) / secs;
            let along = (to - from).normalize();
            let blocks = before[..3].iter().any(|p| (*p - from).cross(along).length() < 0.8);
            if path_m_per_s.abs() < 0.5 || blocks {
                continue;
            }
            let turned: Complex32 = window
                .windows(2)
                .flat_map(|pair| pair[1].values.iter().zip(&pair[0].values).zip(still))
                .map(|((later, earlier), still)| (later - still) * (earlier - still).conj())
                .sum();
            let doppler_hz = turned.arg() / TAU * spec.rate_hz;
            n_judged += 1;
            n_agree += usize::from((doppler_hz > 0.0) == (path_m_per_s < 0.0));
            errors.push((doppler_hz * wavelength_m + path_m_per_s).abs());
        }
    }
    errors.sort_by(f32::total_cmp);
    assert!(n_judged > 200, "only {n_judged} windows");
    assert!(n_agree * 100 > n_judged * 97, "{n_agree} of {n_judged} agree");
    assert!(errors[n_judged / 2] < 0.1, "median error {} m/s", errors[n_judged / 2]);
}

/// Motion of each link as the signal chain sees it, lowest first.
fn motion(spec: &SimulatorSpec, n_frames: usize) -> BTreeMap<LinkId, Vec<f32>> {
    let mut links = BTreeMap::<LinkId, StreamProcessor>::new();
    for frame in frames(spec, n_frames) {
        let time = frame.host_time.expect("stamped");
        let fresh = || StreamProcessor::new(StreamConfig::default(), &frame);
        links.entry(frame.link).or_insert_with(fresh).push(time, &frame);
    }
    let sorted = |processor: StreamProcessor| {
        let mut motion: Vec<_> = processor.products().motion.iter().map(|row| row.values[0]).collect();
        motion.sort_by(f32::total_cmp);
        motion
    };
    links.into_iter().map(|(link, processor)| (link, sorted(processor))).collect()
}

#[test]
fn the_signal_chain_sees_the_body_through_the_faults_of_the_radios() {
    let spec = SimulatorSpec { rate_hz: 100.0, n_subcarriers: 32, ..SimulatorSpec::default() };
    let empty = motion(&SimulatorSpec { occupied: false, ..spec.clone() }, 8_000);
    let mut ratios: Vec<f32> = motion(&spec, 8_000)
        .iter()
        .map(|(link, walking)| walking[walking.len() * 9 / 10] / empty[link][empty[link].len() * 9 / 10])
        .collect();
    ratios.sort_by(f32::total_cmp);
    // A body some 20 dB below the room, in noise of some -23 dB.
    assert!(ratios[4] > 1.5 && ratios[7] > 4.0, "{ratios:?}");
}

#[test]
fn the_source_hands_frames_over_when_their_time_comes() {
    let spec = SimulatorSpec { start: Some(Timestamp::from_secs_f64(1.7e9)), ..lossless() };
    let mut source = SimulatorSource::new(&spec);
    assert_eq!((source.label().as_str(), source.provenance()), ("Simulator (8 links, 200 Hz)", Provenance::Simulated));
    let began = Instant::now();
    let mut batch = Batch::default();
    source.poll_at(began, &mut batch);
    assert!(batch.frames.is_empty());
    source.poll_at(began + Duration::from_millis(500), &mut batch);
    assert!((780..=801).contains(&batch.frames.len()), "{} frames in half a second", batch.frames.len());
    assert_eq!(batch.tally.n_frames, batch.frames.len() as u64);
    assert!(
        batch
            .frames
            .iter()
            .all(|frame| frame.host_time.is_some_and(|time| time.secs_since(Timestamp::from_secs_f64(1.7e9)) <= 0.5))
    );
    let next = source.poll_at(began + Duration::from_millis(500), &mut Batch::default());
    assert!(next < Duration::from_millis(10));
}

#[test]
fn a_source_that_slept_leaves_out_what_it_missed() {
    let mut source = SimulatorSource::new(&lossless());
    let began = Instant::now();
    source.poll_at(began, &mut Batch::default());
    let mut batch = Batch::default();
    source.poll_at(began + Duration::from_secs(60), &mut batch);
    assert!((1_550..=1_601).contains(&batch.frames.len()), "{} frames", batch.frames.len());
    assert!((58.9..59.1).contains(&source.dropped().as_secs_f64()), "{:?} dropped", source.dropped());
    let last = batch.frames.last().and_then(|frame| frame.host_time).expect("stamped");
    assert!((59.9..=60.0).contains(&last.secs_f64()));
}

#[test]
fn an_unpaced_source_ends_after_its_time() {
    let mut source = SimulatorSource::unpaced(&lossless(), Duration::from_secs(2));
    let mut batch = Batch::default();
    while source.poll(Duration::ZERO, &mut batch).expect("cannot fail") != Polled::Ended {}
    assert!((3_150..=3_200).contains(&batch.frames.len()), "{} frames", batch.frames.len());
}

#[test]
fn an_opened_source_starts_now_and_runs() {
    let mut source = open(&SimulatorSpec::default(), 3);
    let mut batch = Batch::default();
    let deadline = Instant::now() + Duration::from_secs(20);
    while batch.frames.is_empty() && Instant::now() < deadline {
        source.poll(Duration::from_millis(50), &mut batch).expect("cannot fail");
    }
    assert!(batch.frames[0].host_time.is_some_and(Timestamp::is_wall_clock));
}
