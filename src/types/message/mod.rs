//! One CSI frame as a message in a recording: ROS 2 CDR bytes and the schema that lets other programs read them.
//!
//! Pure: frames in, bytes out, and back without losing a bit. The container around the messages is not its business.
//! Fields are only ever appended, so an old program reads the messages of a newer one.

mod cdr;
pub mod truth;

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    Channel, Complex32, CsiFrame, DeviceTime, FrameFlags, Hardware, LinkId, LtfField, NodeId, Provenance, Segment,
    SkipReason, Subcarriers, Timestamp,
};

pub const SCHEMA_NAME: &str = "corporeal_msgs/msg/CsiFrame";
pub const SCHEMA_ENCODING: &str = "ros2msg";
pub const SCHEMA_TEXT: &str = include_str!("CsiFrame.msg");
pub const MESSAGE_ENCODING: &str = "cdr";

/// Subcarrier layouts kept to be shared between frames; real sessions have a handful.
const MAX_LAYOUTS: usize = 32;

/// A frame with what the recording knows beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct CsiMessage {
    /// Number of the source in the session that recorded it.
    pub source: u16,
    /// As it was when it was recorded.
    pub provenance: Provenance,
    pub frame: CsiFrame,
}

/// Appends the message to `out`.
pub fn encode(source: u16, provenance: Provenance, frame: &CsiFrame, out: &mut Vec<u8>) {
    let device = frame.device_time;
    let wraps_at = device.and_then(|time| time.wraps_at_nanos);
    let (tx_kind, tx_address, tx_number) = node_parts(frame.link.tx);
    let (rx_kind, rx_address, rx_number) = node_parts(frame.link.rx);
    let mut cdr = cdr::Writer::new(out);
    cdr.number(frame.host_time.unwrap_or_default().0.to_le_bytes());
    cdr.number(device.map_or(0, |time| time.nanos).to_le_bytes());
    cdr.number(wraps_at.unwrap_or_default().to_le_bytes());
    cdr.number(frame.sequence.unwrap_or_default().to_le_bytes());
    cdr.number(frame.rssi_dbm.unwrap_or_default().to_le_bytes());
    cdr.number(frame.noise_dbm.unwrap_or_default().to_le_bytes());
    cdr.number(frame.scale.unwrap_or_default().to_le_bytes());
    let Channel { centre_mhz, bandwidth_mhz } = frame.channel;
    for number in [centre_mhz, bandwidth_mhz, frame.n_records, frame.flags.0, source, tx_number, rx_number] {
        cdr.number(number.to_le_bytes());
    }
    cdr.bytes(&[tx_kind, rx_kind]);
    cdr.bytes(&tx_address);
    cdr.bytes(&rx_address);
    cdr.bytes(&[provenance_code(provenance), hardware_code(frame.hardware), frame.agc.unwrap_or_default()]);
    cdr.bytes(&frame.chain_rssi.map(i8::cast_unsigned));
    cdr.bytes(&[frame.n_rx, frame.n_tx]);
    for present in [
        frame.host_time.is_some(),
        device.is_some(),
        wraps_at.is_some(),
        frame.sequence.is_some(),
        frame.rssi_dbm.is_some(),
        frame.noise_dbm.is_some(),
        frame.agc.is_some(),
        frame.scale.is_some(),
    ] {
        cdr.flag(present);
    }
    let layout = &*frame.subcarriers;
    cdr.number(layout.spacing_hz.to_le_bytes());
    cdr.sequence(layout.index.len(), layout.index.iter().map(|index| index.to_le_bytes()));
    cdr.sequence(layout.segments.len(), layout.segments.iter().map(|segment| [field_code(segment.field)]));
    cdr.sequence(layout.segments.len(), layout.segments.iter().map(|segment| (segment.len as u32).to_le_bytes()));
    cdr.sequence(layout.invalid.len(), layout.invalid.iter().map(|position| position.to_le_bytes()));
    cdr.sequence(
        frame.values.len() * 2,
        frame.values.iter().flat_map(|value| [value.re.to_le_bytes(), value.im.to_le_bytes()]),
    );
}

/// Reads messages back. It remembers subcarrier layouts, so that frames of one stream share theirs.
#[derive(Debug, Default)]
pub struct Decoder {
    layouts: Vec<(Box<[u8]>, Arc<Subcarriers>)>,
}

impl Decoder {
    /// The frame, or why the bytes are no such message. A frame's shape and its number of values always agree.
    pub fn decode(&mut self, message: &[u8]) -> Result<CsiMessage, SkipReason> {
        let mut cdr = cdr::Reader::new(message).ok_or(SkipReason::BadHeader)?;
        let (mut decoded, spans) = read(&mut cdr).ok_or(SkipReason::CutTail)??;
        decoded.frame.subcarriers = self.layout(spans)?;
        let frame = &decoded.frame;
        if frame.values.len() != frame.n_chains() * frame.n_subcarriers() {
            return Err(SkipReason::BadValueCount);
        }
        Ok(decoded)
    }

