//! A TCP connection to a program that streams CSI, such as `tcpdump -w -` behind `nc` on a router.
//!
//! A lost connection is made again by itself. Names are resolved once, at the start, because a resolver may block.

use std::io::{ErrorKind, Read as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use super::backoff::Backoff;
use super::byte_stream::ByteStream;
use crate::capture::{Batch, Error, Polled, Source, SourceId};
use crate::types::{NodeId, Provenance};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const MAX_DELAY: Duration = Duration::from_secs(2);
const READ_LEN: usize = 64 * 1024;
/// How often an attempt to connect is looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(5);

pub struct Tcp {
    address: String,
    peers: Vec<SocketAddr>,
    next_peer: usize,
    state: State,
    backoff: Backoff,
    message: String,
    stream: ByteStream,
    buffer: Vec<u8>,
}

enum State {
    Connected(TcpStream),
    Connecting { socket: Socket, since: Instant },
    Lost,
}

impl Tcp {
    /// Connects to `host:port`; the first connection must succeed.
    pub fn connect(address: &str, id: SourceId) -> Result<Self, Error> {
        let unreachable = |source| Error::Unreachable { address: address.to_owned(), source };
        let peers: Vec<SocketAddr> = address.to_socket_addrs().map_err(unreachable)?.collect();
        let mut failure = std::io::Error::from(ErrorKind::AddrNotAvailable);
        for (idx, peer) in peers.iter().enumerate() {
            match TcpStream::connect_timeout(peer, CONNECT_TIMEOUT) {
                Ok(connection) => {
                    watch(&connection);
                    return Ok(Self {
                        address: address.to_owned(),
                        next_peer: idx,
                        peers,
                        state: State::Connected(connection),
                        backoff: Backoff::new(MAX_DELAY),
                        message: String::new(),
                        stream: ByteStream::new(NodeId::Source(id), None),
                        buffer: vec![0; READ_LEN],
                    });
                }
                Err(error) => failure = error,
            }
        }
        Err(unreachable(failure))
    }

    fn read(&mut self, mut connection: TcpStream, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        let timeout = timeout.max(Duration::from_millis(1));
        let outcome = connection.set_read_timeout(Some(timeout)).and_then(|()| connection.read(&mut self.buffer));
        match outcome {
            Ok(0) => self.lose("the other side closed the connection", batch),
            Ok(len) => {
                self.backoff.reset();
                self.state = State::Connected(connection);
                self.stream.push(self.buffer.get(..len).unwrap_or_default(), batch)?;
                Ok(Polled::Running)
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {
                    self.state = State::Connected(connection);
                    self.stream.silent(batch)?;
                    Ok(Polled::Idle)
                }
                _ => self.lose(&error.to_string(), batch),
            },
        }
    }

    fn lose(&mut self, why: &str, batch: &mut Batch) -> Result<Polled, Error> {
        self.stream.end(batch)?;
        Ok(self.retry_later(why))
    }

    fn retry_later(&mut self, why: &str) -> Polled {
        self.backoff.failed();
        self.state = State::Lost;
        self.message =
            format!("connection lost — check that the host is on and its stream is running: {} ({why})", self.address);
        Polled::Reconnecting(self.message.clone())
    }

    fn start_connecting(&mut self) -> std::io::Result<()> {
        let peer = self.peers.get(self.next_peer % self.peers.len().max(1)).copied();
        let peer = peer.ok_or(ErrorKind::AddrNotAvailable)?;
        self.next_peer = self.next_peer.wrapping_add(1);
        let socket = Socket::new(Domain::for_address(peer), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        // Says that it is under way, or fails: the outcome is looked up when it is there.
        socket.connect(&peer.into()).ok();
        self.state = State::Connecting { socket, since: Instant::now() };
        Ok(())
    }

    /// Waits for a connection that is being made.
    fn finish_connecting(&mut self, socket: Socket, since: Instant, timeout: Duration) -> Polled {
        let deadline = Instant::now() + timeout;
        loop {
            match socket.take_error() {
                Ok(Some(error)) | Err(error) => return self.retry_later(&error.to_string()),
                Ok(None) => {}
            }
            if socket.peer_addr().is_ok() {
                if let Err(error) = socket.set_nonblocking(false) {
                    return self.retry_later(&error.to_string());
                }
                let connection = TcpStream::from(socket);
                watch(&connection);
                self.state = State::Connected(connection);
                return Polled::Running;
            }
            if since.elapsed() > CONNECT_TIMEOUT {
                return self.retry_later("no answer");
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.state = State::Connecting { socket, since };
                return Polled::Reconnecting(self.message.clone());
            }
            std::thread::sleep(left.min(LOOK_INTERVAL));
        }
    }
}

impl Source for Tcp {
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        match std::mem::replace(&mut self.state, State::Lost) {
            State::Connected(connection) => self.read(connection, timeout, batch),
            State::Connecting { socket, since } => Ok(self.finish_connecting(socket, since, timeout)),
            State::Lost => {
                if self.backoff.wait(timeout)
                    && let Err(error) = self.start_connecting()
                {
                    return Ok(self.retry_later(&error.to_string()));
                }
                Ok(Polled::Reconnecting(self.message.clone()))
            }
        }
    }

    fn provenance(&self) -> Provenance {
        Provenance::Live
    }

    fn label(&self) -> String {
        format!("TCP {}", self.address)
    }
}

/// Lets the system find out that the other side has vanished without a word, as routers do when they are unplugged.
fn watch(connection: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(5)).with_interval(Duration::from_secs(2));
    // Without it the connection works as well; only its loss shows later.
    SockRef::from(connection).set_tcp_keepalive(&keepalive).ok();
}
