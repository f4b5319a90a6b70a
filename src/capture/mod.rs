//! Where frames come from: files, serial ports, sockets, standard input, live packets and the simulator.
//!
//! Each is one [`Source`]. A source owns its device and is polled by its own thread (spawned by `engine`); it never
//! touches the pipeline. What it cannot read is counted in its [`Tally`], never thrown away silently.

pub mod format;
pub mod labelled;
pub mod recording;
pub mod source;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::types::{CsiFrame, Provenance, Tally};

/// Names one source of this session; also the `n` of [`crate::types::NodeId::Source`].
pub type SourceId = u16;

/// What to open, as a person asks for it on the command line, in the source manager or in a session file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SourceSpec {
    /// A recording in any format. `follow` keeps reading as the file grows.
    File {
        path: PathBuf,
        follow: bool,
    },
    Serial {
        port: String,
        baud: u32,
    },
    /// Listens; any number of nodes may send. The datagrams say by themselves whether they are Nexmon or ADR-018.
    Udp {
        address: SocketAddr,
    },
    /// Connects and reads a byte stream in any format (`host:port`).
    Tcp {
        address: String,
    },
    /// Reads a byte stream in any format from standard input.
    Stdin,
    /// Live packets from a network interface; needs the feature `pcap-live`.
    Interface {
        name: String,
        filter: String,
    },
    Simulator(crate::simulate::SimulatorSpec),
}

impl SourceSpec {
    pub const DEFAULT_BAUD: u32 = 921_600;
    pub const NEXMON_PORT: u16 = 5500;
    pub const RUVIEW_PORT: u16 = 5005;
}

/// What one poll brought.
#[derive(Debug, Default)]
pub struct Batch {
    pub frames: Vec<CsiFrame>,
    /// Counts since the last poll, of everything that was read (frames included).
    pub tally: Tally,
}

/// What a source has to say after a poll.
#[derive(Clone, Debug, PartialEq)]
pub enum Polled {
    /// There may be more at once.
    Running,
    /// Nothing came within the timeout.
    Idle,
    /// Connection lost; the source tries again by itself. Says what to check.
    Reconnecting(String),
    /// Nothing more will come.
    Ended,
}

/// A device, socket, file or simulator that yields frames.
pub trait Source: Send {
    /// Waits at most about `timeout` for input and appends what it read to `batch`. An error is final.
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error>;

    fn provenance(&self) -> Provenance;

    /// One line for the source manager, e.g. `UDP 0.0.0.0:5500`.
    fn label(&self) -> String;
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("no such file — it may have been moved or its drive removed: {path:?}")]
    NotFound { path: PathBuf },
    #[error("the file is empty: {path:?}")]
    Empty { path: PathBuf },
    #[error(
        "not a CSI recording — this program reads ESP32 CSV, Nexmon and RuView captures, Intel 5300, Atheros, PicoScenes, FeitCSI and its own recordings: {path:?}"
    )]
    Unrecognised { path: PathBuf },
    #[error("a recording is not a live source — open it instead: {path:?}")]
    NotLive { path: PathBuf },
    #[error("the stream is in no CSI format this program reads — pipe pcap, ESP32 CSV or JSON lines into it")]
    UnrecognisedStream,
    #[error("not permitted to open the port — add your user to the `dialout` group and sign in again: {port:?}")]
    Forbidden { port: String },
    #[error("the port is used by another program — close its serial monitor and try again: {port:?}")]
    PortTaken { port: String },
    #[error("no such port — check the cable, then choose from the list of ports: {port:?}")]
    NoSuchPort { port: String },
    #[error("another program listens there already — close it or choose another port: {address}")]
    AddressInUse { address: String },
    #[error("cannot reach the host — check that it is on and that its stream has been started: {address} ({source})")]
    Unreachable { address: String, source: std::io::Error },
    #[error("live packets need a build with the feature `pcap-live` (cargo run --release --features pcap-live)")]
    NoPcapLive,
    #[error("cannot capture on the interface — run as root or give the program cap_net_raw: {name:?} ({message})")]
    Interface { name: String, message: String },
    #[error(transparent)]
    Recording(#[from] recording::Error),
    #[error("{context}: {source}")]
    Io { context: String, source: std::io::Error },
}
