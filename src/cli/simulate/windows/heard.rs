//! What a receiver with fewer antennas would have heard of frames, and where its antennas stand.

use bevy_math::Vec2;

use crate::pose::{LinkGeometry, OwnedPackets};
use crate::types::{CsiFrame, LinkId};

/// Which of the antennas of a receiver a window is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    All,
    Middle,
    FirstTwo,
}

/// The geometry of the antennas that are heard: one has no axis, and the middle of the first two of three lies a quarter
/// of a wavelength off the middle of all.
pub fn heard_by(geometry: LinkGeometry, heard: Heard, n_antennas: usize, wavelength_m: f32) -> LinkGeometry {
    match heard {
        _ if n_antennas < 2 => LinkGeometry { axis: Vec2::ZERO, ..geometry },
        Heard::FirstTwo => {
            LinkGeometry { rx: geometry.rx - (geometry.axis * (wavelength_m / 4.0)).extend(0.0), ..geometry }
        }
        Heard::All | Heard::Middle => geometry,
    }
}

/// One link's frames side by side, of the antennas that are heard. Tones come in rising order; the formats used here have no
/// empty ones.
pub fn packets_of(frames: &[CsiFrame], link: LinkId, heard: Heard) -> Option<OwnedPackets> {
    let own = || frames.iter().filter(|frame| frame.link == link);
    let first = own().next()?;
    let n_antennas = usize::from(first.n_rx);
    let antennas = match heard {
        Heard::All => 0..n_antennas,
        Heard::Middle => n_antennas / 2..n_antennas / 2 + 1,
        Heard::FirstTwo => 0..n_antennas.min(2),
    };
    let mut packets = OwnedPackets {
        times: Vec::new(),
        rows: Vec::new(),
        numbers: first.subcarriers.index.clone(),
        spacing_hz: first.subcarriers.spacing_hz,
        centre_hz: f64::from(first.channel.centre_mhz) * 1e6,
        n_antennas: antennas.len(),
    };
    for frame in own() {
        let Some(time) = frame.host_time else { continue };
        packets.times.push(time);
        packets.rows.extend(antennas.clone().filter_map(|rx| frame.chain(rx, 0)).flatten());
    }
    Some(packets)
}
