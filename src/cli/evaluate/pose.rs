//! `evaluate pose`: the installed network watches people in simulated rooms, frame by frame as the program does.

use std::sync::atomic::Ordering;

use bevy_math::{Vec2, Vec3};

use super::super::out;
use super::super::simulate::chance::Chance;
use super::super::simulate::radio::Radio;
use super::super::simulate::windows::{LARGE_M, LARGE_WALLS, N_PLAIN_TONES};
use super::conduct::{Stopwatch, interrupt_flag};
use super::pose_table::{self, Case, Row, Watched};
use crate::inference::{Models, RadioPose};
use crate::pose::layout::WINDOW_SECS;
use crate::pose::targets::{MotionClass, N_JOINTS, PersonTarget};
use crate::pose::{Answers, Perceiver, PoseWindow, pose_from_pelvis};
use crate::simulate::{SceneOptions, Simulator, SimulatorSpec};
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{
    CsiFrame, Detection, Joint, JointEstimate, LinkId, Pose, Posture, SceneTruth, Site, Timestamp, TrackState,
};

/// Watches simulated people with the installed network and prints how far off it is, beside what guessing gives (SIMULATED).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate pose
  corporeal evaluate pose --rooms 200 --links 3,8 --antennas 2,3
  corporeal evaluate pose --large --radio atheros20
  corporeal evaluate pose --demo --antennas 3 --links 8
  corporeal evaluate pose --json > pose.json

Rooms are those of the test set, which no training saw. Each is watched for 5 s; single looks are 1.3 s apart.")]
pub struct Options {
    /// Rooms for each number of people.
    #[arg(long, default_value = "60", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rooms: u32,
    /// Begin at this room of the test set.
    #[arg(long, default_value_t = 500_000)]
    first_room: u32,
    /// Links that are used, of eight.
    #[arg(long, value_delimiter = ',', default_value = "2,4,8", value_parser = clap::value_parser!(u8).range(1..=8))]
    links: Vec<u8>,
    /// Antennas of each receiver.
    #[arg(long, value_delimiter = ',', default_value = "1,3", value_parser = clap::value_parser!(u8).range(1..=3))]
    antennas: Vec<u8>,
    /// How many people are in a room.
    #[arg(long, value_delimiter = ',', default_value = "0,1,2", value_parser = clap::value_parser!(u8).range(0..=3))]
    people: Vec<u8>,
    /// What the radios deliver.
    #[arg(long, value_enum, default_value = "intel40")]
    radio: Radio,
    /// Rooms of up to 8 by 6 m with up to two inner walls.
    #[arg(long)]
    large: bool,
    /// The demo's flat with its radios and people at drawn moments, instead of rooms.
    #[arg(long, conflicts_with_all = ["large", "radio", "people"])]
    demo: bool,
    /// Print one JSON list with every look.
    #[arg(long)]
    json: bool,
}

/// Rooms of the test set count from here, as `simulate windows --set test` does; those of training from 2^40.
const FIRST_TEST_ROOM: u64 = 3 << 40;
const FIRST_TRAINING_ROOM: u64 = 1 << 40;
const N_LINKS: u8 = 8;
/// How long the tracker may follow before its place counts, and how often the network looks.
const WATCHED_SECS: f64 = 5.0;
const STEP_SECS: f64 = 0.25;
/// Of these looks each counts for itself: windows do not overlap.
const SINGLE_STEPS: usize = 6;
/// Rooms of training whose people make the mean bodies.
const N_BODY_ROOMS: u64 = 150;

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let models = Models::open()?;
    let network = RadioPose::load(&models)?;
    let bodies = Bodies::of_training();
    let mut rows: Vec<Row> = Vec::new();
    let mut watched: Vec<Watched> = Vec::new();
    let mut n_rooms = 0;
    // Who is in the flat is the demo's matter.
    let people: &[u8] = if options.demo { &[1] } else { &options.people };
    'all: for &n_people in people {
        for i in 0..options.rooms {
            if interrupted.load(Ordering::Relaxed) {
                break 'all;
            }
            eprint!("\r{n_people} people · room {} of {} ", i + 1, options.rooms);
            let number = u64::from(options.first_room) + u64::from(n_people) * 100_000 + u64::from(i);
            let number = FIRST_TEST_ROOM + number;
            let spec = if options.demo { demo(number) } else { options.room(number, n_people) };
            let room = TestRoom::new(number, spec);
            for &n_antennas in &options.antennas {
                for &n_links in &options.links {
                    let case = Case { n_links: usize::from(n_links), n_antennas: usize::from(n_antennas) };
                    watch(&room, case, &models, &network, &bodies, &mut rows, &mut watched)?;
                }
            }
            n_rooms += 1;
        }
    }
    eprintln!();
    if options.json {
        return out::line(serde_json::to_string_pretty(&rows)?);
    }
    out::line(pose_table::text(&rows, &watched, n_rooms, models.engine().name))
}

