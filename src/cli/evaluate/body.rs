//! `evaluate body`: fits synthetic photos whose truth is known, and prints how far off the bodies are.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{out, progress};
use super::conduct::{Seeds, Stopwatch, interrupt_flag};
use super::table::{self, Outcome, Run};
use crate::body::fit::{self, Convergence, FitError, FitOptions, ShapePrior};
use crate::body::synthetic::{self, Condition, Framing};
use crate::engine::studio::{BodyModel, SharedModel};

/// Fits synthetic photos of known bodies and prints the errors (SIMULATED).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal evaluate body
  corporeal evaluate body --views 1,2,4 --seeds 1000..1200
  corporeal evaluate body --condition height-unknown,clothed --json > scores.json

Seeds 1000 to 1049 were looked at while the fitter was built; for a figure to quote take others.")]
pub struct Options {
    /// Photos per body: front, then right side, back, left side.
    #[arg(long, value_delimiter = ',', default_value = "1,2", value_parser = clap::value_parser!(u8).range(1..=4))]
    views: Vec<u8>,
    /// Which bodies: the first seed and the one after the last.
    #[arg(long, default_value = "1000..1050")]
    seeds: Seeds,
    /// What the photos are like.
    #[arg(long, value_delimiter = ',', default_value = "reference")]
    condition: Vec<Track>,
    /// What the fitter takes bodies to be: the synthetic ones are not drawn from a population.
    #[arg(long, default_value = "uniform")]
    prior: Prior,
    /// Print one JSON list with every case.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Prior {
    /// Every phenotype about equally likely.
    Uniform,
    /// The distributions that ship with Anny, as fits of photos take them.
    Population,
}

/// A named condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Track {
    /// Adults, nearly naked outlines, height known to 1 cm, lens known to 2 %.
    Reference,
    /// Nobody says the height.
    HeightUnknown,
    /// Landmarks and outline without any error.
    NoiseNone,
    /// Half the errors of landmarks and outline; the fitter is not told.
    NoiseHalf,
    /// Twice the errors of landmarks and outline; the fitter is not told.
    NoiseDouble,
    /// Outline of the trunk 10 to 30 pixels too wide.
    Clothed,
    /// Age 0 to 0.4 of the model: babies to teenagers.
    Children,
    /// Lens off by up to 15 %.
    LooseFocal,
    /// The picture ends at the ankles.
    FeetMissing,
    /// Grown-ups out of the population, and nobody says the height. For `--prior population`.
    Population,
    /// The same, and the picture ends below the hips.
    HalfBody,
    /// The weight is told beside the height, with an error of 2.5 %.
    WeightKnown,
    /// The sex is told beside the height.
    SexKnown,
    /// The age is told beside the height.
    AgeKnown,
    /// Height, weight, sex and age are told.
    AllKnown,
}

impl Track {
    fn condition(self, n_views: usize) -> Condition {
        let reference = Condition { n_views, ..Condition::default() };
        let usual = Condition { population: true, age: (0.67, 0.95), height_known: false, ..reference.clone() };
        match self {
            Self::Reference => reference,
            Self::HeightUnknown => Condition { height_known: false, ..reference },
            Self::NoiseNone => Condition { noise: 0.0, ..reference },
            Self::NoiseHalf => Condition { noise: 0.5, ..reference },
            Self::NoiseDouble => Condition { noise: 2.0, ..reference },
            Self::Clothed => Condition { clothed: true, ..reference },
            Self::Children => Condition { age: (0.0, 0.4), ..reference },
            Self::LooseFocal => Condition { loose_focal: true, ..reference },
            Self::FeetMissing => Condition { framing: Framing::FeetMissing, ..reference },
            Self::Population => usual,
            Self::HalfBody => Condition { framing: Framing::HalfBody, ..usual },
            Self::WeightKnown => Condition { states_weight: true, ..reference },
            Self::SexKnown => Condition { states_sex: true, ..reference },
            Self::AgeKnown => Condition { states_age: true, ..reference },
            Self::AllKnown => Condition { states_weight: true, states_sex: true, states_age: true, ..reference },
        }
    }

    fn label(self) -> String {
        use clap::ValueEnum as _;
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let interrupted = interrupt_flag()?;
    let model = SharedModel::default().get().map_err(anyhow::Error::msg)?;
    if !options.json {
        out::line(table::HEADING)?;
    }
    let mut reports = Vec::new();
    for track in &options.condition {
        for &n_views in &options.views {
            if interrupted.load(Ordering::Relaxed) {
                break;
            }
            let run = run_track(&model, *track, usize::from(n_views), options, &interrupted);
            if options.json {
                reports.push(table::json(&run));
            } else {
                out::line(table::text(&run))?;
            }
        }
    }
    if options.json {
        out::line(serde_json::to_string_pretty(&reports)?)?;
    }
    Ok(())
}

fn run_track(model: &BodyModel, track: Track, n_views: usize, options: &Options, interrupted: &AtomicBool) -> Run {
    let condition = track.condition(n_views);
    let prior = match options.prior {
        Prior::Uniform => ShapePrior::Uniform,
        Prior::Population => ShapePrior::Population,
    };
    let fit_options = FitOptions { prior, ..FitOptions::default() };
    let Seeds { first, end } = options.seeds;
    let mut run =
        Run { track: track.label(), n_views, seeds: (first, end), prior: options.prior_label(), outcomes: Vec::new() };
    // What only the first fit pays for is no part of a fit's time.
    model.anny.prepared();
    for seed in first..end {
        if interrupted.load(Ordering::Relaxed) {
            break;
        }
        let plural = if n_views == 1 { "" } else { "s" };
        progress::step(format_args!("{} · {n_views} view{plural} · seed {seed}", run.track));
        match outcome(model, seed, &condition, &fit_options, interrupted) {
            Ok(outcome) => run.outcomes.push(outcome),
            Err(FitError::Cancelled) => break,
            Err(error) => {
                eprintln!("· {error}");
                run.outcomes.push(Outcome::failed(seed, error.to_string()));
            }
        }
    }
    progress::clear();
    run
}

fn outcome(
    model: &BodyModel,
    seed: u64,
    condition: &Condition,
    options: &FitOptions,
    interrupted: &AtomicBool,
) -> Result<Outcome, FitError> {
    let case = synthetic::case(&model.anny, seed, condition);
    let watch = Stopwatch::start();
    let fit = fit::fit(&model.anny, &case.input, options, &mut |_| !interrupted.load(Ordering::Relaxed))?;
    let (wall_secs, cpu_secs) = watch.read();
    Ok(Outcome {
        seed,
        error: None,
        score: synthetic::score(&model.anny, &model.plan, &case, &fit),
        baseline: synthetic::mean_body(&model.anny, &model.plan, &case),
        converged: fit.convergence == Convergence::Converged,
        wall_secs,
        cpu_secs,
    })
}

impl Options {
    fn prior_label(&self) -> &'static str {
        match self.prior {
            Prior::Uniform => "uniform",
            Prior::Population => "population",
        }
    }
}
