//! What scores the records, and how each is fitted on the training part of a fold.

use serde::Serialize;

use super::super::super::fall::RoomModel;
use super::super::super::learn::{Forest, ForestOptions, Kernel, KernelOptions, Logistic, Network, NetworkOptions};
use super::super::super::order::quantile;
use super::super::metrics::{Judged, auroc};
use super::super::split::{Fold, blocks};
use super::{Sheet, Task};

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
    /// The model that comes with the program, fitted on simulated rooms: nothing of the records is learned.
    Shipped,
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
    pub(super) const ORDER: [Self; 8] = [
        Self::NoMovement,
        Self::BurstCutOut,
        Self::BurstCutOutNetwork,
        Self::TimingOnly,
        Self::Shipped,
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
            Self::Shipped => "shipped, fitted on simulated rooms",
            Self::NoMovement => "control: no movement",
            Self::BurstCutOut => "control: burst cut out",
            Self::BurstCutOutNetwork => "control: burst cut out, networks",
            Self::TimingOnly => "control: timing only",
        }
    }
}

impl Task<'_> {
    /// Scores of the tested records, and the threshold where the method has one of its own.
    pub(super) fn scores(&self, method: Method, fold: &Fold) -> (Vec<f64>, Option<f64>) {
        match method {
            Method::Logistic => self.logistic(fold),
            Method::Shipped => (self.shipped(fold), None),
            Method::Network => (self.networks(fold, |sheet| &sheet.picture), None),
            Method::BurstCutOutNetwork => (self.networks(fold, |sheet| &sheet.picture_without_burst), None),
            Method::Kernel => (self.kernel(fold, |sheet| &sheet.picture), None),
            Method::BurstCutOut => (self.kernel(fold, |sheet| &sheet.picture_without_burst), None),
            Method::NoMovement => (self.forest(fold, |sheet| &sheet.quiet), None),
            Method::TimingOnly => (self.forest(fold, |sheet| &sheet.timing), None),
        }
    }

    fn shipped(&self, fold: &Fold) -> Vec<f64> {
        let model = RoomModel::simulated();
        let score = |row: &Vec<f64>| Some(model.as_ref()?.score_pooled(row)?.score);
        self.table(&fold.test, |sheet| &sheet.with_level).iter().map(|row| score(row).unwrap_or(0.0)).collect()
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

    /// The kernel's width comes from blocks of records left out inside the training part, with the shifts of the fit itself:
    /// without them another width may seem best.
    fn kernel(&self, fold: &Fold, picture: fn(&Sheet) -> &[f32]) -> Vec<f64> {
        let fold = &Fold { train: self.fewer(&fold.train), ..fold.clone() };
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
                let options = KernelOptions { narrowness, ..KernelOptions::default() };
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

    /// As many records of each class as the kernel can learn from.
    fn fewer(&self, part: &[usize]) -> Vec<usize> {
        let class = |at: &usize| self.labels.get(*at).map_or("", |label| label.class.as_str());
        if part.len() <= self.options.most_for_kernel {
            return part.to_vec();
        }
        let share = self.options.most_for_kernel as f64 / part.len() as f64;
        let mut taken: Vec<(&str, f64, f64)> = Vec::new();
        let mut take = |at: &usize| -> bool {
            let place = taken.iter().position(|(name, ..)| *name == class(at)).unwrap_or_else(|| {
                taken.push((class(at), 0.0, 0.0));
                taken.len() - 1
            });
            let Some((_, seen, kept)) = taken.get_mut(place) else { return false };
            *seen += share;
            let takes = *kept < *seen;
            *kept += f64::from(u8::from(takes));
            takes
        };
        part.iter().filter(|at| take(at)).copied().collect()
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
}
