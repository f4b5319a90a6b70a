//! How well activities are named ten and twenty minutes after what was learned from (GEOTEC: learns D1, tests D2 and D3).

use std::path::PathBuf;

use serde::Serialize;

use super::{Cell, Error, GoOn, Plot, Report, Row, RowKind, Table, name_of};
use crate::analytics::activity::{ActivityModel, Contexts, STEP_SECS, Sequence, WINDOW_SECS, steps};
use crate::analytics::clean::clean;
use crate::analytics::evaluation::bootstrap::{Interval, interval};
use crate::analytics::evaluation::metrics::Confusion;
use crate::analytics::evaluation::verdict::verdict;
use crate::capture::labelled::geotec::{LabelledRun, read_part};
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The folder that holds D1, D2 and D3.
    pub data: PathBuf,
    /// Of the trees.
    pub seed: u64,
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

/// One part with one set of classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    pub classes: usize,
    pub part: &'static str,
    pub n_steps: usize,
    pub each_step: f64,
    pub with_order: f64,
    pub with_order_macro_f1: f64,
    pub place_in_the_run: f64,
    pub contexts: &'static str,
    /// The same shares with intervals over runs.
    #[serde(skip)]
    intervals: [Option<Interval>; 3],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub parts: Vec<Part>,
    n_learned: usize,
    title: String,
    interrupted: bool,
}

pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Outcome, Error> {
    go_on(None, "reading runs");
    let part = |name: &str| read_part(&settings.data.join(name));
    let train = part("D1")?;
    let tests = [("D2", part("D2")?), ("D3", part("D3")?)];
    let mut outcome = Outcome {
        parts: Vec::new(),
        n_learned: train.len(),
        title: format!("activities named · {}", name_of(&settings.data)),
        interrupted: false,
    };
    'all: for (number, classes) in [Classes::Activities, Classes::ActivitiesAndEnds].into_iter().enumerate() {
        let share = |within: f32| Some(0.5 * (number as f32 + within));
        let mut names: Vec<String> =
            train.iter().flat_map(|run| &run.labels).map(|label| classes.name(label)).collect();
        names.sort();
        names.dedup();
        let read = |runs: &[LabelledRun], contexts| -> Vec<Sequence> {
            runs.iter().filter_map(|run| sequence(run, contexts, classes, &names)).collect()
        };
        let words = format!("{} classes: choosing widths of time", names.len());
        let mut next = |done: f32| go_on(share(0.8 * done), &words);
        let Some(contexts) = choose(|contexts| read(&train, contexts), names.len(), settings.seed, &mut next) else {
            outcome.interrupted = true;
            break 'all;
        };
        let learned = read(&train, contexts);
        let model = ActivityModel::fit(&learned, names.len(), contexts, settings.seed);
        for (part, runs) in &tests {
            if !go_on(share(0.9), part) {
                outcome.interrupted = true;
                break 'all;
            }
            outcome.parts.push(tested(part, &read(runs, contexts), &model, &learned, contexts, names.len()));
        }
    }
    if outcome.parts.is_empty() { Err(Error::Cancelled) } else { Ok(outcome) }
}

fn tested(
    part: &'static str,
    runs: &[Sequence],
    model: &ActivityModel,
    learned: &[Sequence],
    contexts: Contexts,
    n_classes: usize,
) -> Part {
    // Of each run its answers, so that intervals redraw runs: steps of one run are not independent.
    let answers: Vec<[Vec<usize>; 3]> = runs
        .iter()
        .map(|run| {
            let place = by_place(learned, run.classes.len(), n_classes);
            [model.each(&run.features), model.course(&run.features), place]
        })
        .collect();
    let confusion = |kind: usize, drawn: &mut dyn Iterator<Item = usize>| {
        let mut confusion = Confusion::new(n_classes);
        for (run, answers) in drawn.filter_map(|at| runs.get(at).zip(answers.get(at)?.get(kind))) {
            add(&mut confusion, run, answers);
        }
        confusion
    };
    let strata = vec![0; runs.len()];
    let intervals =
        [0, 1, 2].map(|kind| interval(&strata, 0, |drawn| confusion(kind, &mut drawn.iter().copied()).accuracy()));
    let accuracy = |kind: usize| confusion(kind, &mut (0..runs.len())).accuracy().unwrap_or(0.0);
    Part {
        classes: n_classes,
        part,
        n_steps: runs.iter().map(|run| run.classes.len()).sum(),
        each_step: accuracy(0),
        with_order: accuracy(1),
        with_order_macro_f1: confusion(1, &mut (0..runs.len())).macro_f1().unwrap_or(0.0),
        place_in_the_run: accuracy(2),
        contexts: contexts.label(),
        intervals,
    }
}

