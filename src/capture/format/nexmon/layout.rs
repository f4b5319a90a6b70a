//! Broadcom channel numbers, and where the values of a chip lie in frequency.

use std::sync::{Arc, OnceLock};

use crate::types::{Channel, Hardware, LtfField, Segment, Subcarriers};

/// Subcarrier spacing of 802.11a to ac.
const SPACING_HZ: f32 = 312_500.0;

/// Reads a chanspec in the 802.11ac form (`D11AC` in Broadcom's `bcmwifi_channels.h`): the number of the centre channel
/// in the low byte, width in bits 11 to 13, band in the top two bits. The control sideband in between does not matter here.
pub fn channel(chanspec: u16) -> Channel {
    let bandwidth_mhz = match (chanspec & 0x3800) >> 11 {
        1 => 10,
        2 => 20,
        3 => 40,
        4 => 80,
        5 => 160,
        _ => 0,
    };
    let number = chanspec & 0xff;
    let centre_mhz = match (chanspec & 0xc000, number) {
        (_, 0) => 0,
        (0xc000, _) => 5000 + 5 * number,
        (0, 14) => 2484,
        (0, 1..14) => 2407 + 5 * number,
        _ => 0,
    };
    Channel { centre_mhz, bandwidth_mhz }
}

/// The layout of a chip with `n` values (a power of two from 64 to 512), made once and shared.
pub fn subcarriers(hardware: Hardware, n: usize) -> Arc<Subcarriers> {
    static LAYOUTS: [[OnceLock<Arc<Subcarriers>>; 4]; 3] = [const { [const { OnceLock::new() }; 4] }; 3];
    let chip = match hardware {
        Hardware::Bcm43455c0 => 0,
        Hardware::Bcm4339 => 1,
        _ => 2,
    };
    let width = match n {
        64 => 0,
        128 => 1,
        256 => 2,
        512 => 3,
        _ => return Arc::new(layout(hardware, n)),
    };
    Arc::clone(LAYOUTS[chip][width].get_or_init(|| Arc::new(layout(hardware, n))))
}

fn layout(hardware: Hardware, n: usize) -> Subcarriers {
    let half = (n / 2) as i16;
    let index: Vec<i16> = (0..half).chain(-half..0).collect();
    let segments = vec![Segment { field: LtfField::Unnamed, len: n }];
    Subcarriers::new(index, SPACING_HZ, segments, invalid(hardware, n))
}

/// Positions that never hold the channel.
///
/// At 40 MHz and more the integer chips leave register contents, the same positions in recordings of several routers:
/// the first three on 43455c0, the first two on 4339, and four on either side of the band edge. At 20 MHz only the
/// carrier and the guards around the edge hold something else. The floating-point chips leave nothing, but the carrier
/// itself is never sent.
fn invalid(hardware: Hardware, n: usize) -> Vec<u16> {
    let middle = (n / 2) as u16;
    let first = match (hardware, n) {
        (Hardware::Bcm43455c0, 128..) => 0..3,
        (Hardware::Bcm4339, 128..) => 0..2,
        _ => 0..1,
    };
    let edge = match (hardware, n) {
        (Hardware::Bcm43455c0 | Hardware::Bcm4339, 128..) => middle - 4..middle + 4,
        // HT20 sends up to ±28, so that less room is left.
        (Hardware::Bcm43455c0 | Hardware::Bcm4339, 64) => middle - 3..middle + 4,
        _ => 0..0,
    };
    first.chain(edge).collect()
}
