//! The sources themselves: one module for each way in.
//!
//! Those that read a byte stream (TCP, standard input, serial) share [`byte_stream`]; those that receive packets (UDP,
//! a network interface) share [`crate::capture::format::pcap::Packets`]. None of them spawns a thread or sleeps longer
//! than the timeout of a poll.

mod backoff;
pub mod byte_stream;
pub mod clocks;
pub mod file;
pub mod interface;
pub mod serial;
pub mod simulator;
pub mod stdin;
pub mod tcp;
pub mod udp;
mod wait;

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Error, Source, SourceId, SourceSpec};
use crate::types::Timestamp;

/// Opens a live source. Recordings are not live: [`file::FileReader`] reads them.
pub fn open_live(spec: &SourceSpec, id: SourceId) -> Result<Box<dyn Source>, Error> {
    Ok(match spec {
        SourceSpec::Udp { address } => Box::new(udp::Udp::bind(*address)?),
        SourceSpec::Tcp { address } => Box::new(tcp::Tcp::connect(address, id)?),
        SourceSpec::Stdin => Box::new(stdin::Stdin::open(id)?),
        SourceSpec::Serial { port, baud } => Box::new(serial::Serial::open(port, *baud, id)?),
        SourceSpec::Interface { name, filter } => interface::open(name, filter, id)?,
        SourceSpec::Simulator(spec) => simulator::open(spec, id),
        SourceSpec::File { path, .. } => return Err(Error::NotLive { path: path.clone() }),
    })
}

/// A source's name before it has been opened.
pub fn label(spec: &SourceSpec) -> String {
    match spec {
        SourceSpec::Udp { address } => format!("UDP {address}"),
        SourceSpec::Tcp { address } => format!("TCP {address}"),
        SourceSpec::Stdin => "Standard input".to_owned(),
        SourceSpec::Serial { port, baud } => format!("Serial {port} ({baud} baud)"),
        SourceSpec::Interface { name, .. } => format!("Interface {name}"),
        SourceSpec::Simulator(spec) => format!("Simulator ({} links, {} Hz)", spec.n_links, spec.rate_hz),
        SourceSpec::File { path, .. } => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
    }
}

/// What to check when a source is connected but has brought nothing for a while.
pub fn silence_hint(spec: &SourceSpec) -> String {
    match spec {
        SourceSpec::Udp { address } if address.port() == SourceSpec::NEXMON_PORT => format!(
            "no datagrams on UDP {} — check that nexutil has been run on the router, that it sends to this computer, \
             and that the firewall lets UDP in",
            address.port()
        ),
        SourceSpec::Udp { address } => format!(
            "no datagrams on UDP {} — check that the nodes send to this computer's address and port, and that the \
             firewall lets UDP in",
            address.port()
        ),
        SourceSpec::Tcp { address } => {
            format!("connected, but nothing comes — check that the capture is running on the other side: {address}")
        }
        SourceSpec::Stdin => "nothing comes on standard input — check the program before the pipe".to_owned(),
        SourceSpec::Serial { port, baud } => format!(
            "no data at {baud} baud — check that the node runs CSI firmware, that traffic reaches it, and that the \
             baud rate is the firmware's: {port}"
        ),
        SourceSpec::Interface { name, filter } if filter.is_empty() => {
            format!("no packets — check that the interface is up and receives: {name}")
        }
        SourceSpec::Interface { name, filter } => {
            format!("no packets match “{filter}” — check the filter, and that CSI is sent to this interface: {name}")
        }
        SourceSpec::File { path, .. } => format!("the file does not grow — check that it is still written: {path:?}"),
        SourceSpec::Simulator(_) => "the simulator is paused".to_owned(),
    }
}

/// The host's clock; zero should it stand before 1970.
fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_nanos()).unwrap_or(i64::MAX))
}
