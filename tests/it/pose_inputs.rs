//! What a pose network is fed with tells where things move, does not depend on the order of links, and takes anything.

use bevy_math::{Vec2, Vec3};
use corporeal::pose::layout::{BLOCKS, GRID_DEPTH, GRID_WIDTH, N_CELLS, N_GEOMETRY, N_TOKENS, WINDOW_SECS};
use corporeal::pose::support::{Conditions, Unsupported, hard_gates};
use corporeal::pose::{
    EmptyRoom, FloorGrid, LinkGeometry, LinkInput, LinkTokens, LinkWindow, NetworkInputs, Packets, TokenMaker, Unfit,
};
use corporeal::simulate::{RadioFormat, Simulator, SimulatorSpec, ThingSpec};
use corporeal::types::{Complex32, LinkId, NodeId, Room, Timestamp};

const ROOM: Room = Room { width_m: 5.0, depth_m: 4.0, height_m: 2.5 };
const START_SECS: f64 = 2.0;

/// One link's packets with room to change them.
struct Recorded {
    link: LinkId,
    times: Vec<Timestamp>,
    rows: Vec<Complex32>,
    numbers: Vec<i16>,
    spacing_hz: f32,
    n_antennas: usize,
    geometry: LinkGeometry,
}

impl Recorded {
    fn packets(&self) -> Packets<'_> {
        Packets {
            times: &self.times,
            rows: &self.rows,
            numbers: &self.numbers,
            spacing_hz: self.spacing_hz,
            centre_hz: 5.18e9,
            n_antennas: self.n_antennas,
        }
    }

    fn window(&self) -> Result<LinkWindow, Unfit> {
        LinkWindow::from_packets(&self.packets(), Timestamp::from_secs_f64(START_SECS))
    }

    fn tokens(&self) -> Result<LinkTokens, Unfit> {
        tokens(&mut TokenMaker::default(), &self.window()?, self.geometry, None)
    }
}

/// Of a link whose receiver hears no other.
fn tokens(
    maker: &mut TokenMaker,
    window: &LinkWindow,
    geometry: LinkGeometry,
    empty: Option<&EmptyRoom>,
) -> Result<LinkTokens, Unfit> {
    let link = LinkInput { receiver: NodeId::Unknown, window, geometry, empty };
    maker.make(&[link], ROOM).remove(0).ok_or(Unfit::NoGeometry)
}

fn sphere(from: [f32; 3], to: [f32; 3], speed_m_per_s: f32) -> Vec<ThingSpec> {
    vec![ThingSpec::Sphere { from, to, speed_m_per_s, cross_section_m2: 0.7 }]
}

fn scene(n_rx: u8, things: Vec<ThingSpec>) -> SimulatorSpec {
    SimulatorSpec {
        seed: 11,
        n_links: 8,
        n_rx,
        rate_hz: 100.0,
        format: RadioFormat::Intel5300Ht40,
        room: ROOM,
        occupied: false,
        things,
        ..SimulatorSpec::default()
    }
}

/// Every link's packets of the window and a little around it.
fn record(spec: &SimulatorSpec) -> Vec<Recorded> {
    let mut simulator = Simulator::new(spec);
    let links: Vec<LinkId> = simulator.links().collect();
    let centre = ROOM.size() / 2.0;
    let mut recorded: Vec<Recorded> = links
        .iter()
        .map(|&link| {
            let (tx, rx) = simulator.site().ends(link).expect("placed");
            // The simulator's arrays are square to the direction of the room's centre.
            let axis = (centre - rx).truncate().normalize().perp();
            let geometry = LinkGeometry { tx, rx, axis: if spec.n_rx > 1 { axis } else { Vec2::ZERO } };
            let (times, rows, numbers) = (Vec::new(), Vec::new(), Vec::new());
            Recorded { link, times, rows, numbers, spacing_hz: 0.0, n_antennas: usize::from(spec.n_rx), geometry }
        })
        .collect();
    simulator.skip_to(Timestamp::from_secs_f64(START_SECS - 0.1));
    loop {
        let frame = simulator.next_frame();
        let time = frame.host_time.expect("simulated frames are timed");
        if time.secs_since(Timestamp::from_secs_f64(START_SECS)) > WINDOW_SECS + 0.1 {
            return recorded;
        }
        let link = links.iter().position(|link| *link == frame.link).expect("of this scene");
        let own = &mut recorded[link];
        own.times.push(time);
        own.rows.extend(&frame.values);
        own.numbers.clone_from(&frame.subcarriers.index);
        own.spacing_hz = frame.subcarriers.spacing_hz;
    }
}

