//! The protocol for falls: fits each method on the training part of each fold, scores the rest, and sets the three controls
//! beside it.
//!
//! Goes in: one [`Sheet`] and one [`Label`] per record. Comes out: a [`Row`] per split and method. Choices (the penalty,
//! the threshold) are made inside the training part only; nothing is chosen on a tested record.

use rand::SeedableRng as _;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom as _;
use serde::Serialize;

use super::super::burst::{self, MIN_CONTRAST_DB};
use super::super::clean::{Clean, RATE_HZ, clean, quantile};
use super::super::fall::features::features;
use super::super::learn::{Forest, ForestOptions, Kernel, KernelOptions, Logistic, Network, NetworkOptions};
use super::super::series::AmplitudeSeries;
use super::super::{masking, spectrogram};
use super::bootstrap::{Interval, interval};
use super::controls;
use super::metrics::{Judged, auroc, rates, sensitivity_at};
use super::split::{Fold, Label, Split, blocks, folds};
use super::verdict::{Verdict, verdict};

/// What is computed once of each record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    pub features: Vec<f64>,
    pub picture: Vec<f32>,
    pub picture_without_burst: Vec<f32>,
    pub quiet: Vec<f64>,
    pub timing: Vec<f64>,
    pub contrast_db: f64,
    pub masked: bool,
    /// Longest stretch without packets, and length of the record.
    pub longest_gap_secs: f64,
    pub secs: f64,
}

/// Records are looked at for this long; a longer one is cut around nothing and must be cut by its labels.
pub const MAX_SECS: f64 = 10.0;

/// Computes a record's sheet; `None` where it is too short to judge (under 3.8 s) or holds no channel.
pub fn sheet(series: &AmplitudeSeries) -> Option<Sheet> {
    let clean = clean(&series.between(0.0, MAX_SECS))?;
    sheet_of(&clean)
}

/// The same from amplitudes that are clean already.
pub fn sheet_of(clean: &Clean) -> Option<Sheet> {
    let burst = burst::find(clean)?;
    Some(Sheet {
        features: features(clean, &burst),
        picture: spectrogram::crop(clean)?,
        picture_without_burst: spectrogram::crop_without_burst(clean)?,
        quiet: controls::quiet(clean),
        timing: controls::timing(Some(&burst)),
        contrast_db: burst.contrast_db,
        masked: masking::judge(clean).is_some_and(|masking| masking.masked),
        longest_gap_secs: clean.longest_gap_secs(0..clean.len()),
        secs: clean.len() as f64 / RATE_HZ,
    })
}

/// What scores the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Logistic regression on the features of the burst.
    Logistic,
    /// Kernel ridge regression on the picture of the burst.
    Kernel,
    /// The mean of several networks on the picture of the burst.
    Network,
    /// Control: packets and the quietest 1.5 s, no movement.
    NoMovement,
    /// Control: the kernel on the picture with the burst cut out.
    BurstCutOut,
    /// Control: the networks on the picture with the burst cut out.
    BurstCutOutNetwork,
    /// Control: begin, peak and end of the burst.
    TimingOnly,
}

impl Method {
    /// Controls first, because verdicts need them.
    const ORDER: [Self; 7] = [
        Self::NoMovement,
        Self::BurstCutOut,
        Self::BurstCutOutNetwork,
        Self::TimingOnly,
        Self::Logistic,
        Self::Kernel,
        Self::Network,
    ];

    pub fn is_control(self) -> bool {
        matches!(self, Self::NoMovement | Self::BurstCutOut | Self::BurstCutOutNetwork | Self::TimingOnly)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Logistic => "features, logistic regression",
            Self::Kernel => "burst picture, kernel",
            Self::Network => "burst picture, networks",
            Self::NoMovement => "control: no movement",
            Self::BurstCutOut => "control: burst cut out",
            Self::BurstCutOutNetwork => "control: burst cut out, networks",
            Self::TimingOnly => "control: timing only",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Whether masked records are left out of both parts, as the detector leaves them out.
    pub gates: bool,
    /// Networks whose probabilities are averaged; none leaves that method out.
    pub n_networks: usize,
    pub n_epochs: usize,
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { gates: true, n_networks: 0, n_epochs: NetworkOptions::default().n_epochs, seed: 0 }
    }
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    pub split: Split,
    pub method: Method,
    pub n_positive: usize,
    pub n_negative: usize,
    /// Means over the folds.
    pub auroc: Interval,
    pub sensitivity_at_95: Interval,
    /// Sensitivity and specificity at the threshold from inside the training part; only where that is cheap.
    pub own_threshold: Option<(f64, f64)>,
    /// Sensitivity, specificity and false alarms an hour at the threshold from 20 other records of the tested place.
    pub place_threshold: Option<(f64, f64, f64)>,
    /// AUROC of each fold.
    pub folds: Vec<(String, f64)>,
    /// `None` for controls. Supported only where no fold does worse than one of its controls.
    pub verdict: Option<Verdict>,
}

