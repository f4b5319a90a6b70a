//! What scores a burst: the explainable regression, and networks beside it where they were fitted.

use serde::{Deserialize, Serialize};

use super::super::learn::{Logistic, Network, NetworkOptions};
use super::features::NAMES;
use crate::types::Figure;

/// A fitted scorer. Fitted where the recordings are, in seconds; none is shipped.
#[derive(Clone, Debug, PartialEq)]
pub struct FallModel {
    pub logistic: Logistic,
    /// Networks and the place of falls among their classes; empty where only the regression is used.
    pub networks: Vec<Network>,
    pub fall_class: usize,
}

/// A score and the reasons for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Log-odds; comparable within one model only.
    pub score: f64,
    /// What the strongest features added to the regression's log-odds, largest first, either sign.
    pub reasons: Vec<Figure>,
}

/// Reasons that are kept.
const N_REASONS: usize = 6;

impl FallModel {
    /// Fits the regression, and networks when pictures are given. `classes` are names, `fall` is the one to find.
    ///
    /// `None` where one kind is missing.
    pub fn fit(
        features: &[Vec<f64>],
        pictures: &[&[f32]],
        classes: &[&str],
        fall: &str,
        c: f64,
        networks: &[NetworkOptions],
    ) -> Option<Self> {
        let is_fall: Vec<bool> = classes.iter().map(|class| *class == fall).collect();
        let logistic = Logistic::fit(features, &is_fall, c)?;
        let mut names = classes.to_vec();
        names.sort_unstable();
        names.dedup();
        let fall_class = names.iter().position(|name| *name == fall)?;
        let numbers: Vec<usize> =
            classes.iter().filter_map(|class| names.iter().position(|name| name == class)).collect();
        let fit = |options: &NetworkOptions| Network::fit(pictures, &numbers, names.len(), options);
        Some(Self { logistic, networks: networks.iter().filter_map(fit).collect(), fall_class })
    }

    /// Networks decide where there are any; the regression explains.
    pub fn score(&self, features: &[f64], picture: &[f32]) -> Scored {
        let contributions = self.logistic.contributions(features);
        let mut order: Vec<usize> = (0..contributions.len()).collect();
        let size = |at: &usize| contributions.get(*at).map_or(0.0, |c| c.abs());
        order.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
        let reason = |at: usize| {
            Some(Figure { name: (*NAMES.get(at)?).to_owned(), value: contributions.get(at).copied()? })
        };
        let reasons = order.into_iter().filter_map(reason).take(N_REASONS).collect();
        let score = if self.networks.is_empty() {
            self.logistic.score(features)
        } else {
            let chance = |network: &Network| {
                f64::from(network.probabilities(picture).get(self.fall_class).copied().unwrap_or(0.0))
            };
            let mean = self.networks.iter().map(chance).sum::<f64>() / self.networks.len() as f64;
            (mean.max(1e-6) / (1.0 - mean).max(1e-6)).ln()
        };
        Scored { score, reasons }
    }
}
