//! Frames as NumPy arrays in one `.npz` file: `numpy.load(path, allow_pickle=False)` reads it.
//!
//! Streams (same link, antennas, subcarriers and channel) are called `s0`, `s1`, … in order of their first frame. Each
//! has the arrays `<stream>_csi` complex64 `[n, rx, tx, subcarrier]`, `<stream>_time_ns` int64, `<stream>_rssi_dbm`,
//! `_noise_dbm` and `_scale` float32 (NaN = not reported), `_sequence` and `_device_time_ns` int64 and `_agc` int16
//! (-1 = not reported), `_flags` uint16, all of length n, and `_subcarriers` int16 of the subcarriers' numbers.
//! `meta` is a JSON text in UTF-8 bytes (uint8): programs, site, notes, provenance, and what each stream is.
//!
//! Arrays must be whole before they are written, so all frames wait in memory, up to [`MAX_BYTES`].

use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ndarray::{ArrayView1, ArrayView4};
use ndarray_npy::{NpzWriter, WritableElement, WriteNpzError};
use serde_json::json;

use super::Error;
use crate::types::{Complex32, CsiFrame, Provenance, RecordedSource, RecordingInfo, StreamId, Timestamp};

/// Bytes of frames that one file may hold: some 40 minutes of eight links at 200 Hz with 64 subcarriers. Longer exports
/// would push other programs out of a laptop's memory.
pub const MAX_BYTES: usize = 2 << 30;

/// Bytes that a frame needs beside its values.
const BYTES_PER_ROW: usize = 8 + 4 + 4 + 4 + 8 + 8 + 2 + 2;

/// A file in the making.
pub struct Writer {
    file: File,
    path: PathBuf,
    info: RecordingInfo,
    streams: Vec<Stream>,
    by_id: HashMap<(StreamId, u16), usize>,
    n_bytes: usize,
}

/// The columns of one stream.
struct Stream {
    source: RecordedSource,
    provenance: Provenance,
    /// The first frame without its values: what all frames of the stream have in common.
    pattern: CsiFrame,
    csi: Vec<Complex32>,
    time_ns: Vec<i64>,
    rssi_dbm: Vec<f32>,
    noise_dbm: Vec<f32>,
    scale: Vec<f32>,
    sequence: Vec<i64>,
    device_time_ns: Vec<i64>,
    agc: Vec<i16>,
    flags: Vec<u16>,
}

impl Writer {
    /// `path` only serves for messages.
    pub fn new(file: File, path: &Path, info: RecordingInfo) -> Self {
        Self { file, path: path.to_owned(), info, streams: Vec::new(), by_id: HashMap::new(), n_bytes: 0 }
    }

    pub fn write(&mut self, time: Timestamp, source: &RecordedSource, frame: &CsiFrame) -> Result<(), Error> {
        let n_bytes = self.n_bytes + BYTES_PER_ROW + size_of_val(frame.values.as_slice());
        if n_bytes > MAX_BYTES {
            return Err(Error::TooLargeForNpz { limit_mib: MAX_BYTES >> 20 });
        }
        self.n_bytes = n_bytes;
        let n_streams = self.streams.len();
        let stream_idx = *self.by_id.entry((frame.stream(), source.id)).or_insert(n_streams);
        if stream_idx == n_streams {
            self.streams.push(Stream::new(source, frame));
        }
        if let Some(stream) = self.streams.get_mut(stream_idx) {
            stream.push(time, source.provenance, frame);
        }
        self.info.add_source(source);
        Ok(())
    }

    pub fn finish(self) -> Result<(), Error> {
        let path = self.path.clone();
        self.write_all().map_err(|error| match error {
            WriteNpzError::Zip(zip) => Error::from_io(zip.into(), &path, 0),
            WriteNpzError::Npy(ndarray_npy::WriteNpyError::Io(source)) => Error::from_io(source, &path, 0),
            other @ WriteNpzError::Npy(_) => Error::Format { message: other.to_string() },
        })
    }

    fn write_all(self) -> Result<(), WriteNpzError> {
        let meta = self.meta().to_string();
        let mut npz = NpzWriter::new(BufWriter::new(self.file));
        npz.add_array("meta", &ArrayView1::from(meta.as_bytes()))?;
        for (number, stream) in self.streams.into_iter().enumerate() {
            stream.write(&mut npz, number)?;
        }
        npz.finish()?;
        Ok(())
    }

