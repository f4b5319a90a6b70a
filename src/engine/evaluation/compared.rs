//! The tables of a comparison of models: each by itself, why windows were refused, and each pair against each other.

use std::collections::BTreeMap;

use serde::Serialize;

use super::models::{Look, Moment};
use super::statistics::{Summary, percentile, summary};
use super::{Cell, Row, RowKind, Table};
use crate::tracking::assign::{Costs, assign};
use crate::types::{Detection, PersonTruth};

/// What a model's people are worth against the true ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seen {
    /// Of each true person: how far the paired place is off, m; `None` where nobody was seen.
    pub errors_m: Vec<Option<f64>>,
    /// Of each paired place, whether the truth lies in its region of 90 %.
    pub covered: Vec<bool>,
    /// Places that stand for nobody.
    pub n_ghosts: usize,
}

/// Squared distance in standard deviations that 90 of 100 draws of two normal numbers stay within: -2 ln(0.1).
const WITHIN_90: f64 = 4.605;

impl Seen {
    /// Pairs places with people so that the sum of distances is least.
    pub fn new(detections: &[Detection], people: &[PersonTruth]) -> Self {
        let away = |person: &PersonTruth, one: &Detection| {
            let [x, y] = person.position_m.map(f64::from);
            let [seen_x, seen_y] = one.pose.root.position_m;
            [seen_x - x, seen_y - y]
        };
        let mut costs = Costs::new(people.len(), detections.len());
        for (row, person) in people.iter().enumerate() {
            for (column, one) in detections.iter().enumerate() {
                let [dx, dy] = away(person, one);
                costs.set(row, column, dx.hypot(dy));
            }
        }
        let pairs = assign(&costs);
        let mut covered = Vec::new();
        for (person, column) in people.iter().zip(&pairs) {
            let Some(one) = column.and_then(|column| detections.get(column)) else { continue };
            let ([dx, dy], [[xx, xy], [_, yy]]) = (away(person, one), one.pose.root.covariance_m2);
            covered.push((dx * dx * yy - 2.0 * dx * dy * xy + dy * dy * xx) / (xx * yy - xy * xy) <= WITHIN_90);
        }
        let errors_m: Vec<Option<f64>> =
            pairs.iter().enumerate().map(|(row, column)| column.map(|column| costs.get(row, column))).collect();
        Self { n_ghosts: detections.len() - covered.len(), errors_m, covered }
    }

    fn placed(&self) -> impl Iterator<Item = f64> + '_ {
        self.errors_m.iter().copied().flatten()
    }
}

pub fn tables(models: &[String], moments: &[Moment], knows: bool) -> Vec<Table> {
    let asked: Vec<&Moment> = moments.iter().filter(|moment| !moment.looks.is_empty()).collect();
    let mut tables = vec![each(models, &asked, knows), refusals(models, moments)];
    for (a, first) in models.iter().enumerate() {
        for (b, second) in models.iter().enumerate().skip(a + 1) {
            tables.push(pair((a, first), (b, second), &asked, knows));
        }
    }
    tables
}

/// Names the models in their order: two of one name would not be told apart.
fn name(number: usize, label: &str) -> String {
    let letter = char::from(b'A'.saturating_add(u8::try_from(number.min(25)).unwrap_or(25)));
    format!("{letter} · {label}")
}

fn spread(values: &[f64], digits: usize) -> Cell {
    match summary(values) {
        Some(Summary { mean, mean_low, mean_high, median, p90, .. }) => Cell {
            text: format!(
                "{median:.digits$} / {p90:.digits$}, mean {mean:.digits$} [{mean_low:.digits$}, {mean_high:.digits$}]"
            ),
            value: Some(mean),
            low: Some(mean_low),
            high: Some(mean_high),
        },
        None => Cell::none(),
    }
}

