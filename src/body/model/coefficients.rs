//! Phenotype values to weights of the blend shapes, with their derivatives.
//!
//! Each axis is spread over its anchors by hat functions; the weight of a row is the product of the hats it names. So the
//! weights are piecewise multilinear in the axes: smooth between anchors, with kinks at them.

use crate::types::{Phenotype, PhenotypeAxis};

use super::AnnyModel;

/// The groups of columns of the mask in the file's order: the axis, and how many anchors it has. Races come before them.
const GROUPS: [(PhenotypeAxis, usize); 8] = [
    (PhenotypeAxis::Gender, 2),
    (PhenotypeAxis::Age, 5),
    (PhenotypeAxis::Muscle, 3),
    (PhenotypeAxis::Weight, 3),
    (PhenotypeAxis::Height, 2),
    (PhenotypeAxis::Proportions, 2),
    (PhenotypeAxis::Cupsize, 3),
    (PhenotypeAxis::Firmness, 3),
];
const N_RACES: usize = 3;
const N_AXES: usize = PhenotypeAxis::ALL.len();

/// At most one label of every group and one race.
const MAX_LABELS: usize = GROUPS.len() + 1;

/// The columns that each phenotype row multiplies.
pub struct RowLabels(Vec<[Option<u8>; MAX_LABELS]>);

impl RowLabels {
    /// `None` when a row names two anchors of one group, or the width is not that of the groups.
    pub fn from_mask(mask: &[u8], n_columns: usize) -> Option<Self> {
        if n_columns != N_RACES + GROUPS.iter().map(|(_, n)| n).sum::<usize>() {
            return None;
        }
        let group = column_groups();
        let rows = mask.chunks_exact(n_columns).map(|row| {
            let mut labels = [None; MAX_LABELS];
            for (column, _) in row.iter().enumerate().filter(|(_, set)| **set != 0) {
                if labels[group[column]].replace(column as u8).is_some() {
                    return None;
                }
            }
            Some(labels)
        });
        rows.collect::<Option<Vec<_>>>().map(Self)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts together the rows that only other axes than the given ones tell apart, these being at their default.
    ///
    /// Returns the labels of the merged rows, and for every row of these where it goes with which factor.
    pub fn merged(&self, axes: &[usize]) -> (Self, Vec<Option<(usize, f64)>>) {
        let usual = Hats::new(&Phenotype::default());
        let mut merged: Vec<[Option<u8>; MAX_LABELS]> = Vec::new();
        let targets = self.0.iter().map(|labels| {
            let mut factor = 1.0;
            let mut own = *labels;
            for (group, label) in own.iter_mut().enumerate() {
                let is_kept = group.checked_sub(1).is_some_and(|g| axes.contains(&(GROUPS[g].0 as usize)));
                if let Some(column) = label.take_if(|_| !is_kept) {
                    factor *= usual.value[usize::from(column)];
                }
            }
            (factor != 0.0).then(|| {
                let at = merged.iter().position(|m| *m == own).unwrap_or_else(|| {
                    merged.push(own);
                    merged.len() - 1
                });
                (at, factor)
            })
        });
        let targets = targets.collect();
        (Self(merged), targets)
    }
}

/// The weights of the blend shapes that are not still, and their derivatives.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coefficients {
    /// Rows with a weight or a derivative, rising.
    pub rows: Vec<u16>,
    pub values: Vec<f64>,
    /// Per row, by each axis in the order of [`PhenotypeAxis::ALL`].
    pub by_axis: Vec<[f64; N_AXES]>,
}

