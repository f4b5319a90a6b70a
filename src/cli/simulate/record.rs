//! `simulate record`: a simulated scene as a recording, with who was where beside the frames.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::super::out;
use crate::export::mcap::Recorder;
use crate::simulate::{RecordedMotion, SceneOptions, Simulator, SimulatorSpec};
use crate::types::{FallKind, Provenance, RecordedSource, RecordingInfo, Timestamp};

/// Writes a simulated scene to a recording, frames and truth, as fast as the machine can.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal simulate record -o flat.mcap --scene demo --secs 120
  corporeal simulate record -o room.mcap --scene random --seed 7 --links 4 --people 2
  corporeal simulate record -o fall.mcap --scene trip --seed 3
  corporeal simulate record -o day.mcap --scene living --secs 7200
  corporeal simulate record -o rich.mcap --scene random --motion ../shared/data/motion/deepmimic/motions

The truth lies on the channel /truth (corporeal_msgs/msg/SceneTruth, schema inside), ten times a second.")]
pub struct Options {
    /// The recording to write.
    #[arg(short, long)]
    output: PathBuf,
    /// What happens in it.
    #[arg(long, default_value = "random")]
    scene: SceneKind,
    /// The same seed gives the same recording.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    links: u8,
    /// Antennas of each receiver.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    antennas: u8,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=4))]
    people: u8,
    /// Packets a second on each link.
    #[arg(long, default_value_t = 100.0)]
    rate: f32,
    /// A folder of recorded joint-angle clips (`humanoid3d_*.txt`) that people's days are enriched with: walks, runs, crawls,
    /// rolls, getting up.
    #[arg(long)]
    motion: Option<PathBuf>,
    /// How long; without it as long as the people have something to do, two minutes at most.
    #[arg(long)]
    secs: Option<f32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum SceneKind {
    /// The built-in flat: somebody comes, sits, falls, is visited.
    Demo,
    /// An unseen room with people who do one thing after the other, falls among them.
    Random,
    /// Ordinary living of one person, without a fall.
    Living,
    Trip,
    Slip,
    Faint,
    FromChair,
    FromBed,
}

impl SceneKind {
    fn fall(self) -> Option<FallKind> {
        match self {
            Self::Trip => Some(FallKind::Trip),
            Self::Slip => Some(FallKind::Slip),
            Self::Faint => Some(FallKind::Faint),
            Self::FromChair => Some(FallKind::FromChair),
            Self::FromBed => Some(FallKind::FromBed),
            Self::Demo | Self::Random | Self::Living => None,
        }
    }
}

/// Between two moments of truth.
const TRUTH_SECS: f64 = 0.1;

pub fn run(options: &Options) -> anyhow::Result<()> {
    let secs = options.secs.filter(|secs| secs.is_finite() && *secs > 0.0);
    anyhow::ensure!(options.secs.is_none() || secs.is_some(), "--secs must be more than 0");
    let mut spec = spec(options, secs);
    if let Some(folder) = &options.motion {
        spec = spec.with_recorded(&motions(folder)?);
    }
    let mut simulator = Simulator::new(&spec);
    let start = simulator.spec().start.unwrap_or_default();
    let end = match secs {
        Some(secs) => start.plus_secs(f64::from(secs)),
        None => simulator.script_end().min(start.plus_secs(120.0)),
    };
    let source =
        RecordedSource { id: 1, label: format!("simulator, seed {}", options.seed), provenance: Provenance::Simulated };
    let info = RecordingInfo {
        started_at: Some(start),
        site: simulator.site().clone(),
        sources: vec![source.clone()],
        notes: format!("simulated scene {:?}", options.scene).to_lowercase(),
        ..RecordingInfo::of_this_program()
    };
    let mut recorder = Recorder::create(&options.output, info)?;
    let mut next_truth = start;
    loop {
        let frame = simulator.next_frame();
        let time = frame.host_time.unwrap_or(end);
        while next_truth <= time.min(end) {
            recorder.write_truth(&simulator.scene_truth(next_truth))?;
            next_truth = next_truth.plus_secs(TRUTH_SECS);
        }
        if time >= end {
            break;
        }
        recorder.write(time, &source, &frame)?;
    }
    let summary = recorder.finish()?;
    out::line(format_args!(
        "SIMULATED · {} frames, {:.1} s, {} links: {}",
        summary.n_frames,
        end.secs_since(start),
        simulator.links().count(),
        options.output.display()
    ))?;
    for span in simulator.activities(end) {
        out::line(format_args!(
            "  person {} {:>7.1} to {:>7.1} s  {:?}",
            span.person + 1,
            span.start.secs_since(start),
            span.end.secs_since(start),
            span.activity
        ))?;
    }
    Ok(())
}

/// The clips of a folder that daily life holds, by name.
fn motions(folder: &Path) -> anyhow::Result<Vec<RecordedMotion>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read the folder {folder:?}"))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    let is_text = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "txt");
    let mut motions = Vec::new();
    for path in paths.iter().filter(is_text) {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {path:?}"))?;
        let name = path.file_stem().map(|name| name.to_string_lossy().replace("humanoid3d_", "")).unwrap_or_default();
        motions.extend(RecordedMotion::new(&name, &text));
    }
    anyhow::ensure!(!motions.is_empty(), "no clip of walking, running, crawling, rolling or getting up in {folder:?}");
    Ok(motions)
}

fn spec(options: &Options, secs: Option<f32>) -> SimulatorSpec {
    let scene = SceneOptions {
        n_links: options.links,
        n_rx: options.antennas,
        n_people: options.people,
        rate_hz: options.rate,
        secs: secs.unwrap_or(60.0),
        ..SceneOptions::default()
    };
    let spec = match (options.scene, options.scene.fall()) {
        (_, Some(kind)) => SimulatorSpec::fall_trial(kind, options.seed, &scene),
        (SceneKind::Demo, _) => SimulatorSpec { seed: options.seed, ..SimulatorSpec::demo() },
        (SceneKind::Living, _) => SimulatorSpec::daily_living(options.seed, secs.unwrap_or(120.0) / 3_600.0, &scene),
        _ => SimulatorSpec::random(options.seed, &scene),
    };
    // A fixed start, so that the same seed gives the same bytes; the container knows no time before 1970.
    SimulatorSpec { start: Some(Timestamp::from_secs_f64(86_400.0)), ..spec }
}