/// Negatives from which a place's threshold is set, and how often they are drawn.
const N_PLACE_NEGATIVES: usize = 20;
const N_DRAWS: usize = 20;

/// A scored record.
struct Scored {
    fold: usize,
    record: usize,
    score: f64,
    positive: bool,
}

/// Runs all methods on one split; an error says why the split cannot be made. `progress` is told each step and answers
/// whether to go on.
pub fn run(
    sheets: &[Sheet],
    labels: &[Label],
    positive: &str,
    split: Split,
    options: &Options,
    progress: &mut dyn FnMut(&str) -> bool,
) -> Result<Vec<Row>, String> {
    let kept: Vec<usize> = (0..sheets.len().min(labels.len()))
        .filter(|at| !options.gates || sheets.get(*at).is_some_and(|sheet| !sheet.masked))
        .collect();
    let sheets: Vec<&Sheet> = kept.iter().filter_map(|at| sheets.get(*at)).collect();
    let labels: Vec<Label> = kept.iter().filter_map(|at| labels.get(*at)).cloned().collect();
    let folds = folds(&labels, positive, split, options.seed)?;
    let task = Task { sheets: &sheets, labels: &labels, positive, options };
    let mut rows: Vec<Row> = Vec::new();
    let without_networks = |method: &Method| !matches!(method, Method::Network | Method::BurstCutOutNetwork);
    for method in Method::ORDER.into_iter().filter(|method| options.n_networks > 0 || without_networks(method)) {
        let (mut scored, mut own) = (Vec::new(), Vec::new());
        for (number, fold) in folds.iter().enumerate() {
            if !progress(&format!("{} · {} · {}", split.label(), method.label(), fold.name)) {
                return Err("interrupted".to_owned());
            }
            let (scores, threshold) = task.scores(method, fold);
            let cases: Vec<Scored> = fold
                .test
                .iter()
                .zip(scores)
                .map(|(record, score)| Scored {
                    fold: number,
                    record: *record,
                    score,
                    positive: task.is_positive(*record),
                })
                .collect();
            own.extend(threshold.map(|threshold| rates(&judged(cases.iter()), threshold)));
            scored.extend(cases);
        }
        let controls: Vec<Row> = rows.iter().filter(|row| row.method.is_control()).cloned().collect();
        rows.extend(task.row(split, method, &folds, &scored, &own, &controls));
    }
    Ok(rows)
}

fn judged<'a>(cases: impl Iterator<Item = &'a Scored>) -> Vec<Judged> {
    cases.map(|case| (case.score, case.positive)).collect()
}

struct Task<'a> {
    sheets: &'a [&'a Sheet],
    labels: &'a [Label],
    positive: &'a str,
    options: &'a Options,
}