impl Outcome {
    pub fn report(&self) -> Report {
        let mut remarks = vec![
            "Every run follows one script, so the control says how far a clock alone goes; one person, one room"
                .to_owned(),
            "Intervals redraw runs and say nothing of other people and rooms".to_owned(),
        ];
        if self.interrupted {
            remarks.push("Stopped early: what had been measured by then".to_owned());
        }
        Report {
            title: self.title.clone(),
            provenance: Provenance::Replay,
            facts: vec![format!(
                "Learned from D1 ({} runs), tested ten minutes (D2) and twenty minutes (D3) later; widths of time chosen inside D1",
                self.n_learned
            )],
            tables: self.parts.iter().map(table).collect(),
            remarks,
        }
    }
}

fn table(part: &Part) -> Table {
    let cell = |kind: usize| match part.intervals.get(kind) {
        Some(Some(interval)) => Cell::percent_interval(interval),
        _ => Cell::none(),
    };
    let [each, order, place] = &part.intervals;
    let controls: Vec<Interval> = place.iter().copied().collect();
    let judged = |score: &Option<Interval>| score.as_ref().map(|score| verdict(score, &controls));
    let row = |name: &str, kind, number: usize, macro_f1: Option<f64>, verdict| Row {
        name: name.to_owned(),
        kind,
        cells: vec![cell(number), macro_f1.map_or_else(|| Cell::text(""), |f1| Cell::number(f1, 3))],
        verdict,
        ..Row::default()
    };
    let study = match (part.classes, part.part) {
        (..=9, "D2") => Some("study: random forest on each step 72.7 %"),
        (..=9, "D3") => Some("study: random forest on each step 56.9 %"),
        _ => None,
    };
    Table {
        title: format!(
            "{} · {} classes · {} steps · looks at {}",
            part.part, part.classes, part.n_steps, part.contexts
        ),
        columns: ["right steps", "macro F1"].map(str::to_owned).to_vec(),
        rows: vec![
            row("control: place in the run", RowKind::Control, 2, None, None),
            row("each step by itself", RowKind::Score, 0, None, judged(each)),
            row("with the order of steps", RowKind::Score, 1, Some(part.with_order_macro_f1), judged(order)),
        ],
        plot: Some(Plot { column: 0, low: 0.0, high: 1.0, chance: Some(1.0 / part.classes.max(1) as f64) }),
        notes: study.map(str::to_owned).into_iter().collect(),
    }
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

/// Widths of time by accuracy on runs left out, four groups of them; `None` when told to stop.
fn choose(
    read: impl Fn(Contexts) -> Vec<Sequence>,
    n_classes: usize,
    seed: u64,
    go_on: &mut dyn FnMut(f32) -> bool,
) -> Option<Contexts> {
    const N_GROUPS: usize = 4;
    let n = (Contexts::ALL.len() * N_GROUPS) as f32;
    let mut best = (Contexts::Short, f64::MIN);
    for (number, contexts) in Contexts::ALL.into_iter().enumerate() {
        let runs = read(contexts);
        let mut confusion = Confusion::new(n_classes);
        for group in 0..N_GROUPS {
            if !go_on((number * N_GROUPS + group) as f32 / n) {
                return None;
            }
            let select = |inside: bool| -> Vec<Sequence> {
                let chosen = runs.iter().enumerate().filter(|(at, _)| (at % N_GROUPS == group) == inside);
                chosen.map(|(_, run)| run.clone()).collect()
            };
            let (held, rest) = (select(true), select(false));
            let model = ActivityModel::fit(&rest, n_classes, contexts, seed);
            held.iter().for_each(|run| add(&mut confusion, run, &model.course(&run.features)));
        }
        let accuracy = confusion.accuracy().unwrap_or(0.0);
        if accuracy > best.1 {
            best = (contexts, accuracy);
        }
    }
    Some(best.0)
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
