//! Which kind of file some bytes are, by their content; names are never trusted.

use std::fmt;
use std::path::Path;

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Tiff,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
        })
    }
}

/// Bytes of a file's beginning that [`Format::detect`] and [`other`] look at.
pub const DETECT_LEN: usize = 16;

impl Format {
    pub fn detect(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            // 42 marks TIFF, 43 BigTIFF.
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Self::Tiff),
            _ => None,
        }
    }

    /// Does the name end as files of this format do? A name without an ending claims nothing.
    pub(super) fn fits_name(self, path: &Path) -> bool {
        let endings: &[&str] = match self {
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif", "mpo"],
            Self::Png => &["png", "apng"],
            Self::WebP => &["webp"],
            Self::Tiff => &["tif", "tiff"],
        };
        path.extension().is_none_or(|extension| endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending)))
    }
}

/// The name of a kind of file that people take for a photo and that is not read.
pub(super) fn other(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'G', b'I', b'F', b'8', ..] => Some("GIF"),
        [b'B', b'M', ..] => Some("BMP"),
        [b'%', b'P', b'D', b'F', ..] => Some("PDF"),
        [b'P', b'K', 3, 4, ..] => Some("ZIP"),
        [b'8', b'B', b'P', b'S', ..] => Some("Photoshop"),
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        [0, 0, 0, 0x0c, b'j', b'P', ..] => Some("JPEG 2000"),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand {
            [b'a', b'v', b'i', ..] => Some("AVIF"),
            [b'h', b'e', b'i' | b'v', ..] | [b'm', b'i', b'f', ..] | [b'm', b's', b'f', ..] => Some("HEIC"),
            _ => Some("Video"),
        },
        _ => None,
    }
}
