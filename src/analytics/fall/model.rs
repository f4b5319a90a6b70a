//! What scores a burst: the explainable regression, and networks beside it where they were fitted.

use serde::{Deserialize, Serialize};

use super::super::learn::{Kernel, KernelOptions, Logistic, Network, NetworkOptions};
use super::features::NAMES;
use crate::types::Figure;

/// A fitted scorer. Fitted where the recordings are, in seconds; none is shipped.
#[derive(Clone, Debug, PartialEq)]
pub struct FallModel {
    pub logistic: Logistic,
    pub on_pictures: OnPictures,
    /// The place of falls among the classes of what looks at pictures.
    pub fall_class: usize,
}

/// What decides by the picture of a burst.
#[derive(Clone, Debug, PartialEq)]
pub enum OnPictures {
    /// Nothing: the regression on features decides.
    None,
    Kernel(Kernel),
    Networks(Vec<Network>),
}

/// What to fit beside the regression.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    FeaturesOnly,
    Kernel(KernelOptions),
    Networks(Vec<NetworkOptions>),
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
    /// Fits the regression and the chosen model of pictures. `classes` are names, `fall` is the one to find.
    ///
    /// `None` where one kind is missing.
    pub fn fit(
        features: &[Vec<f64>],
        pictures: &[&[f32]],
        classes: &[&str],
        fall: &str,
        c: f64,
        choice: &Choice,
    ) -> Option<Self> {
        let is_fall: Vec<bool> = classes.iter().map(|class| *class == fall).collect();
        let logistic = Logistic::fit(features, &is_fall, c)?;
        let mut names = classes.to_vec();
        names.sort_unstable();
        names.dedup();
        let fall_class = names.iter().position(|name| *name == fall)?;
        let numbers: Vec<usize> =
            classes.iter().filter_map(|class| names.iter().position(|name| name == class)).collect();
        let on_pictures = match choice {
            Choice::FeaturesOnly => OnPictures::None,
            Choice::Kernel(options) => OnPictures::Kernel(Kernel::fit(pictures, &numbers, names.len(), options)?),
            Choice::Networks(options) => {
                let fit = |options: &NetworkOptions| Network::fit(pictures, &numbers, names.len(), options);
                OnPictures::Networks(options.iter().map(fit).collect::<Option<_>>()?)
            }
        };
        Some(Self { logistic, on_pictures, fall_class })
    }

    /// The model of pictures decides where there is one; the regression explains.
    pub fn score(&self, features: &[f64], picture: &[f32]) -> Scored {
        let contributions = self.logistic.contributions(features);
        let mut order: Vec<usize> = (0..contributions.len()).collect();
        let size = |at: &usize| contributions.get(*at).map_or(0.0, |c| c.abs());
        order.sort_by(|a, b| size(b).total_cmp(&size(a)).then(a.cmp(b)));
        let reason =
            |at: usize| Some(Figure { name: (*NAMES.get(at)?).to_owned(), value: contributions.get(at).copied()? });
        let reasons = order.into_iter().filter_map(reason).take(N_REASONS).collect();
        let score = match &self.on_pictures {
            OnPictures::None => self.logistic.score(features),
            // From about 0 to 1; stretched to the span of log-odds, so that a threshold's neighbourhood means the same.
            OnPictures::Kernel(kernel) => {
                8.0 * (kernel.scores(picture).get(self.fall_class).copied().unwrap_or(0.0) - 0.5)
            }
            OnPictures::Networks(networks) => {
                let chance = |network: &Network| {
                    f64::from(network.probabilities(picture).get(self.fall_class).copied().unwrap_or(0.0))
                };
                let mean = networks.iter().map(chance).sum::<f64>() / networks.len().max(1) as f64;
                (mean.max(1e-6) / (1.0 - mean).max(1e-6)).ln()
            }
        };
        Scored { score, reasons }
    }
}
