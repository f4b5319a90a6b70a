//! A test room: its frames and truth, and its site as somebody measured it.

use crate::cli::simulate::chance::Chance;
use crate::pose::layout::WINDOW_SECS;
use crate::simulate::{Simulator, SimulatorSpec};
use crate::types::{CsiFrame, LinkId, SceneTruth, Site, Timestamp};

/// How long the tracker may follow before its place counts, and how often the network looks.
const WATCHED_SECS: f64 = 5.0;
const STEP_SECS: f64 = 0.25;
/// When the empty channel is recorded, and for how long: the packets' chances must not be those of the watched time.
const EMPTY_AT_SECS: f64 = 5_000.0;
const EMPTY_SECS: f64 = 3.0;

/// One test room's frames and truth.
pub struct TestRoom {
    pub number: u64,
    pub spec: SimulatorSpec,
    /// The site as somebody measured it: radios and arrays are off by chance.
    pub site: Site,
    pub links: Vec<LinkId>,
    pub frames: Vec<CsiFrame>,
    /// Frames of the same room without anybody; none where nobody recorded them.
    pub empty: Vec<CsiFrame>,
    pub start: Timestamp,
    pub truths: Vec<(Timestamp, SceneTruth)>,
}

/// The flat with other noise and other people of the same builds.
pub fn demo(number: u64) -> SimulatorSpec {
    SimulatorSpec { seed: number, ..SimulatorSpec::demo() }
}

impl TestRoom {
    pub fn new(number: u64, spec: SimulatorSpec, [place_error_m, axis_error_deg]: [f32; 2]) -> Self {
        let mut simulator = Simulator::new(&spec);
        let mut links: Vec<LinkId> = simulator.links().collect();
        // Which links are used when there are fewer must not be the simulator's order around the walls alone.
        let shift = (number as usize) % links.len().max(1);
        links.rotate_left(shift);
        let mut errors = Chance(number);
        let mut site = simulator.site().clone();
        for node in &mut site.nodes {
            node.position_m = node.position_m.map(|place| place.map(|x| x + errors.normal() * place_error_m));
            node.array_axis_deg = node.array_axis_deg.map(|axis| axis + errors.normal() * axis_error_deg);
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
        let frames = frames_until(&mut simulator, until.plus_secs(0.02));
        let n_steps = (WATCHED_SECS / STEP_SECS) as usize;
        let truths = (0..=n_steps)
            .map(|step| {
                let end = start.plus_secs(WINDOW_SECS + step as f64 * STEP_SECS);
                (end, simulator.scene_truth(end.plus_secs(-WINDOW_SECS / 2.0)))
            })
            .collect();
        Self { number, spec, site, links, frames, empty: Vec::new(), start, truths }
    }

    /// Records the empty channel, as whoever sets up the room can.
    pub fn record_empty(&mut self) {
        let spec = SimulatorSpec { occupied: false, people: Vec::new(), ..self.spec.clone() };
        let mut simulator = Simulator::new(&spec);
        let start = Timestamp::from_secs_f64(EMPTY_AT_SECS);
        simulator.skip_to(start);
        self.empty = frames_until(&mut simulator, start.plus_secs(EMPTY_SECS));
    }
}

fn frames_until(simulator: &mut Simulator, until: Timestamp) -> Vec<CsiFrame> {
    let next = || Some(simulator.next_frame());
    std::iter::from_fn(next).take_while(|frame| frame.host_time.is_some_and(|time| time <= until)).collect()
}

/// The site for receivers with so many antennas. Without a direction of the array the middle antenna is all that is used;
/// the middle of the first two lies a quarter of a wavelength (58 mm) off the middle of all.
pub fn site_of(room: &TestRoom, n_antennas: usize) -> Site {
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
pub fn first_two(frame: &CsiFrame) -> CsiFrame {
    let mut cut = frame.clone();
    cut.n_rx = cut.n_rx.min(2);
    cut.values.truncate(cut.n_chains() * cut.n_subcarriers());
    cut
}
