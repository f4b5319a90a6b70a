//! What can be wrong with a photo, in words that say what to do next; the path comes last.

use std::fmt;
use std::path::{Path, PathBuf};

use super::Format;

/// Why there is no photo. The text never holds pixels or metadata.
#[derive(Debug)]
pub struct Error {
    pub problem: Problem,
    /// `None` for bytes from the clipboard or a drop.
    pub path: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum Problem {
    #[error("no such file — it may have been moved or its drive unplugged")]
    NotFound,
    #[error("not permitted to read it — change its permissions or copy it to a folder of your own")]
    Forbidden,
    #[error("this is not a file — choose a photo, or open the folder as a batch")]
    NotAFile,
    #[error("cannot read it ({0}) — try again or copy it to another drive")]
    Io(std::io::Error),
    #[error("the file is empty — copy it again from the camera or phone")]
    Empty,
    #[error("the file has {n_mib} MiB, more than the {limit_mib} MiB that are read — save the photo smaller")]
    FileTooLarge { n_mib: u64, limit_mib: u64 },
    #[error("this is not a photo — open a JPEG, PNG, WebP or TIFF file")]
    NotAPhoto,
    #[error("{found} files are not read — save the photo as JPEG, PNG, WebP or TIFF")]
    OtherFormat { found: &'static str },
    #[error(
        "{width} x {height} px is more than is decoded safely (at most {max_side_px} px a side and {max_megapixels} \
         megapixels) — save the photo smaller"
    )]
    TooManyPixels { width: u32, height: u32, max_side_px: u32, max_megapixels: u64 },
    #[error(
        "decoding this {format} file would take {n_mib} MiB of memory, more than the {limit_mib} MiB allowed — save \
         the photo smaller"
    )]
    TooMuchMemory { format: Format, n_mib: u64, limit_mib: u64 },
    #[error("there is not enough memory to decode the photo — close other programs or save the photo smaller")]
    OutOfMemory,
    #[error(
        "{width} x {height} px is too small to see a person in — use the original photo, at least {min_side_px} px \
         wide and high"
    )]
    TooSmall { width: u32, height: u32, min_side_px: u32 },
    #[error("the {format} file ends before its picture does — copy it again from the camera or phone")]
    Truncated { format: Format },
    #[error("the {format} file is damaged ({detail}) — copy it again, or open and save it in an image editor")]
    Damaged { format: Format, detail: String },
    #[error("this kind of {format} file is not read ({detail}) — save the photo as JPEG or as 8-bit PNG")]
    UnsupportedKind { format: Format, detail: String },
    #[error("the clipboard's picture is not as large as it claims — copy it again")]
    ClipboardSize,
}

impl Error {
    pub(super) fn at(problem: Problem, path: &Path) -> Self {
        Self { problem, path: Some(path.to_owned()) }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { problem, path: None }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        match error.kind() {
            Kind::NotFound | Kind::NotADirectory => Self::NotFound,
            Kind::PermissionDenied => Self::Forbidden,
            Kind::IsADirectory => Self::NotAFile,
            Kind::OutOfMemory => Self::OutOfMemory,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {path:?}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// What is worth knowing of a photo that could be read all the same.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// The file's name claims another format than its content has.
    OtherName { format: Format },
    /// An animation: its first frame was taken.
    Animated,
    /// A file of several pictures: the first was taken.
    SeveralPictures,
    /// The file ends early. `missing` is the part of the stored rows that is grey, 0..=1; 0 where a progressive file
    /// lacks its last, finest scans.
    Truncated { missing: f32 },
    /// Parts of the data made no sense; the decoder went on.
    Damaged,
    /// The colour profile cannot be used.
    ProfileIgnored,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName { format } => {
                write!(f, "the file's name ends otherwise, but it is a {format} file and is read as one")
            }
            Self::Animated => f.write_str("this is an animation: only its first frame is used"),
            Self::SeveralPictures => f.write_str("the file holds several pictures: only the first is used"),
            Self::Truncated { missing: 0.0 } => f.write_str(
                "the file ends early and the picture may be coarse — copy it again from the camera or phone",
            ),
            Self::Truncated { missing } => write!(
                f,
                "the file ends early and {:.0} % of the picture are grey — copy it again from the camera or phone",
                (missing * 100.0).max(1.0)
            ),
            Self::Damaged => {
                f.write_str("parts of the file are damaged and may look wrong — copy it again from the camera or phone")
            }
            Self::ProfileIgnored => {
                f.write_str("the colour profile in the file cannot be used: colours may be a little off")
            }
        }
    }
}
