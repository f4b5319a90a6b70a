//! What to simulate.

use serde::{Deserialize, Serialize};

use super::antenna::Antenna;
use super::grid::RadioFormat;
use super::material::{Material, Wall};
use super::script::Script;
use crate::types::{Room, Sex, Timestamp};

/// A simulated scene. Any values are allowed: [`SimulatorSpec::clamped`] brings them into what can be simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatorSpec {
    pub seed: u64,
    /// 1 to 16. Up to two links share one transmitter, more share two.
    pub n_links: u8,
    /// Packets a second on each link, 1 to 1 000.
    pub rate_hz: f32,
    /// 30 to 512; more than 256 need 40 MHz. Counts for the plain format only.
    pub n_subcarriers: u16,
    /// Antennas of each receiver, 1 to 3, half a wavelength apart.
    pub n_rx: u8,
    /// 20 or 40. In 20 MHz the echoes of a small room hardly differ over the band. Counts for the plain format only.
    pub bandwidth_mhz: u16,
    pub room: Room,
    /// Whether anybody is there.
    pub occupied: bool,
    /// Share of packets that a receiver misses, 0 to 0.9; each receiver on its own.
    pub loss: f32,
    /// Receivers' clocks run wrong by at most this, parts per million.
    pub max_drift_ppm: f32,
    /// Leaves out what radios add: phase, delay slope, gain steps, noise and rounding. Clocks and losses stay.
    pub ideal: bool,
    pub faults: SimulatedFaults,
    /// Host time of simulated second zero; `None` is zero here, and the present where a source is opened.
    pub start: Option<Timestamp>,
    /// Up to four. None at all in an occupied room is one adult who walks about.
    pub people: Vec<PersonSpec>,
    /// Fans and other things that move by themselves.
    pub things: Vec<ThingSpec>,
    /// Inner walls.
    pub walls: Vec<Wall>,
    /// Of the four outer walls; `None` draws one for each wall by the seed. Floor and ceiling are concrete.
    pub outer_walls: Option<Material>,
    /// Pieces of furniture that throw waves back; `None` draws five by the seed.
    pub furniture: Option<Vec<FurnitureSpec>>,
    /// Reflections in a row off the outer walls, 0 to 2.
    pub n_reflections: u8,
    /// Where the radios stand; empty spreads them along the walls by the seed. With places, every transmitter and
    /// receiver make a link, and `n_links` is the most that are used.
    pub radios: Vec<RadioSpec>,
    pub antenna: Antenna,
    pub format: RadioFormat,
    /// Some packets come in another format, as where a router mixes legacy and high-throughput frames.
    pub other_format: Option<OtherFormat>,
    /// Signal over the receiver's own noise, dB: each link draws from this range.
    pub snr_db: [f32; 2],
}

/// A share of packets in a second format.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherFormat {
    pub format: RadioFormat,
    /// 0 to 1.
    pub share: f32,
}

/// A person: build, breath and what they do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PersonSpec {
    pub sex: Sex,
    pub height_m: f32,
    pub weight_kg: f32,
    /// Makes walk, sway and timing this person's own.
    pub seed: u64,
    /// 6 to 30.
    pub breaths_per_min: f32,
    /// Way of the chest wall between in and out, 4 to 12 in people, 0 holds the breath.
    pub chest_mm: f32,
    /// `None` walks about the room for ever.
    pub script: Option<Script>,
}

/// Something that moves and is nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ThingSpec {
    /// A fan in the plane across `axis_heading_rad`: its blades' tips and hub ends.
    Fan { at: [f32; 3], axis_heading_rad: f32, radius_m: f32, n_blades: u8, turns_per_sec: f32, cross_section_m2: f32 },
    /// A sphere on a rail: to and fro at one speed. Its echo is known exactly, which tests of physics need.
    Sphere { from: [f32; 3], to: [f32; 3], speed_m_per_s: f32, cross_section_m2: f32 },
}

/// A piece of furniture as one echo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FurnitureSpec {
    pub at: [f32; 3],
    pub cross_section_m2: f32,
}

/// A radio in its place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RadioSpec {
    pub at: [f32; 3],
    pub transmits: bool,
}

