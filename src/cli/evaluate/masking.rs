//! `evaluate masking`: whether the gate recognises a machine that masks movement, and how often it cries wolf.

use std::path::PathBuf;

use serde::Serialize;

use super::super::out;
use crate::analytics::clean::clean;
use crate::analytics::evaluation::falls::MAX_SECS;
use crate::analytics::masking::{self, Masking};

/// Looks for machines that mask movement, session by session.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  corporeal evaluate masking ../shared/data/csi/fition/compact_dev_u1-3.npz

Nobody wrote down which sessions of Fition had a fan; user 3's falls and getting into bed are taken to be masked because a
periodic disturbance runs through them (spec/falls.md section 2). How long it must persist was chosen on all of user 1 and
user 3's falls; the rest was not looked at for that.")]
pub struct Options {
    /// The compact arrays or the folder of pcaps of Fition, or a table of your own recordings.
    data: PathBuf,
    /// Sessions that are masked, by name; default those of Fition.
    #[arg(long, value_delimiter = ',', default_value = "falling_user3_rm3,getintobed_user3_rm3")]
    masked: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Session {
    name: String,
    truly_masked: bool,
    development: bool,
    n: usize,
    n_flagged: usize,
    /// Medians over the records.
    shaken_share: f64,
    first_share: f64,
    high_share: f64,
    rms: f64,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut sessions: Vec<(Session, Vec<Masking>)> = Vec::new();
    for record in super::data::read(&options.data)? {
        let name = record.label.session;
        let Some(masking) = clean(&record.series.between(0.0, MAX_SECS)).and_then(|clean| masking::judge(&clean))
        else {
            continue;
        };
        let place = sessions.iter().position(|(session, _)| session.name == name).unwrap_or_else(|| {
            let truly_masked = options.masked.contains(&name);
            let development = record.label.person == "u1" || name == "falling_user3_rm3";
            let (n, n_flagged) = (0, 0);
            let (shaken_share, first_share, high_share, rms) = Default::default();
            sessions.push((
                Session { name, truly_masked, development, n, n_flagged, shaken_share, first_share, high_share, rms },
                Vec::new(),
            ));
            sessions.len() - 1
        });
        sessions[place].1.push(masking);
    }
    for (session, records) in &mut sessions {
        let middle = |figure: fn(&Masking) -> f64| {
            crate::analytics::clean::median(records.iter().map(figure).collect()).unwrap_or(0.0)
        };
        session.n = records.len();
        session.n_flagged = records.iter().filter(|masking| masking.masked).count();
        session.shaken_share = middle(|m| m.shaken_share);
        session.first_share = middle(|m| m.first_share);
        session.high_share = middle(|m| m.high_share);
        session.rms = middle(|m| m.rms);
    }
    let sessions: Vec<Session> = sessions.into_iter().map(|(session, _)| session).collect();
    if options.json {
        return out::line(serde_json::to_string_pretty(&sessions)?);
    }
    out::line(format_args!(
        "REPLAY\n{:<26}{:>8}{:>9}   {:<34}",
        "session", "records", "flagged", "medians: shaken windows, first share, above 10 Hz, rms"
    ))?;
    for s in &sessions {
        let kind = if s.truly_masked { "masked" } else { "" };
        out::line(format_args!(
            "{:<26}{:>8}{:>9}   {:>4.2} {:>4.2} {:>4.2} {:>6.4}   {kind}",
            s.name, s.n, s.n_flagged, s.shaken_share, s.first_share, s.high_share, s.rms
        ))?;
    }
    for (name, wanted) in [("development part", Some(true)), ("rest", Some(false)), ("all", None)] {
        let chosen = || sessions.iter().filter(|s| wanted.is_none_or(|wanted| s.development == wanted));
        let share = |truly: bool| {
            let of = || chosen().filter(|s| s.truly_masked == truly);
            let (n, flagged): (usize, usize) = (of().map(|s| s.n).sum(), of().map(|s| s.n_flagged).sum());
            format!("{flagged} of {n} ({:.1} %)", 100.0 * flagged as f64 / n.max(1) as f64)
        };
        out::line(format_args!("{name}: flagged {} masked records, {} others", share(true), share(false)))?;
    }
    out::line("study: 88 % and 78 % of the two masked sessions, up to 7 % of others (quietest 2 s alone)")
}
