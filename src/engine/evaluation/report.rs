//! What an evaluation found, as tables: the same rows and figures for the terminal, the window and files.
//!
//! A report holds words and numbers and no layout but the order of its columns. [`Report::text`] is what the command line
//! prints, [`Report::csv`] what the window copies and saves.

use serde::Serialize;

use crate::analytics::evaluation::bootstrap::Interval;
use crate::analytics::evaluation::metrics::RocPoint;
use crate::analytics::evaluation::verdict::Verdict;
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub title: String,
    pub provenance: Provenance,
    /// What was looked at, a sentence each; stands above the tables.
    pub facts: Vec<String>,
    pub tables: Vec<Table>,
    /// Caveats, a sentence each; stands under the tables.
    pub remarks: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    pub title: String,
    /// Heads of the cells that follow a row's name.
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Which column is worth a picture.
    pub plot: Option<Plot>,
    /// Under the table: what others reached on the same data, and why something is missing.
    pub notes: Vec<String>,
}

/// A column drawn as bars with their intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plot {
    pub column: usize,
    /// The axis.
    pub low: f64,
    pub high: f64,
    /// What guessing reaches, where that is one number.
    pub chance: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    pub kind: RowKind,
    pub cells: Vec<Cell>,
    /// Whether the score beats its controls; `None` where nothing claims anything.
    pub verdict: Option<Verdict>,
    /// A second line, such as the figure of each part.
    pub detail: Option<String>,
    /// From (0, 0) to (1, 1), at most [`MOST_ROC_POINTS`](crate::analytics::evaluation::metrics::MOST_ROC_POINTS); empty
    /// where nothing is told from something else.
    pub roc: Vec<RocPoint>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    #[default]
    Score,
    /// What the same records give away without what is claimed to matter.
    Control,
    /// A plainer method on the same data.
    Baseline,
}

/// Words, and the number behind them where there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cell {
    pub text: String,
    pub value: Option<f64>,
    /// 95 % interval of `value`.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Nothing was measured.
    pub fn none() -> Self {
        Self::text("no data")
    }

    pub fn count(n: usize) -> Self {
        Self { text: n.to_string(), value: Some(n as f64), low: None, high: None }
    }

    pub fn number(value: f64, digits: usize) -> Self {
        Self { text: format!("{value:.digits$}"), value: Some(value), low: None, high: None }
    }

    /// A share of one as per cent.
    pub fn percent(share: f64, digits: usize) -> Self {
        Self { text: format!("{:.digits$} %", 100.0 * share), value: Some(share), low: None, high: None }
    }

    /// `n` of `of`, and the share as the number.
    pub fn of(n: usize, of: usize) -> Self {
        let value = (of > 0).then(|| n as f64 / of as f64);
        Self { text: format!("{n} of {of}"), value, low: None, high: None }
    }

    pub fn interval(interval: &Interval) -> Self {
        let Interval { value, low, high } = *interval;
        Self { text: format!("{value:.3} [{low:.2}, {high:.2}]"), value: Some(value), low: Some(low), high: Some(high) }
    }

    pub fn percent_interval(interval: &Interval) -> Self {
        let Interval { value, low, high } = *interval;
        let text = format!("{:.1} % [{:.0}, {:.0}]", 100.0 * value, 100.0 * low, 100.0 * high);
        Self { text, value: Some(value), low: Some(low), high: Some(high) }
    }
}

impl Report {
    /// The tables in columns of characters, under one another.
    pub fn text(&self) -> String {
        let mut text = format!("{} · {}", self.provenance.label(), self.title);
        for fact in &self.facts {
            text += &format!("\n{fact}");
        }
        for table in &self.tables {
            text += &format!("\n\n{}", table.text());
        }
        if !self.remarks.is_empty() {
            text += "\n";
        }
        for remark in &self.remarks {
            text += &format!("\n{remark}");
        }
        text
    }

