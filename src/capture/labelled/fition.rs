//! The falls of the Fition data set: Nexmon captures of 20 MHz packets at 5.18 GHz, as pcaps and as compact arrays.
//!
//! Layout of the arrays: `DATA_LAYOUT.txt` beside them. A session is one person doing one thing on one day, so class and
//! session coincide; the labels say so.

use std::path::{Path, PathBuf};

use super::numpy::Archive;
use super::{Error, LabelledSeries};
use crate::analytics::evaluation::split::Label;
use crate::analytics::series::AmplitudeSeries;
use crate::capture::SourceId;
use crate::capture::source::file::FileReader;

/// The class of falls.
pub const FALL: &str = "falling";

/// Bins of an array row: subcarriers ±1..28 lie at 4..32 and 33..61.
const N_BINS: usize = 64;
const CENTRE_BIN: i16 = 32;
const EDGE: i16 = 28;

/// Reads all records of the compact arrays.
pub fn read_compact(path: &Path) -> Result<Vec<LabelledSeries>, Error> {
    let mut archive = Archive::open(path)?;
    let damaged = |reason: &str| Error::Table { path: path.to_owned(), reason: reason.to_owned() };
    let mut numbers = |name: &str| -> Result<(Vec<usize>, Vec<f32>), Error> {
        let array = archive.array(name)?;
        let values = array.numbers().ok_or_else(|| damaged("texts where numbers belong"))?.to_vec();
        Ok((array.shape, values))
    };
    let (shape, amplitudes) = numbers("amp")?;
    let (_, times_ms) = numbers("t_ms")?;
    let (_, ranks) = numbers("mac_rank")?;
    let (_, n_frames) = numbers("nframes")?;
    let (_, users) = numbers("user")?;
    let mut texts = |name: &str| -> Result<Vec<String>, Error> {
        Ok(archive.array(name)?.texts().ok_or_else(|| damaged("numbers where texts belong"))?.to_vec())
    };
    let (classes, rooms, names) = (texts("label")?, texts("room")?, texts("src")?);
    let &[n, per_record, N_BINS] = shape.as_slice() else { return Err(damaged("not [record, packet, 64]")) };
    let is_whole = [times_ms.len(), ranks.len()].iter().all(|len| *len == n * per_record)
        && [n_frames.len(), users.len(), classes.len(), rooms.len(), names.len()].iter().all(|len| *len == n);
    if !is_whole || per_record == 0 {
        return Err(damaged("arrays of unequal length"));
    }
    let columns: Vec<(i16, usize)> =
        (-EDGE..=EDGE).filter(|k| *k != 0).filter_map(|k| Some((k, usize::try_from(CENTRE_BIN + k).ok()?))).collect();
    let records = amplitudes
        .chunks_exact(N_BINS * per_record)
        .zip(times_ms.chunks_exact(per_record).zip(ranks.chunks_exact(per_record)))
        .enumerate()
        .map(|(record, (rows, (times, ranks)))| {
            let mut series =
                AmplitudeSeries { numbers: columns.iter().map(|(k, _)| *k).collect(), ..AmplitudeSeries::default() };
            let mut first = None;
            let packets = rows.chunks_exact(N_BINS).zip(times.iter().zip(ranks));
            for (row, (time, rank)) in packets.take(n_frames[record] as usize) {
                // Rank 0 is the transmitter that the record heard most, 255 is padding.
                if *rank != 0.0 {
                    series.n_foreign += usize::from(*rank < 255.0);
                    continue;
                }
                let zero = *first.get_or_insert(*time);
                series.times_secs.push(f64::from(time - zero) / 1000.0);
                series.rows.extend(columns.iter().map(|(_, bin)| row[*bin]));
            }
            let label = label(&names[record], &classes[record], &users[record].to_string(), &rooms[record]);
            LabelledSeries { label, series }
        });
    Ok(records.collect())
}

fn label(name: &str, class: &str, user: &str, room: &str) -> Label {
    Label {
        name: name.to_owned(),
        class: class.to_owned(),
        person: format!("u{user}"),
        room: room.to_owned(),
        session: name.split('/').next().unwrap_or_default().to_owned(),
        device: "BCM43455c0".to_owned(),
    }
}

/// Reads the pcaps of a folder of folders such as `falling_user1_rm1`, in order of their names.
pub fn read_raw(folder: &Path) -> Result<Vec<LabelledSeries>, Error> {
    let missing =
        || Error::Missing { path: folder.to_owned(), hint: "give the folder that holds falling_user1_rm1 and others" };
    let mut paths: Vec<PathBuf> = Vec::new();
    for session in std::fs::read_dir(folder).map_err(|_| missing())?.flatten() {
        let Ok(files) = std::fs::read_dir(session.path()) else { continue };
        paths.extend(
            files.flatten().map(|file| file.path()).filter(|path| path.extension().is_some_and(|e| e == "pcap")),
        );
    }
    paths.sort();
    if paths.is_empty() {
        return Err(missing());
    }
    let mut records = Vec::new();
    for path in paths {
        let session =
            path.parent().and_then(Path::file_name).map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut parts = session.split('_');
        let (class, user) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let user = user.trim_start_matches("user");
        // Rooms 1 and 2 are one room, and so are 3 and 4 (`SOURCE_README.md`).
        let room = if matches!(user, "1" | "2") { "A" } else { "B" };
        if let Some(series) = read_series(&path)? {
            records.push(LabelledSeries { label: label(&format!("{session}/{file}"), class, user, room), series });
        }
    }
    Ok(records)
}

/// The strongest stream of any recording; `None` where it has too few packets.
pub fn read_series(path: &Path) -> Result<Option<AmplitudeSeries>, Error> {
    const RECEIVER: SourceId = 0;
    let mut reader = FileReader::open(path, RECEIVER)?;
    let mut frames = Vec::new();
    while let Some(stamped) = reader.next_frame()? {
        frames.push((stamped.time, stamped.frame));
    }
    frames.extend(std::iter::from_fn(|| reader.finish()).map(|stamped| (stamped.time, stamped.frame)));
    Ok(AmplitudeSeries::from_frames(&frames))
}
