//! `evaluate presence`: whether movement is told from quiet on every chip with one setting.

use std::path::PathBuf;

use serde::Serialize;

use super::super::out;
use crate::analytics::clean::clean;
use crate::analytics::evaluation::metrics::Counts;
use crate::analytics::presence::{self, MotionWindow, QuietBaseline};
use crate::capture::labelled::espectre::{self, MOVEMENT, QUIET};

/// Tells movement from quiet, after a few quiet seconds of each link.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate presence ../shared/data/csi/espectre

The first seconds of each session's quiet clip are its calibration; the rest of that clip and the movement clip are the
test. The setting was made on the first session of each chip.")]
pub struct Options {
    /// The folder that holds baseline and movement.
    data: PathBuf,
    /// Seconds of quiet to calibrate on.
    #[arg(long, default_value_t = 5.0)]
    calibration_secs: f64,
    /// Calibrate on the chip's other session instead, and test on all of this one.
    #[arg(long)]
    other_session: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Outcome {
    chip: String,
    clip: String,
    development: bool,
    threshold: f64,
    true_positive: usize,
    false_positive: usize,
    true_negative: usize,
    false_negative: usize,
    f1: Option<f64>,
}

/// A quiet clip and the movement clip that follows it.
struct Pair {
    chip: String,
    name: String,
    quiet: Vec<MotionWindow>,
    movement: Vec<MotionWindow>,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let clips = espectre::read(&options.data)?;
    let windows = |series| clean(series).map(|clean| presence::windows(&clean)).unwrap_or_default();
    // Clips of a chip are in order of time, so the n-th quiet one belongs to the n-th with movement.
    let mut quiet: Vec<_> = clips.iter().filter(|clip| clip.label.class == QUIET).collect();
    let mut movement: Vec<_> = clips.iter().filter(|clip| clip.label.class == MOVEMENT).collect();
    let key = |clip: &&crate::capture::labelled::LabelledSeries| {
        (clip.label.device.clone(), clip.label.session.clone(), clip.label.room.clone())
    };
    quiet.sort_by_key(key);
    movement.sort_by_key(key);
    anyhow::ensure!(
        quiet.len() == movement.len(),
        "each quiet clip needs a movement clip — the folders hold {} and {}",
        quiet.len(),
        movement.len()
    );
    let pairs: Vec<Pair> = quiet
        .iter()
        .zip(&movement)
        .map(|(q, m)| Pair {
            chip: q.label.device.clone(),
            name: q.label.name.clone(),
            quiet: windows(&q.series),
            movement: windows(&m.series),
        })
        .collect();
    let mut outcomes = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let development = pairs.iter().take(at).all(|other| other.chip != pair.chip);
        let source = if options.other_session {
            pairs.iter().enumerate().find(|(other, p)| *other != at && p.chip == pair.chip).map(|(_, p)| p)
        } else {
            Some(pair)
        };
        let Some(source) = source else { continue };
        let (calibration, rest): (Vec<MotionWindow>, Vec<MotionWindow>) = if options.other_session {
            (source.quiet.clone(), pair.quiet.clone())
        } else {
            // A window that straddles the end of the calibration belongs to neither.
            let begins = |w: &MotionWindow| w.start as f64 / crate::analytics::clean::RATE_HZ;
            let before = pair.quiet.iter().filter(|w| presence::end_secs(w) <= options.calibration_secs).copied();
            let after = pair.quiet.iter().filter(|w| begins(w) >= options.calibration_secs).copied();
            (before.collect(), after.collect())
        };
        let baseline = QuietBaseline::learn(&calibration).ok_or_else(|| {
            anyhow::anyhow!("too little quiet to calibrate on — give --calibration-secs 5 or more: {}", pair.name)
        })?;
        let mut counts = Counts::default();
        presence::moving(&rest, &baseline).into_iter().for_each(|found| counts.add(found, false));
        presence::moving(&pair.movement, &baseline).into_iter().for_each(|found| counts.add(found, true));
        let Counts { true_positive, false_positive, true_negative, false_negative } = counts;
        outcomes.push(Outcome {
            chip: pair.chip.clone(),
            clip: pair.name.clone(),
            development,
            threshold: baseline.threshold(),
            true_positive,
            false_positive,
            true_negative,
            false_negative,
            f1: counts.f1(),
        });
    }
    if options.json {
        return out::line(serde_json::to_string_pretty(&outcomes)?);
    }
    print(&outcomes)
}

fn print(outcomes: &[Outcome]) -> anyhow::Result<()> {
    out::line(format_args!(
        "REPLAY\n{:<44}{:>10}{:>16}{:>14}{:>8}",
        "quiet clip", "threshold", "movement found", "quiet kept", "F1"
    ))?;
    for o in outcomes {
        let f1 = o.f1.map_or_else(|| "no data".to_owned(), |f1| format!("{f1:.3}"));
        out::line(format_args!(
            "{:<44}{:>10.2}{:>16}{:>14}{f1:>8}{}",
            o.clip,
            o.threshold,
            format!("{} of {}", o.true_positive, o.true_positive + o.false_negative),
            format!("{} of {}", o.true_negative, o.true_negative + o.false_positive),
            if o.development { "  development" } else { "" }
        ))?;
    }
    let mut chips: Vec<&str> = outcomes.iter().map(|o| o.chip.as_str()).collect();
    chips.sort_unstable();
    chips.dedup();
    for (part, wanted) in [("all", None), ("sessions that nothing was set on", Some(false))] {
        let f1 = chips.iter().map(|chip| {
            let mut counts = Counts::default();
            for o in outcomes.iter().filter(|o| o.chip == *chip && wanted.is_none_or(|w| o.development == w)) {
                counts.true_positive += o.true_positive;
                counts.false_positive += o.false_positive;
                counts.true_negative += o.true_negative;
                counts.false_negative += o.false_negative;
            }
            format!("{chip} {}", counts.f1().map_or_else(|| "no data".to_owned(), |f1| format!("{f1:.3}")))
        });
        out::line(format_args!("F1, {part}: {}", f1.collect::<Vec<_>>().join(" · ")))?;
    }
    out::line("ESPectre's own claim on its pairs: F1 above 0.96")
}
