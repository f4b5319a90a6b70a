//! Live packets from a network interface, through libpcap (Npcap on Windows). Needs the feature `pcap-live`.

#[cfg(not(feature = "pcap-live"))]
use crate::capture::{Error, Source, SourceId};

/// Starts to capture the packets that match `filter` (tcpdump's language; empty takes all).
#[cfg(not(feature = "pcap-live"))]
pub fn open(_name: &str, _filter: &str, _id: SourceId) -> Result<Box<dyn Source>, Error> {
    Err(Error::NoPcapLive)
}

#[cfg(feature = "pcap-live")]
pub use live::open;

#[cfg(feature = "pcap-live")]
mod live {
    use std::time::{Duration, Instant};

    use pcap::{Active, Capture};

    use crate::capture::format::nexmon::MAX_PAUSE;
    use crate::capture::format::pcap::{Captured, LinkLayer, Packets};
    use crate::capture::format::{Context, Step};
    use crate::capture::{Batch, Error, Polled, Source, SourceId};
    use crate::types::{NANOS_PER_SEC, NodeId, Provenance, Timestamp};

    /// libpcap wants one although it never waits here.
    const READ_TIMEOUT_MILLIS: i32 = 10;
    /// How often to look for packets where the system cannot wake us for one.
    #[cfg(not(unix))]
    const LOOK_INTERVAL: Duration = Duration::from_millis(5);
    /// Longer than any CSI datagram with its headers.
    const SNAP_LEN: i32 = 65_535;
    const KERNEL_BUFFER_LEN: i32 = 4 * 1024 * 1024;
    /// So that one poll ends when packets never pause.
    const MAX_PACKETS_PER_POLL: usize = 512;

    struct Interface {
        name: String,
        capture: Capture<Active>,
        link: LinkLayer,
        receiver: NodeId,
        packets: Packets,
        last_packet: Option<Instant>,
    }

    /// Starts to capture the packets that match `filter` (tcpdump's language; empty takes all).
    pub fn open(name: &str, filter: &str, id: SourceId) -> Result<Box<dyn Source>, Error> {
        let failed = |error: pcap::Error| Error::Interface { name: name.to_owned(), message: error.to_string() };
        let mut capture = Capture::from_device(name)
            .and_then(|capture| {
                capture
                    .immediate_mode(true)
                    .timeout(READ_TIMEOUT_MILLIS)
                    .snaplen(SNAP_LEN)
                    .buffer_size(KERNEL_BUFFER_LEN)
                    .open()
            })
            // A blocking read does not keep the timeout on Linux: it starts over when nothing has come.
            .and_then(Capture::setnonblock)
            .map_err(failed)?;
        if !filter.is_empty() {
            capture.filter(filter, true).map_err(failed)?;
        }
        let link = LinkLayer::from_number(capture.get_datalink().0.cast_unsigned());
        Ok(Box::new(Interface {
            name: name.to_owned(),
            capture,
            link,
            receiver: NodeId::Source(id),
            packets: Packets::default(),
            last_packet: None,
        }))
    }

    impl Interface {
        /// Reads one packet; `false` when none is there.
        fn receive(&mut self, batch: &mut Batch) -> Result<bool, Error> {
            let packet = match self.capture.next_packet() {
                Ok(packet) => packet,
                Err(pcap::Error::TimeoutExpired) => return Ok(false),
                Err(error) => {
                    return Err(Error::Interface { name: self.name.clone(), message: error.to_string() });
                }
            };
            self.last_packet = Some(Instant::now());
            batch.tally.n_bytes += packet.data.len() as u64;
            // The kernel's stamp is of this host's clock, and closer to the truth than the moment of reading.
            #[allow(clippy::unnecessary_cast, reason = "both fields have 32 bits on Windows")]
            let (secs, micros) = (packet.header.ts.tv_sec as i64, packet.header.ts.tv_usec as i64);
            let stamp = Timestamp(secs.saturating_mul(NANOS_PER_SEC)).plus_nanos(micros.saturating_mul(1_000));
            let captured = Captured { link: self.link, stamp: Some(stamp) };
            let context = Context { receiver: self.receiver, arrival: None };
            loop {
                match self.packets.packet(1, captured, packet.data, &context) {
                    Step::Frame { used, frame } => {
                        batch.tally.count_frame(&frame);
                        batch.frames.push(frame);
                        // A frame that waited came out first; the packet itself is still to be read.
                        if used == 0 {
                            continue;
                        }
                    }
                    Step::Pass { other: Some(other), .. } => batch.tally.count_other(other),
                    Step::Pass { other: None, .. } | Step::NeedMore => {}
                    Step::Skip { reason, .. } => batch.tally.count_skip(reason),
                }
                return Ok(true);
            }
        }
    }

    impl Interface {
        #[cfg(unix)]
        fn wait(&self, timeout: Duration) -> Result<(), Error> {
            match crate::capture::source::wait::readable(&self.capture, timeout) {
                Ok(_) => Ok(()),
                Err(source) => Err(Error::Io { context: format!("cannot wait for packets on {}", self.name), source }),
            }
        }

        #[cfg(not(unix))]
        fn wait(&self, timeout: Duration) -> Result<(), Error> {
            std::thread::sleep(timeout.min(LOOK_INTERVAL));
            Ok(())
        }
    }

    impl Source for Interface {
        fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
            self.wait(timeout)?;
            let mut n_received = 0;
            while n_received < MAX_PACKETS_PER_POLL && self.receive(batch)? {
                n_received += 1;
            }
            if n_received > 0 {
                return Ok(Polled::Running);
            }
            if self.last_packet.is_some_and(|last| last.elapsed() >= MAX_PAUSE) {
                self.last_packet = None;
                while let Some(frame) = self.packets.flush() {
                    batch.tally.count_frame(&frame);
                    batch.frames.push(frame);
                }
            }
            Ok(Polled::Idle)
        }

        fn provenance(&self) -> Provenance {
            Provenance::Live
        }

        fn label(&self) -> String {
            format!("interface {}", self.name)
        }
    }
}
