//! From a captured packet down to its UDP payload: link layers, VLAN tags, IPv4 and IPv6.
//!
//! A plain Ethernet, IPv4, UDP packet is read by hand, because nearly all are and it is several times faster; whatever
//! is not so plain goes through `etherparse`. Fragments are not put together: no CSI datagram is longer than a packet.

use etherparse::{EtherType, LaxSlicedPacket, TransportSlice};

/// How packets of one capture begin; numbers as in the list of link types at tcpdump.org.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkLayer {
    Ethernet,
    /// An IP header comes first.
    RawIp,
    /// Four bytes of address family, then IP.
    Null,
    /// "Linux cooked" capture, as of the pseudo-interface `any`.
    LinuxSll,
    LinuxSll2,
    /// Any other: its packets are counted as foreign.
    #[default]
    Other,
}

impl LinkLayer {
    pub fn from_number(number: u32) -> Self {
        match number {
            1 => Self::Ethernet,
            // 12 and 14 are what BSD systems write for raw IP.
            12 | 14 | 101 | 228 | 229 => Self::RawIp,
            0 | 108 => Self::Null,
            113 => Self::LinuxSll,
            276 => Self::LinuxSll2,
            _ => Self::Other,
        }
    }
}

/// A UDP datagram inside a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp<'a> {
    pub source_port: u16,
    pub destination_port: u16,
    /// May be cut short by the capture's length limit.
    pub payload: &'a [u8],
    /// Bytes of the packet behind the payload that no length field counts.
    pub n_trailing: usize,
}

/// The UDP datagram of a packet; `None` for everything else.
pub fn udp(link: LinkLayer, packet: &[u8]) -> Option<Udp<'_>> {
    let sliced = match link {
        LinkLayer::Ethernet => match plain_udp(packet) {
            Some(udp) => return Some(udp),
            None => LaxSlicedPacket::from_ethernet(packet).ok()?,
        },
        LinkLayer::RawIp => LaxSlicedPacket::from_ip(packet).ok()?,
        LinkLayer::Null => LaxSlicedPacket::from_ip(packet.get(4..)?).ok()?,
        LinkLayer::LinuxSll => LaxSlicedPacket::from_ether_type(ether_type(packet, 14)?, packet.get(16..)?),
        LinkLayer::LinuxSll2 => LaxSlicedPacket::from_ether_type(ether_type(packet, 0)?, packet.get(20..)?),
        LinkLayer::Other => return None,
    };
    let Some(TransportSlice::Udp(udp)) = sliced.transport else {
        return None;
    };
    let payload = udp.payload();
    Some(Udp {
        source_port: udp.source_port(),
        destination_port: udp.destination_port(),
        payload,
        n_trailing: (packet.as_ptr_range().end as usize).saturating_sub(payload.as_ptr_range().end as usize),
    })
}

fn ether_type(packet: &[u8], at: usize) -> Option<EtherType> {
    Some(EtherType(be16(packet, at)?))
}

/// Ethernet without tags, IPv4 with any header length, UDP, whole and not a fragment.
fn plain_udp(packet: &[u8]) -> Option<Udp<'_>> {
    const IPV4: u16 = 0x0800;
    const UDP: u8 = 17;
    const FRAGMENT: u16 = 0x3fff;
    if be16(packet, 12)? != IPV4 {
        return None;
    }
    let ip = packet.get(14..)?;
    let version_and_words = *ip.first()?;
    let header_len = usize::from(version_and_words & 0x0f) * 4;
    let total_len = usize::from(be16(ip, 2)?);
    let plain = version_and_words >> 4 == 4 && header_len >= 20 && be16(ip, 6)? & FRAGMENT == 0 && *ip.get(9)? == UDP;
    let datagram = ip.get(header_len..total_len).filter(|_| plain)?;
    let udp_len = usize::from(be16(datagram, 4)?);
    let payload = datagram.get(8..udp_len)?;
    Some(Udp {
        source_port: be16(datagram, 0)?,
        destination_port: be16(datagram, 2)?,
        payload,
        n_trailing: ip.len() - (header_len + udp_len),
    })
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|b| u16::from_be_bytes(*b))
}
