//! The same commands without a window, under the same names.

mod convert;
mod evaluate;
mod fit;
mod headless;
mod inspect;
mod live;
mod measure;
mod models;
mod out;
mod progress;
mod register;
mod replay;
mod report;
mod report_people;
pub mod simulate;
mod source_arg;
mod window;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use out::is_closed_pipe;
pub use source_arg::SourceArg;

/// Sees people without cameras (WiFi channel state information, CSI), and measures bodies from photos.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Option<Job>,
    /// Recordings, photos or scans to open in the window; without any, the built-in demo scene (SIMULATED).
    files: Vec<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  corporeal                                     open the window on the demo scene
  corporeal walk.pcap                           open a recording, whatever its format
  corporeal front.jpg side.jpg                  open photos in the body studio
  corporeal fit front.jpg --height 1.78         measure a body without the window
  corporeal inspect *.dat --json                what is in it, and what it is good for
  corporeal record udp:0.0.0.0:5500 -o lab.mcap record a Nexmon router
  corporeal live serial:/dev/ttyUSB0            watch an ESP32
  ssh router tcpdump -i wlan0 -U -w - dst port 5500 | corporeal live -";

#[derive(Debug, Subcommand)]
enum Job {
    Inspect(inspect::Options),
    Fit(Box<fit::Options>),
    Evaluate(evaluate::Options),
    Convert(convert::Options),
    Measure(measure::Options),
    Register(register::Options),
    Replay(replay::Options),
    Live(live::LiveOptions),
    Record(live::RecordOptions),
    Models(models::Options),
    Simulate(simulate::Options),
    /// Lists the serial ports of this machine.
    Ports,
    /// Prints a completion script for a shell.
    #[command(
        after_help = "Example: corporeal completions bash > ~/.local/share/bash-completion/completions/corporeal"
    )]
    Completions {
        shell: clap_complete::Shell,
    },
}

/// Runs the program with the process's own arguments.
pub fn run() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        None => window::open(arguments.files),
        Some(Job::Inspect(options)) => inspect::run(&options),
        Some(Job::Fit(options)) => fit::run(&options),
        Some(Job::Evaluate(options)) => evaluate::run(&options),
        Some(Job::Convert(options)) => convert::run(&options),
        Some(Job::Measure(options)) => measure::run(&options),
        Some(Job::Register(options)) => register::run(&options),
        Some(Job::Replay(options)) => replay::run(&options),
        Some(Job::Live(options)) => live::run(options),
        Some(Job::Record(options)) => live::record(options),
        Some(Job::Models(options)) => models::run(&options),
        Some(Job::Simulate(options)) => simulate::run(&options),
        Some(Job::Ports) => {
            let ports = crate::capture::source::serial::ports();
            if ports.is_empty() {
                out::line("no serial ports — connect a device")?;
            }
            for port in ports {
                out::line(format_args!("{}\t{}", port.name, port.description))?;
            }
            Ok(())
        }
        Some(Job::Completions { shell }) => {
            use clap::CommandFactory as _;
            // Into memory first: the generator panics when its output is closed.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "corporeal", &mut script);
            Ok(std::io::stdout().write_all(&script)?)
        }
    }
}
