//! The place: where the radios stand, which subcarriers they use, and the channel of the empty room.

use std::sync::Arc;

use bevy_math::Vec3;

use super::SimulatorSpec;
use super::dice::{Dice, Purpose};
use crate::types::{Channel, Complex32, LinkId, Node, NodeId, NodeRole, Room, Site, Subcarriers};

/// Channel 36 of the 5 GHz band.
const CENTRE_MHZ: u16 = 5_180;
const LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Radios hang this far from their wall.
const WALL_INSET_M: f32 = 0.15;
/// Receivers are numbered from here, transmitters from 1.
const FIRST_RECEIVER: u16 = 11;
const N_CLUTTER: usize = 5;

pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) channel: Channel,
    pub(super) subcarriers: Arc<Subcarriers>,
    /// Whether a tone carries signal, in the order of `subcarriers`.
    pub(super) live: Vec<bool>,
    /// Cycles of phase per metre of path that the first tone has over the carrier, and each tone over the one before.
    first_tone_per_m: f64,
    tone_step_per_m: f64,
    pub(super) transmitters: Vec<Vec3>,
    /// Antenna positions of each receiver.
    pub(super) receivers: Vec<Vec<Vec3>>,
    pub(super) links: Vec<Link>,
    room: Room,
    /// Amplitude reflection coefficients of the six walls: low and high x, y, z.
    walls: [f32; 6],
    /// Places and strengths of furniture.
    clutter: Vec<(Vec3, f32)>,
}

#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) tx: usize,
    pub(super) rx: usize,
}

/// The empty room's channel of one antenna, one value per subcarrier.
pub(super) struct StaticChannel {
    /// The straight path, which a body may block.
    pub(super) direct: Vec<Complex32>,
    /// Walls and furniture.
    pub(super) echoes: Vec<Complex32>,
}

impl Scene {
    /// `spec` must be clamped.
    pub(super) fn new(spec: &SimulatorSpec) -> Self {
        let mut dice = Dice::new(spec.seed, Purpose::Scene, 0, 0);
        let n_transmitters = if spec.n_links <= 2 { 1 } else { 2 };
        let n_receivers = usize::from(spec.n_links).div_ceil(n_transmitters);
        let places = places_at_walls(&mut dice, spec.room, n_transmitters + n_receivers);
        let opposite = places.len() / 2;
        let (transmitters, receivers): (Vec<_>, Vec<_>) =
            places.iter().enumerate().partition(|(i, _)| *i == 0 || (n_transmitters == 2 && *i == opposite));
        let transmitters: Vec<Vec3> = transmitters.into_iter().map(|(_, place)| *place).collect();
        let receivers: Vec<Vec3> = receivers.into_iter().map(|(_, place)| *place).collect();

        let channel = Channel { centre_mhz: CENTRE_MHZ, bandwidth_mhz: spec.bandwidth_mhz };
        let (subcarriers, live) = tones(spec.n_subcarriers, spec.bandwidth_mhz);
        let hz_per_m = f64::from(subcarriers.spacing_hz) / LIGHT_M_PER_S;
        let first = f64::from(subcarriers.index.first().copied().unwrap_or(0));
        let step = f64::from(subcarriers.index.get(1).copied().unwrap_or(1)) - first;
        let wavelength_m = (LIGHT_M_PER_S / (f64::from(CENTRE_MHZ) * 1e6)) as f32;

        let links = (0..usize::from(spec.n_links))
            .map(|i| {
                let (tx, rx) = (i % n_transmitters, i / n_transmitters);
                Link { id: LinkId { tx: transmitter_id(tx), rx: receiver_id(rx) }, tx, rx }
            })
            .collect();
        let room = spec.room;
        let walls = std::array::from_fn(|_| dice.between(0.25, 0.6));
        let clutter = (0..N_CLUTTER)
            .map(|_| {
                let share = Vec3::new(dice.between(0.05, 0.95), dice.between(0.05, 0.95), dice.between(0.05, 0.8));
                (share * room.size(), dice.between(0.2, 0.6))
            })
            .collect();
        Self {
            site: site(room, &transmitters, &receivers),
            channel,
            subcarriers: Arc::new(subcarriers),
            live,
            first_tone_per_m: first * hz_per_m,
            tone_step_per_m: step * hz_per_m,
            receivers: receivers
                .iter()
                .map(|&place| antennas(place, room, usize::from(spec.n_rx), wavelength_m))
                .collect(),
            transmitters,
            links,
            room,
            walls,
            clutter,
        }
    }

    /// Adds a path to a channel: `amplitude * exp(-j 2π f length / c)` at each tone.
    ///
    /// A tone's phase is turned from its neighbour's, so a path costs one sine and cosine, and one complex product a tone.
    pub(super) fn add_path(&self, channel: &mut [Complex32], length_m: f32, amplitude: f32) {
        let length_m = f64::from(length_m);
        let carrier_per_m = f64::from(CENTRE_MHZ) * 1e6 / LIGHT_M_PER_S;
        let mut value = amplitude * turn(-(carrier_per_m + self.first_tone_per_m) * length_m);
        let step = turn(-self.tone_step_per_m * length_m);
        for tone in channel {
            *tone += value;
            value *= step;
        }
    }