/// One test room's frames and truth.
struct TestRoom {
    number: u64,
    spec: SimulatorSpec,
    /// The site as somebody measured it: radios 3 cm off and arrays 4 degrees (one sigma), as in training.
    site: Site,
    links: Vec<LinkId>,
    frames: Vec<CsiFrame>,
    start: Timestamp,
    truths: Vec<(Timestamp, SceneTruth)>,
}

impl Options {
    fn room(&self, number: u64, n_people: u8) -> SimulatorSpec {
        let usual = SceneOptions::default();
        let scene = SceneOptions {
            n_links: N_LINKS,
            n_rx: 3,
            n_people,
            rate_hz: 100.0,
            format: self.radio.into(),
            secs: 40.0,
            largest_m: if self.large { LARGE_M } else { usual.largest_m },
            inner_walls: if self.large { LARGE_WALLS } else { 0 },
            ..usual
        };
        SimulatorSpec { n_subcarriers: N_PLAIN_TONES, ..SimulatorSpec::random(number, &scene) }
    }
}

/// The flat with other noise and other people of the same builds.
fn demo(number: u64) -> SimulatorSpec {
    SimulatorSpec { seed: number, ..SimulatorSpec::demo() }
}

impl TestRoom {
    fn new(number: u64, spec: SimulatorSpec) -> Self {
        let mut simulator = Simulator::new(&spec);
        let mut links: Vec<LinkId> = simulator.links().collect();
        // Which links are used when there are fewer must not be the simulator's order around the walls alone.
        let shift = (number as usize) % links.len().max(1);
        links.rotate_left(shift);
        let mut errors = Chance(number);
        let mut site = simulator.site().clone();
        for node in &mut site.nodes {
            node.position_m = node.position_m.map(|place| place.map(|x| x + errors.normal() * 0.03));
            node.array_axis_deg = node.array_axis_deg.map(|axis| axis + errors.normal() * 4.0);
        }
        // The demo begins anew every two minutes, other stories last 40 s.
        let span = if spec.people.iter().any(|person| person.script.as_ref().is_some_and(|script| script.repeats)) {
            110.0
        } else {
            30.0
        };
        let start = Timestamp::from_secs_f64(2.0 + f64::from(errors.unit()) * span);
        let until = start.plus_secs(WATCHED_SECS + WINDOW_SECS);
        simulator.skip_to(start.plus_secs(-0.05));
        let mut frames = Vec::new();
        loop {
            let frame = simulator.next_frame();
            if frame.host_time.is_none_or(|time| time > until.plus_secs(0.02)) {
                break;
            }
            frames.push(frame);
        }
        let n_steps = (WATCHED_SECS / STEP_SECS) as usize;
        let truths = (0..=n_steps)
            .map(|step| {
                let end = start.plus_secs(WINDOW_SECS + step as f64 * STEP_SECS);
                (end, simulator.scene_truth(end.plus_secs(-WINDOW_SECS / 2.0)))
            })
            .collect();
        Self { number, spec, site, links, frames, start, truths }
    }
}

