//! Finds the folders with models, reads their manifests, and answers "which file plays this role, and is it the right one?".
//!
//! A user's own folder comes first, so that a newer model put there wins over the one that came with the program.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::manifest::{DepthConvention, Detector, Entry, Manifest};
use super::{Error, Role};

/// Names the folder that holds `models.toml`.
pub const MODELS_VARIABLE: &str = "CORPOREAL_MODELS";

/// One folder with its manifest, as read at `read_at`.
#[derive(Clone, Debug)]
pub struct Folder {
    pub path: PathBuf,
    pub manifest: Manifest,
    stamp: Option<Stamp>,
}

/// Size and time of a file: changed when either is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    n_bytes: u64,
    modified: Option<SystemTime>,
}

/// A weight file that was found for a role.
#[derive(Clone, Debug)]
pub struct Weight {
    pub entry: Entry,
    pub path: PathBuf,
    /// A depth model that a user put in without a manifest: there is no hash to hold it against.
    pub unlisted: bool,
}

/// The user's folder, then the program's: all that exist and hold something.
///
/// The program's is the first of: `CORPOREAL_MODELS`; `models` beside the executable; `../share/corporeal/models`;
/// the source tree that it was built from.
pub fn default_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    folders.extend(user_folder());
    match std::env::var_os(MODELS_VARIABLE) {
        Some(named) if !named.is_empty() => folders.push(PathBuf::from(named)),
        _ => {
            let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.to_path_buf()));
            let places = beside.iter().flat_map(|own| {
                [own.join("models"), own.join("../share/corporeal/models"), own.join("../Resources/models")]
            });
            let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models");
            folders.extend(places.chain([source]).find(|folder| folder.join("models.toml").is_file()));
        }
    }
    folders
}

/// Where users put their own models; it need not exist.
pub fn user_folder() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "corporeal")?.data_dir().join("models"))
}

impl Folder {
    /// `Ok(None)` where the folder holds nothing that concerns us.
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let file = path.join("models.toml");
        let manifest = match std::fs::read_to_string(&file) {
            Ok(text) => Manifest::parse(&text).map_err(|reason| Error::Manifest { reason, path: file.clone() })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !path.join(DEPTH_FILE).is_file() {
                    return Ok(None);
                }
                Manifest { version: 1, models: Vec::new(), detectors: Vec::new() }
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(Error::Manifest { reason: String::from("it is not text"), path: file });
            }
            Err(source) => return Err(Error::Io { source, path: file }),
        };
        Ok(Some(Self { path: path.to_path_buf(), manifest, stamp: stamp(&file) }))
    }

    /// Whether the manifest on disk is another one by now.
    pub fn is_stale(&self) -> bool {
        stamp(&self.path.join("models.toml")) != self.stamp
    }
}

/// What the manifests say of detectors of the radio: of each kind the first folder's word.
pub fn detectors() -> Result<Vec<Detector>, Error> {
    let mut detectors: Vec<Detector> = Vec::new();
    for path in default_folders() {
        let Some(folder) = Folder::open(&path)? else { continue };
        for detector in folder.manifest.detectors {
            if detectors.iter().all(|known| known.kind != detector.kind) {
                detectors.push(detector);
            }
        }
    }
    Ok(detectors)
}

/// Name of a depth model that is taken without a manifest.
const DEPTH_FILE: &str = "depth.onnx";

/// The first folder that names a file for the role.
pub fn weight(folders: &[Folder], role: Role) -> Option<Weight> {
    folders.iter().find_map(|folder| {
        if let Some(entry) = folder.manifest.entry(role) {
            return Some(Weight { entry: entry.clone(), path: folder.path.join(&entry.file), unlisted: false });
        }
        let path = folder.path.join(DEPTH_FILE);
        (role == Role::Depth && path.is_file()).then(|| Weight { entry: unlisted_depth(), path, unlisted: true })
    })
}

fn unlisted_depth() -> Entry {
    Entry {
        role: Role::Depth,
        name: String::from("depth.onnx"),
        file: String::from(DEPTH_FILE),
        origin: String::from("put in by the user"),
        version: String::from("not stated"),
        licence: String::from("not stated"),
        sha256: String::new(),
        inputs: Vec::new(),
        outputs: Vec::new(),
        made_by: String::from("not stated"),
        scores: Vec::new(),
        advisory: None,
        depth: DepthConvention::Inverse,
    }
}

impl Weight {
    /// Reads the file and holds it against its hash.
    pub fn read(&self) -> Result<Vec<u8>, Error> {
        let path = self.path.clone();
        let bytes = std::fs::read(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::Missing { role: self.entry.role, path: path.clone() },
            _ => Error::Io { source, path: path.clone() },
        })?;
        if !self.unlisted {
            let found = sha256(&bytes);
            if found != self.entry.sha256 {
                return Err(Error::WrongHash {
                    role: self.entry.role,
                    expected: self.entry.sha256.clone(),
                    found,
                    path,
                });
            }
        }
        Ok(bytes)
    }

    pub fn stamp(&self) -> Option<Stamp> {
        stamp(&self.path)
    }
}

/// Lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp { n_bytes: metadata.len(), modified: metadata.modified().ok() })
}