fn each(models: &[String], asked: &[&Moment], knows: bool) -> Table {
    let mut columns = vec!["with people", "refused", "own sigma, m: median / 90 %", "network, ms: median"];
    if knows {
        columns.splice(0..0, ["place off, m", "people missed", "ghosts", "in their 90 % region", "number right"]);
    }
    let row = |(at, label): (usize, &String)| {
        let looks: Vec<(&Moment, &Look)> =
            asked.iter().filter_map(|moment| Some((*moment, moment.looks.get(at)?))).collect();
        let n = looks.len();
        let count = |wanted: &dyn Fn(&Look) -> bool| Cell::of(looks.iter().filter(|(_, look)| wanted(look)).count(), n);
        let sorted = |mut values: Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let sigmas =
            sorted(looks.iter().flat_map(|(_, look)| &look.detections).map(|one| one.pose.root.sigma_m()).collect());
        let times = sorted(looks.iter().map(|(_, look)| look.network_ms).collect());
        let mut cells = Vec::new();
        if knows {
            let seen: Vec<&Seen> = looks.iter().filter_map(|(_, look)| look.seen.as_ref()).collect();
            let errors: Vec<f64> = seen.iter().flat_map(|seen| seen.placed()).collect();
            let n_true = seen.iter().map(|seen| seen.errors_m.len()).sum::<usize>();
            let covered: Vec<bool> = seen.iter().flat_map(|seen| seen.covered.iter().copied()).collect();
            let right = looks
                .iter()
                .filter(|(moment, look)| moment.n_people.is_some_and(|n| n.min(2) == most_likely(look.count)));
            cells.extend([
                spread(&errors, 2),
                Cell::of(n_true - errors.len(), n_true),
                Cell::count(seen.iter().map(|seen| seen.n_ghosts).sum()),
                Cell::of(covered.iter().filter(|covered| **covered).count(), covered.len()),
                Cell::of(right.count(), looks.iter().filter(|(moment, _)| moment.n_people.is_some()).count()),
            ]);
        }
        cells.extend([
            count(&|look| !look.detections.is_empty()),
            count(&|look| !look.refusals.is_empty()),
            if sigmas.is_empty() {
                Cell::none()
            } else {
                Cell::text(format!("{:.2} / {:.2}", percentile(&sigmas, 0.5), percentile(&sigmas, 0.9)))
            },
            if times.is_empty() { Cell::none() } else { Cell::number(percentile(&times, 0.5), 1) },
        ]);
        Row { name: name(at, label), cells, ..Row::default() }
    };
    let mut rows: Vec<Row> = models.iter().enumerate().map(row).collect();
    if knows {
        let centre: Vec<f64> = asked.iter().flat_map(|moment| moment.from_centre_m.iter().copied()).collect();
        let mut cells = vec![Cell::text(""); columns.len()];
        if let Some(cell) = cells.first_mut() {
            *cell = spread(&centre, 2);
        }
        rows.insert(0, Row { name: "the room's centre".to_owned(), kind: RowKind::Baseline, cells, ..Row::default() });
    }
    Table {
        title: format!("Each model · {} moments", asked.len()),
        columns: columns.into_iter().map(str::to_owned).collect(),
        rows,
        ..Table::default()
    }
}

fn most_likely(count: [f64; 3]) -> usize {
    count.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(at, _)| at)
}

fn refusals(models: &[String], moments: &[Moment]) -> Table {
    // Gates speak for all models alike.
    let mut counts: BTreeMap<&str, (RowKind, Vec<usize>)> = BTreeMap::new();
    for moment in moments {
        for gate in &moment.gates {
            let (_, counts) = counts.entry(gate).or_insert_with(|| (RowKind::Control, vec![0; models.len()]));
            counts.iter_mut().for_each(|count| *count += 1);
        }
        for (at, look) in moment.looks.iter().enumerate() {
            for reason in &look.refusals {
                let (_, counts) = counts.entry(reason).or_insert_with(|| (RowKind::Score, vec![0; models.len()]));
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
        }
    }
    let rows: Vec<Row> = counts
        .into_iter()
        .map(|(reason, (kind, counts))| Row {
            name: reason.to_owned(),
            kind,
            cells: counts.into_iter().map(|n| Cell::of(n, moments.len())).collect(),
            ..Row::default()
        })
        .collect();
    let notes = if rows.is_empty() { vec!["nothing was refused".to_owned()] } else { Vec::new() };
    Table {
        title: "Why nobody was placed".to_owned(),
        columns: models.iter().enumerate().map(|(at, label)| name(at, label)).collect(),
        rows,
        plot: None,
        notes,
    }
}

/// Moments that both models placed one person at.
fn pair((a, first): (usize, &str), (b, second): (usize, &str), asked: &[&Moment], knows: bool) -> Table {
    let looks: Vec<(&Look, &Look)> =
        asked.iter().filter_map(|moment| Some((moment.looks.get(a)?, moment.looks.get(b)?))).collect();
    let n = looks.len();
    let one = |look: &Look| match &look.detections[..] {
        [one] => Some(one.pose.root.position_m),
        _ => None,
    };
    let apart: Vec<f64> = looks
        .iter()
        .filter_map(|(a, b)| {
            let ([ax, ay], [bx, by]) = (one(a)?, one(b)?);
            Some((ax - bx).hypot(ay - by))
        })
        .collect();
    let same = looks.iter().filter(|(a, b)| most_likely(a.count) == most_likely(b.count)).count();
    let row = |name: &str, cell: Cell| Row { name: name.to_owned(), cells: vec![cell], ..Row::default() };
    let mut rows = vec![
        row("both place one person, moments", Cell::of(apart.len(), n)),
        row("how far apart, m: median [mean] / 90 %", spread(&apart, 2)),
        row("same number of people", Cell::of(same, n)),
    ];
    if knows {
        // Of the same people at the same moments, so that easy and hard ones cancel out.
        let differences: Vec<f64> = looks
            .iter()
            .filter_map(|(a, b)| Some((a.seen.as_ref()?, b.seen.as_ref()?)))
            .flat_map(|(a, b)| a.errors_m.iter().zip(&b.errors_m).filter_map(|(a, b)| Some(b.as_ref()? - a.as_ref()?)))
            .collect();
        let cell = summary(&differences).map_or_else(Cell::none, |one| Cell {
            text: format!("{:+.3} [{:+.3}, {:+.3}] · n = {}", one.mean, one.mean_low, one.mean_high, one.n),
            value: Some(one.mean),
            low: Some(one.mean_low),
            high: Some(one.mean_high),
        });
        rows.push(row("second further off than the first, m, mean [95 %]", cell));
    }
    Table {
        title: format!("{} against {}", name(a, first), name(b, second)),
        columns: vec!["".to_owned()],
        rows,
        ..Table::default()
    }
}