impl Task<'_> {
    fn is_positive(&self, at: usize) -> bool {
        self.labels.get(at).is_some_and(|label| label.class == self.positive)
    }

    fn table(&self, part: &[usize], columns: fn(&Sheet) -> &[f64]) -> Vec<Vec<f64>> {
        part.iter().filter_map(|at| self.sheets.get(*at)).map(|sheet| columns(sheet).to_vec()).collect()
    }

    fn truths(&self, part: &[usize]) -> Vec<bool> {
        part.iter().map(|at| self.is_positive(*at)).collect()
    }

    /// Scores of the tested records, and the threshold where the method has one of its own.
    fn scores(&self, method: Method, fold: &Fold) -> (Vec<f64>, Option<f64>) {
        match method {
            Method::Logistic => self.logistic(fold),
            Method::Network => (self.networks(fold, |sheet| &sheet.picture), None),
            Method::BurstCutOutNetwork => (self.networks(fold, |sheet| &sheet.picture_without_burst), None),
            Method::Kernel => (self.kernel(fold, |sheet| &sheet.picture), None),
            Method::BurstCutOut => (self.kernel(fold, |sheet| &sheet.picture_without_burst), None),
            Method::NoMovement => (self.forest(fold, |sheet| &sheet.quiet), None),
            Method::TimingOnly => (self.forest(fold, |sheet| &sheet.timing), None),
        }
    }

    fn forest(&self, fold: &Fold, columns: fn(&Sheet) -> &[f64]) -> Vec<f64> {
        let classes: Vec<usize> = fold.train.iter().map(|at| usize::from(self.is_positive(*at))).collect();
        let options = ForestOptions { seed: self.options.seed, ..ForestOptions::default() };
        let forest = Forest::fit(&self.table(&fold.train, columns), &classes, 2, &options);
        let score = |row: &Vec<f64>| forest.probabilities(row).last().copied().unwrap_or(0.0);
        self.table(&fold.test, columns).iter().map(score).collect()
    }

    /// Pictures, classes and the class to find: all classes are learned, because what has to tell sitting from walking looks
    /// at movement.
    fn pictures(&self, part: &[usize], picture: fn(&Sheet) -> &[f32]) -> (Vec<&[f32]>, Vec<usize>, Vec<&str>) {
        let class = |at: &usize| self.labels.get(*at).map_or("", |label| label.class.as_str());
        let mut names: Vec<&str> = part.iter().map(class).collect();
        names.sort_unstable();
        names.dedup();
        let number = |at: &usize| names.iter().position(|name| *name == class(at)).unwrap_or(0);
        let numbers = part.iter().map(number).collect();
        (part.iter().filter_map(|at| self.sheets.get(*at)).map(|sheet| picture(sheet)).collect(), numbers, names)
    }

    /// The kernel's width comes from blocks of records left out inside the training part.
    fn kernel(&self, fold: &Fold, picture: fn(&Sheet) -> &[f32]) -> Vec<f64> {
        const NARROWNESS: [f64; 3] = [1.0, 2.0, 4.0];
        const N_BLOCKS: usize = 4;
        let block = blocks(self.labels, &fold.train, N_BLOCKS);
        let mut best: Option<(f64, KernelOptions)> = None;
        for narrowness in NARROWNESS {
            let mut cases = Vec::new();
            for left_out in 0..N_BLOCKS {
                let select = |inside: bool| -> Vec<usize> {
                    let places = fold.train.iter().zip(&block).filter(|(_, block)| (**block == left_out) == inside);
                    places.map(|(at, _)| *at).collect()
                };
                // Shifts cost much and change little here.
                let options = KernelOptions { narrowness, max_shift: 0, ..KernelOptions::default() };
                let held = select(true);
                let scores = self.kernel_scores(&select(false), &held, picture, &options);
                cases.extend(scores.into_iter().zip(self.truths(&held)));
            }
            let area = auroc(&cases).unwrap_or(0.0);
            if best.as_ref().is_none_or(|(known, _)| area > *known) {
                best = Some((area, KernelOptions { narrowness, ..KernelOptions::default() }));
            }
        }
        let options = best.map(|(_, options)| options).unwrap_or_default();
        self.kernel_scores(&fold.train, &fold.test, picture, &options)
    }

    fn kernel_scores(
        &self,
        train: &[usize],
        test: &[usize],
        picture: fn(&Sheet) -> &[f32],
        options: &KernelOptions,
    ) -> Vec<f64> {
        let (pictures, classes, names) = self.pictures(train, picture);
        let wanted = names.iter().position(|name| *name == self.positive).unwrap_or(0);
        let model = Kernel::fit(&pictures, &classes, names.len(), options);
        let score = |at: &usize| {
            let scores = model.as_ref().zip(self.sheets.get(*at)).map(|(model, sheet)| model.scores(picture(sheet)));
            scores.and_then(|scores| scores.get(wanted).copied()).unwrap_or(0.0)
        };
        test.iter().map(score).collect()
    }

    fn networks(&self, fold: &Fold, picture: fn(&Sheet) -> &[f32]) -> Vec<f64> {
        let (pictures, classes, names) = self.pictures(&fold.train, picture);
        let wanted = names.iter().position(|name| *name == self.positive).unwrap_or(0);
        let mut scores = vec![0.0; fold.test.len()];
        for member in 0..self.options.n_networks {
            let options = NetworkOptions {
                n_epochs: self.options.n_epochs,
                seed: self.options.seed + member as u64,
                ..NetworkOptions::default()
            };
            let Some(network) = Network::fit(&pictures, &classes, names.len(), &options) else { continue };
            for (score, at) in scores.iter_mut().zip(&fold.test) {
                let shares =
                    self.sheets.get(*at).map(|sheet| network.probabilities(picture(sheet))).unwrap_or_default();
                *score += f64::from(shares.get(wanted).copied().unwrap_or(0.0)) / self.options.n_networks as f64;
            }
        }
        scores
    }

    /// Penalty and threshold come from scores of people left out inside the training part, or of blocks where it holds one.
    fn logistic(&self, fold: &Fold) -> (Vec<f64>, Option<f64>) {
        const PENALTIES: [f64; 3] = [0.003, 0.03, 0.3];
        let train = self.table(&fold.train, |sheet| &sheet.features);
        let truths = self.truths(&fold.train);
        let groups = self.inner_groups(&fold.train);
        let mut best: Option<(f64, f64, f64)> = None;
        for c in PENALTIES {
            let (mut inner, mut areas) = (Vec::new(), Vec::new());
            let mut names = groups.clone();
            names.sort_unstable();
            names.dedup();
            for group in names {
                let select = |inside: bool| -> Vec<usize> {
                    (0..train.len()).filter(|at| (groups.get(*at) == Some(&group)) == inside).collect()
                };
                let rows = |part: &[usize]| -> Vec<Vec<f64>> { part.iter().map(|at| train[*at].clone()).collect() };
                let (outer, held) = (select(false), select(true));
                let outer_truths: Vec<bool> = outer.iter().map(|at| truths[*at]).collect();
                let Some(model) = Logistic::fit(&rows(&outer), &outer_truths, c) else { continue };
                let cases: Vec<Judged> = held.iter().map(|at| (model.score(&train[*at]), truths[*at])).collect();
                areas.extend(auroc(&cases));
                inner.extend(cases);
            }
            let area = areas.iter().sum::<f64>() / areas.len().max(1) as f64;
            let negatives = inner.iter().filter(|case| !case.1).map(|case| case.0).collect();
            if let Some(threshold) = quantile(negatives, 0.95)
                && best.is_none_or(|(known, _, _)| area > known)
            {
                best = Some((area, c, threshold));
            }
        }
        let c = best.map_or(PENALTIES[1], |(_, c, _)| c);
        let model = Logistic::fit(&train, &truths, c);
        let test = self.table(&fold.test, |sheet| &sheet.features);
        let scores = test.iter().map(|row| model.as_ref().map_or(0.0, |model| model.score(row))).collect();
        (scores, best.map(|(_, _, threshold)| threshold))
    }

    fn inner_groups(&self, part: &[usize]) -> Vec<usize> {
        let person = |at: &usize| self.labels.get(*at).map_or("", |label| label.person.as_str());
        let mut people: Vec<&str> = part.iter().map(person).collect();
        people.sort_unstable();
        people.dedup();
        if people.len() < 2 {
            return blocks(self.labels, part, 4);
        }
        part.iter().map(|at| people.iter().position(|name| *name == person(at)).unwrap_or(0)).collect()
    }

    fn row(
        &self,
        split: Split,
        method: Method,
        folds: &[Fold],
        scored: &[Scored],
        own: &[(Option<f64>, Option<f64>)],
        controls: &[Row],
    ) -> Option<Row> {
        let mut kinds: Vec<(&str, &str)> = Vec::new();
        let strata: Vec<usize> = scored
            .iter()
            .map(|case| {
                let kind = self.labels.get(case.record).map_or(("", ""), |l| (l.person.as_str(), l.class.as_str()));
                kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
                    kinds.push(kind);
                    kinds.len() - 1
                })
            })
            .collect();
        // Random parts are one test together; other folds are tests of their own, whose figures are averaged.
        let of_folds = |drawn: &[usize], figure: fn(&[Judged]) -> Option<f64>| -> Option<f64> {
            let cases = |fold: Option<usize>| {
                judged(drawn.iter().filter_map(|at| scored.get(*at)).filter(|case| fold.is_none_or(|f| case.fold == f)))
            };
            if split == Split::Random {
                return figure(&cases(None));
            }
            let figures: Vec<f64> = (0..folds.len()).filter_map(|fold| figure(&cases(Some(fold)))).collect();
            (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
        };
        let seed = self.options.seed;
        let area = interval(&strata, seed, |drawn| of_folds(drawn, auroc))?;
        let at_95 = interval(&strata, seed, |drawn| of_folds(drawn, |cases| sensitivity_at(cases, 0.95)))?;
        let by_fold = folds.iter().enumerate().filter_map(|(number, fold)| {
            Some((fold.name.clone(), auroc(&judged(scored.iter().filter(|case| case.fold == number)))?))
        });
        let by_fold: Vec<(String, f64)> = by_fold.collect();
        let is_score = !method.is_control();
        let areas: Vec<Interval> = controls.iter().map(|row| row.auroc).collect();
        // A mean must not hide somebody, or some room, for whom a control does better.
        let is_best = |(name, area): &(String, f64)| {
            let mut same = controls.iter().flat_map(|row| &row.folds).filter(|(other, _)| other == name);
            same.all(|(_, control)| area > control)
        };
        let verdict = match verdict(&area, &areas) {
            Verdict::Supported if by_fold.iter().all(is_best) => Verdict::Supported,
            _ => Verdict::NoEvidence,
        };
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Some(Row {
            split,
            method,
            n_positive: scored.iter().filter(|case| case.positive).count(),
            n_negative: scored.iter().filter(|case| !case.positive).count(),
            auroc: area,
            sensitivity_at_95: at_95,
            own_threshold: (!own.is_empty()).then(|| {
                (mean(own.iter().filter_map(|r| r.0).collect()), mean(own.iter().filter_map(|r| r.1).collect()))
            }),
            place_threshold: if is_score && split != Split::Random { self.at_place(folds, scored) } else { None },
            folds: by_fold,
            verdict: is_score.then_some(verdict),
        })
    }

    /// With the threshold set where the detector is to work: just above the second highest of 20 negatives from there, drawn
    /// evenly from its classes; the rest is tested. Means over draws and folds.
    fn at_place(&self, folds: &[Fold], scored: &[Scored]) -> Option<(f64, f64, f64)> {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(self.options.seed);
        let (mut sensitivities, mut specificities, mut alarms_per_hour) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..folds.len() {
            let cases: Vec<&Scored> = scored.iter().filter(|case| case.fold == number).collect();
            for _ in 0..N_DRAWS {
                let drawn = self.draw_evenly(&cases, &mut dice);
                let mut scores: Vec<f64> = drawn.iter().map(|at| cases[*at].score).collect();
                scores.sort_by(|a, b| b.total_cmp(a));
                let threshold = *scores.get(1)?;
                let rest = || cases.iter().enumerate().filter(|(at, _)| !drawn.contains(at)).map(|(_, case)| *case);
                // Where the threshold uses all others up, nothing is left to test it on.
                let (Some(sensitivity), Some(specificity)) = rates(&judged(rest()), threshold) else { return None };
                let n_alarms = rest().filter(|case| !case.positive && case.score > threshold).count();
                let secs: f64 = rest()
                    .filter(|case| !case.positive)
                    .filter_map(|c| self.sheets.get(c.record))
                    .map(|s| s.secs)
                    .sum();
                sensitivities.push(sensitivity);
                specificities.push(specificity);
                alarms_per_hour.push(n_alarms as f64 * 3600.0 / secs.max(1.0));
            }
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        (!sensitivities.is_empty()).then(|| (mean(&sensitivities), mean(&specificities), mean(&alarms_per_hour)))
    }

    /// Places among the cases of about 20 negatives, as many of each class.
    fn draw_evenly(&self, cases: &[&Scored], dice: &mut Xoshiro256PlusPlus) -> Vec<usize> {
        let class = |case: &Scored| self.labels.get(case.record).map_or("", |label| label.class.as_str());
        let mut classes: Vec<&str> = cases.iter().filter(|case| !case.positive).map(|case| class(case)).collect();
        classes.sort_unstable();
        classes.dedup();
        let each = N_PLACE_NEGATIVES.div_ceil(classes.len().max(1));
        let mut drawn = Vec::new();
        for name in classes {
            let mut members: Vec<usize> = (0..cases.len()).filter(|at| class(cases[*at]) == name).collect();
            members.shuffle(dice);
            drawn.extend(members.into_iter().take(each));
        }
        drawn
    }
}

/// Whether a record holds an event at all.
pub fn is_event(sheet: &Sheet) -> bool {
    sheet.contrast_db >= MIN_CONTRAST_DB
}
