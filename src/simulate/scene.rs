//! The place: where the radios stand, which subcarriers they use, and the channel of the empty room.
//!
//! The outer walls reflect up to twice (image sources), inner walls once and let part of everything through, furniture
//! throws back what hits it.

use bevy_math::{Vec2, Vec3};

use super::SimulatorSpec;
use super::antenna::Antenna;
use super::dice::{Dice, Purpose};
use super::grid::Tones;
use super::ladder::{Ladder, bistatic};
use super::material::{Material, Partition, Polarisation};
use crate::types::{Complex32, LinkId, Node, NodeId, NodeRole, Room, Site};

/// Radios hang this far from their wall.
const WALL_INSET_M: f32 = 0.15;
/// Receivers are numbered from here, transmitters from 1.
const FIRST_RECEIVER: u16 = 11;
const N_FURNITURE: usize = 5;
/// Radar cross-section of a piece of furniture, m²: between a chair's legs and a cupboard's front.
const FURNITURE_M2: (f32, f32) = (0.3, 3.0);

pub(super) struct Scene {
    pub(super) site: Site,
    /// The usual format, and the one that some packets come in.
    pub(super) tones: Vec<Tones>,
    pub(super) transmitters: Vec<Vec3>,
    /// Antenna positions of each receiver.
    pub(super) receivers: Vec<Vec<Vec3>>,
    pub(super) links: Vec<Link>,
    pub(super) partitions: Vec<Partition>,
    pub(super) antenna: Antenna,
    room: Room,
    n_reflections: u8,
    /// Material of the six surfaces: low and high x, y, z.
    surfaces: [Material; 6],
    /// Amplitude that each returns at 45 degrees, for the bounces of moving things.
    bounces: [f32; 6],
    /// Places and `sqrt(σ / 4π)` of furniture.
    furniture: Vec<(Vec3, f32)>,
}

#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) tx: usize,
    pub(super) rx: usize,
}

/// The empty room's channel of one antenna.
pub(super) struct StaticChannel {
    /// The straight path, which a body may block.
    pub(super) direct: Ladder,
    /// Walls and furniture.
    pub(super) echoes: Ladder,
}

impl StaticChannel {
    pub(super) fn whole(&self) -> Ladder {
        let mut whole = Ladder::default();
        whole.set_sum(&self.direct, 1.0, &self.echoes);
        whole
    }
}

impl Scene {
    /// `spec` must be clamped.
    pub(super) fn new(spec: &SimulatorSpec) -> Self {
        let mut dice = Dice::new(spec.seed, Purpose::Scene, 0, 0);
        let room = spec.room;
        let (transmitters, receivers) = places(spec, &mut dice);
        let tones: Vec<Tones> = std::iter::once(spec.format)
            .chain(spec.other_format.map(|other| other.format))
            .map(|format| Tones::new(format, spec.n_subcarriers, spec.bandwidth_mhz))
            .collect();
        // There is at least the usual format.
        let (carrier_hz, wavelength_m) = tones.first().map_or((5.18e9, 0.058), |t| (t.carrier_hz(), t.wavelength_m()));
        let links = links(spec, transmitters.len(), receivers.len());
        let surfaces = std::array::from_fn(|wall| {
            let drawn = OUTER_MATERIALS[(dice.unit() * OUTER_MATERIALS.len() as f32) as usize % OUTER_MATERIALS.len()];
            if wall >= 4 { Material::Concrete } else { spec.outer_walls.unwrap_or(drawn) }
        });
        let oblique = std::f32::consts::FRAC_1_SQRT_2;
        let bounces = surfaces.map(|surface| surface.slab(carrier_hz, oblique, Polarisation::Across).0.norm());
        let amplitude = |area: f32| (area / (4.0 * std::f32::consts::PI)).sqrt();
        let drawn: Vec<_> = (0..N_FURNITURE)
            .map(|_| {
                let share = Vec3::new(dice.between(0.05, 0.95), dice.between(0.05, 0.95), dice.between(0.05, 0.8));
                (share * room.size(), amplitude(dice.between(FURNITURE_M2.0, FURNITURE_M2.1)))
            })
            .collect();
        let furniture = match &spec.furniture {
            Some(pieces) => {
                pieces.iter().map(|piece| (Vec3::from(piece.at), amplitude(piece.cross_section_m2))).collect()
            }
            None => drawn,
        };
        Self {
            site: site(room, &transmitters, &receivers),
            partitions: spec.walls.iter().filter_map(|wall| Partition::new(wall, carrier_hz)).collect(),
            antenna: spec.antenna,
            receivers: receivers
                .iter()
                .map(|&place| antennas(place, room, usize::from(spec.n_rx), wavelength_m))
                .collect(),
            tones,
            transmitters,
            links,
            room,
            n_reflections: spec.n_reflections,
            surfaces,
            bounces,
            furniture,
        }
    }

