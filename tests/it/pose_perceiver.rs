//! Frames as they come turn into windows for a pose network, whatever happens to links, clocks and numbers.

use corporeal::pose::layout::{BLOCKS, N_TOKENS, WINDOW_SECS};
use corporeal::pose::support::Unsupported;
use corporeal::pose::{Perceiver, PoseWindow, Unfit};
use corporeal::simulate::{RadioFormat, Simulator, SimulatorSpec, ThingSpec};
use corporeal::types::{Complex32, CsiFrame, FrameFlags, LinkId, Site, Timestamp};

fn spec() -> SimulatorSpec {
    SimulatorSpec {
        seed: 4,
        n_links: 6,
        n_rx: 3,
        rate_hz: 100.0,
        format: RadioFormat::Intel5300Ht40,
        occupied: false,
        loss: 0.0,
        things: vec![ThingSpec::Sphere {
            from: [1.0, 1.0, 1.0],
            to: [3.0, 3.0, 1.0],
            speed_m_per_s: 1.0,
            cross_section_m2: 0.7,
        }],
        ..SimulatorSpec::default()
    }
}

fn at(secs: f64) -> Timestamp {
    Timestamp::from_secs_f64(secs)
}

/// The first seconds of a scene.
fn scene(spec: &SimulatorSpec, secs: f64) -> (Vec<CsiFrame>, Site, Vec<LinkId>) {
    let mut simulator = Simulator::new(spec);
    let (site, links) = (simulator.site().clone(), simulator.links().collect());
    let mut frames = Vec::new();
    loop {
        let frame = simulator.next_frame();
        if frame.host_time.expect("simulated frames are timed") > at(secs) {
            return (frames, site, links);
        }
        frames.push(frame);
    }
}

fn fed(frames: &[CsiFrame]) -> Perceiver {
    let mut perceiver = Perceiver::default();
    for frame in frames {
        perceiver.push(frame.host_time.expect("timed"), frame);
    }
    perceiver
}

fn seen(perceiver: &mut Perceiver, secs: f64, site: &Site) -> PoseWindow {
    perceiver.window(at(secs), site).expect("enough links")
}

#[test]
fn frames_make_a_window_of_all_links() {
    let (frames, site, links) = scene(&spec(), 2.0);
    let mut perceiver = fed(&frames);
    let window = seen(&mut perceiver, 2.0, &site);
    assert_eq!(window.links.len(), links.len());
    assert_eq!(window.n_antennas, 3);
    assert_eq!(window.left_out, []);
    assert!((window.time.secs_f64() - (2.0 - WINDOW_SECS / 2.0)).abs() < 1e-6);
    assert_eq!(window.inputs.mask.iter().sum::<f32>(), 6.0);
    assert!(window.inputs.tokens.iter().all(|value| value.is_finite()));
    assert!((95.0..105.0).contains(&window.conditions.packets_per_sec), "{:?}", window.conditions);
    assert_eq!(perceiver.evidence().n_links, 6);
    assert_eq!(seen(&mut fed(&frames), 2.0, &site), window, "the same frames give the same window");
}

#[test]
fn a_window_is_the_same_however_long_frames_came_before() {
    let (frames, site, _) = scene(&spec(), 12.0);
    let late: Vec<CsiFrame> =
        frames.iter().filter(|frame| frame.host_time.is_some_and(|time| time > at(10.0))).cloned().collect();
    assert_eq!(seen(&mut fed(&frames), 12.0, &site), seen(&mut fed(&late), 12.0, &site));
}

#[test]
fn a_link_that_dies_drops_out_and_the_others_go_on() {
    let (frames, site, links) = scene(&spec(), 6.0);
    let mut perceiver = Perceiver::default();
    let mut next = 2.0;
    for frame in &frames {
        let time = frame.host_time.expect("timed");
        while next <= time.secs_f64() {
            let window = seen(&mut perceiver, next, &site);
            let dead = next > 3.3;
            assert_eq!(window.links.contains(&links[2]), !dead, "at {next} s");
            assert_eq!(window.links.len(), if dead { 5 } else { 6 });
            assert!(window.conditions.longest_gap_secs < 0.05 || !dead);
            if dead {
                let [(link, Unfit::Silent { .. } | Unfit::FewPackets { .. })] = window.left_out[..] else {
                    panic!("{:?}", window.left_out)
                };
                assert_eq!(link, links[2]);
            }
            next += 0.25 + if next < 3.1 && next + 0.25 > 3.0 { 0.35 } else { 0.0 };
        }
        if frame.link != links[2] || time < at(3.0) {
            perceiver.push(time, frame);
        }
    }
    assert!(next > 5.0);
}