    fn meta(&self) -> serde_json::Value {
        let streams: Vec<_> = self.streams.iter().enumerate().map(|(number, stream)| stream.meta(number)).collect();
        json!({
            "format": 1,
            "recorded_by": self.info.software,
            "exported_by": RecordingInfo::of_this_program().software,
            "site": self.info.site,
            "notes": self.info.notes,
            "provenance": self.info.provenance,
            "streams": streams,
        })
    }
}

impl Stream {
    fn new(source: &RecordedSource, frame: &CsiFrame) -> Self {
        Self {
            source: source.clone(),
            provenance: source.provenance,
            pattern: CsiFrame { values: Vec::new(), ..frame.clone() },
            csi: Vec::new(),
            time_ns: Vec::new(),
            rssi_dbm: Vec::new(),
            noise_dbm: Vec::new(),
            scale: Vec::new(),
            sequence: Vec::new(),
            device_time_ns: Vec::new(),
            agc: Vec::new(),
            flags: Vec::new(),
        }
    }

    fn push(&mut self, time: Timestamp, provenance: Provenance, frame: &CsiFrame) {
        let n_values = self.pattern.n_chains() * self.pattern.n_subcarriers();
        self.provenance = self.provenance.max(provenance);
        self.csi.extend_from_slice(frame.values.get(..n_values).unwrap_or(&frame.values));
        self.time_ns.push(time.0);
        // A frame that is shorter than its shape says must not shift those after it.
        self.csi.resize(self.time_ns.len() * n_values, Complex32::new(f32::NAN, f32::NAN));
        self.rssi_dbm.push(frame.rssi_dbm.unwrap_or(f32::NAN));
        self.noise_dbm.push(frame.noise_dbm.unwrap_or(f32::NAN));
        self.scale.push(frame.scale.unwrap_or(f32::NAN));
        self.sequence.push(frame.sequence.map_or(-1, i64::from));
        self.device_time_ns.push(frame.device_time.and_then(|time| i64::try_from(time.nanos).ok()).unwrap_or(-1));
        self.agc.push(frame.agc.map_or(-1, i16::from));
        self.flags.push(frame.flags.0);
    }

    fn write(self, npz: &mut NpzWriter<BufWriter<File>>, number: usize) -> Result<(), WriteNpzError> {
        let shape = (
            self.time_ns.len(),
            usize::from(self.pattern.n_rx),
            usize::from(self.pattern.n_tx),
            self.pattern.n_subcarriers(),
        );
        // The values were laid out to this very shape as they came in.
        if let Ok(csi) = ArrayView4::from_shape(shape, &self.csi) {
            npz.add_array(format!("s{number}_csi"), &csi)?;
        }
        column(npz, number, "time_ns", &self.time_ns)?;
        column(npz, number, "rssi_dbm", &self.rssi_dbm)?;
        column(npz, number, "noise_dbm", &self.noise_dbm)?;
        column(npz, number, "scale", &self.scale)?;
        column(npz, number, "sequence", &self.sequence)?;
        column(npz, number, "device_time_ns", &self.device_time_ns)?;
        column(npz, number, "agc", &self.agc)?;
        column(npz, number, "flags", &self.flags)?;
        column(npz, number, "subcarriers", &self.pattern.subcarriers.index)
    }

    fn meta(&self, number: usize) -> serde_json::Value {
        let frame = &self.pattern;
        json!({
            "name": format!("s{number}"),
            "link": frame.link.to_string(),
            "tx": frame.link.tx,
            "rx": frame.link.rx,
            "source": self.source.label,
            "source_id": self.source.id,
            "provenance": self.provenance,
            "hardware": frame.hardware,
            "centre_mhz": frame.channel.centre_mhz,
            "bandwidth_mhz": frame.channel.bandwidth_mhz,
            "n_frames": self.time_ns.len(),
            "n_rx": frame.n_rx,
            "n_tx": frame.n_tx,
            "subcarrier_spacing_hz": frame.subcarriers.spacing_hz,
            "segments": frame.subcarriers.segments,
            "invalid": frame.subcarriers.invalid,
        })
    }
}

fn column<T: WritableElement>(
    npz: &mut NpzWriter<BufWriter<File>>,
    stream: usize,
    name: &str,
    values: &[T],
) -> Result<(), WriteNpzError> {
    npz.add_array(format!("s{stream}_{name}"), &ArrayView1::from(values))
}
