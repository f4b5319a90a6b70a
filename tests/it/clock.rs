//! Device clocks are put on the host's axis through drift, jitter, wraps, resets and clock changes.

use std::collections::HashMap;

use corporeal::signal::clock::ClockAligner;
use corporeal::simulate::{SimulatedFaults, Simulator, SimulatorSpec};
use corporeal::types::{DeviceTime, LinkId, NodeId, Timestamp};
use proptest::prelude::*;

const MILLI: i64 = 1_000_000;
const SEC: i64 = 1_000_000_000;
/// A day in 2025, so that host times are wall-clock times.
const DAY: i64 = 1_750_000_000 * SEC;

/// A device that sends at a steady rate to a host which sees each frame late, in order.
struct Scene {
    rate_hz: f64,
    drift_ppm: f64,
    /// Counter at the beginning, microseconds.
    first_micros: u64,
    mean_delay_secs: f64,
}

impl Default for Scene {
    fn default() -> Self {
        Self { rate_hz: 100.0, drift_ppm: 0.0, first_micros: 17, mean_delay_secs: 0.005 }
    }
}

#[derive(Clone, Copy)]
struct Packet {
    sent: Timestamp,
    device: Option<DeviceTime>,
    host: Option<Timestamp>,
}

impl Scene {
    fn packets(&self, secs: f64) -> Vec<Packet> {
        let mut state = 88_172_645_463_325_252_u64;
        let mut arrived = Timestamp::ZERO;
        (0..(secs * self.rate_hz) as u64)
            .map(|n| {
                let at = n as f64 / self.rate_hz;
                // Marsaglia's xorshift; 53 bits make a uniform number.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let uniform = (state >> 11) as f64 / (1u64 << 53) as f64;
                let sent = Timestamp(DAY).plus_secs(at);
                // The host needs some time for each frame.
                arrived = arrived.plus_nanos(4_000).max(sent.plus_secs(-self.mean_delay_secs * (1.0 - uniform).ln()));
                let micros = self.first_micros + (at * (1e6 + self.drift_ppm)) as u64;
                let device = Some(DeviceTime::from_micros_u32((micros & 0xffff_ffff) as u32));
                Packet { sent, device, host: Some(arrived) }
            })
            .collect()
    }
}

/// Aligns all packets; every time must come after the one before.
#[track_caller]
fn align(packets: &[Packet]) -> (Vec<Timestamp>, ClockAligner) {
    let mut aligner = ClockAligner::default();
    let times: Vec<_> = packets.iter().map(|packet| aligner.align(packet.device, packet.host)).collect();
    for (i, pair) in times.windows(2).enumerate() {
        assert!(pair[0] < pair[1], "frame {}: {:?} after {:?}", i + 1, pair[1], pair[0]);
    }
    (times, aligner)
}

/// Median distance from the moment of sending, nanoseconds, of the packets in a range of seconds.
fn median_error(packets: &[Packet], times: &[Timestamp], from_secs: f64, to_secs: f64) -> i64 {
    let mut errors: Vec<_> = packets
        .iter()
        .zip(times)
        .filter(|(packet, _)| (from_secs..to_secs).contains(&packet.sent.secs_since(Timestamp(DAY))))
        .map(|(packet, time)| time.since(packet.sent).abs())
        .collect();
    errors.sort_unstable();
    errors[errors.len() / 2]
}

#[test]
fn drift_is_found_and_jitter_removed() {
    for drift_ppm in [-50.0, -5.0, 0.0, 20.0, 50.0] {
        for rate_hz in [50.0, 200.0] {
            let scene = Scene { rate_hz, drift_ppm, ..Scene::default() };
            let packets = scene.packets(90.0);
            let (times, aligner) = align(&packets);
            let case = format!("{drift_ppm} ppm at {rate_hz} Hz");
            for (packet, time) in packets.iter().zip(&times) {
                assert!(Some(*time) <= packet.host, "{case}: ahead of its arrival");
            }
            let health = aligner.health();
            let found = f64::from(health.drift_ppm.expect("after 90 s"));
            assert!((found - drift_ppm).abs() < 3.0, "{case}: found {found}");
            let error = median_error(&packets, &times, 60.0, 90.0);
            assert!(error < MILLI, "{case}: {error} ns off");
            assert!((MILLI..10 * MILLI).contains(&health.jitter_nanos), "{case}: {} ns of jitter", health.jitter_nanos);
            assert_eq!((health.n_wraps, health.n_resets, health.n_host_steps_back, health.n_repeats), (0, 0, 0, 0));
        }
    }
}

