//! The subcarriers of the formats that this program reads, as evenly spaced ladders of tones.
//!
//! Every format's tones lie on a ladder with one spacing; a channel is computed on the ladder once and then picked out in
//! the format's own order, which may leave tones out or name them twice (an ESP32 reports two training fields).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::types::{Channel, Hardware, LtfField, Segment, Subcarriers};

pub(super) const LIGHT_M_PER_S: f64 = 299_792_458.0;
/// Spacing of OFDM tones up to 802.11ac, and of 802.11ax.
const SPACING_HZ: f32 = 312_500.0;
const AX_SPACING_HZ: f32 = 78_125.0;
/// Values of a ladder are worked on in groups of this many.
pub(super) const LANES: usize = 8;

/// What a receiver delivers: which tones in which order, and on what scale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RadioFormat {
    /// No product's: as many tones as the spec asks for, evenly spread.
    #[default]
    Plain,
    /// ESP32, legacy field only: 64 tones at 2.4 GHz.
    Esp32Legacy,
    /// ESP32, legacy and high-throughput field: 128 values at 2.4 GHz.
    Esp32Ht20,
    /// ESP32-C5 and C6: 64 tones in rising order.
    Esp32C6,
    /// 30 of the tones of 20 and 40 MHz at 5 GHz.
    Intel5300Ht20,
    Intel5300Ht40,
    /// Raspberry Pi and others: all tones of the band at 5 GHz.
    Nexmon20,
    Nexmon40,
    Nexmon80,
    /// Atheros CSI tool.
    Atheros20,
    Atheros40,
    /// Intel AX200 with PicoScenes, HT20.
    IntelAx20,
    /// FeitCSI, 802.11ax in 20 and 80 MHz.
    FeitHe20,
    FeitHe80,
}

impl RadioFormat {
    pub const ALL: [Self; 14] = [
        Self::Plain,
        Self::Esp32Legacy,
        Self::Esp32Ht20,
        Self::Esp32C6,
        Self::Intel5300Ht20,
        Self::Intel5300Ht40,
        Self::Nexmon20,
        Self::Nexmon40,
        Self::Nexmon80,
        Self::Atheros20,
        Self::Atheros40,
        Self::IntelAx20,
        Self::FeitHe20,
        Self::FeitHe80,
    ];

    pub fn label(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Esp32Legacy => "ESP32 legacy",
            Self::Esp32Ht20 => "ESP32 HT20",
            Self::Esp32C6 => "ESP32-C6",
            Self::Intel5300Ht20 => "Intel 5300 HT20",
            Self::Intel5300Ht40 => "Intel 5300 HT40",
            Self::Nexmon20 => "Nexmon 20 MHz",
            Self::Nexmon40 => "Nexmon 40 MHz",
            Self::Nexmon80 => "Nexmon 80 MHz",
            Self::Atheros20 => "Atheros HT20",
            Self::Atheros40 => "Atheros HT40",
            Self::IntelAx20 => "Intel AX200 HT20",
            Self::FeitHe20 => "FeitCSI HE20",
            Self::FeitHe80 => "FeitCSI HE80",
        }
    }

    /// What still records show of signal over everything that is not the mean channel, packet to packet, dB: Intel 29 to
    /// 30, ESP32 24 to 33, Nexmon 41 to 42 (the files of [`super::SimulatedFaults::measured`]); with a margin for worse places.
    pub fn usual_snr_db(self) -> [f32; 2] {
        match self {
            Self::Esp32Legacy | Self::Esp32Ht20 | Self::Esp32C6 => [18.0, 32.0],
            Self::Intel5300Ht20 | Self::Intel5300Ht40 => [20.0, 30.0],
            Self::Nexmon20 | Self::Nexmon40 | Self::Nexmon80 => [26.0, 42.0],
            _ => [15.0, 30.0],
        }
    }

    pub(super) fn hardware(self) -> Hardware {
        match self {
            Self::Plain => Hardware::Simulator,
            Self::Esp32Legacy | Self::Esp32Ht20 => Hardware::Esp32,
            Self::Esp32C6 => Hardware::Esp32C6,
            Self::Intel5300Ht20 | Self::Intel5300Ht40 => Hardware::Intel5300,
            Self::Nexmon20 | Self::Nexmon40 | Self::Nexmon80 => Hardware::Bcm43455c0,
            Self::Atheros20 | Self::Atheros40 => Hardware::Atheros,
            Self::IntelAx20 => Hardware::IntelAx200,
            Self::FeitHe20 | Self::FeitHe80 => Hardware::FeitCsi,
        }
    }

    /// Largest value that the format holds, and where the strongest tone of the empty room lies at usual gain.
    ///
    /// The second number is near the median over frames of the largest part in files of `../shared/data/csi`, debris left
    /// out: ESP32 29 to 33 (`csikit/esp32`) and 43 to 96 (`espectre`), Intel 54 to 89 (`csikit-history/intel`), Nexmon 1 100
    /// to 2 000 in most (`fition/raw`, `walk_1597159475.pcap`), Atheros 180 and AX some hundred by their golden values.
    pub(super) fn scale(self) -> (f32, f32) {
        match self {
            Self::Plain => (127.0, 52.0),
            Self::Esp32Legacy | Self::Esp32Ht20 | Self::Esp32C6 => (127.0, 40.0),
            Self::Intel5300Ht20 | Self::Intel5300Ht40 => (127.0, 70.0),
            Self::Nexmon20 | Self::Nexmon40 | Self::Nexmon80 => (32_767.0, 1_800.0),
            Self::Atheros20 | Self::Atheros40 => (511.0, 180.0),
            Self::IntelAx20 | Self::FeitHe20 | Self::FeitHe80 => (32_767.0, 180.0),
        }
    }
}

