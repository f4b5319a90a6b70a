//! The photos of a folder, for a batch.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::format::DETECT_LEN;
use super::{Error, Format, Problem};

/// The files directly in a folder whose content is a photo, by name. Folders within and hidden files are left out, and
/// so is what cannot be read.
pub fn photos_in_folder(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::at(Problem::from(error), folder))?;
    let mut photos: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b"."))
        .map(|entry| entry.path())
        .filter(|path| is_photo(path))
        .collect();
    photos.sort();
    Ok(photos)
}

fn is_photo(path: &Path) -> bool {
    // Opening a pipe would wait for its writer.
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::with_capacity(DETECT_LEN);
    let read = File::open(path).and_then(|file| file.take(DETECT_LEN as u64).read_to_end(&mut head));
    read.is_ok() && Format::detect(&head).is_some()
}
