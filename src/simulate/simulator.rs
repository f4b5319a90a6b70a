//! Brings place, people and radios together: one frame after the other in the order of arrival.

use bevy_math::Vec3;

use super::air::{Hop, Movers, Scratch, channel};
use super::dice::{Dice, Purpose};
use super::ladder::Ladder;
use super::person::Person;
use super::receiver::{DeviceClock, Radio};
use super::scene::Scene;
use super::{SimulatedFaults, SimulatorSpec, thing};
use crate::types::{ActivitySpan, CsiFrame, FrameFlags, LinkId, NodeId, SceneTruth, Site, Timestamp};

/// Mean wait for a free channel before a packet goes out.
const BACKOFF_SECS: f32 = 200e-6;
/// Mean time from a receiver to the host.
const TRANSPORT_SECS: f32 = 400e-6;
/// Some arrivals wait for the host: a scheduling hiccup.
const STALL_SHARE: f32 = 0.001;
const STALL_SECS: f32 = 0.012;
/// The host takes in one frame after the other.
const HOST_NANOS_PER_FRAME: i64 = 4_000;

/// Joints of each person that [`Simulator::truth`] gives: the first ones of [`crate::types::TruthJoint`].
pub const N_DRAWN_JOINTS: usize = 15;
const N_DRAWN_BONES: usize = 14;
/// Head to chest to pelvis; chest to shoulder, elbow, wrist; pelvis to knee, ankle, toe.
const BONES_OF_ONE: [(usize, usize); N_DRAWN_BONES] = [
    (0, 1),
    (1, 2),
    (1, 11),
    (11, 3),
    (3, 4),
    (1, 12),
    (12, 5),
    (5, 6),
    (2, 7),
    (7, 8),
    (8, 13),
    (2, 9),
    (9, 10),
    (10, 14),
];

/// Pairs of joints to draw as limbs, person after person.
pub const BONES: [(usize, usize); N_DRAWN_BONES * SimulatorSpec::MAX_PEOPLE] = {
    let mut bones = [(0, 0); N_DRAWN_BONES * SimulatorSpec::MAX_PEOPLE];
    let mut i = 0;
    while i < bones.len() {
        let first = i / N_DRAWN_BONES * N_DRAWN_JOINTS;
        let (a, b) = BONES_OF_ONE[i % N_DRAWN_BONES];
        bones[i] = (first + a, first + b);
        i += 1;
    }
    bones
};

/// Yields the frames of a scene, all links in one order, without end.
///
/// Each packet's chances are drawn from its own number, so frames do not depend on which others were asked for.
pub struct Simulator {
    spec: SimulatorSpec,
    start: Timestamp,
    scene: Scene,
    people: Vec<Person>,
    radios: Vec<Radio>,
    clocks: Vec<DeviceClock>,
    /// Packets of all transmitters in turn, from zero.
    packet: u64,
    /// The link that gets the packet next.
    link_idx: usize,
    /// What moves, where it is during the present packet.
    at_packet: Option<f64>,
    movers: Movers,
    ladders: Vec<Ladder>,
    scratch: Scratch,
    host_free: Timestamp,
}

impl Simulator {
    pub fn new(spec: &SimulatorSpec) -> Self {
        let spec = spec.clamped();
        let scene = Scene::new(&spec);
        let one = [super::PersonSpec::default()];
        let who: &[_] = match (spec.occupied, spec.people.is_empty()) {
            (false, _) => &[],
            (true, true) => &one,
            (true, false) => &spec.people,
        };
        let people = who.iter().enumerate().map(|(i, person)| Person::new(person, &spec, i)).collect();
        let radios = scene.links.iter().enumerate().map(|(i, &link)| Radio::new(&spec, &scene, i, link)).collect();
        let start = spec.start.unwrap_or(Timestamp::ZERO);
        Self {
            people,
            radios,
            clocks: (0..scene.receivers.len()).map(|i| DeviceClock::new(&spec, i)).collect(),
            start,
            packet: 0,
            link_idx: 0,
            at_packet: None,
            movers: Movers::default(),
            ladders: vec![Ladder::default(); usize::from(spec.n_rx)],
            scratch: Scratch::default(),
            host_free: start,
            scene,
            spec,
        }
    }

    /// The spec as it is simulated.
    pub fn spec(&self) -> &SimulatorSpec {
        &self.spec
    }

