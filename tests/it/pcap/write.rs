//! Writes packets and the files around them by hand, after the formats' own descriptions.

/// Unix time of the first packet of files made here.
const START_SECS: u32 = 1_600_000_000;

/// The headers around a UDP payload.
#[derive(Clone, Default)]
pub struct Packet {
    pub n_vlan_tags: usize,
    pub ipv6: bool,
    pub n_option_words: u8,
    /// Another port than Nexmon's.
    pub other_port: bool,
}

impl Packet {
    pub fn ethernet(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; 12];
        for _ in 0..self.n_vlan_tags {
            bytes.extend([0x81, 0x00, 0x00, 0x05]);
        }
        bytes.extend(self.ether_type());
        bytes.extend(self.ip(payload));
        bytes
    }

    pub fn ether_type(&self) -> [u8; 2] {
        if self.ipv6 { [0x86, 0xdd] } else { [0x08, 0x00] }
    }

    pub fn ip(&self, payload: &[u8]) -> Vec<u8> {
        let port: u16 = if self.other_port { 4711 } else { 5500 };
        let mut udp = [port.to_be_bytes(), port.to_be_bytes()].concat();
        udp.extend((8 + payload.len() as u16).to_be_bytes());
        udp.extend([0, 0]);
        udp.extend(payload);
        let mut bytes = Vec::new();
        if self.ipv6 {
            bytes.extend([0x60, 0, 0, 0]);
            bytes.extend((udp.len() as u16).to_be_bytes());
            bytes.extend([17, 64]);
            bytes.extend([0; 32]);
        } else {
            let header_len = 20 + 4 * u16::from(self.n_option_words);
            bytes.extend([0x45 + self.n_option_words, 0]);
            bytes.extend((header_len + udp.len() as u16).to_be_bytes());
            bytes.extend([0, 0, 0x40, 0, 1, 17, 0, 0, 10, 10, 10, 10, 255, 255, 255, 255]);
            bytes.extend(vec![1; 4 * usize::from(self.n_option_words)]);
        }
        bytes.extend(udp);
        bytes
    }
}

/// Writes integers in a file's byte order.
pub struct Writer {
    pub bytes: Vec<u8>,
    pub big_endian: bool,
}

impl Writer {
    pub fn u16(&mut self, value: u16) {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    pub fn u32(&mut self, value: u32) {
        self.bytes.extend(if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() });
    }

    pub fn block(&mut self, kind: u32, body: impl FnOnce(&mut Self)) {
        let mut inner = Self { bytes: Vec::new(), big_endian: self.big_endian };
        body(&mut inner);
        inner.bytes.resize(inner.bytes.len().next_multiple_of(4), 0);
        let len = inner.bytes.len() as u32 + 12;
        self.u32(kind);
        self.u32(len);
        self.bytes.extend(inner.bytes);
        self.u32(len);
    }
}

/// A classic pcap of packets at the given microseconds.
pub fn pcap_file(packets: &[(u32, Vec<u8>)], big_endian: bool, nanos: bool, link_type: u32) -> Vec<u8> {
    let mut file = Writer { bytes: Vec::new(), big_endian };
    file.u32(if nanos { 0xa1b2_3c4d } else { 0xa1b2_c3d4 });
    file.u16(2);
    file.u16(4);
    for field in [0, 0, 65_535, link_type] {
        file.u32(field);
    }
    for (micros, packet) in packets {
        file.u32(START_SECS + micros / 1_000_000);
        file.u32(micros % 1_000_000 * if nanos { 1_000 } else { 1 });
        file.u32(packet.len() as u32);
        file.u32(packet.len() as u32);
        file.bytes.extend(packet);
    }
    file.bytes
}

/// How packets are put into pcapng blocks.
#[derive(Clone, Copy, PartialEq)]
pub enum PacketBlock {
    Enhanced,
    Obsolete,
}

/// The pcapng draft's blocks, written by hand; `tsresol` is the option byte, `None` leaves it out (microseconds).
pub fn pcapng_file(
    packets: &[(u32, Vec<u8>)],
    big_endian: bool,
    tsresol: Option<u8>,
    offset_secs: i64,
    kind: PacketBlock,
) -> Vec<u8> {
    let mut file = Writer { bytes: Vec::new(), big_endian };
    file.block(0x0a0d_0d0a, |b| {
        b.u32(0x1a2b_3c4d);
        b.u16(1);
        b.u16(0);
        b.u32(u32::MAX);
        b.u32(u32::MAX);
    });
    // A first interface of another link type, so that numbers must be right.
    file.block(1, |b| {
        b.u16(105);
        b.u16(0);
        b.u32(0);
    });
    file.block(1, |b| {
        b.u16(1);
        b.u16(0);
        b.u32(65_535);
        // The interface's name comes first, padded to four bytes.
        b.u16(2);
        b.u16(5);
        b.bytes.extend(b"wlan0\0\0\0");
        if let Some(tsresol) = tsresol {
            b.u16(9);
            b.u16(1);
            b.bytes.extend([tsresol, 0, 0, 0]);
        }
        if offset_secs != 0 {
            b.u16(14);
            b.u16(8);
            let secs = if big_endian { offset_secs.to_be_bytes() } else { offset_secs.to_le_bytes() };
            b.bytes.extend(secs);
        }
        b.u16(0);
        b.u16(0);
    });
    let ticks_per_sec: u64 = match tsresol {
        None => 1_000_000,
        Some(exponent) if exponent & 0x80 != 0 => 1 << (exponent & 0x7f),
        Some(exponent) => 10_u64.pow(u32::from(exponent)),
    };
    for (micros, packet) in packets {
        let secs = u64::from(START_SECS).wrapping_sub_signed(offset_secs) + u64::from(micros / 1_000_000);
        // Rounded up, so that reading, which rounds down, finds the same microsecond.
        let fraction = (u128::from(micros % 1_000_000) * u128::from(ticks_per_sec)).div_ceil(1_000_000) as u64;
        let ticks = secs * ticks_per_sec + fraction;
        file.block(if kind == PacketBlock::Enhanced { 6 } else { 2 }, |b| {
            if kind == PacketBlock::Enhanced {
                b.u32(1);
            } else {
                b.u16(1);
                b.u16(0xffff);
            }
            b.u32((ticks >> 32) as u32);
            b.u32(ticks as u32);
            b.u32(packet.len() as u32);
            b.u32(packet.len() as u32);
            b.bytes.extend(packet);
        });
    }
    file.bytes
}
