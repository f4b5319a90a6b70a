//! Windows of simulated rooms as a network for poses sees them, with the answers: an endless, seeded stream.
//!
//! Every room has its own radios, people and motions. A few windows are taken from each, because a room is dear to set
//! up and its windows differ by what people do. Rooms are numbered from a start, so that sets never share one.

mod heard;
mod record;

use bevy_math::{Vec2, Vec3};

use self::heard::{Heard, heard_by, packets_of};
use super::chance::Chance;
use crate::pose::layout::{MAX_ANTENNAS, WINDOW_SECS};
use crate::pose::targets::PersonTarget;
use crate::pose::{EmptyRoom, FloorGrid, LinkGeometry, LinkInput, LinkWindow, TokenMaker};
use crate::simulate::{RadioFormat, SceneOptions, Simulator, SimulatorSpec};
use crate::types::{CsiFrame, LinkId, Timestamp};

pub use record::{Example, fields, record_len};

/// What windows are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowOptions {
    /// Number of the first room; rooms are a seed each.
    pub first_room: u64,
    pub windows_per_room: u32,
    pub n_links: u8,
    /// Antennas of each receiver in the room, 1 to 3.
    pub n_antennas: u8,
    /// Gives each window once more, as a receiver with the middle antenna alone sees it.
    pub single_too: bool,
    /// Gives each window of three antennas once more, as a receiver with the first two sees it.
    pub pair_too: bool,
    /// Shares of rooms with nobody, one, two and three people.
    pub people: [f32; 4],
    pub format: RadioFormat,
    /// Share of rooms with another one of [`OTHER_FORMATS`] instead.
    pub other_formats: f32,
    /// Share of rooms of up to 8 by 6 m with up to two inner walls; the others have up to 6 by 5 m and none.
    pub large: f32,
    /// Share of people who sit all the time.
    pub seated: f32,
    pub rate_hz: f32,
    /// Signal over noise of each link; `None` as the scene draws it, 14 to 30 dB.
    pub snr_db: Option<[f32; 2]>,
    /// Share of rooms whose empty channel is known.
    pub known_empty: f32,
    /// How wrongly radios are measured: standard deviations in metres and of the array axis in radians.
    pub place_error_m: f32,
    pub axis_error_rad: f32,
}

impl Default for WindowOptions {
    fn default() -> Self {
        Self {
            first_room: 0,
            windows_per_room: 6,
            n_links: 8,
            n_antennas: 3,
            single_too: false,
            pair_too: false,
            people: [0.08, 0.72, 0.15, 0.05],
            format: RadioFormat::Intel5300Ht40,
            other_formats: 0.0,
            large: 0.0,
            seated: 0.0,
            rate_hz: 100.0,
            snr_db: None,
            known_empty: 0.5,
            place_error_m: 0.03,
            axis_error_rad: 0.07,
        }
    }
}

/// What radios besides those of the usual format deliver: 56 tones in 40 MHz as in the demo, then 20 MHz of two makes,
/// then all tones of 40 MHz.
pub const OTHER_FORMATS: [RadioFormat; 4] =
    [RadioFormat::Plain, RadioFormat::Intel5300Ht20, RadioFormat::Atheros20, RadioFormat::Atheros40];
/// Tones of the plain format in windows: those of the demo.
pub const N_PLAIN_TONES: u16 = 56;
/// The floor of large rooms and their inner walls, so that the demo's flat lies inside.
pub const LARGE_M: [f32; 2] = [8.0, 6.0];
pub const LARGE_WALLS: u8 = 2;

/// The stream of windows, without end.
pub struct Windows {
    options: WindowOptions,
    room: u64,
    maker: TokenMaker,
    ready: std::collections::VecDeque<Example>,
    /// Windows that gave no example, because too few packets came or nobody could be placed.
    pub n_left_out: u64,
}

impl Windows {
    pub fn new(options: WindowOptions) -> Self {
        let room = options.first_room;
        Self { options, room, maker: TokenMaker::default(), ready: Default::default(), n_left_out: 0 }
    }

