//! Brings place, body and radios together: one frame after the other in the order of arrival.

use bevy_math::Vec3;

use super::body::{N_SCATTERERS, REFLECTIVITY, TRUNK, TRUNK_REFLECTIVITY};
use super::dice::{Dice, Purpose};
use super::receiver::{DeviceClock, Radio};
use super::scene::Scene;
use super::{BONES, Body, SimulatedFaults, SimulatorSpec};
use crate::types::{Complex32, CsiFrame, FrameFlags, Hardware, LinkId, NodeId, Site, Timestamp};

/// The body's power in the middle of all times and links, relative to the empty room's.
const BODY_POWER_DB: f32 = -20.0;
/// A body across the straight path takes at most this much of it.
const MAX_BLOCKING_DB: f32 = 12.0;
/// How far from the straight path blocking fades: about the first Fresnel radius at 4 m and 5.2 GHz.
const BLOCKING_WIDTH_M: f32 = 0.25;
/// Mean wait for a free channel before a packet goes out.
const BACKOFF_SECS: f32 = 200e-6;
/// Mean time from a receiver to the host.
const TRANSPORT_SECS: f32 = 400e-6;
/// Some arrivals wait for the host: a scheduling hiccup.
const STALL_SHARE: f32 = 0.001;
const STALL_SECS: f32 = 0.012;
/// The host takes in one frame after the other.
const HOST_NANOS_PER_FRAME: i64 = 4_000;

/// Yields the frames of a scene, all links in one order, without end.
///
/// Each packet's chances are drawn from its own number, so frames do not depend on which others were asked for.
pub struct Simulator {
    spec: SimulatorSpec,
    start: Timestamp,
    scene: Scene,
    body: Body,
    body_gain: f32,
    radios: Vec<Radio>,
    clocks: Vec<DeviceClock>,
    /// Packets of all transmitters in turn, from zero.
    packet: u64,
    /// The link that gets the packet next.
    link_idx: usize,
    /// Where the body is during the present packet.
    at_packet: Option<(f64, [Vec3; N_SCATTERERS])>,
    host_free: Timestamp,
}

impl Simulator {
    pub fn new(spec: &SimulatorSpec) -> Self {
        let spec = spec.clamped();
        let scene = Scene::new(&spec);
        let body = Body::new(&spec);
        let radios: Vec<_> =
            scene.links.iter().enumerate().map(|(i, &link)| Radio::new(&spec, &scene, i, link)).collect();
        let start = spec.start.unwrap_or(Timestamp::ZERO);
        Self {
            body_gain: body_gain(&scene, &body, &radios),
            clocks: (0..scene.receivers.len()).map(|i| DeviceClock::new(&spec, i)).collect(),
            start,
            scene,
            body,
            radios,
            packet: 0,
            link_idx: 0,
            at_packet: None,
            host_free: start,
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

    /// The body's scatterers at a host time, metres in room coordinates; empty where nobody is in the room.
    pub fn truth(&self, time: Timestamp) -> Vec<Vec3> {
        if self.spec.occupied { self.body.scatterers(time).to_vec() } else { Vec::new() }
    }

    /// Pairs of scatterers that make limbs.
    pub fn bones(&self) -> &'static [(usize, usize)] {
        &BONES
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
        if self.spec.faults.gap_secs.is_some_and(in_gap) {
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

        let mut values = self.channel(link_idx, secs);
        let radio = &self.radios[link_idx];
        let report = radio.receive(&mut values, &self.scene, self.spec.ideal, secs, &mut dice);
        let mut chain_rssi = [i8::MIN; 4];
        for rssi in chain_rssi.iter_mut().take(radio.channels.len()) {
            *rssi = report.rssi_dbm as i8;
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
            hardware: Hardware::Simulator,
            channel: self.scene.channel,
            rssi_dbm: Some(report.rssi_dbm),
            chain_rssi,
            noise_dbm: Some(report.noise_dbm),
            agc: Some(report.agc),
            n_rx: radio.channels.len() as u8,
            n_tx: 1,
            subcarriers: self.scene.subcarriers.clone(),
            values,
            flags,
            ..CsiFrame::default()
        })
    }

    /// When the present packet is on the air: evenly spaced, plus the wait for a free channel.
    fn packet_secs(&self) -> f64 {
        if let Some((secs, _)) = self.at_packet {
            return secs;
        }
        let mut dice = Dice::new(self.spec.seed, Purpose::Transmission, self.packet, 0);
        let spacing = 1.0 / self.packets_per_sec();
        let backoff = f64::from(dice.exponential(BACKOFF_SECS)).min(0.4 * spacing);
        self.packet as f64 * spacing + backoff
    }

    /// The true channel, `[rx][tone]`.
    fn channel(&mut self, link_idx: usize, secs: f64) -> Vec<Complex32> {
        let link = self.scene.links[link_idx];
        let from = self.scene.transmitters[link.tx];
        let n_tones = self.scene.live.len();
        let mut values = Vec::with_capacity(n_tones * self.radios[link_idx].channels.len());
        let parts = match self.at_packet {
            Some((_, parts)) => parts,
            None => self.body.scatterers_at(secs),
        };
        self.at_packet = Some((secs, parts));
        for (still, &to) in self.radios[link_idx].channels.iter().zip(&self.scene.receivers[link.rx]) {
            if !self.spec.occupied {
                values.extend(still.direct.iter().zip(&still.echoes).map(|(direct, echoes)| direct + echoes));
                continue;
            }
            let passing = passing_share(from, to, &parts);
            values.extend(still.direct.iter().zip(&still.echoes).map(|(direct, echoes)| direct * passing + echoes));
            let start = values.len() - n_tones;
            for (length, amplitude) in body_paths(&self.scene, from, to, &parts) {
                self.scene.add_path(&mut values[start..], length, self.body_gain * amplitude);
            }
        }
        values
    }
}

/// Lengths and amplitudes of all paths over the body: each part directly, and the trunk by way of each wall before or
/// after. Those ways are longer, so that their echoes differ over the band and stay when a common factor is taken out.
fn body_paths<'a>(
    scene: &'a Scene,
    from: Vec3,
    to: Vec3,
    parts: &'a [Vec3; N_SCATTERERS],
) -> impl Iterator<Item = (f32, f32)> + 'a {
    let direct = parts.iter().zip(REFLECTIVITY).map(move |(&part, reflectivity)| {
        let (length, spreading) = bistatic(from, part, to);
        (length, reflectivity * spreading)
    });
    let trunk = parts[TRUNK];
    let before = scene.images(from).map(move |(image, wall)| (bistatic(image, trunk, to), wall));
    let after = scene.images(to).map(move |(image, wall)| (bistatic(from, trunk, image), wall));
    let bounced =
        before.chain(after).map(|((length, spreading), wall)| (length, wall * TRUNK_REFLECTIVITY * spreading));
    direct.chain(bounced)
}