/// Mishaps that are switched on one by one, in seconds of simulated time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SimulatedFaults {
    /// The first receiver's clock starts again from zero, as after a reboot.
    pub clock_reset_secs: Option<f32>,
    /// Nothing is received for [`SimulatedFaults::GAP_SECS`].
    pub gap_secs: Option<f32>,
    /// Each receiver hears nothing for a while now and then: how often, a minute.
    pub outages_per_min: f32,
    /// How long that lasts in the mean, seconds.
    pub outage_secs: f32,
    /// Packets wait for the air and the sender: mean wait in seconds; zero is the usual 0.2 ms.
    pub jitter_secs: f32,
}

impl SimulatedFaults {
    pub const GAP_SECS: f32 = 2.0;

    /// Timing as measured on real files under `../shared/data/csi`: spread of the spacing of packets around their median.
    ///
    /// Intel 5300 at 100 Hz, `csikit-history/intel/*.dat` (11 files): standard deviation 2.0 to 2.5 ms in most, 4.1 in the
    /// worst; 0 to 1.5 % of spacings above one and a half times the median; longest gap 37 ms.
    /// ESP32 at 100 Hz, `csikit/esp32/example_*100hz*.csv` (3 files): 3.8 to 4.9 ms, 10 to 15 %, longest 49 ms.
    /// Nexmon, beacons at 48.8 Hz, `fition/raw` (8 files): 0.3 to 4.1 ms, 0 to 0.6 %, gaps of 2 to 3 s in a few records;
    /// at 100 Hz, `csikit-data/.../walk_1597159475.pcap`: 2.4 ms, none.
    /// The spacing of packets that wait an exponential time of mean m spreads by m times the square root of two.
    pub fn measured(format: RadioFormat) -> Self {
        let (spread_secs, outages_per_min, outage_secs) = match format {
            RadioFormat::Plain => (0.0, 0.0, 0.0),
            RadioFormat::Esp32Legacy | RadioFormat::Esp32Ht20 | RadioFormat::Esp32C6 => (0.0042, 3.0, 0.04),
            RadioFormat::Nexmon20 | RadioFormat::Nexmon40 | RadioFormat::Nexmon80 => (0.0015, 0.2, 1.0),
            _ => (0.0023, 1.0, 0.03),
        };
        Self { jitter_secs: spread_secs / std::f32::consts::SQRT_2, outages_per_min, outage_secs, ..Self::default() }
    }
}

impl Default for PersonSpec {
    fn default() -> Self {
        Self {
            sex: Sex::Male,
            height_m: 1.75,
            weight_kg: 75.0,
            seed: 0,
            breaths_per_min: 15.0,
            chest_mm: 7.0,
            script: None,
        }
    }
}

impl Default for SimulatorSpec {
    fn default() -> Self {
        Self {
            seed: 1,
            n_links: 8,
            rate_hz: 200.0,
            n_subcarriers: 64,
            n_rx: 1,
            bandwidth_mhz: 40,
            room: Room { width_m: 5.0, depth_m: 4.0, height_m: 2.5 },
            occupied: true,
            loss: 0.01,
            max_drift_ppm: 20.0,
            ideal: false,
            faults: SimulatedFaults::default(),
            start: None,
            people: Vec::new(),
            things: Vec::new(),
            walls: Vec::new(),
            outer_walls: None,
            furniture: None,
            n_reflections: 2,
            radios: Vec::new(),
            antenna: Antenna::default(),
            format: RadioFormat::default(),
            other_format: None,
            snr_db: [20.0, 25.0],
        }
    }
}

impl SimulatorSpec {
    /// People that a scene holds at most.
    pub const MAX_PEOPLE: usize = 4;
    const MAX_LINKS: usize = 16;
    /// Fans and spheres, walls and pieces of furniture that a scene holds at most.
    const MAX_THINGS: usize = 16;
    const MAX_WALLS: usize = 64;

    /// The same with its start set, unless it already has one: done once, where the source is opened.
    pub fn starting(&self, now: Timestamp) -> Self {
        Self { start: self.start.or(Some(now)), ..self.clone() }
    }