/// What a network's answers to a room look like; the empty channel is not known.
fn watch(
    room: &TestRoom,
    case: Case,
    models: &Models,
    network: &RadioPose,
    bodies: &Bodies,
    rows: &mut Vec<Row>,
    watched: &mut Vec<Watched>,
) -> anyhow::Result<()> {
    let site = site_of(room, case.n_antennas);
    let used = room.links.get(..case.n_links.min(room.links.len())).unwrap_or_default();
    let mut frames = room.frames.iter().filter(|frame| used.contains(&frame.link)).peekable();
    let mut perceiver = Perceiver::default();
    let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
    let unguarded = network.description().unguarded();
    let mut last = None;
    for (step, (end, truth)) in room.truths.iter().enumerate() {
        while let Some(frame) = frames.next_if(|frame| frame.host_time.is_some_and(|time| time <= *end)) {
            let time = frame.host_time.unwrap_or(room.start);
            if case.n_antennas == 2 {
                perceiver.push(time, &first_two(frame));
            } else {
                perceiver.push(time, frame);
            }
        }
        let targets: Vec<PersonTarget> =
            truth.people.iter().filter_map(|person| PersonTarget::new(person, room.spec.room)).collect();
        let is_single = step % SINGLE_STEPS == 0;
        let stopwatch = Stopwatch::start();
        let window = match perceiver.window(*end, &site) {
            Ok(window) => window,
            Err(reasons) => {
                if is_single {
                    rows.push(Row::refused(room.number, case, targets.len(), &reasons));
                }
                tracker.step(end.plus_secs(-WINDOW_SECS / 2.0), &[]);
                continue;
            }
        };
        let window_secs = stopwatch.read();
        let stopwatch = Stopwatch::start();
        let (answers, features) = network.run(models, &window.inputs)?;
        let network_secs = stopwatch.read();
        let reading = window.read(&answers, &features, network.description());
        let lone = window.lone(&answers, network.description());
        tracker.look(reading.time, reading.moves, &reading.detections, lone.as_ref(), reading.count[0]);
        if is_single {
            let shape = [window.conditions.n_links, window.n_antennas];
            let one = Answers::one(&answers, &unguarded, shape, window.room);
            let mut row = Row::seen(room.number, case, targets.len(), &reading);
            // Where the system does not tell the processor's time, the clock's.
            let [window_ms, network_ms] =
                [window_secs, network_secs].map(|(clock, processor)| 1e3 * processor.unwrap_or(clock));
            (row.window_ms, row.network_ms) = (Some(window_ms), Some(network_ms));
            row.movement_db = Some(window.conditions.movement_db);
            row.nobody = Some(reading.count[0]);
            if let ([target], Some(one)) = (&targets[..], &one) {
                score(&mut row, target, one, &window, bodies);
            }
            rows.push(row);
        }
        last = Some((targets, reading.detections));
    }
    if let Some(([target], detections)) = last.as_ref().map(|(targets, detections)| (&targets[..], detections)) {
        let place = target.root + room.spec.room.size().truncate() / 2.0;
        let away = |at: [f64; 2]| f64::from(place.distance(Vec2::new(at[0] as f32, at[1] as f32)));
        let nearest = tracker.people().min_by(|a, b| away(a.position_m()).total_cmp(&away(b.position_m())));
        watched.push(Watched {
            case,
            raw_m: detections.first().map(|one| away(one.pose.root.position_m)),
            filtered_m: nearest.map(|track| away(track.position_m())),
            n_tracks: tracker.people().count(),
            is_still: nearest.is_some_and(|track| track.state == TrackState::Still),
            posture_right: nearest
                .filter(|track| track.pose.posture != Posture::Unknown)
                .map(|track| is_posture(&track.pose, target)),
        });
    }
    Ok(())
}

/// The site for receivers with so many antennas. Without a direction of the array the middle antenna is all that is used;
/// the middle of the first two lies a quarter of a wavelength (58 mm) off the middle of all.
fn site_of(room: &TestRoom, n_antennas: usize) -> Site {
    let mut site = room.site.clone();
    for node in &mut site.nodes {
        if n_antennas < 2 {
            node.array_axis_deg = None;
        } else if let (2, Some(axis), Some(place)) = (n_antennas, node.array_axis_deg, &mut node.position_m) {
            let (sin, cos) = axis.to_radians().sin_cos();
            place[0] -= 0.0145 * cos;
            place[1] -= 0.0145 * sin;
        }
    }
    site
}

/// The frame as a receiver without the third antenna gives it.
fn first_two(frame: &CsiFrame) -> CsiFrame {
    let mut cut = frame.clone();
    cut.n_rx = cut.n_rx.min(2);
    cut.values.truncate(cut.n_chains() * cut.n_subcarriers());
    cut
}