fn all_tokens(spec: &SimulatorSpec) -> Vec<LinkTokens> {
    record(spec).iter().map(|link| link.tokens().expect("a plain window")).collect()
}

fn block<'a>(tokens: &'a LinkTokens, name: &str) -> &'a [f32] {
    let block = BLOCKS.iter().find(|block| block.name == name).expect("a block's name");
    &tokens.values[block.start..block.start + block.len]
}

/// A mover at a place. It has a body's height and goes a little way to and fro, so that it stays within a cell or two.
fn mover(at: [f32; 2]) -> Vec<ThingSpec> {
    sphere([at[0] - 0.12, at[1] - 0.12, 1.0], [at[0] + 0.12, at[1] + 0.12, 1.0], 0.6)
}

/// What eight links tell of a mover at a place.
fn tokens_of_mover(at: [f32; 2], spec: impl Fn(Vec<ThingSpec>) -> SimulatorSpec, turned: bool) -> Vec<LinkTokens> {
    let mut links = record(&spec(mover(at)));
    if turned {
        links.iter_mut().for_each(|link| link.geometry.axis *= -1.0);
    }
    links.iter().map(|link| link.tokens().expect("a plain window")).collect()
}

/// How far from a mover the floor is brightest, metres along x and y.
fn peak_error(at: [f32; 2], spec: impl Fn(Vec<ThingSpec>) -> SimulatorSpec, turned: bool) -> Vec2 {
    let tokens = tokens_of_mover(at, spec, turned);
    let grid = FloorGrid::new(tokens.iter().map(|link| &link.map)).expect("eight links");
    (grid.peak(ROOM) - Vec2::from(at)).abs()
}

/// How far from a mover a body is likeliest, metres.
fn likeliest_error(at: [f32; 2], turned: bool) -> f32 {
    let tokens = tokens_of_mover(at, |things| scene(3, things), turned);
    let of = |cell: usize| tokens.iter().map(|link| link.likelihood[cell]).sum::<f32>();
    let cell = (0..N_CELLS).max_by(|a, b| of(*a).total_cmp(&of(*b))).expect("cells");
    let share = Vec2::new((cell / GRID_DEPTH) as f32 + 0.5, (cell % GRID_DEPTH) as f32 + 0.5);
    let middle = share / Vec2::new(GRID_WIDTH as f32, GRID_DEPTH as f32) * ROOM.size().truncate();
    middle.distance(Vec2::from(at))
}

const PLACES: [[f32; 2]; 5] = [[1.2, 1.1], [3.6, 1.2], [2.4, 2.1], [1.3, 3.0], [3.7, 2.9]];

#[test]
fn the_floor_is_brightest_where_something_moves() {
    // Without echoes off the walls. Three antennas tell directions to some 20 degrees and 40 MHz tell ways to some
    // metres, so that single places may lie two cells off (0.36 by 0.40 m each).
    let bare = |things| SimulatorSpec { n_reflections: 0, furniture: Some(Vec::new()), ..scene(3, things) };
    let off: Vec<Vec2> = PLACES.iter().map(|&at| peak_error(at, bare, false)).collect();
    assert!(off.iter().all(|off| off.x <= 0.9 && off.y <= 1.0), "{off:?}");
    let n_right = off.iter().filter(|off| off.x <= 0.54 && off.y <= 0.6).count();
    assert!(n_right >= 4, "the right cell or its neighbour in {n_right} of {} places: {off:?}", PLACES.len());
}

#[test]
fn echoes_blur_the_floor_but_a_turned_array_loses_the_mover() {
    let mean = |turned| -> f32 {
        PLACES.iter().map(|&at| peak_error(at, |things| scene(3, things), turned).length()).sum::<f32>() / 5.0
    };
    let (right, turned) = (mean(false), mean(true));
    assert!(right < 0.9 && turned > 1.3 * right, "{right} m with the right axis, {turned} m with the turned one");
}

#[test]
fn a_body_is_likeliest_where_something_moves_among_echoes() {
    let mean = |turned| PLACES.iter().map(|&at| likeliest_error(at, turned)).sum::<f32>() / PLACES.len() as f32;
    let (right, turned) = (mean(false), mean(true));
    assert!(right < 0.45 && turned > 2.0 * right, "{right} m with the right axis, {turned} m with the turned one");
}