/// A format's tones, ready for computing.
#[derive(Clone, Debug)]
pub(super) struct Tones {
    pub(super) format: RadioFormat,
    pub(super) channel: Channel,
    pub(super) subcarriers: Arc<Subcarriers>,
    /// For each value of a frame its rung of the ladder; `None` where the format carries no signal.
    pub(super) rungs: Vec<Option<u16>>,
    /// Rungs, rounded up to whole groups of [`LANES`].
    pub(super) n_padded: usize,
    /// Each rung's place in the band, -1 to 1, and past 1 in the padding.
    pub(super) places: Vec<f32>,
    /// Cycles of phase per metre of path: at the middle of the ladder, from the middle to its first rung, per rung.
    pub(super) middle_per_m: f64,
    pub(super) first_per_m: f64,
    pub(super) rung_per_m: f64,
    /// Radians per metre from the middle to the end of the band.
    pub(super) edge_rad_per_m: f32,
}

/// Channel 36 and channel 6.
const CENTRE_5_GHZ_MHZ: u16 = 5_180;
const CENTRE_2_GHZ_MHZ: u16 = 2_437;

/// Whether a tone carries a signal.
type IsLive = Box<dyn Fn(i16) -> bool>;

impl Tones {
    /// `n` and `bandwidth_mhz` count for the plain format only.
    pub(super) fn new(format: RadioFormat, n: u16, bandwidth_mhz: u16) -> Self {
        let up_to = |last: i16| (-last..=last).collect::<Vec<i16>>();
        let live_to = |last: i16| move |k: i16| k != 0 && k.abs() <= last;
        let fft = |half: i16| (0..half).chain(-half..0).collect::<Vec<i16>>();
        let (index, spacing_hz, live): (Vec<i16>, f32, IsLive) = match format {
            RadioFormat::Plain => return Self::plain(n, bandwidth_mhz),
            RadioFormat::Esp32Legacy => (fft(32), SPACING_HZ, Box::new(live_to(26))),
            RadioFormat::Esp32Ht20 => {
                // The two fields differ in the outer tones: legacy ends at 26, high throughput at 28.
                let index = fft(32).into_iter().chain(fft(32)).collect();
                (index, SPACING_HZ, Box::new(live_to(28)))
            }
            RadioFormat::Esp32C6 => ((-32..32).collect(), SPACING_HZ, Box::new(live_to(28))),
            RadioFormat::Intel5300Ht20 => {
                let low = (-28..=-2).step_by(2).chain([-1]);
                let high = (1..=27).step_by(2).chain([28]);
                (low.chain(high).collect(), SPACING_HZ, Box::new(|_| true))
            }
            RadioFormat::Intel5300Ht40 => ((-58..=58).step_by(4).collect(), SPACING_HZ, Box::new(|_| true)),
            RadioFormat::Nexmon20 => (fft(32), SPACING_HZ, Box::new(live_to(28))),
            RadioFormat::Nexmon40 => (fft(64), SPACING_HZ, Box::new(|k: i16| (2..=58).contains(&k.abs()))),
            RadioFormat::Nexmon80 => (fft(128), SPACING_HZ, Box::new(|k: i16| (2..=122).contains(&k.abs()))),
            RadioFormat::Atheros20 | RadioFormat::IntelAx20 => {
                (up_to(28).into_iter().filter(|&k| k != 0).collect(), SPACING_HZ, Box::new(|_| true))
            }
            RadioFormat::Atheros40 => {
                (up_to(58).into_iter().filter(|k| k.abs() > 1).collect(), SPACING_HZ, Box::new(|_| true))
            }
            RadioFormat::FeitHe20 => {
                (up_to(122).into_iter().filter(|k| k.abs() > 1).collect(), AX_SPACING_HZ, Box::new(|_| true))
            }
            RadioFormat::FeitHe80 => {
                (up_to(500).into_iter().filter(|k| k.abs() > 2).collect(), AX_SPACING_HZ, Box::new(|_| true))
            }
        };
        let (centre_mhz, bandwidth_mhz) = match format {
            RadioFormat::Esp32Legacy | RadioFormat::Esp32Ht20 | RadioFormat::Esp32C6 => (CENTRE_2_GHZ_MHZ, 20),
            RadioFormat::Intel5300Ht40 | RadioFormat::Nexmon40 | RadioFormat::Atheros40 => (CENTRE_5_GHZ_MHZ, 40),
            RadioFormat::Nexmon80 | RadioFormat::FeitHe80 => (CENTRE_5_GHZ_MHZ, 80),
            _ => (CENTRE_5_GHZ_MHZ, 20),
        };
        let n = index.len();
        let n_legacy = if format == RadioFormat::Esp32Ht20 { n / 2 } else { 0 };
        let live: Vec<bool> =
            index.iter().enumerate().map(|(i, &k)| live(k) && (i >= n_legacy || k.abs() <= 26)).collect();
        let subcarriers = match format {
            RadioFormat::Esp32Legacy => {
                let segments = vec![Segment { field: LtfField::Lltf, len: n }];
                Subcarriers::new(index, spacing_hz, segments, Vec::new())
            }
            RadioFormat::Esp32Ht20 => {
                let segments = vec![
                    Segment { field: LtfField::Lltf, len: n_legacy },
                    Segment { field: LtfField::HtLtf, len: n - n_legacy },
                ];
                Subcarriers::new(index, spacing_hz, segments, Vec::new())
            }
            _ => Subcarriers::single(index, spacing_hz),
        };
        Self::from_parts(format, Channel { centre_mhz, bandwidth_mhz }, subcarriers, &live)
    }