#[test]
fn a_clock_that_is_set_back_starts_anew() {
    let (frames, site, _) = scene(&spec(), 2.0);
    let mut perceiver = fed(&frames);
    // The same frames again an hour earlier, as after a restart of the sender's clock.
    let earlier = |secs: f64| at(secs - 3_600.0);
    for frame in &frames {
        perceiver.push(earlier(frame.host_time.expect("timed").secs_f64()), frame);
    }
    let again = perceiver.window(earlier(2.0), &site).expect("the new time counts");
    assert_eq!(again.inputs, seen(&mut fed(&frames), 2.0, &site).inputs);
    // A packet that comes late by less changes nothing.
    let mut perceiver = fed(&frames);
    for frame in frames.iter().skip(600).take(50) {
        perceiver.push(frame.host_time.expect("timed"), frame);
    }
    assert_eq!(seen(&mut perceiver, 2.0, &site), seen(&mut fed(&frames), 2.0, &site));
}

#[test]
fn frames_that_are_none_change_nothing() {
    let (frames, site, links) = scene(&spec(), 2.0);
    let expected = seen(&mut fed(&frames), 2.0, &site);
    let mut perceiver = Perceiver::default();
    let spoil: [fn(&mut CsiFrame); 6] = [
        |frame| frame.values[7].re = f32::NAN,
        |frame| frame.values[3].im = f32::INFINITY,
        |frame| frame.values.truncate(11),
        |frame| frame.n_rx = 0,
        |frame| frame.n_rx = 200,
        |frame| frame.values.clear(),
    ];
    for (i, frame) in frames.iter().enumerate() {
        let time = frame.host_time.expect("timed");
        let mut bad = frame.clone();
        spoil[i % spoil.len()](&mut bad);
        perceiver.push(time.plus_secs(-0.002), &bad);
        perceiver.push(time, frame);
    }
    assert_eq!(seen(&mut perceiver, 2.0, &site), expected);
    // A link of nothing but NaN has no packets; the rest go on.
    let mut perceiver = Perceiver::default();
    for frame in &frames {
        let mut frame = frame.clone();
        if frame.link == links[0] {
            frame.values.fill(Complex32::new(f32::NAN, 0.0));
        }
        perceiver.push(frame.host_time.expect("timed"), &frame);
    }
    let window = seen(&mut perceiver, 2.0, &site);
    assert_eq!(window.links.len(), 5);
    assert_eq!(window.left_out.len(), 1);
}

#[test]
fn without_places_or_a_room_the_reason_is_told() {
    let (frames, site, links) = scene(&spec(), 2.0);
    let mut perceiver = fed(&frames);
    let roomless = Site { room: None, ..site.clone() };
    assert_eq!(perceiver.window(at(2.0), &roomless).expect_err("no room"), [Unsupported::NoRoom]);
    let mut nowhere = site.clone();
    nowhere.nodes.iter_mut().for_each(|node| node.position_m = None);
    let reasons = perceiver.window(at(2.0), &nowhere).expect_err("no geometry");
    assert_eq!(reasons, [Unsupported::NoGeometry { n_links: 6 }, Unsupported::FewLinks { n: 0 }]);
    assert!(perceiver.left_out().iter().all(|(_, reason)| *reason == Unfit::NoGeometry));
    assert!(!perceiver.evidence().geometry_known);
    let mut one_missing = site;
    let receiver = one_missing.nodes.iter_mut().find(|node| node.id == links[1].rx).expect("there");
    receiver.position_m = None;
    let window = seen(&mut perceiver, 2.0, &one_missing);
    assert!(!window.links.contains(&links[1]) && window.links.len() >= 3);
    assert_eq!(
        Perceiver::default().window(at(2.0), &one_missing).expect_err("nothing"),
        [Unsupported::FewLinks { n: 0 }]
    );
}

#[test]
fn arrays_of_unknown_direction_count_as_one_antenna() {
    let (frames, mut site, links) = scene(&spec(), 2.0);
    let receiver = site.nodes.iter_mut().find(|node| node.id == links[0].rx).expect("there");
    receiver.array_axis_deg = None;
    let window = seen(&mut fed(&frames), 2.0, &site);
    assert_eq!(window.n_antennas, 1);
    let radio = BLOCKS.iter().find(|block| block.name == "radio").expect("a block").start;
    let single: Vec<f32> = window.inputs.tokens.chunks_exact(N_TOKENS).take(6).map(|link| link[radio]).collect();
    let expected: Vec<f32> = window.links.iter().map(|link| if link.rx == links[0].rx { 1.0 } else { 0.0 }).collect();
    assert_eq!(single, expected);
}