#[test]
fn links_of_one_receiver_tell_its_chains_together() {
    // How likely a body is at the mover's place beside anywhere else, of all links: told one by one, and at once.
    let of_place = |at: [f32; 2], at_once: bool| {
        let links = record(&scene(3, mover(at)));
        let windows: Vec<LinkWindow> = links.iter().map(|link| link.window().expect("a plain window")).collect();
        let inputs: Vec<LinkInput<'_>> = links
            .iter()
            .zip(&windows)
            .map(|(link, window)| LinkInput { receiver: link.link.rx, window, geometry: link.geometry, empty: None })
            .collect();
        let mut maker = TokenMaker::default();
        let tokens: Vec<Option<LinkTokens>> = if at_once {
            maker.make(&inputs, ROOM)
        } else {
            inputs.iter().flat_map(|input| maker.make(&[*input], ROOM)).collect()
        };
        let share = Vec2::from(at) / ROOM.size().truncate() * Vec2::new(GRID_WIDTH as f32, GRID_DEPTH as f32);
        let cell = share.x as usize * GRID_DEPTH + share.y as usize;
        tokens.iter().flatten().map(|link| link.likelihood[cell]).sum::<f32>()
    };
    let mean = |at_once| PLACES.iter().map(|&at| of_place(at, at_once)).sum::<f32>() / PLACES.len() as f32;
    let (alone, together) = (mean(false), mean(true));
    assert!(together > alone + 1.0, "{together} together, {alone} alone");
}

#[test]
fn a_mover_s_path_rate_has_the_size_and_sign_of_its_way() {
    for (from, to) in [([1.0, 2.0, 1.0], [4.0, 2.0, 1.0]), ([4.0, 2.0, 1.0], [1.0, 2.0, 1.0])] {
        // Three metres at 0.7 m/s: the window lies on the first way, around the second 2.64.
        let links = record(&scene(3, sphere(from, to, 0.7)));
        let (from, to) = (Vec3::from(from), Vec3::from(to));
        let at = |secs: f32| from + (to - from).normalize() * 0.7 * secs;
        let mut n_close = 0;
        for link in &links {
            let length = |at: Vec3| at.distance(link.geometry.tx) + at.distance(link.geometry.rx);
            let true_rate = (length(at(3.28)) - length(at(2.0))) / 1.28;
            let rate = link.tokens().expect("a plain window").map.path_rate_m_per_s;
            n_close += usize::from((rate - true_rate).abs() < 0.2);
        }
        // A link that the sphere shadows or hardly lights may be off.
        assert!(n_close >= 6, "{n_close} of {} links tell the speed", links.len());
    }
}

#[test]
fn the_order_of_links_does_not_matter() {
    let tokens = all_tokens(&scene(3, sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0)));
    let forward = FloorGrid::new(tokens.iter().map(|link| &link.map)).expect("links");
    let backward = FloorGrid::new(tokens.iter().rev().map(|link| &link.map)).expect("links");
    let worst = forward.values.iter().zip(&backward.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-4, "{worst}");
}

#[test]
fn the_same_packets_give_the_same_numbers() {
    let spec = scene(3, sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0));
    assert_eq!(all_tokens(&spec), all_tokens(&spec));
}

#[test]
fn one_antenna_is_marked_and_leaves_its_terms_empty() {
    let things = sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0);
    for (n_rx, flag) in [(1, 1.0), (2, 0.0), (3, 0.0)] {
        for tokens in all_tokens(&scene(n_rx, things.clone())) {
            assert_eq!(tokens.n_antennas, usize::from(n_rx));
            assert_eq!(block(&tokens, "radio")[0], flag);
            let between = block(&tokens, "antenna_correlation");
            assert_eq!(between.iter().all(|value| *value == 0.0), n_rx == 1);
        }
    }
}

#[test]
fn every_grid_of_subcarriers_and_count_of_links_gives_the_same_shape() {
    for format in [RadioFormat::Plain, RadioFormat::Intel5300Ht20, RadioFormat::Atheros20, RadioFormat::Atheros40] {
        for n_links in [1, 3, 16] {
            let spec = SimulatorSpec { format, n_links, ..scene(2, sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0)) };
            let tokens = all_tokens(&spec);
            assert_eq!(tokens.len(), usize::from(n_links));
            assert!(tokens.iter().all(|link| link.values.len() == N_TOKENS));
            let grid = FloorGrid::new(tokens.iter().map(|link| &link.map)).expect("links");
            assert!(grid.values.iter().all(|value| value.is_finite()));
        }
    }
}

