//! A table of one's own labelled recordings: `file,start,end,label,person,room,session,device`, a line per event.
//!
//! Files may be in any format that is read, named relative to the table; `start` and `end` are seconds from the file's first
//! packet and may be empty, which is all of it. The columns after `label` may be missing, which is one of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::fition::read_series;
use super::{Error, LabelledSeries};
use crate::analytics::evaluation::split::Label;
use crate::analytics::series::AmplitudeSeries;

#[derive(serde::Deserialize)]
struct Line {
    file: String,
    #[serde(default)]
    start: Option<f64>,
    #[serde(default)]
    end: Option<f64>,
    label: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    room: String,
    #[serde(default)]
    session: String,
    #[serde(default)]
    device: String,
}

/// Reads the table and what it names.
pub fn read(path: &Path) -> Result<Vec<LabelledSeries>, Error> {
    let wrong = |reason: String| Error::Table { path: path.to_owned(), reason };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(format!("cannot read the table ({error}) — see --help for its columns")))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files: BTreeMap<PathBuf, Option<AmplitudeSeries>> = BTreeMap::new();
    let mut records = Vec::new();
    for (at, line) in reader.deserialize::<Line>().enumerate() {
        let line = line.map_err(|error| wrong(format!("line {}: {error} — write file,start,end,label", at + 2)))?;
        let (start, end) = (line.start.unwrap_or(0.0), line.end.unwrap_or(f64::INFINITY));
        if !(start >= 0.0 && start < end) {
            return Err(wrong(format!("line {}: the end must lie behind the start", at + 2)));
        }
        let file = folder.join(&line.file);
        if !files.contains_key(&file) {
            let series = read_series(&file)?;
            files.insert(file.clone(), series);
        }
        let Some(Some(whole)) = files.get(&file) else {
            return Err(wrong(format!("line {}: {:?} holds no link with enough packets", at + 2, line.file)));
        };
        let label = Label {
            name: line.file,
            class: line.label,
            person: line.person,
            room: line.room,
            session: line.session,
            device: line.device,
        };
        records.push(LabelledSeries { label, series: whole.between(start, end) });
    }
    if records.is_empty() { Err(wrong("the table names no recordings".to_owned())) } else { Ok(records) }
}
