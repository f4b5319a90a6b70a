//! Frames as one table of comma-separated values: a row per frame, its values in columns at the end.
//!
//! Columns: [`COLUMNS`], then `re_0,im_0,re_1,…`, the complex channel as the radio gave it, `[rx][tx][subcarrier]` with
//! subcarriers fastest; rows with fewer values end in empty cells. `stream` numbers the streams (same link, antennas,
//! subcarriers and channel) from 0; `subcarriers` lists the subcarrier numbers in the first row of each stream and is
//! empty in the others. `time_utc` is empty where the recording knows no date. Empty means "not reported".
//! Only one row is in memory at a time.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use super::Error;
use crate::types::{CsiFrame, RecordedSource, StreamId, Timestamp};

/// The columns in front of the values.
pub const COLUMNS: [&str; 26] = [
    "time_utc",
    "time_ns",
    "stream",
    "link",
    "source",
    "provenance",
    "hardware",
    "centre_mhz",
    "bandwidth_mhz",
    "sequence",
    "device_time_ns",
    "rssi_dbm",
    "rssi_chain_0",
    "rssi_chain_1",
    "rssi_chain_2",
    "rssi_chain_3",
    "noise_dbm",
    "agc",
    "scale",
    "flags",
    "n_records",
    "n_rx",
    "n_tx",
    "n_subcarriers",
    "subcarrier_spacing_hz",
    "subcarriers",
];

/// An open table.
pub struct Writer {
    path: PathBuf,
    table: csv::Writer<BufWriter<File>>,
    /// Complex values per row that the header has columns for; `None` before the first row.
    width: Option<usize>,
    streams: HashMap<StreamId, usize>,
    cell: String,
}

impl Writer {
    pub fn create(path: &Path) -> Result<Self, Error> {
        let file = File::create(path).map_err(|source| Error::from_io(source, path, 0))?;
        Ok(Self {
            path: path.to_owned(),
            table: csv::Writer::from_writer(BufWriter::new(file)),
            width: None,
            streams: HashMap::new(),
            cell: String::new(),
        })
    }

    pub fn write(&mut self, time: Timestamp, source: &RecordedSource, frame: &CsiFrame) -> Result<(), Error> {
        let width = self.make_room(frame.values.len()).map_err(|error| self.failed(error))?;
        let n_streams = self.streams.len();
        let stream = *self.streams.entry(frame.stream()).or_insert(n_streams);
        self.row(time, source, frame, stream, stream == n_streams, width).map_err(|error| self.failed(error))
    }

    pub fn finish(mut self) -> Result<(), Error> {
        if self.width.is_none() {
            self.make_room(0).map_err(|error| self.failed(error))?;
        }
        self.table.flush().map_err(|error| self.failed(error.into()))
    }

    fn row(
        &mut self,
        time: Timestamp,
        source: &RecordedSource,
        frame: &CsiFrame,
        stream: usize,
        is_first: bool,
        width: usize,
    ) -> csv::Result<()> {
        self.optional(utc(time))?;
        self.field(time.0)?;
        self.field(stream)?;
        self.field(frame.link)?;
        self.field(&source.label)?;
        self.field(source.provenance.label())?;
        self.field(frame.hardware.label())?;
        self.optional((frame.channel.centre_mhz > 0).then_some(frame.channel.centre_mhz))?;
        self.optional((frame.channel.bandwidth_mhz > 0).then_some(frame.channel.bandwidth_mhz))?;
        self.optional(frame.sequence)?;
        self.optional(frame.device_time.map(|device| device.nanos))?;
        self.optional(frame.rssi_dbm)?;
        for rssi in frame.chain_rssi {
            self.optional((rssi != i8::MIN).then_some(rssi))?;
        }
        self.optional(frame.noise_dbm)?;
        self.optional(frame.agc)?;
        self.optional(frame.scale)?;
        self.field(frame.flags.0)?;
        self.field(frame.n_records)?;
        self.field(frame.n_rx)?;
        self.field(frame.n_tx)?;
        self.field(frame.n_subcarriers())?;
        self.field(frame.subcarriers.spacing_hz)?;
        self.optional(
            is_first.then(|| frame.subcarriers.index.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        )?;
        for value in &frame.values {
            self.field(value.re)?;
            self.field(value.im)?;
        }
        for _ in frame.values.len()..width {
            self.table.write_field("")?;
            self.table.write_field("")?;
        }
        self.table.write_record(None::<&[u8]>)
    }

    fn field(&mut self, value: impl std::fmt::Display) -> csv::Result<()> {
        self.cell.clear();
        // Writing to a string cannot fail. Numbers come in the shortest form that reads back as the same number.
        write!(self.cell, "{value}").ok();
        self.table.write_field(&self.cell)
    }

    fn optional(&mut self, value: Option<impl std::fmt::Display>) -> csv::Result<()> {
        match value {
            Some(value) => self.field(value),
            None => self.table.write_field(""),
        }
    }

    /// Sees to columns for `n_values`. The first row decides; should a wider one come later, which happens once for
    /// each wider kind of frame, the table is written anew with more columns.
    fn make_room(&mut self, n_values: usize) -> csv::Result<usize> {
        match self.width {
            Some(width) if n_values <= width => return Ok(width),
            Some(_) => {
                let wider_path = self.path.with_extension("wider");
                self.widen(n_values, &wider_path).inspect_err(|_| {
                    // The table is still there as it was; a leftover copy of it would only puzzle people.
                    std::fs::remove_file(&wider_path).ok();
                })?;
            }
            None => self.table.write_record(header(n_values))?,
        }
        self.width = Some(n_values);
        Ok(n_values)
    }

    fn widen(&mut self, n_values: usize, wider_path: &Path) -> csv::Result<()> {
        self.table.flush()?;
        let mut wider = csv::Writer::from_writer(BufWriter::new(File::create(wider_path)?));
        wider.write_record(header(n_values))?;
        let mut rows = csv::Reader::from_path(&self.path)?;
        let mut row = csv::ByteRecord::new();
        while rows.read_byte_record(&mut row)? {
            while row.len() < COLUMNS.len() + 2 * n_values {
                row.push_field(b"");
            }
            wider.write_byte_record(&row)?;
        }
        wider.flush()?;
        // Windows lets no file be replaced while it is open: the reader and the old table are closed first.
        drop(rows);
        self.table = wider;
        Ok(std::fs::rename(wider_path, &self.path)?)
    }

    fn failed(&self, error: csv::Error) -> Error {
        let n_bytes = std::fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        match error.into_kind() {
            csv::ErrorKind::Io(source) => Error::from_io(source, &self.path, n_bytes),
            other => Error::Format { message: format!("{other:?}") },
        }
    }
}

fn header(n_values: usize) -> impl Iterator<Item = String> {
    let values = (0..n_values).flat_map(|i| [format!("re_{i}"), format!("im_{i}")]);
    COLUMNS.into_iter().map(str::to_owned).chain(values)
}

fn utc(time: Timestamp) -> Option<jiff::Timestamp> {
    time.is_wall_clock().then(|| jiff::Timestamp::from_nanosecond(i128::from(time.0)).ok())?
}