#[test]
fn an_empty_room_differs_from_itself_by_noise_alone() {
    let still = record(&scene(3, Vec::new()));
    let mut furnished = scene(3, Vec::new());
    furnished.furniture = Some(vec![corporeal::simulate::FurnitureSpec { at: [2.5, 2.0, 1.0], cross_section_m2: 4.0 }]);
    let changed = record(&furnished);
    let mut maker = TokenMaker::default();
    let mut size = |now: &Recorded, empty: &Recorded| {
        let empty = EmptyRoom::from_packets(&empty.packets()).expect("a steady channel");
        let window = now.window().expect("a plain window");
        let tokens = tokens(&mut maker, &window, now.geometry, Some(&empty)).expect("tokens");
        let difference = block(&tokens, "empty_room");
        assert_eq!(difference.last(), Some(&1.0), "the reference is marked as present");
        difference[30..90].iter().map(|value| value * value).sum::<f32>().sqrt()
    };
    for (still, changed) in still.iter().zip(&changed) {
        let (same, other) = (size(still, still), size(changed, still));
        assert!(same < 0.05, "{same}");
        assert!(other > 5.0 * same, "{other} against {same}");
    }
    let without = still[0].tokens().expect("tokens");
    assert!(block(&without, "empty_room").iter().all(|value| *value == 0.0));
}

#[track_caller]
fn check_unfit(change: impl Fn(&mut Recorded), expected: Unfit) {
    let mut link = record(&scene(2, Vec::new())).remove(0);
    change(&mut link);
    match link.tokens() {
        Err(reason) => assert_eq!(reason, expected, "{reason}"),
        Ok(_) => panic!("tokens instead of {expected}"),
    }
}

#[test]
fn what_makes_no_window_says_why() {
    check_unfit(|link| link.numbers.truncate(5), Unfit::FewSubcarriers { n: 5 });
    check_unfit(|link| link.n_antennas = 3, Unfit::Shape);
    check_unfit(|link| link.n_antennas = 0, Unfit::Shape);
    check_unfit(|link| link.n_antennas = usize::MAX, Unfit::Shape);
    check_unfit(|link| link.rows.clear(), Unfit::Shape);
    check_unfit(|link| link.numbers.swap(3, 7), Unfit::Order);
    check_unfit(|link| link.times.reverse(), Unfit::Order);
    check_unfit(|link| link.spacing_hz = f32::NAN, Unfit::Frequency);
    check_unfit(|link| link.rows[4_000].re = f32::INFINITY, Unfit::NotANumber);
    check_unfit(|link| link.rows.fill(Complex32::ZERO), Unfit::NoSteadyChannel);
    check_unfit(|link| link.geometry.tx.x = f32::NAN, Unfit::NoGeometry);
    check_unfit(|link| link.geometry.tx = link.geometry.rx, Unfit::NoGeometry);
    check_unfit(
        |link| {
            link.times.truncate(20);
            link.rows.truncate(20 * 60);
        },
        Unfit::FewPackets { n: 11 },
    );
    check_unfit(
        |link| {
            // Noise without any channel.
            let mut state = 1_u32;
            let mut next = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            link.rows.iter_mut().for_each(|value| *value = Complex32::new(next(), next()));
        },
        Unfit::NoSteadyChannel,
    );
}

#[test]
fn odd_but_finite_packets_give_finite_bounded_numbers() {
    let changes: [fn(&mut Recorded); 6] = [
        |link| link.rows.iter_mut().for_each(|value| *value *= 1e12),
        |link| link.rows.iter_mut().for_each(|value| *value *= 1e-12),
        |link| link.rows.iter_mut().step_by(7).for_each(|value| *value = Complex32::ZERO),
        |link| link.rows.iter_mut().for_each(|value| *value = Complex32::ONE),
        |link| link.rows[2_000..4_000].fill(Complex32::ZERO),
        |link| {
            let same = link.times[40];
            link.times[40..60].fill(same);
        },
    ];
    for (i, change) in changes.iter().enumerate() {
        let mut link = record(&scene(2, sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0))).remove(1);
        change(&mut link);
        if let Ok(tokens) = link.tokens() {
            let all = || tokens.values.iter().chain(&tokens.map.energy);
            assert!(all().all(|value| value.is_finite() && value.abs() <= 10.0), "change {i}");
            assert_eq!(tokens.map.energy.len(), N_CELLS);
        } else {
            assert!(i != 0 && i != 1, "the unit of a radio's values must not matter");
        }
    }
}

