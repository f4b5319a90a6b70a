//! `evaluate pose`: the installed network watches people in simulated rooms, frame by frame as the program does.

mod room;
pub(super) mod score;

use std::sync::atomic::Ordering;

use bevy_math::Vec2;

use self::room::{TestRoom, demo, first_two, site_of};
use self::score::{Bodies, is_posture, score};
use super::super::simulate::radio::Radio;
use super::super::simulate::windows::{LARGE_M, LARGE_WALLS, N_PLAIN_TONES};
use super::super::{out, progress};
use super::conduct::{Stopwatch, interrupt_flag};
use super::pose_table::{self, Case, Row, Watched};
use crate::inference::{Models, RadioPose};
use crate::pose::layout::WINDOW_SECS;
use crate::pose::targets::PersonTarget;
use crate::pose::{Answers, Perceiver};
use crate::simulate::{SceneOptions, SimulatorSpec};
use crate::tracking::{Surroundings, Tracker, TrackerConfig};
use crate::types::{CsiFrame, Posture, TrackState};

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
    /// Standard deviation of the places that radios are said to have, metres.
    #[arg(long, default_value_t = 0.03)]
    place_error_m: f32,
    /// Standard deviation of the directions that antenna arrays are said to have, degrees.
    #[arg(long, default_value_t = 4.0)]
    axis_error_deg: f32,
    /// Record each room's empty channel first, as whoever sets up a room can.
    #[arg(long)]
    empty_room: bool,
    /// Print one JSON list with every look.
    #[arg(long)]
    json: bool,
}

/// Rooms of the test set count from here, as `simulate windows --set test` does.
const FIRST_TEST_ROOM: u64 = 3 << 40;
const N_LINKS: u8 = 8;
/// Of these looks each counts for itself: windows do not overlap.
const SINGLE_STEPS: usize = 6;

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
            progress::step(format_args!("{n_people} people · room {} of {}", i + 1, options.rooms));
            let number = u64::from(options.first_room) + u64::from(n_people) * 100_000 + u64::from(i);
            let number = FIRST_TEST_ROOM + number;
            let spec = if options.demo { demo(number) } else { options.room(number, n_people) };
            let mut room = TestRoom::new(number, spec, [options.place_error_m, options.axis_error_deg]);
            if options.empty_room {
                room.record_empty();
            }
            for &n_antennas in &options.antennas {
                for &n_links in &options.links {
                    let case = Case { n_links: usize::from(n_links), n_antennas: usize::from(n_antennas) };
                    watch(&room, case, &models, &network, &bodies, &mut rows, &mut watched)?;
                }
            }
            n_rooms += 1;
        }
    }
    progress::clear();
    if options.json {
        return out::line(serde_json::to_string_pretty(&rows)?);
    }
    out::line(pose_table::text(&rows, &watched, n_rooms, models.engine().name))
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

/// What a network's answers to a room look like.
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
    let take = |perceiver: &mut Perceiver, frame: &CsiFrame| {
        let time = frame.host_time.unwrap_or(room.start);
        if case.n_antennas == 2 {
            perceiver.push(time, &first_two(frame));
        } else {
            perceiver.push(time, frame);
        }
    };
    room.empty.iter().filter(|frame| used.contains(&frame.link)).for_each(|frame| take(&mut perceiver, frame));
    perceiver.learn_empty();
    perceiver.forget_packets();
    let mut tracker = Tracker::new(TrackerConfig::default(), Surroundings::default());
    let unguarded = network.description().unguarded();
    let mut last = None;
    for (step, (end, truth)) in room.truths.iter().enumerate() {
        while let Some(frame) = frames.next_if(|frame| frame.host_time.is_some_and(|time| time <= *end)) {
            take(&mut perceiver, frame);
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