/// Length of the path over a scatterer, and `1 / (d1 d2)`.
fn bistatic(from: Vec3, part: Vec3, to: Vec3) -> (f32, f32) {
    let (d1, d2) = (from.distance(part), part.distance(to));
    // A scatterer closer than 0.3 m is no longer small.
    (d1 + d2, 1.0 / (d1.max(0.3) * d2.max(0.3)))
}

/// Amplitude share of the straight path that a body lets pass.
fn passing_share(from: Vec3, to: Vec3, parts: &[Vec3; N_SCATTERERS]) -> f32 {
    let along = to - from;
    // Head, chest and pelvis block; limbs are thinner than the Fresnel zone.
    let nearest = parts[..3]
        .iter()
        .map(|&part| {
            let share = ((part - from).dot(along) / along.length_squared().max(1e-6)).clamp(0.0, 1.0);
            part.distance(from + along * share)
        })
        .fold(f32::INFINITY, f32::min);
    let blocking_db = MAX_BLOCKING_DB * (-(nearest / BLOCKING_WIDTH_M).powi(2)).exp();
    10f32.powf(-blocking_db / 20.0)
}

/// The factor that gives the body [`BODY_POWER_DB`] in the median over a minute and all links.
fn body_gain(scene: &Scene, body: &Body, radios: &[Radio]) -> f32 {
    let mut ratios = Vec::new();
    for second in 0..60 {
        let parts = body.scatterers_at(f64::from(second));
        for (link, radio) in scene.links.iter().zip(radios) {
            let (Some(still), Some(&to)) = (radio.channels.first(), scene.receivers[link.rx].first()) else { continue };
            let whole = still.direct.iter().zip(&still.echoes).map(|(direct, echoes)| direct + echoes);
            let moving: f32 = body_paths(scene, scene.transmitters[link.tx], to, &parts)
                .map(|(_, amplitude)| amplitude.powi(2))
                .sum();
            ratios.push(moving / scene.mean_power(whole).max(f32::MIN_POSITIVE));
        }
    }
    ratios.sort_by(f32::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or(1.0);
    (10f32.powf(BODY_POWER_DB / 10.0) / median.max(f32::MIN_POSITIVE)).sqrt()
}