#[test]
fn a_gap_is_marked_and_adds_no_motion() {
    let mut link = record(&scene(2, Vec::new())).remove(0);
    let whole = link.window().expect("a plain window");
    let from = Timestamp::from_secs_f64(2.4);
    let kept: Vec<usize> =
        (0..link.times.len()).filter(|&i| !(0.0..0.3).contains(&link.times[i].secs_since(from))).collect();
    link.rows = kept.iter().flat_map(|i| link.rows[60 * i..60 * (i + 1)].to_vec()).collect();
    link.times = kept.iter().map(|&i| link.times[i]).collect();
    let holed = link.window().expect("still enough packets");
    assert!(whole.longest_gap_secs < 0.05 && whole.valid_share() > 0.95, "{whole:?}");
    assert!((0.28..0.36).contains(&holed.longest_gap_secs), "{}", holed.longest_gap_secs);
    assert!((0.7..0.8).contains(&holed.valid_share()), "{}", holed.valid_share());
    let power = |window: &LinkWindow| corporeal::pose::Bands::new(window, 3).power();
    assert!(power(&holed) <= power(&whole) * 1.1, "{} against {}", power(&holed), power(&whole));
}

#[test]
fn links_fill_eight_or_sixteen_slots_and_the_rest_is_masked() {
    let tokens = all_tokens(&SimulatorSpec { n_links: 16, ..scene(1, Vec::new()) });
    for (n, n_slots) in [(1, 8), (8, 8), (9, 16), (16, 16)] {
        let inputs = NetworkInputs::new(&tokens[..n]).expect("links");
        assert_eq!(inputs.n_slots, n_slots);
        assert_eq!(inputs.tokens.len(), n_slots * N_TOKENS);
        assert_eq!(inputs.geometry.len(), n_slots * N_GEOMETRY);
        assert_eq!(inputs.mask.len(), n_slots);
        assert_eq!(inputs.maps.len(), n_slots * N_CELLS);
        assert_eq!(inputs.maps[(n - 1) * N_CELLS..n * N_CELLS], tokens[n - 1].map.energy);
        assert_eq!(inputs.likelihoods.len(), n_slots * N_CELLS);
        assert_eq!(inputs.likelihoods[(n - 1) * N_CELLS..n * N_CELLS], tokens[n - 1].likelihood);
        assert_eq!(inputs.mask.iter().sum::<f32>(), n as f32);
        assert_eq!(inputs.tokens[(n - 1) * N_TOKENS..n * N_TOKENS], tokens[n - 1].values);
        assert!(inputs.tokens[n * N_TOKENS..].iter().all(|value| *value == 0.0));
    }
    assert_eq!(NetworkInputs::new(&[]), None);
}

/// The reasons against a scene's window with so many of its links.
fn gates(spec: &SimulatorSpec, n_links: usize) -> Vec<Unsupported> {
    let links = record(spec);
    let made: Vec<_> =
        links.iter().take(n_links).filter_map(|link| Some((link.window().ok()?, link.tokens().ok()?))).collect();
    hard_gates(&Conditions::new(made.iter().map(|(window, tokens)| (window, tokens)), 0))
}

#[test]
fn gates_follow_from_what_was_simulated() {
    let good = scene(3, sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0));
    let good = SimulatorSpec { loss: 0.0, ..good };
    assert_eq!(gates(&good, 8), []);
    assert_eq!(gates(&good, 1), [Unsupported::FewLinks { n: 1 }]);
    let slow = gates(&SimulatorSpec { rate_hz: 40.0, ..good.clone() }, 8);
    assert!(
        matches!(slow[..], [Unsupported::LowRate { packets_per_sec }] if (35.0..45.0).contains(&packets_per_sec)),
        "{slow:?}"
    );
    let faint = gates(&SimulatorSpec { snr_db: [7.0, 7.0], ..good }, 8);
    assert!(matches!(faint[..], [Unsupported::Faint { snr_db }] if (6.0..8.0).contains(&snr_db)), "{faint:?}");
}

#[test]
fn the_noise_is_read_as_it_was_put_in() {
    for format in [RadioFormat::Intel5300Ht40, RadioFormat::Intel5300Ht20, RadioFormat::Plain, RadioFormat::Atheros40] {
        for snr_db in [7.0, 10.0, 15.0, 20.0, 25.0, 30.0] {
            // A sphere comes near some links: what it adds and takes is smooth over the band and must not count.
            let things = sphere([1.0, 1.0, 1.0], [3.0, 3.0, 1.0], 1.0);
            let spec = SimulatorSpec { snr_db: [snr_db, snr_db], loss: 0.0, format, ..scene(3, things) };
            let mut read: Vec<f32> = record(&spec).iter().filter_map(|link| Some(link.window().ok()?.snr_db)).collect();
            read.sort_by(f32::total_cmp);
            let middle = read[read.len() / 2];
            assert!((middle - snr_db).abs() < 1.0, "{format:?}: {snr_db} dB read as {read:?}");
        }
    }
}