/// Fills a row with how far the network's one person is from the true one.
fn score(row: &mut Row, target: &PersonTarget, one: &Detection, window: &PoseWindow, bodies: &Bodies) {
    let centre = window.room.size().truncate() / 2.0;
    let place = target.root + centre;
    let [x, y] = one.pose.root.position_m;
    let (dx, dy) = (x - f64::from(place.x), y - f64::from(place.y));
    let class = MotionClass::from(target.activity);
    row.motion = Some(class.label());
    row.root_m = Some(dx.hypot(dy));
    row.speed_m_per_s = Some(f64::from(target.velocity.length()));
    row.sigma_m = Some(one.pose.root.sigma_m());
    row.centre_m = Some(f64::from(target.root.length()));
    let [[xx, xy], [_, yy]] = one.pose.root.covariance_m2;
    row.square = Some((dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy));
    if class == MotionClass::Walk && target.facing {
        row.heading_deg = one.pose.heading_rad.map(|heading| {
            let true_rad = f64::from(target.heading.to_angle());
            ((heading.value - true_rad).sin().atan2((heading.value - true_rad).cos())).abs().to_degrees()
        });
    }
    row.posture_right = Some(one.pose.posture != Posture::Unknown && is_posture(&one.pose, target));
    let (Some(joints), Some(height)) = (&one.pose.joints, one.pose.pelvis_height_m) else { return };
    // Both from their own pelvis: how high that is has a figure of its own.
    let predicted = joints_of(|i| Vec3::from(joints[i].position_m) - Vec3::Z * height.value as f32);
    let truth = joints_of(|i| Vec3::from(pose_from_pelvis(target.joints[i].to_array(), 0.0)));
    row.pelvis_m = Some((height.value - f64::from(target.pelvis_height_m)).abs());
    let trunk = |body: &[Vec3; N_JOINTS]| {
        ((body[Joint::LeftShoulder as usize] + body[Joint::RightShoulder as usize]
            - body[Joint::LeftHip as usize]
            - body[Joint::RightHip as usize])
            / 2.0)
            .length()
    };
    let reach = 0.2 * trunk(&truth);
    row.body = Some(pose_table::body(&predicted, &truth, reach));
    row.mean_body = Some(pose_table::body(&bodies.mean, &truth, reach));
    row.class_body = Some(pose_table::body(&bodies.of_class[class as usize], &truth, reach));
}

fn is_posture(pose: &Pose, target: &PersonTarget) -> bool {
    use crate::types::PostureClass as Class;
    match target.posture {
        Class::Upright => matches!(pose.posture, Posture::Standing | Posture::Walking),
        Class::Bent | Class::Low => pose.posture == Posture::Crouching,
        Class::Sitting => pose.posture == Posture::Sitting,
        Class::Lying => matches!(pose.posture, Posture::OnFloor | Posture::Lying),
    }
}

fn joints_of(of: impl Fn(usize) -> Vec3) -> [Vec3; N_JOINTS] {
    std::array::from_fn(of)
}

/// Mean bodies of people in training rooms, from the pelvis, in the axes of [`Pose`].
struct Bodies {
    mean: [Vec3; N_JOINTS],
    of_class: [[Vec3; N_JOINTS]; MotionClass::ALL.len()],
}

impl Bodies {
    fn of_training() -> Self {
        let mut sums = [[Vec3::ZERO; N_JOINTS]; MotionClass::ALL.len()];
        let mut counts = [0.0_f32; MotionClass::ALL.len()];
        let scene = SceneOptions { n_links: 1, n_rx: 1, n_people: 1, secs: 40.0, ..SceneOptions::default() };
        for room in 0..N_BODY_ROOMS {
            let spec = SimulatorSpec::random(FIRST_TRAINING_ROOM + room, &scene);
            let simulator = Simulator::new(&spec);
            for moment in 0..8 {
                let truth = simulator.scene_truth(Timestamp::from_secs_f64(2.0 + 4.5 * f64::from(moment)));
                for target in truth.people.iter().filter_map(|person| PersonTarget::new(person, spec.room)) {
                    let class = MotionClass::from(target.activity) as usize;
                    counts[class] += 1.0;
                    for (sum, at) in sums[class].iter_mut().zip(&target.joints) {
                        *sum += Vec3::from(pose_from_pelvis(at.to_array(), 0.0));
                    }
                }
            }
        }
        let n: f32 = counts.iter().sum();
        let mean = joints_of(|i| sums.iter().map(|sum| sum[i]).sum::<Vec3>() / n.max(1.0));
        let of_class =
            std::array::from_fn(
                |class| {
                    if counts[class] > 0.0 { joints_of(|i| sums[class][i] / counts[class]) } else { mean }
                },
            );
        Self { mean, of_class }
    }
}

/// The same body with left and right exchanged.
pub(super) fn mirrored(body: &[Vec3; N_JOINTS]) -> [Vec3; N_JOINTS] {
    let joints = std::array::from_fn(|i| JointEstimate { position_m: body[i].to_array(), sigma_m: 0.0 });
    let mirrored = crate::types::mirrored(&joints);
    joints_of(|i| Vec3::from(mirrored[i].position_m))
}