    pub(super) fn static_channel(&self, from: Vec3, to: Vec3) -> StaticChannel {
        let empty = vec![Complex32::ZERO; self.live.len()];
        let (mut direct, mut echoes) = (empty.clone(), empty);
        let length = from.distance(to);
        self.add_path(&mut direct, length, 1.0 / length.max(0.1));
        for (image, coefficient) in self.images(from) {
            let length = image.distance(to);
            self.add_path(&mut echoes, length, coefficient / length.max(0.1));
        }
        for &(place, strength) in &self.clutter {
            let (d1, d2) = (from.distance(place).max(0.3), place.distance(to).max(0.3));
            self.add_path(&mut echoes, d1 + d2, strength / (d1 * d2));
        }
        StaticChannel { direct, echoes }
    }

    /// Where a radio appears to be, seen in each of the six walls, and how much amplitude that wall returns.
    pub(super) fn images(&self, place: Vec3) -> impl Iterator<Item = (Vec3, f32)> + '_ {
        self.walls.iter().enumerate().map(move |(wall, &coefficient)| {
            let (axis, high) = (wall / 2, wall % 2 == 1);
            let mut image = place;
            image[axis] = if high { 2.0 * self.room.size()[axis] - place[axis] } else { -place[axis] };
            (image, coefficient)
        })
    }

    /// Mean power of a channel over the tones that carry signal.
    pub(super) fn mean_power(&self, channel: impl Iterator<Item = Complex32>) -> f32 {
        let powers: Vec<f32> =
            channel.zip(&self.live).filter(|(_, live)| **live).map(|(value, _)| value.norm_sqr()).collect();
        powers.iter().sum::<f32>() / powers.len().max(1) as f32
    }
}

/// One whole turn is one cycle; only the fraction counts, and it is taken before precision is given up.
pub(super) fn turn(cycles: f64) -> Complex32 {
    let (sin, cos) = ((cycles - cycles.round()) as f32 * std::f32::consts::TAU).sin_cos();
    Complex32::new(cos, sin)
}

fn transmitter_id(i: usize) -> NodeId {
    NodeId::Number(1 + i as u16)
}

fn receiver_id(i: usize) -> NodeId {
    NodeId::Number(FIRST_RECEIVER + i as u16)
}

fn site(room: Room, transmitters: &[Vec3], receivers: &[Vec3]) -> Site {
    let node = |id, name: String, role, place: &Vec3| Node { id, name, role, position_m: Some(place.to_array()) };
    let transmitters = transmitters
        .iter()
        .enumerate()
        .map(|(i, place)| node(transmitter_id(i), format!("transmitter {}", i + 1), NodeRole::Transmitter, place));
    let receivers = receivers
        .iter()
        .enumerate()
        .map(|(i, place)| node(receiver_id(i), format!("receiver {}", i + 1), NodeRole::Receiver, place));
    Site { name: "Simulated room".into(), room: Some(room), nodes: transmitters.chain(receivers).collect() }
}

/// Places along the walls, one to two metres high, evenly spread with some chance.
fn places_at_walls(dice: &mut Dice, room: Room, n: usize) -> Vec<Vec3> {
    let (width, depth) = (room.width_m - 2.0 * WALL_INSET_M, room.depth_m - 2.0 * WALL_INSET_M);
    (0..n)
        .map(|i| {
            let along = (i as f32 + dice.between(0.35, 0.65)) / n as f32 * 2.0 * (width + depth);
            let (x, y) = if along < width {
                (along, 0.0)
            } else if along < width + depth {
                (width, along - width)
            } else if along < 2.0 * width + depth {
                (2.0 * width + depth - along, depth)
            } else {
                (0.0, 2.0 * (width + depth) - along)
            };
            Vec3::new(x + WALL_INSET_M, y + WALL_INSET_M, dice.between(1.0, 2.0))
        })
        .collect()
}

/// A row of antennas half a wavelength apart, level and square to the direction of the room's centre.
fn antennas(place: Vec3, room: Room, n: usize, wavelength_m: f32) -> Vec<Vec3> {
    let to_centre = (room.size() / 2.0 - place).truncate().normalize_or(bevy_math::Vec2::X);
    let axis = to_centre.perp().extend(0.0);
    (0..n).map(|i| place + axis * ((i as f32 - (n as f32 - 1.0) / 2.0) * wavelength_m / 2.0)).collect()
}

/// Evenly spread tones, and which of them carry signal: a full grid leaves the carrier and an eighth of the band at
/// its edges empty, as 802.11 does.
fn tones(n: u16, bandwidth_mhz: u16) -> (Subcarriers, Vec<bool>) {
    // 312.5 kHz is the spacing up to 802.11ac, a quarter of it that of 802.11ax.
    let n_wide = i32::from(bandwidth_mhz) * 16 / 5;
    let (n_grid, spacing_hz) = if i32::from(n) <= n_wide { (n_wide, 312_500.0) } else { (4 * n_wide, 78_125.0) };
    let step = (n_grid / i32::from(n)).max(1);
    let index: Vec<i32> = (0..i32::from(n)).map(|i| (i - i32::from(n) / 2) * step + step / 2).collect();
    let live = index.iter().map(|&k| step > 1 || (k != 0 && k.abs() <= n_grid * 7 / 16)).collect();
    (Subcarriers::single(index.into_iter().map(|k| k as i16).collect(), spacing_hz), live)
}
