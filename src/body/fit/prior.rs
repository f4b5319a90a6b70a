//! What is likely before any photo is seen: shapes by sex and age, and poses near the one that people are asked to stand in.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::types::{Known, PhenotypeAxis, Sex};

use super::input::ShapePrior;
use super::robust::{Part, mixture};

/// Anny's calibration tables (from the wheel anny 0.6.2, `data/shape_calibration`; `models/anny/convert_prior.py`).
#[derive(Deserialize)]
struct Tables {
    age_map: AgeMap,
    male: SexTables,
    female: SexTables,
}

#[derive(Deserialize)]
struct AgeMap {
    anny: Vec<f64>,
    years: Vec<f64>,
}

#[derive(Deserialize)]
struct SexTables {
    height: BetaTable,
    weight: BetaTable,
    muscle: BetaTable,
}

/// A Beta distribution whose parameters change with Anny's age.
#[derive(Deserialize)]
struct BetaTable {
    age: Vec<f64>,
    alpha: Vec<f64>,
    beta: Vec<f64>,
}

impl BetaTable {
    /// Mean and standard deviation. Several tables are U-shaped, for which a normal distribution is only a broad stand-in.
    fn moments(&self, age: f64) -> (f64, f64) {
        let (a, b) = (interpolate(&self.age, &self.alpha, age), interpolate(&self.age, &self.beta, age));
        let sum = a + b;
        (a / sum, (a * b / (sum * sum * (sum + 1.0))).sqrt())
    }
}

fn tables() -> Option<&'static Tables> {
    static TABLES: OnceLock<Option<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| serde_json::from_str(include_str!("../../../models/anny/shape_prior.json")).ok()).as_ref()
}

/// Linear between anchors, constant beyond them.
fn interpolate(anchors: &[f64], values: &[f64], x: f64) -> f64 {
    let n = anchors.len().min(values.len());
    let above = anchors[..n].partition_point(|a| *a < x);
    match (above.checked_sub(1), above < n) {
        (Some(below), true) => {
            let t = (x - anchors[below]) / (anchors[above] - anchors[below]);
            values[below] + t * (values[above] - values[below])
        }
        (None, true) => values[0],
        (Some(last), false) => values[last],
        (None, false) => 0.0,
    }
}

/// Mean and standard deviation of an axis in the population of one sex (0 male, 1 female) and age (Anny's axis), where the tables have it.
pub fn population(axis: PhenotypeAxis, gender: f64, age: f64) -> Option<(f64, f64)> {
    let tables = tables()?;
    let of_sex = if gender < 0.5 { &tables.male } else { &tables.female };
    let table = match axis {
        PhenotypeAxis::Height => &of_sex.height,
        PhenotypeAxis::Weight => &of_sex.weight,
        PhenotypeAxis::Muscle => &of_sex.muscle,
        _ => return None,
    };
    Some(table.moments(age))
}

/// Years to Anny's age axis.
pub fn anny_age(years: f64) -> f64 {
    tables().map_or(0.7, |t| interpolate(&t.age_map.years, &t.age_map.anny, years))
}

/// Anny's age axis to years.
pub fn years_of(age: f64) -> f64 {
    tables().map_or(30.0, |t| interpolate(&t.age_map.anny, &t.age_map.years, age))
}

/// Part of the population that the tables are not trusted for.
const UNIFORM_SHARE: f64 = 0.15;

/// How well a stated sex fixes the gender axis. People spread along it.
const SEX_SIGMA: f64 = 0.1;

/// How well a stated age fixes the age axis: bodies differ in how old they look.
const AGE_SIGMA: f64 = 0.04;

/// The prior of one axis at a place: cost, slope, curvature.
pub fn shape_cost(prior: ShapePrior, known: &Known, axis: PhenotypeAxis, axes: &[f64; 11]) -> (f64, f64, f64) {
    let x = axes[axis as usize];
    let (parts, floor) = shape_parts(prior, known, axis, axes);
    mixture(x, &parts, floor)
}

/// The cost of the most usual value of an axis, for comparison.
pub fn usual_cost(prior: ShapePrior, known: &Known, axis: PhenotypeAxis, axes: &[f64; 11]) -> f64 {
    let (parts, floor) = shape_parts(prior, known, axis, axes);
    parts.iter().map(|part| mixture(part.mean, &parts, floor).0).fold(f64::MAX, f64::min)
}

fn shape_parts(prior: ShapePrior, known: &Known, axis: PhenotypeAxis, axes: &[f64; 11]) -> (Vec<Part>, f64) {
    let one = |mean: f64, sigma: f64| vec![Part { share: 1.0, mean, sigma }];
    match (axis, prior) {
        (PhenotypeAxis::Gender, _) => match known.sex {
            Some(Sex::Male) => (one(0.0, SEX_SIGMA), 0.0),
            Some(Sex::Female) => (one(1.0, SEX_SIGMA), 0.0),
            None => {
                let part = |mean| Part { share: 0.5 * (1.0 - UNIFORM_SHARE), mean, sigma: 1.5 * SEX_SIGMA };
                (vec![part(0.0), part(1.0)], UNIFORM_SHARE)
            }
        },
        (PhenotypeAxis::Age, _) if known.age_years.is_some() => {
            (one(anny_age(known.age_years.unwrap_or_default()), AGE_SIGMA), 0.0)
        }
        // Most people in photos of this kind are grown up; children are not excluded.
        (PhenotypeAxis::Age, ShapePrior::Population) => {
            (vec![Part { share: 1.0 - UNIFORM_SHARE, mean: 0.76, sigma: 0.12 }], UNIFORM_SHARE)
        }
        (PhenotypeAxis::Age, ShapePrior::Uniform) => (one(0.67, 0.2), 0.0),
        (PhenotypeAxis::Height | PhenotypeAxis::Weight | PhenotypeAxis::Muscle, ShapePrior::Population) => {
            match tables() {
                Some(tables) => {
                    let table = |sex: &SexTables| {
                        let table = match axis {
                            PhenotypeAxis::Height => &sex.height,
                            PhenotypeAxis::Weight => &sex.weight,
                            _ => &sex.muscle,
                        };
                        table.moments(axes[PhenotypeAxis::Age as usize])
                    };
                    let female = axes[PhenotypeAxis::Gender as usize].clamp(0.0, 1.0);
                    let (male, other) = (table(&tables.male), table(&tables.female));
                    let part = |share: f64, (mean, sigma): (f64, f64)| Part {
                        share: share * (1.0 - UNIFORM_SHARE),
                        mean,
                        sigma: sigma.max(0.05),
                    };
                    (vec![part(1.0 - female, male), part(female, other)], UNIFORM_SHARE)
                }
                None => (one(0.5, 0.25), 0.0),
            }
        }
        _ => (one(0.5, 0.25), 0.0),
    }
}
