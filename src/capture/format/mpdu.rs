//! The sender's address in a raw 802.11 packet, which some logs keep beside its CSI.

use super::records::bytes_at;
use crate::types::NodeId;

/// Frame-control byte of packets that name only their receiver: clear-to-send and acknowledgement
/// (IEEE 802.11-2020, 9.3.1.3 and 9.3.1.4).
const RECEIVER_ONLY: [u8; 2] = [0xC4, 0xD4];
/// Where the second address lies (9.2.3).
const TRANSMITTER_AT: usize = 10;
/// Marks a group address; in a transmitter address it only signals bandwidth (9.3.1.2) and is not part of it.
const GROUP_BIT: u8 = 1;

/// The transmitter of a packet; unknown when the packet is too short or has no such address.
pub(super) fn sender(packet: &[u8]) -> NodeId {
    let names_sender = packet.first().is_some_and(|control| !RECEIVER_ONLY.contains(control));
    match bytes_at::<6>(packet, TRANSMITTER_AT) {
        Some(address) if names_sender => address_id(address),
        _ => NodeId::Unknown,
    }
}

/// An all-zero address names nobody.
pub(super) fn address_id([first, rest @ ..]: [u8; 6]) -> NodeId {
    let [b, c, d, e, f] = rest;
    let mac = [first & !GROUP_BIT, b, c, d, e, f];
    if mac == [0; 6] { NodeId::Unknown } else { NodeId::Mac(mac) }
}
