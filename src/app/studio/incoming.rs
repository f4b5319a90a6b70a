//! What kind of file somebody dropped or opened: a photo, a scan, a folder, or a recording.
//!
//! By its extension where that is clear, else by its first bytes. Whether the file is sound is for its reader to say.

use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Also those that the program does not read: the reader of photos says what to do about them.
pub const PHOTO_EXTENSIONS: &[&str] =
    &["jpg", "jpeg", "jpe", "png", "webp", "tif", "tiff", "gif", "bmp", "heic", "heif", "avif", "dng"];
pub const SCAN_EXTENSIONS: &[&str] = &["obj", "ply", "stl", "glb", "gltf"];

/// Files by what they are, each in the order given.
#[derive(Debug, Default, PartialEq)]
pub struct Sorted {
    pub photos: Vec<PathBuf>,
    pub scans: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
    pub recordings: Vec<PathBuf>,
}

pub fn sort(paths: Vec<PathBuf>) -> Sorted {
    let mut sorted = Sorted::default();
    for path in paths {
        let list = match kind(&path) {
            Kind::Photo => &mut sorted.photos,
            Kind::Scan => &mut sorted.scans,
            Kind::Folder => &mut sorted.folders,
            Kind::Recording => &mut sorted.recordings,
        };
        list.push(path);
    }
    sorted
}

enum Kind {
    Photo,
    Scan,
    Folder,
    Recording,
}

fn kind(path: &Path) -> Kind {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    if PHOTO_EXTENSIONS.contains(&extension.as_str()) {
        return Kind::Photo;
    }
    if SCAN_EXTENSIONS.contains(&extension.as_str()) {
        return Kind::Scan;
    }
    if path.is_dir() {
        return Kind::Folder;
    }
    by_content(&first_bytes(path))
}

fn by_content(head: &[u8]) -> Kind {
    let photo = [b"\xff\xd8\xff".as_slice(), b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"GIF8"];
    let webp = head.len() >= 12 && &head[..4] == b"RIFF" && &head[8..12] == b"WEBP";
    let heif = head.len() >= 8 && &head[4..8] == b"ftyp";
    let scan = [b"glTF".as_slice(), b"ply\n", b"ply\r", b"solid "];
    if webp || heif || photo.iter().any(|magic| head.starts_with(magic)) {
        Kind::Photo
    } else if scan.iter().any(|magic| head.starts_with(magic)) {
        Kind::Scan
    } else {
        Kind::Recording
    }
}

/// At most twelve; none from a file that cannot be read, which its reader will tell.
fn first_bytes(path: &Path) -> Vec<u8> {
    let mut head = Vec::new();
    // Pipes and devices would let the window wait.
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        file.take(12).read_to_end(&mut head).ok();
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_sorted_by_extension_and_else_by_content() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("the folder can be written");
            path
        };
        let odd = file("picture.dat", b"\xff\xd8\xff\xe0 and so on");
        let scan = file("mesh", b"ply\nformat ascii 1.0\n");
        let csi = file("log.dat", b"\x00\xd5\xbb");
        let missing = PathBuf::from("/nowhere/walk.pcap");
        let photo = PathBuf::from("/nowhere/A.JPG");
        let folder = dir.path().to_owned();
        let all = [&odd, &scan, &csi, &missing, &photo, &folder].map(Clone::clone).to_vec();
        let sorted = sort(all);
        assert_eq!(sorted.photos, [odd, photo]);
        assert_eq!(sorted.scans, [scan]);
        assert_eq!(sorted.folders, [folder]);
        assert_eq!(sorted.recordings, [csi, missing]);
    }
}