#[test]
fn aligned_intervals_are_even_although_arrivals_are_not() {
    let packets = Scene::default().packets(60.0);
    let (times, _) = align(&packets);
    let mut spread: Vec<_> =
        times[2_000..].windows(2).map(|pair| (pair[1].since(pair[0]) - 10 * MILLI).abs()).collect();
    spread.sort_unstable();
    assert!(spread[spread.len() * 99 / 100] < MILLI / 4, "{} ns", spread[spread.len() * 99 / 100]);
}

#[test]
fn a_counter_that_wraps_goes_on() {
    let scene = Scene { first_micros: 0xffff_ffff - 20_000_000, ..Scene::default() };
    let packets = scene.packets(40.0);
    let (times, aligner) = align(&packets);
    assert_eq!((aligner.health().n_wraps, aligner.health().n_resets), (1, 0));
    assert!(median_error(&packets, &times, 20.0, 40.0) < MILLI);
}

#[test]
fn a_silence_longer_than_the_counter_is_wrapped_over() {
    let mut packets = Scene::default().packets(10.0);
    // Two periods and a half later.
    let wait = 2.5 * 4_294.967_296;
    let later: Vec<_> = packets
        .iter()
        .map(|packet| {
            let micros = packet.device.expect("stamped").nanos / 1_000 + (wait * 1e6) as u64;
            Packet {
                sent: packet.sent.plus_secs(wait),
                device: Some(DeviceTime::from_micros_u32((micros & 0xffff_ffff) as u32)),
                host: packet.host.map(|host| host.plus_secs(wait)),
            }
        })
        .collect();
    packets.extend(later);
    let (times, aligner) = align(&packets);
    assert_eq!((aligner.health().n_wraps, aligner.health().n_resets), (2, 0));
    assert!(median_error(&packets, &times, wait, wait + 10.0) < MILLI);
}

#[test]
fn a_reset_is_counted_and_the_axis_goes_on() {
    for first_micros in [5_000_000, 3_000_000_000, 4_290_000_000] {
        let mut packets = Scene { first_micros, ..Scene::default() }.packets(60.0);
        for (n, packet) in packets.iter_mut().skip(3_000).enumerate() {
            packet.device = Some(DeviceTime::from_micros_u32(100 + n as u32 * 10_000));
        }
        let (times, aligner) = align(&packets);
        let health = aligner.health();
        assert_eq!(health.n_resets, 1, "from {first_micros}");
        assert!(median_error(&packets, &times, 45.0, 60.0) < MILLI, "from {first_micros}");
        let lost = packets[3_000..].iter().zip(&times[3_000..]).map(|(p, t)| t.since(p.sent).abs()).max();
        assert!(lost < Some(60 * MILLI), "from {first_micros}: {lost:?}");
    }
}

#[test]
fn a_device_clock_that_is_set_forward_is_a_reset() {
    let mut packets = Scene::default().packets(20.0);
    for packet in packets.iter_mut().skip(1_000) {
        let micros = packet.device.expect("stamped").nanos / 1_000 + 900_000_000;
        packet.device = Some(DeviceTime::from_micros_u32(micros as u32));
    }
    let (times, aligner) = align(&packets);
    assert_eq!(aligner.health().n_resets, 1);
    assert!(median_error(&packets, &times, 15.0, 20.0) < MILLI);
}

