//! Activities of the GEOTEC data set: an ESP32-S2 at about 100 Hz, amplitudes of 56 subcarriers, a label per packet.
//!
//! D1 was recorded first, D2 ten minutes and D3 twenty minutes later, all with one person in one room. Source and licence
//! (ODC-BY 1.0): `DATASET_README.md` beside the files.

use std::path::{Path, PathBuf};

use super::{Error, numpy};
use crate::analytics::series::AmplitudeSeries;

/// One run: seated, up, across, turn, down, seated.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledRun {
    pub name: String,
    pub series: AmplitudeSeries,
    /// The activity of each packet, with the end of the room it belongs to, such as `WALKING_TX`.
    pub labels: Vec<String>,
}

/// The data set gives no times; packets were asked for every 10 ms.
const RATE_HZ: f64 = 100.0;
const N_COLUMNS: usize = 56;

/// Reads the runs of one part (`D1`, `D2`, `D3`), in order of their names.
pub fn read_part(folder: &Path) -> Result<Vec<LabelledRun>, Error> {
    let missing =
        || Error::Missing { path: folder.to_owned(), hint: "give the folder that holds e01_rx_tx-x.npy and others" };
    let files = std::fs::read_dir(folder).map_err(|_| missing())?.flatten().map(|file| file.path());
    let mut paths: Vec<PathBuf> = files.filter(|path| path.to_string_lossy().ends_with("-x.npy")).collect();
    paths.sort();
    if paths.is_empty() {
        return Err(missing());
    }
    paths.iter().map(|path| read_run(path)).collect()
}

fn read_run(path: &Path) -> Result<LabelledRun, Error> {
    let damaged = |reason: &str| Error::Table { path: path.to_owned(), reason: reason.to_owned() };
    let stem = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().replace("-x.npy", ""));
    let values = numpy::read_npy(path)?;
    let labels = numpy::read_npy(&path.with_file_name(format!("{stem}-y.npy")))?;
    let labels = labels.texts().ok_or_else(|| damaged("labels are no texts"))?.to_vec();
    let numbers = values.numbers().ok_or_else(|| damaged("amplitudes are no numbers"))?;
    let &[N_COLUMNS, n] = values.shape.as_slice() else { return Err(damaged("not [56, packet]")) };
    if n != labels.len() {
        return Err(damaged("as many labels as packets are needed"));
    }
    let rows = (0..n).flat_map(|at| numbers.iter().skip(at).step_by(n).copied()).collect();
    // Columns as the chip's driver hands them out for a 20 MHz HT field: -28..-1, 1..28.
    let series = AmplitudeSeries {
        numbers: (-28..=28).filter(|k| *k != 0).collect(),
        times_secs: (0..n).map(|at| at as f64 / RATE_HZ).collect(),
        rows,
        n_foreign: 0,
    };
    Ok(LabelledRun { name: stem, series, labels })
}