    /// Evenly spread tones, and which of them carry signal: a full grid leaves the carrier and an eighth of the band at
    /// its edges empty, as 802.11 does.
    fn plain(n: u16, bandwidth_mhz: u16) -> Self {
        let n_wide = i32::from(bandwidth_mhz) * 16 / 5;
        let (n_grid, spacing_hz) =
            if i32::from(n) <= n_wide { (n_wide, SPACING_HZ) } else { (4 * n_wide, AX_SPACING_HZ) };
        let step = (n_grid / i32::from(n)).max(1);
        let index: Vec<i32> = (0..i32::from(n)).map(|i| (i - i32::from(n) / 2) * step + step / 2).collect();
        let live: Vec<bool> = index.iter().map(|&k| step > 1 || (k != 0 && k.abs() <= n_grid * 7 / 16)).collect();
        let subcarriers = Subcarriers::single(index.into_iter().map(|k| k as i16).collect(), spacing_hz);
        let channel = Channel { centre_mhz: CENTRE_5_GHZ_MHZ, bandwidth_mhz };
        Self::from_parts(RadioFormat::Plain, channel, subcarriers, &live)
    }

    fn from_parts(format: RadioFormat, channel: Channel, subcarriers: Subcarriers, live: &[bool]) -> Self {
        let index = &subcarriers.index;
        let (first, last) =
            (i32::from(index.iter().copied().min().unwrap_or(0)), i32::from(index.iter().copied().max().unwrap_or(0)));
        let step =
            index.iter().fold(0, |step, &k| common_divisor(step, (i32::from(k) - first).unsigned_abs())).max(1) as i32;
        let n_rungs = ((last - first) / step + 1) as usize;
        let rungs =
            index.iter().zip(live).map(|(&k, &live)| live.then_some(((i32::from(k) - first) / step) as u16)).collect();
        let hz_per_m = f64::from(subcarriers.spacing_hz) / LIGHT_M_PER_S;
        let middle = f64::from(first + last) / 2.0;
        let half = (f64::from(last - first) / 2.0).max(0.5);
        let n_padded = n_rungs.next_multiple_of(LANES);
        let places =
            (0..n_padded).map(|i| ((f64::from(first) + i as f64 * f64::from(step) - middle) / half) as f32).collect();
        Self {
            format,
            channel,
            rungs,
            n_padded,
            places,
            middle_per_m: f64::from(channel.centre_mhz) * 1e6 / LIGHT_M_PER_S + middle * hz_per_m,
            first_per_m: (f64::from(first) - middle) * hz_per_m,
            rung_per_m: f64::from(step) * hz_per_m,
            edge_rad_per_m: (half * hz_per_m * std::f64::consts::TAU) as f32,
            subcarriers: Arc::new(subcarriers),
        }
    }

    pub(super) fn wavelength_m(&self) -> f32 {
        (1.0 / self.middle_per_m) as f32
    }

    pub(super) fn carrier_hz(&self) -> f64 {
        f64::from(self.channel.centre_mhz) * 1e6
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
