//! Writes frames to files: recordings that lose nothing ([`mcap`]), and tables for other programs ([`csv`], [`npz`]);
//! and bodies: skinned ([`gltf`]), as they stand ([`mesh_file`]) and as figures ([`measurements`]).
//!
//! The frames come in one at a time with their place on the shared time axis. Whoever calls chooses which ones.

pub mod body_info;
pub mod csv;
pub mod gltf;
pub mod mcap;
pub mod measurements;
pub mod mesh_file;
pub mod npz;
pub mod sheet;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use crate::types::{CsiFrame, Provenance, RecordedSource, RecordingInfo, Span, Timestamp};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot start the recorder's thread — close other programs and try again ({0})")]
    NoThread(std::io::Error),
    #[error("there is a file of that name already — choose another name: {path:?}")]
    Exists { path: PathBuf },
    #[error("not permitted to write there — choose another folder: {path:?}")]
    Forbidden { path: PathBuf },
    #[error("no such folder — it may have been removed or its drive unplugged: {path:?}")]
    NoFolder { path: PathBuf },
    #[error(
        "the disk is full — free some space and start again; the {n_bytes} bytes written so far are kept: {path:?}"
    )]
    DiskFull { path: PathBuf, n_bytes: u64 },
    #[error(
        "the file has reached the size limit of its drive — start again, best on another drive; \
         the {n_bytes} bytes written so far are kept: {path:?}"
    )]
    FileTooLarge { path: PathBuf, n_bytes: u64 },
    #[error("the drive has gone — plug it in again; what was written until then is on it: {path:?}")]
    DriveGone { path: PathBuf },
    #[error("cannot write — {source}: {path:?}")]
    Io { path: PathBuf, source: std::io::Error },
    /// Every call after the one that failed says again why.
    #[error("{0}")]
    Stopped(String),
    #[error("cannot tell the format from the name — end it in .mcap, .csv or .npz: {path:?}")]
    UnknownTarget { path: PathBuf },
    #[error("too much for one NumPy file ({limit_mib} MiB) — export a shorter stretch, or choose .mcap or .csv")]
    TooLargeForNpz { limit_mib: usize },
    #[error("cannot write the file — {message}")]
    Format { message: String },
}

impl Error {
    /// Puts a failed write into words; `n_bytes` had been written before.
    fn from_io(source: std::io::Error, path: &Path, n_bytes: u64) -> Self {
        use std::io::ErrorKind as Kind;
        /// What Linux, macOS and Windows say when a device is no longer there: EIO, ENXIO, ENODEV,
        /// ERROR_NOT_READY, ERROR_DEV_NOT_EXIST, ERROR_DEVICE_NOT_CONNECTED.
        #[cfg(unix)]
        const GONE: &[i32] = &[5, 6, 19];
        #[cfg(not(unix))]
        const GONE: &[i32] = &[21, 55, 1167];
        let path = path.to_owned();
        match source.kind() {
            Kind::AlreadyExists => Self::Exists { path },
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::Forbidden { path },
            Kind::NotFound | Kind::NotADirectory => Self::NoFolder { path },
            Kind::StorageFull | Kind::QuotaExceeded | Kind::WriteZero => Self::DiskFull { path, n_bytes },
            Kind::FileTooLarge => Self::FileTooLarge { path, n_bytes },
            _ if source.raw_os_error().is_some_and(|code| GONE.contains(&code)) => Self::DriveGone { path },
            _ => Self::Io { path, source },
        }
    }
}

/// What to export to, chosen by the end of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Mcap,
    Csv,
    Npz,
}

impl Target {
    pub const ALL: [Self; 3] = [Self::Mcap, Self::Csv, Self::Npz];

    pub fn extension(self) -> &'static str {
        match self {
            Self::Mcap => "mcap",
            Self::Csv => "csv",
            Self::Npz => "npz",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Mcap => "Recording (MCAP)",
            Self::Csv => "Table (CSV)",
            Self::Npz => "NumPy arrays (NPZ)",
        }
    }

    pub fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        Self::ALL.into_iter().find(|target| extension.eq_ignore_ascii_case(target.extension()))
    }
}

/// What came out of an export.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportSummary {
    pub n_frames: u64,
    pub n_bytes: u64,
    pub span: Option<Span>,
}