impl AnnyModel {
    /// The weights for a phenotype. At an anchor the derivative is that of the segment below it, at the lower end that above.
    pub fn coefficients(&self, phenotype: &Phenotype) -> Coefficients {
        let hats = Hats::new(phenotype);
        let mut found = Coefficients::default();
        for (row, labels) in self.labels.0.iter().enumerate() {
            let mut value = 1.0;
            let mut n_zero = 0;
            for column in labels.iter().flatten() {
                let hat = hats.value[usize::from(*column)];
                value *= hat;
                n_zero += usize::from(hat == 0.0);
            }
            if n_zero > 1 {
                continue; // the derivative needs all other factors
            }
            let mut by_axis = [0.0; N_AXES];
            for (group, column) in labels.iter().enumerate().filter_map(|(g, c)| Some((g, (*c)?))) {
                let others: f64 =
                    labels.iter().flatten().filter(|c| **c != column).map(|c| hats.value[usize::from(*c)]).product();
                if group == 0 {
                    for (race, axis) in RACES.iter().enumerate() {
                        by_axis[*axis as usize] = others * hats.race_slope[usize::from(column)][race];
                    }
                } else {
                    by_axis[GROUPS[group - 1].0 as usize] = others * hats.slope[usize::from(column)];
                }
            }
            if value != 0.0 || by_axis != [0.0; N_AXES] {
                found.rows.push(row as u16);
                found.values.push(value);
                found.by_axis.push(by_axis);
            }
        }
        for (index, value) in &phenotype.local_changes {
            let row = self.labels.0.len() + 2 * usize::from(*index) + usize::from(*value < 0.0);
            if row < self.rows.n_rows() && value.is_finite() && *value != 0.0 {
                found.rows.push(row as u16);
                found.values.push(value.abs().min(1.0));
                found.by_axis.push([0.0; N_AXES]);
            }
        }
        found
    }

    /// The row that a local change moves in a direction.
    pub fn local_change_row(&self, index: u16, increase: bool) -> Option<u16> {
        let row = self.labels.0.len() + 2 * usize::from(index) + usize::from(!increase);
        (row < self.rows.n_rows()).then_some(row as u16)
    }
}

const RACES: [PhenotypeAxis; N_RACES] = [PhenotypeAxis::African, PhenotypeAxis::Asian, PhenotypeAxis::Caucasian];
const N_COLUMNS: usize = 26;

/// The value of each mask column and its slope along its own axis.
struct Hats {
    value: [f64; N_COLUMNS],
    slope: [f64; N_COLUMNS],
    /// Derivative of each race's share by each race's value.
    race_slope: [[f64; N_RACES]; N_RACES],
}

impl Hats {
    fn new(phenotype: &Phenotype) -> Self {
        let get = |axis: PhenotypeAxis| {
            let value = phenotype.get(axis);
            let (low, high) = axis.range();
            if value.is_nan() { 0.5 } else { value.clamp(low, high) }
        };
        let mut hats = Self { value: [0.0; N_COLUMNS], slope: [0.0; N_COLUMNS], race_slope: [[0.0; N_RACES]; N_RACES] };
        let races = RACES.map(get);
        let sum: f64 = races.iter().sum();
        for (r, race) in races.iter().enumerate() {
            hats.value[r] = if sum > 0.0 { race / sum } else { 1.0 / N_RACES as f64 };
            for s in 0..N_RACES {
                let own = f64::from(u8::from(r == s));
                hats.race_slope[r][s] = if sum > 0.0 { (own - hats.value[r]) / sum } else { 0.0 };
            }
        }
        let mut column = N_RACES;
        for (axis, n) in GROUPS {
            let (low, high) = axis.range();
            let per_segment = (n - 1) as f64 / (high - low);
            let along = (get(axis) - low) * per_segment;
            // An anchor belongs to the segment below it, as in Anny; rounding must not move it there and back.
            let above = ((along - 1e-12).ceil() as usize).clamp(1, n - 1);
            let t = along - (above - 1) as f64;
            hats.value[column + above - 1] = 1.0 - t;
            hats.value[column + above] = t;
            hats.slope[column + above - 1] = -per_segment;
            hats.slope[column + above] = per_segment;
            column += n;
        }
        hats
    }
}

/// The group that each column belongs to: 0 are the races.
fn column_groups() -> [usize; N_COLUMNS] {
    let mut groups = [0; N_COLUMNS];
    let mut column = N_RACES;
    for (group, (_, n)) in GROUPS.iter().enumerate() {
        groups[column..column + n].fill(group + 1);
        column += n;
    }
    groups
}
