//! Sources as one word on the command line: `udp:0.0.0.0:5500`, `serial:/dev/ttyUSB0@115200`, `-`, `sim`, a file name.

use std::path::PathBuf;
use std::str::FromStr;

use crate::capture::SourceSpec;
use crate::simulate::SimulatorSpec;

/// A source as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceArg(pub SourceSpec);

/// Shown by `--help` wherever a source can be given.
pub const HELP: &str = "Where frames come from:
  -                              standard input: pcap, ESP32 CSV, JSON lines, ...
  udp:ADDRESS:PORT               Nexmon (port 5500) or RuView ADR-018 (port 5005) datagrams
  tcp:HOST:PORT                  connect and read a byte stream in any format
  serial:PORT[@BAUD]             an ESP32 (default 921600 baud)
  if:NAME[?FILTER]               live packets (needs the feature pcap-live)
  sim[:LINKS[,RATE_HZ[,SEED]]]   the simulator; marked SIMULATED
  FILE                           a recording that is still growing";

impl FromStr for SourceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let spec = match kind {
            "-" => SourceSpec::Stdin,
            "udp" => {
                let address = if rest.contains(':') { rest.to_owned() } else { format!("0.0.0.0:{rest}") };
                let address =
                    address.parse().map_err(|_| format!("not an address and port: {rest:?} — try udp:0.0.0.0:5500"))?;
                SourceSpec::Udp { address }
            }
            "tcp" if rest.contains(':') => SourceSpec::Tcp { address: rest.to_owned() },
            "tcp" => return Err("tcp needs a host and a port — try tcp:192.168.1.1:5501".into()),
            "serial" => {
                let (port, baud) = match rest.rsplit_once('@') {
                    Some((port, baud)) => (port, baud.parse().map_err(|_| format!("not a baud rate: {baud:?}"))?),
                    None => (rest, SourceSpec::DEFAULT_BAUD),
                };
                if port.is_empty() {
                    return Err("serial needs a port — `corporeal ports` lists them".into());
                }
                SourceSpec::Serial { port: port.to_owned(), baud }
            }
            "if" if !rest.is_empty() => {
                let (name, filter) = rest.split_once('?').unwrap_or((rest, ""));
                SourceSpec::Interface { name: name.to_owned(), filter: filter.to_owned() }
            }
            "if" => return Err("if needs an interface — try if:wlan0".into()),
            "sim" => SourceSpec::Simulator(simulator(rest)?),
            _ => SourceSpec::File { path: PathBuf::from(text), follow: true },
        };
        Ok(Self(spec))
    }
}

fn simulator(rest: &str) -> Result<SimulatorSpec, String> {
    let mut spec = SimulatorSpec::default();
    let mut parts = rest.split(',').filter(|part| !part.is_empty());
    let bad = |part: &str| format!("not a number: {part:?} — try sim:8,200,1 (links, packets a second, seed)");
    if let Some(part) = parts.next() {
        spec.n_links = part.parse().map_err(|_| bad(part))?;
    }
    if let Some(part) = parts.next() {
        spec.rate_hz = part.parse().map_err(|_| bad(part))?;
    }
    if let Some(part) = parts.next() {
        spec.seed = part.parse().map_err(|_| bad(part))?;
    }
    Ok(spec)
}