#[test]
fn a_host_clock_set_back_an_hour_is_counted_and_the_axis_goes_on() {
    for has_device in [true, false] {
        let mut packets = Scene::default().packets(60.0);
        for packet in packets.iter_mut().skip(3_000) {
            packet.host = packet.host.map(|host| host.plus_secs(-3_600.0));
        }
        for packet in &mut packets {
            packet.device = packet.device.filter(|_| has_device);
        }
        let (times, aligner) = align(&packets);
        assert_eq!(aligner.health().n_host_steps_back, 1);
        let limit = if has_device { 5 * MILLI } else { 20 * MILLI };
        let error = median_error(&packets, &times, 45.0, 60.0);
        assert!(error < limit, "device clock: {has_device}, {error} ns off");
    }
}

#[test]
fn a_host_clock_set_forward_is_followed_within_seconds() {
    for forward_secs in [0.2, 2.0, 3_600.0] {
        let mut packets = Scene::default().packets(60.0);
        for packet in packets.iter_mut().skip(3_000) {
            packet.host = packet.host.map(|host| host.plus_secs(forward_secs));
        }
        let (times, aligner) = align(&packets);
        assert_eq!(aligner.health().n_resets, 0, "{forward_secs} s");
        for packet in packets.iter_mut().skip(3_000) {
            packet.sent = packet.sent.plus_secs(forward_secs);
        }
        let error = median_error(&packets, &times, 40.0 + forward_secs, 60.0 + forward_secs);
        assert!(error < MILLI, "{forward_secs} s: {error} ns off");
    }
}

#[test]
fn a_frame_that_waits_in_a_busy_host_keeps_its_time() {
    let mut packets = Scene::default().packets(30.0);
    let stalled = packets[2_000].sent.plus_secs(1.5);
    for packet in packets.iter_mut().skip(2_000) {
        packet.host = packet.host.max(Some(stalled));
    }
    let (times, aligner) = align(&packets);
    assert_eq!(aligner.health().n_resets, 0);
    assert!(median_error(&packets, &times, 20.0, 21.5) < MILLI);
}

#[test]
fn without_a_device_clock_host_times_are_taken_as_they_are() {
    let packets: Vec<_> =
        Scene::default().packets(5.0).into_iter().map(|packet| Packet { device: None, ..packet }).collect();
    let mut aligner = ClockAligner::default();
    for packet in &packets {
        let before = packet.host.expect("stamped");
        assert_eq!(aligner.align(None, Some(before)), before);
    }
    assert_eq!(aligner.health().drift_ppm, None);
}

#[test]
fn without_a_host_time_device_time_counts_from_zero() {
    let scene = Scene { first_micros: 0xffff_ffff - 2_000_000, ..Scene::default() };
    let packets: Vec<_> = scene.packets(5.0).into_iter().map(|packet| Packet { host: None, ..packet }).collect();
    let (times, aligner) = align(&packets);
    assert_eq!((times[0], times[1]), (Timestamp::ZERO, Timestamp(10 * MILLI)));
    assert!((times[499].since(Timestamp::ZERO) - 4_990 * MILLI).abs() < MILLI / 100);
    assert_eq!((aligner.health().n_wraps, aligner.health().n_resets), (1, 0));
}

#[test]
fn without_a_host_time_a_reset_costs_one_usual_step() {
    let micros = |n: u32| DeviceTime::from_micros_u32(if n < 100 { 1_000_000_000 + n * 10_000 } else { n * 10_000 });
    let packets: Vec<_> =
        (0..200).map(|n| Packet { sent: Timestamp::ZERO, device: Some(micros(n)), host: None }).collect();
    let (times, aligner) = align(&packets);
    assert_eq!(aligner.health().n_resets, 1);
    assert_eq!(times[199], Timestamp(1_990 * MILLI));
}

