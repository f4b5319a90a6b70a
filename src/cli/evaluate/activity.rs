//! `evaluate activity`: how well activities are named ten and twenty minutes after what was learned from.

use std::path::PathBuf;

use super::super::out;
use crate::analytics::activity::{ActivityModel, Contexts, STEP_SECS, Sequence, WINDOW_SECS, steps};
use crate::analytics::clean::clean;
use crate::analytics::evaluation::metrics::Confusion;
use crate::capture::labelled::geotec::{LabelledRun, read_part};

/// Names activities in the GEOTEC recordings: learns from D1, tests on D2 and D3.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate activity ../shared/data/csi/geotec

The widths of time that are looked at are chosen inside D1, by runs left out. Every run follows one script, so the control
`place in the run` says how far a clock alone would go.")]
pub struct Options {
    /// The folder that holds D1, D2 and D3.
    data: PathBuf,
    /// Seed of the trees.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Which labels are one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Classes {
    /// Five activities wherever they happen.
    Activities,
    /// Ten: activities at either end of the room.
    ActivitiesAndEnds,
}

impl Classes {
    fn name(self, label: &str) -> String {
        match self {
            Self::Activities => label.trim_end_matches("_TX").trim_end_matches("_RX").to_lowercase(),
            Self::ActivitiesAndEnds => label.to_lowercase(),
        }
    }
}

#[derive(Debug, serde::Serialize)]
struct Outcome {
    classes: usize,
    part: &'static str,
    n_steps: usize,
    each_step: f64,
    with_order: f64,
    with_order_macro_f1: f64,
    place_in_the_run: f64,
    contexts: &'static str,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let train = read_part(&options.data.join("D1"))?;
    let tests = [("D2", read_part(&options.data.join("D2"))?), ("D3", read_part(&options.data.join("D3"))?)];
    let mut outcomes = Vec::new();
    for classes in [Classes::Activities, Classes::ActivitiesAndEnds] {
        let mut names: Vec<String> =
            train.iter().flat_map(|run| &run.labels).map(|label| classes.name(label)).collect();
        names.sort();
        names.dedup();
        let read = |runs: &[LabelledRun], contexts| -> Vec<Sequence> {
            runs.iter().filter_map(|run| sequence(run, contexts, classes, &names)).collect()
        };
        let contexts = choose(|contexts| read(&train, contexts), names.len(), options.seed);
        let learned = read(&train, contexts);
        let model = ActivityModel::fit(&learned, names.len(), contexts, options.seed);
        for (part, runs) in &tests {
            let runs = read(runs, contexts);
            let mut each = Confusion::new(names.len());
            let mut course = Confusion::new(names.len());
            let mut place = Confusion::new(names.len());
            for run in &runs {
                add(&mut each, run, &model.each(&run.features));
                add(&mut course, run, &model.course(&run.features));
                add(&mut place, run, &by_place(&learned, run.classes.len(), names.len()));
            }
            outcomes.push(Outcome {
                classes: names.len(),
                part,
                n_steps: runs.iter().map(|run| run.classes.len()).sum(),
                each_step: each.accuracy().unwrap_or(0.0),
                with_order: course.accuracy().unwrap_or(0.0),
                with_order_macro_f1: course.macro_f1().unwrap_or(0.0),
                place_in_the_run: place.accuracy().unwrap_or(0.0),
                contexts: contexts.label(),
            });
        }
    }
    if options.json {
        return out::line(serde_json::to_string_pretty(&outcomes)?);
    }
    out::line(format_args!(
        "REPLAY · learned from D1 ({} runs)\n{:<28}{:>6}{:>12}{:>13}{:>10}{:>27}   looked at",
        train.len(),
        "",
        "steps",
        "each step",
        "with order",
        "macro F1",
        "control: place in the run"
    ))?;
    for o in &outcomes {
        out::line(format_args!(
            "{:<28}{:>6}{:>10.1} %{:>11.1} %{:>10.3}{:>25.1} %   {}",
            format!("{} · {} classes", o.part, o.classes),
            o.n_steps,
            100.0 * o.each_step,
            100.0 * o.with_order,
            o.with_order_macro_f1,
            100.0 * o.place_in_the_run,
            o.contexts
        ))?;
    }
    out::line("study: random forest on each step D2 72.7 %, D3 56.9 %")
}

/// Steps of a run with the class that most of the step's packets have.
fn sequence(run: &LabelledRun, contexts: Contexts, classes: Classes, names: &[String]) -> Option<Sequence> {
    let features = steps(&clean(&run.series)?, contexts);
    let class_at = |step: usize| {
        let start = step as f64 * STEP_SECS;
        let packets = run.series.times_secs.iter().zip(&run.labels);
        let mut counts = vec![0_usize; names.len()];
        for (_, label) in packets.filter(|(time, _)| (start..start + WINDOW_SECS).contains(*time)) {
            let class = names.iter().position(|name| *name == classes.name(label));
            class.and_then(|class| counts.get_mut(class)).into_iter().for_each(|count| *count += 1);
        }
        let best = counts.iter().copied().max().unwrap_or(0);
        counts.iter().position(|count| *count == best).unwrap_or(0)
    };
    let classes = (0..features.len()).map(class_at).collect();
    Some(Sequence { features, classes })
}

/// Widths of time by accuracy on runs left out, four groups of them.
fn choose(read: impl Fn(Contexts) -> Vec<Sequence>, n_classes: usize, seed: u64) -> Contexts {
    const N_GROUPS: usize = 4;
    let accuracy = |contexts: Contexts| {
        let runs = read(contexts);
        let mut confusion = Confusion::new(n_classes);
        for group in 0..N_GROUPS {
            let select = |inside: bool| -> Vec<Sequence> {
                let chosen = runs.iter().enumerate().filter(|(at, _)| (at % N_GROUPS == group) == inside);
                chosen.map(|(_, run)| run.clone()).collect()
            };
            let (held, rest) = (select(true), select(false));
            let model = ActivityModel::fit(&rest, n_classes, contexts, seed);
            held.iter().for_each(|run| add(&mut confusion, run, &model.course(&run.features)));
        }
        confusion.accuracy().unwrap_or(0.0)
    };
    let mut best = (Contexts::Short, f64::MIN);
    for contexts in Contexts::ALL {
        let accuracy = accuracy(contexts);
        if accuracy > best.1 {
            best = (contexts, accuracy);
        }
    }
    best.0
}

fn add(confusion: &mut Confusion, run: &Sequence, answers: &[usize]) {
    run.classes.iter().zip(answers).for_each(|(truth, answer)| confusion.add(*truth, *answer));
}

/// What each step of a run mostly was in the learned runs: a clock, no signal.
fn by_place(learned: &[Sequence], n_steps: usize, n_classes: usize) -> Vec<usize> {
    (0..n_steps)
        .map(|step| {
            let count = |class: usize| learned.iter().filter(|run| run.classes.get(step) == Some(&class)).count();
            let best = (0..n_classes).map(count).max().unwrap_or(0);
            (0..n_classes).position(|class| count(class) == best).unwrap_or(0)
        })
        .collect()
}
