//! `simulate windows`: writes windows for training and testing networks, as plain numbers.

use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};

use super::radio::Radio;
use super::windows::{WindowOptions, Windows, fields, record_len};
use crate::pose::layout::{BLOCKS, INPUT_VERSION, MAX_LINKS};
use crate::pose::targets::{JOINT_NAMES, MotionClass};
use crate::types::Activity;

/// Writes windows of simulated rooms with their answers, for training networks that see poses.
///
/// First comes a line of JSON that names the fields, then records of little-endian 32-bit floats until the count is
/// reached or the reader goes away. Sets never share rooms, people or motions.
#[derive(Debug, Args)]
pub struct Options {
    /// Which rooms: each set has its own.
    #[arg(long, value_enum, default_value = "train")]
    set: Set,
    /// Begin at this room of the set.
    #[arg(long, default_value_t = 0)]
    first_room: u32,
    /// Windows to write.
    #[arg(short = 'n', long, default_value_t = 1_000)]
    count: u64,
    #[arg(long, default_value_t = 6)]
    windows_per_room: u32,
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=16))]
    links: u8,
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=3))]
    antennas: u8,
    /// Write each window once more as the middle antenna alone sees it.
    #[arg(long)]
    single_too: bool,
    /// Write each window of three antennas once more as the first two see it.
    #[arg(long)]
    pair_too: bool,
    /// Shares of rooms with nobody, one, two and three people.
    #[arg(long, value_delimiter = ',', default_values_t = [0.08, 0.72, 0.15, 0.05])]
    people: Vec<f32>,
    /// Packets a second on each link.
    #[arg(long, default_value_t = 100.0)]
    rate: f32,
    /// Signal over noise of every link, dB; without it each link draws 14 to 30 dB.
    #[arg(long)]
    snr_db: Option<f32>,
    /// What the radios deliver.
    #[arg(long, value_enum, default_value = "intel40")]
    format: Radio,
    /// Share of rooms whose radios deliver another one of the formats.
    #[arg(long, default_value_t = 0.0)]
    other_formats: f32,
    /// Share of rooms of up to 8 by 6 m with up to two inner walls; the others have up to 6 by 5 m and none.
    #[arg(long, default_value_t = 0.0)]
    large: f32,
    /// Share of people who sit all the time, still or gesturing.
    #[arg(long, default_value_t = 0.0)]
    seated: f32,
    /// Share of rooms whose empty channel is known.
    #[arg(long, default_value_t = 0.5)]
    known_empty: f32,
    /// Standard deviation of the places that radios are said to have, metres.
    #[arg(long, default_value_t = 0.03)]
    place_error_m: f32,
    /// Standard deviation of the directions that antenna arrays are said to have, radians.
    #[arg(long, default_value_t = 0.07)]
    axis_error_rad: f32,
    /// Where to write; without it, to the standard output.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Set {
    Train,
    Validation,
    Test,
}

impl Set {
    /// Number of the set's first room: 2^40 apart, so that no count of rooms reaches the next set.
    fn first_room(self) -> u64 {
        (self as u64 + 1) << 40
    }
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let [nobody, one, two, three] = options.people[..] else {
        anyhow::bail!("--people takes four shares: nobody, one, two and three people");
    };
    anyhow::ensure!(
        [nobody, one, two, three].iter().all(|share| (0.0..=1e3).contains(share)) && nobody + one + two + three > 0.0,
        "--people takes shares of zero or more, not all zero"
    );
    let windows = Windows::new(WindowOptions {
        first_room: options.set.first_room() + u64::from(options.first_room),
        windows_per_room: options.windows_per_room.clamp(1, 100),
        n_links: options.links,
        n_antennas: options.antennas,
        single_too: options.single_too,
        pair_too: options.pair_too,
        people: [nobody, one, two, three],
        format: options.format.into(),
        other_formats: options.other_formats,
        large: options.large,
        seated: options.seated,
        rate_hz: options.rate,
        snr_db: options.snr_db.map(|snr| [snr, snr]),
        known_empty: options.known_empty,
        place_error_m: options.place_error_m,
        axis_error_rad: options.axis_error_rad,
    });
    let output: Box<dyn std::io::Write> = match &options.output {
        Some(path) => {
            Box::new(std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(std::io::stdout().lock()),
    };
    let mut output = BufWriter::new(output);
    let n_links = usize::from(options.links).min(MAX_LINKS);
    let blocks: Vec<_> = BLOCKS.iter().map(|block| (block.name, block.start, block.len)).collect();
    let header = serde_json::json!({
        "what": "SIMULATED windows for pose networks",
        "input_version": INPUT_VERSION,
        "floats_per_record": record_len(n_links),
        "fields": fields(n_links),
        "blocks": blocks,
        "joints": JOINT_NAMES,
        "activities": Activity::ALL.map(Activity::label),
        "motion_classes": MotionClass::ALL.map(MotionClass::label),
    });
    writeln!(output, "{header}")?;
    let mut bytes = Vec::new();
    for example in windows.take(usize::try_from(options.count).unwrap_or(usize::MAX)) {
        bytes.clear();
        bytes.extend(example.numbers(n_links).iter().flat_map(|number| number.to_le_bytes()));
        match output.write_all(&bytes) {
            // The training has what it wanted.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            result => result?,
        }
    }
    match output.flush() {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
