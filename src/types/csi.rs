//! One measured channel: what every capture format is turned into.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use num_complex::Complex32;
use serde::{Deserialize, Serialize};

use super::{LinkId, StreamId, Timestamp};

/// One packet's channel state information (CSI), as the radio reported it: nothing is cleaned or scaled yet.
#[derive(Clone, Debug, PartialEq)]
pub struct CsiFrame {
    pub link: LinkId,
    /// When the host got it: arrival for live sources, the container's stamp in a pcap, the host column of a CSV.
    /// `None` where a file carries only the device's clock.
    pub host_time: Option<Timestamp>,
    pub device_time: Option<DeviceTime>,
    /// The sender's own packet number, where it has one that counts.
    pub sequence: Option<u32>,
    pub hardware: Hardware,
    pub channel: Channel,
    /// Received power over all chains, dBm.
    pub rssi_dbm: Option<f32>,
    /// Received power per receive chain, in the device's own unit (dBm or dB over an offset); `i8::MIN` = not reported.
    pub chain_rssi: [i8; 4],
    pub noise_dbm: Option<f32>,
    /// Automatic gain control as the device counts it.
    pub agc: Option<u8>,
    /// `value * scale` is in units of √(signal-to-noise ratio), where the format lets us know it (Intel 5300).
    pub scale: Option<f32>,
    pub n_rx: u8,
    pub n_tx: u8,
    pub subcarriers: Arc<Subcarriers>,
    /// Complex channel, `[rx][tx][subcarrier]`, subcarriers fastest, in the order of `subcarriers`; raw device units.
    pub values: Vec<Complex32>,
    /// How many records on the wire were joined into this frame (a Nexmon router sends one datagram per chain).
    pub n_records: u16,
    pub flags: FrameFlags,
}

impl Default for CsiFrame {
    fn default() -> Self {
        Self {
            link: LinkId::default(),
            host_time: None,
            device_time: None,
            sequence: None,
            hardware: Hardware::default(),
            channel: Channel::default(),
            rssi_dbm: None,
            chain_rssi: [i8::MIN; 4],
            noise_dbm: None,
            agc: None,
            scale: None,
            n_rx: 0,
            n_tx: 0,
            subcarriers: Arc::default(),
            values: Vec::new(),
            n_records: 1,
            flags: FrameFlags::default(),
        }
    }
}

impl CsiFrame {
    pub fn n_subcarriers(&self) -> usize {
        self.subcarriers.index.len()
    }

    pub fn n_chains(&self) -> usize {
        usize::from(self.n_rx) * usize::from(self.n_tx)
    }

    /// The channel of one antenna pair, one value per subcarrier; `None` past the frame's shape.
    pub fn chain(&self, rx: usize, tx: usize) -> Option<&[Complex32]> {
        let n = self.n_subcarriers();
        let start = (rx * usize::from(self.n_tx) + tx) * n;
        (rx < usize::from(self.n_rx) && tx < usize::from(self.n_tx)).then(|| self.values.get(start..start + n))?
    }

    /// The stream this frame belongs to: the same link, antennas, subcarriers and channel.
    pub fn stream(&self) -> StreamId {
        let mut hasher = DefaultHasher::new();
        (self.n_rx, self.n_tx, self.channel, self.hardware).hash(&mut hasher);
        self.subcarriers.fingerprint.hash(&mut hasher);
        StreamId { link: self.link, shape: hasher.finish() }
    }
}

/// What a device's own counter said, and when that counter starts again from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceTime {
    pub nanos: u64,
    /// The counter's period (2^32 µs for most radios); `None` for counters that outlive any session.
    pub wraps_at_nanos: Option<u64>,
}

impl DeviceTime {
    /// A 32-bit microsecond counter: it wraps every 4 295 s.
    pub fn from_micros_u32(micros: u32) -> Self {
        Self { nanos: u64::from(micros) * 1_000, wraps_at_nanos: Some((1 << 32) * 1_000) }
    }
}

/// The radio that measured the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hardware {
    #[default]
    Unknown,
    /// ESP32, S2, S3 or C3: the classic MAC; the chip itself is not on the wire.
    Esp32,
    /// ESP32-C5, C6 or C61.
    Esp32C6,
    Bcm4339,
    Bcm43455c0,
    Bcm4358,
    Bcm4366c0,
    Intel5300,
    Atheros,
    IntelAx200,
    IntelAx210,
    Usrp,
    /// A FeitCSI-patched Intel AX card.
    FeitCsi,
    Simulator,
}

impl Hardware {
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown radio",
            Self::Esp32 => "ESP32",
            Self::Esp32C6 => "ESP32-C5/C6",
            Self::Bcm4339 => "BCM4339 (Nexmon)",
            Self::Bcm43455c0 => "BCM43455c0 (Nexmon)",
            Self::Bcm4358 => "BCM4358 (Nexmon)",
            Self::Bcm4366c0 => "BCM4366c0 (Nexmon)",
            Self::Intel5300 => "Intel 5300",
            Self::Atheros => "Atheros",
            Self::IntelAx200 => "Intel AX200",
            Self::IntelAx210 => "Intel AX210",
            Self::Usrp => "USRP",
            Self::FeitCsi => "Intel AX (FeitCSI)",
            Self::Simulator => "simulator",
        }
    }
}

