//! A UDP port that any number of routers (Nexmon) and nodes (RuView ADR-018) send to.
//!
//! Each sender's address is a receiver of its own ([`NodeId::Address`]), also when there is only one: its links keep
//! their names when a second one starts. Whatever is no CSI is counted as a foreign packet.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::now;
use crate::capture::format::nexmon::MAX_PAUSE;
use crate::capture::format::pcap::Packets;
use crate::capture::format::{Context, Step};
use crate::capture::{Batch, Error, Polled, Source};
use crate::types::{NodeId, Provenance};

/// Two seconds of four chains at 80 MHz and 500 packets a second; the system may grant less.
const RECEIVE_BUFFER_LEN: usize = 4 * 1024 * 1024;

/// No UDP datagram is longer.
const MAX_DATAGRAM_LEN: usize = 64 * 1024;

/// So that one poll ends when a sender never pauses.
const MAX_DATAGRAMS_PER_POLL: usize = 512;

pub struct Udp {
    socket: UdpSocket,
    address: SocketAddr,
    packets: Packets,
    buffer: Vec<u8>,
    last_datagram: Option<Instant>,
}

impl Udp {
    /// Listens. Port 0 lets the system choose one, which [`Source::label`] then tells.
    pub fn bind(address: SocketAddr) -> Result<Self, Error> {
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::AddrInUse => Error::AddressInUse { address: address.to_string() },
            _ => Error::Io { context: format!("cannot listen on UDP {address}"), source },
        };
        // The port is not shared (no `SO_REUSEADDR`): two programs on one port would each miss datagrams.
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP)).map_err(failed)?;
        // A smaller buffer loses datagrams only when the system is very busy, so that a refusal does not matter.
        socket.set_recv_buffer_size(RECEIVE_BUFFER_LEN).ok();
        socket.bind(&address.into()).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        let socket = UdpSocket::from(socket);
        let address = socket.local_addr().map_err(failed)?;
        Ok(Self {
            socket,
            address,
            packets: Packets::default(),
            buffer: vec![0; MAX_DATAGRAM_LEN],
            last_datagram: None,
        })
    }

    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Reads one datagram; `false` when none is there (yet).
    fn receive(&mut self, batch: &mut Batch) -> Result<bool, Error> {
        let (len, sender) = match self.socket.recv_from(&mut self.buffer) {
            Ok(received) => received,
            Err(error) => {
                return match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(false),
                    // Windows tells this way that some earlier datagram of ours was refused; nothing is wrong here.
                    ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused => Ok(false),
                    _ => Err(self.failed(error)),
                };
            }
        };
        let payload = self.buffer.get(..len).unwrap_or_default();
        let receiver = NodeId::Address(sender.ip().to_canonical());
        let context = Context { receiver, arrival: Some(now()) };
        batch.tally.n_bytes += len as u64;
        self.last_datagram = Some(Instant::now());
        loop {
            match self.packets.datagram(payload, &context) {
                Step::Frame { used, frame } => {
                    batch.tally.count_frame(&frame);
                    batch.frames.push(frame);
                    // A frame that waited came out first; the datagram itself is still to be read.
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

    fn receive_within(&mut self, timeout: Duration, batch: &mut Batch) -> Result<bool, Error> {
        let timeout = timeout.max(Duration::from_millis(1));
        self.socket.set_read_timeout(Some(timeout)).map_err(|e| self.failed(e))?;
        self.socket.set_nonblocking(false).map_err(|e| self.failed(e))?;
        let received = self.receive(batch);
        self.socket.set_nonblocking(true).map_err(|e| self.failed(e))?;
        received
    }

    fn failed(&self, source: std::io::Error) -> Error {
        Error::Io { context: format!("cannot receive on UDP {}", self.address), source }
    }
}

impl Source for Udp {
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        for n_received in 0..MAX_DATAGRAMS_PER_POLL {
            if !self.receive(batch)? {
                if n_received > 0 {
                    return Ok(Polled::Running);
                }
                break;
            }
        }
        if self.receive_within(timeout, batch)? {
            return Ok(Polled::Running);
        }
        if self.last_datagram.is_some_and(|last| last.elapsed() >= MAX_PAUSE) {
            self.last_datagram = None;
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
        format!("UDP {}", self.address)
    }
}