    fn layout(&mut self, raw: RawLayout<'_>) -> Result<Arc<Subcarriers>, SkipReason> {
        if let Some((_, layout)) = self.layouts.iter().find(|(bytes, _)| **bytes == *raw.bytes) {
            return Ok(Arc::clone(layout));
        }
        let layout = Arc::new(raw.parse().ok_or(SkipReason::UnknownLayout)?);
        if self.layouts.len() >= MAX_LAYOUTS {
            self.layouts.remove(0);
        }
        self.layouts.push((raw.bytes.into(), Arc::clone(&layout)));
        Ok(layout)
    }
}

/// The layout's fields as they stand in the message, and all their bytes together to compare them by.
struct RawLayout<'a> {
    bytes: &'a [u8],
    spacing_hz: f32,
    index: &'a [[u8; 2]],
    fields: &'a [[u8; 1]],
    lengths: &'a [[u8; 4]],
    invalid: &'a [[u8; 2]],
}

impl RawLayout<'_> {
    /// `None` where the segments do not cover the subcarriers or a position lies outside them.
    fn parse(&self) -> Option<Subcarriers> {
        let n = self.index.len();
        if self.fields.len() != self.lengths.len() {
            return None;
        }
        let mut segments = Vec::with_capacity(self.fields.len());
        for (&[code], &len) in self.fields.iter().zip(self.lengths) {
            let len = usize::try_from(u32::from_le_bytes(len)).ok()?;
            segments.push(Segment { field: field_from_code(code)?, len });
        }
        let n_covered = segments.iter().try_fold(0_usize, |sum, segment| sum.checked_add(segment.len))?;
        let invalid: Vec<u16> = self.invalid.iter().map(|&bytes| u16::from_le_bytes(bytes)).collect();
        if n_covered != n || invalid.iter().any(|&position| usize::from(position) >= n) {
            return None;
        }
        let index = self.index.iter().map(|&bytes| i16::from_le_bytes(bytes)).collect();
        Some(Subcarriers::new(index, self.spacing_hz, segments, invalid))
    }
}

/// Everything but the layout; `None` where the bytes end too early.
fn read<'a>(cdr: &mut cdr::Reader<'a>) -> Option<Result<(CsiMessage, RawLayout<'a>), SkipReason>> {
    let host_time = Timestamp(i64::from_le_bytes(cdr.number()?));
    let device_nanos = u64::from_le_bytes(cdr.number()?);
    let wraps_at_nanos = u64::from_le_bytes(cdr.number()?);
    let sequence = u32::from_le_bytes(cdr.number()?);
    let rssi_dbm = f32::from_le_bytes(cdr.number()?);
    let noise_dbm = f32::from_le_bytes(cdr.number()?);
    let scale = f32::from_le_bytes(cdr.number()?);
    let mut word = || cdr.number().map(u16::from_le_bytes);
    let channel = Channel { centre_mhz: word()?, bandwidth_mhz: word()? };
    let n_records = word()?;
    let flags = FrameFlags(word()?);
    let source = word()?;
    let (tx_number, rx_number) = (word()?, word()?);
    let ([tx_kind], [rx_kind]) = (cdr.number()?, cdr.number()?);
    let (tx_address, rx_address) = (address_bytes(cdr)?, address_bytes(cdr)?);
    let [provenance] = cdr.number()?;
    let [hardware] = cdr.number()?;
    let [agc] = cdr.number()?;
    let mut chain_rssi = [0; 4];
    for rssi in &mut chain_rssi {
        *rssi = i8::from_le_bytes(cdr.number()?);
    }
    let ([n_rx], [n_tx]) = (cdr.number()?, cdr.number()?);
    let has_host_time = cdr.flag()?;
    let has_device_time = cdr.flag()?;
    let wraps_at_nanos = cdr.flag()?.then_some(wraps_at_nanos);
    let sequence = cdr.flag()?.then_some(sequence);
    let rssi_dbm = cdr.flag()?.then_some(rssi_dbm);
    let noise_dbm = cdr.flag()?.then_some(noise_dbm);
    let agc = cdr.flag()?.then_some(agc);
    let scale = cdr.flag()?.then_some(scale);

    let layout_start = cdr.position();
    let spacing_hz = f32::from_le_bytes(cdr.number()?);
    let index = cdr.sequence()?;
    let fields = cdr.sequence()?;
    let lengths = cdr.sequence()?;
    let invalid = cdr.sequence()?;
    let layout =
        RawLayout { bytes: cdr.span(layout_start, cdr.position()), spacing_hz, index, fields, lengths, invalid };

    let (values, odd) = cdr.sequence::<4>()?.as_chunks();
    if !odd.is_empty() {
        return Some(Err(SkipReason::BadValueCount));
    }
    let values =
        values.iter().map(|&[re, im]| Complex32::new(f32::from_le_bytes(re), f32::from_le_bytes(im))).collect();

    let Some(hardware) = hardware_from_code(hardware) else {
        return Some(Err(SkipReason::UnknownHardware));
    };
    let (Some(tx), Some(rx), Some(provenance)) = (
        node_from_parts(tx_kind, tx_address, tx_number),
        node_from_parts(rx_kind, rx_address, rx_number),
        provenance_from_code(provenance),
    ) else {
        return Some(Err(SkipReason::BadHeader));
    };
    let frame = CsiFrame {
        link: LinkId { tx, rx },
        host_time: has_host_time.then_some(host_time),
        device_time: has_device_time.then_some(DeviceTime { nanos: device_nanos, wraps_at_nanos }),
        sequence,
        hardware,
        channel,
        rssi_dbm,
        chain_rssi,
        noise_dbm,
        agc,
        scale,
        n_rx,
        n_tx,
        subcarriers: Arc::default(),
        values,
        n_records,
        flags,
    };
    Some(Ok((CsiMessage { source, provenance, frame }, layout)))
}