    /// Gain of both antennas and loss of all walls on the straight way between two points.
    pub(super) fn passing_walls(&self, from: Vec3, to: Vec3) -> f32 {
        self.partitions.iter().map(|wall| wall.share(from, to)).product()
    }

    pub(super) fn static_channel(&self, tones: &Tones, from: Vec3, to: Vec3) -> StaticChannel {
        let (mut direct, mut echoes) = (Ladder::new(tones), Ladder::new(tones));
        let gains = |leaving: Vec3, arriving: Vec3| self.antenna.amplitude(leaving) * self.antenna.amplitude(arriving);
        let length = from.distance(to).max(0.1);
        let amplitude = self.passing_walls(from, to) * gains(to - from, from - to) / length;
        direct.add_path(tones, length, Complex32::new(amplitude, 0.0));
        for image in self.images(from) {
            // Seen from the receiver the wave comes from the image; at the sender the same angle is mirrored.
            let way = to - image.place;
            let length = way.length().max(0.1);
            let mut amplitude = Complex32::new(gains(way, -way) / length, 0.0);
            for &surface in &image.surfaces {
                let axis = surface / 2;
                let cos = (way[axis] / length).abs();
                let field = if axis == 2 { Polarisation::Within } else { Polarisation::Across };
                amplitude *= self.surfaces[surface].slab(tones.carrier_hz(), cos, field).0;
            }
            let ways = self.corners(from, to, &image);
            amplitude *= ways.windows(2).map(|leg| self.passing_walls(leg[0], leg[1])).product::<f32>();
            echoes.add_path(tones, length, amplitude);
        }
        for wall in &self.partitions {
            if let Some((image, reflected)) = wall.reflection(from, to, tones.carrier_hz()) {
                let way = to - image;
                let length = way.length().max(0.1);
                echoes.add_path(tones, length, reflected * (gains(way, -way) / length));
            }
        }
        for &(place, strength) in &self.furniture {
            let (length, spreading) = bistatic(from, place, to);
            let walls = self.passing_walls(from, place) * self.passing_walls(place, to);
            let amplitude = strength * spreading * walls * gains(place - from, place - to);
            echoes.add_path(tones, length, Complex32::new(amplitude, 0.0));
        }
        StaticChannel { direct, echoes }
    }

    /// Where a radio appears to be, seen in each of the six surfaces, and how much amplitude that surface returns to a
    /// moving thing.
    pub(super) fn bounces(&self, place: Vec3) -> impl Iterator<Item = (Vec3, f32)> + '_ {
        let n = if self.n_reflections > 0 { 6 } else { 0 };
        (0..n).map(move |surface| (self.mirrored(place, surface), self.bounces[surface]))
    }

    fn mirrored(&self, mut place: Vec3, surface: usize) -> Vec3 {
        let (axis, high) = (surface / 2, surface % 2 == 1);
        place[axis] = if high { 2.0 * self.room.size()[axis] - place[axis] } else { -place[axis] };
        place
    }

    /// All images of a point in the outer walls, floor and ceiling up to the order asked for: 6 and 18 of a box.
    /// The order of two walls at right angles does not matter to where the image is, so each pair comes once.
    fn images(&self, place: Vec3) -> Vec<Image> {
        let mut images = Vec::new();
        if self.n_reflections >= 1 {
            images.extend((0..6).map(|a| Image { place: self.mirrored(place, a), surfaces: vec![a] }));
        }
        if self.n_reflections >= 2 {
            for a in 0..6 {
                for b in (0..6).filter(|&b| b != a && (b / 2 == a / 2 || b > a)) {
                    images.push(Image { place: self.mirrored(self.mirrored(place, a), b), surfaces: vec![a, b] });
                }
            }
        }
        images
    }

    /// The points that a reflected wave passes: sender, reflections, receiver.
    fn corners(&self, from: Vec3, to: Vec3, image: &Image) -> Vec<Vec3> {
        let mut corners = vec![to];
        let (mut target, mut seen) = (to, image.place);
        for &surface in image.surfaces.iter().rev() {
            let axis = surface / 2;
            let plane = if surface % 2 == 1 { self.room.size()[axis] } else { 0.0 };
            let way = seen[axis] - target[axis];
            let share = if way.abs() > 1e-6 { ((plane - target[axis]) / way).clamp(0.0, 1.0) } else { 0.0 };
            target = target.lerp(seen, share);
            corners.push(target);
            seen = self.mirrored(seen, surface);
        }
        corners.push(from);
        corners
    }
}