/// The radio channel, as far as the format tells; zero means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Channel {
    pub centre_mhz: u16,
    pub bandwidth_mhz: u16,
}

impl Channel {
    /// Carrier wavelength in metres, speed of light over the centre frequency; `None` where the centre is unknown.
    pub fn wavelength_m(self) -> Option<f32> {
        (self.centre_mhz > 0).then(|| 299.792_47 / f32::from(self.centre_mhz))
    }
}

/// Which training field of the packet a run of subcarriers was measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LtfField {
    /// Legacy long training field.
    Lltf,
    /// High-throughput long training field.
    HtLtf,
    /// Second HT field, sent under space-time block coding.
    StbcHtLtf2,
    /// The format gives one field and does not name it.
    Unnamed,
}

/// A run of subcarriers measured on one training field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segment {
    pub field: LtfField,
    pub len: usize,
}

/// Where each value of a chain lies in frequency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "BareSubcarriers")]
pub struct Subcarriers {
    /// Signed subcarrier number of each value, in buffer order; 0 is the carrier. Numbers repeat across segments.
    pub index: Vec<i16>,
    pub spacing_hz: f32,
    /// The segments in buffer order; their lengths add up to `index.len()`.
    pub segments: Vec<Segment>,
    /// Values that the format is known to fill with something other than the channel, by position.
    pub invalid: Vec<u16>,
    /// Made by [`Subcarriers::new`]; equal layouts have equal fingerprints.
    #[serde(skip)]
    fingerprint: u64,
}

/// What is read from a file: the fingerprint is made anew.
#[derive(Deserialize)]
struct BareSubcarriers {
    index: Vec<i16>,
    spacing_hz: f32,
    segments: Vec<Segment>,
    invalid: Vec<u16>,
}

impl From<BareSubcarriers> for Subcarriers {
    fn from(bare: BareSubcarriers) -> Self {
        Self::new(bare.index, bare.spacing_hz, bare.segments, bare.invalid)
    }
}

impl Default for Subcarriers {
    fn default() -> Self {
        Self::new(Vec::new(), 0.0, Vec::new(), Vec::new())
    }
}

impl Subcarriers {
    pub fn new(index: Vec<i16>, spacing_hz: f32, segments: Vec<Segment>, invalid: Vec<u16>) -> Self {
        let mut hasher = DefaultHasher::new();
        (&index, spacing_hz.to_bits(), &segments, &invalid).hash(&mut hasher);
        Self { index, spacing_hz, segments, invalid, fingerprint: hasher.finish() }
    }

    /// One unnamed field.
    pub fn single(index: Vec<i16>, spacing_hz: f32) -> Self {
        let segments = vec![Segment { field: LtfField::Unnamed, len: index.len() }];
        Self::new(index, spacing_hz, segments, Vec::new())
    }

    /// The position range of each segment.
    pub fn ranges(&self) -> impl Iterator<Item = (LtfField, std::ops::Range<usize>)> + '_ {
        self.segments.iter().scan(0, |start, segment| {
            let range = *start..*start + segment.len;
            *start = range.end;
            Some((segment.field, range))
        })
    }
}

/// What was odd about a record that was kept all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FrameFlags(pub u16);

impl FrameFlags {
    /// The header's length and the number of values disagree; the values were taken.
    pub const LENGTH_MISMATCH: Self = Self(1);
    /// The antenna permutation in the header cannot be right; chains are in raw order.
    pub const BAD_PERMUTATION: Self = Self(1 << 1);
    /// The first values are marked invalid by the firmware.
    pub const FIRST_WORD_INVALID: Self = Self(1 << 2);
    /// The order of the subcarriers was guessed from their count.
    pub const GUESSED_LAYOUT: Self = Self(1 << 3);
    /// Only amplitudes were stored; imaginary parts are zero and phase means nothing.
    pub const AMPLITUDE_ONLY: Self = Self(1 << 4);
    /// Old firmware header: power and frame type are not in it.
    pub const OLD_HEADER: Self = Self(1 << 5);
    /// More values than the channel has subcarriers; the surplus was cut.
    pub const SURPLUS_VALUES: Self = Self(1 << 6);
    /// Some chains of the packet never came; their values are zero.
    pub const MISSING_CHAINS: Self = Self(1 << 7);
    /// Samples sit at the limit of the converter.
    pub const SATURATED: Self = Self(1 << 8);
    /// The sender marked the channel estimate as faulty (Atheros `err_info`, RX state).
    pub const RX_ERROR: Self = Self(1 << 9);

    /// Every flag with the words for it, in bit order.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::LENGTH_MISMATCH, "length disagrees with value count"),
        (Self::BAD_PERMUTATION, "antenna order not given"),
        (Self::FIRST_WORD_INVALID, "first values invalid"),
        (Self::GUESSED_LAYOUT, "subcarrier order guessed from size"),
        (Self::AMPLITUDE_ONLY, "amplitude only"),
        (Self::OLD_HEADER, "old header without power"),
        (Self::SURPLUS_VALUES, "surplus values cut"),
        (Self::MISSING_CHAINS, "chains missing"),
        (Self::SATURATED, "saturated"),
        (Self::RX_ERROR, "reception error"),
    ];

    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub fn labels(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, label)| label)
    }
}

impl std::ops::BitOr for FrameFlags {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