    /// Room and radios, with the node ids that the frames carry.
    pub fn site(&self) -> &Site {
        &self.scene.site
    }

    pub fn links(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.scene.links.iter().map(|link| link.id)
    }

    /// The joints to draw of everybody who is there at a host time, metres in room coordinates, [`N_DRAWN_JOINTS`] a
    /// person in the order of [`crate::types::TruthJoint`].
    pub fn truth(&self, time: Timestamp) -> Vec<Vec3> {
        let secs = time.secs_since(self.start);
        let figures = self.people.iter().filter_map(|person| person.figure(secs));
        figures.flat_map(|figure| figure.joints.into_iter().take(N_DRAWN_JOINTS)).collect()
    }

    /// Pairs of positions in what [`Simulator::truth`] gives that make limbs; those of people who are away lie past its
    /// end.
    pub fn bones(&self) -> &'static [(usize, usize)] {
        BONES.get(..N_DRAWN_BONES * self.people.len()).unwrap_or(&BONES)
    }

    /// Everything known about everybody who is there at a host time.
    pub fn scene_truth(&self, time: Timestamp) -> SceneTruth {
        let secs = time.secs_since(self.start);
        let people = self.people.iter().enumerate().filter_map(|(i, person)| person.truth(i, secs)).collect();
        SceneTruth { time, people }
    }

    /// What everybody does from the start up to a host time: person by person, in the order of time.
    pub fn activities(&self, until: Timestamp) -> Vec<ActivitySpan> {
        let secs = until.secs_since(self.start).max(0.0);
        let spans = |(i, person): (usize, &Person)| person.activities(i, self.start, secs);
        self.people.iter().enumerate().flat_map(spans).collect()
    }

    /// When the longest script ends; zero where nobody is there. Who has no script repeats a walk of this length.
    pub fn script_end(&self) -> Timestamp {
        let longest = self.people.iter().map(Person::script_secs).fold(0.0, f64::max);
        self.start.plus_secs(longest)
    }

    /// How wrong a receiver's clock runs, parts per million; positive is fast.
    pub fn drift_ppm(&self, receiver: NodeId) -> Option<f32> {
        let link = self.scene.links.iter().find(|link| link.id.rx == receiver)?;
        Some(self.clocks[link.rx].drift_ppm)
    }

    /// The next frame to arrive. `host_time` never goes back; it is later than the packet by the way to the host.
    pub fn next_frame(&mut self) -> CsiFrame {
        loop {
            if self.link_idx >= self.scene.links.len() {
                self.packet += 1;
                self.link_idx = 0;
                self.at_packet = None;
            }
            let link_idx = self.link_idx;
            self.link_idx += 1;
            if let Some(frame) = self.receive(link_idx) {
                return frame;
            }
        }
    }

    /// Leaves out everything before a host time; going back is not possible.
    pub fn skip_to(&mut self, time: Timestamp) {
        let packet = (time.secs_since(self.start) * self.packets_per_sec()).floor().max(0.0) as u64;
        if packet > self.packet {
            self.packet = packet;
            self.link_idx = 0;
            self.at_packet = None;
        }
    }

    /// Of all transmitters together.
    fn packets_per_sec(&self) -> f64 {
        f64::from(self.spec.rate_hz) * self.scene.transmitters.len() as f64
    }

    /// What one link makes of the present packet; `None` where it is not its transmitter's, or is lost.
    fn receive(&mut self, link_idx: usize) -> Option<CsiFrame> {
        let link = self.scene.links[link_idx];
        let n_transmitters = self.scene.transmitters.len() as u64;
        if link.tx as u64 != self.packet % n_transmitters {
            return None;
        }
        let secs = self.packet_secs();
        let in_gap = |gap: f32| (f64::from(gap)..f64::from(gap + SimulatedFaults::GAP_SECS)).contains(&secs);
        if self.spec.faults.gap_secs.is_some_and(in_gap) || self.in_outage(link.rx, secs) {
            return None;
        }
        let mut dice = Dice::new(self.spec.seed, Purpose::Reception, self.packet, link_idx as u64);
        if dice.unit() < self.spec.loss {
            return None;
        }
        let mut delay = f64::from(dice.exponential(TRANSPORT_SECS));
        if dice.unit() < STALL_SHARE {
            delay += f64::from(STALL_SECS);
        }
        let host_time = self.start.plus_secs(secs + delay).max(self.host_free.plus_nanos(HOST_NANOS_PER_FRAME));
        self.host_free = host_time;

        self.move_to(secs);
        let format_idx = self.format_of_packet();
        let radio = &self.radios[link_idx];
        let tones = &self.scene.tones[format_idx];
        let (from, antennas) = (self.scene.transmitters[link.tx], &self.scene.receivers[link.rx]);
        let channels = radio.channels[format_idx].iter().zip(antennas);
        for ((still, &to), ladder) in channels.zip(&mut self.ladders) {
            channel(ladder, &self.scene, Hop { tones, still, from, to }, &self.movers, &mut self.scratch);
        }
        let ladders = self.ladders.get(..antennas.len())?;
        let (values, report) = radio.receive(ladders, tones, format_idx, self.spec.ideal, secs, &mut dice);
        let mut chain_rssi = [i8::MIN; 4];
        for (rssi, dbm) in chain_rssi.iter_mut().zip(report.chain_dbm).take(antennas.len()) {
            *rssi = dbm as i8;
        }
        let mut flags = FrameFlags::default();
        if report.saturated {
            flags.insert(FrameFlags::SATURATED);
        }
        Some(CsiFrame {
            link: link.id,
            host_time: Some(host_time),
            device_time: Some(self.clocks[link.rx].read(secs)),
            sequence: Some((self.packet / n_transmitters) as u32),
            hardware: tones.format.hardware(),
            channel: tones.channel,
            rssi_dbm: Some(report.rssi_dbm),
            chain_rssi,
            noise_dbm: Some(report.noise_dbm),
            agc: Some(report.agc),
            n_rx: antennas.len() as u8,
            n_tx: 1,
            subcarriers: tones.subcarriers.clone(),
            values,
            flags,
            ..CsiFrame::default()
        })
    }

    /// When the present packet is on the air: evenly spaced, plus the wait for a free channel.
    fn packet_secs(&self) -> f64 {
        if let Some(secs) = self.at_packet {
            return secs;
        }
        let mut dice = Dice::new(self.spec.seed, Purpose::Transmission, self.packet, 0);
        let spacing = 1.0 / self.packets_per_sec();
        let jitter = self.spec.faults.jitter_secs;
        let (mean, most) = if jitter > 0.0 { (jitter, 0.9) } else { (BACKOFF_SECS, 0.4) };
        let backoff = f64::from(dice.exponential(mean)).min(most * spacing);
        self.packet as f64 * spacing + backoff
    }

    /// Whether a receiver hears nothing at the moment: once in each stretch of the mean distance of two outages.
    fn in_outage(&self, receiver: usize, secs: f64) -> bool {
        let faults = &self.spec.faults;
        if faults.outages_per_min <= 0.0 || faults.outage_secs <= 0.0 {
            return false;
        }
        let stretch_secs = 60.0 / f64::from(faults.outages_per_min);
        let stretch = (secs / stretch_secs).floor();
        [stretch - 1.0, stretch].into_iter().filter(|stretch| *stretch >= 0.0).any(|stretch| {
            let mut dice = Dice::new(self.spec.seed, Purpose::Outage, receiver as u64, stretch as u64);
            let start = (stretch + f64::from(dice.unit())) * stretch_secs;
            let length = f64::from(dice.exponential(faults.outage_secs));
            (start..start + length).contains(&secs)
        })
    }

    fn format_of_packet(&self) -> usize {
        let Some(other) = self.spec.other_format else { return 0 };
        let mut dice = Dice::new(self.spec.seed, Purpose::Format, self.packet, 0);
        usize::from(dice.unit() < other.share)
    }

    /// Puts everything that moves where it is at a time.
    fn move_to(&mut self, secs: f64) {
        if self.at_packet == Some(secs) {
            return;
        }
        self.at_packet = Some(secs);
        self.movers.bodies.clear();
        self.movers.bodies.extend(self.people.iter().filter_map(|person| person.body(secs)));
        self.movers.things.resize_with(self.spec.things.len(), Vec::new);
        for (thing, points) in self.spec.things.iter().zip(&mut self.movers.things) {
            points.clear();
            thing::points(thing, secs, points);
        }
    }
}