    /// The nearest scene that can be simulated; values that are no number become the default.
    pub fn clamped(&self) -> Self {
        let usual = Self::default();
        let n_subcarriers = self.n_subcarriers.clamp(30, 512);
        let room = Room {
            width_m: within(self.room.width_m, 2.0, 30.0, usual.room.width_m),
            depth_m: within(self.room.depth_m, 2.0, 30.0, usual.room.depth_m),
            height_m: within(self.room.height_m, 2.1, 6.0, usual.room.height_m),
        };
        let inside = |at: [f32; 3]| {
            let size = room.size().to_array();
            std::array::from_fn(|axis| within(at[axis], 0.02, size[axis] - 0.02, size[axis] / 2.0))
        };
        let section = |area: f32| within(area, 0.0, 20.0, 0.1);
        let mut radios: Vec<_> = self
            .radios
            .iter()
            .map(|radio| RadioSpec { at: inside(radio.at), ..*radio })
            .take(2 * Self::MAX_LINKS)
            .collect();
        let n_transmitters = radios.iter().filter(|radio| radio.transmits).count();
        let n_placed = n_transmitters * (radios.len() - n_transmitters);
        if n_placed == 0 {
            // Without both ends there is no link: the seed places the radios.
            radios.clear();
        }
        let n_asked = usize::from(self.n_links.clamp(1, 16));
        let n_links = if n_placed > 0 { n_placed.min(n_asked) } else { n_asked } as u8;
        let [low, high] = self.snr_db;
        let low = within(low, 0.0, 60.0, usual.snr_db[0]);
        Self {
            n_links,
            rate_hz: within(self.rate_hz, 1.0, 1_000.0, usual.rate_hz),
            n_subcarriers,
            n_rx: self.n_rx.clamp(1, 3),
            bandwidth_mhz: if self.bandwidth_mhz >= 40 || n_subcarriers > 256 { 40 } else { 20 },
            room,
            loss: within(self.loss, 0.0, 0.9, usual.loss),
            max_drift_ppm: within(self.max_drift_ppm, 0.0, 500.0, usual.max_drift_ppm),
            faults: SimulatedFaults {
                outages_per_min: within(self.faults.outages_per_min, 0.0, 60.0, 0.0),
                outage_secs: within(self.faults.outage_secs, 0.0, 10.0, 0.0),
                jitter_secs: within(self.faults.jitter_secs, 0.0, 1.0, 0.0),
                ..self.faults
            },
            people: self.people.iter().take(Self::MAX_PEOPLE).cloned().collect(),
            things: self.things.iter().take(Self::MAX_THINGS).map(|thing| thing.clamped(inside, section)).collect(),
            walls: self.walls.iter().take(Self::MAX_WALLS).copied().collect(),
            furniture: self.furniture.as_ref().map(|pieces| {
                let clamp = |piece: &FurnitureSpec| FurnitureSpec {
                    at: inside(piece.at),
                    cross_section_m2: section(piece.cross_section_m2),
                };
                pieces.iter().take(Self::MAX_WALLS).map(clamp).collect()
            }),
            n_reflections: self.n_reflections.min(2),
            radios,
            other_format: self
                .other_format
                .map(|other| OtherFormat { share: within(other.share, 0.0, 1.0, 0.0), ..other }),
            snr_db: [low, within(high, low, 60.0, usual.snr_db[1].max(low))],
            ..self.clone()
        }
    }
}

impl ThingSpec {
    fn clamped(&self, inside: impl Fn([f32; 3]) -> [f32; 3], section: impl Fn(f32) -> f32) -> Self {
        match *self {
            Self::Fan { at, axis_heading_rad, radius_m, n_blades, turns_per_sec, cross_section_m2 } => Self::Fan {
                at: inside(at),
                axis_heading_rad: within(axis_heading_rad, -100.0, 100.0, 0.0),
                radius_m: within(radius_m, 0.02, 1.0, 0.2),
                n_blades: n_blades.clamp(1, 8),
                turns_per_sec: within(turns_per_sec, 0.0, 100.0, 10.0),
                cross_section_m2: section(cross_section_m2),
            },
            Self::Sphere { from, to, speed_m_per_s, cross_section_m2 } => Self::Sphere {
                from: inside(from),
                to: inside(to),
                speed_m_per_s: within(speed_m_per_s, 0.0, 20.0, 1.0),
                cross_section_m2: section(cross_section_m2),
            },
        }
    }
}

fn within(value: f32, low: f32, high: f32, usual: f32) -> f32 {
    if value.is_nan() { usual } else { value.clamp(low, high) }
}
