//! Names of radios, of the paths between them and of the streams of like frames on a path.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// One radio: a transmitter or a receiver, named by what the wire tells of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeId {
    /// The format does not say which radio it was.
    #[default]
    Unknown,
    Mac([u8; 6]),
    /// A number that the sender gives itself (RuView node number).
    Number(u16),
    /// The receiver at the end of the n-th source of this session: files and serial ports seldom name their own radio.
    Source(u16),
    /// The address that a router sends its datagrams from: several may send to one UDP source.
    Address(IpAddr),
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::Mac([a, b, c, d, e, g]) => write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}"),
            Self::Number(n) => write!(f, "node {n}"),
            Self::Source(n) => write!(f, "source {n}"),
            Self::Address(address) => write!(f, "{address}"),
        }
    }
}

/// A radio path from a transmitter to a receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkId {
    pub tx: NodeId,
    pub rx: NodeId,
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.tx, self.rx)
    }
}

/// One stream: frames of one link that share shape, subcarriers and channel, so that they can be compared.
///
/// Frames of mixed width on one link (a 20 MHz beacon between 80 MHz data) make several streams.
/// `shape` is a stable fingerprint of antennas, subcarrier layout and channel ([`crate::types::CsiFrame::stream`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamId {
    pub link: LinkId,
    pub shape: u64,
}
