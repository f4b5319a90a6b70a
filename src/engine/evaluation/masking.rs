//! Whether the gate recognises a machine that masks movement, and how often it cries wolf, session by session.

use std::path::PathBuf;

use serde::Serialize;

use super::{Cell, Error, GoOn, Plot, Report, Row, Table, data, name_of};
use crate::analytics::clean::clean;
use crate::analytics::evaluation::bootstrap::interval;
use crate::analytics::evaluation::falls::MAX_SECS;
use crate::analytics::masking::{self, Masking};
use crate::analytics::order::median;
use crate::types::Provenance;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub data: PathBuf,
    /// Sessions that are masked, by name.
    pub masked: Vec<String>,
}

/// Fition's sessions through which a periodic disturbance runs (`spec/falls.md` section 2).
pub const FITION_MASKED: [&str; 2] = ["falling_user3_rm3", "getintobed_user3_rm3"];
/// What the gate's persistence was chosen on.
const DEVELOPMENT: (&str, &str) = ("u1", "falling_user3_rm3");

impl Settings {
    pub fn new(data: PathBuf) -> Self {
        Self { data, masked: FITION_MASKED.map(str::to_owned).to_vec() }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Session {
    pub name: String,
    pub truly_masked: bool,
    pub development: bool,
    pub n: usize,
    pub n_flagged: usize,
    /// Medians over the records.
    pub shaken_share: f64,
    pub first_share: f64,
    pub high_share: f64,
    pub rms: f64,
}

pub fn run(settings: &Settings, go_on: GoOn<'_>) -> Result<Vec<Session>, Error> {
    go_on(None, "reading recordings");
    let records = data::read(&settings.data)?;
    let n = records.len();
    let mut sessions: Vec<(String, bool, Vec<Masking>)> = Vec::new();
    for (at, record) in records.into_iter().enumerate() {
        if !go_on(Some(at as f32 / n as f32), &record.label.session) {
            return Err(Error::Cancelled);
        }
        let judged = clean(&record.series.between(0.0, MAX_SECS)).and_then(|clean| masking::judge(&clean));
        let Some(masking) = judged else { continue };
        let name = record.label.session;
        let development = record.label.person == DEVELOPMENT.0 || name == DEVELOPMENT.1;
        match sessions.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., judged)) => judged.push(masking),
            None => sessions.push((name, development, vec![masking])),
        }
    }
    let session = |(name, development, judged): (String, bool, Vec<Masking>)| {
        let middle = |figure: fn(&Masking) -> f64| median(judged.iter().map(figure).collect()).unwrap_or(0.0);
        Session {
            truly_masked: settings.masked.contains(&name),
            name,
            development,
            n: judged.len(),
            n_flagged: judged.iter().filter(|masking| masking.masked).count(),
            shaken_share: middle(|m| m.shaken_share),
            first_share: middle(|m| m.first_share),
            high_share: middle(|m| m.high_share),
            rms: middle(|m| m.rms),
        }
    };
    let sessions: Vec<Session> = sessions.into_iter().map(session).collect();
    if sessions.is_empty() {
        return Err(Error::Unfit("no record is long enough to judge".to_owned()));
    }
    Ok(sessions)
}

pub fn report(settings: &Settings, sessions: &[Session]) -> Report {
    let row = |s: &Session| Row {
        name: s.name.clone(),
        cells: vec![
            Cell::of(s.n_flagged, s.n),
            Cell::text(if s.truly_masked { "masked" } else { "" }),
            Cell::number(s.shaken_share, 2),
            Cell::number(s.first_share, 2),
            Cell::number(s.high_share, 2),
            Cell::number(s.rms, 4),
        ],
        ..Row::default()
    };
    let columns = ["flagged", "taken to be", "shaken windows", "first share", "above 10 Hz", "rms"].map(str::to_owned);
    Report {
        title: format!("machines that mask movement · {}", name_of(&settings.data)),
        provenance: Provenance::Replay,
        facts: vec![format!(
            "Taken to be masked: {}; nobody wrote down which sessions had a fan",
            settings.masked.join(", ")
        )],
        tables: vec![
            parts(sessions),
            Table {
                title: "by session; figures are medians over its records".to_owned(),
                columns: columns.to_vec(),
                rows: sessions.iter().map(row).collect(),
                ..Table::default()
            },
        ],
        remarks: vec![
            "study: 88 % and 78 % of the two masked sessions, up to 7 % of others (quietest 2 s alone)".to_owned(),
            "Intervals redraw records within their sessions and say nothing of other machines".to_owned(),
        ],
    }
}

fn parts(sessions: &[Session]) -> Table {
    let share = |wanted: Option<bool>, truly: bool| {
        // A record as its session and whether it was flagged.
        let records: Vec<(usize, bool)> = sessions
            .iter()
            .enumerate()
            .filter(|(_, s)| s.truly_masked == truly && wanted.is_none_or(|wanted| s.development == wanted))
            .flat_map(|(at, s)| (0..s.n).map(move |record| (at, record < s.n_flagged)))
            .collect();
        let strata: Vec<usize> = records.iter().map(|(session, _)| *session).collect();
        let figure = |drawn: &[usize]| {
            let flagged = drawn.iter().filter(|at| records.get(**at).is_some_and(|(_, flagged)| *flagged)).count();
            (!drawn.is_empty()).then(|| flagged as f64 / drawn.len() as f64)
        };
        interval(&strata, 0, figure).map_or_else(Cell::none, |share| Cell::percent_interval(&share))
    };
    let row = |(name, wanted): (&str, Option<bool>)| Row {
        name: name.to_owned(),
        cells: vec![share(wanted, true), share(wanted, false)],
        ..Row::default()
    };
    let parts = [("sessions that nothing was set on", Some(false)), ("development", Some(true)), ("all", None)];
    Table {
        title: "flagged".to_owned(),
        columns: ["of masked records", "of others (false flags)"].map(str::to_owned).to_vec(),
        rows: parts.map(row).to_vec(),
        plot: Some(Plot { column: 0, low: 0.0, high: 1.0, chance: None }),
        notes: Vec::new(),
    }
}