#[test]
fn two_antennas_count_as_two() {
    let (frames, site, links) = scene(&SimulatorSpec { n_rx: 2, ..spec() }, 2.0);
    let window = seen(&mut fed(&frames), 2.0, &site);
    assert_eq!((window.n_antennas, window.links.len()), (2, links.len()));
    let block = BLOCKS.iter().find(|block| block.name == "antenna_correlation").expect("a block");
    for link in window.inputs.tokens.chunks_exact(N_TOKENS).take(links.len()) {
        let (near, far) = link[block.start..block.start + block.len].split_at(block.len / 2);
        assert!(near.iter().any(|value| *value != 0.0), "the pair that is there");
        assert!(far.iter().all(|value| *value == 0.0), "the third is not there");
    }
}

#[test]
fn two_links_make_a_window_that_judges_no_body() {
    let (mut frames, site, links) = scene(&spec(), 2.0);
    frames.retain(|frame| links[..2].contains(&frame.link));
    let window = seen(&mut fed(&frames), 2.0, &site);
    assert_eq!(window.links, links[..2]);
    frames.retain(|frame| frame.link == links[0]);
    let one = fed(&frames).window(at(2.0), &site).expect_err("one link");
    assert_eq!(one, [Unsupported::FewLinks { n: 1 }]);
}

#[test]
fn the_wider_of_two_streams_is_taken_while_it_is_fast_enough() {
    let wide = spec();
    let narrow = SimulatorSpec { format: RadioFormat::Atheros20, ..spec() };
    let ((wide, site, _), (narrow, ..)) = (scene(&wide, 2.0), scene(&narrow, 2.0));
    let alone = |frames: &[CsiFrame]| seen(&mut fed(frames), 2.0, &site).inputs;
    let both = |wide: &[CsiFrame]| {
        let mut all: Vec<CsiFrame> = wide.iter().chain(&narrow).cloned().collect();
        all.sort_by_key(|frame| frame.host_time);
        seen(&mut fed(&all), 2.0, &site).inputs
    };
    assert_eq!(both(&wide), alone(&wide));
    // Every eighth beacon is wider: too slow to be of use.
    let mut count = std::collections::BTreeMap::<LinkId, usize>::new();
    let slow: Vec<CsiFrame> = wide
        .iter()
        .filter(|frame| {
            let n = count.entry(frame.link).or_default();
            *n += 1;
            (*n).is_multiple_of(8)
        })
        .cloned()
        .collect();
    assert_eq!(both(&slow), alone(&narrow));
}

#[test]
fn amplitudes_without_phase_are_told_apart() {
    let (mut frames, site, links) = scene(&spec(), 2.0);
    for frame in frames.iter_mut().filter(|frame| frame.link == links[3]) {
        frame.flags.insert(FrameFlags::AMPLITUDE_ONLY);
        frame.values.iter_mut().for_each(|value| *value = Complex32::new(value.norm(), 0.0));
    }
    let window = seen(&mut fed(&frames), 2.0, &site);
    assert_eq!(window.left_out, [(links[3], Unfit::NoPhase)]);
}

#[test]
fn the_empty_room_is_learnt_and_marks_each_link() {
    let empty = SimulatorSpec { things: Vec::new(), ..spec() };
    let (quiet, site, links) = scene(&empty, 4.0);
    let mut perceiver = fed(&quiet);
    let known = |perceiver: &mut Perceiver| {
        let block = BLOCKS.iter().find(|block| block.name == "empty_room").expect("a block");
        let window = seen(perceiver, 4.0, &site);
        let links = window.inputs.tokens.chunks_exact(N_TOKENS).take(window.links.len());
        let parts: Vec<Vec<f32>> = links.map(|link| link[block.start..block.start + block.len].to_vec()).collect();
        parts
    };
    assert!(known(&mut perceiver).iter().flatten().all(|value| *value == 0.0));
    assert_eq!(perceiver.learn_empty(), links.len());
    for link in known(&mut perceiver) {
        assert_eq!(link.last(), Some(&1.0));
        let size = link[30..90].iter().map(|value| value * value).sum::<f32>().sqrt();
        assert!(size < 0.2, "an empty room differs from itself by noise alone: {size}");
    }
    perceiver.forget_empty();
    assert!(!perceiver.knows_empty() && known(&mut perceiver).iter().flatten().all(|value| *value == 0.0));
    assert_eq!(Perceiver::default().learn_empty(), 0);
}