    /// One line per row of every table: table, row, kind, then each column as text and, where there are numbers, as value,
    /// low and high; the verdict last.
    pub fn csv(&self) -> String {
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for table in &self.tables {
            let with_interval = |column: usize| table.rows.iter().any(|row| is_interval(row, column));
            let mut head = vec!["provenance".to_owned(), "table".to_owned(), "row".to_owned(), "kind".to_owned()];
            for (at, column) in table.columns.iter().enumerate() {
                head.push(column.clone());
                if with_interval(at) {
                    head.extend([format!("{column}, low"), format!("{column}, high")]);
                }
            }
            head.extend(["verdict".to_owned(), "detail".to_owned()]);
            // A vector takes everything.
            out.write_record(&head).ok();
            for row in &table.rows {
                let kind = match row.kind {
                    RowKind::Score => "score",
                    RowKind::Control => "control",
                    RowKind::Baseline => "baseline",
                };
                let mut line =
                    vec![self.provenance.label().to_owned(), table.title.clone(), row.name.clone(), kind.to_owned()];
                for at in 0..table.columns.len() {
                    let cell = row.cells.get(at).cloned().unwrap_or_default();
                    let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
                    line.push(if cell.value.is_some() { number(cell.value) } else { cell.text });
                    if with_interval(at) {
                        line.extend([number(cell.low), number(cell.high)]);
                    }
                }
                line.push(row.verdict.map_or("", Verdict::label).to_owned());
                line.push(row.detail.clone().unwrap_or_default());
                out.write_record(&line).ok();
            }
        }
        out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

fn is_interval(row: &Row, column: usize) -> bool {
    row.cells.get(column).is_some_and(|cell| cell.low.is_some())
}

impl Table {
    /// Its title, head and rows in columns of characters.
    pub fn text(&self) -> String {
        let width = |cells: &mut dyn Iterator<Item = &str>| cells.map(|text| text.chars().count()).max().unwrap_or(0);
        let name_width = width(&mut self.rows.iter().map(|row| row.name.as_str()));
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| {
                let cells = self.rows.iter().filter_map(|row| row.cells.get(at)).map(|cell| cell.text.as_str());
                width(&mut cells.chain([self.columns[at].as_str()]))
            })
            .collect();
        let mut text = self.title.clone();
        let head = self.columns.iter().zip(&widths).map(|(column, width)| format!("  {column:<width$}"));
        text += format!("\n  {:name_width$}{}", "", head.collect::<String>()).trim_end();
        for row in &self.rows {
            let mut line = format!("\n  {:<name_width$}", row.name);
            for (at, width) in widths.iter().enumerate() {
                line += &format!("  {:<width$}", row.cells.get(at).map_or("", |cell| cell.text.as_str()));
            }
            if let Some(verdict) = row.verdict {
                line += &format!("  {}", verdict.label());
            }
            text += line.trim_end();
            if let Some(detail) = &row.detail {
                text += &format!("\n    {detail}");
            }
        }
        for note in &self.notes {
            text += &format!("\n  {note}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let cells = vec![Cell::interval(&Interval { value: 0.9, low: 0.85, high: 0.94 }), Cell::text("a, \"quoted\"")];
        let score = Row { name: "score".to_owned(), cells, verdict: Some(Verdict::NoEvidence), ..Row::default() };
        let control = Row { name: "control".to_owned(), kind: RowKind::Control, ..Row::default() };
        Report {
            title: "trial".to_owned(),
            provenance: Provenance::Simulated,
            facts: Vec::new(),
            tables: vec![Table {
                title: "new person".to_owned(),
                columns: vec!["AUROC".to_owned(), "words".to_owned()],
                rows: vec![control, score],
                ..Table::default()
            }],
            remarks: Vec::new(),
        }
    }

    #[test]
    fn a_file_has_every_number_with_its_interval_and_a_place_for_what_is_missing() {
        let csv = report().csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let heads = reader.headers().expect("a head").clone();
        assert_eq!(heads.iter().collect::<Vec<_>>()[4..8], ["AUROC", "AUROC, low", "AUROC, high", "words"]);
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("as wide as the head")).collect();
        assert_eq!(rows[0].iter().nth(4), Some(""), "the control has no figure, and a place for it");
        assert_eq!(rows[1].iter().collect::<Vec<_>>()[4..9], ["0.9", "0.85", "0.94", "a, \"quoted\"", "no evidence"]);
    }

    #[test]
    fn the_text_says_first_where_the_data_is_from() {
        let text = report().text();
        assert!(text.starts_with("SIMULATED · trial"), "{text}");
        assert!(text.contains("0.900 [0.85, 0.94]") && text.contains("no evidence"), "{text}");
    }
}
