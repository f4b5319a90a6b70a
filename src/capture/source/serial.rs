//! A node on a serial port: mostly an ESP32 that prints CSV lines, but any format will do.
//!
//! Only listens. Survives unplugging: the port is opened again as soon as it is back under the same name.

use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::Duration;

use serialport::{SerialPort, SerialPortType};

use super::backoff::Backoff;
use super::byte_stream::ByteStream;
use crate::capture::format::Format;
use crate::capture::{Batch, Error, Polled, Source, SourceId};
use crate::types::{NodeId, Provenance};

const MAX_DELAY: Duration = Duration::from_secs(1);
const READ_LEN: usize = 16 * 1024;

/// A port to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortInfo {
    /// What to open, e.g. `/dev/ttyUSB0` or `COM3`.
    pub name: String,
    /// What hangs on it, as far as the system knows; may be empty.
    pub description: String,
}

/// All serial ports, USB ones first, because nodes hang on these. Empty when the system will not tell.
pub fn ports() -> Vec<PortInfo> {
    let mut ports = serialport::available_ports().unwrap_or_default();
    ports.sort_by_key(|port| (!matches!(port.port_type, SerialPortType::UsbPort(_)), port.port_name.clone()));
    ports.into_iter().map(|port| PortInfo { name: port.port_name, description: description(&port.port_type) }).collect()
}

fn description(port_type: &SerialPortType) -> String {
    match port_type {
        SerialPortType::UsbPort(usb) => {
            let names: Vec<&str> =
                [&usb.manufacturer, &usb.product].into_iter().flatten().map(String::as_str).collect();
            match names.join(" ") {
                names if names.is_empty() => format!("USB {:04x}:{:04x}", usb.vid, usb.pid),
                names => names,
            }
        }
        SerialPortType::BluetoothPort => "Bluetooth".to_owned(),
        SerialPortType::PciPort => "built in".to_owned(),
        SerialPortType::Unknown => String::new(),
    }
}

pub struct Serial {
    name: String,
    baud: u32,
    /// `None` while it is unplugged.
    port: Option<Box<dyn SerialPort>>,
    backoff: Backoff,
    message: String,
    stream: ByteStream,
    buffer: Vec<u8>,
}

impl Serial {
    /// Opens the port for this program alone.
    pub fn open(name: &str, baud: u32, id: SourceId) -> Result<Self, Error> {
        Ok(Self {
            name: name.to_owned(),
            baud,
            port: Some(open_port(name, baud)?),
            backoff: Backoff::new(MAX_DELAY),
            message: String::new(),
            stream: ByteStream::new(NodeId::Source(id), Some(Format::Esp32Csv)),
            buffer: vec![0; READ_LEN],
        })
    }

    fn lose(&mut self, batch: &mut Batch) -> Result<Polled, Error> {
        self.stream.end(batch)?;
        self.port = None;
        self.backoff.reset();
        self.backoff.failed();
        self.message = format!("the port went away — plug the node in again: {}", self.name);
        Ok(Polled::Reconnecting(self.message.clone()))
    }

    fn reopen(&mut self, timeout: Duration) -> Polled {
        if self.backoff.wait(timeout) {
            match open_port(&self.name, self.baud) {
                Ok(port) => {
                    self.port = Some(port);
                    return Polled::Running;
                }
                // After plugging in, the system takes a moment to grant the rights: no error is final here.
                Err(Error::NoSuchPort { .. }) => {}
                Err(error) => self.message = error.to_string(),
            }
            self.backoff.failed();
        }
        Polled::Reconnecting(self.message.clone())
    }
}

impl Source for Serial {
    fn poll(&mut self, timeout: Duration, batch: &mut Batch) -> Result<Polled, Error> {
        let Some(port) = &mut self.port else {
            return Ok(self.reopen(timeout));
        };
        let outcome = port.set_timeout(timeout).map_err(std::io::Error::from);
        match outcome.and_then(|()| port.read(&mut self.buffer)) {
            // Never on a live port: a read there waits for at least one byte.
            Ok(0) => self.lose(batch),
            Ok(len) => {
                self.stream.push(self.buffer.get(..len).unwrap_or_default(), batch)?;
                Ok(Polled::Running)
            }
            Err(error) => match error.kind() {
                ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted => {
                    self.stream.silent(batch)?;
                    Ok(Polled::Idle)
                }
                _ => self.lose(batch),
            },
        }
    }

    fn provenance(&self) -> Provenance {
        Provenance::Live
    }

    fn label(&self) -> String {
        format!("serial {} at {} baud", self.name, self.baud)
    }
}

/// Exclusive, which is the library's default, and without touching the line that resets the node.
fn open_port(name: &str, baud: u32) -> Result<Box<dyn SerialPort>, Error> {
    serialport::new(name, baud).open().map_err(|error| {
        let port = name.to_owned();
        match error.kind {
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied) if cfg!(windows) => Error::PortTaken { port },
            serialport::ErrorKind::Io(ErrorKind::PermissionDenied) => Error::Forbidden { port },
            serialport::ErrorKind::Io(ErrorKind::NotFound) => Error::NoSuchPort { port },
            // On Unix this is also what the library says of a port that somebody else has locked.
            serialport::ErrorKind::NoDevice if cfg!(unix) && Path::new(name).exists() => Error::PortTaken { port },
            serialport::ErrorKind::NoDevice => Error::NoSuchPort { port },
            _ => Error::Io { context: format!("cannot open the port {name}"), source: error.into() },
        }
    })
}
