//! Packets and bare UDP payloads to steps: chooses the datagram format by its first bytes.

use super::link::{self, LinkLayer};
use crate::capture::format::nexmon::{self, Arrival};
use crate::capture::format::{Context, Step, ruview};
use crate::types::{CsiFrame, DeviceTime, Other, Timestamp};

/// What is known of a packet besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Captured {
    pub link: LinkLayer,
    /// When the capturing device saw it, by that device's clock.
    pub stamp: Option<Timestamp>,
}

/// Reads datagrams of one input; holds packets of several datagrams until they are whole.
#[derive(Clone, Default)]
pub struct Packets {
    joiner: nexmon::Joiner,
}

impl Packets {
    /// Reads one captured packet, for which `used` bytes are counted. A frame may come with `used: 0`: then it had
    /// waited, and the same packet must be given again.
    pub fn packet(&mut self, used: usize, captured: Captured, packet: &[u8], context: &Context) -> Step {
        let arrival = arrival(captured.stamp, context);
        match link::udp(captured.link, packet) {
            Some(udp) => {
                let usual = udp.destination_port == nexmon::USUAL_PORT || udp.source_port == nexmon::USUAL_PORT;
                self.payload(used, udp.payload, udp.n_trailing, usual, arrival, context)
            }
            None => self.foreign(used, arrival),
        }
    }

    /// Reads one UDP payload as it came from a socket; `used` and the answer are as for [`Packets::packet`].
    pub fn datagram(&mut self, payload: &[u8], context: &Context) -> Step {
        self.payload(payload.len(), payload, 0, true, arrival(None, context), context)
    }

    /// A frame that waited for partners, when nothing more is to be expected.
    pub fn flush(&mut self) -> Option<CsiFrame> {
        self.joiner.flush()
    }

    /// `usual_port`: a broken payload is then a broken record, and not somebody else's packet.
    fn payload(
        &mut self,
        used: usize,
        payload: &[u8],
        n_trailing: usize,
        usual_port: bool,
        arrival: Arrival,
        context: &Context,
    ) -> Step {
        if nexmon::looks_like(payload) {
            return match nexmon::datagram(payload, n_trailing) {
                Ok(datagram) => {
                    if let Some(frame) = self.joiner.displaced(context.receiver, &datagram, arrival) {
                        return Step::Frame { used: 0, frame };
                    }
                    match self.joiner.push(context.receiver, &datagram, arrival) {
                        Some(frame) => Step::Frame { used, frame },
                        None => Step::Pass { used, other: None },
                    }
                }
                Err(reason) if usual_port => Step::Skip { used, reason },
                Err(_) => self.foreign(used, arrival),
            };
        }
        let with_time = Context { arrival: arrival.host, ..*context };
        match ruview::datagram(payload, &with_time) {
            Some(Step::Frame { mut frame, .. }) => {
                frame.device_time = frame.device_time.or(arrival.device);
                Step::Frame { used, frame }
            }
            Some(Step::Pass { other, .. }) => Step::Pass { used, other },
            Some(Step::Skip { reason, .. }) => Step::Skip { used, reason },
            Some(Step::NeedMore) | None => self.foreign(used, arrival),
        }
    }

    /// Other packets tell the time too, so that no frame waits longer than it must.
    fn foreign(&mut self, used: usize, arrival: Arrival) -> Step {
        match self.joiner.expired(arrival) {
            Some(frame) => Step::Frame { used: 0, frame },
            None => Step::Pass { used, other: Some(Other::ForeignPacket) },
        }
    }
}

/// In a file the capture's stamp is the host's time. In a live stream it is the clock of another machine, which may
/// well stand at 1970 (routers have no battery): then it is kept as a device's clock beside the time of arrival.
fn arrival(stamp: Option<Timestamp>, context: &Context) -> Arrival {
    match (context.arrival, stamp) {
        (None, stamp) => Arrival { host: stamp, device: None },
        (Some(host), stamp) => Arrival {
            host: Some(host),
            device: stamp
                .and_then(|stamp| u64::try_from(stamp.0).ok())
                .map(|nanos| DeviceTime { nanos, wraps_at_nanos: None }),
        },
    }
}
