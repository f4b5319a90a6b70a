//! The channel of one packet: the empty room, what bodies and things add to it, and what they take away.

use bevy_math::Vec3;

use super::grid::Tones;
use super::ladder::{Bundle, Ladder};
use super::scatter::{BOUNCED, Body, N_TRUNK, Scatterer, facing_share, shadow};
use super::scene::{Scene, StaticChannel};

/// Everything that moves, at one moment.
#[derive(Default)]
pub(super) struct Movers {
    pub(super) bodies: Vec<Body>,
    pub(super) things: Vec<Vec<Scatterer>>,
}

/// Room to work in, kept from packet to packet.
#[derive(Default)]
pub(super) struct Scratch {
    bundle: Bundle,
}

/// Distance below which a point is no longer small.
const NEAR_M: f32 = 0.3;

/// Two antennas, and the channel between them while nothing moves.
#[derive(Clone, Copy)]
pub(super) struct Hop<'a> {
    pub(super) tones: &'a Tones,
    pub(super) still: &'a StaticChannel,
    pub(super) from: Vec3,
    pub(super) to: Vec3,
}

/// Writes the channel between two antennas to `out`.
pub(super) fn channel(out: &mut Ladder, scene: &Scene, hop: Hop<'_>, movers: &Movers, scratch: &mut Scratch) {
    let Hop { tones, still, from, to } = hop;
    let wavelength_m = tones.wavelength_m();
    let passing: f32 = movers.bodies.iter().map(|body| body.passing(from, to, wavelength_m)).product();
    out.set_sum(&still.direct, passing, &still.echoes);
    let bundle = &mut scratch.bundle;
    for (i, body) in movers.bodies.iter().enumerate() {
        let shares = Shares::new(scene, from, to, body, i, &movers.bodies);
        bundle.clear();
        add_body(bundle, scene, from, to, body, shares.leaving * shares.arriving);
        out.add_bundle(tones, bundle);
        for (image, wall) in scene.bounces(from) {
            add_bounces(bundle, scene, image, to, body, wall * shares.arriving);
            out.add_bundle(tones, bundle);
        }
        for (image, wall) in scene.bounces(to) {
            add_bounces(bundle, scene, from, image, body, wall * shares.leaving);
            out.add_bundle(tones, bundle);
        }
    }
    for points in &movers.things {
        bundle.clear();
        for point in points {
            let walls = scene.passing_walls(from, point.at) * scene.passing_walls(point.at, to);
            let shadows: f32 = movers
                .bodies
                .iter()
                .map(|body| body.unshadowed(from, point.at) * body.unshadowed(to, point.at))
                .product();
            let (length, spreading) = spreading(scene, from, point.at, to);
            bundle.push(length, point.amplitude * spreading * walls * shadows);
        }
        out.add_bundle(tones, bundle);
    }
}

/// What gets through on the way to a body and from it.
struct Shares {
    leaving: f32,
    arriving: f32,
}

impl Shares {
    /// What walls and other bodies let through between each end and one body.
    fn new(scene: &Scene, from: Vec3, to: Vec3, body: &Body, idx: usize, bodies: &[Body]) -> Self {
        let others = |node: Vec3| -> f32 {
            bodies
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != idx)
                .map(|(_, other)| shadow(node, body.middle, other.middle, other.half_width))
                .product()
        };
        Self {
            leaving: scene.passing_walls(from, body.middle) * others(from),
            arriving: scene.passing_walls(body.middle, to) * others(to),
        }
    }
}

fn add_body(bundle: &mut Bundle, scene: &Scene, from: Vec3, to: Vec3, body: &Body, share: f32) {
    for (i, point) in body.scatterers.iter().enumerate() {
        let (length, spreading) = spreading(scene, from, point.at, to);
        let seen = if i < N_TRUNK {
            facing_share(point.normal, (from - point.at).normalize_or_zero(), (to - point.at).normalize_or_zero())
        } else {
            body.unshadowed(from, point.at) * body.unshadowed(to, point.at)
        };
        bundle.push(length, share * point.amplitude * spreading * seen);
    }
}

/// The trunk and head by way of a wall, before or after: `from` or `to` is an image. Those ways are longer, so that
/// their echoes differ over the band and stay when a common factor is taken out.
fn add_bounces(bundle: &mut Bundle, scene: &Scene, from: Vec3, to: Vec3, body: &Body, share: f32) {
    bundle.clear();
    for point in BOUNCED.iter().filter_map(|&i| body.scatterers.get(i)) {
        let (length, spreading) = spreading(scene, from, point.at, to);
        let seen = if point.normal == Vec3::ZERO {
            1.0
        } else {
            facing_share(point.normal, (from - point.at).normalize_or_zero(), (to - point.at).normalize_or_zero())
        };
        bundle.push(length, share * point.amplitude * spreading * seen);
    }
}

/// Length of the way over a point, and what distance and antennas make of the amplitude.
fn spreading(scene: &Scene, from: Vec3, point: Vec3, to: Vec3) -> (f32, f32) {
    let (leaving, arriving) = (point - from, point - to);
    let (d1, d2) = (leaving.length(), arriving.length());
    let gains = scene.antenna.amplitude(leaving) * scene.antenna.amplitude(arriving);
    (d1 + d2, gains / (d1.max(NEAR_M) * d2.max(NEAR_M)))
}