/// Writes one file in any of the formats. The file takes its name only when [`Exporter::finish`] has been called, so a
/// cancelled export leaves nothing behind and never harms a file that was there before.
pub struct Exporter {
    kind: Kind,
    part: PartFile,
    span: Option<Span>,
    n_frames: u64,
    sources: Vec<RecordedSource>,
}

enum Kind {
    Mcap(Box<mcap::Recorder<BufWriter<File>>>),
    Csv(Box<csv::Writer>),
    Npz(Box<npz::Writer>),
}

impl Exporter {
    pub fn create(path: &Path, info: RecordingInfo) -> Result<Self, Error> {
        let target = Target::from_path(path).ok_or_else(|| Error::UnknownTarget { path: path.to_owned() })?;
        let (part, file) = PartFile::create(path)?;
        let sources = info.sources.clone();
        let kind = match target {
            Target::Mcap => Kind::Mcap(Box::new(mcap::Recorder::new(BufWriter::new(file), path, info)?)),
            Target::Csv => {
                // The writer opens the file itself, because it may have to write it anew with more columns.
                drop(file);
                Kind::Csv(Box::new(csv::Writer::create(&part.path)?))
            }
            Target::Npz => Kind::Npz(Box::new(npz::Writer::new(file, path, info))),
        };
        Ok(Self { kind, part, span: None, n_frames: 0, sources })
    }

    /// Writes a frame of the first source of this provenance that was named on creation.
    pub fn write(&mut self, time: Timestamp, provenance: Provenance, frame: &CsiFrame) -> Result<(), Error> {
        let source = match self.sources.iter().find(|source| source.provenance == provenance) {
            Some(source) => source.clone(),
            None => {
                let id = self.sources.iter().map(|source| source.id).max().map_or(0, |id| id.saturating_add(1));
                let source = RecordedSource { id, label: String::new(), provenance };
                self.sources.push(source.clone());
                source
            }
        };
        self.write_from(time, &source, frame)
    }

    pub fn write_from(&mut self, time: Timestamp, source: &RecordedSource, frame: &CsiFrame) -> Result<(), Error> {
        match &mut self.kind {
            Kind::Mcap(recorder) => recorder.write(time, source, frame)?,
            Kind::Csv(writer) => writer.write(time, source, frame)?,
            Kind::Npz(writer) => writer.write(time, source, frame)?,
        }
        self.n_frames += 1;
        let now = Span::new(time, time);
        self.span = Some(self.span.map_or(now, |span| span.union(now)));
        Ok(())
    }

    pub fn finish(self) -> Result<ExportSummary, Error> {
        match self.kind {
            Kind::Mcap(recorder) => drop(recorder.finish()?),
            Kind::Csv(writer) => writer.finish()?,
            Kind::Npz(writer) => writer.finish()?,
        }
        let n_bytes = self.part.finish()?;
        Ok(ExportSummary { n_frames: self.n_frames, n_bytes, span: self.span })
    }
}

/// Writes a file that is in memory already: under its name only when it is complete. Says how long it is.
pub fn save(path: &Path, bytes: &[u8]) -> Result<u64, Error> {
    use std::io::Write as _;
    let (part, mut file) = PartFile::create(path)?;
    file.write_all(bytes).map_err(|source| Error::from_io(source, path, 0))?;
    drop(file);
    part.finish()
}

/// A file under a name of its own beside the wanted one until it is complete; removed when that never happens.
struct PartFile {
    path: PathBuf,
    wanted: PathBuf,
    complete: bool,
}

impl PartFile {
    fn create(wanted: &Path) -> Result<(Self, File), Error> {
        let mut name = wanted.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = wanted.with_file_name(name);
        let file = File::create(&path).map_err(|source| Error::from_io(source, wanted, 0))?;
        Ok((Self { path, wanted: wanted.to_owned(), complete: false }, file))
    }

    /// Gives the file its name and says how long it is.
    fn finish(mut self) -> Result<u64, Error> {
        let renamed = std::fs::rename(&self.path, &self.wanted).and_then(|()| std::fs::metadata(&self.wanted));
        let metadata = renamed.map_err(|source| Error::from_io(source, &self.wanted, 0))?;
        self.complete = true;
        Ok(metadata.len())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.complete {
            // Nothing can be done about a leftover, and its name says what it is.
            std::fs::remove_file(&self.path).ok();
        }
    }
}
