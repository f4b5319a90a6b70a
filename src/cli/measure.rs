//! `measure`: meshes of people to tables of measurements.

use std::path::PathBuf;

use super::out;
use super::register::{Laid, Reading};
use crate::engine::studio::SharedModel;
use crate::types::{Known, parse_height_m};

/// Measures meshes: exactly where they are the body model's own, else on the body that is registered to them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  corporeal measure body.glb
  corporeal measure scans/*.ply --json")]
pub struct Options {
    /// GLB, glTF, OBJ, PLY or STL files.
    #[arg(required = true)]
    meshes: Vec<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Stature, when the scans are cut off: 1.78, 178 cm or 5'11".
    #[arg(long, value_parser = parse_height_m)]
    height: Option<f64>,
    /// Prints a list of JSON objects, one per mesh.
    #[arg(long)]
    json: bool,
}

pub fn run(options: &Options) -> anyhow::Result<()> {
    let model = SharedModel::default().get().map_err(anyhow::Error::msg)?;
    let known = Known { height_m: options.height, ..Known::default() };
    let mut reports = Vec::new();
    let mut n_failed = 0;
    for path in &options.meshes {
        match Laid::on(&model, path, options.reading, known) {
            Ok(laid) if options.json => reports.push(laid.to_json(&model)),
            Ok(laid) => {
                out::line(format_args!("{}: {}", path.display(), laid.method()))?;
                out::line(laid.table())?;
            }
            Err(error) => {
                n_failed += 1;
                eprintln!("{}: {error:#}", path.display());
                reports.push(serde_json::json!({ "file": path.display().to_string(), "error": format!("{error:#}") }));
            }
        }
    }
    if options.json {
        out::line(serde_json::to_string_pretty(&reports)?)?;
    }
    anyhow::ensure!(n_failed < options.meshes.len(), "nothing could be measured — see above for what to do");
    Ok(())
}