#[test]
fn a_stuck_device_clock_gives_way_to_the_host() {
    let mut packets = Scene::default().packets(60.0);
    for packet in &mut packets[2_000..4_000] {
        packet.device = Some(DeviceTime::from_micros_u32(20_000_017));
    }
    let (times, aligner) = align(&packets);
    assert_eq!(aligner.health().n_resets, 0, "it goes on where it would have been");
    assert!(median_error(&packets, &times, 20.0, 40.0) < 15 * MILLI);
    assert!(median_error(&packets, &times, 45.0, 60.0) < MILLI);
}

#[test]
fn repeated_stamps_share_a_time_only_when_all_stand_still() {
    let at = |micros| Some(DeviceTime::from_micros_u32(micros));
    let host = |millis: i64| Some(Timestamp(DAY + millis * MILLI));
    let cases = [
        ("device and host repeat", [(at(5), host(1)), (at(5), host(1)), (at(5), host(1))], 2),
        ("only the device repeats", [(at(5), host(1)), (at(5), host(2)), (at(5), host(3))], 0),
        ("only the host repeats", [(at(5), host(1)), (at(6), host(1)), (at(7), host(1))], 0),
        ("a file with one host time", [(None, host(1)), (None, host(1)), (None, host(1))], 2),
        ("no stamps at all", [(None, None), (None, None), (None, None)], 2),
    ];
    for (case, stamps, n_repeats) in cases {
        let mut aligner = ClockAligner::default();
        let times = stamps.map(|(device, host)| aligner.align(device, host));
        assert_eq!(aligner.health().n_repeats, n_repeats, "{case}");
        let n_equal = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert_eq!(n_equal, n_repeats as usize, "{case}: {times:?}");
        assert!(times.is_sorted(), "{case}: {times:?}");
    }
}

#[test]
fn receivers_of_one_room_agree_about_each_packet() {
    let faults = SimulatedFaults { clock_reset_secs: Some(12.0), gap_secs: Some(20.0), ..SimulatedFaults::default() };
    let spec = SimulatorSpec {
        start: Some(Timestamp(DAY)),
        max_drift_ppm: 50.0,
        faults,
        n_subcarriers: 30,
        ..SimulatorSpec::default()
    };
    let mut simulator = Simulator::new(&spec);
    let mut aligners = HashMap::<NodeId, ClockAligner>::new();
    let mut heard = HashMap::<(NodeId, u32), (Timestamp, Timestamp)>::new();
    let mut last = HashMap::<LinkId, Timestamp>::new();
    for _ in 0..8 * 200 * 40 {
        let frame = simulator.next_frame();
        let time = aligners.entry(frame.link.rx).or_default().align_frame(&frame);
        assert!(last.insert(frame.link, time).is_none_or(|before| before < time));
        let span = heard.entry((frame.link.tx, frame.sequence.expect("counted"))).or_insert((time, time));
        *span = (span.0.min(time), span.1.max(time));
    }
    // The first second is for learning the delays.
    let worst = heard.iter().filter(|((_, n), _)| *n > 200).map(|(_, (first, last))| last.since(*first)).max();
    assert!(worst < Some(2 * MILLI), "receivers differ by {worst:?} ns");
    for (receiver, aligner) in &aligners {
        let (truth, health) = (simulator.drift_ppm(*receiver).expect("a receiver"), aligner.health());
        assert_eq!(health.n_resets, u32::from(*receiver == NodeId::Number(11)), "{receiver}");
        let found = health.drift_ppm.expect("after 40 s");
        assert!((found - truth).abs() < 3.0, "{receiver}: {found} instead of {truth} ppm");
    }
}

proptest! {
    #[test]
    fn any_stamps_give_ascending_times(
        stamps in prop::collection::vec(
            (prop::option::of((any::<u64>(), prop::option::of(any::<u64>()))), prop::option::of(any::<i64>())),
            0..200,
        ),
    ) {
        let mut aligner = ClockAligner::default();
        let mut last = None;
        for (device, host) in stamps {
            let device = device.map(|(nanos, wraps_at_nanos)| DeviceTime { nanos, wraps_at_nanos });
            let time = aligner.align(device, host.map(Timestamp));
            prop_assert!(Some(time) >= last);
            last = Some(time);
        }
    }
}
