//! What has to be kept of a burst so that it can be judged, and judged anew after somebody has said what it was.
//!
//! Each link describes the burst as it saw it ([`LinkEvidence`], some 400 bytes); those of one moment are a
//! [`RoomEvidence`]. Plain data: a verdict given next month refits on what was kept today.

use serde::{Deserialize, Serialize};

use super::features::NAMES;
use crate::types::{LinkId, Span, Timestamp};

/// One link's view of one burst.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkEvidence {
    pub link: LinkId,
    pub peak: Timestamp,
    pub span: Span,
    /// Movement over the quiet floor.
    pub contrast_db: f32,
    /// One per name of [`NAMES`].
    pub features: Vec<f32>,
    /// The packets and the quiet spectrum of the same ten seconds: what a control judges by, none of the movement.
    #[serde(default)]
    pub background: Vec<f32>,
}

/// What all links saw at one moment, in the order of their ids.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoomEvidence {
    pub links: Vec<LinkEvidence>,
}

impl RoomEvidence {
    /// The link that saw most; ties go to the first.
    pub fn leader(&self) -> Option<&LinkEvidence> {
        let most = |best: &'_ LinkEvidence, link: &LinkEvidence| link.contrast_db > best.contrast_db;
        self.links.iter().reduce(|best, link| if most(best, link) { link } else { best })
    }

    /// The mean of the links' features, which a linear model scores with the mean of the links' log-odds. Empty where a link
    /// was written by another version of the program, with other features.
    pub fn pooled(&self) -> Vec<f64> {
        if self.links.iter().any(|link| link.features.len() != NAMES.len()) {
            return Vec::new();
        }
        let rows: Vec<Vec<f64>> =
            self.links.iter().map(|link| link.features.iter().map(|v| f64::from(*v)).collect()).collect();
        mean(rows.iter().map(Vec::as_slice))
    }
}

/// Mean of rows of one length; empty without any.
pub fn mean<T: Copy + Into<f64> + FromF64>(rows: impl Iterator<Item = impl AsRef<[T]>>) -> Vec<T> {
    let mut sums: Vec<f64> = Vec::new();
    let mut n = 0.0;
    for row in rows {
        let row = row.as_ref();
        sums.resize(row.len().max(sums.len()), 0.0);
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += (*value).into());
        n += 1.0;
    }
    sums.into_iter().map(|sum| T::from_f64(sum / n)).collect()
}

/// Numbers that a mean is rounded to.
pub trait FromF64 {
    fn from_f64(value: f64) -> Self;
}

impl FromF64 for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl FromF64 for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}