    /// Simulates the next room.
    fn simulate_room(&mut self) {
        let (room, options) = (self.room, self.options.clone());
        self.room += 1;
        let mut chance = Chance(room ^ 0x706f_7365);
        let n_people = chance.pick(&options.people);
        let secs = f64::from(options.windows_per_room) * SPACING_SECS;
        // What was added later has throws of its own: without it a room gives the windows that it always gave.
        let mut added = Chance(room ^ 0x0061_6464_6564);
        let large = added.unit() < options.large;
        let format = if added.unit() < options.other_formats {
            OTHER_FORMATS[added.pick(&[1.0; OTHER_FORMATS.len()])]
        } else {
            options.format
        };
        let usual = SceneOptions::default();
        let scene = SceneOptions {
            n_links: options.n_links,
            n_rx: options.n_antennas,
            n_people: n_people as u8,
            rate_hz: options.rate_hz,
            format,
            secs: secs as f32,
            falls: true,
            largest_m: if large { LARGE_M } else { usual.largest_m },
            inner_walls: if large { LARGE_WALLS } else { 0 },
            seated: options.seated,
        };
        let mut spec = SimulatorSpec { n_subcarriers: N_PLAIN_TONES, ..SimulatorSpec::random(room, &scene) };
        if let Some(snr_db) = options.snr_db {
            spec.snr_db = snr_db;
        }
        let mut simulator = Simulator::new(&spec);
        let links: Vec<LinkId> = simulator.links().collect();
        let geometry: Vec<Option<LinkGeometry>> = geometry(&simulator, &links, &options, &mut chance);
        let mut variants = vec![Heard::All];
        if options.single_too && options.n_antennas > 1 {
            variants.push(Heard::Middle);
        }
        if options.pair_too && usize::from(options.n_antennas) == MAX_ANTENNAS {
            variants.push(Heard::FirstTwo);
        }
        let known = chance.unit() < options.known_empty;
        let mut empty: Vec<Option<Vec<Option<EmptyRoom>>>> = vec![None; variants.len()];
        if known {
            let recorded = empty_frames(&spec, links.len());
            for (empty, &heard) in empty.iter_mut().zip(&variants) {
                let of_link = |link: &LinkId| {
                    let own = packets_of(&recorded, *link, heard)?;
                    EmptyRoom::from_packets(&own.packets()).ok()
                };
                *empty = Some(links.iter().map(of_link).collect());
            }
        }
        for window in 0..options.windows_per_room {
            let begin = FIRST_SECS + f64::from(window) * SPACING_SECS + f64::from(chance.unit()) * SLACK_SECS;
            let start = Timestamp::from_secs_f64(begin);
            simulator.skip_to(start.plus_secs(-MARGIN_SECS));
            let until = start.plus_secs(WINDOW_SECS + MARGIN_SECS);
            let mut frames = Vec::new();
            loop {
                let frame = simulator.next_frame();
                if frame.host_time.is_none_or(|time| time > until) {
                    break;
                }
                frames.push(frame);
            }
            let truth = simulator.scene_truth(start.plus_secs(WINDOW_SECS / 2.0));
            let people: Vec<PersonTarget> =
                truth.people.iter().filter_map(|person| PersonTarget::new(person, spec.room)).collect();
            for (&heard, empty) in variants.iter().zip(&empty) {
                let of_link = |(i, link): (usize, &LinkId)| {
                    let own = packets_of(&frames, *link, heard)?;
                    let window = LinkWindow::from_packets(&own.packets(), start).ok()?;
                    let geometry = heard_by((*geometry.get(i)?)?, heard, own.n_antennas, window.wavelength_m());
                    Some((link.rx, window, geometry, empty.as_ref().and_then(|empty| empty.get(i)?.as_ref())))
                };
                let heard_links: Vec<_> = links.iter().enumerate().filter_map(of_link).collect();
                let inputs: Vec<LinkInput<'_>> = heard_links
                    .iter()
                    .map(|(receiver, window, geometry, empty)| LinkInput {
                        receiver: *receiver,
                        window,
                        geometry: *geometry,
                        empty: *empty,
                    })
                    .collect();
                let made = self.maker.make(&inputs, spec.room);
                let (mut rate, mut gap) = (f32::INFINITY, 0.0_f32);
                for input in inputs.iter().zip(&made).filter_map(|(input, made)| made.is_some().then_some(input)) {
                    rate = rate.min(input.window.packets_per_sec);
                    gap = gap.max(input.window.longest_gap_secs);
                }
                let tokens: Vec<_> = made.into_iter().flatten().collect();
                let grid = FloorGrid::new(tokens.iter().map(|link| &link.map));
                let Some(grid) = grid.filter(|_| people.len() == n_people) else {
                    self.n_left_out += 1;
                    continue;
                };
                self.ready.push_back(Example {
                    room,
                    n_antennas: match heard {
                        Heard::All => usize::from(options.n_antennas).min(MAX_ANTENNAS),
                        Heard::Middle => 1,
                        Heard::FirstTwo => 2,
                    },
                    n_people,
                    links: tokens,
                    grid,
                    packets_per_sec: rate,
                    longest_gap_secs: gap,
                    people: people.clone(),
                    size_m: spec.room.size(),
                });
            }
        }
    }
}

