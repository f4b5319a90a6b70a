//! Quiet and movement clips of the ESPectre project: ESP32, S3 and C3, 64 subcarriers, about 100 Hz, ten seconds each.
//!
//! Licence GPL-3: for evaluation only. A pair of a quiet and a movement clip was recorded within a minute of each other.

use std::path::{Path, PathBuf};

use super::numpy::Archive;
use super::{Error, LabelledSeries};
use crate::analytics::evaluation::split::Label;
use crate::analytics::series::{AmplitudeSeries, Columns};
use crate::types::{Complex32, CsiFrame, Hardware, Subcarriers};

/// The classes of clips, which are also the folders' names.
pub const QUIET: &str = "baseline";
pub const MOVEMENT: &str = "movement";

const N_SUBCARRIERS: usize = 64;

/// Reads all clips below the folder, in order of their names: `session` is the chip and the day.
pub fn read(folder: &Path) -> Result<Vec<LabelledSeries>, Error> {
    let mut clips = Vec::new();
    for class in [QUIET, MOVEMENT] {
        let missing =
            || Error::Missing { path: folder.join(class), hint: "give the folder that holds baseline and movement" };
        let files = std::fs::read_dir(folder.join(class)).map_err(|_| missing())?.flatten().map(|file| file.path());
        let mut paths: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "npz")).collect();
        paths.sort();
        for path in paths {
            clips.push(read_clip(&path, class)?);
        }
    }
    Ok(clips)
}

fn read_clip(path: &Path, class: &str) -> Result<LabelledSeries, Error> {
    let damaged = |reason: &str| Error::Table { path: path.to_owned(), reason: reason.to_owned() };
    let mut archive = Archive::open(path)?;
    let values = archive.array("csi_data")?;
    let number = |archive: &mut Archive, name: &str| -> Result<f64, Error> {
        let array = archive.array(name)?;
        array.numbers().and_then(|numbers| numbers.first().copied()).map(f64::from).ok_or_else(|| damaged("no number"))
    };
    let secs = number(&mut archive, "duration_ms")? / 1000.0;
    let chip = archive.array("chip")?.texts().and_then(|texts| texts.first().cloned()).unwrap_or_default();
    let numbers = values.numbers().ok_or_else(|| damaged("no numbers"))?;
    let &[n, width] = values.shape.as_slice() else { return Err(damaged("not [packet, 2 x subcarrier]")) };
    if width != 2 * N_SUBCARRIERS || n < 2 || secs <= 0.0 {
        return Err(damaged("not 64 subcarriers of two numbers each"));
    }
    // The driver writes imaginary before real; amplitudes do not care. Positions 0..32 are subcarriers 0..31, the rest -32..-1.
    let index: Vec<i16> = (0..32).chain(-32..0).collect();
    let subcarriers = std::sync::Arc::new(Subcarriers::single(index, 312_500.0));
    let frames: Vec<CsiFrame> = numbers
        .chunks_exact(width)
        .map(|row| CsiFrame {
            hardware: Hardware::Esp32,
            n_rx: 1,
            n_tx: 1,
            subcarriers: std::sync::Arc::clone(&subcarriers),
            values: row.as_chunks::<2>().0.iter().map(|[im, re]| Complex32::new(*re, *im)).collect(),
            ..CsiFrame::default()
        })
        .collect();
    let probe: Vec<&CsiFrame> = frames.iter().step_by((n / 64).max(1)).collect();
    let columns = Columns::choose(&probe).ok_or_else(|| damaged("no subcarrier carries a channel"))?;
    let mut series = AmplitudeSeries { numbers: columns.numbers.clone(), ..AmplitudeSeries::default() };
    let mut row = Vec::new();
    for (at, frame) in frames.iter().enumerate() {
        if columns.amplitudes(frame, &mut row) {
            // The clips give no times of packets; the driver was asked for a steady rate.
            series.times_secs.push(at as f64 * secs / (n - 1) as f64);
            series.rows.extend_from_slice(&row);
        }
    }
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let day = name.rsplit('_').nth(1).unwrap_or_default().to_owned();
    let time = name.rsplit('_').next().unwrap_or_default().to_owned();
    let label = Label {
        session: format!("{chip} {day}"),
        room: time,
        name,
        class: class.to_owned(),
        person: "unnamed".to_owned(),
        device: chip,
    };
    Ok(LabelledSeries { label, series })
}
