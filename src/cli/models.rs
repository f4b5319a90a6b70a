//! `models`: which networks there are, where they come from, whether they are whole, and how fast they run here.

use serde_json::json;

use super::out;
use crate::inference::{Entry, ModelInfo, ModelState, Models, Role, user_models_folder};

/// Lists the models: role, file, version, licence, engine and speed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal models                 what is installed, and whether each file is whole
  corporeal models --bench         how fast each network runs on this machine
  corporeal models --check --json  load everything; fails when a model is refused")]
pub struct Options {
    /// Run each network and print its latency.
    #[arg(long)]
    bench: bool,
    /// Load each network, so that shapes are checked too; fail when one is refused.
    #[arg(long)]
    check: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs of each network for its median.
const N_RUNS: usize = 15;

pub fn run(options: &Options) -> anyhow::Result<()> {
    let models = Models::open()?;
    let mut hashes = Vec::new();
    for role in Role::ALL {
        let installed = models.is_installed(role);
        hashes.push(installed.then(|| models.checked_bytes(role).map(drop).map_err(|error| error.to_string())));
        if installed && role.is_network() && (options.bench || options.check) {
            // A refusal is kept in the model's state and shown below.
            models.load(role).ok();
        }
        if installed && role.is_network() && options.bench {
            models.exercise(role, N_RUNS).ok();
        }
    }
    let rows: Vec<Row> = models.info().into_iter().zip(hashes).map(|(info, hash)| Row { info, hash }).collect();
    if options.json {
        let listed: Vec<_> = rows.iter().map(Row::json).collect();
        let folder = user_models_folder();
        out::line(serde_json::to_string_pretty(
            &json!({ "engine": models.engine(), "user_folder": folder, "models": listed }),
        )?)?;
    } else {
        print_table(&models, &rows)?;
    }
    let refused = rows.iter().filter(|row| row.complaint().is_some()).count();
    anyhow::ensure!(refused == 0, "{refused} of {} models are not as they should be", rows.len());
    Ok(())
}

struct Row {
    info: ModelInfo,
    /// `None` where nothing is installed.
    hash: Option<Result<(), String>>,
}

impl Row {
    fn complaint(&self) -> Option<&str> {
        match (&self.hash, &self.info.state) {
            (Some(Err(message)), _) | (_, ModelState::Refused(message)) => Some(message),
            _ => None,
        }
    }

    fn json(&self) -> serde_json::Value {
        json!({
            "model": self.info,
            "hash_ok": self.hash.as_ref().map(Result::is_ok),
            "how_to_install": (self.hash.is_none()).then(|| self.info.role.how_to_install()),
        })
    }

    fn cells(&self, n_threads: usize) -> [String; 8] {
        let role = self.info.role.label().to_string();
        let Some(entry) = &self.info.entry else {
            return [role, String::from("not installed"), dash(), dash(), dash(), dash(), dash(), dash()];
        };
        let hash = match &self.hash {
            _ if entry.sha256.is_empty() => "not listed",
            Some(Ok(())) => "ok",
            _ => "WRONG",
        };
        let runs_on =
            self.info.runs_on.map_or_else(dash, |engine| engine.trim_end_matches("ExecutionProvider").to_string());
        let threads = self.info.runs_on.map_or_else(dash, |_| n_threads.to_string());
        let milliseconds = |secs: Option<f64>| secs.map_or_else(dash, |secs| format!("{:.1} ms", secs * 1e3));
        let file = entry.file.rsplit('/').next().unwrap_or_default().to_string();
        [
            role,
            file,
            entry.version.clone(),
            licence(entry),
            hash.to_string(),
            runs_on,
            threads,
            milliseconds(self.info.latency_secs),
        ]
    }
}

fn dash() -> String {
    String::from("–")
}

/// The licence's name without what is told about it.
fn licence(entry: &Entry) -> String {
    entry.licence.split([';', ' ']).next().unwrap_or_default().to_string()
}

fn print_table(models: &Models, rows: &[Row]) -> anyhow::Result<()> {
    let engine = models.engine();
    let threads = if engine.n_threads == 1 { "1 thread" } else { &format!("{} threads", engine.n_threads) };
    out::line(format_args!("Engine: {} {}, {threads} per network", engine.name, engine.version))?;
    match (&engine.library, &engine.why_not_native) {
        (Some(library), _) => out::line(format_args!("Library: {}", library.display()))?,
        (None, Some(reason)) => out::line(format_args!("Native ONNX Runtime is not used: {reason}"))?,
        (None, None) => {}
    }
    if let Some(accelerator) = engine.accelerator {
        out::line(format_args!("Graphics card: {accelerator}"))?;
    }
    if let Some(folder) = user_models_folder() {
        out::line(format_args!("Your models folder: {}", folder.display()))?;
    }
    out::line("")?;
    let head = ["Role", "File", "Version", "Licence", "Hash", "Runs on", "Threads", "Latency"].map(String::from);
    let mut table = vec![head];
    table.extend(rows.iter().map(|row| row.cells(engine.n_threads)));
    let widths: Vec<usize> =
        (0..8).map(|column| table.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)).collect();
    for cells in &table {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        out::line(padded.join("  ").trim_end())?;
    }
    out::line("")?;
    for row in rows {
        if let Some(advisory) = row.info.entry.as_ref().and_then(|entry| entry.advisory.as_deref()) {
            out::line(format_args!("{}: {advisory}", row.info.role.label()))?;
        }
        if row.hash.is_none() {
            out::line(format_args!("{}: {}", row.info.role.label(), row.info.role.how_to_install()))?;
        }
        if let Some(complaint) = row.complaint() {
            out::line(format_args!("{}: {complaint}", row.info.role.label()))?;
        }
    }
    Ok(())
}