impl Iterator for Windows {
    type Item = Example;

    fn next(&mut self) -> Option<Example> {
        // A room may give nothing (all links lost); a thousand in a row is no chance but options that can give nothing.
        for _ in 0..1_000 {
            if let Some(example) = self.ready.pop_front() {
                return Some(example);
            }
            self.simulate_room();
        }
        None
    }
}

/// Windows of a room begin in stretches of this length, the first after people have begun to move.
const SPACING_SECS: f64 = 6.0;
const SLACK_SECS: f64 = 4.0;
const FIRST_SECS: f64 = 1.5;
/// Packets before and after, to interpolate from.
const MARGIN_SECS: f64 = 0.05;
/// Frames of each link that the empty channel is averaged over, and when they are taken: the packets' chances must not
/// be those of the windows.
const N_EMPTY_FRAMES: usize = 24;
const EMPTY_AT_SECS: f64 = 5_000.0;

fn empty_frames(spec: &SimulatorSpec, n_links: usize) -> Vec<CsiFrame> {
    let mut simulator = Simulator::new(&SimulatorSpec { occupied: false, people: Vec::new(), ..spec.clone() });
    simulator.skip_to(Timestamp::from_secs_f64(EMPTY_AT_SECS));
    (0..N_EMPTY_FRAMES * n_links).map(|_| simulator.next_frame()).collect()
}

/// Where the radios are said to be. Arrays of the simulator are level and square to the direction of the room's centre.
fn geometry(
    simulator: &Simulator,
    links: &[LinkId],
    options: &WindowOptions,
    chance: &mut Chance,
) -> Vec<Option<LinkGeometry>> {
    let centre = simulator.spec().room.size() / 2.0;
    let mut errors = std::collections::BTreeMap::new();
    links
        .iter()
        .map(|link| {
            let (tx, rx) = simulator.site().ends(*link)?;
            let mut moved = |node, chance: &mut Chance| {
                *errors.entry(node).or_insert_with(|| {
                    let [x, y, z] = [0; 3].map(|_| chance.normal() * options.place_error_m);
                    (Vec3::new(x, y, z), chance.normal() * options.axis_error_rad)
                })
            };
            let (tx_error, _) = moved(link.tx, chance);
            let (rx_error, turn) = moved(link.rx, chance);
            let axis = (centre - rx).truncate().normalize_or(Vec2::X).perp();
            Some(LinkGeometry { tx: tx + tx_error, rx: rx + rx_error, axis: Vec2::from_angle(turn).rotate(axis) })
        })
        .collect()
}