fn address_bytes(cdr: &mut cdr::Reader<'_>) -> Option<Address> {
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        [*byte] = cdr.number()?;
    }
    Some(bytes)
}

/// A MAC address in the first six bytes, an IPv4 address in the first four, or an IPv6 address.
type Address = [u8; 16];

fn node_parts(node: NodeId) -> (u8, Address, u16) {
    let mut address = [0; 16];
    match node {
        NodeId::Unknown => (0, address, 0),
        NodeId::Mac(mac) => {
            address[..6].copy_from_slice(&mac);
            (1, address, 0)
        }
        NodeId::Number(number) => (2, address, number),
        NodeId::Source(number) => (3, address, number),
        NodeId::Address(IpAddr::V4(ip)) => {
            address[..4].copy_from_slice(&ip.octets());
            (4, address, 0)
        }
        NodeId::Address(IpAddr::V6(ip)) => (5, ip.octets(), 0),
    }
}

fn node_from_parts(kind: u8, address: Address, number: u16) -> Option<NodeId> {
    Some(match kind {
        0 => NodeId::Unknown,
        1 => NodeId::Mac(*address.first_chunk()?),
        2 => NodeId::Number(number),
        3 => NodeId::Source(number),
        4 => NodeId::Address(IpAddr::from(*address.first_chunk::<4>()?)),
        5 => NodeId::Address(IpAddr::from(address)),
        _ => return None,
    })
}

fn provenance_code(provenance: Provenance) -> u8 {
    match provenance {
        Provenance::Live => 1,
        Provenance::Replay => 2,
        Provenance::Simulated => 3,
    }
}

fn provenance_from_code(code: u8) -> Option<Provenance> {
    [Provenance::Live, Provenance::Replay, Provenance::Simulated]
        .into_iter()
        .find(|provenance| provenance_code(*provenance) == code)
}

fn hardware_code(hardware: Hardware) -> u8 {
    match hardware {
        Hardware::Unknown => 0,
        Hardware::Esp32 => 1,
        Hardware::Esp32C6 => 2,
        Hardware::Bcm4339 => 3,
        Hardware::Bcm43455c0 => 4,
        Hardware::Bcm4358 => 5,
        Hardware::Bcm4366c0 => 6,
        Hardware::Intel5300 => 7,
        Hardware::Atheros => 8,
        Hardware::IntelAx200 => 9,
        Hardware::IntelAx210 => 10,
        Hardware::Usrp => 11,
        Hardware::FeitCsi => 12,
        Hardware::Simulator => 13,
    }
}

fn hardware_from_code(code: u8) -> Option<Hardware> {
    use Hardware as H;
    const ALL: [Hardware; 14] = [
        H::Unknown,
        H::Esp32,
        H::Esp32C6,
        H::Bcm4339,
        H::Bcm43455c0,
        H::Bcm4358,
        H::Bcm4366c0,
        H::Intel5300,
        H::Atheros,
        H::IntelAx200,
        H::IntelAx210,
        H::Usrp,
        H::FeitCsi,
        H::Simulator,
    ];
    ALL.into_iter().find(|hardware| hardware_code(*hardware) == code)
}

fn field_code(field: LtfField) -> u8 {
    match field {
        LtfField::Lltf => 1,
        LtfField::HtLtf => 2,
        LtfField::StbcHtLtf2 => 3,
        LtfField::Unnamed => 4,
    }
}

fn field_from_code(code: u8) -> Option<LtfField> {
    [LtfField::Lltf, LtfField::HtLtf, LtfField::StbcHtLtf2, LtfField::Unnamed]
        .into_iter()
        .find(|field| field_code(*field) == code)
}