/// What outer walls are drawn from.
const OUTER_MATERIALS: [Material; 4] = [Material::Concrete, Material::Brick, Material::Plasterboard, Material::Brick];

/// A radio seen in one surface or in two.
struct Image {
    place: Vec3,
    /// In the order in which the wave meets them.
    surfaces: Vec<usize>,
}

fn links(spec: &SimulatorSpec, n_transmitters: usize, n_receivers: usize) -> Vec<Link> {
    let n = if spec.radios.is_empty() { usize::from(spec.n_links) } else { n_transmitters * n_receivers };
    (0..n.min(usize::from(spec.n_links)))
        .map(|i| {
            let (tx, rx) = (i % n_transmitters, i / n_transmitters);
            Link { id: LinkId { tx: transmitter_id(tx), rx: receiver_id(rx) }, tx, rx }
        })
        .collect()
}

/// Transmitters and receivers: as placed, or spread along the walls with the transmitters opposite each other.
fn places(spec: &SimulatorSpec, dice: &mut Dice) -> (Vec<Vec3>, Vec<Vec3>) {
    if !spec.radios.is_empty() {
        let (transmitters, receivers): (Vec<_>, Vec<_>) = spec.radios.iter().partition(|radio| radio.transmits);
        let at = |radios: Vec<&super::RadioSpec>| radios.into_iter().map(|radio| Vec3::from(radio.at)).collect();
        return (at(transmitters), at(receivers));
    }
    let n_transmitters = if spec.n_links <= 2 { 1 } else { 2 };
    let n_receivers = usize::from(spec.n_links).div_ceil(n_transmitters);
    let places = places_at_walls(dice, spec.room, n_transmitters + n_receivers);
    let opposite = places.len() / 2;
    let (transmitters, receivers): (Vec<_>, Vec<_>) =
        places.iter().enumerate().partition(|(i, _)| *i == 0 || (n_transmitters == 2 && *i == opposite));
    let at = |places: Vec<(usize, &Vec3)>| places.into_iter().map(|(_, place)| *place).collect();
    (at(transmitters), at(receivers))
}

fn transmitter_id(i: usize) -> NodeId {
    NodeId::Number(1 + i as u16)
}

fn receiver_id(i: usize) -> NodeId {
    NodeId::Number(FIRST_RECEIVER + i as u16)
}

fn site(room: Room, transmitters: &[Vec3], receivers: &[Vec3]) -> Site {
    let node = |id, name: String, role, place: &Vec3| Node {
        id,
        name,
        role,
        position_m: Some(place.to_array()),
        array_axis_deg: (role == NodeRole::Receiver).then(|| array_axis(*place, room).to_angle().to_degrees()),
    };
    let transmitters = transmitters
        .iter()
        .enumerate()
        .map(|(i, place)| node(transmitter_id(i), format!("transmitter {}", i + 1), NodeRole::Transmitter, place));
    let receivers = receivers
        .iter()
        .enumerate()
        .map(|(i, place)| node(receiver_id(i), format!("receiver {}", i + 1), NodeRole::Receiver, place));
    Site {
        name: "Simulated room".into(),
        room: Some(room),
        nodes: transmitters.chain(receivers).collect(),
        zones: Vec::new(),
    }
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

/// Level direction from the first to the last antenna.
fn array_axis(place: Vec3, room: Room) -> Vec2 {
    (room.size() / 2.0 - place).truncate().normalize_or(Vec2::X).perp()
}

/// A row of antennas half a wavelength apart, level and square to the direction of the room's centre.
fn antennas(place: Vec3, room: Room, n: usize, wavelength_m: f32) -> Vec<Vec3> {
    let axis = array_axis(place, room).extend(0.0);
    (0..n).map(|i| place + axis * ((i as f32 - (n as f32 - 1.0) / 2.0) * wavelength_m / 2.0)).collect()
}
