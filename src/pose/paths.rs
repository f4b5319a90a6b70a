//! Ways of a wave in a box: straight, by way of its six surfaces, and over a body.
//!
//! The box and the radios' places are what the site says. What the surfaces are made of is not known: each is taken to
//! return [`REFLECTED`] of the amplitude.

use bevy_math::{Vec2, Vec3};

use super::window::LinkGeometry;
use crate::types::Room;

/// Amplitude that a wall, floor or ceiling returns: concrete and brick return 0.3 to 0.6 at 5 GHz (ITU-R P.2040).
pub(super) const REFLECTED: f32 = 0.45;
/// Distance below which a point is no longer small, metres.
const NEAR_M: f32 = 0.3;
pub(super) const N_SURFACES: usize = 6;
/// Straight over the body, and by way of each surface before or after it.
pub(super) const N_BODY_PATHS: usize = 1 + 2 * N_SURFACES;
pub(super) const LIGHT_M_PER_S: f64 = 299_792_458.0;

/// A receiver's antennas and the transmitter that they hear.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) tx: Vec3,
    /// The middle of the array.
    pub(super) rx: Vec3,
    pub(super) antennas: Vec<Vec3>,
    pub(super) room: Room,
}

/// One way to all antennas.
pub(super) struct Path {
    /// Metres to each antenna.
    pub(super) lengths: Vec<f32>,
    pub(super) amplitude: f32,
}

impl Ends {
    /// The first `n_used` of `n_antennas`.
    pub(super) fn new(
        geometry: &LinkGeometry,
        room: Room,
        n_used: usize,
        n_antennas: usize,
        wavelength_m: f32,
    ) -> Self {
        let antennas = (0..n_used).map(|i| geometry.antenna(i, n_antennas, wavelength_m)).collect();
        Self { tx: geometry.tx, rx: geometry.rx, antennas, room }
    }

    /// Straight, then by way of one surface, then of two.
    pub(super) fn steady(&self) -> Vec<Path> {
        let mut paths = vec![Path { lengths: self.to_antennas(self.tx), amplitude: self.tx.distance(self.rx).recip() }];
        let echo = |from: Vec3, reflected: f32| Path {
            lengths: self.to_antennas(from),
            amplitude: reflected * dipole(self.rx - from).powi(2) / from.distance(self.rx).max(NEAR_M),
        };
        for (first, once) in images(self.tx, self.room).into_iter().enumerate() {
            paths.push(echo(once, REFLECTED));
            // Two walls at a corner give one image, whichever comes first; opposite ones give two.
            let twice = images(once, self.room).into_iter().enumerate();
            let own = twice.filter(|(second, _)| *second > first || (*second + 1 == first && first % 2 == 1));
            paths.extend(own.map(|(_, twice)| echo(twice, REFLECTED * REFLECTED)));
        }
        paths
    }

    /// Over a body at `at`; those by way of surfaces have amplitudes beside the straight one's.
    pub(super) fn over(&self, at: Vec3) -> Vec<Path> {
        let leaving = self.to_antennas(at);
        let heard = |from: Vec3, to: Vec3| dipole(to - from) / from.distance(to).max(NEAR_M);
        let plus = |lengths: Vec<f32>, more: f32| lengths.into_iter().map(|length| length + more).collect();
        let mut paths = Vec::with_capacity(N_BODY_PATHS);
        let straight = heard(self.tx, at);
        paths.push(Path {
            lengths: plus(leaving.clone(), self.tx.distance(at)),
            amplitude: straight * heard(at, self.rx),
        });
        for image in images(self.tx, self.room) {
            let amplitude = REFLECTED * heard(image, at) * heard(at, self.rx);
            paths.push(Path { lengths: plus(leaving.clone(), image.distance(at)), amplitude });
        }
        // To the images of the antennas is from the body's image to the antennas.
        for image in images(at, self.room) {
            let amplitude = REFLECTED * straight * heard(image, self.rx);
            paths.push(Path { lengths: plus(self.to_antennas(image), self.tx.distance(at)), amplitude });
        }
        paths
    }

    fn to_antennas(&self, from: Vec3) -> Vec<f32> {
        self.antennas.iter().map(|antenna| antenna.distance(from)).collect()
    }
}

/// Mirror images in the six surfaces.
fn images(of: Vec3, room: Room) -> [Vec3; N_SURFACES] {
    let size = room.size();
    [
        Vec3::new(-of.x, of.y, of.z),
        Vec3::new(2.0 * size.x - of.x, of.y, of.z),
        Vec3::new(of.x, -of.y, of.z),
        Vec3::new(of.x, 2.0 * size.y - of.y, of.z),
        Vec3::new(of.x, of.y, -of.z),
        Vec3::new(of.x, of.y, 2.0 * size.z - of.z),
    ]
}

/// What an upright rod sends in a direction, as a share of what it sends level.
fn dipole(way: Vec3) -> f32 {
    let rise = (way.z * way.z / way.length_squared().max(1e-9)).min(1.0);
    (1.0 - rise).sqrt() * (1.0 - 0.2337 * rise)
}

/// Points spread evenly over the floor, so many along the width and the depth.
pub(super) fn floor_points(room: Room, width: usize, depth: usize) -> impl Iterator<Item = Vec2> {
    let at = move |i: usize, n: usize, size: f32| (i as f32 + 0.5) / n as f32 * size;
    (0..width * depth).map(move |i| Vec2::new(at(i / depth, width, room.width_m), at(i % depth, depth, room.depth_m)))
}
