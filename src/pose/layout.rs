//! Shapes and places of the numbers that a network is fed with. A change here is a new version of the inputs.

/// Counts up when the meaning or the order of any input changes; a network's description names the one it was made for.
pub const INPUT_VERSION: u32 = 4;

/// Samples of a window and their rate: 1.28 s, as in `spec/pose.md` section 1.
pub const N_SAMPLES: usize = 128;
pub const RATE_HZ: f64 = 100.0;
pub const WINDOW_SECS: f64 = N_SAMPLES as f64 / RATE_HZ;

/// Subcarriers are averaged into this many neighbouring groups of equal count.
pub const N_BANDS: usize = 10;
/// Antennas that a link's numbers tell apart; more are left out.
pub const MAX_ANTENNAS: usize = 3;
/// Links that a network takes at most.
pub const MAX_LINKS: usize = 16;

/// Long spectra: 64 points every 16 samples, of which the middle 51 frequencies (-39 to 39 Hz) are kept.
pub const LONG_POINTS: usize = 64;
pub const LONG_HOP: usize = 16;
pub const N_LONG_SLOTS: usize = (N_SAMPLES - LONG_POINTS) / LONG_HOP + 1;
pub const N_LONG_KEPT: usize = 51;
/// Short spectra: 32 points every 8 samples, all frequencies.
pub const SHORT_POINTS: usize = 32;
pub const SHORT_HOP: usize = 8;
pub const N_SHORT_SLOTS: usize = (N_SAMPLES - SHORT_POINTS) / SHORT_HOP + 1;
/// Delays by groups of four long frequencies.
pub const N_DELAYS: usize = 10;
pub const N_DELAY_GROUPS: usize = 14;
/// The floor: cells along the width by cells along the depth.
pub const GRID_WIDTH: usize = 14;
pub const GRID_DEPTH: usize = 10;
pub const N_CELLS: usize = GRID_WIDTH * GRID_DEPTH;
/// Mean, least, mean of the exponential, spread; speed along x and y, and what it leaves unexplained.
pub const N_GRID_CHANNELS: usize = 7;
pub const N_GEOMETRY: usize = 12;
pub const N_RADIO: usize = 10;

/// A run of a link's numbers with one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub name: &'static str,
    pub start: usize,
    pub len: usize,
}

const LENGTHS: [(&str, usize); 9] = [
    ("doppler", N_LONG_SLOTS * N_LONG_KEPT),
    ("slot_power", N_LONG_SLOTS),
    ("short_doppler", N_SHORT_SLOTS * SHORT_POINTS),
    ("short_power", N_SHORT_SLOTS),
    ("subcarrier_correlation", 4 * N_LONG_KEPT),
    ("antenna_correlation", 4 * N_LONG_KEPT),
    ("delay", N_DELAYS * N_DELAY_GROUPS),
    ("empty_room", 3 * MAX_ANTENNAS * N_BANDS + 1),
    ("radio", N_RADIO),
];

/// The blocks of a link in order.
pub const BLOCKS: [Block; LENGTHS.len()] = {
    let mut blocks = [Block { name: "", start: 0, len: 0 }; LENGTHS.len()];
    let (mut i, mut start) = (0, 0);
    while i < LENGTHS.len() {
        blocks[i] = Block { name: LENGTHS[i].0, start, len: LENGTHS[i].1 };
        start += LENGTHS[i].1;
        i += 1;
    }
    blocks
};

/// Numbers of a link, geometry and floor aside.
pub const N_TOKENS: usize = BLOCKS[LENGTHS.len() - 1].start + BLOCKS[LENGTHS.len() - 1].len;
